"""The private copy: what the user has on disk now, without what leads out of it; the original is only read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.errors import StorageFailed
from agent.workspace import (
    Workspace,
    changed_files,
    copy_tree,
    file_hashes,
    frozen_hashes,
    is_frozen,
)
from tests.agent.repositories import Git


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A project with spaces and non-ASCII letters in its paths."""
    root = tmp_path / "größe und zeit"
    for name, text in {
        "main.py": "print(1)\n",
        "pakete/über uns/月.py": "X = 1\n",
        "tests/test_main.py": "",
        "pyproject.toml": "",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "run" / "work")


def test_a_copy_has_every_file_byte_for_byte_and_its_permissions(target: Path, workspace: Workspace) -> None:
    (target / "run.sh").write_bytes(b"#!/bin/sh\r\n\xff\x00")
    (target / "run.sh").chmod(0o755)
    notes = workspace.take(target)
    assert file_hashes(workspace.baseline) == file_hashes(target)
    assert os.access(workspace.baseline / "run.sh", os.X_OK)
    assert notes.links_outside == notes.unreadable == ()


def test_uncommitted_changes_are_measured_and_neither_they_nor_the_index_are_touched(
    target: Path, workspace: Workspace, git: Git
) -> None:
    git(target, "init", "-q")
    git(target, "add", "-A")
    git(target, "commit", "-qm", "first")
    (target / "main.py").write_text("print(2)\n")
    (target / "new.py").write_text("")
    (target / "pyproject.toml").unlink()
    before = git(target, "status", "--porcelain")
    workspace.take(target)
    assert (workspace.baseline / "main.py").read_text() == "print(2)\n"
    assert (workspace.baseline / "new.py").exists()
    assert not (workspace.baseline / "pyproject.toml").exists()
    assert git(target, "status", "--porcelain") == before


def test_a_submodules_files_are_copied_and_nothing_points_back_to_the_users_repository(
    target: Path, workspace: Workspace, git: Git, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "lib.py").write_text("Y = 1\n")
    for folder in (library, target):
        git(folder, "init", "-q")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "first")
    git(target, "submodule", "add", "-q", str(library), "vendor/library")
    assert (target / "vendor" / "library" / ".git").is_file()
    workspace.take(target)
    assert (workspace.baseline / "vendor" / "library" / "lib.py").read_text() == "Y = 1\n"
    assert not list(workspace.baseline.rglob(".git"))


def test_links_inside_stay_links_and_links_out_are_left_out_and_named(
    target: Path, workspace: Workspace, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key.txt").write_text("secret")
    (target / "inside.py").symlink_to("main.py")
    (target / "folder").symlink_to("pakete")
    (target / "out.txt").symlink_to(secret / "key.txt")
    (target / "out-relative.txt").symlink_to("../secret/key.txt")
    (target / "outdir").symlink_to(secret)
    (target / "chain.txt").symlink_to("out-relative.txt")
    (target / "absolute.py").symlink_to(target / "main.py")
    notes = workspace.take(target)
    assert (workspace.baseline / "inside.py").readlink() == Path("main.py")
    assert (workspace.baseline / "folder").readlink() == Path("pakete")
    assert sorted(notes.links_outside) == [
        "absolute.py",
        "chain.txt",
        "out-relative.txt",
        "out.txt",
        "outdir",
    ]
    for name in notes.links_outside:
        assert not (workspace.baseline / name).is_symlink()
    assert "secret" not in [p.name for p in workspace.baseline.rglob("*")]


def test_links_that_lead_nowhere_or_in_a_circle_do_no_harm(target: Path, workspace: Workspace) -> None:
    (target / "loop").symlink_to("loop")
    (target / "dangling").symlink_to("gone")
    (target / "up").symlink_to(".")
    workspace.take(target)
    assert (workspace.baseline / "main.py").is_file()
    workspace.start_candidate(0)
    assert changed_files(workspace.baseline, workspace.candidate) == ()


def test_version_control_caches_and_environments_are_left_out(target: Path, workspace: Workspace) -> None:
    for name in (".git/config", ".venv/bin/x", "node_modules/a.js", "pakete/__pycache__/m.pyc", "env/x"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text("")
    (target / "env" / "pyvenv.cfg").write_text("")
    workspace.take(target)
    assert sorted(file_hashes(workspace.baseline)) == [
        "main.py",
        "pakete/über uns/月.py",
        "pyproject.toml",
        "tests/test_main.py",
    ]


def test_pipes_and_sockets_are_not_waited_for(target: Path, workspace: Workspace) -> None:
    os.mkfifo(target / "pipe")
    workspace.take(target)
    assert not (workspace.baseline / "pipe").exists()


def test_runs_kept_inside_the_target_are_not_copied_into_themselves(target: Path) -> None:
    workspace = Workspace(target / "runs" / "20260101-000000-aaaa" / "work")
    workspace.path.mkdir(parents=True)
    workspace.take(target)
    assert (workspace.baseline / "main.py").is_file()
    assert not list(workspace.baseline.rglob("work"))


def test_a_copy_that_cannot_be_kept_is_a_sentence_with_a_remedy(target: Path) -> None:
    with pytest.raises(StorageFailed, match="--runs-dir"):
        Workspace(Path("/proc/ask-profiler/work")).take(target)


def test_candidates_start_from_what_was_accepted_and_never_change_it(
    target: Path, workspace: Workspace
) -> None:
    workspace.take(target)
    first = workspace.start_candidate(0)
    (first / "main.py").write_text("print('first')\n")
    workspace.accept(1)
    second = workspace.start_candidate(1)
    (second / "main.py").write_text("print('second')\n")
    assert (workspace.step(1) / "main.py").read_text() == "print('first')\n"
    assert (workspace.baseline / "main.py").read_text() == "print(1)\n"
    again = workspace.start_candidate(0)
    assert (again / "main.py").read_text() == "print(1)\n"
    assert changed_files(workspace.baseline, workspace.step(1)) == ("main.py",)
    workspace.remove()
    assert not workspace.path.exists()


def test_added_changed_and_removed_files_are_all_changes(target: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    copy_tree(target, other)
    (other / "main.py").unlink()
    (other / "new.py").write_text("")
    (other / "pakete" / "über uns" / "月.py").write_text("X = 2\n")
    assert changed_files(target, other) == ("main.py", "new.py", "pakete/über uns/月.py")


@pytest.mark.parametrize(
    ("path", "frozen"),
    [
        ("a/b_test.go", True),
        ("test_a.py", True),
        ("x/tests/data/input.csv", True),
        ("testdata/golden.txt", True),
        ("go.mod", True),
        ("sub/pyproject.toml", True),
        ("benchmarks/run.py", True),
        ("conftest.py", True),
        ("main.go", False),
        ("latest.py", False),
        ("tests.py", False),
        ("contests/a.py", False),
    ],
)
def test_what_judges_a_patch_is_frozen(path: str, frozen: bool) -> None:
    assert is_frozen(path) is frozen


def test_a_changed_test_shows_in_the_frozen_hashes_and_a_changed_source_does_not(
    target: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    copy_tree(target, other)
    (other / "main.py").write_text("")
    assert frozen_hashes(other) == frozen_hashes(target)
    (other / "tests" / "test_main.py").write_text("assert True\n")
    assert frozen_hashes(other) != frozen_hashes(target)
