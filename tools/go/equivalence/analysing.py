"""What two versions of Go packages don't have in common, and the source files with which both can be called.

By a helper program of ours (helper/, standard library only) that is built once for each version of its source and of
Go, and kept in the user's cache directory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tools.go.companions import Companion
from tools.go.packages import GoPackage
from tools.go.program import GoProgram
from tools.run.process import Runner

HELPER = Path(__file__).with_name("helper")
INSIDE = Path(__file__).with_name("inside")
RUNTIME = "internal/askprofilercalls"
"""Where in both builds of the module our own package appears to be."""


class CannotCall(BaseModel):
    """A changed function that can't be called alone, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    function: str
    why: str


class Analysis(BaseModel):
    """What the helper says of one package.

    `subjects` maps a name that is registered in both builds to the function's name in reports; the instances of a
    generic function share one. `marks` are the numbers of functions whose call means that changed code was called;
    `open` says that changed code may run without any of them. `before` and `after` map files to their texts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    path: str
    subjects: dict[str, str]
    cannot: tuple[CannotCall, ...]
    marks: tuple[int, ...]
    open: bool
    before: dict[str, str]
    after: dict[str, str]


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    packages: tuple[Analysis, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A package of which both versions are there."""

    before: GoPackage
    after: GoPackage


@dataclass(frozen=True, slots=True)
class Analyser:
    """Reads both versions of packages. `cache` is where the built helper is kept."""

    runner: Runner
    go: GoProgram
    cache: Path

    def analyse(
        self, before: Path, after: Path, packages: Sequence[Changed], *, plain: bool = False
    ) -> tuple[Analysis, ...]:
        """What changed in each package; `plain` leaves generic functions out. Raises: ToolError."""
        module = packages[0].before.module
        request = {
            "runtime": f"{module}/{RUNTIME}",
            "module": module,
            "plain": plain,
            "packages": [
                {
                    "path": p.before.import_path,
                    "before": _sources(before, p.before),
                    "after": _sources(after, p.after),
                }
                for p in packages
            ],
        }
        return self.companion.ask(request, _Reply, cwd=before, readable=(before, after)).packages

    @property
    def companion(self) -> Companion:
        """The helper program."""
        return Companion(name="Go analyser", source=HELPER, cache=self.cache, runner=self.runner, go=self.go)


def _sources(root: Path, package: GoPackage) -> dict[str, object]:
    folder = root / package.folder
    return {
        "folder": str(folder),
        "files": [str(folder / name) for name in package.go_files],
        "tests": [str(folder / name) for name in package.test_files],
    }


def runtime_files(root: Path) -> dict[Path, Path]:
    """Our own package's files: where they appear to be in the build of the copy at `root`, and where they are."""
    return {root / RUNTIME / source.name: source for source in sorted(INSIDE.glob("*.go"))}
