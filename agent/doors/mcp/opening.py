"""Which profile a call means, and where its sources are: of a run by name, for a local caller a file by its path."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agent.access.caller import Caller
from agent.doors.cli.recorded import read
from agent.errors import BadRequest
from agent.jobs.desk import Desk
from agent.rendering.profile_answers.wording import Wording
from agent.report import Report
from agent.targets import SOURCES, is_live
from agent.workspace import NOT_COPIED
from tools.errors import UnreadableOutput
from tools.profiles.inflating import read_start
from tools.profiles.profile import Profile
from tools.profiles.reading import START_BYTES, read_profile
from tools.profiles.source import AnnotatedFunction

WORDING = Wording(
    settings={
        "focus": "`focus`",
        "limit": "`limit` {}",
        "function": "a longer `function`",
        "value": "`value`",
        "tokens": "`tokens` {}",
        "source": "`source`",
    },
    filter="`{}`",
    listing="`top` lists those there are",
    most=200,
)
"""How answers say what to ask for instead: by the tools' parameters."""
LONGER = replace(WORDING, most=20_000)
"""The same where a longer answer is offered."""
ENDING = ".pb.gz"
BENCHMARK = re.compile(rb"^Benchmark\S+[ \t]+\d+[ \t]+[\d.]+ \S", re.MULTILINE)
"""A line of results. Source: golang.org/design/14313-benchmark-format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A profile, what it is called in answers, and the folders that its sources may be read from."""

    profile: Profile
    name: str
    roots: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A profile of a run: its file, and the evidence that it is of, whose title is such as `cpu profile, before`."""

    path: str
    evidence: str
    title: str

    def is_called(self, name: str) -> bool:
        """Whether a caller may mean it by this name."""
        file = self.path.rpartition("/")[2]
        return name in (self.path, file, file.removesuffix(ENDING), self.evidence, self.title)

    @property
    def view(self) -> str:
        """The view that it shows, such as `cpu`, by its title."""
        return self.title.partition(" ")[0]


def opened(desk: Desk, caller: Caller, run: str, name: str, source: str = "") -> Opened:
    """The profile that a call means. Raises: Refused, BadRequest saying what there is, ToolError."""
    if not run:
        return _from_file(caller, name, source)
    if source:
        raise BadRequest("`source` goes with a profile in a file: a run's sources are where its target is")
    report, job = desk.report(caller, run), desk.job(caller, run)
    kept = _named(kept_in(report), name, run)
    sources = job.request.sources or ("" if is_live(job.request.target) else report.plan.root)
    roots = (Path(sources),) if sources and Path(sources).is_dir() else ()
    called = f"{kept.evidence or kept.path} ({kept.title or 'profile'})"
    return Opened(profile=_read(desk.file(caller, run, kept.path), called), name=called, roots=roots)


def kept_in(report: Report) -> tuple[Kept, ...]:
    """A run's profiles, those from before any change first."""
    about = {a.path: (e.id, e.title) for e in report.evidence for a in e.artefacts}
    return tuple(
        Kept(path=path, evidence=about.get(path, ("", ""))[0], title=about.get(path, ("", ""))[1])
        for path in dict.fromkeys(report.profiles)
    )


def _named(there: Sequence[Kept], name: str, run: str) -> Kept:
    exact = next((kept for kept in there if kept.is_called(name)), None)
    found = exact or next((kept for kept in there if kept.view == name), None)
    if found is None:
        known = ", ".join(f"{kept.evidence or kept.path} ({kept.title})" for kept in there)
        raise BadRequest(
            f"run {run} has no profile {name!r}: {f'it has {known}' if known else 'it has none'}"
        )
    return found


def _read(content: bytes, name: str) -> Profile:
    with tempfile.NamedTemporaryFile(prefix="ask-profiler-", suffix=ENDING) as file:
        file.write(content)
        file.flush()
        try:
            return read_profile(Path(file.name))
        except UnreadableOutput as error:
            raise BadRequest(f"{name} can't be read: {str(error).replace(file.name, name)}") from error


def _from_file(caller: Caller, name: str, source: str) -> Opened:
    """A local caller's recorded profile. Raises: BadRequest; for a remote caller always."""
    if not caller.is_local:
        raise BadRequest(
            "name the `run` that the profile belongs to: files are read for callers of this machine only"
        )
    root = Path(source).expanduser() if source else Path.cwd()
    if not root.is_dir():
        raise BadRequest(f"`source` {root} is no folder: name the one that the sources are below")
    path = Path(name).expanduser()
    if path.is_file() and _holds_benchmarks(path):
        raise BadRequest(
            f"{name} holds the results of Go benchmarks, and this tool reads profiles only. Two such files are "
            "compared by `ask-profiler compare` on the command line; whether a change is faster, `verify_change` tells"
        )
    return Opened(profile=read(str(path)), name=name, roots=(root,))


def _holds_benchmarks(path: Path) -> bool:
    try:
        return bool(BENCHMARK.search(read_start(path, START_BYTES)))
    except UnreadableOutput:
        return False  # whoever reads it as a profile says why


def in_project(found: AnnotatedFunction, roots: Sequence[Path]) -> AnnotatedFunction:
    """The function with its file named from the root; without text that is no source of the project's.

    A hostile profile may name any file below the root, such as git's own settings with the passwords in them.
    """
    if found.source is None:
        return found
    path = found.source
    root = next((root for root in roots if path.is_relative_to(root)), None)
    inside = path.relative_to(root) if root is not None else path
    if root is not None and inside.suffix in SOURCES and not NOT_COPIED.intersection(inside.parts):
        return replace(found, source=inside, doubt=found.doubt.replace(str(path), str(inside)))
    lines = tuple(
        replace(line, text=None) for line in found.lines if line.self_value or line.cumulative_value
    )
    return replace(found, source=None, lines=lines, doubt="")
