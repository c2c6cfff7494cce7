"""The answer in one word and in prose: what became of the run."""

from __future__ import annotations

from collections.abc import Collection

from agent.evidence import Reference
from agent.nodes.growth_asked import growth_asked
from agent.report import WHERE, JudgedCandidate, Outcome, plain, quoted
from agent.request import VIEW_NAMES
from agent.state import Baseline, Combined, RunState
from tools.measure.workload import SECONDS_PER_OP

_ABOUT_GAIN = frozenset({"no detectable gain", "gain below the policy"})


def outcome_of_given(stopped: str, combined: Combined | None) -> Outcome:
    """What became of a change that someone else wrote."""
    if stopped or combined is None:
        return "not measured"
    return "accepted" if combined.verdict.accepted else "rejected"


def given_summary(stopped: str, combined: Combined | None) -> str:
    """The verdict on a given change in one sentence, as it was said: it may hold a program's own words."""
    if stopped or combined is None:
        return f"Nothing was measured: {stopped}."
    return combined.verdict.detail


def why_unanswerable(state: RunState, judged: tuple[JudgedCandidate, ...]) -> str:
    """Why the question can't be answered from what was captured; "" when it can."""
    captured = {r.view for r in state.get("captures", [])}
    if not captured:
        return "no profile could be captured"
    asked = state["plan"].focus[0]
    if asked not in captured and not any(j.verdict.accepted for j in judged):
        return f"the question is about {VIEW_NAMES[asked]}, and no profile of that could be captured"
    return ""


def outcome_of(
    stopped: str,
    judged: tuple[JudgedCandidate, ...],
    combined: Combined | None,
    minimum_gain: float,
    primary: Collection[str],
    *,
    is_found: bool,
) -> Outcome:
    """The answer in one word; `primary` are the benchmarks that decide, `is_found` says that bottlenecks are named.

    "nothing worth changing" only when nothing but the gain spoke against candidates, and every interval excludes a
    gain that would have been worth it; "cannot tell" when one doesn't. Where bottlenecks are named and nothing was
    tried, there may well be something: "no change to offer".
    """
    if stopped:
        return "not measured"
    if any(j.verdict.accepted for j in judged):
        return "improved" if combined is not None and combined.verdict.accepted else "not improved"
    if is_found and not judged:
        return "no change to offer"
    if all(j.verdict.reason in _ABOUT_GAIN for j in judged):
        undecided = any(_may_be_worth_it(j, minimum_gain, primary) for j in judged)
        return "cannot tell" if undecided else "nothing worth changing"
    return "not improved"


def _may_be_worth_it(judged: JudgedCandidate, minimum_gain: float, primary: Collection[str]) -> bool:
    """Whether a rejected candidate's interval leaves room for a gain that the policy asks for."""
    times = [c for c in judged.verdict.comparisons if c.unit == SECONDS_PER_OP and c.benchmark in primary]
    return any(c.ratio_low < 1 - minimum_gain and c.ratio < 1 for c in times)


def detectable(found: Baseline | None) -> Reference | None:
    """The smallest gain that this host could tell; None without a baseline."""
    if found is None:
        return None
    return Reference(evidence_id=found.calibration_evidence, name="smallest_detectable_gain")


def summary(
    outcome: Outcome,
    stopped: str,
    state: RunState,
    found: Baseline | None,
    judged: tuple[JudgedCandidate, ...],
) -> str:
    """The answer as prose; where it is asked whether something leaks or grows, what was found about that goes first."""
    if outcome == "not measured":
        return f"Nothing was measured: {stopped}."
    asked = growth_asked(state["request"].question, state.get("findings", []))
    if outcome == "observed" and not state.get("bottlenecks") and asked:
        return asked
    told = _told(outcome, state, found, judged)
    return f"{asked} {told}" if asked else told


def _told(
    outcome: Outcome, state: RunState, found: Baseline | None, judged: tuple[JudgedCandidate, ...]
) -> str:
    bottlenecks = state.get("bottlenecks", [])
    findings = state.get("findings", [])
    if outcome == "observed" and not bottlenecks and findings:
        return f"{plain(findings[0].title)}. {findings[0].text}"
    named = f"{WHERE}{_named(state)}." if bottlenecks else "No own code of the target stands out."
    if outcome in ("improved", "observed"):
        return named
    limit = f"; the smallest gain that could be told here is {{{detectable(found)}}}" if found else ""
    if outcome == "no change to offer":
        return f"No change is offered for what costs here{limit}. {named}"
    if outcome == "nothing worth changing":
        tried = f": {_count(len(judged), 'candidate')} judged and none kept" if judged else ""
        return f"Nothing worth changing was found{tried}{limit}. {named}"
    if outcome == "cannot tell":
        tried = _count(len(judged), "candidate")
        return f"This host can't tell whether anything is worth changing: {tried} judged{limit}. {named}"
    reasons = sorted({str(j.verdict.reason) for j in judged if j.verdict.reason})
    combined = state.get("combined")
    if combined is not None and not combined.verdict.accepted:
        reasons = [f"together: {combined.verdict.reason}"]
    return f"No change was kept ({', '.join(reasons)}){limit}. {named}"


def _count(number: int, noun: str) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return f"{words[number] if number < len(words) else 'many'} {noun}{'' if number == 1 else 's'}"


def _named(state: RunState) -> str:
    return "; ".join(
        f"{quoted(b.function)} with {{{b.share}}} of {VIEW_NAMES[b.view]}"
        for b in state.get("bottlenecks", [])
    )
