"""Go's race detector over a copy's tests and benchmarks.

Source: the data race detector's manual (go.dev/doc/articles/race_detector), options of GORACE and format of reports.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from tools.errors import Cancelled, ToolError
from tools.go.compiling import compile_tests
from tools.go.concurrency import is_sequential
from tools.go.packages import list_packages
from tools.go.program import GoProgram
from tools.go.testing import TEST_LIMITS
from tools.measure.races import Races
from tools.run.process import Runner

PROCESSORS = 4
"""More than many hosts have: then goroutines come in each other's way even where processors are few or busy."""
ROUNDS = 5
"""How often each benchmark is run; with one, the first goroutine is often done before the second begins."""
LIMITS = replace(TEST_LIMITS, timeout_s=60.0)
_REPORT = "WARNING: DATA RACE"
_ACCESS = re.compile(
    r"^(?:Previous )?(?:atomic )?(?:read|write) at .*\n  (\S+)\(\)\n\s+(\S+?):(\d+)",
    re.MULTILINE | re.IGNORECASE,
)


def new_races(runner: Runner, go: GoProgram, before: Path, after: Path) -> Races:
    """The first data race of the copy at `after`, unless the code at `before` has one, too. Raises: Cancelled.

    Code that starts no goroutine isn't looked at.
    """
    try:
        packages = list_packages(runner, go, after)
        if is_sequential(after, packages):
            return Races()
        if not go.race_detector:
            return Races(why_not="the race detector needs cgo and a C compiler")
        found = _first_race(runner, go, after)
        if found and _first_race(runner, go, before):
            return Races(why_not="the code as it was has data races, too")
    except Cancelled:
        raise
    except ToolError as error:
        return Races(why_not=f"the race detector couldn't be used: {error}")
    return Races(found=(found,) if found else (), looked=True)


def _first_race(runner: Runner, go: GoProgram, root: Path) -> str:
    """Where tests or benchmarks race, "" when they don't. Raises: ToolError."""
    binaries = compile_tests(runner, go, root, list_packages(runner, go, root), race=True)
    for folder, binary in binaries.items():
        done = runner.run(
            [
                binary,
                "-test.bench=.",
                f"-test.benchtime={ROUNDS}x",
                f"-test.cpu={PROCESSORS}",
                "-test.count=1",
            ],
            cwd=root / folder,
            env=go.environment | {"GORACE": "halt_on_error=1"},
            access=go.access(root, binary, kept=()),
            limits=LIMITS,
            check=False,
            program=f"tests of {folder} with the race detector",
        )
        _, seen, report = (done.stderr + done.stdout).partition(_REPORT)
        if seen:
            return _told(report, root)
    return ""


def _told(report: str, root: Path) -> str:
    """Both places of a report, such as `shop.Sum (sum.go:12) and shop.Add (add.go:7)`."""
    places = []
    for function, file, line in _ACCESS.findall(report)[:2]:
        path = Path(file)
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        places.append(f"{function.rsplit('/', 1)[-1]} ({name}:{line})")
    return " and ".join(dict.fromkeys(places)) or "a place that the report doesn't name"
