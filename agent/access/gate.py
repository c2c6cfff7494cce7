"""The gate: who shows a valid token is known by name, and nobody else comes in."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.access.caller import Caller
from agent.access.oidc import Identity, Provider
from agent.access.tokens import PREFIX, Tokens
from agent.database.opening import Database
from agent.errors import Unauthenticated
from agent.settings import Settings

REMEMBERED_S = 3.0
"""How long a valid token isn't looked up again; a revoked one stops working after it."""
MOST_REMEMBERED = 10_000
LONGEST = 16_384
NO_TOKEN = "no token was given: send the header `Authorization: Bearer TOKEN`"  # noqa: S105 - a sentence
NOT_VALID = "the token isn't valid here: it is unknown, has expired or was revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remembered:
    identity: Identity
    until: float


@dataclass(slots=True, kw_only=True)
class Gate:
    """Knows callers by our own tokens, else by those of an identity provider. Safe to use from several threads.

    `clock` tells the seconds since 1970, `ticks` seconds that only grow.
    """

    tokens: Tokens
    provider: Provider | None = None
    clock: Callable[[], float] = time.time
    ticks: Callable[[], float] = time.monotonic
    _remembered: dict[bytes, _Remembered] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @classmethod
    def open(cls, settings: Settings, database: Database) -> Gate:
        """The gate of the service that the settings describe."""
        oidc = settings.access.oidc
        return cls(tokens=Tokens(database=database), provider=Provider.of(oidc) if oidc else None)

    def authenticate(self, authorization: str | None) -> Caller:
        """Who sends a request with this `Authorization` header; None for one without.

        What is wrong with a token isn't told to whoever sends it. Raises: Unauthenticated, StorageFailed.
        """
        if not authorization or not authorization.strip():
            raise Unauthenticated(NO_TOKEN)
        kind, _, token = authorization.strip().partition(" ")
        token = token.strip()
        if kind.lower() != "bearer" or not token:
            raise Unauthenticated(NO_TOKEN)
        if len(token) > LONGEST or not token.isascii() or not token.isprintable():
            raise Unauthenticated(NOT_VALID)
        key = hashlib.sha256(token.encode()).digest()  # tokens themselves aren't kept in memory
        identity = self._recall(key) or self._identify(token)
        if identity is None or self._has_expired(identity):
            raise Unauthenticated(NOT_VALID)
        self._remember(key, identity)
        return identity.caller

    def _identify(self, token: str) -> Identity | None:
        if token.startswith(PREFIX):
            found = self.tokens.find(token)
            return None if found is None else Identity(caller=found.caller, expires=found.expires)
        return None if self.provider is None else self.provider.identify(token)

    def _recall(self, key: bytes) -> Identity | None:
        found = self._remembered.get(key)
        return found.identity if found is not None and self.ticks() < found.until else None

    def _remember(self, key: bytes, identity: Identity) -> None:
        now = self.ticks()
        with self._lock:
            known = self._remembered.get(key)
            if known is not None and now < known.until:
                return  # remembered since it was looked up, not since it was last shown
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered = {k: r for k, r in self._remembered.items() if now < r.until}
            if len(self._remembered) < MOST_REMEMBERED:
                self._remembered[key] = _Remembered(identity=identity, until=now + REMEMBERED_S)

    def _has_expired(self, identity: Identity) -> bool:
        return identity.expires is not None and identity.expires <= self.clock()
