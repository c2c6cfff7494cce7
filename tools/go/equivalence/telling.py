"""What comparing one package showed, as a report tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tools.go.equivalence.agreeing import TEXT_LENGTH
from tools.go.equivalence.analysing import Analysis
from tools.go.equivalence.judging import Pass, Passes
from tools.measure.equivalence import ComparedFunction, Difference, NotCompared


@dataclass(slots=True)
class PackageComparison:
    """What comparing one package showed."""

    functions: list[ComparedFunction] = field(default_factory=list)
    not_compared: list[NotCompared] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def summed(
    analysis: Analysis,
    passes: Passes,
    differences: Sequence[Difference],
    reasons: Mapping[str, str],
    *,
    generating: bool,
) -> PackageComparison:
    """How many calls of each function were compared, and what is to be said of it."""
    found = PackageComparison(differences=list(differences))
    names: dict[str, list[str]] = {}
    for registered, name in analysis.subjects.items():
        names.setdefault(name, []).append(f"{analysis.path}:{registered}")
    for name, keys in names.items():
        compared = [passes.calls[n] for n in passes.compared if passes.calls[n].function in keys]
        unstable = sum(passes.calls[n].function in keys for n in passes.unstable)
        why = next(
            (reasons[key] for key in keys if key in reasons), "no call of it was seen or could be made up"
        )
        if not compared:
            found.not_compared.append(NotCompared(function=name, why=why))
            continue
        recorded = sum(call.origin == "recorded" for call in compared)
        found.functions.append(
            ComparedFunction(name=name, recorded=recorded, generated=len(compared) - recorded)
        )
        if unstable:
            found.warnings.append(
                f"{name}: {unstable} calls weren't compared, as the old code gives different results for them"
            )
        if guessed := sum(passes.calls[n].function in keys for n in passes.guessed):
            found.warnings.append(f"{name}: {guessed} calls don't count: {why}")
        if blind := sorted(_blind(passes, keys)):
            found.warnings.append(f"{name}: its results hold {', '.join(blind)}, which isn't looked into")
        if generating and recorded == len(compared):
            found.warnings.append(f"{name}: only recorded calls were compared: {why}")
    return found


def _blind(passes: Passes, keys: Sequence[str]) -> set[str]:
    """What results or arguments of these functions hold that isn't looked into."""
    outcomes = [passes.before[0][n][0] for n in passes.compared if passes.calls[n].function in keys]
    return {dump.blind for o in outcomes for dump in (o.results, o.args) if dump.blind}


def shown(number: int, *passes: Pass) -> str:
    """The call's arguments, as either side showed them."""
    texts = [outcome.call for one in passes for outcome in one.get(number, ()) if outcome.call]
    text = texts[0] if texts else ""
    return text if len(text) <= TEXT_LENGTH else f"{text[: TEXT_LENGTH - 4]} ..."
