"""Whether a program was made by Go, and by which: its build information, read without running anything.

Source: debug/buildinfo of Go 1.26 (the section .go.buildinfo; its strings are inline since Go 1.18); ELF-64.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

SECTION = b".go.buildinfo"
MAGIC = b"\xff Go buildinf:"
_INLINE_STRINGS = 2
_STRINGS_AT = 32
_MOST_SECTIONS = 4096
_MOST_NAMES = 1024 * 1024
_VERSION_BYTES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    name_at: int
    offset: int
    size: int


def go_version_of(program: Path) -> str | None:
    """Such as `go1.26.8`, "" for a Go that doesn't say so in a way read here, None for what isn't made by Go."""
    try:
        with program.open("rb") as file:
            section = _find(file)
            if section is None:
                return None
            file.seek(section.offset)
            return _version(file.read(_STRINGS_AT + _VERSION_BYTES))
    except (OSError, struct.error):
        return None


def _find(file: BinaryIO) -> _Section | None:
    """The section of build information, None where the file has none or is no ELF-64."""
    head = file.read(64)
    if len(head) < 64 or head[:4] != b"\x7fELF" or head[4] != 2:
        return None
    order = "<" if head[5] == 1 else ">"
    (table_at,) = struct.unpack_from(f"{order}Q", head, 40)
    size, count, names = struct.unpack_from(f"{order}HHH", head, 58)
    if size < 64 or not 0 < count <= _MOST_SECTIONS or names >= count:
        return None
    file.seek(table_at)
    table = file.read(size * count)
    sections = [_section(order, table, n * size) for n in range(count)]
    file.seek(sections[names].offset)
    text = file.read(min(sections[names].size, _MOST_NAMES))
    return next((s for s in sections if text[s.name_at :].startswith(SECTION + b"\0")), None)


def _section(order: str, table: bytes, at: int) -> _Section:
    (name_at,) = struct.unpack_from(f"{order}I", table, at)
    offset, size = struct.unpack_from(f"{order}QQ", table, at + 24)
    return _Section(name_at=name_at, offset=offset, size=size)


def _version(content: bytes) -> str | None:
    if not content.startswith(MAGIC):
        return None
    if len(content) <= _STRINGS_AT or not content[15] & _INLINE_STRINGS:
        return ""
    length = content[_STRINGS_AT]  # a varint; a version is shorter than 128 bytes
    text = content[_STRINGS_AT + 1 : _STRINGS_AT + 1 + length]
    version = text.decode("ascii", errors="replace") if length < 128 else ""
    return version if version.startswith(("go", "devel")) else ""
