"""One measurement at a time on a host: the others wait, are told for whom, and give up in time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.errors import ToolError
from tools.measure.hostlock import lock_path, measuring_alone

HOLD = """
import sys, time
from pathlib import Path
from tools.measure.hostlock import measuring_alone
with measuring_alone(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock `tmp_path/lock`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_measurement_waits_and_then_says_who_is_measuring(
    holder: subprocess.Popen[str], tmp_path: Path
) -> None:
    told: list[str] = []
    with (
        pytest.raises(
            ToolError, match=f"another measurement \\(process {holder.pid}\\) has held .* for 0.2 s"
        ),
        measuring_alone(tmp_path / "lock", timeout_s=0.2, on_wait=told.append),
    ):
        pytest.fail("two measurements at a time")
    assert told == [f"waiting for another measurement (process {holder.pid})"]


def test_the_lock_of_a_killed_process_is_free(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    holder.kill()
    holder.wait()
    with measuring_alone(tmp_path / "lock", timeout_s=0.5):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_the_lock_is_free_after_a_measurement_that_failed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="crashed"), measuring_alone(tmp_path / "lock"):
        raise RuntimeError("crashed")
    with measuring_alone(tmp_path / "lock", timeout_s=0.1):
        pass


def test_measurements_of_one_process_take_turns(tmp_path: Path) -> None:
    inside, most = 0, 0
    guard = threading.Lock()

    def measure() -> None:
        nonlocal inside, most
        with measuring_alone(tmp_path / "lock"):
            with guard:
                inside += 1
                most = max(most, inside)
            time.sleep(0.02)
            with guard:
                inside -= 1

    threads = [threading.Thread(target=measure) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_lock_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    """Someone else's link in the place of the lock must not make us write to another file."""
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "lock").symlink_to(tmp_path / "precious")
    with pytest.raises(ToolError, match="can't be opened"), measuring_alone(tmp_path / "lock"):
        pytest.fail("followed the link")
    assert (tmp_path / "precious").read_text() == "kept"


def test_every_run_of_a_user_has_the_same_lock() -> None:
    assert lock_path() == lock_path()
    assert str(os.getuid()) in lock_path().name
