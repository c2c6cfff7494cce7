"""What a function's arguments look like over all its recorded calls: the values seen at each place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tools.python.equivalence.graphs import Child, Graph, Node

DEPTH = 6
SEEN = 200
"""How many values of one place are remembered."""
MEMBERS = 60
"""How many members of one collection are looked at."""


@dataclass(slots=True)
class Shape:
    """Everything that was seen at one place: plain values by type, and what collections and objects there hold."""

    integers: list[int] = field(default_factory=list)
    floats: list[float] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)
    booleans: bool = False
    none: bool = False
    lengths: list[int] = field(default_factory=list)
    keys: list[tuple[Child, ...]] = field(default_factory=list)
    parts: dict[str, Shape] = field(default_factory=dict)

    def part(self, name: str) -> Shape:
        """The shape of a part: `[]` for members, `{}` for keys, an attribute's name, `=` and the key for a value."""
        return self.parts.setdefault(name, Shape())

    @property
    def is_plain(self) -> bool:
        """Whether a value of this shape can be made from nothing."""
        return self.none or self.is_more_than_none

    @property
    def is_more_than_none(self) -> bool:
        """Whether plain values other than None were seen."""
        return bool(self.integers or self.floats or self.texts or self.data or self.booleans)


def shapes_of(graphs: Sequence[Graph]) -> list[Shape]:
    """The shape of each argument over all calls."""
    found = [Shape() for _ in range(max((len(g.roots) for g in graphs), default=0))]
    for graph in graphs:
        for shape, root in zip(found, graph.roots, strict=False):
            _add(shape, graph, root, DEPTH)
    return found


def _add(shape: Shape, graph: Graph, child: Child, depth: int) -> None:
    if isinstance(child, str):
        _add_plain(shape, child)
    elif depth > 0:
        _add_node(shape, graph, graph.nodes[child], depth - 1)


def _add_plain(shape: Shape, text: str) -> None:
    kind, rest = text[0], text[1:]
    if kind == "N":
        shape.none = True
    elif kind in "TF":
        shape.booleans = True
    elif kind == "i" and len(shape.integers) < SEEN:
        shape.integers.append(int(rest, 0))
    elif kind == "f" and len(shape.floats) < SEEN:
        shape.floats.append(float(rest))
    elif kind == "s" and len(shape.texts) < SEEN:
        shape.texts.append(rest)
    elif kind == "b" and len(shape.data) < SEEN:
        shape.data.append(bytes.fromhex(rest))


def _add_node(shape: Shape, graph: Graph, node: Node, depth: int) -> None:
    if node.kind == "dict":
        keys, values = node.children[::2], node.children[1::2]
        shape.keys.append(keys)
        for key, value in list(zip(keys, values, strict=False))[:MEMBERS]:
            _add(shape.part("{}"), graph, key, depth)
            _add(shape.part("[]"), graph, value, depth)
            _add(shape.part(f"={key}"), graph, value, depth)
    elif node.kind in ("list", "tuple", "set", "frozenset"):
        shape.lengths.append(len(node.children))
        for child in node.children[:MEMBERS]:
            _add(shape.part("[]"), graph, child, depth)
    elif node.plain:
        for name, child in zip(node.names, node.children, strict=False):
            _add(shape.part(name), graph, child, depth)
