"""The packages of a Go module, as `go list` tells them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ProgramFailed, UnreadableOutput
from tools.go.program import GoProgram
from tools.run.process import Runner

FIELDS = "ImportPath,Name,Dir,Module,TestGoFiles,XTestGoFiles,GoFiles,Error"

ASSUMED_VERSION = "1.16"
"""What the go command takes for a module whose go.mod has no go line. Source: https://go.dev/ref/mod#go-mod-file-go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoPackage:
    """One package; `folder` is relative to the module's root ("." for the root package).

    `go_version` is what its module is written for, such as "go1.21"; "" when there is no module.
    """

    import_path: str
    name: str
    folder: str
    module: str
    go_version: str
    has_tests: bool
    test_files: tuple[str, ...]
    go_files: tuple[str, ...]


def list_packages(runner: Runner, go: GoProgram, root: Path, pattern: str = "./...") -> tuple[GoPackage, ...]:
    """The packages that match `pattern`, in go list's order.

    A package that can't be built (an example that imports what the module doesn't require) is listed, too:
    only what is used has to build. Raises: ProgramFailed with go's words when none can be read.
    """
    done = go.run(runner, ["list", "-e", f"-json={FIELDS}", pattern], cwd=root, root=root)
    items = _objects(done.stdout)
    readable = [item for item in items if "Name" in item and "Dir" in item]
    if items and not readable:
        error = items[0].get("Error")
        words = f"{error.get('Pos', '')}: {error.get('Err', '')}" if isinstance(error, dict) else pattern
        raise ProgramFailed(f"go list can't read the package: {words.removeprefix(': ')}", exit_code=1)
    return tuple(_package(item, root) for item in readable)


def _objects(text: str) -> list[dict[str, object]]:
    decoder = json.JSONDecoder()
    found = []
    position = 0
    text = text.strip()
    while position < len(text):
        try:
            item, position = decoder.raw_decode(text, position)
        except ValueError as error:
            raise UnreadableOutput(f"go list wrote something else than JSON at offset {position}") from error
        found.append(item)
        position += len(text[position:]) - len(text[position:].lstrip())
    return found


def _package(item: dict[str, object], root: Path) -> GoPackage:
    tests = [*_names(item, "TestGoFiles"), *_names(item, "XTestGoFiles")]
    module = item.get("Module")
    # Without a go line a main module's version is told all the same; another module's is not.
    version = f"go{module.get('GoVersion') or ASSUMED_VERSION}" if isinstance(module, dict) else ""
    relative = Path(str(item["Dir"])).resolve().relative_to(root.resolve()).as_posix()
    return GoPackage(
        import_path=str(item["ImportPath"]),
        name=str(item["Name"]),
        folder=relative,
        module=str(module.get("Path", "")) if isinstance(module, dict) else "",
        go_version=version,
        has_tests=bool(tests),
        test_files=tuple(tests),
        go_files=tuple(_names(item, "GoFiles")),
    )


def _names(item: dict[str, object], key: str) -> list[str]:
    value = item.get(key)
    return [str(name) for name in value] if isinstance(value, list) else []
