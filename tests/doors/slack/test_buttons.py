"""The buttons below an answer: who may press them, and that pressing twice does nothing twice."""

from __future__ import annotations

import asyncio
import subprocess

from tests.doors.slack.fake_slack import FakeSlack
from tests.doors.slack.limits import mentions
from tests.doors.slack.served import Open, Setting, opened


def branches(setting: Setting) -> list[str]:
    found = subprocess.run(
        ["git", "branch", "--format=%(refname:short)"],
        cwd=setting.target,
        check=True,
        capture_output=True,
        text=True,
    )
    return [name for name in found.stdout.split() if name != "main"]


def doors(slack: Open, action: str) -> list[tuple[str, str]]:
    """Door and outcome of the audit's lines about an action."""
    return [(line.door, line.outcome) for line in slack.desk.audit.lines(since=0) if line.action == action]


def test_apply_puts_the_patch_on_a_branch_for_those_who_may(setting: Setting, fake: FakeSlack) -> None:
    setting.slack["apply_users"] = ["U1"]

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            answer = await slack.answered(thread := await slack.mention("why is it slow?"))
            assert answer.buttons()["apply"]["confirm"]["text"]["type"] == "plain_text"
            await slack.press(answer, "apply")
            done = await slack.said(thread, "The patch is on the branch")
            (branch,) = branches(setting)
            assert branch in done.text and "report.py" in done.text and mentions(done.body) == ["<@U1>"]
            await slack.press(answer, "apply")
            await slack.said(thread, "was on already")
            assert doors(slack, "apply") == [("slack", "ok")] * 2
            assert branches(setting) == [branch]
            assert (setting.target / "report.py").read_text() == "print(1)\n"

    asyncio.run(run())


def test_apply_may_be_written_as_well_and_is_asked_for_once_more(setting: Setting, fake: FakeSlack) -> None:
    setting.slack["apply_users"] = ["U1"]

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            await slack.answered(thread := await slack.mention("why is it slow?"))
            await slack.mention("apply", thread=thread)
            choice = await slack.said(thread, "on a new branch of orders's repository?")
            await fake.until(lambda: slack.door.memory.records.notes("slack/asked/"))
            assert branches(setting) == []
            await slack.press(choice, "choose:0")
            await slack.said(thread, "The patch is on the branch")
            await slack.told()
            assert len(branches(setting)) == 1

    asyncio.run(run())


def test_apply_is_refused_to_everybody_else_and_nothing_is_made(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            answer = await slack.answered(await slack.mention("why is it slow?"))
            await slack.press(answer, "apply")
            told = await slack.whispered("you may not apply patches")
            assert told.user == "U1" and branches(setting) == []

    asyncio.run(run())


def test_a_target_without_apply_has_no_such_button(setting: Setting, fake: FakeSlack) -> None:
    setting.settings(FakeSlack(url="http://127.0.0.1:1/"))
    setting.targets = {"orders": {"path": str(setting.target)}}

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            answer = await slack.answered(await slack.mention("why is it slow?"))
            assert set(answer.buttons()) == {"again", "evidence"}

    asyncio.run(run())


def test_try_again_takes_more_time_and_is_done_once(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            answer = await slack.answered(thread := await slack.mention("why is it slow?"))
            await asyncio.gather(slack.press(answer, "again"), slack.press(answer, "again"))
            await slack.whispered("being done already")
            await fake.until(lambda: len([m for m in fake.thread(thread) if '"Improved"' in m.text]) == 2)
            again, first = slack.desk.records.jobs()
            assert (again.request.time_limit_s, first.request.time_limit_s) == (600.0, None)
            assert again.conversation == first.conversation
            assert doors(slack, "again") == [("slack", "job")] * 2

    asyncio.run(run())


def test_evidence_is_shown_to_whom_asks_for_it_alone(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            answer = await slack.answered(thread := await slack.mention("why is it slow?"))
            shown = len(fake.thread(thread))
            await slack.press(answer, "evidence")
            told = await slack.whispered("*E4* cpu profile, before (go-cpu go1.26)")
            assert told.user == "U1" and "failed: it could not be started" in told.text
            assert len(fake.thread(thread)) == shown and fake.refused == []

    asyncio.run(run())


def test_a_button_of_another_version_does_nothing(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            answer = await slack.answered(await slack.mention("why is it slow?"))
            answer.blocks[-1]["elements"][0]["action_id"] = "rm -rf"
            assert await slack.press(answer, "rm -rf") == 200

    asyncio.run(run())
