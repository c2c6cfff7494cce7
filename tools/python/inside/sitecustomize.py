"""Runs first in every Python process of a memory capture: starts memray, then the target's own sitecustomize.

Runs in the target's interpreter. ASK_PROFILER_MEMRAY is the folder for the recordings, one for each process;
forked children write their own, and what calls os._exit has its recording finished first.
"""

import os
import sys

_FOLDER = os.environ.get("ASK_PROFILER_MEMRAY")


def _start(folder):  # type: ignore[no-untyped-def]
    import atexit
    import threading
    import time

    import memray

    # Each confined process counts its process ids from 2 again, so that the id alone names several recordings.
    target = os.path.join(folder, "%d-%d.bin" % (time.time_ns(), os.getpid()))
    tracker = memray.Tracker(
        destination=memray.FileDestination(target, overwrite=True),
        follow_fork=True,
        trace_python_allocators=True,
    )
    # A tracker that is started here, in a frame that ends before the program begins, loses count of the frames:
    # memray 1.20 then gives every later allocation an empty stack. Of other threads it takes the whole stack.
    starting = threading.Thread(target=tracker.__enter__)
    starting.start()
    starting.join()
    state = {"running": True}
    leave = os._exit

    def stop(*_):  # type: ignore[no-untyped-def]
        if state["running"]:
            state["running"] = False
            tracker.__exit__(None, None, None)

    def leave_after_stopping(code):  # type: ignore[no-untyped-def]
        stop()
        leave(code)

    atexit.register(stop)
    os._exit = leave_after_stopping  # type: ignore[assignment]


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
    _start(_FOLDER)
