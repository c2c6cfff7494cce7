"""A profile is read whole and written whole, or refused with the field or offset that is wrong."""

from __future__ import annotations

import dataclasses
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import UnreadableOutput
from tools.profiles.builder import ProfileBuilder
from tools.profiles.pprof import PprofLimits, read_pprof, write_pprof
from tools.profiles.pprof_encoding import encode_pprof
from tools.profiles.pprof_schema import profile_message
from tools.profiles.profile import Function, Profile, ValueType

TYPES = (ValueType(name="samples", unit="count"), ValueType(name="cpu", unit="nanoseconds"))
Damage = Callable[[Any], object]


def same(one: Profile, other: Profile) -> bool:
    """Whether two profiles hold the same samples, whatever the numbers of their frames."""
    fields = ("value_types", "duration_ns", "period", "period_type", "time_ns", "comments", "default_value")
    return (
        all(getattr(one, name) == getattr(other, name) for name in fields)
        and np.array_equal(one.values, other.values)
        and written_out(one) == written_out(other)
        and dict(one.labels) == dict(other.labels)
    )


def written_out(profile: Profile) -> list[list[tuple[Function, int]]]:
    ids, offsets = profile.frame_ids.tolist(), profile.offsets.tolist()
    frames = [
        (profile.functions[f], line)
        for f, line in zip(profile.frame_function.tolist(), profile.frame_line.tolist(), strict=True)
    ]
    return [[frames[i] for i in ids[offsets[n] : offsets[n + 1]]] for n in range(profile.samples)]


def example() -> Profile:
    builder = ProfileBuilder(TYPES)
    leaf = Function(name="runtime.mallocgc", file="runtime/malloc.go", start_line=900)
    main = Function(name="main.größe", file="main.go", start_line=3)
    builder.add([(leaf, 950), (main, 5)], [3, 30], {"thread": "one"})
    builder.add([(main, 6), (main, 5)], [1, 10])
    builder.add([], [1, 10], {"request": "GET /"})
    return builder.build(
        duration_ns=7, period=10, period_type=TYPES[1], time_ns=99, comments=("noted",), default_value="cpu"
    )


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    write_pprof(example(), tmp_path / "a.pb.gz")
    assert same(read_pprof(tmp_path / "a.pb.gz"), example())
    assert [p.name for p in tmp_path.iterdir()] == ["a.pb.gz"]


def test_the_same_profile_gives_the_same_bytes(tmp_path: Path) -> None:
    write_pprof(example(), tmp_path / "a")
    write_pprof(example(), tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


names = st.text(st.characters(codec="utf-8"), max_size=12)
functions = st.builds(Function, name=names.filter(bool), file=names, start_line=st.integers(0, 2**31))
samples = st.lists(
    st.tuples(
        st.lists(st.tuples(functions, st.integers(0, 2**31)), max_size=4),
        st.tuples(st.integers(-(2**62), 2**62), st.integers(0, 2**62)),
        st.dictionaries(names.filter(bool), names.filter(bool), max_size=2),
    ),
    max_size=6,
)


@given(samples)
def test_any_names_lines_values_and_labels_survive(
    found: list[tuple[list[tuple[Function, int]], tuple[int, int], dict[str, str]]],
) -> None:
    builder = ProfileBuilder(TYPES)
    for stack, values, labels in found:
        builder.add(stack, values, labels)
    assert same(read_pprof(encode_pprof(builder.build())), builder.build())


@pytest.mark.parametrize("name", ["go1.26-cpu", "go1.26-heap", "go1.26-goroutine"])
def test_profiles_of_go_survive_being_written_again(data: Path, name: str) -> None:
    profile = read_pprof(data / f"{name}.pb.gz")
    assert profile.samples
    assert same(read_pprof(encode_pprof(profile)), profile)


def test_inlined_calls_are_frames_of_their_own(data: Path) -> None:
    """The compiler inlines the membership test; its lines are told apart from its caller's all the same."""
    stack_names = [
        [function.name for function, _ in stack]
        for stack in written_out(read_pprof(data / "go1.26-cpu.pb.gz"))
    ]
    inlined = [names for names in stack_names if any(name.endswith("summary.contains") for name in names)]
    assert inlined
    for found in inlined:
        position = next(n for n, name in enumerate(found) if name.endswith("summary.contains"))
        assert found[position + 1].endswith("summary.Symbols")


def damaged(change: Damage) -> bytes:
    message = profile_message()()
    message.ParseFromString(encode_pprof(example()))
    change(message)
    return bytes(message.SerializeToString())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.ClearField("sample_type"), "sample_type is missing"),
        (lambda m: setattr(m.sample_type[1], "unit", 999), r"sample_type.unit names string 999 of \d+"),
        (lambda m: setattr(m.sample_type[0], "type", -1), r"sample_type.type names string -1 of"),
        (lambda m: setattr(m.function[1], "name", 77), r"function\[1\].name names string 77"),
        (lambda m: setattr(m.function[1], "filename", 77), r"function\[1\].filename names string 77"),
        (lambda m: setattr(m.function[1], "id", 1), r"function\[1\] has id 1, which another function has"),
        (lambda m: setattr(m.location[2], "id", 1), r"location\[2\] has id 1, which another location has"),
        (lambda m: setattr(m.location[1].line[0], "function_id", 55), r"location\[1\] names function 55"),
        (lambda m: m.sample[1].location_id.append(66), "sample names location 66, which isn't there"),
        (lambda m: m.sample[2].value.append(1), r"sample\[2\] has 3 values for 2 sample types"),
        (lambda m: m.sample[0].value.pop(), r"sample\[0\] has 1 values for 2 sample types"),
        (lambda m: setattr(m.sample[0].label[0], "key", 88), r"sample\[0\].label.key names string 88"),
        (lambda m: m.comment.append(44), "comment names string 44"),
        (lambda m: setattr(m, "default_sample_type", 33), "default_sample_type names string 33"),
        (lambda m: setattr(m.period_type, "type", 22), "period_type.type names string 22"),
    ],
)
def test_a_wrong_reference_is_named_by_its_field(change: Damage, words: str) -> None:
    with pytest.raises(UnreadableOutput, match=f"^profile: {words}"):
        read_pprof(damaged(change))


def test_a_sound_message_passes_the_same_way() -> None:
    """The damage above is what is refused, not the way it is applied."""
    assert same(read_pprof(damaged(lambda m: None)), example())


def test_a_stack_too_deep_is_refused_with_its_number() -> None:
    content = damaged(lambda m: m.sample[1].location_id.extend([1] * 40))
    with pytest.raises(UnreadableOutput, match=r"sample\[1\] is 42 frames deep"):
        read_pprof(content, PprofLimits(depth=41))
    assert read_pprof(content, PprofLimits(depth=42)).samples == 3


@pytest.mark.parametrize("packed", [True, False], ids=["gzipped", "plain"])
def test_a_file_too_large_once_decompressed_is_refused(packed: bool) -> None:
    content = encode_pprof(example())
    raw = gzip.compress(content) if packed else content
    with pytest.raises(UnreadableOutput, match="once decompressed: record for a shorter time"):
        read_pprof(raw, PprofLimits(decompressed_bytes=len(content) - 1))
    assert read_pprof(raw, PprofLimits(decompressed_bytes=len(content))).samples == 3


def test_a_bomb_of_a_gigabyte_is_refused_before_it_is_unpacked() -> None:
    bomb = gzip.compress(bytes(64 * 1024**2))
    with pytest.raises(UnreadableOutput, match="over 1 MiB once decompressed"):
        read_pprof(bomb, PprofLimits(decompressed_bytes=1024**2))


def test_a_gzipped_file_that_was_cut_is_refused_at_every_length() -> None:
    raw = gzip.compress(encode_pprof(example()))
    for length in range(3, len(raw)):
        with pytest.raises(UnreadableOutput, match=f"ends early \\(after {length} bytes\\)|corrupt"):
            read_pprof(raw[:length])


def test_what_follows_the_gzip_data_is_not_silently_left_out() -> None:
    raw = gzip.compress(encode_pprof(example()))
    with pytest.raises(UnreadableOutput, match="or more follows it"):
        read_pprof(raw + b"more")
    with pytest.raises(UnreadableOutput, match=r"has id|sample_type|not a pprof"):
        read_pprof(raw + raw)  # two members are one content, as for gzip itself: a profile twice over


def test_corrupt_gzip_data_is_refused() -> None:
    raw = bytearray(gzip.compress(encode_pprof(example())))
    raw[-6] ^= 0xFF  # its checksum
    with pytest.raises(UnreadableOutput, match="the gzip data is corrupt"):
        read_pprof(bytes(raw))


def test_files_that_are_no_profile_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("Total: 30 samples\n")
    with pytest.raises(UnreadableOutput, match=r"/empty: the file is empty"):
        read_pprof(tmp_path / "empty")
    with pytest.raises(UnreadableOutput, match=r"/text: not a pprof profile"):
        read_pprof(tmp_path / "text")
    with pytest.raises(UnreadableOutput, match=r"/missing: can't be read: No such file"):
        read_pprof(tmp_path / "missing")


@given(st.binary(max_size=200))
def test_random_bytes_give_an_error_or_a_profile_but_nothing_else(raw: bytes) -> None:
    try:
        assert read_pprof(raw).value_types
    except UnreadableOutput as error:
        assert str(error).startswith("profile: ")


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_one_flipped_byte_gives_an_error_or_a_consistent_profile(position: int, flip: int) -> None:
    raw = bytearray(encode_pprof(example()))
    raw[position % len(raw)] ^= flip
    try:
        profile = read_pprof(bytes(raw))
    except UnreadableOutput:
        return
    assert len(written_out(profile)) == profile.samples == len(profile.values)
    assert all(len(column) == profile.samples for column in profile.labels.values())


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_pprof(example(), tmp_path / "a.pb.gz")
    before = (tmp_path / "a.pb.gz").read_bytes()
    broken = dataclasses.replace(example(), period=2**64)  # can't be encoded
    with pytest.raises(ValueError, match="out of range"):
        write_pprof(broken, tmp_path / "a.pb.gz")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_pprof(example(), tmp_path / "folder")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.pb.gz", "folder"]
    assert (tmp_path / "a.pb.gz").read_bytes() == before
