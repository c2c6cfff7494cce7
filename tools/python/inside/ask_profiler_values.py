"""Values as graphs of plain data that can be compared elsewhere, whatever the program's own classes say.

Runs in the target's interpreter, so it needs nothing but the standard library and keeps to old syntax. A graph is
{"nodes": [[kind, type, children, extra]], "roots": [child]}; a child is the number of a node, or a scalar as text
whose first letter is its type: N(one) T(rue) F(alse) i(nt) f(loat) c(omplex) s(tr) b(ytes), and S or B with length
and digest for a long one. Attributes are read, never asked for: no method of the program's own runs.
"""

import copyreg
import hashlib
import itertools
import json
import math
import re
import types

LONG = 20000
REST = 1000000
"""Of how many more values than fit a summary is made."""
ITEMS = 1000
"""How many items of an iterator are looked at."""
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,}")
_SEQUENCES = {"builtins.list": "list", "collections.deque": "list", "builtins.tuple": "tuple"}
_MAPPINGS = ("builtins.dict", "collections.OrderedDict", "collections.Counter")
_FUNCTIONS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
)
_NUMBERS = (int, float, complex, str, bytes)
_VIEWS = (type({}.keys()), type({}.values()), type({}.items()))
_TELLING = ("datetime", "decimal", "fractions", "uuid", "pathlib", "ipaddress", "re", "zoneinfo")
"""Modules of the standard library whose values Python writes well."""
_REDUCERS = ("__reduce_ex__", "__reduce__", "__getstate__")
_BUILTINS = (list, tuple, dict, set, frozenset, bytearray)


def type_name(found):
    """The full name of a class; a script's is `__main__` however it was loaded."""
    module = getattr(found, "__module__", "") or ""
    if module == "__mp_main__":
        module = "__main__"
    name = getattr(found, "__qualname__", None) or getattr(found, "__name__", "?")
    return "%s.%s" % (module, name)


def scalar(value):
    """The text of a plain value, None for any other."""
    kind = type(value)
    if value is None:
        return "N"
    if kind is bool:
        return "T" if value else "F"
    if kind is int:
        return "i%d" % value if -(10**300) < value < 10**300 else "i%#x" % value
    if kind is float:
        return "f%r" % value
    if kind is complex:
        return "c%r %r" % (value.real, value.imag)
    if kind is str:
        return _text(value)
    if kind is bytes:
        return _bytes(value)
    return None


def _text(value):
    if len(value) <= LONG:
        return "s" + (_ADDRESS.sub(" at 0x...", value) if " at 0x" in value else value)
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
    return "S%d %s %s" % (len(value), digest, value[:200])


def _bytes(value):
    if len(value) <= LONG:
        return "b" + value.hex()
    return "B%d %s %s" % (len(value), hashlib.sha256(value).hexdigest(), value[:100].hex())


class Grapher:
    """Makes graphs of at most `limit` values. `consume` lets it run through iterators, which uses them up.

    `left` is what remains of the limit. Afterwards `cut` says that something was left out, and `opaque` names the
    types that can't be looked into.
    """

    def __init__(self, limit, consume, root=""):
        self.limit = limit
        self.consume = consume
        self.root = root
        self.cut = False
        self.opaque = set()
        self._nodes = []
        self._known = {}
        self._kept = []  # an object that is gone gives its id away
        self._waiting = []
        self.left = limit

    def graph(self, values):
        """The graph of the values; what two of them share is one node."""
        roots = [self._child(value) for value in values]
        done = 0
        while done < len(self._waiting):
            number, value = self._waiting[done]
            done += 1
            self._nodes[number] = self._node(value) if self.left > 0 else self._cut_off(value)
        return {"nodes": self._nodes, "roots": roots}

    def _child(self, value):
        self.left -= 1
        text = scalar(value)
        if text is not None:
            return text
        number = self._known.get(id(value))
        if number is None:
            number = len(self._nodes)
            self._nodes.append(None)
            self._known[id(value)] = number
            self._kept.append(value)
            self._waiting.append((number, value))
        return number

    def _children(self, values):
        """As many as may still be looked at; of the others a summary."""
        found = []
        rest = iter(values)
        for value in rest:
            if self.left <= 0:
                self.cut = True
                found += summary(itertools.chain([value], itertools.islice(rest, REST)))
                break
            found.append(self._child(value))
        return found

    def _cut_off(self, value):
        self.cut = True
        length = len(value) if type(value) in _BUILTINS else None
        return ["cut", type_name(type(value)), [], {"length": length}]

    def _node(self, value):
        try:
            return self._described(value)
        except Exception as error:  # whatever a strange object does when it is looked at
            return self._opaque(value, type(error).__name__)

    def _opaque(self, value, why=""):
        name = type_name(type(value))
        self.opaque.add(name)
        return ["opaque", name, [], {"why": why}]

    def _described(self, value):
        kind = type(value)
        name = type_name(kind)
        if name in _SEQUENCES:
            extra = {"length": len(value), "maxlen": getattr(value, "maxlen", None)}
            return [_SEQUENCES[name], name, self._children(value), extra]
        if name in _MAPPINGS:
            pairs = [part for pair in dict.items(value) for part in pair]
            return ["dict", name, self._children(pairs), {"length": len(value)}]
        if kind in (set, frozenset):
            return [name.rpartition(".")[2], name, self._members(value), {"length": len(value)}]
        if kind is bytearray:
            return ["bytearray", name, [_bytes(bytes(value))], None]
        if isinstance(value, type):
            return ["named", "class", ["s" + type_name(value)], None]
        if isinstance(value, types.ModuleType):
            return ["named", "module", ["s" + value.__name__], None]
        return (
            self._callable(value, kind)
            or self._running(value, kind, name)
            or self._instance(value, kind, name)
        )

    def _members(self, value):
        """Sorted by what they hold: the order of a set means nothing."""
        limit = max(self.left, 1)
        order = []
        for member in value:
            if len(order) >= limit:
                self.cut = True
                break
            text = scalar(member)
            if text is None:
                inner = Grapher(limit, False, self.root)
                text = json.dumps(inner.graph([member]), sort_keys=True)
            order.append((text, member))
        order.sort(key=lambda pair: pair[0])
        return self._children(member for _, member in order)

    def _callable(self, value, kind):
        """Functions by their names; one made inside another can't be told from its brothers."""
        if kind is types.MethodType:
            return ["value", "method", [self._child(value.__self__), "s" + value.__func__.__name__],
                    {"names": ["self", "name"]}]  # fmt: skip
        wrapped = callable(value) and hasattr(value, "__wrapped__")
        if kind in _FUNCTIONS or (wrapped and hasattr(value, "__qualname__")):
            name = type_name(value)
            if "<" in name:
                self.opaque.add("function")
                return ["opaque", "function", [], {"why": ""}]
            return ["named", "function", ["s" + name], None]
        return None

    def _running(self, value, kind, name):
        """Iterators by their items; only those written in C or by yield, as others have attributes of their own."""
        if name == "contextlib._GeneratorContextManager":
            value, kind = value.gen, type(value.gen)
        if kind in (types.CoroutineType, types.AsyncGeneratorType):
            return self._opaque(value)
        step = static_attribute(kind, "__next__")
        plain = kind is types.GeneratorType or (
            isinstance(step, types.WrapperDescriptorType) and not _is_file(kind)
        )
        if step is None or not plain or not hasattr(kind, "__iter__"):
            return None
        if not self.consume:
            return self._opaque(value)
        items, end = drain(value)
        return ["iterator", "", self._children(items), {"length": len(items), "end": end}]

    def _instance(self, value, kind, name):
        if _is_file(kind) and name not in ("_io.StringIO", "_io.BytesIO"):
            return self._opaque(value)
        if kind in _VIEWS:
            return ["list", name, self._children(value), {"length": len(value)}]
        if kind.__module__ == "numpy" and hasattr(value, "dtype") and hasattr(value, "tolist"):
            return self._array(value, name)
        if isinstance(type(value), type) and hasattr(kind, "__members__"):  # an enumeration's member
            return ["named", "enum", ["s%s.%s" % (name, getattr(value, "_name_", value))], None]
        if self._is_reduced(kind):
            return self._reduced(value, name)
        names, parts = [], []
        fields = getattr(kind, "_fields", None) if isinstance(value, tuple) else None
        content = self._content(value) if fields is None else None
        if fields is not None:
            names.extend(fields)
            parts.extend(tuple.__iter__(value))
        if content is not None:
            names.append("")
            parts.append(content[0])
        for attribute, part in sorted(attributes(value).items()):
            names.append(attribute)
            parts.append(part)
        if not names and not _is_python(kind) and kind is not object:
            return self._opaque(value)
        extra = {"names": names, "plain": is_plain(kind)}
        return ["value" if _is_frozen(kind) else "object", name, self._children(parts), extra]

    def _content(self, value):
        """What an object of a class made from a built-in one holds, in a tuple; None for any other."""
        for base in _NUMBERS:
            if isinstance(value, base):
                return (_exact(base, value),)
        if isinstance(value, BaseException):
            return (value.args,)
        if isinstance(value, dict):
            return (dict(dict.items(value)),)
        for base in _BUILTINS:
            if isinstance(value, base):
                return (base(base.__iter__(value)),)
        return None

    def _is_reduced(self, kind):
        """Whether pickle's form says more than attributes: the class says how, and isn't the target's own."""
        if issubclass(kind, _BUILTINS + _NUMBERS + (BaseException,)):
            return False
        if kind in copyreg.dispatch_table:
            return True
        for name in _REDUCERS:
            found = getattr(kind, name, None)
            if found is None or found is getattr(object, name, None):
                continue
            code = getattr(found, "__code__", None)
            own = code is not None and bool(self.root) and code.co_filename.startswith(self.root)
            if not own and getattr(found, "__module__", "") != "dataclasses":
                return True
        return False

    def _reduced(self, value, name):
        own = copyreg.dispatch_table.get(type(value))
        found = own(value) if own is not None else value.__reduce_ex__(4)
        if isinstance(found, str):
            return ["named", name, ["s" + found], None]
        maker, arguments, state, items, pairs = (tuple(found) + (None,) * 5)[:5]
        parts = [getattr(maker, "__name__", "?"), arguments, state]
        parts += [list(items) if items is not None else None, list(pairs) if pairs is not None else None]
        names = ["made by", "from", "state", "items", "pairs"]
        text = repr(value)[:200] if name.partition(".")[0] in _TELLING else ""
        return ["value", name, self._children(parts), {"names": names, "text": text}]

    def _array(self, value, name):
        shape = [int(n) for n in value.shape]
        extra = {"names": ["dtype", "shape"], "length": int(value.size)}
        if value.size <= self.left:
            flat = value.ravel().tolist() if shape else [value.item()]
            return ["array", name, [_text(str(value.dtype)), "s%s" % shape] + self._children(flat), extra]
        self.left = 0
        return ["array", name, [_text(str(value.dtype)), "s%s" % shape, _bytes(value.tobytes())], extra]


def summary(values):
    """Two plain values that tell many: a digest of them without floats, and the sum of the floats' sizes."""
    digest = hashlib.sha256()
    sizes = []
    for value in values:
        text = scalar(value)
        if text is None:
            text = type_name(type(value))
        elif text[0] == "f" and math.isfinite(value):
            sizes.append(abs(value))
            text = "f"
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return ["sthe rest: %s" % digest.hexdigest()[:16], "f%r" % math.fsum(sizes)]


def drain(iterator):
    """At most ITEMS items, and how it ended: `end`, `more`, or the type and words of what it raised."""
    items = []
    try:
        for item in iterator:
            items.append(item)
            if len(items) >= ITEMS:
                return items, "more"
    except BaseException as error:  # the program's own, at whatever item
        return items, "%s: %s" % (type_name(type(error)), _ADDRESS.sub(" at 0x...", str(error)))
    return items, "end"


def attributes(value):
    """The attributes an object has itself, but for what a cached property keeps."""
    found = {}
    kind = type(value)
    try:
        found.update(object.__getattribute__(value, "__dict__"))
    except AttributeError:
        pass
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else tuple(slots):
            if name.startswith("__") and not name.endswith("__"):
                name = "_%s%s" % (base.__name__.lstrip("_"), name)
            member = base.__dict__.get(name)
            if name not in ("__dict__", "__weakref__") and isinstance(member, types.MemberDescriptorType):
                try:
                    found[name] = member.__get__(value, kind)
                except AttributeError:
                    continue
    return {str(n): v for n, v in found.items() if not _is_kept_property(static_attribute(kind, n))}


def _is_kept_property(found):
    kind = type(found)
    return hasattr(kind, "__get__") and not hasattr(kind, "__set__") and kind not in _FUNCTIONS


def static_attribute(kind, name):
    """What a class or one of its bases has under a name, as it is kept there; None for nothing."""
    for base in kind.__mro__:
        if name in base.__dict__:
            return base.__dict__[name]
    return None


def _exact(base, value):
    if base is str:
        return "".join(str.__getitem__(value, slice(None)))
    if base is bytes:
        return bytes(memoryview(value))
    return base.__pos__(value)


def _is_python(kind):
    """Whether a class was made by a `class` statement, so that it has no state but attributes."""
    return any("__dict__" in base.__dict__ or "__slots__" in base.__dict__ for base in kind.__mro__)


def _is_file(kind):
    return any(base.__module__ in ("_io", "io") for base in kind.__mro__)


def is_plain(kind):
    """Whether attributes may be changed without breaking what the class promises: a dataclass or named tuple."""
    if hasattr(kind, "_fields") and issubclass(kind, tuple):
        return "_replace" in kind.__dict__ or hasattr(kind, "_replace")
    return hasattr(kind, "__dataclass_fields__") and not hasattr(kind, "__post_init__")


def _is_frozen(kind):
    """Whether objects of a class are values, so that nobody can tell one from an equal one."""
    if issubclass(kind, (BaseException, tuple, frozenset) + _NUMBERS):
        return True
    frozen = getattr(getattr(kind, "__dataclass_params__", None), "frozen", False)
    hashed = kind.__hash__ not in (None, object.__hash__) and kind.__eq__ is not object.__eq__
    return bool(frozen) or hashed


def digest(value, root, limit=3000):
    """A digest of what a value holds; None where it is too large or can't be looked into."""
    grapher = Grapher(limit, False, root)
    graph = grapher.graph([value])
    if grapher.cut or grapher.opaque:
        return None
    return hashlib.sha256(json.dumps(graph, sort_keys=True).encode()).hexdigest()
