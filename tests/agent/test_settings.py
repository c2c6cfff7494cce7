"""agent.yaml: a wrong key or value is named, with what is allowed there; nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel

from agent.errors import BadSettings
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
        name: set(getattr(Settings(), name).model_dump()) for name in Settings.model_fields
    }


def test_every_number_of_the_settings_has_its_unit_in_its_name() -> None:
    endings = ("_s", "_bytes", "_usd", "_ratio", "_pairs", "_calls", "_min", "_max", "_per_bottleneck")
    for section in Settings.model_fields.values():
        part = section.annotation
        assert isinstance(part, type) and issubclass(part, BaseModel)
        for name, field in part.model_fields.items():
            if field.annotation in (int, float, float | None):
                assert name.endswith(endings), name


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
    with pytest.raises(BadSettings, match="unknown key 'modle': known here are analyst, budgets"):
        read_settings(write("modle: opus\n"))


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
        ("analyst: {kind: wizard}", "analyst.kind.*'auto' or 'playbook'"),
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
