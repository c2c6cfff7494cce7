"""The workflow at several sizes: growth before and after, from samples that are there, and tomorrow's bottleneck."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.nodes.functions import smaller
from agent.nodes.timing import derived_sizes, families_of
from agent.rendering import growth, html, markdown, text
from agent.report import FamilyScaling, Report
from agent.settings import MeasureSettings
from tests.agent.scripted import SOURCE, ScriptedIntake, takes
from tests.agent.staging import Scene, Stage
from tools.measure.scaling import Growth, SizeTimes
from tools.measure.statistics import Interval
from tools.measure.workload import Benchmark, Workload

SIZES = ("App/size=1000", "App/size=10000")
PLANTED = f"{SOURCE}\n\n# PLANTED\n"


def sized(scene: Scene) -> Scene:
    assert isinstance(scene.deps.intake, ScriptedIntake)
    scene.deps.intake.names = SIZES
    return scene


def the_family(report: Report) -> FamilyScaling:
    (family,) = report.scaling
    return family


def test_growth_is_told_before_and_after_from_the_final_pairs(stage: Stage) -> None:
    scene = sized(stage([takes(0.004)]))
    report = scene.run()
    family = the_family(report)
    assert report.outcome == "improved"
    assert (family.family, family.sizes) == ("App/size=N", (1_000, 10_000))
    assert family.before is not None
    assert family.after is not None
    for found in (family.before, family.after):
        quantity = report.index.resolve(found.exponent)
        assert quantity.value == pytest.approx(1.0, abs=0.02)
        assert quantity.interval is not None
        assert quantity.interval[0] <= 1.0 <= quantity.interval[1]
    titles = [e.title for e in report.evidence if e.tool == "ask-profiler scaling"]
    assert titles[:2] == ["growth of App/size=N, before", "growth of App/size=N, after"]
    assert {s.stage for s in report.stages} >= {"scale"}


def test_where_nothing_was_accepted_samples_are_taken(stage: Stage) -> None:
    family = the_family(sized(stage()).run())
    assert family.before is not None
    assert family.after is None


def test_no_samples_are_taken_where_the_settings_say_so(stage: Stage) -> None:
    settings = MeasureSettings(calibration_pairs=8, pairs_min=12, pairs_max=12, growth_s=0)
    family = the_family(sized(stage(measure=settings)).run())
    assert family.before is None
    assert "no time was left" in family.why_not


def test_a_function_that_grows_faster_is_named_as_tomorrows_bottleneck(stage: Stage) -> None:
    report = sized(stage(source=PLANTED)).run()
    (found,) = the_family(report).tomorrow
    assert (found.function.function, found.largest.function) == ("grows", "slow")
    crossing = report.index.resolve(found.size)
    assert crossing.interval is not None
    assert crossing.interval[0] <= 25_000 <= crossing.interval[1]
    shown = text.render(report)
    assert "Tomorrow's bottleneck: grows takes" in " ".join(shown.split())


def test_functions_that_grow_alike_are_told_and_none_is_named(stage: Stage) -> None:
    family = the_family(sized(stage()).run())
    assert [f.function for f in family.functions] == ["slow"]
    assert family.tomorrow == ()


def test_a_workload_without_sizes_has_no_growth(stage: Stage) -> None:
    report = stage([takes(0.004)]).run()
    assert report.scaling == ()
    assert "## Growth" not in markdown.render(report)


def test_every_rendering_tells_growth_with_its_evidence(report: Report) -> None:
    shown = markdown.render(report)
    part = shown.split("## Growth")[1].split("\n## ")[0]
    assert "about linear: 1.04 (0.98 to 1.10) (E8)" in part
    assert "61,000 (30,000 to 99,000) (E8)" in part
    assert "it was quick" in part
    pictures = {"graphs/cpu-before.svg": "<svg xmlns='http://www.w3.org/2000/svg'></svg>"}
    assert "it becomes the largest" in html.render(report, pictures)
    assert "Report/size=N, 100 to 10,000 (2): about linear" in " ".join(text.render(report).split())


def test_names_of_functions_cannot_write_markup(report: Report) -> None:
    family = the_family(report)
    hostile = replace(family.functions[0], function="a|b<script>{E9.x}`")
    tomorrow = replace(family.tomorrow[0], function=hostile)
    bad = replace(family, family="x|<b>/N", functions=(hostile,), tomorrow=(tomorrow,))
    shown = markdown.render(replace(report, scaling=(bad,)))
    assert "| a\\|b\\<script\\>" in shown
    pictures = {"graphs/cpu-before.svg": "<svg xmlns='http://www.w3.org/2000/svg'></svg>"}
    assert "<script>{E9" not in html.render(replace(report, scaling=(bad,)), pictures)


@pytest.mark.parametrize(
    ("exponent", "interval", "words"),
    [
        (0.02, (0.0, 0.05), "hardly grows"),
        (0.5, (0.4, 0.6), "slower than linear"),
        (1.1, (1.0, 1.2), "about linear"),
        (1.5, (1.4, 1.6), "between linear and quadratic"),
        (2.0, (1.9, 2.1), "about quadratic"),
        (3.0, (2.9, 3.1), "about cubic"),
        (4.0, (3.9, 4.1), "faster than cubic"),
        (1.5, (0.5, 2.5), "unclear"),
    ],
)
def test_an_exponent_in_words(
    report: Report, exponent: float, interval: tuple[float, float], words: str
) -> None:
    found = report.index.get("E8").quantity("exponent")
    assert growth.in_words(replace(found, value=exponent, interval=interval)) == words


def command(*sizes: int) -> Workload:
    benchmarks = tuple(
        Benchmark(name=f"Command/app/size={n}", selector=("app.py", str(n)), size=n) for n in sizes
    )
    return Workload(
        language="python",
        kind="command",
        benchmarks=benchmarks,
        chosen_because="",
        command=("app.py", "{size}"),
    )


def test_a_command_with_few_sizes_is_run_at_halves_too() -> None:
    (family,) = families_of(command(1_000))
    assert family.sizes == (125, 250, 500, 1_000)
    assert family.benchmarks[0].selector == ("app.py", "125")
    assert [b.name for b in family.derived] == [f"Command/app/size={n}" for n in (500, 250, 125)]
    assert families_of(command(1, 10, 100, 1_000))[0].derived == ()
    assert derived_sizes(command(7), command(7).benchmarks) == []
    assert families_of(command(7)) == []


def test_the_second_profile_is_near_and_not_mostly_constant() -> None:
    measured = list(command(100, 1_000, 10_000, 100_000).benchmarks)
    fitted = Growth(
        sizes=(100, 100_000), exponent=Interval(estimate=1, low=1, high=1, confidence=0.95),
        constant_s=0.05, told_constant=True, slopes=(),
    )  # fmt: skip

    def chosen(seconds: Callable[[int], float]) -> str | None:
        times = {b.name: SizeTimes(size=b.size or 0, seconds=(seconds(b.size or 0),) * 5) for b in measured}
        found = smaller(measured, times, fitted)
        return found.name if found else None

    assert chosen(lambda n: 0.05 + 2e-5 * n) == "Command/app/size=10000"
    assert chosen(lambda n: 0.05 + 1e-7 * n) == "Command/app/size=10000"
    only = measured[-1:]
    assert smaller(only, {b.name: SizeTimes(size=1, seconds=(1.0,) * 5) for b in only}, fitted) is None


def test_the_run_folder_keeps_the_second_profile(stage: Stage) -> None:
    scene = sized(stage())
    scene.run()
    names = {p.name for p in Path(scene.deps.folder.path / "profiles").iterdir()}
    assert "before-size-1000-one.pb.gz" in names
