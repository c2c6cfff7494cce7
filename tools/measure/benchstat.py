"""benchstat's own table, where it is installed, beside ours."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.run.process import Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchstatTable:
    """What benchstat printed, and how it was called."""

    text: str
    argv: tuple[str, ...]


def find_benchstat() -> str | None:
    """benchstat on PATH or in this environment, None when it isn't installed."""
    beside = Path(sys.prefix) / "bin" / "benchstat"
    return shutil.which("benchstat") or (str(beside) if beside.is_file() else None)


def benchstat_table(runner: Runner, before: str, after: str) -> BenchstatTable | None:
    """benchstat's comparison of two texts in the Go benchmark format; None where it isn't installed.

    Raises: ProgramFailed with benchstat's words.
    """
    program = find_benchstat()
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="ask-profiler-") as name:
        folder = Path(name)
        (folder / "before").write_text(before)
        (folder / "after").write_text(after)
        done = runner.run([program, "-ignore", "side", "before", "after"], cwd=folder, confined=False)
    return BenchstatTable(text=done.stdout, argv=("benchstat", "before", "after"))
