"""`ask-profiler flame`: writes one picture, tells what it leaves out, and never over a file that is there."""

from __future__ import annotations

import argparse
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from agent.doors.cli import flame
from agent.errors import BadRequest, StorageFailed
from tools.profiles.builder import ProfileBuilder
from tools.profiles.pprof import write_pprof
from tools.profiles.profile import Function, ValueType

DATA = Path(__file__).parents[2] / "tools" / "profiles" / "data"
CPU = DATA / "go1.26-cpu.pb.gz"
HEAP = DATA / "go1.26-heap.pb.gz"


def run(*words: str | Path) -> int:
    parser = argparse.ArgumentParser()
    flame.add_arguments(parser)
    return flame.execute(parser.parse_args([str(w) for w in words]))


def title_of(path: Path) -> str:
    texts = [t.text or "" for t in ET.parse(path).getroot().iter("{http://www.w3.org/2000/svg}text")]
    return texts[0]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_picture_lies_here_named_as_the_profile(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(CPU) == 0
    assert capsys.readouterr().out == "go1.26-cpu.svg: 221 frames drawn\n"
    assert title_of(here / "go1.26-cpu.svg") == "go1.26-cpu.pb.gz: cpu"
    assert [p.name for p in here.iterdir()] == ["go1.26-cpu.svg"]


def test_value_title_and_orientation_are_taken(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(HEAP, "--value", "alloc_space", "--title", "Heap <all>", "--icicle", "-o", "sub/heap.svg") == 0
    assert "42 narrow frames show when zoomed in" in capsys.readouterr().out
    text = (here / "sub" / "heap.svg").read_text()
    assert title_of(here / "sub" / "heap.svg") == "Heap <all>"
    assert '"icicle":true' in text
    assert '"unit":"bytes"' in text


def small(path: Path, amount: int, unit: str = "nanoseconds") -> Path:
    builder = ProfileBuilder([ValueType(name="cpu", unit=unit)])
    builder.add([(Function(name="f", file="a.go"), 1)], [amount])
    write_pprof(builder.build(), path)
    return path


def test_a_difference_compares_amounts_or_parts(here: Path) -> None:
    before, after = small(here / "before.pb.gz", 10), small(here / "after.pb.gz", 20)
    run(after, "--diff", before)
    assert "f (20 ns, 100.00%, +50.00 points)" in (here / "after-difference.svg").read_text()
    run(after, "--diff", before, "--normalise", "-o", "parts.svg")
    assert "f (20 ns, 100.00%, +0.00 points)" in (here / "parts.svg").read_text()
    assert title_of(here / "parts.svg") == "before.pb.gz to after.pb.gz: cpu"


def test_a_file_that_is_there_is_kept_unless_forced(here: Path) -> None:
    out = here / "go1.26-cpu.svg"
    out.write_text("mine")
    with pytest.raises(BadRequest, match=r"already there.*--force"):
        run(CPU)
    assert out.read_text() == "mine"
    run(CPU, "--force")
    assert out.read_text().startswith("<svg")


def test_a_profile_is_never_written_over(here: Path) -> None:
    profile = small(here / "p.pb.gz", 3)
    content = profile.read_bytes()
    with pytest.raises(BadRequest, match="profile that is to be drawn"):
        run(profile, "-o", profile, "--force")
    assert profile.read_bytes() == content


def test_what_can_not_be_used_is_said(here: Path) -> None:
    other = small(here / "other.pb.gz", 3, unit="count")
    (here / "torn.pb.gz").write_bytes(CPU.read_bytes()[:300])
    for words, said in (
        ([here / "nowhere.pb.gz"], "there is no file"),
        ([CPU, "--value", "heap"], "choose one of samples, cpu with --value"),
        ([CPU, "--diff", other], "only amounts in one unit"),
        ([CPU, "--diff", HEAP], "go1.26-heap.pb.gz doesn't measure 'cpu'"),
        ([CPU, "--normalise"], "--diff BASE"),
        ([here / "torn.pb.gz"], "ends early"),
        ([CPU, "-o", here], "is a folder"),
    ):
        with pytest.raises(BadRequest, match=said):
            run(*words)
    assert sorted(p.name for p in here.iterdir()) == ["other.pb.gz", "torn.pb.gz"]


def test_a_place_that_can_not_be_written_is_said_with_the_right_remedy(here: Path) -> None:
    (here / "file").write_text("")
    with pytest.raises(StorageFailed, match=r"choose another place with -o$"):
        run(CPU, "-o", "file/cpu.svg")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a/cpu.pb.gz", "cpu"), ("heap.pprof", "heap"), ("out.collapsed", "out"), ("x.speedscope.json", "x"),
        (".gz", ".gz"), ("profile", "profile"), ("v1.2.prof", "v1.2"),
    ],
)  # fmt: skip
def test_the_name_of_the_picture(file: str, name: str) -> None:
    assert flame.default_name(file, difference=False) == f"{name}.svg"
    assert flame.default_name(file, difference=True) == f"{name}-difference.svg"


def test_a_quick_command_brings_no_workflow_with_it() -> None:
    """Drawing must not wait for libraries that only a run needs."""
    script = (
        "import argparse, sys; from agent.doors.cli import flame; p = argparse.ArgumentParser(); "
        f"flame.add_arguments(p); flame.execute(p.parse_args([{str(CPU)!r}])); "
        "sys.exit(','.join(m for m in ('langgraph', 'anthropic', 'rich', 'libcst') if m in sys.modules) or 0)"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(root)},
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_part_of_the_profile_is_drawn_and_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(CPU, "--focus", "runtime[.]", "--ignore", "nothing like this") == 0
    assert "--ignore matches nothing" in capsys.readouterr().out
    assert title_of(here / "go1.26-cpu.svg").startswith("go1.26-cpu.pb.gz: cpu; focus runtime[.]")
    with pytest.raises(BadRequest, match="nothing is left of"):
        run(CPU, "--focus", "nothing like this", "-o", "none.svg")
    assert not (here / "none.svg").exists()
