"""Reading collapsed stacks: `root;…;leaf count`, one line a stack; py-spy's `name (file:line)` among them."""

from __future__ import annotations

import io
from array import array
from collections.abc import Sequence

import numpy as np

from tools.errors import UnreadableOutput
from tools.profiles.collapsed_frames import is_process, is_thread, joined_frames, read_frame, stands_alone
from tools.profiles.profile import Function, Profile, ValueType

MAX_STACKS = 10_000_000
MAX_DEPTH = 100_000
MAX_NAME = 4096
"""Characters of a name that are kept."""
COMMENT = b"# "
MAX_COMMENTS = 100
"""Comments that are kept, the first ones."""
LARGEST = 2**63 - 1


def read_collapsed(text: str | bytes, *, period_ns: int | None = None, most_deep: int = MAX_DEPTH) -> Profile:
    """The profile in collapsed stacks, py-spy's raw format among them: the value `samples` (count).

    With a known `period_ns` there is `cpu`, too (nanoseconds, samples by period). Frames are leaf first; the rows in
    which py-spy names a process or thread become labels. Lines that begin with `# ` are comments.
    Bytes of names that aren't UTF-8 are read as U+FFFD.
    Raises: UnreadableOutput with the line number.
    Source: py-spy 0.4.3, `record --format raw`; Brendan Gregg's FlameGraph, stackcollapse.
    """
    reader = _Reader(most_deep)
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    for number, line in enumerate(io.BytesIO(content), 1):
        reader.add(line, number)
    return reader.profile(period_ns)


class _Reader:
    """Collects stacks. A frame's text is looked at once; after that it is a number that a dictionary knows."""

    def __init__(self, most_deep: int) -> None:
        self._most_deep = most_deep
        self._known: dict[bytes, int] = {}
        self._functions: dict[Function, int] = {}
        self._frames: dict[tuple[int, int], int] = {}
        self._rows: list[tuple[str, str]] = []
        """Processes and threads as (label, text): their numbers are negative, -1 and down."""
        self._row_numbers: dict[tuple[str, str], int] = {}
        self._frame_ids = array("q")
        self._ends = array("q", [0])
        self._counts = array("q")
        self._total = 0
        self._comments: list[str] = []
        self._labels: dict[str, dict[int, str]] = {}

    def add(self, line: bytes, number: int) -> None:
        """One line. Raises: UnreadableOutput."""
        if line.startswith(COMMENT):
            if len(self._comments) < MAX_COMMENTS:
                self._comments.append(line[len(COMMENT) :].decode("utf-8", "replace").strip()[:MAX_NAME])
            return
        words = line.rsplit(None, 1)
        if len(words) != 2:
            if not words:
                return
            raise UnreadableOutput(f"line {number}: no stack with a count: {_shown(line)}")
        stack, written = words
        if not written.isdigit() or len(written) > 18:
            raise UnreadableOutput(f"line {number}: no stack with a count: {_shown(line)}")
        if len(self._counts) >= MAX_STACKS:
            raise UnreadableOutput(f"line {number}: more than {MAX_STACKS} stacks: record for a shorter time")
        parts = stack.split(b";")
        if len(parts) > self._most_deep:
            raise UnreadableOutput(f"line {number}: a stack of {len(parts)} frames: over {self._most_deep}")
        try:
            ids = list(map(self._known.__getitem__, parts))
        except KeyError:
            ids = self._looked_at(parts)
        if min(ids) < 0:
            ids = self._labelled(ids)
        ids.reverse()
        self._frame_ids.extend(ids)
        self._ends.append(len(self._frame_ids))
        count = int(written)
        self._total += count
        self._counts.append(count)

    def _looked_at(self, parts: Sequence[bytes]) -> list[int]:
        """The numbers of a stack's frames, of which some are new."""
        new = {part: part.decode("utf-8", "replace") for part in parts if part not in self._known}
        if all(map(stands_alone, new.values())):  # those that are known do
            for part, text in new.items():
                self._known[part] = self._number(text)
            return [self._known[part] for part in parts]
        texts = [part.decode("utf-8", "replace") for part in parts]
        return [self._number(text) for text in joined_frames(texts)]

    def _number(self, text: str) -> int:
        text = text[:MAX_NAME]
        if is_process(text) or is_thread(text):
            row = ("process" if is_process(text) else "thread", text)
            if row not in self._row_numbers:
                self._rows.append(row)
                self._row_numbers[row] = -len(self._rows)
            return self._row_numbers[row]
        name, file, line = read_frame(text)
        function = self._functions.setdefault(Function(name=name, file=file), len(self._functions))
        return self._frames.setdefault((function, line), len(self._frames))

    def _labelled(self, ids: list[int]) -> list[int]:
        """The frames among `ids`; the others become labels of the line."""
        for id_ in ids:
            if id_ < 0:
                label, text = self._rows[-1 - id_]
                self._labels.setdefault(label, {})[len(self._counts)] = text
        return [id_ for id_ in ids if id_ >= 0]

    def profile(self, period_ns: int | None) -> Profile:
        """All that was added. Raises: UnreadableOutput when the sum of all can't be counted."""
        if self._total * (period_ns or 1) > LARGEST:
            raise UnreadableOutput(f"{self._total} samples in all: more than can be counted")
        samples = len(self._counts)
        times = () if period_ns is None else (ValueType(name="cpu", unit="nanoseconds"),)
        counts = np.array(self._counts, dtype=np.int64)
        frames = np.array(list(self._frames), dtype=np.int64).reshape(len(self._frames), 2)
        return Profile(
            value_types=(ValueType(name="samples", unit="count"), *times),
            values=np.stack([counts] if period_ns is None else [counts, counts * period_ns], axis=1),
            offsets=np.array(self._ends, dtype=np.int64),
            frame_ids=np.array(self._frame_ids, dtype=np.int64),
            frame_function=frames[:, 0],
            frame_line=frames[:, 1],
            functions=tuple(self._functions),
            labels={k: tuple(found.get(n, "") for n in range(samples)) for k, found in self._labels.items()},
            comments=tuple(self._comments),
            period=period_ns or 0,
            period_type=times[0] if times else None,
            default_value="cpu" if times else "samples",
        )


def _shown(line: bytes) -> str:
    return repr(line[:80].decode("utf-8", "replace").strip())
