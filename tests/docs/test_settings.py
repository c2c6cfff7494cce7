"""The settings guide tells every key of agent.yaml with its default and unit, and no other."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
import yaml

from agent.resources import settings_path
from agent.settings import Settings
from tests.docs.pages import code_words, read, rows, section

PAGE = "guides/settings.md"
RATES = ("input", "output", "cache_read", "cache_write")
UNITS = {
    "_s": "seconds",
    "_tokens": "tokens",
    "_usd": "US dollars",
    "retries": "retries",
    "_pairs": "pairs",
    "_min": "pairs",
    "_max": "pairs",
    "_ratio": "fraction",
    "_per_bottleneck": "candidates",
    "_calls": "calls",
    "_bytes": "bytes",
    "_days": "days",
    "_usd_per_day": "US dollars",
    ".requests_per_minute": "requests",
    ".runs_per_day": "runs",
    "_jobs": "jobs",
    ".workers": "workers",
    ".attempts": "attempts",
    ".streams": "streams",
}


TABLES = ("model.replacements", "prices.usd_per_million_tokens")
"""Keys whose values are told in tables of their own."""


def flat(found: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Every key of agent.yaml by its dotted name."""
    keys: dict[str, object] = {}
    for key, value in found.items():
        name = f"{prefix}{key}"
        if name not in TABLES:
            keys |= flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return keys


def defaults() -> dict[str, object]:
    found = flat(Settings().model_dump())
    return {key: sorted(v) if isinstance(v, tuple | frozenset) else v for key, v in found.items()}


def key_rows(text: str) -> list[list[str]]:
    return rows(text.split("\n## ", 1)[0])


def told(text: str) -> dict[str, object]:
    """The keys that the page tells, with their defaults."""
    return {code_words(c[0])[0]: yaml.safe_load(code_words(c[1])[0]) for c in key_rows(text)}


def replacements_told(text: str) -> dict[str, str]:
    found = rows(section(text, "Replacements"))
    return {name: code_words(cells[1])[0] for cells in found for name in code_words(cells[0])}


def prices_told(text: str) -> dict[str, dict[str, object]]:
    """The prices as agent.yaml has them; a row with `above` is the one before's for longer requests."""
    found: dict[str, dict[str, object]] = {}
    for model, *cells in rows(section(text, "Prices")):
        rates = dict(zip(RATES, map(float, cells), strict=True))
        name, _, limit = model.partition(" above ")
        (name,) = code_words(name)
        if limit:
            found[name] |= {"above_tokens": int(limit.split()[0]), "above": rates}
        else:
            found[name] = {**rates, "above_tokens": None, "above": None}
    return found


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
    for cells in key_rows(read(PAGE)):
        key = code_words(cells[0])[0]
        unit = next((u for ending, u in UNITS.items() if key.endswith(ending)), "none")
        assert cells[2].startswith(unit), key


def test_the_built_in_file_says_the_defaults_that_the_page_tells() -> None:
    written = yaml.safe_load(settings_path().read_text(encoding="utf-8"))
    assert flat(written) == told(read(PAGE))


def test_every_replacement_is_told_and_no_other() -> None:
    assert replacements_told(read(PAGE)) == Settings().model.replacements
    assert replacements_told(read(PAGE).replace("`opusplan`", "`opusplans`")) != Settings().model.replacements


def test_every_price_is_told_as_it_is_and_no_other() -> None:
    held = Settings().prices.model_dump()["usd_per_million_tokens"]
    assert prices_told(read(PAGE)) == held
    assert prices_told(read(PAGE).replace("| 0.625 |", "| 0.626 |")) != held


def test_the_examples_are_settings_that_the_program_takes() -> None:
    examples = re.findall(r"(?:^    .*\n)+", read(PAGE), re.MULTILINE)
    assert len(examples) >= 3
    for example in examples:
        Settings.model_validate(yaml.safe_load(example))
