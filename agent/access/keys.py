"""The public keys of an identity provider: found by its address, kept for a while, and fetched anew when they change.

Source: OpenID Connect Discovery 1.0, section 4; RFC 7517 (JSON Web Key sets).
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agent.errors import Unauthenticated

LIMIT_S = 5.0
"""What one answer of the provider may take, if nothing else is said."""
LIMIT_BYTES = 1_000_000
FRESH_S = 300.0
"""Keys are fetched anew when they are older."""
STALE_S = 3600.0
"""Keys of a provider that doesn't answer are still used for so long."""
PAUSE_S = 10.0
"""An unknown key, or a provider that doesn't answer, leads to one request in so many seconds at most."""
KINDS = frozenset({"RSA", "EC", "OKP"})
"""Kinds of public keys; a shared secret is none."""
Jwk = Mapping[str, object]
_log = logging.getLogger(__name__)


class ProviderDown(Unauthenticated):
    """The provider's keys can't be had at the moment; nothing is known of the token."""


class _NoAnswer(Exception):
    """Why the provider gave no keys."""


@dataclass(slots=True, kw_only=True)
class Keys:
    """The keys of one issuer. Safe to use from several threads: one of them fetches, and whoever's key is known doesn't
    wait for that. `clock` tells seconds that only grow, `limit_s` is what one answer of the provider may take.
    """

    issuer: str
    jwks_url: str | None = None
    clock: Callable[[], float] = time.monotonic
    limit_s: float = LIMIT_S
    _keys: tuple[Jwk, ...] = field(default=(), init=False)
    _fetched: float | None = field(default=None, init=False)
    _tried: float | None = field(default=None, init=False)
    _has_failed: bool = field(default=False, init=False)
    _idle: threading.Event = field(default_factory=threading.Event, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        self._idle.set()

    def find(self, key_id: str | None) -> Jwk | None:
        """The key with this id, None for an unknown one. Without an id it is the only key, where there is only one.

        Raises: ProviderDown.
        """
        with self._lock:
            found, age_s = self._pick(key_id), self._age_s()
            is_mine = (found is None or age_s > FRESH_S) and self._may_try()
            if is_mine:
                self._tried = self.clock()
                self._idle.clear()
        if is_mine:
            self._fetch()
        elif age_s > STALE_S:  # nothing can be used until whoever fetches has done so
            self._idle.wait(2 * self.limit_s)
        return self._pick_again(key_id, found)

    def _pick_again(self, key_id: str | None, before: Jwk | None) -> Jwk | None:
        with self._lock:
            found, age_s = self._pick(key_id), self._age_s()
            is_unsure = before is None and found is None and (self._has_failed or not self._idle.is_set())
        if age_s > STALE_S or is_unsure:
            raise ProviderDown(
                "the token can't be checked now: the identity provider doesn't answer; try again in a little while"
            )
        return found

    def _age_s(self) -> float:
        return float("inf") if self._fetched is None else self.clock() - self._fetched

    def _may_try(self) -> bool:
        return self._idle.is_set() and (self._tried is None or self.clock() - self._tried >= PAUSE_S)

    def _pick(self, key_id: str | None) -> Jwk | None:
        if key_id is None:
            return self._keys[0] if len(self._keys) == 1 else None
        return next((key for key in self._keys if key.get("kid") == key_id), None)

    def _fetch(self) -> None:
        """Fetch the keys; those that are there stay where that fails."""
        keys: tuple[Jwk, ...] | None = None
        try:
            keys = _fetched_keys(self.issuer, self.jwks_url, self.limit_s)
        except _NoAnswer as error:
            _log.warning("the keys of the identity provider %s can't be had: %s", self.issuer, error)
        finally:
            with self._lock:
                self._has_failed = keys is None
                if keys is not None:
                    self._keys, self._fetched = keys, self.clock()
                self._idle.set()


def _fetched_keys(issuer: str, jwks_url: str | None, limit_s: float) -> tuple[Jwk, ...]:
    """Raises: _NoAnswer."""
    if jwks_url is None:
        jwks_url = _discovered(issuer, limit_s)
    keys = _object_at(jwks_url, limit_s).get("keys")
    if not isinstance(keys, list):
        raise _NoAnswer(f"{jwks_url} holds no list of keys")
    usable = tuple(
        key
        for key in keys
        if isinstance(key, dict) and key.get("kty") in KINDS and key.get("use") in (None, "sig")
    )
    if not usable:
        raise _NoAnswer(f"{jwks_url} holds no public key for signatures")
    return usable


def _discovered(issuer: str, limit_s: float) -> str:
    address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    found = _object_at(address, limit_s)
    if found.get("issuer") != issuer:
        raise _NoAnswer(f"{address} is about another issuer than {issuer}")
    jwks_url = found.get("jwks_uri")
    if not isinstance(jwks_url, str) or not jwks_url.startswith(("https://", "http://")):
        raise _NoAnswer(f"{address} names no jwks_uri")
    if issuer.startswith("https://") and not jwks_url.startswith("https://"):
        raise _NoAnswer(f"{address} names a jwks_uri without TLS")
    return jwks_url


def _object_at(address: str, limit_s: float) -> Jwk:
    """A JSON object, within the limits of time and size, without following anyone elsewhere. Raises: _NoAnswer."""
    import httpx2

    until = time.monotonic() + limit_s
    content = b""
    try:
        with httpx2.stream("GET", address, timeout=limit_s, follow_redirects=False) as answer:
            if answer.status_code != 200:
                raise _NoAnswer(f"{address} answered {answer.status_code}")
            for part in answer.iter_bytes():
                content += part
                if len(content) > LIMIT_BYTES:
                    raise _NoAnswer(f"{address} answered more than {LIMIT_BYTES} bytes")
                if time.monotonic() > until:
                    raise _NoAnswer(f"{address} took more than {limit_s:g} s")
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise _NoAnswer(f"{address} can't be reached: {error or type(error).__name__}") from error
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _NoAnswer(f"{address} answered no JSON") from error
    if not isinstance(found, dict):
        raise _NoAnswer(f"{address} answered no JSON object")
    return found
