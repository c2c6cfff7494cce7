"""Counting instructions: a program under valgrind's cachegrind, in the sandbox, and what it says of the total.

Source: valgrind 3.19, cachegrind's output format (the line `summary:` is the total of the events named before).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tools.errors import ProgramMissing, UnreadableOutput
from tools.run.process import Access, Limits, Runner
from tools.run.reading import read_written

PROGRAM = "valgrind"
REMEDY = "apt-get install valgrind"
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
"""Where it must be: the sandbox shows no other programs."""
MAX_PROCESSES = 256
OUTPUT_BYTES = 128 * 1024**2
_FILE = re.compile(r"cachegrind\.\d+")
_SUMMARY = re.compile(rb"^summary:\s+(\d+)\s*\Z", re.MULTILINE)


def unavailable(which: Callable[..., str | None] = shutil.which) -> str | None:
    """Why instructions can't be counted on this host, with the remedy; None when they can."""
    return None if which(PROGRAM, path=SYSTEM_PATH) else f"valgrind is not installed: {REMEDY}"


def count_instructions(
    runner: Runner,
    argv: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    access: Access,
    limits: Limits,
    out: Path,
    program: str | None = None,
) -> float:
    """How many instructions a program and all that it starts execute, in user space, from start to end.

    `out` is an empty folder for valgrind's files, made writable here. `program` is the name in messages. A process
    that is killed counts nothing. Takes up to SLOWDOWN times as long as the program alone.

    Raises: ProgramMissing without valgrind; ToolError when the program fails or goes over a limit;
    UnreadableOutput when valgrind left no count.
    """
    valgrind = shutil.which(PROGRAM, path=SYSTEM_PATH)
    if valgrind is None:
        raise ProgramMissing(PROGRAM, REMEDY)
    name = program or Path(str(argv[0])).name
    words = [
        valgrind, "--tool=cachegrind", "--cache-sim=no", "--branch-sim=no", "--trace-children=yes", "--vgdb=no", "-q",
        f"--cachegrind-out-file={out}/cachegrind.%p", *argv,
    ]  # fmt: skip
    runner.run(
        words,
        cwd=cwd,
        env=env,
        access=replace(access, writable=tuple(dict.fromkeys((*access.writable, out)))),
        limits=limits,
        program=f"{name} under valgrind",
    )
    return float(sum(_total(out, file) for file in _files(out, name)))


def _files(out: Path, name: str) -> list[str]:
    found = sorted(p.name for p in out.iterdir() if _FILE.fullmatch(p.name))
    if not found:
        raise UnreadableOutput(f"valgrind counted nothing of {name}: was it killed?")
    if len(found) > MAX_PROCESSES:
        raise UnreadableOutput(f"{name} starts more than {MAX_PROCESSES} processes: too many to count")
    return found


def _total(out: Path, file: str) -> int:
    """The total of one process's file, which the program could write, too. Raises: UnreadableOutput."""
    content = read_written(out, out / file, limit_bytes=OUTPUT_BYTES) or b""
    found = _SUMMARY.search(content[-200:])
    if found is None or b"\nevents: Ir\n" not in content[:4000]:
        raise UnreadableOutput(f"{file} holds no total of instructions")
    return int(found[1])
