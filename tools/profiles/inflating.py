"""The content of a file that may be gzipped, never more of it in memory than is allowed."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

from tools.errors import UnreadableOutput

MIB = 1024**2
GZIP = b"\x1f\x8b"


def read_start(path: Path, length_bytes: int) -> bytes:
    """The beginning of the file's content, decompressed. Raises: UnreadableOutput naming the file."""
    try:
        with path.open("rb") as file:
            raw = file.read(max(length_bytes, 65536))
    except OSError as error:
        raise UnreadableOutput(f"{path}: can't be read: {error.strerror}") from error
    if not raw:
        raise UnreadableOutput(f"{path}: the file is empty")
    if raw[:2] != GZIP:
        return raw[:length_bytes]
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(raw, length_bytes)
    except zlib.error as error:
        raise UnreadableOutput(f"{path}: the gzip data is corrupt: {error}") from error


def read_inflated(path: Path, limit_bytes: int) -> bytes:
    """The file's content, decompressed. Raises: UnreadableOutput naming the file."""
    try:
        with path.open("rb") as file:
            raw = file.read(limit_bytes + 1)
    except OSError as error:
        raise UnreadableOutput(f"{path}: can't be read: {error.strerror}") from error
    return inflated(raw, str(path), limit_bytes)


def inflated(raw: bytes, name: str, limit_bytes: int) -> bytes:
    """Bytes that may be gzipped, in one member or several. Raises: UnreadableOutput naming the file."""
    if not raw:
        raise UnreadableOutput(f"{name}: the file is empty")
    content = raw
    if raw[:2] == GZIP:
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
                content = file.read(limit_bytes + 1)
        except EOFError as error:
            raise UnreadableOutput(
                f"{name}: the gzip data ends early (after {len(raw)} bytes): record it again"
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise UnreadableOutput(
                f"{name}: the gzip data is corrupt, or more follows it: {error}"
            ) from error
    if len(content) > limit_bytes:
        raise UnreadableOutput(
            f"{name}: over {limit_bytes / MIB:.3g} MiB once decompressed: record for a shorter time"
        )
    return content
