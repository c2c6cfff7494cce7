"""The samples of a pprof file as columns, from their bytes; None wherever a slower and more exact reader must look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tools.profiles.chains import Chains
from tools.profiles.profile import IntArray
from tools.profiles.wire import LabelFields, decode_samples

Narrow = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleColumns:
    """All samples: how many frames each has, the frames of all, a row of values for each, and all labels."""

    depths: IntArray
    frame_ids: IntArray
    values: IntArray
    labels: LabelFields


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleLimits:
    """How many frames one sample may have, and all of them together."""

    depth: int
    frames: int


class TooMuch(Exception):
    """A limit that a file's samples pass: the `field` and what is wrong with it."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(f"{field} {what}")
        self.field = field
        self.what = what


def decode(samples: Sequence[bytes], types: int, chains: Chains, limits: SampleLimits) -> SampleColumns | int:
    """All samples, each with a value for each of so many `types`.

    Where a sample is anything but that, the number of the first one that was decoded together with it (CHUNK of them
    are). Raises: TooMuch.
    """
    depths: list[IntArray] = []
    frames: list[Narrow] = []
    values: list[IntArray] = []
    labels: list[IntArray] = []
    first = total = 0
    for chunk in decode_samples(samples, types):
        found = None if chunk is None else chains.positions(chunk.locations)
        if chunk is None or found is None:
            return first
        depths.append(chains.depths(found, chunk.depths))
        total += int(depths[-1].sum())
        check_depths(depths[-1], first, total, limits)
        frames.append(chains.frames(found))
        values.append(chunk.values)
        own = chunk.labels
        labels.append(np.stack([own.sample + first, own.key, own.text, own.number, own.unit]))
        first += len(chunk.depths)
    sample, key, text, number, unit = np.concatenate([np.zeros((5, 0), dtype=np.int64), *labels], axis=1)
    return SampleColumns(
        depths=np.concatenate([np.zeros(0, dtype=np.int64), *depths]),
        frame_ids=_widened(frames, total),
        values=np.concatenate([np.zeros((0, types), dtype=np.int64), *values]),
        labels=LabelFields(sample=sample, key=key, text=text, number=number, unit=unit),
    )


def check_depths(depths: IntArray, first: int, total: int, limits: SampleLimits) -> None:
    """See that no sample, of which the first is numbered `first`, nor all of them are too deep. Raises: TooMuch."""
    if depths.max(initial=0) > limits.depth:
        raise TooMuch(f"sample[{first + int(depths.argmax())}]", f"is {int(depths.max())} frames deep")
    if total > limits.frames:
        raise TooMuch("sample", f"has over {limits.frames} frames in all: record for a shorter time")


def _widened(parts: list[Narrow], total: int) -> IntArray:
    """All parts as one; each is let go once it has been copied, so that not everything is there twice."""
    whole = np.empty(total, dtype=np.int64)
    parts.reverse()
    at = 0
    while parts:
        part = parts.pop()
        whole[at : at + len(part)] = part
        at += len(part)
    return whole


def label_without_string(labels: LabelFields, strings: int) -> int | None:
    """The first sample with a label that names a string beyond so many; None when there is none."""
    wrong = np.zeros(len(labels.sample), dtype=np.bool_)
    for indices in (labels.key, labels.text, labels.unit):
        wrong |= (indices < 0) | (indices >= strings)
    return int(labels.sample[wrong.argmax()]) if wrong.any() else None


def label_columns(
    labels: LabelFields, samples: int, strings: Sequence[str]
) -> dict[str, tuple[str, ...]] | None:
    """Each key's text for each sample, "" where absent; the last one counts where a sample has a key twice.

    A label without a string is its number, with its unit if there is one: `4096 bytes`. All strings are there
    (`label_without_string`). None when two strings that are keys are alike.
    """
    columns: dict[str, tuple[str, ...]] = {}
    if not len(labels.sample):
        return columns
    order = np.unique(labels.key, return_index=True)[1]
    for key in labels.key[np.sort(order)]:
        here = labels.key == key
        text = labels.text[here]
        parts = np.stack([text, *(np.where(text == 0, of[here], 0) for of in (labels.number, labels.unit))])
        distinct, codes = np.unique(parts, axis=1, return_inverse=True)
        written = [strings[t] if t else number_text(n, strings[unit]) for t, n, unit in distinct.T.tolist()]
        texts = np.array(["", *written], dtype=object)
        column = np.zeros(samples, dtype=np.int64)
        column[labels.sample[here]] = codes.reshape(-1) + 1
        name = strings[int(key)]
        if name in columns:  # two entries of the string table that are alike
            return None
        columns[name] = tuple(texts[column].tolist())
    return columns


def number_text(number: int, unit: str) -> str:
    """A label's number as its text."""
    return f"{number} {unit}" if unit else str(number)
