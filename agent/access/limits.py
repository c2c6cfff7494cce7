"""How often and how much one caller may ask, counted in the database so that every replica counts the same.

Source: the generic cell rate algorithm (ITU-T I.371): a bucket of tokens kept as one point in time.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, case, select, update
from sqlalchemy.dialects import postgresql, sqlite

from agent.access.caller import LOCAL, Caller
from agent.database.opening import Database
from agent.database.tables import notes, spending
from agent.errors import LimitReached
from agent.service_settings import LimitSettings
from agent.settings import Settings

MINUTE_S, DAY_S = 60.0, 86400.0
WAITING_S = 30.0
"""When those whose jobs wait may try again: nobody knows how long jobs take."""
SLACK_S = 1e-6
"""For rounding, where times are seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of `access.limits` for every caller but the user of this machine. `clock` tells the seconds since
    1970; days are those of UTC.
    """

    settings: LimitSettings
    database: Database
    clock: Callable[[], float] = time.time

    @classmethod
    def of(cls, settings: Settings, database: Database) -> Limits:
        """The limits of the service that the settings describe."""
        return cls(settings=settings.access.limits, database=database)

    def admit(self, caller: Caller, *, is_run: bool, waiting: int) -> None:
        """Count a request of a caller who has so many jobs waiting or running; `is_run` for one that starts a run.

        A request that is turned away for anything but its rate counts for the rate only.
        Raises: LimitReached with the limit and when to try again, StorageFailed.
        """
        if caller.is_local:
            return
        now = self.clock()
        with self.database.writing() as connection:
            refusal = self._refusal(connection, caller.id, now, is_run=is_run, waiting=waiting)
        if refusal is not None:
            raise refusal

    def spent(self, caller_id: str, cost_usd: float) -> None:
        """Count what models cost for a caller, today. Raises: StorageFailed."""
        if caller_id == LOCAL or cost_usd <= 0:
            return
        with self.database.writing() as connection:
            day = _day(self.clock())
            self._open_day(connection, caller_id, day)
            connection.execute(
                update(spending)
                .where(spending.c.caller == caller_id, spending.c.day == day)
                .values(cost_usd=spending.c.cost_usd + cost_usd)
            )

    def _refusal(
        self, connection: Connection, caller_id: str, now: float, *, is_run: bool, waiting: int
    ) -> LimitReached | None:
        per_minute, most_waiting = self.settings.requests_per_minute, self.settings.waiting_jobs
        if per_minute is not None and (wait_s := self._wait_s(connection, caller_id, per_minute, now)):
            return LimitReached(
                f"too many requests: at most {per_minute} a minute are taken (access.limits.requests_per_minute); "
                f"try again in {wait_s:.1f} s",
                wait_s,
            )
        if most_waiting is not None and waiting >= most_waiting:
            return LimitReached(
                f"{waiting} jobs of yours are waiting or running, and at most {most_waiting} may be "
                "(access.limits.waiting_jobs): cancel some, or try again when one has ended",
                WAITING_S,
            )
        return self._spend_day(connection, caller_id, now, is_run=is_run)

    def _wait_s(self, connection: Connection, caller_id: str, per_minute: int, now: float) -> float:
        """Take one request out of the caller's minute; 0, or how long it is until there is another one."""
        key = f"rate:{hashlib.sha256(caller_id.encode()).hexdigest()}"
        step = MINUTE_S / per_minute
        due = case((notes.c.time > now, notes.c.time), else_=now) + step
        take = update(notes).where(notes.c.key == key, due <= now + MINUTE_S + SLACK_S).values(time=due)
        while not connection.execute(take).rowcount:
            last = connection.execute(select(notes.c.time).where(notes.c.key == key)).scalar_one_or_none()
            if last is not None:
                return max(SLACK_S, float(last) + step - now - MINUTE_S)
            insert = postgresql.insert if self.database.is_postgres else sqlite.insert
            connection.execute(insert(notes).values(key=key, value="", time=0.0).on_conflict_do_nothing())
        return 0.0

    def _spend_day(
        self, connection: Connection, caller_id: str, now: float, *, is_run: bool
    ) -> LimitReached | None:
        """Count a run, unless the day's runs or money are spent."""
        day = _day(now)
        mine = (spending.c.caller == caller_id) & (spending.c.day == day)
        most_usd, most_runs = self.settings.model_cost_usd_per_day, self.settings.runs_per_day
        may = mine if most_usd is None else mine & (spending.c.cost_usd < most_usd)
        may = may if most_runs is None else may & (spending.c.runs < most_runs)
        start = update(spending).where(may).values(runs=spending.c.runs + 1)
        while not (is_run and connection.execute(start).rowcount):
            row = connection.execute(select(spending).where(mine)).first()
            if row is None and is_run:
                self._open_day(connection, caller_id, day)
                continue
            if row is None:
                return None
            if most_usd is not None and row.cost_usd >= most_usd:
                return _money_spent(row.cost_usd, most_usd, DAY_S - now % DAY_S)
            if not is_run:
                return None
            if most_runs is not None and row.runs >= most_runs:
                return _runs_spent(row.runs, most_runs, DAY_S - now % DAY_S)
        return None

    def _open_day(self, connection: Connection, caller_id: str, day: str) -> None:
        insert = postgresql.insert if self.database.is_postgres else sqlite.insert
        row = insert(spending).values(caller=caller_id, day=day, runs=0, cost_usd=0.0)
        connection.execute(row.on_conflict_do_nothing())


def _money_spent(spent_usd: float, most_usd: float, tomorrow_s: float) -> LimitReached:
    return LimitReached(
        f"models have cost {spent_usd:.2f} USD for you today, and {most_usd:g} USD may be spent in a day "
        "(access.limits.model_cost_usd_per_day): go on tomorrow (UTC)",
        tomorrow_s,
    )


def _runs_spent(runs: int, most_runs: int, tomorrow_s: float) -> LimitReached:
    return LimitReached(
        f"you have started {runs} runs today, and {most_runs} may be started in a day "
        "(access.limits.runs_per_day): go on tomorrow (UTC)",
        tomorrow_s,
    )


def _day(now: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(now))
