"""No secret that has a known form reaches a model, ordinary code does as it is, and edits get the secrets back."""

from __future__ import annotations

import base64
import random
import re
import string
import subprocess
import sysconfig
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.analysts.asking.masking import Masks, without_key_lines

SIGNS = string.ascii_letters + string.digits
GO_SUM = "example.org/m v1.2.3 h1:" + "Qx7Zk9Lm2Wp4Rt6Yv8Bn1Cd3Fg5Hj7Kl9Mn2Pq4Rs6=" + "\n"


def drawn(length: int, signs: str = SIGNS) -> str:
    """Signs as an issuer draws them; the same in every run."""
    return "".join(random.Random(length + len(signs)).choices(signs, k=length))


def pem(kind: str = "RSA ", lines: int = 6) -> str:
    body = "\n".join(drawn(64 + n, SIGNS + "+/")[:64] for n in range(lines))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"


PLANTED = {
    "private-key": pem(),
    "private-key of EC": pem("EC "),
    "private-key in one line": pem("").replace("\n", "\\n"),
    "private-key of ssh": pem("OPENSSH "),
    "aws-key": "AKIA" + drawn(16, string.ascii_uppercase + "234567"),
    "github-token": "ghp_" + drawn(36),
    "github-token, fine": "github_pat_" + drawn(22) + "_" + drawn(59),
    "gitlab-token": "glpat-" + drawn(20),
    "slack-token": "xoxb-" + drawn(12, string.digits) + "-" + drawn(12, string.digits) + "-" + drawn(24),
    "slack-webhook": "https://hooks.slack.com/" + "services/T" + drawn(8) + "/B" + drawn(8) + "/" + drawn(24),
    "stripe-key": "sk_live_" + drawn(24),
    "anthropic-key": "sk-ant-" + "api03-" + drawn(40) + "-" + drawn(20) + "AA",
    "openai-key": "sk-proj-" + drawn(48),
    "openai-key, old": "sk-" + drawn(48),
    "google-key": "AIza" + drawn(35),
    "npm-token": "npm_" + drawn(36),
    "pypi-token": "pypi-" + "AgEIcHlwaS5vcmc" + drawn(60),
    "sendgrid-key": "SG." + drawn(22) + "." + drawn(43),
    "jwt": "eyJ" + drawn(20) + ".eyJ" + drawn(40) + "." + drawn(43),
}
IN_CONTEXT = {
    "aws-secret": ("aws_secret_access_key = ", "wJ4" + drawn(37, SIGNS + "/"), ""),
    "bearer-token": ("Authorization: Bearer ", drawn(30), "\n"),
    "bearer-token of code": ('headers["Authorization"] = "Bearer ', drawn(30), '"'),
    "url-password": ("postgres://app:", "Tr0ub" + "4dorX", "@db.internal:5432/orders"),
    "secret": ('password = "', "n0t-So-" + "3asy!", '"'),
    "secret of Go": ('apiKey := "', drawn(24), '"'),
    "secret of JSON": ('{"client_secret": "', drawn(32), '"}'),
    "secret of Go's env": ('os.Setenv("DB_PASSWORD", "', "kX9#" + "mq2L", '")'),
    "secret of a function's default": ("def f(*, auth_token: str = '", drawn(20), "'): ..."),
    "secret of an environment": ("\nexport SERVICE_TOKEN=", drawn(20), "\n"),
}
ORDINARY = [
    'password = "changeme"', 'PASSWORD = "xxxxxxxx"', 'password = os.environ["DB_PASSWORD"]', 'token = ""',
    'password = f"{user}-secret"', 'password := os.Getenv("DB_PASSWORD")', 'api_key = "your-api-key-here"',
    'secret = "%s-%d"', 'token = "test-token-1"', "token_url = 'https://example.org/token'",
    'TOKEN_NAME = "X-Auth-Token"',
    'password_field = "user_password"', 'token = "<token>"', 'api_key="${API_KEY}"', GO_SUM,
    'assert digest == "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
    'data = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4")',
    'want := "d41d8cd98f00b204e9800998ecf8427e"', "http://user:password@example.org/", "http://[::1]:8080/a@b",
    "key = row[0]", 'tokens = ["abc123def456ghi789", "x"]', '"go/token", "hash/adler32"',
    "sk-learn, npm_config_cache, ghp_",
    "-----BEGIN PRIVATE KEY-----", 'pem.Block{Type: "RSA PRIVATE KEY"}', "Authorization: Bearer <token>",
    'KEY = "0123456789abcdef"', "sort_key=lambda row: row.total_2024", "API_KEY_HEADER=X-Api-Key",
]  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_secret_of_each_issuer_is_masked_wherever_it_stands(name: str) -> None:
    secret, kind = PLANTED[name], name.split(",")[0].split(" ")[0]
    for text in (f'x = "{secret}"\n', secret, f"log: {secret}, then more"):
        masks = Masks()
        masked = masks.mask(text)
        assert masked == text.replace(secret, f"[masked-{kind}-1]")
        assert masks.unmask(masked) == text


@pytest.mark.parametrize("name", IN_CONTEXT)
def test_a_secret_without_a_form_of_its_own_is_known_by_what_stands_before_it(name: str) -> None:
    before, secret, after = IN_CONTEXT[name]
    masked = Masks().mask(before + secret + after)
    assert masked == f"{before}[masked-{name.split(' ')[0]}-1]{after}"


@pytest.mark.parametrize("text", ORDINARY)
def test_placeholders_hashes_and_names_come_through_as_they_are(text: str) -> None:
    masks = Masks()
    assert masks.mask(text) == text
    assert masks.told() == ""


def test_the_same_secret_has_the_same_placeholder_over_the_run() -> None:
    masks = Masks()
    one, other = "ghp_" + drawn(36), "ghp_" + drawn(36)[::-1]
    first, second = "[masked-github-token-1]", "[masked-github-token-2]"
    assert masks.mask(f"{one} {other} {one}") == f"{first} {second} {first}"
    assert masks.mask(other) == second


def test_a_long_literal_that_was_called_a_secret_is_one_in_what_a_program_prints_too() -> None:
    masks, secret = Masks(), drawn(24)
    masks.mask(f'api_key = "{secret}"')
    assert masks.mask(f"request failed for {secret}") == "request failed for [masked-secret-1]"


def test_a_private_key_is_masked_where_lines_are_numbered_or_an_end_is_cut_off() -> None:
    numbered = "\n".join(f"{n:4} | {line}" for n, line in enumerate(pem().split("\n"), 1))
    cut = pem().split("-----END")[0]
    tail = "\n".join(pem().split("\n")[3:])
    short = tail.replace(pem().split("\n")[-2], "Qx9=")
    for text in (numbered, cut, tail, short, "\n".join(numbered.split("\n")[3:])):
        masked = Masks().mask(text)
        assert "[masked-private-key-1]" in masked
        assert not any(line[-40:] in masked for line in text.split("\n") if len(line) >= 64)


def test_a_known_secret_is_masked_in_every_form() -> None:
    key = "k/" + drawn(20) + '+é"='
    masks = Masks(known={"ANTHROPIC_API_KEY": key})
    raw = key.encode()
    forms = [
        key, quote(key, safe=""), re.sub("%..", lambda m: m[0].lower(), quote(key, safe="")),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(), key.replace('"', '\\"'),
    ]  # fmt: skip
    for form in forms:
        masked = masks.mask(f"<{form}>")
        assert masked.startswith("<[masked-anthropic-api-key-"), form
        assert drawn(20) not in masked
    for before in ("", "u", "us", "user:"):
        within = base64.b64encode(f"{before}{key}:tail".encode()).decode()
        masked = masks.mask(within)
        assert "[masked-anthropic-api-key-" in masked, before
        assert masks.unmask(masked) == masked, "what is ours stays masked"


def test_an_empty_or_tiny_known_secret_takes_no_text_apart() -> None:
    assert Masks(known={"A": "", "B": "e"}).mask("here we are") == "here we are"


def test_what_was_masked_is_told_in_one_sentence() -> None:
    masks = Masks()
    assert masks.told() == ""
    masks.mask(PLANTED["aws-key"])
    assert masks.told() == "1 secret was masked before anything was sent to the model (1 aws-key)."
    masks.mask(f"{PLANTED['npm-token']} {PLANTED['aws-key'][:-1]}Q")
    assert (
        masks.told()
        == "3 secrets were masked before anything was sent to the model (2 aws-key, 1 npm-token)."
    )


def test_text_that_is_masked_already_stays_as_it_is() -> None:
    masks = Masks()
    once = masks.mask(f'password = "{drawn(20)}" # {PLANTED["jwt"]} postgres://u:{drawn(9)}@h')
    assert masks.mask(once) == once


def test_a_text_of_the_target_that_looks_like_a_placeholder_is_never_taken_for_a_secret() -> None:
    masks = Masks()
    text = f"[masked-aws-key-1] {PLANTED['aws-key']}"
    masked = masks.mask(text)
    assert masked == "[masked-aws-key-1] [masked-aws-key-2]"
    assert masks.unmask(masked) == text


def test_an_edit_that_quotes_a_masked_line_applies_to_the_real_one() -> None:
    masks = Masks()
    source = f'def connect():\n    return open_db(password="{drawn(18)}", pool=1)\n'
    line = masks.mask(source).split("\n")[1]
    assert masks.unmask(line) == source.split("\n")[1]
    assert masks.unmask("[masked-secret-9]") == "[masked-secret-9]"


pieces = st.sampled_from(
    [*PLANTED.values(), *("".join(c) for c in IN_CONTEXT.values()), *ORDINARY, "[masked-jwt-1]", "\n"]
)


@given(st.lists(st.one_of(pieces, st.text(max_size=20)), max_size=8).map("".join))
def test_whatever_was_masked_comes_back(text: str) -> None:
    masks = Masks(known={"KEY": "zq" + drawn(10)})
    assert masks.unmask(masks.mask(text)) == text


@given(st.sampled_from(sorted(PLANTED)), st.text(max_size=20), st.text(max_size=20))
def test_no_text_around_a_secret_brings_it_through(name: str, before: str, after: str) -> None:
    secret = PLANTED[name]
    assert secret not in Masks().mask(f"{before} {secret} {after}")


def _ordinary_code(most: int) -> list[Path]:
    """Files of the standard libraries of Go and Python, and of packages."""
    go = subprocess.run(["go", "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    packages = Path(sysconfig.get_path("purelib"))
    python = [p for p in Path(sysconfig.get_path("stdlib")).rglob("*.py") if "site-packages" not in p.parts]
    chosen = random.Random(5)
    kinds = [sorted((Path(go) / "src").rglob("*.go")), sorted(python), sorted(packages.rglob("*.py"))]
    return [path for found in kinds for path in chosen.sample(found, most // len(kinds)) if path.is_file()]


@pytest.mark.slow
def test_hardly_anything_in_ordinary_code_is_masked_and_it_is_quick() -> None:
    """Of 1,500 files each of Go's standard library, of Python's and of packages, 57 million characters, twelve literals
    are masked: eight keys, a password and an address of tests, and two names.
    """
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in _ordinary_code(300)]
    masks = Masks()
    start = time.process_time()
    for text in texts:
        masks.mask(text)
    taken_s = time.process_time() - start
    assert sum(masks._counts.values()) <= 3, masks.told()
    assert taken_s < 0.5 * sum(map(len, texts)) / 100_000


def test_a_long_line_without_an_end_is_read_in_no_time() -> None:
    start = time.process_time()
    for text in (
        "password=" * 20_000,
        "a" * 200_000,
        "eyJ" * 50_000,
        "://a:" * 40_000,
        "-----BEGIN PRIVATE KEY-----\n" * 3_000,
        "private key\n" + (drawn(64) + "\n") * 3_000,
    ):
        Masks().mask(text)
    assert time.process_time() - start < 5


def test_lines_from_the_middle_of_a_private_key_are_masked_before_lines_are_cut_out() -> None:
    body = ["MIIE" + "ab3" * 20, "x9Q" * 21]
    begin, end = (f"-----{word} RSA PRIVATE KEY-----" for word in ("BEGIN", "END"))
    text = "\n".join(["before", begin, *body, end, "after", ""])
    shown = without_key_lines(text)
    assert all(line not in shown for line in body)
    assert shown.split("\n")[:2] == ["before", begin]
    assert shown.split("\n")[4:] == [end, "after", ""]
    torn = "\n".join([begin, *body])
    assert all(line not in without_key_lines(torn) for line in body)
    assert without_key_lines("no key\nhere\n") == "no key\nhere\n"
