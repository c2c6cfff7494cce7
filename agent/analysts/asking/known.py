"""What a model's prose may name: evidence, functions of the profiles, files and words of the target's sources."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.analysts.asking.sources import WORD, Sources, bare_code, read_sources, spaced
from agent.analysts.asking.vocabulary import TERM, is_of_the_language, language_words
from agent.evidence import EvidenceIndex
from tools.errors import UnreadableOutput
from tools.measure.toolchain import Capture
from tools.profiles.naming import readable
from tools.run.reading import read_text

LARGEST_SHOWN_BYTES = 16 * 1024**2
SHORT = 2
"""Names of at most so many letters are variables of a formula as often as of a program."""
_MARKS_OF_POINTERS = re.compile(r"[()*&]|\[\.\.\.\]")


@dataclass(slots=True, kw_only=True)
class Names:
    """Names of functions, files and words. `places` are the profiles' files with the lines seen in them.

    The sources below `root` are read once, when they are asked about first. `written` are files of it as they would
    be with a change.
    """

    functions: frozenset[str]
    places: Mapping[str, frozenset[int]]
    root: Path
    written: Mapping[str, str] = field(default_factory=dict)
    _sources: Sources | None = field(default=None, init=False)
    _language: frozenset[str] | None = field(default=None, init=False)
    _spaced: str | None = field(default=None, init=False)
    _all_functions: str | None = field(default=None, init=False)

    def has_file(self, name: str) -> bool:
        """Whether a file or folder of the tree or the profiles is called so, or its path ends so."""
        name = name.removeprefix("./").rstrip("/")
        sources = self.sources
        end = "/" + name
        known = (*sources.files, *sources.folders, *self.places)
        return bool(name) and any(file == name or file.endswith(end) for file in known)

    def has_line(self, name: str, line: int) -> bool:
        """Whether a file of that name has that line, or the profiles saw it there."""
        end = "/" + name
        if any(line in lines for file, lines in self.places.items() if file == name or file.endswith(end)):
            return True
        return any(
            0 < line <= self._lines(file) for file in self.sources.files if file == name or file.endswith(end)
        )

    def has_function(self, name: str) -> bool:
        """Whether a function of the profiles is called so, or a part of its name is."""
        if self._all_functions is None:
            self._all_functions = "\n".join({*self.functions, *map(_unmarked, self.functions)})
        return any(
            re.search(rf"(?<!\w){re.escape(form)}(?!\w)", self._all_functions)
            for form in {name, _unmarked(name)}
            if form
        )

    def has_word(self, word: str) -> bool:
        """Whether the sources, a function's name or the language has the word."""
        return word in self.sources.words or word in self.language or self.has_function(word)

    def has_identifier(self, word: str) -> bool:
        """Whether it is a name of the code, not only of a comment or a text in it."""
        return word in self.sources.identifiers or word in self.language or self.has_function(word)

    def has_name(self, name: str) -> bool:
        """Whether a name with points in it is known: as a function, by all of its parts, or as the language's own."""
        if self.has_function(name):
            return True
        parts = WORD.findall(name)
        if len(parts) > 1 and is_of_the_language(parts[0]):
            return all(
                part.isalpha() or TERM.fullmatch(part) or self.has_word(part) or "_" in part for part in parts
            )
        return bool(parts) and all(self._has_part(part) for part in parts)

    def quotes(self, code: str) -> bool:
        """Whether code stands in a line of the sources so, whatever the blanks. Comments and texts aren't code."""
        forms = {spaced(bare_code(code, is_python=is_python)) for is_python in (True, False)}
        if self._spaced is None:
            self._spaced = spaced(self.sources.code)
        return any(_stands_in(form, self._spaced) for form in forms if form)

    def nearest(self, name: str) -> str:
        """The known name that is written most alike, "" when none is."""
        last = (WORD.findall(name) or [name])[-1]
        ordered = sorted(
            self.functions, key=lambda function: (-len(function), function)
        )  # the shortest is kept
        known = {word: function for function in ordered for word in WORD.findall(function)}
        found = difflib.get_close_matches(last, known, n=1, cutoff=0.75)
        return known[found[0]] if found else ""

    @property
    def sources(self) -> Sources:
        """The target's sources."""
        if self._sources is None:
            self._sources = read_sources(self.root, self.places, self.written)
        return self._sources

    @property
    def language(self) -> frozenset[str]:
        """Words of the languages themselves."""
        if self._language is None:
            self._language = language_words()
        return self._language

    def _has_part(self, part: str) -> bool:
        return len(part) <= SHORT or (part.startswith("__") and part.endswith("__")) or self.has_word(part)

    def _lines(self, file: str) -> int:
        if file in self.written:
            return len(self.written[file].splitlines())
        try:
            text = read_text(self.root, self.root / file, limit_bytes=LARGEST_SHOWN_BYTES)
        except (UnreadableOutput, ValueError):
            return 0
        return len(text.splitlines()) if text else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What prose is held against: the run's evidence, and names."""

    evidence: EvidenceIndex
    names: Names


def known_names(
    captures: Mapping[str, Capture], root: Path, written: Mapping[str, str] | None = None
) -> Names:
    """The names of the captures' functions and of the sources below `root`, which are read lazily and once.

    `written` are files as they would be with a change, by their path below `root`.
    """
    functions: set[str] = set()
    places: dict[str, set[int]] = {}
    for capture in captures.values():
        profile = capture.profile.without_root(str(root))
        for number, line in zip(profile.frame_function.tolist(), profile.frame_line.tolist(), strict=True):
            if profile.functions[number].file:
                places.setdefault(profile.functions[number].file, set()).add(line)
        for function in profile.functions:
            functions |= {function.name, readable(function)}
    return Names(
        functions=frozenset(functions - {""}),
        places={file: frozenset(lines) for file, lines in places.items()},
        root=root,
        written=dict(written or {}),
    )


def _unmarked(name: str) -> str:
    """A function's name without the marks of pointers and type arguments: `store.DB.Load` for `store.(*DB).Load`."""
    return _MARKS_OF_POINTERS.sub("", name)


def _stands_in(form: str, code: str) -> bool:
    """Whether a piece of code stands in a line, beginning and ending where a word does."""
    start = code.find(form)
    while start >= 0:
        end = start + len(form)
        before, after = code[start - 1 : start], code[end : end + 1]
        if not (_is_word(before) and _is_word(form[0])) and not (_is_word(after) and _is_word(form[-1])):
            return True
        start = code.find(form, start + 1)
    return False


def _is_word(character: str) -> bool:
    return character == "_" or character.isalnum()
