"""Rewrites of one expression: `nsmallest`, `generator`, `f_string`, `iterate_file`, `without_copy`."""

from __future__ import annotations

import re

import libcst as cst
import libcst.matchers as m

from tools.python.rewrites.imports import with_import
from tools.python.rewrites.names import (
    is_only_read,
    is_stored,
    names_in,
    require_plain_local,
    stores,
    uses,
    walk,
)
from tools.python.rewrites.place import CannotRewrite, Place, changed, instead

LOOKUPS = m.Name() | m.Attribute() | m.Subscript() | m.SimpleString() | m.Integer() | m.Float()


def nsmallest(place: Place) -> cst.Module:
    """`sorted(x)[:n]` as `heapq.nsmallest(n, x)`, documented to be the same; with reverse, `nlargest`.

    Raises: CannotRewrite.
    """
    tree = place.tree
    subscript = place.node(cst.Subscript, exact=True)
    call = subscript.value
    if not isinstance(call, cst.Call) or not m.matches(call.func, m.Name(value="sorted")) or not call.args:
        raise CannotRewrite("it isn't a part of `sorted`")
    part = subscript.slice[0].slice if len(subscript.slice) == 1 else None
    if not isinstance(part, cst.Slice) or part.lower is not None or part.step is not None:
        raise CannotRewrite("it doesn't take the first elements")
    if not isinstance(part.upper, cst.Integer):
        raise CannotRewrite("how many are taken isn't a constant")
    count = tree.code(part.upper)
    which, rest = "nsmallest", []
    for arg in call.args[1:]:
        if arg.keyword is not None and arg.keyword.value == "reverse":
            if not m.matches(arg.value, m.Name(value="True") | m.Name(value="False")):
                raise CannotRewrite("the order isn't constant")
            which = "nlargest" if tree.code(arg.value) == "True" else which
        else:
            rest.append(tree.code(arg).rstrip(","))
    words = ", ".join([count, tree.code(call.args[0].value), *rest])
    module = changed(tree.module, {subscript: instead(place.expression(f"heapq.{which}({words})"))})
    return with_import(module, "import heapq")


def generator(place: Place) -> cst.Module:
    """`sum([… for …])` without the list in between. Raises: CannotRewrite."""
    call = place.node(cst.Call, exact=True)
    listed = call.args[0].value if call.args else None
    if not m.matches(
        call.func, m.Name(value="sum") | m.Name(value="min") | m.Name(value="max") | m.Name(value="set")
    ):
        raise CannotRewrite("it may stop before the end, which a list doesn't")
    if not isinstance(listed, cst.ListComp) or len(call.args) != 1:
        raise CannotRewrite("its one argument isn't a list comprehension")
    bare = cst.GeneratorExp(elt=listed.elt, for_in=listed.for_in, lpar=[], rpar=[])
    return changed(place.tree.module, {listed: instead(bare)})


def f_string(place: Place) -> cst.Module:
    """`"{} {:.2f}".format(a, b)` as an f-string, which formats by the same `__format__`. Raises: CannotRewrite."""
    tree = place.tree
    call = place.node(cst.Call, exact=True)
    if not isinstance(call.func, cst.Attribute) or not isinstance(call.func.value, cst.SimpleString):
        raise CannotRewrite("what is formatted isn't a literal")
    literal = call.func.value
    if literal.prefix or "\\" in literal.raw_value or len(literal.quote) != 1:
        raise CannotRewrite("the literal has escapes or a prefix")
    if any(a.keyword is not None or a.star or not m.matches(a.value, LOOKUPS) for a in call.args):
        raise CannotRewrite("its arguments aren't plain names, attributes or elements")
    values = [tree.code(a.value) for a in call.args]
    if any(literal.quote in v or "\\" in v or "{" in v for v in values):
        raise CannotRewrite("an argument has quotes of the same kind")
    fields = re.findall(r"\{\{|\}\}|\{(?:![rsa])?(?::[^{}]*)?\}", literal.raw_value)
    holes = [f for f in fields if f not in ("{{", "}}")]
    if len(holes) != len(values) or re.sub(r"\{\{|\}\}", "", literal.raw_value).count("{") != len(holes):
        raise CannotRewrite("its fields are named, numbered or nested")
    left = iter(values)
    text = re.sub(
        r"\{\{|\}\}|\{((?:![rsa])?(?::[^{}]*)?)\}",
        lambda f: f[0] if f[0] in ("{{", "}}") else "{" + next(left) + (f[1] or "") + "}",
        literal.raw_value,
    )
    new = place.expression(f"f{literal.quote}{text}{literal.quote}")
    return changed(tree.module, {call: instead(new)})


def iterate_file(place: Place) -> cst.Module:
    """`for line in file.readlines()` as `for line in file`: the same lines, one at a time. Raises: CannotRewrite."""
    tree = place.tree
    loop = place.node(cst.For)
    call = loop.iter
    if not m.matches(call, m.Call(func=m.Attribute(value=m.Name(), attr=m.Name(value="readlines")), args=[])):
        raise CannotRewrite("it doesn't read all lines of a file")
    file = cst.ensure_type(
        cst.ensure_type(cst.ensure_type(call, cst.Call).func, cst.Attribute).value, cst.Name
    )
    opened = m.WithItem(
        item=m.Call(func=m.Name(value="open") | m.Attribute(attr=m.Name(value="open"))),
        asname=m.AsName(name=m.Name(value=file.value)),
    )
    around = [a for a in tree.ancestors(loop) if isinstance(a, cst.With)]
    if not any(m.matches(item, opened) for with_ in around for item in with_.items):
        raise CannotRewrite(f"`{file.value}` isn't opened by a `with open(…)` around the loop")
    if len(uses(tree, loop, file.value)) != 1:
        raise CannotRewrite(f"the loop uses `{file.value}` for something else, too")
    if any(isinstance(n, cst.Yield) for n in walk(loop.body)):
        raise CannotRewrite("the loop hands out lines while the file is open")
    return changed(tree.module, {call: instead(file)})


def without_copy(place: Place) -> cst.Module:
    """`x = copy.deepcopy(y)` as `x = y` where x is only read and y can't change meanwhile. Raises: CannotRewrite."""
    tree = place.tree
    call = place.node(cst.Call, exact=True)
    function = place.function(call)
    source = call.args[0].value if len(call.args) == 1 else None
    if not isinstance(source, cst.Name):
        raise CannotRewrite("what is copied isn't a plain variable")
    assign = tree.parent(call)
    if not m.matches(assign, m.Assign(targets=[m.AssignTarget(target=m.Name())])):  # type: ignore[arg-type]
        raise CannotRewrite("the copy isn't kept in a plain variable")
    target = cst.ensure_type(cst.ensure_type(assign, cst.Assign).targets[0].target, cst.Name)
    require_plain_local(tree, function, target.value)
    require_plain_local(tree, function, source.value)
    if len(stores(tree, function, target.value)) != 1:
        raise CannotRewrite(f"`{target.value}` is assigned in more than one way")
    for use in [*uses(tree, function, target.value), *uses(tree, function, source.value)]:
        if use is not source and not is_stored(tree, use) and not is_only_read(tree, use):
            raise CannotRewrite(f"`{use.value}` may be changed or kept")
    if len(stores(tree, function.body, source.value)) > 1 or target.value in names_in(tree, source):
        raise CannotRewrite(f"`{source.value}` gets another value")
    return changed(tree.module, {call: instead(source)})
