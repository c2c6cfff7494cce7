"""Jobs that no worker is going to be told of: their worker died, or the queue never heard of them. They are put back.

The records say what is to be done. What the queue knows is only how workers hear of it, and may be lost.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import column, delete, exists, literal_column, select, table
from sqlalchemy.dialects.postgresql import insert

from agent.database.opening import Database
from agent.database.tables import jobs, notes
from agent.jobs.claims import Claims, now_of
from agent.jobs.job import ENDED, Job
from agent.jobs.records import job_of

TASK = "ask-profiler"
"""What Procrastinate calls our one task."""
YOUNG_S = 2.0
"""A job that was made less than this ago is being put into the queue by whoever made it."""
AT_ONCE = 500
"""So many jobs are put back at a time."""
OVER_S = 60.0
"""How long a job has ended when nobody handles what the queue knows of it any more."""
queued = table("procrastinate_jobs", column("queueing_lock"), column("status"), column("task_name"))


def mend(claims: Claims, put: Callable[[Job], None]) -> int:
    """Put back every job that waits, or whose worker shows no sign of life, and that the queue doesn't offer; how many.

    Raises: StorageFailed.
    """
    database = claims.database
    is_offered = exists().where(
        queued.c.queueing_lock == jobs.c.id, queued.c.status == literal_column("'todo'")
    )
    lost = [job.id for job in claims.lost()]
    with database.reading() as connection:
        is_forgotten = (jobs.c.state == "queued") & (jobs.c.created < now_of(connection) - YOUNG_S)
        query = (
            select(jobs)
            .where(is_forgotten | jobs.c.id.in_(lost), ~is_offered)
            .order_by(jobs.c.priority.desc(), jobs.c.created)
            .limit(AT_ONCE)
        )
        found = [job_of(row) for row in connection.execute(query).mappings()]
    for job in found:
        put(job)
    return len(found)


def tidy(database: Database) -> int:
    """Remove what the queue still knows of jobs that ended, and of workers that died; how many entries.

    Raises: StorageFailed.
    """
    with database.writing() as connection:
        is_over = jobs.c.state.in_(sorted(ENDED)) & (jobs.c.ended < now_of(connection) - OVER_S)
        is_needed = exists().where(jobs.c.id == queued.c.queueing_lock, ~is_over)
        return connection.execute(delete(queued).where(queued.c.task_name == TASK, ~is_needed)).rowcount


def my_turn(database: Database, what: str, every_s: float) -> bool:
    """True for one of all workers, every so many seconds. Raises: StorageFailed."""
    key = f"turn:{what}"
    with database.reading() as connection:
        last = connection.execute(select(notes.c.time).where(notes.c.key == key)).scalar_one_or_none()
        if last is not None and last > now_of(connection) - every_s:
            return False  # for nearly everybody, nearly always: nothing is written
    with database.writing() as connection:
        now = now_of(connection)
        row = insert(notes).values(key=key, value="", time=now)
        due = row.on_conflict_do_update(
            index_elements=[notes.c.key], set_={"time": now}, where=notes.c.time <= now - every_s
        )
        return connection.execute(due.returning(notes.c.key)).first() is not None
