"""How a tree's functions are named and coloured, each worked out once however many frames it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tools.profiles.flame.colours import ROOT_COLOUR, package_colour
from tools.profiles.flame.layout import Layout
from tools.profiles.flame.tree import FlameTree
from tools.profiles.flame.words import NAME_CHARACTERS, full_name, printable, shortened
from tools.profiles.naming import demangled
from tools.profiles.profile import Function

NAMES_CHARACTERS = 1_500_000
"""Room for all names of a file together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameName:
    """A function's name, what titles say of it, and its colour; texts are printable, and not escaped."""

    name: str
    title: str
    colour: str


class FrameNames:
    """Names by a tree's function number; -1 is the root. None is longer than `longest` characters."""

    def __init__(self, functions: Sequence[Function], longest: int = NAME_CHARACTERS) -> None:
        self._functions = functions
        self._longest = longest
        self._known = {-1: FrameName(name="all", title="all", colour=ROOT_COLOUR)}

    def __getitem__(self, function: int) -> FrameName:
        found = self._known.get(function)
        if found is None:
            of = self._functions[function]
            found = self._known[function] = FrameName(
                name=printable(shortened(demangled(of.name), self._longest)),
                title=printable(full_name(of, self._longest)),
                colour=package_colour(of),
            )
        return found


def longest_that_fit(tree: FlameTree, layout: Layout) -> int:
    """How long names may be: each stands once in the script's data and once in every frame that is drawn."""
    functions = tree.function[[box.node for box in layout.boxes]].tolist()
    written = Counter(f for f, box in zip(functions, layout.boxes, strict=True) if box.drawn and f >= 0)
    written.update({f for f in functions if f >= 0})
    lengths = [
        (len(tree.functions[f].name) + len(tree.functions[f].file), times) for f, times in written.items()
    ]
    for longest in (NAME_CHARACTERS, 200, 100):
        if sum(min(length, longest) * times for length, times in lengths) <= NAMES_CHARACTERS:
            return longest
    return 60
