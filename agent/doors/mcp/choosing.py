"""A job for a message; where a choice must be made first, the client's user is asked, if the client can ask.

From protocol 2026-07-28 on a call ends with the question, and is made again with the answer; the conversation at the
desk is the state in between, sealed and bound to caller and arguments by the SDK. Before, the question is a request of
ours within the call.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from mcp.server.elicitation import render_elicitation_schema
from mcp.server.mcpserver import AcceptedElicitation, Context
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from mcp_types.version import is_version_at_least
from pydantic import BaseModel, ConfigDict, Field, create_model

from agent.access.caller import Caller
from agent.doors.mcp.waiting import in_thread
from agent.errors import BadRequest
from agent.jobs.desk import Desk, Receipt
from agent.jobs.job import Choice, Job, Message

ANSWER = "choice"
ASKS_BY_RESULT = "2026-07-28"
"""The first protocol in which a question is a result of the call."""


class Asked(BaseModel):
    """What a call remembers while the user is asked: the conversation at the desk, and the answers there are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conversation: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """Nothing was started: the choice is to be made by a parameter, or the user declined to make it (None)."""

    choice: Choice | None


async def job_for(
    desk: Desk, caller: Caller, message: Message, context: Context
) -> Job | Undecided | InputRequiredResult:
    """The job for a message; or the question to ask the user, or the choice where nobody can be asked.

    Raises: Refused, BadRequest, StorageFailed.
    """
    state = context.request_state
    asked = None if state is None else Asked.model_validate_json(state)
    conversation = asked.conversation if asked is not None else f"mcp-{secrets.token_hex(12)}"
    message = replace(message, conversation=conversation, key=conversation)
    if asked is None:
        receipt = await in_thread(lambda: desk.receive(caller, message))
    else:
        said = _answer_in(context, asked.values)
        if said is None:
            return Undecided(choice=None)
        receipt = await _decided(desk, caller, message, said)
    while isinstance(receipt, Choice):
        if not can_ask(context):
            return Undecided(choice=receipt)
        if _asks_by_result(context):
            return _question(receipt, conversation)
        said = await _answer_to(context, receipt)
        if said is None:
            return Undecided(choice=None)
        receipt = await _decided(desk, caller, message, said)
    return receipt


async def _decided(desk: Desk, caller: Caller, message: Message, said: str) -> Receipt:
    """What comes of an answer. It has the message's key: an answer that is sent again gives the same job."""
    answer = Message(text=said, door=message.door, conversation=message.conversation, key=message.key)
    return await in_thread(lambda: desk.receive(caller, answer))


def can_ask(context: Context) -> bool:
    """Whether the client's user can be asked with a form."""
    capabilities = context.client_capabilities
    elicitation = capabilities.elicitation if capabilities is not None else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return False
    return _asks_by_result(context) or context.session.can_send_request


def _asks_by_result(context: Context) -> bool:
    version = context.protocol_version
    return version is not None and is_version_at_least(version, ASKS_BY_RESULT)


def _question(choice: Choice, conversation: str) -> InputRequiredResult:
    asked = Asked(conversation=conversation, values=_values(choice))
    params = ElicitRequestFormParams(
        message=_words(choice), requested_schema=render_elicitation_schema(_form(choice))
    )
    return InputRequiredResult(
        input_requests={ANSWER: ElicitRequest(params=params)}, request_state=asked.model_dump_json()
    )


def _answer_in(context: Context, values: tuple[str, ...]) -> str | None:
    """What the user chose, None when they declined. Raises: BadRequest without an answer."""
    answer = (context.input_responses or {}).get(ANSWER)
    if not isinstance(answer, ElicitResult):
        raise BadRequest("the call came again without an answer to what it asked: make it anew")
    return _one_of(values, (answer.content or {}).get(ANSWER)) if answer.action == "accept" else None


async def _answer_to(context: Context, choice: Choice) -> str | None:
    """What the user chose, asked within the call; None when they declined. Raises: BadRequest."""
    try:
        answer = await context.elicit(_words(choice), _form(choice))
    except ValueError as error:
        raise BadRequest(f"the answer can't be used ({error}): make the call anew") from error
    if not isinstance(answer, AcceptedElicitation):
        return None
    return _one_of(_values(choice), answer.data.model_dump().get(ANSWER))


def _one_of(values: tuple[str, ...], said: object) -> str:
    """The answer, if it is one. Raises: BadRequest: at the desk, other words would be another question."""
    if not isinstance(said, str) or said not in values:
        raise BadRequest(
            f"that is none of the options: make the call anew, and choose one of {', '.join(values)}"
        )
    return said


def _form(choice: Choice) -> type[BaseModel]:
    """A form with one field, whose values are the options."""
    about = Field(title=choice.what, json_schema_extra={"enum": list(_values(choice))})
    return create_model("Choice", choice=(str, about))


def _values(choice: Choice) -> tuple[str, ...]:
    return tuple(option.value for option in choice.options)


def _words(choice: Choice) -> str:
    options = (f"- {o.value}: {o.text}" if o.text else f"- {o.value}" for o in choice.options)
    return "\n".join((choice.question, *options))
