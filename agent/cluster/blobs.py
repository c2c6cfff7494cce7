"""Contents under names that are never used twice, on any address that fsspec knows.

<url>/<run>/<job>-<fence>/<aa>/<sha256>

Each worker that has a job writes below a folder of its own, so that nobody ever writes over or removes what another
one is about to name: a content is checked against its name whenever it is read.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec

from agent.errors import BadSettings, NotThere, StorageFailed

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")
NAME = re.compile(r"[A-Za-z0-9_.:-]+/[0-9a-f]{2}/[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Blobs:
    """Where contents are kept. `shown` is the address without what may be secret in it."""

    filesystem: Any
    root: str
    shown: str

    def write(self, run_id: str, owner: str, content: bytes) -> str:
        """Keep a content; its name within the run. Raises: StorageFailed."""
        name = blob_name(owner, hashlib.sha256(content).hexdigest())
        with self._said(name):
            self.filesystem.pipe_file(self._path(run_id, name), content)
        return name

    def upload(self, run_id: str, owner: str, path: Path, sha256: str) -> str:
        """Keep a file's content, whose hash is known; its name within the run. Raises: StorageFailed."""
        name = blob_name(owner, sha256)
        with self._said(name):
            self.filesystem.put_file(str(path), self._path(run_id, name))
        return name

    def read(self, run_id: str, name: str) -> bytes:
        """A content. Raises: NotThere, StorageFailed when it isn't what its name says."""
        with self._said(name):
            content = bytes(self.filesystem.cat_file(self._path(run_id, name)))
        _check(name, hashlib.sha256(content).hexdigest())
        return content

    def download(self, run_id: str, name: str, path: Path) -> None:
        """A content as a file. Raises: NotThere, StorageFailed."""
        with self._said(name):
            self.filesystem.get_file(self._path(run_id, name), str(path))
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        _check(name, found)

    def names(self, run_id: str) -> frozenset[str]:
        """Everything that is kept of a run. Raises: StorageFailed."""
        top = self._path(run_id, "")
        with self._said(run_id):
            self.filesystem.invalidate_cache()
            found = (str(path).rpartition(f"/{run_id}/")[2] for path in self.filesystem.find(top))
            return frozenset(name for name in found if NAME.fullmatch(name))

    def runs(self) -> tuple[str, ...]:
        """The runs of which something is kept, sorted. Raises: StorageFailed."""
        with self._said("the list of runs"):
            self.filesystem.invalidate_cache()
            try:
                found = self.filesystem.ls(self.root, detail=False)
            except FileNotFoundError:
                return ()
        return tuple(sorted(str(path).rstrip("/").rpartition("/")[2] for path in found))

    def remove(self, run_id: str, names: Iterable[str]) -> None:
        """Keep some contents no longer. Raises: StorageFailed."""
        paths = [self._path(run_id, name) for name in names]
        with self._said(run_id):
            if paths:
                self.filesystem.rm(paths)

    def remove_run(self, run_id: str) -> None:
        """Keep nothing of a run. Raises: StorageFailed."""
        with self._said(run_id), contextlib.suppress(NotThere):
            self.filesystem.invalidate_cache()
            if self.filesystem.exists(self._path(run_id, "")):
                self.filesystem.rm(self._path(run_id, ""), recursive=True)

    def _path(self, run_id: str, name: str) -> str:
        if not ID.fullmatch(run_id) or (name and not NAME.fullmatch(name)):
            raise StorageFailed(
                f"{run_id[:100]!r}, {name[:200]!r} can't be the name of something that is kept"
            )
        return f"{self.root}/{run_id}/{name}".rstrip("/")

    @contextlib.contextmanager
    def _said(self, what: str) -> Iterator[None]:
        try:
            yield
        except (StorageFailed, NotThere):
            raise
        except FileNotFoundError as error:
            raise NotThere(f"{what} isn't kept in {self.shown}") from error
        except Exception as error:  # each file system of fsspec has exceptions of its own
            words = " ".join(str(error).split())[:300] or type(error).__name__
            raise StorageFailed(
                f"{what} could not be kept in, or read from, {self.shown}: {words}: check storage.artefacts_url, "
                "and that this host may read and write there"
            ) from error


def open_blobs(url: str) -> Blobs:
    """Where contents are kept: a folder, or an address such as s3://bucket/runs. Raises: BadSettings."""
    is_folder = "://" not in url or url.startswith(("file://", "local://"))
    try:
        filesystem, root = fsspec.core.url_to_fs(url, **({"auto_mkdir": True} if is_folder else {}))
    except (ValueError, ImportError) as error:
        raise BadSettings(f"storage.artefacts_url can't be used: {error}") from error
    scheme, _, rest = url.rpartition("://")
    shown = f"{scheme}://{rest.rpartition('@')[2]}" if scheme else url
    return Blobs(filesystem, str(root).rstrip("/"), shown)


def owner_of(job_id: str, fence: int) -> str:
    """The folder that the worker writes to that has a job under this fence."""
    return f"{job_id}-{fence}"


def fence_of(owner: str) -> tuple[str, int]:
    """The job and the fence that a folder belongs to."""
    job_id, _, fence = owner.rpartition("-")
    return job_id, int(fence) if fence.isdecimal() else 0


def blob_name(owner: str, sha256: str) -> str:
    """The name of a content within its run."""
    return f"{owner}/{sha256[:2]}/{sha256}"


def _check(name: str, sha256: str) -> None:
    if name.rpartition("/")[2] != sha256:
        raise StorageFailed(
            f"{name} holds something else than was kept there: it was damaged, or changed by hand"
        )
