"""Say what works on this host, what is missing, what that leaves unmeasured, and what brings it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.definition import Definition
    from agent.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--python", metavar="PROGRAM", help="the target's Python interpreter")
    parser.add_argument("--agent", metavar="FILE", help="another agent definition")
    parser.add_argument("--settings", metavar="FILE", help="another agent.yaml")
    parser.add_argument("--json", action="store_true", help="as JSON")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at; `needed` says that nothing works without it."""

    name: str
    works: bool
    text: str
    needed: bool = False


def execute(args: argparse.Namespace) -> int:
    """Print one line a check; 0, or 8 when something that is needed is missing.

    Raises: BadDefinition, BadSettings.
    """
    definition, settings = _configured(args.agent, args.settings, os.environ)
    checks = [
        *_programs(args.python),
        *_configuration(definition),
        *_models(definition.model, settings, os.environ),
        *_service(settings, os.environ, definition),
    ]
    if args.json:
        from pydantic import TypeAdapter

        sys.stdout.write(TypeAdapter(list[Check]).dump_json(checks, indent=2).decode() + "\n")
    else:
        width = max(len(c.name) for c in checks)
        for check in checks:
            mark = "ok     " if check.works else "MISSING" if check.needed else "missing"
            sys.stdout.write(f"{mark}  {check.name:<{width}}  {check.text}\n")
    return 8 if any(c.needed and not c.works for c in checks) else 0


def _service(settings: Settings, environment: Mapping[str, str], definition: Definition) -> Iterator[Check]:
    """What would keep the service from starting, and doubts about it; nothing where it isn't configured."""
    if not settings.targets:
        return
    from agent.access.configuration import doubts, problems

    found = problems(settings, environment, definition)
    for text in (*found, *doubts(settings, environment, definition)):
        yield Check(name="service", works=False, text=text)
    if not found:
        yield Check(name="service", works=True, text=f"can be started, with {len(settings.targets)} targets")


def _configured(
    agent: str | None, settings: str | None, environment: Mapping[str, str]
) -> tuple[Definition, Settings]:
    from agent.definition import read_definition
    from agent.resources import definition_path, settings_path
    from agent.settings import read_settings

    file = settings or environment.get("ASK_PROFILER_SETTINGS")
    return (
        read_definition(Path(agent) if agent else definition_path()),
        read_settings(Path(file) if file else settings_path()),
    )


def _programs(python: str | None) -> Iterator[Check]:
    import shutil

    from tools.errors import ToolError
    from tools.go.program import find_go
    from tools.measure import cachegrind
    from tools.measure.benchstat import find_benchstat
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


def _configuration(definition: Definition) -> Iterator[Check]:
    from agent.resources import playbook_dir
    from tools.patterns.pattern import load_patterns

    yield Check(name="definition", works=True, needed=True, text=f"{definition.name} {definition.version}")
    counts = {language: len(load_patterns(playbook_dir(), language)) for language in ("go", "python")}
    yield Check(
        name="playbook",
        works=all(counts.values()),
        needed=True,
        text=", ".join(f"{n} {k} patterns" for k, n in counts.items()),
    )


def _models(named: str, settings: Settings, environment: Mapping[str, str]) -> Iterator[Check]:
    """Whether a model can be asked, and which one in which step; nothing is sent anywhere."""
    from typing import get_args

    from agent.analysts.asking.choice import choose_model
    from agent.analysts.asking.spending import price_of
    from agent.analysts.model import Step
    from agent.rendering.terminal import plain

    has_key = bool(environment.get("ANTHROPIC_API_KEY", "").strip())
    if settings.analyst.kind == "playbook":
        text = "not used: analyst.kind of agent.yaml is playbook"
    elif has_key:
        text = f"ANTHROPIC_API_KEY is set; asked is {_address(settings, environment)}"
    elif settings.analyst.kind == "claude":
        text = (
            "ANTHROPIC_API_KEY is not set, but analyst.kind of agent.yaml is claude: "
            "set the key, or analyst.kind: auto"
        )
    else:
        text = "ANTHROPIC_API_KEY is not set: the playbook answers, and no model is asked"
    yield Check(name="key", works=has_key, text=plain(text))
    for step in get_args(Step):
        chosen = choose_model(step, named, settings.model, ())
        priced = price_of(settings.prices, chosen.name) is not None
        cost = (
            f"prices of {settings.prices.as_of}" if priced else "no price in agent.yaml: its cost isn't known"
        )
        yield Check(name=f"model: {step}", works=True, text=plain(f"{chosen.name}: {chosen.why}; {cost}"))


def _address(settings: Settings, environment: Mapping[str, str]) -> str:
    """Where models are asked, without a password that it may hold."""
    from urllib.parse import urlsplit

    address = settings.model.base_url or environment.get("ANTHROPIC_BASE_URL")
    if not address:
        return "Anthropic's API"
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that can't be read: see model.base_url and ANTHROPIC_BASE_URL"
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
