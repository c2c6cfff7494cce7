"""What rules answer to each question of a known form: from the report, the evidence, and the profiles."""

from __future__ import annotations

from typing import assert_never

from agent.analysts.analyst import Picture, Reply
from agent.analysts.asking.tools.notebook import Notebook
from agent.analysts.rules.profiles import calls_of, source_of, top_of
from agent.analysts.rules.words import CAN_ANSWER, Asked, understood
from agent.errors import BadRequest
from agent.evidence import Quantity
from agent.rendering import growth
from agent.rendering.sentences import verdict_words
from agent.report import FamilyScaling, Report, plain, quoted
from agent.request import VIEW_NAMES, View

NEEDS_MODEL = (
    "This needs a model: without one only questions of known forms are answered. Set ANTHROPIC_API_KEY and ask again, "
    "or ask one of these:"
)
LARGEST_FACTOR = 1_000_000


def answer(picture: Picture, report: Report, question: str) -> Reply:
    """The answer to a question of a known form; to any other, that it needs a model and what can be asked.

    That what is asked about isn't there is an answer, too. Raises: StorageFailed.
    """
    asked = understood(question)
    if asked is None:
        said = "\n".join([NEEDS_MODEL, "", *(f"- {one}" for one in CAN_ANSWER)])
        return Reply(text=said, evidence=(), outcome="needs a model")
    try:
        return _found(Notebook(picture=picture), report, asked)
    except BadRequest as error:
        return Reply(text=f"{_capitalised(plain(str(error)))}.", evidence=())


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _found(notebook: Notebook, report: Report, asked: Asked) -> Reply:
    """What there is of what is asked about. Raises: BadRequest when it isn't there, StorageFailed."""
    match asked.kind:
        case "callers":
            return calls_of(notebook, asked, "caller")
        case "callees":
            return calls_of(notebook, asked, "callee")
        case "source":
            return source_of(notebook, asked)
        case "top":
            return top_of(notebook, asked)
        case "line":
            return _line(notebook, asked)
        case "bottleneck":
            return _bottleneck(report, asked.number)
        case "candidate":
            return _candidate(report, f"C{asked.number}")
        case "evidence":
            return _evidence(notebook, f"E{asked.number}")
        case "view":
            return _view(notebook, report, asked.view or "cpu")
        case "growth":
            return _growth(notebook, report, asked)
        case "unmeasured":
            return _unmeasured(report)
        case _:
            assert_never(asked.kind)


def _bottleneck(report: Report, number: int) -> Reply:
    found = next((b for b in report.bottlenecks if b.rank == number), None)
    if found is None:
        there = ", ".join(str(b.rank) for b in report.bottlenecks)
        raise BadRequest(
            f"there is no bottleneck {number}: {f'there are {there}' if there else 'none was named'}"
        )
    place = quoted(f"{found.file}:{found.line}")
    parts = [
        f"Bottleneck {found.rank}: {quoted(found.function)} at {place}, {{{found.share}}} of the "
        f"{VIEW_NAMES[found.view]}. {found.root_cause}",
        found.explanation,
        f"Severity {found.severity}; confidence {found.confidence}: {found.confidence_reason}",
    ]
    return Reply(text="\n\n".join(part for part in parts if part), evidence=found.evidence)


def _candidate(report: Report, name: str) -> Reply:
    found = next((c for c in report.candidates if c.candidate.id == name), None)
    if found is None:
        there = ", ".join(c.candidate.id for c in report.candidates)
        raise BadRequest(
            f"there is no candidate {name}: {f'there are {there}' if there else 'none was tried'}"
        )
    parts = [
        f"{name} ({found.candidate.title}) was {plain(verdict_words(found))}",
        *(plain(warning) for warning in found.verdict.warnings),
        *found.checks,
    ]
    return Reply(text="\n\n".join(parts), evidence=found.evidence)


def _evidence(notebook: Notebook, name: str) -> Reply:
    found = next((e for e in notebook.evidence if e.id == name), None)
    if found is None:
        there = f"{notebook.evidence[0].id} to {notebook.evidence[-1].id}" if notebook.evidence else "none"
        raise BadRequest(f"there is no evidence {name} in this run; it has {there}")
    failed = [f"It failed: {plain(found.failure)}"] if found.failure is not None else []
    numbers = [f"- {quoted(q.name)}: {{{found.id}.{q.name}}}" for q in found.quantities]
    tool = plain(" ".join((found.tool, found.tool_version)).strip())
    head = f"{found.id}, {found.kind}: {plain(found.title)} ({tool})."
    return Reply(
        text="\n".join([head, *failed, *(plain(w) for w in found.warnings), *numbers]), evidence=(name,)
    )


def _view(notebook: Notebook, report: Report, view: View) -> Reply:
    """The hotspots of one view and its costliest functions, or why there are none."""
    picture = notebook.picture
    if all(capture.view != view for capture in picture.captures.values()):
        missing = [m for m in report.unmeasured if VIEW_NAMES[view] in m.leaves_unmeasured or view in m.what]
        why = [f"- {plain(m.what)}: {plain(m.remedy)}" for m in missing]
        return Reply(text="\n".join([f"There is no {view} profile in this run.", *why]), evidence=())
    functions = top_of(notebook, Asked(kind="top", view=view))
    mine = [(n, spot) for n, spot in enumerate(picture.hotspots, 1) if spot.view == view]
    if not mine:
        return functions
    ranking = next(e.id for e in reversed(picture.evidence.items) if e.title == "ranking")
    lines = [
        f"- {quoted(spot.function)} at {quoted(f'{spot.file}:{spot.start_line or spot.line}')}: "
        f"{{{ranking}.share_{n}}}, its own {{{ranking}.self_share_{n}}}"
        for n, spot in mine
    ]
    head = f"What causes the {VIEW_NAMES[view]} in the target's own code, by share:"
    return Reply(text="\n".join([head, *lines, "", functions.text]), evidence=(ranking, *functions.evidence))


def _line(notebook: Notebook, asked: Asked) -> Reply:
    """The lines of the target's own function that costs most, else the costliest functions of all."""
    views = [asked.view] if asked.view is not None else list(notebook.picture.plan.focus)
    mine = [spot for view in views for spot in notebook.picture.hotspots if spot.view == view]
    if not mine:
        return top_of(notebook, asked)
    spot = max((s for s in mine if s.view == mine[0].view), key=lambda s: s.share)
    return source_of(notebook, Asked(kind="source", name=spot.function, view=spot.view))


def _growth(notebook: Notebook, report: Report, asked: Asked) -> Reply:
    if not report.scaling:
        return Reply(
            text="Growth wasn't measured: the workload has one size. Give several, with --sizes or benchmarks named "
            "by size, and ask anew.",
            evidence=(),
        )
    if asked.factor is not None and not 1 < asked.factor <= LARGEST_FACTOR:
        raise BadRequest(f"{asked.factor}x the size tells nothing: ask for 2x to {LARGEST_FACTOR}x")
    parts, evidence = [], list[str]()
    for family in report.scaling:
        said, cited = _family(notebook, report, family, asked.factor)
        parts.append(said)
        evidence += cited
    parts += growth.tomorrow(report)
    return Reply(text="\n\n".join(parts), evidence=tuple(dict.fromkeys(evidence)))


def _family(
    notebook: Notebook, report: Report, family: FamilyScaling, factor: int | None
) -> tuple[str, list[str]]:
    """How one family grows, and with a factor what that would mean if it went on so."""
    if family.before is None:
        return f"{quoted(family.family)}: growth can't be told: {plain(family.why_not)}.", []
    after = family.after if family.after is not None else family.before
    side = "with the accepted changes" if family.after is not None else "as it is"
    exponent = report.index.resolve(after.exponent)
    words = (
        f"{quoted(family.family)}, sizes {growth.sizes(family)}: {side}, "
        f"{growth.as_clause(exponent)}: the exponent is {{{after.exponent}}}."
    )
    warnings = [f"{plain(warning)}." for warning in after.warnings]
    cited = [after.exponent.evidence_id]
    if factor is not None:
        low, high = exponent.interval or (exponent.value, exponent.value)
        kept = notebook.keep(
            f"{family.family} at {factor} times the size, {side}",
            [
                Quantity(
                    name="factor",
                    value=factor**exponent.value,
                    unit="x",
                    interval=(factor**low, factor**high),
                )
            ],
            0.0,
        )
        if kept is not None:
            cited.append(kept.id)
            words += (
                f" At {factor} times the size it would take {{{kept.id}.factor}} the time, if it went on growing so. "
                f"That is extrapolated: nothing above size {max(family.sizes):,} was measured."
            )
    return " ".join([words, *warnings]), cited


def _unmeasured(report: Report) -> Reply:
    if not report.unmeasured and not report.warnings:
        return Reply(text="Everything that was planned was measured, without warnings.", evidence=())
    lines = [
        f"- {plain(m.what)}, which leaves unmeasured: {plain(m.leaves_unmeasured)}. {plain(m.remedy)}"
        for m in report.unmeasured
    ]
    lines += [f"- Warning: {plain(warning)}" for warning in report.warnings]
    head = "What was not measured, and warnings:" if report.unmeasured else "All was measured. Warnings:"
    return Reply(text="\n".join([head, *lines]), evidence=())
