"""A service's database, a clock that tests turn, and an identity provider on loopback."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from agent.access.keys import Keys
from agent.access.oidc import Provider
from agent.database.opening import Database, open_database
from agent.service_settings import OidcSettings
from agent.settings import Settings

AUDIENCE = "ask-profiler"
PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey


@dataclass(slots=True)
class Clock:
    """A clock that stands still until a test turns it."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate({"storage": {"state_folder": str(tmp_path / "state")}})


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    found = open_database(settings, {})
    yield found
    found.engine.dispose()


@dataclass(slots=True)
class IdentityProvider:
    """An OpenID provider: publishes the public parts of `keys`, or whatever `pages` says instead."""

    issuer: str = ""
    keys: dict[str, PrivateKey] = field(default_factory=dict)
    more_keys: list[dict[str, object]] = field(default_factory=list)
    pages: dict[str, tuple[int, bytes, dict[str, str]]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    pause_s: float = 0.0

    def token(
        self,
        key_id: str = "k1",
        algorithm: str = "RS256",
        claims: Mapping[str, object] | None = None,
        **more: object,
    ) -> str:
        """A token that is valid here, but for the claims that are given; None leaves one out."""
        now = time.time()
        whole = {"iss": self.issuer, "aud": AUDIENCE, "sub": "ann", "exp": now + 300, "iat": now}
        whole |= {**(claims or {}), **more}
        said = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(said, self.keys[key_id], algorithm=algorithm, headers={"kid": key_id})

    def published(self) -> dict[str, object]:
        return {"keys": [*(public_jwk(key, key_id) for key_id, key in self.keys.items()), *self.more_keys]}

    def page(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        self.requests.append(path)
        time.sleep(self.pause_s)
        if path in self.pages:
            return self.pages[path]
        if path == "/.well-known/openid-configuration":
            found: dict[str, object] = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks"}
            return 200, json.dumps(found).encode(), {}
        return 200, json.dumps(self.published()).encode(), {}


def public_jwk(key: PrivateKey, key_id: str) -> dict[str, object]:
    """A key's public part as providers publish it."""
    if isinstance(key, RSAPrivateKey):
        found = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    elif isinstance(key, EllipticCurvePrivateKey):
        found = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        found = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**found, "kid": key_id, "use": "sig"}


@pytest.fixture(scope="session")
def rsa_keys() -> tuple[RSAPrivateKey, RSAPrivateKey]:
    """Two keys, made once: it takes a while."""
    one, other = (generate_rsa(public_exponent=65537, key_size=2048) for _ in range(2))
    return one, other


@pytest.fixture
def identity_provider(rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]) -> Iterator[IdentityProvider]:
    found = IdentityProvider(keys={"k1": rsa_keys[0]})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content, headers = found.page(self.path)
            try:
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
            except OSError:  # the other side has gone
                pass

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def provider(identity_provider: IdentityProvider, clock: Clock) -> Provider:
    """What knows the callers of the identity provider; its clock for keys is turned by the test."""
    settings = OidcSettings(issuer=identity_provider.issuer, audience=AUDIENCE)
    return Provider(settings=settings, keys=Keys(issuer=settings.issuer, clock=clock, limit_s=20.0))


def elliptic_key() -> EllipticCurvePrivateKey:
    return generate_private_key(SECP256R1())


def decoded(token: str) -> dict[str, object]:
    """What a token says, whoever signed it."""
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))
