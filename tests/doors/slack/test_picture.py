"""Flame graphs as PNG, with words where the host has a font and a clear warning where it has none."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import pytest

from agent.rendering.fonts import Font, family_of, find_font
from agent.rendering.picture import NO_FONT, NoPicture, png_of
from tools.profiles.builder import ProfileBuilder
from tools.profiles.flamegraph import flame_svg
from tools.profiles.profile import Function, ValueType


def graph() -> str:
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    for name, cost in (("report.Find", 60), ("report.Sort", 40)):
        builder.add([(Function(name=name, file="r.go"), 1), (Function(name="main", file="r.go"), 1)], [cost])
    return flame_svg(
        builder.build(default_value="cpu"), value="cpu", title="CPU time, before", orientation="icicle"
    )


def size_of(png: bytes) -> tuple[int, int]:
    return struct.unpack(">II", png[16:24])


def dark_pixels(png: bytes) -> int:
    """Bytes of near-black in the picture: letters, for frames are light. Source: PNG specification, 8-bit RGBA."""
    width, height = size_of(png)
    at, packed = 8, b""
    while at < len(png):
        (length,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        packed += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    return _unfiltered(zlib.decompress(packed), width * 4, height)


def _unfiltered(raw: bytes, stride: int, height: int) -> int:
    before, dark = bytearray(stride), 0
    for row in range(height):
        start = row * (stride + 1)
        kind, line = raw[start], bytearray(raw[start + 1 : start + 1 + stride])
        for n in range(stride):
            left = line[n - 4] if n >= 4 else 0
            corner = before[n - 4] if n >= 4 else 0
            guess = (0, left, before[n], (left + before[n]) // 2, _paeth(left, before[n], corner))[kind]
            line[n] = (line[n] + guess) & 255
        dark += sum(1 for n in range(0, stride, 4) if max(line[n : n + 3]) < 80)
        before = line
    return dark


def _paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda value: abs(guess - value))


def test_a_flame_graph_becomes_a_picture_of_twice_its_size() -> None:
    found = png_of(graph(), os.environ)
    assert found.png.startswith(b"\x89PNG") and size_of(found.png)[0] == 2400


def test_the_picture_has_words_where_there_is_a_font() -> None:
    if find_font(os.environ) is None:
        pytest.fail("this host has no font: install fonts-dejavu-core")
    svg = '<svg width="200" height="40" xmlns="http://www.w3.org/2000/svg"><text x="4" y="25">report.Find</text></svg>'
    with_words, without = png_of(svg, os.environ), png_of(svg, {}, ())
    assert with_words.warning == "" and dark_pixels(with_words.png) > 200
    assert without.warning == NO_FONT and dark_pixels(without.png) == 0


def test_without_a_font_the_picture_says_so() -> None:
    found = png_of(graph(), {"HOME": "/nonexistent"}, ())
    assert found.warning == NO_FONT and found.png.startswith(b"\x89PNG")


def test_fonts_are_found_in_folders_of_the_users(tmp_path: Path) -> None:
    there = find_font(os.environ)
    assert there is not None
    folder = tmp_path / ".local" / "share" / "fonts" / "deep"
    folder.mkdir(parents=True)
    (folder / there.path.name).write_bytes(there.path.read_bytes())
    assert find_font({"HOME": str(tmp_path)}, ()) == Font(path=folder / there.path.name, family=there.family)
    assert find_font({"XDG_DATA_HOME": str(tmp_path / ".local/share")}, ()) is not None
    assert find_font({"HOME": str(tmp_path / "empty")}, ()) is None


@pytest.mark.parametrize("content", [b"", b"ttcf", b"\x00\x01\x00\x00\xff\xff" + b"name" * 9, b"x" * 500])
def test_a_file_that_is_no_font_has_no_family(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "DejaVuSansMono.ttf"
    path.write_bytes(content)
    assert family_of(path) == "" and find_font({"HOME": "/nonexistent"}, (str(tmp_path),)) is None


@pytest.mark.parametrize("svg", ["", "<svg/>", '<svg width="10" height="10"><', "x" * 100])
def test_what_is_no_graph_is_said_to_be_none(svg: str) -> None:
    with pytest.raises(NoPicture):
        png_of(svg, os.environ)


@pytest.mark.slow
def test_a_very_high_graph_is_drawn_smaller() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="60000"><rect width="9" height="9"/></svg>'
    width, height = size_of(png_of(svg, os.environ).png)
    assert width * height <= 25_000_000
