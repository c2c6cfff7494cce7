"""Hosts that don't exist: a toolchain whose processes take times with known noise, drift and gains."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from tools.measure.toolchain import Build, Profiler, TestOutcome
from tools.measure.trials.subject import PROGRAMS, Subject
from tools.measure.trials.trial import Rules
from tools.measure.workload import SECONDS_PER_OP, Benchmark, Sample, Workload

Kind = Literal["normal", "heavy tails", "skewed", "drifting", "spikes", "often disturbed", "two speeds"]
KINDS: tuple[Kind, ...] = (
    "normal", "heavy tails", "skewed", "drifting", "spikes", "often disturbed", "two speeds",
)  # fmt: skip


@dataclass(slots=True)
class SyntheticHost:
    """A toolchain that runs nothing: a process takes its build's work, times what the host does meanwhile.

    `noise` is the size of the disturbance, as a share of the time. What the build's work is stands in its argv.
    """

    kind: Kind
    noise: float
    seed: int = 1
    processes: int = 0
    _random: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)

    version = "a host that doesn't exist"
    profilers: tuple[Profiler, ...] = ()

    def build(self, root: Path, workload: Workload) -> Build:
        """A build whose work is what its copy's file says."""
        program = PROGRAMS[workload.language]
        found = program.amount.search((root / program.file).read_text(encoding="utf-8"))
        assert found is not None
        return Build(root=root, programs={}, duration_s=0.0, argv=(found[0],))

    def test(self, root: Path) -> TestOutcome:
        """Nothing here has tests."""
        raise NotImplementedError

    def sample(self, build: Build, benchmark: Benchmark, iterations: int) -> Sample:
        """One process: its work, disturbed."""
        self.processes += 1
        time_s = int(build.argv[0]) * 1e-6 * self._disturbance()
        return Sample(
            benchmark=benchmark.name, iterations=iterations, values={SECONDS_PER_OP: time_s}, duration_s=0.05
        )

    def _disturbance(self) -> float:
        random, noise = self._random, self.noise
        match self.kind:
            case "normal":
                return math.exp(float(random.normal(0, noise)))
            case "heavy tails":
                return math.exp(float(np.clip(random.standard_t(2), -50, 50)) * noise / 2)
            case "skewed":
                return math.exp(float(random.exponential(noise)))
            case "drifting":  # a wave of ±15 % over 60 processes, on top of noise
                wave = 0.15 * math.sin(2 * math.pi * self.processes / 60)
                return math.exp(wave + float(random.normal(0, noise)))
            case "spikes":
                spike = float(random.uniform(0.5, 3)) if random.random() < 0.02 else 0.0
                return math.exp(float(random.normal(0, noise))) * (1 + spike)
            case (
                "often disturbed"
            ):  # as a small virtual machine was seen to be: one process in twelve takes half as long again
                slow = float(random.uniform(0.4, 1.0)) if random.random() < 0.08 else 0.0
                return math.exp(float(random.normal(0, noise))) * (1 + slow)
            case "two speeds":
                fast = 0.95 if random.random() < 0.5 else 1.0
                return fast * math.exp(float(random.normal(0, noise / 4)))


def subject_on(host: SyntheticHost, folder: Path) -> Subject:
    """The bundled Go program on a host that doesn't exist."""
    program = PROGRAMS["go"]
    baseline = Build(root=folder, programs={}, duration_s=0.0, argv=(str(program.work),))
    return Subject(language="go", toolchain=host, folder=folder, baseline=baseline)


def rules(wanted_gain: float = 0.1) -> Rules:
    """As a run's."""
    return Rules(
        process_s=0.05,
        calibration_pairs=5,
        pairs_min=7,
        pairs_max=25,
        final_s=30.0,
        wanted_gain=wanted_gain,
    )
