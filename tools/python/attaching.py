"""Looking into a Python process that runs already: py-spy's samples, and where each of its threads stands.

py-spy can't see another process from within the sandbox's own process numbers, so it runs outside; it only reads the
process's memory.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.errors import Cancelled, ProgramFailed, ToolError, UnreadableOutput
from tools.profiles.builder import ProfileBuilder
from tools.profiles.collapsed import read_collapsed
from tools.profiles.combine import combine
from tools.profiles.profile import Function, Profile, ValueType
from tools.python.qualifying import with_qualified_names
from tools.python.spying import NOT_PERMITTED, PTRACE_REMEDY, SAW_NOTHING, SUBPROCESSES, find_py_spy
from tools.run.process import Limits, Runner
from tools.run.reading import parse_json

RATE_HZ = 100
PERIOD_NS = 1_000_000_000 // RATE_HZ
"""A quarter of what is taken of programs that we start: the process may be in use."""
GRACE_S = 30.0
OUTPUT_BYTES = 256 * 1024**2
MAX_DEPTH = 10_000
GONE = (
    "no such process",
    "no such file",
    "check that the process is running",
    "failed to find python version",
)
STATES = ("active", "idle")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A profile with how it was taken."""

    profile: Profile
    argv: tuple[str, ...]
    tool_version: str
    duration_s: float
    quantities: Mapping[str, tuple[float, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PySpyAttached:
    """py-spy on a process that runs, with its children where `subprocesses`."""

    runner: Runner
    subprocesses: bool = True

    def record(self, pid: int, seconds: int) -> Recorded:
        """Samples of `seconds`: values `samples` and `cpu`. Raises: ToolError; nothing of half a file is used."""
        with tempfile.TemporaryDirectory(prefix="ask-profiler-") as folder:
            target = Path(folder) / "stacks.txt"
            words = (
                "record", "--pid", str(pid), "--duration", str(seconds), "--format", "raw", "--full-filenames",
                "--rate", str(RATE_HZ), "--output", str(target),
            )  # fmt: skip
            loaded = loaded_ns(pid)
            duration_s = self._run(pid, (*words, *self._children()), seconds + GRACE_S)[1]
            text = _read(target)
        profile = read_collapsed(without_empty_stacks(text), period_ns=PERIOD_NS)
        return Recorded(
            profile=with_qualified_names(profile, loaded_ns=loaded),
            argv=("py-spy", *words[:-2], *self._children()),
            tool_version=self._version(),
            duration_s=duration_s,
        )

    def dump(self, pid: int, children: Sequence[int] = ()) -> Recorded:
        """Where each thread stands at this moment: value `threads`, labels `thread`, `state` and `process`.

        A thread is `active` or `idle`, and `, holds the GIL` where it does. Each of `children` is asked for by itself,
        because py-spy 0.4.3 leaves them out of its JSON; those that aren't Python are left out. Raises: ToolError.
        """
        words = ("dump", "--json", "--full-filenames", "--pid")
        said, duration_s = self._run(pid, (*words, str(pid)), GRACE_S)
        parts = [read_dump(said)]
        for child in children:
            try:
                parts.append(read_dump(self._run(child, (*words, str(child)), GRACE_S)[0]))
            except Cancelled:
                raise
            except ToolError:
                continue
        return Recorded(
            profile=with_qualified_names(combine(parts), loaded_ns=loaded_ns(pid)),
            argv=("py-spy", *words, str(pid)),
            tool_version=self._version(),
            duration_s=duration_s,
        )

    def _children(self) -> tuple[str, ...]:
        return (SUBPROCESSES,) if self.subprocesses else ()

    def _run(self, pid: int, words: tuple[str, ...], timeout_s: float) -> tuple[str, float]:
        program = find_py_spy()
        if program is None:
            raise ToolError("py-spy is not installed: pip install py-spy in ask-profiler's environment")
        limits = Limits(timeout_s=timeout_s, output_bytes=OUTPUT_BYTES)
        try:
            done = self.runner.run(
                [program, *words], cwd=Path("/"), confined=False, limits=limits, program="py-spy"
            )
        except ProgramFailed as error:
            raise _explained(pid, error) from error
        return done.stdout, done.duration_s

    def _version(self) -> str:
        program = find_py_spy()
        if program is None:
            return ""
        done = self.runner.run([program, "--version"], cwd=Path("/"), confined=False, check=False)
        return done.stdout.strip()


def loaded_ns(pid: int) -> int:
    """When a process started (nanoseconds since 1970, up to a second late); 1 when it ended. Newer source isn't its.

    Source: proc(5), `btime` of /proc/stat (in whole seconds) and the 22nd field of /proc/PID/stat.
    """
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        booted_s = int(Path("/proc/stat").read_text().partition("\nbtime ")[2].split()[0])
        return round((booted_s + 1 + int(after_name[19]) / os.sysconf("SC_CLK_TCK")) * 1e9)
    except (OSError, ValueError, IndexError):
        return 1


def _read(target: Path) -> str:
    """What py-spy wrote. Raises: UnreadableOutput when it wrote nothing: the process ended before it was sampled."""
    try:
        text = target.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    if not text.strip():
        raise UnreadableOutput("py-spy saw no sample: the process was idle all the time, or ended")
    return text


def without_empty_stacks(text: str) -> str:
    """The stacks that have frames: py-spy 0.4.3 also counts a thread that is in no Python function, as ` 3`.

    That happens while an interpreter starts or ends, when no name of a process or thread is asked for.
    """
    return "\n".join(line for line in text.split("\n") if line.rpartition(" ")[0].strip())


def _explained(pid: int, error: ProgramFailed) -> ToolError:
    said = error.stderr_tail.lower()
    if any(words in said for words in NOT_PERMITTED):
        return ToolError(f"process {pid} may not be looked into: {PTRACE_REMEDY}")
    if any(words in said for words in GONE) or SAW_NOTHING.lower() in said:
        return ToolError(
            f"process {pid} can't be looked into: it ended, or isn't Python ({error.stderr_tail[-200:]})"
        )
    return error


def read_dump(text: str) -> Profile:
    """Threads as a profile, one for each. Raises: UnreadableOutput. Source: py-spy 0.4.3, `dump --json`."""
    found = parse_json(text, "what py-spy says of the threads")
    if not isinstance(found, list) or not all(isinstance(thread, dict) for thread in found):
        raise UnreadableOutput("what py-spy says of the threads isn't a list of them")
    builder = ProfileBuilder([ValueType(name="threads", unit="count")])
    for thread in found:
        state = STATES[0] if thread.get("active") else STATES[1]
        gil = ", holds the GIL" if thread.get("owns_gil") else ""
        labels = {
            "thread": str(thread.get("thread_name") or thread.get("thread_id")),
            "state": state + gil,
            "process": str(thread.get("pid")),
        }
        builder.add(_frames(thread.get("frames")), [1], labels)
    return builder.build(default_value="threads")


def _frames(frames: object) -> list[tuple[Function, int]]:
    if not isinstance(frames, list) or len(frames) > MAX_DEPTH:
        raise UnreadableOutput(f"a thread has no list of at most {MAX_DEPTH} frames")
    found = []
    for frame in frames:
        match frame:
            case {"name": str() as name, "filename": str() as file, "line": int() as line}:
                found.append((Function(name=name, file=file), line))
            case _:
                raise UnreadableOutput("a frame of a thread has no name, file and line")
    return found
