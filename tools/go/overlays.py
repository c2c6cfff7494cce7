"""Files of ours added to a Go build by the go command's -overlay; the copy itself stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ast_grep_py import Config, Edit, SgRoot

from tools.errors import ToolError
from tools.go.compiling import BINARIES
from tools.go.kinds import TRACE_BYTES
from tools.go.packages import GoPackage

INSIDE = Path(__file__).with_name("inside")
OVERLAY_MAIN = "askProfilerMain"
"""What a command's main is called in a profiled build; ours takes its place."""
OVERLAY_TEST_MAIN = "askProfilerTestMain"
"""The same for a package's TestMain."""
_EXIT = {"rule": {"kind": "call_expression", "has": {"field": "function", "regex": r"^os\.Exit$"}}}
_PACKAGE = re.compile(r"^package\s+(\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A file in our version: `text` is None where nothing had to be changed; `package` is its package clause."""

    path: Path
    text: str | None
    package: str
    has_entry: bool


def overlay_for_tests(root: Path, package: GoPackage) -> Path:
    """An overlay in which a package's test binary collects what the environment asks for, until its tests end."""
    sources = _led_through_ours(root, package, package.test_files, "TestMain", OVERLAY_TEST_MAIN)
    own = next((s for s in sources if s.has_entry), None)
    run = f"{OVERLAY_TEST_MAIN}(m)" if own else "m.Run()"
    # Calls of os.Exit elsewhere, as in a test that starts itself anew, stay as they are.
    files = {own.path: own.text} if own and own.text is not None else {}
    name = own.package if own else package.name
    return _write(root, {
        **files,
        root / package.folder / "zz_ask_profiler_collecting_test.go": _ours("collecting", name),
        root / package.folder / "zz_ask_profiler_test.go": _ours("tests", name).replace("RUN", run),
    })  # fmt: skip


def overlay_for_command(root: Path, package: GoPackage) -> Path:
    """An overlay in which our main starts the program's own and collects; lines keep their numbers.

    Raises: ToolError when the package has no `func main`.
    """
    sources = _led_through_ours(root, package, package.go_files, "main", OVERLAY_MAIN)
    if not any(s.has_entry for s in sources):
        raise ToolError(f"{package.import_path} has no func main: it is no command")
    return _write(root, {
        **{s.path: s.text for s in sources if s.text is not None},
        root / package.folder / "zz_ask_profiler_collecting.go": _ours("collecting", package.name),
        root / package.folder / "zz_ask_profiler.go": _ours("command", package.name),
    })  # fmt: skip


def _ours(name: str, package: str) -> str:
    return (
        (INSIDE / f"{name}.go.txt")
        .read_text(encoding="utf-8")
        .replace("PACKAGE", package)
        .replace("TRACE_BYTES", str(TRACE_BYTES))
    )


def _led_through_ours(
    root: Path, package: GoPackage, names: Iterable[str], entry: str, replacement: str
) -> list[_Source]:
    """The package's files with the function `entry` renamed and calls of os.Exit led through ours."""
    found = []
    for name in names:
        path = root / package.folder / name
        source = path.read_bytes().decode("utf-8", errors="replace")
        changed, has_entry = _wrapped(source, entry, replacement)
        clause = _PACKAGE.search(source)
        found.append(_Source(path=path, text=changed if changed != source else None,
                             package=clause[1] if clause else package.name, has_entry=has_entry))  # fmt: skip
    return found


def _wrapped(source: str, entry: str, replacement: str) -> tuple[str, bool]:
    top = SgRoot(source, "go").root()
    edits: list[Edit] = []
    for node in top.find_all(kind="function_declaration"):
        name = node.field("name")
        if name is not None and name.text() == entry:
            edits.append(name.replace(replacement))
    has_entry = bool(edits)
    exits = [call.field("function") for call in top.find_all(cast("Config", _EXIT))]
    edits += [function.replace("askProfilerExit") for function in exits if function is not None]
    changed = top.commit_edits(edits) if edits else source
    # The import of os may have no other use left.
    return (changed + "\nvar _ = os.Exit\n" if exits else changed), has_entry


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
