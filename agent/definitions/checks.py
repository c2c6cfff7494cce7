"""Which code checks decide a checklist item.

An item is decidable only if every word of it is understood: "CPU and memory profiled" is, "CPU profile
reviewed by the platform team" isn't, although it speaks of a CPU profile. The words below are all there is.
"""

from __future__ import annotations

import re

from agent.policy import ChecklistItem, Decider

_FILLER = frozenset(
    re.findall(
        r"\S+",
        """
    a all an and any are at been by each every for from has have in into is its least of on or our
    out per program's proof sure that the their this to top was were with where which whole target
    target's application code code's system service performance first three 3 main major biggest
    worst clear clearly fully properly thoroughly successfully successful completed complete done
    ensured confirmed proven checked verified verify it them both run runs result results data
    report reports
    """,
    )
)
_SUBJECTS: tuple[tuple[Decider, str, str], ...] = (
    ("cpu_profiled", r"cpu|processor", r"profil\w*|captur\w*|analy[sz]ed"),
    ("memory_profiled", r"memory|heap|allocations?", r"profil\w*|captur\w*|analy[sz]ed"),
    ("goroutines_profiled", r"goroutines?", r"profil\w*|captur\w*|analy[sz]ed"),
    (
        "top_bottlenecks_identified",
        r"bottlenecks?|hotspots?|hot|spots?",
        r"identif\w+|found|named|located|ranked|listed|root|causes?|severit\w+|evidence",
    ),
    (
        "optimisations_implemented",
        r"optimi[sz]ations?|optimi[sz]ed|fix|fixes",
        r"implement\w*|applied|written|made",
    ),
    (
        "improvements_benchmarked",
        r"benchmarks?|benchmarked|improvements?|gains?|speed-?ups?|before|after|comparisons?",
        r"benchmarks?|benchmarked|measured|compared|before|after",
    ),
    (
        "no_regressions_verified",
        r"regressions?|regressed",
        r"no|nothing|without|zero|none|verif\w+|checked|tested",
    ),
    ("changes_documented", r"changes?|optimi[sz]ations?|modifications?", r"documented|explained|described"),
    (
        "monitoring_updated",
        r"monitoring|alerts?|alerting|dashboards?|metrics",
        r"updated?|set|up|added|configured|written|proposed|in place|place|adjusted",
    ),
)
_WORD = re.compile(r"[\w'-]+")


def read_check(text: str) -> ChecklistItem:
    """The checklist item that `text` is: its deciders in a fixed order, none when it isn't decidable here."""
    words = [word.strip("'-") for word in _WORD.findall(text.lower())]
    understood = set(_FILLER)
    deciders: list[Decider] = []
    for decider, subject, state in _SUBJECTS:
        about = {word for word in words if re.fullmatch(subject, word)}
        said = {word for word in words if re.fullmatch(state, word)}
        if about and said:
            deciders.append(decider)
            understood |= about | said
    if not deciders or any(word and word not in understood for word in words):
        return ChecklistItem(text=text, deciders=())
    return ChecklistItem(text=text, deciders=_unambiguous(deciders, words))


def _unambiguous(deciders: list[Decider], words: list[str]) -> tuple[Decider, ...]:
    """Leave out checks that only share a word with the item ("optimisations documented" implements nothing)."""
    left = list(deciders)
    if "changes_documented" in left and "optimisations_implemented" in left:
        implemented = any(re.fullmatch(r"implement\w*|applied|written|made", word) for word in words)
        if not implemented:
            left.remove("optimisations_implemented")
    return tuple(left)
