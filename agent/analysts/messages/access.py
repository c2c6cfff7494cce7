"""Where the Messages API is and what it is asked with: an address, and a key that is never shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from agent.analysts.messages.failures import Asked
from agent.errors import ModelFailed

API = "https://api.anthropic.com"
KEY = "ANTHROPIC_API_KEY"
TOKEN = "ANTHROPIC_AUTH_TOKEN"  # noqa: S105 - the variable's name
ADDRESS = "ANTHROPIC_BASE_URL"


def has_key(environment: Mapping[str, str]) -> bool:
    """Whether there is something to ask with."""
    return any(environment.get(name, "").strip() for name in (KEY, TOKEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """`name` is the variable that holds the key, `shown` the address as it may be told."""

    name: str
    key: str = field(repr=False)
    address: str = field(repr=False)
    shown: str
    secrets: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, environment: Mapping[str, str], base_url: str | None) -> Access:
        """What the environment gives: a key before a token, and its address unless `base_url` is one.

        Raises: ModelFailed when there is no key, or the key or the address can't be one.
        """
        name = next((name for name in (KEY, TOKEN) if environment.get(name, "").strip()), "")
        if not name:
            raise ModelFailed(f"no key is set: set {KEY}, or take --analyst playbook, which needs none")
        key = environment[name].strip()
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ModelFailed(f"{name} holds what can't be in a key (a space, a line break): set it again")
        address = base_url or environment.get(ADDRESS, "").strip() or API
        shown, password = _without_password(address)
        return cls(
            name=name, key=key, address=address, shown=shown, secrets=tuple(filter(None, (key, password)))
        )

    def asked(self, model: str) -> Asked:
        """Who is asked, for messages."""
        return Asked(model=model, address=self.shown, key=self.name, secrets=self.secrets)


def _without_password(address: str) -> tuple[str, str]:
    """An address as it may be shown, and the password that was in it."""
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ModelFailed(f"{ADDRESS} is no address such as {API}: correct it, or unset it")
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}".rstrip("/"), parts.password or ""
