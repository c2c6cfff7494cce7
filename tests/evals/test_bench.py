"""The bench prints every figure against its goal, and ends with 1 when one is missed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.settings import MeasureSettings
from evals.bench import command
from evals.bench.agreement import bench_agreement
from evals.bench.figure import Conditions, Figure
from evals.bench.reading import bench_reading, compare_readers, generate


def conditions(
    folder: Path, trials: int | None = 2, languages: tuple[str, ...] = ("go", "python")
) -> Conditions:
    return Conditions(
        folder=folder,
        trials=trials,
        languages=languages,
        busy=0,
        seed=0,
        measure=MeasureSettings(),
        say=lambda text: None,
    )


def section(*figures: Figure) -> object:
    def run(given: Conditions) -> Iterator[Figure]:
        yield from figures

    return run


@pytest.fixture
def sections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three sections that measure nothing: the command's table is data."""
    made = {
        "good": section(Figure(name="a", found="1 s", goal="< 2 s", is_met=True)),
        "bad": section(Figure(name="b", found="3 s", goal="< 2 s", is_met=False)),
        "plain": section(Figure(name="c", found="ratio 2")),
    }
    monkeypatch.setattr(command, "SECTIONS", made)


@pytest.mark.usefixtures("sections")
@pytest.mark.parametrize(("only", "code"), [("good,plain", 0), ("good,bad", 1)])
def test_a_missed_goal_is_said_and_ends_with_1(
    only: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--only", only, "--json", str(tmp_path / "f.json")]) == code
    told = capsys.readouterr().out
    assert "a: 1 s [goal: < 2 s: met]" in told
    assert ("MISSED" in told) == (code == 1)
    found = json.loads((tmp_path / "f.json").read_text())
    assert list(found["sections"]) == only.split(",")
    assert found["sections"]["good"]["figures"][0]["is_met"] is True


@pytest.mark.parametrize(
    "words", [["--only", "nothing"], ["--trials", "0"], ["--trials", "x"], ["--language", "c"]]
)
def test_what_cannot_be_measured_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(words)
    assert ended.value.code == 2
    assert "error" in capsys.readouterr().err


def test_our_statistics_agree_with_scipy_and_benchstat(tmp_path: Path) -> None:
    """The figure of the bench; over the same files for benchstat."""
    figures = list(bench_agreement(conditions(tmp_path, trials=60)))
    assert [f.is_met for f in figures] == [True, True]
    assert "60 samples" in figures[1].found


def test_both_readers_are_timed_on_one_profile(tmp_path: Path) -> None:
    found = compare_readers(generate(200, 50, tmp_path), 1)
    assert found is not None
    assert min(found.ours.wall_s, found.theirs.wall_s) > 0
    assert min(found.ours.peak_bytes, found.theirs.peak_bytes) > 2**20
    assert found.time_ratio == found.ours.wall_s / found.theirs.wall_s


def test_a_short_form_of_reading_judges_nothing(tmp_path: Path) -> None:
    figures = list(bench_reading(conditions(tmp_path)))
    assert [f.is_met for f in figures] == [None] * 4
    assert "2,000 samples over 500 functions" in figures[0].name
    assert "of collapsed stacks" in figures[-1].name


@pytest.mark.slow
def test_trials_run_on_this_host(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short form of the real thing: what it finds on a busy host is no matter here."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))  # nobody has to wait for it
    out, quick = tmp_path / "figures.json", tmp_path / "quick.yaml"
    quick.write_text("measure: {process_s: 0.02, pairs_max: 17, final_s: 5}\n")
    words = [
        "--only",
        "aa",
        "--trials",
        "1",
        "--busy",
        "0",
        "--language",
        "go",
        "--json",
        str(out),
        "--settings",
        str(quick),
    ]
    assert command.main(words) in (0, 1), capsys.readouterr().out
    (figure,) = json.loads(out.read_text())["sections"]["aa"]["figures"]
    assert figure["data"]["ours"]["trials"] == 1
    assert figure["data"]["pairs"][0] >= 7
