"""Leaked goroutines, very many of them, and memory that goes on being kept are findings with what was measured."""

from __future__ import annotations

import sys
from pathlib import Path

from agent.evidence import Quantity
from agent.nodes.capture import is_ranked, keep
from agent.nodes.noticed import TOO_MANY_GOROUTINES, noticed
from agent.rendering.quantities import resolve
from agent.state import CaptureRecord
from tests.agent.scripted import takes
from tests.agent.staging import Stage
from tools.measure.toolchain import Build
from tools.measure.workload import Benchmark, Workload
from tools.python.growing import TracemallocGrowth
from tools.python.interpreter import ask


def _record(scene: object, name: str, value: float) -> CaptureRecord:
    evidence = scene.deps.evidence.add(  # type: ignore[attr-defined]
        "capture",
        "goroutines profile, before",
        "go",
        quantities=[Quantity(name=name, value=value, unit="count")],
    )
    return CaptureRecord(
        evidence_id=evidence.id,
        profiler="go",
        view="goroutines",
        value="goroutine",
        profile="profiles/a.pb.gz",
    )


def test_what_leaks_is_a_finding_and_what_does_not_is_none(stage: Stage) -> None:
    scene = stage([takes(0.004)])
    leaked = _record(scene, "total_goroutineleak", 7)
    _record(scene, "total_goroutineleak", 0)
    found = noticed(scene.deps)
    assert [f.title for f in found] == ["Leaked goroutines"]
    assert f"{{{leaked.evidence_id}.total_goroutineleak}}" in found[0].text


def test_more_than_ten_thousand_goroutines_are_a_finding(stage: Stage) -> None:
    scene = stage([takes(0.004)])
    _record(scene, "peak_goroutines", TOO_MANY_GOROUTINES - 1)
    many = _record(scene, "peak_goroutines", TOO_MANY_GOROUTINES)
    moment = _record(scene, "total_goroutine", TOO_MANY_GOROUTINES)
    found = noticed(scene.deps)
    assert [f.evidence for f in found] == [(many.evidence_id,), (moment.evidence_id,)]


LEAKING = """\
import fractions, time

seen = []
end = time.monotonic() + 2
while time.monotonic() < end:
    seen.append(fractions.Fraction(len(seen), 7))
    time.sleep(0.0005)
"""


def test_memory_that_a_python_workload_goes_on_keeping_is_a_finding_with_its_line(stage: Stage) -> None:
    """By the real tracemalloc, though a library allocates it; beside memray's view, of which it is no part."""
    scene = stage([takes(0.004)])
    root = scene.deps.workspace.baseline
    root.mkdir(parents=True)
    (root / "app.py").write_text(LEAKING)
    interpreter = ask(scene.deps.runner, Path(sys.executable), root)
    workload = Workload(
        language="python",
        kind="command",
        benchmarks=(Benchmark(name="Command/app", selector=("app.py",)),),
        chosen_because="given",
    )
    capture = TracemallocGrowth(scene.deps.runner, interpreter).capture(
        Build(root=root, programs={}, duration_s=0.0),
        workload,
        seconds=1,
        out=scene.deps.folder.path / "profiles",
    )
    record = keep(scene.deps, capture, "before")
    assert not is_ranked(scene.deps, record)
    (found,) = noticed(scene.deps)
    assert found.title == "Memory that goes on being kept"
    assert found.items[0].startswith("`app.py:6`: {")
    assert "KiB more" in resolve(found.text, scene.deps.evidence.index)
