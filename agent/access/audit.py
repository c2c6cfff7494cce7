"""Who asked for what, and what became of it: one row and one line of the log for each request, approval and apply."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import delete, insert, select
from sqlalchemy import func as sql

from agent.database.opening import Database
from agent.database.tables import audit as table
from agent.telemetry.masking import Masks, on_one_line

LONGEST = 2000
"""Characters of a subject or detail that are kept."""
AT_ONCE = 1000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """Something that someone asked for; `time` is seconds since 1970."""

    time: float
    caller: str
    door: str
    action: str
    subject: str
    outcome: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Audit:
    """The service's audit. Nothing is ever changed in it, and nothing but `prune` removes anything."""

    database: Database
    masks: Masks = field(default_factory=Masks)
    clock: Callable[[], float] = time.time

    def note(
        self, caller_id: str, door: str, action: str, subject: str, outcome: str, detail: str = ""
    ) -> None:
        """Keep one line. Secrets in it are masked, and it is one line whatever is in it.

        The log has it first. Raises: StorageFailed when it can't be kept: what must be audited mustn't go on then.
        """
        line = AuditLine(
            time=self.clock(),
            caller=self._safe(caller_id, 500),
            door=self._safe(door, 16),
            action=self._safe(action, 32),
            subject=self._safe(subject, LONGEST),
            outcome=self._safe(outcome, 32),
            detail=self._safe(detail, LONGEST),
        )
        values = {name: getattr(line, name) for name in AuditLine.__dataclass_fields__}
        _log.info("audit", extra={"fields": {n: v for n, v in values.items() if n != "time"}})
        with self.database.writing() as connection:
            connection.execute(insert(table).values(**values))

    def lines(self, *, since: float, caller: str | None = None) -> Iterator[AuditLine]:
        """The lines from a time on, the oldest first, of everyone or of one caller. Raises: StorageFailed."""
        wanted = table.c.time >= since
        if caller is not None:
            wanted &= table.c.caller == caller
        after = 0
        while True:
            query = select(table).where(wanted, table.c.id > after).order_by(table.c.id).limit(AT_ONCE)
            with self.database.reading() as connection:
                rows = connection.execute(query).mappings().all()
            for row in rows:
                yield AuditLine(**{name: row[name] for name in AuditLine.__dataclass_fields__})
            if len(rows) < AT_ONCE:
                return
            after = rows[-1]["id"]

    def prune(self, before: float) -> int:
        """Remove the lines from before a time; how many there were. Raises: StorageFailed."""
        old = table.c.time < before
        with self.database.writing() as connection:
            count = connection.execute(select(sql.count()).select_from(table).where(old)).scalar_one()
            connection.execute(delete(table).where(old))
        return int(count)

    def _safe(self, text: str, longest: int) -> str:
        # PostgreSQL takes neither NUL nor half a character.
        return on_one_line(self.masks.mask(text))[:longest]
