"""The guide tells every metric that there is, with its labels and kind, and no other."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agent.telemetry.metrics import MOST_VALUES, Metrics
from agent.telemetry.tracing import EXPORT_LIMIT_S
from tests.docs.pages import code_words, read, rows, section
from tests.telemetry.test_metrics import Records

PAGE = "guides/telemetry.md"


def told(text: str) -> dict[str, str]:
    found = [row for row in rows(section(text, "Metrics")) if row[0].startswith("`ask_profiler_")]
    return {code_words(name)[0]: kind for name, _, kind, _ in found}


def there() -> dict[str, str]:
    content, _ = Metrics.create().render(Records())
    families = list(text_string_to_metric_families(content.decode()))
    names = {f.name + "_total" if f.type == "counter" else f.name: f.type for f in families}
    return {name: kind for name, kind in names.items() if name.startswith("ask_profiler_")}


def test_every_metric_is_told_and_no_other() -> None:
    assert told(read(PAGE)) == there()


def test_one_that_is_not_told_is_seen() -> None:
    assert told(read(PAGE).replace("`ask_profiler_jobs`", "`ask_profiler_job`")) != there()


@pytest.mark.parametrize("said", [f"takes {MOST_VALUES} values at most", f"for {EXPORT_LIMIT_S:g} s"])
def test_the_figures_are_those_of_the_code(said: str) -> None:
    assert said in " ".join(read(PAGE).split())
