"""Profile-guided optimisation as a candidate: the measured CPU profile as `default.pgo`, no line changed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from agent.analysts.analyst import Picture
from agent.patches import make_patch
from agent.report import Bottleneck, Candidate
from tools.patterns.pattern import Pattern
from tools.run.process import Runner

NAME = "default.pgo"
"""What the go command looks for beside a main package. Source: go help build, -pgo."""


def guided_build(
    runner: Runner, picture: Picture, bottleneck: Bottleneck, pattern: Pattern
) -> Candidate | None:
    """The candidate, or None where it can't help: not a Go command, no CPU profile, or one is there already.

    Test binaries are built without `default.pgo`, so only a command's own build shows the difference.
    Raises: ToolError when git fails.
    """
    workload = picture.plan.workload
    capture = next((c for c in picture.captures.values() if c.view == "cpu"), None)
    if picture.plan.language != "go" or workload.kind != "command" or capture is None:
        return None
    file = (Path(workload.command[0]) / NAME).as_posix()
    if (picture.root / file).exists():
        return None
    with tempfile.TemporaryDirectory(prefix="ask-profiler-") as name:
        target = Path(name) / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(capture.profile_path, target)
        patch = make_patch(runner, picture.root, Path(name), (file,))
    return Candidate(
        id="",
        bottleneck_rank=bottleneck.rank,
        title=pattern.spec.title,
        rationale=pattern.explanation,
        risk=pattern.spec.risk,
        origin=f"playbook:{pattern.id}",
        patch=patch,
        files=(file,),
    )
