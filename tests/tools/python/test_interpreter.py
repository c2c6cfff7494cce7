"""Whose Python runs a target: given, the target's own, the active one, PATH's; never this program's own."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

import pytest

from tools.errors import ProgramMissing, ToolError, UnreadableOutput
from tools.python.interpreter import Interpreter, find_interpreter
from tools.run.process import Runner

OWN = Path(sys.prefix)
SYSTEM_PATH = "/usr/bin:/bin"


def program(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


def environment_in(folder: Path) -> Path:
    venv.create(folder, with_pip=False, symlinks=True)
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "the target"
    folder.mkdir()
    return folder


def test_a_version_managers_shim_on_path_is_resolved_to_the_program_it_starts(
    runner: Runner, bare: Interpreter, target: Path, tmp_path: Path
) -> None:
    shim = program(tmp_path / "shims" / "python3", f'exec "{bare.path}" "$@"')
    found = find_interpreter(runner, target, None, {"PATH": f"{shim.parent}:{SYSTEM_PATH}"})
    assert (found.path, found.version) == (bare.path, bare.version)


def test_a_shim_given_with_python_is_resolved_too(
    runner: Runner, bare: Interpreter, target: Path, tmp_path: Path
) -> None:
    shim = program(tmp_path / "shims" / "python3", f'exec "{bare.path}" "$@"')
    assert find_interpreter(runner, target, str(shim), {}).path == bare.path


@pytest.mark.parametrize("name", [".venv", "venv", "env"])
def test_the_targets_own_environment_is_found(runner: Runner, target: Path, name: str) -> None:
    made = environment_in(target / name)
    found = find_interpreter(runner, target, None, {"PATH": SYSTEM_PATH})
    assert found.prefix == made
    assert found.path.parent == made / "bin"
    assert found.environment(target)["VIRTUAL_ENV"] == str(made)


def test_the_targets_environment_goes_before_the_active_one_and_the_given_before_both(
    runner: Runner, bare: Interpreter, target: Path, tmp_path: Path
) -> None:
    active = environment_in(tmp_path / "active")
    environment = {"PATH": SYSTEM_PATH, "VIRTUAL_ENV": str(active)}
    assert find_interpreter(runner, target, None, environment).prefix == active
    own = environment_in(target / ".venv")
    assert find_interpreter(runner, target, None, environment).prefix == own
    assert find_interpreter(runner, target, str(bare.path), environment).prefix == bare.prefix


def test_this_programs_own_environment_is_never_used_for_a_target(runner: Runner, target: Path) -> None:
    assert sys.prefix != sys.base_prefix, "these tests run in an environment of their own"
    (target / ".venv").symlink_to(OWN)
    for path in (f"{OWN}/bin:{SYSTEM_PATH}", f"{OWN}/bin"):
        found = find_interpreter(runner, target, None, {"PATH": path, "VIRTUAL_ENV": str(OWN)})
        assert found.prefix.resolve() != OWN.resolve()
        assert not found.path.is_relative_to(OWN)


def test_what_follows_this_programs_own_environment_on_path_is_found(
    runner: Runner, target: Path, tmp_path: Path
) -> None:
    other = environment_in(tmp_path / "other")
    found = find_interpreter(runner, target, None, {"PATH": f"{OWN}/bin:{other}/bin:{SYSTEM_PATH}"})
    assert found.prefix == other


def test_a_python3_on_path_that_leads_into_this_programs_environment_is_passed_over(
    runner: Runner, target: Path, tmp_path: Path
) -> None:
    shim = program(tmp_path / "shims" / "python3", f'exec "{sys.executable}" "$@"')
    found = find_interpreter(runner, target, None, {"PATH": str(shim.parent)})
    assert found.prefix.resolve() != OWN.resolve()


def test_a_broken_program_on_path_is_passed_over(
    runner: Runner, bare: Interpreter, target: Path, tmp_path: Path
) -> None:
    shims = program(tmp_path / "shims" / "python3", "echo no version is set >&2", "exit 127").parent
    program(shims / "python", f'exec "{bare.path}" "$@"')
    assert find_interpreter(runner, target, None, {"PATH": str(shims)}).path == bare.path


def test_an_interpreter_that_is_not_there_is_named_with_the_remedy(
    runner: Runner, target: Path, tmp_path: Path
) -> None:
    with pytest.raises(ProgramMissing, match=r"nowhere/python3 is not installed: .*--python.*venv"):
        find_interpreter(runner, target, str(tmp_path / "nowhere" / "python3"), {})


def test_a_broken_interpreter_is_named_with_its_last_words_and_the_remedy(
    runner: Runner, target: Path, tmp_path: Path
) -> None:
    broken = program(tmp_path / "broken" / "python3", "echo libpython is gone >&2", "exit 127")
    with pytest.raises(ToolError, match=r"(?s)broken/python3 doesn't work: .*libpython is gone.*--python"):
        find_interpreter(runner, target, str(broken), {})


def test_a_file_that_is_no_program_is_named_with_the_remedy(
    runner: Runner, target: Path, tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a program")
    with pytest.raises(ToolError, match=r"(?s)notes\.txt.*--python"):
        find_interpreter(runner, target, str(text), {})


@pytest.mark.parametrize("says", ["echo hello", "echo 3", "true"])
def test_a_program_that_is_no_python_is_named_with_the_remedy(
    runner: Runner, target: Path, tmp_path: Path, says: str
) -> None:
    other = program(tmp_path / "other" / "python3", says)
    with pytest.raises(UnreadableOutput, match=r"(?s)other/python3 doesn't answer like .*--python"):
        find_interpreter(runner, target, str(other), {})


def test_a_broken_environment_of_the_targets_is_named(runner: Runner, target: Path) -> None:
    program(target / ".venv" / "bin" / "python", "exit 1")
    with pytest.raises(ToolError, match=r"\.venv/bin/python doesn't work"):
        find_interpreter(runner, target, None, {"PATH": SYSTEM_PATH})


def test_what_the_environment_leads_to_outside_itself_can_be_imported_in_the_sandbox(
    runner: Runner, target: Path, tmp_path: Path
) -> None:
    made = environment_in(target / ".venv")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "editable.py").write_text("ANSWER = 42\n")
    packages = next(made.glob("lib/python*/site-packages"))
    (packages / "editable.pth").write_text(f"{elsewhere}\n")
    found = find_interpreter(runner, target, None, {"PATH": SYSTEM_PATH})
    copy = tmp_path / "copy"
    copy.mkdir()
    done = runner.run(
        [found.path, "-c", "import editable; print(editable.ANSWER)"],
        cwd=copy,
        env=found.environment(copy),
        access=found.access(copy),
    )
    assert done.stdout == "42\n"


def test_the_copy_comes_first_on_the_import_path_and_its_src_folder_before_it(
    bare: Interpreter, tmp_path: Path
) -> None:
    assert bare.environment(tmp_path)["PYTHONPATH"] == str(tmp_path)
    (tmp_path / "src").mkdir()
    assert bare.environment(tmp_path)["PYTHONPATH"] == f"{tmp_path}/src:{tmp_path}"
    assert bare.environment(tmp_path, (Path("/more"),))["PYTHONPATH"].startswith("/more:")


def test_the_modules_that_matter_to_measuring_are_known(equipped: Interpreter, bare: Interpreter) -> None:
    assert {"pytest", "pytest_benchmark", "memray"} <= equipped.modules
    assert "memray" not in bare.modules
    assert equipped.cache_tag == bare.cache_tag == sys.implementation.cache_tag
