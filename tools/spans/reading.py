"""Reading a file of recorded spans, of whatever kind: the file's content says which."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

from tools.errors import UnreadableOutput
from tools.spans.chrome import read_chrome
from tools.spans.fields import Json
from tools.spans.otlp import read_otlp
from tools.spans.span import Recording, SpanLimits

MIB = 1024**2
_OTHERS = {
    "data": "Jaeger's own JSON: ask Jaeger or the collector for OTLP JSON",
    "resourceLogs": "OTLP logs: record traces",
    "resourceMetrics": "OTLP metrics: record traces",
    "$schema": "no recorded spans (a speedscope profile?): give OTLP JSON or a Chrome trace file",
}


def read_spans(source: Path, limits: SpanLimits | None = None) -> Recording:
    """The spans in a file of OTLP JSON (one document, or one a line) or in a Chrome trace file, gzipped or not.

    Raises: UnreadableOutput naming the file and the offset, line, event or field; never a part of a recording.
    """
    limits = limits or SpanLimits()
    name = str(source)
    try:
        raw = _bytes(source, limits)
        return _read(_text(raw), name, limits)
    except UnreadableOutput as error:
        raise UnreadableOutput(f"{name}: {error}") from error
    except RecursionError as error:  # an attribute that is nested as deeply as the JSON reader allows
        raise UnreadableOutput(f"{name}: {_extreme(error)}") from error


def _read(text: str, name: str, limits: SpanLimits) -> Recording:
    documents = _documents(text)
    first = documents[0]
    if isinstance(first, list):
        if first and isinstance(first[0], dict) and "traceId" in first[0] and "localEndpoint" in first[0]:
            raise UnreadableOutput("Zipkin's JSON: record OTLP JSON")
        return read_chrome(first, name, limits)
    if not isinstance(first, dict):
        raise UnreadableOutput("holds no recorded spans: give OTLP JSON or a Chrome trace file")
    if "traceEvents" in first:
        return read_chrome(first["traceEvents"], name, limits)
    if any(isinstance(d, dict) and "resourceSpans" in d for d in documents):
        return read_otlp(documents, name, limits)
    for key, what in _OTHERS.items():
        if key in first:
            raise UnreadableOutput(what)
    raise UnreadableOutput(
        "neither resourceSpans (OTLP JSON) nor traceEvents (Chrome) is in it: no recorded spans"
    )


def _bytes(source: Path, limits: SpanLimits) -> bytes:
    limit = limits.decompressed_bytes
    too_big = f"over {limit / MIB:.3g} MiB once decompressed: record for a shorter time, or fewer spans"
    try:
        with source.open("rb") as file:
            raw = file.read(limit + 1)
    except OSError as error:
        raise UnreadableOutput(f"can't be read: {error.strerror}") from error
    if len(raw) > limit:
        raise UnreadableOutput(too_big)
    if raw[:2] != b"\x1f\x8b":
        return raw
    parts: list[bytes] = []
    rest = raw
    while rest:  # what is appended to a gzip file is a member of its own
        inflater = zlib.decompressobj(wbits=31)
        try:
            parts.append(inflater.decompress(rest, limit + 1 - sum(map(len, parts))))
        except zlib.error as error:
            raise UnreadableOutput(f"the gzip data is corrupt: {error}") from error
        if sum(map(len, parts)) > limit:
            raise UnreadableOutput(too_big)
        if not inflater.eof:
            raise UnreadableOutput(f"the gzip data ends early (after {len(raw)} bytes): record it again")
        rest = inflater.unused_data
    return b"".join(parts)


def _text(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableOutput(f"not UTF-8 at byte {error.start}: no JSON") from error
    if not text.strip():
        raise UnreadableOutput("the file is empty")
    return text


def _documents(text: str) -> list[Json]:
    """The JSON documents of a file, at least one."""
    try:
        return [json.loads(text)]
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and text.lstrip()[0] == "{":
            return _lines(text)
        unclosed = _closed(text)
        if unclosed is not None:
            return [unclosed]
        raise UnreadableOutput(_not_json(error, text)) from error
    except (ValueError, RecursionError) as error:
        raise _extreme(error) from error


def _lines(text: str) -> list[Json]:
    found: list[Json] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise UnreadableOutput(f"line {number}: {_not_json(error, line)}") from error
            except (ValueError, RecursionError) as error:
                raise _extreme(error) from error
    return found


def _closed(text: str) -> Json | None:
    """An array of events that was never closed, which Chrome's format allows; None when it isn't one."""
    if text.lstrip()[0] != "[":
        return None
    try:
        found: Json = json.loads(text.rstrip().removesuffix(",") + "]")
    except (ValueError, RecursionError):
        return None
    return found


def _not_json(error: json.JSONDecodeError, text: str) -> str:
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
        return f"ends in the middle of a value, at character {error.pos}: record it again"
    return f"not JSON at character {error.pos} (line {error.lineno}): {error.msg}"


def _extreme(error: Exception) -> UnreadableOutput:
    if isinstance(error, RecursionError):
        return UnreadableOutput("JSON nested too deeply to be recorded spans")
    return UnreadableOutput(f"holds a number that can't be read: {error}")
