"""Changes as people give them: patches of every kind, and revisions of repositories that aren't to be trusted."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.changes import from_patch, from_revisions
from agent.errors import BadRequest, BadTarget
from agent.patches import PATCH_LIMIT_BYTES, apply_patch, changed_links
from agent.repository import open_repository
from agent.workspace import file_hashes
from tests.agent.conftest import Git
from tools.run.process import Runner

GOOD = "--- a/app.py\n+++ b/app.py\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"


@pytest.fixture
def repo(tmp_path: Path, git: Git) -> Path:
    """A repository whose first commit has a package in a folder of its own."""
    root = tmp_path / "repo"
    (root / "pkg").mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    (root / "app.py").write_text("one\ntwo\nthree\n")
    (root / "pkg" / "pyproject.toml").write_text("")
    (root / "pkg" / "mod.py").write_text("one\ntwo\nthree\n")
    commit(git, root)
    return root


def commit(git: Git, root: Path) -> str:
    git(root, "add", "-A")
    git(root, "commit", "-qm", "next")
    return git(root, "rev-parse", "HEAD").strip()


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


def _written(runner: Runner, root: Path, commit: str, folder: Path) -> Path:
    repository = open_repository(runner, root)
    folder.mkdir()
    repository.write(repository.tree(commit), folder)
    return folder


def _between(runner: Runner, root: Path, base: str, head: str | None, tmp_path: Path) -> Path:
    """The base tree with the change from base to head applied."""
    change = from_revisions(runner, root, base, head)
    assert change.base is not None
    folder = _written(runner, root, change.base, tmp_path / "applied")
    if change.patch:
        apply_patch(runner, folder, change.patch)
    return folder


STRANGE = {
    "latin é.py": b"# gr\xfc\xdfe\n",
    'quo"te*?[x].py': b"\xff\n",
    "data.bin": bytes(range(256)) * 20,
    "crlf.txt": b"a\r\nb\r\n",
    "no newline": b"end",
    "deep/er/x.py": b"x\n",
    "empty": b"",
}


def test_files_of_every_kind_go_from_one_revision_to_the_other(
    runner: Runner, repo: Path, git: Git, tmp_path: Path
) -> None:
    for name, content in STRANGE.items():
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_bytes(content)
    first = commit(git, repo)
    for name, content in STRANGE.items():
        (repo / name).write_bytes(content + b"more\n" if name != "deep/er/x.py" else b"")
    (repo / "app.py").rename(repo / "renamed.py")
    last = commit(git, repo)
    expected = _written(runner, repo, last, tmp_path / "expected")
    assert file_hashes(_between(runner, repo, first, last, tmp_path)) == file_hashes(expected)


def test_without_a_head_the_change_ends_with_the_tracked_files_as_they_are(
    runner: Runner, repo: Path, git: Git, tmp_path: Path
) -> None:
    (repo / "app.py").write_text("uncommitted\n")
    (repo / "staged.py").write_text("s\n")
    git(repo, "add", "staged.py")
    (repo / "scratch.py").write_text("s\n")
    (repo / "pkg" / "mod.py").unlink()
    found = _between(runner, repo, "HEAD", None, tmp_path)
    assert (found / "app.py").read_text() == "uncommitted\n"
    assert (found / "staged.py").exists()
    assert not (found / "scratch.py").exists()
    assert not (found / "pkg" / "mod.py").exists()
    assert from_revisions(runner, repo, "HEAD", None).notes == (
        "scratch.py: left out, for git doesn't track them: `git add` takes new files in",
    )


def test_the_tree_at_base_is_what_counts_not_the_working_tree(
    runner: Runner, repo: Path, git: Git, tmp_path: Path
) -> None:
    first = git(repo, "rev-parse", "HEAD").strip()
    (repo / "app.py").write_text("head\n")
    commit(git, repo)
    (repo / "app.py").write_text("neither\n")
    change = from_revisions(runner, repo, "HEAD~1", "HEAD")
    assert change.base == first
    assert "+head" in change.patch and "neither" not in change.patch


def test_only_the_targets_folder_is_judged_and_the_rest_is_named(
    runner: Runner, repo: Path, git: Git
) -> None:
    (repo / "app.py").write_text("x\n")
    (repo / "pkg" / "mod.py").write_text("y\n")
    commit(git, repo)
    change = from_revisions(runner, repo / "pkg", "HEAD~1", "HEAD")
    assert "a/mod.py" in change.patch and "app.py" not in change.patch
    assert change.notes == ("app.py: changed, too, and aren't judged: not in the target",)


def test_what_the_base_got_meanwhile_is_left_out_from_the_merge_base_and_said_otherwise(
    runner: Runner, repo: Path, git: Git
) -> None:
    git(repo, "checkout", "-qb", "topic")
    (repo / "app.py").write_text("topic\n")
    commit(git, repo)
    git(repo, "checkout", "-q", "main")
    (repo / "pkg" / "mod.py").write_text("main\n")
    commit(git, repo)
    plain = from_revisions(runner, repo, "main", "topic")
    assert "mod.py" in plain.patch
    assert "counts as taken back by the change" in plain.notes[0]
    merged = from_revisions(runner, repo, "main", "topic", from_merge_base=True)
    assert "mod.py" not in merged.patch and merged.notes == ()


@pytest.mark.parametrize("revision", ["nope", "--help", "-1", "HEAD:app.py", "x; touch owned", ""])
def test_what_is_no_revision_is_said(runner: Runner, repo: Path, revision: str) -> None:
    with pytest.raises(BadRequest, match="has no revision"):
        from_revisions(runner, repo, revision, None)


def test_a_folder_in_no_repository_is_said(runner: Runner, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no git repository"):
        from_revisions(runner, tmp_path, "HEAD", None)


def test_nothing_that_the_repository_names_is_run(
    runner: Runner, repo: Path, git: Git, tmp_path: Path
) -> None:
    owned = tmp_path / "owned"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\necho $0 >> {owned}\ncat\n")
    script.chmod(0o755)
    (repo / ".gitattributes").write_text("*.py filter=bad diff=bad merge=bad\n")
    (repo / "app.py").write_text("head\n")
    first = git(repo, "rev-parse", "HEAD").strip()
    last = commit(git, repo)
    for key in (
        *(
            "filter.bad.clean",
            "filter.bad.smudge",
            "filter.bad.process",
            "diff.bad.command",
            "diff.bad.textconv",
        ),
        *("diff.external", "core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass"),
        *("pager.diff", "interactive.diffFilter", "uploadpack.packObjectsHook", "gpg.program"),
    ):
        git(repo, "config", key, str(script))
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
        (repo / ".git" / "hooks" / hook).write_text(script.read_text())
        (repo / ".git" / "hooks" / hook).chmod(0o755)
    (repo / "app.py").write_text("working tree\n")
    subprocess.run(["git", "status"], cwd=repo, capture_output=True, check=False)
    assert owned.exists(), "the trap doesn't work"
    owned.unlink()
    assert "+head" in from_revisions(runner, repo, first, last).patch
    assert "+working tree" in from_revisions(runner, repo, first, None).patch
    _written(runner, repo, last, tmp_path / "tree")
    assert not owned.exists(), owned.read_text()


def test_git_lfs_content_stands_for_its_pointer_where_it_is_here(
    runner: Runner, repo: Path, git: Git, tmp_path: Path
) -> None:
    content = b"large\n" * 100
    digest = hashlib.sha256(content).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n"
    (repo / "data.csv").write_text(pointer)
    first = commit(git, repo)
    (repo / "data.csv").write_bytes(content)
    assert from_revisions(runner, repo, first, None).patch == ""
    assert (_written(runner, repo, first, tmp_path / "a") / "data.csv").read_bytes() == content
    (repo / "data.csv").write_text("something else\n")
    repository = open_repository(runner, repo)
    (tmp_path / "b").mkdir()
    assert repository.write(repository.tree(first), tmp_path / "b") == ("data.csv",)
    assert (tmp_path / "b" / "data.csv").read_text() == pointer


def test_a_checkout_with_other_line_ends_is_no_change(runner: Runner, repo: Path, git: Git) -> None:
    (repo / "app.py").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    assert from_revisions(runner, repo, "HEAD", None).patch == ""


def test_a_tree_that_leads_out_of_the_folder_is_refused(
    runner: Runner, repo: Path, git: Git, tmp_path: Path
) -> None:
    blob = git(repo, "rev-parse", "HEAD:app.py").strip()
    raw = b"100644 ..\0" + bytes.fromhex(blob)
    tree = _object(repo, "tree", raw)
    head = git(repo, "commit-tree", "-m", "evil", tree).strip()
    with pytest.raises(BadTarget, match="leads out of it"):
        _written(runner, repo, head, tmp_path / "tree")
    assert not (tmp_path / "tree").joinpath("..", "x").exists()


def test_a_tree_with_a_link_and_a_folder_of_one_name_writes_nothing_through_it(
    runner: Runner, repo: Path, git: Git, tmp_path: Path
) -> None:
    blob = git(repo, "rev-parse", "HEAD:app.py").strip()
    inner = _object(repo, "tree", b"100644 x.py\0" + bytes.fromhex(blob))
    outside = tmp_path / "outside"
    outside.mkdir()
    target = _object(repo, "blob", str(outside).encode())
    raw = b"120000 d\0" + bytes.fromhex(target) + b"40000 d\0" + bytes.fromhex(inner)
    head = git(repo, "commit-tree", "-m", "evil", _object(repo, "tree", raw)).strip()
    with pytest.raises(BadTarget, match="can't be written"):
        _written(runner, repo, head, tmp_path / "tree")
    assert not list(outside.iterdir())


def _object(repo: Path, kind: str, content: bytes) -> str:
    words = ["git", "hash-object", "-t", kind, "-w", "--stdin", "--literally"]
    done = subprocess.run(words, cwd=repo, input=content, capture_output=True, check=True)
    return done.stdout.decode().strip()


def test_a_shallow_clone_without_the_base_is_said(
    runner: Runner, repo: Path, git: Git, tmp_path: Path
) -> None:
    first = git(repo, "rev-parse", "HEAD").strip()
    (repo / "app.py").write_text("x\n")
    commit(git, repo)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repo}", "shallow")
    with pytest.raises(BadRequest, match="fetched with more history"):
        from_revisions(runner, tmp_path / "shallow", first, "HEAD")


def test_a_worktree_and_a_submodule_are_repositories_like_others(
    runner: Runner, repo: Path, git: Git, tmp_path: Path
) -> None:
    git(repo, "worktree", "add", "-q", str(tmp_path / "tree"), "-b", "other")
    (tmp_path / "tree" / "app.py").write_text("x\n")
    assert "+x" in from_revisions(runner, tmp_path / "tree", "main", None).patch
    git(repo, "submodule", "--quiet", "add", f"file://{repo}", "sub")
    commit(git, repo)
    moved = from_revisions(runner, repo, "HEAD~1", "HEAD")
    assert any("submodules" in note for note in moved.notes)
    assert changed_links(moved.patch) == ()


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
