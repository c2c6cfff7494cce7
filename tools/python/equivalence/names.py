"""Module-level names whose value a change may change, followed to the functions that use them."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from tools.python.equivalence.parts import WHOLE_CLASS, Function, Parts, Statement, dumped, used_names
from tools.python.equivalence.project import ProjectFiles

ROUNDS = 3
"""How many imports of imports are followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedNames:
    """`names` of a module (constants, imports, classes) that may have another value, `classes` whose form differs;
    `top_level` says that something at the top of the module runs differently.
    """

    names: frozenset[str]
    classes: frozenset[str]
    top_level: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A function of another file that uses a changed name."""

    file: str
    qualname: str
    node: Function


def changed_names(old: Parts, new: Parts) -> ChangedNames:
    """The names bound by statements that differ, and by those that use such names or functions that differ."""
    differing = _differing(old, new)
    names: set[str] = set()
    classes: set[str] = set()
    for statement in differing:
        _bind(statement, names, classes)
    differ = {
        qualname
        for qualname, nodes in old.functions.items()
        if list(map(dumped, nodes)) != list(map(dumped, new.functions.get(qualname, [])))
    }
    _follow(old, names, classes, differ)
    return ChangedNames(names=frozenset(names), classes=frozenset(classes), top_level=bool(differing))


def _differing(old: Parts, new: Parts) -> list[Statement]:
    """Statements that only one side has; how often each occurs counts, their order doesn't."""
    before = Counter((s.owner, s.text) for s in old.statements)
    after = Counter((s.owner, s.text) for s in new.statements)
    changed = {key for key in before.keys() | after.keys() if before[key] != after[key]}
    return [s for s in (*old.statements, *new.statements) if (s.owner, s.text) in changed]


def _bind(statement: Statement, names: set[str], classes: set[str]) -> None:
    names |= statement.binds - {WHOLE_CLASS}
    if WHOLE_CLASS in statement.binds:
        classes.add(statement.owner)
        names.add(statement.owner.rpartition(".")[2])


def _follow(parts: Parts, names: set[str], classes: set[str], functions: set[str]) -> None:
    """What is made at module level from something that changed has changed, too.

    A class keeps its form when a method of its base differs, but not when its decorator does.
    """
    called = {part for qualname in functions for part in qualname.split(".")}
    size = -1
    while size != len(names) + len(classes):
        size = len(names) + len(classes)
        for statement in parts.statements:
            made_by = functions if WHOLE_CLASS in statement.binds else called
            if statement.uses & (names | made_by):
                _bind(statement, names, classes)


def users_elsewhere(project: ProjectFiles, changed: Mapping[str, frozenset[str]]) -> list[User]:
    """Functions of other files that use changed names of these files, through at most `ROUNDS` imports."""
    found: dict[tuple[str, str], User] = {}
    waiting = {file: names for file, names in changed.items() if names}
    done: set[tuple[str, frozenset[str]]] = set()
    for _ in range(ROUNDS):
        further: dict[str, frozenset[str]] = {}
        for file, names in waiting.items():
            for other in _importers(project, file, names):
                local = _local_names(project.parts(other), _module_of(file), names)
                if not local or (other, local) in done:
                    continue
                done.add((other, local))
                further[other] = local
                for user in _users(project, other, local):
                    found[(user.file, user.qualname)] = user
        waiting = further
    return list(found.values())


def _module_of(file: str) -> str:
    """The last part of a file's module name."""
    path = PurePosixPath(file)
    return path.parent.name if path.name == "__init__.py" else path.stem


def _importers(project: ProjectFiles, file: str, names: frozenset[str]) -> list[str]:
    folder = PurePosixPath(file).parent
    near = {f for f in project.naming("import") if PurePosixPath(f).parent == folder}
    near |= set(project.naming(_module_of(file)))
    return sorted(f for f in near - {file} if any(f in project.naming(name) for name in names))


def _local_names(parts: Parts, module: str, names: frozenset[str]) -> frozenset[str]:
    """What a file calls the changed names of a module that it imports."""
    found: set[str] = set()
    for node in parts.imports:
        parents = [(node.module or module).split(".")[-1]] if isinstance(node, ast.ImportFrom) else []
        for alias in node.names:
            if alias.name.split(".")[-1] == module or (alias.name == "*" and module in parents):
                found |= names  # as attributes of the module, or under their own names
            elif alias.name in names and module in parents:
                found.add(alias.asname or alias.name)
    return frozenset(found)


def _users(project: ProjectFiles, file: str, names: frozenset[str]) -> Iterator[User]:
    for qualname, nodes in project.parts(file).functions.items():
        for node in nodes:
            if names & set(used_names(node)):
                yield User(file=file, qualname=qualname, node=node)
