"""A run that is resumed goes on from the step that was killed, at whatever point of it that was."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.sqlite import SqliteSaver

from agent.checkpoints import FILE, Saver, serializer
from agent.request import Request
from agent.service import Service
from agent.store import RunFolder, Store
from tests.doors.conftest import QUIET_SETTINGS
from tests.doors.targets import python_target


class KilledError(Exception):
    """Stands for the end of the process."""


class KilledBeforeACheckpoint(SqliteSaver):
    """Keeps the results of a step and not the checkpoint that follows them: the process is killed between the two."""

    puts = 0
    killed_at = 3

    def put(self, *args: Any, **kwargs: Any) -> Any:
        """Fail for good at one checkpoint."""
        self.puts += 1
        if self.puts >= self.killed_at:
            raise KilledError
        return super().put(*args, **kwargs)


@contextmanager
def killed(folder: RunFolder) -> Iterator[Saver]:
    with KilledBeforeACheckpoint.from_conn_string(str(folder.path / FILE)) as saver:
        saver.serde = serializer()
        yield saver


@pytest.mark.slow
def test_a_step_whose_results_were_kept_is_not_done_again(tmp_path: Path) -> None:
    settings = tmp_path / "agent.yaml"
    settings.write_text(QUIET_SETTINGS)
    environment = {**os.environ, "ASK_PROFILER_SETTINGS": str(settings)}
    request = Request(question="Why?", target=str(python_target(tmp_path / "app", test=None)))
    store, stages = Store(tmp_path / "runs"), list[str]()
    first = Service(store=store, environment=environment, checkpoints=killed)
    with pytest.raises(KilledError):
        first.run(request, lambda progress: stages.append(progress.stage))
    assert set(stages) == {"intake"}
    assert first.folder is not None
    stages.clear()
    second = Service(store=store, environment=environment)
    report = second.resume(first.folder.id, lambda progress: stages.append(progress.stage))
    assert report.outcome
    assert stages[0] == "baseline"
    assert [s.stage for s in report.stages].count("intake") == 1
