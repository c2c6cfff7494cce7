"""`ask-profiler convert`: the form follows from the name, nothing is written over, and losses are said."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agent.doors.cli import convert
from agent.errors import BadRequest
from tools.profiles.pprof import read_pprof
from tools.profiles.queries import top
from tools.profiles.reading import read_profile

DATA = Path(__file__).parents[2] / "tools" / "profiles" / "data"
CPU = DATA / "go1.26-cpu.pb.gz"


def run(*words: str | Path) -> int:
    parser = argparse.ArgumentParser()
    convert.add_arguments(parser)
    return convert.execute(parser.parse_args([str(w) for w in words]))


@pytest.mark.parametrize(
    ("name", "form", "value"),
    [
        ("a.speedscope.json", "speedscope", "wall"),
        ("a.folded", "collapsed", "samples"),
        ("a.txt", "collapsed", "samples"),
        ("a.pb.gz", "pprof", "cpu"),
    ],
)
def test_the_form_follows_from_the_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, form: str, value: str
) -> None:
    assert run(CPU, "-o", tmp_path / name) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{tmp_path / name}: {form}, ")
    assert ("not in it: the values samples" in told) == (form != "pprof")
    assert read_profile(tmp_path / name).total(value) == read_pprof(CPU).total("cpu")


def test_go_reads_what_came_back_from_speedscope(tmp_path: Path) -> None:
    """pprof to speedscope to pprof; `go tool pprof` says the same as of the first file, inlining left out."""
    go = shutil.which("go")
    assert go is not None, "go is not installed: install it from https://go.dev/dl"
    run(CPU, "-o", tmp_path / "a.speedscope.json")
    run(tmp_path / "a.speedscope.json", "-o", tmp_path / "a.pb.gz")

    def rows(path: Path) -> list[tuple[str, ...]]:
        words = [go, "tool", "pprof", "-top", "-unit=ns", "-nodecount=1000", "-nodefraction=0", str(path)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        # own cost and its share, the sum so far (which depends on the order), cost with calls and its share, the name
        found = re.findall(
            r"^ *(\S+) +([\d.]+%) +[\d.]+% +(\S+) +([\d.]+%)  (.+?)(?: \((?:partial-)?inline\))?$",
            done.stdout,
            re.MULTILINE,
        )
        return sorted(found)

    assert rows(tmp_path / "a.pb.gz") == rows(CPU)
    assert len(rows(CPU)) > 50


def test_one_value_of_pprof(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heap = DATA / "go1.26-heap.pb.gz"
    run(heap, "-o", tmp_path / "a.pb.gz", "--value", "alloc_space")
    profile = read_profile(tmp_path / "a.pb.gz")
    assert [v.name for v in profile.value_types] == ["alloc_space"]
    assert top(profile, value="alloc_space") == top(read_pprof(heap), value="alloc_space")
    assert "not in it: the values alloc_objects, inuse_objects, inuse_space" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a.pb.gz", "-o", "b.svg"], "b.svg: no form has this ending: choose one of .pb.gz"),
        (["a.pb.gz", "-o", "there.txt"], "there.txt is already there"),
        (["a.pb.gz", "-o", "a.pb.gz", "--force"], "is the profile to convert"),
        (["a.pb.gz", "-o", "folder", "--to", "pprof"], "folder is a folder"),
        (["none.pb.gz", "-o", "b.txt"], "there is no file none.pb.gz"),
        (["a.pb.gz", "-o", "b.txt", "--value", "heat"], "doesn't measure 'heat': choose one of samples, cpu"),
        (["there.txt", "-o", "b.pb.gz"], "there.txt: text, but its first line is no stack"),
    ],
)
def test_what_cannot_be_converted_is_refused_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(CPU, "a.pb.gz")
    Path("there.txt").write_text("mine")
    Path("folder").mkdir()
    with pytest.raises(BadRequest, match=re.escape(told)):
        run(*words)
    assert Path("there.txt").read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.pb.gz", "folder", "there.txt"]
    assert Path("a.pb.gz").read_bytes() == CPU.read_bytes()


def test_a_file_is_written_over_when_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    assert run(CPU, "-o", tmp_path / "a.txt", "--force") == 0
    assert read_profile(tmp_path / "a.txt").samples


def test_a_recording_of_memray_becomes_a_profile_of_what_was_held(tmp_path: Path) -> None:
    """By the real memray: a list of 40 MB, held by a function of the program's."""
    recording, out = tmp_path / "a.bin", tmp_path / "a.pb.gz"
    (tmp_path / "app.py").write_text("def hold():\n    return bytearray(40_000_000)\n\nkept = hold()\n")
    words = [sys.executable, "-m", "memray", "run", "-q", "-o", str(recording), str(tmp_path / "app.py")]
    subprocess.run(words, check=True, capture_output=True)
    assert run(recording, "-o", out) == 0
    profile = read_profile(out)
    (cost,) = [c for c in top(profile, value="peak_space", limit=100) if c.function.name == "hold"]
    assert 40_000_000 <= cost.self_value < 41_000_000
    assert cost.function.file == str(tmp_path / "app.py")


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.7, 0.9, 0.999])
def test_a_recording_of_memray_that_was_cut_is_refused(
    tmp_path: Path, share: float, *, compressed: bool
) -> None:
    """memray reads what is left of one, and says so on standard error or, cut between two records, not at all."""
    recording = tmp_path / "a.bin"
    (tmp_path / "app.py").write_text("kept = [bytearray(1000 + n) for n in range(20_000)]\n")
    how = ["-q", *([] if compressed else ["--no-compress"]), "-o", str(recording), str(tmp_path / "app.py")]
    subprocess.run([sys.executable, "-m", "memray", "run", *how], check=True, capture_output=True)
    content = recording.read_bytes().rstrip(b"\0")  # a recorder leaves room behind the last record
    recording.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(BadRequest, match=r"a\.bin: the memory recording"):
        run(recording, "-o", tmp_path / "a.pb.gz")
    assert not (tmp_path / "a.pb.gz").exists()


def test_what_a_program_held_when_it_was_killed_is_read(tmp_path: Path) -> None:
    recording = tmp_path / "a.bin"
    (tmp_path / "app.py").write_text("import os\nkept = bytearray(40_000_000)\nos.kill(os.getpid(), 9)\n")
    words = [sys.executable, "-m", "memray", "run", "-q", "-o", str(recording), str(tmp_path / "app.py")]
    subprocess.run(words, check=False, capture_output=True)
    assert run(recording, "-o", tmp_path / "a.pb.gz") == 0
    assert read_profile(tmp_path / "a.pb.gz").total("peak_space") > 40_000_000
