"""Prose that evidence holds: numbers from a model come only as `{E7.cpu_share}`, names only if they exist.

`problems` is what the model is told to put right, `locked` what is shown after that: always show `locked(...).text`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from markdown_it import MarkdownIt

from agent.analysts.asking.fencing import HIDDEN
from agent.analysts.asking.known import Known, Names, known_names
from agent.analysts.asking.numerals import digits, number_words, spoken
from agent.analysts.asking.quoted_code import code_faults
from agent.analysts.asking.statements import ATOM, Statement, statements, without_numbering
from agent.analysts.asking.vocabulary import BIG_O, TERM
from agent.evidence import EvidenceIndex, Reference
from agent.rendering.quantities import REFERENCE

__all__ = ["Known", "Locked", "Names", "Problem", "known_names", "locked", "problems"]
Reason = Literal["number", "reference", "name", "markup"]
NOTES: dict[Reason, str] = {
    "number": "[A statement was dropped: it named a number without evidence.]",
    "reference": "[A statement was dropped: it named evidence that isn't there.]",
    "name": "[A statement was dropped: it named code that isn't there.]",
    "markup": "[A statement was dropped: it held markup that isn't shown here.]",
}
"""What stands where something was dropped."""
_ORDER: tuple[Reason, ...] = ("number", "reference", "name", "markup")
ROUNDS = 20
SHOWN_NAMES = 6
_FILLER = "·"
_HIDDEN = re.compile(f"[{HIDDEN}]")
_BRACED = re.compile(r"\{+[^{}\s]{0,80}\}+|\{\s*[Ee]\d+[^{}]{0,80}\}|\{·+\}")
_UNBRACED = re.compile(r"(?<![\w{])[Ee][0-9]+\.[^\W\d]\w*")
_EVIDENCE = re.compile(r"(?<![\w.])E[0-9]+(?!\w)")
_WORD_WITH_DIGITS = re.compile(r"(?<![\w.])[^\W\d]\w*\d\w*(?!\w)")
_MULTIPLE = re.compile(r"[x\u00d7]\d+", re.IGNORECASE)
_MARKUP = (
    (re.compile(r"\]\(|\]\[|!\["), "no links or pictures: say it in words, or put code between backticks"),
    (re.compile(r"^\s*\[[^\]\n]*\]:", re.MULTILINE), "no links: say it in words"),
    (
        re.compile(r"<[A-Za-z/!?@#]"),
        "no tags: put code between backticks, and a space after `<` where it compares",
    ),
    (re.compile(r"\b\w+://|\bwww\.|\bmailto:", re.IGNORECASE), "no addresses: say what is meant in words"),
    (re.compile(r"&#?\w+;"), "no character references: write the character itself"),
)
_HEADING = re.compile(r"^[ \t>]*#{1,6}(?:\s|$)|^[ \t>]*(?:=+|-+|(?:[-*_][ \t]*){3,})[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What can't stand in prose: the offending text, and what to do instead."""

    reason: Reason
    text: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """Prose that can be shown; `dropped` is how many statements were left out of it, each where a note stands."""

    text: str
    dropped: int


def problems(prose: str, known: Known) -> tuple[Problem, ...]:
    """Everything that can't stand, in the prose's order; each different thing once."""
    found = [problem for _, mine in _examined(without_numbering(prose), known) for problem in mine]
    if not found and not _is_contained(prose):
        found = [_markup(prose[:40], "close every block of code and list, and start none that isn't needed")]
    return tuple(dict.fromkeys(found))


def locked(prose: str, known: Known) -> Locked:
    """Prose without the sentences, rows and blocks of code that still have problems, with a note in their place."""
    text = without_numbering(prose)
    dropped = 0
    for _ in range(
        ROUNDS
    ):  # what is left may read otherwise than before: a lone backtick finds another partner
        bad = [(statement, mine) for statement, mine in _examined(text, known) if mine]
        if not bad:
            break
        dropped += len(bad)
        for statement, mine in reversed(bad):
            text = text[: statement.start] + _note(statement, mine) + text[statement.end :]
        text = _without_repeated(text)
    if problems(text, known):
        return Locked(text=NOTES["markup"], dropped=max(dropped, 1))
    return Locked(text=text, dropped=dropped)


def _note(statement: Statement, found: list[Problem]) -> str:
    note = NOTES[min((problem.reason for problem in found), key=_ORDER.index)]
    if statement.kind != "row":
        return note
    cells = max(len(_cells(statement.text)), 1)
    return f"| {note} |" + " |" * (cells - 1)


def _without_repeated(text: str) -> str:
    """Of equal notes side by side in one paragraph, one."""
    for note in NOTES.values():
        text = re.sub(rf"(?:{re.escape(note)}[ \t]*\n?[ \t]*)+(?={re.escape(note)})", "", text)
    return text


def _examined(prose: str, known: Known) -> Iterator[tuple[Statement, list[Problem]]]:
    """Each statement with its problems."""
    broken = [
        (match.start(), match.end(), problem)
        for match in REFERENCE.finditer(prose)
        if (problem := _reference_problem(match, known.evidence)) is not None
    ]
    end = 0
    for statement in statements(prose):
        found = [
            problem for start, stop, problem in broken if start < statement.end and stop > statement.start
        ]
        found += _hidden(prose[end : statement.end])
        end = statement.end
        found += _in_block(statement, known) if statement.kind == "block" else _in_words(statement, known)
        yield statement, found


def _in_words(statement: Statement, known: Known) -> Iterator[Problem]:
    pieces = _cells(statement.text) if statement.kind == "row" else [statement.text]
    for piece in pieces:
        code = [m["inner"] for m in ATOM.finditer(piece) if m["code"]]
        yield from (problem for text in code for problem in _in_code(text, known))
        words = ATOM.sub(lambda match: _FILLER * len(match[0]), piece)
        for pattern, advice in _MARKUP:
            yield from (_markup(match[0].strip(), advice) for match in pattern.finditer(words))
        if statement.kind != "row" and (heading := _HEADING.search(words)) is not None:
            yield _markup(heading[0].strip(), "no headings or lines: the report has its own")
        yield from _references(words, known.evidence)
        yield from _numbers(words, known)


def _in_block(statement: Statement, known: Known) -> Iterator[Problem]:
    lines = statement.text.split("\n")
    if not statement.is_closed:
        yield _markup(lines[0], "close the block of code with the fence that opens it")
        lines.append("")
    if re.search(r"[^A-Za-z+#\s`~-]", lines[0]):
        yield _markup(lines[0], "after the fence only a language may stand")
    yield from (problem for line in lines[1:-1] for problem in _in_code(line, known))


def _in_code(code: str, known: Known) -> Iterator[Problem]:
    bare = REFERENCE.sub("", " ".join(code.split()))
    yield from (
        Problem(reason=kind, text=code, advice=advice) for kind, advice in code_faults(bare, known.names)
    )


def _numbers(words: str, known: Known) -> Iterator[Problem]:
    """Digits and words for quantities outside of references, code, terms and what the sources call so."""
    text = _EVIDENCE.sub(_FILLER, _UNBRACED.sub(_FILLER, _BRACED.sub(_FILLER, words)))
    text = TERM.sub(
        _FILLER, BIG_O.sub(lambda m: "".join(_FILLER if c.isnumeric() else c for c in m[0]), text)
    )
    text = _WORD_WITH_DIGITS.sub(lambda match: _FILLER if _is_of_sources(match[0], known) else match[0], text)
    for number in digits(text):
        yield _number(number.replace(_FILLER, ""))
    for match in number_words().finditer(spoken(text)):
        yield _number(match[0].replace(_FILLER, ""))


def _is_of_sources(word: str, known: Known) -> bool:
    return not _MULTIPLE.fullmatch(word) and word.isascii() and known.names.has_identifier(word)


def _number(text: str) -> Problem:
    advice = f"{text!r} is a number without evidence: cite what was measured as {{E7.name}}, or say it without a number"
    return Problem(reason="number", text=text, advice=advice)


def _references(words: str, evidence: EvidenceIndex) -> Iterator[Problem]:
    """What was meant as a reference and isn't one, and ids of evidence that don't exist."""
    for match in (*_BRACED.finditer(words), *_UNBRACED.finditer(words)):
        near = _nearest(match[0].strip("{} \t\n"), evidence)
        advice = (
            f"{match[0]!r} is no reference: write {{{near}}}" if near else f"{match[0]!r} is no reference"
        )
        yield Problem(reason="reference", text=match[0], advice=f"{advice}; braces are for references alone")
    ids = {item.id for item in evidence.items}
    for match in _EVIDENCE.finditer(_UNBRACED.sub(_FILLER, _BRACED.sub(_FILLER, words))):
        if match[0] not in ids:
            advice = f"there is no evidence {match[0]}: cite one of {_some(ids)}"
            yield Problem(reason="reference", text=match[0], advice=advice)


def _reference_problem(match: re.Match[str], evidence: EvidenceIndex) -> Problem | None:
    reference = Reference(evidence_id=match[1], name=match[2])
    try:
        evidence.resolve(reference)
    except KeyError:
        near = _nearest(str(reference), evidence)
        advice = f"{match[0]} is no number that was measured" + (f": is {{{near}}} meant?" if near else "")
        return Problem(reason="reference", text=match[0], advice=advice)
    return None


def _nearest(wanted: str, evidence: EvidenceIndex) -> str:
    """The reference that exists and is written most alike, one of the same evidence first; "" when there is none."""
    item, _, name = wanted.partition(".")
    same = [f"{e.id}.{q.name}" for e in evidence.items if e.id == item.upper() for q in e.quantities]
    every = [f"{e.id}.{q.name}" for e in evidence.items for q in e.quantities]
    called = [full for full in every if name and full.partition(".")[2] == name]
    found = called or difflib.get_close_matches(wanted, same, n=1, cutoff=0.0)
    found = found or difflib.get_close_matches(wanted, every, n=1, cutoff=0.3)
    return found[0] if found else ""


def _some(ids: set[str]) -> str:
    ordered = sorted(ids, key=lambda i: (len(i), i))
    if not ordered:
        return "none, for there is no evidence yet"
    return ", ".join(ordered) if len(ordered) <= SHOWN_NAMES else f"{ordered[0]} to {ordered[-1]}"


def _hidden(text: str) -> Iterator[Problem]:
    for match in _HIDDEN.finditer(text):
        yield _markup(f"U+{ord(match[0]):04X}", "no characters that can't be seen: leave it out")


def _markup(text: str, advice: str) -> Problem:
    return Problem(reason="markup", text=text, advice=f"{text!r}: {advice}")


def _cells(row: str) -> list[str]:
    return re.split(r"(?<!\\)\|", row.strip(" \t").removeprefix("|").removesuffix("|"))


def _is_contained(prose: str) -> bool:
    """Whether a paragraph that follows is one of its own: no block or list of the prose swallows it."""
    mark = "What follows."
    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(f"{prose}\n\n{mark}\n")
    last = tokens[-3:]
    return [t.type for t in last] == ["paragraph_open", "inline", "paragraph_close"] and (
        last[0].level == 0 and last[1].content == mark
    )
