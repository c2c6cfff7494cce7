"""memray put into a Python process that runs already; it stays in it for as long as it records.

It records what is allocated from then on, small objects too, and tells what of that was held at its peak. What was
there before is unknown to it.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tools.errors import ProgramFailed, ToolError, UnreadableOutput
from tools.profiles.combine import combine
from tools.profiles.pprof import read_pprof
from tools.python import recordings as recordings_program
from tools.python.attaching import GRACE_S, Recorded, loaded_ns
from tools.python.qualifying import with_qualified_names
from tools.run.process import Limits, Runner
from tools.run.reading import read_json, read_written
from tools.run.sandbox import Access

OURS = Path(recordings_program.__file__).parents[2]
PROFILE_BYTES = 256 * 1024**2
SETTLING_S = 1.5
"""How long memray's thread in the process may take, beyond the time asked for, to finish its file."""
READING = Limits(timeout_s=120.0, memory_bytes=8 * 1024**3)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemrayAttached:
    """memray for processes that run. It needs a debugger, and memray in the process's own environment."""

    runner: Runner

    def unavailable(self) -> str | None:
        """Why it can't be used on this host, with the remedy; None when it can."""
        if importlib.util.find_spec("memray") is None:
            return "memray is not installed: pip install memray in ask-profiler's environment"
        if shutil.which("gdb") is None and shutil.which("lldb") is None:
            return "memray is put into a process by a debugger: install gdb or lldb"
        return None

    def record(self, pid: int, seconds: int, wait: Callable[[float], None]) -> Recorded:
        """What the process allocates for so long, by values `peak_objects` and `peak_space`.

        `wait` sleeps for seconds, and may raise to give up. Raises: ToolError.
        """
        reason = self.unavailable()
        if reason is not None:
            raise ToolError(reason)
        with tempfile.TemporaryDirectory(prefix="ask-profiler-") as name:
            root = Path(name)
            root.chmod(0o711)  # the process may be another user's
            written, read = root / "written", root / "read"
            written.mkdir()
            read.mkdir()
            loaded = loaded_ns(pid)
            self._attach(pid, seconds, written / "live.bin")
            wait(seconds + SETTLING_S)
            found = self._read(pid, seconds, root, written, read)
            return replace(found, profile=with_qualified_names(found.profile, loaded_ns=loaded))

    def _attach(self, pid: int, seconds: int, target: Path) -> None:
        """Returns at once; the file is whole when the seconds are over."""
        words = (
            sys.executable, "-P", "-m", "memray", "attach", "--output", str(target), "--duration", str(seconds),
            "--trace-python-allocators", str(pid),
        )  # fmt: skip
        limits = Limits(timeout_s=GRACE_S)
        try:
            self.runner.run(words, cwd=Path("/"), confined=False, limits=limits, program="memray attach")
        except ProgramFailed as error:
            raise ToolError(
                f"memray can't be put into process {pid}: {error.stderr_tail[-300:]}: install memray in the process's "
                "own environment (the same version), and let a debugger attach (SYS_PTRACE)"
            ) from error

    def _read(self, pid: int, seconds: int, root: Path, written: Path, read: Path) -> Recorded:
        """Read by a confined process, as it was the other one that wrote the file."""
        done = self.runner.run(
            [sys.executable, "-P", "-m", recordings_program.__name__, written, read],
            cwd=read,
            env={"PYTHONPATH": str(OURS)},
            access=Access(
                readable=(Path(sys.prefix), Path(sys.base_prefix), OURS, written), writable=(read,)
            ),
            limits=READING,
            check=False,
            program="memray's reader",
        )
        facts = read_json(root, read / recordings_program.FACTS)
        if done.exit_code != 0 or not isinstance(facts, dict):
            raise UnreadableOutput(
                f"the memory recording of process {pid} can't be read ({done.stderr.strip()[-300:]}): "
                "did the process end?"
            )
        paths = sorted(read.glob(f"*{recordings_program.PROFILE}"))
        parts = [read_pprof(read_written(root, path, limit_bytes=PROFILE_BYTES) or b"") for path in paths]
        return Recorded(
            profile=combine(parts),
            argv=("memray", "attach", "--duration", str(seconds), "--trace-python-allocators", str(pid)),
            tool_version=f"memray {importlib.metadata.version('memray')}",
            duration_s=float(seconds),
            quantities={name: (float(value), str(unit)) for name, (value, unit) in facts.items()},
        )
