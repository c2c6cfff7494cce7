"""Calls functions on kept arguments, one after the other: `python ask_profiler_replay.py SPECIFICATION`.

Runs in the target's interpreter: nothing but the standard library, and old syntax. The calls are made by a forked
child; one that hangs, or ends the process, costs only itself. Each outcome is a line of JSON.
"""

import importlib
import json
import os
import resource
import select
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ask_profiler_calling as calling
import ask_profiler_output as output

sys.path.pop(0)
LOST = 2
"""After so many calls of a function that didn't come back the rest of them isn't made."""
LOADING_S = 5.0
"""A script without a main part runs when it is loaded; what it has defined until then is there."""
MEMORY = 1536 * 1024**2
"""How much more than at first a call may use."""


def main(path):
    """Make all calls of a specification."""
    with open(path, encoding="utf-8") as file:
        spec = json.load(file)
    with open(spec["calls"], encoding="utf-8") as file:
        calls = [json.loads(line) for line in file]
    sys.path[:] = [p for p in sys.path if p != os.path.dirname(os.path.abspath(__file__))]
    sys.path[:0] = [spec["root"]] if spec["root"] not in sys.path else []
    sys.path += [p for p in spec["paths"] if p not in sys.path]
    sys.argv = [""]
    out = os.open(spec["out"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    output.keep_output()
    spec["unloaded"] = load(spec, calls)
    replay = Replay(spec, calls, out)
    replay.run()
    replay.write({"done": True})
    os._exit(0)  # threads that the program's modules started don't hold us up


class Late(BaseException):
    """Importing takes too long."""


def _late(*_):
    raise Late("it takes more than %g s" % LOADING_S)


def load(spec, calls):
    """Import every module that is called into; why those that can't be, can't."""
    failed = {}
    signal.signal(signal.SIGALRM, _late)
    if spec["main"]:
        try:
            signal.setitimer(signal.ITIMER_REAL, LOADING_S)
            calling.load_main(spec["main"], spec["root"])
        except Late:
            pass
        except BaseException as error:
            failed["__main__"] = _words(error)
    for name in sorted({call["module"] for call in calls} - {"__main__"}):
        try:
            signal.setitimer(signal.ITIMER_REAL, LOADING_S)
            importlib.import_module(name)
        except BaseException as error:
            failed[name] = _words(error)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    return failed


def _words(error):
    return "its module can't be imported (%s: %s)" % (type(error).__name__, str(error)[:200])


class Replay:
    """The calls, the child that makes them, and the file of outcomes."""

    def __init__(self, spec, calls, out):
        self.spec = spec
        self.calls = calls
        self.out = out
        self.until = time.monotonic() + spec["seconds"]
        self.lost = {}

    def run(self):
        """Make all calls, then those again whose result is to be spoilt; each of those in a child of its own."""
        at = 0
        while at < len(self.calls) and time.monotonic() < self.until:
            at = self.part(at, len(self.calls), False)
        for number, call in enumerate(self.calls):
            if call["again"] and time.monotonic() < self.until:
                self.part(number, number + 1, True)

    def part(self, first, end, again):
        """Make calls until one fails to come back; the number of the next."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            os.setsid()
            try:
                self.make(first, end, again, writing)
            finally:
                os._exit(0)
        os.close(writing)
        done, why = self.watch(reading, first, end)
        os.close(reading)
        if why:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        _end_group(child)
        if done >= end or (not why and time.monotonic() >= self.until):
            return end
        self.write({"call": self.calls[done]["call"], "missing": why or _ending(status), "again": again})
        key = function_key(self.calls[done])
        self.lost[key] = self.lost.get(key, 0) + 1
        return done + 1

    def watch(self, reading, first, end):
        """How many calls came back, and why the next doesn't, if it took too long."""
        done = first
        while done < end:
            ready, _, _ = select.select([reading], [], [], self.calls[done]["limit_s"])
            if not ready:
                return done, "it doesn't end within %.3g s" % self.calls[done]["limit_s"]
            got = os.read(reading, 4096)
            if not got:
                return done, ""
            done += len(got)
        return done, ""

    def make(self, first, end, again, writing):
        """In the child: make calls, a byte for each."""
        limit_memory()
        caller = calling.Caller(self.spec)
        for call in self.calls[first:end]:
            if time.monotonic() >= self.until:
                return
            started = time.perf_counter()
            try:
                if self.lost.get(function_key(call), 0) >= LOST:
                    raise calling.Unusable("its calls don't come back")  # noqa: TRY301 - said like the others
                found = caller.outcome_again(call) if again else caller.outcome(call)
            except calling.Unusable as error:
                found = {"unusable": str(error)}
            except BaseException as error:
                found = {"unusable": "what it gave can't be looked at (%s)" % type(error).__name__}
            found["call"], found["again"] = call["call"], again
            found["seconds"] = time.perf_counter() - started
            self.write(found)
            os.write(writing, b".")

    def write(self, line):
        """One line; what a killed child had begun stays a line of its own."""
        data = ("\n" + json.dumps(line) + "\n").encode()
        while data:
            data = data[os.write(self.out, data) :]


def function_key(call):
    """What the calls of one function have in common."""
    return call["file"], tuple(call["path"]), call["role"]


def limit_memory():
    """A call that fills memory gets MemoryError, not the whole process ended."""
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = used + MEMORY
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))


def _ending(status):
    if os.WIFSIGNALED(status):
        return "the process is ended by signal %d" % os.WTERMSIG(status)
    return "the process ends with exit code %d" % os.WEXITSTATUS(status)


def _end_group(child):
    try:
        os.killpg(child, signal.SIGKILL)
    except OSError:
        pass


if __name__ == "__main__":
    main(sys.argv[1])
