"""What an analyst may have measured while it thinks: further captures, the compiler's words; all of it evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from agent.deps import Deps
from agent.evidence import Evidence, EvidenceIndex, Quantity
from agent.nodes.capture import keep as keep_capture
from agent.nodes.picture import load_capture
from agent.report import MODEL_USE
from agent.request import Plan
from agent.state import CaptureRecord
from tools.errors import NoWorkload
from tools.go.diagnostics import Diagnostic, diagnose
from tools.go.toolchain import GoToolchain
from tools.measure.hostlock import measuring_alone
from tools.measure.toolchain import Capture, Profiler, ProfileView
from tools.measure.workload import Workload


@dataclass(slots=True, kw_only=True)
class Laboratory:
    """One run's. The same thing is kept, captured and asked once: again, it is the evidence of before.

    What models were asked is added up and kept each time. `closed` says why nothing can be measured any more, "" where
    it can; `doubts` are what holds for all that is measured from now on, such as that files have changed.
    """

    deps: Deps
    plan: Plan
    tell: Callable[[str], None]
    closed: str = ""
    doubts: Sequence[str] = ()

    @property
    def evidence(self) -> EvidenceIndex:
        """Everything gathered so far."""
        return self.deps.evidence.index

    def say(self, text: str) -> None:
        """Tell whoever watches."""
        self.tell(text)

    def keep(
        self,
        title: str,
        tool: str,
        quantities: Sequence[Quantity],
        *,
        duration_s: float,
        warnings: Sequence[str] = (),
    ) -> Evidence:
        """What was computed, as evidence. Raises: StorageFailed."""
        log = self.deps.evidence
        add = log.add if title.startswith(MODEL_USE) else log.add_once
        return add("analysis", title, tool, quantities=quantities, duration_s=duration_s, warnings=warnings)

    def capture(self, profiler: str, *, size: int | None, seconds: float | None) -> tuple[Evidence, Capture]:
        """One more capture of the baseline, while nothing else measures. Raises: ToolError."""
        workload = self._workload(size)
        chosen = self._profiler(profiler)
        when = self._when(size, seconds)
        title = f"{chosen.view} profile, {when}"
        before = next((e for e in self.evidence.items if (e.title, e.tool) == (title, chosen.name)), None)
        record = record_of(before) if before is not None else None
        if before is not None and record is not None:
            return before, load_capture(self.deps, record)
        self._check_open()
        self.say(f"{chosen.name}: {when}")
        deps = self.deps
        with deps.measuring, measuring_alone(on_wait=self.say, is_cancelled=deps.runner.is_cancelled):
            out = deps.folder.path / "profiles" / when.replace(", ", "-").replace(" ", "-")
            seen = chosen.capture(
                deps.build(self.plan, deps.workspace.baseline),
                workload,
                seconds=seconds or deps.settings.measure.capture_s,
                out=out,
            )
        noted = replace(seen, warnings=(*seen.warnings, *self.doubts, f"{_VALUE}{seen.value}"))
        record = keep_capture(deps, noted, when)
        return self.evidence.get(record.evidence_id), noted

    def remarks(self, file: str) -> tuple[Evidence, tuple[Diagnostic, ...]]:
        """The compiler's words on a file of a Go target. Raises: ToolError."""
        self._check_open()
        toolchain = self.deps.toolchain(self.plan)
        if not isinstance(toolchain, GoToolchain):
            raise NoWorkload(
                "only the Go compiler says what escapes and what isn't inlined: this target is Python"
            )
        root = self.deps.workspace.baseline
        lines = range(1, 1 + len((root / file).read_text(encoding="utf-8", errors="replace").splitlines()))
        folder = (root / file).parent.relative_to(root).as_posix()
        found = diagnose(toolchain.runner, toolchain.go, root, [f"./{folder}"], {file: lines})
        evidence = self.keep(
            f"the compiler's remarks on {file}",
            "go build -gcflags=-m=2",
            [Quantity(name="remarks", value=float(len(found)), unit="count")],
            duration_s=0.0,
        )
        return evidence, found

    def _when(self, size: int | None, seconds: float | None) -> str:
        """What was asked for; a capture of files that may have changed is never the one of before."""
        words = _when(size, seconds)
        if not self.doubts:
            return words
        again = sum(f"profile, {words}, again" in item.title for item in self.evidence.items)
        return f"{words}, again {again + 1}"

    def _check_open(self) -> None:
        if self.closed:
            raise NoWorkload(self.closed)

    def _profiler(self, name: str) -> Profiler:
        profilers = self.deps.toolchain(self.plan).profilers
        found = next((p for p in profilers if p.name == name), None)
        if found is None:
            raise NoWorkload(
                f"there is no profiler {name!r}: choose of {', '.join(p.name for p in profilers)}"
            )
        why = found.unavailable()
        if why is not None:
            raise NoWorkload(f"{name} can't be used here: {why}")
        return found

    def _workload(self, size: int | None) -> Workload:
        """The plan's workload, or the part of it at one size. Raises: NoWorkload naming the sizes there are."""
        workload = self.plan.workload
        if self.plan.kind != "project":
            raise NoWorkload("what was recorded, or runs elsewhere, can't be profiled again from here")
        if size is None:
            return workload
        chosen = tuple(b for b in workload.benchmarks if b.size == size)
        if not chosen:
            sizes = sorted({b.size for b in workload.benchmarks if b.size is not None})
            there = f"there are {', '.join(map(str, sizes))}" if sizes else "it has no sizes"
            raise NoWorkload(f"the workload has no size {size}: {there}")
        return replace(workload, benchmarks=chosen)


_VALUE = "the view is of "
"""How a capture that was asked for says in its evidence which of its values it is about."""


def record_of(found: Evidence) -> CaptureRecord | None:
    """The record of a capture that was asked for; None for any other evidence."""
    value = next((w.removeprefix(_VALUE) for w in found.warnings if w.startswith(_VALUE)), None)
    view = next((v for v in get_args(ProfileView) if found.title.startswith(f"{v} profile, ")), None)
    if found.kind != "capture" or value is None or view is None or not found.artefacts:
        return None
    return CaptureRecord(
        evidence_id=found.id, profiler=found.tool, view=view, value=value, profile=found.artefacts[0].path
    )


def _when(size: int | None, seconds: float | None) -> str:
    parts = ["asked for"]
    parts += [f"size {size}"] if size is not None else []
    parts += [f"{seconds:g} s"] if seconds is not None else []
    return ", ".join(parts)
