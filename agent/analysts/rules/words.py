"""Which question is asked, by its form alone. A question of no known form isn't guessed at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from agent.request import View

Kind = Literal[
    "callers",
    "callees",
    "source",
    "top",
    "bottleneck",
    "candidate",
    "evidence",
    "view",
    "growth",
    "unmeasured",
    "line",
]
_VIEWS: Mapping[str, View] = {
    "cpu": "cpu", "cpu time": "cpu", "time": "cpu", "memory": "memory", "allocations": "memory", "heap": "memory",
    "goroutines": "goroutines", "contention": "contention", "locks": "contention", "threads": "threads",
}  # fmt: skip
_NUMBERS = {"first": 1, "second": 2, "third": 3}
_VIEW = rf"(?P<view>{'|'.join(sorted(_VIEWS, key=len, reverse=True))})"
_IN_VIEW = rf"(?: (?:in|of|for) (?:the )?{_VIEW}(?: profile| view)?)?"
_SHOW = r"(?:(?:show|list|give|tell)(?: me)? |what (?:is|are) |who are )?(?:all )?(?:the )?"
_NAME = r"(?:the )?(?:function )?(?P<name>\S+)"
_ID = r"(?P<number>\d+|first|second|third)"
_MOST = r"(?:(?:the )?most(?: of(?: the)?)?|(?:so|that|this) much)"
_USES = (
    r"(?:(?:(?:is|are) )?(?:using|taking|holding|keeping|eating|consuming|spending)|"
    r"(?:use|take|need|hold|keep|eat|consume|spend|burn|cost)s?(?: up)?)"
)
_MEMORY = (
    rf"(?P<memory>(?:allocates?|(?:is|are) allocating)(?: {_MOST})?(?: memory| bytes| objects)?|"
    rf"makes? {_MOST} allocations|{_USES} {_MOST} (?:memory|heap|ram|bytes))"
)
_TIME = (
    rf"(?P<time>{_USES} (?:{_MOST} (?:cpu time|cpu|time)|(?:the )?longest|so long)|"
    r"(?:is|are|runs?) (?:the )?(?:slowest|hottest))"
)
_PART = r"(?:function|method|part|place|code|one)s?"
_LINE = r"lines?(?: of code)?"
_OF_IT = r"(?: (?:of|in) (?:the|my|this) (?:code|program|target))?"
_WHICH = rf"(?:which|what|who)(?: {_PART})?{_OF_IT}"
_WHICH_LINE = rf"(?:which|what) {_LINE}{_OF_IT}"
_SLOWEST = r"(?P<time>slowest|hottest)"
_COSTLIEST = r"(?:costliest|most expensive)"
_FORMS: tuple[tuple[Kind, str], ...] = (
    ("evidence", r"(?:show(?: me)? |what (?:is|says) |explain )?(?:the )?(?:evidence )?E(?P<number>\d+)"),
    (
        "candidate",
        r"(?:(?:why|how) (?:was|is|did|wasn't|isn't) |what (?:about|is|happened to) |explain |show(?: me)? )?"
        r"(?:candidate )?C(?P<number>\d+)(?: (?:get |not )?(?:rejected|accepted|dropped|refused|fail|failed|judged))?",
    ),
    (
        "bottleneck",
        rf"(?:why(?: is)? |explain |what (?:about|is) |tell me about |show(?: me)? )?(?:the )?bottleneck {_ID}",
    ),
    ("bottleneck", r"why (?:is |the )*(?P<number>first|second|third)(?: one| bottleneck)?"),
    ("bottleneck", r"why (?:is )?(?:this|that)(?: one| bottleneck)?"),
    ("callers", rf"{_SHOW}callers of {_NAME}{_IN_VIEW}"),
    ("callers", rf"(?:who|what) calls {_NAME}{_IN_VIEW}"),
    ("callers", rf"where is {_NAME} called(?: from)?"),
    ("callees", rf"{_SHOW}callees of {_NAME}{_IN_VIEW}"),
    ("callees", rf"what (?:does|do) {_NAME} call{_IN_VIEW}"),
    ("source", rf"{_SHOW}(?:annotated )?(?:source|lines|code) of {_NAME}{_IN_VIEW}"),
    ("top", rf"{_SHOW}top(?: \d+)?(?: functions)?{_IN_VIEW}"),
    ("view", rf"{_WHICH} (?:{_MEMORY}|{_TIME}){_IN_VIEW}"),
    ("view", rf"{_SHOW}{_SLOWEST} {_PART}{_IN_VIEW}"),
    ("top", rf"{_WHICH} (?:dominates?|is hot|{_USES} {_MOST}|is (?:the )?{_COSTLIEST}){_IN_VIEW}"),
    ("top", rf"{_SHOW}{_COSTLIEST} {_PART}{_IN_VIEW}"),
    ("line", rf"{_WHICH_LINE} (?:{_MEMORY}|{_TIME}|{_USES} {_MOST}|is (?:the )?{_COSTLIEST}){_IN_VIEW}"),
    ("line", rf"{_SHOW}(?:{_SLOWEST}|{_COSTLIEST}) {_LINE}{_IN_VIEW}"),
    ("growth", r"(?:and |what |how about |what about |what happens )?(?:at |with )?(?P<factor>\d{1,6}) ?"
               r"(?:x|\u00d7|times)(?: (?:the|as much|more|larger) ?(?:data|input|inputs|size|load|records)?)?"),
    ("growth", r"(?:how (?:does|do|will) (?:it|this|that|the time|time|the program) (?:grow|scale)|does it scale|"
               r"growth|scaling)(?: with (?:the )?(?:data|input|size|input size|input's size))?"),
    ("unmeasured", r"what (?:was|is|were) (?:not|un) ?measured|what (?:wasn't|isn't|weren't) measured|what is missing"),
    ("view", rf"(?:and |what about |how about |and what about )?(?:the )?{_VIEW}"),
)  # fmt: skip
_COMPILED = tuple((kind, re.compile(form, re.IGNORECASE)) for kind, form in _FORMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question that was understood: about the function `name`, about a `number`, a `factor` of size, or a view."""

    kind: Kind
    name: str = ""
    number: int = 1
    factor: int | None = None
    view: View | None = None


def understood(question: str) -> Asked | None:
    """What a question asks; None where its form isn't known."""
    words = " ".join(question.split()).strip().rstrip("?!. ")
    words = re.sub(r"^(?:please|so|ok|okay|and),? ", "", words, flags=re.IGNORECASE)
    words = re.sub(r"^(what|which|who)['\u2019]s ", r"\1 is ", words, flags=re.IGNORECASE)
    for kind, form in _COMPILED:
        match = form.fullmatch(words)
        if match is not None:
            return _asked(kind, match.groupdict())
    return None


def _asked(kind: Kind, found: Mapping[str, str | None]) -> Asked:
    number = (found.get("number") or "1").lower()
    factor = found.get("factor")
    return Asked(
        kind=kind,
        name=(found.get("name") or "").strip("`'\""),
        number=_NUMBERS[number] if number in _NUMBERS else int(number),
        factor=int(factor) if factor else None,
        view=_view(found),
    )


def _view(found: Mapping[str, str | None]) -> View | None:
    """The view that is named, else the one that what is asked about is measured in."""
    named = found.get("view")
    if named:
        return _VIEWS[named.lower()]
    if found.get("memory"):
        return "memory"
    return "cpu" if found.get("time") else None


CAN_ANSWER = (
    "who calls `F`, what does `F` call, source of `F` (add `in memory` for another view)",
    "what dominates, top in memory",
    "which function (or line) allocates most, takes the most time, is slowest",
    "why bottleneck 2, why this one",
    "why was C2 rejected",
    "evidence E7",
    "and memory? (or another view)",
    "at 10x the data, how does it grow",
    "what was not measured",
)
"""The questions that are understood, as they are told."""
