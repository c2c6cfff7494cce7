"""docs/report.schema.json is what report.json holds to; `pytest --update` writes it anew."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from agent.errors import BadRequest
from agent.rendering import json as json_rendering
from agent.report import Report

PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "report.schema.json"
LATER = {"model_use"}
"""Fields that reports written before don't have."""


def test_the_published_schema_is_the_one_of_this_version(request: pytest.FixtureRequest) -> None:
    text = json_rendering.schema_text()
    if request.config.getoption("--update"):
        PUBLISHED.parent.mkdir(parents=True, exist_ok=True)
        PUBLISHED.write_text(text, encoding="utf-8")
    assert PUBLISHED.is_file(), "no docs/report.schema.json: run pytest --update and look at what it wrote"
    assert PUBLISHED.read_text(encoding="utf-8") == text, "report.json changed: pytest --update accepts it"


def test_the_schema_is_itself_valid_and_forgets_no_field_of_a_report() -> None:
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]) == set(Report.__dataclass_fields__)
    assert set(schema["required"]) == set(Report.__dataclass_fields__) - LATER


def test_a_report_of_before_a_field_was_added_is_read_and_valid(report: Report, tmp_path: Path) -> None:
    found = json.loads(json_rendering.render(report))
    for field in LATER:
        del found[field]
    jsonschema.validate(found, json_rendering.schema())
    path = tmp_path / "report.json"
    path.write_text(json.dumps(found), encoding="utf-8")
    assert json_rendering.read(path) == report


def test_a_report_written_by_this_version_is_valid_and_reads_back_the_same(
    report: Report, tmp_path: Path
) -> None:
    text = json_rendering.render(report)
    jsonschema.validate(json.loads(text), json_rendering.schema())
    path = tmp_path / "report.json"
    path.write_text(text, encoding="utf-8")
    assert json_rendering.read(path) == report


@pytest.mark.parametrize(
    ("field", "value"), [("outcome", "great"), ("bottlenecks", [{}]), ("evidence", None), ("stages", [1])]
)
def test_a_report_that_says_something_else_is_invalid(report: Report, field: str, value: object) -> None:
    found = json.loads(json_rendering.render(report))
    found[field] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, json_rendering.schema())


def test_a_file_that_is_no_report_is_named(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    for content in ("", "{}", "[1", '{"run_id": 1}'):
        path.write_text(content)
        with pytest.raises(BadRequest, match=f"{path} is no report"):
            json_rendering.read(path)


def test_the_checklist_file_has_every_item_with_its_status(report: Report) -> None:
    items = json.loads(json_rendering.render_checklist(report))
    assert [i["status"] for i in items] == ["done", "not decidable by this program"]
    assert json.loads(json_rendering.render_checklist(replace(report, checklist=()))) == []
