"""A service that runs, with a worker that measures nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.web.living import Service, files_of, nothing_found, serving, settings_in
from tests.jobs.scripted import ScriptedWorker


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service over plain HTTP without a worker: what is asked waits."""
    with serving(settings_in(tmp_path)) as service:
        yield service


@pytest.fixture
def worked(service: Service) -> Iterator[Service]:
    """The service with a worker that answers at once."""
    with ScriptedWorker(service.desk, files=files_of(nothing_found())):
        yield service
