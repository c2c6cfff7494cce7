"""Whatever goes over a limit is ended with everything it started, and the error says which limit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.errors import Cancelled, LimitExceeded, ProgramFailed, ProgramTimedOut
from tools.run.process import Limits, Runner

Alive = Callable[[str], list[int]]
PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open('started', 'w').close()
        time.sleep(60)
    os._exit(0)
while not os.path.exists('started'):
    time.sleep(0.01)
"""


def test_a_program_that_hangs_is_ended_at_its_time_limit(
    runner: Runner, tmp_path: Path, alive: Alive
) -> None:
    word = uuid.uuid4().hex
    started = time.monotonic()
    with pytest.raises(ProgramTimedOut, match=r"sh was ended after its time limit of 0.3 s") as caught:
        runner.run(["sh", "-c", f"sleep 61; : {word}"], cwd=tmp_path, limits=Limits(timeout_s=0.3))
    assert caught.value.timeout_s == 0.3
    assert time.monotonic() - started < 3
    assert alive(word) == []


def test_a_program_that_ignores_being_asked_is_killed(runner: Runner, tmp_path: Path, alive: Alive) -> None:
    word = uuid.uuid4().hex
    with pytest.raises(ProgramTimedOut):
        runner.run(
            ["sh", "-c", f"trap '' TERM; while :; do sleep 0.1; done; : {word}"],
            cwd=tmp_path,
            limits=Limits(timeout_s=0.3),
        )
    assert alive(word) == []


def test_our_own_tools_may_tidy_up_at_their_time_limit(plain_runner: Runner, tmp_path: Path) -> None:
    script = "trap 'echo tidy > tidied; exit 1' TERM; touch ready; while :; do sleep 0.02; done"
    with pytest.raises(ProgramTimedOut):
        plain_runner.run(["sh", "-c", script], cwd=tmp_path, limits=Limits(timeout_s=0.5), confined=False)
    assert (tmp_path / "tidied").read_text() == "tidy\n"


@pytest.mark.parametrize("stream", ["", " >&2"])
def test_a_program_that_prints_without_end_is_ended(runner: Runner, tmp_path: Path, stream: str) -> None:
    with pytest.raises(LimitExceeded, match="more than 1 MiB on standard") as caught:
        runner.run(["sh", "-c", f"exec yes{stream}"], cwd=tmp_path, limits=Limits(output_bytes=2**20))
    assert caught.value.limit == "output"


def test_output_into_a_file_has_the_same_limit(runner: Runner, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(LimitExceeded):
        runner.run(["yes"], cwd=tmp_path, limits=Limits(output_bytes=2**20), stdout_path=out)
    assert out.stat().st_size < 800 * 2**20


def test_too_much_output_of_a_program_that_has_ended_is_an_error_too(runner: Runner, tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match="more than 1000 bytes"):
        runner.run(["head", "-c", "2000", "/dev/zero"], cwd=tmp_path, limits=Limits(output_bytes=1000))
    assert runner.run(["echo", "next"], cwd=tmp_path).stdout == "next\n"


def test_a_program_that_forks_without_end_is_ended(runner: Runner, tmp_path: Path, alive: Alive) -> None:
    word = uuid.uuid4().hex
    script = f"f() {{ f & sleep 3; }}; f; : {word}"
    with pytest.raises(LimitExceeded, match=r"processes at once \(limit 40\)") as caught:
        runner.run(["sh", "-c", script], cwd=tmp_path, limits=Limits(processes=40, timeout_s=20))
    assert caught.value.limit == "processes"
    assert alive(word) == []


def test_processes_in_sessions_of_their_own_are_counted(runner: Runner, tmp_path: Path, alive: Alive) -> None:
    word = uuid.uuid4().hex
    script = f"for i in $(seq 60); do setsid sh -c 'sleep 5; : {word}' & done; wait"
    with pytest.raises(LimitExceeded):
        runner.run(["sh", "-c", script], cwd=tmp_path, limits=Limits(processes=30, timeout_s=20))
    assert alive(word) == []


def test_a_program_that_takes_too_much_memory_is_ended(runner: Runner, tmp_path: Path) -> None:
    code = "import time; x = bytearray(200 * 2**20); time.sleep(20)"
    with pytest.raises(LimitExceeded, match=r"of memory \(limit 64 MiB\)") as caught:
        runner.run([PYTHON, "-S", "-c", code], cwd=tmp_path, limits=Limits(memory_bytes=64 * 2**20))
    assert caught.value.limit == "memory"


def test_memory_shared_by_forked_workers_counts_once(runner: Runner, tmp_path: Path) -> None:
    code = """
import os, time
x = b'x' * (60 * 2**20)
for _ in range(4):
    if os.fork() == 0:
        time.sleep(0.4); os._exit(0)
time.sleep(0.5)
"""
    runner.run([PYTHON, "-S", "-c", code], cwd=tmp_path, limits=Limits(memory_bytes=150 * 2**20))


def test_a_program_that_writes_a_huge_file_is_ended(runner: Runner, tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match="it wrote a file of more than 4 MiB") as caught:
        runner.run(
            ["sh", "-c", "exec cat /dev/zero > big"],
            cwd=tmp_path,
            limits=Limits(file_bytes=4 * 2**20, output_bytes=2**20),
        )
    assert caught.value.limit == "disk"
    assert (tmp_path / "big").stat().st_size <= 4 * 2**20


def test_a_daemon_does_not_outlive_the_program_that_started_it(
    runner: Runner, tmp_path: Path, alive: Alive
) -> None:
    word = uuid.uuid4().hex
    runner.run([PYTHON, "-S", "-c", DAEMON, word], cwd=tmp_path)
    assert (tmp_path / "started").exists()
    assert alive(word) == []


def test_cancelling_ends_what_runs_and_refuses_what_comes(
    runner: Runner, tmp_path: Path, alive: Alive
) -> None:
    word = uuid.uuid4().hex
    timer = threading.Timer(0.3, runner.cancel)
    timer.start()
    with pytest.raises(Cancelled, match="sh was ended: the run was cancelled"):
        runner.run(["sh", "-c", f"sleep 61; : {word}"], cwd=tmp_path)
    timer.join()
    with pytest.raises(Cancelled, match="true wasn't started"):
        runner.run(["true"], cwd=tmp_path)
    assert alive(word) == []


def test_an_exception_in_the_caller_leaves_nothing_running(
    runner: Runner, tmp_path: Path, alive: Alive
) -> None:
    word = uuid.uuid4().hex
    before = signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            runner.run(["sh", "-c", f"sleep 61; : {word}"], cwd=tmp_path)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert alive(word) == []
    assert runner.run(["echo", "next"], cwd=tmp_path).stdout == "next\n"


def test_when_the_caller_is_killed_its_programs_end(tmp_path: Path, alive: Alive) -> None:
    word = uuid.uuid4().hex
    code = f"""
from pathlib import Path
from tools.run.process import Runner
from tools.run.sandbox import NoSandbox
Runner(NoSandbox()).run(["sh", "-c", "touch ready; sleep 61; : {word}"], cwd=Path({str(tmp_path)!r}))
"""
    root = Path(__file__).parents[3]
    caller = subprocess.Popen([sys.executable, "-c", code], cwd=root)
    while not (tmp_path / "ready").exists():
        time.sleep(0.02)
    caller.kill()
    caller.wait()
    assert alive(word) == []


def test_a_helper_killed_from_outside_is_an_error_and_the_next_program_runs(
    plain_runner: Runner, tmp_path: Path, alive: Alive
) -> None:
    word = uuid.uuid4().hex
    script = f"kill -9 $PPID; sleep 61; : {word}"
    with pytest.raises(ProgramFailed, match="ended from outside"):
        plain_runner.run(["sh", "-c", script], cwd=tmp_path)
    assert alive(word) == []
    assert plain_runner.run(["echo", "next"], cwd=tmp_path).stdout == "next\n"


def test_a_runner_that_nobody_holds_takes_its_helpers_along(tmp_path: Path, sandbox: object) -> None:
    from tools.run.sandbox import NoSandbox

    runner = Runner(NoSandbox())
    helper = int(runner.run(["sh", "-c", "echo $PPID"], cwd=tmp_path).stdout)
    assert Path(f"/proc/{helper}").exists()
    del runner
    assert not Path(f"/proc/{helper}").exists()


def test_watching_costs_less_than_two_percent_of_a_processor(plain_runner: Runner, tmp_path: Path) -> None:
    plain_runner.run(["true"], cwd=tmp_path)
    before = os.times()
    plain_runner.run(["sleep", "2"], cwd=tmp_path, limits=Limits(memory_bytes=2**30))
    after = os.times()
    assert (after.user + after.system) - (before.user + before.system) < 0.04 + 0.03
