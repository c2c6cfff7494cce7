"""A part of a profile: what is kept is what `go tool pprof` keeps with the same filters."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.profiles.pprof_rows import Costs, GoPprof, pprof_top
from tools.profiles.builder import ProfileBuilder
from tools.profiles.filters import Filters, filtered
from tools.profiles.pprof import read_pprof
from tools.profiles.profile import Function, Profile, ValueType
from tools.profiles.queries import rank
from tools.profiles.tags import parse_tag

Stacks = Callable[..., Profile]
CPU, HEAP = ("go1.26-cpu.pb.gz", "cpu", "ns"), ("go1.26-heap.pb.gz", "alloc_space", "B")
Names = dict[str, str]


def costs(profile: Profile, value: str) -> Costs:
    """(self, cumulative) by name, functions of one name together as pprof shows them."""
    found = rank(profile, value=value, by="cumulative", limit=100_000).costs
    return {c.function.name: (c.self_value, c.cumulative_value) for c in found}


def chosen(options: Names) -> Filters:
    return Filters(**{name: re.compile(text) for name, text in options.items()})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("file", "options"),
    [
        (CPU, {"focus": r"regexp\.compile"}),
        (CPU, {"focus": r"summary/summary\.go"}),
        (CPU, {"ignore": r"runtime\."}),
        (CPU, {"focus": r"summary\.", "ignore": r"regexp\."}),
        (CPU, {"hide": r"^runtime\."}),
        (CPU, {"show": r"summary|strings\."}),
        (CPU, {"show_from": r"summary\."}),
        (CPU, {"focus": r"regexp", "hide": r"onepass|^runtime", "show_from": r"regexp\."}),
        (CPU, {"ignore": "runtime", "show": "regexp|testing", "hide": "testing"}),
        (HEAP, {"focus": r"strings\.|bytes\."}),
        (HEAP, {"ignore": r"pprof", "show_from": r"summary"}),
    ],
)
def test_what_is_kept_is_what_pprof_keeps(
    data: Path, go_pprof: GoPprof, file: tuple[str, str, str], options: Names
) -> None:
    name, value, unit = file
    words = [f"-{option}={text}" for option, text in options.items()]
    found = filtered(read_pprof(data / name), chosen(options))
    expected = pprof_top(go_pprof, data / name, value, unit, *words)
    assert expected
    assert costs(found.profile, value) == expected
    assert found.unmatched == ()


@pytest.mark.parametrize(
    ("ours", "theirs"), [("bytes=100000:300000", "bytes=100000b:300000b"), ("bytes=:8192", "bytes=:8192b")]
)
def test_labels_choose_what_pprofs_tagfocus_does(
    data: Path, go_pprof: GoPprof, ours: str, theirs: str
) -> None:
    name, value, unit = HEAP
    profile = read_pprof(data / name)
    found = filtered(profile, Filters(tags=(parse_tag(ours),))).profile
    assert 0 < found.samples < profile.samples
    assert costs(found, value) == pprof_top(go_pprof, data / name, value, unit, f"-tagfocus={theirs}")


def test_filters_that_match_nothing_are_named(stacks: Stacks) -> None:
    profile = stacks("main main.go:1 > work work.go:2 = 5")
    filters = Filters(
        focus=re.compile("work"), ignore=re.compile("nothing"), show_from=re.compile("Main"),
        tags=(parse_tag("thread=x"),),
    )  # fmt: skip
    found = filtered(profile, filters)
    assert found.unmatched == ("ignore", "show-from", "tag thread=x")
    assert found.profile.samples == 0
    assert filters.patterns == {"focus": "work", "ignore": "nothing", "show-from": "Main", "tag": "thread=x"}


def test_labels_stay_with_their_samples() -> None:
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    for n, thread in enumerate(["one", "two", "", "two"]):
        labels = {"thread": thread} if thread else {}
        builder.add([(Function(name=f"f{n}", file=""), 1)], [n + 1], labels)
    found = filtered(builder.build(), Filters(tags=(parse_tag("thread=^two$"),))).profile
    assert found.labels == {"thread": ("two", "two")}
    assert costs(found, "cpu") == {"f1": (2, 2), "f3": (4, 4)}
    only = filtered(builder.build(), Filters(focus=re.compile("f1"))).profile
    assert only.labels == {"thread": ("two",)}


@pytest.mark.parametrize(
    ("text", "said"),
    [("thread", "no label with a value"), ("=x", "no label"), ("a=", "no label"), ("a=(", "no regular expression"),
     ("a=9:1", "empty range")],
)  # fmt: skip
def test_a_tag_that_says_nothing_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_tag(text)


@pytest.mark.parametrize(
    ("text", "values"),
    [("n=5:", ["5", "70", "7 bytes"]), ("n=:5", ["5", "-3"]), ("n=-3:-3", ["-3"]), ("n=:", ["a:b"])],
)
def test_a_range_has_both_its_ends_and_takes_numbers_only(text: str, values: list[str]) -> None:
    column = ["5", "70", "-3", "7 bytes", "x5", "", "a:b"]
    found = parse_tag(text).matches(column, len(column))
    assert [value for value, fits in zip(column, found, strict=True) if fits] == values


STACK = st.lists(st.sampled_from("abcd"), max_size=6)


def simple(stacks: list[list[str]], options: Names) -> list[tuple[list[str], int]]:
    """The filters as their description reads, one stack at a time."""
    found = []
    for amount, stack in enumerate(stacks, 1):
        if {"focus", "ignore"} & set(options) and not stack:
            continue
        if "focus" in options and not any(re.search(options["focus"], f) for f in stack):
            continue
        if "ignore" in options and any(re.search(options["ignore"], f) for f in stack):
            continue
        left = [f for f in stack if "hide" not in options or not re.search(options["hide"], f)]
        left = [f for f in left if "show" not in options or re.search(options["show"], f)]
        hidden = any(name in options for name in ("hide", "show"))
        if hidden and not left and (stack or any(_drops(options, f) for s in stacks for f in s)):
            continue
        if "show_from" in options:
            at = [n for n, f in enumerate(left) if re.search(options["show_from"], f)]
            if not at:
                continue
            left = left[: at[-1] + 1]
        found.append((left, amount))
    return found


def _drops(options: Names, name: str) -> bool:
    hidden = "hide" in options and re.search(options["hide"], name) is not None
    return hidden or ("show" in options and re.search(options["show"], name) is None)


@given(
    stacks=st.lists(STACK, max_size=8),
    options=st.dictionaries(
        st.sampled_from(["focus", "ignore", "hide", "show", "show_from"]),
        st.sampled_from(["a", "b", "[cd]", "x"]),
    ),
)
def test_any_stacks_are_filtered_as_described(stacks: list[list[str]], options: Names) -> None:
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    for amount, stack in enumerate(stacks, 1):
        builder.add([(Function(name=name, file=""), 0) for name in stack], [amount])
    found = filtered(builder.build(), chosen(options)).profile
    rows = [
        (
            [found.functions[found.frame_function[f]].name for f in found.frame_ids[start:end]],
            int(found.values[n, 0]),
        )
        for n, (start, end) in enumerate(zip(found.offsets[:-1], found.offsets[1:], strict=True))
    ]
    assert rows == simple(stacks, options)
    assert np.array_equal(np.sort(found.offsets), found.offsets)
