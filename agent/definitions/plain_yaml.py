"""YAML read as text only: no numbers, dates or truth values are made of what someone wrote."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import yaml

Value = str | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlField:
    """A field of a mapping; `line` counts from 0."""

    name: str
    line: int
    value: Value


def read_fields(text: str) -> tuple[YamlField, ...] | None:
    """The fields of a mapping in order, a name given twice included; None when it is no mapping.

    A list becomes a tuple of texts, a mapping inside becomes `key: value` texts.
    Raises: yaml.YAMLError.
    """
    root = yaml.compose(text, Loader=_TextLoader)
    if not isinstance(root, yaml.MappingNode):
        return None
    loader = _TextLoader("")
    return tuple(
        YamlField(
            name=str(key.value),
            line=key.start_mark.line,
            value=_value(loader.construct_object(value, deep=True)),
        )
        for key, value in root.value
    )


def _value(data: object) -> Value:
    if isinstance(data, list):
        return tuple(_flat(item) for item in data)
    if isinstance(data, dict):
        return tuple(f"{key}: {_flat(value)}" for key, value in data.items())
    return _flat(data)


def _flat(data: object) -> str:
    if isinstance(data, dict):
        return ", ".join(f"{key}: {_flat(value)}" for key, value in data.items())
    if isinstance(data, list):
        return ", ".join(_flat(item) for item in data)
    return "" if data in (None, "~", "null") else str(data)


class _TextLoader(yaml.BaseLoader):
    """Text for every scalar, no key twice, and no references (a small file can't grow large)."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """As YAML does it, but references are an error."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "a YAML reference (`*…`)", self.get_mark())
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """As YAML does it, but a key twice is an error."""
        mapping = super().construct_mapping(node, deep=deep)
        if len(mapping) != len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key is given twice", node.start_mark)
        return mapping
