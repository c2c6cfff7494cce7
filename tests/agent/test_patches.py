"""A patch carries exactly the change, and is applied whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.errors import BadRequest
from agent.patches import apply_patch, check_patch, make_patch
from agent.workspace import changed_files, file_hashes
from tests.agent.repositories import Git
from tools.run.process import Runner


@pytest.fixture
def old(tmp_path: Path) -> Path:
    root = tmp_path / "alt und neu" / "old"
    (root / "pkg ü").mkdir(parents=True)
    (root / "pkg ü" / "a b.py").write_text("one\ntwo\nthree\n")
    (root / "plain.py").write_text("x\n")
    return root


@pytest.fixture
def new(old: Path) -> Path:
    root = old.with_name("new")
    shutil.copytree(old, root)
    return root


def _change(new: Path) -> None:
    (new / "pkg ü" / "a b.py").write_text("one\n2\nthree\n")
    (new / "default.pgo").write_bytes(bytes(range(256)) * 10)
    (new / "plain.py").unlink()


def test_text_binary_added_and_removed_files_go_through_a_patch(
    runner: Runner, old: Path, new: Path, tmp_path: Path
) -> None:
    _change(new)
    patch = make_patch(runner, old, new, changed_files(old, new))
    target = tmp_path / "target"
    shutil.copytree(old, target)
    names = apply_patch(runner, target, patch)
    assert set(names) == {"pkg ü/a b.py", "default.pgo", "plain.py"}
    assert file_hashes(target) == file_hashes(new)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.text(max_size=60),
    after=st.text(max_size=60),
)
def test_any_text_survives_line_ends_included(
    runner: Runner, tmp_path: Path, before: str, after: str
) -> None:
    for name, text in (("o", before), ("n", after), ("t", before)):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "f.py").write_bytes(text.encode())
    patch = make_patch(runner, tmp_path / "o", tmp_path / "n", ("f.py",))
    assert bool(patch) == (before != after)
    if patch:
        apply_patch(runner, tmp_path / "t", patch)
    assert (tmp_path / "t" / "f.py").read_bytes() == after.encode()


def test_a_file_that_is_not_utf8_survives_and_the_others_can_still_be_read(
    runner: Runner, old: Path, new: Path
) -> None:
    (old / "latin.py").write_bytes(b"# gr\xfc\xdfe\na\n")
    (new / "latin.py").write_bytes(b"# gr\xfc\xdfe\nb\n")
    (new / "plain.py").write_text("y\n")
    patch = make_patch(runner, old, new, ("latin.py", "plain.py"))
    assert "GIT binary patch" in patch and "+y" in patch
    apply_patch(runner, old, patch)
    assert file_hashes(old) == file_hashes(new)


def test_nothing_changed_is_an_empty_patch(runner: Runner, old: Path, new: Path) -> None:
    assert make_patch(runner, old, new, ("plain.py",)) == ""


def test_a_patch_is_applied_inside_a_repositorys_subfolder_and_its_index_is_left_alone(
    runner: Runner, old: Path, new: Path, git: Git
) -> None:
    top = old.parent
    git(top, "init", "-q")
    git(top, "add", "-A")
    git(top, "commit", "-qm", "first")
    (new / "pkg ü" / "a b.py").write_text("one\n2\nthree\n")
    patch = make_patch(runner, old, new, ("pkg ü/a b.py",))
    assert apply_patch(runner, old, patch) == ("pkg ü/a b.py",)
    assert (old / "pkg ü" / "a b.py").read_text() == "one\n2\nthree\n"
    assert git(top, "diff", "--cached", "--name-only") == ""


def test_what_changed_in_the_meantime_refuses_the_whole_patch(runner: Runner, old: Path, new: Path) -> None:
    _change(new)
    (new / "default.pgo").unlink()
    patch = make_patch(runner, old, new, changed_files(old, new))
    (old / "plain.py").write_text("edited by the user\n")
    before = file_hashes(old)
    with pytest.raises(BadRequest, match="doesn't apply cleanly"):
        apply_patch(runner, old, patch)
    assert file_hashes(old) == before


def test_checking_a_patch_changes_nothing(runner: Runner, old: Path, new: Path) -> None:
    _change(new)
    before = file_hashes(old)
    names = check_patch(runner, old, make_patch(runner, old, new, changed_files(old, new)))
    assert "plain.py" in names
    assert file_hashes(old) == before


@pytest.mark.parametrize("name", ["../out.py", "/tmp/out.py", "a/../../out.py", ".git/hooks/pre-commit"])
def test_a_patch_never_writes_outside_the_target_or_into_its_repository(
    runner: Runner, old: Path, name: str
) -> None:
    before = file_hashes(old.parent)
    patch = f"--- /dev/null\n+++ b/{name}\n@@ -0,0 +1 @@\n+bad\n"
    with pytest.raises(BadRequest):
        apply_patch(runner, old, patch)
    assert file_hashes(old.parent) == before


def test_a_patch_never_writes_through_a_link(runner: Runner, old: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.py").write_text("x\n")
    (old / "link").symlink_to(outside)
    (old / "file.py").symlink_to(outside / "x.py")
    for name in ("link/x.py", "file.py"):
        with pytest.raises(BadRequest):
            apply_patch(runner, old, f"--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-x\n+bad\n")
    assert (outside / "x.py").read_text() == "x\n"


def test_a_patch_cannot_make_a_link_that_a_later_part_writes_through(
    runner: Runner, old: Path, tmp_path: Path
) -> None:
    patch = (
        f"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+{tmp_path}\n"
        "\\ No newline at end of file\n"
        "diff --git a/l/bad.py b/l/bad.py\nnew file mode 100644\n--- /dev/null\n+++ b/l/bad.py\n@@ -0,0 +1 @@\n+bad\n"
    )
    with pytest.raises(BadRequest):
        apply_patch(runner, old, patch)
    assert not (tmp_path / "bad.py").exists()


def test_a_renamed_file_is_named_where_it_goes(runner: Runner, old: Path) -> None:
    patch = (
        "diff --git a/plain.py b/moved.py\nsimilarity index 100%\nrename from plain.py\nrename to moved.py\n"
    )
    names = check_patch(runner, old, patch)
    assert "" not in names
    assert "moved.py" in names


@pytest.mark.parametrize("patch", ["", "not a patch\n", "--- a/plain.py\n+++ b/plain.py\n@@ -1 +1 @@\n-x\n"])
def test_what_is_no_whole_patch_is_refused(runner: Runner, old: Path, patch: str) -> None:
    before = file_hashes(old)
    with pytest.raises(BadRequest, match="doesn't apply cleanly"):
        apply_patch(runner, old, patch)
    assert file_hashes(old) == before
