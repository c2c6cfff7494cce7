"""Questions about a finished run from the command line: real processes, on one real run of a recorded profile."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evals.messages_api import Fails, ScriptedApi, Stalls, Uses
from tools.profiles.builder import ProfileBuilder
from tools.profiles.pprof import write_pprof
from tools.profiles.profile import Function, ValueType

Done = subprocess.CompletedProcess[str]
Cli = Callable[..., Done]
MAIN = [sys.executable, "-m", "agent.doors.cli.main"]


def environment(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ASK_PROFILER", "XDG_", "ANTHROPIC"))}
    return {**kept, "HOME": str(home), "NO_COLOR": "1", "COLUMNS": "100"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a user who asked about a recorded profile, which is still there."""
    home = tmp_path_factory.mktemp("home")
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    main = Function(name="main.main", file=str(home / "main.go"), start_line=1)
    slow = Function(name="main.slow", file=str(home / "main.go"), start_line=9)
    builder.add([(slow, 10), (main, 2)], [900])
    builder.add([(main, 3)], [100])
    write_pprof(builder.build(default_value="cpu"), home / "cpu.pb.gz")
    words = ["what dominates?", "--target", str(home / "cpu.pb.gz"), "--quiet"]
    done = subprocess.run(
        [*MAIN, *words], env=environment(home), cwd=home, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def cli(finished: Path, tmp_path: Path) -> Iterator[Cli]:
    """Runs `ask-profiler` as that user, on a copy of what is kept."""
    home = tmp_path / "home"
    shutil.copytree(finished, home)

    def run(*words: str, stdin: str = "") -> Done:
        return subprocess.run(
            [*MAIN, *words], env=environment(home), cwd=tmp_path, input=stdin, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip

    yield run
    assert not list(home.rglob("work"))


@pytest.fixture
def chat(cli: Cli, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Begins a conversation that goes on while the test does; `more` is its environment's."""
    begun: list[subprocess.Popen[str]] = []

    def begin(**more: str) -> subprocess.Popen[str]:
        found = subprocess.Popen(
            [*MAIN, "chat", "--quiet"], env={**environment(tmp_path / "home"), **more}, cwd=tmp_path, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        begun.append(found)
        return found

    yield begin
    for each in begun:
        each.kill()
        each.communicate()


def says(chat: subprocess.Popen[str], line: str) -> None:
    assert chat.stdin is not None
    chat.stdin.write(f"{line}\n")
    chat.stdin.flush()


def hears(chat: subprocess.Popen[str]) -> str:
    assert chat.stdout is not None
    return chat.stdout.readline()


def one_sentence(done: Done) -> str:
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("ask-profiler: ")]
    return line


def test_a_question_about_a_run_is_answered_with_numbers_and_their_evidence(cli: Cli) -> None:
    done = cli("ask", "--run", "last", "who calls main.slow?", "--quiet")
    assert done.returncode == 0, done.stderr
    assert "main.slow (own 90.0 % [E" in done.stdout
    assert "- main.main: 900 ns [E" in done.stdout
    evidence = done.stdout.partition("90.0 % [")[2].partition("]")[0]
    assert json.loads(cli("show", "--evidence", evidence).stdout)["title"].startswith("callers of main.slow")


def test_the_answer_as_json_holds_references_numbers_and_evidence(cli: Cli) -> None:
    done = cli("ask", "--run", "last", "callers of slow", "--json", "--quiet")
    found = json.loads(done.stdout)
    assert "{E" in found["text"]
    assert found["outcome"] == "answered"
    assert {n["unit"] for n in found["numbers"].values()} == {"ratio", "s"}
    assert set(found["evidence"]) >= {name.partition(".")[0] for name in found["numbers"]}


def test_a_conversation_answers_line_by_line_until_it_is_ended(cli: Cli, tmp_path: Path) -> None:
    done = cli("chat", "--quiet", stdin="what dominates?\n\nand memory?\n/quit\nevidence E1\n")
    assert done.returncode == 0, done.stderr
    assert "The costliest functions" in done.stdout
    assert "There is no memory profile in this run." in done.stdout
    assert "> " not in done.stdout
    (kept,) = (tmp_path / "home").rglob("followups.jsonl")
    assert len(kept.read_text().splitlines()) == 2


def test_a_question_that_fails_leaves_the_conversation_going(
    chat: Callable[..., subprocess.Popen[str]],
) -> None:
    with ScriptedApi([Fails(400), Uses(("answer", {"text": "It is `main.slow`."}))]) as api:
        talk = chat(**api.environment)
        output, errors = talk.communicate("why?\nwhy then?\n", timeout=30)
    assert output.strip() == "It is main.slow."
    assert talk.returncode == 5
    assert "Traceback" not in errors


def test_that_something_is_not_there_is_an_answer(cli: Cli) -> None:
    done = cli("ask", "--run", "last", "why was C1 rejected?", "--quiet")
    assert (done.returncode, done.stdout) == (0, "There is no candidate C1: none was tried.\n")


def test_what_needs_a_model_is_said(cli: Cli) -> None:
    done = cli("ask", "--run", "last", "try it without the pool", "--quiet")
    assert done.returncode == 0
    assert "ANTHROPIC_API_KEY" in done.stdout
    done = cli("ask", "--run", "last", "try it without the pool", "--quiet", "--json")
    assert json.loads(done.stdout)["outcome"] == "needs a model"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--run", "nope", "why?"], "no run matching 'nope'"),
        (["--run", "last"], "needs a question"),
        (["--run", "last", " "], "the question is empty"),
        (["--run", "last", "why?", "--bench", "x"], "leave --bench out"),
        (["--run", "last", "why?", "--analyst", "claude"], "needs a key"),
    ],
)
def test_what_can_not_be_asked_is_said_in_one_sentence(cli: Cli, words: list[str], said: str) -> None:
    done = cli("ask", *words, "--quiet")
    assert done.returncode == 2
    assert said in one_sentence(done)
    assert done.stdout == ""


def test_a_run_that_has_not_ended_names_the_command_that_goes_on_with_it(cli: Cli, tmp_path: Path) -> None:
    (report,) = (tmp_path / "home").rglob("report.json")
    report.unlink()
    done = cli("chat", stdin="why?\n")
    assert done.returncode == 2
    assert "ask-profiler resume" in one_sentence(done)


def test_ending_a_conversation_that_waits_leaves_nothing_behind(
    chat: Callable[..., subprocess.Popen[str]],
) -> None:
    talk = chat()
    says(talk, "what dominates?")
    assert hears(talk)
    time.sleep(0.2)
    talk.send_signal(signal.SIGTERM)
    _, errors = talk.communicate(timeout=30)
    assert talk.returncode == 130
    assert "Traceback" not in errors


def test_an_interrupt_ends_the_answer_and_not_the_conversation(
    chat: Callable[..., subprocess.Popen[str]],
) -> None:
    with ScriptedApi([Stalls(60.0), Uses(("answer", {"text": "It is `main.slow`."}))]) as api:
        talk = chat(**api.environment)
        says(talk, "why?")
        wait_until(lambda: len(api.seen) == 1)
        time.sleep(0.2)
        talk.send_signal(signal.SIGINT)
        says(talk, "why then?")
        assert hears(talk) == "It is main.slow.\n"
        says(talk, "/quit")
        _, errors = talk.communicate(timeout=30)
    assert "this answer was cancelled" in errors
    assert "Traceback" not in errors


def test_a_model_goes_on_in_the_same_thread_in_another_process(
    chat: Callable[..., subprocess.Popen[str]],
) -> None:
    answered = [Uses(("answer", {"text": text})) for text in ("It is `main.slow`.", "As was said.")]
    with ScriptedApi(answered) as api:
        for question, answer in (("why?", "It is main.slow.\n"), ("sure?", "As was said.\n")):
            talk = chat(**api.environment)
            says(talk, question)
            assert hears(talk) == answer
            says(talk, "/quit")
            talk.communicate(timeout=30)
            assert talk.returncode == 0
        last = json.dumps(api.bodies[-1]["messages"])
    assert "Question: why?" in last
    assert "It is `main.slow`." in last
    assert "Question: sure?" in last


def wait_until(is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_done():
        assert time.monotonic() < deadline
        time.sleep(0.02)
