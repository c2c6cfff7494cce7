"""Stopping a run, kindly or not: nothing of it goes on running, and `resume` goes on where it stopped."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.doors.conftest import Cli
from tests.doors.targets import living, python_target, snapshot

SETTLE_S = 5.0
NOTHING_TO_IMPROVE = "total = 0\nfor i in range(1_000_000):\n    total += i\nprint(total)\n"


@dataclass(frozen=True, slots=True)
class Started:
    """A run in a session of its own; `mark` is in the environment of all that is ours and in the target's words."""

    process: subprocess.Popen[str]
    mark: str

    def wait_for(self, words: str) -> None:
        """Read its progress until a line has these words."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if words in line:
                return
        pytest.fail(f"it never said {words!r}")

    def wait_for_program(self, word: str) -> None:
        """Wait until a program of the run with this word in its arguments is alive."""
        end = time.monotonic() + SETTLE_S
        while not any(word in _arguments(pid) for pid in living(self.mark) if pid != self.process.pid):
            assert time.monotonic() < end, f"no {word} was started"
            time.sleep(0.01)

    def end(self) -> tuple[int, str, str]:
        """Exit code and both outputs, once it has ended."""
        stdout, stderr = self.process.communicate(timeout=30)
        return self.process.returncode, stdout, stderr

    def left(self) -> list[int]:
        """What of it is still alive after a moment."""
        end = time.monotonic() + SETTLE_S
        while living(self.mark) and time.monotonic() < end:
            time.sleep(0.02)
        return living(self.mark)


Start = Callable[[Path, str], Started]


def _arguments(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


@pytest.fixture
def start(cli: Cli) -> Iterator[Start]:
    """Starts a question about a target; whatever a failed test leaves is ended."""
    processes: list[subprocess.Popen[str]] = []

    def run(target: Path, mark: str) -> Started:
        process = subprocess.Popen(
            cli.words(*cli.question(target, "--cmd", f"python app.py {mark}")),
            cwd=cli.home,
            env=cli.env(MARK=mark),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        processes.append(process)
        return Started(process, mark)

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def _stages(stderr: str) -> list[str]:
    """The stages that a run said it went through, each once."""
    return list(dict.fromkeys(re.findall(r"^ *[\d.]+ s  (\w+)", stderr, re.MULTILINE)))


@pytest.mark.parametrize(("how", "exit_code"), [("Ctrl-C", 130), ("kill", -signal.SIGKILL)])
@pytest.mark.slow
def test_a_run_stopped_while_profiling_leaves_no_process_and_goes_on_from_there(
    cli: Cli, start: Start, tmp_path: Path, how: str, exit_code: int
) -> None:
    target = python_target(tmp_path / "target", program=NOTHING_TO_IMPROVE, test=None)
    found = snapshot(target)
    started = start(target, f"stopped-{os.getpid()}-{exit_code}")
    started.wait_for("py-spy: profiling")
    started.wait_for_program("py-spy")
    if how == "Ctrl-C":
        os.killpg(started.process.pid, signal.SIGINT)
    else:
        started.process.kill()
    ended_with, stdout, stderr = started.end()
    assert ended_with == exit_code
    assert "Traceback" not in stderr
    assert stdout == ""
    assert started.left() == []
    if how == "Ctrl-C":
        run_id = next(cli.runs.iterdir()).name
        assert f"resume with: ask-profiler resume {run_id}\n" in stderr
        assert "interrupted" in stderr
    assert " interrupted " in cli("runs", "--runs-dir", cli.runs).stdout
    resumed = cli("resume", "--runs-dir", cli.runs)
    assert resumed.exit_code == 0, resumed.stderr
    assert "Report: " in resumed.stdout
    stages = _stages(resumed.stderr)
    assert stages[0] == "capture"
    assert stages[-1] == "conclude"
    assert not {"intake", "baseline"} & set(stages)
    assert snapshot(target) == found
    again = cli("resume", "--runs-dir", cli.runs)
    assert again.exit_code == 2
    assert "has ended" in again.complaint


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_stopped_while_the_target_runs_ends_at_once(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    target = python_target(tmp_path / "target", program="import time\ntime.sleep(600)\n", test=None)
    started = start(target, f"sleeps-{os.getpid()}-{number}")
    started.wait_for("first run of")
    started.wait_for_program("app.py")
    begun = time.monotonic()
    os.killpg(started.process.pid, number)
    assert started.end()[0] == 130
    assert time.monotonic() - begun < SETTLE_S
    assert started.left() == []


def test_a_run_that_waits_for_another_measurement_can_be_stopped(
    cli: Cli, start: Start, tmp_path: Path
) -> None:
    lock = cli.home / f"ask-profiler-measuring-{os.getuid()}.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        started = start(python_target(tmp_path / "target"), f"waits-{os.getpid()}")
        started.wait_for("waiting for another measurement")
        os.killpg(started.process.pid, signal.SIGINT)
        exit_code, _, stderr = started.end()
    assert exit_code == 130
    assert "ask-profiler: interrupted" in stderr
    assert started.left() == []
