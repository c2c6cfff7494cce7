"""The target's Python interpreter: the real program behind shims, and how target code may use it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ProgramFailed, ProgramMissing, ProgramTimedOut, ToolError, UnreadableOutput
from tools.run.process import Limits, Runner
from tools.run.sandbox import Access

REMEDY = (
    "give the target's interpreter with --python, "
    "or make a virtual environment in the target (python3 -m venv .venv)"
)
ENVIRONMENTS = (".venv", "venv", "env")
WATCHED_MODULES = ("pytest", "pytest_benchmark", "pytest_cov", "xdist", "memray", "coverage")
_QUESTIONS = f"""
import importlib.util, json, platform, sys, sysconfig
found = [name for name in {WATCHED_MODULES!r} if importlib.util.find_spec(name)]
print(json.dumps(dict(
    executable=sys.executable, version=platform.python_version(), implementation=sys.implementation.name,
    cache_tag=sys.implementation.cache_tag, prefix=sys.prefix, base_prefix=sys.base_prefix,
    scripts=sysconfig.get_path("scripts"), paths=[p for p in sys.path if p], modules=found)))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python program. `cache_tag` names its ABI (`cpython-311`), `scripts` is its folder of console scripts,
    `modules` are those of WATCHED_MODULES that it can import.
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

    @property
    def readable(self) -> tuple[Path, ...]:
        """What the sandbox must show for it to run."""
        shown = [self.prefix, self.base_prefix, self.path.resolve().parent]
        outside = [p for p in self.import_paths if p.exists() and not any(p.is_relative_to(s) for s in shown)]
        return tuple(dict.fromkeys([*shown, *outside]))

    def environment(self, root: Path, extra_paths: tuple[Path, ...] = ()) -> dict[str, str]:
        """The environment of the target's processes: the copy first on the import path, nothing random."""
        paths = [*extra_paths, *([root / "src"] if (root / "src").is_dir() else []), root]
        found = {
            "PATH": f"{self.scripts}:/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": ":".join(str(p) for p in paths),
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


def find_interpreter(
    runner: Runner, target: Path, given: str | None, environment: Mapping[str, str]
) -> Interpreter:
    """The interpreter given, else the target's own environment, else the active one, else PATH's.

    This program's own environment is never the target's: where PATH leads there, its base is taken.
    Raises: ProgramMissing, ToolError naming the interpreter that doesn't work.
    """
    if given is not None:
        path = shutil.which(given) or str(Path(given).absolute())
        return ask(runner, Path(path))
    for folder in _environment_folders(target, environment):
        path_there = folder / "bin" / "python"
        if path_there.exists():
            return ask(runner, path_there)
    for name in ("python3", "python"):
        found = shutil.which(name, path=_path_without_own(environment))
        if found is not None:
            try:
                interpreter = ask(runner, Path(found))
            except ToolError:
                continue
            if interpreter.prefix != Path(sys.prefix) or sys.prefix == sys.base_prefix:
                return interpreter
    base = Path(sys.base_prefix) / "bin" / "python3"
    if base.exists():
        return ask(runner, base)
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
        p for p in environment.get("PATH", "/usr/bin:/bin").split(":") if p and Path(p).resolve() not in own
    ]
    return ":".join(parts)


def ask(runner: Runner, path: Path) -> Interpreter:
    """What an interpreter says of itself; shims are resolved to the program they start.

    Raises: ProgramMissing, ProgramFailed, UnreadableOutput.
    """
    if not path.exists():
        raise ProgramMissing(f"the Python interpreter {path}", REMEDY)
    try:
        done = runner.run(
            [path, "-c", _QUESTIONS],
            cwd=Path("/"),
            env={"PYTHONPATH": "", "PYTHONNOUSERSITE": "1"},
            confined=False,
            limits=Limits(timeout_s=20.0),
        )
    except (ProgramFailed, ProgramTimedOut) as error:
        raise ToolError(f"the Python interpreter {path} doesn't work: {error}; {REMEDY}") from error
    try:
        return _read(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise UnreadableOutput(
            f"{path} doesn't answer like a Python interpreter: {done.stdout[:100]!r}; {REMEDY}"
        ) from error


def _read(answer: str) -> Interpreter:
    facts = json.loads(answer)
    return Interpreter(
        path=Path(facts["executable"]),
        version=facts["version"],
        implementation=facts["implementation"],
        cache_tag=facts["cache_tag"] or "",
        prefix=Path(facts["prefix"]),
        base_prefix=Path(facts["base_prefix"]),
        scripts=Path(facts["scripts"]),
        import_paths=tuple(Path(p) for p in facts["paths"]),
        modules=frozenset(facts["modules"]),
    )
