"""Callers and callees cost what `go tool pprof -peek` says; a wrong name is answered with what was perhaps meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.profiles.pprof_rows import ALL, GoPprof
from tools.profiles.matching import functions_named, near_names
from tools.profiles.pprof import read_pprof
from tools.profiles.profile import Profile
from tools.profiles.queries import neighbours

Edges = dict[str, tuple[dict[str, int], dict[str, int]]]
_NEIGHBOUR = re.compile(r"^\s*(-?\d+)(?:ns|B)?\s+[\d.]+% \|   (.+?)(?: \(inline\))?$")
_MIDDLE = re.compile(r"^\s*-?\d+.*\| (\S.*?)(?: \(inline\))?$")


def pprof_peek(go_pprof: GoPprof, path: Path, value: str, unit: str, wanted: str) -> Edges:
    """(callers, callees) by function. pprof leaves calls of a function to itself out."""
    text = go_pprof(f"-peek={wanted}", f"-sample_index={value}", f"-unit={unit}", *ALL, path)
    found: Edges = {}
    for block in re.split(r"^-+\+-+$", text, flags=re.MULTILINE)[2:]:
        callers: dict[str, int] = {}
        callees: dict[str, int] = {}
        name = ""
        for line in block.splitlines():
            beside = _NEIGHBOUR.match(line)
            if beside is not None:
                (callees if name else callers)[beside[2]] = int(beside[1])
            elif (middle := _MIDDLE.match(line)) is not None:
                name = middle[1]
        if name:
            found[name] = callers, callees
    return found


def ours(profile: Profile, value: str, name: str) -> tuple[dict[str, int], dict[str, int]]:
    wanted = functions_named(profile, name)
    sides = (neighbours(profile, wanted, value, step) for step in (1, -1))
    callers, callees = ({f.name: n for f, n in side.items() if f.name != name and n} for side in sides)
    return callers, callees


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("go1.26-cpu", "cpu", "ns"),
        ("go1.26-heap", "alloc_space", "B"),
        ("go1.26-goroutine", "goroutine", "count"),
    ],
)
def test_callers_and_callees_cost_what_pprof_says(
    data: Path, go_pprof: GoPprof, name: str, value: str, unit: str
) -> None:
    path = data / f"{name}.pb.gz"
    expected = pprof_peek(go_pprof, path, value, unit, ".")
    assert sum(len(callers) + len(callees) for callers, callees in expected.values()) > 3
    profile = read_pprof(path)
    assert {function: ours(profile, value, function) for function in expected} == expected


def test_names_that_look_like_one_that_is_not_there_are_offered(
    data: Path, stacks: Callable[..., Profile]
) -> None:
    profile = read_pprof(data / "go1.26-cpu.pb.gz")
    assert near_names(profile, "sumary.Sumarise")[0] == "example.com/dailyreports/summary.Summarise"
    assert near_names(profile, "MALLOCGC")[0] == "runtime.mallocgc"
    assert "regexp.Compile" in near_names(profile, "regexp.Complie", limit=5)
    assert near_names(stacks("main main.go:1 = 1"), "zzzzzzzz") == ()
