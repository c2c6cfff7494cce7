"""Making a run's folder on this host from what is kept of it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agent.cluster.blobs import Blobs
from agent.cluster.holding import AT_ONCE
from agent.cluster.manifest import KeptFile, Manifest, read_manifest
from agent.store import storage_failed
from tools.run.removing import remove_tree

PREFIX = ".fetching-"
LEFT_S = 3600.0
"""A folder that was begun longer ago belongs to a worker that was killed."""


def fetch_manifest(blobs: Blobs, run_id: str, name: str) -> Manifest:
    """The manifest that a job's row names; without a name an empty one. Raises: NotThere, StorageFailed."""
    return read_manifest(blobs.read(run_id, name), name) if name else Manifest()


def fetch(blobs: Blobs, run_id: str, manifest: Manifest, folder: Path) -> None:
    """Make `folder` hold exactly what the manifest names, in place of what was there; whole or not at all.

    Every content is checked against its hash. Links are made last, so that nothing is written through one.
    Raises: NotThere, StorageFailed.
    """
    fresh = folder.with_name(f"{PREFIX}{folder.name}-{secrets.token_hex(4)}")
    try:
        try:
            _make_folders(fresh, manifest)
            by_blob: dict[str, list[tuple[str, KeptFile]]] = {}
            for path, file in manifest.files.items():
                by_blob.setdefault(file.blob, []).append((path, file))
            with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetching") as threads:
                for _ in threads.map(lambda item: _write(blobs, run_id, fresh, *item), by_blob.items()):
                    pass
            for path, target in manifest.links.items():
                (fresh / path).symlink_to(target)
            remove_tree(str(folder))
            fresh.rename(folder)
        except OSError as error:
            raise storage_failed(folder, error) from error
    except BaseException:
        with contextlib.suppress(OSError):
            remove_tree(str(fresh))
        raise


def remove_left(runs_dir: Path) -> None:
    """Remove what killed workers left half made."""
    for path in runs_dir.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < time.time() - LEFT_S:
                remove_tree(str(path))


def _make_folders(fresh: Path, manifest: Manifest) -> None:
    fresh.mkdir(parents=True, mode=0o700)
    wanted = {Path(path).parent for path in (*manifest.files, *manifest.links)} | {
        Path(p) for p in manifest.folders
    }
    for path in sorted(wanted):
        (fresh / path).mkdir(parents=True, exist_ok=True)


def _write(blobs: Blobs, run_id: str, fresh: Path, blob: str, copies: Iterable[tuple[str, KeptFile]]) -> None:
    first: Path | None = None
    made: list[tuple[Path, KeptFile]] = []
    for path, file in copies:
        place = fresh / path
        if first is None:
            blobs.download(run_id, blob, place)
            first = place
        else:
            shutil.copyfile(first, place, follow_symlinks=False)
        made.append((place, file))
    for place, file in made:  # after all were copied: one may not be readable
        place.chmod(file.mode)
        os.utime(place, ns=(file.mtime_ns, file.mtime_ns))
