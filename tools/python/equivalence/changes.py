"""What a change touches: the functions to call, those that can't be called alike on both sides, and who calls them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath

from tools.errors import UnreadableOutput
from tools.python.equivalence.layout import relaid_classes
from tools.python.equivalence.names import changed_names, users_elsewhere
from tools.python.equivalence.parts import (
    Function,
    Parts,
    defaults_of,
    dumped,
    first_lines,
    plain_values,
    read_parts,
    takes_the_same,
    used_names,
)
from tools.python.equivalence.project import ProjectFiles

MAX_CALLERS = 10
CALLER_DEPTH = 3
ACCESSORS = ("setter", "deleter")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A function of the old code: file below the root, qualified name, `role` of an accessor of a property or "".

    `lines` are those that its code object may give as its first.
    """

    file: str
    qualname: str
    role: str
    lines: tuple[int, ...] = field(compare=False)

    @property
    def name(self) -> str:
        """The last part of the qualified name."""
        return self.qualname.rpartition(".")[2]

    @property
    def label(self) -> str:
        """The full dotted name, for people."""
        module = PurePosixPath(self.file).with_suffix("").as_posix().removeprefix("src/")
        dotted = module.removesuffix("/__init__").replace("/", ".")
        return f"{dotted}.{self.qualname}" + (f" ({self.role})" if self.role else "")


@dataclass(slots=True)
class Changes:
    """`changed` are functions whose code differs or that use a changed name; `blocked` says of some of them why they
    can't be called alike; `callers` are who may be called in their place. `modules` are files whose top level
    differs, `relaid` the classes (file, qualified name) whose objects can't be carried over. `literals` are the plain
    values that stand in a function's old and new code, as graphs write them: inputs worth trying.
    """

    changed: list[Place] = field(default_factory=list)
    blocked: dict[Place, str] = field(default_factory=dict)
    callers: dict[Place, tuple[Place, ...]] = field(default_factory=dict)
    modules: list[str] = field(default_factory=list)
    relaid: list[tuple[str, str]] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    literals: dict[Place, tuple[str, ...]] = field(default_factory=dict)


def find_changes(before: Path, after: Path, files: tuple[str, ...]) -> Changes:
    """What differs between two copies in the files that were changed; files that are new are left out."""
    found = Changes()
    old, new = ProjectFiles(before), ProjectFiles(after)
    names: dict[str, frozenset[str]] = {}
    for file in files:
        if not (before / file).is_file() and file.endswith(".py"):
            continue
        if not file.endswith(".py"):
            found.unread[file] = "it is no Python file"
            continue
        try:
            parts = read_parts(before / file), _new_parts(after / file)
        except UnreadableOutput as error:
            found.unread[file] = str(error)
            continue
        changed = changed_names(*parts)
        names[file] = changed.names
        found.modules += [file] if changed.top_level else []
        found.relaid += [(file, name) for name in relaid_classes(*parts)]
        _sort_functions(found, file, *parts, changed.names, changed.classes)
    for user in users_elsewhere(old, names):
        place = _place(user.file, user.qualname, user.node)
        if place not in found.changed:
            found.changed.append(place)
    _find_callers(found, old, new)
    return found


def _new_parts(path: Path) -> Parts:
    return read_parts(path) if path.is_file() else Parts()


def _sort_functions(
    found: Changes, file: str, old: Parts, new: Parts, names: frozenset[str], classes: frozenset[str]
) -> None:
    """Which functions of a file changed, and which of them can't be called alike."""
    after = _by_role(file, new)
    for (qualname, role), nodes in _by_role(file, old).items():
        place = Place(
            file=file,
            qualname=qualname,
            role=role,
            lines=tuple(line for n in nodes for line in first_lines(n)),
        )
        others = after.get((qualname, role))
        same = others is not None and list(map(dumped, nodes)) == list(map(dumped, others))
        used = {name for node in nodes for name in used_names(node)}
        if same and not used & names and not any(qualname.startswith(f"{c}.") for c in classes):
            continue
        found.changed.append(place)
        found.literals[place] = tuple(dict.fromkeys(plain_values([*nodes, *(others or [])])))
        if others is None:
            found.blocked[place] = "the change removes it"
        elif not takes_the_same(nodes[-1], others[-1]):
            found.blocked[place] = "its parameters change"
        elif any(name in names for node in nodes for name in defaults_of(node)):
            found.blocked[place] = "what its defaults are made from changes"


def _by_role(file: str, parts: Parts) -> dict[tuple[str, str], list[Function]]:
    found: dict[tuple[str, str], list[Function]] = {}
    for qualname, nodes in parts.functions.items():
        for node in nodes:
            found.setdefault((qualname, _role(node)), []).append(node)
    return found


def _role(node: Function) -> str:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Attribute) and decorator.attr in ACCESSORS:
            return decorator.attr
    return ""


def _place(file: str, qualname: str, node: Function) -> Place:
    return Place(file=file, qualname=qualname, role=_role(node), lines=first_lines(node))


def _find_callers(found: Changes, old: ProjectFiles, new: ProjectFiles) -> None:
    for place in found.changed:
        found.callers[place] = tuple(islice(_callers(found, place, old, new, CALLER_DEPTH), MAX_CALLERS))


def _callers(
    found: Changes, place: Place, old: ProjectFiles, new: ProjectFiles, depth: int
) -> Iterator[Place]:
    """Functions that name this one and can be called alike; through those that can't, theirs."""
    name = place.qualname.split(".")[-2] if place.name == "__init__" else place.name
    if depth == 0 or (name.startswith("__") and name.endswith("__")):
        return
    seen = {place}
    for file, qualname, node in old.functions_naming(name, first=place.file):
        caller = _place(file, qualname, node)
        if caller in seen:
            continue
        seen.add(caller)
        if caller in found.blocked or not _is_there(new, caller, node):
            yield from _callers(found, caller, old, new, depth - 1)
        else:
            yield caller


def _is_there(new: ProjectFiles, caller: Place, node: Function) -> bool:
    others = new.parts(caller.file).functions.get(caller.qualname, [])
    return any(takes_the_same(node, other) for other in others)
