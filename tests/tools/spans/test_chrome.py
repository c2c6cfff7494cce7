"""Chrome trace files as viztracer and Chromium write them, and each kind of event by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import UnreadableOutput
from tools.spans.analysis import answer, requests_of
from tools.spans.chrome import read_chrome
from tools.spans.reading import read_spans
from tools.spans.span import Recording, Span, SpanLimits

DATA = Path(__file__).parent / "data"
Event = dict[str, object]


def chrome(*events: object) -> Recording:
    return read_chrome(list(events), "made.json", SpanLimits())


def event(ph: str, name: str, ts: float, **more: object) -> Event:
    return {"ph": ph, "name": name, "ts": ts, "pid": 1, "tid": 1, **more}


def tree(recording: Recording) -> dict[str, str | None]:
    """The name of each span's parent."""
    by_id = {span.id: span.name for span in recording.spans}
    return {span.name: by_id[span.parent] if span.parent else None for span in recording.spans}


def named(recording: Recording, name: str) -> Span:
    return next(span for span in recording.spans if span.name == name)


def test_what_viztracer_recorded_is_answered() -> None:
    recording = read_spans(DATA / "viztracer-1.1.1.json")
    assert (recording.form, len(recording.spans), recording.warnings) == ("Chrome trace", 257, ())
    assert {s.thread for s in recording.spans} == {"MainThread", "loader_0", "loader_1"}
    above = tree(recording)
    assert above["render (/app/app.py:19)"] == above["fetch_all (/app/app.py:14)"] == "main (/app/app.py:24)"
    traces, warnings = requests_of(recording)
    found = answer(recording, traces, 0.003, warnings)
    main = found.types[0]
    assert (main.operation, main.requests) == (("MainProcess", "builtins.exec"), 1)
    assert main.operations[0].operation.name == "_thread.lock.acquire"  # it waited for its threads
    assert all(o.saved_ratio == pytest.approx(o.share_ratio) for o in main.operations[:20]), (
        "one thread: all counts"
    )
    assert [t.requests for t in found.types] == [1, 2]


def test_what_chromium_recorded_is_read_with_its_flows() -> None:
    recording = read_spans(DATA / "chromium-156.json.gz")
    assert len(recording.spans) == 95
    assert [s.name for s in recording.spans if s.is_unfinished] == ["PrefetchMatchResolver::UnblockInternal"]
    assert any(span.parent for span in recording.spans)
    traces, warnings = requests_of(recording)
    assert answer(recording, traces, 0.1, warnings).types


def test_spans_of_a_thread_lie_below_the_one_around_them_in_whatever_order_they_were_written() -> None:
    recording = chrome(
        event("X", "inner", 20, dur=10),
        event("X", "next", 40.5, dur=9.5),
        event("X", "outer", 10, dur=40),
        event("B", "begun", 60), event("B", "in begun", 61), event("E", "", 62), event("E", "begun", 65.25),
        event("X", "elsewhere", 20, dur=1, tid=2),
    )  # fmt: skip
    assert tree(recording) == {
        "inner": "outer", "next": "outer", "outer": None, "begun": None, "in begun": "begun", "elsewhere": None,
    }  # fmt: skip
    assert named(recording, "begun").end_ns == 65_250


def test_names_of_processes_and_threads_are_used() -> None:
    recording = chrome(
        {"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "server"}},
        {"ph": "M", "name": "process_name", "pid": 2, "args": {"name": "server"}},
        {"ph": "M", "name": "thread_name", "pid": 1, "tid": 1, "args": {"name": "main"}},
        event("X", "a", 1, dur=1), event("X", "b", 1, dur=1, pid=2), event("X", "c", 1, dur=1, pid="x"),
    )  # fmt: skip
    assert [(s.service, s.thread) for s in recording.spans] == [
        ("server 1", "main"), ("server 2", "thread 1"), ("process x", "thread 1"),
    ]  # fmt: skip


def test_asynchronous_spans_hang_below_what_waited_for_them_where_they_were_begun() -> None:
    recording = chrome(
        event("X", "handler", 0, dur=100),
        event("X", "step", 10, dur=20),
        event("b", "fetch", 15, id="0x1", cat="net"), event("b", "connect", 16, id="0x1", cat="net"),
        event("e", "connect", 40, id="0x1", cat="net"), event("e", "fetch", 90, id="0x1", cat="net", tid=2),
        event("b", "quick", 11, id="0x2", cat="net"), event("e", "quick", 12, id="0x2", cat="net"),
        event("b", "forgotten", 50, id="0x3", cat="net"), event("e", "forgotten", 150, id="0x3", cat="net"),
        event("b", "other", 200, id="0x1", cat="disk"), event("e", "other", 201, id="0x1", cat="disk"),
    )  # fmt: skip
    assert tree(recording) == {
        "handler": None, "step": "handler", "fetch": "handler", "connect": "fetch", "quick": "step",
        "forgotten": None, "other": None,
    }  # fmt: skip


def test_what_a_flow_leads_to_hangs_below_what_waited_for_it() -> None:
    arrow = {"id": 7, "cat": "flow"}
    recording = chrome(
        event("X", "main", 0, dur=100),
        event("X", "submit", 10, dur=5), event("s", "go", 12, **arrow),
        event("f", "go", 20, tid=2, **arrow), event("X", "work", 30, dur=40, tid=2),
        event("X", "part", 35, dur=5, tid=2),
        event("s", "back", 65, tid=2, id=8), event("f", "back", 80, bp="e", id=8),
        event("s", "later", 90, id=9), event("f", "later", 95, tid=3, id=9), event("X", "forgotten", 96, dur=50, tid=3),
    )  # fmt: skip
    assert tree(recording) == {
        "main": None,
        "submit": "main",
        "work": "main",
        "part": "work",
        "forgotten": None,
    }
    traces, _ = requests_of(recording)
    main = answer(recording, traces, 0.1, ()).types[0]
    assert {o.operation.name: o.own_ns for o in main.operations} == {
        "work": 35_000, "main": 55_000, "part": 5_000, "submit": 5_000,
    }  # fmt: skip


def test_what_never_ended_lasts_until_the_recordings_end_and_is_told() -> None:
    recording = chrome(
        event("B", "main", 0), event("B", "lost", 1), event("B", "kept", 2), event("E", "kept", 5),
        event("X", "late", 6, dur=4, tid=2), event("E", "stray", 7, tid=3), event("X", "back", 9, dur=-3),
    )  # fmt: skip
    assert named(recording, "main").end_ns == named(recording, "lost").end_ns == 10_000
    assert tree(recording)["kept"] == "lost"
    warnings = " ".join(recording.warnings)
    assert "no end" in warnings and "(2; the first: main)" in warnings
    assert "ends belong to no begin" in warnings and "end before they begin" in warnings


def test_an_end_with_a_name_closes_what_was_left_open_inside() -> None:
    recording = chrome(event("B", "outer", 0), event("B", "forgotten", 1), event("E", "outer", 5))
    assert named(recording, "forgotten").end_ns == named(recording, "outer").end_ns == 5_000
    assert "end with the one around them" in recording.warnings[0]


def test_an_array_may_lack_its_end_but_not_an_events(tmp_path: Path) -> None:
    whole = json.dumps([event("X", "a", 1, dur=2), event("X", "b", 4, dur=2)])
    path = tmp_path / "t.json"
    for end in ("]", "", ",", ",\n"):
        path.write_text(whole[:-1] + end)
        assert len(read_spans(path).spans) == 2
    path.write_text(whole[:-10])
    with pytest.raises(UnreadableOutput, match="ends in the middle of a value"):
        read_spans(path)


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([], "no event in it has a duration"),
        ([{"ph": "i", "ts": 1}], "no event in it has a duration"),
        ([event("X", "a", 1, dur=1), 7], "event 1 should be an object, but is 7"),
        ([{"name": "a"}], "event 0.ph should be a phase such as X, but is left out"),
        ([event("X", "a", float("nan"), dur=1)], "event 0.ts should be a number of microseconds"),
        ([event("X", "a", 1, dur="long")], "event 0.dur should be a number of microseconds, but is 'long'"),
        ([{"ph": "B", "name": "a"}], "event 0.ts should be a number of microseconds, but is left out"),
        ([event("X", "a", 10**400, dur=1)], "event 0.ts should be"),
        ([event("b", "a", 1)], "event 0.id should be what an asynchronous event's begin and end have in common"),
        ([event("X", "a", 1, tid=[1])], "event 0.tid should be a number or text, but is a list"),
        ({"traceEvents": {}}, "traceEvents should be a list of events"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_event(events: object, said: str, tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps(events))
    with pytest.raises(UnreadableOutput) as caught:
        read_spans(path)
    assert said in str(caught.value)


def test_unknown_phases_and_spans_that_overlap_are_told() -> None:
    recording = chrome(event("X", "a", 0, dur=10), event("X", "b", 5, dur=10), event("?", "x", 1))
    assert tree(recording) == {"a": None, "b": None}
    assert "unknown phase" in recording.warnings[0] and "end after it" in recording.warnings[1]


_PHASES = st.sampled_from(["X", "B", "E", "b", "e", "s", "t", "f", "M", "i"])


@given(
    st.lists(
        st.fixed_dictionaries(
            {"ph": _PHASES, "ts": st.integers(0, 30), "pid": st.integers(0, 1), "tid": st.integers(0, 2)},
            optional={"name": st.sampled_from("abc"), "dur": st.integers(-1, 20), "id": st.integers(0, 2)},
        ),
        max_size=40,
    )
)
def test_any_events_give_an_answer_or_a_sentence(events: list[Event]) -> None:
    try:
        recording = read_chrome(list(events), "made.json", SpanLimits())
    except UnreadableOutput:
        return
    traces, warnings = requests_of(recording)
    assert not any("circles" in warning for warning in warnings)
    for found in answer(recording, traces, 0.0, warnings).types:
        assert sum(o.own_ns for o in found.operations) == found.total_ns
