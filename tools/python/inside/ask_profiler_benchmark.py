"""A pytest plugin that takes the place of pytest-benchmark: one benchmark, a fixed number of calls, one result.

Runs in the target's interpreter, so it needs nothing but pytest and keeps to old syntax. With
ASK_PROFILER_RESULT set it writes {"name", "iterations", "seconds"} there; ASK_PROFILER_ITERATIONS fixes the
number of calls, ASK_PROFILER_SECONDS makes it go on for that long.
"""

import gc
import json
import os
import time

import pytest

OPTIONS = (
    "only", "skip", "disable", "enable", "autosave", "verbose", "quiet", "disable-gc", "save-data", "histogram",
)  # fmt: skip
VALUES = (
    "min-time", "max-time", "min-rounds", "timer", "calibration-precision", "warmup", "warmup-iterations",
    "sort", "group-by", "columns", "name", "save", "storage", "compare", "compare-fail", "json", "cprofile",
    "time-unit",
)  # fmt: skip


def pytest_addoption(parser):  # type: ignore[no-untyped-def]
    """Accept what a project's configuration may say to pytest-benchmark."""
    group = parser.getgroup("benchmark")
    for name in OPTIONS:
        group.addoption("--benchmark-" + name, nargs="?", const=True, default=None)
    for name in VALUES:
        group.addoption("--benchmark-" + name, nargs="?", default=None)


def pytest_configure(config):  # type: ignore[no-untyped-def]
    """Declare the marker that pytest-benchmark has."""
    config.addinivalue_line("markers", "benchmark: options of pytest-benchmark")


class Benchmark:
    """The `benchmark` fixture: call it with a function and its arguments, or use `pedantic`."""

    def __init__(self, name):  # type: ignore[no-untyped-def]
        self.name = name
        self.group = None
        self.extra_info = {}  # type: ignore[var-annotated]
        self.stats = None

    def __call__(self, function, *args, **kwargs):  # type: ignore[no-untyped-def]
        """Time the calls; the last result."""
        return self._measure(lambda: (args, kwargs), function)

    def pedantic(self, target, args=(), kwargs=None, setup=None, teardown=None, **_):  # type: ignore[no-untyped-def]
        """Time the calls, each between an untimed `setup` and `teardown`; the last result."""

        def prepare():  # type: ignore[no-untyped-def]
            made = setup() if setup is not None else None
            return made if made is not None else (args, kwargs or {})

        return self._measure(prepare, target, teardown)

    def _measure(self, prepare, function, after=None):  # type: ignore[no-untyped-def]
        wanted = int(os.environ.get("ASK_PROFILER_ITERATIONS", "1"))
        until = float(os.environ.get("ASK_PROFILER_SECONDS", "0"))
        spent = 0.0
        count = 0
        gc.collect()
        while True:
            args, kwargs = prepare()
            started = time.perf_counter()
            result = function(*args, **kwargs)
            spent += time.perf_counter() - started
            count += 1
            if after is not None:
                after(*args, **kwargs)
            if count >= wanted and spent >= until:
                break
        target = os.environ.get("ASK_PROFILER_RESULT")
        if target:
            with open(target, "w") as file:
                json.dump({"name": self.name, "iterations": count, "seconds": spent}, file)
        return result

    def weave(self, target, **_):  # type: ignore[no-untyped-def]
        """Not supported: nothing is timed."""

    patch = weave


@pytest.fixture
def benchmark(request):  # type: ignore[no-untyped-def]
    """What pytest-benchmark's fixture is, as far as tests use it."""
    return Benchmark(request.node.nodeid)


def pytest_collection_modifyitems(session, config, items):  # type: ignore[no-untyped-def]
    """With ASK_PROFILER_LIST set, write the node ids of the tests that use the fixture there."""
    target = os.environ.get("ASK_PROFILER_LIST")
    if target:
        found = [item.nodeid for item in items if "benchmark" in getattr(item, "fixturenames", ())]
        with open(target, "w") as file:
            json.dump(found, file)
