"""langgraph.json names a graph that LangGraph's own tools can load, draw and run."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from agent.deps import Stage
from tests.doors.conftest import QUIET_SETTINGS
from tests.doors.targets import python_target

ROOT = Path(__file__).parents[2]


def made() -> object:
    """The graph, loaded as `langgraph dev` loads it: the file by its path, the name in it called."""
    named = json.loads((ROOT / "langgraph.json").read_text())["graphs"]["profiler"]
    file, _, name = named.partition(":")
    spec = importlib.util.spec_from_file_location("studio", ROOT / file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)()


def test_every_step_is_drawn() -> None:
    drawn = made().get_graph(xray=True).draw_mermaid()  # type: ignore[attr-defined]
    for step in Stage.__args__:  # type: ignore[attr-defined]
        assert step in drawn


@pytest.mark.slow
def test_a_question_is_answered_with_its_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "agent.yaml"
    settings.write_text(QUIET_SETTINGS)
    monkeypatch.setenv("ASK_PROFILER_SETTINGS", str(settings))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    asked = {"question": "Why is it slow?", "target": str(python_target(tmp_path / "app", test=None))}
    told = list(made().stream(asked, stream_mode=["custom", "values"]))  # type: ignore[attr-defined]
    stages = {part["stage"] for kind, part in told if kind == "custom"}
    assert {"intake", "baseline", "capture", "conclude"} <= stages
    assert told[-1][1]["report"].startswith("# ")
