"""Patches: made from two copies, applied to one, always by git, always whole or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path

from agent.errors import BadRequest
from tools.errors import ProgramFailed
from tools.run.process import Completed, Runner
from tools.run.reading import read_written


def make_patch(runner: Runner, old: Path, new: Path, files: tuple[str, ...]) -> str:
    """The patch from `old` to `new` over `files`, binary files included; "" when nothing differs.

    Raises: ToolError when git is missing or fails, or one of the files is a link or lies outside.
    """
    with tempfile.TemporaryDirectory(prefix="ask-profiler-") as name:
        folder = Path(name)
        for side, root in (("a", old), ("b", new)):
            (folder / side).mkdir()
            for file in files:
                content = read_written(root, root / file)
                if content is not None:
                    (folder / side / file).parent.mkdir(parents=True, exist_ok=True)
                    (folder / side / file).write_bytes(content)
        argv = ["git", "-c", "core.quotePath=false", "-c", "core.autocrlf=false", "diff", "--no-index"]
        done = runner.run(
            [*argv, "--binary", "--no-prefix", "--no-color", "a", "b"],
            cwd=folder,
            confined=False,
            check=False,
        )
    if done.exit_code not in (0, 1):
        raise ProgramFailed(
            f"git could not make a patch: {done.stderr.strip()}",
            exit_code=done.exit_code,
            stderr_tail=done.stderr,
        )
    return done.stdout


def apply_patch(runner: Runner, root: Path, patch: str) -> tuple[str, ...]:
    """Apply a patch to `root`, exactly or not at all; the names of the files it changes.

    Raises: BadRequest with git's words when it doesn't apply cleanly, touches a path outside `root`
    or one behind a symbolic link. `root` is unchanged then.
    """
    names = check_patch(runner, root, patch)
    done = _git_apply(runner, root, patch)
    if done.exit_code != 0:
        raise BadRequest(f"the patch doesn't apply cleanly to {root}: {done.stderr.strip()}")
    return names


def check_patch(runner: Runner, root: Path, patch: str) -> tuple[str, ...]:
    """The files a patch would change in `root`, which stays as it is. Raises: BadRequest as `apply_patch`."""
    names = _patched_files(runner, root, patch)
    for name in names:
        for parent in [root / name, *(root / name).parents]:
            if parent == root:
                break
            if parent.is_symlink():
                raise BadRequest(f"the patch would write through the symbolic link {parent}: not applied")
    done = _git_apply(runner, root, patch, "--check")
    if done.exit_code != 0:
        raise BadRequest(f"the patch doesn't apply cleanly to {root}: {done.stderr.strip()}")
    return names


def _patched_files(runner: Runner, root: Path, patch: str) -> tuple[str, ...]:
    done = _git_apply(runner, root, patch, "--numstat", "-z")
    if done.exit_code != 0:
        raise BadRequest(f"the patch doesn't apply cleanly to {root}: {done.stderr.strip()}")
    return tuple(entry.split("\t", 2)[2] for entry in done.stdout.split("\0") if entry.count("\t") >= 2)


def _git_apply(runner: Runner, root: Path, patch: str, *options: str) -> Completed:
    # GIT_CEILING_DIRECTORIES: paths are relative to `root` even when it lies inside a repository.
    return runner.run(
        ["git", "apply", "-p1", "--whitespace=nowarn", *options, "-"],
        cwd=root,
        env={"GIT_CEILING_DIRECTORIES": str(root.parent)},
        confined=False,
        check=False,
        stdin=patch,
    )
