"""`python -m evals.run`: a table, JSON, and an exit code that tells whether all is solved."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from rich.console import Console

from evals.case import read_cases
from evals.display import COLUMNS, as_json, row, show
from evals.run import main
from evals.scoring import Answer, Check, score, unanswered

CASE = read_cases(("py-vault",))[0]
SOLVED = score(
    CASE.name,
    CASE.facts,
    Answer(functions=("fill",), outcome="nothing worth changing", accepted=0, patched=False),
    Check(tests_failed=""),
    21.4,
)
GONE = unanswered("go-dependencies", CASE.facts, "Go is not installed: [install it]", 0.4)


def test_the_table_fits_into_a_terminal_of_80_columns_and_names_what_went_wrong() -> None:
    out = io.StringIO()
    show([SOLVED, GONE], Console(file=out, width=80))
    lines = out.getvalue().splitlines()
    assert lines[0].split() == list(COLUMNS)
    assert lines[1].split() == list(row(SOLVED))
    assert "…" not in out.getvalue()
    assert max(len(line) for line in lines[:3]) <= 80
    assert "go-dependencies: no answer: Go is not installed: [install it]" in lines


def test_json_holds_every_score() -> None:
    found = json.loads(as_json([SOLVED, GONE]))
    assert (found["solved"], found["of"]) == (1, 2)
    assert [case["solved"] for case in found["cases"]] == [True, False]
    assert found["cases"][0]["named"] == ["fill"]
    assert found["cases"][1]["failure"].startswith("Go is not installed")


def test_an_unknown_case_ends_with_2_and_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["go-page"], os.environ) == 2
    assert "there is no case go-page" in capsys.readouterr().err


def test_an_agent_that_cannot_start_is_a_row_and_not_a_crash(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {**os.environ, "ASK_PROFILER_SETTINGS": str(tmp_path / "missing.yaml")}
    assert main(["py-vault", "--quiet", "--json", str(tmp_path / "scores.json")], environment) == 1
    assert "missing.yaml" in capsys.readouterr().out
    assert json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))["solved"] == 0


@pytest.mark.slow
@pytest.mark.alone
def test_a_case_is_solved_from_question_to_score(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scores = tmp_path / "scores.json"
    assert (
        main(["go-invoices", "--quiet", "--json", str(scores), "--keep", str(tmp_path / "kept")], os.environ)
        == 0
    )
    (found,) = json.loads(scores.read_text(encoding="utf-8"))["cases"]
    assert found["right_first"]
    assert found["honest"]
    assert found["outcome"] == "improved"
    assert found["speedup_at_least"] > 2
    assert "solved 1/1" in capsys.readouterr().out
    assert list((tmp_path / "kept/go-invoices/runs").glob("*/report.md"))
