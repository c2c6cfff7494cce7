"""The analyst that asks a model: bottlenecks from an investigation with tools, candidates from a dialogue on each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.analysts.analyst import Picture, Reply, Trials
from agent.analysts.asking.answers import FollowUpAnswer, Investigation, Proposal
from agent.analysts.asking.bottlenecks import Accepting
from agent.analysts.asking.briefing import bottleneck_words, facts, judged_words, measured, playbook_words
from agent.analysts.asking.calls import Calls, FollowUp, Investigate, Judged, Optimise, Prepare, System
from agent.analysts.asking.choice import ChosenModel
from agent.analysts.asking.edits import Editor
from agent.analysts.asking.fencing import fenced
from agent.analysts.asking.final import Final
from agent.analysts.asking.following import ANSWER, CONVERSATION, Answering, go_on, opening, report_files
from agent.analysts.asking.loop import Conversation, Loop, Stopped, Tools
from agent.analysts.asking.masking import Masks
from agent.analysts.asking.preparing import HOW, BenchmarkAnswer, TakingBenchmark
from agent.analysts.asking.prose import Known, Names, known_names
from agent.analysts.asking.spending import Spending, use_quantities, use_title, use_warnings
from agent.analysts.asking.testing import WithTests
from agent.analysts.asking.tools.toolbox import toolbox_for
from agent.analysts.asking.tools.trying import Trying
from agent.analysts.asking.writing import Dialogue, Idea, Writing, candidate_of, of_bottleneck
from agent.analysts.model import Message, Model, Step
from agent.analysts.playbook import Playbook
from agent.errors import ModelFailed
from agent.rendering.quantities import format_number
from agent.report import Bottleneck, Candidate, JudgedCandidate, Report
from agent.request import Plan
from tools.errors import ProgramMissing
from tools.go.program import find_go
from tools.run.process import Runner

AT_A_TIME = 3
"""So many candidates may be proposed in one answer."""
KEPT_NAMES = 8


@dataclass(slots=True, kw_only=True)
class AskingAnalyst:
    """Asks a model for causes and code; `playbook` answers where the model can't, and is shown to it.

    `attempts` is how many candidates are judged for one bottleneck. `definition` is the agent definition's prompt.
    `finish` is told when nothing more will be asked; `earlier` gives what was said in a conversation before.
    """

    model: Model
    models: Mapping[Step, ChosenModel]
    spending: Spending
    masks: Masks
    calls: Calls
    definition: str
    playbook: Playbook
    runner: Runner
    attempts: int
    max_tokens: int
    finish: Callable[[], None] = lambda: None
    earlier: Callable[[str], Sequence[Message]] = lambda conversation: ()
    _names: dict[tuple[Path, frozenset[tuple[str, bytes]], frozenset[str]], Names] = field(
        default_factory=dict, init=False
    )
    _dialogues: dict[int, Dialogue] = field(default_factory=dict, init=False)

    @property
    def name(self) -> str:
        """The model that investigates."""
        return self.models["investigate"].name

    @property
    def note(self) -> str:
        """Which models ran, why, and what was kept from them."""
        chosen = list(dict.fromkeys(f"{m.name}: {m.why}" for m in self.models.values()))
        return " ".join(part for part in (f"Asked {'; '.join(chosen)}.", self.masks.told()) if part)

    def write_benchmark(self, picture: Picture, take: Callable[[str, str], Plan]) -> Plan | None:
        """The plan with a benchmark of the model's; None where it wrote none that can be taken, which is said."""
        talk = self._conversation("prepare", "prepare")
        talk.say(facts(picture), self.calls.render(Prepare(how=HOW[picture.plan.language])))
        taking = TakingBenchmark(take=take)
        final = Final(
            name="add_benchmark",
            description="A benchmark for this target, or why there is none.",
            answer=BenchmarkAnswer,
            accept=taking.accept,
        )
        found = self._loop(picture).answer(talk, toolbox_for(picture), final)
        notes = list(taking.notes)
        if isinstance(found, Stopped):
            notes.append(f"no benchmark was written: {found.why}")
            found = None
        self._keep_use(picture, notes)
        return found

    def investigate(self, picture: Picture) -> tuple[Bottleneck, ...]:
        """The model's bottlenecks; the playbook's where no answer came within the budget, which is said."""
        known_to_playbook = self.playbook.investigate(picture)
        talk = self._conversation("investigate", "investigate")
        talk.say(
            facts(picture),
            fenced(measured(picture), "measurements"),
            *([fenced(playbook_words(picture, known_to_playbook), "playbook")] if known_to_playbook else []),
            self.calls.render(Investigate(bottlenecks=picture.policy.bottlenecks)),
        )
        accepting = Accepting(picture=picture, known=lambda: self._known(picture))
        final = Final(
            name="report_bottlenecks",
            description="The final answer of an investigation.",
            answer=Investigation,
            accept=accepting.accept,
        )
        found = self._loop(picture).answer(talk, toolbox_for(picture), final)
        notes = list(accepting.notes)
        if isinstance(found, Stopped):
            notes.append(f"{found.why}: the bottlenecks are the playbook's")
            found = known_to_playbook
        self._keep_use(picture, notes)
        return found

    def propose(
        self, picture: Picture, bottleneck: Bottleneck, judged: Sequence[JudgedCandidate]
    ) -> tuple[Candidate, ...]:
        """The next candidate for a bottleneck, asking for more when all were judged; none when the model gives up."""
        mine = of_bottleneck(judged, bottleneck)
        dialogue = self._dialogues.get(bottleneck.rank)
        if dialogue is None:
            dialogue = self._dialogues[bottleneck.rank] = self._begin(picture, bottleneck)
        writing = self._writing(picture)
        while True:
            candidate = self._next(picture, bottleneck, dialogue, writing, mine)
            if candidate is not None or dialogue.is_over:
                return (candidate,) if candidate is not None else ()
            self._ask(picture, bottleneck, dialogue, writing, mine)

    def reply(self, picture: Picture, report: Report, question: str, trials: Trials) -> Reply:
        """The model's answer, in the thread of those before and with the budgets anew. Raises: ModelFailed."""
        self.spending.renew()
        talk = self._conversation("follow up", CONVERSATION)
        earlier = self.earlier(talk.name)
        go_on(talk, earlier)
        if not earlier:
            talk.say(*opening(picture, report))
        talk.say(self.calls.render(FollowUp(question=question, is_first=not earlier)))
        trying = Trying(
            trials=trials,
            editor=self._editor(picture),
            runner=self.runner,
            origin=f"model:{talk.model}",
            known=lambda files: self._known(picture, files),
        )
        answering = Answering(known=lambda: self._known(picture, {**report_files(report), **trying.written}))
        final = Final(
            name=ANSWER,
            description="The answer to the question that was asked last.",
            answer=FollowUpAnswer,
            accept=answering.accept,
        )
        found = self._loop(picture).answer(talk, toolbox_for(picture, [trying.tool()]), final)
        self._keep_use(picture, answering.notes)
        if isinstance(found, Stopped):
            raise ModelFailed(f"there is no answer: {found.why}: ask again, or ask for less at a time")
        return found

    def finished(self) -> None:
        """Nothing more will be asked. Raises: ModelFailed when a recorded transcript has more."""
        self.finish()

    def _begin(self, picture: Picture, bottleneck: Bottleneck) -> Dialogue:
        talk = self._conversation("optimise", f"optimise {bottleneck.rank}")
        talk.say(
            facts(picture),
            fenced(bottleneck_words(picture, bottleneck), "bottleneck"),
            fenced(measured(picture), "measurements"),
            self.calls.render(
                Optimise(
                    candidates=AT_A_TIME,
                    attempts=self.attempts,
                    minimum_gain=format_number(picture.policy.minimum_gain_ratio, "ratio"),
                    may_write_tests=picture.harness is not None,
                )
            ),
        )
        return Dialogue(conversation=talk)

    def _next(
        self,
        picture: Picture,
        bottleneck: Bottleneck,
        dialogue: Dialogue,
        writing: Writing,
        judged: Sequence[JudgedCandidate],
    ) -> Candidate | None:
        """The first waiting idea as a candidate that wasn't judged yet."""
        patches = {one.candidate.patch for one in judged}
        while dialogue.ideas:
            idea = dialogue.ideas[0]
            candidate = candidate_of(
                self.runner, picture, bottleneck, idea, f"model:{dialogue.conversation.model}", writing
            )
            if candidate is not None and candidate.patch not in patches:
                return candidate
            dialogue.ideas.pop(0)
        return None

    def _ask(
        self,
        picture: Picture,
        bottleneck: Bottleneck,
        dialogue: Dialogue,
        writing: Writing,
        judged: Sequence[JudgedCandidate],
    ) -> None:
        """Ask for candidates, with what became of the ones before; the dialogue is over when none come."""
        talk = dialogue.conversation
        if talk.messages and dialogue.told < len(judged):
            talk.say(self.calls.render(Judged()), fenced(judged_words(judged[dialogue.told :]), "verdicts"))
            dialogue.told = len(judged)
        elif talk.messages:
            dialogue.is_over = True
            return
        final = Final(
            name="propose_changes",
            description="Candidates for this bottleneck, or why there are none.",
            answer=Proposal,
            accept=writing.accept,
        )
        tools: Tools = toolbox_for(picture)
        if picture.harness is not None:
            tools = WithTests(tools, picture.harness)
        found: tuple[Idea, ...] | Stopped = self._loop(picture).answer(talk, tools, final)
        notes = list(writing.notes)
        if isinstance(found, Stopped):
            notes.append(f"no more code for bottleneck {bottleneck.rank}: {found.why}")
            found = ()
        dialogue.ideas += found
        dialogue.is_over = not found
        self._keep_use(picture, notes)

    def _conversation(self, step: Step, name: str) -> Conversation:
        return Conversation(
            name=name,
            step=step,
            model=self.models[step].name,
            system=self.calls.render(System(definition=self.definition)),
        )

    def _loop(self, picture: Picture) -> Loop:
        say = picture.lab.say if picture.lab is not None else lambda _: None
        return Loop(model=self.model, spending=self.spending, say=say, max_tokens=self.max_tokens)

    def _writing(self, picture: Picture) -> Writing:
        return Writing(
            picture=picture,
            known=lambda files: self._known(picture, files),
            editor=self._editor(picture),
            most=AT_A_TIME,
        )

    def _editor(self, picture: Picture) -> Editor:
        go = None
        if picture.plan.language == "go":
            try:
                go = find_go(self.runner)
            except ProgramMissing:
                go = None
        return Editor(root=picture.root, runner=self.runner, unmask=self.masks.unmask, go=go)

    def _known(self, picture: Picture, files: Mapping[str, bytes] | None = None) -> Known:
        """What prose is held against: names as they are at the picture's root, and as `files` would have them.

        The names of the last few are kept: reading the sources of a large tree takes seconds.
        """
        evidence = picture.lab.evidence if picture.lab is not None else picture.evidence
        key = (picture.root, frozenset((files or {}).items()), frozenset(picture.captures))
        if key not in self._names:
            written = {n: content.decode("utf-8", errors="replace") for n, content in (files or {}).items()}
            while len(self._names) >= KEPT_NAMES:
                del self._names[next(iter(self._names))]
            self._names[key] = known_names(picture.captures, picture.root, written)
        return Known(evidence=evidence, names=self._names[key])

    def _keep_use(self, picture: Picture, notes: Sequence[str]) -> None:
        """What calls took since it was kept last, as evidence, with what has to be said about them."""
        if picture.lab is None:
            return
        said = [*notes, *self.spending.warnings()]
        for use in self.spending.unreported(picture.lab.evidence):
            doubts = use_warnings(use, self.spending.prices)
            picture.lab.keep(
                use_title(use),
                use.model,
                use_quantities(use),
                duration_s=use.duration_s,
                warnings=tuple(dict.fromkeys([*said, *doubts])),
            )
            said = []
