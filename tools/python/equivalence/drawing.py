"""Drawing other arguments of the same types and shapes as recorded ones.

What is fair to ask of a change: values of the types that were seen at a place, None only where it was seen,
NaN and infinity only where they were seen, whole numbers and floats at most about twice as large as those seen
(below zero only where something below zero was seen, but for -1; and the numbers and texts that stand in the code
itself), records with the same keys, tuples of a fixed
length with that length, and objects only where they are plain dataclasses or named tuples.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hypothesis import strategies as st

from tools.python.equivalence.graphs import Child, Graph, Node
from tools.python.equivalence.shapes import Shape

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[T]], T]
BUILT = {
    "builtins.list": "list",
    "builtins.tuple": "tuple",
    "builtins.set": "set",
    "builtins.frozenset": "frozenset",
}
SPECIAL = ("datetime.date", "datetime.datetime", "decimal.Decimal")
NEW_MEMBERS = 12
RECORD_KEYS = 12
DEPTH = 5
OTHER_LETTERS = " aZ0-é\n\t"
LONGEST = 20_000
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]+")


@dataclass(frozen=True, slots=True)
class Literals:
    """Plain values that stand in the code: a branch may be taken for just these."""

    integers: tuple[int, ...] = ()
    floats: tuple[float, ...] = ()
    texts: tuple[str, ...] = ()
    data: tuple[bytes, ...] = ()

    @classmethod
    def read(cls, texts: Sequence[str]) -> Literals:
        """Values as graphs write them, whole numbers with their neighbours."""
        by_kind = {kind: [t[1:] for t in texts if t[0] == kind] for kind in "ifsb"}
        integers = {int(t) + near for t in by_kind["i"] for near in (-1, 0, 1)}
        return cls(
            integers=tuple(sorted(integers)),
            floats=tuple(map(float, by_kind["f"])),
            texts=tuple(by_kind["s"]),
            data=tuple(map(bytes.fromhex, by_kind["b"])),
        )


@dataclass(slots=True)
class Drawer:
    """Draws what becomes of the arguments of one recorded call."""

    draw: Draw  # type: ignore[type-arg]
    graph: Graph
    literals: Literals

    def plan(self, shapes: Sequence[Shape]) -> dict[str, object]:
        """Some arguments, at least one, and what becomes of each; an argument that can't be varied stays."""
        chosen = self.pick(st.sets(st.sampled_from(variable_arguments(self.graph, shapes)), min_size=1))
        made = {str(n): self.value(self.graph.roots[n], [n], shapes[n], DEPTH) for n in sorted(chosen)}
        return {n: part for n, part in made.items() if part is not None}

    def pick(self, strategy: st.SearchStrategy[T]) -> T:
        """One value of a strategy."""
        found: T = self.draw(strategy)
        return found

    def one_in(self, count: int) -> bool:
        """True once in so many times."""
        return self.pick(st.integers(1, count)) == count

    def value(self, child: Child, path: list[object], shape: Shape, depth: int) -> object:
        """What becomes of a value; None when it stays."""
        if shape.none and self.one_in(8):
            return "N"
        if isinstance(child, str):
            return self.plain(child, path, shape)
        node = self.graph.nodes[child]
        if depth == 0:
            return None
        if node.type in ("builtins.set", "builtins.frozenset"):
            return self.members(node, shape)
        if node.type in BUILT:
            return self.sequence(node, path, shape, depth - 1)
        if node.type == "builtins.dict":
            return self.mapping(node, path, shape, depth - 1)
        return self.like(node, path, shape, depth - 1) if node.plain else self.special(node, path)

    def special(self, node: Node, path: list[object]) -> object:
        """What becomes of dates, decimals, members of enumerations and numpy arrays; None for anything else."""
        if node.type in ("datetime.date", "datetime.datetime"):
            return ["shifted", path, self.pick(st.integers(-400, 400))]
        if node.type == "decimal.Decimal":
            places = self.pick(st.integers(0, 3))
            return ["decimal", str(self.pick(st.decimals(-10000, 10000, places=places)))]
        if (node.kind, node.type) == ("named", "enum"):
            return ["member", path, self.pick(st.integers(0, 20))]
        if node.kind == "array" and node.length:
            first, last = sorted(self.pick(st.integers(0, node.length)) for _ in range(2))
            return ["array", path, self.pick(st.sampled_from(["cut", "reverse", "zero"])), first, last]
        return None

    def plain(self, text: str, path: list[object], shape: Shape) -> object:
        """What becomes of a plain value."""
        if text[0] in "SB":
            size = int(text[1:].split(" ", 1)[0])
            first, last = sorted((self.pick(st.integers(0, size)), self.pick(st.integers(0, size))))
            return ["edited", path, [["cut", first, last]]]
        if text[0] == "s":
            return f"s{self.text(text[1:], shape)}"
        return self.fresh(shape) if shape.is_plain else None

    def fresh(self, shape: Shape) -> str:
        """A plain value of one of the types that were seen at a place."""
        kinds: list[Callable[[], str]] = [
            *([lambda: f"i{self.integer(shape.integers)}"] if shape.integers else []),
            *([lambda: f"f{self.floating(shape.floats)!r}"] if shape.floats else []),
            *(
                [lambda: f"s{self.text(self.pick(st.sampled_from(shape.texts)), shape)}"]
                if shape.texts
                else []
            ),
            *([lambda: f"b{self.data(shape.data).hex()}"] if shape.data else []),
            *([lambda: self.pick(st.sampled_from("TF"))] if shape.booleans else []),
            *([lambda: "N"] if shape.none else []),
        ]
        return self.pick(st.sampled_from(kinds))()

    def integer(self, seen: Sequence[int]) -> int:
        """A whole number: one that was seen, one at an edge, or any up to about twice the largest."""
        top = max(map(abs, seen))
        low = -2 * top - 10 if min(seen) < 0 else 0
        edges = sorted({0, 1, -1, 2, top, top + 1, max(top - 1, 0), *seen[:20], *self.literals.integers[:40]})
        return self.pick(st.one_of(st.integers(low, 2 * top + 10), st.sampled_from(edges)))

    def floating(self, seen: Sequence[float]) -> float:
        """A float: one that was seen, a round one, or any up to about twice the largest."""
        finite = [x for x in seen if math.isfinite(x)] or [1.0]
        top = min(2 * max(map(abs, finite)) + 1, 1e300)
        low = -top if min(finite) < 0 else 0.0
        digits = max((len(repr(x).partition(".")[2]) for x in finite if "e" not in repr(x)), default=2)
        floats = st.floats(low, top, allow_nan=False, allow_infinity=False, allow_subnormal=False)
        edges = st.sampled_from([0.0, 1.0, *seen[:20], *self.literals.floats[:20]])
        return self.pick(st.one_of(floats, floats.map(lambda x: round(x, min(digits, 6))), edges))

    def data(self, seen: Sequence[bytes]) -> bytes:
        """Bytes: a part of what was seen, or any."""
        whole = self.pick(st.sampled_from(seen))
        first = self.pick(st.integers(0, len(whole)))
        return whole[first:] + self.pick(
            st.one_of(st.just(b""), st.binary(max_size=8), st.sampled_from([b"", *self.literals.data[:20]]))
        )

    def text(self, value: str, shape: Shape) -> str:
        """A text: another that was seen, this one edited, or a new one of the same letters."""
        way = self.pick(st.integers(0, 10))
        if way == 0:
            return ""
        if way == 10 and self.literals.texts:
            return self.pick(st.sampled_from(self.literals.texts))
        if way == 1 and shape.texts:
            return self.pick(st.sampled_from(shape.texts))
        if way <= 3:
            letters = "".join(sorted(set(value)))[:80] + OTHER_LETTERS
            return self.letters(letters, min(2 * len(value) + 5, 60))
        split = str.splitlines if "\n" in value and self.one_in(2) else _TOKEN.findall
        pieces = split(value, True) if split is str.splitlines else split(value)
        for _ in range(self.pick(st.integers(1, 3))):
            self.edit(pieces)
        return "".join(pieces)[:LONGEST]

    def letters(self, alphabet: str, most: int) -> str:
        """At most so many letters. `st.text` would first make tables of all of Unicode, which takes half a second."""
        return "".join(self.pick(st.lists(st.sampled_from(alphabet), max_size=most)))

    def edit(self, pieces: list[str]) -> None:
        """One edit of a text in pieces, in place."""
        if not pieces:
            pieces.append(self.letters(OTHER_LETTERS, 5))
            return
        at, other = (self.pick(st.integers(0, len(pieces) - 1)) for _ in range(2))
        way = self.pick(st.integers(0, 6))
        if way == 0:
            del pieces[at]
        elif way == 6 and self.literals.texts:
            pieces.insert(at, self.pick(st.sampled_from(self.literals.texts)))
        elif way == 1:
            pieces.insert(at, pieces[other])
        elif way == 2:
            pieces[at], pieces[other] = pieces[other], pieces[at]
        elif way == 3:
            pieces[at] = pieces[at].swapcase()
        elif pieces[at].strip().isdigit():
            pieces[at] = str(self.integer([min(int(pieces[at]), 10**9)]))
        else:
            cut = self.pick(st.integers(0, len(pieces[at])))
            pieces[at] = pieces[at][:cut] + self.letters(pieces[at][:40] + "x7 ", 3)

    def members(self, node: Node, shape: Shape) -> object:
        """What becomes of a set of plain values: some of them, and new ones."""
        inner = shape.part("[]")
        if not all(isinstance(c, str) for c in node.children) or not inner.is_plain:
            return ["set" if node.type.endswith(".set") else "frozenset", []] if self.one_in(3) else None
        kept = [c for c in node.children[:NEW_MEMBERS] if self.one_in(2)]
        new = [self.fresh(inner) for _ in range(self.pick(st.integers(0, 4)))]
        return [BUILT[node.type], [*kept, *new]]

    def sequence(self, node: Node, path: list[object], shape: Shape, depth: int) -> object:
        """What becomes of a list or tuple: edited, made anew, or empty."""
        size = len(node.children)
        inner = shape.part("[]")
        if node.type == "builtins.tuple" and len(set(shape.lengths)) == 1:
            return (
                ["edited", path, [s for s in [self.member(node, path, inner, depth)] if s]] if size else None
            )
        way = self.pick(st.integers(0, 9))
        if way == 0 or (not size and not inner.is_plain):
            return [BUILT[node.type], []]
        if inner.is_plain and (way <= 3 or not size):
            count = self.pick(st.integers(1, NEW_MEMBERS))
            return [BUILT[node.type], [self.fresh(inner) for _ in range(count)]]
        return ["edited", path, self.steps(node, path, inner, depth)]

    def steps(self, node: Node, path: list[object], inner: Shape, depth: int) -> list[object]:
        """Edits of a sequence that isn't empty, one after the other; each leaves something."""
        found: list[object] = []
        size = len(node.children)
        for _ in range(self.pick(st.integers(1, 4))):
            at, other = (self.pick(st.integers(0, size - 1)) for _ in range(2))
            way = self.pick(st.integers(0, 6))
            if way == 0 and size > 1:
                found.append(["drop", at])
                size -= 1
            elif way == 1:
                found.append(["repeat", at])
                size += 1
            elif way == 2:
                found.append(["swap", at, other])
            elif way == 3:
                found.append(["reverse"])
            elif way == 4 and size > 1:
                first, last = sorted((at, other))
                found.append(["cut", first, last + 1])
                size = last + 1 - first
            elif not found:  # members are found by their places in the recorded sequence
                step = self.member(node, path, inner, depth)
                found += [step] if step else []
        return found

    def member(self, node: Node, path: list[object], inner: Shape, depth: int) -> object:
        """Another value for one member, None when it stays."""
        at = self.pick(st.integers(0, len(node.children) - 1))
        made = self.value(node.children[at], [*path, at], inner, depth)
        return None if made is None else ["set", at, made]

    def mapping(self, node: Node, path: list[object], shape: Shape, depth: int) -> object:
        """What becomes of a dictionary: other values, and where it isn't a record, other keys."""
        count = len(node.children) // 2
        way = self.pick(st.integers(0, 9))
        is_record = is_record_like(node, shape)
        if not is_record and way == 0:
            return ["dict", []]
        steps: list[object] = []
        if not is_record and way <= 2 and count > 1:
            steps.append(["drop", self.pick(st.integers(0, count - 1))])
            count -= 1
        elif not is_record and way == 3:
            steps.append(["reverse"])
        elif not is_record and way <= 5 and shape.part("{}").is_plain and shape.part("[]").is_plain:
            steps.append(["entry", self.fresh(shape.part("{}")), self.fresh(shape.part("[]"))])
        elif count:
            at = self.pick(st.integers(0, count - 1))
            key, value = node.children[2 * at : 2 * at + 2]
            made = self.value(
                value, [*path, at], shape.part(f"={key}") if is_record else shape.part("[]"), depth
            )
            steps += [["value", at, made]] if made is not None else []
        return ["edited", path, steps] if steps else None

    def like(self, node: Node, path: list[object], shape: Shape, depth: int) -> object:
        """What becomes of a plain object: another with some attributes changed."""
        names = [n for n in node.names if n]
        changes = {}
        for name in (
            sorted(self.pick(st.sets(st.sampled_from(names), min_size=1, max_size=3))) if names else ()
        ):
            child = node.children[node.names.index(name)]
            made = self.value(child, [*path, name], shape.part(name), depth)
            if made is not None:
                changes[name] = made
        return ["like", path, changes] if changes else None


def variable_arguments(graph: Graph, shapes: Sequence[Shape]) -> list[int]:
    """The numbers of the arguments that can be varied."""
    return [n for n, root in enumerate(graph.roots) if _is_variable(graph, root, shapes[n])]


def _is_variable(graph: Graph, child: Child, shape: Shape) -> bool:
    if isinstance(child, str):
        return child != "N" or shape.is_more_than_none
    node = graph.nodes[child]
    known = node.type in BUILT or node.type in ("builtins.dict", *SPECIAL) or node.plain
    return known or (node.kind, node.type) == ("named", "enum") or node.kind == "array"


def is_record_like(node: Node, shape: Shape) -> bool:
    """Whether a dictionary's keys are names of fields: few, texts, and the same in every call."""
    keys = node.children[::2]
    texts = all(isinstance(k, str) and k[0] == "s" for k in keys)
    same = all(set(k) == set(keys) for k in shape.keys)
    values = {str(v)[:1] for v in node.children[1::2]}
    return texts and same and 0 < len(keys) <= RECORD_KEYS and (len(shape.keys) > 1 or len(values) > 1)
