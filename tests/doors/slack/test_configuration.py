"""What is missing is said at once, and the manifest is one that Slack takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from agent.doors.slack.app import SCOPES, make_slack
from agent.doors.slack.listening import COMMAND
from agent.doors.slack.manifest import manifest
from agent.errors import BadSettings
from agent.jobs.desk import Desk
from agent.jobs.opening import open_desk
from tests.doors.slack.fake_slack import FakeSlack
from tests.doors.slack.served import Setting


@pytest.fixture
def desk(setting: Setting) -> Desk:
    return open_desk(setting.settings(FakeSlack(url="http://127.0.0.1:1/")), {})


def test_everything_that_is_missing_is_named_at_once(desk: Desk) -> None:
    with pytest.raises(BadSettings) as caught:
        make_slack(desk, desk.settings, {})
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"):
        assert name in str(caught.value)


def test_the_way_in_is_chosen_by_the_secret_that_is_set(desk: Desk) -> None:
    bot = {"SLACK_BOT_TOKEN": "xoxb-1"}
    assert make_slack(desk, desk.settings, {**bot, "SLACK_APP_TOKEN": "xapp-1"}).is_socket_mode
    assert not make_slack(desk, desk.settings, {**bot, "SLACK_SIGNING_SECRET": "s"}).is_socket_mode


def test_the_manifest_asks_for_what_the_door_needs_and_no_more() -> None:
    found = yaml.safe_load(manifest())
    assert sorted(found["oauth_config"]["scopes"]["bot"]) == sorted(SCOPES)
    assert found["settings"]["event_subscriptions"]["bot_events"] == ["app_mention", "message.im"]
    assert found["settings"]["socket_mode_enabled"] and found["settings"]["interactivity"]["is_enabled"]
    (command,) = found["features"]["slash_commands"]
    assert command["command"] == COMMAND and "url" not in command
    # Slack's limits on a manifest
    assert len(found["display_information"]["name"]) <= 35
    assert len(found["display_information"]["description"]) <= 140


def test_the_manifest_for_http_names_one_address_everywhere() -> None:
    found = yaml.safe_load(manifest("https://profiler.example.org/"))
    address = "https://profiler.example.org/slack/events"
    settings = found["settings"]
    assert not settings["socket_mode_enabled"]
    assert (
        settings["event_subscriptions"]["request_url"] == settings["interactivity"]["request_url"] == address
    )
    assert found["features"]["slash_commands"][0]["url"] == address


def test_the_guide_has_the_manifests_scopes_and_settings() -> None:
    guide = (Path(__file__).resolve().parents[3] / "docs" / "guides" / "slack.md").read_text(encoding="utf-8")
    for word in (
        *SCOPES,
        COMMAND,
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET",
        "apply_users",
        "update_s",
    ):
        assert word in guide, word


def test_nothing_of_slacks_is_imported_before_the_door_is_made() -> None:
    code = (
        "import sys, agent.doors.slack.app, agent.doors.slack.http, agent.doors.slack.socket\n"
        "assert not {'slack_bolt', 'slack_sdk', 'aiohttp', 'resvg_py'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
