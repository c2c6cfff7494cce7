"""Whether a project's own code runs on one thread of one process, so that pinning it to a processor loses nothing."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from pathlib import Path

NOTE = (
    "each pair of processes ran on one processor, drawn for both alike: the target imports nothing that starts threads "
    "or processes, and on one processor times repeat better"
)
SPREADING = frozenset(
    {"_thread", "asyncio", "concurrent", "ctypes", "importlib", "multiprocessing", "runpy", "socketserver",
     "subprocess", "threading", "_posixsubprocess", "pty", "wsgiref", "xmlrpc", "http"}
)  # fmt: skip
"""Modules of the standard library with which code spreads over processors, or imports what can't be seen here."""
STARTING = ("fork", "spawn", "posix_spawn", "popen", "system", "__import__", "import_module")
"""Beginnings of functions that start processes, or import by name."""
KNOWN = frozenset({"pytest"})
"""What a target may import beside the standard library and itself."""
LARGEST_BYTES = 1_000_000


def is_sequential(root: Path) -> bool:
    """Whether nothing that the project's files import or call spreads over processors.

    Only the standard library and the project's own modules are known to do that or not: with anything else, and with
    a file that can't be read as Python of this version, the answer is no.
    """
    files = list(_python_files(root))
    own = {part.removesuffix(".py") for file in files for part in file.relative_to(root).parts}
    allowed = (sys.stdlib_module_names - SPREADING) | KNOWN | own
    return all(_stays(file, allowed) for file in files)


def _python_files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = [
            f for f in folders if not f.startswith(".") and not (Path(folder) / f / "pyvenv.cfg").exists()
        ]
        yield from (Path(folder) / name for name in names if name.endswith(".py"))


def _stays(file: Path, allowed: frozenset[str] | set[str]) -> bool:
    try:
        if file.is_symlink() or file.stat().st_size > LARGEST_BYTES:
            return False
        tree = ast.parse(file.read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return False
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                if any(alias.name.partition(".")[0] not in allowed for alias in names):
                    return False
            case ast.ImportFrom(module=module, level=0, names=names):
                if (module or "").partition(".")[0] not in allowed:
                    return False
                if any(alias.name.startswith(STARTING) for alias in names):
                    return False
            case ast.Attribute(attr=name) | ast.Name(id=name):
                if name.startswith(STARTING):
                    return False
    return True
