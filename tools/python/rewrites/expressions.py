"""Rewrites of one expression: `nsmallest`, `generator`, `f_string`."""

from __future__ import annotations

import re

import libcst as cst
import libcst.matchers as m

from tools.python.rewrites.imports import with_import
from tools.python.rewrites.meaning import require_builtins
from tools.python.rewrites.names import is_stored, uses
from tools.python.rewrites.place import CannotRewrite, Place, changed, instead, walk

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
    require_builtins(tree, "sorted")
    if any(a.star for a in call.args) or call.args[0].keyword is not None or is_stored(tree, subscript):
        raise CannotRewrite("the arguments of `sorted` aren't plain")
    part = subscript.slice[0].slice if len(subscript.slice) == 1 else None
    if not isinstance(part, cst.Slice) or part.lower is not None or part.step is not None:
        raise CannotRewrite("it doesn't take the first elements")
    if not isinstance(part.upper, cst.Integer) or part.upper.evaluated_value == 0:
        raise CannotRewrite("how many are taken isn't a constant above zero")
    count = tree.code(part.upper)
    which, rest = "nsmallest", []
    for arg in call.args[1:]:
        if arg.keyword is not None and arg.keyword.value == "reverse":
            if not m.matches(arg.value, m.Name(value="True") | m.Name(value="False")):
                raise CannotRewrite("the order isn't constant")
            which = "nlargest" if tree.code(arg.value) == "True" else which
        else:
            rest.append(tree.code(arg).rstrip(","))
    first = call.args[0].value
    items = (
        f"({tree.code(first)})"
        if isinstance(first, cst.GeneratorExp) and not first.lpar
        else tree.code(first)
    )
    words = ", ".join([count, items, *rest])
    module = changed(tree.module, {subscript: instead(place.expression(f"heapq.{which}({words})"))})
    return with_import(tree, module, "import heapq")


def generator(place: Place) -> cst.Module:
    """`sum([… for …])` without the list in between. Raises: CannotRewrite."""
    tree = place.tree
    call = place.node(cst.Call, exact=True)
    listed = call.args[0].value if call.args else None
    if not m.matches(
        call.func, m.Name(value="sum") | m.Name(value="min") | m.Name(value="max") | m.Name(value="set")
    ):
        raise CannotRewrite("it may stop before the end, which a list doesn't")
    if not isinstance(listed, cst.ListComp) or len(call.args) != 1:
        raise CannotRewrite("its one argument isn't a list comprehension")
    require_builtins(tree, tree.code(call.func))
    if any(isinstance(n, cst.Await) or getattr(n, "asynchronous", None) is not None for n in walk(listed)):
        raise CannotRewrite("the list is made asynchronously, which a generator can't be here")
    if any(uses(tree, listed, name) for name in ("next", "super", "locals", "__class__")):
        raise CannotRewrite("its elements mean something else inside a generator")
    if any(isinstance(n, cst.Attribute) and n.attr.value == "__next__" for n in walk(listed)):
        raise CannotRewrite("its elements mean something else inside a generator")
    bare = cst.GeneratorExp(elt=listed.elt, for_in=listed.for_in, lpar=[], rpar=[])
    arg = call.args[0].with_changes(value=bare, comma=cst.MaybeSentinel.DEFAULT)
    return changed(tree.module, {call.args[0]: instead(arg)})


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
    if any(c in v for v in values for c in (literal.quote, "\\", "{", "#", "\n", "\r")):
        raise CannotRewrite("an argument has quotes of the same kind, or more than one line")
    fields = re.findall(r"\{\{|\}\}|\{(?:![rsa])?(?::[^{}]*)?\}", literal.raw_value)
    holes = [f for f in fields if f not in ("{{", "}}")]
    if (
        not holes
        or len(holes) != len(values)
        or re.sub(r"\{\{|\}\}", "", literal.raw_value).count("{") != len(holes)
    ):
        raise CannotRewrite("its fields are named, numbered or nested")
    left = iter(values)
    text = re.sub(
        r"\{\{|\}\}|\{((?:![rsa])?(?::[^{}]*)?)\}",
        lambda f: f[0] if f[0] in ("{{", "}}") else "{" + next(left) + (f[1] or "") + "}",
        literal.raw_value,
    )
    new = place.expression(f"f{literal.quote}{text}{literal.quote}")
    return changed(tree.module, {call: instead(new)})
