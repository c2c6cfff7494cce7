"""Integers are written as the protobuf runtime writes them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.profiles.pprof_schema import profile_message
from tools.profiles.varints import encode_varints, varint_sizes


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_any_integers(numbers: list[int]) -> None:
    sample = profile_message()().sample.add(location_id=numbers)
    ours = encode_varints(np.array(numbers, dtype=np.uint64))
    assert bytes(sample.SerializeToString()).endswith(ours)
    assert len(ours) == varint_sizes(np.array(numbers, dtype=np.uint64)).sum()
    assert bool(ours) == bool(numbers)


@pytest.mark.parametrize("bits", range(64))
def test_where_a_byte_more_is_needed(bits: int) -> None:
    for number in (2**bits - 1, 2**bits):
        bytes_ = max(1, -(-number.bit_length() // 7))
        assert varint_sizes(np.array([number], dtype=np.uint64)).tolist() == [bytes_]
        assert len(encode_varints(np.array([number], dtype=np.uint64))) == bytes_
