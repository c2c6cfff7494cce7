"""The standard streams of a program, as files."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import IO


class Streams:
    """The three standard streams of one program: it never waits for us, and sizes can be watched."""

    def __init__(self, stdin: str | None, stdout_path: Path | None) -> None:
        self._stack = contextlib.ExitStack()
        self._given = (stdin or "").encode()
        self._stdout_path = stdout_path

    def __enter__(self) -> Streams:
        self.input: IO[bytes] = self._stack.enter_context(
            tempfile.TemporaryFile() if self._given else Path(os.devnull).open("rb")
        )
        if self._given:
            self.input.write(self._given)
            self.input.seek(0)
        self.output: IO[bytes] = self._stack.enter_context(
            self._stdout_path.open("w+b") if self._stdout_path else tempfile.TemporaryFile()
        )
        self.error = self._stack.enter_context(tempfile.TemporaryFile())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def descriptors(self) -> tuple[int, int, int]:
        """Standard input, output and error."""
        return self.input.fileno(), self.output.fileno(), self.error.fileno()

    @property
    def longest(self) -> tuple[int, str]:
        """Bytes in the longer of the two outputs, and what it is called."""
        sizes = (os.fstat(self.output.fileno()).st_size, os.fstat(self.error.fileno()).st_size)
        return max(zip(sizes, ("standard output", "standard error"), strict=True))

    def output_text(self) -> str:
        """What was written to standard output; bad UTF-8 replaced."""
        return _text(self.output)

    def error_text(self) -> str:
        """What was written to standard error; bad UTF-8 replaced."""
        return _text(self.error)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", errors="replace")
