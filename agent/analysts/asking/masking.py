"""Secrets in what is sent to a model are masked first, and this is said."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from agent.analysts.asking.secret_formats import SecretFormat, Spot, secret_formats, secret_spots

LEAST_KNOWN = 4
"""A known secret that is shorter isn't looked for: masking it would take texts apart."""
LEAST_ENCODED = 8
LEAST_EVERYWHERE = 12
_PLACEHOLDER = re.compile(r"\[masked-[a-z0-9-]{1,60}-\d{1,9}\]")


_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(.*?)(?=-----END |\Z)", re.DOTALL
)
KEY_LINE = "[masked line of a private key]"


def without_key_lines(text: str) -> str:
    """The text with the lines within private keys masked, as many lines as before: for what lines are cut out of."""

    def masked(match: re.Match[str]) -> str:
        lines = match[1].split("\n")
        inside = [KEY_LINE if len(line.strip()) > LEAST_KNOWN else line for line in lines]
        return match[0][: -len(match[1])] + "\n".join(inside) if match[1] else match[0]

    return _KEY_BLOCK.sub(masked, text)


@dataclass(slots=True, kw_only=True)
class Masks:
    """The masks of one run. `known` are secrets by name that are masked wherever they appear, also encoded.

    The same secret has the same placeholder over the run. Whole files and whole outputs must be masked, before
    lines are cut out of them: half a private key has no form that could be known.
    """

    known: Mapping[str, str] = field(default_factory=dict)
    _formats: tuple[SecretFormat, ...] = field(default_factory=secret_formats, init=False)
    _placeholders: dict[str, str] = field(default_factory=dict, init=False)
    _secrets: dict[str, str] = field(default_factory=dict, init=False)
    _counts: Counter[str] = field(default_factory=Counter, init=False)
    _taken: set[str] = field(default_factory=set, init=False)
    _everywhere: dict[str, str] = field(init=False)
    _ours: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._everywhere = {
            form: _slug(name) for name, value in self.known.items() for form in sorted(_forms(value))
        }
        self._ours = frozenset(self._everywhere)

    def mask(self, text: str) -> str:
        """The text with a placeholder such as `[masked-aws-key-1]` for each secret."""
        self._taken.update(m[0] for m in _PLACEHOLDER.finditer(text) if m[0] not in self._secrets)
        parts: list[str] = []
        position = 0
        for spot in _apart([*self._known_spots(text), *secret_spots(text, self._formats)]):
            parts += [text[position : spot.start], self._placeholder(text[spot.start : spot.end], spot.kind)]
            position = spot.end
        return "".join([*parts, text[position:]])

    def unmask(self, text: str) -> str:
        """The text with the target's own secrets put back; for edits that are applied here, never for what is sent.

        Known secrets are ours, such as the API key, and stay masked: a model that asks for one by its placeholder would
        have it written into the target's code.
        """
        return _PLACEHOLDER.sub(lambda match: self._of_target(match[0]), text)

    def _of_target(self, placeholder: str) -> str:
        secret = self._secrets.get(placeholder, placeholder)
        return placeholder if any(form in secret for form in self._ours) else secret

    def told(self) -> str:
        """One sentence on how many secrets of which kinds were masked; "" when none was."""
        total = sum(self._counts.values())
        if not total:
            return ""
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self._counts.items()))
        were = "secret was" if total == 1 else "secrets were"
        return f"{total} {were} masked before anything was sent to the model ({kinds})."

    def _known_spots(self, text: str) -> Iterator[Spot]:
        """Known secrets and those long ones that were seen before, first: they are sure."""
        for secret, kind in self._everywhere.items():
            start = text.find(secret)
            while start >= 0:
                yield Spot(start=start, end=start + len(secret), kind=kind)
                start = text.find(secret, start + len(secret))

    def _placeholder(self, secret: str, kind: str) -> str:
        found = self._placeholders.get(secret)
        if found is not None:
            return found
        number = self._counts[kind] + 1
        while (placeholder := f"[masked-{kind}-{number}]") in self._taken or placeholder in self._secrets:
            number += 1
        self._counts[kind] += 1
        self._placeholders[secret] = placeholder
        self._secrets[placeholder] = secret
        if len(secret) >= LEAST_EVERYWHERE and "\n" not in secret:
            self._everywhere.setdefault(secret, kind)
        return placeholder


def _apart(spots: list[Spot]) -> Iterator[Spot]:
    """Spots that don't overlap, in the text's order: of those that do, one that holds all that begins with it."""
    position = 0
    for spot in sorted(
        spots, key=lambda s: (s.start, -s.end)
    ):  # stable: the surer of two equal ones is first
        if spot.start >= position:
            yield spot
            position = spot.end
        elif spot.end > position:
            yield Spot(start=position, end=spot.end, kind=spot.kind)
            position = spot.end


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "secret"


def _forms(value: str) -> set[str]:
    """A secret as it is and as it is written in URLs, JSON and base64, there also within something longer."""
    if len(value) < LEAST_KNOWN:
        return set()
    raw = value.encode("utf-8", "surrogatepass")
    quoted = {quote(raw, safe=""), quote_plus(raw), quote(raw)}
    forms = {value, *quoted, *(re.sub(r"%[0-9A-F]{2}", lambda m: m[0].lower(), q) for q in quoted)}
    forms |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    if len(raw) < LEAST_ENCODED:
        return forms
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(raw).decode()
        forms |= {whole, whole.rstrip("=")}
        for before in range(3):
            # What stands before and after the secret shares a character with it at either end.
            after = -(before + len(raw)) % 3
            text = encode(b"\0" * before + raw + b"\0" * after).decode()
            first = -(-before * 8 // 6)
            last = len(text) - -(-after * 8 // 6)
            forms.add(text[first:last])
    return forms
