"""What was asked, and what will be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tools.measure.toolchain import ProfileView
from tools.measure.workload import Language, Workload

View = ProfileView
TargetKind = Literal["project", "recording", "live"]
"""What a target is: code that is copied, run and changed; or a recorded file or a program that runs already, which are
only looked at.
"""
VIEW_NAMES: Mapping[View, str] = {
    "cpu": "CPU time",
    "memory": "memory",
    "goroutines": "goroutines",
    "contention": "contention",
    "threads": "threads",
}
"""What each view is called in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that someone else wrote and that is to be judged: `patch` is a unified diff with a/ b/ prefixes
    relative to the project's root; `title` names it in reports. `harness` says that tests, benchmarks and build
    files of the change are to be used on both sides, where otherwise changing them is forbidden.

    `no_slower` accepts what makes nothing slower or bigger, for changes that aren't meant to make anything faster.
    `base` is the commit in the target's repository that the patch is for; without one it is for the files as they
    are. `strip` is how many leading parts of the patch's file names are left out, 1 for the a/ and b/.
    `minimum_gain_ratio` replaces the policy's. `notes` are said in the report.
    """

    title: str
    patch: str
    harness: bool = False
    no_slower: bool = False
    base: str | None = None
    strip: int = 1
    minimum_gain_ratio: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """How a live program is looked at.

    `capture_s` is what each profile that covers a time covers. `growth_s` is how long growth is watched: 0 never, None
    a minute where the question is about what grows. `header_env` names the variable of the environment that holds a
    whole header; `counter` is expvar's name of what counts requests, "" for the one whose name says so.
    """

    capture_s: float = 10.0
    growth_s: float | None = None
    header_env: str = ""
    counter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A question about a target, as a door received it; `target` is an absolute path, the URL of a pprof endpoint, or
    `pid:N`. `sources` is the folder with the sources of what is only looked at, where it is known.

    `bench` is a regular expression over benchmark names, `command` an argument list that may hold
    `{size}`; at most one of the two. Without either the workload is found in the target. With a `change`
    nothing is searched for: that change is judged.
    """

    question: str
    target: str
    bench: str | None = None
    command: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    definition_file: str | None = None
    settings_file: str | None = None
    analyst: str = "auto"
    sandbox: Literal["auto", "bubblewrap", "none"] = "auto"
    time_limit_s: float | None = None
    python: str | None = None
    seed: int = 0
    change: Change | None = None
    sources: str | None = None
    watching: Watching = field(default_factory=Watching)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Something that isn't there, what stays unmeasured without it, and what brings it."""

    what: str
    leaves_unmeasured: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What intake decided: language, workload, profilers, focus, and what can't be measured.

    `root` is the target's project root and `subdirectory` the package within it ("" for the root).
    `module` is the Go module path or the Python package's import name, "" if unknown. `focus` orders the
    views the question asks about, most important first. `kind` is what the target is; nothing is run or changed
    but in a project.
    """

    language: Language
    root: str
    subdirectory: str
    workload: Workload
    profilers: tuple[str, ...]
    focus: tuple[View, ...]
    toolchain: str
    module: str = ""
    missing: tuple[Missing, ...] = ()
    notes: tuple[str, ...] = field(default=())
    kind: TargetKind = "project"
