"""Whose code a function is: the target's own, its test harness, a dependency, the library, the runtime."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from tools.profiles.profile import Function

Owner = Literal["own", "harness", "dependency", "library", "runtime"]

HARNESS_FILES = ("*_test.go", "_testmain.go", "zz_ask_profiler*", "test_*.py", "*_test.py", "conftest.py")
HARNESS_FOLDERS = frozenset({"tests", "test", "testdata", "benchmarks", "bench", "fixtures"})
DEPENDENCY_PARTS = frozenset({"site-packages", "dist-packages", "vendor", "node_modules", ".venv", "venv"})
GO_RUNTIME = ("runtime.", "runtime/", "internal/runtime/", "internal/abi.", "gosave_", "aeshash", "memeq")
GO_HARNESS = ("testing.", "testing/")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCode:
    """What counts as the target's own: files under `root`, or Go functions of `module`.

    `root` is the directory the profiled copy lay in; paths in profiles are compared as text, so a recorded
    profile of another machine works when its own root is given.
    """

    language: Literal["go", "python"]
    root: Path
    module: str = ""

    def owner(self, function: Function) -> Owner:
        """Whose code `function` is."""
        relative = self.relative(function)
        if relative is not None:
            return self._inside(relative)
        return self._go(function) if self.language == "go" else self._python(function)

    def relative(self, function: Function) -> str | None:
        """The function's file relative to the root, None when it lies elsewhere."""
        root = f"{self.root.as_posix().rstrip('/')}/"
        if function.file.startswith(root):
            return function.file.removeprefix(root)
        if self.module and function.file.startswith(f"{self.module}/"):
            # Built with -trimpath: files are named by import path.
            return function.file.removeprefix(f"{self.module}/")
        return None

    def _inside(self, relative: str) -> Owner:
        path = PurePosixPath(relative)
        if DEPENDENCY_PARTS.intersection(path.parts[:-1]):
            return "dependency"
        if any(fnmatch.fnmatch(path.name, pattern) for pattern in HARNESS_FILES):
            return "harness"
        return "harness" if HARNESS_FOLDERS.intersection(path.parts[:-1]) else "own"

    def _go(self, function: Function) -> Owner:
        if function.name.startswith(GO_RUNTIME) or not function.file:
            return "runtime"
        if function.name.startswith(GO_HARNESS) or function.file.endswith("_testmain.go"):
            return "harness"
        if self.module and function.name.startswith((f"{self.module}.", f"{self.module}/")):
            return "own"
        first = function.name.split("/")[0]
        # Import paths of modules start with a host name; the standard library's never hold a dot there.
        return "dependency" if "/" in function.name and "." in first else "library"

    def _python(self, function: Function) -> Owner:
        if not function.file or function.file.startswith("<"):
            return "runtime"
        parts = set(PurePosixPath(function.file).parts)
        if parts & DEPENDENCY_PARTS:
            return "dependency"
        return "library" if function.file.endswith((".py", ".pyc", ".pyx")) else "runtime"
