"""docs/openapi.json is what the service says of itself; `pytest --update` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.routing import Route

from agent.doors.web.description import describe
from agent.doors.web.operations import OPERATIONS
from tests.doors.web.living import Service

PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "openapi.json"


def test_the_published_description_is_the_one_of_this_version(request: pytest.FixtureRequest) -> None:
    described = describe(OPERATIONS, title="performance-profiler", version="1", url="http://127.0.0.1:8080")
    text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    if request.config.getoption("--update"):
        PUBLISHED.write_text(text, encoding="utf-8")
    assert PUBLISHED.is_file(), "no docs/openapi.json: run pytest --update and look at what it wrote"
    assert PUBLISHED.read_text(encoding="utf-8") == text, (
        "the HTTP interface changed: pytest --update accepts it"
    )


def test_everything_that_is_served_is_described_and_the_other_way_round(service: Service) -> None:
    with service.client(None) as client:
        described = client.get("/openapi.json").json()
    served = {
        (route.path.replace("{name:path}", "{name}"), method)
        for route in service.app.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert served == {(path, method.upper()) for path, item in described["paths"].items() for method in item}
    assert described["servers"] == [{"url": service.url}]


def test_every_reference_of_the_description_leads_somewhere() -> None:
    described = describe(OPERATIONS, title="t", version="1", url="http://127.0.0.1")
    text = json.dumps(described)
    references = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert references
    assert references <= set(described["components"]["schemas"])
    assert "$defs" not in text
