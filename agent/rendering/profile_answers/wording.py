"""How an answer says what to ask for instead: by the names of what its reader can set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Setting = Literal["focus", "limit", "tag", "cut", "source", "function", "value", "tokens"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a reader calls the settings, with `{}` for a setting's value; what isn't among them can't be set.

    `filter` is the same for a filter, with `{}` for its name; `listing` says where all functions are listed. `most` is
    the largest limit that can be asked for, None where there is none.
    """

    settings: Mapping[Setting, str]
    filter: str
    listing: str
    most: int | None = None

    def way(self, doing: str, setting: Setting, value: int | str = "") -> str:
        """`narrow with --focus REGEX`; "" where that can't be set."""
        name = self.settings.get(setting)
        if name is None or (self.most is not None and isinstance(value, int) and value > self.most):
            return ""
        return f"{doing} {name.format(value)}"


COMMAND_LINE = Wording(
    settings={
        "focus": "--focus REGEX",
        "limit": "-n {}",
        "tag": "--tag {}=REGEX",
        "cut": "--min-percent P and --depth N",
        "source": "--source DIR",
        "function": "a longer REGEX",
        "value": "--value",
        "tokens": "--tokens {}",
    },
    filter="--{}",
    listing="`ask-profiler top` lists those there are",
)
