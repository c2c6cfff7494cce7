"""What names mean in a file: builtins that nothing hides, modules by their imports, variables with a value."""

from __future__ import annotations

import builtins

import libcst as cst

from tools.python.rewrites.names import is_within, require_plain_local, stores, uses
from tools.python.rewrites.place import CannotRewrite, Place, Tree, walk

SELF_INSPECTION = frozenset({"locals", "vars", "eval", "exec", "dir", "_getframe", "currentframe", "stack"})
COMPILERS = ("jit", "vectorize", "cython", "cuda", "kernel", "torch.compile")


def has_star_import(tree: Tree) -> bool:
    """Whether names can come from an import that doesn't name them."""
    return any(
        isinstance(n, cst.ImportFrom) and isinstance(n.names, cst.ImportStar) for n in walk(tree.module)
    )


def is_builtin(tree: Tree, name: str) -> bool:
    """Whether a name means the builtin everywhere in the file."""
    return hasattr(builtins, name) and not stores(tree, tree.module, name) and not has_star_import(tree)


def require_builtins(tree: Tree, *names: str) -> None:
    """Raises: CannotRewrite when one of the names may mean something else in the file."""
    for name in names:
        if not is_builtin(tree, name):
            raise CannotRewrite(f"`{name}` may be another thing in this file")


def qualified(tree: Tree, node: cst.BaseExpression) -> str | None:
    """A name as its import tells: `loads` after `from json import loads` is `json.loads`; builtins as they are.

    None when it isn't bound by one import at the top of the module, or more than once.
    """
    dotted = tree.code(node)
    root, dot, rest = dotted.partition(".")
    bound = stores(tree, tree.module, root)
    if not bound:
        return dotted if is_builtin(tree, root) else None
    names = {_imported(tree, name) for name in bound}
    (name,) = names if len(names) == 1 else (None,)
    return None if name is None else name + dot + rest


def _imported(tree: Tree, name: cst.Name) -> str | None:
    """What one binding imports, None when it is no import at the top of the module."""
    alias = next((a for a in tree.ancestors(name) if isinstance(a, cst.ImportAlias)), None)
    statement = tree.parent(alias) if alias is not None else None
    line = tree.parent(statement) if statement is not None else None
    if alias is None or line is None or tree.parent(line) is not tree.module:
        return None
    full = tree.code(alias.name)
    if isinstance(statement, cst.ImportFrom):
        if statement.relative or statement.module is None:
            return None
        return f"{tree.code(statement.module)}.{full}"
    return full if alias.asname is not None else full.split(".")[0]


def local_stores(tree: Tree, function: cst.FunctionDef, name: str) -> list[cst.Name]:
    """Where a function gives a variable of its own a value: its parameters and its body."""
    return [*stores(tree, function.params, name), *stores(tree, function.body, name)]


def require_local(tree: Tree, function: cst.FunctionDef, name: str) -> None:
    """Raises: CannotRewrite unless the name is a variable of this function that only it can reach."""
    require_plain_local(tree, function, name)
    if not local_stores(tree, function, name):
        raise CannotRewrite(f"`{name}` isn't a variable of this function")


def require_value_before(place: Place, function: cst.FunctionDef, name: str, statement: cst.CSTNode) -> None:
    """The variable surely has a value when the statement starts. Raises: CannotRewrite."""
    tree = place.tree
    if any(isinstance(a, cst.Del) for n in local_stores(tree, function, name) for a in tree.ancestors(n)):
        raise CannotRewrite(f"`{name}` is deleted")
    if stores(tree, function.params, name):
        return
    child = statement
    for ancestor in tree.ancestors(statement):
        if isinstance(ancestor, cst.IndentedBlock):
            earlier = list(ancestor.body)[: list(ancestor.body).index(child)]  # type: ignore[arg-type]
            if any(isinstance(s, cst.SimpleStatementLine) and stores(tree, s, name) for s in earlier):
                return
        if isinstance(ancestor, cst.For) and child is ancestor.body and stores(tree, ancestor.target, name):
            return
        if isinstance(ancestor, cst.With) and any(stores(tree, item, name) for item in ancestor.items):
            return
        if ancestor is function:
            break
        child = ancestor
    raise CannotRewrite(f"`{name}` may have no value yet before the loop")


def is_guarded(tree: Tree, function: cst.FunctionDef, node: cst.CSTNode) -> bool:
    """Whether the function can go on after an error in the node: a `try` or a `with` other than of a file."""
    for ancestor in tree.ancestors(node):
        if ancestor is function:
            break
        if isinstance(ancestor, cst.Try | cst.TryStar):
            return True
        if isinstance(ancestor, cst.With):
            calls = [i.item.func for i in ancestor.items if isinstance(i.item, cst.Call)]
            if len(calls) < len(ancestor.items) or any(tree.code(c).split(".")[-1] != "open" for c in calls):
                return True
    return False


def require_unseen_after_error(
    place: Place, function: cst.FunctionDef, name: str, loop: cst.BaseStatement
) -> None:
    """What the variable holds when the loop ends by an error is seen by nobody. Raises: CannotRewrite."""
    tree = place.tree
    holder, _ = place.block(loop)
    if is_guarded(tree, function, loop) and any(
        not is_within(tree, use, holder) for use in uses(tree, function, name)
    ):
        raise CannotRewrite(f"`{name}` may be used after an error in the loop")


def require_plain_function(tree: Tree, function: cst.FunctionDef) -> None:
    """Raises: CannotRewrite when the function looks at its own variables, or a decorator translates it."""
    for node in walk(function.body):
        if isinstance(node, cst.Call):
            name = tree.code(node.func).rpartition(".")[2]
            if name in SELF_INSPECTION:
                raise CannotRewrite(f"the function looks at itself with `{name}`")
    for decorator in function.decorators:
        text = tree.code(decorator.decorator)
        if any(word in text for word in COMPILERS):
            raise CannotRewrite(f"`@{text}` compiles the function by rules of its own")
