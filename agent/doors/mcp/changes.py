"""The change that a caller gives to be judged, read as `ask-profiler verify --patch` reads one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agent.changes import from_patch, with_wishes
from agent.patches import read_patch
from agent.request import Change
from agent.service_settings import TargetSettings
from agent.targets import is_live, locate
from tools.run.process import Runner
from tools.run.sandbox import NoSandbox

NAME = "the given patch"


def given_change(
    patch: str, root: Path | None, *, title: str, no_slower: bool, harness: bool, minimum_gain: float | None
) -> Change:
    """The change and how it is to be judged. Where the target lies here (`root`), file names relative to its repository
    and those without a/ and b/ are understood, too. Raises: BadRequest when it is no patch; ToolError.
    """
    content = patch.encode()
    if root is None:
        change = Change(title=title, patch=read_patch(content, NAME))
    else:
        runner = Runner(NoSandbox())
        try:
            change = from_patch(runner, root, content, NAME)
        finally:
            runner.close()
    return with_wishes(
        change, title=title, harness=harness, no_slower=no_slower, minimum_gain_ratio=minimum_gain
    )


def root_of(target: str | None, targets: Mapping[str, TargetSettings]) -> Path | None:
    """The root of a target's project where it lies on this machine; None for others, and where none is named.

    Raises: BadRequest when it is no project.
    """
    if target is None:
        return None
    path = targets[target].path if target in targets else target
    return locate(Path(path)).root if not is_live(path) and Path(path).exists() else None
