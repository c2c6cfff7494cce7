"""Tokens and the prompt cache, by rules that are like the API's and give the same figures on every machine.

A token is 3.5 characters of JSON. A request reads the longest prefix of tools, system and messages that an earlier
request marked, looked for up to twenty blocks back from each of its own marks; a marked prefix of fewer than 1,024
tokens is not kept. Unlike the API's, the cache forgets nothing.
Source: platform.claude.com, "Prompt caching".
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

CHARACTERS_A_TOKEN = 3.5
LEAST_TOKENS = 1024
LOOKED_BACK = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """The tokens of one request, by where they came from."""

    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int

    @property
    def sent_tokens(self) -> int:
        """All of them."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens


def tokens(text: str) -> int:
    """The tokens of a text."""
    return math.ceil(len(text) / CHARACTERS_A_TOKEN)


@dataclass(frozen=True, slots=True)
class _Prefix:
    digest: str
    tokens: int
    is_marked: bool


@dataclass(slots=True)
class Cache:
    """What earlier requests marked, by model."""

    _kept: set[tuple[str, str]] = field(default_factory=set)

    def count(self, body: Mapping[str, object]) -> Count:
        """The tokens of a request; what it marks is kept for later ones."""
        model = str(body.get("model"))
        prefixes = list(_prefixes(body))
        whole = prefixes[-1].tokens if prefixes else 0
        read = written = 0
        for number, prefix in enumerate(prefixes):
            if not prefix.is_marked:
                continue
            for before in prefixes[max(number - LOOKED_BACK, 0) : number + 1]:
                if (model, before.digest) in self._kept:
                    read = max(read, before.tokens)
            if prefix.tokens >= LEAST_TOKENS:
                written = prefix.tokens
        self._kept |= {(model, p.digest) for p in prefixes if p.is_marked and p.tokens >= LEAST_TOKENS}
        written = max(written - read, 0)
        return Count(input_tokens=whole - read - written, cache_read_tokens=read, cache_write_tokens=written)


def marks(body: Mapping[str, object]) -> int:
    """How many breakpoints of the cache a request has."""
    return sum(prefix.is_marked for prefix in _prefixes(body))


def _prefixes(body: Mapping[str, object]) -> Iterator[_Prefix]:
    """A request's prefixes, shortest first: each ends with a tool, a block of the system prompt or of a message."""
    digest, length = hashlib.sha256(), 0
    for where, block in _blocks(body):
        bare = {name: value for name, value in block.items() if name != "cache_control"}
        text = json.dumps(
            [where, bare] if where else bare, ensure_ascii=False, separators=(",", ":"), sort_keys=True
        )
        digest.update(text.encode("utf-8", "replace"))
        length += len(text)
        yield _Prefix(
            digest.copy().hexdigest(),
            math.ceil(length / CHARACTERS_A_TOKEN),
            block.get("cache_control") is not None,
        )


def _blocks(body: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every block of a request in the order of its prefix, with the role of the message that it is in."""
    for name, wrap in (("tools", False), ("system", True)):
        yield from (("", block) for block in _listed(body.get(name), wrap))
    for message in _listed(body.get("messages"), False):
        role = str(message.get("role"))
        yield from ((role, block) for block in _listed(message.get("content"), True))


def _listed(found: object, wrap: bool) -> list[Mapping[str, object]]:
    if wrap and isinstance(found, str):
        return [{"type": "text", "text": found}]
    return [block for block in found if isinstance(block, Mapping)] if isinstance(found, list) else []
