"""A request as a picture: its spans over time, by service and thread, with the critical path.

Self-contained SVG without script. The path is told by a thick line and bold names, not by its colour alone; colours
are Okabe and Ito's, which colour-blind readers tell apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.spans.answer import Examined
from tools.spans.lanes import Lanes, lanes_of
from tools.spans.span import NS_PER_S
from tools.spans.timeline_marks import Box, boxes_of, format_time, ticks
from tools.spans.timeline_path import Tops, draw_path
from tools.spans.timeline_style import (
    CHARACTER,
    GAP,
    LEFT,
    MANY,
    PATH,
    RIGHT,
    ROW,
    SERVICES,
    STYLE,
    TOP,
    Scale,
    clip,
    colours_of,
    safe,
)

MAX_ROWS = 120
SLIVER_PX = 3.0
"""A lane in which nothing is as wide as this isn't worth a row."""


def timeline_svg(shown: Examined, *, over_s: float = 0.1, width_px: int = 1200, title: str = "") -> str:
    """The request as a self-contained SVG; operations longer than `over_s` are marked.

    What is too narrow to be seen is drawn together, lanes beyond MAX_ROWS are left out; both are told in the picture.
    """
    lanes = lanes_of(shown.fitted)
    colours = colours_of(span.service for span in shown.fitted.trace.spans)
    scale = _scale(shown, width_px)
    boxes = boxes_of(shown, lanes, scale.px_per_ns)
    tops, height, left_out = _rows(lanes, boxes, scale)
    drawn = [
        *_axis(shown, scale, height),
        *_group_names(lanes, tops),
        *(text for box in boxes for text in _box(box, shown, scale, tops, colours, over_s)),
        *draw_path(shown, lanes, scale, tops, colours),
    ]
    name = title or f"{shown.operation(0).name}: {format_time(shown.fitted.total_ns)}"
    notes = [f"{len(shown.fitted.trace.spans):,} spans"]
    if shown.fitted.trace.id:
        notes.append(f"trace {shown.fitted.trace.id}")
    narrow = sum(b.count for b in boxes if b.span is None or b.lane not in tops.get(b.group, {}))
    if narrow:
        notes.append(f"{narrow:,} drawn together, or left out: too narrow to be seen")
    if left_out:
        notes[-1] += f", or in {left_out:,} lanes beyond {MAX_ROWS}"
    legend = _legend(colours, over_s, width_px)
    return _document(name, "; ".join(notes), [*legend, *drawn], width_px, height + 14)


def _rows(lanes: Lanes, boxes: list[Box], scale: Scale) -> tuple[Tops, int, int]:
    """The y of each lane that is drawn, the height so far, and how many lanes beyond MAX_ROWS aren't drawn.

    Lanes of slivers are skipped, but for a group's first.
    """
    seen = {(b.group, b.lane) for b in boxes if (b.end_ns - b.start_ns) * scale.px_per_ns >= SLIVER_PX}
    tops: Tops = {}
    y, rows, left_out = TOP + 2 * ROW + GAP, 0, 0
    for group, count in lanes.groups:
        worth = [n for n in range(count) if n == 0 or (group, n) in seen]
        fitting = worth[: MAX_ROWS - rows]
        left_out += len(worth) - len(fitting)
        if fitting:
            tops[group] = {lane: y + n * ROW for n, lane in enumerate(fitting)}
            y += len(fitting) * ROW + GAP
            rows += len(fitting)
    return tops, y, left_out


def _scale(shown: Examined, width_px: int) -> Scale:
    """All spans fit in, also those that go on after the root."""
    fitted = shown.fitted
    zero, last = min(fitted.start_ns), max(fitted.end_ns)
    return Scale(zero_ns=zero, px_per_ns=(width_px - LEFT - RIGHT) / max(last - zero, 1))


def _axis(shown: Examined, scale: Scale, height: int) -> Iterator[str]:
    """Lines and times, counted from the root's begin."""
    root_ns, last_ns = shown.fitted.start_ns[0], max(shown.fitted.end_ns)
    for at_ns in ticks(last_ns - root_ns):
        x = scale.x(root_ns + at_ns)
        yield f'<line class="t" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 4}" y2="{height - GAP + 2}"/>'
        yield f'<text class="q" x="{x:.1f}" y="{TOP - 8}" text-anchor="middle">{format_time(at_ns)}</text>'


def _group_names(lanes: Lanes, tops: Tops) -> Iterator[str]:
    services = len({group[0] for group, _ in lanes.groups})
    for group, ys in tops.items():
        service, thread = group
        name = thread if thread and services == 1 else f"{service} {thread}".strip()
        yield (
            f"<g><title>{safe(f'{service} {thread}'.strip())}</title>"
            f'<rect x="0" y="{ys[0] - GAP // 2 - 1}" width="100%" height="1" fill="#d0d0cc"/>'
            f'<text x="8" y="{ys[0] + 13}">{safe(clip(name, LEFT - 12))}</text></g>'
        )


def _box(
    box: Box,
    shown: Examined,
    scale: Scale,
    tops: Tops,
    colours: dict[str, str],
    over_s: float,
) -> Iterator[str]:
    y = tops.get(box.group, {}).get(box.lane)
    if y is None:
        return
    x = scale.x(box.start_ns)
    width = max((box.end_ns - box.start_ns) * scale.px_per_ns - 0.6, 1.0)  # a hair between neighbours
    if box.span is None:
        text = (
            f"{box.count:,} short spans, {format_time(box.end_ns - box.start_ns)} from the first to the last"
        )
        yield (
            f'<g><title>{text}</title><rect x="{x:.2f}" y="{y + 5}" width="{width:.2f}" height="{ROW - 11}" '
            f'fill="{MANY}"/></g>'
        )
        return
    span = shown.fitted.trace.spans[box.span]
    duration_ns = box.end_ns - box.start_ns
    is_long = duration_ns > over_s * NS_PER_S
    is_on_path = box.span in shown.path.visited
    told = [f"{span.name} ({span.service or span.thread})", format_time(duration_ns)]
    told.append("on the critical path" if is_on_path else "not on the critical path")
    told += ["failed"] if span.failed else []
    told += ["has no recorded end"] if span.is_unfinished else []
    mark = "▲ " if is_long else ""
    label = clip(f"{mark}{span.name}{' ✗' if span.failed else ''}  {format_time(duration_ns)}", width - 6)
    opacity = "0.55" if is_on_path else "0.28"
    yield (
        f"<g><title>{safe('; '.join(told))}</title>"
        f'<rect x="{x:.2f}" y="{y}" width="{width:.2f}" height="{ROW - 2}" fill="{colours[span.service]}" '
        f'fill-opacity="{opacity}"/>'
    )
    if label:
        style = ' class="b"' if is_on_path else ' class="q"'
        yield f'<text{style} x="{x + 4:.2f}" y="{y + 11.5}">{safe(label)}</text>'
    yield "</g>"


def _legend(colours: dict[str, str], over_s: float, width_px: int) -> Iterator[str]:
    x = 10.0
    y = 52
    entries = [(PATH, 4, "critical path: what determines the total")]
    services = list(colours)
    entries += [(colours[s], 11, s) for s in services[: len(SERVICES)] if s and len(services) > 1]
    for colour, height, text in entries:
        text = clip(text, 300)
        if x + 40 + len(text) * CHARACTER > width_px - 230:
            break
        yield f'<rect x="{x}" y="{y - height}" width="16" height="{height}" fill="{colour}" fill-opacity="0.8"/>'
        yield f'<text x="{x + 21}" y="{y}">{safe(text)}</text>'
        x += 40 + len(text) * CHARACTER
    over = format_time(round(over_s * NS_PER_S))
    yield f'<text x="{width_px - 10}" y="{y}" text-anchor="end">▲ longer than {over}; pale: not on the path</text>'


def _document(title: str, note: str, parts: list[str], width: int, height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="timeline" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="ui-monospace,Menlo,Consolas,monospace" font-size="10.5" role="img" '
        f'aria-label="{safe(title)}"><style>{STYLE}</style><rect width="100%" height="100%" fill="#fcfcfa"/>'
        '<text x="10" y="20" font-size="15" font-family="system-ui,sans-serif">'
        f"{safe(clip(title, width - 300))}</text>"
        f'<text x="10" y="36" class="q">{safe(clip(note, width - 20))}</text>{"".join(parts)}</svg>\n'
    )
