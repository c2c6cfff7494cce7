"""Reading Chrome trace files: an array of events, or an object with traceEvents.

Source: "Trace Event Format" (Google, 2016), and what viztracer 1.1 and Chromium write. Read are B/E and X (threads),
b/e and S/F (asynchronous), s/t/f (flows) and M (names). Instants, counters, samples, objects and memory dumps
aren't spans.
"""

from __future__ import annotations

from tools.errors import UnreadableOutput
from tools.spans.chrome_nesting import to_spans
from tools.spans.doubts import Doubts
from tools.spans.fields import Json, a_number, a_text, an_object, wrong
from tools.spans.slices import Flow, Names, Slice, Track
from tools.spans.span import Recording, SpanLimits

_NO_SPANS = frozenset("nTpiIRCPNOD(),vVac=")


def read_chrome(events: Json, source: str, limits: SpanLimits) -> Recording:
    """The spans of a list of events. Raises: UnreadableOutput naming the event and field."""
    if events is None or not isinstance(events, list):
        raise wrong("traceEvents", "a list of events", events)
    reader = _Reader(limits)
    for n, event in enumerate(events):
        reader.read(event, n)
    reader.finish()
    if not reader.slices:
        raise UnreadableOutput("no event in it has a duration (B/E, X or b/e): nothing was recorded")
    spans = to_spans(reader.slices, reader.flows, reader.names, reader.doubts)
    return Recording(spans=spans, source=source, form="Chrome trace", warnings=reader.doubts.warnings())


class _Reader:
    """Collects slices, event by event."""

    def __init__(self, limits: SpanLimits) -> None:
        self.slices: list[Slice] = []
        self.flows: list[Flow] = []
        self.names = Names(processes={}, threads={})
        self.doubts = Doubts()
        self._limits = limits
        self._open: dict[Track, list[Slice]] = {}
        self._last_ns: dict[str, int] = {}

    def read(self, given: Json, number: int) -> None:
        where = f"event {number}"
        event = an_object(given, where)
        phase = event.get("ph")
        if phase == "M":
            self._name(event, where)
        elif phase == "X":
            self._complete(event, where)
        elif phase == "B":
            self._begin(event, self._thread(event, where), where)
        elif phase == "E":
            self._end(event, self._thread(event, where), where)
        elif phase in ("b", "S"):
            self._begin(event, self._async(event, where), where)
        elif phase in ("e", "F"):
            self._end(event, self._async(event, where), where)
        elif phase in ("s", "t", "f"):
            self._flow(event, where)
        elif not isinstance(phase, str) or not phase:
            raise wrong(f"{where}.ph", "a phase such as X", phase)
        elif phase not in _NO_SPANS:
            self.doubts.add("events have an unknown phase and are left out", f"{where}, {phase[:20]!r}")

    def finish(self) -> None:
        """Close what was never closed, at the last moment of its process."""
        for track, stack in self._open.items():
            for piece in stack:
                self.doubts.add("spans have no end; they are taken to last until the recording's", piece.name)
                piece.end_ns = max(self._last_ns[track.process], piece.start_ns)
                piece.is_unfinished = True

    def _complete(self, event: dict[str, Json], where: str) -> None:
        track = self._thread(event, where)
        ts = a_number(event.get("ts"), f"{where}.ts")
        dur = a_number(event.get("dur", 0), f"{where}.dur")
        if dur < 0:
            self.doubts.add("spans end before they begin; they are taken to last no time", where)
            dur = 0
        start_ns = round(ts * 1000)
        self._add(event, track, start_ns, where).end_ns = start_ns + round(dur * 1000)
        self._seen(track, start_ns + round(dur * 1000))

    def _begin(self, event: dict[str, Json], track: Track, where: str) -> None:
        start_ns = self._time(event, track, where)
        self._open.setdefault(track, []).append(self._add(event, track, start_ns, where))

    def _end(self, event: dict[str, Json], track: Track, where: str) -> None:
        end_ns = self._time(event, track, where)
        stack = self._open.get(track, [])
        name = a_text(event.get("name"), f"{where}.name")
        depth = next((n for n in reversed(range(len(stack))) if not name or stack[n].name == name), None)
        if depth is None:
            self.doubts.add("ends belong to no begin and are left out", f"{where}, {name or 'without name'}")
            return
        for inner in stack[depth + 1 :]:
            self.doubts.add("spans have no end; they are taken to end with the one around them", inner.name)
            inner.end_ns, inner.is_unfinished = max(end_ns, inner.start_ns), True
        closed = stack[depth]
        if end_ns < closed.start_ns:
            self.doubts.add("spans end before they begin; they are taken to last no time", where)
        closed.end_ns = max(end_ns, closed.start_ns)
        del stack[depth:]

    def _flow(self, event: dict[str, Json], where: str) -> None:
        track = self._thread(event, where)
        key = (event.get("cat"), event.get("name"), str(event.get("id", event.get("bind_id"))))
        self.flows.append(
            Flow(
                key=str(key), track=track, ts_ns=self._time(event, track, where), is_start=event["ph"] == "s",
                binds_next=event["ph"] == "f" and event.get("bp") != "e",
            )
        )  # fmt: skip

    def _add(self, event: dict[str, Json], track: Track, start_ns: int, where: str) -> Slice:
        name = a_text(event.get("name"), f"{where}.name") or "(no name)"
        if len(self.slices) >= self._limits.spans:
            raise UnreadableOutput(f"over {self._limits.spans} spans: record for a shorter time")
        self.slices.append(
            Slice(
                name=name, track=track, start_ns=start_ns, end_ns=start_ns,
                emitter=Track(process=track.process, thread=_id(event, "tid", where)) if track.is_async else track,
            )
        )  # fmt: skip
        return self.slices[-1]

    def _time(self, event: dict[str, Json], track: Track, where: str) -> int:
        return self._seen(track, round(a_number(event.get("ts"), f"{where}.ts") * 1000))

    def _seen(self, track: Track, ts_ns: int) -> int:
        if ts_ns > self._last_ns.get(track.process, ts_ns - 1):
            self._last_ns[track.process] = ts_ns
        return ts_ns

    @staticmethod
    def _thread(event: dict[str, Json], where: str) -> Track:
        return Track(process=_id(event, "pid", where), thread=_id(event, "tid", where))

    @staticmethod
    def _async(event: dict[str, Json], where: str) -> Track:
        """The track of an asynchronous event: all that have its category and id, in one process or in all."""
        id2 = an_object(event.get("id2"), f"{where}.id2")
        given = event.get("id", id2.get("local", id2.get("global")))
        if given is None:
            raise wrong(f"{where}.id", "what an asynchronous event's begin and end have in common", None)
        thread = f"{event.get('cat')} {event.get('scope', '')} {given}"
        return Track(process=_id(event, "pid", where), thread=thread, is_async=True)

    def _name(self, event: dict[str, Json], where: str) -> None:
        what = event.get("name")
        if what in ("process_name", "thread_name"):
            name = a_text(an_object(event.get("args"), f"{where}.args").get("name"), f"{where}.args.name")
            process = _id(event, "pid", where)
            if what == "process_name":
                self.names.processes[process] = name
            else:
                self.names.threads[process, _id(event, "tid", where)] = name


def _id(event: dict[str, Json], key: str, where: str) -> str:
    value = event.get(key, 0)
    if not isinstance(value, int | str):
        raise wrong(f"{where}.{key}", "a number or text", value)
    return str(value)[:100]
