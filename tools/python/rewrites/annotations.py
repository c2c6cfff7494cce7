"""What annotations say about whether values, and the elements of containers, can be hashed."""

from __future__ import annotations

import ast

HASHABLE = frozenset(
    {"str", "int", "float", "bool", "bytes", "complex", "date", "datetime", "time", "timedelta", "Decimal",
     "Fraction", "Path", "PurePath", "UUID", "None"}
)  # fmt: skip
CONTAINERS = frozenset(
    {"list", "tuple", "set", "frozenset", "Sequence", "Iterable", "Collection", "List", "Tuple"}
)


def named(node: ast.expr) -> str:
    """The last name of `a` or `a.b.c`; "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def is_hashable_note(note: ast.expr) -> bool:
    """`str`, `datetime.date`, `int | None`, also as text."""
    if isinstance(note, ast.Constant):
        return note.value is None or (
            isinstance(note.value, str) and is_hashable_note(_parsed_note(note.value))
        )
    if isinstance(note, ast.BinOp):
        return is_hashable_note(note.left) and is_hashable_note(note.right)
    if isinstance(note, ast.Subscript) and named(note.value) == "Optional":
        return is_hashable_note(note.slice)
    return named(note) in HASHABLE


def is_container_note(note: ast.expr) -> bool:
    """`list[str]` and the like, also as text."""
    if isinstance(note, ast.Constant) and isinstance(note.value, str):
        return is_container_note(_parsed_note(note.value))
    if not isinstance(note, ast.Subscript) or named(note.value) not in CONTAINERS:
        return False
    parts = note.slice.elts if isinstance(note.slice, ast.Tuple) else [note.slice]
    return all(is_hashable_note(p) or (isinstance(p, ast.Constant) and p.value is Ellipsis) for p in parts)


def _parsed_note(text: str) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return ast.Name(id="?")
