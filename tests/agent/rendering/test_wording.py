"""An answer tells its reader only what that reader can set."""

from __future__ import annotations

from pathlib import Path

from agent.analysts.asking.tools.wording import PARAMETERS
from agent.rendering.profile_answers.answer import Answer, Cell, Column, Row, Table
from agent.rendering.profile_answers.costs import top_answer
from agent.rendering.profile_answers.questions import Question, question_about
from agent.rendering.profile_answers.wording import COMMAND_LINE, Wording
from agent.rendering.profile_answers.writing import fitted, render, write
from tools.profiles.filters import Filters
from tools.profiles.pprof import read_pprof
from tools.profiles.queries import rank
from tools.profiles.searching import linear_regex

CPU = Path(__file__).parents[3] / "tests" / "tools" / "profiles" / "data" / "go1.26-cpu.pb.gz"


def question(wording: Wording) -> Question:
    filters = Filters(focus=linear_regex("regexp"), ignore=linear_regex("no such thing"))
    return question_about(read_pprof(CPU), filters, value=None, file="cpu", wording=wording)


def page(wording: Wording) -> str:
    asked = question(wording)
    found = rank(asked.profile, value=asked.value, limit=3)
    return render(top_answer(asked.subject, found, "self"), "compact")


def test_whoever_types_commands_is_told_options() -> None:
    text = page(COMMAND_LINE)
    assert "--focus regexp" in text and "--ignore no such thing matches nothing" not in text
    assert "narrow with --focus REGEX, or see more with -n 6" in text
    assert "warning: --ignore matches nothing" in text


def test_a_model_is_told_parameters_and_no_option() -> None:
    text = page(PARAMETERS)
    assert "`focus` regexp" in text and "warning: `ignore` matches nothing" in text
    assert "narrow with `focus`, or see more with `limit` 6" in text
    assert "--" not in text and "-n" not in text


def test_more_than_can_be_asked_for_is_not_offered() -> None:
    wording = Wording(settings={"limit": "`limit` {}"}, filter="`{}`", listing="", most=50)
    assert wording.way("see more with", "limit", 50) == "see more with `limit` 50"
    assert wording.way("see more with", "limit", 51) == ""
    assert wording.way("narrow with", "focus") == ""


def test_a_million_rows_are_cut_quickly_to_what_has_room() -> None:
    cells = (Cell(raw=1, text="1"),)
    rows = (Row(cells=cells, weight=1),) * 1_000_000
    table = Table(title="", columns=(Column(key="n", head="n"),), rows=rows, what="rows", narrow="")
    shown = fitted(Answer(facts=("all",), fields={}, tables=(table,)), "compact", 100, PARAMETERS)
    assert len(write(shown, "compact")) <= 300
    (left,) = shown.tables
    assert len(left.rows) + left.more == 1_000_000
    assert write(shown, "compact").endswith("more rows\n")
