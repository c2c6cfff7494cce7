"""Where a run's files are while it is worked on, and where doors find them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from agent.checkpoints import Checkpoints, in_folder
from agent.errors import NotThere
from agent.jobs.claims import Claim
from agent.store import RunFolder, Store
from tools.run.removing import remove_tree

SHOWN = (
    "report.md", "report.html", "report.json", "optimization.patch", "benchmarks.json", "benchmarks.txt",
    "benchstat.txt", "checklist.json", "change.patch", "plan.json",
)  # fmt: skip
SHOWN_FOLDERS = ("graphs", "profiles", "monitoring", "optimized")
"""What of a run's folder may be fetched; its transcript, its state and its private copies may not."""


class RunFiles(Protocol):
    """Keeps the files of runs."""

    def take(self, claim: Claim) -> Store:
        """A store in which the job's run lies as far as it is there, for its worker. Raises: StorageFailed, JobLost."""

    def checkpoints(self, claim: Claim) -> Checkpoints:
        """Where the run's steps are kept; with each step its files are."""

    def keep(self, claim: Claim, folder: RunFolder) -> None:
        """Keep the run's files as they are now. Raises: StorageFailed, JobLost."""

    def names(self, run_id: str) -> tuple[str, ...]:
        """The names of all files of a run, sorted; empty without any."""

    def read(self, run_id: str, name: str) -> bytes:
        """A file of a run. Raises: NotThere, StorageFailed."""

    def remove(self, run_id: str) -> None:
        """Delete a run's files."""


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """The files of one machine's runs lie in one folder, which its workers and doors share."""

    store: Store

    def take(self, claim: Claim) -> Store:
        """The store itself; a folder that was made and not begun, for its worker was killed, is made again."""
        folder = self._folder(claim.job.run_id)
        if folder.is_dir() and not (folder / "request.json").is_file():
            remove_tree(str(folder))
        return self.store

    def checkpoints(self, claim: Claim) -> Checkpoints:
        """In the run's folder."""
        return in_folder

    def keep(self, claim: Claim, folder: RunFolder) -> None:
        """They are kept where they are."""

    def names(self, run_id: str) -> tuple[str, ...]:
        """The names of what lies in the run's folder."""
        folder = self._folder(run_id)
        found = (p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
        return tuple(sorted(p.relative_to(folder).as_posix() for p in found if "work" not in p.parts[:-1]))

    def read(self, run_id: str, name: str) -> bytes:
        """A file of the run's folder."""
        try:
            return (self._folder(run_id) / name).read_bytes()
        except OSError as error:
            raise NotThere(f"run {run_id} has no file {name[:200]!r}") from error

    def remove(self, run_id: str) -> None:
        """Delete a run's folder."""
        remove_tree(str(self._folder(run_id)))

    def _folder(self, run_id: str) -> Path:
        return self.store.runs_dir / run_id


def is_shown(name: str) -> bool:
    """Whether a caller may fetch a file of a run by this name."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        return False
    return name in SHOWN or (len(path.parts) > 1 and path.parts[0] in SHOWN_FOLDERS)


def media_type(name: str) -> str:
    """The media type of a run's file by its name."""
    return _TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")


_TYPES: Mapping[str, str] = {
    ".md": "text/markdown; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".patch": "text/x-diff; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".gz": "application/gzip",
    ".go": "text/plain; charset=utf-8",
    ".py": "text/plain; charset=utf-8",
}
