"""A repository to try changes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Git = Callable[..., str]
"""Runs git in a folder and gives what it printed."""


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
    """Commit everything that is there; the revision."""
    git(root, "add", "-A")
    git(root, "commit", "-qm", "next")
    return git(root, "rev-parse", "HEAD").strip()
