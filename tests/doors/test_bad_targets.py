"""A target that can't be measured: what is wrong and what to do is said, and nothing of it is changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doors.conftest import Cli
from tests.doors.targets import PROGRAM, TEST, go_target, living, python_target

FORK_BOMB = (
    "import os, time\nwhile True:\n    if os.fork() == 0:\n        time.sleep(600)\n        os._exit(0)\n"
)


def test_a_python_target_that_does_not_compile_is_reported_with_file_and_line(
    cli: Cli, tmp_path: Path
) -> None:
    done = cli.ask(python_target(tmp_path / "target", program="x = 1\ndef count(:\n"), "--json")
    assert done.exit_code == 4
    assert done.report["outcome"] == "not measured"
    assert 'app.py", line 2' in done.report["summary"]
    assert "SyntaxError" in done.report["summary"]
    assert done.report["candidates"] == []


@pytest.mark.parametrize(
    ("program", "test", "said"),
    [
        ('package tiny\n\nfunc Count(n int) int { return "x" }\n', None, "tiny.go:3:"),
        (None, "package tiny\n\nimport \"testing\"\n\nfunc BenchmarkCount(b *testing.B) { Cuont(1) }\n", "Cuont"),
    ],
)  # fmt: skip
def test_a_go_target_that_does_not_build_is_named_with_the_compilers_words(
    cli: Cli, tmp_path: Path, program: str | None, test: str | None, said: str
) -> None:
    sources = {k: v for k, v in {"program": program, "test": test}.items() if v is not None}
    done = cli.ask(go_target(tmp_path / "target", **sources))
    assert done.exit_code == 8
    assert said in done.complaint
    assert done.stdout == ""


@pytest.mark.parametrize("language", ["go", "python"])
def test_tests_that_fail_before_anything_was_changed_are_reported_and_nothing_is_optimised(
    cli: Cli, tmp_path: Path, language: str
) -> None:
    if language == "go":
        target = go_target(
            tmp_path / "target", program="package tiny\n\nfunc Count(n int) int { return 0 }\n"
        )
    else:
        target = python_target(tmp_path / "target", test=TEST.replace("10), 5", "10), 6"))
    done = cli.ask(target, "--json")
    assert done.exit_code == 4
    assert "fails its own tests" in done.report["summary"]
    assert ("TestCount" if language == "go" else "test_count") in done.report["summary"]
    assert any("make the target build and pass its tests" in m["remedy"] for m in done.report["unmeasured"])
    assert done.report["candidates"] == []
    assert done.report["bottlenecks"] == []


@pytest.mark.parametrize(
    ("crash", "said"),
    [
        ("raise SystemExit('no configuration found')", "no configuration found"),
        ("import os; os.kill(os.getpid(), 11)", "ended with exit code"),
    ],
)
def test_a_workload_that_crashes_is_reported_with_its_last_words(
    cli: Cli, tmp_path: Path, crash: str, said: str
) -> None:
    done = cli.ask(python_target(tmp_path / "target", program=f"{PROGRAM}    {crash}\n"), "--json")
    assert done.exit_code == 4
    assert said in done.report["summary"]
    assert any("--cmd" in m["remedy"] for m in done.report["unmeasured"])


def test_a_benchmark_that_panics_is_named_with_its_words(cli: Cli, tmp_path: Path) -> None:
    panics = 'package tiny\n\nfunc Count(n int) int {\n\tif n == 0 {\n\t\tpanic("boom")\n\t}\n\treturn n\n}\n'
    done = cli.ask(go_target(tmp_path / "target", program=panics))
    assert done.exit_code == 8
    assert "panic: boom" in done.complaint


@pytest.mark.slow
def test_a_workload_that_hangs_is_ended_at_its_time_limit(cli: Cli, tmp_path: Path) -> None:
    target = python_target(tmp_path / "target", program=f"{PROGRAM}    import time; time.sleep(9999)\n")
    done = cli.ask(target, "--json", "--cmd", "python app.py it-hangs")
    assert done.exit_code == 4
    assert "time limit of 60 s" in done.report["summary"]
    assert living("it-hangs") == []


def test_a_workload_that_prints_gigabytes_is_ended_and_fills_no_disk(cli: Cli, tmp_path: Path) -> None:
    target = python_target(
        tmp_path / "target", program=PROGRAM + '    while True:\n        print("x" * 2**20)\n'
    )
    done = cli.ask(target, "--json")
    assert done.exit_code == 4
    assert "more than 16 MiB on standard output" in done.report["summary"]
    assert sum(f.stat().st_size for f in cli.runs.rglob("*") if f.is_file()) < 2**20


def test_a_workload_that_forks_without_end_is_ended_with_all_its_processes(cli: Cli, tmp_path: Path) -> None:
    target = python_target(tmp_path / "target", program=FORK_BOMB, test=None)
    done = cli.ask(target, "--json", "--cmd", "python app.py it-forks")
    assert done.exit_code == 4
    assert "processes at once (limit 512)" in done.report["summary"]
    assert living("it-forks") == []
