"""Checkpoints that give back what was put in: msgpack turns every tuple into a list, which the data never holds."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer


class CheckpointSerializer(JsonPlusSerializer):
    """langgraph's own serializer, with the tuples of our records restored when a checkpoint is read."""

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """The value as it was when the checkpoint was written."""
        return _restored(super().loads_typed(data), in_record=False)


def _restored(value: Any, *, in_record: bool) -> Any:
    """`value` with lists as tuples inside records; the state's own lists stay lists."""
    if isinstance(value, list):
        items = [_restored(item, in_record=in_record) for item in value]
        return tuple(items) if in_record else items
    if isinstance(value, dict):
        return {key: _restored(item, in_record=in_record) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type) and _is_ours(value):
        found = {f.name: _restored(getattr(value, f.name), in_record=True) for f in fields(value)}
        return replace(value, **found)
    return value


def _is_ours(value: object) -> bool:
    return type(value).__module__.partition(".")[0] in ("agent", "tools")
