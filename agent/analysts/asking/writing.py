"""Code against one bottleneck: a conversation over all attempts, and candidates that compete for one place."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.analysts.analyst import Picture
from agent.analysts.asking.answers import CandidateAnswer, Proposal
from agent.analysts.asking.edits import Editor
from agent.analysts.asking.final import Unusable
from agent.analysts.asking.loop import Conversation
from agent.analysts.asking.prose import Known, locked, problems
from agent.patches import make_patch
from agent.rendering.quantities import resolve
from agent.report import Bottleneck, Candidate, JudgedCandidate
from tools.run.process import Runner
from tools.run.reading import read_written


@dataclass(frozen=True, slots=True, kw_only=True)
class Idea:
    """A candidate as files: what they hold with it, and what every file of the ideas beside it held before."""

    answer: CandidateAnswer
    contents: Mapping[str, bytes]
    before: Mapping[str, bytes | None]
    instead: str = ""


@dataclass(slots=True, kw_only=True)
class Dialogue:
    """One bottleneck's conversation. `ideas` wait to be judged; `told` is how many verdicts the model knows."""

    conversation: Conversation
    ideas: list[Idea] = field(default_factory=list)
    told: int = 0
    is_over: bool = False


@dataclass(slots=True, kw_only=True)
class Writing:
    """Turns a proposal into ideas, and an idea into a candidate on the sources as they are by then.

    `known` is what prose about changed files is held against.
    """

    picture: Picture
    known: Callable[[Mapping[str, bytes]], Known]
    editor: Editor
    most: int
    notes: list[str] = field(default_factory=list)

    def accept(self, answer: Proposal, is_last: bool) -> tuple[Idea, ...]:
        """The ideas of a proposal, none where the model gives up. Raises: Unusable."""
        if not answer.candidates:
            if not answer.give_up.strip():
                raise Unusable("there are no candidates and `give_up` doesn't say why: fill one of both")
            known = self.known({})
            why = resolve(locked(answer.give_up, known).text, known.evidence)
            self.notes.append(f"the model proposes no further change: {' '.join(why.split())}")
            return ()
        contents, wrong = [], []
        for number, one in enumerate(answer.candidates[: self.most], 1):
            try:
                files = self.editor.contents(one)
            except Unusable as error:
                wrong += [f"candidate {number}: {problem}" for problem in error.problems]
                continue
            contents.append((one, files))
            if not is_last:
                wrong += self._wrong_words(number, one, files)
        if wrong and (not is_last or not contents):
            raise Unusable(*wrong)
        touched = sorted({name for _, files in contents for name in files})
        before = {name: read_written(self.picture.root, self.picture.root / name) for name in touched}
        return tuple(Idea(answer=one, contents=files, before=before) for one, files in contents)

    def _wrong_words(self, number: int, one: CandidateAnswer, files: Mapping[str, bytes]) -> list[str]:
        known = self.known(files)
        return [
            f"candidate {number}, {name}: {problem.advice}"
            for name in ("title", "rationale", "risk")
            for problem in problems(getattr(one, name), known)
        ]

    def locked(self, prose: str, otherwise: str, files: Mapping[str, bytes]) -> str:
        """Prose without what no evidence backs; `otherwise` where nothing is left."""
        found = locked(prose, self.known(files))
        if found.dropped:
            self.notes.append(
                f"{found.dropped} of the model's statements dropped: they named numbers or names without evidence"
            )
        return found.text.strip() or otherwise


def candidate_of(
    runner: Runner, picture: Picture, bottleneck: Bottleneck, idea: Idea, origin: str, words: Writing
) -> Candidate | None:
    """The idea as a patch on the sources at `picture.root`; None where it changes nothing there.

    Where an idea beside it was accepted meanwhile, the patch takes that back: it must be better than that one.
    Raises: ToolError when git fails.
    """
    wanted = {name: idea.contents.get(name, old) for name, old in idea.before.items()}
    now = {name: read_written(picture.root, picture.root / name) for name in wanted}
    files = tuple(name for name in sorted(wanted) if wanted[name] != now[name])
    if not files:
        return None
    patch = patch_of(runner, picture.root, {name: wanted[name] for name in files})
    if not patch:
        return None
    title = words.locked(idea.answer.title, f"A change of {files[0]}", idea.contents)
    return Candidate(
        id="",
        bottleneck_rank=bottleneck.rank,
        title=f"{title} (instead of what was accepted before)" if now != dict(idea.before) else title,
        rationale=words.locked(
            idea.answer.rationale, "(no reason that evidence backs was given)", idea.contents
        ),
        risk=words.locked(idea.answer.risk, "(not said)", idea.contents),
        origin=origin,
        patch=patch,
        files=files,
    )


def patch_of(runner: Runner, root: Path, wanted: Mapping[str, bytes | None]) -> str:
    """The patch that gives files below `root` these contents, None for no file. Raises: ToolError when git fails."""
    with tempfile.TemporaryDirectory(prefix="ask-profiler-") as folder:
        for name, content in wanted.items():
            if content is not None:
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        return make_patch(runner, root, Path(folder), tuple(wanted))


def of_bottleneck(judged: Sequence[JudgedCandidate], bottleneck: Bottleneck) -> list[JudgedCandidate]:
    """The candidates of a bottleneck that were judged, in their order."""
    return [one for one in judged if one.candidate.bottleneck_rank == bottleneck.rank]
