"""Runs first in every Python process of a growth capture: what memory it holds more at its end than after its warm-up.

Runs in the target's interpreter. ASK_PROFILER_GROWTH is the folder for one JSON file for each process:
{"seconds": between both looks, "grown": [[bytes, blocks, [[file, line], …] (leaf first)], …]}.
"""

import os
import sys

if os.environ.get("ASK_PROFILER_GROWTH"):
    # All that is needed at the end is imported now: what it allocates is no growth of the program's.
    import atexit
    import gc
    import json
    import threading
    import time
    import tracemalloc

_FOLDER = os.environ.get("ASK_PROFILER_GROWTH")
_FRAMES = 12
_FIRST_LOOK_S = 0.25
_MOST = 2000


class _Watch:
    """Looks at doubling times, and keeps the two last looks: at the end one of them is at least a third back."""

    def __init__(self):  # type: ignore[no-untyped-def]
        self.clock = time.monotonic
        self.started = self.clock()
        self.looks = []  # type: ignore[var-annotated]
        self.done = threading.Event()
        self.lock = threading.Lock()
        self.pid = os.getpid()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):  # type: ignore[no-untyped-def]
        wait = _FIRST_LOOK_S
        while not self.done.wait(wait):
            with self.lock:
                if self.done.is_set():
                    return
                self._look()
            wait = self.clock() - self.started  # until twice the time has gone by

    def _look(self):  # type: ignore[no-untyped-def]
        gc.collect()
        self.looks = self.looks[-1:] + [(self.clock(), tracemalloc.take_snapshot())]

    def finish(self):  # type: ignore[no-untyped-def]
        if self.done.is_set() or os.getpid() != self.pid:  # a fork has no watching thread: it can't tell
            return
        self.done.set()
        with self.lock:
            # The earlier look, where the later one was so late that little could grow since.
            past = [look for look in self.looks if self.clock() - look[0] > (self.clock() - self.started) / 3]
            found = {"seconds": 0.0, "grown": []}
            if past:
                self._look()
                found = {
                    "seconds": self.looks[-1][0] - past[-1][0],
                    "grown": _grown(past[-1][1], self.looks[-1][1]),
                }
        # Each confined process counts its process ids from 2 again, so that the id alone names several.
        target = os.path.join(_FOLDER, "%d-%d.json" % (time.time_ns(), self.pid))
        with open(target + ".half", "w") as file:
            json.dump(found, file)
        os.rename(target + ".half", target)


def _grown(before, after):  # type: ignore[no-untyped-def]
    ours = [tracemalloc.Filter(False, __file__), tracemalloc.Filter(False, tracemalloc.__file__)]
    changes = after.filter_traces(ours).compare_to(before.filter_traces(ours), "traceback")
    grown = [change for change in changes if change.size_diff > 0]
    return [
        [c.size_diff, max(c.count_diff, 0), [[f.filename, f.lineno] for f in reversed(list(c.traceback))]]
        for c in sorted(grown, key=lambda c: -c.size_diff)[:_MOST]
    ]


def _start():  # type: ignore[no-untyped-def]
    tracemalloc.start(_FRAMES)
    watch = _Watch()
    atexit.register(watch.finish)
    leave = os._exit

    def leave_after_finishing(code):  # type: ignore[no-untyped-def]
        watch.finish()
        leave(code)

    os._exit = leave_after_finishing  # type: ignore[assignment]


def _chain():  # type: ignore[no-untyped-def]
    """The sitecustomize that this one hides, if there is one."""
    import importlib.machinery
    import importlib.util

    here = os.path.dirname(os.path.abspath(__file__))
    others = [p for p in sys.path if os.path.abspath(p or ".") != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)


_chain()
if _FOLDER:
    _start()
