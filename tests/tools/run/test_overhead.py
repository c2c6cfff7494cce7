"""The sandbox costs little enough not to matter beside what is measured."""

from __future__ import annotations

from pathlib import Path

from tools.run.overhead import sandbox_overhead_s
from tools.run.process import Runner
from tools.run.sandbox import BubblewrapSandbox


def test_a_process_starts_less_than_20_ms_later(plain_runner: Runner, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    sandboxed = Runner(BubblewrapSandbox())
    assert 0.001 < sandbox_overhead_s(plain_runner, sandboxed, copy, 20) < 0.02
    sandboxed.close()
