"""The critical path in a timeline: a line of names on top, thick lines below the spans."""

from __future__ import annotations

from collections.abc import Iterator

from tools.spans.answer import Examined
from tools.spans.lanes import Group, Lanes
from tools.spans.timeline_marks import Run, format_time, path_runs
from tools.spans.timeline_style import MANY, ROW, TOP, Scale, clip, safe

Tops = dict[Group, dict[int, int]]
"""The y of each lane that is drawn, by group."""


def draw_path(
    shown: Examined,
    lanes: Lanes,
    scale: Scale,
    tops: Tops,
    colours: dict[str, str],
) -> Iterator[str]:
    """The path on top as one line of names, and as thick lines below the spans, joined where it changes."""
    yield f'<text class="b" x="8" y="{TOP + 14}">critical path</text>'
    before: tuple[float, float] | None = None
    for run in path_runs(shown, scale.px_per_ns):
        x, width = scale.x(run.start_ns), (run.end_ns - run.start_ns) * scale.px_per_ns
        yield _summary(run, shown, x, width, colours)
        y = _y(run.span, shown, lanes, tops)
        if y is None:
            before = None
            continue
        if before is not None and before[1] != y:
            yield f'<line class="l" x1="{x:.2f}" x2="{x:.2f}" y1="{before[1]}" y2="{y + 2}"/>'
        yield f'<rect class="p" x="{x:.2f}" y="{y}" width="{max(width, 0.8):.2f}" height="3"/>'
        before = x + width, y


def _summary(run: Run, shown: Examined, x: float, width: float, colours: dict[str, str]) -> str:
    if run.count > 1:
        name, told = "", f"{run.count:,} short pieces of the path, {format_time(run.end_ns - run.start_ns)}"
    else:
        operation = shown.operation(run.span)
        name = clip(operation.name, width - 6)
        told = f"{operation.name}: {format_time(run.end_ns - run.start_ns)} of its own on the critical path"
    fill = MANY if run.count > 1 else colours[shown.fitted.trace.spans[run.span].service]
    label = f'<text class="b" x="{x + 4:.2f}" y="{TOP + 14}">{safe(name)}</text>' if name else ""
    return (
        f'<g><title>{safe(told)}</title><rect x="{x:.2f}" y="{TOP}" width="{max(width, 0.3):.2f}" height="{ROW + 1}" '
        f'fill="{fill}" fill-opacity="0.55"/><rect class="p" x="{x:.2f}" y="{TOP + ROW + 1}" '
        f'width="{max(width - 0.6, 0.3):.2f}" height="4"/>{label}</g>'
    )


def _y(span: int, shown: Examined, lanes: Lanes, tops: Tops) -> float | None:
    found = shown.fitted.trace.spans[span]
    top = tops.get((found.service, found.thread), {}).get(lanes.lane[span])
    return None if top is None else top + ROW - 4
