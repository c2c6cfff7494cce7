"""A target with nothing but tests: the tests are what is run, timed and profiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.measure.workload import SECONDS_PER_OP
from tools.python.interpreter import Interpreter
from tools.python.toolchain import PythonToolchain
from tools.python.workload import choose_workload
from tools.run.process import Runner

TESTS = """import time


def test_something():
    until = time.perf_counter() + 0.3
    while time.perf_counter() < until:
        sum(range(1000))
"""


@pytest.mark.slow
def test_plain_tests_are_timed_and_profiled(runner: Runner, equipped: Interpreter, tmp_path: Path) -> None:
    root = tmp_path / "target"
    root.mkdir()
    (root / "test_app.py").write_text(TESTS)
    workload = choose_workload(runner, equipped, root, script=None, bench=None, command=(), sizes=[])
    assert workload.chosen_because == "there are no benchmarks and no command; the tests are the workload"
    toolchain = PythonToolchain(runner, equipped)
    build = toolchain.build(root, workload)
    (benchmark,) = workload.benchmarks
    sample = toolchain.sample(build, benchmark, 1)
    assert sample.values[SECONDS_PER_OP] > 0.3
    assert sample.output is None, "pytest prints how long it took: equal code would differ"
    cpu = next(p for p in toolchain.profilers if p.view == "cpu")
    capture = cpu.capture(build, workload, seconds=0.5, out=tmp_path / "out")
    assert any(f.name == "test_something" for f in capture.profile.functions)
