"""Tokens of our own: 256 random bits that are shown once, and of which only a SHA-256 digest is kept.

A slow hash with a salt, as for passwords, would protect nothing here: it makes guessing dear, and nobody guesses 256
random bits, while every request would pay for it. Whoever reads the database can't make a token of a digest.
Source: NIST SP 800-63B, "look-up secrets" (a secret of at least 112 random bits needs no slow hash).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from agent.access.caller import SCOPES, Caller
from agent.database.opening import Database
from agent.database.tables import tokens as table
from agent.errors import BadRequest, StorageFailed
from agent.service_settings import Scope

BITS = 256
PREFIX = "apt_"
_FORM = re.compile(r"apt_([A-Za-z0-9][A-Za-z0-9_.-]{0,63})_([0-9a-f]{64})")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
TokenState = Literal["valid", "expired", "revoked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token: everything but itself. Times are seconds since 1970, None for never.

    `number` counts the tokens of one name: after a rotation two of them are valid for a while.
    """

    name: str
    number: int
    scopes: frozenset[Scope]
    created: float
    expires: float | None = None
    revoked: float | None = None

    @property
    def caller(self) -> Caller:
        """Who shows this token; every token of a name is the same caller."""
        return Caller(id=f"token:{self.name}", name=self.name, scopes=self.scopes)

    def state(self, now: float) -> TokenState:
        """Whether it may be used."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A new token, with the secret that is shown this once."""

    token: Token
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The tokens of the service. `clock` tells the seconds since 1970."""

    database: Database
    clock: Callable[[], float] = time.time

    def create(self, name: str, scopes: Iterable[Scope], lifetime_s: float | None = None) -> Issued:
        """Issue the first token of a name. Raises: BadRequest when the name is no name or was given before,
        StorageFailed.
        """
        if not _NAME.fullmatch(name):
            raise BadRequest(
                f"{name!r} can't be a token's name: up to 64 letters, digits, `.`, `_` and `-`, the first of them a "
                "letter or digit"
            )
        now = self.clock()
        with self.database.writing() as connection:
            if _last(connection, name) is not None:
                raise BadRequest(
                    f"there is, or was, a token {name}, and what it asked for would be the new one's to see: "
                    f"`ask-profiler token rotate {name}` issues another one for the same user, or choose another name"
                )
            return _issue(connection, name, 1, frozenset(scopes), now, lifetime_s)

    def rotate(self, name: str, overlap_s: float, lifetime_s: float | None = None) -> Issued:
        """Issue the next token of a name; the ones before end after `overlap_s`, if not earlier.

        It has the scopes of the last one, and is valid for as long from now on, unless `lifetime_s` is given.
        Raises: BadRequest when there is no such name, StorageFailed.
        """
        now = self.clock()
        with self.database.writing() as connection:
            last = _last(connection, name)
            if last is None:
                raise _unknown(name)
            connection.execute(
                update(table)
                .where(
                    _is_valid(name, now), or_(table.c.expires.is_(None), table.c.expires > now + overlap_s)
                )
                .values(expires=now + overlap_s)
            )
            if lifetime_s is None and last.expires is not None:
                lifetime_s = last.expires - last.created
            return _issue(connection, name, last.number + 1, last.scopes, now, lifetime_s)

    def revoke(self, name: str, number: int | None = None) -> int:
        """End the tokens of a name, or one of them, now; how many were valid. Services stop taking them within 5 s.

        Raises: BadRequest when there is no such token, StorageFailed.
        """
        now = self.clock()
        with self.database.writing() as connection:
            which = table.c.name == name
            if number is not None:
                which &= table.c.number == number
            if connection.execute(select(table.c.number).where(which)).first() is None:
                raise _unknown(name if number is None else f"{name} {number}")
            is_valid = connection.execute(
                select(func.count()).select_from(table).where(which, _is_valid(name, now))
            ).scalar_one()
            connection.execute(update(table).where(which, table.c.revoked.is_(None)).values(revoked=now))
        return int(is_valid)

    def issued(self) -> tuple[Token, ...]:
        """Every token that was issued, by name and number."""
        with self.database.reading() as connection:
            rows = connection.execute(select(table).order_by(table.c.name, table.c.number)).mappings()
            return tuple(_token(row) for row in rows)

    def any_valid(self) -> bool:
        """Whether anyone could come in by a token. Raises: StorageFailed."""
        now = self.clock()
        return any(token.state(now) == "valid" for token in self.issued())

    def find(self, secret: str) -> Token | None:
        """The valid token with this secret, None for what is forged, expired or revoked. Raises: StorageFailed."""
        form = _FORM.fullmatch(secret)
        if form is None:
            return None
        digest = digest_of(secret)
        query = select(table).where(_is_valid(form[1], self.clock()))
        with self.database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        found = [row for row in rows if hmac.compare_digest(str(row["digest"]), digest)]
        return _token(found[0]) if found else None


def digest_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _issue(
    connection: Connection,
    name: str,
    number: int,
    scopes: frozenset[Scope],
    now: float,
    lifetime_s: float | None,
) -> Issued:
    secret = f"{PREFIX}{name}_{secrets.token_hex(BITS // 8)}"
    expires = None if lifetime_s is None else now + lifetime_s
    try:
        connection.execute(
            insert(table).values(
                name=name,
                number=number,
                digest=digest_of(secret),
                scopes=" ".join(sorted(scopes)),
                created=now,
                expires=expires,
            )
        )
    except IntegrityError as error:
        raise StorageFailed(f"someone else issued a token {name} at the same moment: do it again") from error
    token = Token(name=name, number=number, scopes=scopes, created=now, expires=expires)
    return Issued(token=token, secret=secret)


def _last(connection: Connection, name: str) -> Token | None:
    query = select(table).where(table.c.name == name).order_by(table.c.number.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return None if row is None else _token(row)


def _is_valid(name: str, now: float) -> ColumnElement[bool]:
    expires = table.c.expires
    return (table.c.name == name) & table.c.revoked.is_(None) & or_(expires.is_(None), expires > now)


def _token(row: RowMapping) -> Token:
    words = str(row["scopes"]).split()
    return Token(
        name=row["name"],
        number=row["number"],
        scopes=frozenset(scope for scope in SCOPES if scope in words),
        created=row["created"],
        expires=row["expires"],
        revoked=row["revoked"],
    )


def _unknown(name: str) -> BadRequest:
    return BadRequest(f"there is no token {name[:64]}: `ask-profiler token list` shows them")
