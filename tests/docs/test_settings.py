"""The settings guide tells every key of agent.yaml with its default and unit, and no other."""

from __future__ import annotations

import pytest
import yaml

from agent.resources import settings_path
from agent.settings import Settings
from tests.docs.pages import code_words, read, rows

PAGE = "guides/settings.md"
UNITS = {
    "_s": "seconds",
    "_pairs": "pairs",
    "_min": "pairs",
    "_max": "pairs",
    "_ratio": "fraction",
    "_per_bottleneck": "candidates",
    "_calls": "calls",
}


def defaults() -> dict[str, object]:
    """Every key of agent.yaml by its dotted name."""
    found = Settings().model_dump()
    return {f"{part}.{key}": value for part, keys in found.items() for key, value in keys.items()}


def told(text: str) -> dict[str, object]:
    """The keys that the page tells, with their defaults."""
    return {code_words(c[0])[0]: yaml.safe_load(code_words(c[1])[0]) for c in rows(text)}


def test_every_key_is_told_with_its_default_and_no_other() -> None:
    assert told(read(PAGE)) == defaults()


@pytest.mark.parametrize(
    ("old", "new"),
    [("| `measure.capture_s` |", "| `measure.capture_ms` |"), ("| `25` |", "| `24` |")],
)
def test_a_wrong_key_or_default_is_seen(old: str, new: str) -> None:
    assert old in read(PAGE)
    assert told(read(PAGE).replace(old, new)) != defaults()


def test_every_unit_is_that_of_the_keys_name() -> None:
    for cells in rows(read(PAGE)):
        key = code_words(cells[0])[0]
        unit = next((u for ending, u in UNITS.items() if key.endswith(ending)), "none")
        assert cells[2].startswith(unit), key


def test_the_built_in_file_says_the_defaults_that_the_page_tells() -> None:
    written = yaml.safe_load(settings_path().read_text(encoding="utf-8"))
    flat = {f"{part}.{key}": value for part, keys in written.items() for key, value in keys.items()}
    assert flat == told(read(PAGE))
