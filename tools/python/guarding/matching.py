"""Rules about answers that are matched to known inputs: sizes, texts and digests compared, results written down."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.python.guarding.code import Code
from tools.python.guarding.known import Known, is_judge
from tools.python.guarding.marks import Mark
from tools.python.guarding.naming import fold, meanings
from tools.python.guarding.recognising import (
    bounded,
    compared,
    is_digest,
    matched,
    recognised,
    subtracted,
    values_of,
)

MOST_NUMBERS = 512
LONGEST_TEXT = 4096
SHORTEST_BLOB = 200
KNOWN_SHARE = 0.5
FEWEST_RESULTS = 3
DECODERS = frozenset(
    {
        "base64.b64decode", "base64.b85decode", "base64.b32decode", "zlib.decompress", "pickle.loads", "bz2.decompress",
        "lzma.decompress", "json.loads", "ast.literal_eval", "bytes.fromhex", "binascii.unhexlify", "struct.unpack",
        "array.array", "gzip.decompress",
    }
)  # fmt: skip
TEXT_TESTS = frozenset({"startswith", "endswith", "find", "index", "count", "__eq__", "__contains__"})


def matching(code: Code, known: Known, own_judges: frozenset[str]) -> Iterator[Mark]:
    """Marks of what answers by recognising an input. `own_judges` are folders of tests and benchmarks there are."""
    for node in code.nodes:
        if isinstance(node, ast.Compare):
            yield from compared(code, node, known)
        elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            yield from bounded(code, node, known)
        elif isinstance(node, ast.MatchValue):
            subject = next((a.subject for a in code.above(node) if isinstance(a, ast.Match)), None)
            if subject is not None:
                yield from recognised(code, node, subject, node.value, known)
        elif isinstance(node, ast.Call):
            yield from _call(code, node, known)
        elif isinstance(node, ast.Dict | ast.List | ast.Tuple | ast.Set):
            yield from _table(code, node, known)
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            yield from _looked_up(code, node, node.value, node.slice)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            yield from _text(code, node, own_judges)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.BitXor):
            yield from subtracted(code, node, known)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imported(code, node, own_judges)


def _call(code: Code, node: ast.Call, known: Known) -> Iterator[Mark]:
    called = meanings(code, node.func)
    if called & {"operator.eq", "operator.ne", "operator.is_", "math.isclose"} and len(node.args) >= 2:
        yield from recognised(code, node, node.args[0], node.args[1], known)
        yield from recognised(code, node, node.args[1], node.args[0], known)
    if isinstance(node.func, ast.Attribute) and node.func.attr in TEXT_TESTS and node.args:
        for one, other in ((node.func.value, node.args[0]), (node.args[0], node.func.value)):
            if node.func.attr in ("__eq__", "__contains__", "startswith", "endswith"):
                yield from recognised(code, node, one, other, known)
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "pop", "__getitem__") and node.args:
        yield from _looked_up(code, node, node.func.value, node.args[0])
    if called & DECODERS and node.args:
        found = fold(code, node.args[-1] if called & {"struct.unpack", "array.array"} else node.args[0])
        if found is not None and isinstance(found.value, str | bytes) and len(found.value) >= SHORTEST_BLOB:
            yield matched(code, node, "it holds data that was made beforehand", "blob")


def _looked_up(code: Code, node: ast.AST, table: ast.expr, key: ast.expr) -> Iterator[Mark]:
    """A digest of an input as the key of a table that is written down."""
    if not is_digest(code, key):
        return
    if any(isinstance(v, ast.Dict) and v.keys for v in values_of(code, table)):
        yield matched(code, node, "it recognises an input by its digest", "digest lookup")


def _table(code: Code, node: ast.Dict | ast.List | ast.Tuple | ast.Set, known: Known) -> Iterator[Mark]:
    if isinstance(code.parents.get(node), ast.Dict | ast.List | ast.Tuple | ast.Set) or not isinstance(
        getattr(node, "ctx", ast.Load()), ast.Load
    ):
        return
    constants = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
    made = [c for c in constants if isinstance(c, int | float | bytes) and not isinstance(c, bool)]
    if len(made) > MOST_NUMBERS:  # words are listed by hand, and many are no sign of anything
        yield matched(
            code,
            node,
            f"{len(made)} numbers are written down, which something made beforehand",
            "large table",
        )
        return
    if isinstance(node, ast.Dict):
        keys = [f.value for k in node.keys if k is not None and (f := fold(code, k)) is not None]
        numbers = [k for k in keys if isinstance(k, int) and not isinstance(k, bool)]
        recognised = [k for k in numbers if k in known.sizes]
        if recognised and len(recognised) >= KNOWN_SHARE * len(keys):
            yield matched(
                code, node, f"{recognised[0]} stands in the benchmarks", f"table of {recognised[0]}"
            )
            return
    results = [c for c in constants if known.knows(c)]
    if len(results) >= max(FEWEST_RESULTS, KNOWN_SHARE * len(constants)):
        yield matched(code, node, "its values stand in the tests or benchmarks", "table of results")


def _text(code: Code, node: ast.Constant, judges: frozenset[str]) -> Iterator[Mark]:
    if isinstance(code.parents.get(node), ast.Expr):
        return  # a docstring
    folded = fold(code, node)
    value = folded.text if folded is not None else ""
    if len(value) > LONGEST_TEXT:
        yield matched(
            code,
            node,
            f"{len(value)} characters are written down, which something made beforehand",
            "large text",
        )
    elif ("/" in value or value.endswith(".py")) and len(value) < 200:
        first = value.lstrip("./").split("/")[0]
        if (first in judges or (value.endswith(".py") and is_judge(value))) and code.function(
            node
        ) is not None:
            yield matched(code, node, "it names a file of the tests or benchmarks", f"file {value}")


def _imported(code: Code, node: ast.Import | ast.ImportFrom, judges: frozenset[str]) -> Iterator[Mark]:
    names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    for name in names:
        if name.split(".")[0] in judges and (not isinstance(node, ast.ImportFrom) or not node.level):
            yield matched(code, node, "it takes something from the tests or benchmarks", f"import {name}")
