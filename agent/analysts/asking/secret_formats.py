"""What secrets look like: the formats that issuers give them, and what a program calls them.

No measure of randomness is used: a hash in go.sum, a digest in a test and base64 of test data are as random as a key,
and a model must be able to quote those lines. What has no known format is found by the name it is assigned to.
Source: the token formats that issuers document. detect-secrets 1.5.0 was tried on the same 200 files of Go and Python:
as precise, but about ten times as slow, its settings are global to the process, it looks at single lines, so that of a
private key it sees the first one only, it doesn't know all issuers here, and its last release is of 2024.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFormat:
    """One kind. `hints`: a text with none of these (in lower case) has no such secret. The secret is the group `s`.

    `doubt` says what else could have that form: a placeholder where a password belongs, or any literal at all, which
    is then judged by the group `name` too; "" where the form is enough.
    """

    kind: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    doubt: Literal["", "placeholder", "literal"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a secret stands in a text."""

    start: int
    end: int
    kind: str


def secret_spots(text: str, formats: tuple[SecretFormat, ...]) -> Iterator[Spot]:
    """Every place that has the form of a secret; those of different formats may overlap."""
    lower = text.lower()
    for one in formats:
        if not any(hint in lower for hint in one.hints):
            continue
        for match in one.pattern.finditer(text):
            if one.doubt == "placeholder" and is_placeholder(match["s"]):
                continue
            if one.doubt == "literal" and is_trivial(match["s"], match["name"]):
                continue
            yield Spot(start=match.start("s"), end=match.end("s"), kind=one.kind)


_PLACEHOLDER = re.compile(
    r"example|change.?me|placeholder|dummy|fake|sample|your|insert|replace|redacted|masked|todo|unknown|invalid|wrong"
    r"|xxx|\*\*\*|\.\.\.|foo|bar\b|baz|secret|passw|token|hunter2$|letmein|qwerty|swordfish|^test|test$|\btest\b|testing|mock"
    r"|1234|4321|abcd|^(?:user|admin|root|guest|anonymous|default|none|null|nil|true|false)\b",
    re.IGNORECASE,
)
_FORMATTED = re.compile(r"[{}<>\s]|%[sdvqrx(]|\$[\w({]|\\[(nrt]|^\$|^%|://|^[/.~]")
_WORDS = re.compile(r"[A-Za-z]+\d?|[A-Za-z]+\d{0,3}(?:[-_.:/ ][A-Za-z]+\d{0,3})+")
"""Words such as `csrf-token` and `X-Api-Key2`: a name of something, not a secret."""
_UPPER_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_PASSWORD = re.compile(r"passw|passphrase|pwd", re.IGNORECASE)
LEAST_VARIETY = 5
LEAST_TOKEN = 12


def is_placeholder(value: str) -> bool:
    """Whether it only says where a secret belongs: `changeme`, `<password>`, `%s`, `xxxxxx`."""
    return len(set(value)) < LEAST_VARIETY or bool(_PLACEHOLDER.search(value) or _FORMATTED.search(value))


def is_trivial(value: str, name: str) -> bool:
    """Whether a literal is no secret: a placeholder, a format, a path, the name of something, a test's word.

    Where `name` speaks of a password, a single word of mixed signs is enough; other secrets are longer.
    """
    if is_placeholder(value) or _WORDS.fullmatch(value) or _UPPER_NAME.fullmatch(value):
        return True
    if not (re.search(r"[A-Za-z]", value) and re.search(r"[^A-Za-z_.\-:]", value)):
        return True
    return not _PASSWORD.search(name) and (len(value) < LEAST_TOKEN or not re.search(r"\d", value))


def secret_formats() -> tuple[SecretFormat, ...]:
    """All formats, the surest first: of two that find the same place the first one names the kind."""
    return (*_keys(), *_tokens(), *_in_context())


def _format(
    kind: str, hints: str, pattern: str, doubt: Literal["", "placeholder", "literal"] = ""
) -> SecretFormat:
    return SecretFormat(kind=kind, hints=tuple(hints.split()), pattern=re.compile(pattern), doubt=doubt)


def _keys() -> Iterator[SecretFormat]:
    """Private keys as whole blocks, also where lines are numbered, or the end or the beginning was cut off."""
    yield SecretFormat(
        kind="private-key",
        hints=("private key",),
        pattern=re.compile(
            r"(?P<s>-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:(?:(?!-----BEGIN )[\s\S]){40,20000}?-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
            r"|(?:[^\n]{0,20}?(?:\\n|\n)[^\n]{0,20}?[A-Za-z0-9+/=]{40,}[^\n]{0,3}){1,400}))"
        ),
    )
    yield SecretFormat(
        kind="private-key",
        hints=("private key",),
        pattern=re.compile(  # atomic groups: a line could be read in many ways
            r"(?m)^(?P<s>(?>(?>[^\n]{0,20}?[A-Za-z0-9+/=]{40,}[^\n]{0,3}\n){1,100})(?:[^\n]{0,90}\n)?"
            r"[^\n]{0,20}-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----)"
        ),
    )


def _tokens() -> Iterator[SecretFormat]:
    """Tokens that tell by themselves what they are."""
    yield _format(
        "aws-key",
        "akia asia abia acca",
        r"(?<![A-Za-z0-9])(?P<s>(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})(?![A-Za-z0-9])",
    )
    yield _format(
        "github-token",
        "ghp_ gho_ ghu_ ghs_ ghr_",
        r"(?<![A-Za-z0-9])(?P<s>gh[pousr]_[A-Za-z0-9]{36,255})(?!\w)",
    )
    yield _format("github-token", "github_pat_", r"(?<![A-Za-z0-9])(?P<s>github_pat_\w{22,255})")
    yield _format("gitlab-token", "glpat- gldt- glrt- glptt- glcbt- glft- glsoat- glagent-",
                  r"(?<![A-Za-z0-9])(?P<s>gl(?:pat|dt|rt|ptt|cbt|ft|soat|agent)-[\w-]{20,}(?:\.[\w.]+)?)")  # fmt: skip
    yield _format(
        "slack-token", "xox", r"(?<![A-Za-z0-9])(?P<s>xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,})"
    )
    yield _format("slack-token", "xapp-", r"(?<![A-Za-z0-9])(?P<s>xapp-\d-[A-Za-z0-9-]{10,})")
    yield _format(
        "slack-webhook",
        "hooks.slack.com",
        r"(?P<s>https://hooks\.slack\.com/(?:services|workflows)/[\w/]{20,})",
    )
    yield _format("stripe-key", "sk_live_ sk_test_ rk_live_ rk_test_ whsec_",
                  r"(?<![A-Za-z0-9])(?P<s>(?:(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,}))"
                  )  # fmt: skip
    yield _format("anthropic-key", "sk-ant-", r"(?<![A-Za-z0-9])(?P<s>sk-ant-[\w-]{16,})")
    yield _format(
        "openai-key",
        "sk-",
        r"(?<![A-Za-z0-9])(?P<s>sk-(?:(?:proj|svcacct|admin)-[\w-]{20,}|[A-Za-z0-9]{40,}))",
    )
    yield _format("google-key", "aiza gocspx- ya29.",
                  r"(?<![A-Za-z0-9])(?P<s>AIza[\w-]{35}|GOCSPX-[\w-]{28}|ya29\.[\w-]{30,})(?![\w-])")  # fmt: skip
    yield _format("npm-token", "npm_", r"(?<![A-Za-z0-9])(?P<s>npm_[A-Za-z0-9]{36})(?!\w)")
    yield _format("pypi-token", "pypi-age", r"(?<![A-Za-z0-9])(?P<s>pypi-AgE[\w-]{40,})")
    yield _format("sendgrid-key", "sg.", r"(?<![A-Za-z0-9])(?P<s>SG\.[\w-]{22}\.[\w-]{43})(?![\w-])")
    yield _format("huggingface-token", "hf_", r"(?<![A-Za-z0-9])(?P<s>hf_[A-Za-z]{34})(?!\w)")
    yield _format("digitalocean-token", "dop_v1_", r"(?<![A-Za-z0-9])(?P<s>dop_v1_[a-f0-9]{64})(?!\w)")
    yield _format("azure-key", "accountkey=", r"AccountKey=(?P<s>[A-Za-z0-9+/]{86}==)")
    yield _format("jwt", "eyj", r"(?<![\w-])(?P<s>eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{16,})")


_CALLED_SO = (
    r"(?P<name>(?i:passwo?r?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key"
    r"|private[_-]?key|signing[_-]?key|encryption[_-]?key|credentials?)[\w-]{0,20})"
)
_HINTS = "passwd password passphrase pwd secret token key credential"


def _in_context() -> Iterator[SecretFormat]:
    """Secrets without a form of their own, by what stands before them."""
    yield _format("aws-secret", "aws secret",
                  r"(?i:aws|secret).{0,20}?(?i:secret|access|key)[\w-]{0,12}[\"']?\s{0,3}(?::=|=>|[:=])\s{0,3}[\"'`]?"
                  r"(?P<s>(?=[^\s\"'`]{0,39}[A-Z])(?=[^\s\"'`]{0,39}[0-9+/])[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/=])"
                  )  # fmt: skip
    yield _format("bearer-token", "authorization",
                  r"(?i:authorization)[\"'`]?\]?\s{0,3}(?:[:=,]|\.set\()\s{0,3}[\"'`]?(?i:bearer|basic|token)\s+"
                  r"(?P<s>[\w.~+/-]{12,}=*)")  # fmt: skip
    yield _format("bearer-token", "bearer", r"\b(?i:bearer)\s+(?P<s>(?=[\w.~+/-]{0,60}\d)[\w.~+/-]{20,}=*)")
    yield _format("url-password", "://",
                  r"(?<=\w)://[^\s:/@\"'`<>{}]{0,64}:(?P<s>[^\s/@\"'`<>{}$%\[\]()]{5,128})@(?=[\w\[])",
                  "placeholder")  # fmt: skip
    yield _format("secret", _HINTS,
                  _CALLED_SO + r"[\"'`]?\]?\s{0,8}(?::\s{0,3}(?:str|bytes|string)\s{0,3}=|:=|=>|==|=|:|,)\s{0,8}"
                  r"(?:[rbu]{0,2}|\[\]byte\()(?P<q>[\"'`])(?P<s>[^\"'`\n\\]{6,200})(?P=q)",
                  "literal")  # fmt: skip
    yield _format("secret", _HINTS,
                  r"(?m)^\s{0,8}(?:\d+[ \t:|]+)?(?:export |ENV |set )?(?P<name>(?:[A-Z0-9]+_)*(?:PASSWORD|PASSWD"
                  r"|PASSPHRASE|SECRET|TOKEN|APIKEY|KEY|CREDENTIALS)(?:_[A-Z0-9]+){0,2})"
                  r"=(?P<s>[^\s\"'`$#(){}\[\]<>,;]{8,200})[ \t]*$",
                  "literal")  # fmt: skip
