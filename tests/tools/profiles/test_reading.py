"""A file is read by what it holds, whatever it is called; what can't be read is named."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.errors import UnreadableOutput
from tools.profiles.builder import ProfileBuilder
from tools.profiles.pprof import PprofLimits, read_pprof
from tools.profiles.pprof_encoding import encode_pprof
from tools.profiles.pprof_schema import profile_message
from tools.profiles.profile import Function, ValueType
from tools.profiles.reading import read_profile

SPEEDSCOPE = {
    "$schema": "https://www.speedscope.app/file-format-schema.json",
    "shared": {"frames": [{"name": "main"}, {"name": "work", "file": "w.py", "line": 7}]},
    "profiles": [
        {
            "type": "evented", "name": "one", "unit": "milliseconds", "startValue": 0, "endValue": 5,
            "events": [
                {"type": "O", "at": 0, "frame": 0}, {"type": "O", "at": 1, "frame": 1},
                {"type": "C", "at": 4, "frame": 1}, {"type": "C", "at": 5, "frame": 0},
            ],
        },
        {
            "type": "sampled", "name": "two", "unit": "seconds", "startValue": 0, "endValue": 2,
            "samples": [[0, 1]], "weights": [2],
        },
    ],
}  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("form", ["pprof", "collapsed", "speedscope"])
def test_every_form_gzipped_or_not_under_any_name(
    data: Path, tmp_path: Path, form: str, packed: bool
) -> None:
    content = {
        "pprof": gzip.decompress((data / "go1.26-cpu.pb.gz").read_bytes()),
        "collapsed": (data / "py-spy-0.4.3.raw.txt").read_bytes(),
        "speedscope": json.dumps(SPEEDSCOPE).encode(),
    }[form]
    path = tmp_path / "profile.txt"
    path.write_bytes(gzip.compress(content) if packed else content)
    value = {"pprof": "cpu", "collapsed": "samples", "speedscope": "wall"}[form]
    assert read_profile(path).default_value == value
    assert read_profile(path).total(value) > 0


def test_time_between_events_is_of_the_open_stack(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text(json.dumps(SPEEDSCOPE))
    profile = read_profile(path)
    assert profile.total("wall") == 2_005_000_000
    assert sorted(profile.values[:, 0].tolist()) == [2_000_000, 3_000_000, 2_000_000_000]
    assert sorted(profile.labels["thread"]) == ["one", "one", "two"]


@pytest.mark.parametrize("length", range(1, 30))
def test_no_length_of_a_name_makes_a_pprof_file_look_like_text(tmp_path: Path, length: int) -> None:
    """Lengths and tags may be line ends, letters or digits."""
    builder = ProfileBuilder([ValueType(name="n" * length, unit="count")])
    builder.add([(Function(name="f" * length, file="x" * length), 10)], [10])
    message = profile_message()()
    message.ParseFromString(encode_pprof(builder.build()))
    functions = profile_message()(function=message.function)
    message.ClearField("function")
    # Fields may stand in any order: other writers may put functions first.
    for content in (
        encode_pprof(builder.build()),
        functions.SerializeToString() + message.SerializeToString(),
    ):
        (tmp_path / "a").write_bytes(content)
        assert read_profile(tmp_path / "a").samples == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<!DOCTYPE html><html>", "a page (HTML or XML)"),
        (b'{"traceEvents": []}', "JSON, but no speedscope profile"),
        (b"go 1.26 trace\x00\x00\x00", "a Go execution trace"),
        (b"goos: linux\nBenchmarkSum-2   100   12 ns/op\n", "`ask-profiler compare` takes"),
        (b"\x7fELF\x02\x01", "a program"),
        (b"memray\x00\x0d\x00", "memray's own format"),
        (b"just some words\n", "its first line is no stack with a count"),
        (b"", "the file is empty"),
        (b"\x00\x01\x02\x03", "not a pprof profile"),
        (gzip.compress(b"main;work 3\n" * 99, mtime=0)[:-9], "the gzip data ends early"),
    ],
)
def test_what_is_no_profile_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "cpu.pb.gz"
    path.write_bytes(content)
    with pytest.raises(UnreadableOutput, match=re.escape(told)) as raised:
        read_profile(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    "content", [b"\0" * 50_000_000, b"main;a 3\n" * 6_000_000, b'{"frames":[' + b"0," * 25_000_000]
)
def test_more_than_is_allowed_once_decompressed_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(content, 1))
    with pytest.raises(UnreadableOutput, match="over 1 MiB once decompressed"):
        read_profile(path, PprofLimits(decompressed_bytes=1024**2))


def test_a_recording_of_memray_is_named(tmp_path: Path) -> None:
    """Not read here: memray's reader is native code, which strangers' recordings meet in the sandbox only."""
    path = tmp_path / "a.bin"
    words = [sys.executable, "-m", "memray", "run", "-q", "-o", str(path), "-c", "print()"]
    subprocess.run(words, check=True, capture_output=True)
    with pytest.raises(UnreadableOutput, match=r"memray's own format, which `ask-profiler convert FILE"):
        read_profile(path)


def test_members_of_gzip_are_one_content(data: Path, tmp_path: Path) -> None:
    content = gzip.decompress((data / "go1.26-cpu.pb.gz").read_bytes())
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(content[:5000]) + gzip.compress(content[5000:]))
    assert read_profile(path).total("cpu") == read_pprof(content).total("cpu")


def test_stacks_below_comments_are_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("# austin: 3.7.0\n# mode: wall\n\nmain;work 3\n")
    assert read_profile(tmp_path / "a").total("samples") == 3
