"""Critical paths of recorded requests: for a terminal, as Markdown, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from agent.rendering import github
from agent.rendering.critical_path_json import render_json
from agent.rendering.quantities import format_number
from agent.rendering.terminal import plain
from tools.spans.answer import Answer, Examined, Operation, RequestType
from tools.spans.span import NS_PER_S

Form = Literal["text", "markdown", "json"]
TYPES, ROWS = 5, 20
SHORT_RATIO = 0.005
"""Pieces of the typical path under this part of the total are told together."""
NOTE = (
    "own time: an operation's own time on the critical path, per request. share: of all requests' time. "
    "saves: by how much that would shrink if the operation took no time."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A title, a table of which the first column is text (none: no table), and lines below it."""

    title: str
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    lines: tuple[str, ...] = ()


def render(found: Answer, form: Form) -> str:
    """The answer as a page; nothing in a span's name can steer a terminal or is markup."""
    if form == "json":
        return render_json(found)
    requests = sum(t.requests for t in found.types)
    facts = f"{found.source}: {found.form}, {_count(requests, 'request')}, {_count(found.spans, 'span')}"
    parts = [part for t in found.types[:TYPES] for part in _parts(found, t)]
    hidden = found.types[TYPES:]
    notes = [NOTE]
    if hidden:
        time = format_number(sum(t.total_ns for t in hidden) / NS_PER_S, "s")
        notes.insert(0, f"{len(hidden)} more types of requests ({time} in all): choose with --root REGEX")
    write = _markdown if form == "markdown" else _text
    return write(facts, parts, notes, found.warnings)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _parts(found: Answer, kind: RequestType) -> Iterator[Part]:
    names = _Names(found)
    total = kind.total
    if kind.requests == 1:
        title = f"{names.of(kind.operation)}: {_time(total.mean_s)}"
    else:
        title = (
            f"{names.of(kind.operation)}: {_count(kind.requests, 'request')}, mean {_time(total.mean_s)}, "
            f"median {_time(total.p50_s)}, 95th percentile {_time(total.p95_s)}, longest {_time(total.longest_s)}"
        )
    yield _shares(kind, names, title)
    if kind.long:
        yield _long(found, kind, names)
    aside = [
        f"{names.of(b.operation)}: shortening it saves nothing; it ran for {_time(b.duration_s)}, "
        f"beside {names.of(b.beside)} for {_time(b.beside_s)}"
        for b in kind.beside
    ]
    if kind.beside_count > len(aside):
        aside.append(f"{kind.beside_count - len(aside)} more operations were never on the path")
    aside += [
        f"{names.of(g.operation)}: nobody waited for it"
        + (f"; it ended up to {_time(g.after_s)} after what began it" if g.after_s else "")
        for g in kind.goes_on[:ROWS]
    ]
    if aside:
        yield Part(title="Beside the path", lines=tuple(aside))
    yield _typical(kind, names)


class _Names:
    """How operations are called: with their service where there are several."""

    def __init__(self, found: Answer) -> None:
        shown = (t.typical.fitted.trace.spans for t in found.types)
        services = {span.service for spans in shown for span in spans}
        self._told = len(services) > 1

    def of(self, operation: Operation) -> str:
        name = " ".join(operation.name.split()) or "(no name)"
        return f"{operation.service}: {name}" if self._told and operation.service else name


def _shares(kind: RequestType, names: _Names, title: str) -> Part:
    several = kind.requests > 1
    rows = []
    for found in kind.operations[:ROWS]:
        spread = (_time(found.own.p50_s), _time(found.own.p95_s)) if several else ()
        saves = "" if found.saved_ratio is None else _ratio(found.saved_ratio)
        visits = f"{found.visits / kind.requests:,.3g}" if several else f"{found.visits:,}"
        rows.append(
            (
                names.of(found.operation),
                _ratio(found.share_ratio),
                _time(found.own.mean_s),
                *spread,
                visits,
                saves,
            )
        )
    hidden = kind.operations[ROWS:]
    lines: tuple[str, ...] = ()
    if hidden:
        share = _ratio(sum(o.share_ratio for o in hidden))
        lines = (f"{_count(len(hidden), 'more operation')} with {share} together",)
    own = ("own time", "median", "95th") if several else ("own time",)
    return Part(
        title=title, head=("operation", "share", *own, "spans", "saves"), rows=tuple(rows), lines=lines
    )


def _long(found: Answer, kind: RequestType, names: _Names) -> Part:
    rows = tuple(
        (
            names.of(o.operation), f"{o.over:,} of {o.spans:,}", _time(o.longest_s),
            _ratio(o.share_ratio) if o.share_ratio else "not on the path",
        )
        for o in kind.long[:ROWS]
    )  # fmt: skip
    hidden = len(kind.long) - len(rows)
    return Part(
        title=f"Over {_time(found.over_s)}, from begin to end",
        head=("operation", "spans", "longest", "share"),
        rows=rows,
        lines=(f"{_count(hidden, 'more operation')}: raise --over-ms",) if hidden else (),
    )


def _typical(kind: RequestType, names: _Names) -> Part:
    shown = kind.typical
    name = f"The path of the request{' with the median time' if kind.requests > 1 else ''}"
    trace = f", trace {shown.fitted.trace.id}" if shown.fitted.trace.id else ""
    rows = list(_pieces(shown, names))
    hidden = len(rows) - 2 * ROWS
    lines = (f"{_count(hidden, 'later piece')} left out: --format json has all",) if hidden > 0 else ()
    return Part(
        title=name + trace, head=("operation", "from", "own time"), rows=tuple(rows[: 2 * ROWS]), lines=lines
    )


def _pieces(shown: Examined, names: _Names) -> Iterator[tuple[str, str, str]]:
    """The segments of a path, runs of short ones as one row."""
    zero, total = shown.fitted.start_ns[0], shown.fitted.total_ns
    short: list[int] = []
    since = 0
    for segment in shown.path.segments:
        if segment.own_ns < SHORT_RATIO * total:
            since = since if short else segment.start_ns
            short.append(segment.own_ns)
            continue
        if short:
            yield _short_row(short, since - zero)
            short = []
        name = names.of(shown.operation(segment.span))
        yield name, _time((segment.start_ns - zero) / NS_PER_S), _time(segment.own_ns / NS_PER_S)
    if short:
        yield _short_row(short, since - zero)


def _short_row(short: Sequence[int], since_ns: int) -> tuple[str, str, str]:
    return f"({_count(len(short), 'short piece')})", _time(since_ns / NS_PER_S), _time(sum(short) / NS_PER_S)


def _time(seconds: float) -> str:
    return format_number(seconds, "s") if seconds else "0"


def _ratio(ratio: float) -> str:
    return format_number(ratio, "ratio")


def _text(facts: str, parts: Sequence[Part], notes: Sequence[str], warnings: Sequence[str]) -> str:
    blocks = [facts]
    for part in parts:
        lines = [part.title]
        if part.rows:
            table = (part.head, *part.rows)
            widths = [max(len(row[n]) for row in table) for n in range(len(part.head))]
            for row in table:
                numbers = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
                lines.append("  " + "  ".join([*numbers, row[0]]))
        lines += [f"  {line}" for line in part.lines]
        blocks.append("\n".join(lines))
    blocks += notes
    if warnings:
        blocks.append("\n".join(f"warning: {warning}" for warning in warnings))
    return plain("\n\n".join(blocks)) + "\n"


def _markdown(facts: str, parts: Sequence[Part], notes: Sequence[str], warnings: Sequence[str]) -> str:
    blocks = [github.escape(facts)]
    for part in parts:
        blocks.append(f"### {github.escape(part.title)}")
        if part.rows:
            lines = [f"| {' | '.join(part.head)} |", f"|---|{'--:|' * (len(part.head) - 1)}"]
            lines += [f"| {' | '.join(map(github.escape, row))} |" for row in part.rows]
            blocks.append("\n".join(lines))
        if part.lines:
            blocks.append("\n".join(f"- {github.escape(line)}" for line in part.lines))
    blocks += [github.escape(note) for note in notes]
    if warnings:
        blocks.append("Warnings:\n\n" + "\n".join(f"- {github.escape(warning)}" for warning in warnings))
    return "\n\n".join(blocks) + "\n"
