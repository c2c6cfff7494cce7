"""What the command line's options are called by callers who have none.

Runs and readers of files are the same behind every door, and so are their messages: "give them with --sizes
100,1000,10000". A door that isn't the command line passes them through `spelled` on their way out. An option is only
replaced where one of our sentences names it as a remedy: what a program printed about its own `--target` stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from agent.access.caller import Caller
from agent.jobs.job import Event

Spelling = Mapping[str, tuple[str, str]]
"""By an option's name: what to say for it alone, and with a value (`{}`)."""


def _setting(place: str) -> tuple[str, str]:
    return f"{place} in agent.yaml", f"{place} in agent.yaml (such as {{}})"


def _command_line(option: str) -> tuple[str, str]:
    return f"the command line's --{option}", f"the command line's --{option} {{}}"


_BOTH: Spelling = {
    "python": _setting("`python` of the target"),
    "sources": _setting("`sources` of the target"),
    "value": ("`value`", "`value` {}"),
    "runs-dir": _setting("`storage.runs_folder`"),
    **{option: _command_line(option) for option in ("analyst", "base", "head", "sandbox")},
}
ARGUMENTS: Spelling = {
    **_BOTH,
    "bench": ("`workload` bench:REGEX", "`workload` bench:{}"),
    "cmd": ("`workload` command:WORDS", "`workload` command:{}"),
    "sizes": ("`sizes`", "`sizes` [{}]"),
    "target": ("`target`", "`target` {}"),
    "time-limit": _setting("`budgets.run_s`"),
}
"""For who may name paths and commands: by the arguments of the MCP tools."""
SETTINGS: Spelling = {
    **_BOTH,
    "bench": _setting("`bench` of the workload"),
    "cmd": _setting("`command` of the workload"),
    "sizes": _setting("`sizes` of the workload"),
    "target": _setting("`path` of the target"),
    "time-limit": ("`time_limit_s`", "`time_limit_s` {}"),
}
"""For who reaches the targets of agent.yaml alone, by whatever door: what there is to set is set there."""
_OPTION = re.compile(
    r"(?P<before>^|\b(?:and|at|by|give|match|matches|or|point|raise|take|to|try|with) )"
    rf"--(?P<name>{'|'.join(sorted({*ARGUMENTS, *SETTINGS}))})(?![\w-])"
    r"(?: (?:\"(?P<words>[^\"]*)\"|'(?P<quoted>[^']*)'|(?P<plain>[\d,]+\d|none\b|playbook\b|claude\b)))?"
)


def spelling_for(caller: Caller) -> Spelling:
    """How a caller without a command line gives what its options give."""
    return ARGUMENTS if caller.is_local else SETTINGS


def spelled(text: str, spelling: Spelling) -> str:
    """A message of ours with the options that it names as remedies called by what the reader can set."""

    def say(found: re.Match[str]) -> str:
        value = found["words"] or found["quoted"] or found["plain"]
        alone, valued = spelling[found["name"]]
        return found["before"] + (alone if value is None else valued.format(value))

    return _OPTION.sub(say, text)


def spelled_event(event: Event, spelling: Spelling) -> Event:
    """An event whose problem, if it is the end of a job that failed, is spelled; others quote the target, and stay."""
    problem = event.data.get("problem")
    if event.kind != "ended" or not isinstance(problem, str) or not problem:
        return event
    data = {**event.data, "problem": spelled(problem, spelling)}
    return replace(event, text=spelled(event.text, spelling), data=data)
