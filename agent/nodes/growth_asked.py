"""What a report begins with where the question is whether something leaks or grows: the finding that tells it."""

from __future__ import annotations

from collections.abc import Iterable

from agent.nodes.live_findings import GROWS, NOTHING_LEAKS, TITLES
from agent.nodes.noticed import KEPT, LEAKED_GOROUTINES, NOT_KEPT
from agent.planning import is_about_growth
from agent.report import Finding, plain

ABOUT_GROWTH = frozenset(
    {
        *(title for kind, title in TITLES.items() if kind != "contention"),
        *(GROWS, NOTHING_LEAKS, KEPT, LEAKED_GOROUTINES, NOT_KEPT),
    }
)
NAMED = 2
"""So many items of the finding's list are named."""


def growth_asked(question: str, findings: Iterable[Finding]) -> str:
    """The first finding about what grows as prose, "" where that isn't asked or nothing was found about it."""
    if not is_about_growth(question):
        return ""
    found = next((f for f in findings if f.title in ABOUT_GROWTH), None)
    if found is None:
        return ""
    items = f" {'; '.join(found.items[:NAMED])}." if found.text.endswith(":") and found.items else ""
    return f"{plain(found.title)}. {found.text}{items}"
