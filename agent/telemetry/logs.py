"""The service's log on standard error, ours and that of the libraries: structured, and without secrets.

A record may carry fields: `log.info("audit", extra={"fields": {"caller": "token:ci"}})`.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Mapping
from typing import TextIO

from agent.settings import Settings
from agent.telemetry.masking import MASKED, SECRET_NAME, Masks, on_one_line
from agent.telemetry.tracing import current_trace

OURS = ("agent", "tools")
"""What the names of all our loggers begin with."""
LIBRARIES = ("uvicorn", "slack_bolt", "slack_sdk", "procrastinate", "a2a", "mcp", "opentelemetry")
"""Those that may set up a log of their own."""
LONGEST = 16_000
"""Characters of one text in a record; what is longer is cut."""
LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def configure(
    settings: Settings, environment: Mapping[str, str] | None = None, stream: TextIO | None = None
) -> None:
    """Write this process's log to `stream`, standard error without one, in place of what was set up before.

    Ours is written from `telemetry.level` on, that of libraries from warnings on (of info, with `debug`). Secrets are
    masked by their form, and those that `environment` holds wherever they appear. uvicorn must be run with
    `log_config=None`, or it sets up its own.
    """
    masks = Masks.of(environment or {}, secret_variables(settings))
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(masks) if settings.telemetry.log == "json" else TextLines(masks))
    level = LEVELS[settings.telemetry.level]
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO if level == logging.DEBUG else max(level, logging.WARNING))
    for name in [*logging.root.manager.loggerDict, *LIBRARIES]:
        if name.split(".")[0] in LIBRARIES:
            library = logging.getLogger(name)
            library.handlers.clear()
            library.propagate = True
            library.setLevel(logging.NOTSET)
    logging.getLogger("httpx2").setLevel(
        logging.WARNING
    )  # it names whole addresses, those of webhooks included
    logging.getLogger("uvicorn.error").setLevel(max(level, logging.INFO))  # that it listens, and where
    for name in OURS:
        logging.getLogger(name).setLevel(level)


def secret_variables(settings: Settings) -> tuple[str, ...]:
    """The variables of the environment that hold secrets, or an address with a password."""
    slack = settings.doors.slack
    headers = [target.header_env for target in settings.targets.values() if target.header_env]
    return (
        slack.bot_token_env,
        slack.app_token_env,
        slack.signing_secret_env,
        settings.storage.database_env,
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        *headers,
    )


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the record's fields, trace, exception."""

    def __init__(self, masks: Masks) -> None:
        super().__init__()
        self._masks = masks

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _cut(self._masks.mask(_message(record))),
        }
        line |= {name: _masked(self._masks, name, value) for name, value in _fields(record).items()}
        if trace := current_trace():
            line["trace"] = trace
        if record.exc_info:
            line["exception"] = _cut(self._masks.mask(self.formatException(record.exc_info)))
        return json.dumps(line, ensure_ascii=True, default=str)


class TextLines(logging.Formatter):
    """One line for people; what belongs to it in further lines is set in, so that no text can pass for a line."""

    def __init__(self, masks: Masks) -> None:
        super().__init__()
        self._masks = masks

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record, with those of its exception."""
        words = [
            _time(record),
            record.levelname.lower(),
            record.name,
            _cut(self._masks.mask(_message(record))),
        ]
        words += [f"{name}={_masked(self._masks, name, value)}" for name, value in _fields(record).items()]
        lines = [on_one_line(" ".join(words))]
        if record.exc_info:
            told = _cut(self._masks.mask(self.formatException(record.exc_info)))
            lines += [f"    {on_one_line(line)}" for line in told.splitlines()]
        return "\n".join(lines)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # a library's arguments don't fit its text: that must not lose the line
        return f"{record.msg} {record.args}"


def _fields(record: logging.LogRecord) -> Mapping[str, object]:
    fields = getattr(record, "fields", None)
    return {str(name): value for name, value in fields.items()} if isinstance(fields, dict) else {}


def _masked(masks: Masks, name: str, value: object) -> object:
    if SECRET_NAME.search(name):
        return MASKED
    if isinstance(value, bool | int | float) or value is None:
        return value
    return _cut(masks.mask(value if isinstance(value, str) else json.dumps(value, default=str)))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"


def _time(record: logging.LogRecord) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{whole}.{int(record.msecs):03d}Z"
