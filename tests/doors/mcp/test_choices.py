"""Where a choice must be made first: the user is asked, or the caller told how to choose; nothing starts before."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from mcp import Client, MCPError
from mcp_types import CallToolResult, ElicitResult, InputRequiredResult

from agent.access.caller import LOCAL_CALLER
from agent.doors.mcp.server import make_server
from tests.doors.mcp.conftest import PATCH
from tests.doors.mcp.scene import ANN, BOB, MODES, Arguments, Mode, Scene, User


@pytest.mark.parametrize("mode", MODES)
def test_the_user_chooses_target_and_workload_one_after_the_other(scene: Scene, mode: Mode) -> None:
    user = User(["prices", "large"])
    with scene.worker():
        found = scene.call("profile", question="Why is it slow?", mode=mode, user=user).data
    assert (found["state"], found["target"]) == ("done", "prices")
    job = scene.only_job()
    assert (job.question, job.request.bench) == ("Why is it slow?", "Large")
    assert not user.answers
    first, second = user.asked
    assert "the report of all orders" in first.message
    assert first.requested_schema["properties"]["choice"]["enum"] == ["orders", "prices"]  # type: ignore[union-attr]
    assert second.requested_schema["properties"]["choice"]["enum"] == ["small", "large"]  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", MODES)
def test_a_given_change_is_kept_while_the_user_chooses(scene: Scene, mode: Mode) -> None:
    user = User(["orders"])
    arguments: Arguments = {"patch": PATCH, "title": "from 1", "minimum_gain": 0.2, "wait_s": 0}
    scene.call("verify_change", mode=mode, user=user, **arguments)
    change = scene.only_job().request.change
    assert change is not None
    assert (change.title, change.patch, change.minimum_gain_ratio) == ("from 1", PATCH, 0.2)


@pytest.mark.parametrize("mode", MODES)
def test_a_user_who_declines_starts_nothing(scene: Scene, mode: Mode) -> None:
    found = scene.call("profile", mode=mode, user=User([None])).data
    assert found["state"] == "not started"
    assert "declined" in found["says"]
    found = scene.call("optimize", mode=mode, user=User(["prices", None])).data
    assert found["state"] == "not started"
    assert not scene.desk.records.jobs()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("tool", ["profile", "optimize"])
def test_a_client_that_can_not_ask_is_told_how_to_choose(scene: Scene, mode: Mode, tool: str) -> None:
    first = scene.call(tool, mode=mode).data
    assert first["state"] == "choice needed"
    assert first["choice"]["parameter"] == "target"
    values = [option["value"] for option in first["choice"]["options"]]
    assert values == ["orders", "prices"]
    second = scene.call(tool, mode=mode, target="prices").data
    assert second["choice"]["parameter"] == "workload"
    assert "`workload`" in second["says"]
    third = scene.call(tool, mode=mode, target="prices", workload="small", wait_s=0).data
    assert third["state"] == "queued"
    assert scene.only_job().request.command == ("./cmd/price",)


def test_only_targets_that_the_caller_may_reach_are_offered(scene: Scene) -> None:
    found = scene.call("profile", caller=BOB, wait_s=0).data
    assert (found["state"], found["target"]) == ("queued", "orders")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("said", ["elsewhere", "and what about the memory of the other one?", "", "no"])
def test_an_answer_that_is_none_of_the_options_starts_nothing(scene: Scene, mode: Mode, said: str) -> None:
    assert "none of the options" in scene.call("profile", mode=mode, user=User([said])).refusal
    assert not scene.desk.records.jobs()


async def answered(client: Client, arguments: Arguments, state: str | None) -> object:
    """The same call once more, with the answer `orders`."""
    return await client.session.call_tool(
        "profile",
        arguments,
        input_responses={"choice": ElicitResult(action="accept", content={"choice": "orders"})},
        request_state=state,
        allow_input_required=True,
    )


def test_an_answer_that_is_sent_twice_makes_one_job(scene: Scene) -> None:
    async def twice(client: Client) -> list[object]:
        arguments = {"question": "Why?", "wait_s": 0.0}
        asked = await client.session.call_tool("profile", arguments, allow_input_required=True)
        assert isinstance(asked, InputRequiredResult)
        return [await answered(client, arguments, asked.request_state) for _ in range(2)]

    first, second = scene.talk(twice, user=User([]))
    assert isinstance(first, CallToolResult)
    assert isinstance(second, CallToolResult)
    assert first.structured_content == second.structured_content
    assert scene.only_job().target == "orders"


@pytest.mark.parametrize("change", ["another question", "another caller", "a forged state"])
def test_a_question_can_not_be_answered_for_anything_else(scene: Scene, change: str) -> None:
    callers = [ANN]
    server = make_server(scene.desk, scene.desk.settings, lambda _: callers[-1])

    async def misused() -> None:
        async with Client(server, elicitation_callback=User([]).answer) as client:
            asked = await client.session.call_tool("profile", {"question": "Why?"}, allow_input_required=True)
            assert isinstance(asked, InputRequiredResult)
            question, state = "Why?", asked.request_state
            if change == "another question":
                question = "Why not?"
            elif change == "another caller":
                callers.append(replace(BOB, id="token:eve"))
            else:
                state = (state or "")[:-2] + "AA"
            with pytest.raises(MCPError, match="Invalid or expired requestState"):
                await answered(client, {"question": question}, state)

    asyncio.run(asyncio.wait_for(misused(), 20))
    assert not scene.desk.records.jobs()


def test_a_local_caller_is_asked_only_where_targets_are_named(scene: Scene) -> None:
    found = scene.call("profile", caller=LOCAL_CALLER).data
    assert found["state"] == "choice needed"
