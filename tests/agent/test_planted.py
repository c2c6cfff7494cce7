"""What code of the target's has put into a private copy is neither followed nor carried on to the next copy."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from agent.errors import BadTarget, StorageFailed
from agent.patches import make_patch
from agent.workspace import Workspace, changed_files, clone, file_hashes
from tools.errors import UnreadableOutput
from tools.run.process import Runner
from tools.run.sandbox import NoSandbox


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("the user's\n")
    folder = tmp_path / "work" / "base"
    (folder / "lib").mkdir(parents=True)
    (folder / "app.py").write_text("x = 1\n")
    (folder / "inside").symlink_to("app.py")
    return folder


def test_links_out_pipes_and_what_steers_git_stay_behind(copy: Path, tmp_path: Path) -> None:
    (copy / "out").symlink_to(tmp_path / "secret")
    (copy / "lib" / "up").symlink_to("../../../secret")
    os.mkfifo(copy / "pipe")
    (copy / ".git").mkdir()
    (copy / ".git" / "config").write_text('[filter "x"]\n\tclean = touch owned\n')
    clone(copy, tmp_path / "work" / "cand")
    found = {
        p.relative_to(tmp_path / "work" / "cand").as_posix() for p in (tmp_path / "work" / "cand").rglob("*")
    }
    assert found == {"lib", "app.py", "inside"}
    assert (tmp_path / "work" / "cand" / "inside").readlink() == Path("app.py")


def test_hashing_hangs_on_no_pipe_and_reads_no_terabyte(copy: Path) -> None:
    before = file_hashes(copy)
    os.mkfifo(copy / "pipe")
    with (copy / "holes").open("wb") as file:
        file.truncate(2**40)
    begun = time.monotonic()
    after = file_hashes(copy)
    assert time.monotonic() - begun < 1
    assert {name for name in after if name not in before} == {"pipe", "holes"}


def test_a_file_that_became_a_link_is_in_no_patch(copy: Path, tmp_path: Path) -> None:
    clone(copy, tmp_path / "work" / "cand")
    changed = tmp_path / "work" / "cand" / "app.py"
    changed.unlink()
    changed.symlink_to(tmp_path / "secret")
    files = changed_files(copy, changed.parent)
    assert files == ("app.py",)
    runner = Runner(NoSandbox())
    with pytest.raises(UnreadableOutput, match="a symbolic link"):
        make_patch(runner, copy, changed.parent, files)
    with pytest.raises(UnreadableOutput, match="outside"):
        make_patch(runner, copy, changed.parent, ("../../secret",))
    runner.close()


def test_copies_are_removed_however_deep_they_became(copy: Path, tmp_path: Path) -> None:
    here = os.open(copy, os.O_RDONLY)
    for _ in range(2500):
        os.mkdir("d" * 60, dir_fd=here)
        inner = os.open("d" * 60, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    with pytest.raises(StorageFailed, match="could not copy"):
        clone(copy, tmp_path / "work" / "cand")
    Workspace(tmp_path / "work").remove()
    assert not (tmp_path / "work").exists()


def test_a_target_that_nests_too_deep_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    here = os.open(target, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    try:
        Workspace(tmp_path / "work").take(target)
    except BadTarget as error:
        assert "nests folders too deep" in str(error)  # before Python 3.12; later ones copy it
    Workspace(tmp_path / "work").remove()
    Workspace(target).remove()


def test_a_link_whose_name_is_no_utf8_can_be_told(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    Path(os.fsdecode(os.fsencode(target) + b"/b\xffd")).symlink_to("/etc/passwd")
    notes = Workspace(tmp_path / "work").take(target)
    assert notes.links_outside == ("b\ufffdd",)
