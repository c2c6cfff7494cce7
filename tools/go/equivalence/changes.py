"""Which packages the changed files belong to, and what of the files can't be compared by calling anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tools.errors import ProgramFailed
from tools.go.equivalence.analysing import Changed
from tools.go.packages import GoPackage, list_packages
from tools.go.program import GoProgram
from tools.measure.equivalence import NotCompared
from tools.run.process import Runner

TOUCHING = frozenset(
    (
        "os",
        "os/exec",
        "io/ioutil",
        "syscall",
        "net",
        "net/http",
        "net/rpc",
        "net/smtp",
        "plugin",
        "unsafe",
        "C",
    )
)
"""Packages by which code can act on what is outside of its process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Changed files sorted by package. `whole` says that nothing changed that calls can't show."""

    packages: tuple[Changed, ...]
    not_compared: tuple[NotCompared, ...]
    warnings: tuple[str, ...]
    whole: bool


def find_changes(runner: Runner, go: GoProgram, before: Path, after: Path, files: Sequence[str]) -> Changes:
    """The packages that both copies have and whose files differ. Raises: ToolError."""
    packages: list[Changed] = []
    not_compared: list[NotCompared] = []
    warnings: list[str] = []
    whole = True
    for folder in dict.fromkeys(PurePosixPath(name).parent.as_posix() for name in files):
        names = [
            PurePosixPath(name).name for name in files if PurePosixPath(name).parent.as_posix() == folder
        ]
        sources = [name for name in names if name.endswith(".go") and not name.endswith("_test.go")]
        others = [name for name in names if not name.endswith(".go")]
        if others:
            whole = False
            warnings.append(
                f"{', '.join(others)} in {folder} changed, too: what isn't Go code isn't compared by itself"
            )
        if not sources:
            continue
        old, new = (_package(runner, go, root, folder) for root in (before, after))
        if old is None or new is None:
            whole = False
            if old is not None:
                not_compared.append(
                    NotCompared(function=old.import_path, why="the package isn't there any more")
                )
            elif new is not None:
                not_compared.append(NotCompared(function=new.import_path, why="the package is new"))
            else:
                why = "they belong to no package that go can read"
                not_compared.append(NotCompared(function=f"{folder}: {', '.join(sources)}", why=why))
            continue
        packages.append(Changed(before=old, after=new))
        built = {*old.go_files, *new.go_files}
        for name in sources:
            if name not in built:
                whole = False
                why = "it uses cgo or isn't built on this system"
                not_compared.append(NotCompared(function=f"{folder}/{name}", why=why))
    return Changes(
        packages=tuple(packages), not_compared=tuple(not_compared), warnings=tuple(warnings), whole=whole
    )


def _package(runner: Runner, go: GoProgram, root: Path, folder: str) -> GoPackage | None:
    if not (root / folder).is_dir():
        return None
    try:
        found = list_packages(runner, go, root, "." if folder == "." else f"./{folder}")
    except ProgramFailed:
        return None
    return found[0] if found and found[0].go_files else None


def touches_outside(runner: Runner, go: GoProgram, root: Path, package: GoPackage) -> bool:
    """Whether the package, or what it uses beyond the standard library, can write files or start programs."""
    done = go.run(
        runner,
        ["list", "-deps", "-f", '{{if not .Standard}}{{join .Imports " "}} {{join .CgoFiles " "}}{{end}}',
         package.import_path],
        cwd=root,
        root=root,
    )  # fmt: skip
    return not TOUCHING.isdisjoint(done.stdout.split())
