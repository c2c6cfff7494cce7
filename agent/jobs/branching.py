"""A run's patch as a new branch of the target's repository: neither the working tree nor its index is touched.

Hooks and file system monitors that the repository names aren't run.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.errors import BadRequest
from agent.repository import open_repository
from agent.service_settings import ApplySettings
from agent.targets import locate
from tools.run.process import Completed, Limits, Runner
from tools.run.sandbox import NoSandbox

_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false")
PUSH_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What `apply` made: a branch with one commit on it. `is_new` is False where it had been made before."""

    branch: str
    commit: str
    files: tuple[str, ...]
    pushed_to: str | None = None
    is_new: bool = True


def put_on_branch(
    target: str, patch: str, settings: ApplySettings, *, run_id: str, title: str, author: str
) -> Applied:
    """Commit a patch to a new branch that is named by the run; the one that is there already for the same run.

    Raises: BadRequest when the target is in no repository, or the patch doesn't apply to its base any more; ToolError.
    """
    runner = Runner(NoSandbox())
    try:
        root = locate(Path(target)).root
        repository = open_repository(runner, root)
        base = repository.resolve(settings.base)
        branch = f"{settings.branch_prefix}{run_id}"
        git = _Git(runner, repository.top)
        there = git.run("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", check=False)
        if there.exit_code == 0:
            commit = there.stdout.strip()
        else:
            commit = _commit(git, repository.prefix, base, patch, title, author)
            git.run("update-ref", f"refs/heads/{branch}", commit, "0" * len(commit))
        files = git.run("diff-tree", "-r", "--no-commit-id", "--name-only", "-z", f"{commit}^", commit).stdout
        if settings.push is not None:
            _push(git, settings.push, branch)
        return Applied(
            branch=branch,
            commit=commit,
            files=tuple(name for name in files.split("\0") if name),
            pushed_to=settings.push,
            is_new=there.exit_code != 0,
        )
    finally:
        runner.close()


@dataclass(frozen=True, slots=True)
class _Git:
    runner: Runner
    top: Path

    def run(
        self,
        *words: str,
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
        check: bool = True,
        limits: Limits | None = None,
    ) -> Completed:
        return self.runner.run(
            ["git", *_SAFE, *words], cwd=self.top, env={"GIT_TERMINAL_PROMPT": "0", **(env or {})},
            confined=False, check=check, stdin=stdin, limits=limits,
        )  # fmt: skip


def _commit(git: _Git, prefix: str, base: str, patch: str, title: str, author: str) -> str:
    with tempfile.TemporaryDirectory(prefix="ask-profiler-") as temporary:
        index = {"GIT_INDEX_FILE": str(Path(temporary) / "index")}
        git.run("read-tree", base, env=index)
        where = [f"--directory={prefix.rstrip('/')}"] if prefix else []
        done = git.run(
            "apply", "--cached", "--whitespace=nowarn", *where, "-", env=index, stdin=patch, check=False
        )
        if done.exit_code != 0:
            why = re.sub(r"\s+", " ", done.stderr.strip())[:300]
            raise BadRequest(f"the patch doesn't apply to {base[:12]}: {why}: ask again, for it changed")
        tree = git.run("write-tree", env=index).stdout.strip()
    name = {
        "GIT_AUTHOR_NAME": author,
        "GIT_AUTHOR_EMAIL": "ask-profiler@localhost",
        "GIT_COMMITTER_NAME": "ask-profiler",
        "GIT_COMMITTER_EMAIL": "ask-profiler@localhost",
    }
    return git.run("commit-tree", tree, "-p", base, "-m", title, env=name).stdout.strip()


def _push(git: _Git, remote: str, branch: str) -> None:
    ref = f"refs/heads/{branch}"
    limits = Limits(timeout_s=PUSH_S)
    done = git.run("push", "--quiet", remote, f"{ref}:{ref}", check=False, limits=limits)
    if done.exit_code != 0:
        why = re.sub(r"\s+", " ", done.stderr.strip())[:300]
        raise BadRequest(f"the branch {branch} was made, and {remote} didn't take it: {why}")
