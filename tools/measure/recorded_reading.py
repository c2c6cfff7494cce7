"""Reading recorded benchmark results, whichever program wrote them."""

from __future__ import annotations

from pathlib import Path

from tools.errors import UnreadableOutput
from tools.measure.recorded import Recording, read_go, read_text
from tools.measure.recorded_json import read_json


def read_recorded(path: Path, side: str | None = None) -> Recording:
    """The results in a file: the Go benchmark format, of one `side` alone if one is named, or pyperf's and
    pytest-benchmark's JSON.

    Raises: UnreadableOutput with file and line or field.
    """
    text = read_text(path)
    if text.lstrip()[:1] != "{":
        return read_go(path, text, side)
    if '"Action":' in text[:400]:
        raise UnreadableOutput(
            f"{path} is the output of `go test -json`: record without -json, or print what its Output fields hold"
        )
    return read_json(path, text)
