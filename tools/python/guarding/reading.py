"""Reading a change: old and new files through every rule, and what the change adds or leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.errors import UnreadableOutput
from tools.measure.guard import Objection
from tools.python.guarding.checks import checks
from tools.python.guarding.code import Code, read_code
from tools.python.guarding.importing import importing
from tools.python.guarding.known import JUDGES, Known, is_judge, read_known
from tools.python.guarding.marks import Mark, left_over
from tools.python.guarding.matching import matching
from tools.python.guarding.named import named
from tools.python.guarding.postponing import background, lazy_results
from tools.python.guarding.remaining import remaining
from tools.python.guarding.removing import less_patient, less_protected, less_told
from tools.python.guarding.surroundings import surroundings
from tools.python.guarding.tampering import tampering
from tools.python.guarding.validation import less_validated
from tools.run.reading import read_written

LARGEST_FILE = 4 * 1024**2
STARTED_BY_PYTHON = re.compile(r"(^|/)(sitecustomize|usercustomize)\.py$|\.pth$")
COMPILED = re.compile(r"\.(so|pyd|dll|dylib|pyc|pyo|egg|whl|zip|a|o)(\.\d+)*$", re.IGNORECASE)
WORDS_ONLY = re.compile(
    r"\.(md|rst|txt|pyi|png|svg|jpg|html|css|cff|adoc)$|(^|/)(LICENSE|README|CHANGELOG)[^/]*$", re.IGNORECASE
)


@dataclass(slots=True)
class Change:
    """The changed Python files that could be read, old and new, and objections to those that couldn't."""

    before: list[Code] = field(default_factory=list)
    after: list[Code] = field(default_factory=list)
    objections: list[Objection] = field(default_factory=list)


def find_objections(
    before: Path, after: Path, files: tuple[str, ...], *, newer_python: bool = False
) -> tuple[Objection, ...]:
    """What the rules find in a change from `before` to `after`, in the order of files and lines.

    Lines are those of the new file; of what is gone, those of the old one. A file whose new version isn't Python any
    more is left to the build, unless the target's is a `newer_python` than this program's: then it can't be read.
    """
    change = _read(before, after, files, newer_python=newer_python)
    known = read_known(before)
    judges = frozenset(name for name in JUDGES if (before / name).is_dir())
    own = _own_modules(before) | _own_modules(after)
    added = left_over(_noticed(change.after, known, judges, own), _noticed(change.before, known, judges, own))
    added += _at_import(change, known, before)
    old = {code.file: code for code in change.before}
    added += [m for code in change.after for m in lazy_results(old.get(code.file), code, known)]
    gone = [
        *less_validated(change.before, change.after),
        *less_told(change.before, change.after),
        *less_protected(change.before, change.after),
        *less_patient(change.before, change.after),
    ]
    found = {(m.rule, m.file, m.line): m.objection for m in (*added, *gone)}
    return (*change.objections, *(found[key] for key in sorted(found, key=lambda k: (k[1], k[2], k[0]))))


def _noticed(
    codes: Iterable[Code], known: Known, judges: frozenset[str], own: frozenset[str]
) -> Iterator[Mark]:
    for code in codes:
        yield from named(code)
        yield from surroundings(code)
        yield from tampering(code, own)
        yield from background(code)
        yield from remaining(code)
        yield from matching(code, known, judges)
        yield from checks(code)


def _at_import(change: Change, known: Known, root: Path) -> list[Mark]:
    """Work at import; a script that nothing imports does all of its work there, and it is timed."""
    old = [m for code in change.before for m in importing(code)]
    new = [m for code in change.after for m in importing(code)]
    were = {m.file for m in old}
    return [m for m in left_over(new, old) if m.file not in were or _is_imported(m.file, known, root)]


def _is_imported(file: str, known: Known, root: Path) -> bool:
    stem = file.removesuffix(".py").rpartition("/")[2]
    if stem in known.names or stem == "__init__":
        return True
    word = re.compile(rf"^\s*(?:import|from)\b.*\b{re.escape(stem)}\b", re.MULTILINE)
    for path in root.rglob("*.py"):
        name = path.relative_to(root).as_posix()
        if name != file and not name.startswith(".") and word.search(_text(root, path)):
            return True
    return False


def _text(root: Path, path: Path) -> str:
    try:
        return (read_written(root, path, limit_bytes=LARGEST_FILE) or b"").decode("utf-8", errors="replace")
    except UnreadableOutput:
        return ""


def _own_modules(root: Path) -> frozenset[str]:
    """The names of the target's own modules and packages, as imports of it begin."""
    found: set[str] = set()
    for folder in (root, root / "src", root / "lib"):
        if folder.is_dir():
            found |= {p.stem for p in folder.glob("*.py")} | {p.name for p in folder.iterdir() if p.is_dir()}
    return frozenset(found)


def _read(before: Path, after: Path, files: tuple[str, ...], *, newer_python: bool) -> Change:
    change = Change()
    for file in files:
        try:
            old = read_written(before, before / file, limit_bytes=LARGEST_FILE)
            new = read_written(after, after / file, limit_bytes=LARGEST_FILE)
        except UnreadableOutput as error:
            change.objections.append(_unread(file, str(error)))
            continue
        if STARTED_BY_PYTHON.search(file) and new is not None:
            why = "every Python process runs it when it starts, those that measure, too"
            change.objections.append(Objection(rule="harness tampering", file=file, line=1, detail=why))
            continue
        if not file.endswith(".py"):
            change.objections += _other(file, old, new)
            continue
        if is_judge(file):
            continue  # frozen, and no part of what is timed
        try:
            codes = [read_code(file, content) if content is not None else None for content in (old, new)]
        except (SyntaxError, ValueError) as error:
            if newer_python:
                change.objections.append(_unread(file, f"it can't be parsed here ({error})"))
        except (RecursionError, MemoryError):
            change.objections.append(_unread(file, "its expressions are nested too deep"))
        else:
            change.before += [codes[0]] if codes[0] is not None else []
            change.after += [codes[1]] if codes[1] is not None else []
    return change


def _other(file: str, old: bytes | None, new: bytes | None) -> Iterator[Objection]:
    """Files that aren't Python: programs can't be read, and data may hold results."""
    if new is None or new == old or WORDS_ONLY.search(file):
        return
    if COMPILED.search(file) or new[:4] in (b"\x7fELF", b"PK\x03\x04"):
        yield _unread(file, "it is compiled")
    else:
        words = "isn't Python, so that the rules didn't read it: what it holds stays for every call"
        yield Objection(rule="state that outlives a call", file=file, line=1, detail=f"the file {words}")


def _unread(file: str, why: str) -> Objection:
    return Objection(
        rule="harness tampering", file=file, line=1, detail=f"the file can't be read for tricks: {why}"
    )
