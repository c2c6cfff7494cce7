"""Run folders: everything a run writes, atomically, under one directory per run.

<runs>/<id>/  request.json  plan.json  evidence.jsonl  checkpoints.sqlite
              report.{md,html,json}  benchmarks.{json,txt}  optimization.patch
              sources.json  followups.jsonl  followups/  ended.json (how it ended without a report)
              optimized/  profiles/  graphs/  monitoring/  work/ (removed when the run ends)
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from agent.ending import ENDING, Ending, why_unfinished
from agent.errors import BadRequest, StorageFailed
from agent.evidence import Artefact, Evidence, EvidenceIndex, EvidenceKind, Quantity

T = TypeVar("T")
ENDED = "ended.json"
STORAGE_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG})


def default_runs_dir(environment: Mapping[str, str]) -> Path:
    """Where runs are kept: `$XDG_STATE_HOME/ask-profiler/runs`, else under `~/.local/state`."""
    state = environment.get("XDG_STATE_HOME")
    home = Path(state) if state else Path(environment.get("HOME", "~")).expanduser() / ".local" / "state"
    return home / "ask-profiler" / "runs"


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it is either the old one or the whole new one.

    Raises: StorageFailed when the disk is full, read-only or not ours to write.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise storage_failed(path, error) from error


def storage_failed(path: Path, error: OSError) -> StorageFailed:
    """The sentence for a failed write: what could not be written, why, what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = "free some space, or choose another place with --runs-dir"
    elif error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        remedy = "choose a writable place with --runs-dir"
    else:
        remedy = "check the path, or choose another place with --runs-dir"
    return StorageFailed(f"could not write {path}: {error.strerror}: {remedy}")


@contextlib.contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Whatever can't write in the block because the disk is full, read-only or not ours is StorageFailed.

    Checkpoints (SQLite) and the profilers' own files are written by libraries, which say it in their way.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StorageFailed(
            f"could not write {folder / 'checkpoints.sqlite'}: {error}: free some space, make the folder "
            "writable, or choose another place with --runs-dir"
        ) from error
    except OSError as error:
        if error.errno not in STORAGE_ERRORS:
            raise
        raise storage_failed(Path(error.filename or folder), error) from error


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run's directory; relative paths in artefacts are relative to it."""

    path: Path

    @property
    def id(self) -> str:
        """The run's id: the name of its directory."""
        return self.path.name

    def write_text(self, name: str, text: str) -> Artefact:
        """Write a text file atomically; returns its artefact."""
        return self.write_bytes(name, text.encode())

    def write_bytes(self, name: str, content: bytes) -> Artefact:
        """Write a file atomically; returns its artefact."""
        write_atomically(self.path / name, content)
        return Artefact(path=name, sha256=hashlib.sha256(content).hexdigest())

    def write_json(self, name: str, adapter: TypeAdapter[T], value: T) -> Artefact:
        """Write a value as indented JSON atomically."""
        return self.write_bytes(name, adapter.dump_json(value, indent=2) + b"\n")

    def read_json(self, name: str, adapter: TypeAdapter[T]) -> T:
        """Read back what `write_json` wrote. Raises: BadRequest when the run lacks it or it can't be read."""
        path = self.path / name
        if not path.is_file():
            raise BadRequest(f"run {self.id} has no {name}: it ended before that was written")
        try:
            return adapter.validate_json(path.read_bytes())
        except ValidationError as error:
            raise BadRequest(f"{path} can't be read by this version: {error}") from error

    @property
    def ending(self) -> Ending | None:
        """How the run ended without a report; None where it has one, or can be gone on with as it is.

        Raises: BadRequest when it can't be read.
        """
        if (self.path / "report.json").is_file() or not (self.path / ENDED).is_file():
            return None
        return self.read_json(ENDED, ENDING)

    def keep_ending(self, ending: Ending | None) -> None:
        """Keep how the run ended; None while it goes on. Raises: StorageFailed."""
        if ending is not None:
            self.write_json(ENDED, ENDING, ending)
            return
        try:
            (self.path / ENDED).unlink(missing_ok=True)
        except OSError as error:
            raise storage_failed(self.path / ENDED, error) from error

    def artefact(self, path: Path) -> Artefact:
        """The artefact for a file that already lies in this folder."""
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return Artefact(path=path.relative_to(self.path).as_posix(), sha256=digest)


@dataclass(frozen=True, slots=True)
class Store:
    """All runs of a user on one machine: a directory with a folder for each."""

    runs_dir: Path

    def create(self, now: datetime, run_id: str | None = None) -> RunFolder:
        """A new, empty run folder, named by its time where no id is given. Raises: StorageFailed."""
        path = self.runs_dir / (run_id or new_run_id(now, 2))
        try:
            path.mkdir(parents=True)
        except OSError as error:
            raise storage_failed(path, error) from error
        return RunFolder(path)

    def open(self, run_id: str) -> RunFolder:
        """A run by its id, by a unique beginning of it, or `last`. Raises: BadRequest."""
        runs = self.list()
        if not runs:
            raise BadRequest(f"there are no runs in {self.runs_dir}: ask something first")
        if run_id == "last":
            return runs[-1]
        found = [run for run in runs if run.id == run_id] or [r for r in runs if r.id.startswith(run_id)]
        if len(found) == 1:
            return found[0]
        what = "no run" if not found else f"{len(found)} runs"
        raise BadRequest(f"{what} matching {run_id!r} in {self.runs_dir}: `ask-profiler runs` lists them")

    def open_finished(self, run_id: str) -> RunFolder:
        """A run that has its report. Raises: BadRequest."""
        folder = self.open(run_id)
        if not (folder.path / "report.json").is_file():
            raise BadRequest(why_unfinished(folder.id, folder.ending))
        return folder

    def list(self) -> tuple[RunFolder, ...]:
        """All runs, oldest first."""
        if not self.runs_dir.is_dir():
            return ()
        return tuple(RunFolder(p) for p in sorted(self.runs_dir.iterdir()) if (p / "request.json").is_file())


def new_run_id(now: datetime, random_bytes: int) -> str:
    """The id of a run that is begun now; as many random bytes as keep those of all hosts apart."""
    return f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(random_bytes)}"


@dataclass(slots=True)
class EvidenceLog:
    """The evidence of a run, in order, kept in `evidence.jsonl`; safe to add to from several threads."""

    folder: RunFolder
    _items: list[Evidence] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def load(cls, folder: RunFolder) -> EvidenceLog:
        """The log as it stands on disk; empty for a new run. A torn last line is cut off, there too."""
        path = folder.path / "evidence.jsonl"
        log = cls(folder)
        if path.is_file():
            content = path.read_bytes()
            whole = content[: content.rfind(b"\n") + 1]
            if whole != content:
                write_atomically(path, whole)
            log._items += [_EVIDENCE.validate_json(line) for line in whole.splitlines()]
        return log

    def add(
        self,
        kind: EvidenceKind,
        title: str,
        tool: str,
        *,
        tool_version: str = "",
        argv: Iterable[str] = (),
        exit_code: int | None = None,
        duration_s: float = 0.0,
        artefacts: Iterable[Artefact] = (),
        quantities: Iterable[Quantity] = (),
        warnings: Iterable[str] = (),
        failure: str | None = None,
    ) -> Evidence:
        """Record one tool run under the next id. Raises: StorageFailed when it can't be kept."""
        with self._lock:
            evidence = Evidence(
                id=f"E{len(self._items) + 1}",
                kind=kind,
                title=title,
                tool=tool,
                tool_version=tool_version,
                argv=tuple(argv),
                exit_code=exit_code,
                duration_s=duration_s,
                artefacts=tuple(artefacts),
                quantities=tuple(quantities),
                warnings=tuple(warnings),
                failure=failure,
            )
            self._append(evidence)
            self._items.append(evidence)
            return evidence

    def add_once(
        self,
        kind: EvidenceKind,
        title: str,
        tool: str,
        *,
        duration_s: float,
        quantities: Iterable[Quantity],
        warnings: Iterable[str] = (),
    ) -> Evidence:
        """As `add`, unless the same is there: a step that is done again after an interruption computes it again."""
        wanted = (kind, title, tool, tuple(quantities), tuple(warnings))
        for item in self.index.items:
            if (item.kind, item.title, item.tool, item.quantities, item.warnings) == wanted:
                return item
        return self.add(kind, title, tool, duration_s=duration_s, quantities=wanted[3], warnings=wanted[4])

    def _append(self, evidence: Evidence) -> None:
        path = self.folder.path / "evidence.jsonl"
        try:
            with path.open("ab") as file:
                file.write(_EVIDENCE.dump_json(evidence) + b"\n")
        except OSError as error:
            raise storage_failed(path, error) from error

    @property
    def index(self) -> EvidenceIndex:
        """Everything gathered so far."""
        with self._lock:
            return EvidenceIndex(tuple(self._items))


_EVIDENCE: TypeAdapter[Evidence] = TypeAdapter(Evidence)


def read_object(path: Path) -> dict[str, object]:
    """A JSON file that holds one object. Raises: BadRequest when it can't be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadRequest(f"{path} can't be read: {error}") from error
    if not isinstance(value, dict):
        raise BadRequest(f"{path} holds no JSON object")
    return value
