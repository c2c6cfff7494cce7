"""Show the critical path of recorded spans.

FILE holds OTLP JSON (one document, or one a line) or is a Chrome trace file, gzipped or not. For each type of request:
the operations that its time consists of, each one's share and what would be saved without it, those over a limit, and
those that ran beside the path, where shortening them saves nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.spans.answer import Answer
    from tools.spans.tree import Trace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="recorded spans: OTLP JSON or a Chrome trace file")
    parser.add_argument("--root", metavar="REGEX", help="only requests whose root's name matches")
    parser.add_argument(
        "--trace", metavar="ID", help="only the trace with this id, or a unique beginning of it"
    )
    parser.add_argument(
        "--over-ms",
        metavar="MS",
        type=float,
        default=100.0,
        help="call an operation long above it (default 100)",
    )
    parser.add_argument(
        "--svg", metavar="OUT", help="write the first type's typical request as a timeline, too"
    )
    parser.add_argument("--format", choices=["text", "markdown", "json"], default="text")


def execute(args: argparse.Namespace) -> int:
    """Print the critical path; 0. Raises: BadRequest when the file can't be used or nothing in it matches."""
    from agent.errors import BadRequest
    from agent.rendering.critical_path import render
    from tools.errors import UnreadableOutput
    from tools.spans.analysis import answer, requests_of
    from tools.spans.reading import read_spans

    if not 0 <= args.over_ms < 1e12:
        raise BadRequest(f"--over-ms {args.over_ms} is no limit: give milliseconds, such as 100")
    if not Path(args.file).is_file():
        raise BadRequest(f"there is no file {args.file}: give OTLP JSON or a Chrome trace file")
    try:
        with _uncollected():
            recording = read_spans(Path(args.file))
            traces, warnings = requests_of(recording)
            found = answer(recording, _chosen(traces, args), args.over_ms / 1000, warnings)
    except UnreadableOutput as error:
        raise BadRequest(str(error)) from error
    if args.svg:
        _draw(found, Path(args.svg))
    sys.stdout.write(render(found, args.format))
    return 0


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for circles of garbage: there are none, and it took a third of the time for 200,000 spans."""
    import gc

    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _chosen(traces: Sequence[Trace], args: argparse.Namespace) -> Sequence[Trace]:
    """The traces that were asked for, at least one. Raises: BadRequest."""
    import difflib
    import re

    from agent.errors import BadRequest

    if args.trace is not None:
        ids = sorted({trace.id for trace in traces if trace.id.startswith(args.trace.lower())})
        if args.trace.lower() in ids:
            ids = [args.trace.lower()]
        if len(ids) != 1:
            known = (
                ", ".join(ids[:3])
                or ", ".join(sorted({t.id for t in traces if t.id})[:3])
                or "none has an id"
            )
            what = "begins several traces" if ids else "is no trace in it"
            raise BadRequest(f"--trace {args.trace} {what}: there are {known}")
        traces = [trace for trace in traces if trace.id == ids[0]]
    if args.root is not None:
        try:
            wanted = re.compile(args.root)
        except re.error as error:
            raise BadRequest(f"--root {args.root!r} is no regular expression: {error}") from error
        names = sorted({trace.root.name for trace in traces})
        traces = [trace for trace in traces if wanted.search(trace.root.name)]
        if not traces:
            near = difflib.get_close_matches(args.root, names, n=3, cutoff=0.3) or names[:3]
            raise BadRequest(f"no request's root matches --root {args.root!r}: there are {', '.join(near)}")
    return traces


def _draw(found: Answer, path: Path) -> None:
    from agent.errors import BadRequest
    from tools.spans.timeline import timeline_svg

    try:
        path.write_text(timeline_svg(found.types[0].typical, over_s=found.over_s), encoding="utf-8")
    except OSError as error:
        raise BadRequest(f"--svg {path} can't be written: {error.strerror}") from error
