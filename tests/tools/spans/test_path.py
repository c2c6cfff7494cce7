"""The critical path is what the total consists of, and what an operation saves is what a replay without it shows."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.spans.building import fitted_of
from tools.spans.doubts import Doubts
from tools.spans.fitting import Fitted, fit
from tools.spans.path import critical_path
from tools.spans.replay import prepare
from tools.spans.span import Span
from tools.spans.tree import link

MS = 1_000_000


def told(fitted: Fitted) -> list[str]:
    """The path as `name start-end`, in milliseconds since the root's begin."""
    names = fitted.trace.spans
    zero = fitted.start_ns[0]
    return [
        f"{names[s.span].name} {(s.start_ns - zero) / MS:g}-{(s.end_ns - zero) / MS:g}"
        for s in critical_path(fitted).segments
    ]


@pytest.mark.parametrize(
    ("spans", "path"),
    [
        pytest.param("root 5-15", ["root 0-10"], id="a root alone is its own path"),
        pytest.param(
            "root 0-100\n  a 10-40\n  b 50-90",
            ["root 0-10", "a 10-40", "root 40-50", "b 50-90", "root 90-100"],
            id="gaps between children are the parent's own time",
        ),
        pytest.param(
            "root 0-100\n  slow 10-90\n  quick 20-60",
            ["root 0-10", "slow 10-90", "root 90-100"],
            id="of two at once the last to end counts",
        ),
        pytest.param(
            "root 0-100\n  a 0-60\n  b 40-100",
            ["root 0-40", "b 40-100"],
            id="what was still running when the last one began can't have been waited for",
        ),
        pytest.param(
            "root 0-100\n  a 0-30\n  b 0-20\n  c 30-100\n    d 50-80",
            ["a 0-30", "c 30-50", "d 50-80", "c 80-100"],
            id="what ended just as the next began was waited for",
        ),
        pytest.param(
            "root 0-100\n  job 20-400\n  b 30-60",
            ["root 0-30", "b 30-60", "root 60-100"],
            id="fire and forget isn't on the path",
        ),
        pytest.param(
            "root 0-100\n  send 10-20 producer\n    handle 12-18 consumer",
            ["root 0-10", "send 10-20", "root 20-100"],
            id="nobody waits for the reader of a queue",
        ),
        pytest.param(
            "root 0-1000\n  a 0-501\n  b 500-1000",
            ["a 0-500", "b 500-1000"],
            id="an overlap of next to nothing is a late end",
        ),
    ],
)
def test_the_path_is_walked_back_from_the_end(spans: str, path: list[str]) -> None:
    assert told(fitted_of(spans)) == path


def saved_ms(fitted: Fitted, *names: str) -> float:
    spared = frozenset(n for n, span in enumerate(fitted.trace.spans) if span.name in names)
    return (fitted.total_ns - prepare(fitted).total_ns(spared)) / MS


def test_an_operation_saves_its_time_only_as_far_as_nothing_runs_beside_it() -> None:
    fitted = fitted_of("root 0-100\n  slow 10-90\n  quick 20-60\n  last 92-98")
    assert saved_ms(fitted, "slow") == 30  # quick still ends at 60
    assert saved_ms(fitted, "quick") == 0
    assert saved_ms(fitted, "last") == 6
    assert saved_ms(fitted, "slow", "quick") == 70  # 80 ms, but 10 of the root's own until it began quick
    assert saved_ms(fitted, "root") == 14


def test_a_child_that_is_shortened_lets_what_followed_it_begin_earlier() -> None:
    fitted = fitted_of("root 0-100\n  a 0-40\n    x 10-30\n  b 45-95")
    assert saved_ms(fitted, "x") == 20
    assert saved_ms(fitted, "a") == 20
    assert saved_ms(fitted, "b") == 50


def test_a_service_whose_clock_is_ahead_is_moved_into_the_call_and_told() -> None:
    doubts = Doubts()
    fitted = fitted_of(
        "root 0-100 web\n  call 10-90 web client\n    serve 1010-1070 db server\n      query 1020-1060 db",
        doubts,
    )
    assert told(fitted)[2:5] == ["serve 20-30", "query 30-70", "serve 70-80"]
    (warning,) = doubts.warnings()
    assert "another service's clock" in warning and "serve (db), by -990.000 ms" in warning


def test_a_server_that_goes_on_after_its_caller_gave_up_counts_until_then() -> None:
    assert told(fitted_of("root 0-100 web\n  call 10-90 web client\n    serve 20-500 db server")) == [
        "root 0-10", "call 10-20", "serve 20-90", "root 90-100",
    ]  # fmt: skip


def test_clocks_of_one_service_are_not_moved() -> None:
    doubts = Doubts()
    fitted = fitted_of("root 10-100\n  early 5-50", doubts)
    assert told(fitted) == ["early 0-40", "root 40-90"]
    assert "begin before their parent" in doubts.warnings()[0]


@st.composite
def recordings(draw: st.DrawFn) -> list[Span]:
    """Any tree of up to 25 spans with small whole times, so that ties are many; any services and kinds."""
    count = draw(st.integers(1, 25))
    spans = []
    for n in range(count):
        start = draw(st.integers(0, 20)) * MS
        spans.append(
            Span(
                id=str(n),
                parent=str(draw(st.integers(0, n - 1))) if n else None,
                trace="t",
                name=draw(st.sampled_from("abcde")),
                service=draw(st.sampled_from(["x", "x", "y"])),
                thread="",
                start_ns=start,
                end_ns=start + draw(st.integers(0, 20)) * MS + draw(st.sampled_from([0, 0, 1, 900])),
                kind=draw(
                    st.sampled_from(["internal", "internal", "client", "server", "producer", "consumer"])
                ),
            )
        )
    return spans


@given(recordings())
def test_segments_follow_each_other_and_shares_sum_to_one_exactly(spans: list[Span]) -> None:
    (trace,) = link(spans, Doubts())
    fitted = fit(trace, Doubts())
    path = critical_path(fitted)
    reached = fitted.start_ns[0]
    for segment in path.segments:
        assert segment.start_ns == reached < segment.end_ns
        assert segment.span in path.visited
        assert fitted.start_ns[segment.span] <= segment.start_ns
        assert segment.end_ns <= fitted.end_ns[segment.span]
        reached = segment.end_ns
    assert reached == fitted.end_ns[0]
    if fitted.total_ns:
        assert sum(Fraction(s.own_ns, fitted.total_ns) for s in path.segments) == 1


@given(recordings())
def test_a_replay_gives_the_recorded_total_and_no_operation_saves_more_than_its_share(
    spans: list[Span],
) -> None:
    (trace,) = link(spans, Doubts())
    fitted = fit(trace, Doubts())
    replay = prepare(fitted)
    assert replay.total_ns() == fitted.total_ns
    own: dict[str, int] = dict.fromkeys("abcde", 0)
    for segment in critical_path(fitted).segments:
        own[trace.spans[segment.span].name] += segment.own_ns
    for name, own_ns in own.items():
        left_ns = replay.total_ns(frozenset(n for n, s in enumerate(trace.spans) if s.name == name))
        assert 0 <= fitted.total_ns - left_ns <= own_ns
    assert replay.total_ns(frozenset(range(len(trace.spans)))) == 0
