"""The target's Python interpreter: the real program behind shims, and how target code may use it.

An interpreter that lies in the target is the target's code: it is asked in the sandbox, and what it says of itself
is believed only where the disk agrees. One of the user's own (given, active, on PATH) runs as the user's.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import (
    LimitExceeded,
    ProgramFailed,
    ProgramMissing,
    ProgramTimedOut,
    ToolError,
    UnreadableOutput,
)
from tools.python.installations import is_environment, is_installation, may_be_imported, places_of
from tools.run.process import Limits, Runner
from tools.run.reading import parse_json
from tools.run.sandbox import Access

REMEDY = (
    "give the target's interpreter with --python, "
    "or make a virtual environment in the target (python3 -m venv .venv)"
)
ENVIRONMENTS = (".venv", "venv", "env")
SCRATCH = ".ask-profiler"
"""The folder of a copy in which we keep what tools write."""
ASKING_LIMITS = Limits(timeout_s=20.0, memory_bytes=2 * 1024**3, processes=64)
WATCHED_MODULES = ("pytest", "pytest_benchmark", "pytest_cov", "xdist", "memray", "coverage")
_QUESTIONS = f"""
import glob, importlib.util, json, os, platform, sys, sysconfig
found = [name for name in {WATCHED_MODULES!r} if importlib.util.find_spec(name)]
named = [os.path.join(folder, line.strip()) for folder in sys.path for file in glob.glob(folder + "/*.pth")
         for line in open(file, errors="replace") if line.strip() and not line.startswith(("#", "import"))]
print(json.dumps(dict(
    executable=sys.executable, version=platform.python_version(), implementation=sys.implementation.name,
    cache_tag=sys.implementation.cache_tag, prefix=sys.prefix, base_prefix=sys.base_prefix,
    scripts=sysconfig.get_path("scripts"), paths=[p for p in sys.path if p] + named, modules=found)))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python program. `cache_tag` names its ABI (`cpython-311`), `scripts` is its folder of console scripts,
    `modules` are those of WATCHED_MODULES that it can import.

    `places` are what it needs to start. `in_target` are folders of the target on its import path, relative to the
    target's root: the copy's are taken instead. `not_shown` are folders of its import path that the sandbox keeps
    from it (installations.py says why).
    """

    path: Path
    version: str
    implementation: str
    cache_tag: str
    prefix: Path
    base_prefix: Path
    scripts: Path
    import_paths: tuple[Path, ...]
    modules: frozenset[str]
    places: tuple[Path, ...] = ()
    in_target: tuple[Path, ...] = ()
    not_shown: tuple[Path, ...] = ()

    @property
    def readable(self) -> tuple[Path, ...]:
        """What the sandbox must show for it to run."""
        return tuple(dict.fromkeys([self.prefix, self.base_prefix, *self.places, *self.import_paths]))

    def environment(self, root: Path, extra_paths: tuple[Path, ...] = ()) -> dict[str, str]:
        """The environment of the target's processes: the copy first on the import path, nothing random."""
        paths = [*extra_paths, *([root / "src"] if (root / "src").is_dir() else []), root]
        paths += [root / folder for folder in self.in_target]
        found = {
            "PATH": f"{self.scripts}:/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": ":".join(dict.fromkeys(str(p) for p in paths)),
            "PYTHONHASHSEED": "0",
            "PYTHONNOUSERSITE": "1",
            "PYTHONIOENCODING": "utf-8",
        }
        if self.prefix != self.base_prefix:
            found["VIRTUAL_ENV"] = str(self.prefix)
        return found

    def access(self, root: Path, *more: Path) -> Access:
        """The copy writable, the interpreter and `more` readable."""
        return Access(readable=(*self.readable, *more), writable=(root,))

    def forgetting_access(self, root: Path, *more: Path, kept: Sequence[Path] | None) -> Access:
        """The interpreter, `more`, and the copy, in which what is written is forgotten but for `kept` folders.

        Of our own folder in the copy only these and `more` are shown; with `kept` None all of it is, and is kept.
        """
        scratch = root / SCRATCH
        readable = (*self.readable, *more)
        if kept is None:
            return Access(readable=readable, forgotten=(root,), writable=(scratch,))
        return Access(readable=readable, forgotten=(root,), hidden=(scratch,), writable=tuple(kept))


def find_interpreter(
    runner: Runner, target: Path, given: str | None, environment: Mapping[str, str]
) -> Interpreter:
    """The interpreter given, else the target's own environment, else the active one, else PATH's.

    This program's own environment is never the target's: where PATH leads there, its base is taken.
    Raises: ProgramMissing, ToolError naming the interpreter that doesn't work.
    """
    if given is not None:
        path = shutil.which(given) or str(Path(given).absolute())
        return ask(runner, Path(path), target)
    for folder in _environment_folders(target, environment):
        path_there = folder / "bin" / "python"
        if path_there.exists():
            return ask(runner, path_there, target)
    for name in ("python3", "python"):
        found = shutil.which(name, path=_path_without_own(environment))
        if found is not None:
            try:
                interpreter = ask(runner, Path(found), target)
            except ToolError:
                continue
            if interpreter.prefix != Path(sys.prefix) or sys.prefix == sys.base_prefix:
                return interpreter
    base = Path(sys.base_prefix) / "bin" / "python3"
    if base.exists():
        return ask(runner, base, target)
    raise ProgramMissing("a Python interpreter for the target", REMEDY)


def _environment_folders(target: Path, environment: Mapping[str, str]) -> list[Path]:
    folders = [target / name for name in ENVIRONMENTS]
    active = environment.get("VIRTUAL_ENV")
    if active and Path(active).resolve() != Path(sys.prefix).resolve():
        folders.append(Path(active))
    return [f for f in folders if f.resolve() != Path(sys.prefix).resolve()]


def _path_without_own(environment: Mapping[str, str]) -> str:
    own = {Path(sys.prefix).resolve() / "bin"} if sys.prefix != sys.base_prefix else set()
    parts = [
        p
        for p in environment.get("PATH", "/usr/bin:/bin").split(":")
        if p.startswith("/") and Path(p).resolve() not in own
    ]
    return ":".join(parts)


def ask(runner: Runner, path: Path, target: Path) -> Interpreter:
    """What an interpreter says of itself; shims are resolved to the program they start.

    Raises: ProgramMissing, ToolError, UnreadableOutput.
    """
    if not path.exists():
        raise ProgramMissing(f"the Python interpreter {path}", REMEDY)
    is_targets = _lies_in(path, target)
    try:
        with tempfile.TemporaryDirectory(prefix="ask-profiler-") as empty:
            done = runner.run(
                [path, "-c", _QUESTIONS],
                cwd=Path(empty),
                env={"PYTHONPATH": "", "PYTHONNOUSERSITE": "1"},
                access=Access(readable=places_of(path)),
                confined=is_targets,
                limits=ASKING_LIMITS,
            )
    except (ProgramFailed, ProgramTimedOut, LimitExceeded) as error:
        raise ToolError(f"the Python interpreter {path} doesn't work: {error}; {REMEDY}") from error
    try:
        facts = parse_json(done.stdout.strip().splitlines()[-1], "its answer")
        return _believed(facts, path, target, is_targets=is_targets)
    except (ValueError, IndexError, KeyError, TypeError, UnreadableOutput) as error:
        raise UnreadableOutput(
            f"{path} doesn't answer like a Python interpreter: {done.stdout[:100]!r}; {REMEDY}"
        ) from error


def _lies_in(path: Path, target: Path) -> bool:
    """Whether a program came with the target, even as a link out of it; an environment of ours never did."""
    given, real = path.absolute(), path.resolve()
    inside = given.is_relative_to(target.absolute()) or real.is_relative_to(target.resolve())
    return inside and not given.is_relative_to(sys.prefix)


def _believed(facts: object, path: Path, target: Path, *, is_targets: bool) -> Interpreter:
    """The answer as far as the disk agrees. Raises: ValueError, KeyError, TypeError: it isn't an interpreter's."""
    if not isinstance(facts, dict):
        raise TypeError("no answer")
    prefix, base_prefix = Path(str(facts["prefix"])), Path(str(facts["base_prefix"]))
    for folder in (prefix, base_prefix):
        if not (is_environment(folder) or is_installation(folder)):
            raise ValueError(f"{folder} holds no Python")
    program = path if is_targets else Path(str(facts["executable"]))
    places = tuple(dict.fromkeys([prefix, base_prefix, *places_of(program)]))
    named = [Path(str(p)) for p in dict.fromkeys(facts["paths"])]
    outside = [p for p in named if p.is_absolute() and p.exists() and not _is_below(p, places)]
    in_target = [p for p in outside if p.resolve().is_relative_to(target.resolve())]
    foreign = [p for p in outside if p not in in_target]
    return Interpreter(
        path=program,
        version=str(facts["version"]),
        implementation=str(facts["implementation"]),
        cache_tag=str(facts["cache_tag"] or ""),
        prefix=prefix,
        base_prefix=base_prefix,
        scripts=Path(str(facts["scripts"])),
        import_paths=tuple(p for p in foreign if may_be_imported(p)),
        modules=frozenset(str(name) for name in facts["modules"]),
        places=places,
        in_target=tuple(p.resolve().relative_to(target.resolve()) for p in in_target),
        not_shown=tuple(p for p in foreign if not may_be_imported(p)),
    )


def _is_below(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
