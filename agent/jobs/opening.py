"""Puts the service's parts together: the database, the queue, where files are kept, the desk, a worker."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.access.audit import Audit
from agent.access.limits import Limits
from agent.database.opening import Database, open_database
from agent.definition import Definition, read_definition
from agent.errors import BadRequest, BadSettings
from agent.jobs.claims import Claims
from agent.jobs.desk import Desk
from agent.jobs.files import FolderFiles, RunFiles
from agent.jobs.queue import Queue, RecordsQueue
from agent.jobs.records import Records
from agent.jobs.worker import Worker
from agent.resources import definition_path
from agent.service_settings import LABEL, LABELS
from agent.settings import Settings
from agent.store import Store, default_runs_dir


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What doors and workers share."""

    settings: Settings
    environment: Mapping[str, str]
    database: Database
    claims: Claims
    queue: Queue
    files: RunFiles


def open_parts(settings: Settings, environment: Mapping[str, str]) -> Parts:
    """The parts for one machine, or for many where a PostgreSQL is named. Raises: BadSettings, StorageFailed."""
    database = open_database(settings, environment)
    database.check()
    claims = claims_of(settings, database)
    if database.is_postgres:
        if importlib.util.find_spec("procrastinate") is None:
            raise BadSettings(
                "a PostgreSQL is named, and what many machines need isn't installed: "
                "pip install 'ask-profiler[cluster]'"
            )
        from agent.cluster.opening import open_cluster

        queue, files = open_cluster(settings, environment, database, claims)
    else:
        queue = RecordsQueue(claims=claims, poll_s=settings.queue.poll_s)
        files = FolderFiles(runs_store(settings, environment))
    return Parts(
        settings=settings, environment=environment, database=database, claims=claims, queue=queue, files=files
    )


def claims_of(settings: Settings, database: Database) -> Claims:
    """How jobs are claimed under these settings."""
    return Claims(database, settings.queue.lost_after_s, settings.queue.attempts)


def open_desk(settings: Settings, environment: Mapping[str, str]) -> Desk:
    """The desk over these settings. Raises: BadSettings, BadDefinition, StorageFailed."""
    parts = open_parts(settings, environment)
    return Desk(
        settings=settings,
        definition=definition_in_use(environment),
        records=Records(parts.database),
        queue=parts.queue,
        run_files=parts.files,
        audit=Audit(parts.database),
        limits=Limits.of(settings, parts.database),
    )


def open_worker(settings: Settings, environment: Mapping[str, str], labels: frozenset[str]) -> Worker:
    """A worker over these settings. Raises: BadSettings, StorageFailed."""
    parts = open_parts(settings, environment)
    return Worker(
        claims=parts.claims,
        queue=parts.queue,
        files=parts.files,
        environment=environment,
        labels=labels,
        heartbeat_s=settings.queue.heartbeat_s,
        spent=Limits.of(settings, parts.database).spent,
    )


def definition_in_use(environment: Mapping[str, str]) -> Definition:
    """The agent definition that jobs are carried out with. Raises: BadDefinition."""
    named = environment.get("ASK_PROFILER_DEFINITION")
    return read_definition(Path(named) if named else definition_path())


def runs_store(settings: Settings, environment: Mapping[str, str]) -> Store:
    """The folder of runs on this machine, without links in its path: programs in the copies name their files so."""
    named = settings.storage.runs_folder
    folder = Path(named).expanduser() if named else default_runs_dir(environment)
    return Store(folder.resolve())


def labels_of(given: Sequence[str]) -> frozenset[str]:
    """A worker's labels. Raises: BadRequest for one that is none, or for too many."""
    labels = frozenset(given)
    wrong = [label for label in sorted(labels) if not re.fullmatch(LABEL, label)]
    if wrong:
        raise BadRequest(
            f"{wrong[0]!r} is no label: give small letters and digits, such as go, quiet or cores=8"
        )
    if len(labels) > LABELS:
        raise BadRequest(f"{len(labels)} labels are too many: a worker has at most {LABELS}")
    return labels
