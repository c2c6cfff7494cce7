"""Tiny targets, one function and one test each, and what every test of a door asks about them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

PROGRAM = """\
import sys


def count(n):
    known = list(range(0, 1000, 2))
    found = 0
    for i in range(n):
        if i in known:
            found += 1
    return found


if __name__ == "__main__":
    print(count(20000))
"""
TEST = """\
import unittest

from app import count


class CountTest(unittest.TestCase):
    def test_count(self):
        self.assertEqual(count(10), 5)
"""
GO_MODULE = "module example.org/tiny\n\ngo 1.22\n"
GO_PROGRAM = "package tiny\n\nfunc Count(n int) int { return n }\n"
GO_TEST = """\
package tiny

import "testing"

func TestCount(t *testing.T) {
\tif Count(3) != 3 {
\t\tt.Fatal("wrong")
\t}
}

func BenchmarkCount(b *testing.B) {
\tfor i := 0; i < b.N; i++ {
\t\tCount(i)
\t}
}
"""
Snapshot = dict[str, tuple[int, str]]


def python_target(root: Path, *, program: str = PROGRAM, test: str | None = TEST) -> Path:
    """A Python project of one script and one test."""
    root.mkdir(parents=True)
    (root / "pyproject.toml").write_text("")
    (root / "app.py").write_text(program)
    if test is not None:
        (root / "test_app.py").write_text(test)
    return root


def go_target(root: Path, *, program: str = GO_PROGRAM, test: str = GO_TEST) -> Path:
    """A Go module of one package with one test and one benchmark."""
    root.mkdir(parents=True)
    (root / "go.mod").write_text(GO_MODULE)
    (root / "tiny.go").write_text(program)
    (root / "tiny_test.go").write_text(test)
    return root


def snapshot(root: Path) -> Snapshot:
    """Kind and permissions, and content or where a link leads, of everything in a target, its `.git` included."""
    return {path.relative_to(root).as_posix(): _entry(path) for path in sorted(root.rglob("*"))}


def _entry(path: Path) -> tuple[int, str]:
    mode = path.lstat().st_mode
    if path.is_symlink():
        return mode, str(path.readlink())
    return mode, hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def living(mark: str) -> list[int]:
    """The processes that carry a mark in their arguments or environment, this one left out."""
    return [int(f.name) for f in Path("/proc").iterdir() if f.name.isdigit() and _carries(f, mark)]


def _carries(process: Path, mark: str) -> bool:
    if process.name == str(os.getpid()):
        return False
    found = b""
    for file in ("cmdline", "environ"):
        try:
            found += (process / file).read_bytes()
        except OSError:  # it has ended, or isn't ours
            continue
    return mark.encode() in found
