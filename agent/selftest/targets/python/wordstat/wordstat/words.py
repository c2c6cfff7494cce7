"""Words of a text and how they hang together."""

from __future__ import annotations

import re

ENDINGS = ("ingly", "edly", "ing", "ed", "ly", "es", "s", "ness", "ment", "ful")


def split(line: str) -> list[str]:
    """The words of a line in lower case: letters and digits of any alphabet, with apostrophes inside."""
    pattern = re.compile(r"\w+(?:'\w+)*")
    return pattern.findall(line.lower())


class Stemmer:
    """Takes endings off words, so that `walked` and `walking` are one."""

    def __init__(self, endings: tuple[str, ...] = ENDINGS) -> None:
        self.endings = endings

    def stem(self, word: str) -> str:
        """The word without endings, three letters at least."""
        changed = True
        while changed:
            changed = False
            for ending in sorted(self.endings, key=lambda ending: (-len(ending), ending)):
                if word.endswith(ending) and len(word) - len(ending) >= 3:
                    word = word[: -len(ending)]
                    changed = True
                    break
        return word


def stems(lines: list[str]) -> list[list[str]]:
    """The stems of each line's words."""
    stemmer = Stemmer()
    return [[stemmer.stem(word) for word in split(line)] for line in lines]


def neighbours(stemmed: list[list[str]]) -> dict[tuple[str, str], int]:
    """How often two stems stand side by side in a line, whichever comes first; pairs in the order of their first."""
    found: list[tuple[str, str]] = []
    counts: list[int] = []
    for line in stemmed:
        for first, second in zip(line, line[1:]):
            pair = (first, second) if first <= second else (second, first)
            if pair in found:
                counts[found.index(pair)] += 1
            else:
                found.append(pair)
                counts.append(1)
    return dict(zip(found, counts))
