"""Calls as bytes, and what became of them, as our package inside the target's process writes it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tools.errors import UnreadableOutput
from tools.run.reading import read_text

REPORT_BYTES = 256 * 1024**2
Origin = Literal["recorded", "generated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of one function. `function` is its package's path, a colon and its registered name.

    A `doubtful` one was made up by the new code, which may bring forth what it likes, or ended a process before: it
    is made after the others, and can't keep them from being made.
    """

    function: str
    arguments: bytes
    origin: Origin
    reached_new: bool = False
    doubtful: bool = False


class Dump(BaseModel):
    """What values look like. In `text`, `FLOAT` stands for each of `floats`, which start with `f` (32 bits) or `d`.

    `blind` names what is in there that isn't looked into, "" for nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    text: str = Field(default="", alias="Text")
    floats: tuple[str, ...] = Field(default=(), alias="Floats")
    blind: str = Field(default="", alias="Blind")

    def readable(self) -> str:
        """The text with its floats."""
        parts = self.text.split(FLOAT)
        return parts[0] + "".join(f[1:] + part for f, part in zip(self.floats, parts[1:], strict=False))


FLOAT = "\x01"


class Outcome(BaseModel):
    """All that can be seen of a call.

    `ending` is one of the sentences in inside/call.go, or `died`. `why` says that the call can't be compared.
    `guess`: arguments have fields that several changed functions use, and that may mean something else to the new code.
    `shares_in`: a result shares memory with an argument; `shares_out`: with what the function keeps; `overlaps`:
    appending to a result would change something else; `spilled`: it
    wrote behind the end of a slice that it was given; `left`: goroutines that didn't end, -1 when that isn't known;
    `overwrote`: the calls whose results this one changed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    n: int
    ending: str
    why: str = ""
    results: Dump = Dump()
    args: Dump = Dump()
    panic: str = ""
    output: str = ""
    guess: bool = False
    failed: bool = False
    shares_in: bool = False
    shares_out: bool = False
    overlaps: bool = False
    spilled: bool = False
    left: int = 0
    overwrote: tuple[int, ...] = ()
    call: str = ""
    us: int = 0


RETURNED = "returned"
PANICKED = "panicked"
UNMADE = "its arguments can't be made"
HUNG = "did not end"
SWELLED = "used too much memory"
DIED = "died"
OUTCOME = TypeAdapter(Outcome)


def write_calls(calls: Iterable[Call], path: Path) -> None:
    """One call a line, in the form that our package reads."""
    with path.open("w", encoding="utf-8") as file:
        for call in calls:
            arguments = base64.b64encode(call.arguments).decode()
            file.write(json.dumps({"f": call.function, "s": arguments}) + "\n")


def read_lines(folder: Path, path: Path) -> list[dict[str, object]]:
    """The lines of a report below `folder`, where the target may write. The last one may be cut off, where its
    process was ended; what can't be read safely has none.
    """
    try:
        text = read_text(folder, path, limit_bytes=REPORT_BYTES)
    except UnreadableOutput:
        return []
    found = []
    for line in (text or "").split("\n"):
        try:
            item = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(item, dict):
            found.append(item)
    return found


def call_of(line: Mapping[str, object], origin: Origin) -> Call | None:
    """The call that a line holds, None when it says something else."""
    function, arguments = line.get("f"), line.get("s", "")
    if not isinstance(function, str) or "s" not in line:
        return None
    try:
        content = base64.b64decode(arguments) if isinstance(arguments, str) else b""
    except ValueError:
        return None
    return Call(function=function, arguments=content, origin=origin, reached_new=line.get("new") is True)


def outcome_of(line: Mapping[str, object]) -> Outcome | None:
    """The outcome that a line holds, None when it says something else."""
    if "ending" not in line:
        return None
    try:
        return OUTCOME.validate_python(line)
    except ValidationError:
        return None


def spread(calls: Sequence[Call], limit: int) -> list[Call]:
    """At most `limit` of the calls, taken evenly."""
    if len(calls) <= limit:
        return list(calls)
    return [calls[i * len(calls) // limit] for i in range(limit)]
