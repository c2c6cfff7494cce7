"""What callers may ask, what becomes of it, and what is refused."""

from __future__ import annotations

import asyncio
import subprocess
from functools import partial
from pathlib import Path

import pytest

from agent.access.audit import Audit
from agent.access.caller import LOCAL_CALLER, Caller
from agent.errors import BadRequest, Forbidden, LimitReached, NotThere
from agent.jobs.desk import Desk
from agent.jobs.job import Choice, Event, Job, Message
from tests.jobs.conftest import OpenDesk
from tests.jobs.scripted import ScriptedWorker

ANN = Caller(id="token:ann", scopes=frozenset({"ask", "apply"}))
BOB = Caller(id="token:bob", scopes=frozenset({"ask"}))
ROOT = Caller(id="token:root", scopes=frozenset({"admin"}))


def say(desk: Desk, text: str, who: Caller = ANN, talk: str = "talk", **more: object) -> Job | Choice:
    return desk.receive(who, Message(text=text, door="test", conversation=talk, **more))  # type: ignore[arg-type]


def job_of(receipt: Job | Choice) -> Job:
    assert isinstance(receipt, Job), receipt
    return receipt


def choice_of(receipt: Job | Choice) -> Choice:
    assert isinstance(receipt, Choice), receipt
    return receipt


def ended(desk: Desk, job: Job, who: Caller = ANN) -> list[Event]:
    """Follow a job to its end."""

    async def follow() -> list[Event]:
        return [event async for event in desk.follow(who, job.id)]

    return asyncio.run(asyncio.wait_for(follow(), 20))


@pytest.fixture
def two(open_one: OpenDesk, tmp_path: Path) -> Desk:
    """A desk with two targets, one of them with two workloads and for Ann alone."""
    for name in ("orders", "prices"):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "a.py").write_text("print(1)\n")
    prices = {
        "path": str(tmp_path / "prices"),
        "callers": ["token:ann"],
        "workloads": {"small": {"command": ["python", "a.py"]}, "large": {"bench": "Large"}},
    }
    return open_one(targets={"orders": {"path": str(tmp_path / "orders")}, "prices": prices})


def test_a_question_becomes_a_job_whose_events_end(desk: Desk) -> None:
    job = job_of(say(desk, "Why is  the report\nslow?"))
    assert (job.target, job.question, job.state) == ("orders", "Why is the report slow?", "queued")
    assert job.request.sandbox == "bubblewrap"
    with ScriptedWorker(desk):
        events = ended(desk, job)
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    assert [e.kind for e in events] == ["queued", "started", "progress", "finding", "verdict", "ended"]
    assert desk.job(ANN, job.id).outcome == "improved"


def test_following_goes_on_where_a_connection_broke(desk: Desk) -> None:
    job = job_of(say(desk, "Why?"))
    with ScriptedWorker(desk):
        everything = ended(desk, job)

    async def rest() -> list[Event]:
        return [event async for event in desk.follow(ANN, job.id, after=3)]

    assert asyncio.run(rest()) == everything[3:]


def test_the_same_message_twice_is_one_job(desk: Desk) -> None:
    first, second = (job_of(say(desk, "Why?", key="m1")) for _ in range(2))
    assert first.id == second.id
    other = job_of(desk.receive(BOB, Message(text="Why?", door="test", key="m1")))
    assert other.id != first.id


@pytest.mark.parametrize("target", ["../orders", "/etc", "http://169.254.169.254", "pid:1", "nothing"])
def test_a_remote_caller_reaches_named_targets_only(desk: Desk, target: str) -> None:
    with pytest.raises(NotThere, match="there is no target"):
        say(desk, "Why?", target=target)
    job = job_of(say(desk, f"Why is {target} slow? --target {target}", talk="other"))
    assert job.request.target.endswith("/orders")


def test_the_user_of_this_machine_may_name_a_path(desk: Desk, tmp_path: Path) -> None:
    job = job_of(say(desk, "Why?", who=LOCAL_CALLER, target=str(tmp_path)))
    assert job.request.target == str(tmp_path)
    assert job.request.sandbox == "auto"


def test_the_user_of_this_machine_says_how_a_path_is_exercised(desk: Desk, tmp_path: Path) -> None:
    path = str(tmp_path)
    by_bench = job_of(say(desk, "Why?", LOCAL_CALLER, "a", target=path, workload="bench:Report/.*"))
    assert by_bench.request.bench == "Report/.*"
    by_command = job_of(
        say(desk, "Why?", LOCAL_CALLER, "b", target=path, workload="command:python a.py 'b c'")
    )
    assert by_command.request.command == ("python", "a.py", "b c")
    for wrong in ("bench:(", "rm -rf", "command:'", "bench:"):
        with pytest.raises(BadRequest, match="workload"):
            say(desk, "Why?", LOCAL_CALLER, "c", target=path, workload=wrong)


def test_the_user_of_this_machine_gives_sizes_for_a_paths_command(desk: Desk, tmp_path: Path) -> None:
    def asked(workload: str, sizes: tuple[int, ...], target: str = str(tmp_path)) -> Job:
        return job_of(say(desk, "Why?", LOCAL_CALLER, "", target=target, workload=workload, sizes=sizes))

    by_command = asked("command:python a.py 'b: {size}'", (100, 20))
    assert (by_command.request.command, by_command.request.sizes) == (
        ("python", "a.py", "b: {size}"),
        (100, 20),
    )
    of_declared = asked("", (100,))
    assert (of_declared.request.command, of_declared.request.sizes) == ((), (100,))
    with pytest.raises(BadRequest, match=r"has [{]size[}] but no sizes"):
        asked("command:python a.py {size}", ())
    for workload in ("command:python a.py", "bench:Report"):
        with pytest.raises(BadRequest, match=r"sizes are for a command with [{]size[}]"):
            asked(workload, (100,))
    with pytest.raises(BadRequest, match=r"are those of agent[.]yaml"):
        asked("", (100,), target="orders")


@pytest.mark.parametrize("sizes", [(0,), (-1,), (10**13,), (1,) * 13])
def test_sizes_that_are_none_are_refused(desk: Desk, tmp_path: Path, sizes: tuple[int, ...]) -> None:
    with pytest.raises(BadRequest, match="give at most 12 whole numbers from 1 to 1,000,000,000,000"):
        say(
            desk, "Why?", LOCAL_CALLER, "", target=str(tmp_path), workload="command:python a.py {size}",
            sizes=sizes,
        )  # fmt: skip


def test_which_target_is_asked_and_the_answer_goes_on_with_the_question(two: Desk) -> None:
    choice = choice_of(say(two, "Why is it slow?"))
    assert (choice.what, [o.value for o in choice.options]) == ("target", ["orders", "prices"])
    again = choice_of(say(two, "that one"))
    assert again.question == "'that one' is none of the options. Which program is meant?"
    assert again.options == choice.options
    workload = choice_of(say(two, "2"))
    assert (workload.what, [o.value for o in workload.options]) == ("workload", ["small", "large"])
    job = job_of(say(two, "large"))
    assert (job.target, job.question, job.request.bench) == ("prices", "Why is it slow?", "Large")


@pytest.mark.parametrize("said", ["banana", "7", "0", "x" * 300])
def test_an_answer_that_is_none_of_the_options_is_told_so_each_time_and_only_once(
    two: Desk, said: str
) -> None:
    choice_of(say(two, "Why is it slow?"))
    for _ in range(2):
        again = choice_of(say(two, said))
        first, _, question = again.question.partition(" is none of the options. ")
        assert first.strip("'") == said or (len(said) > 64 and "…" in first and len(first) <= 66)
        assert question == "Which program is meant?"
    assert choice_of(say(two, "2")).question == "How should prices be exercised?"


def test_a_target_in_the_question_needs_no_choice(two: Desk) -> None:
    assert job_of(say(two, "Why is Orders slow?")).target == "orders"
    job = job_of(say(two, "Why is the large run of prices slow?", talk="b"))
    assert (job.target, job.request.bench) == ("prices", "Large")


def test_a_choice_can_be_turned_down(two: Desk) -> None:
    choice_of(say(two, "Why is it slow?"))
    with pytest.raises(BadRequest, match="nothing was begun"):
        say(two, "never mind")
    choice_of(say(two, "Why is it slow?"))


def test_a_target_that_is_for_others_isnt_there(two: Desk) -> None:
    assert list(two.targets(BOB)) == ["orders"]
    with pytest.raises(NotThere) as refused:
        say(two, "Why?", who=BOB, target="prices")
    with pytest.raises(NotThere) as unknown:
        say(two, "Why?", who=BOB, target="nothing")
    assert str(refused.value).replace("prices", "") == str(unknown.value).replace("nothing", "")
    assert job_of(say(two, "Why are prices slow?", who=BOB)).target == "orders"


def test_another_callers_job_isnt_there(desk: Desk) -> None:
    job = job_of(say(desk, "Why?"))
    acts = [partial(act, door="test") for act in (desk.cancel, desk.again, desk.apply)]
    for ask in (desk.job, desk.events, desk.report, desk.files, *acts):
        with pytest.raises(NotThere, match=f"there is no job '{job.id}'"):
            ask(BOB, job.id)
    assert desk.job(ROOT, job.id).id == job.id
    assert [j.id for j in desk.jobs(ROOT)] == [job.id]
    assert desk.jobs(BOB) == ()


def test_the_next_question_of_a_conversation_is_about_its_run(desk: Desk) -> None:
    job = job_of(say(desk, "Why?"))
    with ScriptedWorker(desk):
        ended(desk, job)
        follow_up = job_of(say(desk, "and memory?"))
        events = ended(desk, follow_up)
    assert (follow_up.kind, follow_up.run_id) == ("follow-up", job.id)
    assert next(e.text for e in events if e.kind == "answer") == "About and memory?: it is so."


def test_a_question_about_another_target_begins_anew(two: Desk) -> None:
    job = job_of(say(two, "Why is orders slow?"))
    with ScriptedWorker(two):
        ended(two, job)
    other = job_of(say(two, "And the small run of prices?"))
    assert (other.kind, other.target) == ("run", "prices")


def test_too_many_waiting_jobs_are_refused_with_when_to_try_again(open_one: OpenDesk) -> None:
    desk = open_one(access={"limits": {"waiting_jobs": 2}})
    for talk in "ab":
        say(desk, "Why?", talk=talk)
    with pytest.raises(LimitReached, match="waiting_jobs") as refused:
        say(desk, "Why?", talk="c")
    assert refused.value.retry_after_s > 0
    say(desk, "Why?", who=LOCAL_CALLER)


def test_who_lacks_the_scope_may_not_ask(desk: Desk) -> None:
    with pytest.raises(Forbidden, match="scope `ask`"):
        say(desk, "Why?", who=Caller(id="token:none", scopes=frozenset()))


@pytest.mark.parametrize("text", ["", " \n ", "x" * 9000])
def test_a_question_that_is_none_is_refused(desk: Desk, text: str) -> None:
    with pytest.raises(BadRequest, match="question"):
        say(desk, text)


def test_once_more_gives_more_time(desk: Desk) -> None:
    job = job_of(say(desk, "Why?", time_limit_s=100.0))
    again = desk.again(ANN, job.id, door="test")
    assert (again.request.time_limit_s, again.conversation) == (200.0, job.conversation)
    assert again.id != job.id


@pytest.mark.parametrize(
    "name",
    [
        "request.json",
        "work/base/secret",
        "../x",
        "/etc/passwd",
        "graphs/../request.json",
        "evidence.jsonl",
        "",
    ],
)
def test_only_what_is_meant_for_callers_can_be_fetched(desk: Desk, name: str) -> None:
    job = job_of(say(desk, "Why?"))
    with ScriptedWorker(
        desk, files={"report.md": b"# Improved", "request.json": b"{}", "graphs/cpu.svg": b"<svg/>"}
    ):
        ended(desk, job)
    assert desk.files(ANN, job.id) == ("graphs/cpu.svg", "report.md")
    assert desk.file(ANN, job.id, "report.md") == b"# Improved"
    with pytest.raises(NotThere):
        desk.file(ANN, job.id, name)


def test_everything_that_was_asked_and_refused_is_audited(desk: Desk) -> None:
    job = job_of(say(desk, "Why?"))
    desk.cancel(ANN, job.id, door="test")
    with pytest.raises(NotThere):
        say(desk, "Why?", target="../x")
    lines = list(Audit(desk.records.database).lines(since=0))
    assert [(line.action, line.outcome) for line in lines] == [
        ("ask", "job"),
        ("cancel", "ok"),
        ("ask", "refused"),
    ]


def audited(desk: Desk, *actions: str) -> list[tuple[str, str, str]]:
    """Door, action and outcome of the audit's lines about some actions."""
    lines = Audit(desk.records.database).lines(since=0)
    return [(line.door, line.action, line.outcome) for line in lines if line.action in actions]


def test_the_audit_says_by_which_door_a_job_was_cancelled_and_whether_anything_was_done(desk: Desk) -> None:
    job = job_of(say(desk, "Why?"))
    for _ in range(2):
        assert desk.cancel(ANN, job.id, door="http").state == "cancelled"
    assert audited(desk, "cancel") == [("http", "cancel", "ok"), ("http", "cancel", "ended already")]


def test_asking_once_more_is_audited_by_its_own_door(desk: Desk) -> None:
    job = job_of(say(desk, "Why?"))
    assert desk.again(ANN, job.id, door="http").door == "http"
    with ScriptedWorker(desk):
        ended(desk, job)
        follow_up = job_of(say(desk, "and memory?"))
    with pytest.raises(BadRequest, match="follow-up"):
        desk.again(ANN, follow_up.id, door="slack")
    assert audited(desk, "again") == [("http", "again", "job"), ("slack", "again", "refused")]


PATCH = """\
--- a/report.py
+++ b/report.py
@@ -1 +1 @@
-print(1)
+print(2)
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The target `orders` within a repository, with a hook and work in progress."""
    root = tmp_path / "orders"
    (root / "src").mkdir(parents=True)
    (root / "src" / "report.py").write_text("print(1)\n")
    (root / "src" / "pyproject.toml").write_text("")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *words], cwd=root, check=True, capture_output=True)
    hook = root / ".git" / "hooks" / "reference-transaction"
    hook.write_text("#!/bin/sh\ntouch hooked\nexit 1\n")
    hook.chmod(0o755)
    (root / "src" / "report.py").write_text("print('in progress')\n")
    return root


def improved(open_one: OpenDesk, repository: Path, **apply: object) -> tuple[Desk, Job]:
    desk = open_one(targets={"orders": {"path": str(repository / "src"), "apply": apply}})
    job = job_of(say(desk, "Why?"))
    with ScriptedWorker(desk, files={"optimization.patch": PATCH.encode()}):
        ended(desk, job)
    return desk, job


def git(repository: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=repository, check=True, capture_output=True, text=True).stdout


def test_a_patch_goes_to_a_new_branch_and_touches_nothing_else(open_one: OpenDesk, repository: Path) -> None:
    desk, job = improved(open_one, repository)
    before = git(repository, "status", "--porcelain"), git(repository, "rev-parse", "HEAD")
    applied = desk.apply(ANN, job.id, door="test")
    assert applied.branch == f"ask-profiler/{job.id}"
    assert applied.files == ("src/report.py",)
    assert git(repository, "show", f"{applied.branch}:src/report.py") == "print(2)\n"
    assert (git(repository, "status", "--porcelain"), git(repository, "rev-parse", "HEAD")) == before
    assert not list(repository.rglob("hooked"))
    again = desk.apply(ANN, job.id, door="test")
    assert (again.commit, again.is_new) == (applied.commit, False)


def test_the_audit_says_by_which_door_a_patch_was_applied(open_one: OpenDesk, repository: Path) -> None:
    desk, job = improved(open_one, repository)
    desk.apply(ANN, job.id, door="http")
    with pytest.raises(Forbidden):
        desk.apply(Caller(id=ANN.id, scopes=frozenset({"ask"})), job.id, door="slack")
    choice_of(desk.receive(ANN, Message(text="apply it", door="a2a", conversation="talk")))
    job_of(desk.receive(ANN, Message(text="yes", door="a2a", conversation="talk")))
    assert audited(desk, "apply") == [
        ("http", "apply", "ok"),
        ("slack", "apply", "refused"),
        ("a2a", "apply", "ok"),
    ]


def test_applying_is_asked_for_and_confirmed_in_the_conversation(
    open_one: OpenDesk, repository: Path
) -> None:
    desk, _ = improved(open_one, repository)
    choice = choice_of(say(desk, "apply it"))
    assert (choice.what, [o.value for o in choice.options]) == ("apply", ["yes", "no"])
    turned_down = job_of(say(desk, "no"))
    assert desk.events(ANN, turned_down.id)[-2].text == "Nothing was applied."
    choice_of(say(desk, "Apply."))
    done = job_of(say(desk, "yes"))
    assert "is on the branch ask-profiler/" in desk.events(ANN, done.id)[-2].text
    assert done.has_ended


def test_only_those_who_may_apply(open_one: OpenDesk, repository: Path) -> None:
    desk = open_one(
        targets={"orders": {"path": str(repository / "src"), "apply": {"callers": ["slack:T/*"]}}}
    )
    slack, bob = (Caller(id=i, scopes=frozenset({"ask"})) for i in ("slack:T/U", "token:bob"))
    for who, is_allowed in ((slack, True), (bob, False)):
        job = job_of(say(desk, "Why?", who=who))
        with ScriptedWorker(desk, files={"optimization.patch": PATCH.encode()}):
            ended(desk, job, who)
        assert desk.may_apply(who, job.id) is is_allowed
    with pytest.raises(Forbidden, match="may not apply"):
        desk.apply(bob, job.id, door="test")


def test_a_patch_for_what_has_changed_is_refused(open_one: OpenDesk, repository: Path) -> None:
    desk, job = improved(open_one, repository)
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    git(repository, *identity, "-c", "core.hooksPath=/dev/null", "commit", "-q", "-am", "changed")
    with pytest.raises(BadRequest, match="doesn't apply"):
        desk.apply(ANN, job.id, door="test")
    assert "ask-profiler/" not in git(repository, "branch", "--list", "--all")
