"""The provider's keys: found, kept, fetched anew when they change, and never waited for too long."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from agent.access.keys import FRESH_S, PAUSE_S, STALE_S, Keys
from agent.access.oidc import Provider
from agent.errors import Unauthenticated
from agent.service_settings import OidcSettings
from tests.access.conftest import AUDIENCE, Clock, IdentityProvider, decoded


def test_a_key_that_the_provider_adds_is_taken_soon(
    provider: Provider,
    identity_provider: IdentityProvider,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
    clock: Clock,
) -> None:
    assert provider.identify(identity_provider.token())
    identity_provider.keys["k2"] = rsa_keys[1]
    clock.now += PAUSE_S
    assert provider.identify(identity_provider.token("k2"))
    assert provider.identify(identity_provider.token("k1"))


def test_a_key_that_the_provider_takes_back_ends_within_minutes(
    provider: Provider,
    identity_provider: IdentityProvider,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
    clock: Clock,
) -> None:
    old = identity_provider.token()
    assert provider.identify(old)
    identity_provider.keys = {"k2": rsa_keys[1]}
    clock.now += FRESH_S + 1
    assert provider.identify(old) is None
    assert provider.identify(identity_provider.token("k2"))


def test_forged_key_ids_do_not_make_us_ask_the_provider_again_and_again(
    provider: Provider,
    identity_provider: IdentityProvider,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
    clock: Clock,
) -> None:
    assert provider.identify(identity_provider.token())
    for number in range(100):
        clock.now += 0.1
        forged = jwt.encode({"sub": "x"}, rsa_keys[1], algorithm="RS256", headers={"kid": f"forged-{number}"})
        assert provider.identify(forged) is None
    assert identity_provider.requests.count("/jwks") <= 2


def test_a_provider_that_is_down_is_said_so_and_asked_again_later(
    provider: Provider, identity_provider: IdentityProvider, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    identity_provider.pages["/jwks"] = 503, b"", {}
    token = identity_provider.token()
    for _ in range(20):
        with pytest.raises(Unauthenticated, match="the identity provider doesn't answer; try again"):
            provider.identify(token)
    assert identity_provider.requests.count("/jwks") == 1
    assert "answered 503" in caplog.text
    del identity_provider.pages["/jwks"]
    clock.now += PAUSE_S
    assert provider.identify(token)


def test_while_the_provider_is_down_its_keys_are_used_for_an_hour(
    provider: Provider, identity_provider: IdentityProvider, clock: Clock
) -> None:
    token = identity_provider.token(exp=time.time() + 10_000)
    assert provider.identify(token)
    identity_provider.pages["/jwks"] = 500, b"", {}
    clock.now += STALE_S - 1
    assert provider.identify(token)
    clock.now += 2
    with pytest.raises(Unauthenticated):
        provider.identify(token)


BAD_PAGES: Mapping[str, tuple[int, bytes, dict[str, str]]] = {
    "no JSON": (200, b"<html>", {}),
    "a list": (200, b"[]", {}),
    "no keys": (200, b'{"keys": []}', {}),
    "keys that are no list": (200, b'{"keys": {"k1": 1}}', {}),
    "shared keys only": (200, b'{"keys": [{"kty": "oct", "k": "AAAA", "kid": "k1"}]}', {}),
    "a redirect": (302, b"", {"Location": "/jwks2"}),
    "too much": (200, b'{"keys": [' + b" " * 1_100_000 + b"]}", {}),
    "deep": (200, b"[" * 200_000, {}),
}


@pytest.mark.parametrize("what", BAD_PAGES)
def test_keys_that_are_none_let_nobody_in(
    provider: Provider, identity_provider: IdentityProvider, what: str
) -> None:
    identity_provider.pages["/jwks"] = BAD_PAGES[what]
    with pytest.raises(Unauthenticated, match="doesn't answer"):
        provider.identify(identity_provider.token())


def test_a_provider_that_hangs_is_given_up_in_time(
    provider: Provider, identity_provider: IdentityProvider
) -> None:
    provider.keys.limit_s = 0.5
    identity_provider.pause_s = 6.0
    began_s = time.monotonic()
    with pytest.raises(Unauthenticated, match="doesn't answer"):
        provider.identify(identity_provider.token())
    assert time.monotonic() - began_s < 5.0


@pytest.mark.slow
def test_while_one_waits_for_a_provider_that_hangs_the_others_go_on(
    provider: Provider,
    identity_provider: IdentityProvider,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
    clock: Clock,
) -> None:
    known = identity_provider.token()
    assert provider.identify(known)
    identity_provider.pause_s = 3.0
    clock.now += PAUSE_S
    forged = jwt.encode({"sub": "x"}, rsa_keys[1], algorithm="RS256", headers={"kid": "forged"})
    waiting = threading.Thread(target=provider.identify, args=(forged,))
    began_s = time.monotonic()
    waiting.start()
    while len(identity_provider.requests) < 3:  # it is being fetched
        time.sleep(0.01)
    assert provider.identify(known)
    with pytest.raises(Unauthenticated, match="try again"):
        provider.identify(forged)
    assert time.monotonic() - began_s < 2.5
    waiting.join()


def test_when_it_starts_many_callers_wait_for_one_answer(
    provider: Provider, identity_provider: IdentityProvider
) -> None:
    identity_provider.pause_s = 0.2
    token, known = identity_provider.token(), []
    threads = [threading.Thread(target=lambda: known.append(provider.identify(token))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in known if one is not None]) == 10
    assert identity_provider.requests.count("/jwks") == 1


def test_keys_may_be_named_without_discovery(identity_provider: IdentityProvider) -> None:
    settings = OidcSettings(
        issuer=identity_provider.issuer, audience=AUDIENCE, jwks_url=f"{identity_provider.issuer}/keys"
    )
    assert Provider.of(settings).identify(identity_provider.token())
    assert identity_provider.requests == ["/keys"]


def test_a_discovery_page_about_another_issuer_is_refused(
    provider: Provider, identity_provider: IdentityProvider
) -> None:
    page = {"issuer": "https://other.example", "jwks_uri": f"{identity_provider.issuer}/jwks"}
    identity_provider.pages["/.well-known/openid-configuration"] = 200, json.dumps(page).encode(), {}
    with pytest.raises(Unauthenticated):
        provider.identify(identity_provider.token())
    assert "/jwks" not in identity_provider.requests


def test_a_token_without_a_key_id_is_checked_by_the_only_key(
    provider: Provider,
    identity_provider: IdentityProvider,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
    clock: Clock,
) -> None:
    token = jwt.encode(decoded(identity_provider.token()), rsa_keys[0], algorithm="RS256")
    assert provider.identify(token)
    identity_provider.keys["k2"] = rsa_keys[1]
    clock.now += FRESH_S + 1
    assert provider.identify(token) is None  # which of the two isn't said


def test_nothing_is_asked_of_a_provider_that_is_not_used(identity_provider: IdentityProvider) -> None:
    Provider.of(OidcSettings(issuer=identity_provider.issuer, audience=AUDIENCE))
    assert Keys(issuer=identity_provider.issuer).jwks_url is None
    assert identity_provider.requests == []
