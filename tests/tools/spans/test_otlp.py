"""OTLP JSON as exporters and collectors write it, and as nobody should."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import UnreadableOutput
from tools.spans.analysis import answer, requests_of
from tools.spans.reading import read_spans
from tools.spans.span import Recording, SpanLimits

DATA = Path(__file__).parent / "data"
CAPTURED = DATA / "opentelemetry-python-1.45.2.json"
TRACE, ROOT, CHILD = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7"
Read = Callable[..., Recording]


def a_span(**changes: object) -> dict[str, object]:
    span: dict[str, object] = {
        "traceId": TRACE, "spanId": ROOT, "name": "GET /", "kind": 2,
        "startTimeUnixNano": "1700000000000000001", "endTimeUnixNano": "1700000000100000001",
    }  # fmt: skip
    return {key: value for key, value in (span | changes).items() if value is not None}


def request(*spans: object, service: str = "web") -> dict[str, object]:
    named = {"key": "service.name", "value": {"stringValue": service}}
    return {"resourceSpans": [{"resource": {"attributes": [named]}, "scopeSpans": [{"spans": list(spans)}]}]}


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(content: object, limits: SpanLimits | None = None) -> Recording:
        path = tmp_path / "spans.json"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return read_spans(path, limits)

    return read


def test_what_the_opentelemetry_sdk_recorded_is_answered() -> None:
    recording = read_spans(CAPTURED)
    assert (recording.form, len(recording.spans), recording.warnings) == ("OTLP JSON", 40, ())
    assert {s.service for s in recording.spans} == {"web", "stock", "mail"}
    assert sum(s.failed for s in recording.spans) == 1
    traces, warnings = requests_of(recording)
    (found,) = answer(recording, traces, 0.1, warnings).types
    assert (found.operation.name, found.requests) == ("POST /order", 4)
    assert found.operations[0].operation == ("stock", "query")
    assert 0.75 < found.operations[0].share_ratio < 0.85
    assert [b.operation.name for b in found.beside] == ["call price"]
    assert [(g.operation.name, g.spans) for g in found.goes_on] == [("send mail", 4)]
    assert sum(o.own_ns for o in found.operations) == found.total_ns


def test_ids_are_hex_or_base64_and_times_texts_or_numbers(read: Read) -> None:
    def in_base64(id: str) -> str:
        return base64.b64encode(bytes.fromhex(id)).decode()

    (root, child) = read(
        request(
            a_span(traceId=TRACE.upper()),
            a_span(
                traceId=in_base64(TRACE), spanId=in_base64(CHILD), parentSpanId=in_base64(ROOT),
                startTimeUnixNano=1700000000000000002, endTimeUnixNano=1700000000000000005, kind="SPAN_KIND_CLIENT",
            ),
        )
    ).spans  # fmt: skip
    assert (root.trace, root.id, root.parent, root.kind) == (TRACE, ROOT, None, "server")
    assert (child.trace, child.id, child.parent, child.kind) == (TRACE, CHILD, ROOT, "client")
    assert (child.start_ns, child.end_ns - child.start_ns) == (1700000000000000002, 3)


def test_json_lines_and_gzip_of_several_members_are_read(read: Read) -> None:
    lines = [json.dumps(request(a_span(spanId=f"{n:016x}"), service=f"s{n}")) for n in (1, 2)]
    assert [s.service for s in read("\n".join(lines) + "\n").spans] == ["s1", "s2"]
    packed = b"".join(gzip.compress(line.encode() + b"\n") for line in lines)
    assert [s.service for s in read(packed).spans] == ["s1", "s2"]


def test_threads_states_and_attributes_are_kept(read: Read) -> None:
    attributes = [
        {"key": "thread.name", "value": {"stringValue": "worker-1"}},
        {"key": "rows", "value": {"intValue": "12"}},
        {"key": "tags", "value": {"arrayValue": {"values": [{"stringValue": "x" * 999}]}}},
    ]
    (span,) = read(request(a_span(attributes=attributes, status={"code": "STATUS_CODE_ERROR"}))).spans
    assert (span.thread, span.failed, dict(span.attributes)["rows"]) == ("worker-1", True, "12")
    assert len(dict(span.attributes)["tags"]) == 200


def test_a_span_without_end_lasts_until_its_traces_last_moment(read: Read) -> None:
    recording = read(request(a_span(endTimeUnixNano=None), a_span(spanId=CHILD, parentSpanId=ROOT)))
    assert recording.spans[0].is_unfinished and recording.spans[0].duration_s == 0.1
    assert "no end" in recording.warnings[0]


def test_an_end_before_the_begin_is_told(read: Read) -> None:
    recording = read(request(a_span(endTimeUnixNano="1600000000000000000")))
    assert recording.spans[0].duration_s == 0
    assert "end before they begin" in recording.warnings[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ("[[[[", "ends in the middle of a value"),
        (b"\xff\xfe{", "not UTF-8 at byte 0"),
        (b"\x1f\x8b\x08\x00garbage", "gzip data"),
        (gzip.compress(b"{}", mtime=0)[:-4], "ends early"),
        ('{"resourceSpans": [', "ends in the middle of a value, at character 19"),
        ('{"resourceSpans": oops}', "not JSON at character 18 (line 1)"),
        ('{"a": ' + "9" * 5000 + "}", "a number that can't be read"),
        ("[" * 100_000, "nested too deeply"),
        (json.dumps(request(a_span())) + '\n{"resourceSp', "line 2: ends in the middle"),
        ("3", "holds no recorded spans"),
        ({"a": 1}, "neither resourceSpans"),
        ({"data": []}, "Jaeger's own JSON"),
        ([{"traceId": "1", "localEndpoint": {}}], "Zipkin's JSON"),
        ({"resourceSpans": []}, "holds no span"),
        ({"resourceSpans": {}}, "resourceSpans should be a list, but is an object"),
        (request(7), "resourceSpans[0].scopeSpans[0].spans[0] should be an object, but is 7"),
        (request(a_span(), a_span(spanId=None)), "spans[1].spanId is missing"),
        (request(a_span(traceId="xyz")), "spans[0].traceId should be 32 hex digits or 16 bytes in base64"),
        (request(a_span(spanId=TRACE)), "spanId should be 16 hex digits"),
        (request(a_span(startTimeUnixNano=None)), "startTimeUnixNano should be the span's begin, but is left out"),
        (request(a_span(startTimeUnixNano="soon")), "should be nanoseconds since 1970, but is 'soon'"),
        (request(a_span(endTimeUnixNano=-1)), "endTimeUnixNano should be nanoseconds since 1970, but is -1"),
        (request(a_span(endTimeUnixNano=2**64)), "endTimeUnixNano should be nanoseconds"),
        (request(a_span(kind=9)), "kind should be a kind from 0 to 5"),
        (request(a_span(status={"code": "BAD"})), "status.code should be 0, 1, 2"),
        (request(a_span(name=[1])), "name should be a text, but is a list"),
        (request(a_span(attributes=[5])), "attributes[0] should be an object"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(read: Read, content: object, said: str) -> None:
    with pytest.raises(UnreadableOutput) as caught:
        read(content)
    assert said in str(caught.value)
    assert "spans.json: " in str(caught.value)


def test_limits_hold(read: Read) -> None:
    many = request(*(a_span(spanId=f"{n:016x}") for n in range(1, 12)))
    assert len(read(many, SpanLimits(spans=11)).spans) == 11
    with pytest.raises(UnreadableOutput, match="over 10 spans"):
        read(many, SpanLimits(spans=10))
    with pytest.raises(UnreadableOutput, match="once decompressed"):
        read(gzip.compress(b" " * 100_000), SpanLimits(decompressed_bytes=50_000))
    with pytest.raises(UnreadableOutput, match="once decompressed"):
        read(b" " * 100_000, SpanLimits(decompressed_bytes=50_000))


@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_with_a_sentence(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    raw = bytearray(CAPTURED.read_bytes()[:3000] if data.draw(st.booleans()) else CAPTURED.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    path.write_bytes(raw)
    try:
        recording = read_spans(path)
        traces, warnings = requests_of(recording)
        answer(recording, traces, 0.1, warnings)
    except UnreadableOutput as error:
        assert len(str(error)) < 1500
