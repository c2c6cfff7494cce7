"""A served desk with one target or with two, and a worker that follows a script."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.jobs.desk import Desk
from agent.jobs.opening import open_desk
from agent.settings import Settings
from tests.doors.a2a.reports import run_files
from tests.doors.a2a.scripts import slowly
from tests.doors.a2a.served import Served, serving
from tests.jobs.scripted import ScriptedWorker

OpenDesk = Callable[..., Desk]
WORKLOADS = {
    "small": {"command": ["python", "report.py", "10"], "description": "ten records"},
    "large": {"command": ["python", "report.py", "1000"], "description": "a thousand records"},
}


def opener(folder: Path) -> OpenDesk:
    """Opens a desk in a folder with settings by section; again over the same database."""

    def open_one(**sections: object) -> Desk:
        target = folder / "orders"
        if not target.exists():
            target.mkdir()
            (target / "report.py").write_text("print(1)\n")
        found: dict[str, object] = {
            "storage": {"runs_folder": str(folder / "runs"), "state_folder": str(folder / "state")},
            "targets": {"orders": {"path": str(target), "description": "the report of all orders"}},
            "access": {"limits": {"requests_per_minute": None}},
        }
        return open_desk(Settings.model_validate(found | sections), {})

    return open_one


def two_targets_in(folder: Path) -> Desk:
    """A desk with the targets `orders`, which has two workloads, and `stock`, which only eve may name."""
    path = str(folder / "orders")
    return opener(folder)(
        targets={
            "orders": {"path": path, "description": "the report of all orders", "workloads": WORKLOADS},
            "billing": {"path": path, "description": "the bills"},
            "stock": {"path": path, "description": "secret", "callers": ["token:eve"]},
        }
    )


@pytest.fixture
def open_one(tmp_path: Path) -> OpenDesk:
    """Opens a desk with settings by section; again over the same database."""
    return opener(tmp_path)


@pytest.fixture
def desk(open_one: OpenDesk) -> Desk:
    """A desk with one target, `orders`."""
    return open_one()


@pytest.fixture
def two_targets(tmp_path: Path) -> Desk:
    """A desk with something to choose."""
    return two_targets_in(tmp_path)


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One service for all that is refused: two targets, and nothing may ever be begun in it."""
    with serving(two_targets_in(tmp_path_factory.mktemp("idle"))) as served:
        yield served
        assert served.desk.records.jobs() == ()


@pytest.fixture
def worker(desk: Desk) -> Iterator[ScriptedWorker]:
    """Carries out what the desk is asked, with the files of a whole run."""
    worker = ScriptedWorker(desk, files=run_files())
    worker.scripts = {"slowly": slowly(worker, 60)}
    with worker:
        yield worker


@pytest.fixture
def served(desk: Desk) -> Iterator[Served]:
    """The desk, served."""
    with serving(desk) as served:
        yield served


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The target in a git repository of its own."""
    path = tmp_path / "orders"
    path.mkdir(exist_ok=True)
    (path / "report.py").write_text("print(1)\n")
    (path / "pyproject.toml").write_text('[project]\nname = "orders"\nversion = "1"\n')
    for words in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "."),
        ("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "--quiet", "-m", "begin"),
    ):
        subprocess.run(["git", "-C", str(path), *words], check=True, capture_output=True)
    return path
