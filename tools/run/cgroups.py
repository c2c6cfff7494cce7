"""Control groups: limits on memory and processes that the kernel keeps, where this user may make groups.

Version 1 (a hierarchy for each controller) and version 2 (one for all). A host whose groups aren't ours to make
has none of this; then programs are kept within limits by watching them. Source: the kernel's
Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CONTROLLERS = ("memory", "pids")
_FILES = {1: "memory.limit_in_bytes", 2: "memory.max"}
_OOM = {1: "memory.oom_control", 2: "memory.events"}
_numbers = itertools.count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One program's groups: a folder for each hierarchy; `counters` are (file, word) of what the kernel refused."""

    folders: tuple[Path, ...]
    counters: dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Groups:
    """Where groups can be made: the parent folder for each controller, and the version."""

    parents: dict[str, Path]
    version: int

    def make(self, *, memory_bytes: int | None, tasks: int | None) -> Group | None:
        """A group with these limits (None: no limit), for a process to join; None when there is nothing to limit.

        Raises: OSError when it can't be made; nothing is left then.
        """
        limits: dict[str, list[tuple[str, int]]] = {}
        if memory_bytes is not None and "memory" in self.parents:
            limits["memory"] = [(_FILES[self.version], memory_bytes)]
        if tasks is not None and "pids" in self.parents:
            limits["pids"] = [("pids.max", tasks)]
        name = f"ask-profiler-{os.getpid()}-{next(_numbers)}"
        folders: list[Path] = []
        try:
            for controller, settings in limits.items():
                folder = self.parents[controller] / name
                if folder not in folders:
                    folder.mkdir()
                    folders.append(folder)
                for file, value in settings:
                    (folder / file).write_text(str(value))
                if controller == "memory":
                    self._without_swap(folder, memory_bytes or 0)
        except OSError:
            for folder in folders:
                with contextlib.suppress(OSError):
                    folder.rmdir()
            raise
        return Group(folders=tuple(folders), counters=self._counters(limits, name)) if folders else None

    def _without_swap(self, folder: Path, memory_bytes: int) -> None:
        """Swap would let a program take more, slowly; and out of memory all of it is ended, not a part."""
        others = (
            [("memory.memsw.limit_in_bytes", memory_bytes)]
            if self.version == 1
            else [("memory.swap.max", 0), ("memory.oom.group", 1)]
        )
        for file, value in others:
            if (folder / file).exists():
                with contextlib.suppress(OSError):
                    (folder / file).write_text(str(value))

    def _counters(self, limits: dict[str, list[tuple[str, int]]], name: str) -> dict[str, tuple[str, str]]:
        places = {"memory": (_OOM[self.version], "oom_kill"), "pids": ("pids.events", "max")}
        return {
            controller: (str(self.parents[controller] / name / places[controller][0]), places[controller][1])
            for controller in limits
        }


def find_groups(proc: Path = Path("/proc")) -> Groups | None:
    """Where this process may make groups with limits, found by making one; None when nowhere."""
    try:
        mounts = (proc / "self" / "mountinfo").read_text(encoding="utf-8", errors="replace")
        own = (proc / "self" / "cgroup").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for version, candidates in ((2, _second(mounts, own)), (1, _first(mounts, own))):
        for parents in candidates:
            groups = Groups(parents, version)
            if parents and _works(groups):
                return groups
    return None


def _second(mounts: str, own: str) -> Iterator[dict[str, Path]]:
    """Ancestors of our group whose children have the controllers, the nearest first.

    A group with processes in it can't have limited children, so it is a sibling that is made, or an aunt.
    """
    path = next((line.removeprefix("0::") for line in own.splitlines() if line.startswith("0::")), None)
    for mounted, root in _mounted(mounts, "cgroup2"):
        if path is None:
            return
        here = mounted / _below(path, root)
        for folder in (here, *here.parents):
            if not folder.is_relative_to(mounted):
                break
            with contextlib.suppress(OSError):
                given = (folder / "cgroup.subtree_control").read_text().split()
                yield {c: folder for c in CONTROLLERS if c in given}


def _first(mounts: str, own: str) -> Iterator[dict[str, Path]]:
    """Our own group of each controller."""
    found: dict[str, Path] = {}
    for line in own.splitlines():
        _, names, path = line.split(":", 2)
        for controller in set(names.split(",")) & set(CONTROLLERS):
            for mounted, root in _mounted(mounts, "cgroup", controller):
                found.setdefault(controller, mounted / _below(path, root))
    yield found


def _mounted(mounts: str, kind: str, option: str | None = None) -> Iterator[tuple[Path, str]]:
    """(mount point, which part of the hierarchy it shows) of mounts of a kind, from /proc/self/mountinfo."""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields, told = before.split(), after.split()
        if len(fields) > 4 and told[:1] == [kind] and (option is None or option in told[-1].split(",")):
            yield Path(_unescaped(fields[4])), _unescaped(fields[3])


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), text)


def _below(path: str, root: str) -> str:
    """Our group's path below what the mount shows of the hierarchy."""
    shown = path if root == "/" or not (path + "/").startswith(root.rstrip("/") + "/") else path[len(root) :]
    return shown.strip("/")


def _works(groups: Groups) -> bool:
    """Whether a group can be made here and joined; asked of a process that ends at once."""
    try:
        group = groups.make(memory_bytes=2**30, tasks=64)
    except OSError:
        return False
    if group is None:
        return False
    try:
        return _joins(group)
    finally:
        for folder in group.folders:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _joins(group: Group) -> bool:
    script = 'for folder; do echo 0 > "$folder/cgroup.procs" || exit 1; done'
    words = ["sh", "-c", script, "sh", *(str(folder) for folder in group.folders)]
    try:
        return subprocess.run(words, capture_output=True, timeout=10, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
