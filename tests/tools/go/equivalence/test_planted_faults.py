"""Every kind of fault that an optimisation may bring is seen, and honest code beside it isn't accused.

The packages are in data/faults: `before` has what is right, `after` the faults.
"""

from __future__ import annotations

import pytest

from tests.tools.go.equivalence.conftest import Compare, compared, of, reasons
from tools.measure.equivalence import DifferenceKind, Equivalence
from tools.measure.workload import Benchmark, Workload

pytestmark = pytest.mark.slow
BENCHMARKS = Workload(
    language="go",
    kind="benchmarks",
    benchmarks=tuple(Benchmark(name=name, selector=("plain",)) for name in ("OffByOne", "Owner")),
    chosen_because="they are there",
)
PLAIN: dict[str, DifferenceKind | None] = {
    "OffByOne": "result",
    "WrongOnEmpty": "result",
    "MutatesArgument": "arguments",
    "ReusesBuffer": "result",
    "KeepsTable": "result",
    "SharesArgument": "result",
    "DropsError": "result",
    "OtherErrorText": "result",
    "LosesSentinel": "result",
    "PanicsInstead": "exception",
    "NilBecomesEmpty": "result",
    "WrongWhenLong": "result",
    "HardCoded": "result",
    "MagicNumber": "result",
    "Prints": "output",
    "Float": "result",
    "DropsValidation": "exception",
    "IgnoresWriteError": "result",
    "ReadsOneLineOnly": None,  # by how far the reader was read, or by the number of lines
    "RandomOrder": "result",
    "unexported": "result",
    "Variadic": "result",
    "Generic": "result",
    "GenericSum": "result",
    "(*Account).Deposit": "arguments",
    "Largest": "result",
    "Filter": "result",
}
KINDS: dict[str, tuple[DifferenceKind, str, str]] = {
    "Runes": ("result", "", ""),
    "Title": ("result", "", ""),
    "Midpoint": ("result", "", ""),
    "Ratio": ("result", "", ""),
    "NotANumber": ("result", "", ""),
    "EmptyMap": ("result", "map[string]int(nil)", "map[string]int{}"),
    "SetsMap": ("arguments", "", ""),
    "WritesBehind": ("arguments", "as they were", "behind the end of a slice"),
    "Push": ("result", "", ""),
    "Increment": ("arguments", "", ""),
    "Complains": ("output", "'no name\\n'", "'No name\\n'"),
    "PanicValue": ("exception", 'error(*errors.errorString "below zero")', 'panic: "below zero"'),
    "Check": ("result", "Low: 0", "Low: 1"),
    "Numbers": ("result", "sequence{", "sequence{"),
    "Stream": ("result", "5; ", "closed}"),
    "Map": ("result", "", ""),
    "Visit": ("arguments", "called with", "called with"),
    "SortBy": ("result", "", ""),
    "Done": ("result", "context.Canceled", "nil"),
    "CountLines": ("result", "", ""),
    "Leaks": ("result", "no goroutine is left", "1 goroutines are left"),
    "(*Stack).Pop": ("arguments", "", ""),
    "Celsius.Fahrenheit": ("result", "", ""),
    "Keys": ("result", "", ""),
    "Any": ("result", "", "something"),
    "Later": ("result", "time(", "time("),
    "Grid": ("result", "", "0"),
    "OnlyFromTests": ("exception", "magic:7f3a9c2e-11d0", 'panic: "too magic"'),
    "Search": ("result", "", ""),
    "Pooled": ("result", "", ""),
    "Memo": ("result", "", ""),
    "Halves": ("result", "room of its own", "overwrites something else"),
    "(*Ring).Cells": ("result", "", "memory shared with an argument"),
    "Apart": ("result", "false", "true"),
}
UNSTABLE = "calls weren't compared, as the old code gives different results for them"


@pytest.fixture(scope="module")
def plain(compare_faults: Compare) -> Equivalence:
    return compare_faults("plain", workload=BENCHMARKS, seconds=4.0, generated=100)


@pytest.fixture(scope="module")
def kinds(compare_faults: Compare) -> Equivalence:
    return compare_faults("kinds", seconds=6.0, generated=100)


@pytest.mark.parametrize("name", PLAIN)
def test_a_planted_fault_is_seen(plain: Equivalence, name: str) -> None:
    found = {d.what for d in of(plain, name)}
    assert PLAIN[name] in found or (PLAIN[name] is None and found), plain.differences
    assert sum(compared(plain)[name]) > 0


@pytest.mark.parametrize("name", KINDS)
def test_a_fault_is_seen_in_any_kind_of_function(kinds: Equivalence, name: str) -> None:
    what, before, after = KINDS[name]
    found = [d for d in of(kinds, name) if d.what == what and before in d.before and after in d.after]
    assert found, of(kinds, name)


def test_honest_rewrites_beside_them_show_no_difference(kinds: Equivalence) -> None:
    same = {name: calls for name, calls in compared(kinds).items() if name.startswith("Same")}
    assert len(same) == 10
    assert all(generated >= 50 for _, generated in same.values()), same
    assert not [d for d in kinds.differences if ".Same" in d.function]


def test_what_cant_be_compared_is_said_with_the_reason(kinds: Equivalence) -> None:
    assert reasons(kinds) == {
        "Receives": "its parameter in is a channel",
        "Removed": "it was removed, which breaks code that calls it",
        "Signature": "its parameters or results changed, which breaks code that calls it",
    }
    assert any(w.startswith("kinds.Since: ") and w.endswith(UNSTABLE) for w in kinds.warnings)
    assert "kinds.Adder: its results hold a function, which isn't looked into" in kinds.warnings


def test_the_arguments_that_show_a_difference_are_told(plain: Equivalence) -> None:
    (found,) = of(plain, "MagicNumber")
    assert (found.call, found.before, found.after) == ("n=73501", "36750", "0")
    assert of(plain, "NilBecomesEmpty")[0].before == "[]string(nil)"
    assert "NewAccount(" in of(plain, "(*Account).Deposit")[0].call


def test_which_benchmarks_reach_the_change_is_told(plain: Equivalence) -> None:
    assert plain.reached == {"OffByOne": True, "Owner": False}


def test_calls_of_tests_and_benchmarks_are_among_those_compared(plain: Equivalence) -> None:
    assert {"OffByOne", "HardCoded", "Generic", "(*Account).Deposit"} <= {
        name for name, (recorded, _) in compared(plain).items() if recorded
    }


LAYOUTS_RIGHT = {
    "(*Catalogue).Add",
    "(*Catalogue).Len",
    "(*Catalogue).Price",
    "(*bag).add",
    "(*bag).count",
    "Most",
    "NewCatalogue",
    "Position",
    "Total",
}


def test_other_fields_for_the_same_thing_are_no_difference_and_faults_among_them_are(
    compare_faults: Compare,
) -> None:
    found = compare_faults("fields", "layouts", seconds=4.0)
    right = {f.name for f in found.functions if f.name.startswith("fields.")}
    assert right == {f"fields.{name}" for name in LAYOUTS_RIGHT}
    assert {d.function for d in found.differences} == {
        "layouts.(*Set).Add",
        "layouts.(*Set).Has",
        "layouts.(*Set).Len",
        "layouts.Distinct",
        "layouts.Reordered",
    }
    assert compared(found)["SameReordered"][1] > 50
    assert reasons(found) == {
        "table.find": "the fields of table changed, and nothing makes one; compared through Position",
        "Added": "its parameter lines holds values of layouts.Line, whose fields changed",
    }
