"""Memory profiles of Python by memray: what was held at the peak, by the code that allocated it.

memray runs in the target's own interpreter and its child processes: from the target's environment where it is
installed there, else this program's own, where the ABI is the same. A sitecustomize of ours starts it, so that
the program's command line stays as it is.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tools.errors import ToolError, UnreadableOutput
from tools.measure.toolchain import Build, Capture, ProfileView
from tools.measure.workload import Benchmark, Workload, profiled_benchmarks
from tools.profiles.combine import combine
from tools.profiles.pprof import read_pprof, write_pprof
from tools.profiles.profile import Profile
from tools.python import recordings as recordings_program
from tools.python.interpreter import Interpreter
from tools.python.qualifying import with_qualified_names
from tools.python.running import INSIDE, clean_scratch, process_of, run
from tools.run.process import Limits, Runner
from tools.run.reading import read_json, read_written
from tools.run.removing import remove_tree
from tools.run.sandbox import Access

LENT_MODULES = ("memray", "rich", "typing_extensions")
"""What memray's recorder imports."""
OURS = Path(recordings_program.__file__).parents[2]
"""The folder that `tools` is in."""
PROFILE_BYTES = 256 * 1024**2
LIMITS = Limits(timeout_s=120.0, memory_bytes=8 * 1024**3, processes=512, file_bytes=4 * 1024**3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Allocations of a process and its children, and the most bytes that they held at a time."""

    allocations: float
    peak_bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recorded:
    parts: list[Profile]
    facts: dict[str, tuple[float, str]]
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Memray:
    """memray over the workload."""

    runner: Runner
    interpreter: Interpreter
    name: str = "memray"
    view: ProfileView = "memory"

    def unavailable(self) -> str | None:
        """Why it can't run: another ABI than ours, and not installed in the target's environment."""
        if "memray" in self.interpreter.modules or self._lends():
            return None
        return (
            f"memray is not installed for {self.interpreter.implementation} {self.interpreter.version} "
            f"({self.interpreter.path}): pip install memray there"
        )

    def capture(self, build: Build, workload: Workload, *, seconds: float, out: Path) -> Capture:
        """Record one run of the largest inputs. Raises: ToolError."""
        reason = self.unavailable()
        if reason is not None:
            raise ToolError(reason)
        out.mkdir(parents=True, exist_ok=True)
        spent = self.runner.seconds_spent
        recorded = self._record(build, profiled_benchmarks(workload), LIMITS)
        duration_s = self.runner.seconds_spent - spent
        # The copy stays as it was.
        profile = with_qualified_names(combine(recorded.parts), loaded_ns=0, folder=build.root)
        path = out / "memray.pb.gz"
        write_pprof(profile, path)
        return Capture(
            profiler=self.name,
            view=self.view,
            value="peak_space",
            profile=profile,
            profile_path=path,
            argv=recorded.argv,
            tool_version=f"memray {importlib.metadata.version('memray')}",
            exit_code=0,
            duration_s=duration_s,
            quantities=recorded.facts,
            warnings=_doubts(len(recorded.parts), int(recorded.facts["unreadable_recordings"][0])),
        )

    def totals(self, build: Build, benchmark: Benchmark, iterations: int, *, timeout_s: float) -> Totals:
        """What a process of so many operations allocates, its start included. Raises: ToolError."""
        reason = self.unavailable()
        if reason is not None:
            raise ToolError(reason)
        limits = replace(LIMITS, timeout_s=timeout_s)
        facts = self._record(build, (benchmark,), limits, iterations).facts
        return Totals(allocations=facts["total_allocations"][0], peak_bytes=facts["peak_space"][0])

    def _record(
        self, build: Build, benchmarks: Sequence[Benchmark], limits: Limits, iterations: int = 1
    ) -> _Recorded:
        recordings = clean_scratch(build.root, "memray")
        lent = clean_scratch(build.root, "lent") if "memray" not in self.interpreter.modules else None
        sources = self._lend(lent) if lent is not None else ()
        argv: tuple[str, ...] = ()
        last_words = ""
        for benchmark in benchmarks:
            process = process_of(self.interpreter, build.root, benchmark)
            paths = f"{INSIDE}:{process.environment['PYTHONPATH']}" + (f":{lent}" if lent else "")
            env = {**process.environment, "PYTHONPATH": paths, "ASK_PROFILER_MEMRAY": str(recordings)}
            env["ASK_PROFILER_ITERATIONS"] = str(iterations)
            argv = process.argv
            done = run(
                self.runner, self.interpreter, build.root, argv, env, f"memray on {benchmark.name}", limits=limits,
                readable=(*sources, *([lent] if lent is not None else [])), kept=(recordings,),
            )  # fmt: skip
            last_words = done.stderr.strip()[-300:] or last_words
        read = clean_scratch(build.root, "memray-read")
        parts, facts = self._read(build.root, recordings, read, last_words, limits)
        for folder in (recordings, read, lent):
            if folder is not None:
                remove_tree(str(folder))
        return _Recorded(parts=parts, facts=facts, argv=argv)

    def _read(
        self, root: Path, recordings: Path, out: Path, last_words: str, limits: Limits
    ) -> tuple[list[Profile], dict[str, tuple[float, str]]]:
        """A profile for each process, and the totals: read by a confined process, as the target wrote the files.

        Raises: UnreadableOutput, ToolError.
        """
        done = self.runner.run(
            [sys.executable, "-P", "-m", recordings_program.__name__, recordings, out],
            cwd=out,
            env={"PYTHONPATH": str(OURS)},
            access=Access(
                readable=(Path(sys.prefix), Path(sys.base_prefix), OURS, recordings), writable=(out,)
            ),
            limits=limits,
            check=False,
            program="memray's reader",
        )
        if done.exit_code != 0:
            why = f"{done.stderr.strip()[-500:]} {last_words}".strip()
            raise UnreadableOutput(f"the memory recording can't be read: {why}")
        found = read_json(root, out / recordings_program.FACTS)
        profiles = sorted(out.glob(f"*{recordings_program.PROFILE}"))
        parts = [read_pprof(read_written(root, path, limit_bytes=PROFILE_BYTES) or b"") for path in profiles]
        if not isinstance(found, dict):
            raise UnreadableOutput(f"memray's reader wrote no totals: {done.stderr.strip()[-500:]}")
        return parts, {name: (float(value), str(unit)) for name, (value, unit) in found.items()}

    def _lends(self) -> bool:
        return (
            self.interpreter.cache_tag == sys.implementation.cache_tag
            and importlib.util.find_spec("memray") is not None
        )

    def _lend(self, folder: Path) -> tuple[Path, ...]:
        """Links to our memray in a folder of its own, so that nothing else of ours can be imported."""
        sources: list[Path] = []
        for name in LENT_MODULES:
            spec = importlib.util.find_spec(name)
            if spec is None or spec.origin is None:
                raise ToolError(f"memray can't be lent to the target's interpreter: {name} is missing")
            file = Path(spec.origin)
            source = file.parent if spec.submodule_search_locations else file
            (folder / source.name).symlink_to(source)
            libraries = source.parent / f"{name}.libs"
            sources += [source, *([libraries] if libraries.is_dir() else [])]
        return tuple(sources)


def _doubts(processes: int, unreadable: int) -> tuple[str, ...]:
    added = f"the peaks of {processes} processes are added up"
    missing = f"the memory recordings of {unreadable} more can't be read: what they held is missing"
    return (*([added] if processes > 1 else []), *([missing] if unreadable else []))
