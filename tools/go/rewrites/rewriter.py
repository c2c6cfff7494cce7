"""Rewriting one place of a Go file, with types, by the helper program in helper/ (standard library only).

The helper is built once for each version of its source and Go, and kept in the user's cache directory.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tools.errors import ProgramFailed, UnreadableOutput
from tools.go.packages import list_packages
from tools.go.program import GoProgram
from tools.patterns.pattern import Finding, NotSafe, Rewritten
from tools.run.process import Limits, Runner
from tools.run.sandbox import Access

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
LIMITS = Limits(timeout_s=60.0)


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
            "files": [str(root / folder / name) for name in packages[0].go_files],
            "exports": self._exports(root, pattern),
            "file": str(root / folder / Path(finding.file).name),
            "start": len(text[: finding.start].encode()),
            "end": len(text[: finding.end].encode()),
            "rewrite": finding.pattern.spec.rewrite.name,
        }
        reply = self._ask(root, request)
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

    def _ask(self, root: Path, request: dict[str, object]) -> _Reply:
        helper = self.prepare()
        done = self.runner.run(
            [helper],
            cwd=root,
            access=Access(readable=(root, helper.parent, self.go.build_cache)),
            limits=LIMITS,
            stdin=json.dumps(request),
            check=False,
            program="the Go rewriter",
        )
        if done.exit_code != 0:
            raise ProgramFailed(
                f"the Go rewriter failed: {done.stderr.strip()[:500]}",
                exit_code=done.exit_code,
                stderr_tail=done.stderr[-1000:],
            )
        try:
            return _Reply.model_validate_json(done.stdout)
        except ValidationError as error:
            raise UnreadableOutput(f"the Go rewriter's answer is not understood: {error}") from error

    def prepare(self) -> Path:
        """The built helper; built at first use. Raises: ToolError."""
        digest = hashlib.sha256(self.go.version.encode())
        for source in sorted(HELPER.glob("*.go")):
            digest.update(source.read_bytes())
        program = self.cache / f"go-rewriter-{digest.hexdigest()[:16]}"
        if not program.is_file():
            self.cache.mkdir(parents=True, exist_ok=True)
            half = program.with_suffix(f".{os.getpid()}")
            self.runner.run(
                [self.go.path, "build", "-o", half, "."],
                cwd=HELPER,
                env={"GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false", "GOWORK": "off"},
                confined=False,
                limits=Limits(timeout_s=300.0),
                program="go build (the rewriter)",
            )
            half.replace(program)
        return program
