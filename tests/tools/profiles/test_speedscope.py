"""Speedscope's files are read whole or refused with the field that is wrong."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from tools.errors import UnreadableOutput
from tools.profiles.speedscope import read_speedscope


def document() -> Any:
    return {
        "shared": {"frames": [{"name": "main"}, {"name": "work", "file": "w.py", "line": 7}]},
        "profiles": [
            {
                "type": "evented", "name": "one", "unit": "milliseconds", "startValue": 0, "endValue": 5,
                "events": [
                    {"type": "O", "at": 0, "frame": 0}, {"type": "O", "at": 1, "frame": 1},
                    {"type": "C", "at": 4, "frame": 1}, {"type": "C", "at": 5, "frame": 0},
                ],
            },
            {
                "type": "sampled", "name": "two", "unit": "seconds", "startValue": 0, "endValue": 2,
                "samples": [[0, 1], []], "weights": [2, 1],
            },
        ],
    }  # fmt: skip


def read(found: Any) -> Any:
    return read_speedscope(json.dumps(found).encode(), "a.json")


def test_a_sound_file_is_read_whole() -> None:
    profile = read(document())
    assert profile.values[:, 0].tolist() == [2_000_000, 3_000_000, 2_000_000_000, 1_000_000_000]
    assert profile.offsets.tolist() == [0, 1, 3, 5, 5]
    assert [(f.name, f.file) for f in profile.functions] == [("main", ""), ("work", "w.py")]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d.pop("shared"), "the document.shared is missing"),
        (lambda d: d.update(profiles=[]), "nothing was recorded"),
        (lambda d: d["shared"]["frames"].append({}), r"shared.frames\[2\].name is missing"),
        (lambda d: d["profiles"][1].update(unit="bytes"), "measure different things"),
        (lambda d: d["profiles"][1].update(unit="hours"), r"profiles\[1\].unit is 'hours'"),
        (lambda d: d["profiles"][1].update(type="x"), "neither sampled nor evented"),
        (lambda d: d["profiles"][1]["weights"].pop(), "has 1 entries for 2 samples"),
        (lambda d: d["profiles"][1]["samples"].append([2]), "has 2 entries for 3 samples"),
        (lambda d: d["profiles"][1]["samples"][0].append(2), r"samples\[0\] names frame 2 of 2"),
        (lambda d: d["profiles"][1]["samples"][0].append(-1), r"samples\[0\] names frame -1 of 2"),
        (lambda d: d["profiles"][1]["samples"][0].append(True), "names frame True of 2"),
        (lambda d: d["profiles"][1]["weights"].__setitem__(0, float("nan")), "is no usable number"),
        (lambda d: d["profiles"][1]["weights"].__setitem__(0, 10**15), "more than can be counted"),
        (lambda d: d["profiles"][0]["events"].pop(), "leave 1 frames open: the recording is cut off"),
        (lambda d: d["profiles"][0]["events"].pop(1), "closes a frame that isn't the last one opened"),
        (lambda d: d["profiles"][0]["events"][1].update(at=-1), "is before the event ahead of it"),
    ],
)
def test_what_is_wrong_is_named(change: Callable[[Any], object], told: str) -> None:
    found = document()
    change(found)
    with pytest.raises(UnreadableOutput, match=told):
        read(found)


def test_stacks_that_only_grow_are_refused_before_they_fill_the_memory() -> None:
    """Each event is a stack of its own, one frame deeper than the last: 50 million frames in all."""
    events = [{"type": "O", "at": n, "frame": 0} for n in range(10_000)]
    found = document()
    found["profiles"][0]["events"] = events
    with pytest.raises(UnreadableOutput, match="more and deeper stacks than can be kept"):
        read(found)


JUNK: list[Any] = [None, True, -1, 0, 2, 1e300, 10**30, "x", "\ud800", [], {}, [[]], {"at": 1}, float("inf")]


def places(node: Any) -> list[tuple[Any, Any]]:
    """(container, key) of everything in a document."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else []
    return [place for key in keys for place in ((node, key), *places(node[key]))]


def test_two_thousand_documents_with_something_else_in_them() -> None:
    random_ = random.Random(3)
    refused = 0
    for _ in range(2000):
        found = copy.deepcopy(document())
        for _ in range(random_.choice((1, 1, 2, 3))):
            container, key = random_.choice(places(found) or [({}, "")])
            container[key] = copy.deepcopy(random_.choice(JUNK))
        try:
            assert read(found).offsets[-1] >= 0
        except UnreadableOutput:
            refused += 1
    assert 500 < refused < 2000
