"""A program is run as asked, told apart when it fails, and measured: in the sandbox and without."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from tools.errors import ProgramFailed, ProgramMissing
from tools.run.process import Runner
from tools.run.sandbox import BubblewrapSandbox

PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable


def test_output_error_and_exit_code_come_back(runner: Runner, tmp_path: Path) -> None:
    done = runner.run(["sh", "-c", "echo out; echo err >&2; exit 3"], cwd=tmp_path, check=False)
    assert (done.stdout, done.stderr, done.exit_code) == ("out\n", "err\n", 3)
    assert done.argv == ("sh", "-c", "echo out; echo err >&2; exit 3")


def test_a_failed_program_is_an_error_with_its_last_words(runner: Runner, tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match="worker ended with exit code 7: no such trade") as caught:
        runner.run(["sh", "-c", "echo no such trade >&2; exit 7"], cwd=tmp_path, program="worker")
    assert caught.value.exit_code == 7
    assert caught.value.stderr_tail == "no such trade"


def test_a_missing_program_says_that_it_is_missing(runner: Runner, tmp_path: Path) -> None:
    with pytest.raises(ProgramMissing, match="no-such-program is not installed"):
        runner.run(["no-such-program"], cwd=tmp_path)


def test_a_missing_working_folder_is_not_taken_for_a_missing_program(runner: Runner, tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match="there is no such folder"):
        runner.run(["true"], cwd=tmp_path / "gone")


def test_an_argument_that_no_program_can_get_is_an_error(plain_runner: Runner, tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match="could not be started"):
        plain_runner.run(["echo", "a\0b"], cwd=tmp_path)
    assert plain_runner.run(["echo", "next"], cwd=tmp_path).stdout == "next\n"


def test_standard_input_arrives_and_is_empty_otherwise(runner: Runner, tmp_path: Path) -> None:
    assert runner.run(["cat"], cwd=tmp_path, stdin="zażółć\n").stdout == "zażółć\n"
    assert runner.run(["cat"], cwd=tmp_path).stdout == ""


def test_output_can_go_to_a_file(runner: Runner, tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    done = runner.run(["echo", "hello"], cwd=tmp_path, stdout_path=out)
    assert done.stdout == ""
    assert out.read_text() == "hello\n"


def test_bytes_that_are_not_utf8_do_not_break_anything(runner: Runner, tmp_path: Path) -> None:
    assert runner.run(["printf", r"a\377b"], cwd=tmp_path).stdout == "a\ufffdb"


def test_paths_with_spaces_and_other_letters_work(runner: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "my reports, żółć"
    folder.mkdir()
    (folder / "día 1.txt").write_text("x")
    assert runner.run(["ls", folder], cwd=folder).stdout == "día 1.txt\n"


def test_the_peak_memory_is_the_programs_own_and_not_ours(runner: Runner, tmp_path: Path) -> None:
    ours = bytearray(os.urandom(1024)) * (300 * 1024)  # 300 MB in the process that asks
    small = runner.run(["true"], cwd=tmp_path)
    big = runner.run([PYTHON, "-S", "-c", "x = bytearray(100 * 2**20)"], cwd=tmp_path)
    assert len(ours) > 0
    assert small.peak_rss_bytes < 20e6
    assert 100e6 < big.peak_rss_bytes < 150e6


def test_a_small_programs_memory_is_measured_in_the_sandbox(tmp_path: Path) -> None:
    runner = Runner(BubblewrapSandbox())
    assert runner.run(["true"], cwd=tmp_path).peak_rss_bytes < 4e6


def test_processor_time_includes_children(runner: Runner, tmp_path: Path) -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', 'sum(range(8_000_000))'])"
    done = runner.run([PYTHON, "-S", "-c", code], cwd=tmp_path)
    assert done.cpu_s > 0.05
    assert done.duration_s > 0.05


def test_a_program_can_be_pinned_to_a_processor(runner: Runner, tmp_path: Path) -> None:
    cpu = max(os.sched_getaffinity(0))
    code = "import os; print(os.sched_getaffinity(0))"
    done = runner.run([PYTHON, "-S", "-c", code], cwd=tmp_path, cpus=frozenset({cpu}))
    assert done.stdout == f"{{{cpu}}}\n"


def test_programs_leave_no_core_dump(runner: Runner, tmp_path: Path) -> None:
    done = runner.run(["sh", "-c", "ulimit -c"], cwd=tmp_path)
    assert done.stdout == "0\n"


def test_a_program_that_kills_itself_dies_as_it_would_anywhere(runner: Runner, tmp_path: Path) -> None:
    done = runner.run(["sh", "-c", "kill -TERM $$; sleep 5"], cwd=tmp_path, check=False)
    assert done.exit_code in (-15, 128 + 15)
    assert done.duration_s < 2


def test_the_time_spent_in_programs_adds_up(runner: Runner, tmp_path: Path) -> None:
    runner.run(["sleep", "0.2"], cwd=tmp_path)
    runner.run(["sleep", "0.1"], cwd=tmp_path)
    assert 0.3 < runner.seconds_spent < 3


def test_quick_programs_one_after_the_other_all_come_back(plain_runner: Runner, tmp_path: Path) -> None:
    for n in range(100):
        assert plain_runner.run(["echo", str(n)], cwd=tmp_path).stdout == f"{n}\n"


def test_several_threads_may_run_programs_at_once(runner: Runner, tmp_path: Path) -> None:
    outputs: dict[int, str] = {}

    def run(n: int) -> None:
        outputs[n] = runner.run(["sh", "-c", f"sleep 0.05; echo {n}"], cwd=tmp_path).stdout

    threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outputs == {n: f"{n}\n" for n in range(8)}


def test_our_own_tools_see_the_callers_environment(
    plain_runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_SETTING", "yes")
    done = plain_runner.run(
        ["sh", "-c", "echo $OUR_SETTING$MORE"], cwd=tmp_path, confined=False, env={"MORE": "!"}
    )
    assert done.stdout == "yes!\n"
