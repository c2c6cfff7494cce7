"""Both copies' test binaries with our calls in them: built by overlays, so that the copies stay as they are."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.go.compiling import BINARIES
from tools.go.equivalence.analysing import runtime_files
from tools.go.program import GoProgram
from tools.run.process import Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One copy with what was built of it. `programs` maps a package's folder, or `command`, to its executable."""

    root: Path
    scratch: Path
    programs: Mapping[str, Path]


def scratch_folder(root: Path) -> Path:
    """A new folder in the copy, for everything that comparing needs; whoever asks for it removes it."""
    place = root / BINARIES
    place.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="equivalence-", dir=place))


def build_side(
    runner: Runner,
    go: GoProgram,
    root: Path,
    scratch: Path,
    texts: Mapping[str, str],
    packages: Iterable[tuple[str, str]],
    command: str | None,
) -> Side:
    """Test binaries of `packages` (folder and import path), and the command's if one is given, in `scratch`.

    Raises: ProgramFailed with the compiler's words.
    """
    overlay = _write_overlay(root, scratch, texts)
    programs: dict[str, Path] = {}
    for number, batch in enumerate(_batches(packages)):
        out = scratch / f"bin{number}"
        out.mkdir(exist_ok=True)
        paths = [path for _, path in batch]
        go.run(runner, ["test", "-c", "-vet=off", "-ldflags=-s -w", f"-overlay={overlay}", "-o", f"{out}/", *paths],
               cwd=root, root=root)  # fmt: skip
        programs |= {folder: out / _binary_name(path) for folder, path in batch}
    if command is not None:
        programs["command"] = scratch / "command"
        go.run(runner, ["build", f"-overlay={overlay}", "-o", str(programs["command"]), command],
               cwd=root, root=root)  # fmt: skip
    return Side(root=root, scratch=scratch, programs=programs)


def _write_overlay(root: Path, scratch: Path, texts: Mapping[str, str]) -> Path:
    sources = scratch / "overlay"
    sources.mkdir(exist_ok=True)
    replace = {str(seen): str(real) for seen, real in _copied(runtime_files(root), sources).items()}
    for number, (path, text) in enumerate(texts.items()):
        here = sources / f"{number}.go"
        here.write_text(text, encoding="utf-8")
        replace[path] = str(here)
    overlay = scratch / "overlay.json"
    overlay.write_text(json.dumps({"Replace": replace}), encoding="utf-8")
    return overlay


def _copied(files: Mapping[Path, Path], folder: Path) -> dict[Path, Path]:
    """Into the copy, where a confined go command can read them."""
    return {seen: Path(shutil.copyfile(real, folder / real.name)) for seen, real in files.items()}


def _batches(packages: Iterable[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """As few go commands as can be: in one, no two packages may have binaries of the same name."""
    batches: list[list[tuple[str, str]]] = []
    for folder, path in packages:
        name = _binary_name(path)
        for batch in batches:
            if all(_binary_name(other) != name for _, other in batch):
                batch.append((folder, path))
                break
        else:
            batches.append([(folder, path)])
    return batches


def _binary_name(import_path: str) -> str:
    """What `go test -c` calls a package's binary."""
    parts = import_path.split("/")
    is_version = parts[-1][:1] == "v" and parts[-1][1:].isdigit() and len(parts) > 1
    return f"{parts[-2] if is_version else parts[-1]}.test"
