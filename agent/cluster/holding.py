"""One worker's hold on a run's files: what is kept of them, and what has changed since."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import update

from agent.cluster.blobs import Blobs, owner_of
from agent.cluster.connecting import until_back
from agent.cluster.looking import (
    SMALL_BYTES,
    SeenFile,
    hash_large,
    is_same,
    is_settled,
    look_through,
    now_ns,
    read_small,
)
from agent.cluster.manifest import KeptFile, Manifest, write_manifest
from agent.database.tables import jobs
from agent.errors import JobLost
from agent.jobs.claims import Claim

AT_ONCE = 8
"""So many contents are sent at the same time."""


@dataclass(slots=True, kw_only=True)
class Holding:
    """The files of the run of a claimed job. `kept` is what the database names now, `settled` the paths whose files
    needn't be read again while they look the same.
    """

    claim: Claim
    blobs: Blobs
    kept: Manifest = field(default_factory=Manifest)
    settled: set[str] = field(default_factory=set)
    _alone: threading.Lock = field(default_factory=threading.Lock)

    @property
    def owner(self) -> str:
        """The folder that this worker writes to."""
        return owner_of(self.claim.job.id, self.claim.fence)

    def push(self, folder: Path) -> bool:
        """Keep what has changed in the folder, and then name it in the job's row; whether anything had.

        Raises: JobLost when another worker has the job, StorageFailed.
        """
        with self._alone:
            read_ns = now_ns()
            look = look_through(folder)
            settled = {path for path, seen in look.files.items() if is_settled(seen, read_ns)}
            files = self._with_contents(folder, look.files)
            manifest = Manifest(files=files, links=look.links, folders=tuple(look.folders))
            if manifest == self.kept:
                self.settled |= settled & files.keys()
                return False
            name = self.blobs.write(self.claim.job.run_id, self.owner, write_manifest(manifest))
            self._commit(name)
            self.kept, self.settled = manifest, settled & files.keys()
            return True

    def _with_contents(self, folder: Path, found: Mapping[str, SeenFile]) -> dict[str, KeptFile]:
        """Every file with the name of its content, which is kept already or is kept now."""
        there = {file.blob.rpartition("/")[2]: file.blob for file in self.kept.files.values()}
        files: dict[str, KeptFile] = {}
        changed: dict[str, SeenFile] = {}
        for path, seen in found.items():
            before = self.kept.files.get(path)
            if before is not None and path in self.settled and _looks_same(before, seen):
                files[path] = _kept(before.blob, before.size_bytes, seen)
            else:
                changed[path] = seen
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="keeping") as threads:
            sent = threads.map(lambda item: self._send(folder / item[0], item[1], there), changed.items())
            files |= {path: kept for path, kept in zip(changed, sent, strict=True) if kept is not None}
        return files

    def _send(self, path: Path, seen: SeenFile, there: dict[str, str]) -> KeptFile | None:
        """Keep a file's content unless it is; None for a file that vanished or is being written."""
        run_id = self.claim.job.run_id
        if seen.size_bytes <= SMALL_BYTES:
            found = read_small(path)
            if found is None:
                return None
            digest, content = found
            if digest not in there:
                there[digest] = self.blobs.write(run_id, self.owner, content)
            return _kept(there[digest], len(content), seen)
        large = hash_large(path, seen)
        if large is None:
            return None
        if large not in there:
            name = self.blobs.upload(run_id, self.owner, path, large)
            try:
                if not is_same(path, seen):
                    return None
            except OSError:
                return None
            there[large] = name
        return _kept(there[large], seen.size_bytes, seen)

    def _commit(self, name: str) -> None:
        """Name the manifest in the job's row, if the job is still this worker's. Raises: JobLost, StorageFailed."""
        claim = self.claim

        def once() -> int:
            with claim.database.writing() as connection:
                return connection.execute(
                    update(jobs)
                    .where(jobs.c.id == claim.job.id, jobs.c.fence == claim.fence, jobs.c.state == "running")
                    .values(manifest=name)
                ).rowcount

        if not until_back(once, claim.database.shown):
            raise JobLost(f"job {claim.job.id} isn't this worker's any more: its files aren't kept")


def _looks_same(kept: KeptFile, seen: SeenFile) -> bool:
    return (kept.size_bytes, kept.mtime_ns) == (seen.size_bytes, seen.mtime_ns)


def _kept(blob: str, size_bytes: int, seen: SeenFile) -> KeptFile:
    return KeptFile(blob=blob, size_bytes=size_bytes, mode=seen.mode, mtime_ns=seen.mtime_ns)
