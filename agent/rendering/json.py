"""report.json: the whole report, with a published schema (docs/report.schema.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from agent.errors import BadRequest
from agent.report import ChecklistResult, Report

_REPORT: TypeAdapter[Report] = TypeAdapter(Report)
_CHECKLIST: TypeAdapter[tuple[ChecklistResult, ...]] = TypeAdapter(tuple[ChecklistResult, ...])


def render(report: Report) -> str:
    """The report as JSON that `schema()` describes."""
    return _REPORT.dump_json(report, indent=2).decode() + "\n"


def render_checklist(report: Report) -> str:
    """checklist.json: each item, its status, why, and the evidence."""
    return _CHECKLIST.dump_json(report.checklist, indent=2).decode() + "\n"


def read(path: Path) -> Report:
    """A report as it was written. Raises: BadRequest when it isn't one."""
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as error:
        raise BadRequest(f"{path} is no report of this version: {error}") from error


def parse(content: bytes, name: str) -> Report:
    """A report from its bytes; `name` is for messages. Raises: BadRequest when it isn't one."""
    try:
        return _REPORT.validate_json(content)
    except ValidationError as error:
        raise BadRequest(f"{name} is no report of this version: {error}") from error


def schema() -> dict[str, Any]:
    """The JSON schema of report.json (draft 2020-12)."""
    found = _REPORT.json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ask-profiler report",
        **{key: value for key, value in found.items() if key != "title"},
    }


def schema_text() -> str:
    """The schema as it is published."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
