"""`ask-profiler token` and `ask-profiler audit`, on a service's own database."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from agent.access.audit import Audit
from agent.access.tokens import Tokens
from agent.database.opening import Database
from agent.doors.cli import audit as audit_command
from agent.doors.cli import token as token_command
from agent.doors.cli.durations import duration_s
from agent.errors import BadRequest
from agent.settings import Settings

Run = Callable[..., str]


def parsed(command: ModuleType, words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture
def settings_file(settings: Settings, tmp_path: Path) -> Path:
    file = tmp_path / "agent.yaml"
    file.write_text(yaml.safe_dump({"storage": {"state_folder": settings.storage.state_folder}}))
    return file


@pytest.fixture
def run(settings_file: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """What a command writes to standard output."""

    def execute(command: ModuleType, *words: str) -> str:
        capsys.readouterr()
        assert command.execute(parsed(command, [*words, "--settings", str(settings_file)])) == 0
        return capsys.readouterr().out

    return execute


def test_a_token_is_made_alone_on_standard_output_and_works(run: Run, database: Database) -> None:
    secret = run(token_command, "create", "ci", "--scope", "ask", "--scope", "apply", "--expires", "90d")
    assert re.fullmatch(r"apt_ci_[0-9a-f]{64}\n", secret)
    found = Tokens(database=database).find(secret.strip())
    assert found is not None and found.scopes == {"ask", "apply"}
    assert found.expires == pytest.approx(found.created + 90 * 86400)


def test_without_scopes_it_may_ask(run: Run, database: Database) -> None:
    found = Tokens(database=database).find(run(token_command, "create", "ci").strip())
    assert found is not None and found.scopes == {"ask"} and found.expires is None


def test_a_life_of_a_token(run: Run, database: Database) -> None:
    tokens = Tokens(database=database)
    first = run(token_command, "create", "ci").strip()
    second = run(token_command, "rotate", "ci", "--overlap", "1h").strip()
    assert tokens.find(first) and tokens.find(second)
    listed = run(token_command, "list")
    assert re.search(r"^ci +1  valid +ask +made \S+  valid until 20", listed, re.MULTILINE)
    assert re.search(r"^ci +2  valid +ask +made \S+  valid for ever", listed, re.MULTILINE)
    assert first not in listed
    assert run(token_command, "revoke", "ci", "--number", "1") == "revoked: 1 valid token of ci\n"
    assert tokens.find(first) is None and tokens.find(second)
    found = json.loads(run(token_command, "list", "ci", "--json"))
    assert [(t["number"], t["state"]) for t in found] == [(1, "revoked"), (2, "valid")]
    assert run(token_command, "revoke", "ci") == "revoked: 1 valid token of ci\n"


def test_as_json_the_secret_is_a_field(run: Run, database: Database) -> None:
    made = json.loads(run(token_command, "create", "ci", "--json"))
    assert Tokens(database=database).find(made["token"])
    assert (made["name"], made["number"], made["state"]) == ("ci", 1, "valid")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["create"], "which token"),
        (["rotate", "nobody"], "there is no token nobody"),
        (["revoke", "nobody"], "there is no token nobody"),
        (["create", "x", "--expires", "soon"], "is no time"),
        (["create", "../x"], "can't be a token's name"),
        (["create", "x", "--expires", "-1d"], "is no time"),
    ],
)
def test_what_can_not_be_done_is_said(run: Run, words: list[str], says: str) -> None:
    if words[-1] == "-1d":
        words = [*words[:-2], "--expires=-1d"]
    with pytest.raises(BadRequest, match=says):
        run(token_command, *words)


def test_the_audit_is_printed_as_lines_or_as_json(run: Run, database: Database) -> None:
    audit = Audit(database)
    audit.note("token:ci", "http", "ask", "shop", "job", "J1: why?")
    audit.note("slack:T1/U1", "slack", "apply", "shop", "refused")
    text = run(audit_command, "--since", "1h")
    assert re.search(r"^20\S+Z  token:ci  http  ask  shop  job  J1: why\?$", text, re.MULTILINE)
    assert text.count("\n") == 2
    found = [
        json.loads(line) for line in run(audit_command, "--json", "--caller", "slack:T1/U1").splitlines()
    ]
    assert [(line["action"], line["outcome"]) for line in found] == [("apply", "refused")]
    assert run(audit_command, "--since", "2099-01-01") == ""


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("90m", 5400), ("1.5h", 5400), ("30d", 2592000), ("2w", 1209600)]
)
def test_times_are_read_with_their_units(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "h", "-1h", "1y", "1e9d", "nan d", "9" * 12 + "d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        duration_s(text)


def test_the_scopes_of_the_command_are_those_there_are() -> None:
    from agent.access.caller import SCOPES

    assert token_command.SCOPES == SCOPES


def test_the_commands_do_not_slow_the_command_line_down() -> None:
    code = (
        "import sys, argparse\n"
        "from agent.doors.cli import audit, token\n"
        "for command in (audit, token): command.add_arguments(argparse.ArgumentParser())\n"
        "heavy = {'sqlalchemy', 'pydantic', 'jwt', 'opentelemetry', 'prometheus_client'} & set(sys.modules)\n"
        "sys.exit(' '.join(heavy) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
