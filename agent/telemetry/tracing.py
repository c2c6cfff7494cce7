"""Traces for OpenTelemetry: spans for jobs, stages, programs and model calls. Off unless an address is configured.

Nothing of OpenTelemetry is imported while it is off. A span belongs to the one around it, within a thread and in those
that its context was copied to, as LangGraph's are. Messages of errors are masked and cut; no question, no source and no
prompt is in a span.
Source: OTLP 1.x over HTTP; OpenTelemetry's semantic conventions for errors and for generative AI (`gen_ai.*`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.settings import Settings
from agent.telemetry.masking import Masks, on_one_line

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as OpenSpan

Attribute = str | bool | int | float
PREFIX = "ask_profiler."
SIGNAL_PATH = "/v1/traces"
EXPORT_LIMIT_S = 5.0
"""What sending one batch may take, and so what ending may take."""
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Span:
    """Something that goes on and is traced, or isn't."""

    _span: OpenSpan | None = None

    def note(self, **attributes: Attribute) -> None:
        """Say more of it. A name without a dot is ours."""
        if self._span is not None:
            self._span.set_attributes(_named(attributes))


NOT_TRACED = Span()


@dataclass(slots=True)
class Tracing:
    """The traces of this process. What wasn't sent yet is lost unless `close` is called."""

    _provider: TracerProvider | None = None
    _masks: Masks = field(default_factory=Masks)

    @property
    def is_on(self) -> bool:
        """Whether anything is traced."""
        return self._provider is not None

    @contextmanager
    def span(self, name: str, **attributes: Attribute) -> Iterator[Span]:
        """Trace the block, and what asks for spans within it. An exception that leaves it is noted as its error."""
        if self._provider is None:
            yield NOT_TRACED
            return
        with self._open(name, attributes, None) as opened:
            yield opened

    @contextmanager
    def _open(self, name: str, attributes: dict[str, Attribute], parent: Context | None) -> Iterator[Span]:
        from opentelemetry.trace import Status, StatusCode

        if self._provider is None:
            raise ValueError("tracing is off")
        tracer = self._provider.get_tracer("ask-profiler")
        current = _current.set(self)
        try:
            with tracer.start_as_current_span(
                name,
                context=parent,
                attributes=_named(attributes),
                record_exception=False,  # it would send the message and the stack, whatever is in them
                set_status_on_exception=False,
            ) as span:
                try:
                    yield Span(span)
                except BaseException as error:
                    span.set_attribute("error.type", type(error).__name__)
                    span.set_status(Status(StatusCode.ERROR, self._told(error)))
                    raise
        finally:
            _current.reset(current)

    def _told(self, error: BaseException) -> str:
        return on_one_line(self._masks.mask(str(error)))[:LONGEST]

    def close(self) -> None:
        """Send what is left, for EXPORT_LIMIT_S at most; nothing is traced afterwards."""
        provider, self._provider = self._provider, None
        if provider is not None:
            # Its own limit is 30 s, and each of several batches may take EXPORT_LIMIT_S.
            sending = threading.Thread(target=provider.shutdown, name="last-traces", daemon=True)
            sending.start()
            sending.join(EXPORT_LIMIT_S)


_current: ContextVar[Tracing | None] = ContextVar("ask_profiler_tracing", default=None)


def start_tracing(settings: Settings, service_name: str, masks: Masks | None = None) -> Tracing:
    """Traces to `telemetry.otlp_url` under this name; off where there is no address.

    A collector that doesn't answer is logged; nothing waits for it. Headers, a certificate and attributes of the
    resource may be given by OpenTelemetry's own variables (OTEL_EXPORTER_OTLP_HEADERS and so on).
    """
    address = settings.telemetry.otlp_url
    if address is None:
        return Tracing()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": service_name, "service.version": _version()})
    exporter = OTLPSpanExporter(endpoint=_endpoint(address), timeout=EXPORT_LIMIT_S)
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Tracing(provider, masks or Masks())


@contextmanager
def span(name: str, **attributes: Attribute) -> Iterator[Span]:
    """Trace the block as a part of what is traced around it; where nothing is, this does nothing."""
    tracing = _current.get()
    if tracing is None:
        yield NOT_TRACED
        return
    with tracing.span(name, **attributes) as opened:
        yield opened


def around_programs() -> Callable[[str], AbstractContextManager[object]]:
    """What makes a span of each program that is run, by the program's name, as part of what is traced now; also in
    threads that know nothing of that. Where nothing is traced, it makes none.
    """
    tracing = _current.get()
    if tracing is None or not tracing.is_on:
        return nullcontext
    from opentelemetry.context import get_current

    parent = get_current()

    def around(program: str) -> AbstractContextManager[object]:
        if not tracing.is_on:
            return nullcontext()
        is_known_here = _current.get() is tracing
        return tracing._open(f"program {program}", {"program": program}, None if is_known_here else parent)

    return around


def current_trace() -> str:
    """The id of the trace that this belongs to, "" for none."""
    tracing = _current.get()
    if tracing is None or not tracing.is_on:
        return ""
    from opentelemetry.trace import format_trace_id, get_current_span

    context = get_current_span().get_span_context()
    return format_trace_id(context.trace_id) if context.is_valid else ""


def _named(attributes: dict[str, Attribute]) -> dict[str, Attribute]:
    return {name if "." in name else f"{PREFIX}{name}": value for name, value in attributes.items()}


def _endpoint(address: str) -> str:
    """Where spans are sent: the address of a collector, or of its traces as it is."""
    return address if address.endswith(SIGNAL_PATH) else address.rstrip("/") + SIGNAL_PATH


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("ask-profiler")
    except PackageNotFoundError:
        return "unknown"
