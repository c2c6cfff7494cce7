"""Numbers that are written out in prose: where there are digits, and which words say a quantity.

English only. Ordinals (`first`, `second pass`), `one of`, `one line`, and how many loops or branches the code has
(`two nested loops`) can be seen in the code and need no measurement.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_SMALL = "two|three|four|five|six|seven|eight|nine"
_LARGE = (
    "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty"
    "|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|trillions?|dozens?"
)
_PARTS = "third|quarter|fifth|sixth|seventh|eighth|ninth|tenth|hundredth|thousandth|millionth"
_UNITS = (
    r"percent(?:age\s+points?)?|per\s+cent|nanoseconds?|microseconds?|milliseconds?|minutes?|hours?|ns|µs|us|ms"
    r"|(?:kilo|mega|giga|kibi|mebi|gibi)bytes?|[KMG]i?B|[mg]hz|megabits?|gigabits?"
)
_COUNTED = (
    r"seconds?|secs?|bytes|bits|days|cores|cpus|allocations?|allocs?|samples?|iterations?|operations?|requests?"
    r"|goroutines?|cycles?|instructions?|records?|rows?|misses|faults|comparisons?|objects"
)
_MORE = r"(?:as|more|less|fewer|faster|slower|larger|smaller|bigger|longer|shorter|cheaper|quicker|the|that|what)\b"
_NO_QUANTITY = (
    r"(?![-\s]+(?:check|quot|buffer|end(?:ed|ian)|precision|link|hash|free\b|dispatch|underscore|slash|star|pointer|"
    r"indirect|loop|for\b|lookup|lock|click|encod|decod|nest|equals|colon|dash|brace|bracket))"
)
_STOP = r"(?:of|in|over|per|for|to|a|an|the|and|or|by|with|on|at|from|that|which|is|are|as)\b"
_PATTERNS = (
    r"\b(?:twice|thrice|two-?fold)\b",
    rf"\b(?:doubl(?:e[sd]?|ing)|tripl(?:e[sd]?|ing)|trebl(?:e[sd]?|ing)|quadrupl(?:e[sd]?|ing)"
    rf"|quintupl(?:e[sd]?|ing)|halv(?:e[sd]?|ing)|halves)\b{_NO_QUANTITY}",
    r"\bhalf\b(?![-\s](?:open|closed|duplex|edge|precision|way)\b)",
    rf"\b(?:(?:{_SMALL}|{_LARGE}|many|several|hundred|manifold)[-\s]?fold)\b",
    r"\borders?\s+of\s+magnitude\b",
    rf"\b(?:one|{_SMALL})[-\s]+(?:{_PARTS})s?\b(?![-\s]party)",
    rf"\b(?:a|an|nearly|about|almost|over|under)\s+(?:{_PARTS})\b(?=\s*(?:$|[.,;:!?)]|of\b|to\b|{_MORE}))",
    r"\b(?:thirds|quarters|fifths|sixths|sevenths|eighths|ninths|tenths|hundredths|thousandths)\b",
    rf"\b(?:{_LARGE}|tens\s+of|scores\s+of)\b",
    rf"\b(?:zero|one|{_SMALL}|a\s+few|several|some|many|a\s+couple\s+of|a\s+single|an?)[-\s]+(?:{_UNITS})\b",
    r"\b(?:zero|one|a\s+few|several|some|many|a\s+couple\s+of|a\s+single)[-\s]+seconds?\b"
    r"(?!\s+(?:pass|loop|time|copy|call|lookup|query|argument|element|key))",
    r"\b(?:within|under|over|about|nearly|almost|than|takes?|took|taking|every|for|least|most)\s+a\s+second\b"
    rf"(?=\s*(?:$|[.,;:!?)]|of\b|or\b|per\b|to\b|on\b|in\b|when\b|while\b|and\b|{_MORE}))",
    rf"\b(?:zero|one|{_SMALL})[-\s]+times\b",
    rf"\b(?:several|many|multiple|countless|(?:a\s+)?few|a\s+couple\s+of)\s+times\s+{_MORE}",
    rf"\bfactors?\s+of\s+(?:\w+\s+)?(?:one|{_SMALL}|several)\b",
    rf"\b(?:one|{_SMALL})\s+(?:out\s+of|in)\s+(?:every\s+)?(?:one|{_SMALL})\b",
    rf"(?<!\bthe\s)(?<!\bthese\s)(?<!\bthose\s)(?<!\bits\s)(?<!\bboth\s)\b(?:zero|{_SMALL})[-\s]+(?:(?!{_STOP})[\w-]+\s+){{0,2}}"
    rf"(?:{_COUNTED})\b",
)
_EMPHASIS = re.compile(r"[*~]+|\\(?=[*_~])")


def digits(text: str) -> Iterator[str]:
    """What holds a digit, a fraction, a superscript or any other numeral, word by word."""
    for word in text.split():
        if any(character.isnumeric() for character in word):
            yield word.strip(".,;:!?()[]\"'*")


def number_words() -> re.Pattern[str]:
    """Finds words that say a quantity in what `spoken` gives."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS), re.IGNORECASE)


def spoken(text: str) -> str:
    """Prose as it is read: without marks of emphasis, with letters of special forms as plain ones."""
    return _EMPHASIS.sub("", unicodedata.normalize("NFKC", text)).replace("_", " ")
