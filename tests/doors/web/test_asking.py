"""Asking over plain HTTP: a job, its events as they come, choices, follow-up questions, repeats."""

from __future__ import annotations

import time

import pytest

from agent.access.caller import Caller
from agent.jobs.claims import Claim
from agent.jobs.job import Job, Message
from tests.doors.web.living import Service, events_of
from tests.jobs.scripted import ScriptedWorker


def test_a_question_becomes_a_job_that_can_be_looked_up(service: Service) -> None:
    job = service.ask("Why is the report slow?")
    assert (job["state"], job["target"], job["caller"]) == ("queued", "orders", "token:ada")
    assert job["started"] is None
    with service.client() as client:
        assert client.get(job["links"]["job"]).json() == job
        assert [found["id"] for found in client.get("/v1/jobs").json()["jobs"]] == [job["id"]]


def test_a_jobs_answer_shows_no_path_of_the_services_machine(service: Service) -> None:
    job = service.ask("Why is the report slow?")
    path = service.desk.settings.targets["orders"].path
    assert path not in str(job)


def test_asking_for_events_gives_the_job_and_then_what_happens_until_its_end(worked: Service) -> None:
    with worked.client() as client:
        sent = list(events_of(client, "POST", "/v1/ask", json={"question": "Why slow?", "target": "orders"}))
    assert [event.name for event in sent] == [
        "job", "queued", "started", "progress", "finding", "verdict", "ended",
    ]  # fmt: skip
    assert [event.number for event in sent] == ["", "1", "2", "3", "4", "5", "6"]
    assert sent[4].data["data"]["severity"] == "HIGH"
    assert sent[-1].data["data"]["outcome"] == "improved"


def test_a_broken_stream_is_taken_up_where_it_broke_off(worked: Service) -> None:
    job_id = worked.finished("Why slow?")
    with worked.client() as client:
        rest = list(events_of(client, "GET", f"/v1/jobs/{job_id}/events", headers={"Last-Event-ID": "4"}))
        assert [event.number for event in rest] == ["5", "6"]
        listed = client.get(f"/v1/jobs/{job_id}/events", params={"after": 4}).json()["events"]
        assert [event["seq"] for event in listed] == [5, 6]


def test_events_of_a_job_that_has_ended_end_at_once(worked: Service) -> None:
    job_id = worked.finished("Why slow?")
    with worked.client() as client:
        after_all = list(events_of(client, "GET", f"/v1/jobs/{job_id}/events"))
        assert after_all[-1].name == "ended"


def test_a_question_without_a_target_is_answered_with_a_choice_that_the_next_one_decides(
    service: Service,
) -> None:
    with service.client("bob") as client:
        answer = client.post("/v1/ask", json={"question": "Why is it slow?"})
        assert answer.status_code == 200
        asked = answer.json()
        assert [option["value"] for option in asked["choice"]["options"]] == ["orders", "secret"]
        chosen = client.post("/v1/ask", json={"question": "2", "conversation": asked["conversation"]})
        assert chosen.status_code == 202
        assert (chosen.json()["target"], chosen.json()["question"]) == ("secret", "Why is it slow?")


def test_a_choice_is_the_one_event_of_its_stream(service: Service) -> None:
    with service.client("bob") as client:
        sent = list(events_of(client, "POST", "/v1/ask", json={"question": "Why is it slow?"}))
    assert [event.name for event in sent] == ["choice"]
    assert sent[0].data["conversation"].startswith("http-")


def test_a_follow_up_in_the_same_conversation_is_about_the_run(worked: Service) -> None:
    first = worked.finished("Why slow?")
    with worked.client() as client:
        conversation = client.get(f"/v1/jobs/{first}").json()["conversation"]
        sent = list(
            events_of(
                client, "POST", "/v1/ask", json={"question": "And memory?", "conversation": conversation}
            )
        )
    assert (sent[0].data["kind"], sent[0].data["run_id"]) == ("follow-up", first)
    assert any(event.name == "answer" for event in sent)


def test_a_repeated_request_gives_the_job_that_is_there(service: Service) -> None:
    key = {"Idempotency-Key": "one"}
    body = {"question": "Why slow?", "target": "orders"}
    with service.client() as client:
        ids = {client.post("/v1/ask", json=body, headers=key).json()["id"] for _ in range(3)}
        assert len(ids) == 1
        assert client.post("/v1/ask", json=body).json()["id"] not in ids
    with service.client("bob") as client:
        assert client.post("/v1/ask", json=body, headers=key).json()["id"] not in ids


def test_asking_again_gives_a_new_job_with_more_time(worked: Service) -> None:
    job_id = worked.finished("Why slow?")
    with worked.client() as client:
        answer = client.post(f"/v1/jobs/{job_id}/again", json={"more": 3})
        assert answer.status_code == 202
        assert answer.headers["location"] == answer.json()["links"]["job"]
        assert client.post(f"/v1/jobs/{job_id}/again").status_code == 202
    again = worked.desk.records.job(answer.json()["id"])
    assert again.request.time_limit_s == 3 * worked.desk.settings.budgets.run_s


def test_a_follow_up_question_is_not_asked_again_by_itself(worked: Service) -> None:
    conversation = worked.desk.records.job(worked.finished("Why slow?")).conversation
    with worked.client() as client:
        follow_up = client.post(
            "/v1/ask", json={"question": "And memory?", "conversation": conversation}
        ).json()
        assert client.post(f"/v1/jobs/{follow_up['id']}/again").status_code == 409


def test_cancelling_a_job_that_waits_ends_it(service: Service) -> None:
    job = service.ask("Why slow?")
    with service.client() as client:
        assert client.post(f"/v1/jobs/{job['id']}/cancel").json()["state"] == "cancelled"
        assert client.post(f"/v1/jobs/{job['id']}/cancel").json()["state"] == "cancelled"


def test_what_is_done_with_another_doors_job_is_audited_as_this_doors(worked: Service) -> None:
    job = worked.desk.receive(
        Caller(id="token:ada", scopes=frozenset({"ask"})),
        Message(text="Why slow?", target="orders", door="a2a"),
    )
    assert isinstance(job, Job)
    with worked.client() as client:
        list(events_of(client, "GET", f"/v1/jobs/{job.id}/events"))
        assert client.post(f"/v1/jobs/{job.id}/cancel").json()["state"] == "done"
        assert client.post(f"/v1/jobs/{job.id}/apply").status_code == 409
        assert client.post(f"/v1/jobs/{job.id}/again").status_code == 202
    lines = [(line.door, line.action, line.outcome) for line in worked.desk.audit.lines(since=0)]
    assert lines == [
        ("a2a", "ask", "job"),
        ("http", "cancel", "ended already"),
        ("http", "apply", "refused"),
        ("http", "again", "job"),
    ]


def test_why_a_job_failed_is_told_by_what_the_service_can_set(service: Service) -> None:
    def script(claim: Claim) -> str:
        raise RuntimeError("the command has {size} but no sizes: give them with --sizes 100,1000")

    with ScriptedWorker(service.desk, scripts={"slow": script}), service.client() as client:
        job_id = service.finished("Why slow?")
        said = [
            client.get(f"/v1/jobs/{job_id}").json()["problem"],
            client.get(f"/v1/jobs/{job_id}/events").json()["events"][-1]["data"]["problem"],
            list(events_of(client, "GET", f"/v1/jobs/{job_id}/events"))[-1].data["text"],
            client.get(f"/v1/jobs/{job_id}/report").json()["detail"],
        ]
    for told in said:
        assert told.endswith("give them with `sizes` of the workload in agent.yaml (such as 100,1000)")


def test_an_answer_that_is_none_of_the_options_is_told_so(service: Service) -> None:
    with service.client("bob") as client:
        asked = client.post("/v1/ask", json={"question": "Why is it slow?"}).json()
        body = {"question": "banana", "conversation": asked["conversation"]}
        again = client.post("/v1/ask", json=body).json()["choice"]
    assert again["question"] == f"'banana' is none of the options. {asked['choice']['question']}"
    assert again["options"] == asked["choice"]["options"]


def test_targets_are_those_that_the_caller_may_name(service: Service) -> None:
    with service.client() as client:
        found = client.get("/v1/targets").json()["targets"]
    assert [target["name"] for target in found] == ["orders"]
    with service.client("bob") as client:
        assert [t["name"] for t in client.get("/v1/targets").json()["targets"]] == ["orders", "secret"]


def test_a_client_that_goes_away_leaves_no_stream_behind(service: Service) -> None:
    job = service.ask("Why slow?")
    with service.client() as client:
        next(iter(events_of(client, "GET", f"/v1/jobs/{job['id']}/events")))
    until = time.monotonic() + 5
    while service.app.state.streams.open and time.monotonic() < until:
        time.sleep(0.05)
    assert service.app.state.streams.open == 0


@pytest.mark.parametrize("accept", ["application/json", "*/*", "", "application/*;q=0.5, text/plain"])
def test_who_does_not_ask_for_a_stream_gets_json(service: Service, accept: str) -> None:
    with service.client(Accept=accept) as client:
        answer = client.post("/v1/ask", json={"question": "Why slow?", "target": "orders"})
    assert (answer.status_code, answer.headers["content-type"]) == (202, "application/json")
