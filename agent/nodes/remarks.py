"""What the Go compiler says of a bottleneck's hot lines, put below the bottleneck's explanation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from agent.deps import Deps
from agent.evidence import Quantity
from agent.report import Bottleneck, plain, quoted
from agent.request import Plan
from tools.errors import Cancelled, ToolError
from tools.go.diagnostics import Diagnostic, DiagnosticKind, diagnose
from tools.go.toolchain import GoToolchain
from tools.profiles.ranking import Hotspot

SHOWN = 5
"""Remarks on one bottleneck, those on its costliest lines first."""
COUNTS: Mapping[DiagnosticKind, str] = {
    "escape": "escapes", "inlining": "inlining_refusals", "bounds check": "bounds_checks"
}  # fmt: skip


def with_remarks(
    deps: Deps, plan: Plan, hotspots: Sequence[Hotspot], bottlenecks: Sequence[Bottleneck]
) -> tuple[Bottleneck, ...]:
    """The bottlenecks, each explained with the compiler's remarks on its lines; unchanged in other languages.

    A compiler that can't be asked is evidence of that. Raises: Cancelled.
    """
    toolchain = deps.toolchain(plan)
    lines = [_lines(b, hotspots) for b in bottlenecks]
    hot: dict[str, set[int]] = {}
    for bottleneck, shares in zip(bottlenecks, lines, strict=True):
        hot.setdefault(bottleneck.file, set()).update(shares)
    if not isinstance(toolchain, GoToolchain) or not hot:
        return tuple(bottlenecks)
    packages = sorted({f"./{PurePosixPath(name).parent}" for name in hot})
    try:
        found = diagnose(toolchain.runner, toolchain.go, deps.workspace.baseline, packages, hot)
    except Cancelled:
        raise
    except ToolError as error:
        deps.evidence.add("missing", "compiler's remarks", "go build -gcflags=-m=2", failure=str(error))
        return tuple(bottlenecks)
    evidence = deps.evidence.add(
        "analysis",
        "the compiler's remarks on hot lines",
        "go build -gcflags=-m=2",
        tool_version=toolchain.version,
        quantities=_quantities(found),
    )
    return tuple(
        _explained(b, shares, found, evidence.id) for b, shares in zip(bottlenecks, lines, strict=True)
    )


def _lines(bottleneck: Bottleneck, hotspots: Sequence[Hotspot]) -> dict[int, float]:
    """A bottleneck's lines with their shares; the one that it begins in stands for the function itself."""
    found: dict[int, float] = {bottleneck.line: 0.0}
    for spot in hotspots:
        if (spot.function, spot.file) == (bottleneck.function, bottleneck.file):
            found |= {spot.start_line: 0.0, **spot.lines}
    return found


def _quantities(found: Sequence[Diagnostic]) -> list[Quantity]:
    counts = [
        Quantity(name=name, value=float(sum(d.kind == kind for d in found)), unit="count")
        for kind, name in COUNTS.items()
    ]
    for number, remark in enumerate(found, 1):
        if remark.cost is not None and remark.budget is not None:
            counts.append(Quantity(name=f"inline_cost_{number}", value=float(remark.cost), unit="count"))
            counts.append(Quantity(name=f"inline_budget_{number}", value=float(remark.budget), unit="count"))
    return counts


def _explained(
    bottleneck: Bottleneck, shares: Mapping[int, float], found: Sequence[Diagnostic], evidence: str
) -> Bottleneck:
    mine = [(n, d) for n, d in enumerate(found, 1) if d.file == bottleneck.file and d.line in shares]
    if not mine:
        return bottleneck
    mine.sort(key=lambda item: -shares[item[1].line])
    words = [_words(number, remark, evidence) for number, remark in mine[:SHOWN]]
    more = "; and more of the kind" if len(mine) > SHOWN else ""
    said = f"The compiler says: {'; '.join(words)}{more}."
    return replace(
        bottleneck,
        explanation=f"{bottleneck.explanation}\n\n{said}".strip(),
        evidence=(*bottleneck.evidence, evidence),
    )


def _words(number: int, remark: Diagnostic, evidence: str) -> str:
    place = quoted(f"{remark.file}:{remark.line}")
    if remark.cost is not None:
        return (
            f"{place}: too costly to be inlined ({{{evidence}.inline_cost_{number}}}, where "
            f"{{{evidence}.inline_budget_{number}}} is the most)"
        )
    return f"{place}: {plain(remark.message)}"
