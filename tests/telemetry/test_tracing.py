"""Traces reach a collector by OTLP, each span under the one around it, without secrets; and cost nothing when off."""

from __future__ import annotations

import contextvars
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypedDict

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SentSpan

from agent.settings import Settings
from agent.telemetry.tracing import Tracing, around_programs, current_trace, span, start_tracing


@dataclass(slots=True)
class Collector:
    """What an OTLP collector was sent."""

    address: str = ""
    status: int = 200
    pause_s: float = 0.0
    paths: list[str] = field(default_factory=list)
    requests: list[ExportTraceServiceRequest] = field(default_factory=list)

    def spans(self) -> dict[str, SentSpan]:
        found = [
            s for r in self.requests for rs in r.resource_spans for ss in rs.scope_spans for s in ss.spans
        ]
        return {one.name: one for one in found}

    def resource(self) -> dict[str, str]:
        attributes = self.requests[0].resource_spans[0].resource.attributes
        return {a.key: a.value.string_value for a in attributes}


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(found.pause_s)
            found.paths.append(self.path)
            if found.status == 200:
                found.requests.append(ExportTraceServiceRequest.FromString(content))
            try:
                self.send_response(found.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except OSError:
                pass

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def traced(address: str) -> Tracing:
    return start_tracing(Settings.model_validate({"telemetry": {"otlp_url": address}}), "ask-profiler-test")


def attributes(of: SentSpan) -> dict[str, object]:
    return {a.key: getattr(a.value, str(a.value.WhichOneof("value"))) for a in of.attributes}


def test_spans_reach_the_collector_each_under_the_one_around_it(collector: Collector) -> None:
    tracing = traced(collector.address)
    with tracing.span("job", job="J1", attempt=2), span("stage baseline", stage="baseline"):
        with span("model call", **{"gen_ai.request.model": "claude"}) as call:
            call.note(**{"gen_ai.usage.input_tokens": 12})
        assert len(current_trace()) == 32
    tracing.close()
    found = collector.spans()
    assert set(collector.paths) == {"/v1/traces"}
    assert found["model call"].parent_span_id == found["stage baseline"].span_id
    assert found["stage baseline"].parent_span_id == found["job"].span_id
    assert found["job"].parent_span_id == b""
    assert len({one.trace_id for one in found.values()}) == 1
    assert attributes(found["job"]) == {"ask_profiler.job": "J1", "ask_profiler.attempt": 2}
    assert attributes(found["model call"]) == {
        "gen_ai.request.model": "claude",
        "gen_ai.usage.input_tokens": 12,
    }
    assert collector.resource()["service.name"] == "ask-profiler-test"


def test_what_fails_is_noted_without_secrets_and_without_a_stack(collector: Collector) -> None:
    tracing = traced(f"{collector.address}/v1/traces")
    secret = "apt_ci_" + "0123456789abcdef" * 4
    with pytest.raises(ValueError, match="refused"), tracing.span("job"):
        raise ValueError(f"refused {secret}\n{'x' * 1000}")
    tracing.close()
    sent = collector.spans()["job"]
    assert attributes(sent)["error.type"] == "ValueError"
    assert sent.status.code == 2
    assert sent.status.message.startswith("refused apt_ci_***\\nxxx") and len(sent.status.message) == 300
    assert not sent.events
    assert secret.encode() not in collector.requests[0].SerializeToString()


class State(TypedDict, total=False):
    """A graph's state, or what one of its parallel nodes is given."""

    items: list[int]
    number: int


def test_the_nodes_of_a_graph_are_traced_under_their_job_also_in_parallel(collector: Collector) -> None:
    seen: list[str] = []

    def plan(state: State) -> State:
        with span("stage plan"):
            return {}

    def capture(state: State) -> State:
        with span(f"stage capture {state['number']}"):
            seen.append(threading.current_thread().name)
            time.sleep(0.05)
            return {}

    graph = StateGraph(State)
    graph.add_node("plan", plan)
    graph.add_node("capture", capture)
    graph.add_edge(START, "plan")
    graph.add_conditional_edges(
        "plan", lambda _: [Send("capture", {"number": n}) for n in range(3)], ["capture"]
    )
    graph.add_edge("capture", END)
    tracing = traced(collector.address)
    with tracing.span("job"):
        graph.compile().invoke({"items": []})
    tracing.close()
    found = collector.spans()
    assert set(found) == {"job", "stage plan", *(f"stage capture {n}" for n in range(3))}
    assert {s.parent_span_id for name, s in found.items() if name != "job"} == {found["job"].span_id}
    assert len(set(seen)) > 1


def test_programs_are_traced_also_in_threads_that_know_nothing_of_it(collector: Collector) -> None:
    tracing = traced(collector.address)

    def elsewhere(around: object) -> None:
        assert callable(around)
        with around("py-spy"):
            pass

    with tracing.span("job"):
        around = around_programs()
        with span("stage"), around("go"):
            pass
        thread = threading.Thread(target=lambda: contextvars.Context().run(elsewhere, around))
        thread.start()
        thread.join()
    tracing.close()
    found = collector.spans()
    assert found["program go"].parent_span_id == found["stage"].span_id
    assert found["program py-spy"].parent_span_id == found["job"].span_id
    assert attributes(found["program go"]) == {"ask_profiler.program": "go"}


def test_two_jobs_are_two_traces(collector: Collector) -> None:
    tracing = traced(collector.address)
    for name in ("one", "other"):
        with tracing.span(name):
            pass
    tracing.close()
    assert len({one.trace_id for one in collector.spans().values()}) == 2


def test_without_an_address_nothing_is_traced_and_nothing_is_imported() -> None:
    code = (
        "import sys\nfrom agent.settings import Settings\n"
        "from agent.telemetry.tracing import around_programs, current_trace, span, start_tracing\n"
        "tracing = start_tracing(Settings(), 'x')\n"
        "with tracing.span('job') as job, span('stage') as one, around_programs()('go'):\n"
        "    job.note(a=1); one.note(b=2)\n"
        "    assert current_trace() == ''\n"
        "tracing.close()\n"
        "sys.exit('opentelemetry' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_span_that_is_off_costs_next_to_nothing() -> None:
    began_s = time.perf_counter()
    for _ in range(10_000):
        with span("stage", stage="baseline"):
            pass
    assert (time.perf_counter() - began_s) / 10_000 < 50e-6


@pytest.mark.slow
def test_a_collector_that_does_not_answer_holds_nobody_up(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    collector.pause_s = 8.0
    tracing = traced(collector.address)
    began_s = time.monotonic()
    with tracing.span("job"):
        pass
    assert time.monotonic() - began_s < 0.5
    tracing.close()
    assert time.monotonic() - began_s < 7.5


@pytest.mark.slow
def test_a_collector_that_is_not_there_is_logged_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    tracing = traced("http://127.0.0.1:9")
    with tracing.span("job"):
        pass
    began_s = time.monotonic()
    tracing.close()
    assert time.monotonic() - began_s < 7.5
    assert any("opentelemetry" in record.name for record in caplog.records)


def test_after_closing_nothing_is_traced(collector: Collector) -> None:
    tracing = traced(collector.address)
    tracing.close()
    with tracing.span("late"), span("later"):
        pass
    tracing.close()
    assert collector.requests == []
