"""The kinds of profile that Go's /debug/pprof/ gives: what each is about, and whether it covers a time or a moment.

Source: net/http/pprof of Go 1.26 (`seconds` makes a difference of two captures for all but `profile` and `trace`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tools.measure.toolchain import ProfileView


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveKind:
    """One kind. `path` is its name in the index, `value` what the view is about.

    `covers_time`: it is about the seconds of its capture; others are of one moment. `query` is asked for besides.
    """

    name: str
    path: str
    view: ProfileView
    value: str
    covers_time: bool = False
    query: str = ""


_KINDS = (
    LiveKind(name="profile", path="profile", view="cpu", value="cpu", covers_time=True),
    LiveKind(name="heap", path="heap", view="memory", value="inuse_space", query="gc=1"),
    LiveKind(name="heap-growth", path="heap", view="memory", value="inuse_space", covers_time=True),
    LiveKind(name="allocs", path="allocs", view="memory", value="alloc_space", covers_time=True),
    LiveKind(name="goroutine", path="goroutine", view="goroutines", value="goroutine"),
    LiveKind(
        name="goroutine-growth", path="goroutine", view="goroutines", value="goroutine", covers_time=True
    ),
    LiveKind(name="goroutineleak", path="goroutineleak", view="goroutines", value="goroutineleak"),
    LiveKind(name="mutex", path="mutex", view="contention", value="delay", covers_time=True),
    LiveKind(name="block", path="block", view="goroutines", value="delay", covers_time=True),
    LiveKind(name="threadcreate", path="threadcreate", view="threads", value="threadcreate"),
)
KINDS: Mapping[str, LiveKind] = {kind.name: kind for kind in _KINDS}
"""By name, the one that answers most questions first."""
_LISTED = re.compile(rb"""href=["']?([A-Za-z0-9_./-]+)\?debug=""")
_LINKED = re.compile(rb"""href=["']?([A-Za-z0-9_./-]+)\?(?:debug|seconds)=""")


def kinds_in_index(page: bytes) -> tuple[str, ...]:
    """The kinds of which the index lists a profile, in the order of KINDS; empty when it is no such index.

    Go before 1.11 links only what can be read as text, so the CPU profile is taken to be there with the others.
    """
    listed = {path.decode().rpartition("/")[2] for path in _LINKED.findall(page)}
    if not _LISTED.search(page) or not listed & {"goroutine", "heap", "threadcreate"}:
        return ()
    return tuple(kind.name for kind in _KINDS if kind.path in listed | {"profile"})
