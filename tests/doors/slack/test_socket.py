"""Socket Mode: the same conversation over a connection that the door opens, and opens again."""

from __future__ import annotations

import asyncio
import json

from tests.doors.slack.fake_slack import FakeSlack
from tests.doors.slack.served import Open, Setting, opened

SECRETS = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_APP_TOKEN": "xapp-test"}


def mention(slack: Open, ts: str) -> dict[str, object]:
    return slack.event(
        {"type": "app_mention", "channel": "C1", "user": "U1", "text": "<@UBOT> why?", "ts": ts}
    )


def test_events_commands_and_buttons_come_over_the_socket(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake, environment=SECRETS) as slack:
            await fake.until(lambda: fake.sockets, "connected")
            event = mention(slack, "100.1")
            await fake.send("e1", "events_api", event)
            await fake.send("e2", "events_api", event)
            command = {"command": "/ask-profiler", "text": "why", "team_id": "T1", "user_id": "U1", "channel_id": "C1",
                       "trigger_id": "t1"}  # fmt: skip
            await fake.send("e3", "slash_commands", command)
            await slack.answered("100.1")
            await fake.until(lambda: set(fake.acknowledged) == {"e1", "e2", "e3"}, "acknowledged")
            await fake.until(lambda: len(slack.desk.records.jobs()) == 2, "two jobs")
            await slack.told()
            async with slack.http.post(slack.url, data="{}") as answer:
                assert answer.status == 404  # there is one way in

    asyncio.run(run())


def test_a_connection_that_slack_ends_is_opened_again(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake, environment=SECRETS) as slack:
            await fake.until(lambda: fake.sockets, "connected")
            await fake.sockets[0].send_str(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))
            await fake.until(lambda: len(fake.sockets) == 2, "connected again")
            await fake.send("e1", "events_api", mention(slack, "100.1"))
            await slack.answered("100.1")

    asyncio.run(run())


def test_a_slack_that_is_away_at_start_keeps_nothing_from_starting(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        fake.url = "http://127.0.0.1:9/api/"
        async with opened(setting, fake, environment=SECRETS) as slack:
            assert slack.desk.records.jobs() == ()

    asyncio.run(run())
