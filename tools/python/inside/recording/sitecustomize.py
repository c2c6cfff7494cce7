"""Runs first in every Python process of a recording: starts the recorder, then the target's own sitecustomize.

Runs in the target's interpreter. This folder is shown to it only while calls are recorded.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_OURS = os.path.dirname(_HERE)


def _chain():
    """The sitecustomize that this one hides, if there is one; the one of memory captures is none of the target's."""
    import importlib.machinery
    import importlib.util

    others = [p for p in sys.path if os.path.abspath(p or ".") not in (_HERE, _OURS)]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)


def _start():
    specification = os.environ.get("ASK_PROFILER_RECORD")
    if not specification:
        return
    sys.path.insert(0, _OURS)
    try:
        import ask_profiler_recorder
    finally:
        sys.path.remove(_OURS)
    ask_profiler_recorder.start(specification)


_chain()
_start()
