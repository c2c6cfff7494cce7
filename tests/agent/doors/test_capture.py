"""`ask-profiler capture`: one whole profile of a program that runs, and what it cost; nothing by halves."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.doors.cli import capture
from agent.errors import BadRequest
from tests.tools.live.servers import bad_server
from tests.tools.live.services import Start
from tests.tools.live.services import binary as binary  # a fixture
from tests.tools.live.services import start as start  # a fixture
from tools.errors import ToolError
from tools.profiles.pprof import read_pprof


def run(*words: str | Path) -> int:
    parser = argparse.ArgumentParser()
    capture.add_arguments(parser)
    return capture.execute(parser.parse_args([str(w) for w in words]))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield folder


def test_a_profile_lies_here_with_what_it_cost(
    here: Path, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    service = start("none")
    assert run(service.url, "--kind", "goroutine") == 0
    said = capsys.readouterr().out
    assert said.startswith("goroutine.pb.gz: goroutine, ")
    assert "target answer time before: " in said
    assert read_pprof(here / "goroutine.pb.gz").total("goroutine") > 1
    with pytest.raises(BadRequest, match="is already there"):
        run(service.url, "--kind", "goroutine")
    assert run(service.url, "--kinds") == 0
    assert "mutex\n" in capsys.readouterr().out


def test_what_is_no_program_is_refused() -> None:
    for target in ("cpu.pb.gz", "localhost:6060", "pid:x", "http://"):
        with pytest.raises(BadRequest):
            run(target)


def test_of_a_bad_answer_nothing_is_written(here: Path) -> None:
    with bad_server() as (port, _), pytest.raises(ToolError):
        run(f"http://127.0.0.1:{port}/html", "--kind", "heap")
    assert list(here.iterdir()) == []
