"""The definition as a Claude Code subagent: valid, readable again, and never written over what somebody changed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from agent.definition import read_definition
from agent.doors.cli import install_subagent
from agent.doors.mcp.names import TOOLS
from agent.doors.mcp.subagent import BODY
from agent.errors import BadRequest
from agent.resources import definition_path


def install(folder: Path, *words: str) -> int:
    """What `ask-profiler install-subagent` does."""
    import argparse

    parser = argparse.ArgumentParser()
    install_subagent.add_arguments(parser)
    return install_subagent.execute(parser.parse_args([str(folder), *words]))


def frontmatter(path: Path) -> dict[str, str]:
    """The frontmatter as plain YAML reads it."""
    _, head, _ = path.read_text(encoding="utf-8").split("---\n", 2)
    found: dict[str, str] = yaml.safe_load(head)
    return found


def test_the_file_is_a_subagent_with_the_tools_and_says_how_to_use_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / ".claude" / "agents"
    assert install(folder) == 0
    path = folder / "performance-profiler.md"
    said = capsys.readouterr().out
    assert str(path) in said
    assert "claude mcp add ask-profiler --scope project -- ask-profiler mcp" in said
    found = frontmatter(path)
    assert list(found) == ["name", "description", "tools", "model"]
    assert found["name"] == "performance-profiler"
    assert found["tools"].split(", ")[: len(TOOLS)] == [f"mcp__ask-profiler__{name}" for name in TOOLS]
    body = path.read_text(encoding="utf-8").split("---\n", 2)[2]
    assert all(f"`{name}`" in body for name in TOOLS)


def test_our_own_reader_understands_it_with_every_example(tmp_path: Path) -> None:
    install(tmp_path)
    ours = read_definition(definition_path())
    found = read_definition(tmp_path / "performance-profiler.md")
    assert found.recovered == ()
    assert (found.name, found.description, found.examples) == (ours.name, ours.description, ours.examples)
    assert found.prompt.strip() == BODY.format(server="ask-profiler").strip()


def test_a_file_that_differs_is_kept_unless_told_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(tmp_path)
    path = tmp_path / "performance-profiler.md"
    ours = path.read_bytes()
    assert install(tmp_path) == 0
    assert "is there already" in capsys.readouterr().out
    path.write_text("mine\n")
    with pytest.raises(BadRequest, match=r"differs: --force"):
        install(tmp_path)
    assert path.read_text() == "mine\n"
    assert install(tmp_path, "--force") == 0
    assert path.read_bytes() == ours
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Größe & Co", "gr-e-co.md"),
        ("../../evil", "evil.md"),
        ("a/b", "a-b.md"),
        ("UPPER_case", "upper-case.md"),
    ],
)
def test_another_definition_keeps_to_the_folder_and_to_valid_names(
    tmp_path: Path, name: str, file: str
) -> None:
    given = tmp_path / "given.md"
    described = 'Use it: "always". # not a comment\n\n  <example>\n  user: "a: b"\n  </example>'
    given.write_text(f"---\nname: {name!r}\ndescription: |\n  {described}\n---\nBody\n", encoding="utf-8")
    folder = tmp_path / "agents"
    install(folder, "--agent", str(given), "--server", "profiler_2")
    assert [p.name for p in folder.iterdir()] == [file]
    found = read_definition(folder / file)
    assert (found.description, found.examples) == (
        read_definition(given).description,
        read_definition(given).examples,
    )
    assert "mcp__profiler_2__profile" in frontmatter(folder / file)["tools"]


def test_a_server_name_that_no_tool_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="can't be called"):
        install(tmp_path, "--server", "a b\n---")
    assert not list(tmp_path.iterdir())
