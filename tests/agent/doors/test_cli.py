"""The command line as a user meets it: real processes, exit codes, and one clear sentence for what is wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.doors.cli.main import COMMANDS, EXIT_CODES
from tests.doors.targets import python_target

Done = subprocess.CompletedProcess[str]
Cli = Callable[..., Done]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Runs `ask-profiler` in an empty folder with a home of its own."""
    here, home = tmp_path / "here", tmp_path / "home"
    here.mkdir()
    home.mkdir()
    (here / ".git").mkdir()

    def run(*words: str, cwd: Path = here, **environment: str) -> Done:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("ASK_PROFILER", "XDG_", "ANTHROPIC"))}
        return subprocess.run(
            [sys.executable, "-m", "agent.doors.cli.main", *words],
            cwd=cwd,
            env={**env, "HOME": str(home), "NO_COLOR": "1", "COLUMNS": "100", **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def _says_one_sentence(done: Done) -> None:
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("ask-profiler: ")]
    assert line


def test_help_names_every_command_and_every_exit_code(cli: Cli) -> None:
    done = cli("--help")
    assert done.returncode == 0
    for name in COMMANDS:
        assert re.search(rf"^    {name}\b", done.stdout, re.MULTILINE)
    assert EXIT_CODES in done.stdout


def test_help_is_quick_because_it_loads_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from agent.doors.cli.main import make_parser\n"
        "make_parser().format_help()\n"
        "heavy = {'langgraph', 'numpy', 'pydantic', 'anthropic', 'libcst', 'jinja2', 'rich', 'ast_grep_py', 'yaml'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_of_its_own(cli: Cli, command: str) -> None:
    done = cli(command, "--help")
    assert done.returncode == 0
    assert "usage: ask-profiler" in done.stdout


def test_the_version_is_the_installed_one(cli: Cli) -> None:
    from importlib.metadata import version

    assert cli("--version").stdout == f"ask-profiler {version('ask-profiler')}\n"


def test_without_arguments_the_help_is_shown(cli: Cli) -> None:
    done = cli()
    assert done.returncode == 2
    assert "COMMAND" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["why?", "--target", "nowhere"], "nowhere doesn't exist"),
        (["why?"], "is neither a Go module"),
        (["why?", "--target", "x" * 300], "the target"),
        (["why?", "--sizes", "many"], "not a list of whole numbers"),
        (["why?", "--cmd", "python 'unclosed"], "--cmd"),
        (["why?", "--analyst", "replay:nowhere.jsonl"], "nowhere.jsonl to replay is no file: give a run's"),
        (["show"], "there are no runs"),
        (["open", "20260101"], "there are no runs"),
        (["apply"], "there are no runs"),
        (["resume"], "there are no runs"),
    ],
)
def test_a_request_that_cannot_be_used_ends_with_2_and_changes_nothing(
    cli: Cli, tmp_path: Path, words: list[str], said: str
) -> None:
    done = cli(*words)
    assert done.returncode == 2
    assert said in done.stderr
    _says_one_sentence(done)
    assert done.stdout == ""
    assert not list((tmp_path / "home").rglob("*"))


@pytest.mark.parametrize(
    "words",
    [
        ["why?", "--bench", "x", "--cmd", "y"],
        ["why?", "--analyst", "oracle"],
        ["why?", "--analyst", "replay:"],
        ["why?", "--seed", "x"],
        ["why?", "--nonsense"],
        ["completion", "fish"],
        ["runs", "--limit", "few"],
        ["show", "--json", "--patch"],
    ],
)
def test_arguments_that_make_no_sense_end_with_2_and_the_usage(cli: Cli, words: list[str]) -> None:
    done = cli(*words)
    assert done.returncode == 2
    assert "usage: ask-profiler" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("analyst", ["auto", "playbook", "claude", "replay:a.jsonl"])
def test_every_analyst_can_be_named_and_a_transcript_is_found_from_wherever_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, analyst: str
) -> None:
    from agent.doors.cli import ask
    from agent.doors.cli.main import make_parser

    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jsonl").write_text("")
    args = make_parser().parse_args(["ask", "why?", "--analyst", analyst])
    expected = f"replay:{tmp_path / 'a.jsonl'}" if analyst.startswith("replay") else analyst
    assert ask.with_transcript(args.analyst) == expected


def test_an_analyst_that_does_not_exist_is_named_with_those_that_do(cli: Cli) -> None:
    assert (
        "'oracle' is none of auto, playbook, claude, replay:FILE" in cli("why?", "--analyst", "oracle").stderr
    )
    assert "replay: names no file" in cli("why?", "--analyst", "replay:").stderr


@pytest.mark.parametrize("words", [["why?", "--agent"], ["definition"]])
def test_a_definition_that_cannot_be_used_ends_with_3(cli: Cli, tmp_path: Path, words: list[str]) -> None:
    bad = tmp_path / "bad.md"
    bad.write_text("no frontmatter\n")
    (tmp_path / "a.py").write_text("")
    target = ["--target", str(tmp_path / "a.py")] if words[0] == "why?" else []
    done = cli(*words, str(bad), *target)
    assert done.returncode == 3
    assert f"{bad}:1: no frontmatter" in done.stderr
    _says_one_sentence(done)
    assert not list((tmp_path / "home").rglob("*"))


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_settings_with_an_unknown_key_end_with_3_and_name_the_key(cli: Cli, tmp_path: Path, how: str) -> None:
    bad = tmp_path / "agent.yaml"
    bad.write_text("measure: {capture_ms: 1}\n")
    (tmp_path / "a.py").write_text("")
    words = ["why?", "--target", str(tmp_path / "a.py")]
    more = ["--settings", str(bad)] if how == "argument" else []
    environment = {} if more else {"ASK_PROFILER_SETTINGS": str(bad)}
    done = cli(*words, *more, **environment)
    assert done.returncode == 3
    assert "unknown key 'measure.capture_ms': known here are" in done.stderr
    assert "capture_s" in done.stderr
    _says_one_sentence(done)


def test_a_place_for_runs_that_cannot_be_written_ends_with_7(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    done = cli("why?", "--target", str(tmp_path / "a.py"), "--runs-dir", "/proc/runs")
    assert done.returncode == 7
    assert "--runs-dir" in done.stderr
    _says_one_sentence(done)


def test_the_definition_is_shown_as_understood_and_as_json(cli: Cli) -> None:
    done = cli("definition")
    assert done.returncode == 0
    assert "name: performance-profiler" in done.stdout
    assert "[latency < 100 ms at p99]" in done.stdout
    as_json = json.loads(cli("definition", "--json").stdout)
    assert as_json["policy"]["minimum_gain_ratio"] == 0.1


def test_another_definition_is_shown_with_what_cannot_be_decided_and_what_was_recovered(cli: Cli) -> None:
    data = Path(__file__).parents[1] / "definitions" / "data"
    assert "not decidable by this program" in cli("definition", str(data / "strict.md")).stdout
    assert "line 3: not valid YAML" in cli("definition", str(data / "one-line-examples.md")).stdout


def test_the_doctor_says_what_works_and_what_a_missing_thing_leaves_out(cli: Cli) -> None:
    done = cli("doctor", "--json")
    checks = {c["name"]: c for c in json.loads(done.stdout)}
    assert {
        "host",
        "sandbox",
        "git",
        "go",
        "benchstat",
        "valgrind",
        "python",
        "definition",
        "playbook",
        "key",
        "model: investigate",
    } <= set(checks)
    needed = [c for c in checks.values() if c["needed"]]
    assert done.returncode == (0 if all(c["works"] for c in needed) else 8)
    assert all(c["text"] for c in checks.values())


def test_the_doctor_names_missing_programs_and_ends_with_8(cli: Cli, tmp_path: Path) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    done = cli("doctor", PATH=str(empty))
    assert done.returncode == 8
    assert "MISSING  git" in done.stdout
    assert "Traceback" not in done.stderr


def test_no_runs_yet_is_said_and_no_error(cli: Cli, tmp_path: Path) -> None:
    done = cli("runs", "--runs-dir", str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (0, "")
    assert f"no runs in {tmp_path / 'none'}" in done.stderr


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A place with one run that was interrupted and one that ended."""
    runs = tmp_path / "runs"
    for name, files in {
        "20260101-000000-aaaa": {"evidence.jsonl": '{"id": "E1", "title": "a"}\n{"id": "E2", "ti'},
        "20260102-000000-bbbb": {"report.json": '{"outcome": "improved"}', "report.md": "# Improved\n"},
    }.items():
        (runs / name).mkdir(parents=True)
        request = {"question": "why\nslow?", "target": "/srv/x"}
        (runs / name / "request.json").write_text(json.dumps(request))
        for file, text in files.items():
            (runs / name / file).write_text(text)
    return runs


def test_kept_runs_are_listed_one_a_line_with_their_state(cli: Cli, kept: Path) -> None:
    lines = cli("runs", "--runs-dir", str(kept)).stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["20260101-000000-aaaa", "interrupted"],
        ["20260102-000000-bbbb", "improved"],
    ]
    assert cli("runs", "--runs-dir", str(kept), "--limit", "1").stdout.splitlines() == lines[1:]


@pytest.mark.parametrize(
    ("ended", "listed", "said"),
    [
        (
            {"how": "failed", "problem": "the command has {size} but no\n\x1b[2Jsizes", "can_go_on": False},
            "failed",
            "ask anew",
        ),
        ({"how": "failed", "problem": "go is not installed", "can_go_on": True}, "failed", "resume"),
        ({"how": "cancelled", "problem": "it was cancelled", "can_go_on": False}, "cancelled", "ask anew"),
    ],
)
def test_a_run_that_failed_or_was_cancelled_is_not_called_interrupted(
    cli: Cli, kept: Path, ended: dict[str, object], listed: str, said: str
) -> None:
    run, place = "20260101-000000-aaaa", ("--runs-dir", str(kept))
    (kept / run / "ended.json").write_text(json.dumps(ended))
    first = cli("runs", *place).stdout.splitlines()[0]
    assert first.split()[:2] == [run, listed]
    if listed == "failed":
        assert str(ended["problem"]).split()[0] in first
        assert "sizes)" in first or "installed)" in first
    assert "\x1b" not in first
    for command in ("show", "chat"):
        done = cli(command, run, *place)
        assert done.returncode == 2
        assert said in done.stderr
        assert ("resume" in done.stderr) == (said == "resume")
        assert "interrupted" not in done.stderr
    _says_one_sentence(done)
    if said == "ask anew":
        again = cli("resume", run, *place)
        assert again.returncode == 2
        assert said in again.stderr


def test_without_an_accepted_change_there_is_no_patch_to_show(cli: Cli, kept: Path) -> None:
    done = cli("show", "last", "--patch", "--runs-dir", str(kept))
    assert done.returncode == 2
    assert "no change was accepted" in done.stderr
    assert "resume" not in done.stderr


def test_a_request_that_fails_is_listed_as_failed_and_no_resuming_is_offered(
    cli: Cli, tmp_path: Path
) -> None:
    target, place = python_target(tmp_path / "sized", test=None), ("--runs-dir", str(tmp_path / "failing"))
    done = cli("why?", "--target", str(target), "--cmd", "python app.py {size}", "--quiet", *place)
    assert done.returncode == 2
    assert "no sizes" in done.stderr
    assert "resume" not in done.stderr
    (line,) = cli("runs", *place).stdout.splitlines()
    assert line.split()[1] == "failed"
    assert "the command has {size} but no sizes" in line
    assert "ask anew" in cli("show", *place).stderr


def test_one_unreadable_run_does_not_hide_the_others(cli: Cli, kept: Path) -> None:
    (kept / "20260101-000000-aaaa" / "request.json").write_text("{")
    done = cli("runs", "--runs-dir", str(kept))
    assert "20260102-000000-bbbb" in done.stdout
    assert "20260101-000000-aaaa" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_runs_report_evidence_and_missing_parts(cli: Cli, kept: Path) -> None:
    place = ("--runs-dir", str(kept))
    assert cli("show", "last", *place).stdout == "# Improved\n"
    unfinished = cli("show", "20260101", *place)
    assert unfinished.returncode == 2
    assert "resume 20260101-000000-aaaa" in unfinished.stderr
    first = cli("show", "20260101", "--evidence", "E1", *place)
    assert json.loads(first.stdout) == {"id": "E1", "title": "a"}
    other = cli("show", "20260101", "--evidence", "E9", *place)
    assert (other.returncode, "E1 to E1" in other.stderr) == (2, True)
    assert cli("apply", "last", *place).returncode == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_every_command(cli: Cli, shell: str) -> None:
    script = cli("completion", shell).stdout
    for name in COMMANDS:
        assert name in script


def test_a_reader_that_goes_away_is_no_error(cli: Cli) -> None:
    done = subprocess.run(
        f"{sys.executable} -m agent.doors.cli.main definition --json | head -c 1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "{"
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
