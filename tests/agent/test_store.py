"""What a run writes is whole or not there; a full disk is a sentence and never half a file."""

from __future__ import annotations

import contextlib
import multiprocessing
import resource
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from agent.errors import BadRequest, StorageFailed
from agent.evidence import Quantity
from agent.request import Request
from agent.store import EvidenceLog, RunFolder, Store, default_runs_dir, write_atomically

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_REQUEST: TypeAdapter[Request] = TypeAdapter(Request)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


SMALL = 4096


@contextlib.contextmanager
def small_files() -> Iterator[None]:
    """No file of this process may grow over 4 KiB: what a full disk looks like to a writer.

    Only around the write itself: pytest's own output may go to a larger file.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def _run(store: Store, name: str) -> RunFolder:
    (store.runs_dir / name).mkdir(parents=True)
    (store.runs_dir / name / "request.json").write_text("{}")
    return RunFolder(store.runs_dir / name)


def test_runs_are_kept_in_the_users_state_folder() -> None:
    assert default_runs_dir({"HOME": "/home/x"}) == Path("/home/x/.local/state/ask-profiler/runs")
    assert default_runs_dir({"HOME": "/home/x", "XDG_STATE_HOME": "/s"}) == Path("/s/ask-profiler/runs")


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    write_atomically(path, b"old")
    with pytest.raises(StorageFailed, match="could not write"), small_files():
        write_atomically(path, b"x" * (SMALL + 1))
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.md"]


def test_a_full_disk_names_the_file_and_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "evidence.jsonl").symlink_to("/dev/full")
    with pytest.raises(StorageFailed, match=r"could not write .*: No space left.*--runs-dir"):
        EvidenceLog(RunFolder(tmp_path)).add("host", "a host", "x")


def test_a_place_that_cannot_be_written_is_named_with_the_remedy(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    for place in (blocked / "runs", Path("/proc/ask-profiler")):
        with pytest.raises(StorageFailed, match="--runs-dir"):
            Store(place).create(NOW)
        with pytest.raises(StorageFailed, match="--runs-dir"):
            write_atomically(place / "x", b"")


def test_a_reader_sees_the_old_file_or_the_new_one_and_nothing_between(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    contents = [b"a" * 300_000, b"b" * 300_000]
    write_atomically(path, contents[0])
    context = multiprocessing.get_context("fork")
    writer = context.Process(target=_write_often, args=(path, contents))
    writer.start()
    seen = {path.read_bytes() for _ in range(300)}
    writer.join()
    assert seen <= set(contents)


def _write_often(path: Path, contents: list[bytes]) -> None:
    for turn in range(60):
        write_atomically(path, contents[turn % 2])


def test_runs_are_listed_oldest_first_and_found_by_last_id_or_beginning(store: Store) -> None:
    first, second = _run(store, "20260101-000000-aaaa"), _run(store, "20260102-000000-bbbb")
    (store.runs_dir / "not-a-run").mkdir()
    assert store.list() == (first, second)
    assert store.open("last") == second
    assert store.open("20260101") == first
    assert store.open(second.id) == second


@pytest.mark.parametrize("asked", ["2026", "nothing", "../runs", ""])
def test_a_run_that_is_not_exactly_one_is_refused(store: Store, asked: str) -> None:
    _run(store, "20260101-000000-aaaa")
    _run(store, "20260102-000000-bbbb")
    with pytest.raises(BadRequest, match="ask-profiler runs"):
        store.open(asked)


def test_without_runs_there_is_nothing_to_open(store: Store) -> None:
    assert store.list() == ()
    with pytest.raises(BadRequest, match="there are no runs"):
        store.open("last")


def test_two_runs_of_the_same_second_have_folders_of_their_own(store: Store) -> None:
    assert len({store.create(NOW).id for _ in range(20)}) == 20


def test_evidence_is_numbered_kept_and_read_back(store: Store) -> None:
    folder = store.create(NOW)
    log = EvidenceLog.load(folder)
    log.add("host", "naïve \u2028 host", "x", quantities=[Quantity(name="n", value=1.5, unit="s")])
    log.add("tests", "tests", "y", failure="failed\nbadly")
    again = EvidenceLog.load(folder)
    assert again.index == log.index
    assert again.add("build", "b", "z").id == "E3"


def test_evidence_that_was_half_written_when_the_machine_died_is_dropped_and_the_log_goes_on(
    store: Store,
) -> None:
    folder = store.create(NOW)
    log = EvidenceLog.load(folder)
    log.add("host", "kept", "x")
    with (folder.path / "evidence.jsonl").open("ab") as file:
        file.write(b'{"id":"E2","kind":"bui')
    again = EvidenceLog.load(folder)
    assert [e.title for e in again.index.items] == ["kept"]
    again.add("build", "after", "x")
    assert [(e.id, e.title) for e in EvidenceLog.load(folder).index.items] == [
        ("E1", "kept"),
        ("E2", "after"),
    ]


def test_what_a_run_lacks_or_cannot_be_read_is_a_bad_request(store: Store) -> None:
    folder = _run(store, "20260101-000000-aaaa")
    with pytest.raises(BadRequest, match=r"has no plan\.json"):
        folder.read_json("plan.json", _REQUEST)
    with pytest.raises(BadRequest, match=r"request\.json"):
        folder.read_json("request.json", _REQUEST)


def test_an_artefact_is_named_by_its_path_in_the_run_and_its_hash(store: Store) -> None:
    folder = store.create(NOW)
    written = folder.write_text("graphs/cpu.svg", "<svg/>")
    assert written == folder.artefact(folder.path / "graphs" / "cpu.svg")
    assert written.path == "graphs/cpu.svg"
    assert len(written.sha256) == 64
