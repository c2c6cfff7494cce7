"""A regular expression compiled per call becomes a constant of the module: `hoist_compile`."""

from __future__ import annotations

import re
import warnings

import libcst as cst
import libcst.matchers as m

from tools.python.rewrites.meaning import qualified, require_plain_function
from tools.python.rewrites.names import fresh, is_within, stores, uses
from tools.python.rewrites.place import CannotRewrite, Change, Place, Tree, changed, instead

USES = {"match": 1, "search": 1, "fullmatch": 1, "findall": 1, "finditer": 1, "split": 1, "sub": 2, "subn": 2}
"""Functions of `re` whose first argument is the pattern, and how many positional arguments follow it."""


def hoist_compile(place: Place) -> cst.Module:
    """Compile a constant pattern once, when the module is imported.

    Constant are literals, the module's own constants, `re.escape` of those, and their sums; the pattern is
    compiled here first, so that the import can't fail. Raises: CannotRewrite.
    """
    tree = place.tree
    call = place.node(cst.Call, exact=True)
    if not isinstance(call.func, cst.Attribute) or not m.matches(call.func.value, m.Name(value="re")):
        raise CannotRewrite("it isn't a call of the module `re` by its own name")
    require_plain_function(tree, place.function(call))
    if not call.args or call.args[0].keyword is not None or call.args[0].star:
        raise CannotRewrite("the pattern isn't the first argument")
    top = _top_statement(tree, call)
    _require_imported_above(tree, top)
    _require_compiles(_text(tree, call.args[0].value, top))
    name = call.func.attr.value
    if name == "compile":
        source, new = _compiled_source(tree, call), None
    else:
        source, new = f"re.compile({tree.code(call.args[0].value)})", _method_call(call, name)
    constant = fresh(tree.module, _constant_name(tree, call))
    changes: dict[cst.CSTNode, Change] = {
        top: _before_definition(place.statement(f"{constant} = {source}\n"))
    }
    if new is None:
        changes |= _without_local(place, call, constant)
    else:
        changes[call] = instead(
            new.with_changes(func=cst.Attribute(value=cst.Name(constant), attr=cst.Name(name)))
        )
    return changed(tree.module, changes)


def _require_imported_above(tree: Tree, top: cst.CSTNode) -> None:
    """`re` is the standard library's, imported above the statement. Raises: CannotRewrite."""
    above = list(tree.module.body)[: list(tree.module.body).index(top)]  # type: ignore[arg-type]
    if qualified(tree, cst.Name("re")) != "re" or not any(stores(tree, s, "re") for s in above):
        raise CannotRewrite("`re` isn't imported once, at the top of the module")


def _require_compiles(pattern: str) -> None:
    """Compiling says nothing and doesn't fail. Raises: CannotRewrite."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise CannotRewrite(f"the pattern is no regular expression: {error}") from error
    except Warning as warning:
        raise CannotRewrite(f"compiling the pattern gives a warning: {warning}") from warning


def _top_statement(tree: Tree, call: cst.Call) -> cst.CSTNode:
    """The statement of the module that the call lies in."""
    child: cst.CSTNode = call
    for parent in tree.ancestors(call):
        if isinstance(parent, cst.Module):
            return child
        child = parent
    raise CannotRewrite("it lies in no statement of the module")


def _text(tree: Tree, node: cst.BaseExpression, top: cst.CSTNode) -> str:
    """A constant string's value. Raises: CannotRewrite when it isn't known before the function runs."""
    if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        value = node.evaluated_value
        if isinstance(value, str):
            return value
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        return _text(tree, node.left, top) + _text(tree, node.right, top)
    if m.matches(node, m.Call(func=m.Attribute(value=m.Name("re"), attr=m.Name("escape")), args=[m.Arg()])):
        return re.escape(_text(tree, cst.ensure_type(node, cst.Call).args[0].value, top))
    if isinstance(node, cst.Name):
        return _text(tree, _module_constant(tree, node.value, top), top)
    raise CannotRewrite("the pattern isn't constant")


def _module_constant(tree: Tree, name: str, top: cst.CSTNode) -> cst.BaseExpression:
    """The value of a name that the module assigns once, above the function, and nothing assigns again."""
    if len(stores(tree, tree.module, name)) == 1:
        for statement in tree.module.body:
            if statement is top:
                break
            if isinstance(statement, cst.SimpleStatementLine):
                for small in statement.body:
                    if m.matches(small, m.Assign(targets=[m.AssignTarget(target=m.Name(value=name))])):
                        return cst.ensure_type(small, cst.Assign).value
    raise CannotRewrite(f"`{name}` isn't a constant of the module")


def _compiled_source(tree: Tree, call: cst.Call) -> str:
    for arg in call.args[1:]:
        if arg.star:
            raise CannotRewrite("the flags aren't constant")
        flags = re.fullmatch(r"[\sre.A-Z|()]+", tree.code(arg.value))
        if flags is None or not _only_flags(arg.value):
            raise CannotRewrite("the flags aren't constant")
    return tree.code(call)


def _only_flags(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.BinaryOperation):
        return isinstance(node.operator, cst.BitOr) and _only_flags(node.left) and _only_flags(node.right)
    return m.matches(node, m.Attribute(value=m.Name("re"))) and not m.matches(
        node, m.Attribute(attr=m.Name("DEBUG") | m.Name("LOCALE") | m.Name("L") | m.Name("TEMPLATE"))
    )


def _method_call(call: cst.Call, name: str) -> cst.Call:
    """`re.sub(pattern, new, text)` without its pattern; flags would have to move, so they are refused."""
    rest = call.args[1:]
    if name not in USES or len(rest) != USES[name] or any(a.keyword is not None or a.star for a in rest):
        raise CannotRewrite(f"`re.{name}` has more arguments than the pattern and the text")
    return call.with_changes(args=rest)


def _constant_name(tree: Tree, call: cst.Call) -> str:
    """The local variable's name in capitals, else after the function."""
    target = _assigned_name(tree, call)
    if target is not None and target.value.strip("_"):
        return f"_{target.value.upper().strip('_')}"
    function = next(a for a in tree.ancestors(call) if isinstance(a, cst.FunctionDef))
    name = function.name.value.upper().strip("_")
    return f"_{name}_PATTERN" if name else "_PATTERN"


def _assigned_name(tree: Tree, call: cst.Call) -> cst.Name | None:
    assign = tree.parent(call)
    if isinstance(assign, cst.Assign) and len(assign.targets) == 1:
        target = assign.targets[0].target
        return target if isinstance(target, cst.Name) else None
    return None


def _without_local(place: Place, call: cst.Call, constant: str) -> dict[cst.CSTNode, Change]:
    """Where the local variable is assigned only here its uses take the constant and the line goes."""
    tree = place.tree
    name = _assigned_name(tree, call)
    if name is None:
        return {call: instead(cst.Name(constant))}
    function, line = place.function(call), place.line(call)
    alone = isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 and not line.leading_lines
    block = tree.parent(line)
    others = isinstance(block, cst.IndentedBlock) and len(block.body) > 1
    everywhere = block is function.body or all(
        is_within(tree, use, block) for use in uses(tree, function, name.value) if block is not None
    )
    if not alone or not others or not everywhere or len(stores(tree, function, name.value)) != 1:
        return {call: instead(cst.Name(constant))}
    found: dict[cst.CSTNode, Change] = {
        use: instead(cst.Name(constant)) for use in uses(tree, function, name.value) if use is not name
    }
    found[line] = instead()
    return found


def _before_definition(statement: cst.BaseStatement) -> Change:
    """Above a definition at module level, two blank lines apart from it."""
    blank = [cst.EmptyLine(indent=False), cst.EmptyLine(indent=False)]

    def change(node: cst.CSTNode) -> cst.FlattenSentinel[cst.CSTNode]:
        lines = list(getattr(node, "leading_lines", ()))
        blanks = [line for line in lines if line.comment is None]
        comments = [line for line in lines if line.comment is not None]
        first = statement.with_changes(leading_lines=blanks[:1])
        return cst.FlattenSentinel([first, node.with_changes(leading_lines=[*blank, *comments])])

    return change
