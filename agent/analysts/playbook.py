"""The built-in analyst: known patterns in hot code, explained and rewritten; no model, no key, no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent.analysts.analyst import Picture, Reply, Trials
from agent.analysts.guided import guided_build
from agent.analysts.hotcode import hot_functions, moved
from agent.analysts.proposals import Proposals
from agent.analysts.rules.answers import answer
from agent.analysts.severity import severity_of
from agent.analysts.suspects import ENOUGH_TO_EXPLAIN, Suspect, suspects
from agent.evidence import Reference
from agent.report import Bottleneck, Candidate, JudgedCandidate, Report, quoted
from agent.request import VIEW_NAMES
from tools.patterns.matching import find
from tools.patterns.pattern import Finding, Pattern
from tools.profiles.ranking import Hotspot, degree
from tools.run.process import Runner


@dataclass(slots=True, kw_only=True)
class Playbook:
    """Known patterns. `cache` is where built rewriters are kept."""

    patterns: tuple[Pattern, ...]
    runner: Runner
    cache: Path
    note: str
    name: str = "playbook"
    _proposals: Proposals | None = field(default=None, init=False)
    _proposed: dict[tuple[Path, int], tuple[Candidate, ...]] = field(default_factory=dict, init=False)

    def investigate(self, picture: Picture) -> tuple[Bottleneck, ...]:
        """Hotspots with the patterns found in them, one for each cause, by their ranking.

        What only looks like a pattern is no cause; it is told with what speaks against it.
        """
        findings = find(self._patterns_for(picture), picture.root, hot_functions(picture.hotspots))
        proposals = self._rewriting()
        found = suspects(picture.hotspots, findings, lambda f: proposals.refusal(picture, f) is None)
        ranking = next(e.id for e in reversed(picture.evidence.items) if e.title == "ranking")
        return tuple(
            self._bottleneck(picture, n, s, ranking, [] if s.findings else self._doubts(picture, s, findings))
            for n, s in enumerate(found[: picture.policy.bottlenecks], 1)
        )

    def _doubts(self, picture: Picture, suspect: Suspect, findings: Sequence[Finding]) -> list[str]:
        """What the suspect's code looks like and isn't known to be, and why not."""
        mine = [
            f for f in findings
            if (f.function, f.file, f.view) == (suspect.function, suspect.file, suspect.hotspot.view)
            and f.share >= ENOUGH_TO_EXPLAIN * suspect.hotspot.share
        ]  # fmt: skip
        refused = [(f, self._rewriting().refusal(picture, f)) for f in _one_each(mine)]
        return [
            f"{quoted(f'{f.file}:{f.line}')} has the form of {quoted(f.pattern.spec.title)}, "
            f"but that isn't sure: {quoted(why)}."
            for f, why in refused
            if why is not None
        ]

    def _rewriting(self) -> Proposals:
        if self._proposals is None:
            self._proposals = Proposals(runner=self.runner, cache=self.cache)
        return self._proposals

    def propose(
        self, picture: Picture, bottleneck: Bottleneck, judged: Sequence[JudgedCandidate]
    ) -> tuple[Candidate, ...]:
        """All safe rewrites of the bottleneck's findings together, then each of them alone; with the first
        bottleneck of a Go command also the build with its profile.
        """
        key = (picture.root, bottleneck.rank)
        if key not in self._proposed:
            self._proposed[key] = self._propose(picture, bottleneck)
        return self._proposed[key]

    def reply(self, picture: Picture, report: Report, question: str, trials: Trials) -> Reply:
        """What rules can answer by the question's form; for anything else, that it needs a model."""
        return answer(picture, report, question)

    def finished(self) -> None:
        """Nothing is left to be done."""

    def _propose(self, picture: Picture, bottleneck: Bottleneck) -> tuple[Candidate, ...]:
        found = self._rewriting().propose(
            picture, bottleneck, lambda root: self._findings_of(picture, bottleneck, root)
        )
        return (*found, *self._guided(picture, bottleneck)) if bottleneck.rank == 1 else found

    def _guided(self, picture: Picture, bottleneck: Bottleneck) -> tuple[Candidate, ...]:
        """The build with the measured profile, proposed once: it is about the program, not one bottleneck."""
        patterns = [p for p in self.patterns if p.spec.rewrite.engine == "pgo"]
        found = [guided_build(self.runner, picture, bottleneck, p) for p in patterns]
        return tuple(c for c in found if c is not None)

    def _findings_of(self, picture: Picture, bottleneck: Bottleneck, root: Path) -> tuple[Finding, ...]:
        """What the bottleneck's patterns match in the sources as they are at `root` now."""
        patterns = [p for p in self._patterns_for(picture) if p.id in bottleneck.patterns]
        names = {(bottleneck.function, bottleneck.file)}
        spots = [
            h
            for h in picture.hotspots
            if (h.function, h.file) in names
            or (h.called_from is not None and (h.called_from.function, h.called_from.file) in names)
        ]
        hot = [
            replace(f, lines=moved(f.lines, picture.original / f.file, root / f.file))
            for f in hot_functions(spots)
            if (f.function, f.file) in names
        ]
        return find(patterns, root, hot)

    def _patterns_for(self, picture: Picture) -> list[Pattern]:
        return [
            p for p in self.patterns if p.language == picture.plan.language and p.spec.rewrite.engine != "pgo"
        ]

    def _bottleneck(
        self, picture: Picture, rank: int, suspect: Suspect, ranking: str, doubts: Sequence[str]
    ) -> Bottleneck:
        spot = suspect.hotspot
        number = picture.hotspots.index(spot) + 1
        share = Reference(evidence_id=ranking, name=f"share_{number}")
        patterns = list(dict.fromkeys(f.pattern.id for f in suspect.findings))
        first = suspect.findings[0] if suspect.findings else None
        return Bottleneck(
            rank=rank,
            function=suspect.function,
            file=suspect.file,
            line=first.line if first else suspect.line,
            view=spot.view,
            share=share,
            root_cause=_root_cause(suspect, share),
            explanation=_explanation(suspect, ranking, number, doubts),
            severity=severity_of(picture, spot, first),
            confidence=spot.confidence,
            confidence_reason=spot.confidence_reason,
            evidence=(spot.evidence_id, ranking),
            other_frames=tuple(dict.fromkeys([*suspect.other_functions, *spot.other_frames])),
            patterns=tuple(patterns),
        )


def _root_cause(suspect: Suspect, share: Reference) -> str:
    spot = suspect.hotspot
    cost = f"{quoted(spot.function)} causes {{{share}}} of the {VIEW_NAMES[spot.view]}, {_attributed(spot)}."
    if suspect.findings:
        spec = suspect.findings[0].pattern.spec
        # Nothing has looked closer than the rule where there is no rewriter: `count` may be a text's.
        return f"{'Looks like: ' if spec.rewrite.engine == 'explain' else ''}{spec.title}. {cost}"
    return f"No known pattern. {cost}"


def _attributed(spot: Hotspot) -> str:
    """`Hotspot.attribution` as prose: names of the target's and of libraries quoted."""
    if spot.cause == "its own instructions":
        return (
            f"{degree(spot.cause_share)} allocated in its own lines"
            if spot.view == "memory"
            else spot.attribution
        )
    names = ", ".join(quoted(name) for name in spot.other_frames[:2])
    words = f"{degree(spot.cause_share)} {spot.cause}"
    return f"{words}, through {names}" if names else words


def _explanation(suspect: Suspect, ranking: str, number: int, doubts: Sequence[str]) -> str:
    spot = suspect.hotspot
    parts = []
    if spot.called_from is not None:
        site = spot.called_from
        parts.append(
            f"Nearly all of it comes through one line, "
            f"{quoted(f'{site.file}:{site.line}')} in {quoted(site.function)}."
        )
    if not suspect.findings:
        parts.append(
            f"Its own instructions are {{{ranking}.self_share_{number}}}, with everything below it "
            f"{{{ranking}.cumulative_share_{number}}}. The playbook has no rewrite for what is there."
        )
    parts += [f"{quoted(f'{f.file}:{f.line}')}: {f.pattern.explanation}" for f in _one_each(suspect.findings)]
    return "\n\n".join([*parts, *doubts])


def _one_each(findings: Sequence[Finding]) -> list[Finding]:
    """The costliest finding of each pattern."""
    found: dict[str, Finding] = {}
    for finding in findings:
        found.setdefault(finding.pattern.id, finding)
    return list(found.values())[:3]
