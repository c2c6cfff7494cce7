"""What a model knows before its first question: the facts, and a condensed picture of what was measured.

The facts come first and by themselves: they hold nothing that is measured and are the same in every run of a question.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from agent.analysts.analyst import Picture
from agent.analysts.asking.fencing import fenced
from agent.evidence import Evidence, Quantity
from agent.rendering.quantities import format_number, resolve
from agent.report import Bottleneck, JudgedCandidate
from agent.request import VIEW_NAMES
from tools.profiles.ranking import Hotspot
from tools.run.reading import read_text

HOTSPOTS = 10
LINES = 4
"""So many of a hotspot's costliest lines are shown with their source."""
LONGEST_LINE = 140
BENCHMARKS = 12
QUANTITIES = 12
LONGEST_EXPLANATION = 700


def facts(picture: Picture) -> str:
    """What is asked, of what, and what is wanted: nothing of it is measured, so that it is the same in each run.

    What the target calls itself and its benchmarks is fenced: a subtest's name is any text.
    """
    plan, policy = picture.plan, picture.policy
    names = [b.name for b in plan.workload.benchmarks]
    more = f" and {len(names) - BENCHMARKS} more" if len(names) > BENCHMARKS else ""
    sizes = sorted({b.size for b in plan.workload.benchmarks if b.size is not None})
    called = [
        *([f"Target: {plan.module}"] if plan.module else []),
        f"Workload: {plan.workload.kind} ({plan.workload.chosen_because})",
        *([f"Benchmarks: {', '.join(names[:BENCHMARKS])}{more}"] if names else []),
    ]
    lines = [
        f"Question: {picture.question}",
        f"Target: {'a project' if plan.kind == 'project' else 'a ' + plan.kind} in {plan.language}",
        fenced("\n".join(called), "workload"),
        *([f"Sizes: {', '.join(map(str, sizes))}"] if sizes else []),
        f"Views the question asks about, most important first: {', '.join(plan.focus)}",
        f"Smallest gain worth a change: {format_number(policy.minimum_gain_ratio, 'ratio')}",
        *(f"Priority {p.severity}: {p.subject}" for p in policy.priorities),
        *(f"Target: {t.text}" for t in policy.targets),
    ]
    return "\n".join(lines)


def measured(picture: Picture) -> str:
    """The captures, the hotspots with their costliest lines, and what else was seen; names are the target's."""
    ranking = ranking_id(picture)
    parts = [
        _host(picture.evidence.items),
        "Captures:\n" + "\n".join(_capture(e) for e in picture.evidence.items if e.id in picture.captures),
        f"Hotspots of the target's own code (cite row 2's share as {{{ranking}.share_2}}, its own instructions as "
        f"{{{ranking}.self_share_2}}, with all below it as {{{ranking}.cumulative_share_2}}):",
        *(_hotspot(picture, n, spot) for n, spot in enumerate(picture.hotspots[:HOTSPOTS], 1)),
    ]
    if not picture.hotspots:
        parts.append("(none: the target's own code costs next to nothing in any view)")
    missing = [f"- {m.what}: {m.leaves_unmeasured}" for m in picture.plan.missing]
    if missing:
        parts.append("Not measured:\n" + "\n".join(missing))
    return "\n".join(part for part in parts if part)


def ranking_id(picture: Picture) -> str:
    """The evidence of the ranking that the hotspots come from."""
    return next(e.id for e in reversed(picture.evidence.items) if e.title == "ranking")


def _host(evidence: Iterable[Evidence]) -> str:
    host = next((e for e in evidence if e.kind == "host"), None)
    noise = next((e for e in evidence if e.kind == "calibration"), None)
    lines = [f"{e.id} {e.title}: {_figures(e)}" for e in (host, noise) if e is not None]
    return "\n".join(lines)


def _capture(found: Evidence) -> str:
    doubts = "".join(f"; {warning}" for warning in found.warnings[:2])
    return f"- {found.id} {found.tool}, {found.title}: {_figures(found)}{doubts}"


def _figures(found: Evidence) -> str:
    return ", ".join(_figure(found.id, q) for q in islice(found.quantities, QUANTITIES))


def _figure(evidence_id: str, quantity: Quantity) -> str:
    return f"{{{evidence_id}.{quantity.name}}} = {format_number(quantity.value, quantity.unit)}"


def _hotspot(picture: Picture, number: int, spot: Hotspot) -> str:
    ratio = "ratio"
    lines = [
        f"{number}. {spot.function} at {spot.file}:{spot.start_line} ({VIEW_NAMES[spot.view]}, {spot.value}, "
        f"{spot.evidence_id}): share {format_number(spot.share, ratio)}, own {format_number(spot.self_share, ratio)}, "
        f"with all below {format_number(spot.cumulative_share, ratio)}; {spot.attribution}; "
        f"confidence {spot.confidence}: {spot.confidence_reason}"
    ]
    if spot.other_frames:
        lines.append(f"   through {', '.join(spot.other_frames[:4])}")
    if spot.called_from is not None:
        site = spot.called_from
        lines.append(
            f"   {format_number(site.share, ratio)} of it comes from {site.function} at {site.file}:{site.line}"
        )
    source = _source(picture.original, spot.file)
    costly = sorted(spot.lines.items(), key=lambda item: -item[1])[:LINES]
    for line, share in sorted(costly):
        text = source[line - 1].strip()[:LONGEST_LINE] if 0 < line <= len(source) else ""
        lines.append(f"   {line}: {format_number(share, ratio)}  {text}")
    return "\n".join(lines)


def _source(root: Path, file: str) -> Sequence[str]:
    from tools.errors import UnreadableOutput

    try:
        return (read_text(root, root / file, limit_bytes=4 * 1024**2) or "").splitlines()
    except (UnreadableOutput, OSError):
        return ()


def playbook_words(picture: Picture, found: Sequence[Bottleneck]) -> str:
    """What the playbook thinks, with its numbers filled in: rules by the form of hot code."""
    lines = []
    for bottleneck in found:
        words = resolve(f"{bottleneck.root_cause} {bottleneck.explanation}", picture.evidence)
        one_line = " ".join(words.split())[:LONGEST_EXPLANATION]
        lines.append(f"- {bottleneck.function} at {bottleneck.file}:{bottleneck.line}: {one_line}")
    return "\n".join(lines)


def bottleneck_words(picture: Picture, bottleneck: Bottleneck) -> str:
    """One bottleneck for whoever writes code against it."""
    words = resolve(f"{bottleneck.root_cause}\n{bottleneck.explanation}", picture.evidence)
    return (
        f"{bottleneck.rank}. {bottleneck.function} at {bottleneck.file}:{bottleneck.line}, "
        f"{VIEW_NAMES[bottleneck.view]}, {bottleneck.severity}\n{words}"
    )


def judged_words(judged: Sequence[JudgedCandidate]) -> str:
    """What the gates said of candidates, with every number that was measured."""
    return "\n\n".join(_judged(one) for one in judged)


def _judged(one: JudgedCandidate) -> str:
    verdict = one.verdict
    head = "accepted" if verdict.accepted else f"rejected: {verdict.reason}"
    lines = [f"{one.candidate.id} ({one.candidate.title}): {head}. {verdict.detail}"]
    for comparison in verdict.comparisons[:BENCHMARKS]:
        sure = "" if comparison.changed else ", no detectable change"
        lines.append(
            f"  {comparison.benchmark} {comparison.unit}: {format_number(comparison.baseline_median, comparison.unit)} "
            f"before, {format_number(comparison.candidate_median, comparison.unit)} after, ratio "
            f"{comparison.ratio:.3f} ({comparison.ratio_low:.3f} to {comparison.ratio_high:.3f}) over "
            f"{comparison.pairs} pairs{sure}"
        )
    lines += [f"  {check}" for check in (*verdict.warnings, *one.checks)]
    lines.append(f"  evidence: {', '.join(one.evidence)}")
    return "\n".join(lines)
