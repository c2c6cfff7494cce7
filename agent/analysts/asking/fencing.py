"""Text of others on its way to a model: inside a labelled fence that nothing in it can end.

Ordinary source code comes through byte for byte, so that the model can quote exact lines. What doesn't: something
that looks like the fence has its bracket written `&lt;`, characters that can't be seen are named, and `\\r\\n` is
`\\n`.
"""

from __future__ import annotations

import re
import unicodedata

HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Characters that aren't seen, or that change how others are: the inside of a character class.

Controls but newline and tab, line separators, bidirectional controls, zero-width characters, fillers, tags, halves of
surrogate pairs. The variation selectors of emoji stay: they are ordinary in texts that programs print.
"""
LABEL_LENGTH = 200
SHOWN_CODES = 3
_HIDDEN = re.compile(f"[{HIDDEN}]+")
_OPEN = "<\uff1c\ufe64\u2039\u2329\u3008\u27e8\u276c\u276e\u2770\u29fc\u02c2\u1438\u226a\u27ea\u300a\u00ab\u22d6\u16b2"
_CLOSE = ">\uff1e\ufe65\u203a\u232a\u3009\u27e9\u276d\u276f\u2771\u29fd\u02c3\u1433\u226b\u27eb\u300b\u00bb\u22d7\u16b3"
_SLASH = "/\\\\\uff0f\uff3c\u2044\u2215\u29f8\u29f5\u2571\u2572\u27cb\u27cd"
_UNSEEN = rf"{HIDDEN}\u0300-\u036f\ufe0e\ufe0f"
_JUNK = rf"[\s{_UNSEEN}]*"
_FENCE_LIKE = re.compile(
    rf"[{_OPEN}](?=(?P<before>[{_SLASH}\s{_UNSEEN}]*)(?P<word>\w(?:{_JUNK}\w){{8}})(?P<after>{_JUNK}(?:[^\w\s]|\w{{0,6}})))"
)
"""A bracket with what could be the fence's name after it; `_is_fence` decides."""
_NAME = "untrusted"
_ALIKE = str.maketrans("\u057d\u03c5\u043f\u0433\u0455\u0442\u03c4\u0435\u0454\u0501\u0257", "uunrstteedd")
"""Letters of other alphabets that are drawn as those of the name."""


def fenced(text: str, source: str) -> str:
    """Text between `<untrusted source="…">` and `</untrusted>`, of which only the last line ends it.

    `source` says what the text is (`file app.py`, `test output`); it is data as well.
    """
    return f'<untrusted source="{_label(source)}">\n{harmless(text)}\n</untrusted>'


def harmless(text: str) -> str:
    """Text in which nothing looks like a fence's begin or end and nothing is hidden."""
    opened = _FENCE_LIKE.sub(_without_bracket, text.replace("\r\n", "\n"))
    return _HIDDEN.sub(_named, opened)


def _label(source: str) -> str:
    seen = " ".join(_HIDDEN.sub(_named, source).split())[:LABEL_LENGTH]
    for character, written in (
        ("&", "&amp;"),
        ('"', "&quot;"),
        *((c, "&lt;") for c in _OPEN),
        *((c, "&gt;") for c in _CLOSE),
    ):
        seen = seen.replace(character, written)
    return seen


def _without_bracket(match: re.Match[str]) -> str:
    return "&lt;" if _is_fence(match["before"], match["word"], match["after"]) else match[0]


def _is_fence(before: str, word: str, after: str) -> bool:
    """Whether it reads as the fence. Without a slash it must go on as a tag does: `x < untrusted` compares."""
    letters = re.sub(_JUNK, "", unicodedata.normalize("NFKD", word))
    if letters.casefold().translate(_ALIKE) != _NAME:
        return False
    following = re.sub(_JUNK, "", unicodedata.normalize("NFKC", after)).casefold()
    return bool(re.search(f"[{_SLASH}]", before)) or following.startswith(("source", "/", *_CLOSE))


def _named(match: re.Match[str]) -> str:
    """`[U+202E]` for a hidden character; of a long run only the first ones and how many follow."""
    codes = [f"U+{ord(character):04X}" for character in match[0]]
    more = f" and {len(codes) - SHOWN_CODES} more" if len(codes) > SHOWN_CODES else ""
    return f"[{' '.join(codes[:SHOWN_CODES])}{more}]"
