"""The guide on questions to a profile: every answer in it is what the command prints now."""

from __future__ import annotations

import re
import shlex
import shutil
from dataclasses import fields
from pathlib import Path

import pytest

from agent.doors.cli.main import main
from tests.docs.conftest import MadePart
from tests.docs.pages import ROOT, made_part, read
from tools.profiles.combine import combine
from tools.profiles.filters import Filters, filtered
from tools.profiles.pprof import read_pprof, write_pprof

PAGE = "guides/profiles.md"
DATA = ROOT / "tests" / "tools" / "profiles" / "data"
FILES = {
    "cpu.pb.gz": DATA / "go1.26-cpu.pb.gz",
    "heap.pb.gz": DATA / "go1.26-heap.pb.gz",
    "goroutine.pb.gz": DATA / "go1.26-goroutine.pb.gz",
    "app.raw.txt": DATA / "py-spy-0.4.3.raw.txt",
}
EXAMPLES = {
    "top": "top cpu.pb.gz -n 5",
    "value": "top heap.pb.gz --value inuse_space --by cumulative -n 4",
    "peek": "peek cpu.pb.gz 'regexp[.]compile$'",
    "sandwich": "peek cpu.pb.gz regexp.compile --tree --min-percent 15",
    "list": "list cpu.pb.gz trades.validID --source daily-reports",
    "tree": "top cpu.pb.gz --tree --min-percent 12",
    "focus": "top cpu.pb.gz --focus regexp --ignore onepass --by cumulative -n 3",
    "threads": "top app.raw.txt --split thread",
    "state": "top goroutine.pb.gz --split state",
    "diff": "diff cpu.pb.gz cpu2.pb.gz --by cumulative --focus Generate -n 4",
    "tokens": "top cpu.pb.gz --tokens 120",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the guide's commands run."""
    for name, file in FILES.items():
        shutil.copy(file, tmp_path / name)
    shutil.copytree(ROOT / "examples" / "daily-reports-go", tmp_path / "daily-reports")
    cpu = read_pprof(FILES["cpu.pb.gz"])
    without = filtered(cpu, Filters(ignore=re.compile(r"regexp[.]compile$"))).profile
    slower = filtered(cpu, Filters(focus=re.compile(r"summary[.]Summarise$"))).profile
    write_pprof(combine([without, slower]), tmp_path / "cpu2.pb.gz")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_answer_is_what_the_command_prints(
    made: MadePart, folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(shlex.split(EXAMPLES[name])) == 0
    made(PAGE, name, f"```\n$ ask-profiler {EXAMPLES[name]}\n{capsys.readouterr().out}```\n")


def test_every_answer_of_the_page_is_an_example_and_a_changed_one_is_seen() -> None:
    page = read(PAGE)
    assert re.findall(r"<!-- (\S+): begin -->", page) == list(EXAMPLES)
    assert "610 ms in all" in made_part(page, "top")
    assert made_part(page.replace("610 ms", "601 ms"), "top") != made_part(page, "top")


def test_the_filters_of_the_page_are_those_there_are() -> None:
    told = set(re.findall(r"^\| `--([a-z-]+)", read(PAGE), re.MULTILINE))
    assert told == {"tag" if f.name == "tags" else f.name.replace("_", "-") for f in fields(Filters)}
