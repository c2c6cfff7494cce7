"""Requests over HTTP: what Slack signed just now is taken in once; nothing else is."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from tests.doors.slack.fake_slack import FakeSlack
from tests.doors.slack.served import Open, Setting, opened

FORM = "application/x-www-form-urlencoded"


def mention(slack: Open, event_id: str = "", text: str = "<@UBOT> why is it slow?", ts: str = "100.5") -> str:
    event = {"type": "app_mention", "channel": "C1", "user": "U1", "text": text, "ts": ts}
    return json.dumps(slack.event(event, event_id))


def test_slack_can_verify_the_address(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            status, text = await slack.post(
                json.dumps({"type": "url_verification", "challenge": "abc", "token": "x"})
            )
            assert status == 200 and "abc" in text

    asyncio.run(run())


def test_forged_and_stale_requests_are_refused(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            body = mention(slack)
            now = int(time.time())
            assert (await slack.post(body, secret="another"))[0] == 401
            assert (await slack.post(body, age_s=301))[0] == 401
            assert (await slack.post(body, age_s=-301))[0] == 401
            for stamp in ("", "now", "-1", "1e9", "9" * 400, "٣", f"{now} "):
                assert (await slack.post(body, at=stamp.encode("utf-8").decode("latin-1")))[0] == 401, stamp
            headers = {"Content-Type": "application/json"}
            for sent in (
                {},
                {"X-Slack-Request-Timestamp": str(now)},
                {"X-Slack-Signature": "v0=" + "0" * 64},
            ):
                async with slack.http.post(slack.url, data=body, headers={**headers, **sent}) as answer:
                    assert answer.status == 401
            assert slack.desk.records.jobs() == () and fake.messages == {}

    asyncio.run(run())


def test_a_request_that_is_sent_again_as_it_was_does_nothing(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            form = "command=%2Fask-profiler&text=why&team_id=T1&user_id=U1&channel_id=C1&trigger_id="
            at = str(int(time.time()))
            for _ in range(3):
                assert (await slack.post(form, FORM, at=at))[0] == 200
            await fake.until(lambda: slack.desk.records.jobs())
            await slack.told()
            assert len(slack.desk.records.jobs()) == 1

    asyncio.run(run())


def test_a_button_that_is_replayed_does_nothing(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            answer = await slack.answered(await slack.mention("why is it slow?"))
            await slack.press(answer, "evidence")
            await slack.whispered("Evidence")
            for _ in range(3):
                assert await slack.replay() == 200
            await slack.press(answer, "evidence")
            await fake.until(lambda: len(fake.whispers) == 2, "shown again to whom presses again")

    asyncio.run(run())


def test_an_event_that_slack_repeats_is_taken_in_once_also_after_a_restart(
    setting: Setting, fake: FakeSlack
) -> None:
    async def run() -> None:
        async with fake.running():
            async with opened(setting, fake) as slack:
                for n in range(3):
                    again = {"X-Slack-Retry-Num": str(n), "X-Slack-Retry-Reason": "http_timeout"} if n else {}
                    age = float(n)  # Slack signs each anew
                    assert (await slack.post(mention(slack, "Ev7"), age_s=age, **again))[0] == 200
                await slack.answered("100.5")
            async with opened(setting, fake) as slack:
                assert (await slack.post(mention(slack, "Ev7"), age_s=4))[0] == 200
                await slack.said(await slack.mention("help"), "orders")
                assert len(slack.desk.records.jobs()) == 1

    asyncio.run(run())


def test_a_repeat_is_no_second_question_and_no_answer_to_a_choice(setting: Setting, fake: FakeSlack) -> None:
    setting.settings(FakeSlack(url="http://127.0.0.1:1/"))
    setting.targets = {name: {"path": str(setting.target)} for name in ("orders", "billing")}

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            for age in (0, 1, 2):
                await slack.post(mention(slack, "EvHelp", "<@UBOT> help", "100.8"), age_s=age)
                await slack.post(mention(slack, "EvWhy", "<@UBOT> why is 1 slow?", "100.9"), age_s=age)
                await slack.said("100.8", "You may ask about")
                await slack.said("100.9", "Which program is meant?")
            await slack.said(await slack.mention("help"), "You may ask about")
            assert [len(fake.thread(ts)) for ts in ("100.8", "100.9")] == [1, 1]
            assert slack.desk.records.jobs() == ()

    asyncio.run(run())


BAD = [
    ("application/json", "{"), ("application/json", "[]"), ("application/json", "{}"), ("application/json", "null"),
    ("application/json", '{"type": 1}'), ("application/json", '{"type": "event_callback", "event": []}'),
    ("application/json", '{"type": "event_callback", "event": {"type": 7}}'), ("application/json", "[" * 50_000),
    ("text/plain", '{"type": "event_callback"}'), ("", "x=1"), (FORM, "x=1"), (FORM, "payload=%7B"),
    (FORM, "payload=[]"),
    (FORM, "&".join(f"a{n}=1" for n in range(200))), ("multipart/form-data; boundary=x", "--x--"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "body"), BAD)
def test_signed_nonsense_is_a_bad_request(setting: Setting, fake: FakeSlack, kind: str, body: str) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake, has_worker=False) as slack:
            assert (await slack.post(body, kind))[0] == 400

    asyncio.run(run())


ODD = [
    '{"type": "event_callback", "event": {"type": "app_mention"}}',
    '{"type": "event_callback", "event_id": 7, "team_id": "T1", "event": {"type": "app_mention", "text": 5, "ts": 9}}',
    '{"type": "event_callback", "event_id": "E", "team_id": "T1", "event": {"type": "app_mention", "user": "U1", '
    '"channel": "C1", "ts": "../x", "text": "why"}}',
    '{"type": "event_callback", "event_id": "E", "team_id": "T1", "event": {"type": "app_mention", "user": "<!here>", '
    '"channel": "C1", "ts": "1.1", "text": "why"}}',
    '{"type": "event_callback", "event_id": "E", "team_id": {}, "event": {"type": "message", "channel_type": []}}',
    '{"type": "event_callback", "event_id": "E", "event": {"type": "team_join", "user": {"id": "U9"}}}',
    '{"type": "something_new"}',
]


@pytest.mark.parametrize("body", ODD)
def test_what_slack_may_send_one_day_is_passed_over(setting: Setting, fake: FakeSlack, body: str) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake, has_worker=False) as slack:
            assert (await slack.post(body))[0] < 500
            await slack.said(await slack.direct("help"), "orders")
            assert slack.desk.records.jobs() == ()

    asyncio.run(run())


def test_a_body_over_the_limit_is_refused(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake, has_worker=False) as slack:
            assert (await slack.post("x" * 1_000_001))[0] == 413

    asyncio.run(run())


def test_a_body_that_is_no_text_is_refused(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake, has_worker=False) as slack:
            headers = {
                "X-Slack-Request-Timestamp": str(int(time.time())),
                "X-Slack-Signature": "v0=" + "0" * 64,
            }
            async with slack.http.post(slack.url, data=b"\xff\xfe", headers=headers) as answer:
                assert answer.status == 401
            async with slack.http.get(slack.url) as answer:
                assert answer.status == 405

    asyncio.run(run())
