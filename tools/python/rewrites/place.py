"""A place in a Python file's syntax tree: the node a pattern matched, what is around it, and questions about names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper, ParentNodeProvider

Found = TypeVar("Found", bound=cst.CSTNode)
Loop = cst.For | cst.While
Changed = cst.CSTNode | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNode]
Change = Callable[[cst.CSTNode], Changed]


class CannotRewrite(Exception):
    """The place can't be rewritten safely; the message is the sentence that says why."""


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A node and everything in it, in the order of the text."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(found.children))


@dataclass(frozen=True, slots=True)
class Tree:
    """A parsed file with its parents and positions; `names` has every name in the order of the text."""

    wrapper: MetadataWrapper
    module: cst.Module
    names: Mapping[str, Sequence[cst.Name]]

    @classmethod
    def parse(cls, text: str) -> Tree:
        """Raises: CannotRewrite when libcst can't read the file."""
        try:
            wrapper = MetadataWrapper(cst.parse_module(text))
        except cst.ParserSyntaxError as error:
            raise CannotRewrite(f"libcst can't read the file: {str(error).splitlines()[0]}") from error
        names: dict[str, list[cst.Name]] = {}
        for node in walk(wrapper.module):
            if isinstance(node, cst.Name):
                names.setdefault(node.value, []).append(node)
        return cls(wrapper, wrapper.module, names)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around `node`, None for the module."""
        found = self.wrapper.resolve(ParentNodeProvider).get(node)
        return found if isinstance(found, cst.CSTNode) else None

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """What is around a node, the innermost first."""
        at = self.parent(node)
        while at is not None:
            yield at
            at = self.parent(at)

    def at(self, kind: type[Found], start: int, end: int | None = None) -> Found:
        """The node of a kind that starts at a byte offset (and ends at `end`). Raises: CannotRewrite."""
        for node, span in self.wrapper.resolve(ByteSpanPositionProvider).items():
            if (
                isinstance(node, kind)
                and span.start == start
                and (end is None or span.start + span.length == end)
            ):
                return node
        raise CannotRewrite("libcst sees another structure there than the pattern")

    def code(self, node: cst.CSTNode) -> str:
        """The node as source text."""
        return self.module.code_for_node(node).strip()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pattern matched: byte offsets in the tree's file. `root` is the project's folder."""

    tree: Tree
    start: int
    end: int
    root: Path

    def node(self, kind: type[Found], *, exact: bool = False) -> Found:
        """The matched node, which must be of that kind. `exact` compares the end, too: for expressions.

        Raises: CannotRewrite.
        """
        return self.tree.at(kind, self.start, self.end if exact else None)

    def function(self, node: cst.CSTNode) -> cst.FunctionDef:
        """The innermost function around a node. Raises: CannotRewrite at module level and in classes' bodies."""
        child = node
        for ancestor in self.tree.ancestors(node):
            if isinstance(ancestor, cst.FunctionDef):
                if child is not ancestor.body:
                    break
                return ancestor
            if isinstance(ancestor, cst.Lambda | cst.ClassDef):
                break
            child = ancestor
        raise CannotRewrite("it isn't directly inside a function, so its names may be used from elsewhere")

    def loop(self, node: cst.CSTNode) -> Loop:
        """The innermost loop statement around a node within its function. Raises: CannotRewrite."""
        for ancestor in self.tree.ancestors(node):
            if isinstance(ancestor, cst.For | cst.While):
                if isinstance(ancestor, cst.For) and ancestor.asynchronous is not None:
                    break
                return ancestor
            if isinstance(ancestor, cst.FunctionDef | cst.Lambda):
                break
        raise CannotRewrite("there is no plain loop around it in its function")

    def loops(self, node: cst.CSTNode) -> list[Loop]:
        """The loop statements around a node within its function, the innermost first."""
        found: list[Loop] = []
        for ancestor in self.tree.ancestors(node):
            if isinstance(ancestor, cst.For | cst.While):
                found.append(ancestor)
            if isinstance(ancestor, cst.FunctionDef | cst.Lambda):
                break
        return found

    def block(self, statement: cst.CSTNode) -> tuple[cst.CSTNode, Sequence[cst.BaseStatement]]:
        """The block a statement stands in, and its statements. Raises: CannotRewrite."""
        parent = self.tree.parent(statement)
        if isinstance(parent, cst.IndentedBlock | cst.Module):
            return parent, list(parent.body)
        raise CannotRewrite("its block is written on one line")

    def statement(self, text: str) -> cst.BaseStatement:
        """New source as a statement in the file's own style."""
        found = cst.parse_statement(text, config=self.tree.module.config_for_parsing)
        if isinstance(found, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            return found
        raise CannotRewrite("the new statement is not a statement")

    def expression(self, text: str) -> cst.BaseExpression:
        """New source as an expression in the file's own style."""
        return cst.parse_expression(text, config=self.tree.module.config_for_parsing)

    def line(self, node: cst.CSTNode) -> cst.SimpleStatementLine | cst.BaseCompoundStatement:
        """The statement line that a node is part of. Raises: CannotRewrite."""
        for ancestor in [node, *self.tree.ancestors(node)]:
            if isinstance(ancestor, cst.SimpleStatementLine | cst.BaseCompoundStatement):
                return ancestor
        raise CannotRewrite("it isn't part of a statement")


def changed(module: cst.Module, changes: Mapping[cst.CSTNode, Change]) -> cst.Module:
    """The module with nodes changed, found by identity; a change gets the node as inner changes left it."""
    found = module.visit(_Changing(changes))
    if not isinstance(found, cst.Module):
        raise CannotRewrite("the file would be empty")
    return found


def instead(*new: cst.CSTNode) -> Change:
    """Put these in a node's place; nothing removes it. Parentheses around an expression stay."""
    if not new:
        return lambda _: cst.RemoveFromParent()
    if len(new) > 1:
        return lambda _: cst.FlattenSentinel(new)

    def change(node: cst.CSTNode) -> Changed:
        only = new[0]
        if isinstance(node, cst.BaseExpression) and isinstance(only, cst.BaseExpression) and node.lpar:
            return only.with_changes(lpar=[*node.lpar, *only.lpar], rpar=[*only.rpar, *node.rpar])
        return only

    return change


def before(*new: cst.BaseStatement) -> Change:
    """Put statements before a statement, after the blank lines that were above it."""

    def change(node: cst.CSTNode) -> Changed:
        lines = getattr(node, "leading_lines", ())
        if any(line.comment for line in lines):
            return cst.FlattenSentinel([*new, node])
        first = new[0].with_changes(leading_lines=lines)
        return cst.FlattenSentinel([first, *new[1:], node.with_changes(leading_lines=())])

    return change


def after(*new: cst.BaseStatement) -> Change:
    """Put statements after a statement."""
    return lambda node: cst.FlattenSentinel([node, *new])


class _Changing(cst.CSTTransformer):
    def __init__(self, changes: Mapping[cst.CSTNode, Change]) -> None:
        super().__init__()
        self._changes = changes

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> Changed:  # type: ignore[override]
        change = self._changes.get(original_node)
        return change(updated_node) if change is not None else updated_node
