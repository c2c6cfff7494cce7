"""agent.yaml: a wrong key or value is named, with what is allowed there; nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel

from agent.errors import BadSettings
from agent.model_settings import Price, PriceSettings, Rates
from agent.resources import settings_path
from agent.settings import Settings, read_settings

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(text: str) -> Path:
        path = tmp_path / "agent.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return make


def test_the_shipped_file_says_every_default() -> None:
    import yaml

    assert read_settings(settings_path()) == Settings()
    written = yaml.safe_load(settings_path().read_text(encoding="utf-8"))
    assert {section: set(keys) for section, keys in written.items()} == {
        name: set(keys) for name, keys in Settings().model_dump().items()
    }


def test_every_number_of_the_settings_has_its_unit_in_its_name() -> None:
    endings = (
        "_s", "_bytes", "_usd", "_ratio", "_pairs", "_calls", "_tokens", "retries", "_min", "_max", "_per_bottleneck",
        "_days", "_per_minute", "_per_day", "_jobs", "workers", "attempts", "streams", "port",
    )  # fmt: skip
    parts = [field.annotation for name, field in Settings.model_fields.items() if name != "targets"]
    while parts:
        part = parts.pop()
        assert isinstance(part, type) and issubclass(part, BaseModel)
        for name, field in part.model_fields.items():
            if field.annotation in (int, float, int | None, float | None):
                assert name.endswith(endings), name
            elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                parts.append(field.annotation)


def test_a_price_has_its_unit_in_the_key_above_it() -> None:
    (name,) = (k for k in PriceSettings.model_fields if k.startswith("usd"))
    assert name == "usd_per_million_tokens"
    assert set(Price.model_fields) == {*Rates.model_fields, "above_tokens", "above"}


def test_keys_left_out_keep_their_defaults(write: Write) -> None:
    found = read_settings(write("measure:\n  capture_s: 3\n"))
    assert found.measure.capture_s == 3
    assert found.budgets == Settings().budgets
    assert read_settings(write("")) == Settings()


def test_an_unknown_key_is_named_with_the_keys_that_are_known_there(write: Write) -> None:
    path = write("measure:\n  capture_ms: 3\n")
    with pytest.raises(BadSettings) as caught:
        read_settings(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: unknown key 'measure.capture_ms'")
    for known in ("capture_s", "process_s", "pairs_min", "pairs_max"):
        assert known in message
    assert "run_s" not in message


def test_an_unknown_section_is_named_with_the_sections_that_are_known(write: Write) -> None:
    with pytest.raises(BadSettings, match="unknown key 'modle': known here are access, analyst, budgets"):
        read_settings(write("modle: opus\n"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "model: {steps: {followup: x}}",
            "'model.steps.followup': known here are follow_up, investigate, optimise",
        ),
        ("model: {url: x}", "'model.url': known here are base_url, default"),
        (
            "prices: {usd_per_million_tokens: {x: {input: 1, output: 1, cache_read: 1, cache_write: 1, cached: 1}}}",
            "'prices.usd_per_million_tokens.x.cached': known here are above, above_tokens, cache_read",
        ),
    ],
)
def test_an_unknown_key_further_down_is_named_with_the_keys_that_are_known_there(
    write: Write, text: str, said: str
) -> None:
    with pytest.raises(BadSettings, match=said):
        read_settings(write(text))


def test_an_address_with_a_password_is_refused_and_the_password_is_not_repeated(write: Write) -> None:
    with pytest.raises(BadSettings, match="must hold no name or password") as caught:
        read_settings(write("model: {base_url: 'https://me:hunter2@gateway.example.org'}"))
    assert "hunter2" not in str(caught.value)


def test_names_and_prices_of_ones_own_are_added_to_the_built_in_ones(write: Write) -> None:
    found = read_settings(
        write(
            "model: {replacements: {opus: mine}}\n"
            "prices:\n"
            "  usd_per_million_tokens:\n"
            "    mine: {input: 1, output: 2, cache_read: 3, cache_write: 4}\n"
        )
    )
    assert found.model.replacement("opus") == "mine"
    assert found.model.replacement("sonnet") == Settings().model.replacement("sonnet")
    prices = found.prices.usd_per_million_tokens
    assert prices["mine"].cache_write == 4
    assert {name: price for name, price in prices.items() if name != "mine"} == (
        Settings().prices.usd_per_million_tokens
    )


def test_every_model_that_stands_for_another_has_a_price() -> None:
    settings = Settings()
    assert set(settings.model.replacements.values()) <= set(settings.prices.usd_per_million_tokens)


def test_every_wrong_key_of_a_file_is_named_at_once(write: Write) -> None:
    with pytest.raises(BadSettings) as caught:
        read_settings(write("budgets: {a: 1}\nmeasure: {b: 2}\n"))
    assert "'budgets.a'" in str(caught.value)
    assert "'measure.b'" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("measure: {capture_s: -1}", "measure.capture_s"),
        ("measure: {capture_s: .nan}", "measure.capture_s"),
        ("measure: {capture_s: fast}", "measure.capture_s"),
        ("measure: {pairs_min: 30, pairs_max: 20}", r"pairs_min \(30\) is above pairs_max \(20\)"),
        ("measure: 5", "measure: "),
        ("policy: {minimum_gain_ratio: 10}", "policy.minimum_gain_ratio"),
        ("analyst: {kind: wizard}", "analyst.kind.*'auto', 'playbook' or 'claude'"),
        ("model: {effort: much}", "model.effort.*'low', 'medium'"),
        ("model: {default: 'two words'}", "model.default"),
        ("model: {retries: -1}", "model.retries"),
        ("model: {max_output_tokens: 1}", "model.max_output_tokens"),
        ("model: {replacements: [a]}", "model.replacements"),
        ("model: {base_url: gateway}", "model.base_url.*must be an address such as"),
        ("model: {base_url: 'http://[::1'}", "model.base_url.*must be an address such as"),
        ("model: {base_url: 'file:///x'}", "model.base_url.*must be an address such as"),
        ("prices: {as_of: soon}", "prices.as_of"),
        ("prices: {usd_per_million_tokens: {x: {input: 1}}}", "prices.usd_per_million_tokens.x.output"),
        ("prices: {usd_per_million_tokens: {x: {input: -1}}}", "usd_per_million_tokens.x.input.*greater"),
        (
            "prices: {usd_per_million_tokens: {x: {input: 1, output: 1, cache_read: 1, cache_write: 1, "
            "above_tokens: 9}}}",
            "usd_per_million_tokens.x.*above_tokens and above go together",
        ),
        ("budgets: {model_tokens: 0}", "budgets.model_tokens"),
        ("budgets: {model_cost_usd: 0}", "budgets.model_cost_usd"),
        ("budgets: {tool_calls: 0}", "budgets.tool_calls"),
        ("1: x", "unknown key '1'|1: "),
        ("- a\n- b", "must be a mapping"),
        ("measure: [", "not valid YAML"),
        ("!!python/object/apply:os.system ['true']", "not valid YAML"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_file_and_key(write: Write, text: str, words: str) -> None:
    path = write(text)
    with pytest.raises(BadSettings, match=words) as caught:
        read_settings(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    binary = tmp_path / "agent.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (binary, tmp_path / "none.yaml", tmp_path):
        with pytest.raises(BadSettings, match=f"{path} can't be read"):
            read_settings(path)
