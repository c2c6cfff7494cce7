"""One process of one copy that makes calls: confined, the copy read-only, ended at limits."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import Cancelled, LimitExceeded, ToolError, UnreadableOutput
from tools.go.equivalence.building import Side
from tools.go.equivalence.calls import Call, read_lines, write_calls
from tools.go.program import GoProgram
from tools.run.process import Limits, Runner
from tools.run.reading import read_text, read_written
from tools.run.sandbox import Access

MEMORY_BYTES = 3 * 1024**3
WRITTEN_BYTES = 512 * 1024**2
"""The most that one process may print, or write elsewhere."""
CHANGE_FOLDER = 'cd "$1" && shift && exec "$@"'
"""The working folder of a confined process is writable; the package's own is not to be."""
OUT, OUTPUT, TRIAL = "lines", "output", "lines.trial"
"""What a process writes into its own folder, the only one that it may write to: what came of the job, what the calls
printed, and the call that it is about to make."""
_FATAL = re.compile(r"^(fatal error: .*|panic: .*|runtime: goroutine stack exceeds.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Done:
    """What a process left: its lines, the call that it tried last, and how it ended."""

    lines: Sequence[Mapping[str, object]]
    tried: Call | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The test binary of one package of one copy; `other` is the other copy."""

    runner: Runner
    go: GoProgram
    side: Side
    other: Side
    folder: str
    processors: int

    def run(self, calls: Sequence[Call], job: Mapping[str, object], *, timeout_s: float) -> Done:
        """Run one process on a job over these calls.

        Each has folders of its own: of ours it can change nothing, and of its own nothing for a later one.
        """
        folder = Path(tempfile.mkdtemp(prefix="job-", dir=self.side.scratch))
        out = folder / "out"
        out.mkdir()
        write_calls(calls, folder / "calls.jsonl")
        places = {"root": self.side.root, "scratch": self.side.scratch, "calls": folder / "calls.jsonl",
                  "out": out / OUT, "output": out / OUTPUT}  # fmt: skip
        theirs = {"root": str(self.other.root), "scratch": str(self.other.scratch)}
        (folder / "job.json").write_text(
            json.dumps({**job, **{name: str(path) for name, path in places.items()}, "theirs": theirs}),
            encoding="utf-8",
        )
        reason = self._run(folder / "job.json", out, timeout_s)
        if fatal := _FATAL.search(_text(folder, out / OUTPUT)):
            reason = fatal.group(0)[:200]
        return Done(read_lines(folder, out / OUT), _tried(folder, out / TRIAL), reason)

    def _run(self, job: Path, out: Path, timeout_s: float) -> str:
        root = self.side.root
        words: list[str | Path] = [
            self.side.programs[self.folder],
            "-test.run=^TestAskProfilerCalls$",
            "-test.count=1",
        ]
        try:
            done = self.runner.run(
                ["/bin/sh", "-c", CHANGE_FOLDER, "sh", root / self.folder, *words],
                cwd=out,
                env={
                    **self.go.environment, "GOMAXPROCS": str(self.processors), "ASK_PROFILER_JOB": str(job),
                },
                access=Access(readable=(self.go.root, root), writable=(out,)),
                limits=Limits(
                    timeout_s=timeout_s, memory_bytes=MEMORY_BYTES, processes=256, file_bytes=WRITTEN_BYTES,
                    disk_bytes=2 * WRITTEN_BYTES,
                ),
                check=False,
                program=f"calls of {self.folder}",
            )  # fmt: skip
        except Cancelled:
            raise
        except LimitExceeded as error:
            return f"used too much {error.limit}"
        except ToolError as error:
            return str(error)
        return f"exit code {done.exit_code}"


def _tried(folder: Path, trial: Path) -> Call | None:
    """The call that ended its process without a word."""
    try:
        content = read_written(folder, trial) or b""
    except UnreadableOutput:
        return None
    function, _, rest = content.partition(b"\n")
    length, _, arguments = rest.partition(b"\n")
    if not length.isdigit():
        return None
    name = function.decode("utf-8", errors="replace")
    return Call(function=name, arguments=arguments[: int(length[:12])], origin="generated")


def _text(folder: Path, path: Path) -> str:
    try:
        return read_text(folder, path) or ""
    except UnreadableOutput:
        return ""
