"""What was recorded before is only looked at: nothing is copied, run or changed; every number is the recording's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.errors import BadRequest
from agent.report import Report
from agent.request import Request
from agent.service import Service
from agent.store import Store
from agent.targets import check, kind_of
from tools.profiles.pprof import read_pprof

RECORDED = Path(__file__).resolve().parents[1] / "tools" / "profiles" / "data"


@pytest.fixture
def ask(tmp_path: Path):  # type: ignore[no-untyped-def]
    service = Service(store=Store(tmp_path / "runs"), environment=dict(os.environ))

    def run(target: Path, question: str = "What dominates?", **more: str) -> Report:
        request = Request(question=question, target=str(target), sandbox="none", **more)  # type: ignore[arg-type]
        return service.run(request, lambda progress: None)

    run.folder = lambda: service.folder.path  # type: ignore[attr-defined, union-attr]
    return run


def test_a_recorded_cpu_profile_is_answered_with_what_costs(ask) -> None:  # type: ignore[no-untyped-def]
    path = RECORDED / "go1.26-cpu.pb.gz"
    report = ask(path)
    assert report.outcome == "observed"
    assert report.plan.kind == "recording"
    profile = read_pprof(path)
    total = next(q for e in report.evidence for q in e.quantities if q.name == "total_cpu")
    assert (total.value, total.unit) == (profile.total("cpu") / 1e9, "s")
    assert report.findings[0].items
    assert [g.path for g in report.graphs] == ["graphs/cpu.svg"]
    assert not report.candidates
    assert not report.checklist


@pytest.mark.parametrize(
    ("name", "view", "question"),
    [
        ("go1.26-heap.pb.gz", "memory", "What keeps the memory?"),
        ("go1.26-goroutine.pb.gz", "goroutines", "Where do goroutines wait?"),
        ("py-spy-0.4.3.raw.txt", "cpu", "What dominates?"),
    ],
)
def test_every_kind_of_recording_is_read_by_what_it_holds(ask, name: str, view: str, question: str) -> None:  # type: ignore[no-untyped-def]
    report = ask(RECORDED / name, question)
    assert view in {g.view for g in report.graphs}
    page = (ask.folder() / "report.md").read_text()
    assert "only looked at" in page
    assert "What costs most by itself" in page
    html = (ask.folder() / "report.html").read_text()
    assert "<svg" in html
    kept = json.loads((ask.folder() / "report.json").read_text())
    assert kept["outcome"] == "observed"


def test_a_recording_of_memrays_is_a_target_like_any_other(ask, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    recording = tmp_path / "a.bin"
    (tmp_path / "app.py").write_text("def hold():\n    return bytearray(40_000_000)\n\nkept = hold()\n")
    words = [sys.executable, "-m", "memray", "run", "-q", "-o", str(recording), str(tmp_path / "app.py")]
    subprocess.run(words, check=True, capture_output=True)
    report = ask(recording, "What keeps the memory?")
    assert [b.function for b in report.bottlenecks] == ["hold"]


def test_a_question_about_kept_memory_is_answered_with_memory_in_use(ask) -> None:  # type: ignore[no-untyped-def]
    report = ask(RECORDED / "go1.26-heap.pb.gz", "Does it leak memory?")
    assert "(inuse_space)" in report.findings[0].title
    report = ask(RECORDED / "go1.26-heap.pb.gz", "What is slow?")
    assert "(alloc_space)" in report.findings[0].title


def test_a_file_that_is_no_recording_is_refused_by_name(ask, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><html></html>")
    with pytest.raises(BadRequest, match=r"page\.html"):
        ask(page)


def test_what_a_target_is_is_told_from_its_name(tmp_path: Path) -> None:
    script, profile = tmp_path / "a.py", tmp_path / "cpu.pb.gz"
    script.write_text("")
    profile.write_bytes(b"\x1f\x8b")
    targets = [script, tmp_path, profile, tmp_path / "gone"]
    assert [kind_of(str(t)) for t in targets] == ["project", "project", "recording", "project"]
    with pytest.raises(BadRequest, match="doesn't exist"):
        check(Request(question="", target=str(tmp_path / "gone")))


def test_sources_that_are_not_there_are_refused_before_anything_is_captured(tmp_path: Path) -> None:
    for target in (str(RECORDED / "go1.26-cpu.pb.gz"), "pid:1"):
        with pytest.raises(BadRequest, match=r"there is no folder .*gone"):
            check(Request(question="", target=target, sources=str(tmp_path / "gone")))
