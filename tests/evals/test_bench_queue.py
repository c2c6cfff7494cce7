"""The bench of the queue finds what it looks for, on a PostgreSQL of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.settings import MeasureSettings
from evals.bench.figure import Conditions
from evals.bench.postgres import Server, find, server
from evals.bench.queue import bench_queue
from tools.errors import ProgramMissing


@pytest.mark.slow
def test_a_short_bench_of_the_queue_finds_every_figure(tmp_path: Path) -> None:
    conditions = Conditions(
        folder=tmp_path,
        trials=1,
        languages=(),
        busy=None,
        seed=0,
        measure=MeasureSettings(),
        say=lambda text: None,
    )
    found = list(bench_queue(conditions))
    assert [figure.is_met for figure in found if figure.goal.startswith(("each", "nothing"))] == [True, True]
    assert len(found) == 6
    assert all(figure.found for figure in found)


def test_a_server_that_is_stopped_is_gone_and_one_that_is_started_again_has_what_it_had() -> None:
    import psycopg

    with server() as made:
        address = made.new_database()
        made.stop()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(address, connect_timeout=2)
        made.start()
        psycopg.connect(address).close()
        folder = made.folder
        assert isinstance(made, Server)
    assert not folder.exists()


def test_a_program_that_is_not_there_is_named_with_what_brings_it() -> None:
    with pytest.raises(ProgramMissing, match="apt-get install postgresql"):
        find("no-such-program-of-postgresql")
