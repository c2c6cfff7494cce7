"""A2A's methods over the desk. Nothing about a task is kept here: a restarted service answers as before."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from a2a.server.context import ServerCallContext
from a2a.server.events import Event as A2AEvent
from a2a.server.request_handlers import RequestHandler
from a2a.types import (
    AgentCard,
    CancelTaskRequest,
    DeleteTaskPushNotificationConfigRequest,
    GetExtendedAgentCardRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTaskPushNotificationConfigsResponse,
    ListTasksRequest,
    ListTasksResponse,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskPushNotificationConfig,
)
from a2a.utils.errors import (
    ContentTypeNotSupportedError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)
from a2a.utils.proto_utils import validate_proto_required_fields
from a2a.utils.task import apply_history_length, validate_history_length

from agent.access.caller import Caller
from agent.doors.a2a.callers import Leaving, caller_of, leaving_of, speaks_v03
from agent.doors.a2a.card import OUTPUT_MODES, extended_card
from agent.doors.a2a.following import Following
from agent.doors.a2a.incoming import Incoming, read_message
from agent.doors.a2a.listing import list_tasks
from agent.doors.a2a.notifications import Notifications
from agent.doors.a2a.reception import Reception
from agent.doors.a2a.refusals import refusals
from agent.doors.a2a.tasks import Tracked
from agent.doors.a2a.webhooks import webhook_of

CANCEL_S = 4.0
"""How long a cancelled task's end is waited for."""


@dataclass(slots=True, weakref_slot=True)
class Turn:
    """Held by the one message of a context that is being taken."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class DeskHandler(RequestHandler):
    """Answers A2A's calls."""

    def __init__(
        self,
        card: AgentCard,
        reception: Reception,
        following: Following,
        notifications: Notifications,
    ) -> None:
        self._card = card
        self._reception = reception
        self._following = following
        self._notifications = notifications
        self._turns: weakref.WeakValueDictionary[tuple[str, str], Turn] = weakref.WeakValueDictionary()

    async def on_message_send(self, params: SendMessageRequest, context: ServerCallContext) -> Task:
        """Take a message and wait for the task's end or its question, unless asked to return at once. When the service
        stops meanwhile, the answer is the task as it stands.
        """
        with refusals():
            caller = caller_of(context)
            tracked = await self._take(caller, params, context)
            if not params.configuration.return_immediately and not tracked.has_ended:
                await self._wait(caller, tracked, leaving_of(context))
                tracked = await self._find(caller, tracked.id)
            return apply_history_length(await self._picture(caller, tracked), params.configuration)

    async def on_message_send_stream(
        self, params: SendMessageRequest, context: ServerCallContext
    ) -> AsyncGenerator[A2AEvent, None]:
        """Take a message; the task at once, then what happens to it, until its end or its question."""
        with refusals():
            caller = caller_of(context)
            tracked = await self._take(caller, params, context)
            if tracked.job is None or tracked.has_ended:
                yield apply_history_length(await self._picture(caller, tracked), params.configuration)
                return
            # Without its events, which follow anyway: the first answer is there one look-up earlier.
            yield apply_history_length(
                await self._following.picture(caller, tracked, ()), params.configuration
            )
            async for update in self._following.updates(caller, tracked):
                yield update

    async def on_subscribe_to_task(
        self, params: SubscribeToTaskRequest, context: ServerCallContext
    ) -> AsyncGenerator[A2AEvent, None]:
        """The task as it stands, then what happens to it: after a broken connection, or a restart of the service."""
        with refusals():
            validate_proto_required_fields(params)
            caller = caller_of(context)
            tracked = await self._find(caller, params.id)
            if tracked.has_ended:
                raise UnsupportedOperationError(f"task {params.id} has ended: get it instead")
            events = await self._following.events(caller, tracked)
            yield await self._following.picture(caller, tracked, events)
            async for update in self._following.updates(caller, tracked, events):
                yield update

    async def on_get_task(self, params: GetTaskRequest, context: ServerCallContext) -> Task:
        """The task as it stands."""
        with refusals():
            validate_proto_required_fields(params)
            validate_history_length(params)
            caller = caller_of(context)
            tracked = await self._find(caller, params.id)
            return apply_history_length(await self._picture(caller, tracked), params)

    async def on_list_tasks(self, params: ListTasksRequest, context: ServerCallContext) -> ListTasksResponse:
        """A page of the caller's tasks."""
        with refusals():
            validate_history_length(params)
            caller = caller_of(context)
            tracked = await asyncio.to_thread(self._reception.all, caller)
            return await list_tasks(self._following, caller, tracked, params)

    async def on_cancel_task(self, params: CancelTaskRequest, context: ServerCallContext) -> Task:
        """Cancel the task and wait a little for its end."""
        with refusals():
            validate_proto_required_fields(params)
            caller = caller_of(context)
            if (await self._find(caller, params.id)).has_ended:
                raise TaskNotCancelableError(f"task {params.id} has ended already")
            tracked = await asyncio.to_thread(self._reception.cancel, caller, params.id)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CANCEL_S):
                    await self._following.until_end(caller, tracked)
            return await self._picture(caller, await self._find(caller, params.id))

    async def on_create_task_push_notification_config(
        self, params: TaskPushNotificationConfig, context: ServerCallContext
    ) -> TaskPushNotificationConfig:
        """Send what happens to a task to an address of the caller's."""
        with refusals():
            webhook = webhook_of(params, self._notifications.hosts, is_v03=speaks_v03(context))
            caller = caller_of(context)
            tracked = await self._find(caller, params.task_id)
            await self._notifications.add(caller, tracked, webhook)
            return webhook.as_config(tracked.id)

    async def on_get_task_push_notification_config(
        self, params: GetTaskPushNotificationConfigRequest, context: ServerCallContext
    ) -> TaskPushNotificationConfig:
        """One of a task's addresses."""
        with refusals():
            tracked = await self._find(caller_of(context), params.task_id)
            found = await self._notifications.of(tracked)
            wanted = [w for w in found if w.id == (params.id or tracked.id)]
            if not wanted:
                raise TaskNotFoundError(f"task {tracked.id} has no push notification of this id")
            return wanted[0].as_config(tracked.id)

    async def on_list_task_push_notification_configs(
        self, params: ListTaskPushNotificationConfigsRequest, context: ServerCallContext
    ) -> ListTaskPushNotificationConfigsResponse:
        """All of a task's addresses."""
        with refusals():
            tracked = await self._find(caller_of(context), params.task_id)
            found = await self._notifications.of(tracked)
            return ListTaskPushNotificationConfigsResponse(configs=[w.as_config(tracked.id) for w in found])

    async def on_delete_task_push_notification_config(
        self, params: DeleteTaskPushNotificationConfigRequest, context: ServerCallContext
    ) -> None:
        """Send nothing there any more."""
        with refusals():
            tracked = await self._find(caller_of(context), params.task_id)
            await self._notifications.remove(tracked, params.id or tracked.id)

    async def on_get_extended_agent_card(
        self, params: GetExtendedAgentCardRequest, context: ServerCallContext
    ) -> AgentCard:
        """The card with the targets that the caller may name."""
        with refusals():
            targets = await asyncio.to_thread(self._reception.desk.targets, caller_of(context))
            return extended_card(self._card, targets)

    async def _take(self, caller: Caller, params: SendMessageRequest, context: ServerCallContext) -> Tracked:
        """The task that a message comes to."""
        validate_proto_required_fields(params)
        validate_history_length(params.configuration)
        _check_output_modes(list(params.configuration.accepted_output_modes))
        incoming = read_message(params.message, caller)
        webhook = None
        if params.configuration.HasField("task_push_notification_config"):
            config = params.configuration.task_push_notification_config
            webhook = webhook_of(config, self._notifications.hosts, is_v03=speaks_v03(context))
        tracked = await self._in_turn(caller, incoming)
        if webhook is not None:
            await self._notifications.add(caller, tracked, webhook)
        elif tracked.undecided is not None:
            await self._notifications.start(caller, tracked)
        return tracked

    async def _in_turn(self, caller: Caller, incoming: Incoming) -> Tracked:
        """Take a message when those before it in its context have been taken."""
        context = incoming.context
        if incoming.task_id:
            context = (await self._find(caller, incoming.task_id)).context
        turn = self._turns.setdefault((caller.id, context), Turn())
        async with turn.lock:
            return await asyncio.to_thread(self._reception.take, caller, incoming)

    async def _wait(self, caller: Caller, tracked: Tracked, leaving: Leaving) -> None:
        """Until the task has ended, or nobody waits for that any more."""
        ended = asyncio.ensure_future(self._following.until_end(caller, tracked))
        left = asyncio.ensure_future(leaving.wait())
        try:
            await asyncio.wait({ended, left}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                await ended
        finally:
            ended.cancel()
            left.cancel()

    async def _find(self, caller: Caller, task_id: str) -> Tracked:
        return await asyncio.to_thread(self._reception.find, caller, task_id)

    async def _picture(self, caller: Caller, tracked: Tracked) -> Task:
        events = await self._following.events(caller, tracked)
        return await self._following.picture(caller, tracked, events)


def _check_output_modes(modes: list[str]) -> None:
    """Raises: ContentTypeNotSupportedError for a client that can read nothing of what there is."""
    known = {mode.lower() for mode in OUTPUT_MODES}
    kinds = {"*/*", "text", "text/*", "image/*", "application/*", "file", "data"}
    if modes and not any(mode.partition(";")[0].strip().lower() in known | kinds for mode in modes):
        raise ContentTypeNotSupportedError(f"answers come as {', '.join(OUTPUT_MODES)}: accept one of these")
