"""Leaked goroutines, and very many of them, are findings with the number that was measured."""

from __future__ import annotations

from agent.evidence import Quantity
from agent.nodes.noticed import TOO_MANY_GOROUTINES, noticed
from agent.state import CaptureRecord
from tests.agent.scripted import takes
from tests.agent.staging import Stage


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
    found = noticed(scene.deps, [leaked, _record(scene, "total_goroutineleak", 0)])
    assert [f.title for f in found] == ["Leaked goroutines"]
    assert f"{{{leaked.evidence_id}.total_goroutineleak}}" in found[0].text


def test_more_than_ten_thousand_goroutines_are_a_finding(stage: Stage) -> None:
    scene = stage([takes(0.004)])
    few = _record(scene, "peak_goroutines", TOO_MANY_GOROUTINES - 1)
    many = _record(scene, "peak_goroutines", TOO_MANY_GOROUTINES)
    assert [f.evidence for f in noticed(scene.deps, [few, many])] == [(many.evidence_id,)]
