"""An answer's size has a limit: what matters least is left out, counted, and a way to ask is told."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rendering.profile_answers.amounts import name_of, told
from agent.rendering.profile_answers.answer import Answer, Cell, Column, Row, Table
from agent.rendering.profile_answers.writing import Form, render, tokens_of
from tools.profiles.profile import Function, ValueType

FORMS: tuple[Form, ...] = ("text", "compact", "markdown", "json")
WEIGHTS = st.lists(st.lists(st.integers(0, 1000), max_size=30), min_size=1, max_size=3)


def row(number: int, weight: int) -> Row:
    name = f"f{number}"
    cells = (Cell(raw=weight, text=f"{weight} ms"), Cell(raw=name, text=name), Cell(raw="hidden", text=""))
    return Row(cells=cells, weight=weight)


def table(weights: list[int], *, keeps_layout: bool = False) -> Table:
    return Table(
        title="A table",
        columns=(
            Column(key="cost", head="cost"),
            Column(key="name", head="name", is_text=True),
            Column(key="file", hidden=True),
        ),
        rows=tuple(row(n, weight) for n, weight in enumerate(weights)),
        what="functions",
        narrow="narrow with --focus REGEX",
        widen="see more with -n 40",
        more=7,
        keeps_layout=keeps_layout,
    )


def answer(*tables: Table) -> Answer:
    return Answer(facts=("a fact",), fields={"file": "a"}, tables=tables, warnings=("a doubt",))


@given(weights=WEIGHTS, tokens=st.integers(1, 600), form=st.sampled_from(FORMS))
def test_an_answer_is_never_longer_than_its_limit_and_nothing_is_lost(
    weights: list[list[int]], tokens: int, form: Form
) -> None:
    whole = answer(*(table(w) for w in weights))
    page = render(whole, form, tokens)
    smallest = render(whole, form, 1)
    longer_hint = 2  # it names twice the limit, which may have more digits
    assert tokens_of(page) <= max(tokens, tokens_of(smallest) + longer_hint)
    if form != "json":
        return
    tables = json.loads(page)["tables"]
    assert [len(t["rows"]) + t["more"] for t in tables] == [len(w) + 7 for w in weights]
    kept = [found["cost"] for t in tables for found in t["rows"]]
    costs = sorted((cost for w in weights for cost in w), reverse=True)
    assert sorted(kept, reverse=True) == costs[: len(kept)]
    for t, w in zip(tables, weights, strict=True):
        numbers = [int(found["name"][1:]) for found in t["rows"]]
        assert numbers == sorted(numbers)
        assert [w[n] for n in numbers] == [found["cost"] for found in t["rows"]]


@pytest.mark.parametrize("form", FORMS)
def test_what_was_cut_is_counted_with_a_way_to_see_it(form: Form) -> None:
    page = render(answer(table(list(range(100, 0, -1)))), form, 200)
    more = re.search(r'(?:… |"more": )(\d+)', page)
    assert more is not None
    shown = len(re.findall(r"\bf\d+", page))
    assert 0 < shown < 100 and int(more[1]) == 7 + 100 - shown
    assert "--focus REGEX, or allow more with --tokens 400" in page.replace("\\", "")
    assert "see more with -n 40" in render(answer(table([1])), form).replace("\\", "")


def test_text_is_aligned_and_compact_is_not() -> None:
    lines = render(answer(table([5, 1000])), "text").splitlines()
    assert lines[2:6] == ["A table", "     cost  name", "     5 ms  f0", "  1000 ms  f1"]
    assert "5 ms\tf0\n1000 ms\tf1\n" in render(answer(table([5, 1000])), "compact")
    assert "hidden" not in render(answer(table([5])), "text")


def test_layout_is_kept_in_markdown_where_it_means_something() -> None:
    assert "| 5 ms | f0 |" in render(answer(table([5])), "markdown")
    assert "```\n  cost  name\n  5 ms  f0\n```" in render(answer(table([5], keeps_layout=True)), "markdown")


@given(text=st.text(max_size=40))
def test_no_name_breaks_a_line_or_steers_a_terminal(text: str) -> None:
    name = name_of(Function(name=text, file=text))
    assert name.strip() and "\n" not in name
    cells = (Cell(raw=text, text=name),)
    one = Table(
        title=name,
        columns=(Column(key="n", is_text=True),),
        rows=(Row(cells=cells, weight=1),),
        what="",
        narrow="",
    )
    for form in FORMS:
        page = render(Answer(facts=(name,), fields={}, tables=(one,)), form)
        assert not {c for c in page if not c.isprintable()} - {"\n", "\t"} or form == "markdown"
        assert len(render(answer(one), form).splitlines()) == len(render(answer(one), form).split("\n")) - 1


@pytest.mark.parametrize(
    ("amount", "name", "unit", "text"),
    [
        (1_500_000, "cpu", "nanoseconds", "1.50 ms"),
        (2_500, "wall", "microseconds", "2.50 ms"),
        (0, "cpu", "nanoseconds", "0 s"),
        (-5_000, "cpu", "nanoseconds", "-5.00 µs"),
        (3 * 2**20, "inuse_space", "bytes", "3.00 MiB"),
        (12, "goroutine", "count", "12 goroutines"),
        (2516239, "alloc_objects", "count", "2,516,239 alloc objects"),
        (3, "x", "widgets", "3 widgets"),
    ],
)
def test_no_number_is_without_its_unit(amount: int, name: str, unit: str, text: str) -> None:
    assert told(amount, ValueType(name=name, unit=unit)) == text


def test_names_say_where_a_function_is_unless_they_do_already() -> None:
    assert name_of(Function(name="main.work", file="a/b/main.go")) == "main.work"
    assert name_of(Function(name="build", file="/srv/app/report.py")) == "report.build (app/report.py)"
    assert name_of(None) == "all"
    assert len(name_of(Function(name="x" * 10_000, file=""))) == 160
