"""Asking for runs: progress while they go on, bounded answers, giving up, and what isn't the caller's."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import threading
import time
from dataclasses import replace

import anyio
import pytest
from mcp import Client, MCPError

from agent.access.caller import LOCAL_CALLER, Caller
from agent.doors.mcp.server import make_server
from agent.doors.mcp.waiting import Waiting
from agent.jobs.claims import Claim
from agent.jobs.job import Job, Message
from agent.rendering import json as json_rendering
from agent.rendering.profile_answers.writing import tokens_of
from agent.report import GIVEN, Report
from tests.doors.mcp.conftest import PATCH
from tests.doors.mcp.scene import ANN, BOB, MODES, Arguments, Mode, Scene, answer, working


@pytest.mark.parametrize("mode", MODES)
def test_a_question_gives_bottlenecks_with_every_number_in_place(scene: Scene, mode: Mode) -> None:
    with scene.worker():
        found = scene.call("profile", target="orders", question="Why is the report slow?", mode=mode).data
    assert (found["state"], found["target"], found["outcome"]) == ("done", "orders", "improved")
    assert found["run"] == scene.only_job().id
    assert scene.only_job().question == "Why is the report slow?"
    assert "2.86x faster" in found["headline"]
    (place,) = found["bottlenecks"]
    assert (place["function"], place["file"], place["line"]) == ("report.Find", "report/report.go", 42)
    assert place["share"] == 0.62
    assert "62.0 % (60.0 % to 64.0 %)" in place["root_cause"]
    assert "{E" not in json.dumps(found)
    assert found["profiles"] == [{"name": "E4", "title": "cpu profile, before"}]
    assert found["accepted_changes"] == 1
    assert found["unmeasured"] == ["go-heap: the memory view"]
    assert found["warnings"] == ["the host is busy"]


@pytest.mark.parametrize("mode", MODES)
def test_a_client_is_told_each_step_as_it_comes(scene: Scene, mode: Mode) -> None:
    told: list[tuple[float, str | None]] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message))

    async def profile(client: Client) -> None:
        await client.call_tool("profile", {"target": "orders"}, progress_callback=heard)

    with scene.worker():
        scene.talk(profile, mode=mode)
    counts = [count for count, _ in told]
    assert counts == sorted(set(counts))
    messages = " | ".join(message or "" for _, message in told)
    assert "py-spy: profiling" in messages
    assert "a list is searched in a loop" in messages
    assert "search a set: accepted" in messages


@pytest.mark.parametrize("mode", MODES)
def test_while_nothing_happens_a_client_hears_that_the_work_goes_on_and_no_step_twice(
    scene: Scene, mode: Mode
) -> None:
    told: list[str] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.append(message or "")

    def script(claim: Claim) -> str:
        for step in range(5):
            claim.tell("progress", f"step {step}", {"stage": "capture"})
            time.sleep(0.3)
        return "improved"

    async def profile() -> None:
        server = make_server(scene.desk, scene.desk.settings, lambda _: ANN, Waiting(beat_s=0.1))
        async with asyncio.timeout(30), Client(server, mode=mode) as client:
            await client.call_tool(
                "profile", {"target": "orders", "question": "slow?"}, progress_callback=heard
            )

    with scene.worker(slow=script):
        asyncio.run(profile())
    assert [text for text in told if text.startswith("step") and not text.endswith(" s)")] == [
        f"step {n}" for n in range(5)
    ]
    assert any(text.startswith("step") and text.endswith("(0 s)") for text in told), told


def test_changes_come_with_verdict_gain_interval_and_the_patch(scene: Scene) -> None:
    with scene.worker():
        found = scene.call("optimize", target="orders").data
    (change,) = found["accepted"]
    assert (change["title"], change["files"]) == ("An index instead of a search", ["report/report.go"])
    gain = change["comparisons"][0]
    assert (gain["measures"], gain["before"], gain["after"]) == ("time", "900 ms/op", "300 ms/op")
    assert (gain["change"], gain["interval"]) == ("-66.7 %", "-68.0 % to -65.0 %")
    assert gain["at_least"] == pytest.approx(0.65)
    memory = change["comparisons"][1]
    assert (memory["change"], memory["at_least"]) == ("~", 0.0)
    assert found["patch"] == PATCH
    assert found["patch_next_offset"] is None


def test_a_run_that_profile_made_shows_its_changes_without_another_run(scene: Scene) -> None:
    run = scene.done()
    assert scene.call("optimize", run=run).data["patch"] == PATCH
    assert scene.only_job().id == run


def test_a_long_patch_is_cut_and_the_rest_can_be_had_without_a_gap(scene: Scene) -> None:
    patch = "".join(f"+line {n}\n" for n in range(5_000))
    with_patch = replace(scene, files={**scene.files, "optimization.patch": patch.encode()})
    run = with_patch.done()
    found = with_patch.call("optimize", run=run, tokens=2_000).data
    assert tokens_of(json.dumps(found)) < 2_600
    parts, offset = [found["patch"]], found["patch_next_offset"]
    while offset is not None:
        page = with_patch.call("report", run=run, format="patch", offset=offset, tokens=20_000).data
        assert tokens_of(page["text"]) <= 20_000
        parts.append(page["text"])
        offset = page["next_offset"]
    assert "".join(parts) == patch


def test_whatever_a_run_found_an_answer_is_bounded_and_says_what_is_left_out(
    scene: Scene, report: Report
) -> None:
    judged = report.candidates[0]
    rejected = replace(
        judged, verdict=replace(judged.verdict, accepted=False, reason="tests fail", detail="x" * 9_000)
    )
    huge = replace(
        report,
        warnings=tuple(f"{n} {'w' * 2_000}" for n in range(300)),
        candidates=(judged, *[rejected] * 100),
    )
    with_huge = replace(scene, files={**scene.files, "report.json": json_rendering.render(huge).encode()})
    run = with_huge.done()
    for tool in ("profile", "optimize"):
        answered = with_huge.call(tool, run=run, tokens=1_500)
        assert tokens_of(json.dumps(answered.data)) < 2_200
        assert tokens_of(answered.text) < 2_200
        assert any(text.endswith(" warnings") for text in answered.data["left_out"])


def test_the_verdict_on_a_given_change_has_one_reason_and_the_comparisons(
    scene: Scene, report: Report
) -> None:
    judged = report.candidates[0]
    verdict = replace(
        judged.verdict, accepted=False, reason="results differ", detail="`Find` gives another result"
    )
    given = replace(judged, candidate=replace(judged.candidate, origin=GIVEN), verdict=verdict)
    of_change = replace(report, outcome="rejected", candidates=(given,), combined=verdict, patch=None)
    with_change = replace(
        scene, files={**scene.files, "report.json": json_rendering.render(of_change).encode()}
    )
    with with_change.worker():
        found = with_change.call(
            "verify_change", target="orders", patch=PATCH, title="sum from 1", no_slower=True
        ).data
    assert (found["verdict"], found["reason"]) == ("rejected", "results differ")
    assert found["detail"] == "`Find` gives another result"
    assert found["comparisons"][0]["change"] == "-66.7 %"
    assert found["comparisons"][1]["change"] == "~"
    assert found["smallest_detectable_gain"] == 0.03
    change = scene.only_job().request.change
    assert change is not None
    assert (change.title, change.patch, change.no_slower, change.harness) == (
        "sum from 1",
        PATCH,
        True,
        False,
    )
    page = with_change.call("report", run=found["run"], format="patch").data
    assert page["text"] == PATCH


@pytest.mark.parametrize(
    ("patch", "said"),
    [("", "is empty"), ("hello", "holds no patch"), ("--- a\0", "is binary")],
)
def test_what_is_no_patch_is_refused_before_anything_is_started(scene: Scene, patch: str, said: str) -> None:
    for caller in (ANN, LOCAL_CALLER):
        assert said in scene.call("verify_change", target="orders", patch=patch, caller=caller).refusal
    assert not scene.desk.records.jobs()


def test_a_patch_of_the_whole_repository_is_understood_where_the_target_lies_here(scene: Scene) -> None:
    repository = scene.target.parent
    shutil.rmtree(scene.target / ".git")
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    of_repository = PATCH.replace("report/report.go", "orders/report/report.go")
    scene.call("verify_change", target="orders", patch=of_repository, wait_s=0)
    change = scene.only_job().request.change
    assert change is not None
    assert (change.patch, change.strip) == (of_repository, 2)


def test_a_run_without_a_given_change_has_no_verdict_on_one(scene: Scene) -> None:
    assert "judged no given change" in scene.call("verify_change", run=scene.done()).refusal


def test_reports_are_read_page_by_page_and_as_a_resource(scene: Scene) -> None:
    run = scene.done()
    first = scene.call("report", run=run, tokens=1_000)
    assert first.data["text"].startswith("# Improved: Why is it slow?")
    assert first.data["next_offset"] is not None
    assert f"`offset` {first.data['next_offset']}" in first.text
    whole = json.loads(scene.call("report", run=run, format="json", tokens=20_000).data["text"])
    assert whole["outcome"] == "improved"
    assert "is beyond" in scene.call("report", run=run, offset=10**8).refusal

    async def resource(client: Client) -> str:
        (content,) = (await client.read_resource(f"report://{run}")).contents
        return str(content.text)  # type: ignore[union-attr] # it is text

    async def refused(client: Client) -> None:
        for named in (run, "nothing", "..%2F..%2Fetc%2Fpasswd"):
            with pytest.raises(MCPError, match=r"there is no job|Unknown resource"):
                await client.read_resource(f"report://{named}")

    assert scene.talk(resource).startswith("# Improved")
    scene.talk(refused, caller=BOB)


def test_a_run_that_takes_longer_than_the_call_goes_on_and_can_be_waited_for(scene: Scene) -> None:
    go_on = threading.Event()

    def script(claim: Claim) -> str:
        assert go_on.wait(20)
        return "improved"

    with scene.worker(slow=script):
        first = scene.call("profile", target="orders", question="Why so slow?", wait_s=0.5).data
        assert first["state"] in ("queued", "running")
        assert first["run"] in first["says"]
        go_on.set()
        assert scene.call("profile", run=first["run"]).data["state"] == "done"
    assert scene.only_job().attempts == 1


def test_waiting_for_a_run_and_asking_at_once_is_refused(scene: Scene) -> None:
    run = scene.done()
    assert "`run` shows a run that is there" in scene.call("profile", run=run, question="And memory?").refusal


def test_a_run_that_fails_is_an_error_with_its_reason(scene: Scene) -> None:
    def script(claim: Claim) -> str:
        raise RuntimeError("app.py:3: SyntaxError: the target doesn't build")

    with scene.worker(slow=script):
        found = scene.call("profile", target="orders", question="Why so slow?")
    assert "SyntaxError: the target doesn't build" in found.refusal
    assert found.result.structured_content is not None
    assert found.result.structured_content["state"] == "failed"


@pytest.mark.parametrize("mode", MODES)
def test_giving_a_call_up_cancels_its_run_within_two_seconds(scene: Scene, mode: Mode) -> None:
    async def give_up(client: Client) -> float:
        async with anyio.create_task_group() as group:
            group.start_soon(
                lambda: client.call_tool("profile", {"target": "orders", "question": "Why so slow?"})
            )
            while not any(job.state == "running" for job in scene.desk.records.jobs()):
                await asyncio.sleep(0.02)
            started = time.monotonic()
            group.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            while scene.only_job().state != "cancelled":
                assert time.monotonic() - started < 5
                await asyncio.sleep(0.02)
        return time.monotonic() - started

    with scene.worker() as running:
        running.scripts = {"slow": working(lambda: running, 20)}
        assert scene.talk(give_up, mode=mode) < 2


def test_a_server_that_stops_ends_the_waiting_and_cancels_nothing(scene: Scene) -> None:
    waiting = Waiting()
    job = scene.desk.receive(ANN, Message(text="Why so slow?", target="orders", door="mcp"))
    assert isinstance(job, Job)

    class Quiet:
        async def report_progress(self, *_: object) -> None:
            waiting.stop()

    async def wait() -> str:
        found = await waiting.ended(scene.desk, ANN, job, Quiet(), 30)  # type: ignore[arg-type]
        return found.state

    assert asyncio.run(asyncio.wait_for(wait(), 20)) == "queued"


def test_another_callers_run_is_as_if_it_were_not_there(scene: Scene) -> None:
    run = scene.done()
    tools: list[tuple[str, Arguments]] = [
        (name, {}) for name in ("profile", "optimize", "verify_change", "report")
    ]
    for tool, more in [*tools, ("top", {"profile": "cpu"})]:
        theirs = scene.call(tool, run=run, caller=BOB, **more).refusal
        nobodys = scene.call(tool, run=run[:-1] + "x", caller=BOB, **more).refusal
        assert theirs.replace(run, "") == nobodys.replace(run[:-1] + "x", "")


@pytest.mark.parametrize(
    "named", ["/etc", "../orders", "pid:1", "http://169.254.169.254/", "file:///etc/passwd", "prices"]
)
def test_a_remote_caller_reaches_named_targets_that_are_theirs_only(scene: Scene, named: str) -> None:
    tools: list[tuple[str, Arguments]] = [
        ("profile", {}),
        ("optimize", {}),
        ("verify_change", {"patch": PATCH}),
    ]
    for tool, more in tools:
        refusal = scene.call(tool, target=named, caller=BOB, **more).refusal
        assert "there is no target" in refusal
        assert str(scene.target) not in refusal
    assert not scene.desk.records.jobs()


CALLS: list[tuple[str, Arguments]] = [("profile", {}), ("optimize", {}), ("verify_change", {"patch": PATCH})]


@pytest.mark.parametrize(("tool", "more"), CALLS)
def test_a_local_callers_name_that_is_no_target_is_refused_with_those_there_are_and_starts_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tool: str, more: Arguments
) -> None:
    monkeypatch.chdir(scene.target)
    refusal = scene.call(tool, target="order", caller=LOCAL_CALLER, **more).refusal
    assert "there is no target 'order': agent.yaml names orders, prices" in refusal
    assert str(scene.target) in refusal
    missing = str(scene.target / "nosuch")
    assert (
        f"the target {missing} doesn't exist"
        in scene.call(tool, target=missing, caller=LOCAL_CALLER, **more).refusal
    )
    (scene.target.parent / "empty").mkdir()
    empty = scene.call(tool, target=str(scene.target.parent / "empty"), caller=LOCAL_CALLER, **more).refusal
    assert "point `target` at one" in empty
    assert not scene.desk.records.jobs()


@pytest.mark.parametrize(("tool", "more"), CALLS)
def test_a_local_caller_gives_sizes_for_a_command(scene: Scene, tool: str, more: Arguments) -> None:
    more = {**more, "target": str(scene.target), "workload": "command:./cmd/price {size}", "wait_s": 0}
    refusal = scene.call(tool, caller=LOCAL_CALLER, **more).refusal
    assert "the command has {size} but no sizes: give them with `sizes` [100,1000,10000]" in refusal
    assert not scene.desk.records.jobs()
    scene.call(tool, caller=LOCAL_CALLER, sizes=[100, 1000], **more)
    request = scene.only_job().request
    assert (request.command, request.sizes) == (("./cmd/price", "{size}"), (100, 1000))


def test_sizes_of_a_named_target_are_those_of_the_settings(scene: Scene) -> None:
    refusal = scene.call("profile", target="prices", workload="small", sizes=[100]).refusal
    assert "the sizes of prices's workloads are those of agent.yaml" in refusal
    assert "give nothing else" in scene.call("profile", run=scene.done(), sizes=[100]).refusal


@pytest.mark.parametrize(
    ("caller", "said"),
    [(LOCAL_CALLER, "`workload` bench:Nothing; there"), (ANN, "`bench` of the workload in agent.yaml")],
)
def test_a_failed_run_names_what_its_caller_can_set(scene: Scene, caller: Caller, said: str) -> None:
    def script(claim: Claim) -> str:
        raise RuntimeError(
            "no benchmark matches --bench 'Nothing'; there are Find. It printed: unknown --bench"
        )

    with scene.worker(Why=script):
        refusal = scene.call("profile", target="orders", question="Why?", caller=caller).refusal
    assert said in refusal
    assert "It printed: unknown --bench" in refusal


def test_a_verdict_names_what_its_caller_can_set(scene: Scene, report: Report) -> None:
    judged = report.candidates[0]
    detail = "the time was spent: allow more with --time-limit, or name fewer benchmarks with --bench"
    verdict = replace(judged.verdict, accepted=False, reason="not enough samples", detail=detail)
    given = replace(judged, candidate=replace(judged.candidate, origin=GIVEN), verdict=verdict)
    of_change = replace(report, outcome="rejected", candidates=(given,), combined=verdict, patch=None)
    files = {**scene.files, "report.json": json_rendering.render(of_change).encode()}
    with_change = replace(scene, files=files)
    with with_change.worker():
        found = with_change.call("verify_change", target="orders", patch=PATCH, caller=LOCAL_CALLER).data
    assert found["detail"].endswith(
        "`budgets.run_s` in agent.yaml, or name fewer benchmarks with `workload` bench:REGEX"
    )


def test_giving_a_call_up_is_audited_as_this_doors(scene: Scene) -> None:
    job = scene.desk.receive(ANN, Message(text="Why?", target="orders", door="http"))
    assert isinstance(job, Job)

    async def give_up(client: Client) -> None:
        with anyio.move_on_after(1):
            await answer(client, "profile", run=job.id)
        with anyio.fail_after(5):
            while not scene.desk.job(ANN, job.id).has_ended:
                await anyio.sleep(0.05)

    scene.talk(give_up)
    lines = [line for line in scene.desk.audit.lines(since=0) if line.action == "cancel"]
    assert [(line.door, line.outcome) for line in lines] == [("mcp", "ok")]


def test_a_local_caller_names_a_path_or_nothing_for_here(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(scene.target)
    scene.call("profile", target="report", caller=LOCAL_CALLER, wait_s=0)
    (job,) = scene.desk.records.jobs()
    assert (job.request.target, job.request.sandbox) == (str(scene.target / "report"), "auto")
    scene.call("profile", target="orders", caller=LOCAL_CALLER, wait_s=0)
    assert scene.desk.records.jobs()[0].request.target == str(scene.target)
    refusal = scene.call("profile", target="report", workload="small", caller=LOCAL_CALLER).refusal
    assert "give bench:REGEX or command:WORDS" in refusal
