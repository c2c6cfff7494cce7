"""Adding an import of the standard library where a reader would look for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import libcst as cst

from tools.python.rewrites.meaning import has_star_import, qualified
from tools.python.rewrites.names import stores
from tools.python.rewrites.place import CannotRewrite, Tree, after, before, changed


def require_importable(tree: Tree, line: str) -> None:
    """The name that `line` imports means that, or nothing yet, in the whole file. Raises: CannotRewrite."""
    name = line.split()[-1]
    bound = stores(tree, tree.module, name)
    wanted = line.removeprefix("from ").removeprefix("import ").replace(" import ", ".")
    if has_star_import(tree) or (bound and qualified(tree, cst.Name(name)) != wanted):
        raise CannotRewrite(f"`{name}` means something else in this file")


def with_import(tree: Tree, module: cst.Module, line: str) -> cst.Module:
    """The module with `line` (`import x` or `from x import y`) in order among its standard library imports.

    Raises: CannotRewrite when the imported name means something else in the file.
    """
    require_importable(tree, line)
    if stores(tree, tree.module, line.split()[-1]):
        return module
    new = cst.ensure_type(cst.parse_statement(line + "\n"), cst.SimpleStatementLine)
    found = list(_imports(module))
    own = [(other, name) for other, name in found if name in sys.stdlib_module_names and name != "__future__"]
    if own:
        order = [other for other, _ in own if _sort_key(_text(module, other)) < _sort_key(line)]
        return changed(module, {order[-1]: after(new)} if order else {own[0][0]: before(new)})
    others = [other for other, name in found if name != "__future__"]
    if others:
        comments = [line for line in others[0].leading_lines if line.comment is not None]
        blank = others[0].with_changes(leading_lines=[cst.EmptyLine(indent=False), *comments])
        blanks = [line for line in others[0].leading_lines if line.comment is None]
        first = new.with_changes(leading_lines=blanks)
        return changed(module, {others[0]: lambda _: cst.FlattenSentinel([first, blank])})
    if found:
        apart = new.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
        return changed(module, {found[-1][0]: after(apart)})
    at = 1 if module.get_docstring() is not None else 0
    lines = [cst.EmptyLine(indent=False)] if at else []
    rest = list(module.body[at:])
    if rest and not getattr(rest[0], "leading_lines", ()):
        two = 2 if isinstance(rest[0], cst.FunctionDef | cst.ClassDef) else 1
        rest[0] = rest[0].with_changes(leading_lines=[cst.EmptyLine(indent=False)] * two)
    return module.with_changes(body=[*module.body[:at], new.with_changes(leading_lines=lines), *rest])


def _imports(module: cst.Module) -> Iterator[tuple[cst.SimpleStatementLine, str]]:
    """The import lines above the first definition, each with the top name it imports from ("" for relative ones)."""
    for statement in module.body:
        if isinstance(statement, cst.FunctionDef | cst.ClassDef):
            break
        if not isinstance(statement, cst.SimpleStatementLine):
            continue
        for small in statement.body:
            if isinstance(small, cst.Import):
                yield statement, module.code_for_node(small.names[0].name).split(".")[0]
            elif isinstance(small, cst.ImportFrom):
                named = small.module if not small.relative else None
                yield statement, module.code_for_node(named).split(".")[0] if named is not None else ""


def _sort_key(text: str) -> tuple[bool, str]:
    return text.startswith("from "), text.lower()


def _text(module: cst.Module, line: cst.SimpleStatementLine) -> str:
    return module.code_for_node(line.with_changes(leading_lines=[])).strip()
