"""What is wrong with the targets that agent.yaml names, and with their workloads; nothing of them is run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from agent.errors import BadRequest
from agent.service_settings import ApplySettings, TargetSettings, WorkloadSettings
from agent.settings import Settings
from agent.targets import kind_of, locate, pid_of
from tools.errors import ToolError
from tools.live.address import parse_address
from tools.run.sandbox import choose_sandbox

SIZE = "{size}"
_REMOTE = re.compile(r"^\[remote \"([^\"]+)\"\]", re.MULTILINE)


def target_problems(settings: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    """What would fail when a target is asked about, one sentence each, which begins with its place in agent.yaml."""
    for name, target in settings.targets.items():
        for found in _target(target, environment):
            yield f"targets.{name}: {found}"
        for workload, words in target.workloads.items():
            for found in _workload(words):
                yield f"targets.{name}.workloads.{workload}: {found}"
    needs_sandbox = settings.queue.workers > 0 and any(
        kind_of(target.path) == "project" for target in settings.targets.values()
    )
    if needs_sandbox:
        choice = choose_sandbox("auto")
        if choice.sandbox.name == "none":
            yield f"requests from elsewhere need a sandbox and would be refused: {choice.warning}"


def _target(target: TargetSettings, environment: Mapping[str, str]) -> Iterator[str]:
    try:
        match kind_of(target.path):
            case "project":
                locate(Path(target.path))
            case "live":
                if pid_of(target.path) is None:
                    parse_address(target.path)
            case "recording":
                pass
    except (BadRequest, ToolError) as error:
        yield str(error)
        return
    if target.python is not None and not os.access(target.python, os.X_OK):
        yield f"`python` names {target.python}, which isn't there or can't be run"
    if target.sources is not None and not Path(target.sources).is_dir():
        yield f"`sources` names {target.sources}, which is no folder"
    if target.header_env and not environment.get(target.header_env, "").strip():
        yield f"`header_env` names {target.header_env}, which isn't set in the environment"
    if target.apply is not None:
        yield from _applying(target, target.apply)


def _applying(target: TargetSettings, apply: ApplySettings) -> Iterator[str]:
    if kind_of(target.path) != "project":
        yield "`apply` needs sources, and this target is only looked at: remove it"
        return
    top = _repository_of(Path(target.path))
    if top is None:
        yield f"`apply` needs a git repository, and {target.path} is in none: run `git init` there, or remove it"
    elif apply.push is not None and apply.push not in _remotes(top):
        yield f"`apply.push` names the remote {apply.push}, which {top} doesn't have: `git remote add` it"


def _repository_of(path: Path) -> Path | None:
    folder = path.resolve()
    return next((f for f in (folder, *folder.parents) if (f / ".git").exists()), None)


def _remotes(top: Path) -> frozenset[str]:
    """The remotes that a repository's own configuration names; of a linked work tree, those of its repository."""
    git = top / ".git"
    try:
        if git.is_file():
            git = (top / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()
            common = git / "commondir"
            git = (git / common.read_text(encoding="utf-8").strip()) if common.is_file() else git
        return frozenset(_REMOTE.findall((git / "config").read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError):
        return frozenset()


def _workload(workload: WorkloadSettings) -> Iterator[str]:
    has_slot = any(SIZE in word for word in workload.command)
    if workload.command and not workload.command[0].strip():
        yield "`command` begins with an empty word: give the program's name first"
    if has_slot and not workload.sizes:
        yield f"`command` has {SIZE} and there are no `sizes`: give some, such as [100, 1000, 10000]"
    if workload.sizes and not has_slot:
        yield f"`sizes` are for a `command` with {SIZE}, and there is none: remove them"
    if any(size <= 0 for size in workload.sizes):
        yield "`sizes` must be whole numbers above 0"
