"""The agent card, made from the agent definition; the extended one tells a caller which targets there are, too."""

from __future__ import annotations

from collections.abc import Mapping

from a2a.types import (
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    AgentSkill,
    HTTPAuthSecurityScheme,
    SecurityRequirement,
    SecurityScheme,
    StringList,
)

from agent.definition import Definition, Example
from agent.doors.a2a.incoming import INPUT_MODES
from agent.doors.a2a.parts import JSON, MARKDOWN, PLAIN, whole

RPC, REST = "/a2a", "/a2a/v1"
OUTPUT_MODES = (MARKDOWN, PLAIN, JSON, "text/x-diff", "image/svg+xml")
TAGS = ("performance", "profiling", "optimization", "go", "python")
SCHEME = "bearer"
NAME_LENGTH = 80


def public_card(definition: Definition, public_url: str, *, pushes: bool) -> AgentCard:
    """What anyone may know. `pushes` says whether push notifications can be asked for."""
    return AgentCard(
        name=whole(definition.name),
        description=whole(definition.description or definition.name),
        version=whole(definition.version or "0"),
        supported_interfaces=[
            AgentInterface(url=public_url + path, protocol_binding=binding, protocol_version=version)
            for path, binding, version in (
                (RPC, "JSONRPC", "1.0"),
                (REST, "HTTP+JSON", "1.0"),
                (RPC, "JSONRPC", "0.3"),
            )
        ],
        capabilities=AgentCapabilities(streaming=True, push_notifications=pushes, extended_agent_card=True),
        security_schemes={
            SCHEME: SecurityScheme(
                http_auth_security_scheme=HTTPAuthSecurityScheme(
                    scheme="bearer", description="a token of this service, or of its identity provider"
                )
            )
        },
        security_requirements=[SecurityRequirement(schemes={SCHEME: StringList()})],
        default_input_modes=INPUT_MODES,
        default_output_modes=OUTPUT_MODES,
        skills=[_skill(number, example) for number, example in enumerate(definition.examples, 1)]
        or [_whole_skill(definition)],
    )


def extended_card(card: AgentCard, targets: Mapping[str, str]) -> AgentCard:
    """The card for a caller who may name these targets: each is a skill."""
    extended = AgentCard()
    extended.CopyFrom(card)
    for name, description in sorted(targets.items()):
        extended.skills.append(
            AgentSkill(
                id=f"target:{name}",
                name=f"Examine {name}",
                description=whole(description or f"find out why {name} is slow or big"),
                tags=["target"],
                examples=[f"Why is {name} slow?"],
            )
        )
    return extended


def _skill(number: int, example: Example) -> AgentSkill:
    """One example of the definition as a skill: the situation, why the agent is the right one, what is said."""
    name = example.context or example.user or f"Example {number}"
    return AgentSkill(
        id=f"example-{number}",
        name=whole(_short(name)),
        description=whole(example.commentary or example.assistant or name),
        tags=TAGS,
        examples=[whole(example.user)] if example.user else [],
    )


def _whole_skill(definition: Definition) -> AgentSkill:
    """The one skill of a definition without examples."""
    description = definition.description or definition.name
    return AgentSkill(id="profile", name="Profile a program", description=whole(description), tags=TAGS)


def _short(text: str) -> str:
    """A name from a sentence: on one line, cut at a word, without its full stop."""
    line = " ".join(text.split())
    if len(line) > NAME_LENGTH:
        line = line[:NAME_LENGTH].rpartition(" ")[0] or line[:NAME_LENGTH]
        return line.rstrip(",;:") + " …"
    return line.rstrip(".")
