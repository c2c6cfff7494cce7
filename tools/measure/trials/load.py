"""A host with something else to do: processes that keep processors busy while trials run."""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tools.errors import Cancelled
from tools.run.process import Limits, Runner
from tools.run.sandbox import NoSandbox

FOREVER = Limits(timeout_s=24 * 3600.0)


@contextmanager
def busy_processors(count: int) -> Iterator[None]:
    """Keep so many processors busy, each by one process that computes; they are ended at the end, whatever happens."""
    runner = Runner(NoSandbox())
    threads = [threading.Thread(target=_compute, args=(runner,), daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        runner.cancel()
        for thread in threads:
            thread.join()
        runner.close()


def _compute(runner: Runner) -> None:
    with suppress(Cancelled):
        runner.run(
            [sys.executable, "-I", "-S", "-c", "while True: pass"],
            cwd=Path(tempfile.gettempdir()),
            limits=FOREVER,
            confined=False,
            program="a busy process",
        )
