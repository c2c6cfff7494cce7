"""What people say in Slack: mentions, direct messages, the command; answers, choices, follow-ups in one thread."""

from __future__ import annotations

import asyncio
import time
from copy import deepcopy
from pathlib import Path

import pytest

from agent.jobs.claims import Claim
from tests.doors.slack.fake_slack import FakeSlack
from tests.doors.slack.limits import mentions
from tests.doors.slack.served import Setting, make_repository, opened


def test_a_mention_is_answered_in_its_thread_with_progress_answer_and_files(
    setting: Setting, fake: FakeSlack
) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            began = time.monotonic()
            thread = await slack.mention("why is the report slow?")
            assert time.monotonic() - began < 1.0  # acknowledged at once
            answer = await slack.answered(thread)
            progress = fake.thread(thread)[0]
            assert "why is the report slow?" in progress.text and "*done*" in progress.text
            assert "orders.report (orders/report.py:12) 61.5 %" in progress.text
            assert "stop" not in progress.buttons()
            assert "report.Find" in answer.text and "[x] CPU profiled" in answer.text
            assert set(answer.buttons()) == {"apply", "again", "evidence"}
            assert [f["name"] for f in fake.shared] == ["report.md", "cpu-before.png", "optimization.patch"]
            assert {f["thread_ts"] for f in fake.shared} == {thread}
            assert fake.files["cpu-before.png"].startswith(b"\x89PNG")
            assert fake.files["optimization.patch"].startswith(b"--- a/report.py")
            assert [m for m in fake.thread(thread) if mentions(m.body)] == [] and fake.refused == []

    asyncio.run(run())


def test_a_direct_message_needs_no_mention(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            answer = await slack.answered(await slack.direct("why is it slow?"))
            assert answer.channel == "D1"

    asyncio.run(run())


def test_the_command_begins_a_thread_of_its_own(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            assert await slack.command("why is <it> slow &amp; big?") == (200, "")
            question = (await slack.said("", "asks:")).ts
            await slack.answered(question)
            (job,) = slack.desk.records.jobs()
            assert (job.caller, job.conversation) == ("slack:T1/U1", f"T1/C1/{question}")
            assert job.question == "why is <it> slow & big?"

    asyncio.run(run())


def test_a_follow_up_in_the_thread_is_about_the_same_run(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            thread = await slack.mention("why is it slow?")
            await slack.answered(thread)
            await slack.mention("and memory?", thread=thread)
            await slack.said(thread, "About and memory?: it is so.")
            await slack.told()
            follow_up, run = slack.desk.records.jobs()
            assert (follow_up.kind, follow_up.run_id) == ("follow-up", run.run_id)

    asyncio.run(run())


def two_targets(setting: Setting, folder: Path) -> None:
    make_repository(folder / "billing")
    setting.settings(FakeSlack(url="http://127.0.0.1:1/"))
    setting.targets = {
        name: {"path": str(folder / name), "description": f"<!channel> {name}"}
        for name in ("orders", "billing")
    }


def test_a_choice_has_buttons_and_is_made_once(setting: Setting, fake: FakeSlack, tmp_path: Path) -> None:
    two_targets(setting, tmp_path)

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            thread = await slack.mention("why is it slow?")
            choice = await slack.said(thread, "Which program is meant?")
            assert {b["value"] for b in choice.buttons().values()} == {"orders", "billing"}
            assert not mentions(choice.body)
            assert await slack.press(choice, "choose:1", user="U2") == 200
            await slack.whispered("for the person who asked")
            shown = deepcopy(choice)  # to a client that hasn't heard yet that the buttons are gone
            assert await slack.press(shown, "choose:1") == 200
            assert await slack.press(shown, "choose:1") == 200
            await slack.answered(thread)
            await slack.whispered("chosen already")
            (job,) = slack.desk.records.jobs()
            assert (job.target, job.question) == ("billing", "why is it slow?")
            assert not choice.buttons() and "Chosen" in choice.text

    asyncio.run(run())


def test_a_typed_answer_to_a_choice_takes_its_buttons_away(
    setting: Setting, fake: FakeSlack, tmp_path: Path
) -> None:
    two_targets(setting, tmp_path)

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            thread = await slack.mention("why is it slow?")
            choice = await slack.said(thread, "Which program is meant?")
            await fake.until(lambda: slack.door.memory.records.noted(f"slack/asked/T1/C1/{thread}"))
            await slack.mention("2", thread=thread)
            await slack.answered(thread)
            assert slack.desk.records.jobs()[0].target == "billing"
            assert not choice.buttons()

    asyncio.run(run())


def test_a_typed_answer_that_is_none_of_the_options_is_told_so(
    setting: Setting, fake: FakeSlack, tmp_path: Path
) -> None:
    two_targets(setting, tmp_path)

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            thread = await slack.mention("why is it slow?")
            choice = await slack.said(thread, "Which program is meant?")
            await fake.until(lambda: slack.door.memory.records.noted(f"slack/asked/T1/C1/{thread}"))
            await slack.mention("banana", thread=thread)
            again = await slack.said(thread, "'banana' is none of the options. Which program is meant?")
            assert len(again.buttons()) == 2 and not choice.buttons()
            assert "Answered" in choice.text and "Chosen" not in choice.text

    asyncio.run(run())


def test_help_says_what_may_be_asked_about(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            await slack.said(await slack.mention(""), "the report of all orders")
            await slack.said(await slack.direct("help"), "the report of all orders")

    asyncio.run(run())


def test_edits_joins_and_other_bots_are_not_answered(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            await slack.mention("why?", edited={"user": "U1", "ts": "1.1"})
            await slack.direct("why?", subtype="message_changed")
            await slack.direct("why?", subtype="message_deleted")
            await slack.direct("why?", bot_id="B2")
            await slack.direct("why?", user="UBOT")
            await slack.mention("why?", subtype="channel_join")
            await slack.said(await slack.direct("help"), "orders")
            assert slack.desk.records.jobs() == () and len(fake.messages) == 1

    asyncio.run(run())


def test_a_failed_job_says_why_and_can_be_tried_again(setting: Setting, fake: FakeSlack) -> None:
    failures = iter([True])

    def script(claim: Claim) -> str:
        if next(failures, False):
            raise ValueError("it doesn't build: <!here> & `x`; give another interpreter with --python")
        return "improved"

    setting.scripts = {"slow": script}

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            thread = await slack.mention("why is it slow?")
            failed = await slack.said(thread, "No answer")
            assert "it doesn't build: &lt;!here&gt; &amp; 'x'" in failed.text and not mentions(failed.body)
            assert "with 'python' of the target in agent.yaml" in failed.text
            await slack.press(failed, "again")
            await slack.answered(thread)
            again, first = slack.desk.records.jobs()
            assert again.request.time_limit_s == 600.0 and first.state == "failed"

    asyncio.run(run())


@pytest.mark.slow
def test_progress_is_one_message_that_is_not_updated_more_often_than_is_set(
    setting: Setting, fake: FakeSlack
) -> None:
    setting.slack["update_s"] = 0.3

    def script(claim: Claim) -> str:
        for n in range(60):
            claim.tell("progress", f"step {n}", {"stage": "capture"})
            time.sleep(0.02)
        return "improved"

    setting.scripts = {"slow": script}

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            thread = await slack.mention("why is it slow?")
            await slack.answered(thread)
            progress = fake.thread(thread)[0]
            gaps = [b - a for a, b in zip(progress.times[1:], progress.times[2:], strict=False)]
            assert 3 <= len(gaps) <= 12 and min(gaps) >= 0.28, gaps
            assert len(fake.thread(thread)) == 2

    asyncio.run(run())


def test_a_running_job_can_be_stopped(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            slack.worker.scripts = {"slow": lambda claim: str(slack.worker.wait(claim, 60))}  # type: ignore[func-returns-value]
            thread = await slack.mention("why is it slow?")
            progress = await slack.said(thread, "a worker has taken it")
            await slack.press(progress, "stop")
            await slack.said(thread, "*it was stopped*")
            await slack.told()
            assert len(fake.thread(thread)) == 1 and "stop" not in progress.buttons()
            lines = [line for line in slack.desk.audit.lines(since=0) if line.action == "cancel"]
            assert [(line.door, line.outcome) for line in lines] == [("slack", "ok")]

    asyncio.run(run())
