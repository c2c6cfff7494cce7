"""Numbers for reading: base units scaled, as many digits as mean something, ratios as percentages."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from agent.evidence import EvidenceIndex, Quantity, Reference

REFERENCE = re.compile(r"\{(E\d+)\.([^{}]+)\}")
_TIME = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_BYTES = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B"))


def format_number(value: float, unit: str) -> str:
    """A value in a base unit (`s`, `sec/op`, `B`, `B/op`, `ratio`, `count`, `USD`, `tokens`, …) scaled for reading."""
    if not math.isfinite(value):
        return "unknown"
    if unit == "ratio":
        return f"{100 * value:.1f} %" if abs(value) < 0.9995 else f"{100 * value:.0f} %"
    head, slash, per = unit.partition("/")
    suffix = f"/{per}" if slash else ""
    if head in ("s", "sec", "cpu-sec", "cpu-s", "process-cpu-sec"):
        return _scaled(value, _TIME) + suffix
    if head == "B" or head.endswith("-B"):
        return _scaled(value, _BYTES) + suffix
    if unit == "USD":
        return _dollars(value)
    if unit == "exponent":
        return f"{value:.2f}"
    if unit == "size":
        return f"{float(f'{value:.2g}'):,.0f}"
    text = f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"
    return text + suffix if head == "count" else f"{text} {unit}"


def _dollars(value: float) -> str:
    """Dollars and cents; under a cent two digits that mean something."""
    amount = abs(value)
    digits = 2 if amount >= 0.01 or amount == 0 else 1 - math.floor(math.log10(amount))
    return f"{'-' if value < 0 else ''}${amount:,.{digits}f}"


def _scaled(value: float, steps: tuple[tuple[float, str], ...]) -> str:
    for factor, name in steps:
        if abs(value) >= factor or (factor, name) == steps[-1]:
            scaled = value / factor
            digits = (
                0
                if abs(scaled) >= 100 or (name == "B" and scaled == int(scaled))
                else 1
                if abs(scaled) >= 10
                else 2
            )
            return f"{scaled:.{digits}f} {name}"
    raise AssertionError("the last step always fits")


def format_quantity(quantity: Quantity) -> str:
    """A quantity as text, with its interval where it has one."""
    text = format_number(quantity.value, quantity.unit)
    if quantity.interval is not None:
        low, high = (format_number(bound, quantity.unit) for bound in quantity.interval)
        text += f" ({low} to {high})"
    return text


def format_speedup(ratio: float) -> str:
    """candidate / baseline as `2.9x faster` or `1.2x slower`."""
    if ratio <= 0:
        return "unknown"
    return f"{1 / ratio:.2f}x faster" if ratio < 1 else f"{ratio:.2f}x slower"


def resolve(prose: str, evidence: EvidenceIndex, show: Callable[[str, Reference], str] | None = None) -> str:
    """Prose with every `{E7.name}` replaced by the measured value.

    `show` decides how a value and its reference are written (default: the value alone).
    Raises: KeyError for a reference that points nowhere: no such number was measured.
    """

    def replace(match: re.Match[str]) -> str:
        reference = Reference(evidence_id=match[1], name=match[2])
        text = format_quantity(evidence.resolve(reference))
        return show(text, reference) if show else text

    return REFERENCE.sub(replace, prose)
