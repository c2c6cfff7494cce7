"""Searching a flame graph, in a real browser: how much of the total matches, each part of it once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.profiles.flame_reader import Reader
from tools.profiles.flamegraph import flame_svg
from tools.profiles.profile import Profile

Stacks = Callable[..., Profile]
BEFORE = (
    "main main.go:1 > slow a.go:1 = 60\nmain main.go:1 > same a.go:2 = 30\nmain main.go:1 > gone a.go:3 = 10"
)
AFTER = (
    "main main.go:1 > slow a.go:1 = 10\nmain main.go:1 > same a.go:2 = 15\nmain main.go:1 > new b.go:4 = 25"
)
SEARCHES: tuple[tuple[str, str, list[str]], ...] = (
    ("slow|same", "matched 90.00%, 2 frames", ["same", "slow"]),
    ("^MAIN$", "matched 100.00%, 1 frame", ["main"]),
    ("m", "matched 100.00%, 2 frames", ["main", "same"]),  # one within the other: counted once
    ("nothing", "matched 0.00%, 0 frames", []),
    ("all", "matched 0.00%, 0 frames", []),  # the root is no function
    ("(", "not a regular expression", []),
    ("", "", []),
)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def test_a_search_tells_how_much_matched_and_counts_nothing_twice(reader: Reader, stacks: Stacks) -> None:
    script = f"""
    return {json.dumps([text for text, _, _ in SEARCHES])}.map(function (text) {{
      type(text);
      return [text, says("matched"), all(".hit").map(nameOf).sort()];
    }});"""
    found = reader.asks(flame_svg(stacks(BEFORE), value="cpu", title="t"), script)
    assert found == [list(search) for search in SEARCHES]


def test_a_recursion_is_matched_once(reader: Reader, stacks: Stacks) -> None:
    profile = stacks(
        "m m.go:1 > f a.go:1 > g a.go:1 > f a.go:1 = 6\nm m.go:1 > g a.go:1 > f a.go:1 = 2\nm m.go:1 = 2"
    )
    script = "type('^f$'); return says('matched');"
    assert reader.asks(flame_svg(profile, value="cpu", title="t"), script) == "matched 80.00%, 3 frames"


def test_a_search_in_a_difference_tells_what_changed(reader: Reader, stacks: Stacks) -> None:
    svg = flame_svg(stacks(AFTER), value="cpu", title="t", base=stacks(BEFORE))
    assert (
        reader.asks(svg, "type('slow'); return says('matched');") == "matched 20.00%, -40.00 points, 1 frame"
    )


def test_a_search_reaches_frames_that_are_not_drawn(reader: Reader, stacks: Stacks) -> None:
    svg = flame_svg(stacks("m m.go:1 > big b.go:1 = 99900\nm m.go:1 > tiny t.go:1 = 20\nm m.go:1 > t2 t.go:1 = 10"),
                    value="cpu", title="t", min_px=1)  # fmt: skip
    assert reader.asks(svg, "type('tiny'); return [says('matched'), all('.hit').length];") == [
        "matched 0.02%, 1 frame", 0,
    ]  # fmt: skip
