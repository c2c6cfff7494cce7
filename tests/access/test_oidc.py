"""Tokens of an identity provider: only what it signed, for us, now, comes in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable, Mapping

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from agent.access.oidc import LEEWAY_S, Provider
from agent.service_settings import OidcSettings
from tests.access.conftest import AUDIENCE, IdentityProvider, decoded, elliptic_key, public_jwk

Forge = Callable[[IdentityProvider, RSAPrivateKey], str]


def encoded(part: Mapping[str, object] | bytes) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def by_hmac(header: Mapping[str, object], claims: Mapping[str, object], secret: bytes) -> str:
    signed = f"{encoded(header)}.{encoded(claims)}"
    return f"{signed}.{encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def pem(key: RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(("algorithm", "key_id"), [
    ("RS256", "k1"), ("RS512", "k1"), ("PS256", "k1"), ("ES256", "ec"), ("EdDSA", "ed"),
])  # fmt: skip
def test_who_the_provider_vouches_for_is_known(
    provider: Provider, identity_provider: IdentityProvider, algorithm: str, key_id: str
) -> None:
    identity_provider.keys |= {"ec": elliptic_key(), "ed": Ed25519PrivateKey.generate()}
    token = identity_provider.token(
        key_id, algorithm, scope="openid ask-profiler.ask ask-profiler.apply other", preferred_username="Ann"
    )
    found = provider.identify(token)
    assert found is not None
    assert found.caller.id == f"oidc:{identity_provider.issuer}#ann"
    assert (found.caller.name, found.caller.scopes) == ("Ann", frozenset({"ask", "apply"}))


def test_scopes_may_be_a_list_and_lie_deeper_and_unknown_ones_give_nothing(
    provider: Provider, identity_provider: IdentityProvider
) -> None:
    settings = OidcSettings(
        issuer=identity_provider.issuer,
        audience=AUDIENCE,
        scope_claim="realm_access.roles",
        scopes={"prof": "admin"},
    )
    keycloak = Provider(settings=settings, keys=provider.keys)
    found = keycloak.identify(identity_provider.token(realm_access={"roles": ["prof", "ask", 7, None]}))
    assert found is not None and found.caller.scopes == {"admin"}
    for other in ({"realm_access": "prof"}, {"realm_access": {"roles": {"prof": 1}}}, {}):
        found = keycloak.identify(identity_provider.token(claims=other))
        assert found is not None and found.caller.scopes == frozenset()


def test_an_audience_among_several_is_enough(provider: Provider, identity_provider: IdentityProvider) -> None:
    assert provider.identify(identity_provider.token(aud=["billing", AUDIENCE]))


def forged_signature(idp: IdentityProvider, other: RSAPrivateKey) -> str:
    return jwt.encode(decoded(idp.token()), other, algorithm="RS256", headers={"kid": "k1"})


def changed_claims(idp: IdentityProvider, _: RSAPrivateKey) -> str:
    head, _claims, signature = idp.token().split(".")
    return f"{head}.{encoded({**decoded(idp.token()), 'sub': 'root'})}.{signature}"


def no_signature(idp: IdentityProvider, _: RSAPrivateKey) -> str:
    return f"{encoded({'alg': 'none', 'kid': 'k1'})}.{encoded(decoded(idp.token()))}."


def no_signature_in_capitals(idp: IdentityProvider, _: RSAPrivateKey) -> str:
    return f"{encoded({'alg': 'NoNe', 'kid': 'k1'})}.{encoded(decoded(idp.token()))}."


def signature_cut_off(idp: IdentityProvider, _: RSAPrivateKey) -> str:
    return idp.token().rpartition(".")[0] + "."


def hmac_with_the_public_key(idp: IdentityProvider, _: RSAPrivateKey) -> str:
    key = idp.keys["k1"]
    assert isinstance(key, RSAPrivateKey)
    return by_hmac({"alg": "HS256", "kid": "k1"}, decoded(idp.token()), pem(key))


def hmac_with_the_published_key(idp: IdentityProvider, _: RSAPrivateKey) -> str:
    published = json.dumps(public_jwk(idp.keys["k1"], "k1")).encode()
    return by_hmac({"alg": "HS256", "kid": "k1"}, decoded(idp.token()), published)


def hmac_with_a_shared_key_of_the_provider(idp: IdentityProvider, _: RSAPrivateKey) -> str:
    idp.more_keys.append({"kty": "oct", "kid": "shared", "k": encoded(b"s" * 32), "alg": "HS256"})
    return by_hmac({"alg": "HS256", "kid": "shared"}, decoded(idp.token()), b"s" * 32)


def a_key_in_the_header(idp: IdentityProvider, other: RSAPrivateKey) -> str:
    header = {"kid": "mine", "jwk": public_jwk(other, "mine")}
    return jwt.encode(decoded(idp.token()), other, algorithm="RS256", headers=header)


def keys_from_elsewhere(idp: IdentityProvider, other: RSAPrivateKey) -> str:
    idp.pages["/attackers"] = 200, json.dumps({"keys": [public_jwk(other, "mine")]}).encode(), {}
    header = {"kid": "mine", "jku": f"{idp.issuer}/attackers", "x5u": f"{idp.issuer}/attackers"}
    return jwt.encode(decoded(idp.token()), other, algorithm="RS256", headers=header)


def a_key_for_encryption(idp: IdentityProvider, other: RSAPrivateKey) -> str:
    idp.more_keys.append({**public_jwk(other, "enc"), "use": "enc"})
    return jwt.encode(decoded(idp.token()), other, algorithm="RS256", headers={"kid": "enc"})


def a_key_for_another_algorithm(idp: IdentityProvider, other: RSAPrivateKey) -> str:
    idp.more_keys.append({**public_jwk(other, "ps"), "alg": "PS256"})
    return jwt.encode(decoded(idp.token()), other, algorithm="RS256", headers={"kid": "ps"})


def a_curve_that_the_algorithm_is_not_for(idp: IdentityProvider, _: RSAPrivateKey) -> str:
    idp.keys["p384"] = generate_private_key(SECP384R1())
    token = jwt.encode(decoded(idp.token()), idp.keys["p384"], algorithm="ES384", headers={"kid": "p384"})
    _head, claims, signature = token.split(".")
    return f"{encoded({'alg': 'ES256', 'kid': 'p384'})}.{claims}.{signature}"


def a_weak_key(idp: IdentityProvider, _: RSAPrivateKey) -> str:
    weak = generate_rsa(public_exponent=65537, key_size=1024)
    idp.more_keys.append(public_jwk(weak, "weak"))
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        return jwt.encode(decoded(idp.token()), weak, algorithm="RS256", headers={"kid": "weak"})


def an_unknown_critical_header(idp: IdentityProvider, _: RSAPrivateKey) -> str:
    header = {"kid": "k1", "crit": ["evil"], "evil": 1}
    return jwt.encode(decoded(idp.token()), idp.keys["k1"], algorithm="RS256", headers=header)


def an_unknown_key(idp: IdentityProvider, other: RSAPrivateKey) -> str:
    return jwt.encode(decoded(idp.token()), other, algorithm="RS256", headers={"kid": "../../etc/passwd"})


def claims(**changed: object) -> Forge:
    def forge(idp: IdentityProvider, _: RSAPrivateKey) -> str:
        return idp.token(claims=changed)

    return forge


NOW = time.time()
REFUSED: Mapping[str, Forge] = {
    "a forged signature": forged_signature,
    "changed claims": changed_claims,
    "no signature": no_signature,
    "no signature, in capitals": no_signature_in_capitals,
    "a signature cut off": signature_cut_off,
    "HS256 with the public key": hmac_with_the_public_key,
    "HS256 with the published key": hmac_with_the_published_key,
    "HS256 with a shared key of the provider's": hmac_with_a_shared_key_of_the_provider,
    "a key in the header": a_key_in_the_header,
    "keys from elsewhere": keys_from_elsewhere,
    "a key for encryption": a_key_for_encryption,
    "a key for another algorithm": a_key_for_another_algorithm,
    "a curve that the algorithm is not for": a_curve_that_the_algorithm_is_not_for,
    "a weak key": a_weak_key,
    "an unknown critical header": an_unknown_critical_header,
    "an unknown key": an_unknown_key,
    "another service's audience": claims(aud="billing"),
    "another service's audiences": claims(aud=["billing", "ask-profiler-staging"]),
    "no audience": claims(aud=None),
    "another issuer": claims(iss="https://issuer.example"),
    "an issuer that begins alike": claims(iss="http://127.0.0.1"),
    "no issuer": claims(iss=None),
    "expired": claims(exp=NOW - LEEWAY_S - 5),
    "no end": claims(exp=None),
    "an end that is no number": claims(exp="soon"),
    "an endless end": claims(exp=float("inf")),
    "not yet valid": claims(nbf=NOW + 3600),
    "issued in the future": claims(iat=NOW + 3600),
    "nobody": claims(sub=None),
    "an empty name": claims(sub=""),
    "a name that is no text": claims(sub=7),
    "a name with a line break": claims(sub="ann\nadmin"),
    "a name without an end": claims(sub="a" * 256),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_forged_or_not_for_us_or_not_of_now_is_refused(
    provider: Provider,
    identity_provider: IdentityProvider,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
    what: str,
) -> None:
    token = REFUSED[what](identity_provider, rsa_keys[1])
    assert provider.identify(token) is None
    assert "/attackers" not in identity_provider.requests
    assert provider.identify(identity_provider.token())  # what is right still comes in


def test_clocks_may_be_a_minute_apart(provider: Provider, identity_provider: IdentityProvider) -> None:
    now = time.time()
    assert provider.identify(identity_provider.token(exp=now - LEEWAY_S + 20))
    assert provider.identify(identity_provider.token(nbf=now + LEEWAY_S - 20))


def test_the_log_says_why_and_never_the_token(
    provider: Provider, identity_provider: IdentityProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    token = identity_provider.token(aud="billing")
    assert provider.identify(token) is None
    assert "InvalidAudienceError" in caplog.text
    assert token not in caplog.text and token.split(".")[1] not in caplog.text


RUBBISH = st.one_of(
    st.sampled_from(["RS256", "none", "HS256", "k1", "JWT"]),
    st.integers(),
    st.none(),
    st.lists(st.text(max_size=5)),
)


@examples(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "x"]), RUBBISH),
    payload=st.binary(max_size=60),
    signature=st.binary(max_size=60),
)
def test_no_rubbish_is_more_than_refused(
    provider: Provider,
    identity_provider: IdentityProvider,
    header: Mapping[str, object],
    payload: bytes,
    signature: bytes,
) -> None:
    for token in (
        f"{encoded(header)}.{encoded(payload)}.{encoded(signature)}",
        f"{payload.hex()}.{signature.hex()}",
        f"{encoded(b'[' * 5000)}.{encoded(payload)}.x",
    ):
        assert provider.identify(token) is None
