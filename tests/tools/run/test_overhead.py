"""What the sandbox costs a process is measured, not assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.run.overhead import sandbox_overhead_s
from tools.run.process import Access, Runner


@dataclass(frozen=True, slots=True)
class LateSandbox:
    """Confines nothing and starts everything 50 ms later."""

    name: str = "late"
    forgets: bool = False

    def wrap(self, argv: list[str], *, cwd: Path, access: Access, env: Mapping[str, str]) -> list[str]:
        return ["sh", "-c", 'sleep 0.05; exec "$@"', "sh", *argv]

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin"}


def test_a_sandbox_that_starts_everything_late_is_told_by_how_much(
    plain_runner: Runner, tmp_path: Path
) -> None:
    late = Runner(LateSandbox())
    assert 0.04 < sandbox_overhead_s(plain_runner, late, tmp_path, 5) < 5
    late.close()
