"""`ask-profiler compare` as a user meets it: two files of one kind, tables in three forms, one sentence for errors."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Done = subprocess.CompletedProcess[str]
Compare = Callable[..., Done]
DATA = Path(__file__).parents[2] / "tools" / "profiles" / "data"
NOISE = (100, 102, 98, 101, 99, 103, 97, 100.5)


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    (tmp_path / "old.txt").write_text(_bench("X", 1.0) + _bench("Same", 1.0))
    (tmp_path / "new.txt").write_text(_bench("X", 0.5) + _bench("Same", 1.0))

    def run(*words: str | Path) -> Done:
        argv = [sys.executable, "-m", "agent.doors.cli.main", "compare", *map(str, words)]
        return subprocess.run(
            argv, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False, env=_env()
        )

    return run


def _env() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}


def _bench(name: str, factor: float) -> str:
    return "".join(
        f"Benchmark{name}-8 100 {factor * v * 1000} ns/op {int(factor * 64)} B/op\n" for v in NOISE
    )


def test_a_change_is_shown_with_its_interval_and_noise_as_a_tilde(compare: Compare) -> None:
    done = compare("old.txt", "new.txt", "--unit", "ns/op")
    assert done.returncode == 0, done.stderr
    changed, same = (next(x for x in done.stdout.splitlines() if x.startswith(n)) for n in ("X-8", "Same-8"))
    assert "-50.00 %" in changed and "p=0.000 n=8" in changed
    assert " ~ " in same
    assert "B/op" not in done.stdout
    assert "ask-profiler verify" in done.stdout


def test_markdown_and_json_say_the_same(compare: Compare) -> None:
    assert "| X-8 |" in compare("old.txt", "new.txt", "--format", "markdown").stdout
    found = json.loads(compare("old.txt", "new.txt", "--format", "json").stdout)
    (first, _) = found["units"][0]["changes"]
    assert (first["benchmark"], first["changed"], round(first["ratio"], 3)) == ("X-8", True, 0.5)


def test_the_sides_of_a_runs_own_file_are_compared(compare: Compare, tmp_path: Path) -> None:
    both = "side: before\n" + _bench("X", 1.0) + "\nside: after\n" + _bench("X", 0.5)
    (tmp_path / "benchmarks.txt").write_text(both)
    assert "-50.00 %" in compare("benchmarks.txt:before", "benchmarks.txt:after").stdout
    done = compare("benchmarks.txt", "new.txt")
    assert done.returncode == 2
    assert "holds several sides: name one, such as benchmarks.txt:before" in done.stderr


def test_profiles_are_compared_function_by_function(compare: Compare) -> None:
    cpu = DATA / "go1.26-cpu.pb.gz"
    done = compare(cpu, cpu, "--top", "3", "--by", "cumulative")
    assert done.returncode == 0, done.stderr
    assert "3 of" in done.stdout and "share before" in done.stdout
    heap = DATA / "go1.26-heap.pb.gz"
    found = json.loads(compare(heap, heap, "--value", "alloc_space", "--format", "json").stdout)
    assert found["value"] == {"name": "alloc_space", "unit": "bytes"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("old.txt", "missing.txt"), "there is no file missing.txt"),
        (("old.txt", DATA / "go1.26-cpu.pb.gz"), "one is a profile, the other isn't"),
        (("old.txt", "empty"), "the file is empty"),
        (("old.txt", "events.json"), "record without -json"),
        (("old.txt", "torn.pb.gz"), "torn.pb.gz"),
        (("old.txt", "other.txt"), "no benchmark in common"),
        (("old.txt", "new.txt", "--unit", "parsec"), "no values in parsec in common"),
        ((DATA / "go1.26-cpu.pb.gz", DATA / "go1.26-cpu.pb.gz", "--top", "0"), "--top 0"),
        ((DATA / "go1.26-cpu.pb.gz", DATA / "go1.26-heap.pb.gz"), "don't both measure"),
    ],
)
def test_files_that_cannot_be_compared_end_with_2_and_one_sentence(
    compare: Compare, tmp_path: Path, words: tuple[str | Path, ...], said: str
) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "events.json").write_text('{"Time":"2026-01-01T00:00:00Z","Action":"start"}\n')
    (tmp_path / "torn.pb.gz").write_bytes(gzip.compress(b"\x0a\x7f" * 20))
    (tmp_path / "other.txt").write_text(_bench("Other", 1.0))
    done = compare(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_names_that_could_steer_a_terminal_or_a_page_do_not(compare: Compare, tmp_path: Path) -> None:
    name = "X\x1b[31m|<img>@octocat"
    for file in ("old.txt", "new.txt"):
        (tmp_path / file).write_text("".join(f"Benchmark{name} 1 {v} ns/op\n" for v in NOISE))
    assert "\x1b" not in compare("old.txt", "new.txt").stdout
    page = compare("old.txt", "new.txt", "--format", "markdown").stdout
    assert "\x1b" not in page and "@octocat" not in page and "\\<img\\>" in page
