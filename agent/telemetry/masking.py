"""Secrets masked in what is written to logs, traces and the audit.

What is sent to a model is masked elsewhere, and carefully: code must stay code. A line of a log that has lost a word
too many harms nobody, so whatever stands where a secret could be is masked here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

MASKED = "***"
LEAST_KNOWN = 6
"""A known secret that is shorter isn't looked for: masking it would take texts apart."""
SECRET_NAME = re.compile(
    r"authorization|cookie|passw|passphrase|secret|credential|api[_-]?key|private[_-]?key|signature|^token$"
    r"|(?:access|refresh|id|auth|bot|app|bearer)[_-]?token",
    re.IGNORECASE,
)
"""Names of fields whose whole value is masked."""
_NAMED = (
    r"(?i:(?:authorization|cookie|passw(?:or)?d|passphrase|secret|credentials?|api[_-]?key"
    r"|access[_-]?key|private[_-]?key|signature|token))"
)
_Replace = str | Callable[[re.Match[str]], str]
_PATTERNS: tuple[tuple[re.Pattern[str], _Replace], ...] = tuple(
    (re.compile(pattern), replace)
    for pattern, replace in (
        (
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}-----|\Z)",
            MASKED,
        ),
        (
            r"\bapt_([A-Za-z0-9][A-Za-z0-9_.-]{0,63})_[0-9a-fA-F]{8,}",
            rf"apt_\1_{MASKED}",
        ),  # ours: its name may be told
        (r"\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{6,}", f"xox{MASKED}"),
        (r"\bxapp-[A-Za-z0-9-]{6,}", f"xapp-{MASKED}"),
        (r"\bsk-(?:ant-)?[A-Za-z0-9][\w-]{11,}", f"sk-{MASKED}"),
        (r"\beyJ[\w-]{5,}\.[\w-]{2,}(?:\.[\w-]*)?", MASKED),
        (r"\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}", MASKED),
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}", MASKED),
        (r"(https://hooks\.slack\.com/\w+/)[\w/]+", rf"\1{MASKED}"),
        (r"\bv0=[0-9a-f]{32,}", f"v0={MASKED}"),  # a signature of Slack's
        (r"(?i)\b(bearer|basic)(\s+)[\w.~+/-]{6,}=*", rf"\1\2{MASKED}"),
        (r"(\w://[^\s:/@\"'<>]{0,200}:)[^\s/@\"'<>]{1,300}(?=@)", rf"\1{MASKED}"),
        (
            rf"({_NAMED}(?:\\?[\"'])?\s{{0,3}}[=:]\s{{0,3}}(?:\\?[\"'])?)(?!(?i:bearer|basic)\s)[^\s\"'&,;)}}\]\\]{{4,}}",
            rf"\1{MASKED}",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Masks:
    """Masks secrets by their form, and those that are `known` wherever they stand."""

    known: tuple[str, ...] = ()

    @classmethod
    def of(cls, environment: Mapping[str, str], names: tuple[str, ...]) -> Masks:
        """Masks for the secrets that these variables of the environment hold, or for the password in an address."""
        values = [environment.get(name, "").strip() for name in names]
        secrets = {_password(value) if "://" in value else value for value in values}
        forms = {form for secret in secrets for form in (secret, quote(secret, safe=""))}
        return cls(tuple(sorted((f for f in forms if len(f) >= LEAST_KNOWN), key=len, reverse=True)))

    def mask(self, text: str) -> str:
        """The text without its secrets."""
        for secret in self.known:
            text = text.replace(secret, MASKED)
        for pattern, replace in _PATTERNS:
            text = pattern.sub(replace, text)
        return text


def _password(address: str) -> str:
    try:
        return urlsplit(address).password or ""
    except ValueError:
        return address


def on_one_line(text: str) -> str:
    """The text as one line that steers no terminal: line breaks, tabs and control characters as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
