"""A live pprof endpoint: what it offers, one capture at a time, bounded, and what that costs the program."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tools.errors import ToolError, UnreadableOutput
from tools.live.address import Address, parse_address
from tools.live.bounds import MAX_SECONDS
from tools.live.contention import MUTEX, contention_of, sampling_doubts
from tools.live.cost import BEFORE_S, CostWatch
from tools.live.delta import subtract
from tools.live.expvar import Variables, parse_variables
from tools.live.fetching import MIB, Bounds, Fetcher, Reply
from tools.live.kinds import KINDS, LiveKind, kinds_in_index
from tools.live.replies import checked
from tools.live.sockets import pid_listening_on
from tools.live.waiting import sleep_unless
from tools.measure.hostlock import lock_path, measuring_alone
from tools.measure.toolchain import Capture
from tools.profiles.pprof import PprofLimits, read_pprof, write_pprof
from tools.profiles.profile import Profile
from tools.profiles.views import base_unit

GRACE_S = 20.0
"""How long an answer may take beyond the seconds that were asked for: a large heap is written slowly."""
ASKING_S = 2.0
WAIT_S = 60.0
PROFILE_BYTES = 64 * MIB
TEXT_BYTES = 4 * MIB
LIMITS = PprofLimits(decompressed_bytes=512 * MIB)
"""For what a server answers: it may be anything."""
TOOL = "net/http/pprof"
UNENCRYPTED = "the header in ${name} went over the network unencrypted: use https://"
_HEADER = re.compile(r"([A-Za-z0-9-]+):[ \t]+([!-~][ -~\t]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A server's /debug/pprof/. `header_env` names the variable of `environment` that holds a whole header.

    The header's value is never kept, shown, or sent to another host. `is_cancelled` ends what is under way.
    `before_s` is how long the program is watched before a capture, to tell what the capture costs.
    Raises, when made: ToolError for an address or a header that can't be used.
    """

    url: str
    header_env: str = ""
    before_s: float = BEFORE_S
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_cancelled: Callable[[], bool] = field(default=lambda: False, repr=False)

    def __post_init__(self) -> None:
        parse_address(self.url)
        self._headers()

    @property
    def address(self) -> Address:
        """Where it is."""
        return parse_address(self.url)

    def kinds(self, *, within_s: float = GRACE_S) -> tuple[str, ...]:
        """The kinds of profile that its index lists, those that `capture` takes. Raises: ToolError."""
        url = self.address.pprof
        reply = self._get(url, Bounds(total_s=within_s, body_bytes=TEXT_BYTES))
        found = kinds_in_index(reply.body) if reply.status == 200 else ()
        if not found:
            checked(reply, header_env=self.header_env)
            raise UnreadableOutput(f"{url} isn't an index of profiles: is this the program's pprof address?")
        return found

    def expvar(self) -> Variables:
        """The program's variables at /debug/vars. Raises: ToolError, also where it publishes none."""
        url = self.address.variables
        reply = self._get(url, Bounds(total_s=GRACE_S, body_bytes=TEXT_BYTES))
        return parse_variables(checked(reply, header_env=self.header_env), url)

    def capture(self, kind: str, seconds: float, out: Path) -> Capture:
        """One profile, over whole `seconds` (rounded up) where the kind covers a time; written to `out` when whole.

        Waits while another capture of the same endpoint is taken from this host. Raises: ToolError.
        """
        wanted = _known(kind)
        whole_s = whole_seconds(seconds)
        watch = CostWatch(pid=self._pid(), ask=self.answer_s)
        with self.alone():
            with watch.around(before_s=self.before_s):
                profile, url, elapsed_s = self._profile(wanted, whole_s)
            said = self.text("mutex?debug=1") if wanted == MUTEX and not profile.total("delay") else ""
        out.mkdir(parents=True, exist_ok=True)
        path = out / f"{wanted.name}.pb.gz"
        write_pprof(profile, path)
        return Capture(
            profiler=f"pprof-{wanted.name}",
            view=wanted.view,
            value=wanted.value,
            profile=profile,
            profile_path=path,
            argv=("GET", url),
            tool_version=TOOL,
            exit_code=0,
            duration_s=elapsed_s,
            quantities={**_totals(profile), **contention_of(wanted, profile), **watch.quantities},
            warnings=(*sampling_doubts(wanted, profile, said), *watch.doubts, *self._unencrypted()),
        )

    def snapshot(self, kind: str) -> Profile:
        """One profile of this moment, without lock, cost or file: for who takes several. Raises: ToolError."""
        wanted = _known(kind)
        return self._ask(wanted, f"?{wanted.query}" if wanted.query else "", 0)[0]

    def text(self, path: str) -> str:
        """What `path` below /debug/pprof/ answers as text. Raises: ToolError."""
        reply = self._get(
            self.address.pprof + path, Bounds(total_s=GRACE_S + ASKING_S, body_bytes=PROFILE_BYTES)
        )
        return checked(reply, header_env=self.header_env).decode("utf-8", errors="replace")

    def answer_s(self) -> float:
        """How long it takes to answer a request that costs it nothing. Raises: ToolError."""
        bounds = Bounds(total_s=ASKING_S, body_bytes=TEXT_BYTES)
        reply = self._get(f"{self.address.pprof}cmdline", bounds)
        if reply.status != 200:
            raise ToolError(f"{reply.url} answered with status {reply.status}")
        return reply.elapsed_s

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold this endpoint's lock on this host. Raises: ToolError when another holds it too long; Cancelled."""
        path = lock_path().with_name(f"ask-profiler-live-{self.address.digest}.lock")
        with measuring_alone(path, timeout_s=WAIT_S, is_cancelled=self.is_cancelled):
            yield

    def _profile(self, kind: LiveKind, seconds: int) -> tuple[Profile, str, float]:
        """The profile, the address that gave it, and how long that took. Raises: ToolError."""
        if not kind.covers_time:
            return self._ask(kind, f"?{kind.query}" if kind.query else "", 0)
        profile, url, elapsed_s = self._ask(kind, f"?seconds={seconds}", seconds)
        if elapsed_s >= seconds / 2:
            return replace(profile, duration_ns=profile.duration_ns or int(elapsed_s * 1e9)), url, elapsed_s
        if kind.path == "profile":
            raise UnreadableOutput(
                f"{url} answered after {elapsed_s:.1f} s of {seconds}: something between here and the program gave an "
                "old answer, or cut it off"
            )
        # Go before 1.15 takes no notice of `seconds` here: what it gave is the first of two captures.
        sleep_unless(self.is_cancelled, seconds - elapsed_s)
        second, url, more_s = self._ask(kind, "", 0)
        lasted_s = seconds + more_s
        return replace(subtract(profile, second), duration_ns=int(lasted_s * 1e9)), url, lasted_s

    def _ask(self, kind: LiveKind, query: str, seconds: int) -> tuple[Profile, str, float]:
        url = f"{self.address.pprof}{kind.path}{query}"
        reply = self._get(url, Bounds(total_s=seconds + GRACE_S, body_bytes=PROFILE_BYTES))
        body = checked(reply, header_env=self.header_env)
        try:
            profile = read_pprof(body, LIMITS)
        except UnreadableOutput as error:
            raise UnreadableOutput(f"{url} answered no profile that can be read: {error}") from error
        if kind.value not in {v.name for v in profile.value_types}:
            there = ", ".join(v.name for v in profile.value_types)
            raise UnreadableOutput(
                f"{url} answered another kind of profile: it has {there}, not {kind.value}"
            )
        return profile, url, reply.elapsed_s

    def _get(self, url: str, bounds: Bounds) -> Reply:
        return Fetcher(headers=self._headers(), is_cancelled=self.is_cancelled).get(url, bounds)

    def _headers(self) -> Mapping[str, str]:
        if not self.header_env:
            return {}
        found = _HEADER.fullmatch(self.environment.get(self.header_env, "").strip())
        if found is None:
            raise ToolError(
                f"${self.header_env} holds no header: set it to the whole of it, such as `Authorization: Bearer …`"
            )
        return {found[1]: found[2]}

    def _pid(self) -> int | None:
        """The process that answers, where it is one of this host that may be looked into."""
        return pid_listening_on(self.address.port) if self.address.is_loopback else None

    def _unencrypted(self) -> tuple[str, ...]:
        if self.header_env and self.address.scheme == "http" and not self.address.is_loopback:
            return (UNENCRYPTED.format(name=self.header_env),)
        return ()


def whole_seconds(seconds: float) -> int:
    """Whole seconds, as servers want them. Raises: ToolError for none, or more than a live program should bear."""
    if not 0 < seconds <= MAX_SECONDS:
        raise ToolError(
            f"a live program isn't watched for {seconds:g} s: give more than 0 and at most {MAX_SECONDS:g} s, and "
            "capture again where that is too short"
        )
    return math.ceil(seconds)


def _known(kind: str) -> LiveKind:
    found = KINDS.get(kind)
    if found is None:
        raise ToolError(f"no kind of profile is called {kind!r}: there are {', '.join(KINDS)}")
    return found


def _totals(profile: Profile) -> dict[str, tuple[float, str]]:
    found = {}
    for value in profile.value_types:
        factor, unit = base_unit(value.unit)
        found[f"total_{value.name}"] = (profile.total(value.name) * factor, unit)
    if profile.duration_ns:
        found["watched"] = (profile.duration_ns / 1e9, "s")
    return found
