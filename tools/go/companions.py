"""Programs of ours in Go that read a target's source: built at first use, kept for each version of them and of Go."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from tools.errors import ProgramFailed, UnreadableOutput
from tools.go.program import GoProgram
from tools.run.process import Limits, Runner
from tools.run.sandbox import Access

Reply = TypeVar("Reply", bound=BaseModel)
LIMITS = Limits(timeout_s=60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """One such program: its `name`, the folder of its `source`, and the `cache` where the built program is kept."""

    name: str
    source: Path
    cache: Path
    runner: Runner
    go: GoProgram

    def ask(
        self, request: Mapping[str, object], answer: type[Reply], *, cwd: Path, readable: tuple[Path, ...]
    ) -> Reply:
        """Its answer, confined, with the `readable` folders in sight. Raises: ToolError."""
        program = self.prepare()
        done = self.runner.run(
            [program],
            cwd=cwd,
            access=Access(readable=(program.parent, *readable)),
            limits=LIMITS,
            stdin=json.dumps(request),
            check=False,
            program=f"the {self.name}",
        )
        if done.exit_code != 0:
            raise ProgramFailed(
                f"the {self.name} failed: {done.stderr.strip()[:500]}",
                exit_code=done.exit_code,
                stderr_tail=done.stderr[-1000:],
            )
        try:
            return answer.model_validate_json(done.stdout)
        except ValidationError as error:
            raise UnreadableOutput(f"the {self.name}'s answer is not understood: {error}") from error

    def prepare(self) -> Path:
        """The built program. Raises: ToolError."""
        digest = hashlib.sha256(self.go.version.encode())
        for source in sorted(self.source.glob("*.go")):
            digest.update(source.read_bytes())
        program = self.cache / f"{self.name.replace(' ', '-').lower()}-{digest.hexdigest()[:16]}"
        if not program.is_file():
            self.cache.mkdir(parents=True, exist_ok=True)
            half = program.with_suffix(f".{os.getpid()}")
            self.runner.run(
                [self.go.path, "build", "-o", half, "."],
                cwd=self.source,
                env={"GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false", "GOWORK": "off"},
                confined=False,
                limits=Limits(timeout_s=300.0),
                program=f"go build (the {self.name})",
            )
            half.replace(program)
        return program
