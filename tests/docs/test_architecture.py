"""The architecture page tells the graph, the layers and the state as they are in the code."""

from __future__ import annotations

import importlib
import pkgutil
import re
import tomllib
from typing import get_args

import agent
import tools
from agent.deps import Stage
from agent.graph import build_graph
from agent.state import RunState
from tests.docs.conftest import MadePart
from tests.docs.pages import ROOT, code_words, made_part, read, rows, section

PAGE = "architecture.md"
_STYLING = re.compile(r"^\s*classDef .*\n?|:::\w+|</?p>", re.MULTILINE)


def graph_part() -> str:
    """The graph's own diagram without its colours, which a version of langgraph may choose otherwise."""
    drawn = build_graph().get_graph().draw_mermaid()
    steps = _STYLING.sub("", drawn[drawn.index("graph TD;") :]).strip()
    return f"```mermaid\n{steps}\n```\n"


def layers_told(text: str) -> list[set[str]]:
    told = [set(code_words(cells[0])) for cells in rows(section(text, "Layers"))]
    return [names for names in told if any(name.startswith("agent.") for name in names)]


def layers_held() -> list[set[str]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c["type"] == "layers")
    return [set(layer.split(" | ")) for layer in layers]


def fields_told(text: str) -> list[str]:
    return [code_words(cells[0])[0] for cells in rows(section(text, "The state and its writers"))]


def test_the_diagram_is_the_graphs_own(made: MadePart) -> None:
    made(PAGE, "graph", graph_part())


def test_a_diagram_with_an_edge_missing_is_seen() -> None:
    drawn = made_part(read(PAGE), "graph")
    assert "verify --> optimise;" in drawn
    assert drawn.replace("\tverify --> optimise;\n", "") != graph_part()


def test_every_step_of_the_graph_is_told() -> None:
    told = {code_words(cells[0])[0] for cells in rows(section(read(PAGE), "The way of a request"))}
    steps = set(build_graph().get_graph().nodes) - {"__start__", "__end__"}
    assert told == steps == set(get_args(Stage))


def test_the_layers_are_those_that_import_linter_holds() -> None:
    assert layers_told(read(PAGE)) == layers_held()


def test_swapped_layers_are_seen() -> None:
    text = read(PAGE).replace("`agent.service`", "`x`").replace("`agent.graph`", "`agent.service`")
    assert layers_told(text.replace("`x`", "`agent.graph`")) != layers_held()


def test_every_module_of_agent_is_in_a_layer_and_every_package_of_tools_is_told() -> None:
    layered = set().union(*layers_held())
    modules = {f"agent.{m.name}" for m in pkgutil.iter_modules(agent.__path__)}
    assert modules <= layered
    told = {code_words(cells[0])[0] for cells in rows(section(read(PAGE), "Layers"))}
    assert {f"tools.{m.name}" for m in pkgutil.iter_modules(tools.__path__) if m.ispkg} <= told


def test_every_field_of_the_state_has_its_writers_told() -> None:
    assert fields_told(read(PAGE)) == list(RunState.__annotations__)


def test_a_field_that_is_not_told_is_seen() -> None:
    text = "".join(n for n in read(PAGE).splitlines(keepends=True) if not n.startswith("| `judged`"))
    assert fields_told(text) != list(RunState.__annotations__)


def test_every_file_of_code_that_is_named_exists() -> None:
    for page in ("architecture.md", "ranking.md", "measurement.md", "playbook.md"):
        for word in code_words(read(page)):
            if re.fullmatch(r"(agent|tools|docs|prompts|tests)/[\w./-]+", word):
                assert (ROOT / word).exists(), f"{page}: {word}"
            elif re.fullmatch(r"(agent|tools)\.[a-z_]+(\.[a-z_]+)*", word) and not word.endswith(".yaml"):
                importlib.import_module(word)
