"""The files of runs that any worker may go on with: on its own disk while it works, kept where all hosts reach them."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select

from agent.checkpoints import Checkpoints
from agent.cluster.blobs import Blobs
from agent.cluster.checkpoints import FencedSaver, fenced
from agent.cluster.fetching import fetch, fetch_manifest, remove_left
from agent.cluster.holding import Holding
from agent.cluster.looking import is_settled, look_through, now_ns
from agent.cluster.manifest import Manifest
from agent.cluster.sweeping import forget_steps, sweep_run
from agent.database.opening import Database
from agent.database.tables import jobs
from agent.errors import NotThere, StorageFailed
from agent.jobs.claims import Claim, now_of
from agent.jobs.job import ENDED
from agent.store import RunFolder, Store
from tools.run.removing import remove_tree

T = TypeVar("T")
LEFT_S = 60.0
"""How long a run's folder stays on the host that ended it."""
REMEMBERED = 32
"""So many manifests and holdings are kept in memory; what isn't there is read again."""


@dataclass(slots=True, kw_only=True)
class ClusterFiles:
    """Run folders lie in `store` on each host, which must be the same path on all of them; what is in them is kept in
    `blobs` with each step.
    """

    database: Database
    blobs: Blobs
    store: Store
    _holdings: OrderedDict[str, Holding] = field(default_factory=OrderedDict)
    _manifests: OrderedDict[str, Manifest] = field(default_factory=OrderedDict)

    def take(self, claim: Claim) -> Store:
        """A store in which the run lies as the last step left it, and nothing of one that wasn't kept.

        Raises: StorageFailed.
        """
        self._tidy(claim.job.run_id)
        folder = self.store.runs_dir / claim.job.run_id
        name = claim.manifest or self._latest(claim.job.run_id)
        manifest = self._manifest(claim.job.run_id, name)
        if name:
            fetch(self.blobs, claim.job.run_id, manifest, folder)
        else:
            remove_tree(str(folder))
        self._hold(claim, manifest, folder)
        return self.store

    def checkpoints(self, claim: Claim) -> Checkpoints:
        """In the database, written by this worker only while the job is its own; files are kept before each step is."""

        def opened(folder: RunFolder) -> contextlib.AbstractContextManager[FencedSaver]:
            return fenced(claim, lambda: self._push(claim, folder))

        return opened

    def keep(self, claim: Claim, folder: RunFolder) -> None:
        """Keep the run's files as they are at its end, and no earlier ones. Raises: StorageFailed, JobLost."""
        self._push(claim, folder)
        with contextlib.suppress(NotThere, StorageFailed):  # what is left over is swept another time
            sweep_run(self.database, self.blobs, claim.job.run_id, ours=(claim.job.id, claim.fence))

    def names(self, run_id: str) -> tuple[str, ...]:
        """The names of all files of a run but its private copies, sorted; empty without any."""
        found = self._manifest(run_id, self._latest(run_id)).files
        return tuple(sorted(name for name in found if not name.startswith("work/")))

    def read(self, run_id: str, name: str) -> bytes:
        """A file of a run. Raises: NotThere, StorageFailed."""
        for _ in range(2):  # a worker may keep a newer one, and no longer the older, meanwhile
            file = self._manifest(run_id, self._latest(run_id)).files.get(name)
            if file is None:
                break
            with contextlib.suppress(NotThere):
                return self.blobs.read(run_id, file.blob)
        raise NotThere(f"run {run_id} has no file {name[:200]!r}")

    def remove(self, run_id: str) -> None:
        """Keep nothing of a run: neither its files nor its steps. Raises: StorageFailed."""
        self.blobs.remove_run(run_id)
        forget_steps(self.database, [run_id])
        remove_tree(str(self.store.runs_dir / run_id))

    def _push(self, claim: Claim, folder: RunFolder) -> None:
        holding = self._holdings.get(claim.job.id)
        if holding is None or holding.claim.fence != claim.fence:
            name = self._latest(claim.job.run_id)
            holding = self._hold(claim, self._manifest(claim.job.run_id, name), None)
        holding.push(folder.path)

    def _hold(self, claim: Claim, manifest: Manifest, folder: Path | None) -> Holding:
        """Remember what is kept; what was just fetched needn't be read again."""
        holding = Holding(claim=claim, blobs=self.blobs, kept=manifest)
        if folder is not None:
            now = now_ns()
            holding.settled |= {
                path for path, seen in look_through(folder).files.items() if is_settled(seen, now)
            }
        _remember(self._holdings, claim.job.id, holding)
        return holding

    def _latest(self, run_id: str) -> str:
        """The manifest of the run's last job that has one, "" without any."""
        query = (
            select(jobs.c.manifest)
            .where(jobs.c.run_id == run_id, jobs.c.manifest != "")
            .order_by(jobs.c.created.desc(), jobs.c.id.desc())
            .limit(1)
        )
        with self.database.reading() as connection:
            return connection.execute(query).scalar_one_or_none() or ""

    def _manifest(self, run_id: str, name: str) -> Manifest:
        key = f"{run_id}/{name}"
        found = self._manifests.get(key)
        if found is None:
            found = fetch_manifest(self.blobs, run_id, name)
            _remember(self._manifests, key, found)
        return found

    def _tidy(self, run_id: str) -> None:
        """Remove this host's folders of other runs of the service, which ended a while ago: all of them are kept."""
        remove_left(self.store.runs_dir)
        here = {run.id for run in self.store.list()} - {run_id}
        if not here:
            return
        query = select(jobs.c.run_id, jobs.c.state, jobs.c.ended).where(jobs.c.run_id.in_(sorted(here)))
        with self.database.reading() as connection:
            before = now_of(connection) - LEFT_S
            found = [
                (row.run_id, row.state in ENDED and row.ended < before) for row in connection.execute(query)
            ]
        busy = {name for name, is_over in found if not is_over}
        for name in {name for name, _ in found} - busy:
            with contextlib.suppress(OSError):
                remove_tree(str(self.store.runs_dir / name))


def _remember(memory: OrderedDict[str, T], key: str, value: T) -> None:
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > REMEMBERED:
        memory.popitem(last=False)
