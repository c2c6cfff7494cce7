"""Tokens of an identity provider (OpenID Connect): signed, for us, by the issuer that the settings name, and of now.

Source: RFC 8725 (best practices for JSON Web Tokens), RFC 9068 (as access tokens).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.access.caller import Caller
from agent.access.keys import Jwk, Keys
from agent.service_settings import OidcSettings, Scope

if TYPE_CHECKING:
    import jwt

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by public keys only: with `none` anyone could sign, with HS* everyone who knows the public key."""
LEEWAY_S = 60
"""How far the provider's clock and ours may be apart."""
LONGEST_SUBJECT = 255
LONGEST_ID = 500
LONGEST_NAME = 100
_REQUIRED = ["exp", "iss", "aud", "sub"]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who someone is, until `expires` in seconds since 1970; None is for ever."""

    caller: Caller
    expires: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One identity provider. Safe to use from several threads."""

    settings: OidcSettings
    keys: Keys

    @classmethod
    def of(cls, settings: OidcSettings) -> Provider:
        """The provider that the settings name; it is asked for its keys with the first token."""
        return cls(settings=settings, keys=Keys(issuer=settings.issuer, jwks_url=settings.jwks_url))

    def identify(self, token: str) -> Identity | None:
        """Who a token is for, None for one that isn't valid here; why not is logged, without the token.

        Raises: Unauthenticated when the provider's keys can't be had.
        """
        import jwt

        try:
            claims = self._claims(token)
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            _log.info("a token of the identity provider was refused: %s", type(error).__name__)
            return None
        subject = claims.get("sub")
        caller_id = f"oidc:{self.settings.issuer}#{subject}"
        if not isinstance(subject, str) or not _is_usable(subject) or len(caller_id) > LONGEST_ID:
            _log.info("a token of the identity provider was refused: its subject can't be used")
            return None
        caller = Caller(id=caller_id, name=_name_in(claims) or subject, scopes=self._scopes(claims))
        return Identity(caller=caller, expires=float(str(claims["exp"])) + LEEWAY_S)

    def _claims(self, token: str) -> Mapping[str, object]:
        """What a token says, once all of it has been checked. Raises: jwt.PyJWTError, ValueError, Unauthenticated."""
        import jwt

        header = jwt.get_unverified_header(token)
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError("the algorithm isn't allowed")
        key = self.keys.find(key_id)
        if key is None:
            raise jwt.InvalidKeyError("the key isn't one of the provider's")
        return jwt.decode(
            token,
            _signing_key(key, algorithm),
            algorithms=ALGORITHMS,
            audience=self.settings.audience,
            issuer=self.settings.issuer,
            leeway=LEEWAY_S,
            options={"require": _REQUIRED, "enforce_minimum_key_length": True},
        )

    def _scopes(self, claims: Mapping[str, object]) -> frozenset[Scope]:
        """What the provider lets them do; a claim is words in one text, or a list of them."""
        found = _claim(claims, self.settings.scope_claim)
        words = found.split() if isinstance(found, str) else found if isinstance(found, list) else []
        known = self.settings.scopes
        return frozenset(known[word] for word in words if isinstance(word, str) and word in known)


def _signing_key(key: Jwk, algorithm: str) -> jwt.PyJWK:
    """The key for one algorithm: its own, where it says one, and always one of its kind."""
    import jwt

    if key.get("alg") not in (None, algorithm):
        raise jwt.InvalidAlgorithmError("the key is for another algorithm")
    return jwt.PyJWK(dict(key), algorithm)


def _claim(claims: Mapping[str, object], name: str) -> object:
    """A claim by its name; where there is none, by its parts: `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _name_in(claims: Mapping[str, object]) -> str:
    for claim in ("preferred_username", "email", "name"):
        name = claims.get(claim)
        if isinstance(name, str) and name.isprintable() and name:
            return name[:LONGEST_NAME]
    return ""


def _is_usable(subject: str) -> bool:
    return 0 < len(subject) <= LONGEST_SUBJECT and subject.isprintable()
