"""Records calls of chosen functions while a program runs: arguments before the body, and how each call ended.

Runs in the target's interpreter: nothing but the standard library, and old syntax. Functions are known by their code
objects, so that decorators and other names for them don't matter. From Python 3.12 on `sys.monitoring` watches,
before it `sys.setprofile`. Each process writes lines of JSON to a file of its own, as they happen, so that nothing
is lost when it is ended.
"""

import atexit
import base64
import dis
import hashlib
import json
import os
import sys
import threading
import time

import ask_profiler_pickling as pickling
import ask_profiler_values as values

TOOL = 4
"""sys.monitoring's tools 0, 1, 2 and 5 have names: debugger, coverage, profiler, optimiser."""
_GENERATOR = 0x20 | 0x80 | 0x200
_VARARGS, _VARKEYWORDS = 0x04, 0x08
_SPAWNING = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn"})


class Recorder:
    """Keeps what one process shows. `spec` says which functions, where to write, and the limits."""

    def __init__(self, spec):
        self.spec = spec
        self.root = spec["root"]
        self.functions = {}
        for function in spec["functions"]:
            for line in function["lines"]:
                self.functions[(function["file"], line, function["name"])] = function
        self.modules = set(spec["modules"])
        self.files = {key[0] for key in self.functions} | self.modules
        self.codes = {}
        self.pending = {}
        self.lock = threading.RLock()
        self.busy = set()
        self.spawned = False
        self.open()

    def open(self):
        """Start with nothing recorded: at first, and in a forked child."""
        self.full = set()
        self.counts = {}
        self.next = {}
        self.kept = {}
        self.seen = set()
        self.said = set()
        self.bytes = 0
        self.number = 0
        self.reached = False
        self.state = "running"
        self.pending.clear()
        self.busy.clear()
        name = "%d-%d.jsonl" % (time.time_ns(), os.getpid())
        self.file = open(os.path.join(self.spec["out"], name), "a", encoding="ascii")  # noqa: SIM115 - open as long as the process
        self.write({"started": os.getpid(), "path": [p for p in sys.path if p.startswith(self.root)]})

    def write(self, line):
        """One line, at once on its way."""
        try:
            self.file.write(json.dumps(line) + "\n")
            self.file.flush()
        except (OSError, ValueError):  # the program closed all files it knows nothing of
            self.state = "closed"

    def function_of(self, code):
        """The wanted function of a code object, None for any other."""
        known = self.codes.get(id(code))  # equal code may stand in two files
        if known is not None:
            return known[1]
        found = None
        path = code.co_filename
        if not path.startswith("<"):
            path = os.path.realpath(path if os.path.isabs(path) else os.path.join(self.root, path))
            if path in self.files:
                found = self.functions.get((path, code.co_firstlineno, code.co_name))
                if found is None and code.co_name == "<module>" and path in self.modules:
                    self.reach()
        self.codes[id(code)] = (code, found)
        return found

    def reach(self):
        """Changed code runs."""
        if not self.reached:
            self.reached = True
            self.write({"reached": True})

    def called(self, frame, function):
        """A call begins: keep its arguments, if it is its turn."""
        thread = threading.get_ident()
        if thread in self.busy or self.state != "running":
            return
        with self.lock:
            self.busy.add(thread)
            try:
                self._called(frame, function)
            except Exception as error:  # what the program's objects raise must not end the program
                self._say_why_not(
                    function, "", "an object that can't be looked at (%s)" % type(error).__name__
                )
            finally:
                self.busy.discard(thread)

    def _called(self, frame, function):
        number = function["id"]
        if not function["reserve"]:
            self.reach()
        count = self.counts[number] = self.counts.get(number, 0) + 1
        if number in self.full or count < self.next.get(number, 1):
            return
        self.next[number] = count + max(
            1, count // 4
        )  # spread over the run: each gap a quarter of what went before
        names, positional, keywords = arguments_of(frame)
        try:
            data = pickling.dumped((positional, keywords), self.spec["call_bytes"])
        except Exception as error:
            pairs = list(zip(names, positional)) + sorted(keywords.items())
            if (number, type(error)) not in self.said:
                self.said.add((number, type(error)))
                self._say_why_not(function, *pickling.unpicklable(pairs, self.spec["call_bytes"]))
            return
        key = (number, hashlib.sha256(data).digest())
        if key in self.seen:
            return
        self.seen.add(key)
        self._keep(frame, function, names, data, positional + list(keywords.values()), list(keywords))
        kept = self.kept[number] = self.kept.get(number, 0) + 1
        self.bytes += len(data)
        if kept >= function["calls"] or self.bytes > self.spec["process_bytes"]:
            self.full.add(number)
        if len(self.full) == len(self.spec["functions"]) or self.bytes > self.spec["process_bytes"]:
            self.state = "enough"

    def _keep(self, frame, function, names, data, everything, keywords):
        self.number += 1
        graph = values.Grapher(self.spec["nodes"], False, self.root).graph(everything)
        self.write({
            "call": self.number, "function": function["id"], "line": frame.f_code.co_firstlineno,
            "module": frame.f_globals.get("__name__", ""), "main": main_of(self.root), "names": names,
            "keywords": keywords, "pickle": base64.b64encode(data).decode(), "graph": graph,
        })  # fmt: skip
        if not frame.f_code.co_flags & _GENERATOR:
            self.pending[frame] = self.number

    def _say_why_not(self, function, name, words):
        self.write({"unpicklable": function["id"], "argument": name, "what": words})

    def ended(self, frame, returned, value, error):
        """A call ends whose arguments were kept."""
        number = self.pending.pop(frame, None)
        if number is None:
            return
        thread = threading.get_ident()
        with self.lock:
            self.busy.add(thread)
            try:
                line = {"end": number}
                if returned:
                    line["returned"] = values.digest(value, self.root)
                else:
                    line["raised"] = values.type_name(type(error)) if error is not None else None
                self.write(line)
            except Exception:
                self.write({"end": number, "returned": None})
            finally:
                self.busy.discard(thread)

    def close(self):
        """The process ends by itself."""
        if self.state == "closed":
            return
        whole = self.state == "enough" or self.watching()
        self.state = "closed"
        self.write({"finished": True, "whole": whole, "spawned": self.spawned})

    def audit(self, event, _):
        """Another program may call changed code where nobody sees it."""
        if event in _SPAWNING:
            self.spawned = True


def arguments_of(frame):
    """Names and values of what was passed by position, and the rest by keyword."""
    code = frame.f_code
    local = frame.f_locals
    names = list(code.co_varnames[: code.co_argcount])
    positional = [local[name] for name in names]
    keywords = {}
    at = code.co_argcount
    for name in code.co_varnames[at : at + code.co_kwonlyargcount]:
        keywords[name] = local[name]
    at += code.co_kwonlyargcount
    if code.co_flags & _VARARGS:
        rest = local[code.co_varnames[at]]
        names += ["%s[%d]" % (code.co_varnames[at], n) for n in range(len(rest))]
        positional += rest
        at += 1
    if code.co_flags & _VARKEYWORDS:
        keywords.update(local[code.co_varnames[at]])
    return names, positional, keywords


def main_of(root):
    """What the process runs as `__main__`: ["module", name], ["file", path below the root], or None."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None:
        return ["module", spec.name]
    path = os.path.realpath(getattr(main, "__file__", None) or "")
    return ["file", os.path.relpath(path, root)] if path.startswith(root + os.sep) else None


class Monitoring(Recorder):
    """Watches by sys.monitoring: code that isn't wanted costs one look."""

    def install(self):
        """Start watching."""
        tools = sys.monitoring
        tools.use_tool_id(TOOL, "ask-profiler")
        tools.register_callback(TOOL, tools.events.PY_START, self.on_start)
        tools.register_callback(TOOL, tools.events.PY_RETURN, self.on_return)
        tools.register_callback(TOOL, tools.events.PY_UNWIND, self.on_unwind)
        tools.set_events(TOOL, tools.events.PY_START | tools.events.PY_UNWIND)

    def watching(self):
        """Whether the program left us in place."""
        return sys.monitoring.get_tool(TOOL) == "ask-profiler"

    def on_start(self, code, _):
        """A function begins."""
        function = self.function_of(code)
        if function is None or self.state != "running":
            return sys.monitoring.DISABLE
        sys.monitoring.set_local_events(TOOL, code, sys.monitoring.events.PY_RETURN)
        self.called(sys._getframe(1), function)
        return sys.monitoring.DISABLE if function["id"] in self.full else None

    def on_return(self, _, __, value):
        """A function returns."""
        if self.pending:
            self.ended(sys._getframe(1), True, value, None)

    def on_unwind(self, _, __, error):
        """A function ends by an exception."""
        if self.pending:
            self.ended(sys._getframe(1), False, None, error)


class Profiling(Recorder):
    """Watches by sys.setprofile, in every thread that is started by `threading`."""

    def install(self):
        """Start watching."""
        self.starts = {}
        self.handler = self.on_event
        threading.setprofile(self.handler)
        sys.setprofile(self.handler)

    def watching(self):
        """Whether the program left us in place."""
        return sys.getprofile() is self.handler

    def on_event(self, frame, event, value):
        """A call begins or ends."""
        if event == "call":
            function = self.function_of(frame.f_code)
            if function is not None and self.is_first(frame):
                self.called(frame, function)
            if self.state != "running" and not self.pending:
                threading.setprofile(None)
                sys.setprofile(None)
        elif event == "return" and self.pending and frame in self.pending:
            code = frame.f_code.co_code
            at = frame.f_lasti
            returned = at >= 0 and dis.opname[code[at]] in ("RETURN_VALUE", "RETURN_CONST")
            self.ended(frame, returned, value, None)

    def is_first(self, frame):
        """Whether a generator's frame begins; it is called again each time it goes on."""
        code = frame.f_code
        if not code.co_flags & _GENERATOR:
            return True
        if code not in self.starts:
            resumes = [i.offset for i in dis.get_instructions(code) if i.opname == "RESUME"]
            self.starts[code] = resumes[0] if resumes else -1
        return frame.f_lasti <= self.starts[code]


def start(specification):
    """Record this process and those it forks."""
    with open(specification, encoding="utf-8") as file:
        spec = json.load(file)
    recorder = Monitoring(spec) if hasattr(sys, "monitoring") else Profiling(spec)
    leave = os._exit

    def leave_after_closing(code):
        recorder.close()
        leave(code)

    sys.addaudithook(recorder.audit)
    os._exit = leave_after_closing
    os.register_at_fork(after_in_child=recorder.open)
    atexit.register(recorder.close)
    recorder.install()
