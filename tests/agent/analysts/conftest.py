"""Hotspots, findings and a picture to investigate, over a small Python project."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.analysts.analyst import Picture
from agent.analysts.playbook import Playbook
from agent.definition import read_definition
from agent.evidence import Evidence, EvidenceIndex, Quantity
from agent.request import Plan
from agent.resources import definition_path
from tools.measure.workload import Benchmark, Workload
from tools.patterns.pattern import Finding, Pattern, PatternFile, RewriteSpec
from tools.profiles.causes import Cause
from tools.profiles.ranking import CallSite, Hotspot
from tools.run.process import Runner

MakeSpot = Callable[..., Hotspot]
MakeFinding = Callable[..., Finding]
MakePicture = Callable[..., Picture]
SOURCE = "def outer(rows):\n    for row in rows:\n        inner(row)\n\n\ndef inner(row):\n    return sorted(row)[0]\n"


@pytest.fixture
def pattern() -> Pattern:
    """Finds `sorted(…)[0]`, and has no rewrite for it."""
    return Pattern(
        id="python/sorted-for-smallest",
        language="python",
        spec=PatternFile(
            title="Sorted only for the smallest",
            view="any",
            severity="MEDIUM",
            risk="None.",
            rule={"rule": {"pattern": "sorted($A)[0]"}},
            rewrite=RewriteSpec(engine="explain"),
        ),
        explanation="A whole sort for one element.",
    )


@pytest.fixture
def make_spot() -> MakeSpot:
    def make(
        function: str = "inner",
        *,
        file: str = "app.py",
        share: float = 0.5,
        view: str = "cpu",
        line: int = 7,
        cause: Cause = "its own instructions",
        other_frames: tuple[str, ...] = (),
        called_from: CallSite | None = None,
    ) -> Hotspot:
        return Hotspot(
            function=function,
            file=file,
            line=line,
            start_line=0,
            view=view,  # type: ignore[arg-type]
            value="cpu",
            evidence_id="E1",
            share=share,
            self_share=share,
            cumulative_share=share,
            cause=cause,
            attribution="mostly its own instructions",
            other_frames=other_frames,
            lines={line: share},
            confidence="high",
            confidence_reason="many samples agree",
            called_from=called_from,
        )

    return make


@pytest.fixture
def make_finding(pattern: Pattern) -> MakeFinding:
    def make(
        function: str = "inner", *, file: str = "app.py", view: str = "cpu", line: int = 7, share: float = 0.5
    ) -> Finding:
        return Finding(
            pattern=pattern,
            file=file,
            line=line,
            end_line=line,
            start=line,
            end=line + 1,
            function=function,
            view=view,  # type: ignore[arg-type]
            share=share,
            captures={},
        )

    return make


@pytest.fixture
def make_picture(tmp_path: Path) -> MakePicture:
    def make(*hotspots: Hotspot, question: str = "Why is it slow?") -> Picture:
        root = tmp_path / "base"
        root.mkdir(exist_ok=True)
        (root / "app.py").write_text(SOURCE)
        benchmarks = (Benchmark(name="App", selector=("app",)),)
        plan = Plan(
            language="python",
            root=str(root),
            subdirectory="",
            workload=Workload(
                language="python", kind="command", benchmarks=benchmarks, chosen_because="asked"
            ),
            profilers=("py-spy",),
            focus=("cpu", "memory"),
            toolchain="Python 3",
        )
        shares = tuple(
            Quantity(name=f"{kind}share_{n}", value=spot.share, unit="ratio")
            for n, spot in enumerate(hotspots, 1)
            for kind in ("", "self_", "cumulative_")
        )
        return Picture(
            plan=plan,
            policy=read_definition(definition_path()).policy,
            question=question,
            root=root,
            original=root,
            captures={},
            hotspots=hotspots,
            evidence=EvidenceIndex(
                (
                    Evidence(id="E1", kind="capture", title="cpu profile, before", tool="py-spy"),
                    Evidence(id="E2", kind="analysis", title="ranking", tool="x", quantities=shares),
                )
            ),
        )

    return make


@pytest.fixture
def playbook(runner: Runner, pattern: Pattern, tmp_path: Path) -> Playbook:
    return Playbook(patterns=(pattern,), runner=runner, cache=tmp_path / "cache", note="")
