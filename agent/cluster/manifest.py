"""Which files a run has at one moment, and under which names their contents are kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from agent.errors import StorageFailed

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file whose content is kept as `blob`; `mode` are its permissions, `mtime_ns` when it was changed."""

    blob: str
    size_bytes: int
    mode: int
    mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A run's files by their paths relative to its folder, its symbolic links with what they name, and its empty
    folders.
    """

    files: Mapping[str, KeptFile] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()

    @property
    def blobs(self) -> frozenset[str]:
        """The names of all contents."""
        return frozenset(file.blob for file in self.files.values())

    @property
    def size_bytes(self) -> int:
        """What all files take together."""
        return sum(file.size_bytes for file in self.files.values())


def write_manifest(manifest: Manifest) -> bytes:
    """A manifest as JSON; names that are no UTF-8 survive it."""
    files = {
        path: [file.blob, file.size_bytes, file.mode, file.mtime_ns]
        for path, file in sorted(manifest.files.items())
    }
    value = {
        "format": FORMAT,
        "files": files,
        "links": dict(sorted(manifest.links.items())),
        "folders": sorted(manifest.folders),
    }
    return json.dumps(value, separators=(",", ":")).encode()


def read_manifest(content: bytes, name: str) -> Manifest:
    """A manifest that was written so. Raises: StorageFailed when it is none, or names what is outside the folder."""
    try:
        value = json.loads(content)
        if value["format"] != FORMAT:
            raise StorageFailed(
                f"the list of files {name} has format {value['format']}, this program reads {FORMAT}"
            )
        manifest = Manifest(
            files={
                path: KeptFile(blob=str(blob), size_bytes=int(size), mode=int(mode), mtime_ns=int(mtime))
                for path, (blob, size, mode, mtime) in value["files"].items()
            },
            links={path: str(target) for path, target in value["links"].items()},
            folders=tuple(str(path) for path in value["folders"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageFailed(f"the list of files {name} can't be read: {error}") from error
    for path in (*manifest.files, *manifest.links, *manifest.folders):
        if not is_inside(path):
            raise StorageFailed(
                f"the list of files {name} names {path[:200]!r}, which is outside the run's folder"
            )
    return manifest


def is_inside(path: str) -> bool:
    """Whether a relative path stays below the folder that it is relative to, links left aside."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\0" not in path
