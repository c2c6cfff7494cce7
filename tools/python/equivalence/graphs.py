"""Values as the target's processes tell them: read, compared, and shown. The format is in ask_profiler_values.py."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from tools.errors import UnreadableOutput

Child = int | str
"""The number of a node, or a plain value as text."""
MUTABLE = frozenset({"list", "dict", "set", "bytearray", "object", "array"})
CUT = "cut"
"""The kind of a value that there was no room for any more."""
REST = "sthe rest: "
"""How a digest of parts that there was no room for begins."""
MAX_NODES = 500_000


@dataclass(frozen=True, slots=True)
class Node:
    """One value: `kind` says how it is built, `type` is its class, `names` those of its attributes."""

    kind: str
    type: str
    children: tuple[Child, ...]
    names: tuple[str, ...]
    length: int
    end: str
    plain: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """Values that may share parts; `roots` are the values that were asked for, in order."""

    nodes: tuple[Node, ...]
    roots: tuple[Child, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """Where two graphs part: below which root, the way from there as Python writes it, and both values as text."""

    root: int
    path: str
    before: str
    after: str


def read_graph(data: object) -> Graph:
    """A graph from what JSON held. Raises: UnreadableOutput, as the target's process may have written anything."""
    try:
        if not isinstance(data, dict) or len(data["nodes"]) > MAX_NODES:
            raise UnreadableOutput("a value is not a graph, or too large")
        nodes = tuple(_node(node, len(data["nodes"])) for node in data["nodes"])
        return Graph(nodes, tuple(_child(c, len(nodes)) for c in data["roots"]))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise UnreadableOutput(f"a value can't be read: {error!r}") from error


def _node(data: object, count: int) -> Node:
    if not isinstance(data, list) or len(data) != 4:
        raise ValueError(data)
    kind, type_name, children, extra = data
    extra = extra or {}
    names = tuple(str(n) for n in extra.get("names") or ())
    found = tuple(_child(c, count) for c in children)
    if kind in ("object", "value") and len(names) < len(found):
        raise ValueError(names)
    return Node(
        str(kind), str(type_name), found, names, int(extra.get("length") or 0),
        f"{extra.get('end')}{extra.get('maxlen')}", bool(extra.get("plain")), str(extra.get("text") or ""),
    )  # fmt: skip


def _child(data: object, count: int) -> Child:
    if isinstance(data, str) and data:
        return data
    if isinstance(data, int) and not isinstance(data, bool) and 0 <= data < count:
        return data
    raise ValueError(data)


def graph_data(graph: Graph) -> dict[str, object]:
    """A graph as JSON may hold it; `read_graph` reads it again."""
    nodes = [
        [n.kind, n.type, n.children, {"names": n.names, "length": n.length, "plain": n.plain, "text": n.text}]
        for n in graph.nodes
    ]
    return {"nodes": nodes, "roots": graph.roots}


@dataclass(slots=True)
class Comparison:
    """Two graphs gone through side by side. Shared parts must be shared alike where they can be written to.

    `is_cut` says that the one before was too large to be told whole. Where either ends depends on what is shared in it,
    so that they are compared as far as both go.
    """

    before: Graph
    after: Graph
    tolerance: float
    is_cut: bool = False
    _partners: dict[int, int] = field(default_factory=dict)
    _taken: dict[int, int] = field(default_factory=dict)
    _seen: set[tuple[int, int]] = field(default_factory=set)

    def first_mismatch(self, roots: range) -> Mismatch | None:
        """The first place at which these roots differ, None when they don't."""
        for root in roots:
            found = self._compare(root, self.before.roots[root], self.after.roots[root])
            if found is not None:
                return found
        return None

    def _compare(self, root: int, before: Child, after: Child) -> Mismatch | None:
        waiting: list[tuple[Child, Child, str]] = [(before, after, "")]
        while waiting:
            a, b, path = waiting.pop()
            if isinstance(a, str) or isinstance(b, str):
                if not (isinstance(a, str) and isinstance(b, str) and same_scalar(a, b, self.tolerance)):
                    return Mismatch(
                        root=root, path=path, before=show(self.before, a), after=show(self.after, b)
                    )
                continue
            pairs = self._pairs(a, b, path)
            if pairs is None:
                sizes = self._sizes(a, b)
                texts = sizes[0] + self._text(a), sizes[1] + self._text(b, other=True)
                return Mismatch(root=root, path=path, before=texts[0], after=texts[1])
            waiting += reversed(pairs)
        return None

    def _sizes(self, a: int, b: int) -> tuple[str, str]:
        """How long both are, where they differ in that."""
        x, y = self.before.nodes[a], self.after.nodes[b]
        if (x.kind, x.type) != (y.kind, y.type) or x.length == y.length:
            return "", ""
        return f"{x.length} items: ", f"{y.length} items: "

    def _text(self, number: int, *, other: bool = False) -> str:
        """A value, and that it is met a second time, when that is so."""
        known = number in (self._taken if other else self._partners)
        shared = " (the same object as elsewhere)" if known else ""
        return show(self.after if other else self.before, number) + shared

    def _pairs(self, a: int, b: int, path: str) -> list[tuple[Child, Child, str]] | None:
        """What is left to compare of two nodes; None when they differ themselves."""
        if (a, b) in self._seen:
            return []
        x, y = self.before.nodes[a], self.after.nodes[b]
        if self.is_cut:
            if CUT in (x.kind, y.kind):
                return [] if x.type == y.type else None
            x, y = _as_far_as_both_go(x, y)
        if (x.kind, x.type, x.length, x.end) != (y.kind, y.type, y.length, y.end):
            return None
        if x.kind in MUTABLE:
            if a in self._partners or b in self._taken:
                return None
            self._partners[a], self._taken[b] = b, a
        self._seen.add((a, b))
        if x.kind in ("object", "value"):
            return _attribute_pairs(x, y, path)
        if len(x.children) != len(y.children):
            return None
        return [
            (c, d, f"{path}{_step(x, n, self.before)}")
            for n, (c, d) in enumerate(zip(x.children, y.children, strict=True))
        ]


def _as_far_as_both_go(x: Node, y: Node) -> tuple[Node, Node]:
    """Both nodes with the parts that both of them tell, where they don't end at the same one."""
    told = [_told(node) for node in (x, y)]
    if told[0] == told[1]:
        return x, y
    common = min(told)
    return replace(x, children=x.children[:common]), replace(y, children=y.children[:common])


def _told(node: Node) -> int:
    """How many of a node's parts are told one by one; what is left out is told by two values at the end."""
    last = node.children[-2] if len(node.children) > 1 else 0
    return len(node.children) - 2 if isinstance(last, str) and last.startswith(REST) else len(node.children)


def _attribute_pairs(x: Node, y: Node, path: str) -> list[tuple[Child, Child, str]] | None:
    """Attributes by name; a private one that only the new object has is its own affair."""
    before = dict(zip(x.names, x.children, strict=False))
    after = dict(zip(y.names, y.children, strict=False))
    added = after.keys() - before.keys()
    if before.keys() - after.keys() or any(not name.startswith("_") for name in added):
        return None
    return [(part, after[name], f"{path}.{name}" if name else path) for name, part in before.items()]


def _step(node: Node, number: int, graph: Graph) -> str:
    if node.kind == "dict":
        key = show(graph, node.children[number - number % 2], limit=40)
        return f"[{key}]" if number % 2 else f" key {key}"
    return "" if node.kind in ("array", "bytearray", "named") else f"[{number}]"


def same_scalar(a: str, b: str, tolerance: float) -> bool:
    """Equal values of the same type. NaN equals NaN; floats within the tolerance, 0.0 and -0.0 unless it is 0."""
    if a == b:
        return True
    if not a or not b or a[0] != b[0] or a[0] not in "fc" or tolerance <= 0:
        return False
    return all(_close(x, y, tolerance) for x, y in zip(a[1:].split(), b[1:].split(), strict=True))


def _close(a: str, b: str, tolerance: float) -> bool:
    x, y = float(a), float(b)
    if math.isnan(x) or math.isnan(y) or math.isinf(x) or math.isinf(y):
        return a == b
    return abs(x - y) <= tolerance * max(abs(x), abs(y))


def show(graph: Graph, child: Child, limit: int = 200) -> str:
    """A value as Python would write it, cut to `limit` characters."""
    text = _Writer(graph, limit).text(child, 0)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def show_scalar(text: str) -> str:
    """A plain value as Python writes it."""
    kind, rest = text[0], text[1:]
    if kind == "s":
        return repr(rest)
    if kind == "S":
        length, _, head = rest.split(" ", 2)
        return f"{head[:60]!r}… ({length} characters)"
    if kind == "B":
        return f"{rest.split(' ', 1)[0]} bytes"
    if kind == "b":
        return repr(bytes.fromhex(rest[:400]))
    return {"N": "None", "T": "True", "F": "False", "c": f"complex({rest.replace(' ', ', ')})"}.get(
        kind, rest
    )


BRACKETS = {"list": "[]", "tuple": "()", "set": "{}", "frozenset": "{}", "iterator": "<>"}


@dataclass(slots=True)
class _Writer:
    graph: Graph
    left: int

    def text(self, child: Child, depth: int) -> str:
        if isinstance(child, str):
            found = show_scalar(child)
            self.left -= len(found)
            return found
        if depth > 3 or self.left <= 0:
            return "…"
        return self._node(self.graph.nodes[child], depth + 1)

    def _node(self, node: Node, depth: int) -> str:
        short = node.type.rpartition(".")[2]
        if node.text:
            return node.text
        if node.kind == "dict":
            parts = [self.text(c, depth) for c in self._some(node.children)]
            inner = ", ".join(f"{k}: {v}" for k, v in zip(parts[::2], parts[1::2], strict=False))
            return f"{{{inner}}}" if short == "dict" else f"{short}({{{inner}}})"
        if node.kind in BRACKETS:
            inner = ", ".join(self.text(c, depth) for c in self._some(node.children))
            text = f"{BRACKETS[node.kind][0]}{inner}{BRACKETS[node.kind][1]}"
            if node.kind == "iterator":
                return text + _ending(node.end)
            return text if short == node.kind and text != "{}" else f"{short}({text})"
        if node.kind == "named":
            return show_scalar(str(node.children[0])).strip("'")
        if node.kind == "opaque":
            return f"<{short}>"
        if node.names[:2] == ("made by", "from") or node.names == ("",):
            inside = self.text(node.children[len(node.names[:2]) - 1], depth)
            return f"{short}{inside}" if inside.startswith("(") else f"{short}({inside})"
        names = node.names or ("",) * len(node.children)
        parts = [
            f"{name}={self.text(c, depth)}" if name else self.text(c, depth)
            for name, c in zip(names, self._some(node.children), strict=False)
        ]
        return f"{short}({', '.join(parts)})"

    def _some(self, children: tuple[Child, ...]) -> tuple[Child, ...]:
        return children[: max(self.left, 0)]


def _ending(end: str) -> str:
    return "" if end.startswith(("end", "more")) else f" then {end.removesuffix('None')}"
