"""The timeline: legible without a script, harmless whatever the names, honest about what it leaves out."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.spans.building import recording_of, spans_of
from tests.tools.spans.test_path import recordings
from tools.spans.answer import Examined
from tools.spans.doubts import Doubts
from tools.spans.fitting import fit
from tools.spans.lanes import lanes_of
from tools.spans.path import critical_path
from tools.spans.span import Span
from tools.spans.timeline import MAX_ROWS, timeline_svg
from tools.spans.timeline_marks import format_time, ticks
from tools.spans.tree import link

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    "<script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    '"><image href="x" onerror="alert(1)"/>',
    "</title></svg>",
    "null \x00 escape \x1b[31m override \u202egnp.exe",
    "\ud800",
)


def examined(spans: list[Span] | tuple[Span, ...]) -> Examined:
    fitted = fit(link(spans, Doubts())[0], Doubts())
    return Examined(fitted=fitted, path=critical_path(fitted))


def titles(svg: str) -> list[str]:
    return [t.text or "" for t in ET.fromstring(svg).iter(f"{SVG}title")]


def texts(svg: str) -> list[str]:
    return [t.text or "" for t in ET.fromstring(svg).iter(f"{SVG}text")]


def test_spans_are_told_with_their_time_and_whether_they_are_on_the_path() -> None:
    svg = timeline_svg(examined(spans_of("order 0-200\n  slow 0-190 db\n  quick 10-60 db")))
    told = titles(svg)
    assert "slow (db); 190 ms; on the critical path" in told
    assert "quick (db); 50 ms; not on the critical path" in told
    assert "slow: 190 ms of its own on the critical path" in told
    assert any(text.startswith("▲ slow") for text in texts(svg))
    assert any(text.startswith("quick") for text in texts(svg))
    assert any("▲ longer than 100 ms" in text for text in texts(svg))
    assert "<script" not in svg


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_only_text(name: str) -> None:
    spans = [replace(s, name=name, service=name, thread=name) for s in spans_of("a 0-200\n  b 0-190")]
    svg = timeline_svg(examined(spans), title=name)
    tags = {element.tag.removeprefix(SVG) for element in ET.fromstring(svg.encode("utf-8")).iter()}
    assert tags <= {"svg", "style", "rect", "text", "g", "title", "line"}
    assert "\x1b" not in svg and "\u202e" not in svg


def test_ten_thousand_spans_are_drawn_in_a_picture_of_reasonable_size_that_says_what_it_merged() -> None:
    spans = [*spans_of("root 0-10000"), *(
        Span(
            id=str(n), parent="t0", trace="t", name=f"step {n}", service="", thread="", start_ns=n * 1_000_000,
            end_ns=(n + 1) * 1_000_000 - 10,
        )
        for n in range(10_000)
    )]  # fmt: skip
    svg = timeline_svg(examined(spans))
    assert len(svg) < 200_000
    assert any(
        "10,001 spans; trace t; 10,000 drawn together, or left out: too narrow to be seen" in t
        for t in texts(svg)
    )
    assert any("short spans" in title for title in titles(svg))


def test_lanes_of_slivers_take_no_room() -> None:
    deep = "root 0-10000\n  wide 0-5000\n" + "\n".join(
        "  " * n + f"sliver{n} 100-{100 + 10 / n:g}" for n in range(2, 40)
    )
    svg = timeline_svg(examined(spans_of(deep)))
    assert int(ET.fromstring(svg).get("height", "0")) < 300
    assert any("38 drawn together, or left out" in text for text in texts(svg))


def test_lanes_that_are_left_out_are_told() -> None:
    side_by_side = "root 0-100\n" + "\n".join(f"  job{n} 0-{90 - n / 10:g}" for n in range(MAX_ROWS + 4))
    svg = timeline_svg(examined(spans_of(side_by_side)))
    assert any(
        "5 drawn together, or left out: too narrow to be seen, or in 5 lanes beyond 120" in text
        for text in texts(svg)
    )


@given(recordings())
def test_no_two_spans_of_a_lane_overlap_and_children_lie_lower(spans: list[Span]) -> None:
    shown = examined(spans)
    fitted, lanes = shown.fitted, lanes_of(shown.fitted)
    group = [(s.service, s.thread) for s in fitted.trace.spans]
    for n in range(len(group)):
        for other in range(n):
            if group[n] == group[other] and lanes.lane[n] == lanes.lane[other]:
                apart = (
                    fitted.end_ns[n] <= fitted.start_ns[other] or fitted.end_ns[other] <= fitted.start_ns[n]
                )
                assert apart
    for parent, children in enumerate(fitted.trace.children):
        for child in children:
            if group[parent] == group[child] and fitted.start_ns[child] >= fitted.start_ns[parent]:
                assert lanes.lane[child] > lanes.lane[parent]
    assert dict(lanes.groups).keys() == set(group)
    ET.fromstring(timeline_svg(shown))


@pytest.mark.parametrize(
    ("ns", "text"),
    [(0, "0"), (7, "7 ns"), (1500, "1.5 µs"), (100_000_000, "100 ms"), (12_340_000_000, "12.3 s")],
)
def test_times_are_scaled(ns: int, text: str) -> None:
    assert format_time(ns) == text


@given(st.integers(0, 10**16))
def test_there_are_about_ten_ticks(total_ns: int) -> None:
    assert 1 <= len(ticks(total_ns)) <= 12
    assert ticks(total_ns)[-1] <= total_ns


def test_a_recording_of_several_traces_draws_the_one_that_is_given() -> None:
    traces = link(recording_of("first 0-1", "second 5-9").spans, Doubts())
    fitted = fit(traces[1], Doubts())
    svg = timeline_svg(Examined(fitted=fitted, path=critical_path(fitted)))
    assert "second: 4 ms" in texts(svg) and "first" not in svg
