"""A desk over a database of SQLite in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.jobs.desk import Desk
from agent.jobs.opening import open_desk
from agent.settings import Settings

OpenDesk = Callable[..., Desk]


@pytest.fixture
def open_one(tmp_path: Path) -> OpenDesk:
    """Opens a desk with settings by section; again for the same database."""

    def open_one(**sections: object) -> Desk:
        target = tmp_path / "orders"
        if not target.exists():
            target.mkdir()
            (target / "report.py").write_text("print(1)\n")
        found = {
            "storage": {"runs_folder": str(tmp_path / "runs"), "state_folder": str(tmp_path / "state")},
            "targets": {"orders": {"path": str(target), "description": "the report of all orders"}},
            **sections,
        }
        return open_desk(Settings.model_validate(found), {})

    return open_one


@pytest.fixture
def desk(open_one: OpenDesk) -> Desk:
    """A desk with one target, `orders`."""
    return open_one()
