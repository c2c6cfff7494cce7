"""A change as the difference of two states of a git repository's folder, with what should be said about it.

Both sides are written down as git keeps them and compared outside of the repository: its attributes and
configuration have no say.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.patches import difference_of
from agent.repository import (
    FILE,
    LINK,
    PROGRAM,
    SUBMODULE,
    Entry,
    Repository,
    content_id,
    pointer_to,
    write_entry,
)

NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A patch, relative to the folder, "" without a difference; `notes` are to be said in the report."""

    patch: str
    notes: tuple[str, ...] = ()


def between(repository: Repository, base: str, head: str) -> Difference:
    """The change from one commit to another. Raises: BadTarget, ToolError."""
    before, after = repository.tree(base), repository.tree(head)
    names = [n for n in before | after if before.get(n) != after.get(n)]
    with tempfile.TemporaryDirectory(prefix="ask-profiler-") as temporary:
        folder = Path(temporary)
        for side, tree in (("a", before), ("b", after)):
            (folder / side).mkdir()
            repository.write({n: tree[n] for n in names if n in tree}, folder / side)
        patch = _patch(repository, folder)
    outside = _note(
        repository.changed_outside(base, head), "changed, too, and aren't judged: not in the target"
    )
    return Difference(patch=patch, notes=(*outside, *_moved_submodules(before, after)))


def since(repository: Repository, base: str) -> Difference:
    """The change from a commit to the files as they are now, those that git doesn't track left out.

    Raises: BadTarget, ToolError.
    """
    before, tracked = repository.tree(base), repository.tracked()
    with tempfile.TemporaryDirectory(prefix="ask-profiler-") as temporary:
        folder = Path(temporary)
        (folder / "a").mkdir()
        (folder / "b").mkdir()
        changed = {
            n: e for n, e in before.items() if n not in tracked or _is_changed(repository.folder / n, e)
        }
        repository.write(changed, folder / "a")
        for name in [*(n for n in changed if n in tracked), *(n for n in tracked if n not in before)]:
            _copy(repository.folder / name, folder / "b", name)
        patch = _patch(repository, folder)
    untracked = _note(
        repository.untracked(), "left out, for git doesn't track them: `git add` takes new files in"
    )
    return Difference(patch=patch, notes=(*untracked, *_moved_submodules(before, tracked)))


def _is_changed(path: Path, entry: Entry) -> bool:
    """Whether a tracked file isn't what the commit has, line ends and Git LFS's content aside."""
    if entry.mode == SUBMODULE:
        return False
    if path.is_symlink():
        return entry.mode != LINK or content_id(_link(path), entry.id) != entry.id
    if not path.is_file() or entry.mode == LINK or (entry.mode == PROGRAM) != (_mode(path) == PROGRAM):
        return True
    content = path.read_bytes()
    as_kept = (content, content.replace(b"\r\n", b"\n"), pointer_to(content))
    return all(content_id(kept, entry.id) != entry.id for kept in as_kept)


def _copy(path: Path, folder: Path, name: str) -> None:
    if path.is_symlink():
        write_entry(folder, name, LINK, _link(path))
    elif path.is_file():
        write_entry(folder, name, _mode(path), path.read_bytes())


def _mode(path: Path) -> str:
    return PROGRAM if path.stat().st_mode & 0o100 else FILE


def _link(path: Path) -> bytes:
    return str(path.readlink()).encode(errors="surrogateescape")


def _patch(repository: Repository, folder: Path) -> str:
    """The patch from side a to side b; files that are no UTF-8 go into it as binary ones."""
    sides = [folder / "a", folder / "b"]
    strange = [
        f'"/{path.relative_to(folder).as_posix()}"'
        for side in sides
        for path in side.rglob("*")
        if not path.is_symlink() and path.is_file() and not _is_utf8(path.read_bytes())
    ]
    (folder / "attributes").write_text("".join(f"{_escaped(name)} -diff\n" for name in strange))
    return difference_of(repository.runner, folder, f"core.attributesFile={folder / 'attributes'}")


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _escaped(pattern: str) -> str:
    """A name as a pattern of git's attributes that matches only itself."""
    inner = re.sub(r"([\\*?\[\]])", r"\\\1", pattern[1:-1])
    return '"' + inner.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _moved_submodules(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> tuple[str, ...]:
    modules = {n for side in (before, after) for n, e in side.items() if e.mode == SUBMODULE}
    moved = sorted(n for n in modules if before.get(n) != after.get(n))
    return _note(moved, "changed, and aren't judged: submodules")


def _note(names: Iterable[str], what: str) -> tuple[str, ...]:
    """One sentence about some files; none without any."""
    found = list(names)
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return (f"{', '.join(found[:NAMED])}{more}: {what}",) if found else ()
