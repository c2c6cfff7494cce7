"""Evidence: what a tool run showed. Every number of a report refers to one of these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

EvidenceKind = Literal[
    "host",
    "build",
    "tests",
    "capture",
    "recording",
    "calibration",
    "pairs",
    "guard",
    "values",
    "counts",
    "measurement",
    "analysis",
    "missing",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A named number with its unit (base units: `s`, `B`, `ratio`, `count`, …).

    `interval` is a 95 % interval where the number is an estimate, else None.
    """

    name: str
    value: float
    unit: str
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A file of the run's folder: `path` relative to it, and its SHA-256."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One tool run. `failure` is None when it worked, else the sentence that says why it didn't."""

    id: str
    kind: EvidenceKind
    title: str
    tool: str
    tool_version: str = ""
    argv: tuple[str, ...] = ()
    exit_code: int | None = None
    duration_s: float = 0.0
    artefacts: tuple[Artefact, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    warnings: tuple[str, ...] = ()
    failure: str | None = None

    def quantity(self, name: str) -> Quantity:
        """The quantity called `name`. Raises: KeyError when this evidence has none of that name."""
        for quantity in self.quantities:
            if quantity.name == name:
                return quantity
        raise KeyError(f"{self.id} has no quantity {name!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """`E7.cpu_share`: how a report names a measured number."""

    evidence_id: str
    name: str

    def __str__(self) -> str:
        return f"{self.evidence_id}.{self.name}"


@dataclass(frozen=True, slots=True)
class EvidenceIndex:
    """Look-up over a run's evidence, in the order it was gathered."""

    items: tuple[Evidence, ...] = field(default=())

    @classmethod
    def of(cls, items: Iterable[Evidence]) -> EvidenceIndex:
        """An index over `items`."""
        return cls(tuple(items))

    def get(self, evidence_id: str) -> Evidence:
        """The evidence with that id. Raises: KeyError when there is none."""
        for item in self.items:
            if item.id == evidence_id:
                return item
        raise KeyError(f"no evidence {evidence_id!r}")

    def resolve(self, reference: Reference) -> Quantity:
        """The number a reference stands for. Raises: KeyError when it points nowhere."""
        return self.get(reference.evidence_id).quantity(reference.name)
