"""Push notifications: what happens to a task is sent to the addresses that its caller gave, restarts or not.

An address is kept among the service's notes until its task has ended and that was said. A notification may come twice,
after a restart of the service; its `seq` tells.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx2
from a2a.compat.v0_3.conversions import to_compat_task
from a2a.utils.errors import A2AError, InvalidParamsError
from a2a.utils.proto_utils import to_stream_response
from google.protobuf.json_format import MessageToDict
from pydantic import TypeAdapter

from agent.access.caller import Caller
from agent.doors.a2a.following import Following, Update
from agent.doors.a2a.reception import Reception
from agent.doors.a2a.tasks import Tracked
from agent.doors.a2a.webhooks import Webhook, check_address
from agent.errors import AgentError, NotThere
from agent.jobs.records import Records
from agent.service_settings import Scope

LOG = logging.getLogger(__name__)
NOTE = "a2a:push:"
WEBHOOKS = 5
"""So many addresses a task may have."""
TIMEOUT_S, PAUSES_S = 10.0, (0.5, 3.0)
"""How long an address has to answer, and how long is waited before it is tried again."""
UNTOLD = frozenset({"progress", "queued"})
"""What isn't sent: whoever wants every step follows the stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A task's addresses, who gave them, and the last event that was sent."""

    task_id: str
    caller: str
    scopes: frozenset[Scope]
    webhooks: tuple[Webhook, ...]
    sent: int = 0

    def without(self, webhook_id: str) -> Subscription:
        """Without one of the addresses."""
        return replace(self, webhooks=tuple(w for w in self.webhooks if w.id != webhook_id))


_SUBSCRIPTION: TypeAdapter[Subscription] = TypeAdapter(Subscription)


class Notifications:
    """Sends what happens to tasks. `hosts` are those that may be sent to."""

    def __init__(self, reception: Reception, following: Following, hosts: Sequence[str]) -> None:
        self.hosts = hosts
        self._reception = reception
        self._following = following
        self._sending: dict[str, asyncio.Task[None]] = {}

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the service runs: go on with what an earlier one had begun; at the end, leave the rest to the next."""
        found = await asyncio.to_thread(self._records.notes, NOTE) if self.hosts else {}
        for text in found.values():
            self._begin(_SUBSCRIPTION.validate_json(text))
        try:
            yield
        finally:
            sending = list(self._sending.values())
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)

    async def add(self, caller: Caller, tracked: Tracked, webhook: Webhook) -> None:
        """Send to this address, too; one of the same id is replaced. Raises: InvalidParamsError."""
        webhook = replace(webhook, id=webhook.id or tracked.id)
        found = await self._kept(tracked.id) or Subscription(
            task_id=tracked.id, caller=caller.id, scopes=caller.scopes, webhooks=()
        )
        others = found.without(webhook.id)
        if len(others.webhooks) >= WEBHOOKS:
            raise InvalidParamsError(f"a task has at most {WEBHOOKS} push notifications: delete one first")
        await self._keep(replace(others, webhooks=(*others.webhooks, webhook)))
        await self.start(caller, tracked)

    async def of(self, tracked: Tracked) -> tuple[Webhook, ...]:
        """A task's addresses."""
        found = await self._kept(tracked.id)
        return found.webhooks if found else ()

    async def remove(self, tracked: Tracked, webhook_id: str) -> None:
        """Send nothing to this address any more."""
        found = await self._kept(tracked.id)
        if found is not None:
            await self._keep(found.without(webhook_id))

    async def start(self, caller: Caller, tracked: Tracked) -> None:
        """Begin to send for a task that has addresses and, by now, a job."""
        if self.hosts and tracked.job is not None and tracked.id not in self._sending:
            found = await self._kept(tracked.id)
            if found is not None:
                self._begin(found)

    @property
    def _records(self) -> Records:
        return self._reception.desk.records

    def _begin(self, subscription: Subscription) -> None:
        task_id = subscription.task_id
        if task_id in self._sending:
            return
        sending = asyncio.create_task(self._send_all(subscription), name=f"push notifications of {task_id}")
        self._sending[task_id] = sending
        sending.add_done_callback(lambda _: self._sending.pop(task_id, None))

    async def _send_all(self, subscription: Subscription) -> None:
        """Send a task's updates until its end."""
        caller = Caller(id=subscription.caller, scopes=subscription.scopes)
        try:
            tracked = await asyncio.to_thread(self._reception.find, caller, subscription.task_id)
            if tracked.waits_for_choice:
                return  # goes on when the choice has been made
            before = [e for e in await self._following.events(caller, tracked) if e.seq <= subscription.sent]
            async with httpx2.AsyncClient(trust_env=False, timeout=TIMEOUT_S) as client:
                async for update in self._following.updates(caller, tracked, before):
                    await self._send_update(client, caller, tracked, update)
        except NotThere:
            LOG.info("push notifications of task %s end: it isn't there any more", subscription.task_id)
        except AgentError as error:
            LOG.warning("push notifications of task %s stopped: %s", subscription.task_id, error)
            return
        await asyncio.to_thread(self._records.forget, NOTE + subscription.task_id)

    async def _send_update(
        self, client: httpx2.AsyncClient, caller: Caller, tracked: Tracked, update: Update
    ) -> None:
        """Send one update everywhere, unless it is one of those that aren't sent; remember that it was."""
        facts = MessageToDict(update.metadata)
        if not facts or facts["event"] in UNTOLD:
            return
        found = await self._kept(tracked.id)
        if found is None:
            return
        sent = [self._send(client, webhook, caller, tracked, update) for webhook in found.webhooks]
        await asyncio.gather(*sent)
        now = await self._kept(tracked.id)
        if now is not None:
            await self._keep(replace(now, sent=int(facts["seq"])))

    async def _send(
        self, client: httpx2.AsyncClient, webhook: Webhook, caller: Caller, tracked: Tracked, update: Update
    ) -> None:
        """Send one update to one address; tried again where that may help, then given up with a line in the log."""
        try:
            check_address(webhook.url, self.hosts)  # agent.yaml may have changed since
        except A2AError:
            LOG.warning("a push notification of task %s isn't sent: its host isn't allowed", tracked.id)
            return
        body = await self._body(webhook, caller, tracked, update)
        problem = ""
        for pause_s in (*PAUSES_S, None):
            try:
                answer = await client.post(
                    webhook.url, json=body, headers=webhook.headers, follow_redirects=False
                )
            except httpx2.HTTPError as error:
                problem = type(error).__name__
            else:
                problem = "" if answer.is_success else f"status {answer.status_code}"
                if answer.status_code < 500 and answer.status_code != 429:
                    break
            if pause_s is not None:
                await asyncio.sleep(pause_s)
        if problem:
            LOG.warning("a push notification of task %s to %s failed: %s", tracked.id, webhook.host, problem)

    async def _body(self, webhook: Webhook, caller: Caller, tracked: Tracked, update: Update) -> Any:
        """What is sent: the update, or in version 0.3 the whole task."""
        if not webhook.is_v03:
            return MessageToDict(to_stream_response(update))
        now = await asyncio.to_thread(self._reception.find, caller, tracked.id)
        task = await self._following.picture(caller, now, await self._following.events(caller, now))
        return to_compat_task(task).model_dump(mode="json", by_alias=True, exclude_none=True)

    async def _kept(self, task_id: str) -> Subscription | None:
        text = await asyncio.to_thread(self._records.noted, NOTE + task_id)
        return _SUBSCRIPTION.validate_json(text) if text is not None else None

    async def _keep(self, subscription: Subscription) -> None:
        text = _SUBSCRIPTION.dump_json(subscription).decode()
        await asyncio.to_thread(self._records.note, NOTE + subscription.task_id, text)
