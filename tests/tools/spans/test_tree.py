"""Recordings that lack spans or say nonsense: one rule each, and a warning."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.spans.building import spans_of
from tools.errors import UnreadableOutput
from tools.spans.doubts import Doubts
from tools.spans.span import Span, SpanLimits, span_of_seconds
from tools.spans.tree import link


def span(id: str, parent: str | None, start_ns: int = 0) -> Span:
    return Span(
        id=id,
        parent=parent,
        trace="t",
        name=f"span-{id}",
        service="",
        thread="",
        start_ns=start_ns,
        end_ns=10,
    )


def test_a_span_without_its_parent_is_a_request_of_its_own() -> None:
    doubts = Doubts()
    traces = link([span("1", None), span("2", "gone", 5), span("3", "2")], doubts)
    assert [[s.id for s in t.spans] for t in traces] == [["1"], ["2", "3"]]
    assert (
        "a parent that isn't recorded; each is treated as a request of its own (1; the first: span-2)"
        in doubts.warnings()[0]
    )


def test_of_a_circle_the_first_to_begin_is_the_root() -> None:
    doubts = Doubts()
    traces = link(
        [span("1", "3", 2), span("2", "1", 1), span("3", "2", 3), span("below", "1"), span("self", "self")],
        doubts,
    )
    assert sorted([s.id for s in t.spans] for t in traces) == [["2", "3", "1", "below"], ["self"]]
    assert "(2; the first: span-2)" in doubts.warnings()[0]


def test_a_span_recorded_twice_counts_once_and_an_id_used_twice_keeps_both() -> None:
    doubts = Doubts()
    first = span("1", None)
    (trace,) = link([first, first, span("2", "1")], doubts)
    assert len(trace.spans) == 2
    other = replace(first, name="other", parent="2")
    (trace,) = link([first, span("2", "1"), other, span("3", "1")], doubts)
    assert [s.name for s in trace.spans] == ["span-1", "span-2", "span-3", "other"]
    assert ["(1; " in w for w in doubts.warnings()] == [True, True]


def test_ids_are_of_their_trace() -> None:
    spans = [*spans_of("a 0-10\n  b 1-2", "x"), *spans_of("a 20-30\n  b 21-22", "y")]
    spans = [replace(s, id=s.id[1:], parent=s.parent and s.parent[1:]) for s in spans]
    assert [len(t.spans) for t in link(spans, Doubts())] == [2, 2]


def test_a_chain_deeper_than_the_limit_is_refused() -> None:
    chain = [span("0", None), *(span(str(n), str(n - 1)) for n in range(1, 100))]
    assert len(link(chain, Doubts(), SpanLimits(depth=100))[0].spans) == 100
    with pytest.raises(UnreadableOutput, match="over 99 spans below each other, at span-99"):
        link(chain, Doubts(), SpanLimits(depth=99))


@given(st.lists(st.tuples(st.integers(0, 12), st.none() | st.integers(0, 14)), max_size=30))
def test_every_span_is_in_one_trace_with_its_parent_before_it(
    given_spans: list[tuple[int, int | None]],
) -> None:
    spans = [span(str(n), None if p is None else str(p), n) for n, p in given_spans]
    distinct = len({(n, p) for n, p in given_spans})
    traces = link(spans, Doubts())
    assert sum(len(t.spans) for t in traces) == distinct
    for trace in traces:
        below = sorted(child for children in trace.children for child in children)
        assert below == list(range(1, len(trace.spans)))
        for parent, children in enumerate(trace.children):
            assert all(
                child > parent and trace.spans[child].parent == trace.spans[parent].id for child in children
            )


def test_regions_of_other_tools_in_seconds_become_spans() -> None:
    made = span_of_seconds(id="1", parent=None, name="task", thread="goroutine 7", start_s=0.25, end_s=1.5)
    assert (made.start_ns, made.duration_s) == (250_000_000, 1.25)
    with pytest.raises(UnreadableOutput, match="no time"):
        span_of_seconds(id="1", parent=None, name="task", thread="", start_s=2.0, end_s=1.5)
