"""What goes wrong on Slack's side, and a restart of ours: no run is lost, no answer doubled, and it is said."""

from __future__ import annotations

import asyncio
import json
import logging
import time

import pytest

from agent.jobs.claims import Claim
from tests.doors.slack.fake_slack import FakeSlack
from tests.doors.slack.served import Setting, opened
from tests.jobs.scripted import Script


def steps(count: int, pause_s: float) -> Script:
    def script(claim: Claim) -> str:
        for n in range(count):
            claim.tell("progress", f"step {n}", {"stage": "capture"})
            time.sleep(pause_s)
        return "improved"

    return script


@pytest.mark.slow
def test_a_pause_that_slack_asks_for_is_kept_and_the_newest_is_shown_after_it(
    setting: Setting, fake: FakeSlack
) -> None:
    setting.scripts = {"slow": steps(40, 0.05)}
    fake.limited["chat.update"] = [1]

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            thread = await slack.mention("why is it slow?")
            await slack.answered(thread)
            calls = [body for method, body in fake.calls if method == "chat.update"]
            progress = fake.thread(thread)[0]
            assert progress.times[1] - progress.times[0] >= 1.0
            refused, next_one = (str(body["blocks"]) for body in calls[:2])
            assert refused != next_one  # what was refused was old by then

    asyncio.run(run())


@pytest.mark.slow
def test_answers_and_files_wait_as_long_as_slack_says(setting: Setting, fake: FakeSlack) -> None:
    fake.limited["chat.postMessage"] = [1]
    fake.limited["files.completeUploadExternal"] = [1]

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            thread = await slack.mention("why is it slow?")
            await slack.answered(thread)
            assert len(fake.thread(thread)) == 2 and len(fake.shared) == 3

    asyncio.run(run())


def test_servers_that_fail_for_a_moment_are_asked_again(setting: Setting, fake: FakeSlack) -> None:
    fake.failing["chat.postMessage"] = [503, 500]
    fake.failing["chat.update"] = [502]

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            thread = await slack.mention("why is it slow?")
            await slack.answered(thread)
            assert len(fake.thread(thread)) == 2

    asyncio.run(run())


def test_a_slack_that_is_away_for_longer_has_its_answer_afterwards(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake, has_worker=False) as slack:
            slack.door.following.away_retry_s = 0.1
            thread = await slack.mention("why is it slow?")
            await slack.said(thread, "it waits for a worker")
            fake.failing["chat.postMessage"] = [503] * 12  # more than is tried at once
            with slack.worker:
                await slack.answered(thread)
            assert len(fake.thread(thread)) == 2 and fake.failing["chat.postMessage"] == []

    asyncio.run(run())


def test_an_event_that_the_database_cannot_take_is_left_for_slack_to_send_again(
    setting: Setting, fake: FakeSlack
) -> None:
    event = {"type": "app_mention", "channel": "C1", "user": "U1", "text": "<@UBOT> why?", "ts": "100.5"}

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            body, database = json.dumps(slack.event(event, "Ev7")), slack.desk.records.database
            with database.engine.begin() as connection:
                connection.exec_driver_sql("ALTER TABLE ap_seen RENAME TO away")
            assert (await slack.post(body, age_s=2))[0] == 503
            with database.engine.begin() as connection:
                connection.exec_driver_sql("ALTER TABLE away RENAME TO ap_seen")
            assert (await slack.post(body, age_s=1))[0] == 200
            await slack.answered("100.5")

    asyncio.run(run())


def test_a_database_that_is_away_while_a_job_is_told_is_waited_for(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running(), opened(setting, fake, has_worker=False) as slack:
            database = slack.desk.records.database
            thread = await slack.mention("why is it slow?")
            await slack.said(thread, "it waits for a worker")
            await fake.until(lambda: slack.door.memory.records.notes("slack/open/"))
            await asyncio.sleep(0.1)
            with database.engine.begin() as connection:
                connection.exec_driver_sql("ALTER TABLE ap_notes RENAME TO away")
            with slack.worker:
                await fake.until(lambda: slack.worker.done, "carried out")
                await asyncio.sleep(0.5)
                with database.engine.begin() as connection:
                    connection.exec_driver_sql("ALTER TABLE away RENAME TO ap_notes")
                await slack.answered(thread)
            assert len(fake.thread(thread)) == 2 and len(fake.shared) == 3

    asyncio.run(run())


def test_an_upload_that_fails_half_way_leaves_the_answer_and_can_be_repeated(
    setting: Setting, fake: FakeSlack
) -> None:
    fake.broken_uploads = {"cpu-before.png"}

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            thread = await slack.mention("why is it slow?")
            answer = await slack.answered(thread)
            missing = await slack.said(thread, "The answer stands")
            assert "cpu-before.svg" in missing.text and "report.md" not in missing.text
            assert [f["name"] for f in fake.shared] == ["report.md", "optimization.patch"]
            fake.broken_uploads = set()
            await slack.press(missing, "files")
            await slack.press(missing, "files")
            await fake.until(lambda: "Sent again" in missing.text, "sent again")
            assert [f["name"] for f in fake.shared] == ["report.md", "optimization.patch", "cpu-before.png"]
            assert answer.buttons()

    asyncio.run(run())


def test_a_missing_scope_is_named_in_the_thread_and_in_the_log(
    setting: Setting, fake: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    fake.scopes = fake.scopes - {"files:write"}

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            thread = await slack.mention("why is it slow?")
            await slack.answered(thread)
            missing = await slack.said(thread, "The answer stands")
            assert missing.text.count("files:write") >= 3 and fake.shared == []

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    assert "the Slack app lacks scopes: files:write" in caplog.text


def test_without_the_right_to_write_the_run_goes_on_and_the_log_says_why(
    setting: Setting, fake: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    fake.scopes = fake.scopes - {"chat:write"}

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            await slack.mention("why is it slow?")
            await fake.until(lambda: "ask-profiler show" in caplog.text, "logged")
            assert slack.desk.records.jobs()[0].state == "done"

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    assert "lacks the scope chat:write" in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("what", ["thread", "channel"])
def test_the_answer_to_a_thread_that_is_gone_reaches_the_person_who_asked(
    setting: Setting, fake: FakeSlack, what: str
) -> None:
    setting.scripts = {"slow": steps(20, 0.05)}

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            thread = await slack.mention("why is it slow?")
            progress = await slack.said(thread, "step")
            fake.gone |= {thread, progress.ts} if what == "thread" else {"C1"}
            await fake.until(
                lambda: [m for m in fake.messages.values() if m.channel == "D1"], "told directly"
            )
            (answer,) = [m for m in fake.messages.values() if m.channel == "D1"]
            await slack.told()
            assert '"Improved"' in answer.text and len(fake.shared) == 3
            assert {f["channel_id"] for f in fake.shared} == {"D1"}
            assert slack.desk.records.jobs()[0].state == "done"

    asyncio.run(run())


def test_a_progress_message_that_was_deleted_is_not_made_again(setting: Setting, fake: FakeSlack) -> None:
    setting.scripts = {"slow": steps(20, 0.05)}

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            thread = await slack.mention("why is it slow?")
            progress = await slack.said(thread, "step")
            fake.gone.add(progress.ts)
            await slack.answered(thread)
            assert len(fake.thread(thread)) == 2

    asyncio.run(run())


def test_the_command_where_the_app_may_not_speak_says_so_to_the_person(
    setting: Setting, fake: FakeSlack
) -> None:
    fake.gone.add("C9")

    async def run() -> None:
        async with fake.running(), opened(setting, fake) as slack:
            assert (await slack.command("why?", channel="C9"))[0] == 200
            await fake.until(lambda: [m for m in fake.messages.values() if "invite me" in m.text], "told")
            assert slack.desk.records.jobs() == ()

    asyncio.run(run())


def test_a_message_that_slack_takes_no_blocks_of_is_said_in_words(setting: Setting, fake: FakeSlack) -> None:
    def script(claim: Claim) -> str:
        fake.failing["chat.postMessage"].append("msg_blocks_too_long")
        return "improved"

    async def run() -> None:
        async with fake.running(), opened(setting, fake, has_worker=False) as slack:
            slack.worker.scripts = {"slow": script}
            thread = await slack.mention("why is it slow?")
            await slack.said(thread, "it waits for a worker")
            with slack.worker:
                await slack.said(thread, "Improved: Report/size=10000")
                await slack.told()

    asyncio.run(run())


def test_after_a_restart_the_same_message_goes_on_being_updated(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running():
            async with opened(setting, fake, has_worker=False) as slack:
                thread = await slack.mention("why is it slow?")
                progress = await slack.said(thread, "it waits for a worker")
                await fake.until(lambda: slack.door.memory.records.notes("slack/open/"))
                await asyncio.sleep(0.1)
            async with opened(setting, fake) as slack:
                await slack.answered(thread)
                assert "*done*" in progress.text
                assert len(fake.thread(thread)) == 2 and len(fake.shared) == 3

    asyncio.run(run())


def test_what_a_killed_process_told_is_taken_over_by_one_other(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running():
            async with opened(setting, fake, has_worker=False) as slack:
                thread = await slack.mention("why is it slow?")
                await slack.said(thread, "it waits for a worker")
                (open_key,) = slack.door.memory.records.notes("slack/open/")
                await asyncio.sleep(0.1)
            # as kill -9 leaves it: the last sign of life of a process that is gone
            slack.door.memory.records.note(f"slack/door/{slack.door.memory.me}", str(time.time()))
            async with opened(setting, fake, has_worker=False) as one, opened(setting, fake) as other:
                for each in (one, other):
                    each.door.memory.lost_after_s = 0.5
                await one.answered(thread)
                assert len(fake.thread(thread)) == 2 and len(fake.shared) == 3
                assert open_key.endswith(one.desk.records.jobs()[0].id)

    asyncio.run(run())


@pytest.mark.slow
def test_a_restart_while_the_answer_is_being_posted_gives_it_once(setting: Setting, fake: FakeSlack) -> None:
    async def run() -> None:
        async with fake.running():
            async with opened(setting, fake, has_worker=False) as slack:
                thread = await slack.mention("why is it slow?")
                await slack.said(thread, "it waits for a worker")
                await fake.until(lambda: slack.door.memory.records.notes("slack/open/"))
                fake.slow_s = 0.5
                with slack.worker:
                    await slack.said(thread, '"Improved"')  # Slack has it, and we don't know yet
            fake.slow_s = 0.0
            async with opened(setting, fake) as slack:
                await slack.told()
                assert len(fake.thread(thread)) == 2 and len(fake.shared) == 3

    asyncio.run(run())


def test_an_answer_that_was_given_before_the_restart_is_not_given_again(
    setting: Setting, fake: FakeSlack
) -> None:
    fake.limited["files.getUploadURLExternal"] = [2]

    async def run() -> None:
        async with fake.running():
            async with opened(setting, fake) as slack:
                thread = await slack.mention("why is it slow?")
                await slack.said(thread, '"Improved"')
                await asyncio.sleep(0.1)
            assert fake.shared == []
            async with opened(setting, fake) as slack:
                await slack.told()
                assert len(fake.thread(thread)) == 2 and len(fake.shared) == 3

    asyncio.run(run())
