"""Whether a module's own code runs on one goroutine only, so that measuring it on one processor loses nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ast_grep_py import SgRoot

from tools.go.packages import GoPackage

NOTE = (
    "benchmarks ran with GOMAXPROCS=1, and each pair of processes on one processor: no code of the module starts a "
    "goroutine, and with the collector on the same processor times repeat better"
)
SPREADING = re.compile(
    r'\bRunParallel\b|\bSetParallelism\b|"net/http(?:/httptest)?"|"golang\.org/x/sync/errgroup"'
)
"""What makes a benchmark or the libraries that it calls use several processors."""
_GO = re.compile(r"\bgo\b")


def is_sequential(root: Path, packages: Iterable[GoPackage]) -> bool:
    """Whether no file of the packages, tests included, starts a goroutine or serves requests.

    A file that can't be read counts as one that may.
    """
    for package in packages:
        for name in (*package.go_files, *package.test_files):
            try:
                text = (root / package.folder / name).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                return False
            if SPREADING.search(text) or _starts_goroutine(text):
                return False
    return True


def _starts_goroutine(text: str) -> bool:
    if not _GO.search(text):
        return False
    return SgRoot(text, "go").root().find(kind="go_statement") is not None
