"""`ask-profiler apply` changes the target exactly as the report says, or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PATCH = "--- a/app.py\n+++ b/app.py\n@@ -1,2 +1,2 @@\n x = 1\n-y = 2\n+y = 3\n"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    root = tmp_path / "mein projekt ü"
    root.mkdir()
    (root / "app.py").write_text("x = 1\ny = 2\n")
    (root / "pyproject.toml").write_text("")
    return root


@pytest.fixture
def runs(tmp_path: Path, target: Path) -> Path:
    run = tmp_path / "runs" / "20260101-000000-aaaa"
    run.mkdir(parents=True)
    (run / "request.json").write_text(json.dumps({"question": "q", "target": str(target)}))
    (run / "optimization.patch").write_text(PATCH)
    (run / "report.json").write_text(json.dumps({"outcome": "improved"}))
    return run.parent


def _apply(runs: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agent.doors.cli.main", "apply", "last", "--runs-dir", str(runs), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_patch_is_applied_to_the_working_tree_and_the_files_are_named(runs: Path, target: Path) -> None:
    done = _apply(runs)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"changed {target / 'app.py'}\n"
    assert (target / "app.py").read_text() == "x = 1\ny = 3\n"


def test_check_only_says_what_would_change(runs: Path, target: Path) -> None:
    done = _apply(runs, "--check")
    assert done.stdout == f"would change {target / 'app.py'}\n"
    assert (target / "app.py").read_text() == "x = 1\ny = 2\n"


def test_applying_twice_refuses_and_leaves_the_file(runs: Path, target: Path) -> None:
    _apply(runs)
    done = _apply(runs)
    assert done.returncode == 2
    assert "doesn't apply cleanly" in done.stderr
    assert (target / "app.py").read_text() == "x = 1\ny = 3\n"


def test_another_copy_can_be_named(runs: Path, target: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "app.py").write_text("x = 1\ny = 2\n")
    (other / "setup.py").write_text("")
    assert _apply(runs, "--target", str(other)).returncode == 0
    assert (other / "app.py").read_text() == "x = 1\ny = 3\n"
    assert (target / "app.py").read_text() == "x = 1\ny = 2\n"


def test_a_target_that_is_gone_is_named(runs: Path, target: Path) -> None:
    target.rename(target.with_name("moved"))
    done = _apply(runs)
    assert done.returncode == 2
    assert f"{target} doesn't exist" in done.stderr


def test_a_patch_that_did_not_pass_as_a_whole_is_refused(runs: Path, target: Path) -> None:
    (runs / "20260101-000000-aaaa" / "report.json").write_text(json.dumps({"outcome": "not improved"}))
    done = _apply(runs)
    assert done.returncode == 2
    assert "didn't pass as a whole" in done.stderr
    assert (target / "app.py").read_text() == "x = 1\ny = 2\n"


def test_a_run_that_has_not_ended_is_resumed_first(runs: Path, target: Path) -> None:
    (runs / "20260101-000000-aaaa" / "report.json").unlink()
    done = _apply(runs)
    assert done.returncode == 2
    assert "ask-profiler resume 20260101-000000-aaaa" in done.stderr
    assert (target / "app.py").read_text() == "x = 1\ny = 2\n"
