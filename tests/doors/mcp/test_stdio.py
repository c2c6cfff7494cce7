"""`ask-profiler mcp` as a real process: the protocol alone on standard output, real runs, nothing left behind."""

from __future__ import annotations

import asyncio
import difflib
import json
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import anyio
import pytest
import yaml
from mcp import Client, StdioServerParameters

from tests.doors.conftest import Cli
from tests.doors.mcp.scene import MODES, Mode, answer
from tests.doors.targets import PROGRAM, living, python_target, snapshot
from tests.jobs.processes import QUICK

pytestmark = pytest.mark.slow
T = TypeVar("T")
HELLO = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}  # fmt: skip


def patch(new: str) -> str:
    """The change that makes the small program another one."""
    old = PROGRAM.splitlines(keepends=True)
    return "".join(difflib.unified_diff(old, new.splitlines(keepends=True), "a/app.py", "b/app.py"))


FASTER = patch(PROGRAM.replace("list(range(0, 1000, 2))", "set(range(0, 1000, 2))"))
WRONG = patch(PROGRAM.replace("list(range(0, 1000, 2))", "set(range(0, 1000, 3))"))


@pytest.fixture
def here(cli: Cli) -> Path:
    """A small program in the current folder, and settings that measure little."""
    found = {
        **QUICK,
        "storage": {"state_folder": str(cli.home / "state"), "runs_folder": str(cli.home / "runs")},
    }
    (cli.home / "agent.yaml").write_text(yaml.safe_dump(found))
    return python_target(cli.home / "app")


def words(cli: Cli) -> list[str]:
    return cli.words("mcp", "--settings", cli.home / "agent.yaml")


def talk(cli: Cli, here: Path, what: Callable[[Client], Awaitable[T]], mode: Mode = "auto") -> T:
    """What comes of talking to the process, which is started in the program's folder."""
    program, *rest = words(cli)
    rest = ["-P", *rest]  # as the installed script, it doesn't import from the current folder
    parameters = StdioServerParameters(command=program, args=rest, cwd=here, env=cli.env())

    async def session() -> T:
        async with asyncio.timeout(240), Client(parameters, mode=mode) as client:
            return await what(client)

    return asyncio.run(session())


def finished(cli: Cli, here: Path, given: str, mark: str = "") -> subprocess.CompletedProcess[str]:
    """What comes of input that ends."""
    return subprocess.run(
        words(cli),
        input=given,
        capture_output=True,
        text=True,
        cwd=here,
        env=cli.env(MARK=mark),
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("mode", MODES)
def test_a_client_starts_it_and_finds_the_tools(cli: Cli, here: Path, mode: Mode) -> None:
    async def listed(client: Client) -> list[str]:
        return [tool.name for tool in (await client.list_tools()).tools]

    assert "verify_change" in talk(cli, here, listed, mode)


def test_nothing_but_the_protocol_is_on_standard_output_and_it_ends_with_its_input(
    cli: Cli, here: Path
) -> None:
    lines = "".join(
        f"{json.dumps(message)}\n" for message in (HELLO, {"jsonrpc": "2.0", "method": "nonsense"})
    )
    done = finished(cli, here, lines + "no json\n", mark="quiet")
    assert done.returncode == 0, done.stderr
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert replies[0]["result"]["serverInfo"]["name"] == "ask-profiler"
    assert "Traceback" not in done.stderr
    assert not living("MARK=quiet")


def test_settings_that_can_not_be_used_are_said_on_standard_error(cli: Cli, here: Path) -> None:
    (cli.home / "agent.yaml").write_text("targets: 7\n")
    done = finished(cli, here, "")
    assert (done.returncode, done.stdout) == (3, "")
    assert "targets" in done.stderr


@pytest.mark.alone
def test_a_real_change_is_judged_by_real_measurements(cli: Cli, here: Path) -> None:
    for name in ("agent.py", "tools.py", "sqlalchemy.py"):
        (here / name).write_text("raise SystemExit('code of the current folder was run')\n")
    before, told = snapshot(here), []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.append(message or "")

    async def verify(client: Client) -> tuple[Any, Any]:
        wrong = await answer(client, "verify_change", patch=WRONG, title="every third")
        right = await client.call_tool(
            "verify_change", {"patch": FASTER, "title": "a set"}, progress_callback=heard
        )
        return wrong.data, right.structured_content

    wrong, right = talk(cli, here, verify)
    assert (wrong["verdict"], wrong["reason"]) == ("rejected", "tests fail")
    assert (right["state"], right["verdict"]) == ("done", "accepted"), right
    assert right["files"] == ["app.py"]
    assert max(found["at_least"] for found in right["comparisons"]) > 0.3
    assert len(told) > 3
    assert snapshot(here) == before


@pytest.mark.alone
def test_a_real_program_is_profiled_and_its_profile_questioned(cli: Cli, here: Path) -> None:
    async def profile(client: Client) -> tuple[Any, Any, Any]:
        found = (await answer(client, "profile")).data
        assert found["state"] == "done", found
        name = next(p["name"] for p in found["profiles"] if p["title"].startswith("cpu"))
        of_run = {"run": found["run"], "profile": name}
        lines = await answer(client, "annotated_source", function="count", **of_run)
        changes = await answer(client, "optimize", run=found["run"])
        return found, lines.data, changes.data

    found, lines, changes = talk(cli, here, profile)
    assert found["bottlenecks"][0]["function"].endswith("count")
    assert any(row["text"] and "if i in known" in row["text"] for row in lines["tables"][0]["rows"])
    assert changes["accepted"], changes
    assert ("+++ b/app.py" in changes["patch"]) == (changes["outcome"] == "improved"), changes


@pytest.mark.alone
def test_a_client_that_goes_away_leaves_no_process_behind(cli: Cli, here: Path) -> None:
    (here / "app.py").write_text((here / "app.py").read_text() + "    import time; time.sleep(600)\n")

    async def begin(client: Client) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "profile", {})
            await asyncio.sleep(4)
            group.cancel_scope.cancel()

    talk(cli, here, begin)
    until = time.monotonic() + 20
    while living(str(cli.home)):  # their settings, copies and caches are there
        assert time.monotonic() < until, living(str(cli.home))
        time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_although_its_input_stays_open(cli: Cli, here: Path, number: signal.Signals) -> None:
    mark = f"signalled-{number}"
    process = subprocess.Popen(
        words(cli), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=here, env=cli.env(MARK=mark)
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{json.dumps(HELLO)}\n".encode())
        process.stdin.flush()
        assert b"ask-profiler" in process.stdout.readline()
        process.send_signal(number)
        assert process.wait(timeout=15) == 130
    finally:
        process.kill()
        process.communicate()
    until = time.monotonic() + 15
    while living(f"MARK={mark}"):
        assert time.monotonic() < until, living(f"MARK={mark}")
        time.sleep(0.1)
