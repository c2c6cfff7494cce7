"""What a confined program sees and may do; and what is said when there is no sandbox."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import memray
import pytest

from tools.errors import LimitExceeded, ProgramFailed, ProgramMissing
from tools.run.process import Access, Limits, Runner
from tools.run.sandbox import BubblewrapSandbox, NoSandbox, choose_sandbox

PYTHON_HOME = Path(sys.base_prefix)
VENV = Path(sys.prefix)
OUR_PYTHON = Access(readable=(PYTHON_HOME, VENV))


@pytest.fixture
def confined() -> Iterator[Runner]:
    runner = Runner(BubblewrapSandbox())
    yield runner
    runner.close()


def python(runner: Runner, code: str, cwd: Path, access: Access = OUR_PYTHON) -> str:
    paths = (*OUR_PYTHON.readable, *access.readable)
    access = Access(readable=paths, writable=access.writable, network=access.network)
    return runner.run([sys.executable, "-c", code], cwd=cwd, access=access).stdout


def test_the_system_is_read_only_and_the_working_folder_writable(confined: Runner, tmp_path: Path) -> None:
    confined.run(["touch", "here"], cwd=tmp_path)
    assert (tmp_path / "here").exists()
    for place in ("/usr/planted", "/etc/planted", "/planted"):
        done = confined.run(["touch", place], cwd=tmp_path, check=False)
        assert "Read-only file system" in done.stderr
        assert not Path(place).exists()


def test_nothing_of_the_home_or_of_other_folders_is_seen(confined: Runner, tmp_path: Path) -> None:
    folder, other = tmp_path / "copy", tmp_path / "secrets"
    folder.mkdir()
    other.mkdir()
    (other / "key").write_text("secret")
    (folder / "link").symlink_to(other / "key")
    for path in (str(other / "key"), "link", "/etc/shadow", "/root", str(Path.home())):
        with pytest.raises(ProgramFailed, match="No such file"):
            confined.run(["cat" if path != "/root" else "ls", path], cwd=folder)


def test_tmp_is_private_even_when_the_working_folder_is_below_it(confined: Runner, tmp_path: Path) -> None:
    confined.run(["sh", "-c", "echo x > /tmp/planted-by-a-test; ls /tmp/planted-by-a-test"], cwd=tmp_path)
    assert not Path("/tmp/planted-by-a-test").exists()


def test_only_named_paths_are_added_and_the_inner_one_counts(confined: Runner, tmp_path: Path) -> None:
    copy, cache, data = tmp_path / "copy", tmp_path / "cache", tmp_path / "data"
    frozen = copy / "testdata"
    for folder in (copy, cache, data, frozen):
        folder.mkdir()
    access = Access(writable=(cache,), readable=(data, frozen, tmp_path / "isn't there"))
    confined.run(["sh", "-c", f"touch '{cache}/a' b"], cwd=copy, access=access)
    for place in (data, frozen):
        done = confined.run(["touch", place / "c"], cwd=copy, access=access, check=False)
        assert "Read-only file system" in done.stderr
    assert (cache / "a").exists()
    assert (copy / "b").exists()


def test_the_environment_is_an_allow_list(
    confined: Runner, plain_runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_API_KEY", "secret")
    monkeypatch.setenv("LD_PRELOAD", "")
    for runner in (confined, plain_runner):
        seen = runner.run(["env"], cwd=tmp_path, env={"DAY": "2024-03-05"}).stdout
        names = {line.partition("=")[0] for line in seen.splitlines()}
        assert names <= {"PATH", "HOME", "TMPDIR", "LANG", "TZ", "DAY", "PWD"}
        assert "DAY=2024-03-05" in seen


def test_nothing_outside_can_be_reached_over_the_network(confined: Runner, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
        with pytest.raises(ProgramFailed, match="refused"):
            python(confined, code, tmp_path)
        accepted = threading.Thread(target=lambda: server.accept()[0].close())
        accepted.start()
        python(confined, code, tmp_path, Access(network=True))
        accepted.join()


def test_a_program_may_serve_itself_on_its_own_loopback(confined: Runner, tmp_path: Path) -> None:
    code = """
import socket
server = socket.create_server(("localhost", 0))
client = socket.create_connection(server.getsockname())
server.accept()[0].sendall(b"x")
print(client.recv(1))
"""
    assert python(confined, code, tmp_path) == "b'x'\n"


def test_the_program_has_no_capability_and_sees_only_its_own_processes(
    confined: Runner, tmp_path: Path
) -> None:
    status = confined.run(["grep", "Cap[EPB]", "/proc/self/status"], cwd=tmp_path).stdout
    assert {line.split()[1].strip("0") for line in status.splitlines()} == {""}
    pids = confined.run(["sh", "-c", "ls /proc | grep -c '^[0-9]'"], cwd=tmp_path).stdout
    assert int(pids) < 8
    with pytest.raises(ProgramFailed):
        confined.run(["sh", "-c", f"kill -0 {os.getpid()}"], cwd=tmp_path)


def test_the_users_name_can_be_looked_up(confined: Runner, tmp_path: Path) -> None:
    assert python(confined, "import getpass; print(getpass.getuser())", tmp_path).strip()


def test_a_program_that_the_sandbox_does_not_show_is_missing(confined: Runner, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    script = tmp_path / "hidden"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    with pytest.raises(ProgramMissing, match="where the sandbox sees it"):
        confined.run([script], cwd=copy)


def test_py_spy_works_inside(confined: Runner, tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text(
        "import time\ndef spin():\n    end = time.time() + 1.0\n    while time.time() < end: pass\nspin()\n"
    )
    py_spy = VENV / "bin" / "py-spy"
    confined.run(
        [py_spy, "record", "-f", "raw", "-r", "100", "-o", "out.txt", "--", sys.executable, "busy.py"],
        cwd=tmp_path,
        access=OUR_PYTHON,
    )
    assert "spin (busy.py" in (tmp_path / "out.txt").read_text()


def test_memray_works_inside(confined: Runner, tmp_path: Path) -> None:
    (tmp_path / "big.py").write_text("x = bytearray(50 * 2**20)\n")
    confined.run(
        [sys.executable, "-m", "memray", "run", "-q", "-o", "out.bin", "big.py"],
        cwd=tmp_path,
        access=OUR_PYTHON,
    )
    assert memray.FileReader(tmp_path / "out.bin").metadata.peak_memory > 50e6


def test_limits_hold_inside_too(confined: Runner, tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded):
        confined.run(["yes"], cwd=tmp_path, limits=Limits(output_bytes=1000))


def test_automatic_choice_takes_bubblewrap_where_it_works() -> None:
    choice = choose_sandbox("auto")
    assert choice.sandbox.name == "bubblewrap"
    assert choice.warning == ""


def test_without_bubblewrap_the_user_is_told_and_a_demand_for_it_is_refused() -> None:
    choice = choose_sandbox("auto", which=lambda _: None)
    assert choice.sandbox.name == "none"
    assert (
        "runs without a sandbox: bubblewrap is not installed (apt-get install bubblewrap)" in choice.warning
    )
    with pytest.raises(ProgramMissing, match="apt-get install bubblewrap"):
        choose_sandbox("bubblewrap", which=lambda _: None)


def test_a_bubblewrap_that_does_not_work_here_counts_as_none(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2; exit 1\n")
    broken.chmod(0o755)
    choice = choose_sandbox("auto", which=lambda _: str(broken))
    assert choice.sandbox.name == "none"
    assert "setting up uid map: Permission denied" in choice.warning
    with pytest.raises(ProgramMissing):
        choose_sandbox("bubblewrap", which=lambda _: str(broken))


def _chosen(before: list[str]) -> str:
    """What is chosen by a process that is started by these words."""
    code = "from tools.run.sandbox import choose_sandbox as c\ns = c('auto')\nprint(s.sandbox.name, s.sandbox.forgets)"
    words = [*before, sys.executable, "-c", code]
    return subprocess.run(
        words, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True
    ).stdout


def test_where_root_has_little_power_the_sandbox_still_forgets() -> None:
    container = ["bwrap", "--dev-bind", "/", "/", "--cap-drop", "CAP_SYS_ADMIN"]
    assert _chosen(container) == "bubblewrap True\n"


def test_where_no_namespace_can_be_made_there_is_no_sandbox() -> None:
    container = ["bwrap", "--dev-bind", "/", "/", "--cap-drop", "ALL", "--unshare-user", "--disable-userns"]
    assert _chosen(container) == "none False\n"


def test_an_older_bubblewrap_is_used_for_what_it_can_do(tmp_path: Path) -> None:
    older = tmp_path / "bwrap"
    older.write_text(
        '#!/bin/sh\ncase "$*" in *--disable-userns*) echo unknown >&2; exit 1;; esac\nexec bwrap "$@"\n'
    )
    older.chmod(0o755)
    choice = choose_sandbox("bubblewrap", which=lambda _: str(older))
    assert isinstance(choice.sandbox, BubblewrapSandbox)
    assert choice.sandbox.forgets
    assert not choice.sandbox.no_more_namespaces
    assert choice.warning == ""


def test_no_sandbox_is_taken_without_a_word_when_asked_for() -> None:
    choice = choose_sandbox("none")
    assert choice.sandbox == NoSandbox()
    assert choice.warning == ""


def test_the_words_of_the_sandbox_end_with_the_program() -> None:
    words = BubblewrapSandbox().wrap(["a", "--b"], cwd=Path("/x"), access=Access(), env={"K": "v"})
    assert words[-3:] == ["--", "a", "--b"]
    assert json.dumps(words[words.index("K") - 1 :][:3]) == '["--setenv", "K", "v"]'
