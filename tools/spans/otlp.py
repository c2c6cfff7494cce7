"""Reading OTLP JSON: resourceSpans, scopeSpans, spans.

Source: opentelemetry-proto 1.x, trace.proto and the OTLP specification's JSON encoding: ids are hex (base64 where
protobuf's own JSON writer made the file), 64-bit numbers are texts or numbers, enums are numbers or names.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NoReturn

from tools.errors import UnreadableOutput
from tools.spans.doubts import Doubts
from tools.spans.fields import Json, a_list, a_text, an_object, wrong
from tools.spans.otlp_values import attribute_texts, failed, kind, nanoseconds
from tools.spans.span import Recording, Span, SpanLimits

_HEX = re.compile(r"[0-9a-fA-F]*")
TRACE_BYTES, SPAN_BYTES = 16, 8


def read_otlp(documents: Sequence[Json], source: str, limits: SpanLimits) -> Recording:
    """The spans of all documents (export requests). Raises: UnreadableOutput naming the field."""
    reader = _Reader(limits)
    for n, document in enumerate(documents):
        prefix = f"document {n + 1}: " if len(documents) > 1 else ""
        reader.read(an_object(document, f"{prefix}the document"), prefix)
    if not reader.spans:
        raise UnreadableOutput("resourceSpans holds no span: nothing was recorded")
    return Recording(
        spans=tuple(_ended(reader.spans)), source=source, form="OTLP JSON", warnings=reader.doubts.warnings()
    )


class _Reader:
    """Collects the spans of export requests."""

    def __init__(self, limits: SpanLimits) -> None:
        self.spans: list[Span] = []
        self.doubts = Doubts()
        self._limits = limits
        self._ids: dict[tuple[str, int], str] = {}

    def read(self, document: dict[str, Json], prefix: str) -> None:
        for i, given in enumerate(a_list(document.get("resourceSpans"), f"{prefix}resourceSpans")):
            where = f"{prefix}resourceSpans[{i}]"
            block = an_object(given, where)
            resource = an_object(block.get("resource"), f"{where}.resource")
            told = dict(attribute_texts(resource.get("attributes"), f"{where}.resource.attributes"))
            service = told.get("service.name", "")
            key = "scopeSpans" if "scopeSpans" in block else "instrumentationLibrarySpans"  # before 1.0
            for j, scope in enumerate(a_list(block.get(key), f"{where}.{key}")):
                place = f"{where}.{key}[{j}]"
                for k, span in enumerate(a_list(an_object(scope, place).get("spans"), f"{place}.spans")):
                    self.spans.append(self._span(span, service, f"{place}.spans[{k}]"))
                    if len(self.spans) > self._limits.spans:
                        raise UnreadableOutput(
                            f"over {self._limits.spans} spans: record for a shorter time, or sample"
                        )

    def _span(self, given: Json, service: str, where: str) -> Span:
        span = an_object(given, where)
        name = a_text(span.get("name"), f"{where}.name")
        start_ns = nanoseconds(span.get("startTimeUnixNano"), f"{where}.startTimeUnixNano")
        if not start_ns:
            raise wrong(f"{where}.startTimeUnixNano", "the span's begin", span.get("startTimeUnixNano"))
        end_ns = nanoseconds(span.get("endTimeUnixNano"), f"{where}.endTimeUnixNano")
        if not end_ns:
            self.doubts.add("spans have no end; they are taken to last until their trace's last moment", name)
        elif end_ns < start_ns:
            self.doubts.add("spans end before they begin; they are taken to last no time", name)
            end_ns = start_ns
        attributes = attribute_texts(span.get("attributes"), f"{where}.attributes")
        return Span(
            id=self._id(span.get("spanId"), SPAN_BYTES, f"{where}.spanId")
            or self._missing(f"{where}.spanId"),
            parent=self._id(span.get("parentSpanId"), SPAN_BYTES, f"{where}.parentSpanId"),
            trace=self._id(span.get("traceId"), TRACE_BYTES, f"{where}.traceId")
            or self._missing(f"{where}.traceId"),
            name=name,
            service=service,
            thread=_thread(attributes),
            start_ns=start_ns,
            end_ns=end_ns,
            kind=kind(span.get("kind"), f"{where}.kind"),
            failed=failed(span.get("status"), f"{where}.status"),
            is_unfinished=not end_ns,
            attributes=attributes,
        )

    def _id(self, given: Json, size: int, where: str) -> str | None:
        """The id in lower-case hex; None when it is left out, empty or all zeros."""
        text = a_text(given, where)
        known = self._ids.get((text, size))
        if known is None:
            known = self._ids[text, size] = _hex_id(text, size, where)
        return known or None

    @staticmethod
    def _missing(where: str) -> NoReturn:
        raise UnreadableOutput(f"{where} is missing: a span without it belongs nowhere")


def _hex_id(text: str, size: int, where: str) -> str:
    found = text.lower()
    if len(text) != 2 * size or not _HEX.fullmatch(text):
        try:
            found = base64.b64decode(text, validate=True).hex()
        except (binascii.Error, ValueError) as error:
            raise wrong(where, f"{2 * size} hex digits or {size} bytes in base64", text) from error
        if len(found) not in (0, 2 * size):
            raise wrong(where, f"{2 * size} hex digits or {size} bytes in base64", text)
    return found if found.strip("0") else ""


def _thread(attributes: tuple[tuple[str, str], ...]) -> str:
    for key, value in attributes:
        if key == "thread.name" and value:
            return value
    return next((f"thread {value}" for key, value in attributes if key == "thread.id"), "")


def _ended(spans: list[Span]) -> Iterator[Span]:
    """The spans, those without an end lasting until the last moment of their trace."""
    last: dict[str, int] = {}
    for span in spans:
        last[span.trace] = max(last.get(span.trace, 0), span.end_ns, span.start_ns)
    for span in spans:
        yield replace(span, end_ns=last[span.trace]) if span.is_unfinished else span
