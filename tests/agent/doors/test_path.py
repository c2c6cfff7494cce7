"""`ask-profiler path` as a user meets it: a table, a picture, one sentence for errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]
DATA = Path(__file__).parents[2] / "tools" / "spans" / "data"
OTLP = DATA / "opentelemetry-python-1.45.2.json"
VIZTRACER = DATA / "viztracer-1.1.1.json"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Run:
    def run(*words: str | Path) -> Done:
        return subprocess.run(
            [sys.executable, "-m", "agent.doors.cli.main", "path", *map(str, words)],
            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    return run


def test_shares_savings_and_what_ran_beside_are_printed(path: Run) -> None:
    done = path(OTLP)
    assert done.returncode == 0, done.stderr
    assert "OTLP JSON, 4 requests, 40 spans" in done.stdout
    query = next(line for line in done.stdout.splitlines() if line.endswith("stock: query"))
    assert query.split()[:4] == ["79.3", "%", "52.7", "ms"]
    assert "web: call price: shortening it saves nothing; it ran for" in done.stdout
    assert "mail: send mail: nobody waited for it; it ended up to" in done.stdout
    assert "Over 100 ms, from begin to end" in done.stdout
    assert "The path of the request with the median time, trace " in done.stdout


def test_markdown_and_json_say_the_same(path: Run) -> None:
    assert "| stock: query | 79.3 % | 52.7 ms |" in path(OTLP, "--format", "markdown").stdout
    found = json.loads(path(OTLP, "--format", "json", "--over-ms", "125").stdout)
    (kind,) = found["types"]
    assert sum(o["own_ns"] for o in kind["operations"]) == kind["total_ns"]
    assert [o["name"] for o in kind["long"]] == ["POST /order"]
    segments = kind["typical"]["segments"]
    assert sum(s["own_s"] for s in segments) == pytest.approx(kind["typical"]["total_s"])


def test_one_trace_or_the_roots_that_match_are_chosen(path: Run) -> None:
    found = json.loads(path(OTLP, "--format", "json").stdout)
    trace = found["types"][0]["typical"]["trace"]
    assert "1 request, 10 spans" in path(OTLP, "--trace", trace[:8].upper()).stdout
    only = path(VIZTRACER, "--root", "^Thread").stdout
    assert "2 requests, 16 spans" in only and "builtins.exec" not in only


def test_the_picture_is_written_and_is_of_the_first_types_typical_request(path: Run, tmp_path: Path) -> None:
    assert path(OTLP, "--svg", "out.svg").returncode == 0
    svg = (tmp_path / "out.svg").read_text(encoding="utf-8")
    assert ET.fromstring(svg).get("aria-label", "").startswith("POST /order: 43.9 ms")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("missing.json",), "there is no file missing.json"),
        (("torn.json",), "torn.json: ends in the middle of a value, at character"),
        ((OTLP, "--root", "post"), "no request's root matches --root 'post': there are POST /order"),
        ((OTLP, "--root", "("), "no regular expression"),
        ((OTLP, "--trace", "zz"), "--trace zz is no trace in it: there are "),
        ((OTLP, "--trace", ""), "begins several traces"),
        ((VIZTRACER, "--trace", "a"), "is no trace in it: there are none has an id"),
        ((OTLP, "--over-ms", "nan"), "--over-ms nan is no limit"),
        ((OTLP, "--svg", "no/such/folder.svg"), "can't be written: No such file or directory"),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_one_sentence(
    path: Run, tmp_path: Path, words: tuple[str | Path, ...], said: str
) -> None:
    (tmp_path / "torn.json").write_text(OTLP.read_text()[:-30])
    done = path(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr and "Traceback" not in done.stderr


def test_names_that_could_steer_a_terminal_or_a_page_do_not(path: Run, tmp_path: Path) -> None:
    name = "\x1b[31mred\u202e\n<img>|@octocat"
    events = [{"ph": "X", "name": name, "ts": 1, "dur": 200_000, "pid": 1, "tid": 1}]
    (tmp_path / "t.json").write_text(json.dumps(events))
    done = path("t.json", "--svg", "t.svg")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout and "\u202e" not in done.stdout
    assert "?[31mred? <img>|@octocat: 200 ms" in done.stdout
    page = path("t.json", "--format", "markdown").stdout
    assert "\x1b" not in page and "@octocat" not in page and "\\<img\\>\\|" in page
    ET.fromstring((tmp_path / "t.svg").read_text(encoding="utf-8"))


def test_the_workflow_is_not_loaded_for_it() -> None:
    code = (
        "import sys; from agent.doors.cli import path; import argparse; p = argparse.ArgumentParser(); "
        f"path.add_arguments(p); path.execute(p.parse_args([{str(OTLP)!r}, '--svg', '/dev/null'])); "
        "print([m for m in ('langgraph', 'anthropic', 'agent.graph') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
