"""Arguments as bytes: pickle, where needed a little more tolerant than the program would be.

Runs in the target's interpreter: nothing but the standard library, and old syntax. Bytes made here are only ever
read in the sandbox.
"""

import copyreg
import importlib
import io
import marshal
import os
import pickle
import sys
import threading
import types

_LOCKS = (type(threading.Lock()), type(threading.RLock()))
_VIEWS = {type({}.keys()): "keys", type({}.values()): "values", type({}.items()): "items"}
_WORDS = (
    (io.IOBase, "an open file"),
    (types.GeneratorType, "a generator, which a second reader would use up"),
    (types.CoroutineType, "a coroutine"),
    (types.FrameType, "a frame"),
    (types.FunctionType, "a function made inside another"),
)


class TooLarge(Exception):
    """More bytes than are kept."""


class _Bounded:
    def __init__(self, limit):
        self.limit = limit
        self.size = 0
        self.parts = []

    def write(self, part):
        """Keep a part. Raises: TooLarge."""
        self.size += len(part)
        if self.size > self.limit:
            raise TooLarge()
        self.parts.append(bytes(part))


class Pickler(pickle.Pickler):
    """Knows modules, locks (a fresh one stands in), views of dictionaries and functions made inside others.

    Objects that leave it to pickle how they are kept get their attributes back one by one, so that a class may gain
    slots in the meantime.
    """

    def reducer_override(self, obj):
        """The way of an object for which pickle has none, or one that is too strict."""
        kind = type(obj)
        if kind is types.FunctionType:
            return _function(obj)
        if kind is types.ModuleType:
            return importlib.import_module, (obj.__name__,)
        if kind in _LOCKS:
            return (threading.Lock if kind is _LOCKS[0] else threading.RLock), ()
        if kind in _VIEWS:
            return view, (
                dict(obj) if _VIEWS[kind] == "items" else dict.fromkeys(obj),
                _VIEWS[kind],
                list(obj),
            )
        if kind is types.MappingProxyType:
            return types.MappingProxyType, (dict(obj),)
        if isinstance(obj, type) or not _leaves_it_to_pickle(kind):
            return NotImplemented
        if not getattr(obj, "__dict__", None) and object.__reduce_ex__(obj, 4)[2:3] in ((), (None,)):
            named = _name_of(obj)
            if named is not None:
                return by_name, named
        found = object.__reduce_ex__(obj, 4)
        if found[0] is not copyreg.__newobj__ or len(found) < 3 or found[2] is None:
            return NotImplemented
        rest = (tuple(found) + (None, None))[3:5]
        return (found[0], found[1], found[2], rest[0], rest[1], set_attributes)


_names = {}


def _name_of(obj):
    """Where a stateless object is kept by name: it may be a mark that code knows by its identity."""
    if id(obj) in _names:
        return _names[id(obj)][1]
    found = None
    for module in [sys.modules.get(type(obj).__module__), *list(sys.modules.values())]:
        path = getattr(module, "__file__", None) or ""
        if found is None and (
            path.startswith(os.getcwd()) or module is sys.modules.get(type(obj).__module__)
        ):
            names = (
                [n for n, value in list(vars(module).items()) if value is obj] if module is not None else []
            )
            found = (module.__name__, names[0]) if names else None
    _names[id(obj)] = (obj, found)
    return found


def by_name(module, name):
    """What a module has under a name."""
    return getattr(importlib.import_module(module), name)


def _leaves_it_to_pickle(kind):
    if kind in copyreg.dispatch_table or kind.__reduce_ex__ is not object.__reduce_ex__:
        return False
    if kind.__reduce__ is not object.__reduce__ or hasattr(kind, "__setstate__"):
        return False
    return getattr(kind, "__getstate__", None) is getattr(object, "__getstate__", None)


def set_attributes(obj, state):
    """Give an object its attributes back, whether its class keeps them in slots or not."""
    plain, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    kept = getattr(obj, "__dict__", None)
    for name, value in {**(plain or {}), **(slots or {})}.items():
        if kept is not None and name in (plain or {}):
            kept[name] = value
        else:
            object.__setattr__(obj, name, value)


def view(whole, name, items):
    """A view of a dictionary that has these items."""
    return dict(enumerate(items)).values() if name == "values" else getattr(whole, name)()


def _function(obj):
    found = sys.modules.get(obj.__module__)
    for part in obj.__qualname__.split("."):
        found = getattr(found, part, None)
    if found is obj:
        return NotImplemented
    cells = [cell.cell_contents for cell in obj.__closure__ or ()]
    code = marshal.dumps(obj.__code__)
    return function, (code, obj.__module__, obj.__name__, obj.__defaults__, obj.__kwdefaults__, cells)


def function(code, module, name, defaults, keyword_defaults, cells):
    """A function that was made inside another, from its parts."""
    names = vars(importlib.import_module(module))
    closure = tuple(types.CellType(value) for value in cells)
    made = types.FunctionType(marshal.loads(code), names, name, defaults, closure)
    made.__kwdefaults__ = keyword_defaults
    made.__module__ = module
    return made


def dumped(value, limit):
    """The bytes of a value. Raises: TooLarge over `limit` bytes, and whatever the value's own pickling raises."""
    target = _Bounded(limit)
    Pickler(target, 4).dump(value)
    return b"".join(target.parts)


def unpicklable(named, limit):
    """The name of the first argument that can't be kept, and what it is: (`handle`, `an open file`)."""
    for name, value in named:
        try:
            dumped(value, limit)
        except TooLarge:
            return name, "larger than %d KiB" % (limit // 1024)
        except Exception as error:  # pickling runs the program's own methods
            return name, _words(value, error)
    return "", "together larger than %d KiB" % (limit // 1024)


def _words(value, error):
    for kind, words in _WORDS:
        if isinstance(value, kind):
            return words
    name = "%s.%s" % (type(value).__module__, type(value).__qualname__)
    return "a %s, which can't be kept (%s)" % (name.replace("builtins.", ""), str(error)[:120])
