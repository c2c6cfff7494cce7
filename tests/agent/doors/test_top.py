"""`ask-profiler top`, `peek`, `list` and `diff` as a user meets them: numbers with units, one sentence for errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tools.profiles.builder import ProfileBuilder
from tools.profiles.pprof import read_pprof, write_pprof
from tools.profiles.profile import Function, ValueType

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]
ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests" / "tools" / "profiles" / "data"
CPU, HEAP = DATA / "go1.26-cpu.pb.gz", DATA / "go1.26-heap.pb.gz"
GOROUTINES, PYTHON = DATA / "go1.26-goroutine.pb.gz", DATA / "py-spy-0.4.3.raw.txt"
HOSTILE = "\x1b[31mred\x9b1m\u202e\n<img src=x>|@octocat\t`"


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "agent.doors.cli.main", *map(str, words)]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def start(*words: str | Path) -> Done:
        return subprocess.run(
            command(*words), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    return start


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A profile whose function would steer a terminal, break a table and call somebody."""
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    bad, long = Function(name=HOSTILE, file="a\nb.py"), Function(name="x" * 10_000, file="")
    builder.add([(bad, 1), (long, 2)], [5_000_000], {"thread": HOSTILE})
    write_pprof(builder.build(), tmp_path / "hostile.pb.gz")
    return tmp_path / "hostile.pb.gz"


def found(done: Done) -> dict[str, object]:
    assert done.returncode == 0, done.stderr
    page: dict[str, object] = json.loads(done.stdout)
    return page


def rows(done: Done, table: int = 0) -> list[dict[str, object]]:
    tables = found(done)["tables"]
    assert isinstance(tables, list)
    return list(tables[table]["rows"])


def test_the_costliest_functions_are_shown_with_units_and_what_is_left_out(run: Run) -> None:
    done = run("top", CPU, "-n", "2")
    assert done.returncode == 0, done.stderr
    assert "cpu, 610 ms in all, recorded for 464 ms" in done.stdout
    assert "60.0 ms  9.8 %     60.0 ms  9.8 %  runtime.memmove" in done.stdout
    assert "… 35 more functions: narrow with --focus REGEX, or see more with -n 4" in done.stdout
    (first, *_) = rows(run("top", CPU, "--by", "cumulative", "--format", "json"))
    assert first == {
        "self": 0, "self_share": 0.0, "cumulative": 410_000_000, "cumulative_share": 41 / 61,
        "function": "testing.(*B).runN", "file": "testing/benchmark.go",
    }  # fmt: skip


def test_filters_leave_a_part_whose_shares_are_of_everything(run: Run) -> None:
    page = found(
        run(
            "top",
            HEAP,
            "--value",
            "alloc_space",
            "--focus",
            "dailyreports",
            "--tag",
            "bytes=1000:",
            "--format",
            "json",
        )
    )
    assert (page["value"], page["unit"], page["total"]) == ("alloc_space", "bytes", 513926807)
    assert page["filters"] == {"focus": "dailyreports", "tag": "bytes=1000:"}
    assert 0 < int(str(page["kept"])) < 513926807
    done = run("top", CPU, "--focus", "nothing")
    assert "--focus nothing leaves 0 s (0.0 %)" in done.stdout
    assert "warning: --focus matches nothing" in done.stdout


def test_threads_and_states_split_the_total(run: Run) -> None:
    by_thread = rows(run("top", PYTHON, "--split", "thread", "--format", "json"))
    assert [row["value"] for row in by_thread] == [111, 87, 80]
    assert "92.3 %  chan receive" in run("top", GOROUTINES, "--split", "state").stdout


def test_a_tree_shows_what_calls_cost_together(run: Run) -> None:
    nodes = rows(run("top", CPU, "--tree", "--min-percent", "60", "--format", "json"))
    assert [(n["depth"], n["function"], n["value"]) for n in nodes] == [
        (0, "all", 610_000_000), (1, "testing.(*B).run1.func1", 410_000_000), (2, "testing.(*B).runN", 410_000_000),
    ]  # fmt: skip


def test_callers_and_callees_of_a_function(run: Run) -> None:
    beside = rows(run("peek", CPU, "regexp.compile", "--format", "json"))
    assert [(r["relation"], r["function"], r["value"]) for r in beside] == [
        ("caller", "regexp.Compile", 110_000_000), ("callee", "regexp.compileOnePass", 50_000_000),
        ("callee", "regexp/syntax.Parse", 30_000_000), ("callee", "regexp/syntax.Compile", 20_000_000),
        ("callee", "regexp/syntax.(*Regexp).CapNames", 10_000_000),
    ]  # fmt: skip
    several = run("peek", CPU, "^regexp")
    assert "more functions match: narrow with a longer REGEX" in several.stdout
    both = run("peek", CPU, "regexp.compile", "--tree", "--format", "json")
    assert rows(both, 0)[-1]["self"] == 110_000_000  # where the stacks begin
    assert rows(both, 1)[0]["function"] == "regexp.compileOnePass"


def test_lines_stand_beside_their_source(run: Run) -> None:
    done = run("list", CPU, "trades.validID", "--source", ROOT / "examples" / "daily-reports-go")
    assert "110 ms    63      pattern := regexp.MustCompile(" in done.stdout
    without = run("list", CPU, "trades.validID")
    assert "its source isn't there: name the folder it is below with --source DIR" in without.stdout
    lines = rows(run("list", CPU, "trades.validID", "--format", "json"))
    assert lines == [{"self": 0, "cumulative": 110_000_000, "line": 63, "text": None}]


def test_a_difference_is_absolute_or_of_parts(run: Run, tmp_path: Path) -> None:
    profile = read_pprof(CPU)
    twice = tmp_path / "twice.pb.gz"
    write_pprof(replace(profile, values=profile.values * 2), twice)
    (first, *_) = rows(run("diff", CPU, twice, "--format", "json"))
    assert (first["function"], first["before"], first["after"], first["change"]) == (
        "runtime.memmove", 60_000_000, 120_000_000, 60_000_000,
    )  # fmt: skip
    page = found(run("diff", CPU, twice, "--normalise", "--format", "json"))
    assert (page["normalised"], page["before_total"], page["after_total"]) == (
        True,
        610_000_000,
        1_220_000_000,
    )
    assert {row["change"] for row in rows(run("diff", CPU, twice, "--normalise", "--format", "json"))} == {0}
    text = run("diff", CPU, twice, "--by", "cumulative", "--focus", "runN").stdout
    assert "--focus runN: both are what is left; shares are of that" in text
    (row,) = (line for line in text.splitlines() if line.endswith("testing.(*B).runN"))
    assert row.split() == [
        "410",
        "ms",
        "820",
        "ms",
        "+410",
        "ms",
        "100",
        "%",
        "100",
        "%",
        "testing.(*B).runN",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("top", "missing.pb.gz"), "there is no file missing.pb.gz"),
        (("top", "page.html"), "a page (HTML or XML)"),
        (("top", CPU, "--value", "wall"), "doesn't measure 'wall': choose one of samples, cpu with --value"),
        (("top", CPU, "--focus", "("), "--focus '(' is no regular expression"),
        (("top", CPU, "--tag", "x"), "--tag: 'x' is no label with a value"),
        (("top", CPU, "-n", "0"), "--top 0 leaves nothing to show"),
        (("top", CPU, "--tokens", "0"), "--tokens 0 leaves nothing"),
        (("top", CPU, "--split", "thread"), "its samples have none"),
        (("top", PYTHON, "--split", "state"), "there are process, thread"),
        (("top", CPU, "--tree", "--min-percent", "101"), "--min-percent 101.0 is no part of a total"),
        (("top", CPU, "--tree", "--depth", "0"), "--depth 0"),
        (("peek", CPU, "regexp.Complie"), "did you mean regexp.Compile"),
        (("peek", CPU, "zzzzzzz"), "`ask-profiler top` lists those there are"),
        (("peek", CPU, "("), "no regular expression"),
        (
            ("peek", CPU, "regexp", "--tree"),
            "means several functions and a tree is of one: choose of regexp.",
        ),
        (("peek", CPU, "regexp.compile", "--ignore", "regexp"), "costs no cpu under these filters"),
        (("list", CPU, "main", "--source", "nowhere"), "--source nowhere is no folder"),
        (("diff", CPU, HEAP), "don't both measure 'cpu'"),
        (("diff", CPU, "missing.pb.gz"), "there is no file missing.pb.gz"),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_one_sentence(
    run: Run, tmp_path: Path, words: tuple[str | Path, ...], said: str
) -> None:
    (tmp_path / "page.html").write_text("<!doctype html><title>Log in</title>")
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("form", ["text", "compact", "markdown", "json"])
@pytest.mark.parametrize(
    "words",
    [
        ("top",),
        ("top", "--tree"),
        ("top", "--split", "thread"),
        ("peek", "x"),
        ("peek", "red", "--tree"),
        ("list", "x"),
    ],
)
def test_names_that_could_steer_a_terminal_do_not(
    run: Run, hostile: Path, form: str, words: tuple[str, ...]
) -> None:
    name, *rest = words
    done = run(name, hostile, *rest, "--format", form)
    assert done.returncode == 0, done.stderr
    assert not {c for c in done.stdout if not c.isprintable()} - {"\n", "\t"}
    if form == "markdown" and "--tree" not in words:
        assert "@octocat" not in done.stdout and "<img" not in done.stdout.replace("\\<img", "")
    if form != "json":
        assert "x" * 300 not in done.stdout
    if words == ("top",) and form == "json":
        assert rows(done)[0]["function"] == HOSTILE


def test_an_error_does_not_print_a_hostile_name_raw(run: Run, hostile: Path) -> None:
    done = run("peek", hostile, ".", "--tree")
    assert done.returncode == 2
    assert not {c for c in done.stderr if not c.isprintable()} - {"\n"}


def test_a_pipe_that_closes_early_is_no_error(tmp_path: Path) -> None:
    started = subprocess.Popen(
        command("top", CPU, "--by", "cumulative", "-n", "1000", "--tokens", "100000"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert started.stdout is not None and started.stderr is not None
    started.stdout.close()
    assert (started.wait(60), started.stderr.read()) == (0, b"")
    started.stderr.close()


@pytest.mark.parametrize(
    "words",
    [("top", CPU), ("peek", CPU, "regexp.compile"), ("list", CPU, "regexp.compile"), ("diff", CPU, CPU)],
)
def test_the_workflow_is_not_loaded_for_it(words: tuple[str | Path, ...]) -> None:
    code = (
        f"import sys; from agent.doors.cli.main import main; main({list(map(str, words))!r}); "
        "print([m for m in ('langgraph', 'anthropic', 'pydantic', 'scipy', 'agent.graph') if m in sys.modules], "
        "file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
