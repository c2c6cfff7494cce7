"""Say what works on this host, what is missing, what that leaves unmeasured, and what brings it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--python", metavar="PROGRAM", help="the target's Python interpreter")
    parser.add_argument("--json", action="store_true", help="as JSON")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at; `needed` says that nothing works without it."""

    name: str
    works: bool
    text: str
    needed: bool = False


def execute(args: argparse.Namespace) -> int:
    """Print one line a check; 0, or 8 when something that is needed is missing."""
    checks = list(_checks(args.python))
    if args.json:
        from pydantic import TypeAdapter

        sys.stdout.write(TypeAdapter(list[Check]).dump_json(checks, indent=2).decode() + "\n")
    else:
        width = max(len(c.name) for c in checks)
        for check in checks:
            mark = "ok     " if check.works else "MISSING" if check.needed else "missing"
            sys.stdout.write(f"{mark}  {check.name:<{width}}  {check.text}\n")
    return 8 if any(c.needed and not c.works for c in checks) else 0


def _checks(python: str | None) -> Iterator[Check]:
    import shutil
    from pathlib import Path

    from agent.definition import read_definition
    from agent.resources import definition_path, playbook_dir, settings_path
    from agent.settings import read_settings
    from tools.errors import ToolError
    from tools.go.program import find_go
    from tools.measure import cachegrind
    from tools.measure.benchstat import find_benchstat
    from tools.patterns.pattern import load_patterns
    from tools.python.interpreter import find_interpreter
    from tools.python.remembering import Memray
    from tools.python.spying import PySpy
    from tools.run.process import Runner
    from tools.run.sandbox import NoSandbox, choose_sandbox
    from tools.system.host import host_facts

    host = host_facts()
    yield Check(name="host", works=True, text="; ".join([host.text, *host.warnings]))
    choice = choose_sandbox("auto")
    yield Check(
        name="sandbox", works=choice.sandbox.name != "none", text=choice.warning or choice.sandbox.name
    )
    git = shutil.which("git")
    yield Check(
        name="git",
        works=git is not None,
        needed=True,
        text=git or "patches can't be made: apt-get install git",
    )
    runner = Runner(NoSandbox())
    try:
        go = find_go(runner)
        yield Check(name="go", works=True, text=f"{go.version}, {go.path}")
    except ToolError as error:
        yield Check(name="go", works=False, text=f"no Go target can be examined: {error}")
    benchstat = find_benchstat()
    yield Check(
        name="benchstat",
        works=benchstat is not None,
        text=benchstat or "its table is left out: go install golang.org/x/perf/cmd/benchstat@latest",
    )
    uncounted = cachegrind.unavailable()
    yield Check(
        name="valgrind",
        works=uncounted is None,
        text=uncounted or "instructions are counted as a second signal",
    )
    try:
        interpreter = find_interpreter(runner, Path.cwd(), python, os.environ)
        yield Check(name="python", works=True, text=f"{interpreter.version}, {interpreter.path}")
        for profiler in (PySpy(runner, interpreter), Memray(runner, interpreter)):
            reason = profiler.unavailable()
            yield Check(name=profiler.name, works=reason is None, text=reason or f"the {profiler.view} view")
    except ToolError as error:
        yield Check(name="python", works=False, text=f"no Python target can be examined: {error}")
    definition = read_definition(definition_path())
    yield Check(name="definition", works=True, needed=True, text=f"{definition.name} {definition.version}")
    read_settings(settings_path())
    counts = {language: len(load_patterns(playbook_dir(), language)) for language in ("go", "python")}
    yield Check(
        name="playbook",
        works=all(counts.values()),
        needed=True,
        text=", ".join(f"{n} {k} patterns" for k, n in counts.items()),
    )
