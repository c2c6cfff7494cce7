"""No secret gets into a log, a trace or the audit, whatever stands around it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.telemetry.masking import SECRET_NAME, Masks, on_one_line

HEX = "0123456789abcdef" * 4
SECRETS = {
    "our token": f"apt_ci_{HEX}",
    "our token with a long name": f"apt_a_b.c-d_{HEX}",
    "a bearer token": "Bearer abcdef0123456789",
    "basic": "Basic dXNlcjpwYXNz",
    "slack bot": "-".join(["xoxb", "123456789012", "abcdefghijkl"]),
    "slack rotated": "xoxe.xoxp-1-Mi0yLTEyMzQ1Njc4OTA",
    "slack app": "-".join(["xapp", "1", "A012345", "99", "deadbeef"]),
    "slack signature": "v0=" + HEX,
    "slack hook": "https://hooks.slack.com/services/" + "T0/B0/abcdefghijklmnop",
    "anthropic": "sk-ant-api03-" + "Aa1_" * 10,
    "another model's": "sk-" + "a1B2" * 10,
    "a json web token": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl",
    "a json web token without a signature": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.",
    "github": "ghp_" + "a" * 36,
    "aws": "AKIA" + "ABCDEFGHIJKLMNOP",
    "a private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEabcdef\n-----END RSA PRIVATE KEY-----",
}
CORES = {
    "our token": (HEX,),
    "our token with a long name": (HEX,),
    "a bearer token": ("abcdef0123456789",),
    "basic": ("dXNlcjpwYXNz",),
    "slack signature": (HEX,),
    "slack hook": ("abcdefghijklmnop",),
    "a json web token": ("eyJhbGciOiJSUzI1NiJ9", "eyJzdWIiOiJhbm4ifQ", "c2lnbmF0dXJl"),
    "a json web token without a signature": ("eyJhbGciOiJub25lIn0", "eyJzdWIiOiJhbm4ifQ"),
    "a private key": ("MIIEabcdef",),
}
"""What must not be left of those that aren't masked as a whole."""


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize(
    "around", ["{}", "got {}.", "'{}'", '{{"a": "{}"}}', "x={};", "<{}>", "\t{}\n", "({})", "{} {}"]
)
def test_secrets_are_masked_by_their_form(kind: str, around: str) -> None:
    masked = Masks().mask(around.format(SECRETS[kind], SECRETS[kind]))
    for core in CORES.get(kind, (SECRETS[kind],)):
        assert core in SECRETS[kind]
        assert core not in masked


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("postgresql://ann:hunter2@db/x failed", "hunter2"),
        ("postgresql+psycopg://ann:p%40ss!word@db:5432/x", "p%40ss!word"),
        ("http://user:pw@host/", ":pw@"),
        ("password=opensesame", "opensesame"),
        ("SLACK_SIGNING_SECRET=0a1b2c3d", "0a1b2c3d"),
        ('{"client_secret": "opensesame"}', "opensesame"),
        (r'"{\"api_key\":\"opensesame\"}"', "opensesame"),
        ("Authorization: opensesame", "opensesame"),
        ("Cookie: session=opensesame", "opensesame"),
        ("x-api-key: opensesame", "opensesame"),
        ("access_token=opensesame&x=1", "opensesame"),
    ],
)
def test_secrets_are_masked_by_what_stands_before_them(text: str, gone: str) -> None:
    masked = Masks().mask(text)
    assert gone not in masked and "***" in masked


def test_who_the_token_is_of_may_be_told() -> None:
    assert Masks().mask(f"revoked apt_ci_{HEX}") == "revoked apt_ci_***"
    assert Masks().mask("postgresql://ann:hunter2@db/x") == "postgresql://ann:***@db/x"


@pytest.mark.parametrize(
    "text",
    [
        "no token was given: send the header `Authorization: Bearer TOKEN`",
        "ask-profiler: serving on http://127.0.0.1:8080 (questions: POST /v1/ask)",
        "input_tokens=1200 output_tokens=30 total_tokens: 4000",
        "the report of run 2026-11-29-abc is 30 s faster: github.com/x/y@v1.2.3",
        "commit 861f713e0d5a0c1b2f3e4d5c6b7a8f9e0d1c2b3a, sha256:" + HEX,
        "task-force, risk-free, desk-bound-and-so-on",
        "http://127.0.0.1:8080/a@b and user@host:22",
        "POST /v1/jobs/J1 200 0.012 s, caller token:ci, request abc",
    ],
)
def test_plain_words_stay(text: str) -> None:
    assert Masks().mask(text) == text


def test_known_secrets_are_masked_wherever_they_stand() -> None:
    environment = {
        "SIGNING": "plain-words-as-secret",
        "DATABASE": "postgresql://u:p@ss%2Fword@h/d",
        "SHORT": "abc",
        "EMPTY": "",
    }
    masks = Masks.of(environment, ("SIGNING", "DATABASE", "SHORT", "EMPTY", "MISSING"))
    assert masks.mask("x plain-words-as-secret y abc p@ss%2Fword u h d") == "x *** y abc *** u h d"


@pytest.mark.parametrize(
    "name", ["Authorization", "cookie", "password", "db_password", "api_key", "X-Api-Key", "client_secret",
             "X-Slack-Signature", "token", "bot_token", "access-token"]
)  # fmt: skip
def test_fields_that_hold_secrets_are_known_by_their_name(name: str) -> None:
    assert SECRET_NAME.search(name)


@pytest.mark.parametrize(
    "name", ["tokens", "input_tokens", "caller", "subject", "outcome", "key", "message", "keyword"]
)
def test_other_fields_are_not(name: str) -> None:
    assert not SECRET_NAME.search(name)


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    line = on_one_line(Masks().mask(text))
    assert line.isprintable()
    assert len(line.splitlines()) <= 1


LONG = (
    "a",
    "-",
    "_-",
    "token",
    "eyJ",
    "x://",
    "-----BEGIN PRIVATE KEY-----",
    "password ",
    "Bearer ",
    "password" + " " * 99,
)


@pytest.mark.parametrize("part", LONG)
def test_long_texts_are_masked_in_good_time(part: str) -> None:
    text = part * (200_000 // len(part))
    began_s = time.monotonic()
    Masks().mask(text)
    assert time.monotonic() - began_s < 2
