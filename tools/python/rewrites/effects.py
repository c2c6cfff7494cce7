"""Whether running some code may change a container that another name holds, too."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m

from tools.python.rewrites.meaning import is_builtin, local_stores, qualified
from tools.python.rewrites.names import PURE_PICKERS, PURE_READERS, is_stored, stores
from tools.python.rewrites.place import CannotRewrite, Tree, walk

HARMLESS_BUILTINS = (
    PURE_READERS | PURE_PICKERS
    | {"list", "tuple", "set", "frozenset", "dict", "range", "enumerate", "zip", "reversed", "divmod", "chr", "bytes",
       "bytearray", "type", "id", "open", "deque", "ValueError", "KeyError", "TypeError", "RuntimeError"}
)  # fmt: skip
HARMLESS_MODULES = ("math.", "re.", "json.", "decimal.Decimal", "fractions.", "datetime.", "time.", "collections.",
                    "heapq.nsmallest", "heapq.nlargest", "operator.", "zlib.", "hashlib.", "base64.", "string.",
                    "copy.", "urllib.parse.", "ast.literal_eval", "tomllib.", "ipaddress.", "fnmatch.",
                    "os.path.")  # fmt: skip
READING = frozenset(
    {"get", "keys", "values", "items", "count", "index", "copy", "startswith", "endswith", "lower", "upper",
     "title", "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "partition", "rpartition", "join",
     "format", "replace", "encode", "decode", "isdigit", "isalpha", "isspace", "isalnum", "casefold", "zfill",
     "ljust", "rjust", "center", "find", "rfind", "match", "search", "fullmatch", "findall", "finditer", "sub",
     "group", "groups", "hexdigest", "digest", "isoformat", "strftime", "date", "time", "total_seconds",
     "weekday", "timestamp", "removeprefix", "removesuffix", "union", "intersection", "difference", "issubset",
     "write", "writelines", "writerow", "debug", "info", "warning", "error", "exception"}
)  # fmt: skip
"""Methods of builtin types, files and loggers that change no container."""
CHANGING = frozenset(
    {"append", "appendleft", "add", "update", "extend", "setdefault", "insert", "discard", "remove", "pop",
     "popleft", "popitem", "clear", "sort", "reverse", "subtract"}
)  # fmt: skip
NEW = (
    cst.List, cst.Dict, cst.Set, cst.ListComp, cst.SetComp, cst.DictComp, cst.BaseNumber, cst.BaseString,
)  # fmt: skip
MAKERS = frozenset(
    {"list", "dict", "set", "sorted", "deque", "collections.deque", "collections.Counter", "collections.defaultdict",
     "collections.OrderedDict", "io.StringIO", "io.BytesIO"}
)  # fmt: skip
DEPTH = 4


def is_new(tree: Tree, function: cst.FunctionDef, name: str) -> bool:
    """Whether all that the function puts into a variable are objects made right there."""
    found = local_stores(tree, function, name)
    for stored in found:
        target = tree.parent(stored)
        assign = tree.parent(target) if isinstance(target, cst.AssignTarget) else target
        if isinstance(assign, cst.AugAssign):
            continue
        if not isinstance(assign, cst.Assign | cst.AnnAssign) or assign.value is None:
            return False
        if not makes_new(tree, assign.value):
            return False
    return bool(found)


def makes_new(tree: Tree, value: cst.BaseExpression) -> bool:
    """Whether an expression makes an object that nothing else holds."""
    if isinstance(value, cst.Call):
        return qualified(tree, value.func) in MAKERS
    return isinstance(value, NEW)


def require_no_effects(
    tree: Tree, function: cst.FunctionDef, region: cst.CSTNode, what: str, *, deep: bool = False
) -> None:
    """Nothing in the region can change the container in `what`, which others may hold as well.

    With `deep`, neither what it contains. Iterating, operators and attributes are taken to have no effects.
    Raises: CannotRewrite that names the effect.
    """
    effect = _Effects(tree, deep).first(region, function, DEPTH)
    if effect is not None:
        raise CannotRewrite(f"{effect} may change `{what}`")


@dataclass(frozen=True, slots=True)
class _Effects:
    tree: Tree
    deep: bool

    def first(self, region: cst.CSTNode, function: cst.FunctionDef, depth: int) -> str | None:
        """The first effect, as it is called in a refusal; None without one."""
        for node in walk(region):
            effect = self._of(node, function, depth)
            if effect is not None:
                return effect
        return None

    def _of(self, node: cst.CSTNode, function: cst.FunctionDef, depth: int) -> str | None:
        if isinstance(node, cst.Await | cst.Yield) or getattr(node, "asynchronous", None) is not None:
            return "code that runs while it waits"
        if isinstance(node, cst.Subscript) and is_stored(self.tree, node):
            return None if self._is_own(node.value, function) else f"`{self.tree.code(node)} = …`"
        if isinstance(node, cst.Attribute) and is_stored(self.tree, node):
            return f"`{self.tree.code(node)} = …`" if self.deep else None
        if isinstance(node, cst.AugAssign):
            return self._of_augmented(node, function)
        if isinstance(node, cst.WithItem) and not m.matches(node.item, m.Call(func=m.Name("open"))):
            return f"`with {self.tree.code(node)}`"
        if isinstance(node, cst.Call) and not self._is_harmless(node, function, depth):
            return f"`{self.tree.code(node.func)}(…)`"
        return None

    def _of_augmented(self, node: cst.AugAssign, function: cst.FunctionDef) -> str | None:
        if not isinstance(node.target, cst.Name) or isinstance(node.value, cst.BaseNumber | cst.BaseString):
            return None  # of a subscript or attribute: judged as such
        own = self._is_own(node.target, function)
        return None if own else f"`{self.tree.code(node.target)} {self.tree.code(node.operator)} …`"

    def _is_own(self, node: cst.BaseExpression, function: cst.FunctionDef) -> bool:
        return isinstance(node, cst.Name) and is_new(self.tree, function, node.value)

    def _is_harmless(self, call: cst.Call, function: cst.FunctionDef, depth: int) -> bool:
        if any(
            a.keyword is not None and a.keyword.value == "key" and not self._is_plain_key(a)
            for a in call.args
        ):
            return False
        if isinstance(call.func, cst.Attribute):
            name = call.func.attr.value
            if name in CHANGING and self._is_own(call.func.value, function):
                return True
            if name in READING:
                return True
        found = qualified(self.tree, call.func)
        if found is not None:
            return found in HARMLESS_BUILTINS or found.startswith(HARMLESS_MODULES)
        return isinstance(call.func, cst.Name) and depth > 0 and self._is_own_code(call.func.value, depth - 1)

    def _is_plain_key(self, arg: cst.Arg) -> bool:
        return isinstance(arg.value, cst.Lambda) or (
            isinstance(arg.value, cst.Name) and is_builtin(self.tree, arg.value.value)
        )

    def _is_own_code(self, name: str, depth: int) -> bool:
        """Whether a function or class of the module itself has no effect either."""
        if len(stores(self.tree, self.tree.module, name)) != 1:
            return False
        for statement in self.tree.module.body:
            if isinstance(statement, cst.FunctionDef) and statement.name.value == name:
                plain = not statement.decorators and statement.asynchronous is None
                return plain and self.first(statement.body, statement, depth) is None
            if isinstance(statement, cst.ClassDef) and statement.name.value == name:
                return self._is_plain_class(statement, depth)
        return False

    def _is_plain_class(self, found: cst.ClassDef, depth: int) -> bool:
        """A dataclass, or a class of which only `__init__` runs when an object is made."""
        names = {self.tree.code(d.decorator).split("(")[0] for d in found.decorators}
        if found.bases or found.keywords or names - {"dataclass", "dataclasses.dataclass"}:
            return False
        for statement in found.body.body:
            if isinstance(statement, cst.FunctionDef):
                name = statement.name.value
                if name in ("__new__", "__setattr__"):
                    return False
                if name in ("__init__", "__post_init__"):
                    shallow = _Effects(self.tree, deep=False)  # a new object's own attributes
                    if shallow.first(statement.body, statement, depth) is not None:
                        return False
        return True
