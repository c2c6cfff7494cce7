"""Regular expressions whose search takes time in proportion to the text, however they are written.

Python's own engine goes back and tries again: `(a+)+$` takes years on a name of 100 letters, and can't be stopped.
Where somebody else writes the expression, `linear_regex` is for it.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Protocol

from tools.errors import LimitExceeded

LONGEST_TEXT = 2_000
"""So much of a text is searched: of a longer name or line the beginning."""
SECONDS = 3.0
"""What one expression may take in all. Only counted repeats within each other come near: they are large programs."""


class Regex(Protocol):
    """An expression to look for, Python's own (`re.Pattern`) or a linear one."""

    @property
    def pattern(self) -> str:
        """The expression as it was written."""

    def search(self, string: str, /) -> object | None:
        """Something where the expression is found in the text, else None."""


class _Matcher(Protocol):
    def isinstance_python(self, given: str, /) -> bool: ...


@dataclass(slots=True)
class LinearRegex:
    """An expression without look-around and references to groups, in the syntax of Rust's `regex`.

    Source: docs.rs/regex (linear in expression times text), which pydantic's core offers as `rust-regex`.
    """

    pattern: str
    _matcher: _Matcher
    _left_s: float

    def search(self, string: str, /) -> str | None:
        """The text where the expression is found in it, else None. Raises: LimitExceeded when it takes too long."""
        if self._left_s < 0:
            raise LimitExceeded(
                f"searching for {self.pattern!r} took over {SECONDS:.0f} s: write a simpler expression",
                limit="time",
            )
        started = time.perf_counter()
        found = self._matcher.isinstance_python(string[:LONGEST_TEXT])
        self._left_s -= time.perf_counter() - started
        return string if found else None


def linear_regex(pattern: str) -> LinearRegex:
    """The expression, ready to be searched for. Raises: re.error saying what is wrong with it."""
    from pydantic_core import SchemaError, SchemaValidator, core_schema

    try:
        matcher = SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
    except (SchemaError, UnicodeEncodeError) as error:
        words = str(error).strip().splitlines() or ["it can't be read"]
        raise re.error(words[-1].strip().removeprefix("error: ").removeprefix("SchemaError: ")) from None
    return LinearRegex(pattern, matcher, SECONDS)
