"""Reading memray's recordings, as a program: `python -P -m tools.python.recordings FOLDER OUT`.

A recording is written by the target, so it is read in a confined process of its own, which writes a profile for
each recording and the totals as JSON into another folder, where nothing of the target's lies.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from memray import FileReader

from tools.errors import UnreadableOutput
from tools.profiles.builder import ProfileBuilder
from tools.profiles.pprof import write_pprof
from tools.profiles.profile import Function, Profile, ValueType

FACTS = "facts.json"
RECORDING = ".bin"
PROFILE = ".pb.gz"
MAX_RECORDS = 500_000
MAX_NS = 2**63 - 1
VALUES = (ValueType(name="peak_objects", unit="count"), ValueType(name="peak_space", unit="bytes"))


def main(folder: Path, out: Path) -> int:
    """Write the profiles and the totals; 1 with a sentence on standard error when nothing can be read."""
    try:
        parts, facts = read_recordings(folder)
    except UnreadableOutput as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for number, part in enumerate(parts):
        write_pprof(part, out / f"{number:06}{PROFILE}")
    (out / FACTS).write_text(json.dumps(facts), encoding="utf-8")
    return 0


def read_recordings(folder: Path) -> tuple[list[Profile], dict[str, tuple[float, str]]]:
    """A profile for each process's recording, and the totals. Raises: UnreadableOutput."""
    parts: list[Profile] = []
    peak = 0.0
    allocations = 0.0
    problems = []
    for path in sorted(folder.glob(f"*{RECORDING}*")):  # of a forked child: .bin.PID
        if not path.stat().st_size:
            continue  # a child that was ended before it wrote anything
        try:
            with FileReader(path) as reader:
                peak += reader.metadata.peak_memory
                allocations += reader.metadata.total_allocations
                started_ns = min(round(reader.metadata.start_time.timestamp() * 1e9), MAX_NS)
                records = reader.get_high_watermark_allocation_records(merge_threads=True)
                parts.append(_profile(records, started_ns))
        except (OSError, ValueError, RuntimeError) as error:
            problems.append(f"{path.name}: {error}")
    if not parts:
        why = "; ".join(problems) or "memray wrote nothing"
        raise UnreadableOutput(why)
    return parts, {
        "peak_space": (peak, "B"),
        "total_allocations": (allocations, "count"),
        "processes": (float(len(parts)), "count"),
        "unreadable_recordings": (float(len(problems)), "count"),
    }


def _profile(records: Iterator[object], started_ns: int) -> Profile:
    builder = ProfileBuilder(VALUES)
    for number, record in enumerate(records):
        if number > MAX_RECORDS:
            raise UnreadableOutput(f"more than {MAX_RECORDS} places allocate: too many to read")
        stack = [(Function(name=name, file=file), line) for name, file, line in record.stack_trace()]  # type: ignore[attr-defined]
        if not _is_ours(stack):
            builder.add(stack, [record.n_allocations, record.size])  # type: ignore[attr-defined]
    return builder.build(default_value="peak_space", time_ns=started_ns)


def _is_ours(stack: list[tuple[Function, int]]) -> bool:
    """What memray's own start allocates."""
    return any(f.file.endswith("inside/sitecustomize.py") for f, _ in stack)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
