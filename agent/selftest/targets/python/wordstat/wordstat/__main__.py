"""`python -m wordstat 1000` reports on a made up text of 1000 lines."""

from __future__ import annotations

import random
import sys

from wordstat.report import report

ROOTS = "walk talk Grün kind care light dark wonder move stand help hope naïve look end form état joy point play".split()
PREFIXES = ["", "un", "re", "over", "out", "under", "fore", "mis"]
ENDINGS = ["", "s", "ed", "ing", "ly", "ful", "ness", "edly", "ment"]


def make_lines(size: int, seed: int = 77) -> list[str]:
    """So many lines of words, always the same ones for a seed."""
    source = random.Random(seed)
    return [
        " ".join(
            source.choice(PREFIXES) + source.choice(ROOTS) + source.choice(ENDINGS)
            for _ in range(source.randrange(3, 9))
        )
        for _ in range(size)
    ]


if __name__ == "__main__":
    print(report(make_lines(int(sys.argv[1]))))
