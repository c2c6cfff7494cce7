"""Things that are copied without need: a file's lines in a list, a value only to be read.

The rewrites `iterate_file` and `without_copy`.
"""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from tools.python.rewrites.effects import require_no_effects
from tools.python.rewrites.meaning import (
    is_guarded,
    local_stores,
    qualified,
    require_builtins,
    require_local,
    require_plain_function,
)
from tools.python.rewrites.names import is_only_read, is_stored, is_within, stores, uses
from tools.python.rewrites.place import CannotRewrite, Place, Tree, changed, instead, walk

OPENERS = frozenset({"open", "io.open", "gzip.open", "bz2.open", "lzma.open"})


def iterate_file(place: Place) -> cst.Module:
    """`for line in file.readlines()` as `for line in file`: the same lines, one at a time.

    The file must be opened for reading by a `with` around the loop, and be used by nothing after it; the loop
    must open no file, which could be the same, and no handler may see how far it came. Raises: CannotRewrite.
    """
    tree = place.tree
    loop = place.node(cst.For)
    call = loop.iter
    if not m.matches(call, m.Call(func=m.Attribute(value=m.Name(), attr=m.Name(value="readlines")), args=[])):
        raise CannotRewrite("it doesn't read all lines of a file")
    function = place.function(loop)
    file = cst.ensure_type(
        cst.ensure_type(cst.ensure_type(call, cst.Call).func, cst.Attribute).value, cst.Name
    )
    require_local(tree, function, file.value)
    with_ = _opening(place, function, loop, file.value)
    if len(uses(tree, loop, file.value)) != 1:
        raise CannotRewrite(f"the loop uses `{file.value}` for something else, too")
    if any(not is_within(tree, use, with_) for use in uses(tree, function, file.value)):
        raise CannotRewrite(f"`{file.value}` is used outside of its `with`, too")
    order = {id(n): i for i, n in enumerate(walk(with_))}
    if any(order[id(use)] > order[id(file)] for use in uses(tree, with_, file.value)):
        raise CannotRewrite(f"`{file.value}` is used after the loop")
    if any(is_within(tree, other, with_) for other in place.loops(loop)):
        raise CannotRewrite("another loop comes back to the file")
    if any(isinstance(n, cst.Yield | cst.Await) for n in walk(loop.body)):
        raise CannotRewrite("the loop hands out lines while the file is open")
    calls = [tree.code(n.func).split(".")[-1] for n in walk(loop.body) if isinstance(n, cst.Call)]
    if any(name in ("open", "write_text", "write_bytes", "truncate", "copyfile", "run") for name in calls):
        raise CannotRewrite("the loop may write to the file it reads")
    if is_guarded(tree, function, loop):
        raise CannotRewrite("an error in the middle of the file would be caught after some lines were used")
    return changed(tree.module, {call: instead(file)})


def _opening(place: Place, function: cst.FunctionDef, loop: cst.For, name: str) -> cst.With:
    """The `with open(…) as name` around the loop in its function. Raises: CannotRewrite."""
    tree = place.tree
    for ancestor in tree.ancestors(loop):
        if ancestor is function:
            break
        if not isinstance(ancestor, cst.With) or ancestor.asynchronous is not None:
            continue
        for item in ancestor.items:
            opened = item.item
            if not m.matches(item, m.WithItem(item=m.Call(), asname=m.AsName(name=m.Name(value=name)))):
                continue
            if _opens_to_read(tree, cst.ensure_type(opened, cst.Call)):
                if len(local_stores(tree, function, name)) != 1:
                    raise CannotRewrite(f"`{name}` gets another value")
                return ancestor
    raise CannotRewrite(f"`{name}` isn't opened for reading by a `with open(…)` around the loop")


def _opens_to_read(tree: Tree, call: cst.Call) -> bool:
    name = qualified(tree, call.func)
    if name is None and isinstance(call.func, cst.Attribute) and call.func.attr.value == "open":
        # a path's method: its first argument is the mode
        modes = [a.value for a in call.args[:1] if a.keyword is None]
    elif name in OPENERS:
        modes = [a.value for a in call.args[1:2] if a.keyword is None]
    else:
        return False
    if any(a.star for a in call.args):
        return False
    modes += [a.value for a in call.args if a.keyword is not None and a.keyword.value == "mode"]
    return all(isinstance(mode, cst.SimpleString) and not set(mode.raw_value) & set("wax+") for mode in modes)


def without_copy(place: Place) -> cst.Module:
    """`x = copy.deepcopy(y)` as `x = y` where x is only read and y can't change meanwhile, by whatever name.

    Nothing may tell a copy from its original. Raises: CannotRewrite.
    """
    tree = place.tree
    call = place.node(cst.Call, exact=True)
    if qualified(tree, call.func) != "copy.deepcopy":
        raise CannotRewrite("it isn't the function of the module `copy`, imported at the top")
    function = place.function(call)
    require_plain_function(tree, function)
    source = call.args[0].value if len(call.args) == 1 and not call.args[0].star else None
    if not isinstance(source, cst.Name):
        raise CannotRewrite("what is copied isn't a plain variable")
    assign = tree.parent(call)
    if not m.matches(assign, m.Assign(targets=[m.AssignTarget(target=m.Name())])):  # type: ignore[arg-type]
        raise CannotRewrite("the copy isn't kept in a plain variable")
    target = cst.ensure_type(cst.ensure_type(assign, cst.Assign).targets[0].target, cst.Name)
    if target.value == source.value or len(stores(tree, function.body, source.value)) > 1:
        raise CannotRewrite(f"`{source.value}` gets another value")
    require_local(tree, function, target.value)
    require_local(tree, function, source.value)
    if len(local_stores(tree, function, target.value)) != 1:
        raise CannotRewrite(f"`{target.value}` is assigned in more than one way")
    for use in [*uses(tree, function, target.value), *uses(tree, function, source.value)]:
        if use is source or is_stored(tree, use):
            continue
        if not is_only_read(tree, use):
            raise CannotRewrite(f"`{use.value}` may be changed or kept")
        if _is_told_apart(tree, use):
            raise CannotRewrite(f"`{use.value}` is compared, which may tell the copy from its original")
    require_builtins(tree, "print", "len")
    require_no_effects(tree, function, function.body, source.value, deep=True)
    return changed(tree.module, {call: instead(source)})


def _is_told_apart(tree: Tree, use: cst.CSTNode) -> bool:
    """Whether the use, or a part of it, is compared for equality with something other than a constant."""
    child = use
    for parent in tree.ancestors(use):
        if isinstance(parent, cst.Comparison):
            sides = [parent.left, *(c.comparator for c in parent.comparisons)]
            others = [s for s in sides if s is not child and not is_within(tree, child, s)]
            equality = any(
                isinstance(c.operator, cst.Equal | cst.NotEqual | cst.In | cst.NotIn)
                for c in parent.comparisons
            )
            return equality and not all(isinstance(s, cst.BaseNumber | cst.BaseString) for s in others)
        if isinstance(parent, cst.BaseStatement | cst.BaseSmallStatement | cst.Arg | cst.Index):
            return False
    return False
