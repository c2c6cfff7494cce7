"""Changes between two revisions of a repository that isn't to be trusted."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from agent.changes import from_revisions
from agent.errors import BadRequest, BadTarget
from agent.patches import apply_patch, changed_links
from agent.repository import open_repository
from agent.workspace import file_hashes
from tests.agent.repositories import Git, commit
from tools.run.process import Runner


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
