"""A run's files go with it from host to host, whole, and are written by the worker that has it."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from agent.cluster.blobs import Blobs, open_blobs
from agent.cluster.fetching import fetch
from agent.cluster.files import ClusterFiles
from agent.cluster.holding import Holding
from agent.cluster.manifest import KeptFile, Manifest, read_manifest, write_manifest
from agent.cluster.sweeping import sweep, sweep_run
from agent.database.opening import Database
from agent.database.tables import jobs
from agent.errors import BadSettings, JobLost, NotThere, StorageFailed
from agent.jobs.claims import Claim
from agent.store import RunFolder, Store
from tests.cluster.jobs import record, taken, taken_over


class Host:
    """A host with its own disk."""

    def __init__(self, database: Database, folder: Path, blobs: Blobs) -> None:
        self.files = ClusterFiles(database=database, blobs=blobs, store=Store(folder / "runs"))

    def take(self, claim: Claim) -> Path:
        return self.files.take(claim).runs_dir / claim.job.run_id

    def keep(self, claim: Claim) -> None:
        self.files.keep(claim, RunFolder(self.files.store.runs_dir / claim.job.run_id))

    def begin(self, claim: Claim) -> Path:
        """A run's folder as a run leaves it half-way."""
        folder = self.take(claim)
        (folder / "work" / "base" / "empty").mkdir(parents=True)
        (folder / "request.json").write_text("{}")
        (folder / "report.md").write_text("# Report")
        (folder / "checkpoints.sqlite").write_text("not wanted")
        base = folder / "work" / "base"
        (base / "tool.sh").write_text("#!/bin/sh\n")
        (base / "tool.sh").chmod(0o755)
        (base / "link").symlink_to("tool.sh")
        (base / "broken").symlink_to("nowhere")
        (base / "__pycache__").mkdir()
        (base / "__pycache__" / "x.pyc").write_bytes(b"cache")
        (base / "same.sh").write_text("#!/bin/sh\n")
        os.utime(base / "tool.sh", ns=(10**18, 10**18 + 7))
        return folder


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return open_blobs(str(tmp_path / "artefacts"))


@pytest.fixture
def one(database: Database, tmp_path: Path, blobs: Blobs) -> Host:
    return Host(database, tmp_path / "one", blobs)


@pytest.fixture
def two(database: Database, tmp_path: Path, blobs: Blobs) -> Host:
    return Host(database, tmp_path / "two", blobs)


def test_a_run_goes_on_on_another_host_with_all_its_files(database: Database, one: Host, two: Host) -> None:
    job = record(database)
    claim = taken(database, job)
    one.begin(claim)
    one.keep(claim)
    folder = two.take(taken_over(database, job))
    base = folder / "work" / "base"
    assert (folder / "report.md").read_text() == "# Report"
    assert (base / "tool.sh").stat().st_mode & 0o777 == 0o755
    assert (base / "tool.sh").stat().st_mtime_ns == 10**18 + 7
    assert (base / "link").readlink() == Path("tool.sh")
    assert (base / "broken").readlink() == Path("nowhere")
    assert (base / "empty").is_dir()
    assert not (base / "__pycache__").exists()
    assert not (folder / "checkpoints.sqlite").exists()


def test_contents_are_kept_once_and_what_is_unchanged_is_not_read_again(
    database: Database, one: Host
) -> None:
    claim = taken(database, record(database))
    folder = one.begin(claim)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            os.utime(path, ns=(10**18, 10**18))
    one.keep(claim)
    kept = one.files.blobs.names(claim.job.run_id)
    assert len(kept) == 4, "two texts, a script that is there twice, and the list"
    size = (folder / "report.md").stat().st_size
    (folder / "report.md").write_text("x" * size)  # behind its back: the same size and time
    os.utime(folder / "report.md", ns=(10**18, 10**18))
    one.keep(claim)
    assert one.files.read(claim.job.run_id, "report.md") == b"# Report"
    (folder / "report.md").write_text("changed!")
    one.keep(claim)
    assert one.files.read(claim.job.run_id, "report.md") == b"changed!"


def test_a_file_that_changes_within_a_tick_of_the_clock_is_seen(database: Database, one: Host) -> None:
    claim = taken(database, record(database))
    folder = one.begin(claim)
    one.keep(claim)
    times = (folder / "report.md").stat().st_mtime_ns
    (folder / "report.md").write_text("# Changed"[:8])
    os.utime(folder / "report.md", ns=(times, times))
    one.keep(claim)
    assert one.files.read(claim.job.run_id, "report.md") == b"# Change"


def test_a_worker_that_lost_its_job_names_no_files(database: Database, one: Host, two: Host) -> None:
    job = record(database)
    old = taken(database, job)
    folder = one.begin(old)
    one.keep(old)
    new = taken_over(database, job)
    two.take(new)
    (folder / "report.md").write_text("by a zombie")
    with pytest.raises(JobLost):
        one.keep(old)
    two.keep(new)
    assert two.files.read(job.run_id, "report.md") == b"# Report"


def test_what_the_last_step_did_not_keep_is_gone_at_a_take_over(database: Database, one: Host) -> None:
    job = record(database)
    claim = taken(database, job)
    folder = one.begin(claim)
    one.keep(claim)
    (folder / "half.txt").write_text("half")
    assert not (one.take(taken_over(database, job)) / "half.txt").exists()


def test_what_a_run_left_before_its_first_step_is_gone(database: Database, one: Host) -> None:
    job = record(database)
    one.begin(taken(database, job))
    assert not one.take(taken_over(database, job)).exists()


def test_doors_find_a_run_s_files_but_not_its_private_copies(
    database: Database, one: Host, two: Host
) -> None:
    claim = taken(database, record(database))
    one.begin(claim)
    one.keep(claim)
    assert two.files.names(claim.job.run_id) == ("report.md", "request.json")
    assert two.files.read(claim.job.run_id, "report.md") == b"# Report"
    with pytest.raises(NotThere):
        two.files.read(claim.job.run_id, "../../etc/passwd")
    assert two.files.names("20260101-000000-none") == ()


def test_a_follow_up_has_the_files_of_its_run_and_adds_to_them(
    database: Database, one: Host, two: Host
) -> None:
    run = record(database)
    claim = taken(database, run)
    one.begin(claim)
    one.keep(claim)
    claim.end("done", "improved")
    for number in (1, 2):
        job = record(database, kind="follow-up", run_id=run.run_id)
        asked = taken(database, job)
        folder = two.take(asked)
        assert (folder / "report.md").read_text() == "# Report"
        with (folder / "followups.jsonl").open("a") as file:
            file.write(f"{number}\n")
        two.keep(asked)
        asked.end("done", "answered")
    assert one.files.read(run.run_id, "followups.jsonl") == b"1\n2\n"


def test_what_earlier_steps_kept_is_removed_at_the_end(database: Database, one: Host) -> None:
    claim = taken(database, record(database))
    folder = one.begin(claim)
    one.files._push(claim, RunFolder(folder))
    for number in range(5):
        (folder / "report.md").write_text(f"report {number}")
        one.files._push(claim, RunFolder(folder))
    before = len(one.files.blobs.names(claim.job.run_id))
    one.keep(claim)
    assert before == 4 + 2 * 5
    assert len(one.files.blobs.names(claim.job.run_id)) == 4
    assert one.files.read(claim.job.run_id, "report.md") == b"report 4"


def test_sweeping_takes_nothing_from_workers_that_write(database: Database, one: Host, two: Host) -> None:
    job = record(database)
    claim = taken(database, job)
    folder = one.begin(claim)
    one.keep(claim)
    over = threading.Event()
    failures: list[BaseException] = []

    def sweep_on() -> None:
        while not over.is_set():
            try:
                sweep_run(database, one.files.blobs, job.run_id)
            except NotThere:
                continue
            except BaseException as error:
                failures.append(error)

    thread = threading.Thread(target=sweep_on)
    thread.start()
    try:
        for number in range(30):
            (folder / "report.md").write_text(f"report {number % 3}")  # contents come back
            (folder / f"{number}.txt").write_text(str(number % 3))
            one.files._push(claim, RunFolder(folder))
    finally:
        over.set()
        thread.join()
    assert not failures
    again = two.take(taken_over(database, job))
    assert (again / "report.md").read_text() == "report 2"
    assert len(list(again.glob("*.txt"))) == 30


def test_a_run_without_a_record_is_removed_when_it_is_old(database: Database, one: Host) -> None:
    old = record(database, id="20251201-000000-aa", run_id="20251201-000000-aa")
    young = record(database, id="20260101-000000-bb", run_id="20260101-000000-bb")
    known = record(database, id="20251201-000000-cc", run_id="20251201-000000-cc")
    for job in (old, young, known):
        claim = taken(database, job)
        one.begin(claim)
        one.keep(claim)
    with database.writing() as connection:
        connection.exec_driver_sql("delete from ap_events")
        connection.execute(jobs.delete().where(jobs.c.id.in_([old.id, young.id])))
    assert sweep(database, one.files.blobs, datetime(2026, 1, 2, tzinfo=UTC)) == 1
    assert one.files.blobs.runs() == (known.run_id, young.run_id)


def test_removing_a_run_leaves_nothing_of_it(database: Database, one: Host) -> None:
    claim = taken(database, record(database))
    folder = one.begin(claim)
    with one.files.checkpoints(claim)(RunFolder(folder)):
        pass
    one.keep(claim)
    one.files.remove(claim.job.run_id)
    assert one.files.blobs.runs() == ()
    assert not folder.exists()
    one.files.remove(claim.job.run_id)  # a second time does no harm


def test_folders_of_ended_runs_leave_the_host(database: Database, one: Host) -> None:
    ended, other = record(database), record(database)
    claim = taken(database, ended)
    folder = one.begin(claim)
    one.keep(claim)
    own = one.files.store.runs_dir / "20240101-000000-own"
    own.mkdir()
    (own / "request.json").write_text("{}")
    claim.end("done", "improved")
    with database.writing() as connection:
        connection.execute(update(jobs).where(jobs.c.id == ended.id).values(ended=1.0))
    one.take(taken(database, other))
    assert not folder.exists()
    assert own.exists(), "a run of somebody who works on this host himself"


def test_what_a_killed_worker_left_half_made_leaves_the_host(database: Database, one: Host) -> None:
    old, young = (one.files.store.runs_dir / f".fetching-{name}" for name in ("old", "young"))
    for path in (old, young):
        path.mkdir(parents=True)
        (path / "request.json").write_text("{}")
    os.utime(old, (1, 1))
    one.take(taken(database, record(database)))
    assert not old.exists()
    assert young.exists()


@pytest.mark.parametrize("damage", ["changed", "removed"])
def test_damage_is_said_and_the_folder_stays_as_it_was(
    database: Database, one: Host, two: Host, damage: str
) -> None:
    job = record(database)
    claim = taken(database, job)
    one.begin(claim)
    one.keep(claim)
    root = Path(one.files.blobs.root) / job.run_id
    path = next(p for p in root.rglob("*") if p.is_file() and p.read_bytes() == b"# Report")
    path.write_bytes(b"# Gemein") if damage == "changed" else path.unlink()
    with pytest.raises((StorageFailed, NotThere)):
        two.take(taken_over(database, job))
    assert list(two.files.store.runs_dir.glob("*")) + list(two.files.store.runs_dir.glob(".*")) == []


@pytest.mark.parametrize("path", ["../evil", "/etc/evil", "a/../../evil", ""])
def test_a_list_of_files_cannot_name_what_is_outside(tmp_path: Path, path: str) -> None:
    file = KeptFile(blob="x-1/aa/" + "a" * 64, size_bytes=1, mode=0o644, mtime_ns=0)
    for manifest in (Manifest(files={path: file}), Manifest(links={path: "x"}), Manifest(folders=(path,))):
        with pytest.raises(StorageFailed, match="outside"):
            read_manifest(write_manifest(manifest), "m")


def test_nothing_is_written_through_a_link(tmp_path: Path, blobs: Blobs) -> None:
    name = blobs.write("run", "job-1", b"evil")
    file = KeptFile(blob=name, size_bytes=4, mode=0o644, mtime_ns=0)
    manifest = Manifest(files={"a/evil": file}, links={"a": str(tmp_path / "outside")})
    (tmp_path / "outside").mkdir()
    with pytest.raises(StorageFailed):
        fetch(blobs, "run", manifest, tmp_path / "runs" / "run")
    assert list((tmp_path / "outside").iterdir()) == []
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"format": 2}', b'{"format":1,"files":{"a":1}}', b"\xff"]
)
def test_a_list_that_cannot_be_read_is_said(content: bytes) -> None:
    with pytest.raises(StorageFailed):
        read_manifest(content, "m")


def test_names_that_are_no_text_survive(tmp_path: Path, database: Database, one: Host, two: Host) -> None:
    job = record(database)
    claim = taken(database, job)
    folder = one.begin(claim)
    name = os.fsdecode(b"\xff\xfe odd\n.txt")
    (folder / name).write_text("odd")
    one.keep(claim)
    assert (two.take(taken_over(database, job)) / name).read_text() == "odd"


def test_a_large_file_that_is_being_written_is_left_to_a_later_step(database: Database, one: Host) -> None:
    claim = taken(database, record(database))
    folder = one.begin(claim)
    with (folder / "profile.data").open("wb") as file:
        file.write(b"x" * 30_000_000)
        file.flush()
        over = threading.Event()

        def write_on() -> None:
            while not over.is_set():
                file.write(b"y" * 1000)
                file.flush()

        thread = threading.Thread(target=write_on)
        thread.start()
        one.files._push(claim, RunFolder(folder))
        over.set()
        thread.join()
    assert "profile.data" not in one.files.names(claim.job.run_id)
    one.keep(claim)
    assert len(one.files.read(claim.job.run_id, "profile.data")) > 30_000_000


def test_a_pipe_that_a_target_left_is_left_out(database: Database, one: Host) -> None:
    claim = taken(database, record(database))
    folder = one.begin(claim)
    os.mkfifo(folder / "work" / "pipe")
    one.keep(claim)
    assert "work/pipe" not in one.files._manifest(claim.job.run_id, one.files._latest(claim.job.run_id)).files


def test_a_store_that_cannot_be_written_is_said(database: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    host = Host(database, tmp_path, open_blobs(str(tmp_path / "file" / "artefacts")))
    claim = taken(database, record(database))
    host.begin(claim)
    with pytest.raises(StorageFailed, match="artefacts_url"):
        host.keep(claim)
    assert claim.beat() == "go on"


def test_an_address_of_no_known_kind_is_refused_at_start() -> None:
    with pytest.raises(BadSettings, match="artefacts_url"):
        open_blobs("nonsense://bucket/runs")


def test_secrets_of_an_address_are_not_shown() -> None:
    assert "secret" not in open_blobs("memory://user:secret@bucket/runs").shown


def test_any_address_of_fsspec_does(database: Database, tmp_path: Path) -> None:
    blobs = open_blobs("memory://runs")
    one, two = Host(database, tmp_path / "one", blobs), Host(database, tmp_path / "two", blobs)
    job = record(database)
    claim = taken(database, job)
    folder = one.begin(claim)
    one.keep(claim)
    (folder / "report.md").write_text("# More")
    one.keep(claim)
    assert (two.take(taken_over(database, job)) / "report.md").read_text() == "# More"
    assert two.files.read(job.run_id, "report.md") == b"# More"
    two.files.remove(job.run_id)
    assert blobs.names(job.run_id) == frozenset()


def test_nothing_is_committed_where_nothing_changed(database: Database, one: Host) -> None:
    claim = taken(database, record(database))
    folder = one.begin(claim)
    holding = Holding(claim=claim, blobs=one.files.blobs)
    assert holding.push(folder)
    assert not holding.push(folder)
    (folder / "new.txt").write_text("new")
    assert holding.push(folder)


def test_a_list_of_files_is_json_with_a_version() -> None:
    file = KeptFile(blob="j-1/aa/" + "a" * 64, size_bytes=3, mode=0o600, mtime_ns=5)
    manifest = Manifest(files={"a/b": file}, links={"l": "t"}, folders=("e",))
    content = write_manifest(manifest)
    assert json.loads(content)["format"] == 1
    assert read_manifest(content, "m") == manifest
    assert manifest.size_bytes == 3
    assert manifest.blobs == {file.blob}
