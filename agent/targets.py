"""What kind of thing a target path is: its language, its project's root, and the part that was meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agent.errors import BadRequest
from agent.request import Request, TargetKind, Watching
from tools.errors import ToolError
from tools.live.address import parse_address
from tools.live.bounds import LEAST_GROWTH_SECONDS, MAX_SECONDS
from tools.measure.workload import Language

PID = "pid:"
SOURCES = frozenset({".py", ".go"})
PYTHON_MARKERS = ("pyproject.toml", "setup.py", "setup.cfg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a target is. `subdirectory` is the part of `root` that was named ("" for all of it);
    `script` is the Python file that was named, relative to `root`, else None.
    """

    language: Language
    root: Path
    subdirectory: str
    script: str | None = None


def kind_of(target: str) -> TargetKind:
    """What a request's target is. A file that is no source is a recording; what it holds is seen when it is read."""
    if is_live(target):
        return "live"
    path = Path(target)
    try:
        is_file = path.is_file()
    except OSError:  # `locate` says why
        return "project"
    is_source = path.suffix in SOURCES or path.name in ("go.mod", *PYTHON_MARKERS)
    return "recording" if is_file and not is_source else "project"


def is_live(target: str) -> bool:
    """Whether a target is a program that runs already, by its form: a URL, or `pid:` and a number."""
    return target.startswith(("http://", "https://", PID))


def pid_of(target: str) -> int | None:
    """The process that a live target names, None for an endpoint's URL. Raises: BadRequest for what is no number."""
    if not target.startswith(PID):
        return None
    number = target.removeprefix(PID)
    if not number.isascii() or not number.isdecimal() or int(number) == 0:
        raise BadRequest(f"the target {target} names no process: give its number, such as pid:4711")
    return int(number)


def check(request: Request) -> None:
    """Raises: BadRequest when a request's target can't be used, as far as can be told before it is looked at."""
    target = request.target
    if request.sources is not None and not Path(request.sources).is_dir():
        raise BadRequest(
            f"there is no folder {request.sources}: give the one with the program's sources to --sources"
        )
    match kind_of(target):
        case "project":
            locate(Path(target))
        case "live":
            if pid_of(target) is None:
                _check_address(target)
            _check_watching(request.watching)
        case "recording":
            pass


def _check_watching(watching: Watching) -> None:
    if not 0 < watching.capture_s <= MAX_SECONDS:
        raise BadRequest(
            f"a profile can't cover {watching.capture_s:g} s: give more than 0 and at most {MAX_SECONDS:g} s"
        )
    growth_s = watching.growth_s
    if growth_s is not None and growth_s != 0 and not LEAST_GROWTH_SECONDS <= growth_s <= MAX_SECONDS:
        raise BadRequest(
            f"growth can't be told within {growth_s:g} s: give {LEAST_GROWTH_SECONDS:g} to {MAX_SECONDS:g} s, or 0 for "
            "none"
        )


def _check_address(url: str) -> None:
    try:
        parse_address(url)
    except ToolError as error:
        raise BadRequest(str(error)) from error


def locate(target: Path) -> Place:
    """Find the project a target belongs to.

    Raises: BadRequest when it doesn't exist, can't be read, or is neither Go nor Python.
    """
    try:
        found = target.exists()
    except OSError as error:
        raise BadRequest(f"the target {target} can't be looked at: {error.strerror}") from error
    if not found:
        raise BadRequest(
            f"the target {target} doesn't exist: give a Go module, a Python project or script, a recorded file, "
            "http://HOST:PORT of a pprof endpoint, or pid:N of a process"
        )
    target = target.resolve()
    if target.is_file():
        return _locate_file(target)
    go_root = _upwards(target, ("go.mod",))
    python_root = _upwards(target, PYTHON_MARKERS)
    if go_root is not None and (python_root is None or len(go_root.parts) >= len(python_root.parts)):
        return Place(language="go", root=go_root, subdirectory=_below(target, go_root))
    if python_root is not None and _has_python(target):
        return Place(language="python", root=python_root, subdirectory=_below(target, python_root))
    if _has_python(target):
        return Place(language="python", root=target, subdirectory="")
    if any(target.glob("*.go")):
        raise BadRequest(f"{target} has Go files but no go.mod above it: run `go mod init` there first")
    raise BadRequest(
        f"{target} is neither a Go module (no go.mod) nor a Python project (no .py file): point --target at one"
    )


def _locate_file(target: Path) -> Place:
    if target.suffix == ".py":
        root = _upwards(target.parent, PYTHON_MARKERS) or target.parent
        return Place(
            language="python", root=root, subdirectory="", script=target.relative_to(root).as_posix()
        )
    if target.suffix == ".go" or target.name == "go.mod":
        return locate(target.parent)
    raise BadRequest(
        f"{target} is not a Go or Python source file: give a Go module, a Python project or a script"
    )


def _upwards(start: Path, markers: tuple[str, ...]) -> Path | None:
    """The nearest folder at or above `start` with one of the markers; a repository's top ends the search."""
    for folder in (start, *start.parents):
        if any((folder / marker).is_file() for marker in markers):
            return folder
        if (folder / ".git").exists():
            return None
    return None


def _below(path: Path, root: Path) -> str:
    relative = path.relative_to(root).as_posix()
    return "" if relative == "." else relative


def _has_python(folder: Path) -> bool:
    return any(folder.glob("*.py")) or any(folder.glob("*/*.py")) or any(folder.glob("*/*/*.py"))
