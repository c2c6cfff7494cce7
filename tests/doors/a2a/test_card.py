"""What anyone may know of the agent, and what only callers may."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import httpx
from a2a.types import GetExtendedAgentCardRequest

from agent.definition import Definition
from agent.doors.a2a.card import NAME_LENGTH, public_card
from agent.jobs.desk import Desk
from tests.doors.a2a.conftest import OpenDesk
from tests.doors.a2a.served import Served, serving

PATH = "/.well-known/agent-card.json"


def _card(served: Served) -> Any:
    with httpx.Client(base_url=served.url, trust_env=False) as http:
        answer = http.get(PATH)
        assert answer.status_code == 200
        again = http.get(PATH, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
        return answer.json()


def test_the_card_says_without_a_token_what_the_definition_says(served: Served) -> None:
    definition = served.desk.definition
    card = _card(served)
    assert (card["name"], card["version"]) == (definition.name, definition.version)
    assert card["description"] == definition.description
    assert [skill["examples"][0] for skill in card["skills"]] == [e.user for e in definition.examples]
    assert "Report generation takes 30 seconds for 1000 records" in card["skills"][0]["examples"]
    assert card["skills"][0]["description"] == definition.examples[0].commentary
    assert card["capabilities"] == {"streaming": True, "pushNotifications": False, "extendedAgentCard": True}


def test_the_card_declares_that_a_bearer_token_is_needed(served: Served) -> None:
    card = _card(served)
    assert card["securitySchemes"]["bearer"]["httpAuthSecurityScheme"]["scheme"] == "bearer"
    assert [list(r["schemes"]) for r in card["securityRequirements"]] == [["bearer"]]


def test_the_card_names_both_versions_of_the_protocol_and_the_rest_binding(served: Served) -> None:
    card = _card(served)
    found = [(i["protocolBinding"], i["protocolVersion"], i["url"]) for i in card["supportedInterfaces"]]
    assert found == [
        ("JSONRPC", "1.0", f"{served.url}/a2a"),
        ("HTTP+JSON", "1.0", f"{served.url}/a2a/v1"),
        ("JSONRPC", "0.3", f"{served.url}/a2a"),
    ]
    # What a client of version 0.3 reads.
    assert (card["url"], card["protocolVersion"]) == (f"{served.url}/a2a", "0.3")
    assert card["securitySchemes"]["bearer"]["type"] == "http"


def test_push_notifications_are_offered_only_where_a_host_is_allowed(open_one: OpenDesk) -> None:
    with serving(open_one(doors={"http": {"push_hosts": ["hooks.example.org"]}})) as served:
        assert _card(served)["capabilities"]["pushNotifications"] is True


def test_the_extended_card_names_the_targets_that_the_caller_may_name(two_targets: Desk) -> None:
    async def skills(served: Served, name: str) -> list[str]:
        async with served.client(name) as client:
            card = await client.get_extended_agent_card(GetExtendedAgentCardRequest())
            return [skill.id for skill in card.skills if skill.id.startswith("target:")]

    with serving(two_targets) as served:
        assert asyncio.run(skills(served, "ada")) == ["target:billing", "target:orders"]
        assert asyncio.run(skills(served, "eve")) == ["target:billing", "target:orders", "target:stock"]
        public = str(_card(served))
    assert "target:" not in public
    assert "secret" not in public


def _with(definition: Definition, **changes: object) -> Definition:
    return dataclasses.replace(definition, **changes)  # type: ignore[arg-type]


def test_a_definition_without_examples_and_version_makes_a_whole_card(desk: Desk) -> None:
    bare = _with(desk.definition, examples=(), version="", description="")
    card = public_card(bare, "http://x", pushes=False)
    assert (card.description, card.version) == (bare.name, "0")
    assert [skill.id for skill in card.skills] == ["profile"]


def test_the_name_of_a_skill_is_short_whatever_the_example_says(desk: Desk) -> None:
    example = dataclasses.replace(desk.definition.examples[0], context="very long " * 50 + "\ud800")
    card = public_card(_with(desk.definition, examples=(example,)), "http://x", pushes=False)
    assert len(card.skills[0].name) <= NAME_LENGTH + 2
    assert card.SerializeToString()
