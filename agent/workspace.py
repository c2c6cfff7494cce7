"""Private copies of the target: the user's working tree is read once and never written.

A run's `work/` holds equally long directory names, so that paths weigh the same in every process:

    work/base    the target as it was found (frozen)
    work/st01 …  the target with the first accepted candidates applied
    work/cand    the candidate being judged
    work/head    the target with a change that someone else wrote, before it is judged
"""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.errors import BadTarget, StorageFailed
from agent.store import storage_failed
from tools.run.reading import shown_name
from tools.run.removing import remove_tree

VERSION_CONTROL = frozenset({".git", ".hg", ".svn"})
NOT_COPIED = VERSION_CONTROL | frozenset(
    {
        ".venv", "venv", ".tox", ".nox", "node_modules", "__pycache__",
        ".mypy_cache", ".ruff_cache", ".pytest_cache", ".ask-profiler", ".idea", ".vscode",
    }
)  # fmt: skip
BUILD_FILES = (
    "go.mod", "go.sum", "go.work", "pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini", "Makefile",
    "requirements*.txt",
)  # fmt: skip
FROZEN_PATTERNS = ("*_test.go", "test_*.py", "*_test.py", "conftest.py", *BUILD_FILES)
FROZEN_FOLDERS = frozenset({"tests", "test", "testdata", "benchmarks", "bench", "fixtures"})
COPY_LIMIT_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyNotes:
    """What a copy left out: links that lead outside the target, and files that could not be read."""

    links_outside: tuple[str, ...]
    unreadable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Workspace:
    """The private copies of one run, all under `path`."""

    path: Path

    @property
    def baseline(self) -> Path:
        """The target as it was found."""
        return self.path / "base"

    @property
    def candidate(self) -> Path:
        """The copy a candidate is applied to."""
        return self.path / "cand"

    @property
    def head(self) -> Path:
        """The target with a change that someone else wrote."""
        return self.path / "head"

    def step(self, accepted: int) -> Path:
        """The target with the first `accepted` accepted candidates applied; step 0 is the baseline."""
        return self.baseline if accepted == 0 else self.path / f"st{accepted:02d}"

    def copies(self) -> tuple[Path, ...]:
        """The baseline and every step there is; where a profile's files may lie."""
        return (self.baseline, *sorted(self.path.glob("st[0-9][0-9]")))

    def take(self, target: Path) -> CopyNotes:
        """Copy the target. Raises: BadTarget when it is too large or deep, StorageFailed when it can't be kept."""
        try:
            return copy_tree(target, self.baseline)
        except RecursionError as error:
            raise BadTarget(
                f"{target} nests folders too deep: point --target at the part that is meant"
            ) from error

    def start_candidate(self, accepted: int) -> Path:
        """A fresh candidate copy of step `accepted`."""
        clone(self.step(accepted), self.candidate)
        return self.candidate

    def accept(self, accepted: int) -> Path:
        """Keep the candidate as step `accepted`."""
        clone(self.candidate, self.step(accepted))
        return self.step(accepted)

    def remove(self) -> None:
        """Delete every copy."""
        with contextlib.suppress(OSError):
            remove_tree(str(self.path))


def copy_tree(source: Path, destination: Path) -> CopyNotes:
    """Copy a project without version control, caches and environments; links inside stay links.

    A link that leads outside the project isn't copied: neither we nor the target's code should
    follow it. Raises: BadTarget over 2 GiB, StorageFailed.
    """
    _clear(destination)
    root = source.resolve()
    copies = destination.parent.resolve()  # may lie inside the target, with runs kept there
    outside: list[str] = []
    unreadable: list[str] = []
    size = 0
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = [f for f in folders if f not in NOT_COPIED and not is_environment(here / f)]
        folders[:] = [f for f in folders if here / f != copies]
        target_folder = destination / here.relative_to(root)
        _make_folder(target_folder)
        for name in [*files, *(f for f in folders if (here / f).is_symlink())]:
            path = here / name
            if name == ".git":  # a submodule's or worktree's pointer to the user's repository
                continue
            relative = path.relative_to(root).as_posix()
            if path.is_symlink():
                if _leads_inside(path, root):
                    (target_folder / name).symlink_to(path.readlink())
                else:
                    outside.append(shown_name(relative))
                continue
            if not path.is_file():
                continue
            size += path.stat().st_size
            if size > COPY_LIMIT_BYTES:
                raise BadTarget(
                    f"{source} holds over 2 GiB (at {shown_name(relative)}): point --target at a smaller part"
                )
            try:
                _copy_file(path, target_folder / name)
            except PermissionError:
                unreadable.append(shown_name(relative))
    return CopyNotes(links_outside=tuple(outside), unreadable=tuple(unreadable))


def clone(source: Path, destination: Path) -> None:
    """Copy one private copy over another, whole. Raises: StorageFailed.

    What only the target's code can have put there (a pipe, a link that leads out, a `.git` that steers git) stays
    behind.
    """
    _clear(destination)
    root = source.resolve()

    def planted(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if _is_planted(Path(folder) / name, root)}

    try:
        shutil.copytree(source, destination, symlinks=True, ignore=planted)
    except (OSError, shutil.Error, RecursionError) as error:
        raise StorageFailed(f"could not copy {source} to {destination}: {error}") from error


def _is_planted(path: Path, root: Path) -> bool:
    if path.name in VERSION_CONTROL:
        return True
    if path.is_symlink():
        return not _leads_inside(path, root)
    return not (path.is_dir() or path.is_file())


def _clear(folder: Path) -> None:
    try:
        remove_tree(str(folder))
    except OSError as error:
        raise storage_failed(folder, error) from error


def is_environment(folder: Path) -> bool:
    """Whether a folder is a Python environment, which is no part of a target."""
    return (folder / "pyvenv.cfg").is_file()


def _leads_inside(link: Path, root: Path) -> bool:
    try:
        return not link.readlink().is_absolute() and link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a circle of links
        return False


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_failed(folder, error) from error


def _copy_file(source: Path, destination: Path) -> None:
    try:
        content = source.read_bytes()
    except OSError as error:
        raise PermissionError(str(source)) from error
    try:
        destination.write_bytes(content)
        destination.chmod((source.stat().st_mode & 0o777) | 0o600)
    except OSError as error:
        raise storage_failed(destination, error) from error


def is_frozen(path: str) -> bool:
    """Whether a file belongs to the judge (tests, benchmarks, fixtures, build files), not to the patch."""
    parts = Path(path).parts
    return any(part in FROZEN_FOLDERS for part in parts[:-1]) or any(
        fnmatch.fnmatch(parts[-1], pattern) for pattern in FROZEN_PATTERNS
    )


def is_build_file(path: str) -> bool:
    """Whether a frozen file says how the target is built and its tests are run, and is none of them."""
    return any(fnmatch.fnmatch(Path(path).name, pattern) for pattern in BUILD_FILES)


def frozen_hashes(root: Path) -> Mapping[str, str]:
    """SHA-256 of every frozen file by its path relative to `root`; links hash their target's name."""
    return {name: digest for name, digest in file_hashes(root).items() if is_frozen(name)}


def file_hashes(root: Path) -> dict[str, str]:
    """SHA-256 of every file by its path relative to `root`, caches left out."""
    return {path.relative_to(root).as_posix(): _digest(path) for path in _files(root)}


def _digest(path: Path) -> str:
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        return "link:" + str(path.readlink())
    if not stat.S_ISREG(found.st_mode):
        return "no file"
    if found.st_size > COPY_LIMIT_BYTES:  # holes take no space, but reading them would never end
        return f"{found.st_size} bytes"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in NOT_COPIED)
        for name in sorted(files):
            yield Path(folder) / name


def changed_files(old: Path, new: Path) -> tuple[str, ...]:
    """Relative paths that differ between two copies, sorted; added and removed files included."""
    before, after = file_hashes(old), file_hashes(new)
    return tuple(sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n)))
