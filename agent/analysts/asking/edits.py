"""Edits become the contents of files: exact replacements and new files, inside the copy, of what may be changed."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from agent.analysts.asking.answers import CandidateAnswer
from agent.analysts.asking.fencing import HIDDEN
from agent.analysts.asking.final import Unusable
from agent.workspace import NOT_COPIED, is_frozen
from tools.errors import ProgramFailed, UnreadableOutput
from tools.go.program import GoProgram
from tools.run.process import Runner
from tools.run.reading import read_written

LARGEST_FILE_BYTES = 4 * 1024**2
_HIDDEN = re.compile(f"[{HIDDEN}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """Makes edits against a copy. `unmask` puts back what the model wasn't shown; `go` formats Go, if it is there."""

    root: Path
    runner: Runner
    unmask: Callable[[str], str]
    go: GoProgram | None = None

    def contents(self, answer: CandidateAnswer) -> Mapping[str, bytes]:
        """The files as the candidate leaves them, by their path relative to `root`; only those that change.

        Raises: Unusable saying of every edit that can't be made why not.
        """
        texts: dict[str, str] = {}
        problems: list[str] = []
        for number, edit in enumerate(answer.edits, 1):
            try:
                name = self._allowed(edit.file)
                text = texts[name] if name in texts else self._now(name)
                texts[name] = _replaced(text, self.unmask(edit.old), self.unmask(edit.new))
            except Unusable as error:
                problems += [f"edit {number} ({edit.file}): {problem}" for problem in error.problems]
        for new in answer.files:
            try:
                texts[self._new(new.file, texts)] = self.unmask(new.content)
            except Unusable as error:
                problems += [f"new file {new.file}: {problem}" for problem in error.problems]
        if problems:
            raise Unusable(*problems)
        changed = {
            n: self._formatted(n, _seen(n, t, self._before(n)))
            for n, t in texts.items()
            if t != self._before(n)
        }
        if not changed:
            raise Unusable(f"{answer.title!r} changes nothing: give edits that do")
        return {name: text.encode("utf-8") for name, text in changed.items()}

    def _allowed(self, file: str) -> str:
        """The path in the copy's own form. Raises: Unusable when it leads elsewhere or may not be changed."""
        path = PurePosixPath(file)
        parts = path.parts
        if "\0" in file or path.is_absolute() or ".." in parts or not parts:
            raise Unusable("it isn't inside the target: give a path relative to its root")
        if any(part in NOT_COPIED or part == ".git" for part in parts):
            raise Unusable("it lies in a folder that isn't part of the target's sources")
        name = path.as_posix()
        if is_frozen(name):
            raise Unusable("tests, benchmarks, fixtures and build files are frozen: change the code alone")
        return name

    def _new(self, file: str, texts: Mapping[str, str]) -> str:
        name = self._allowed(file)
        if name in texts or (self.root / name).exists():
            raise Unusable("the file is there already: change it with edits")
        return name

    def _now(self, name: str) -> str:
        text = self._before(name)
        if text is None:
            raise Unusable("there is no such file: `list_files` names those there are")
        return text

    def _before(self, name: str) -> str | None:
        try:
            content = read_written(self.root, self.root / name, limit_bytes=LARGEST_FILE_BYTES)
            return None if content is None else content.decode("utf-8")
        except (UnreadableOutput, OSError) as error:
            raise Unusable(f"it can't be changed: {error}") from error
        except UnicodeDecodeError as error:
            raise Unusable("it is no UTF-8 and can't be changed by edits") from error

    def _formatted(self, name: str, text: str) -> str:
        """The text in its language's usual form. Raises: Unusable where it doesn't parse."""
        if name.endswith(".go") and self.go is not None:
            return self._gofmt(name, text)
        if name.endswith(".py"):
            _parse(name, text, self._before(name))
        return text

    def _gofmt(self, name: str, text: str) -> str:
        """Formatted as gofmt does, where the file was before; a file in another form keeps it."""
        program = self.go.root / "bin" / "gofmt" if self.go is not None else None
        if program is None or not program.is_file():
            return text
        before = self._before(name)

        def run(given: str) -> str:
            return self.runner.run([program], cwd=self.root, confined=False, stdin=given).stdout

        try:
            done = run(text)
        except ProgramFailed as error:
            words = error.stderr_tail.replace("<standard input>", name).strip()
            raise Unusable(f"{name} doesn't parse after the edits: {words[:600]}") from error
        return done if before is None or run(before) == before else text


def _seen(name: str, text: str, before: str | None) -> str:
    """The text, in which nothing is hidden that wasn't there before: code must be what who reads it sees.

    Raises: Unusable naming a character that can't be seen or that changes how others are.
    """
    new = set(_HIDDEN.findall(text.replace("\r\n", "\n"))) - set(before or "")
    if new:
        raise Unusable(f"{name} would hold U+{ord(min(new)):04X}, which can't be seen: write it as an escape")
    return text


def _replaced(text: str, old: str, new: str) -> str:
    """The text with `old` replaced, which must stand there once. Raises: Unusable."""
    times = text.count(old)
    if times == 1:
        return text.replace(old, new)
    if times > 1:
        raise Unusable(
            f"`old` stands {times} times in the file: quote more lines around it, so that it is one place"
        )
    if "\r\n" in text and "\n" in old and "\r\n" not in old:
        return _replaced(text, old.replace("\n", "\r\n"), new.replace("\n", "\r\n"))
    near = next((line.strip() for line in old.splitlines() if line.strip()), "")
    found = [n for n, line in enumerate(text.splitlines(), 1) if near and near in line]
    hint = (
        f"its first line stands at line {found[0]}; read the file around it"
        if found
        else "read the file again"
    )
    raise Unusable(f"`old` doesn't stand in the file as it is now ({hint}, and quote it exactly)")


def _parse(name: str, text: str, before: str | None) -> None:
    """Refuse Python that doesn't parse, where what was there before does: the target's version may be another.

    Raises: Unusable with the parser's words.
    """
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        try:
            ast.parse(before or "")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        raise Unusable(f"{name} doesn't parse after the edits: {error}") from error
