"""Tokens are shown once, kept as digests, end when they should, and rotate without a gap."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from agent.access.tokens import Tokens
from agent.database.opening import Database
from agent.errors import BadRequest
from agent.settings import Settings
from tests.access.conftest import Clock

DAY_S = 86400.0


@pytest.fixture
def tokens(database: Database, clock: Clock) -> Tokens:
    return Tokens(database=database, clock=clock)


def test_a_token_names_its_caller_and_has_256_random_bits(tokens: Tokens) -> None:
    one, other = tokens.create("ci", ["ask"]), tokens.create("ops", ["ask", "admin"])
    assert re.fullmatch(r"apt_ci_[0-9a-f]{64}", one.secret)
    assert one.secret[-64:] != other.secret[-64:]
    found = tokens.find(other.secret)
    assert found is not None
    assert (found.caller.id, found.caller.scopes) == ("token:ops", frozenset({"ask", "admin"}))


def test_the_secret_is_nowhere_but_with_its_owner(tokens: Tokens, settings: Settings) -> None:
    issued = tokens.create("ci", ["ask"])
    assert issued.secret not in repr(issued)
    folder = Path(str(settings.storage.state_folder))
    kept = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"ci" in kept
    assert issued.secret.encode() not in kept
    assert issued.secret[-64:].encode() not in kept


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "x" * 65, "a\n", "ä", "a/b", "*"])
def test_what_is_no_name_is_refused(tokens: Tokens, name: str) -> None:
    with pytest.raises(BadRequest, match="can't be a token's name"):
        tokens.create(name, ["ask"])


@pytest.mark.parametrize("name", ["a", "a_b", "a.b-c_d", "9", "x" * 64])
def test_every_name_can_be_shown_again(tokens: Tokens, name: str) -> None:
    found = tokens.find(tokens.create(name, ["ask"]).secret)
    assert found is not None and found.name == name


def test_a_changed_token_is_nobodys(tokens: Tokens) -> None:
    secret = tokens.create("ci", ["ask"]).secret
    tokens.create("ops", ["admin"])
    last = "0" if secret[-1] != "0" else "1"
    forged = [
        secret[:-1] + last,
        secret.upper(),
        secret + "0",
        secret[:-1],
        secret.replace("apt_ci", "apt_ops"),
        "apt_ci_" + "0" * 64,
        "apt_ci_",
        "",
        f" {secret}",
        f"{secret}\n",
    ]
    assert [tokens.find(each) for each in forged] == [None] * len(forged)


def test_a_digest_from_the_database_is_no_token(tokens: Tokens) -> None:
    from agent.access.tokens import digest_of

    secret = tokens.create("ci", ["ask"]).secret
    assert tokens.find(f"apt_ci_{digest_of(secret)}") is None


def test_a_token_ends_when_it_expires(tokens: Tokens, clock: Clock) -> None:
    issued = tokens.create("ci", ["ask"], lifetime_s=60)
    clock.now += 59
    assert tokens.find(issued.secret)
    clock.now += 1
    assert tokens.find(issued.secret) is None
    assert [t.state(clock.now) for t in tokens.issued()] == ["expired"]


def test_after_a_rotation_both_work_and_then_the_new_one_only(tokens: Tokens, clock: Clock) -> None:
    old = tokens.create("ci", ["ask", "apply"])
    new = tokens.rotate("ci", overlap_s=DAY_S)
    assert (new.token.number, new.token.scopes, new.token.caller.id) == (
        2,
        frozenset({"ask", "apply"}),
        "token:ci",
    )
    clock.now += DAY_S - 1
    assert tokens.find(old.secret) and tokens.find(new.secret)
    clock.now += 1
    assert tokens.find(old.secret) is None
    assert tokens.find(new.secret)


def test_a_rotation_lengthens_no_life_and_goes_on_with_the_same(tokens: Tokens, clock: Clock) -> None:
    tokens.create("ci", ["ask"], lifetime_s=3600)
    clock.now += 1800
    new = tokens.rotate("ci", overlap_s=DAY_S)
    first, second = tokens.issued()
    assert first.expires == first.created + 3600
    assert second.expires == new.token.created + 3600
    assert tokens.rotate("ci", 0, lifetime_s=60).token.expires == clock.now + 60
    assert [t.state(clock.now) for t in tokens.issued()] == ["expired", "expired", "valid"]


def test_revoking_ends_every_token_of_a_name_or_one_of_them(tokens: Tokens, clock: Clock) -> None:
    first = tokens.create("ci", ["ask"])
    second = tokens.rotate("ci", overlap_s=DAY_S)
    assert tokens.revoke("ci", 1) == 1
    assert tokens.find(first.secret) is None
    assert tokens.find(second.secret)
    assert tokens.revoke("ci") == 1
    assert tokens.find(second.secret) is None
    assert tokens.revoke("ci") == 0
    assert not tokens.any_valid()


def test_a_revoked_one_stays_revoked_through_a_rotation(tokens: Tokens) -> None:
    first = tokens.create("ci", ["ask"])
    tokens.revoke("ci")
    second = tokens.rotate("ci", overlap_s=DAY_S)
    assert tokens.find(first.secret) is None
    assert tokens.find(second.secret)


def test_a_name_is_given_once_for_what_it_asked_for_is_its_owners_to_see(tokens: Tokens) -> None:
    tokens.create("ci", ["ask"])
    with pytest.raises(BadRequest, match="token rotate ci"):
        tokens.create("ci", ["ask"])
    tokens.revoke("ci")
    with pytest.raises(BadRequest, match="there is, or was, a token ci"):
        tokens.create("ci", ["ask"])


def test_an_unknown_name_is_said(tokens: Tokens) -> None:
    tokens.create("ci", ["ask"])
    for act in (lambda: tokens.rotate("no", 1), lambda: tokens.revoke("no"), lambda: tokens.revoke("ci", 7)):
        with pytest.raises(BadRequest, match=r"there is no token (no|ci 7)"):
            act()


def test_tokens_of_another_service_are_not_ours(tokens: Tokens, tmp_path: Path) -> None:
    from agent.database.opening import open_database

    settings = Settings.model_validate({"storage": {"state_folder": str(tmp_path / "other")}})
    other = open_database(settings, {})
    try:
        theirs = replace(tokens, database=other).create("ci", ["ask"])
        tokens.create("ci", ["ask"])
        assert tokens.find(theirs.secret) is None
    finally:
        other.engine.dispose()
