"""A case: a small program with a planted problem, what is right about it, and a human's solution.

cases/<name>/case.yaml         the question, the right bottleneck, the hidden workload
             target/           what the agent is given, and nothing else
             hidden_tests/     laid over a copy of the target afterwards: tests, and one benchmark on
                               inputs and sizes that the agent has not seen
             reference.patch   a human's solution; missing where nothing can be improved
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tools.measure.workload import Language

CASES = Path(__file__).parent / "cases"


class BadCase(Exception):
    """A case's files don't fit together; the message names the file and what is wrong with it."""


class HiddenWorkload(BaseModel):
    """What the gain is measured by: Go benchmarks by name, or a Python command."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bench: str | None = None
    command: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one(self) -> HiddenWorkload:
        if (self.bench is None) == (not self.command):
            raise ValueError("give either bench or command")
        return self


class CaseFile(BaseModel):
    """case.yaml. `bottleneck` lists the functions any of which is the right place to name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Language
    question: str = Field(min_length=10)
    bottleneck: tuple[str, ...] = Field(min_length=1)
    unimprovable: bool = False
    workload: HiddenWorkload


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case, read and checked."""

    name: str
    folder: Path
    facts: CaseFile

    @property
    def target(self) -> Path:
        """What the agent is given a copy of."""
        return self.folder / "target"

    @property
    def hidden_tests(self) -> Path:
        """What is laid over a copy of the target when the agent has ended."""
        return self.folder / "hidden_tests"

    @property
    def reference(self) -> str:
        """The human's solution as a patch; "" where nothing can be improved."""
        path = self.folder / "reference.patch"
        return path.read_text(encoding="utf-8") if path.is_file() else ""


def read_case(folder: Path) -> Case:
    """The case in a folder. Raises: BadCase."""
    path = folder / "case.yaml"
    try:
        facts = CaseFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise BadCase(f"{path} can't be used: {' '.join(str(error).split())}") from error
    case = Case(name=folder.name, folder=folder, facts=facts)
    for part in (case.target, case.hidden_tests):
        if not part.is_dir():
            raise BadCase(f"{part} is missing")
    if facts.unimprovable == bool(case.reference):
        raise BadCase(f"{folder}: a case has a reference.patch, or is unimprovable, never both")
    return case


def read_cases(names: tuple[str, ...] = (), folder: Path = CASES) -> tuple[Case, ...]:
    """All cases, by name, or those named. Raises: BadCase, for a name that isn't there too."""
    there = {path.name: path for path in sorted(folder.iterdir()) if (path / "case.yaml").is_file()}
    unknown = [name for name in names if name not in there]
    if unknown:
        raise BadCase(f"there is no case {', '.join(unknown)}: there are {', '.join(there)}")
    return tuple(read_case(there[name]) for name in names or there)
