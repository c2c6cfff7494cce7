"""Checkpoints that give back what was put in: msgpack turns every tuple into a list, which the data never holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields, is_dataclass, replace
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

from agent.store import RunFolder

Saver = BaseCheckpointSaver[str]
Checkpoints = Callable[[RunFolder], AbstractContextManager[Saver]]
"""Opens the checkpoints of one run."""
FILE = "checkpoints.sqlite"
CHECKPOINT_TYPES = [
    ("agent.request", "Request"),
    ("agent.request", "Change"),
    ("agent.request", "Watching"),
    ("agent.request", "Plan"),
    ("agent.request", "Missing"),
    ("agent.report", "Bottleneck"),
    ("agent.report", "Candidate"),
    ("agent.report", "JudgedCandidate"),
    ("agent.report", "Finding"),
    ("agent.report", "Graph"),
    ("agent.report", "StageTime"),
    ("agent.report", "FamilyScaling"),
    ("agent.report", "WorkloadGrowth"),
    ("agent.report", "FunctionScaling"),
    ("agent.report", "TomorrowsBottleneck"),
    ("agent.evidence", "Reference"),
    ("agent.state", "Admitted"),
    ("agent.state", "Baseline"),
    ("agent.state", "CaptureRecord"),
    ("agent.state", "Combined"),
    ("tools.measure.workload", "Workload"),
    ("tools.measure.workload", "Benchmark"),
    ("tools.measure.verdict", "Verdict"),
    ("tools.measure.verdict", "Comparison"),
    ("tools.profiles.ranking", "Hotspot"),
    ("tools.profiles.ranking", "CallSite"),
]
"""Every type that may stand in a checkpoint; nothing else is imported when one is read."""


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


def serializer() -> CheckpointSerializer:
    """How checkpoints are written, wherever they are kept."""
    return CheckpointSerializer(allowed_msgpack_modules=CHECKPOINT_TYPES)


@contextmanager
def in_folder(folder: RunFolder) -> Iterator[Saver]:
    """The checkpoints in a run's own folder."""
    with SqliteSaver.from_conn_string(str(folder.path / FILE)) as saver:
        saver.serde = serializer()
        yield saver
