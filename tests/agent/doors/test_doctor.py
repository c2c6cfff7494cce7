"""What the doctor says of models: whether there is a key, never which, and who would be asked and why."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.doors.cli import doctor
from agent.errors import BadSettings

Checks = dict[str, dict[str, object]]
Examine = Callable[..., Checks]
STEPS = {f"model: {step}" for step in ("prepare", "investigate", "optimise", "follow up")}


@pytest.fixture
def examine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Examine:
    """Runs the doctor in this process, on a host without programs, which it needn't wait for."""
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ASK_PROFILER_SETTINGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    def run(settings: str = "", definition: str = "", **environment: str) -> Checks:
        (tmp_path / "agent.yaml").write_text(settings)
        (tmp_path / "agent.md").write_text(f"---\nname: mine\n{definition}\n---\nBe quick.\n")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        args = argparse.Namespace(
            python=None,
            json=True,
            agent=str(tmp_path / "agent.md") if definition else None,
            settings=str(tmp_path / "agent.yaml") if settings else None,
        )
        doctor.execute(args)
        return {check["name"]: check for check in json.loads(capsys.readouterr().out)}

    return run


def test_without_a_key_the_playbook_answers_and_that_is_no_fault(examine: Examine) -> None:
    key = examine()["key"]
    assert (key["works"], key["needed"]) == (False, False)
    assert key["text"] == "ANTHROPIC_API_KEY is not set: the playbook answers, and no model is asked"


def test_settings_that_need_a_key_say_what_to_do_without_one(examine: Examine) -> None:
    text = str(examine("analyst: {kind: claude}")["key"]["text"])
    assert text.endswith("analyst.kind of agent.yaml is claude: set the key, or analyst.kind: auto")


def test_a_key_is_said_to_be_there_and_is_never_shown(examine: Examine) -> None:
    secret = "-".join(["not", "a", "real", "key"])
    checks = examine(ANTHROPIC_API_KEY=secret)
    assert checks["key"]["works"] is True
    assert checks["key"]["text"] == "ANTHROPIC_API_KEY is set; asked is Anthropic's API"
    assert secret not in json.dumps(checks)


def test_an_empty_key_is_none(examine: Examine) -> None:
    assert examine(ANTHROPIC_API_KEY=" ")["key"]["works"] is False


@pytest.mark.parametrize(
    ("settings", "environment", "shown"),
    [
        ("model: {base_url: 'https://gateway.example.org/claude'}", "", "https://gateway.example.org/claude"),
        ("model: {base_url: 'http://localhost:8080'}", "https://other.example.org", "http://localhost:8080"),
        (
            "",
            "https://me:hunter2@gateway.example.org:8443/x?token=hunter2",
            "https://gateway.example.org:8443/x",
        ),
        ("", "http://[::1", "an address that can't be read: see model.base_url and ANTHROPIC_BASE_URL"),
    ],
)
def test_who_is_asked_is_shown_without_a_password(
    examine: Examine, settings: str, environment: str, shown: str
) -> None:
    checks = examine(settings, ANTHROPIC_API_KEY="x", ANTHROPIC_BASE_URL=environment)
    assert checks["key"]["text"] == f"ANTHROPIC_API_KEY is set; asked is {shown}"
    assert "hunter2" not in json.dumps(checks)


def test_settings_that_ask_no_model_are_said(examine: Examine) -> None:
    key = examine("analyst: {kind: playbook}", ANTHROPIC_API_KEY="x")["key"]
    assert key["text"] == "not used: analyst.kind of agent.yaml is playbook"


def test_each_step_has_its_model_with_the_reason_and_the_date_of_its_price(examine: Examine) -> None:
    checks = examine(
        "model: {steps: {investigate: haiku, follow_up: my-own}}", "model: claude-3-5-sonnet-20241022"
    )
    assert set(checks) >= STEPS
    assert checks["model: optimise"]["text"] == (
        "claude-sonnet-5-5: the definition names claude-3-5-sonnet-20241022, which agent.yaml replaces; "
        "prices of 2026-10-10"
    )
    assert checks["model: investigate"]["text"] == (
        "claude-haiku-5-5: model.steps.investigate of agent.yaml names haiku, which agent.yaml replaces; "
        "prices of 2026-10-10"
    )
    assert checks["model: follow up"]["text"] == (
        "my-own: model.steps.follow_up of agent.yaml names it; no price in agent.yaml: its cost isn't known"
    )


def test_settings_of_the_environment_are_used_and_wrong_ones_are_an_error(
    examine: Examine, tmp_path: Path
) -> None:
    file = tmp_path / "other.yaml"
    file.write_text("model: {default: claude-opus-5}")
    assert str(examine(ASK_PROFILER_SETTINGS=str(file))["model: optimise"]["text"]).startswith(
        "claude-opus-5:"
    )
    file.write_text("model: {defaults: x}")
    with pytest.raises(BadSettings, match=r"unknown key 'model\.defaults'"):
        examine()
