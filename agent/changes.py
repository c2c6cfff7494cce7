"""A given change, from a patch or from two revisions of the target's repository."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from agent.errors import BadRequest
from agent.patches import applies, changed_modes, patched_files, read_patch
from agent.repository import open_repository
from agent.request import Change
from agent.revisions import between, since
from tools.run.process import Runner

_PREFIXED = re.compile(r"^(?:diff --git a/|--- a/|\+\+\+ b/)", re.MULTILINE)


def from_patch(runner: Runner, root: Path, content: bytes, name: str) -> Change:
    """The change that a patch file makes to the target at `root`; `name` is what the file is called.

    Its file names may be relative to the target or to the repository that the target is a part of, with or without
    a/ and b/. Raises: BadRequest when it is no patch, or changes files outside of the target, too.
    """
    patch = read_patch(content, name)
    names = patched_files(runner, root, patch)
    if not names:
        raise BadRequest(f"{name} changes no file: give a patch such as `git diff` writes it")
    strip = _strip(runner, root, patch, names)
    return Change(title=f"the patch from {name}", patch=patch, strip=strip, notes=_modes(patch))


def from_revisions(
    runner: Runner, root: Path, base: str, head: str | None, *, from_merge_base: bool = False
) -> Change:
    """The change from one revision to another, or to the files as they are now where `head` is None.

    With `from_merge_base` what `base` got since both went apart is no part of it. Raises: BadRequest, ToolError.
    """
    repository = open_repository(runner, root)
    start = repository.resolve(base)
    end = None if head is None else repository.resolve(head)
    last = end or repository.resolve("HEAD")
    notes: tuple[str, ...] = ()
    if from_merge_base:
        start = repository.merge_base(start, last)
    elif not repository.is_ancestor(start, last):
        notes = (
            f"{base} isn't in the history of {head or 'HEAD'}: what it has got since counts as taken back by the "
            "change (--merge-base leaves it out)",
        )
    found = since(repository, start) if end is None else between(repository, start, end)
    return Change(
        title=f"{base} to {head or 'the files as they are'}",
        patch=found.patch,
        base=start,
        notes=(*notes, *found.notes, *_modes(found.patch)),
    )


def with_wishes(
    change: Change, *, title: str | None, harness: bool, no_slower: bool, minimum_gain_ratio: float | None
) -> Change:
    """The change and how it is to be judged."""
    return replace(
        change,
        title=title or change.title,
        harness=harness,
        no_slower=no_slower,
        minimum_gain_ratio=minimum_gain_ratio,
    )


def _strip(runner: Runner, root: Path, patch: str, names: tuple[str, ...]) -> int:
    """How many leading parts of a patch's file names to leave out; 1 where none would make it apply."""
    prefix = _prefix(runner, root)
    inside = [name for name in names if prefix and name.startswith(prefix)]
    if inside and not (root / prefix).exists():
        outside = [name for name in names if name not in inside]
        if outside:
            raise BadRequest(
                f"the patch changes {', '.join(outside[:3])}, too, outside of the target {root}: give a patch of the "
                "target alone, or --base and --head"
            )
        return 1 + prefix.count("/")
    if _PREFIXED.search(patch) or applies(runner, root, patch):
        return 1
    return 0 if applies(runner, root, patch, strip=0) else 1


def _prefix(runner: Runner, root: Path) -> str:
    try:
        return open_repository(runner, root).prefix
    except BadRequest:
        return ""


def _modes(patch: str) -> tuple[str, ...]:
    names = changed_modes(patch)
    return (f"{', '.join(names[:3])}: the mode changes, which isn't judged",) if names else ()
