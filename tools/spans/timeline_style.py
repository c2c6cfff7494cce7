"""How a timeline looks: sizes, colours, the scale of time, text that is safe in XML."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass

LEFT, RIGHT, TOP, ROW, GAP = 150, 20, 92, 19, 9
CHARACTER = 6.3
"""Width of a character of the labels, in px."""
PATH, INK, QUIET, MANY = "#D55E00", "#1c1c1c", "#5f5f5f", "#c4c4c0"
SERVICES = ("#56B4E9", "#009E73", "#E69F00", "#CC79A7", "#F0E442", "#0072B2", "#999999")
"""Okabe and Ito's colours, which colour-blind readers tell apart; services beyond them share the last."""
STYLE = (
    f"text{{fill:{INK}}}.q{{fill:{QUIET}}}.t{{stroke:#e3e3e0}}.p{{fill:{PATH}}}"
    f".l{{stroke:{PATH};stroke-width:1;stroke-dasharray:2 2}}.b{{font-weight:700}}g:hover>rect{{stroke:{INK}}}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """From nanoseconds to px."""

    zero_ns: int
    px_per_ns: float

    def x(self, at_ns: int) -> float:
        """Where a moment lies."""
        return LEFT + (at_ns - self.zero_ns) * self.px_per_ns


def colours_of(services: Iterable[str]) -> dict[str, str]:
    """A colour for each service, in the order in which they are met."""
    found = dict.fromkeys(services)
    return {service: SERVICES[min(n, len(SERVICES) - 1)] for n, service in enumerate(found)}


def clip(name: str, width_px: float) -> str:
    """What of a name fits; "" where nothing does."""
    room = int(width_px / CHARACTER)
    if room < 3:
        return ""
    return name if len(name) <= room else name[: room - 1] + "…"


def safe(text: str) -> str:
    """Text for XML: escaped, characters that XML can't hold or that turn writing round replaced."""
    return html.escape("".join(c if c.isprintable() else "\ufffd" for c in text))
