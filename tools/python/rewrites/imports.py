"""Adding an import of the standard library where a reader would look for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import libcst as cst
import libcst.matchers as m

from tools.python.rewrites.place import CannotRewrite, after, before, changed


def with_import(module: cst.Module, line: str) -> cst.Module:
    """The module with `line` (`import x` or `from x import y`) in order among its standard library imports.

    Raises: CannotRewrite when the imported name means something else in the file.
    """
    new = cst.ensure_type(cst.parse_statement(line + "\n"), cst.SimpleStatementLine)
    found = list(_imports(module))
    if any(_text(module, other) == line for other, _ in found):
        return module
    if _is_taken(module, line.split()[-1]):
        raise CannotRewrite(f"`{line.split()[-1]}` means something else in this file")
    own = [(other, name) for other, name in found if name in sys.stdlib_module_names and name != "__future__"]
    if own:
        order = [other for other, _ in own if _sort_key(_text(module, other)) < _sort_key(line)]
        return changed(module, {order[-1]: after(new)} if order else {own[0][0]: before(new)})
    others = [other for other, name in found if name != "__future__"]
    if others:
        blank = others[0].with_changes(leading_lines=[cst.EmptyLine(indent=False), *others[0].leading_lines])
        first = new.with_changes(leading_lines=others[0].leading_lines)
        return changed(module, {others[0]: lambda _: cst.FlattenSentinel([first, blank])})
    if found:
        apart = new.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
        return changed(module, {found[-1][0]: after(apart)})
    at = 1 if module.get_docstring() is not None else 0
    lines = [cst.EmptyLine(indent=False)] if at else []
    body = [*module.body[:at], new.with_changes(leading_lines=lines), *module.body[at:]]
    return module.with_changes(body=body)


def _imports(module: cst.Module) -> Iterator[tuple[cst.SimpleStatementLine, str]]:
    """The module's import lines, each with the top name it imports from ("" for relative ones)."""
    for statement in module.body:
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


def _is_taken(module: cst.Module, name: str) -> bool:
    """Whether the file gives the name to something else."""
    named = m.Name(value=name)
    return bool(
        m.findall(
            module,
            m.FunctionDef(name=named)
            | m.ClassDef(name=named)
            | m.AssignTarget(target=named)
            | m.Param(name=named)
            | m.For(target=named)
            | m.ImportAlias(name=named)
            | m.AsName(name=named),
        )
    )
