"""Questions to captures: the answers of the command line, cut, numbered, and each number citable as it is shown."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.analysts.analyst import Picture
from agent.analysts.asking.tools.citing import numbered, quantities_of
from agent.analysts.asking.tools.tool import TOKENS
from agent.analysts.asking.tools.toolbox import ToolAnswer, Toolbox, toolbox_for
from agent.analysts.asking.tools.wording import PARAMETERS
from agent.evidence import Evidence, EvidenceIndex
from agent.rendering.profile_answers.amounts import amount_cell, amount_column, share_cell, share_column
from agent.rendering.profile_answers.answer import Answer, Row, Table
from agent.rendering.profile_answers.writing import fitted, tokens_of, write
from agent.rendering.quantities import format_quantity, resolve
from tests.agent.analysts.asking.tools.conftest import MakeBox, NotingLab, recorded, seen
from tools.profiles.builder import ProfileBuilder
from tools.profiles.profile import Function, Profile, ValueType

NUMBER = re.compile(r"\{(E\d+)\.([a-z_]+\d*)\}")
EVIL = "(a+)+$"


def asked(box: Toolbox, name: str, **given: object) -> ToolAnswer:
    answer = box.run(name, given)
    assert not answer.is_error, answer.text
    return answer


def table_of(text: str) -> list[dict[str, str]]:
    """Rows of the first table, by the head of their column; the unit of a count isn't part of its head."""
    lines = text.split("\n")
    start = next(n for n, line in enumerate(lines) if line.startswith("row\t"))
    heads = [head.partition(" (")[0] for head in lines[start].split("\t")]
    rows = []
    for line in lines[start + 1 :]:
        if not re.match(r"\d+\t", line):
            break
        rows.append(dict(zip(heads, line.split("\t"), strict=False)))
    return rows


@pytest.mark.parametrize(
    ("name", "given", "columns"),
    [
        ("top", {"capture": "cpu"}, ("self", "self_share", "cumulative", "cumulative_share")),
        ("top", {"capture": "E3", "by": "cumulative"}, ("self", "self_share", "cumulative")),
        ("top", {"capture": "memory", "value": "alloc_objects"}, ("self", "self_share", "cumulative")),
        ("top", {"capture": "goroutines", "split": "state"}, ("cost", "share", "place_cost")),
        ("callers", {"capture": "cpu", "function": "runtime.mallocgc"}, ("cost", "share")),
        ("callees", {"capture": "cpu", "function": "regexp.compile"}, ("cost", "share")),
        ("tree", {"capture": "cpu", "focus": "dailyreports"}, ("cost", "share", "self")),
        ("annotated_source", {"capture": "cpu", "function": "trades.ParseLine"}, ("self", "cumulative")),
        ("difference", {"before": "E2", "after": "E5"}, ("before", "after", "before_share", "after_share")),
    ],
)
def test_a_citation_is_exactly_the_number_that_is_shown(
    box: Toolbox, lab: NotingLab, name: str, given: dict[str, object], columns: tuple[str, ...]
) -> None:
    if name == "difference":
        asked(box, "capture", profiler="go-cpu", size=100)
    answer = asked(box, name, **given)
    kept = lab.items[-1]
    shown = 0
    for row in table_of(answer.text):
        for column in columns:
            names = {q.name for q in kept.quantities}
            citation = f"{column}_{row['row']}"
            assert (citation in names) == any(c.isdigit() for c in row[column]), (citation, row)
            if citation in names and row[column] not in ("0 s", "0 B"):
                assert format_quantity(kept.quantity(citation)) == row[column]
                shown += 1
    assert shown
    for evidence_id, quantity in NUMBER.findall(answer.guide):
        assert (evidence_id, quantity) == (kept.id, kept.quantity(quantity).name)


def test_facts_of_an_answer_can_be_cited_too(box: Toolbox, lab: NotingLab) -> None:
    answer = asked(box, "callees", capture="cpu", function="regexp.compile", focus="trades")
    index = EvidenceIndex(tuple(lab.items))
    names = (
        "total",
        "kept",
        "kept_share",
        "duration_s",
        "function_cumulative_1",
        "function_cumulative_share_1",
    )
    said = " ".join(f"{{E5.{name}}}" for name in names)
    total, kept, kept_share, duration, cumulative, share = re.split(r"(?<=[s%]) ", resolve(said, index))
    assert f"cpu, {total} in all, recorded for {duration}" in answer.text
    assert f"leaves {kept} ({kept_share})" in answer.text
    assert f"cumulative {cumulative} ({share})" in answer.text


def test_what_may_be_chance_is_shown_and_cited_as_no_change(box: Toolbox, lab: NotingLab) -> None:
    asked(box, "capture", profiler="go-cpu", size=100)
    answer = asked(box, "difference", before="E2", after="E5")
    assert "\t~\t" in answer.text
    assert not [q for q in lab.items[-1].quantities if q.name.startswith("change_")]


def test_a_filter_that_looks_like_a_citation_or_a_tab_breaks_nothing(box: Toolbox, lab: NotingLab) -> None:
    answer = asked(box, "top", capture="cpu", ignore="[{]E9[.]x[}]\\t")
    assert table_of(answer.text)
    assert "\n" not in lab.items[-1].title


def test_the_same_question_is_one_piece_of_evidence(box: Toolbox, lab: NotingLab) -> None:
    first = asked(box, "top", capture="E2", limit=15)
    before = len(lab.items)
    assert asked(box, "top", capture="E2") == first
    assert asked(box, "top", limit=15, capture="E2", by="self") == first
    assert len(lab.items) == before
    assert asked(box, "top", capture="E2", limit=16) != first


def test_evidence_is_titled_with_what_was_asked(box: Toolbox, lab: NotingLab) -> None:
    asked(box, "top", capture="memory", by="cumulative", focus="trades")
    assert lab.items[-1].title == "top of E3, focus trades, by cumulative"


def test_hints_speak_of_parameters(box: Toolbox) -> None:
    assert "narrow with `focus`, or see more with `limit` 4" in asked(box, "top", capture="cpu", limit=2).text
    text = asked(box, "tree", capture="cpu", min_percent=20.0).text
    assert "a smaller `min_percent` or a larger `depth`" in text
    assert "more functions match: narrow with a longer `function`" in asked(
        box, "callers", capture="cpu", function="regexp"
    ).text  # fmt: skip


def test_a_name_that_is_not_there_brings_near_ones(box: Toolbox) -> None:
    answer = box.run("callers", {"capture": "cpu", "function": "regexp.Complie"})
    assert answer.is_error and "did you mean regexp.Compile" in answer.text
    nothing = box.run("callers", {"capture": "cpu", "function": "zzzzzz"})
    assert nothing.is_error and "`top` lists those there are" in nothing.text


def test_a_whole_name_means_that_function_and_an_expression_all_it_is_found_in(box: Toolbox) -> None:
    one = asked(box, "callees", capture="cpu", function="regexp.compile")
    assert one.text.count("own ") == 1 and "regexp.compileOnePass" in one.text
    many = asked(box, "callees", capture="cpu", function="regexp[.]c")
    assert many.text.count("own ") > 1
    several = box.run("tree", {"capture": "cpu", "function": "regexp"})
    assert several.is_error and "means several functions" in several.text


def test_callers_and_callees_show_one_side_each(box: Toolbox) -> None:
    callers = asked(box, "callers", capture="cpu", function="regexp.compile").text
    callees = asked(box, "callees", capture="cpu", function="regexp.compile").text
    assert "called by\t" in callers and "calls\t" not in callers
    assert "calls\t" in callees and "called by\t" not in callees
    assert "nothing calls it" in asked(box, "callers", capture="cpu", function="testing.(*B).run1.func1").text
    assert "it calls nothing" in asked(box, "callees", capture="cpu", function="runtime.memmove").text


def test_source_stands_beside_what_its_lines_cost_named_as_read_file_names_it(
    box: Toolbox, picture: Picture
) -> None:
    answer = asked(box, "annotated_source", capture="cpu", function="trades.validID")
    assert "110 ms\t63\t    pattern := regexp.MustCompile" in answer.text
    assert "read from trades/parse.go" in answer.text and str(picture.root) not in answer.text
    assert "as they are now" not in answer.guide
    moved = toolbox_for(replace(picture, original=picture.root, root=picture.root / "trades"))
    assert (
        "as they are now" in asked(moved, "annotated_source", capture="cpu", function="trades.validID").guide
    )


@pytest.mark.parametrize("folder", [".git", ".venv/lib", "node_modules/x"])
def test_a_profile_cannot_have_files_shown_that_are_no_part_of_the_target(
    box_of: MakeBox, picture: Picture, folder: str
) -> None:
    path = picture.original / folder / "config"
    path.parent.mkdir(parents=True)
    path.write_text("[core]\npassword = hunter\n")
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    builder.add([(Function(name="core", file=f"{folder}/config"), 1)], [5_000_000])
    answer = asked(box_of(builder.build()), "annotated_source", capture="E2", function="core")
    assert "its source isn't there" in answer.text and "password" not in answer.text


def test_a_profile_cannot_have_files_shown_outside_of_the_target(
    box_of: MakeBox, picture: Picture, tmp_path: Path
) -> None:
    (tmp_path / "outside.py").write_text("core = 'secret'\n")
    (picture.original / "link.py").symlink_to(tmp_path / "outside.py")
    for file in (str(tmp_path / "outside.py"), "../outside.py", "link.py"):
        builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
        builder.add([(Function(name="core", file=file), 1)], [5_000_000])
        answer = asked(box_of(builder.build()), "annotated_source", capture="E2", function="core")
        assert "secret" not in answer.text


@pytest.mark.parametrize("name", ["top", "callers", "tree"])
def test_an_evil_expression_does_not_hang(box_of: MakeBox, name: str) -> None:
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    for n in range(200):
        builder.add([(Function(name="a" * 500 + f"!{n}", file=""), 1)], [5_000_000])
    box = box_of(builder.build())
    setting = "focus" if name == "top" else "function"
    started = time.perf_counter()
    box.run(name, {"capture": "E2", setting: EVIL})
    assert time.perf_counter() - started < 3


def wide(functions: int) -> Profile:
    """A profile of so many functions, each in a row of its own."""
    return Profile(
        value_types=(ValueType(name="cpu", unit="nanoseconds"),),
        values=np.full((functions, 1), 10_000_000, dtype=np.int64),
        offsets=np.arange(functions + 1, dtype=np.int64),
        frame_ids=np.arange(functions, dtype=np.int64),
        frame_function=np.arange(functions, dtype=np.int64),
        frame_line=np.ones(functions, dtype=np.int64),
        functions=tuple(
            Function(name=f"example.com/app/pkg.Function{n}", file="a.go") for n in range(functions)
        ),
        default_value="cpu",
    )


def test_a_profile_of_very_many_functions_is_cut_and_counted(box_of: MakeBox, lab: NotingLab) -> None:
    box = box_of(wide(50_000))
    answer = asked(box, "top", capture="E2", limit=100)
    assert tokens_of(answer.text) <= TOKENS
    rows = table_of(answer.text)
    more = re.search(r"… ([\d,]+) more functions", answer.text)
    assert more is not None and int(more[1].replace(",", "")) == 50_000 - len(rows)
    cited = {q.name for q in lab.items[-1].quantities if q.name.startswith("self_share_")}
    assert cited == {f"self_share_{row['row']}" for row in rows}


@given(
    weights=st.lists(st.integers(0, 10**12), max_size=60), tokens=st.integers(60, 400),
    unit=st.sampled_from(["nanoseconds", "bytes", "count"]),
)  # fmt: skip
def test_of_a_cut_answer_exactly_the_rows_that_are_shown_have_names(
    weights: list[int], tokens: int, unit: str
) -> None:
    value = ValueType(name="cost", unit=unit)
    total = sum(weights) or 1
    rows = tuple(Row(cells=(amount_cell(w, value), share_cell(w / total)), weight=w) for w in weights)
    columns = (amount_column("value", "cost", value), share_column("share"))
    table = Table(title="t", columns=columns, rows=rows, what="rows", narrow="")
    answer = numbered(Answer(facts=("a fact",), fields={}, tables=(table,)), value)
    shown = fitted(answer, "compact", tokens, PARAMETERS)
    named = {q.name: q for q in quantities_of(shown, value)}
    seen_rows = [line.split("\t") for line in write(shown, "compact").split("\n") if re.match(r"\d+\t", line)]
    assert {f"share_{number}" for number, _, _ in seen_rows} == {n for n in named if n.startswith("share_")}
    for number, cost, share in seen_rows:
        assert format_quantity(named[f"share_{number}"]) == share
        if not cost.startswith("0 "):
            assert format_quantity(named[f"cost_{number}"]) == cost


def test_captures_of_other_values_are_not_compared(box: Toolbox) -> None:
    answer = box.run("difference", {"before": "cpu", "after": "memory"})
    assert answer.is_error and "don't both measure 'cpu'" in answer.text and "--" not in answer.text
    same = box.run("difference", {"before": "cpu", "after": "E2"})
    assert same.is_error and "can't differ from itself" in same.text


def test_a_view_means_its_first_capture_also_after_another(box: Toolbox, picture: Picture) -> None:
    first = asked(box, "top", capture="cpu").text
    asked(box, "capture", profiler="go-cpu", size=100)
    assert asked(box, "top", capture="cpu").text == first
    both = {"E9": recorded("cpu", "cpu", "cpu"), **picture.captures}
    assert asked(toolbox_for(replace(picture, captures=both)), "top", capture="cpu").text.startswith("E9 ")


def test_a_capture_without_cost_says_so(box_of: MakeBox) -> None:
    box = box_of(wide(0))
    assert "holds no cpu at all" in asked(box, "top", capture="E2").text
    assert box.run("callers", {"capture": "E2", "function": "x"}).is_error


def test_titles_of_evidence_stay_short(picture: Picture, lab: NotingLab) -> None:
    assert isinstance(lab.items[0], Evidence)
    captures = {"E2": seen(wide(3), "go-cpu", "cpu", "cpu")}
    asked(
        toolbox_for(replace(picture, captures=captures)),
        "top",
        capture="E2",
        ignore="y" * 200,
        focus="|" * 200,
    )
    assert len(lab.items[-1].title) <= 200
