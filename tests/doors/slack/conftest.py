"""A report as a run makes it, and what a Slack door is served with."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from agent.report import Report
from tests.agent.conftest import bottleneck as bottleneck  # fixtures
from tests.agent.conftest import comparisons as comparisons
from tests.agent.conftest import evidence as evidence
from tests.agent.conftest import judged as judged
from tests.agent.conftest import plan as plan
from tests.agent.conftest import report as report
from tests.doors.slack.fake_slack import FakeSlack
from tests.doors.slack.served import Setting


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake is on this machine: no proxy leads to it, and nothing of this environment is Slack's."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy",
                 "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_BOT_TOKEN"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def setting(tmp_path: Path, report: Report) -> Setting:
    """One target, `orders`, whose run improves something."""
    return Setting(folder=tmp_path, report=dataclasses.replace(report, optimized_files=("report.py",)))


@pytest.fixture
def fake() -> FakeSlack:
    """Slack, which isn't served yet."""
    return FakeSlack()
