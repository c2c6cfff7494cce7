"""Changes as people give them: patches of every kind."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.changes import from_patch, from_revisions
from agent.errors import BadRequest
from agent.patches import PATCH_LIMIT_BYTES, apply_patch, changed_links
from agent.workspace import file_hashes
from tests.agent.repositories import Git, commit
from tools.run.process import Runner

GOOD = "--- a/app.py\n+++ b/app.py\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"


def changed(git: Git, root: Path, file: str, text: str | bytes, *options: str) -> bytes:
    """What `git diff` says when a file becomes another; it becomes what it was again."""
    path = root / file
    before = path.read_bytes()
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    patch = git(root, "diff", *options).encode()
    path.write_bytes(before)
    return patch


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"\x1f\x8b\x08\x00\x00binary", "is binary, no patch"),
        (b"--- a/app.py\n+++ b/app.py\n@@ -1 +1 @@\n-\xff\n+x\n", "is no UTF-8 at byte"),
        (GOOD.encode("utf-16"), "is binary"),
        (b"#!/bin/sh\necho hello\n", "holds no patch"),
        (b"<html>not found</html>\n", "holds no patch"),
        (b"--- a/app.py\n+++ b/app.py\n", "doesn't apply"),
        (GOOD.encode().replace(b"@@ -1,3 +1,3 @@", b"@@ -1,9 +1,9 @@"), "corrupt patch"),
        (b"x" * (PATCH_LIMIT_BYTES + 1), "more than 16 MiB"),
    ],
)
def test_what_is_no_patch_is_said_in_one_sentence(
    runner: Runner, repo: Path, content: bytes, said: str
) -> None:
    with pytest.raises(BadRequest, match=said):
        from_patch(runner, repo, content, "x.patch")


Make = Callable[[Path, Git], str]


def _stale(root: Path, git: Git) -> str:
    (root / "app.py").write_text("1\n2\n3\n4\n5\n6\n7\n")
    return "--- a/app.py\n+++ b/app.py\n@@ -1,7 +1,7 @@\n one\n 2\n 3\n-4\n+four\n 5\n 6\n 7\n"


def _reversed(root: Path, git: Git) -> str:
    return "--- a/app.py\n+++ b/app.py\n@@ -1,3 +1,3 @@\n one\n-2\n+two\n three\n"


def _crlf(root: Path, git: Git) -> str:
    return GOOD.replace("\n", "\r\n")


def _upwards(root: Path, git: Git) -> str:
    return "diff --git a/../x.py b/../x.py\nnew file mode 100644\n--- /dev/null\n+++ b/../x.py\n@@ -0,0 +1 @@\n+x\n"


def _absolute(root: Path, git: Git) -> str:
    name = f"{root}/x.py"
    return f"diff --git a/{name} b/{name}\nnew file mode 100644\n--- /dev/null\n+++ b/{name}\n@@ -0,0 +1 @@\n+x\n"


def _into_git(root: Path, git: Git) -> str:
    return "--- /dev/null\n+++ b/.git/hooks/post-checkout\n@@ -0,0 +1 @@\n+touch owned\n"


def _missing_file(root: Path, git: Git) -> str:
    return GOOD.replace("app.py", "none.py")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_stale, "another version"),
        (_reversed, "in reverse"),
        (_crlf, "CRLF"),
        (_upwards, "outside of|invalid path"),
        (_absolute, "outside of|invalid path"),
        (_into_git, "invalid path"),
        (_missing_file, "none.py"),
    ],
)
def test_a_patch_that_does_not_fit_exactly_is_refused_with_what_may_be_wrong(
    runner: Runner, repo: Path, git: Git, tmp_path: Path, make: Make, said: str
) -> None:
    patch = make(repo, git)
    before = file_hashes(tmp_path)
    with pytest.raises(BadRequest, match=said):
        change = from_patch(runner, repo, patch.encode(), "x.patch")
        apply_patch(runner, repo, change.patch, strip=change.strip)
    assert file_hashes(tmp_path) == before


def _applied(runner: Runner, root: Path, content: bytes) -> tuple[str, ...]:
    change = from_patch(runner, root, content, "x.patch")
    return apply_patch(runner, root, change.patch, strip=change.strip)


def test_file_names_may_be_relative_to_the_repository(runner: Runner, repo: Path, git: Git) -> None:
    patch = changed(git, repo, "pkg/mod.py", "one\n2\nthree\n")
    assert b"a/pkg/mod.py" in patch
    assert _applied(runner, repo / "pkg", patch) == ("mod.py",)
    assert (repo / "pkg" / "mod.py").read_text() == "one\n2\nthree\n"


def test_file_names_may_be_relative_to_the_target(runner: Runner, repo: Path, git: Git) -> None:
    patch = changed(git, repo / "pkg", "mod.py", "one\n2\nthree\n", "--relative")
    assert _applied(runner, repo / "pkg", patch) == ("mod.py",)


def test_file_names_may_come_without_a_and_b(runner: Runner, repo: Path, git: Git) -> None:
    (repo / "lib").mkdir()
    (repo / "lib" / "x.py").write_text("one\n")
    commit(git, repo)
    patch = changed(git, repo, "lib/x.py", "1\n", "--no-prefix")
    assert _applied(runner, repo, patch) == ("lib/x.py",)


def test_a_patch_of_target_and_surroundings_is_refused(runner: Runner, repo: Path, git: Git) -> None:
    patch = GOOD.encode() + changed(git, repo, "pkg/mod.py", "one\n2\nthree\n")
    with pytest.raises(BadRequest, match=r"app\.py, too, outside of the target"):
        from_patch(runner, repo / "pkg", patch, "x.patch")


def test_lines_that_moved_are_found_but_only_exactly(runner: Runner, repo: Path, git: Git) -> None:
    lines = [f"{number}\n" for number in range(20)]
    (repo / "app.py").write_text("".join(lines))
    commit(git, repo)
    patch = changed(git, repo, "app.py", "".join([*lines[:10], "ten\n", *lines[11:]]))
    (repo / "app.py").write_text("".join(["new\n"] * 30 + lines))
    assert _applied(runner, repo, patch) == ("app.py",)


def test_white_space_counts_whatever_the_users_settings_say(
    runner: Runner, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "settings").write_text("[apply]\n\tignoreWhitespace = change\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "settings"))
    with pytest.raises(BadRequest):
        _applied(runner, repo, GOOD.replace(" three", " three ").encode())


def test_a_target_with_crlf_takes_a_patch_with_crlf(runner: Runner, repo: Path, git: Git) -> None:
    (repo / ".gitattributes").write_text("* -text\n")
    (repo / "app.py").write_bytes(b"one\r\ntwo\r\n")
    commit(git, repo)
    (repo / "app.py").write_bytes(b"one\r\n2\r\n")
    patch = subprocess.run(["git", "diff"], cwd=repo, capture_output=True, check=True).stdout
    git(repo, "checkout", "-q", ".")
    assert _applied(runner, repo, patch) == ("app.py",)
    assert (repo / "app.py").read_bytes() == b"one\r\n2\r\n"


def test_a_rename_is_taken_with_its_change(runner: Runner, repo: Path, git: Git) -> None:
    git(repo, "mv", "app.py", "main.py")
    (repo / "main.py").write_text("one\n2\nthree\n")
    patch = git(repo, "diff", "HEAD", "-M10%").encode()
    assert b"rename to" in patch
    git(repo, "reset", "-q", "--hard")
    _applied(runner, repo, patch)
    assert not (repo / "app.py").exists()
    assert (repo / "main.py").read_text() == "one\n2\nthree\n"


def test_links_and_submodules_are_seen_by_the_patchs_headers_and_not_in_its_content(
    repo: Path, git: Git
) -> None:
    (repo / "link").symlink_to("app.py")
    git(repo, "add", "-A")
    assert changed_links(git(repo, "diff", "--cached")) == ("link",)
    git(repo, "commit", "-qm", "link")
    (repo / "link").unlink()
    (repo / "link").symlink_to("pkg")
    assert changed_links(git(repo, "diff")) == ("link",)
    (repo / "link").unlink()
    assert changed_links(git(repo, "diff")) == ("link",)
    module = "diff --git a/sub b/sub\nnew file mode 160000\n--- /dev/null\n+++ b/sub\n@@ -0,0 +1 @@\n+Sub 1\n"
    assert changed_links(module) == ("sub",)
    quoted = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+new file mode 120000\n"
    assert changed_links(quoted) == ()


def test_a_changed_mode_is_said(runner: Runner, repo: Path, git: Git) -> None:
    (repo / "app.py").chmod(0o755)
    change = from_patch(runner, repo, git(repo, "diff").encode(), "x.patch")
    assert change.notes == ("app.py: the mode changes, which isn't judged",)


def test_files_that_no_copy_has_are_in_no_change(runner: Runner, repo: Path, git: Git) -> None:
    (repo / ".vscode").mkdir()
    (repo / ".vscode" / "settings.json").write_text("{}\n")
    commit(git, repo)
    (repo / ".vscode" / "settings.json").write_text("{ }\n")
    assert from_revisions(runner, repo, "HEAD", None).patch == ""
    patch = git(repo, "diff").encode() + GOOD.encode()
    shutil.rmtree(repo / ".vscode")
    change = from_patch(runner, repo, patch, "x.patch")
    assert apply_patch(runner, repo, change.patch, ignored=(".vscode",)) == ("app.py",)


def test_an_environment_of_a_git_hook_does_not_mislead(
    runner: Runner, repo: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    patch = changed(git, repo, "app.py", "one\n2\nthree\n")
    monkeypatch.setenv("GIT_DIR", ".git")
    assert os.environ["GIT_DIR"] == ".git"
    assert _applied(runner, repo, patch) == ("app.py",)
