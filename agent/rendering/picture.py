"""A flame graph as PNG, for places that show no SVG; with its words where this host has a font."""

from __future__ import annotations

import importlib.util
import math
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.errors import AgentError
from agent.rendering.fonts import FOLDERS, find_font
from tools.errors import ToolError
from tools.run.process import Limits, Runner
from tools.run.sandbox import NoSandbox

ZOOM = 2.0
PIXELS = 24_000_000
"""A picture of more would be drawn smaller."""
SVG_CHARACTERS = 30_000_000
TIME_S = 60.0
_PROGRAM = Path(__file__).with_name("drawing.py")
_SIZE = re.compile(r"<svg\b[^>]*?\swidth=\"(\d{1,6})(?:\.\d+)?\"\s+height=\"(\d{1,6})(?:\.\d+)?\"")
NO_FONT = (
    "this host has no font that the picture's words could be written in, so that it shows none: install one, such as "
    "the package fonts-dejavu-core"
)


class NoPicture(AgentError):
    """The graph can't be drawn; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A PNG; `warning` says what it lacks, "" for nothing."""

    png: bytes
    warning: str = ""


def png_of(svg: str, environment: Mapping[str, str], folders: tuple[str, ...] = FOLDERS) -> Picture:
    """The picture of an SVG of ours, at twice its size where that isn't too large; `folders` are where fonts are.

    It is drawn by a process of its own, which is ended after TIME_S. Raises: NoPicture when there is no program for it,
    or the SVG can't be drawn.
    """
    if importlib.util.find_spec("resvg_py") is None:
        raise NoPicture("pictures need resvg-py, which isn't installed: install ask-profiler again")
    size = _SIZE.search(svg[:4000])
    if size is None or len(svg) > SVG_CHARACTERS:
        raise NoPicture("the graph is too large to be drawn, or isn't one of this program's: open the SVG")
    font = find_font(environment, folders)
    with tempfile.TemporaryDirectory(prefix="ask-profiler-") as temporary:
        folder = Path(temporary)
        (folder / "graph.svg").write_text(svg, encoding="utf-8")
        words = [
            str(_zoom(int(size[1]), int(size[2]))),
            str(font.path) if font else "",
            font.family if font else "",
        ]
        _draw(folder, words)
        png = (folder / "graph.png").read_bytes()
    return Picture(png=png, warning="" if font is not None else NO_FONT)


def _draw(folder: Path, words: list[str]) -> None:
    """Isolated (-I): the program's own folder has a json.py, which must not be taken for Python's."""
    argv = [sys.executable, "-I", str(_PROGRAM), str(folder / "graph.svg"), str(folder / "graph.png"), *words]
    runner = Runner(NoSandbox())
    try:
        runner.run(argv, cwd=folder, confined=False, limits=Limits(timeout_s=TIME_S), program="resvg")
    except ToolError as error:
        why = str(error).strip().splitlines()
        raise NoPicture(
            f"the graph could not be drawn: {why[-1][:200] if why else 'no reason was given'}"
        ) from error
    finally:
        runner.close()


def _zoom(width_px: int, height_px: int) -> float:
    return min(ZOOM, math.sqrt(PIXELS / max(1, width_px * height_px)))
