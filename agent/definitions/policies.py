"""The sections of a definition as policy: triggers, priorities, targets, checklist, figures.

What a section is about is told by its title, or by the title of a section around it. A section whose title
says nothing of the kind is recognised by what stands in it, and that is noted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Literal

from agent.definitions.checks import read_check
from agent.definitions.figures import Figures, read_figures
from agent.definitions.limits import read_limit
from agent.definitions.sections import Item, Section
from agent.policy import ChecklistItem, PerformanceTarget, Policy, Priority, Severity, Trigger

Kind = Literal["triggers", "priorities", "targets", "other"]
_TITLES: tuple[tuple[Kind, str], ...] = (
    ("priorities", r"\bpriorit|\bseverit|what matters"),
    ("triggers", r"\btriggers?\b|\bwhen to\b|\bwhen you\b|\bprofile when\b|\bprofiling schedule\b|\boccasions\b"),
    ("targets", r"\btargets?\b|\bgoals?\b|\bobjectives?\b|\bslos?\b|\bservice levels?|\bbudgets?\b"),
    ("other", r"\bchecklist\b|\bmonitoring\b|\bmetrics\b|\boutputs?\b|\bexpertise\b|\bresponsibilit|\bworkflow\b"
              r"|\bformat\b|\bbenchmark|\brequirements\b|\bexamples?\b"),
)  # fmt: skip
_SEVERITY = re.compile(
    r"^[\s(\[]*(?P<first>critical|high|medium|low)(?: priority)?[)\]]?\s*(?:[:\u2013\u2014\u2192-]+>?)\s*(?P<rest>.+)$"
    r"|^(?P<before>.+?)\s*(?:[:\u2013\u2014\u2192-]+>?|=|\(|\[|\bis\b|\bare\b)\s*"
    r"(?P<last>critical|high|medium|low)(?: priority)?[)\]]?\.?$",
    re.IGNORECASE,
)
_SHOUTED = re.compile(r"\b(CRITICAL|HIGH|MEDIUM|LOW)\b")
_SEVERITY_TITLE = re.compile(r"\b(critical|high|medium|low)\b", re.IGNORECASE)
_SEVERITIES: dict[str, Severity] = {s.lower(): s for s in ("CRITICAL", "HIGH", "MEDIUM", "LOW")}
_OCCASION = re.compile(r"\b(?:when|whenever|if|before|after|during|once)\b", re.IGNORECASE)


@dataclass(slots=True)
class PolicyReading:
    """A policy, what was recognised by its content only, and what had to be assumed."""

    policy: Policy
    notes: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)


def read_policy(sections: Sequence[Section]) -> PolicyReading:
    """The policy that the sections state; figures they don't state keep the defaults and are named."""
    notes: list[str] = []
    triggers: list[Trigger] = []
    priorities: list[Priority] = []
    targets: list[PerformanceTarget] = []
    checklist: list[ChecklistItem] = []
    for section in sections:
        checklist += [read_check(item.text) for item in section.items if item.is_check]
        items = [item for item in section.items if not item.is_check]
        match _kind(section, items, notes):
            case "triggers":
                triggers += [Trigger(text=item.text, threshold=read_limit(item.text)) for item in items]
            case "priorities":
                priorities += _priorities(section, items, notes)
            case "targets":
                targets += [_target(item, notes) for item in items]
            case "other":
                pass
    figures = read_figures(sections)
    stated = {name: value for name in _FIGURE_NAMES if (value := getattr(figures, name)) is not None}
    policy = Policy(
        triggers=tuple(triggers),
        priorities=tuple(priorities),
        targets=tuple(targets),
        checklist=tuple(checklist),
        **stated,
    )
    return PolicyReading(policy=policy, notes=[*notes, *figures.notes], assumed=_assumed(policy, stated))


_FIGURE_NAMES = tuple(f.name for f in fields(Figures) if f.name != "notes")


def _assumed(policy: Policy, stated: dict[str, object]) -> list[str]:
    """The figures that the file doesn't state, with the value they have."""
    return [f"{name} = {getattr(policy, name)}" for name in _FIGURE_NAMES if name not in stated]


def _kind(section: Section, items: list[Item], notes: list[str]) -> Kind:
    for title in (section.title, *reversed(section.path)):
        for kind, pattern in _TITLES:
            if re.search(pattern, title, re.IGNORECASE):
                return kind
    guess, what = _by_content(items)
    if guess != "other":
        notes.append(
            f"line {section.line}: section {section.title or '(no title)'!r} taken as {guess}: {what}"
        )
    return guess


def _by_content(items: list[Item]) -> tuple[Kind, str]:
    if len(items) < 2:
        return "other", ""
    if all(_SHOUTED.search(item.text) for item in items):
        return "priorities", "every item names a severity"
    limits = [item for item in items if read_limit(item.text)]
    occasions = [item for item in items if _OCCASION.search(item.text)]
    if limits and len(occasions) == len(items):
        return "triggers", "every item names an occasion"
    if len(limits) == len(items) and not occasions:
        return "targets", "every item states a limit"
    return "other", ""


def _priorities(section: Section, items: list[Item], notes: list[str]) -> list[Priority]:
    """One for each item that names a severity, or that stands under a title that does."""
    found: list[Priority] = []
    title = _SEVERITY_TITLE.search(section.title)
    for item in items:
        if match := _SEVERITY.match(item.text):
            severity, subject = match["first"] or match["last"], match["rest"] or match["before"]
        elif match := _SHOUTED.search(item.text):
            severity = match[0]
            subject = (item.text[: match.start()] + item.text[match.end() :]).strip(" ,:()-")
        elif title:
            severity, subject = title[0], item.text
        else:
            notes.append(f"line {item.line}: no severity in {item.text[:60]!r}: not used as a priority")
            continue
        found.append(Priority(severity=_SEVERITIES[severity.lower()], subject=subject.strip()))
    return found


def _target(item: Item, notes: list[str]) -> PerformanceTarget:
    limit = read_limit(item.text)
    if limit is None:
        notes.append(
            f"line {item.line}: no limit understood in {item.text[:60]!r}: reported as not measurable"
        )
    return PerformanceTarget(text=item.text, threshold=limit)
