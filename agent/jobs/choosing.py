"""Which target and workload a message means, how urgent it is, and what must be asked first."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from agent.access.caller import Caller
from agent.access.targets import may_reach
from agent.errors import BadRequest, NotThere
from agent.jobs.job import Choice, Message, Option
from agent.policy import Policy, Severity
from agent.request import Request, Watching
from agent.service_settings import TargetSettings, WorkloadSettings

MOST_SIZES = 12
LARGEST = 1_000_000_000_000
"""Bounds of the sizes that a caller may give."""
SIZE = "{size}"
FOUND = "found"
"""The workload that is found in the target by itself."""
_WORD = re.compile(r"[a-z][a-z-]{3,}")
_COMMON = frozenset({"with", "that", "this", "from", "more", "than", "when", "facing"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A target by its name, and how it is exercised."""

    name: str
    target: TargetSettings
    workload: WorkloadSettings


def choose(
    targets: Mapping[str, TargetSettings], caller: Caller, message: Message, suggested: str | None = None
) -> Chosen | Choice:
    """The target and workload that a message means; the choice to be made where that can't be told.

    `suggested` is the conversation's last target. Raises: NotThere for a target that isn't the caller's to see,
    BadRequest for an unknown workload.
    """
    if caller.is_local and message.target is not None and message.target not in targets:
        workload = _exercise(message.workload or "", message.sizes)
        return Chosen(name=message.target, target=TargetSettings(path=message.target), workload=workload)
    theirs = {name: target for name, target in targets.items() if may_reach(target, caller)}
    name = message.target or named_in(message.text, theirs) or suggested
    if name is None and len(theirs) == 1:
        name = next(iter(theirs))
    if name is None:
        return _which_target(theirs)
    if name not in theirs:
        raise NotThere(f"there is no target {name[:64]!r} that you may ask about: {_listed(theirs)}")
    return _with_workload(name, theirs[name], message)


def _exercise(said: str, sizes: tuple[int, ...]) -> WorkloadSettings:
    """How a local caller says that a path is exercised: `bench:REGEX`, `command:WORDS`, or nothing; with sizes for
    the command's {size}, of a command that the target declares, too.

    Raises: BadRequest for anything else.
    """
    if len(sizes) > MOST_SIZES or not all(0 < size <= LARGEST for size in sizes):
        raise BadRequest(
            f"the sizes can't be used: give at most {MOST_SIZES} whole numbers from 1 to {LARGEST:,}"
        )
    kind, _, rest = said.partition(":")
    has_slot = kind == "command" and SIZE in rest
    if sizes and said and not has_slot:
        raise BadRequest(f"sizes are for a command with {SIZE}, and {said[:64]!r} is none: leave them out")
    if has_slot and not sizes:
        raise BadRequest(f"the command has {SIZE} but no sizes: give them with --sizes 100,1000,10000")
    try:
        if kind == "bench" and rest:
            return WorkloadSettings(bench=rest)
        if kind == "command" and rest:
            return WorkloadSettings(command=tuple(shlex.split(rest)), sizes=sizes)
    except ValueError as error:  # pydantic's own, too
        raise BadRequest(f"the workload {said[:200]!r} can't be used: {error}") from error
    if said:
        raise BadRequest(
            f"{said[:64]!r} is no workload of a path: give bench:REGEX or command:WORDS, or name the target in "
            "agent.yaml"
        )
    return WorkloadSettings(sizes=sizes)


def _with_workload(name: str, target: TargetSettings, message: Message) -> Chosen | Choice:
    known = target.workloads
    if message.sizes:
        raise BadRequest(f"the sizes of {name}'s workloads are those of agent.yaml: leave them out")
    wanted = message.workload or named_in(message.text, known)
    if wanted == FOUND or (wanted is None and not known):
        return Chosen(name=name, target=target, workload=WorkloadSettings())
    if wanted is None and len(known) == 1:
        wanted = next(iter(known))
    if wanted is None:
        options = [Option(value=key, text=w.description or _how(w)) for key, w in known.items()]
        return Choice(what="workload", question=f"How should {name} be exercised?", options=tuple(options))
    if wanted not in known:
        raise BadRequest(f"{name} has no workload {wanted[:64]!r}: {_listed(known)}")
    return Chosen(name=name, target=target, workload=known[wanted])


def _which_target(theirs: Mapping[str, TargetSettings]) -> Choice:
    if not theirs:
        raise NotThere("there is no target that you may ask about: agent.yaml names them under `targets`")
    return Choice(
        what="target",
        question="Which program is meant?",
        options=tuple(Option(value=name, text=target.description) for name, target in theirs.items()),
    )


def _listed(names: Collection[str]) -> str:
    return f"known are {', '.join(sorted(names))}" if names else "none is known to you"


def _how(workload: WorkloadSettings) -> str:
    if workload.command:
        return "command: " + " ".join(workload.command)[:80]
    return f"benchmarks: {workload.bench}"[:80] if workload.bench else "what is found"


def named_in(text: str, names: Collection[str]) -> str | None:
    """The one name that stands in a text as a word of its own; None for none, or for several."""
    found = [n for n in names if re.search(rf"(?<![\w./-]){re.escape(n)}(?![\w/-])", text, re.IGNORECASE)]
    longest = [n for n in found if not any(n != other and n.lower() in other.lower() for other in found)]
    return longest[0] if len(longest) == 1 else None


def answered(choice: Choice, text: str) -> str | None:
    """The option that an answer means: by its value, or by its number; None for something else."""
    said = text.strip().strip("`\"'.").casefold()
    values = [option.value for option in choice.options]
    if said.isdecimal() and 1 <= int(said) <= len(values) and said not in values:
        return values[int(said) - 1]
    exact = next((value for value in values if value.casefold() == said), None)
    return exact or named_in(text, values)


def urgency(question: str, target: TargetSettings, policy: Policy) -> Severity:
    """How urgent a question is: as the target's settings say, else by the policy's priority that shares most words with
    it, else MEDIUM.
    """
    if target.priority is not None:
        return target.priority
    asked = _stems(question)
    best: tuple[int, Severity] = (0, "MEDIUM")
    for priority in policy.priorities:
        common = len(asked & _stems(priority.subject))
        if common > best[0]:
            best = common, priority.severity
    return best[1]


def request_of(chosen: Chosen, message: Message, time_limit_s: float | None, *, is_local: bool) -> Request:
    """What is asked of the workflow. Only a local caller's programs may run without a sandbox."""
    target, workload = chosen.target, chosen.workload
    return Request(
        question=message.text if message.change is None else message.change.title,
        target=target.path,
        bench=workload.bench,
        command=workload.command,
        sizes=workload.sizes,
        sandbox="auto" if is_local else "bubblewrap",
        time_limit_s=time_limit_s,
        python=target.python,
        change=message.change,
        sources=target.sources,
        watching=Watching(header_env=target.header_env, counter=target.counter),
    )


def _stems(text: str) -> set[str]:
    """The words of a text that say something, without a plural's s."""
    return {word.rstrip("s") for word in _WORD.findall(text.lower()) if word not in _COMMON}
