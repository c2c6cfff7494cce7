"""What the HTTP door refuses: forged, expired, foreign, over-sized and misshapen requests, each as a problem."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from agent.access.tokens import Tokens
from tests.doors.web.living import Service, serving, settings_in

QUESTION = {"question": "Why slow?", "target": "orders"}


def problem(answer: httpx2.Response, status: int) -> str:
    """The sentence of a refusal, which must be a problem as RFC 9457 has it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert set(found) == {"type", "title", "status", "detail", "request_id"}
    assert found["status"] == status
    assert found["request_id"] == answer.headers["x-request-id"]
    return str(found["detail"])


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Basic YTpi",
        "Bearer nonsense",
        "Bearer apt_ada_" + "0" * 64,
        "bearer \x7f",
    ],
)
def test_who_has_no_valid_token_gets_nothing(service: Service, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    with service.client(None) as client:
        for method, path in [
            ("GET", "/v1/jobs"),
            ("POST", "/v1/ask"),
            ("GET", "/metrics"),
            ("GET", "/nowhere"),
        ]:
            answer = client.request(method, path, headers=headers)
            problem(answer, 401)
            assert answer.headers["www-authenticate"] == "Bearer"


def test_an_expired_token_is_not_taken(service: Service) -> None:
    issued = Tokens(database=service.desk.records.database).create("short", {"ask"}, lifetime_s=0.2)
    time.sleep(0.3)
    with service.client(None, Authorization=f"Bearer {issued.secret}") as client:
        problem(client.get("/v1/jobs"), 401)


def test_a_token_without_the_scope_may_not_ask(service: Service) -> None:
    with service.client("reader") as client:
        problem(client.post("/v1/ask", json=QUESTION), 403)


def test_another_callers_job_is_as_one_that_is_not_there(worked: Service) -> None:
    job_id = worked.finished("Why slow?")
    with worked.client("bob") as client:
        for method, path in [
            ("GET", ""), ("GET", "/events"), ("GET", "/report"), ("GET", "/files"), ("GET", "/files/report.json"),
            ("POST", "/cancel"), ("POST", "/again"), ("POST", "/apply"),
        ]:  # fmt: skip
            theirs = problem(client.request(method, f"/v1/jobs/{job_id}{path}"), 404)
            nobodys = problem(client.request(method, f"/v1/jobs/{'0' * len(job_id)}{path}"), 404)
            assert theirs.replace(job_id, "") == nobodys.replace("0" * len(job_id), "")
        stream = client.get(f"/v1/jobs/{job_id}/events", headers={"Accept": "text/event-stream"})
        problem(stream, 404)
        assert client.get("/v1/jobs").json() == {"jobs": []}
    with worked.client("root") as client:
        assert client.get(f"/v1/jobs/{job_id}").status_code == 200


def test_another_callers_conversation_is_a_new_one(worked: Service) -> None:
    first = worked.finished("Why slow?")
    conversation = worked.desk.records.job(first).conversation
    other = worked.ask("And memory?", "bob", conversation=conversation)
    assert (other["kind"], other["caller"]) == ("run", "token:bob")


@pytest.mark.parametrize(
    "target", ["/etc", "../orders", "secret", "nothing", "http://127.0.0.1:6060", "pid:1"]
)
def test_only_named_targets_that_are_the_callers_can_be_asked_about(service: Service, target: str) -> None:
    with service.client() as client:
        said = problem(client.post("/v1/ask", json={"question": "Why slow?", "target": target}), 404)
    assert "known are orders" in said
    assert service.desk.records.jobs() == ()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "Invalid JSON"),
        (b"{", "Invalid JSON"),
        (b"[]", "all of it"),
        (b'"why"', "all of it"),
        (b"{}", "question: Field required"),
        (b'{"question": ""}', "question"),
        (b'{"question": 5}', "question"),
        (b'{"question": "a\\u0000b"}', "question"),
        (b'{"question": "\\ud800"}', "Invalid JSON"),
        (b'{"question": "\xff"}', "Invalid JSON"),
        (b'{"question": "a", "path": "/etc"}', "path: Extra inputs"),
        (b'{"question": "a", "time_limit_s": "5"}', "time_limit_s"),
        (b'{"question": "a", "time_limit_s": -1}', "time_limit_s"),
        (b'{"question": "a", "time_limit_s": NaN}', "time_limit_s"),
        (b'{"question": "a", "time_limit_s": 1e999}', "time_limit_s"),
        (b'{"question": "a", "target": null, "workload": []}', "workload"),
        (b"[" * 5000, "Invalid JSON"),
    ],
)
def test_a_body_that_cannot_be_used_is_refused_by_name(service: Service, content: bytes, says: str) -> None:
    with service.client(**{"Content-Type": "application/json"}) as client:
        assert says in problem(client.post("/v1/ask", content=content), 400)


def test_a_question_that_is_too_long_is_refused(service: Service) -> None:
    with service.client() as client:
        problem(client.post("/v1/ask", json={"question": "a" * 100_000}), 400)


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/xml", "json"]
)
def test_other_content_types_are_refused(service: Service, kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    with service.client() as client:
        said = problem(client.post("/v1/ask", content=json.dumps(QUESTION), headers=headers), 415)
    assert "application/json" in said


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/event-stream;q=0, application/json", "application/json"),
        ("application/*;q=0.2, text/event-stream;q=0.9", "text/event-stream"),
        ("*/*, text/event-stream;q=0", "application/json"),
        ("TEXT/EVENT-STREAM", "text/event-stream"),
        ("application/json;q=0", None),
        ("text/html", None),
        ("application/json;q=nonsense", None),
    ],
)
def test_the_answer_is_in_the_form_that_is_wanted_most(
    worked: Service, accept: str, kind: str | None
) -> None:
    job_id = worked.finished("Why slow?")
    with worked.client(Accept=accept) as client:
        answer = client.get(f"/v1/jobs/{job_id}/events")
        if kind is None:
            assert "text/event-stream" in problem(answer, 406)
        else:
            assert answer.headers["content-type"].startswith(kind)


def test_json_with_a_charset_is_json(service: Service) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    with service.client() as client:
        assert client.post("/v1/ask", content=json.dumps(QUESTION), headers=headers).status_code == 202


def test_a_body_that_is_too_large_is_refused_announced_or_not(service: Service) -> None:
    limit = service.desk.settings.doors.http.body_limit_bytes

    def pieces() -> Iterator[bytes]:
        for _ in range(limit // 1000 + 2):
            yield b" " * 1000

    with service.client(**{"Content-Type": "application/json"}) as client:
        problem(client.post("/v1/ask", content=b" " * (limit + 1)), 413)
        problem(client.post("/v1/ask", content=pieces()), 413)


def test_a_body_is_refused_before_it_is_sent_when_it_says_how_large_it_is(service: Service) -> None:
    host = urlsplit(service.url)
    connection = http.client.HTTPConnection(str(host.hostname), host.port, timeout=10)
    try:
        connection.putrequest("POST", "/v1/ask")
        connection.putheader("Content-Length", "99999999999")
        connection.endheaders()
        assert connection.getresponse().status == 413
    finally:
        connection.close()


def test_unknown_addresses_and_methods_are_problems_too(service: Service) -> None:
    with service.client() as client:
        assert "/openapi.json" in problem(client.get("/v1/nothing"), 404)
        answer = client.delete("/v1/jobs")
        problem(answer, 405)
        assert "GET" in answer.headers["allow"]
        problem(client.get("/v1/jobs/", follow_redirects=False), 404)


@pytest.mark.parametrize("job_id", ["%00", "a%0Ab", "x" * 65, "%ED%A0%80", "..", "%27%20OR%201=1"])
def test_what_cannot_be_a_job_is_not_there(service: Service, job_id: str) -> None:
    with service.client() as client:
        problem(client.get(f"/v1/jobs/{job_id}/events"), 404)


@pytest.mark.parametrize("number", ["-1", "x", "1.5", "99999999999999999999", "٣", ""])
def test_numbers_out_of_their_bounds_are_refused(service: Service, number: str) -> None:
    job = service.ask("Why slow?")
    with service.client() as client:
        problem(client.get("/v1/jobs", params={"limit": number}), 400)
        problem(client.get(f"/v1/jobs/{job['id']}/events", params={"after": number}), 400)


def test_a_key_that_is_no_key_is_refused(service: Service) -> None:
    with service.client() as client:
        for key in ("", "x" * 201, "a b"):
            problem(client.post("/v1/ask", json=QUESTION, headers={"Idempotency-Key": key}), 400)


def test_asking_too_often_says_when_to_come_again(tmp_path: Path) -> None:
    limits = {"limits": {"requests_per_minute": 1}}
    with serving(settings_in(tmp_path, access=limits)) as service, service.client() as client:
        answers = [client.post("/v1/ask", json=QUESTION) for _ in range(3)]
        refused = next(answer for answer in answers if answer.status_code != 202)
        problem(refused, 429)
        assert 1 <= int(refused.headers["retry-after"]) <= 60


def test_too_many_streams_are_refused_before_anything_is_begun(tmp_path: Path) -> None:
    with (
        serving(settings_in(tmp_path, doors={"http": {"streams": 1}})) as service,
        service.client() as client,
    ):
        job = service.ask("Why slow?")
        headers = {"Accept": "text/event-stream"}
        with client.stream("GET", f"/v1/jobs/{job['id']}/events", headers=headers) as stream:
            assert stream.status_code == 200
            refused = client.post("/v1/ask", json=QUESTION, headers=headers)
            problem(refused, 503)
            assert refused.headers["retry-after"] == "5"
            assert client.get("/v1/jobs").status_code == 200
        assert len(service.desk.records.jobs()) == 1


def test_a_given_request_id_is_kept_when_it_is_one(service: Service) -> None:
    with service.client() as client:
        assert (
            client.get("/v1/jobs", headers={"X-Request-Id": "trace-1"}).headers["x-request-id"] == "trace-1"
        )
        strange = client.get("/v1/jobs", headers={"X-Request-Id": "a b <script>"})
        assert len(strange.headers["x-request-id"]) == 16


@pytest.mark.parametrize(
    "request_",
    [
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\n",
        b"GET http://elsewhere/v1/jobs HTTP/1.1\r\nHost: elsewhere\r\n",
        b"GET //v1//jobs HTTP/1.1\r\nHost: a\r\n",
        b"GET /healthz%2f..%2fv1/jobs HTTP/1.1\r\nHost: a\r\n",
        b"GET /%68ealthz/../v1/jobs HTTP/1.1\r\nHost: a\r\n",
        b"GET / HTTP/1.0\r\n",
        b"GET /v1/jobs HTTP/9.9\r\nHost: a\r\n",
        b"BREW /v1/ask HTTP/1.1\r\nHost: a\r\n",
        b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n",
        b"GET /mcp HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
        b"POST /v1/ask HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n",
        b"POST /v1/ask HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n",
        b"GET /v1/jobs HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000 + b"\r\n",
        b"GET /v1/jobs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \xff\xfe\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_strange_requests_are_refused_without_a_failure(
    service: Service, request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    host = urlsplit(service.url)
    with socket.create_connection((str(host.hostname), host.port or 0), timeout=10) as connection:
        connection.sendall(request_ + b"Connection: close\r\n\r\n")
        connection.settimeout(10)
        status = connection.recv(4096).split(b" ")[1]
    assert status in (b"400", b"401", b"404", b"405"), status
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_two_requests_in_one_connection_are_two_callers(service: Service) -> None:
    """What one request said of who asks doesn't count for the next."""
    host = urlsplit(service.url)
    known = {"Authorization": f"Bearer {service.tokens['ada']}"}
    connection = http.client.HTTPConnection(str(host.hostname), host.port, timeout=10)
    try:
        connection.connect()
        connected = connection.sock
        for headers, status in [(known, 200), ({}, 401), (known, 200)]:
            connection.request("GET", "/v1/targets", headers=headers)
            answer = connection.getresponse()
            answer.read()
            assert (answer.status, connection.sock) == (status, connected)
    finally:
        connection.close()
