"""Admission: a given change is applied to a copy of its own; what reading it tells is decided before anything runs."""

from __future__ import annotations

from pathlib import Path

from agent.deps import Deps
from agent.errors import BadRequest
from agent.nodes.gates import Refused, build_gate, frozen_gate, tests_gate
from agent.patches import apply_patch, changed_links
from agent.request import Change, Plan
from agent.state import Admitted
from agent.workspace import NOT_COPIED, changed_files, clone, is_build_file, is_frozen
from tools.measure.verdict import Verdict
from tools.run.reading import read_written
from tools.run.removing import remove_tree


def admit(deps: Deps, change: Change) -> Admitted:
    """Apply the change to the head copy; with `harness` its tests, benchmarks and build files to the baseline, too.

    Doing it again after an interruption gives the same. Raises: StorageFailed, ToolError.
    """
    clone(deps.workspace.baseline, deps.workspace.head)
    try:
        files, harness = _applied(deps, change)
    except BadRequest as error:
        detail = str(error).replace(str(deps.workspace.head), "the target")
        verdict = Verdict(accepted=False, reason="does not apply", detail=" ".join(detail.split()))
        return Admitted(files=(), harness=(), verdict=verdict)
    except Refused as refused:
        return Admitted(files=(), harness=(), verdict=refused.verdict)
    return Admitted(files=files, harness=harness, verdict=None if files else _nothing_left(change, harness))


def _applied(deps: Deps, change: Change) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files in which both sides differ, and those of the harness that are on both. Raises: BadRequest, Refused."""
    base, head = deps.workspace.baseline, deps.workspace.head
    links = changed_links(change.patch)
    if links:
        raise Refused(
            reason="forbidden edit",
            detail=f"it changes {', '.join(links[:3])}, a symbolic link or a submodule: leave that out of the change",
        )
    if change.patch.strip():
        apply_patch(deps.runner, head, change.patch, strip=change.strip, ignored=tuple(NOT_COPIED))
    files = changed_files(base, head)
    harness = tuple(name for name in files if is_frozen(name)) if change.harness else ()
    for name in harness:
        _take_over(head, base, name)
    frozen_gate(head, base)
    return tuple(name for name in files if name not in harness), harness


def check_harness(deps: Deps, plan: Plan) -> None:
    """Whether the old code builds and passes its tests with the change's harness. Raises: Refused, ToolError."""
    root = deps.workspace.baseline
    label = "the old code with the change's tests"
    build_gate(deps, plan, root, label)
    tests_gate(deps, plan, root, label)


def leave_tests_out(deps: Deps, change: Change, admitted: Admitted, why: str) -> Admitted:
    """The change without the tests and benchmarks that the old code doesn't fit; its build files stay on both sides.

    The baseline must be as it was found.
    """
    base, head = deps.workspace.baseline, deps.workspace.head
    deps.builds.pop(base, None)
    kept = tuple(name for name in admitted.harness if is_build_file(name))
    left_out = tuple(name for name in admitted.harness if name not in kept)
    for name in kept:
        _take_over(head, base, name)
    for name in left_out:
        _take_over(base, head, name)
    verdict = None if admitted.files else _nothing_left(change, admitted.harness)
    return Admitted(files=admitted.files, harness=kept, verdict=verdict, left_out=left_out, why=why)


def _nothing_left(change: Change, harness: tuple[str, ...]) -> Verdict:
    what = "nothing but tests, benchmarks or build files" if harness else "nothing"
    detail = f"it changes {what} of the target, so that there is nothing to measure"
    if change.no_slower:
        return Verdict(accepted=True, reason=None, detail=detail)
    return Verdict(accepted=False, reason="no detectable gain", detail=detail)


def _take_over(source: Path, destination: Path, name: str) -> None:
    """The file `name` as it is in `source`, also when it isn't there any more."""
    path = destination / name
    content = read_written(source, source / name)
    if path.is_dir() and not path.is_symlink():
        remove_tree(str(path))
    path.unlink(missing_ok=True)
    if content is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod((source / name).stat().st_mode & 0o777)
