"""A target is found where it is, or refused with its name and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import BadRequest
from agent.targets import locate


def _file(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place whose parents can't be mistaken for a project."""
    top = tmp_path / "größe und zeit"
    (top / ".git").mkdir(parents=True)
    return top


def test_a_go_module_is_found_from_one_of_its_packages(folder: Path) -> None:
    _file(folder / "go.mod", "module example.org/x\n")
    _file(folder / "report" / "report.go", "package report\n")
    place = locate(folder / "report")
    assert (place.language, place.root, place.subdirectory) == ("go", folder.resolve(), "report")
    assert locate(folder).subdirectory == ""
    assert locate(folder / "report" / "report.go").subdirectory == "report"


def test_a_python_project_and_a_script_in_it(folder: Path) -> None:
    _file(folder / "pyproject.toml")
    _file(folder / "app" / "main.py")
    place = locate(folder / "app")
    assert (place.language, place.root, place.subdirectory) == ("python", folder.resolve(), "app")
    script = locate(folder / "app" / "main.py")
    assert (script.root, script.script) == (folder.resolve(), "app/main.py")


def test_a_lone_script_and_a_folder_of_scripts(folder: Path) -> None:
    script = _file(folder / "count.py")
    assert locate(script).script == "count.py"
    assert locate(folder).language == "python"


def test_a_go_module_inside_a_python_project_is_go_and_the_other_way_round(folder: Path) -> None:
    _file(folder / "pyproject.toml")
    _file(folder / "a.py")
    _file(folder / "service" / "go.mod")
    assert locate(folder / "service").language == "go"
    assert locate(folder).language == "python"


def test_a_repositorys_top_ends_the_search_for_a_project_above(folder: Path) -> None:
    _file(folder / "go.mod")
    inner = folder / "vendor" / "thing"
    (inner / ".git").mkdir(parents=True)
    with pytest.raises(BadRequest, match="neither"):
        locate(inner)


def test_a_link_to_a_project_is_followed_to_where_the_project_is(folder: Path, tmp_path: Path) -> None:
    _file(folder / "go.mod")
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert locate(link).root == folder.resolve()


def test_a_target_that_does_not_exist_is_named(folder: Path) -> None:
    dangling = folder / "dangling"
    dangling.symlink_to(folder / "gone")
    for path in (folder / "nowhere", dangling):
        with pytest.raises(BadRequest, match=f"{path} doesn't exist: give"):
            locate(path)


def test_a_path_that_the_system_refuses_is_a_bad_request_and_no_crash(folder: Path) -> None:
    loop = folder / "loop"
    loop.symlink_to(loop)
    for path in (folder / ("x" * 300), loop):
        with pytest.raises(BadRequest, match="the target"):
            locate(path)


def test_a_folder_without_go_or_python_is_refused_with_its_name(folder: Path) -> None:
    _file(folder / "index.js")
    with pytest.raises(BadRequest, match=f"{folder} is neither a Go module"):
        locate(folder)


def test_go_files_without_a_module_are_told_what_is_missing(folder: Path) -> None:
    _file(folder / "main.go", "package main\n")
    with pytest.raises(BadRequest, match="go mod init"):
        locate(folder)


def test_a_file_of_another_language_is_refused(folder: Path) -> None:
    with pytest.raises(BadRequest, match="not a Go or Python source file"):
        locate(_file(folder / "notes.txt"))
