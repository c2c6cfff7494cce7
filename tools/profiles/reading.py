"""Reading a recorded profile, whatever program wrote it: the file's content says which, never its name."""

from __future__ import annotations

import re
from pathlib import Path

from tools.errors import UnreadableOutput
from tools.profiles.collapsed import COMMENT, read_collapsed
from tools.profiles.inflating import read_inflated, read_start
from tools.profiles.pprof import PprofLimits, read_pprof
from tools.profiles.profile import Profile
from tools.profiles.speedscope import read_speedscope

_STACK = re.compile(rb"^\S.* \d+$")
_TAGS = re.compile(rb"[\x00-\x08\x0e-\x1a]")
LZ4 = b"\x04\x22\x4d\x18"
BOM = b"\xef\xbb\xbf"
LONG = 1_000_000
"""Bytes in which the first line is looked for; the reader looks at every line anyway."""
START_BYTES = 4096
KNOWN = "pprof, collapsed stacks (py-spy's raw format, too) and speedscope JSON can be read"


def read_profile(path: Path, limits: PprofLimits | None = None) -> Profile:
    """The profile in a file: pprof, collapsed stacks or speedscope JSON, each gzipped or not.

    Collapsed stacks say how often they were seen and not how long that was: they have the value `samples` alone.
    Raises: UnreadableOutput naming the file, and what it holds instead or what is wrong with it.
    """
    limits = limits or PprofLimits()
    name = str(path)
    start = read_start(path, START_BYTES).removeprefix(BOM).lstrip()
    if start[:1] in (b"{", b"["):
        content = read_inflated(path, limits.decompressed_bytes)
        if b"speedscope" not in content[:65536] and b'"frames"' not in content:
            raise UnreadableOutput(f"{name}: JSON, but no speedscope profile: {KNOWN}")
        return read_speedscope(content, name)
    wrong = _something_else(start)
    if wrong:
        raise UnreadableOutput(f"{name}: {wrong}: {KNOWN}")
    if _is_text(start):
        return _read_stacks(read_inflated(path, limits.decompressed_bytes), limits, name)
    return read_pprof(path, limits)


def is_memray(start: bytes) -> bool:
    """Whether a file that begins so is a recording of memray's, which `tools.python.memory_files` reads."""
    # As it is, or in a frame of LZ4, which begins with a copy of what isn't repeated.
    return start.startswith(b"memray") or (start.startswith(LZ4) and b"memray" in start[:32])


def _something_else(start: bytes) -> str:
    """What a file is that can be told from its beginning and is no profile; "" otherwise."""
    if re.match(rb"<(!doctype|html|\?xml|svg)", start, re.IGNORECASE):
        return "a page (HTML or XML), such as a server answers that wants a login"
    if re.match(rb"go 1\.\d+ trace\x00", start):
        return "a Go execution trace, which `ask-profiler QUESTION --target FILE` looks into"
    if is_memray(start):
        return "memray's own format, which `ask-profiler convert FILE -o OUT.pb.gz` makes a profile of"
    if start.startswith(b"\x7fELF"):
        return "a program, not a profile of one"
    if start.startswith(b"PERFILE2"):
        return "perf's own format; collapse it first (perf script | stackcollapse-perf)"
    if re.search(rb"^Benchmark\S+\s+\d+\s", start, re.MULTILINE):
        return "Go benchmark results, which `ask-profiler compare` takes"
    return ""


def _is_text(start: bytes) -> bool:
    """Whether the first line is text, and no byte is a tag of protobuf's, most of which are control characters."""
    if _TAGS.search(start):
        return False
    line = start.split(b"\n")[0]
    try:
        text = (
            line.decode("utf-8")
            if len(start) < START_BYTES or b"\n" in start
            else line[:2048].decode("utf-8", "ignore")
        )
    except UnicodeDecodeError:
        return False
    return bool(text) and text.replace("\t", " ").isprintable()


def _read_stacks(content: bytes, limits: PprofLimits, name: str) -> Profile:
    content = content.removeprefix(BOM)
    lines = content[:LONG].split(b"\n")
    first = next((line for line in lines if line.strip() and not line.startswith(COMMENT)), b"")
    if len(first) < LONG and not _STACK.match(first.rstrip()):
        raise UnreadableOutput(f"{name}: text, but its first line is no stack with a count: {KNOWN}")
    try:
        return read_collapsed(content, most_deep=limits.depth)
    except UnreadableOutput as error:
        raise UnreadableOutput(f"{name}: {error}") from error
