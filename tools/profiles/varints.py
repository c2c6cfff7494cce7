"""Integers written as protobuf writes them, many at once: seven bits a byte, the low ones first.

Source: https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tools.profiles.profile import IntArray

Unsigned = npt.NDArray[np.uint64]
LONGEST = 10
"""Bytes of the longest integer: a negative one, which is written as its 64 bits."""


def varint_sizes(numbers: Unsigned) -> IntArray:
    """How many bytes each integer takes."""
    sizes = np.ones(len(numbers), dtype=np.int64)
    for k in range(1, LONGEST):
        longer = numbers >= np.uint64(1 << 7 * k)
        if not longer.any():
            break
        sizes += longer
    return sizes


def encode_varints(numbers: Unsigned) -> bytes:
    """All integers, one after the other."""
    sizes = varint_sizes(numbers)
    ends = np.cumsum(sizes)
    written = np.zeros(int(ends[-1]) if len(ends) else 0, dtype=np.uint8)
    at = ends - sizes
    while len(numbers):
        more = numbers >= np.uint64(0x80)
        written[at] = (numbers & np.uint64(0x7F)).astype(np.uint8) | (more.astype(np.uint8) << 7)
        numbers, at = numbers[more] >> np.uint64(7), at[more] + 1
    return written.tobytes()
