"""The tree of merged stacks built sample by sample, frame by frame: what the tree in columns must be equal to."""

from __future__ import annotations

from dataclasses import dataclass, field

from tools.profiles.profile import Profile


@dataclass(slots=True)
class FlameNode:
    """One frame in the context of its callers. `value` and `base` are cumulative, `base` scaled as the tree says.

    `extent` is how wide the frame is drawn: `value`, and in a difference the larger side of each stack that
    passes through it, so that what went away and what is new both have their place.
    """

    name: str
    file: str
    value: float = 0.0
    base: float = 0.0
    extent: float = 0.0
    children: dict[int, FlameNode] = field(default_factory=dict)


def flame_tree(
    profile: Profile, value: str, base: Profile | None = None, base_ratio: float = 1.0
) -> FlameNode:
    """The tree of all stacks, root first; frames are merged by function. The root is called `all`.

    With `base` each node also holds what it was there, scaled so that the base's total is `base_ratio` times
    the profile's: 1 compares shares, the measured ratio of the totals compares amounts.
    """
    root = FlameNode("all", "")
    names: dict[tuple[str, str], int] = {}
    _add(root, profile, value, names, "value", 1.0)
    if base is not None:
        total = base.total(value)
        _add(root, base, value, names, "base", base_ratio * profile.total(value) / total if total else 0.0)
    _extend(root)
    return root


def _add(
    root: FlameNode, profile: Profile, value: str, names: dict[tuple[str, str], int], side: str, scale: float
) -> None:
    ids = [names.setdefault((f.name, f.file), len(names)) for f in profile.functions]
    functions = profile.frame_function.tolist()
    frames = profile.frame_ids.tolist()
    offsets = profile.offsets.tolist()
    for n, amount in enumerate(profile.values[:, profile.column(value)].tolist()):
        if not amount:
            continue
        node = root
        _grow(node, side, amount * scale)
        for position in range(offsets[n + 1] - 1, offsets[n] - 1, -1):
            function = functions[frames[position]]
            child = node.children.get(ids[function])
            if child is None:
                found = profile.functions[function]
                child = node.children[ids[function]] = FlameNode(found.name, found.file)
            _grow(child, side, amount * scale)
            node = child


def _extend(root: FlameNode) -> None:
    """Set every node's extent, from the leaves up."""
    order = [root]
    for node in order:
        order.extend(node.children.values())
    for node in reversed(order):
        below = list(node.children.values())
        own = node.value - sum(c.value for c in below)
        own_base = node.base - sum(c.base for c in below)
        node.extent = max(own, own_base) + sum(c.extent for c in below)


def _grow(node: FlameNode, side: str, amount: float) -> None:
    if side == "value":
        node.value += amount
    else:
        node.base += amount
