"""Classes whose objects keep something else in their private attributes after a change.

An object that was kept before such a change can't be handed to the new code: it has the attributes of the old.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.python.equivalence.parts import Function, Parts

MAKERS = frozenset({"__init__", "__new__", "__post_init__", "__attrs_post_init__", "__setstate__"})


def relaid_classes(old: Parts, new: Parts) -> list[str]:
    """Qualified names of the classes in both whose makers set private attributes to something else."""
    return [
        name
        for name in old.classes
        if name in new.classes and _private_layout(old, name) != _private_layout(new, name)
    ]


def _private_layout(parts: Parts, name: str) -> dict[str, set[str]]:
    """Each private attribute that an object starts with, and from what it is made."""
    found: dict[str, set[str]] = {}
    for statement in parts.classes[name].body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            made = ast.dump(statement.value) if statement.value is not None else ""
            found.setdefault(statement.target.id, set()).add(made)
    for maker in MAKERS:
        for node in parts.functions.get(f"{name}.{maker}", []):
            for attribute, value in _assigned(node):
                found.setdefault(attribute, set()).add(value)
    return {attribute: made for attribute, made in found.items() if attribute.startswith("_")}


def _assigned(node: Function) -> Iterator[tuple[str, str]]:
    for inner in ast.walk(node):
        targets = inner.targets if isinstance(inner, ast.Assign) else [getattr(inner, "target", None)]
        value = getattr(inner, "value", None)
        if not isinstance(inner, ast.Assign | ast.AnnAssign | ast.AugAssign):
            continue
        for target in targets:
            for part in ast.walk(target) if target is not None else ():
                if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
                    yield part.attr, ast.dump(value) if value is not None else ""
