"""A target, toolchain and analyst from a script, so that the workflow can be watched without waiting for it.

The target's only module says how long it takes: `SECONDS = 0.010`. A build reads it, a sample answers it with
a little noise, or much after the `unsteady_after`-th. `BROKEN` in a file breaks the build, `FAILING` its
tests. `ALONE = 0.020` is what one operation takes in a process of its own, `UNCLEAR = 0.004` how far that
varies, `UNSEEN = 0.020` what it takes on other inputs, `FAILS_UNSEEN` fails there. `TRICK` is what the guard
objects to, `REMEMBERS` what it suspects, `OTHER_RESULT` what comparing by value finds, `RACE` a data race,
`UNREACHED` a change that no benchmark calls. `INSTRUCTIONS = 9` is what is counted.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.analysts.analyst import Picture, Reply, Trials
from agent.evidence import Reference
from agent.patches import make_patch
from agent.report import Bottleneck, Candidate, JudgedCandidate, Report
from agent.request import Plan, Request
from tools.errors import ProgramFailed, ToolError
from tools.measure.counting import Counts
from tools.measure.equivalence import ComparedFunction, Difference, Equivalence, NotCompared
from tools.measure.guard import GuardRule, Objection
from tools.measure.outputs import Output
from tools.measure.races import Races
from tools.measure.sizes import size_in_name
from tools.measure.toolchain import Build, Capture, Profiler, ProfileView, TestOutcome
from tools.measure.unseen import Unseen
from tools.measure.workload import (
    PEAK_RSS_BYTES,
    SECONDS_PER_OP,
    Benchmark,
    Sample,
    Workload,
    profiled_benchmarks,
)
from tools.profiles.builder import ProfileBuilder
from tools.profiles.pprof import write_pprof
from tools.profiles.profile import Function, ValueType
from tools.run.process import Runner

SOURCE = "SECONDS = 0.010\n\n\ndef slow():\n    return SECONDS\n"
Edit = Callable[[Path], None]


def make_target(root: Path) -> Path:
    """A project whose one function is slow."""
    (root / "tests").mkdir(parents=True)
    (root / "app.py").write_text(SOURCE)
    (root / "pyproject.toml").write_text("")
    (root / "tests" / "test_app.py").write_text("assert True\n")
    return root


@dataclass(slots=True)
class ScriptedProfiler:
    """Sees a hundred samples in `slow` and some elsewhere; fails with `failure` if it has one."""

    name: str
    view: ProfileView
    failure: str | None = None
    captures: int = 0
    elsewhere: int = 0

    def unavailable(self) -> str | None:
        return None

    def capture(self, build: Build, workload: Workload, *, seconds: float, out: Path) -> Capture:
        self.captures += 1
        if self.failure is not None:
            raise ToolError(self.failure)
        kinds = [ValueType(name="samples", unit="count"), ValueType(name="cpu", unit="nanoseconds")]
        builder = ProfileBuilder(kinds)
        slow = Function(name="slow", file=str(build.root / "app.py"), start_line=4)
        for _ in range(100):
            builder.add([(slow, 5)], [1, 10])
        self._planted(builder, build.root, workload)
        if self.elsewhere:
            library = Function(name="loads", file="/usr/lib/json.py")
            builder.add([(library, 2)], [self.elsewhere, 10 * self.elsewhere])
        profile = builder.build(default_value="cpu")
        path = out.with_name(f"{out.name}-{self.name}.pb.gz")
        write_pprof(profile, path)
        return Capture(
            profiler=self.name,
            view=self.view,
            value="cpu",
            profile=profile,
            profile_path=path,
            argv=(self.name,),
            tool_version="1",
            exit_code=0,
            duration_s=seconds,
        )

    def _planted(self, builder: ProfileBuilder, root: Path, workload: Workload) -> None:
        """`PLANTED` in the target: `grows` takes 40 samples to `slow`'s 100 at size 10,000, fewer at less."""
        size = profiled_benchmarks(workload)[0].size
        if size is not None and "PLANTED" in (root / "app.py").read_text():
            grows = Function(name="grows", file=str(root / "app.py"), start_line=9)
            for _ in range(round(40 * size / 10_000)):
                builder.add([(grows, 10)], [1, 10])


@dataclass(slots=True)
class ScriptedToolchain:
    """Answers at once what a real toolchain would measure; its tests write `leaves_behind` if that is a name."""

    profilers: tuple[Profiler, ...]
    version: str = "scripted 1.0"
    samples: int = 0
    leaves_behind: str = ""
    outputs: bool = False
    unsteady_after: int = 10**9
    sequential: bool = False
    seen_processors: set[tuple[str, int | None]] = field(default_factory=set)
    moving: bool = False
    reads_tests: bool = False
    noise: random.Random = field(default_factory=lambda: random.Random(1))

    def build(self, root: Path, workload: Workload) -> Build:
        if "BROKEN" in (root / "app.py").read_text() + self._tests(root):
            raise ProgramFailed("app.py:1: syntax error near {E9.x}", exit_code=1)
        text = (root / "app.py").read_text()
        processors = None if "PARALLEL" in text or not self.sequential else 1
        return Build(root=root, programs={}, duration_s=0.0, argv=("build",), processors=processors)

    def test(self, root: Path) -> TestOutcome:
        passed = "FAILING" not in (root / "app.py").read_text() + self._tests(root)
        if self.leaves_behind:
            (root / self.leaves_behind).write_text(str(self.samples))
        return TestOutcome(
            passed=passed,
            ran=2 + len(list((root / "tests").rglob("test_*.py"))),
            failed=() if passed else ("test_app",),
            output_tail="",
            duration_s=0.0,
            argv=("test",),
            exit_code=0 if passed else 1,
        )

    def sample(self, build: Build, benchmark: Benchmark, iterations: int) -> Sample:
        self.samples += 1
        self.seen_processors.add((build.root.name, build.processors))
        text = (build.root / "app.py").read_text()
        seconds = _number(text, "SECONDS", 0.0)
        if iterations == 1:
            seconds = _number(text, "ALONE", seconds)
            unclear_s = _number(text, "UNCLEAR", 0.0)
            seconds += self.noise.uniform(-unclear_s, unclear_s)
        if build.root.name.startswith("uns"):
            seconds = _number(text, "UNSEEN", seconds)
            if "FAILS_UNSEEN" in text:
                raise ProgramFailed("it fails for this input", exit_code=1)
        if benchmark.name == "Far" and self.moving and build.root.name == "cand":
            seconds *= 1.5
        if benchmark.size is not None:
            seconds *= benchmark.size / 10_000
        spread = 0.004 if self.samples <= self.unsteady_after else 0.4
        seconds *= 1 + self.noise.uniform(-spread, spread)
        return Sample(
            benchmark=benchmark.name,
            iterations=iterations,
            values={SECONDS_PER_OP: seconds, PEAK_RSS_BYTES: 9e6},
            duration_s=seconds * iterations,
            output=Output.of(self._output(build.root)) if self.outputs else None,
        )

    def _tests(self, root: Path) -> str:
        """What the tests say, where they count."""
        return "".join(p.read_text() for p in (root / "tests").iterdir()) if self.reads_tests else ""

    def _output(self, root: Path) -> str:
        """What the target would print: the text after `PRINTS =`; another at every run for `PRINTS = anything`."""
        printed = (root / "app.py").read_text().partition("PRINTS = ")[2].split("\n")[0]
        return f"{self.samples}" if printed == "anything" else f"it prints {printed}"


def _number(text: str, name: str, otherwise: float) -> float:
    return float(text.split(f"{name} = ")[1].split()[0]) if f"{name} = " in text else otherwise


@dataclass(slots=True)
class ScriptedVerifier:
    """Finds in a change what its text says it is."""

    varies: bool = True
    reached: dict[str, bool] = field(default_factory=dict)

    def objections(self, before: Path, after: Path, files: tuple[str, ...]) -> tuple[Objection, ...]:
        text = (after / "app.py").read_text()
        rules: tuple[tuple[str, GuardRule], ...] = (
            ("TRICK", "stack inspection"),
            ("REMEMBERS", "state that outlives a call"),
        )
        return tuple(
            Objection(rule=rule, file="app.py", line=1, detail=f"it says {word}")
            for word, rule in rules
            if word in text
        )

    def compare_values(
        self, before: Build, after: Build, workload: Workload, files: tuple[str, ...], *, seed: int
    ) -> Equivalence:
        text = (after.root / "app.py").read_text()
        if "CANNOT_CALL" in text:
            raise ToolError("the recorder didn't start")
        wrong = Difference(function="slow", what="result", call="", before="1", after="2")
        return Equivalence(
            functions=(ComparedFunction(name="slow", recorded=3, generated=40),),
            not_compared=(NotCompared(function="other", why="it takes an open file"),),
            differences=(wrong,) if "OTHER_RESULT" in text else (),
            reached=dict.fromkeys(("App", "Far"), False) if "UNREACHED" in text else self.reached,
        )

    def unseen(self, root: Path, workload: Workload, number: int) -> Unseen:
        if not self.varies:
            return Unseen(workload=None, why_not="it reads a file")
        return Unseen(workload=workload, changes=(f"seed 1 became {number}",))

    def races(self, before: Path, after: Path) -> Races:
        racing = "RACE" in (after / "app.py").read_text()
        return Races(found=("App (app.py:1)",) if racing else (), looked=racing)

    def counts(self, build: Build, benchmark: Benchmark, iterations: int) -> Counts:
        counted = _number((build.root / "app.py").read_text(), "INSTRUCTIONS", 100.0)
        return Counts(values={"instructions/op": counted}, why_not={"peak-heap-B": "memray isn't installed"})


@dataclass(slots=True)
class ScriptedIntake:
    """Plans for the scripted toolchain."""

    tools: ScriptedToolchain
    looks: ScriptedVerifier = field(default_factory=ScriptedVerifier)
    names: tuple[str, ...] = ("App",)

    def verifier(self, plan: Plan) -> ScriptedVerifier:
        return self.looks

    def plan(self, request: Request, root: Path) -> Plan:
        benchmarks = tuple(
            Benchmark(name=name, selector=("app",), size=size_in_name(name)) for name in self.names
        )
        return Plan(
            language="python",
            root=request.target,
            subdirectory="",
            workload=Workload(
                language="python", kind="benchmarks", benchmarks=benchmarks, chosen_because="it is scripted"
            ),
            profilers=tuple(p.name for p in self.tools.profilers),
            focus=("cpu", "memory"),
            toolchain=self.tools.version,
        )

    def toolchain(self, plan: Plan) -> ScriptedToolchain:
        return self.tools


@dataclass(slots=True)
class ScriptedAnalyst:
    """Names the first hotspot and proposes the edits of its script, in order; `before` runs first each time."""

    runner: Runner
    edits: Sequence[Edit]
    before: Callable[[], None] = lambda: None
    name: str = "scripted"
    note: str = "A script."
    _count: int = 0

    def investigate(self, picture: Picture) -> tuple[Bottleneck, ...]:
        if not picture.hotspots:
            return ()
        spot = picture.hotspots[0]
        ranking = next(e.id for e in picture.evidence.items if e.title == "ranking")
        share = Reference(evidence_id=ranking, name="share_1")
        return (
            Bottleneck(
                rank=1,
                function=spot.function,
                file=spot.file,
                line=spot.line,
                view=spot.view,
                share=share,
                root_cause=f"It waits: {{{share}}}.",
                explanation="It could wait less.",
                severity="MEDIUM",
                confidence=spot.confidence,
                confidence_reason=spot.confidence_reason,
                evidence=(spot.evidence_id, ranking),
            ),
        )

    def propose(
        self, picture: Picture, bottleneck: Bottleneck, judged: Sequence[JudgedCandidate]
    ) -> tuple[Candidate, ...]:
        self.before()
        found = (self._candidate(picture, edit) for edit in self.edits)
        return tuple(candidate for candidate in found if candidate.patch)

    def reply(self, picture: Picture, report: Report, question: str, trials: Trials) -> Reply:
        """Says what was asked and, where its script has an edit, what became of it."""
        judged = [trials.judge(self._candidate(picture, edit)) for edit in self.edits]
        said = "".join(f" {j.candidate.id}: {j.verdict.reason or 'accepted'}." for j in judged)
        share = report.bottlenecks[0].share if report.bottlenecks else None
        number = f" {{{share}}}" if share is not None else ""
        return Reply(text=f"{question}:{number}{said}", evidence=tuple(e for j in judged for e in j.evidence))

    def finished(self) -> None:
        pass

    def _candidate(self, picture: Picture, edit: Edit) -> Candidate:
        from agent.workspace import changed_files, copy_tree

        self._count += 1
        copy = picture.root.parent / f"idea{self._count}"
        copy_tree(picture.root, copy)
        edit(copy)
        files = changed_files(picture.root, copy)
        return Candidate(
            id="",
            bottleneck_rank=1,
            title="Wait less",
            rationale="Waiting costs time.",
            risk="None.",
            origin="script",
            patch=make_patch(self.runner, picture.root, copy, files),
            files=files,
        )


def takes(seconds: float, *, more: str = "") -> Edit:
    """An edit after which the target takes that long; `more` is added to its source."""

    def edit(root: Path) -> None:
        path = root / "app.py"
        rest = path.read_text().partition("\n")[2]
        path.write_text(f"SECONDS = {seconds}\n{rest}{more}")

    return edit
