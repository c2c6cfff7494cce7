"""What a flame graph doesn't draw: frames too narrow to see, what a file can't hold, the middle of long names."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest

from tools.profiles.flamegraph import flame_graph, flame_svg
from tools.profiles.profile import Profile

Stacks = Callable[..., Profile]
SVG = "{http://www.w3.org/2000/svg}"


def names(svg: str) -> set[str]:
    """The functions that are drawn."""
    groups = [g for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("class") == "f"]
    return {(g.findtext(f"{SVG}title") or "").rpartition(" (")[0] for g in groups}


def narrow_profile(stacks: Stacks) -> Profile:
    """A frame that takes nearly everything, and 40 that are a hundredth of a pixel wide."""
    lines = [
        "main m.go:1 > big b.go:1 = 999600",
        *(f"main m.go:1 > tiny{n} t.go:1 = {10 + n}" for n in range(40)),
    ]
    return stacks("\n".join(lines))


def test_narrow_frames_wait_in_the_file_and_are_counted(stacks: Stacks) -> None:
    graph = flame_graph(narrow_profile(stacks), value="cpu", title="t")
    assert names(graph.svg) == {"all", "main", "big"}
    assert "40 narrow frames show when zoomed in" in graph.svg
    assert '"tiny39"' in graph.svg
    assert (graph.shown.drawn_frames, graph.shown.zoomed_frames, graph.shown.cut_frames) == (3, 40, 0)
    assert [rest(g) for g in rests(graph.svg)] == [
        "40 narrower frames, 0.12% of the width; zoom in to see them"
    ]


def test_what_a_file_can_not_hold_is_counted_and_its_room_is_shown(stacks: Stacks) -> None:
    """120,000 frames: the widest are kept; how many aren't, and how much of the total, is told."""
    wide = [f"main m.go:1 > f{n} f{n % 100}.go:1 = 1000" for n in range(400)]
    dust = [f"main m.go:1 > g{n} g.go:1 > h{n} h.go:1 = 1" for n in range(60_000)]
    graph = flame_graph(stacks("\n".join(wide + dust)), value="cpu", title="t")
    assert (graph.shown.drawn_frames, graph.shown.cut_frames) == (402, 60_000)
    assert graph.shown.cut_share == pytest.approx(60_000 / 460_000)
    assert "60,000 narrower ones are left out with what they call (13.04% of the total" in graph.svg
    assert [rest(g) for g in rests(graph.svg)] == [
        "60,000 narrower frames, 13.04% of the width; 60,000 of them aren't in this file"
    ]
    assert len(graph.svg) < 200_000


def rests(svg: str) -> list[ET.Element]:
    """The rooms of frames that aren't drawn."""
    return [g for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("class") == "more"]


def rest(group: ET.Element) -> str:
    return group.findtext(f"{SVG}title") or ""


def test_long_names_do_not_make_the_file_large(stacks: Stacks) -> None:
    lines = [f"{'n' * 5000}{n}{'m' * 5000} a.go:1 = {n + 1000}" for n in range(2000)]
    svg = flame_svg(stacks("\n".join(lines)), value="cpu", title="t" * 10_000)
    assert len(svg) < 3_000_000
    assert all(len(name) <= 400 for name in names(svg))
    few = names(flame_svg(stacks("x" * 10_000 + " a.go:1 = 1"), value="cpu", title="t"))
    assert f"{'x' * 200}…{'x' * 199}" in few
