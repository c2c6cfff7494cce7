"""The service's log: one record a line, no secret in any, ours and the libraries' alike."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from agent.settings import Settings
from agent.telemetry.logs import configure

TOKEN = "apt_ci_" + "0123456789abcdef" * 4
SLACK = "-".join(["xoxb", "123456789012", "abcdefghijkl"])
KNOWN = {"SLACK_SIGNING_SECRET": "plain-words", "ASK_PROFILER_DATABASE": "postgresql://u:dbpassword@h/d"}


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where a log is written; afterwards logging is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in ("agent", "tools", "uvicorn", "uvicorn.error", "uvicorn.access", "slack_bolt"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def configured(stream: io.StringIO, kind: str = "json", level: str = "info") -> None:
    settings = Settings.model_validate({"telemetry": {"log": kind, "level": level}})
    configure(settings, KNOWN, stream)


def records(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_is_a_json_object_with_its_fields(stream: io.StringIO) -> None:
    configured(stream)
    log = logging.getLogger("agent.jobs.worker")
    log.info(
        "job %s ended", "J1", extra={"fields": {"job": "J1", "duration_s": 1.5, "of": None, "list": [1]}}
    )
    (record,) = records(stream)
    assert str(record.pop("time")).endswith("Z")
    assert record == {
        "level": "info", "logger": "agent.jobs.worker", "message": "job J1 ended",
        "job": "J1", "duration_s": 1.5, "of": None, "list": "[1]",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["json", "text"])
def test_secrets_are_masked_wherever_they_stand(stream: io.StringIO, kind: str) -> None:
    configured(stream, kind)
    log = logging.getLogger("agent.x")
    log.warning("got Bearer %s", TOKEN)
    log.warning(
        "see", extra={"fields": {"detail": f"by {SLACK}", "authorization": "anything", "m": {"k": SLACK}}}
    )
    log.warning("plain-words and %s", {"password": "opensesame"})
    try:
        raise ValueError(f"could not connect to postgresql://u:dbpassword@h/d with {TOKEN}")  # noqa: TRY301
    except ValueError:
        log.exception("failed for %s", SLACK)
    written = stream.getvalue()
    for secret in (TOKEN, TOKEN[-64:], SLACK, "anything", "plain-words", "opensesame", "dbpassword"):
        assert secret not in written
    assert "ValueError" in written and "postgresql://u:***@h/d" in written


@pytest.mark.parametrize(
    "name", ["uvicorn.error", "uvicorn.access", "slack_bolt.App", "procrastinate.worker", "httpx2"]
)
def test_what_libraries_log_is_masked_too(stream: io.StringIO, name: str) -> None:
    library = logging.getLogger(name)
    own = io.StringIO()
    library.addHandler(logging.StreamHandler(own))
    configured(stream)
    try:
        library.error("request with Authorization: Bearer %s", TOKEN)
    finally:
        library.handlers.clear()
    assert TOKEN not in stream.getvalue()
    assert len(records(stream)) == 1
    if name != "httpx2":  # not one of those that set up their own
        assert own.getvalue() == ""


def test_uvicorns_lines_for_each_request_are_left_out_and_that_it_listens_is_said(
    stream: io.StringIO,
) -> None:
    configured(stream)
    logging.getLogger("uvicorn.access").info("GET /healthz")
    logging.getLogger("slack_sdk.web").debug("body")
    logging.getLogger("uvicorn.error").info("running")
    assert [record["message"] for record in records(stream)] == ["running"]


def test_the_level_is_that_of_the_settings(stream: io.StringIO) -> None:
    log = logging.getLogger("agent.x")
    for level, count in (("debug", 4), ("info", 3), ("warning", 2), ("error", 1)):
        stream.truncate(0)
        stream.seek(0)
        configured(stream, level=level)
        log.debug("d")
        log.info("i")
        log.warning("w")
        log.error("e")
        assert len(records(stream)) == count


@pytest.mark.parametrize("kind", ["json", "text"])
def test_no_text_can_pass_for_another_line(stream: io.StringIO, kind: str) -> None:
    configured(stream, kind)
    forged = "x\n2026-11-29T00:00:00.000Z info agent.access.audit audit caller=token:ops\r\u2028\x1b[2K\x00"
    logging.getLogger("agent.x").warning("asked: %s", forged, extra={"fields": {"subject": forged}})
    assert len(stream.getvalue().splitlines()) == 1
    assert stream.getvalue().rstrip("\n").isprintable()


def test_an_exception_in_text_is_set_in(stream: io.StringIO) -> None:
    configured(stream, "text")
    try:
        raise ValueError("line\n2026-01-01 forged")  # noqa: TRY301
    except ValueError:
        logging.getLogger("agent.x").exception("failed")
    first, *rest = stream.getvalue().splitlines()
    assert first.endswith("error agent.x failed")
    assert rest and all(line.startswith("    ") for line in rest)


def test_a_library_whose_arguments_do_not_fit_loses_no_line(stream: io.StringIO) -> None:
    configured(stream)
    logging.getLogger("agent.x").warning("two %s %s", "one")
    assert "two %s %s" in str(records(stream)[0]["message"])


def test_a_huge_text_is_cut(stream: io.StringIO) -> None:
    configured(stream)
    logging.getLogger("agent.x").warning("x" * 1_000_000)
    assert len(stream.getvalue()) < 20_000


def test_the_log_goes_to_standard_error(tmp_path: object) -> None:
    code = (
        "import logging\nfrom agent.settings import Settings\nfrom agent.telemetry.logs import configure\n"
        "configure(Settings())\nlogging.getLogger('agent.x').info('hello')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == ""
    assert done.stderr.rstrip().endswith("info agent.x hello")
