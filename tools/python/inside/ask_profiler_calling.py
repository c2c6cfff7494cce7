"""Calls one function on kept arguments and tells how it ended, as plain data.

Runs in the target's interpreter: nothing but the standard library, and old syntax.
"""

import asyncio
import base64
import dis
import importlib
import importlib.util
import io
import os
import pickle
import random
import sys
import types

import ask_profiler_pickling  # noqa: F401  kept arguments name its functions
import ask_profiler_values as values
import ask_profiler_varying as varying

LEAST_NODES = 500
AGAIN_NODES = 3000


class Unusable(Exception):
    """A call can't be made here; says why."""


def load_main(main, root):
    """Load what the recorded process ran as `__main__`, without running its main part, as multiprocessing does."""
    if main[0] == "module":
        spec = importlib.util.find_spec(main[1])
    else:
        path = os.path.join(root, main[1])
        sys.path.insert(0, os.path.dirname(path))
        spec = importlib.util.spec_from_file_location("__mp_main__", path)
    module = types.ModuleType("__mp_main__")
    module.__file__ = spec.origin
    module.__spec__ = spec if main[0] == "module" else None
    module.__package__ = spec.parent if main[0] == "module" else None
    sys.modules["__main__"] = sys.modules["__mp_main__"] = module
    with open(spec.origin, "rb") as file:
        code = compile(file.read(), spec.origin, "exec", dont_inherit=True)
    try:
        exec(code, module.__dict__)
    except SystemExit:
        pass  # a script without a main part has run; what it defines is there


class Unpickler(pickle.Unpickler):
    """Refuses objects of classes that a change lays out anew: their attributes are those of the old class."""

    def __init__(self, file, relaid):
        super().__init__(file)
        self.relaid = relaid

    def find_class(self, module, name):
        """The class. Raises: Unusable for one that is laid out anew, or made from one."""
        found = super().find_class(module, name)
        for base in getattr(found, "__mro__", ()) if self.relaid else ():
            path = getattr(sys.modules.get(base.__module__), "__file__", None) or ""
            if [os.path.realpath(path), base.__qualname__] in self.relaid:
                raise Unusable(
                    "`%s` keeps its objects' private attributes differently now" % base.__qualname__
                )
        return found


class Caller:
    """Makes calls in this process. `spec` is that of a replay."""

    def __init__(self, spec):
        self.spec = spec
        self.root = spec["root"]
        self.same_code = True
        self.left = spec["nodes_in_all"]

    def limit_for(self, call, again):
        """How much of an outcome is looked at: with the old code less and less, with the new as with the old."""
        if again:
            return AGAIN_NODES
        return call["nodes"] or max(min(self.left // 10, self.spec["nodes"]), LEAST_NODES)

    def function_of(self, call):
        """How to call the function under its own name; `same_code` tells whether nothing stands around it.

        Raises: Unusable.
        """
        self.same_code = True
        module = sys.modules.get(call["module"])
        if module is None or call["module"] in self.spec["unloaded"]:
            raise Unusable(self.spec["unloaded"].get(call["module"], "its module isn't there"))
        *owners, name = call["path"]
        owner = module
        for part in owners:
            owner = getattr(owner, part, None)
        if not owners:
            found = getattr(module, name, None)
            if not callable(found):
                raise Unusable("it isn't there under its own name")
            self.check_line(found, call)
            return found
        if not isinstance(owner, type):
            raise Unusable("its class isn't there under its own name")
        return self.method_of(owner, name, call)

    def method_of(self, owner, name, call):
        """How to call a method, with the object or class first. Raises: Unusable."""
        if name.startswith("__") and not name.endswith("__"):
            name = "_%s%s" % (owner.__name__.lstrip("_"), name)
        raw = owner.__dict__.get(name)
        if raw is None:
            raise Unusable("it isn't there under its own name")
        if isinstance(raw, classmethod):
            self.check_line(raw.__func__, call)
            return lambda cls, *rest, **named: raw.__get__(None, cls)(*rest, **named)
        if call["role"] == "setter" and hasattr(raw, "__set__"):
            return raw.__set__
        if call["role"] == "deleter" and hasattr(raw, "__delete__"):
            return raw.__delete__
        if not callable(raw) and not isinstance(raw, staticmethod) and hasattr(raw, "__get__"):
            return lambda self, *rest, **named: raw.__get__(self, type(self))
        found = getattr(owner, name)
        self.check_line(found, call)
        return found

    def check_line(self, found, call):
        """On the old side, that the name means the code that was seen. Raises: Unusable."""
        self.same_code = isinstance(found, (types.FunctionType, types.MethodType)) and not hasattr(
            found, "__wrapped__"
        )
        while hasattr(found, "__wrapped__"):
            found = found.__wrapped__
        code = getattr(found, "__code__", None)
        is_seen_file = code is not None and os.path.realpath(code.co_filename) == call["file"]
        if self.spec["check_lines"] and is_seen_file and code.co_firstlineno != call["line"]:
            raise Unusable("another function has taken its name")

    def arguments_of(self, call):
        """Fresh positional and keyword arguments. Raises: Unusable."""
        data = io.BytesIO(base64.b64decode(call["pickle"]))
        try:
            positional, keywords = Unpickler(data, self.spec["relaid"]).load()
            if call.get("plan"):
                positional, keywords = varying.Varied(positional, keywords).by(call["plan"])
        except Unusable:
            raise
        except Exception as error:
            words = str(error).splitlines()[:1]
            raise Unusable("its arguments can't be made again (%s)" % "".join(words)[:150]) from error
        return positional, keywords

    def outcome(self, call):
        """How a call ends, with everything that can be seen of it. Raises: Unusable."""
        function = self.function_of(call)
        positional, keywords = self.arguments_of(call)
        return self._outcome(call, function, positional, keywords, False)[0]

    def outcome_again(self, call):
        """How a call ends after a caller wrote into what an earlier, equal one gave. Raises: Unusable."""
        function = self.function_of(call)
        _, first = self._outcome(call, function, *self.arguments_of(call), True)
        spoil(first)
        return self._outcome(call, function, *self.arguments_of(call), True)[0]

    def _outcome(self, call, function, positional, keywords, again):
        everything = positional + list(keywords.values())
        found = {"shown": None, "same_code": self.same_code}
        if self.spec["show"]:
            shown = values.Grapher(300, False, self.root)
            found["shown"] = shown.graph(everything)
        self._settle()
        disturbing = self._disturbed(call)
        result, error = None, None
        try:
            result = finished(function(*positional, **keywords))
        except BaseException as caught:  # the program's own: SystemExit and KeyboardInterrupt, too
            error = caught
        found["stdout"], found["stderr"] = sys.stdout.taken(), sys.stderr.taken()
        if call.get("digest"):
            found["digest"] = values.digest(result, self.root) if error is None else None
        kept = Kept(*values.drain(result)) if error is None and is_spent_by_looking(result) else None
        grapher = values.Grapher(self.limit_for(call, again), True, self.root)
        last = error if error is not None else [kept.items, kept.end] if kept is not None else result
        found["graph"] = grapher.graph(everything + [last])
        found["kind"] = "raised" if error is not None else "iterated" if kept is not None else "returned"
        if error is not None:
            found["raised"] = values.type_name(type(error))
            found["explicit"] = is_explicit(error)
        del disturbing
        late = sys.stdout.taken()
        found["stdout"] += late
        found["stderr"] += sys.stderr.taken()
        found["cut"], found["nodes"] = grapher.cut, grapher.limit
        self.left -= grapher.limit - max(grapher.left, 0)
        found["opaque"] = sorted(opaque_types(result)) if self.spec["show"] and kept is None else []
        return found, kept.items if kept is not None else result

    def _settle(self):
        """The same start for every call."""
        os.chdir(self.root)
        random.seed(self.spec["seed"])
        if "numpy.random" in sys.modules:
            sys.modules["numpy.random"].seed(self.spec["seed"] % 2**32)
        sys.stdout.taken()
        sys.stderr.taken()

    def _disturbed(self, call):
        """Things that move what is made next to other addresses, by seed: objects in a set are in their order."""
        drawn = random.Random(self.spec["seed"] * 1000003 + call["call"])
        return [bytes(size) for size in range(0, 480, 16) for _ in range(drawn.randrange(4))]


def opaque_types(result):
    """The types of what can't be looked into in a result."""
    grapher = values.Grapher(1000, False)
    grapher.graph([result])
    return grapher.opaque


class Kept:
    """What an iterator gave."""

    def __init__(self, items, end):
        self.items = items
        self.end = end


def finished(result):
    """The result of a coroutine or the items of an asynchronous generator; anything else as it is."""
    if isinstance(result, types.CoroutineType):
        return asyncio.run(result)
    if isinstance(result, types.AsyncGeneratorType):
        return iter(asyncio.run(_items(result)))
    return result


async def _items(generator):
    found = []
    async for item in generator:
        found.append(item)
        if len(found) >= values.ITEMS:
            break
    return found


def is_spent_by_looking(result):
    """Whether a result must be run through to see what it gives."""
    kind = type(result)
    step = values.static_attribute(kind, "__next__")
    plain = kind is types.GeneratorType or isinstance(step, types.WrapperDescriptorType)
    return step is not None and plain and not isinstance(result, io.IOBase)


def is_explicit(error):
    """Whether an exception comes from a `raise` in Python code, whose words somebody chose."""
    trace = error.__traceback__
    if trace is None:
        return False
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    if code.co_filename == __file__ or trace.tb_lasti < 0:
        return False
    return dis.opname[code.co_code[trace.tb_lasti]] == "RAISE_VARARGS"


SPOILT = "written by a caller"


def spoil(value, depth=0):
    """Write into everything mutable that a value holds, as its owner may."""
    if depth > 3 or callable(value) or isinstance(value, types.ModuleType):
        return
    own = values.attributes(value)
    if isinstance(value, dict):
        inner = list(dict.values(value))
    elif isinstance(value, (list, tuple, set, frozenset)):
        inner = list(value)
    else:
        inner = list(own.values())
    for part in inner[:50]:
        spoil(part, depth + 1)
    try:
        if isinstance(value, list):
            value.append(SPOILT)
        elif isinstance(value, dict):
            value[SPOILT] = SPOILT
        elif isinstance(value, set):
            value.add(SPOILT)
        elif isinstance(value, bytearray):
            value += SPOILT.encode()
        else:
            for name in own:
                setattr(value, name, SPOILT)
    except Exception:
        return  # it doesn't let its owner write
