"""Throw-away copies of the target's copies: what a replayed call writes must not stay in what is measured."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ToolError
from tools.python.interpreter import SCRATCH
from tools.run.reading import fresh_folder
from tools.run.removing import remove_tree


@dataclass(slots=True)
class Clones:
    """A folder in which one copy after the other lies at the same path, so that paths in values are the same.

    `forgets` says that the sandbox throws away what is written in a copy, so that it can be used again.
    """

    folder: Path
    forgets: bool
    _source: Path | None = None

    @property
    def root(self) -> Path:
        """Where the copy lies."""
        return self.folder / "copy"

    def renew(self, source: Path) -> Path:
        """Have a copy of `source` there in which nothing ran. Raises: ToolError."""
        if self.forgets and self._source == source:
            return self.root
        try:
            remove_tree(str(self.root))
            shutil.copytree(
                source, self.root, symlinks=True, ignore=shutil.ignore_patterns(SCRATCH), copy_function=_copy_if_there
            )  # fmt: skip
        except (OSError, shutil.Error, RecursionError) as error:
            raise ToolError(f"{source} can't be copied for calls by value: {error}") from error
        self._source = source
        return self.root

    def empty(self, *names: str) -> Path:
        """An empty folder beside the copy."""
        return fresh_folder(self.folder, *names)


def _copy_if_there(source: str, destination: str) -> None:
    """The target's tests may run in the copy meanwhile, and remove files of theirs."""
    try:
        shutil.copy2(source, destination, follow_symlinks=False)
    except FileNotFoundError:
        return


@contextmanager
def clones_beside(root: Path, *, forgets: bool) -> Iterator[Clones]:
    """Room for clones on the same file system as `root`; removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="values-", dir=root.parent)).resolve()
    try:
        yield Clones(folder, forgets)
    finally:
        remove_tree(str(folder))
