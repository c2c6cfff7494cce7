"""The whole service as a process, in Socket Mode: killed with -9 it goes on in the same thread when it is started."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from agent.jobs.opening import open_desk
from tests.doors.slack.fake_slack import FakeSlack
from tests.doors.slack.served import Setting, files_of
from tests.jobs.scripted import ScriptedWorker

SECRETS = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_APP_TOKEN": "xapp-test"}


def start(file: Path) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "agent.doors.cli.main", "serve", "--settings", str(file), "--port", "0"]
    with (file.parent / "serve.log").open("ab") as log:
        return subprocess.Popen(
            [*argv, "--workers", "0"], env={**os.environ, **SECRETS}, stdout=log, stderr=log
        )


@pytest.mark.slow
def test_a_service_that_is_killed_goes_on_in_the_same_message(
    setting: Setting, fake: FakeSlack, tmp_path: Path
) -> None:
    async def run() -> None:
        async with fake.running():
            settings = setting.settings(fake)
            file = tmp_path / "agent.yaml"
            file.write_text(yaml.safe_dump(settings.model_dump(mode="json", exclude_defaults=True)))
            desk = open_desk(settings, {})
            process = start(file)
            try:
                await fake.until(lambda: fake.sockets, "connected", 40)
                event = {
                    "type": "app_mention",
                    "channel": "C1",
                    "user": "U1",
                    "text": "<@UBOT> why?",
                    "ts": "100.5",
                }
                body = {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": event,
                        "authorizations": [{"team_id": "T1", "user_id": "UBOT", "is_bot": True}]}  # fmt: skip
                await fake.send("e1", "events_api", body)
                await fake.until(
                    lambda: desk.records.notes("slack/open/") and fake.thread("100.5"), "followed", 20
                )
                await asyncio.sleep(0.2)
                process.kill()
                process.wait(10)
                process = start(file)
                await fake.until(lambda: len(fake.sockets) == 2, "connected again", 40)
                await fake.send(
                    "e2", "events_api", body
                )  # not acknowledged in time, for all that Slack knows
                with ScriptedWorker(desk, files=files_of(setting.report)):
                    await fake.until(lambda: len(fake.shared) == 3, "answered with its files", 60)
                progress, answer = fake.thread("100.5")
                await fake.until(lambda: "*done*" in progress.text, "shown as done", 20)
                assert '"Improved"' in answer.text and len(desk.records.jobs()) == 1 and fake.refused == []
                process.send_signal(signal.SIGTERM)
                assert process.wait(30) == 0
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait(10)
        log = (tmp_path / "serve.log").read_text()
        assert "xoxb-test" not in log and "xapp-test" not in log and "Traceback" not in log, log

    asyncio.run(run())
