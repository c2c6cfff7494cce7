"""Rewriting one place of a Go file, with types, by the helper program in helper/ (standard library only).

The helper is built once for each version of its source and Go, and kept in the user's cache directory.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tools.go.companions import Companion
from tools.go.packages import list_packages
from tools.go.program import GoProgram
from tools.patterns.pattern import Finding, NotSafe, Rewritten
from tools.run.process import Runner

HELPER = Path(__file__).with_name("helper")
REWRITES = (
    "hoist_compile",
    "hoist_invariant",
    "index_search",
    "set_membership",
    "string_builder",
    "direct_conversion",
    "presize_slice",
    "presize_map",
)
"""The rewrites the helper knows, by the names that pattern files use."""


def cache_folder() -> Path:
    """Where built helpers are kept: the user's cache directory."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "ask-profiler"


class _Reply(BaseModel):
    """What the helper answers: the file's new text and the changed functions, or why not."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    content: str = ""
    functions: tuple[str, ...] | None = None
    unsafe: str = ""


@dataclass(frozen=True, slots=True)
class GoRewriter:
    """Rewrites Go files. `cache` is where the built helper is kept."""

    runner: Runner
    go: GoProgram
    cache: Path

    def rewrite(self, finding: Finding, root: Path) -> Rewritten | NotSafe:
        """The changed file, or why the place can't be rewritten safely. Raises: ToolError."""
        file = root / finding.file
        text = file.read_bytes().decode("utf-8")
        folder = Path(finding.file).parent.as_posix()
        pattern = "." if folder == "." else f"./{folder}"
        packages = list_packages(self.runner, self.go, root, pattern)
        if not packages:
            return NotSafe(why="its package isn't listed by go list")
        request = {
            "package": packages[0].import_path,
            "version": packages[0].go_version,
            "files": [str(root / folder / name) for name in packages[0].go_files],
            "exports": self._exports(root, pattern),
            "file": str(root / folder / Path(finding.file).name),
            "start": len(text[: finding.start].encode()),
            "end": len(text[: finding.end].encode()),
            "rewrite": finding.pattern.spec.rewrite.name,
        }
        reply = self.companion.ask(request, _Reply, cwd=root, readable=(root, self.go.build_cache))
        if reply.unsafe:
            return NotSafe(why=reply.unsafe)
        return Rewritten(
            files={finding.file: reply.content},
            functions=reply.functions or (),
            rationale=finding.pattern.spec.title,
        )

    def _exports(self, root: Path, pattern: str) -> dict[str, str]:
        done = self.go.run(
            self.runner,
            ["list", "-export", "-deps", "-f", "{{if .Export}}{{.ImportPath}}={{.Export}}{{end}}", pattern],
            cwd=root,
            root=root,
        )
        lines = [line for line in done.stdout.splitlines() if "=" in line]
        return dict(line.split("=", 1) for line in lines)

    @property
    def companion(self) -> Companion:
        """The helper program."""
        return Companion(name="Go rewriter", source=HELPER, cache=self.cache, runner=self.runner, go=self.go)
