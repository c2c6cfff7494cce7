"""Code in prose: it names what exists, and its numbers are those of the sources.

`42 %` between backticks is a number as much as without them. So digits are allowed in a file with a line that it has,
in names of the sources, in what stands in a line of the sources outside of comments and texts, and where code says
the first, the next or the last (`rows[0]`, `i + 1`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from agent.analysts.asking.known import Names
from agent.analysts.asking.numerals import number_words, spoken
from agent.analysts.asking.sources import WORD, bare_code
from agent.analysts.asking.vocabulary import BIG_O, TERM

Fault = tuple[Literal["number", "name"], str]
_PLACE = re.compile(r"(?P<file>[^\s:]+):(?P<line>\d{1,7})(?:-(?P<last>\d{1,7}))?", re.ASCII)
_PATH = re.compile(
    r"(?:[\w.@+-]+/)*[\w.@+-]+\.(?:go|pyx?|pyi|s|c|h|cc|cpp|rs|mod|sum|toml|ya?ml|json|md|txt|cfg|ini|sql)"
)
_FOLDERS = re.compile(r"\.{0,2}/?(?:[\w.@+-]+/)+[\w.@+-]*")
_NAME = re.compile(r"[*&]?(?:\(\*?\w+\)|\w+)(?:\.(?:\(\*?\w+\)|\w+|<\w+>))*")
_CALLED = re.compile(r"(?P<name>(?:\(\*?\w+\)\.)?[^\W\d][\w.]*)\(")
_SMALL_LITERAL = re.compile(r"(?P<before>[\[(,+\-:=<>])\s*[01](?=\s*(?:$|[\]),+\-:;{]))", re.ASCII)
_LITERAL_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`|#.*|//.*")


def code_faults(code: str, names: Names) -> Iterator[Fault]:
    """What is wrong with one line of code in prose: (kind, what to do instead)."""
    code = code.strip()
    if not code or _is_known_place(code, names):
        return
    bare = TERM.sub("", BIG_O.sub(_without_digits, code))
    fault = (_digits_fault(code, bare, names) if _has_digits(bare) else None) or _name_fault(code, names)
    if fault is None and number_words().search(spoken(code)) and not names.quotes(code):
        fault = "number", f"`{code}` says a quantity in words: cite evidence as {{E7.name}}"
    if fault is not None:
        yield fault


def _is_known_place(code: str, names: Names) -> bool:
    place = _PLACE.fullmatch(code)
    if place is not None:
        lines = (int(place["line"]), int(place["last"] or place["line"]))
        return lines[0] <= lines[1] and all(names.has_line(place["file"], line) for line in lines)
    if not WORD.search(code):
        return False
    return names.has_function(code.removesuffix("()")) or bool(_PATH.fullmatch(code) and names.has_file(code))


def _digits_fault(code: str, bare: str, names: Names) -> Fault | None:
    """Why the digits of a piece of code aren't allowed; None when they are."""
    place = _PLACE.fullmatch(code)
    if place is not None and (_PATH.fullmatch(place["file"]) or names.has_file(place["file"])):
        if names.has_file(place["file"]):
            return (
                "name",
                f"`{code}`: {place['file']} has no such line; read the file and give the line that is meant",
            )
        return "name", _no_file(place["file"], names)
    words = WORD.findall(bare)
    unknown = [word for word in words if _has_digits(word) and not _is_identifier(word, names)]
    if unknown:
        return "number", f"`{code}`: {unknown[0]} isn't a name of the sources. {_CITE}"
    rest = WORD.sub("a", bare)
    if not _has_digits(rest):
        return None
    has_names = bool(words) and all(_is_identifier(word, names) for word in words)
    if has_names and not _has_digits(_SMALL_LITERAL.sub(r"\g<before>", rest)):
        return None
    if words and any(_is_identifier(word, names) for word in words) and _quotes(code, names):
        return None
    return "number", f"`{code}`: the numbers aren't those of a line of the sources. {_CITE}"


_CITE = "Quote code as it stands in the sources; cite what was measured as {E7.name}; else say it without a number"


def _quotes(code: str, names: Names) -> bool:
    """Whether it is a piece of the sources, with no number in a text or comment: those aren't code."""
    removed = "".join(_LITERAL_TEXT.findall(code))
    return not _has_digits(removed) and names.quotes(code)


def _name_fault(code: str, names: Names) -> Fault | None:
    """Why something that looks like a name of a function or file isn't one; None when it is, or looks like neither."""
    if _PATH.fullmatch(code):
        is_known = names.has_file(code) or names.has_name(code)
        return None if is_known else ("name", _no_file(code, names))
    if _FOLDERS.fullmatch(code):
        is_known = names.has_file(code) or all(names.has_word(word) for word in WORD.findall(code))
        return None if is_known else ("name", _no_file(code, names))
    called = re.sub(r"\(.*\)$", "", code) if WORD.match(code) else code.removesuffix("()")
    if _NAME.fullmatch(called) and WORD.search(called):
        return None if names.has_name(called) else ("name", _no_function(called, names))
    if code.startswith("-"):  # a flag of a program
        return None
    for match in _CALLED.finditer(bare_code(code, is_python=True)):
        if not names.has_name(match["name"]) and match["name"] not in "OoΘΩω":
            return "name", _no_function(match["name"], names)
    return None


def _no_function(name: str, names: Names) -> str:
    near = names.nearest(name)
    meant = f"; is `{near}` meant?" if near else "; name what is there, or write it without backticks"
    return f"`{name}`: no function of that name in the profile or the tree{_partly(names)}{meant}"


def _no_file(name: str, names: Names) -> str:
    return (
        f"`{name}`: no file of that name in the profile or the tree{_partly(names)}; name one that is there"
    )


def _partly(names: Names) -> str:
    return "" if names.sources.is_whole else " (which is too large to be read whole)"


def _is_identifier(word: str, names: Names) -> bool:
    return bool(TERM.fullmatch(word)) or (len(word) == 1 and word.isalpha()) or names.has_identifier(word)


def _has_digits(text: str) -> bool:
    return any(character.isnumeric() for character in text)


def _without_digits(match: re.Match[str]) -> str:
    return "".join("·" if character.isnumeric() else character for character in match[0])
