"""Claude, or whatever speaks the Messages API at an address: the only importer of the `anthropic` SDK.

The SDK takes a second to import, so it is imported where it is used, in the thread that asks.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agent.analysts.messages.access import Access, has_key
from agent.analysts.messages.arriving import CONTEXT_FULL, Arriving, NotAStream
from agent.analysts.messages.background import Line, Waiting
from agent.analysts.messages.connection import cause_of, hang_up, json_of
from agent.analysts.messages.failures import NO_API, Asked, Refused, refused_by
from agent.analysts.messages.request import body
from agent.analysts.messages.tries import Broken, Tries
from agent.analysts.model import ContextTooLong, ModelCall, ModelReply
from agent.errors import ModelFailed
from agent.telemetry.tracing import span

if TYPE_CHECKING:
    import anthropic
    from anthropic.types import RawMessageStreamEvent

__all__ = ["Claude", "has_key"]

CONNECT_S = 10.0
LIST_S = 30.0
MOST_MODELS = 1000
NOT_LISTED = (400, 403, 404, 405, 501)
"""What gateways answer that offer no list of models, or not to this key."""


@dataclass(slots=True, kw_only=True)
class Claude:
    """Asks over the network, as a stream. Safe to use from several threads.

    `timeout_s` bounds a whole request with its `retries` further tries, `idle_s` the silence within it. `backoff_s` is
    the first pause before a try of ours; the SDK's own pauses are what the API asks for, or as long.
    """

    environment: Mapping[str, str] = field(repr=False)  # holds the key
    base_url: str | None
    timeout_s: float
    idle_s: float
    retries: int
    is_cancelled: Callable[[], bool]
    effort: str | None = None
    backoff_s: float = 0.5
    _client: anthropic.Anthropic | None = field(default=None, init=False, repr=False)
    _retiring: dict[str, str] = field(default_factory=dict, init=False)
    _told: set[str] = field(default_factory=set, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def offered(self) -> tuple[str, ...]:
        """Names of the models that can be asked, newest first; empty where the address doesn't tell.

        Raises: ModelFailed, Cancelled.
        """
        access = Access.of(self.environment, self.base_url)
        asked = access.asked("the list of models")
        limit_s = min(self.timeout_s, LIST_S)

        def work(line: Line[tuple[str, ...]]) -> None:
            line.done(self._listed(access, asked, self.retries))

        return Waiting(
            timeout_s=limit_s,
            is_cancelled=self.is_cancelled,
            on_progress=lambda _: None,
            on_timeout=lambda: asked.late(limit_s, ""),
        ).result(work)

    def ask(self, call: ModelCall, on_progress: Callable[[str], None]) -> ModelReply:
        """The reply to a request. `on_progress` is told what is arriving, a few times a second at most.

        Raises: ContextTooLong, ModelUnknown, ModelFailed, Cancelled.
        """
        access = Access.of(self.environment, self.base_url)
        asked = access.asked(call.model)
        started_s = time.monotonic()
        troubles: list[str] = []

        def work(line: Line[ModelReply]) -> None:
            client = self._connected(access)
            self._warn(call.model, line)
            tries = Tries(
                asked=asked, retries=self.retries, backoff_s=self.backoff_s, note=line.note, troubles=troubles
            )
            _Request(
                client=client,
                body=body(call, self.effort),
                asked=asked,
                offered=lambda: self._names(access, asked),
                line=line,
                tries=tries,
                idle_s=self.idle_s,
                started_s=started_s,
            ).run()

        with span("model call", step=call.step, **{"gen_ai.request.model": call.model}) as traced:
            reply = Waiting(
                timeout_s=self.timeout_s,
                is_cancelled=self.is_cancelled,
                on_progress=on_progress,
                on_timeout=lambda: asked.late(self.timeout_s, troubles[-1] if troubles else ""),
            ).result(work)
            traced.note(**{"gen_ai.usage.input_tokens": reply.usage.sent_tokens})
            traced.note(**{"gen_ai.usage.output_tokens": reply.usage.output_tokens})
        return reply

    def close(self) -> None:
        """Let go of the connections that are kept open for the next request."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _connected(self, access: Access) -> anthropic.Anthropic:
        """The client, made when it is first needed: it reads certificates, which takes a while."""
        import anthropic
        import httpx2

        with self._lock:
            if self._client is None:
                is_token = access.name.endswith("TOKEN")
                self._client = anthropic.Anthropic(
                    api_key=None if is_token else access.key,
                    auth_token=access.key if is_token else None,
                    base_url=access.address,
                    timeout=httpx2.Timeout(self.idle_s, connect=min(CONNECT_S, self.idle_s)),
                )
            return self._client

    def _warn(self, model: str, line: Line[ModelReply]) -> None:
        """Say once when a model is about to go, by the API's own word, else the SDK's."""
        from anthropic.resources.messages import DEPRECATED_MODELS

        day = self._retiring.get(model) or DEPRECATED_MODELS.get(model)
        if day and model not in self._told:
            self._told.add(model)
            line.note(f"{model} retires on {day}: name another in agent.yaml (model.replacements)")

    def _names(self, access: Access, asked: Asked) -> tuple[str, ...]:
        """What is offered, for a message; empty where that can't be found out."""
        try:
            return self._listed(access, asked, 0)
        except ModelFailed:
            return ()

    def _listed(self, access: Access, asked: Asked, retries: int) -> tuple[str, ...]:
        import anthropic
        import httpx2

        client = self._connected(access).with_options(max_retries=retries)
        names: dict[str, None] = {}
        try:
            answer = client.models.with_raw_response.list(limit=MOST_MODELS)
            if "json" not in answer.headers.get("content-type", ""):
                return ()
            for model in itertools.islice(answer.parse(), MOST_MODELS):
                name = getattr(model, "id", None)
                if not isinstance(name, str) or name in names:
                    break  # a list of something else, or one that begins again
                names[name] = None
                if getattr(model, "retires_at", None) is not None:
                    self._retiring[name] = str(model.retires_at)[:10]
                if getattr(model, "lifecycle", "") == "retired":
                    del names[name]
        except anthropic.APIStatusError as error:
            if error.status_code in NOT_LISTED:
                return ()
            raise asked.refused(_refused(error), retries + 1, tuple) from error
        except anthropic.APIConnectionError as error:
            raise _not_reached(error, asked, self.idle_s, retries + 1) from error
        except httpx2.HTTPError as error:
            raise asked.unreachable(cause_of(error), retries + 1) from error
        except (anthropic.APIError, ValueError):
            return ()  # an answer of another kind
        return tuple(names)


@dataclass(slots=True, kw_only=True)
class _Request:
    """One request, tried until its reply has come whole or no try is left."""

    client: anthropic.Anthropic
    body: dict[str, object]
    asked: Asked
    offered: Callable[[], tuple[str, ...]]
    line: Line[ModelReply]
    tries: Tries
    idle_s: float
    started_s: float

    def run(self) -> None:
        """Hand over the reply. Raises: ModelFailed, Left."""
        while True:
            try:
                return self._try()
            except Broken as broken:
                self.line.wait(self.tries.pause_s(broken))

    def _try(self) -> None:
        stream = self._begun()
        self.line.on_leaving(lambda: hang_up(stream.response))
        arriving = Arriving()
        self._read(stream, arriving)
        if arriving.stop == CONTEXT_FULL:
            raise ContextTooLong(f"the conversation filled the context of {self.asked.model}: ask about less")
        self.line.done(arriving.reply(asked=self.asked.model, duration_s=time.monotonic() - self.started_s))
        with suppress(Exception):  # nothing more is of use, but a connection that is read to its end is kept
            for _ in stream:
                pass

    def _begun(self) -> anthropic.Stream[RawMessageStreamEvent]:
        """The stream of a reply, asked for as often as the SDK sees fit. Raises: ModelFailed, Left."""
        import anthropic
        import httpx2
        from anthropic.types import Message, RawMessageStreamEvent

        client = self.client.with_options(max_retries=self.tries.left - 1, middleware=[self._watch])
        kind = anthropic.Stream[RawMessageStreamEvent]
        try:
            # Not messages.create: for models that are to retire it would warn through a filter that all threads share.
            stream = client.post(
                "/v1/messages", cast_to=Message, body=self.body, stream=True, stream_cls=kind
            )
        except anthropic.APIStatusError as error:
            raise self.asked.refused(_refused(error), self.tries.made, self.offered) from error
        except anthropic.APIConnectionError as error:
            raise _not_reached(error, self.asked, self.idle_s, self.tries.made) from error
        except httpx2.HTTPError as error:  # in the middle of an answer with an error
            raise self.tries.cut(cause_of(error)) from error
        form = stream.response.headers.get("content-type", "")
        if "text/event-stream" not in form:
            stream.close()
            refused = Refused(status=200, kind=NO_API, words=form or "no content type")
            raise self.asked.refused(refused, self.tries.made, self.offered)
        return stream

    def _read(self, stream: anthropic.Stream[RawMessageStreamEvent], arriving: Arriving) -> None:
        """Take all events of a reply. Raises: ModelFailed, Broken."""
        import anthropic
        import httpx2

        try:
            for event in stream:
                if word := arriving.take(event.to_dict()):
                    self.line.word(word)
                if arriving.is_complete:
                    return
        except anthropic.APIStatusError as error:
            refused = _refused(error)
            failure = self.asked.refused(refused, self.tries.made, self.offered)
            if not refused.may_pass:
                raise failure from error
            raise Broken(self.asked.hidden(str(refused)), failure) from error
        except httpx2.TimeoutException as error:
            words = f"nothing arrived for {self.idle_s:g} s"
            raise Broken(words, self.asked.silent(self.idle_s, self.tries.made)) from error
        except (httpx2.HTTPError, httpx2.StreamError, anthropic.APIError, NotAStream, ValueError) as error:
            raise self.tries.cut(cause_of(error)) from error
        raise self.tries.cut("the connection was closed in the middle")

    def _watch(
        self, request: anthropic.APIRequest, call_next: anthropic.CallNext
    ) -> anthropic.APIResponse[Any]:
        """One try of the SDK's: counted, and told where it failed for now. Raises: Left, ModelFailed."""
        import anthropic

        self.line.check()
        self.tries.made += 1
        try:
            answer = call_next(request)
        except anthropic.APIConnectionError as error:
            self.tries.failed(cause_of(error))
            raise
        if answer.status_code >= 400 and answer.headers.get("x-should-retry") != "false":
            found = answer.http_response
            found.read()
            refused = refused_by(found.status_code, found.headers, json_of(found))
            if refused.may_pass:
                self.tries.turned_away(refused, self.line.left_s)
        return answer


def _refused(error: anthropic.APIStatusError) -> Refused:
    return refused_by(error.status_code, error.response.headers, error.body)


def _not_reached(error: anthropic.APIConnectionError, asked: Asked, idle_s: float, tries: int) -> ModelFailed:
    import anthropic
    import httpx2

    if isinstance(error, anthropic.APITimeoutError) and not isinstance(
        error.__cause__, httpx2.ConnectTimeout
    ):
        return asked.silent(idle_s, tries)
    return asked.unreachable(cause_of(error), tries)
