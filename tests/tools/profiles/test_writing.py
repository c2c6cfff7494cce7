"""What is written is read again with the same stacks and amounts, and what a form can't hold is said."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.profiles.builder import ProfileBuilder
from tools.profiles.collapsed import read_collapsed
from tools.profiles.pprof import read_pprof
from tools.profiles.profile import Function, Profile, ValueType
from tools.profiles.speedscope import read_speedscope
from tools.profiles.writing import as_collapsed, as_speedscope

Stack = tuple[tuple[str, str, int], ...]


def costs(profile: Profile, value: str, *, places: bool) -> dict[Stack, int]:
    """What each different stack costs, leaf first; with or without files and lines."""
    found: dict[Stack, int] = {}
    ids, offsets = profile.frame_ids.tolist(), profile.offsets.tolist()
    frames = [
        (f.name, f.file, line) if places else (f.name, "", 0)
        for f, line in zip(
            (profile.functions[n] for n in profile.frame_function.tolist()),
            profile.frame_line.tolist(),
            strict=True,
        )
    ]
    for n, amount in enumerate(profile.values[:, profile.column(value)].tolist()):
        stack = tuple(frames[i] for i in ids[offsets[n] : offsets[n + 1]])
        if stack and amount:
            found[stack] = found.get(stack, 0) + amount
    return found


REAL = [
    ("go1.26-cpu", "cpu", "wall"),
    ("go1.26-heap", "alloc_space", "space"),
    ("go1.26-goroutine", "goroutine", "samples"),
]


@pytest.mark.parametrize(("file", "value", "read_as"), REAL)
def test_real_profiles_keep_stacks_files_lines_and_amounts_in_speedscope(
    data: Path, file: str, value: str, read_as: str
) -> None:
    profile = read_pprof(data / f"{file}.pb.gz")
    again = read_speedscope(as_speedscope(profile, value, file).content, file)
    assert costs(again, read_as, places=True) == costs(profile, value, places=True)
    assert len(costs(profile, value, places=True)) > 1


@pytest.mark.parametrize(("file", "value", "read_as"), REAL)
def test_real_profiles_keep_names_and_amounts_in_collapsed_stacks(
    data: Path, file: str, value: str, read_as: str
) -> None:
    profile = read_pprof(data / f"{file}.pb.gz")
    again = read_collapsed(as_collapsed(profile, value).content)
    assert costs(again, "samples", places=False) == costs(profile, value, places=False)


names = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=9
)
plain = names.filter(lambda n: not set(n) & set(";( )") and not n.isspace())


@given(st.lists(st.tuples(st.lists(plain, min_size=1, max_size=4), st.integers(1, 2**50)), max_size=6))
def test_any_names_survive_collapsed_stacks(found: list[tuple[list[str], int]]) -> None:
    builder = ProfileBuilder([ValueType(name="samples", unit="count")])
    for stack, amount in found:
        builder.add([(Function(name=name, file=""), 0) for name in stack], [amount])
    profile = builder.build()
    again = read_collapsed(as_collapsed(profile, "samples").content)
    assert costs(again, "samples", places=True) == costs(profile, "samples", places=True)


@given(st.lists(st.tuples(st.lists(st.text(max_size=5), min_size=1, max_size=4), st.integers(1, 2**50))))
def test_whatever_names_there_are_no_amount_is_lost(found: list[tuple[list[str], int]]) -> None:
    builder = ProfileBuilder([ValueType(name="samples", unit="count")])
    for stack, amount in found:
        builder.add([(Function(name=name, file=""), 0) for name in stack], [amount])
    content = as_collapsed(builder.build(), "samples").content
    assert read_collapsed(content).total("samples") == sum(amount for _, amount in found)


@pytest.mark.parametrize("name", ["", "# work", " work ", "\n", "#"])
def test_names_that_a_line_cannot_hold_become_others_and_that_is_said(name: str) -> None:
    builder = ProfileBuilder([ValueType(name="samples", unit="count")])
    builder.add([(Function(name=name, file=""), 0)], [3])
    written = as_collapsed(builder.build(), "samples")
    again = read_collapsed(written.content)
    assert (again.samples, again.total("samples"), again.comments) == (1, 3, ())
    said = "names as they are: semicolons and line ends became colons" in written.lost
    assert said == (again.functions[0].name != name)


def example() -> Profile:
    builder = ProfileBuilder(
        [ValueType(name="cpu", unit="nanoseconds"), ValueType(name="calls", unit="count")]
    )
    leaf, main = Function(name="a;b\nc", file="a.py"), Function(name="main", file="m.py", start_line=3)
    builder.add([(leaf, 5), (main, 1)], [30, 1], {"thread": "one", "request": "GET /"})
    builder.add([(main, 1)], [20, 1], {"thread": "two"})
    builder.add([], [7, 1])
    return builder.build(duration_ns=9)


def test_what_a_form_cannot_hold_is_said() -> None:
    collapsed = as_collapsed(example(), "cpu")
    assert collapsed.content == b"main 20\nmain;a:b:c 30\n"
    assert collapsed.lost == (
        "the values calls",
        "7 of cpu without a stack",
        "when and how long was recorded",
        "files and lines",
        "the labels thread, request",
        "names as they are: semicolons and line ends became colons",
    )
    lost = as_speedscope(example(), "cpu", "x").lost
    assert "the labels request" in lost
    assert "the values calls" in lost
    assert "7 of cpu without a stack" in lost


def test_threads_are_profiles_of_speedscope() -> None:
    content = as_speedscope(example(), "cpu", "x.pb.gz").content
    document = json.loads(content)
    assert [(p["name"], p["unit"], p["endValue"]) for p in document["profiles"]] == [
        ("one", "nanoseconds", 30),
        ("two", "nanoseconds", 20),
    ]
    assert document["shared"]["frames"][0] == {"name": "main", "file": "m.py", "line": 1}
    assert read_speedscope(content, "x").labels["thread"] == ("one", "two")


def test_amounts_below_zero_are_refused() -> None:
    below = dataclasses.replace(example(), values=-example().values)
    with pytest.raises(ValueError, match="cpu is below zero"):
        as_collapsed(below, "cpu")
    with pytest.raises(ValueError, match="only pprof holds that"):
        as_speedscope(below, "cpu", "x")
