"""What a benchmark reports of its own is kept with its unit: in evidence, in benchmarks.txt and in the comparison."""

from __future__ import annotations

from dataclasses import dataclass, replace

from agent.rendering import markdown
from tests.agent.scripted import ScriptedIntake, ScriptedProfiler, ScriptedToolchain, takes
from tests.agent.staging import Stage
from tools.measure.benchmark_format import parse_results
from tools.measure.toolchain import Build
from tools.measure.workload import Benchmark, Sample


@dataclass(slots=True)
class Reporting(ScriptedToolchain):
    """Its benchmarks say how often they missed a cache."""

    def sample(self, build: Build, benchmark: Benchmark, iterations: int) -> Sample:
        seen = ScriptedToolchain.sample(self, build, benchmark, iterations)
        return replace(seen, values={**seen.values, "misses/op": 12.5})


def test_a_custom_metric_is_in_the_evidence_whatever_comes_of_the_run(stage: Stage) -> None:
    scene = stage([])
    scene.deps.intake = ScriptedIntake(Reporting((ScriptedProfiler("one", "cpu"),)))
    report = scene.run()
    (first,) = [e for e in report.evidence if e.kind == "calibration"]
    assert (first.quantity("App:misses/op").value, first.quantity("App:misses/op").unit) == (
        12.5,
        "misses/op",
    )


def test_a_custom_metric_is_compared_and_kept_in_the_benchmark_format(stage: Stage) -> None:
    scene = stage([takes(0.004)])
    scene.deps.intake = ScriptedIntake(Reporting((ScriptedProfiler("one", "cpu"),)))
    report = scene.run()
    assert report.outcome == "improved"
    lines = parse_results((scene.deps.folder.path / "benchmarks.txt").read_text())
    assert lines
    assert all(line.values["misses/op"] == 12.5 for line in lines)
    assert report.combined is not None
    (compared,) = [c for c in report.combined.comparisons if c.unit == "misses/op"]
    assert (compared.baseline_median, compared.candidate_median, compared.changed) == (12.5, 12.5, False)
    assert "misses/op | 12.5 misses/op | 12.5 misses/op" in markdown.render(report)
