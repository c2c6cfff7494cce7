from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import jinja2
import pytest
from jinja2 import meta

from agent.analysts.asking.calls import CALLS, Calls, Investigate, System
from agent.resources import calls_dir

CALL_FILES = Calls(calls_dir())


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_call_uses_exactly_its_fields(name: str) -> None:
    found = meta.find_undeclared_variables(jinja2.Environment().parse(CALL_FILES.text(name)))
    assert found == {field.name for field in fields(CALLS[name])}


def test_every_file_is_a_call() -> None:
    assert {path.stem for path in calls_dir().glob("*.md")} == set(CALLS)


def test_a_definition_stands_in_the_system_prompt_as_it_is() -> None:
    text = CALL_FILES.render(System(definition="Be {{ exact }} & <quick>."))
    assert text.startswith("Be {{ exact }} & <quick>.")
    assert "{E7.share_1}" in text


def test_a_slot_that_is_no_field_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "investigate.md").write_text("At most {{ bottleneck }}.")
    with pytest.raises(jinja2.UndefinedError):
        Calls(tmp_path).render(Investigate(bottlenecks=3))
