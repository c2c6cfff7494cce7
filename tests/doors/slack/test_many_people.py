"""A thread of several people: who reads the answer may go on with it, as far as they may ask about the target."""

from __future__ import annotations

import asyncio

from tests.doors.slack.fake_slack import FakeSlack
from tests.doors.slack.limits import mentions
from tests.doors.slack.served import Setting, opened


def test_somebody_else_follows_up_and_is_answered_about_the_same_run(
    setting: Setting, fake: FakeSlack
) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            await slack.answered(thread := await slack.mention("why is it slow?"))
            await slack.mention("and memory?", thread=thread, user="U2")
            await slack.said(thread, "About and memory?: it is so.")
            await slack.told()
            follow_up, run = slack.desk.records.jobs()
            assert (follow_up.kind, follow_up.run_id, follow_up.caller) == (
                "follow-up",
                run.run_id,
                "slack:T1/U2",
            )

    asyncio.run(run())


def test_who_may_apply_applies_what_somebody_else_asked_for(setting: Setting, fake: FakeSlack) -> None:
    setting.slack["apply_users"] = ["U2"]

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            answer = await slack.answered(thread := await slack.mention("why is it slow?"))
            await slack.press(answer, "apply")
            await slack.whispered("you may not apply patches")
            await slack.press(answer, "apply", user="U2")
            done = await slack.said(thread, "The patch is on the branch")
            assert mentions(done.body) == ["<@U2>"]

    asyncio.run(run())


def test_somebody_of_another_channel_or_target_knows_nothing_of_it(setting: Setting, fake: FakeSlack) -> None:
    setting.settings(FakeSlack(url="http://127.0.0.1:1/"))
    setting.targets = {"orders": {"path": str(setting.target), "callers": ["slack:T1/U1"]}}

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            answer = await slack.answered(thread := await slack.mention("why is it slow?"))
            await slack.press(answer, "evidence", user="U2")
            await slack.whispered("for the person who asked")
            await slack.mention("and memory?", thread=thread, user="U2")
            await slack.said(thread, "no target")
            assert len(slack.desk.records.jobs()) == 1

    asyncio.run(run())
