"""How severe a bottleneck is: the pattern's word, raised or lowered by the definition's priorities."""

from __future__ import annotations

import re

from agent.analysts.analyst import Picture
from agent.policy import Severity
from tools.patterns.pattern import Finding
from tools.profiles.ranking import Hotspot

_SUBJECTS = (
    (re.compile(r"latenc|respon|customer|user", re.IGNORECASE),
     re.compile(r"\blatenc|\brespon|\bcustomer|\busers?\b|\brequest|\bAPI\b|\bpage\b|\bendpoint", re.IGNORECASE)),
    (re.compile(r"leak", re.IGNORECASE), re.compile(r"\bleak|\bgrows?\b|\bgrowing\b", re.IGNORECASE)),
)  # fmt: skip
"""What a priority is about, and how a question says that it is about that."""
WORTH_RAISING = 0.1
MICRO_SHARE = 0.05


def severity_of(picture: Picture, spot: Hotspot, finding: Finding | None) -> Severity:
    """A small share is a micro-optimisation; a large one is what the question is about; else the pattern's own."""
    if spot.share < MICRO_SHARE:
        return _of_priority(picture, re.compile(r"micro", re.IGNORECASE)) or "LOW"
    if spot.share >= WORTH_RAISING:
        for subject, words in _SUBJECTS:
            raised = _of_priority(picture, subject)
            if raised is not None and words.search(picture.question) and _fits(subject.pattern, spot):
                return raised
    if finding is not None:
        return finding.pattern.spec.severity
    return _of_priority(picture, re.compile(r"algorithm", re.IGNORECASE)) or "MEDIUM"


def _fits(subject: str, spot: Hotspot) -> bool:
    return spot.view == "memory" if "leak" in subject else spot.view != "memory"


def _of_priority(picture: Picture, subject: re.Pattern[str]) -> Severity | None:
    return next((p.severity for p in picture.policy.priorities if subject.search(p.subject)), None)
