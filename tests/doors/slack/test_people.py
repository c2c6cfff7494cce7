"""Who may ask where: lists of users and channels, for the door and for each target."""

from __future__ import annotations

import asyncio

import pytest

from agent.doors.slack.people import Speaker, caller_of
from agent.errors import Forbidden
from agent.service_settings import SlackSettings
from tests.doors.slack.fake_slack import FakeSlack
from tests.doors.slack.served import Setting, opened

ANN = Speaker(home="T1", team="T1", user="U1", channel="C1")


def test_someone_of_the_workspace_may_ask_and_not_apply() -> None:
    caller = caller_of(ANN, SlackSettings())
    assert (caller.id, caller.channel) == ("slack:T1/U1", "T1/C1")
    assert caller.may("ask") and not caller.may("apply")


@pytest.mark.parametrize("entry", ["U1", "T1/U1", "T1/*"])
def test_who_is_listed_may_apply(entry: str) -> None:
    caller = caller_of(ANN, SlackSettings(users=frozenset({entry}), apply_users=frozenset({entry})))
    assert caller.may("apply") and not caller.may("admin")


@pytest.mark.parametrize(
    "settings",
    [
        SlackSettings(users=frozenset({"U2", "T2/U1", "T2/*", "U1/"})),
        SlackSettings(channels=frozenset({"C2", "T2/C1", "direct"})),
        SlackSettings(users=frozenset({"U1"}), channels=frozenset({"C2"})),
    ],
)
def test_who_or_what_is_not_listed_is_refused(settings: SlackSettings) -> None:
    with pytest.raises(Forbidden):
        caller_of(ANN, settings)


def test_people_of_another_workspace_ask_only_where_they_are_listed() -> None:
    guest = Speaker(home="T1", team="T9", user="U1", channel="C1")
    with pytest.raises(Forbidden):
        caller_of(guest, SlackSettings())
    with pytest.raises(Forbidden):
        caller_of(guest, SlackSettings(users=frozenset({"T1/U1"})))
    assert caller_of(guest, SlackSettings(users=frozenset({"T9/U1"}))).id == "slack:T9/U1"


def test_direct_messages_are_a_channel_of_their_own() -> None:
    speaker = Speaker(home="T1", team="T1", user="U1", channel="D7")
    assert caller_of(speaker, SlackSettings(channels=frozenset({"direct"}))).channel == "T1/direct"
    with pytest.raises(Forbidden):
        caller_of(speaker, SlackSettings(channels=frozenset({"C1"})))


def test_a_refusal_is_said_in_the_thread_and_starts_nothing(setting: Setting, fake: FakeSlack) -> None:
    setting.slack |= {"users": ["U1"], "channels": ["C1"]}

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            await slack.said(await slack.mention("why?", user="U2"), "you may not ask here")
            await slack.said(await slack.mention("why?", channel="C2"), "nobody may ask in this channel")
            await slack.said(await slack.mention("help", user="U2"), "you may not ask here")
            assert slack.desk.records.jobs() == ()
            await slack.answered(await slack.mention("why?"))

    asyncio.run(run())


def test_a_target_of_one_channel_is_unknown_in_others(setting: Setting, fake: FakeSlack) -> None:
    setting.settings(FakeSlack(url="http://127.0.0.1:1/"))
    setting.targets = {"orders": {"path": str(setting.target), "channels": ["T1/C1"]}}

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            await slack.said(
                await slack.mention("why are orders slow?", channel="C2"), "no target that you may ask about"
            )
            await slack.said(await slack.direct("why are orders slow?"), "no target that you may ask about")
            await slack.answered(await slack.mention("why are orders slow?"))

    asyncio.run(run())


def test_a_path_in_a_message_is_no_target(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            await slack.answered(await slack.mention("why is /etc slow? --target /etc ; rm -rf /"))
            (job,) = slack.desk.records.jobs()
            assert job.target == "orders" and job.request.target == str(setting.target)
            assert job.request.sandbox == "bubblewrap"

    asyncio.run(run())


def test_a_limit_is_said_with_when_to_come_again(setting: Setting, fake: FakeSlack) -> None:
    setting.limits = {"runs_per_day": 1}

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            await slack.answered(await slack.mention("why?"))
            thread = await slack.mention("and why is this slow?")
            await fake.until(lambda: fake.thread(thread), "refused")
            assert len(slack.desk.records.jobs()) == 1

    asyncio.run(run())
