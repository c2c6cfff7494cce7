"""Files of ours added to a Go build by the go command's -overlay; the copy itself stays as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from ast_grep_py import Config, Edit, SgRoot

from tools.errors import ToolError
from tools.go.compiling import BINARIES
from tools.go.packages import GoPackage

INSIDE = Path(__file__).with_name("inside")
OVERLAY_MAIN = "askProfilerMain"
"""What a command's main is called in a profiled build; ours takes its place."""
_EXIT = {"rule": {"kind": "call_expression", "has": {"field": "function", "regex": r"^os\.Exit$"}}}


def overlay_for_tests(root: Path, package: GoPackage) -> Path:
    """An overlay that adds a goroutine watcher to a package's test binary."""
    text = (INSIDE / "goroutines.go.txt").read_text(encoding="utf-8").replace("PACKAGE", package.name)
    return _write(root, {root / package.folder / "zz_ask_profiler_test.go": text})


def overlay_for_command(root: Path, package: GoPackage) -> Path:
    """An overlay in which our main profiles the program's own; lines keep their numbers.

    Raises: ToolError when the package has no `func main`.
    """
    files = {
        root / package.folder / "zz_ask_profiler.go": (INSIDE / "command.go.txt").read_text(encoding="utf-8")
    }
    has_main = False
    for name in package.go_files:
        path = root / package.folder / name
        source = path.read_bytes().decode("utf-8", errors="replace")
        changed, is_main = _wrapped(source)
        has_main = has_main or is_main
        if changed != source:
            files[path] = changed
    if not has_main:
        raise ToolError(f"{package.import_path} has no func main: it is no command")
    return _write(root, files)


def _wrapped(source: str) -> tuple[str, bool]:
    """The file with its main renamed and its calls of os.Exit led through ours; whether it had a main."""
    top = SgRoot(source, "go").root()
    edits: list[Edit] = []
    for node in top.find_all(kind="function_declaration"):
        name = node.field("name")
        if name is not None and name.text() == "main":
            edits.append(name.replace(OVERLAY_MAIN))
    is_main = bool(edits)
    exits = [call.field("function") for call in top.find_all(cast("Config", _EXIT))]
    edits += [function.replace("askProfilerExit") for function in exits if function is not None]
    changed = top.commit_edits(edits) if edits else source
    # The import of os may have no other use left.
    return (changed + "\nvar _ = os.Exit\n" if exits else changed), is_main


def _write(root: Path, files: Mapping[Path, str]) -> Path:
    place = root / BINARIES / "overlay"
    place.mkdir(parents=True, exist_ok=True)
    replace = {}
    for number, (path, text) in enumerate(files.items()):
        here = place / f"{number}.go"
        here.write_text(text, encoding="utf-8")
        replace[str(path)] = str(here)
    overlay = place / "overlay.json"
    overlay.write_text(json.dumps({"Replace": replace}), encoding="utf-8")
    return overlay
