"""A target as people have them is measured and stays as it is, and its patch goes where it belongs.

One run for all: a repository with uncommitted changes and a submodule, links out of itself, spaces and
other letters in its path, on a read-only file system; runs are kept behind a link and `..`.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.doors.conftest import Answered, Cli
from tests.doors.targets import PROGRAM, Snapshot, go_target, python_target, snapshot

pytestmark = [pytest.mark.slow, pytest.mark.alone]
IDENTITY = {
    f"GIT_{who}_{what}": "t@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}
ALLOWED = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.file.allow", "GIT_CONFIG_VALUE_0": "always"}


def git(folder: Path, *words: str) -> str:
    env = {**os.environ, **IDENTITY, **ALLOWED, "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(["git", *words], cwd=folder, env=env, capture_output=True, text=True, check=True)
    return done.stdout


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The run, and the target before and after it."""

    cli: Cli
    target: Path
    answered: Answered
    before: Snapshot
    after: Snapshot

    @property
    def report(self) -> Any:
        return self.answered.report


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    here = tmp_path_factory.mktemp("awkward")
    home = here / "home"
    home.mkdir()
    cli = Cli(home)
    target = _repository(here)
    (here / "kept").mkdir()
    (home / "runs").symlink_to(here / "kept")
    before = snapshot(target)
    read_only = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", str(target), str(target)]
    runs = home / ".." / "home" / "runs"
    answered = cli(*cli.question(target, "--json", "--runs-dir", runs), before=read_only)
    return Asked(cli=cli, target=target, answered=answered, before=before, after=snapshot(target))


def _repository(here: Path) -> Path:
    library = here / "library"
    library.mkdir()
    git(library, "init", "-q")
    (library / "shared.py").write_text("LIMIT = 1000\n")
    git(library, "add", ".")
    git(library, "commit", "-qm", "x")
    target = python_target(here / "mein projekt ü 日本", program="raise SystemExit('the committed state')\n")
    (here / "secret.txt").write_text("not the target's\n")
    git(target, "init", "-q")
    git(target, "submodule", "--quiet", "add", str(library), "library")
    (target / "outside.txt").symlink_to(here / "secret.txt")
    (target / "up").symlink_to("..")
    git(target, "add", ".")
    git(target, "commit", "-qm", "x")
    program = PROGRAM.replace("import sys\n", "from library.shared import LIMIT\n").replace(
        "1000, 2", "LIMIT, 2"
    )
    (target / "app.py").write_text(program)
    return target


def test_the_uncommitted_state_is_what_is_measured_and_improved(asked: Asked) -> None:
    assert asked.answered.exit_code == 0, asked.answered.stderr
    assert asked.report["outcome"] == "improved"
    assert asked.report["optimized_files"] == ["app.py"]
    assert asked.report["bottlenecks"][0]["function"] == "count"


def test_nothing_of_the_target_its_index_and_its_submodule_was_changed(asked: Asked) -> None:
    assert asked.after == asked.before
    assert git(asked.target, "status", "--porcelain").split() == ["M", "app.py"]


def test_links_that_lead_out_are_named_with_the_remedy_and_not_followed(asked: Asked) -> None:
    missing = {m["what"]: m["remedy"] for m in asked.report["unmeasured"]}
    for name in ("outside.txt", "up"):
        assert missing[f"{name} (a link that leads outside the target)"] == "copy the file into the target"


def test_a_read_only_tree_is_not_patched_and_the_message_names_it(asked: Asked) -> None:
    read_only = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", str(asked.target), str(asked.target)]
    done = asked.cli("apply", "--runs-dir", asked.cli.runs, before=read_only)
    assert done.exit_code == 2
    assert str(asked.target) in done.complaint
    assert "Read-only file system" in done.complaint
    assert snapshot(asked.target) == asked.before


def test_a_file_that_was_edited_since_is_not_patched(asked: Asked, tmp_path: Path) -> None:
    copy = python_target(tmp_path / "copy", program=PROGRAM.replace("i in known", "i in known or False"))
    found = snapshot(copy)
    done = asked.cli("apply", "--runs-dir", asked.cli.runs, "--target", copy)
    assert done.exit_code == 2
    assert "doesn't apply cleanly" in done.complaint
    assert snapshot(copy) == found


def test_the_patch_applies_to_the_uncommitted_state_and_changes_that_file_alone(
    asked: Asked, tmp_path: Path
) -> None:
    copy = tmp_path / "auch ü"
    subprocess.run(["cp", "-a", asked.target, copy], check=True)
    done = asked.cli("apply", "--runs-dir", asked.cli.runs, "--target", copy)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"changed {copy / 'app.py'}\n"
    now = snapshot(copy)
    assert {name for name in now if now[name] != asked.before.get(name)} == {"app.py"}
    optimized = next((asked.cli.runs / asked.report["run_id"] / "optimized").iterdir())
    assert (copy / "app.py").read_bytes() == optimized.read_bytes()


def test_the_run_is_listed_shown_and_opened(asked: Asked) -> None:
    runs = ("--runs-dir", asked.cli.runs)
    (line,) = asked.cli("runs", *runs).stdout.splitlines()
    assert line.startswith(asked.report["run_id"])
    assert str(asked.target) in line
    shown = asked.cli("show", *runs, "--json")
    assert shown.report == asked.report
    page = Path(asked.cli("open", *runs, DISPLAY="", WAYLAND_DISPLAY="").stdout.strip())
    assert page.name == "report.html"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    patch = asked.cli("show", *runs, "--patch").stdout
    assert patch == (asked.cli.runs / asked.report["run_id"] / "optimization.patch").read_text()


def test_a_go_module_in_a_folder_with_spaces_and_other_letters_is_measured(cli: Cli, tmp_path: Path) -> None:
    done = cli.ask(go_target(tmp_path / "mein modul ü 日本"), "--json")
    assert done.exit_code == 0, done.stderr
    assert [b["name"] for b in done.report["plan"]["workload"]["benchmarks"]] == ["Count"]
    captured = {e["title"] for e in done.report["evidence"] if e["kind"] == "capture"}
    assert {"cpu profile, before", "memory profile, before", "goroutines profile, before"} <= captured
