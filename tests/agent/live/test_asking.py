"""A program that runs is asked about like any other target: real endpoints, real processes, and nothing started."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.errors import BadRequest
from agent.nodes.live import as_taken, costliest, kinds_for
from agent.nodes.live_findings import growth_told
from agent.rendering.quantities import resolve
from agent.report import Finding, Report
from agent.request import Request, Watching
from agent.service import Service
from agent.store import Store
from agent.targets import check, kind_of
from tests.agent.staging import Stage
from tests.tools.live.services import Start
from tools.errors import ToolError
from tools.live.kinds import KINDS
from tools.live.leaks import judge_looks
from tools.live.pids import VIEWS
from tools.live.series import Look, Looks
from tools.live.trials.load import steady_load
from tools.measure.toolchain import Capture
from tools.profiles.builder import ProfileBuilder
from tools.profiles.pprof import write_pprof
from tools.profiles.profile import Function, ValueType

SOURCE = """\
import time

def busy(n):
    return sum(i * i for i in range(n))

end = time.monotonic() + 40
while time.monotonic() < end:
    busy(20_000)
"""


class Asking:
    """Asks about a live target, with short captures."""

    def __init__(self, runs: Path) -> None:
        self.service = Service(store=Store(runs), environment=dict(os.environ))

    def __call__(self, target: str, question: str, **watching: float | str) -> Report:
        request = Request(
            question=question,
            target=target,
            sandbox="none",
            watching=Watching(**{"capture_s": 1.0, "growth_s": 0.0, **watching}),  # type: ignore[arg-type]
        )
        return self.service.run(request, lambda progress: None)

    def page(self) -> str:
        assert self.service.folder is not None
        return (self.service.folder.path / "report.md").read_text()


@pytest.fixture
def ask(tmp_path: Path) -> Asking:
    return Asking(tmp_path / "runs")


@pytest.fixture
def busy_python(tmp_path: Path) -> Iterator[int]:
    script = tmp_path / "busy.py"
    script.write_text(SOURCE)
    process = subprocess.Popen([sys.executable, str(script)])
    time.sleep(0.5)
    yield process.pid
    process.kill()
    process.wait()


def titled(report: Report, title: str) -> Finding:
    (found,) = [f for f in report.findings if f.title.startswith(title)]
    return found


@pytest.mark.slow
def test_a_contended_lock_is_found_though_the_cpu_shows_symptoms(ask: Asking, start: Start) -> None:
    service = start("locked")
    with service.asked_all_the_time(6):
        report = ask(service.url, "Why are orders slow?")
    assert report.outcome == "observed"
    assert report.plan.kind == "live"
    found = titled(report, "Goroutines wait for a lock")
    assert found.severity in ("HIGH", "MEDIUM")
    assert any("main." in item for item in found.items)
    assert {g.view for g in report.graphs} >= {"cpu", "contention"}
    page = ask.page()
    assert "What looking at it cost the program" in page
    assert "Where goroutines stand" in page
    assert not report.candidates


@pytest.mark.slow
def test_leaking_goroutines_are_reported_with_their_place_and_rate(ask: Asking, start: Start) -> None:
    service = start("blocked", keys=100)
    with steady_load(service.url, "/orders", rate=100.0, seed=4):
        report = ask(service.url, "It needs ever more memory", growth_s=15.0)
    found = titled(report, "Goroutines leak")
    (evidence,) = [e for e in report.evidence if e.id in found.evidence]
    rates = {q.name: q for q in evidence.quantities}
    growth = next(q for name, q in rates.items() if name.startswith("growth_per_request_"))
    assert growth.unit == "count/request"
    assert growth.value == pytest.approx(1.0, abs=0.2)
    assert "Goroutines leak" in ask.page()


@pytest.mark.slow
def test_a_running_python_process_is_looked_into(ask: Asking, busy_python: int) -> None:
    report = ask(f"pid:{busy_python}", "What is it doing?")
    assert report.plan.language == "python"
    assert any("busy" in b.function for b in report.bottlenecks)
    assert any("busy" in item for item in titled(report, "What costs most by itself: CPU").items)


def test_an_endpoint_that_is_not_there_is_named(ask: Asking) -> None:
    with pytest.raises(ToolError, match=r"127\.0\.0\.1:9/.*can't be reached"):
        ask("http://127.0.0.1:9", "Why?")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("pid:", "names no process"),
        ("pid:x1", "names no process"),
        ("pid:0", "names no process"),
        ("http://user:secret@host", "holds a user name or password"),
        ("http://", "names no host"),
    ],
)
def test_what_can_be_no_live_target_is_refused_before_a_run_begins(
    ask: Asking, target: str, said: str
) -> None:
    assert kind_of(target) == "live"
    with pytest.raises(BadRequest, match=said) as caught:
        check(Request(question="", target=target))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("watching", "said"),
    [
        (Watching(capture_s=0), "a profile can't cover 0 s"),
        (Watching(capture_s=301), "at most 300 s"),
        (Watching(growth_s=5), "growth can't be told within 5 s"),
        (Watching(growth_s=float("nan")), "growth can't be told"),
    ],
)
def test_times_that_tell_nothing_are_refused_before_a_run_begins(watching: Watching, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        check(Request(question="", target="pid:1", watching=watching))


@pytest.mark.parametrize("kind", [*KINDS, *VIEWS])
def test_whatever_is_captured_has_the_figures_that_are_told_of_it(kind: str, stage: Stage) -> None:
    """A capture that didn't measure its own total left a run without a report."""
    value = KINDS[kind].value if kind in KINDS else VIEWS[kind][1]
    builder = ProfileBuilder([ValueType(name=value, unit="bytes")])
    builder.add([(Function(name="f", file="a.py"), 1)], [2**20])
    deps = stage().deps
    path = deps.folder.path / "a.pb.gz"
    write_pprof(builder.build(), path)
    capture = Capture(
        profiler=kind, view="memory", value=value, profile=builder.build(), profile_path=path, argv=(),
        tool_version="1", exit_code=0, duration_s=1.0, quantities={}, warnings=(),
    )  # fmt: skip
    found = costliest(as_taken(deps, kind, capture))
    assert "1.00 MiB" in resolve(found.text, deps.evidence.index)
    assert "100 %" in resolve(found.items[0], deps.evidence.index)


def test_that_nothing_grows_is_an_answer(stage: Stage) -> None:
    empty = ProfileBuilder([ValueType(name="goroutine", unit="count")]).build()
    looks = tuple(
        Look(at_s=2.0 * n, requests=100.0 * n, goroutines={}, heap={}, heap_bytes=2**20 + n % 2)
        for n in range(30)
    )
    watched = judge_looks(Looks(looks=looks, goroutine_profile=empty, heap_profile=empty), None)
    deps = stage().deps
    (found,) = growth_told(deps, watched, "http://localhost/debug/pprof/", 58.0)
    assert found.title == "Nothing was seen to leak"
    assert found.severity is None
    assert "garbage collected each time" in resolve(found.text, deps.evidence.index)
    assert any("bytes in use don't grow" in resolve(item, deps.evidence.index) for item in found.items)


def test_what_is_captured_follows_the_question() -> None:
    offered = ("profile", "heap", "heap-growth", "allocs", "goroutine", "mutex", "block", "threadcreate")
    always = ("profile", "heap", "goroutine", "mutex")
    assert kinds_for("Why is it slow?", offered) == always
    assert kinds_for("Where do goroutines block?", offered) == (*always, "block")
    assert kinds_for("Why does it need so much memory?", offered) == (
        "profile",
        "heap",
        "allocs",
        "goroutine",
        "mutex",
    )
    assert kinds_for("Why so many threads?", offered) == (*always, "threadcreate")
    assert kinds_for("Why?", ("py-spy", "py-spy-dump", "memray")) == ("py-spy", "py-spy-dump")
