"""What a recorded file holds, told from how it begins."""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import Literal

from tools.errors import UnreadableOutput

Recorded = Literal["profile", "spans", "benchmarks", "execution trace"]
HEAD_BYTES = 64 * 1024
_TRACE = re.compile(rb"^go 1\.\d+ trace\x00")
_SPANS = re.compile(rb'"(resourceSpans|traceEvents|traceId)"|"ph"\s*:\s*"')
_BENCHMARK = re.compile(rb"^(Benchmark\S+\s+\d+\s|goos: |pkg: )", re.MULTILINE)
_BENCHMARK_JSON = re.compile(rb'"(benchmarks|machine_info|Action)"\s*:')


def what_is(path: Path) -> Recorded:
    """What a file holds by its first bytes, gzipped or not; "profile" for everything that isn't known otherwise.

    Raises: UnreadableOutput when it can't be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise UnreadableOutput(f"{path} can't be read: {error.strerror}") from error
    if head[:2] == b"\x1f\x8b":
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, HEAD_BYTES)
        except zlib.error:
            return "profile"  # whose reader says what is wrong with it
    if _TRACE.match(head):
        return "execution trace"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start in (b"{", b"["):
        if b"speedscope" not in head and _SPANS.search(head):
            return "spans"
        return "benchmarks" if _BENCHMARK_JSON.search(head) else "profile"
    return "benchmarks" if _BENCHMARK.search(head) else "profile"
