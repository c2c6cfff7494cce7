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


def decode(
    samples: Sequence[bytes], types: int, chains: Chains, limits: SampleLimits
) -> SampleColumns | None:
    """All samples, each with a value for each of so many `types`. None where a sample is anything but that."""
    depths: list[IntArray] = []
    frames: list[Narrow] = []
    values: list[IntArray] = []
    labels: list[IntArray] = []
    first = total = 0
    for chunk in decode_samples(samples, types):
        found = None if chunk is None else chains.positions(chunk.locations)
        if chunk is None or found is None:
            return None
        depths.append(chains.depths(found, chunk.depths))
        total += int(depths[-1].sum())
        if depths[-1].max(initial=0) > limits.depth or total > limits.frames:
            return None
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


def label_columns(
    labels: LabelFields, samples: int, strings: Sequence[str]
) -> dict[str, tuple[str, ...]] | None:
    """Each key's text for each sample, "" where absent; the last one counts where a sample has a key twice.

    A label without a string is its number. None when a string isn't there.
    """
    columns: dict[str, tuple[str, ...]] = {}
    if not len(labels.sample):
        return columns
    for indices in (labels.key, labels.text):
        if indices.min() < 0 or indices.max() >= len(strings):
            return None
    order = np.unique(labels.key, return_index=True)[1]
    for key in labels.key[np.sort(order)]:
        here = labels.key == key
        pairs = np.stack([labels.text[here], np.where(labels.text[here] == 0, labels.number[here], 0)])
        distinct, codes = np.unique(pairs, axis=1, return_inverse=True)
        texts = np.array(["", *(strings[t] if t else str(n) for t, n in distinct.T.tolist())], dtype=object)
        column = np.zeros(samples, dtype=np.int64)
        column[labels.sample[here]] = codes.reshape(-1) + 1
        name = strings[int(key)]
        if name in columns:  # two entries of the string table that are alike
            return None
        columns[name] = tuple(texts[column].tolist())
    return columns
