"""The scripted API: HTTP on a port of its own, as long as its `with` lasts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from evals.messages_api.accounting import Cache, Count
from evals.messages_api.checking import problem
from evals.messages_api.connection import Listener
from evals.messages_api.script import Fails, Json, Step, too_long

KEY = "a-key-of-the-scripted-api"
MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5")
SHOWN_AT_ONCE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A model as `/v1/models` has it; `retires_on` is a day such as 2027-01-31, "" for none."""

    id: str
    lifecycle: str = "active"
    retires_on: str = ""

    def as_json(self) -> dict[str, object]:
        """The entry of the list."""
        return {
            "type": "model",
            "id": self.id,
            "display_name": self.id,
            "created_at": "2026-01-01T00:00:00Z",
            "lifecycle": self.lifecycle,
            "retires_at": f"{self.retires_on}T00:00:00Z" if self.retires_on else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request for a reply; header names in lower case. `count` is None where it was refused."""

    body: Json
    headers: Mapping[str, str]
    count: Count | None
    refused: str = ""


@dataclass(slots=True)
class ScriptedApi:
    """Answers one step of the script a request, or what a function makes of the request's body.

    `models` are offered; None: there is no list, as at some gateways, and any name is taken. Requests of more than
    `context_tokens` are refused as too long. What the function raises is raised again at the end of the `with`.
    """

    script: Iterable[Step] | Callable[[Json], Step]
    models: Sequence[str | Listed] | None = MODELS
    context_tokens: int = 200_000
    seen: list[Seen] = field(default_factory=list, init=False)
    _cache: Cache = field(default_factory=Cache, init=False)
    _queue: list[Step] = field(default_factory=list, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _wrong: list[Exception] = field(default_factory=list, init=False)
    _listener: Listener | None = field(default=None, init=False)

    def __enter__(self) -> ScriptedApi:
        self._queue = [] if callable(self.script) else list(self.script)
        self._listener = Listener(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if self._wrong and error is None:
            raise self._wrong[0]

    @property
    def url(self) -> str:
        """Its address."""
        if self._listener is None:
            raise RuntimeError("the scripted API answers only within its `with`")
        return self._listener.url

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point a program at it."""
        return {"ANTHROPIC_BASE_URL": self.url, "ANTHROPIC_API_KEY": KEY}

    @property
    def bodies(self) -> list[Json]:
        """The bodies of the requests for a reply, in the order in which they came."""
        return [seen.body for seen in self.seen]

    @property
    def left(self) -> int:
        """How many steps of the script weren't asked for."""
        return len(self._queue)

    def step(self, body: object, headers: Mapping[str, str]) -> tuple[Step, int, Count | None]:
        """What to answer to a request, its number, and its tokens where it is answered."""
        with self._lock:
            found = self._refusal(body, headers)
            known = body if isinstance(body, dict) else {}
            step = found if found is not None else self._scripted(known)
            count = None if isinstance(step, Fails) else self._cache.count(known)
            refused = found.message if found is not None else ""
            self.seen.append(Seen(body=known, headers=dict(headers), count=count, refused=refused))
            return step, len(self.seen), count

    def counted(self, body: object) -> dict[str, object] | Fails:
        """The answer of `/v1/messages/count_tokens`."""
        wrong = problem({"max_tokens": 1, **body} if isinstance(body, dict) else body)
        if wrong or not isinstance(body, dict):
            return Fails(400, "invalid_request_error", wrong)
        return {"input_tokens": Cache().count(body).sent_tokens}

    def listed(self, target: str) -> dict[str, object] | Fails:
        """The answer of `/v1/models` and `/v1/models/ID`."""
        parts = urlsplit(target)
        name = parts.path.removeprefix("/v1/models").strip("/")
        if self.models is None:
            return Fails(404, "not_found_error", "Not found")
        models = self._models()
        if name:
            return (
                models[name].as_json() if name in models else Fails(404, "not_found_error", f"model: {name}")
            )
        asked = parse_qs(parts.query)
        names = list(models)
        after = asked.get("after_id", [""])[0]
        start = names.index(after) + 1 if after in names else 0
        page = names[start : start + int(asked.get("limit", [str(SHOWN_AT_ONCE)])[0])]
        return {
            "data": [models[one].as_json() for one in page],
            "has_more": start + len(page) < len(names),
            "first_id": page[0] if page else None,
            "last_id": page[-1] if page else None,
        }

    def _models(self) -> dict[str, Listed]:
        entries = [one if isinstance(one, Listed) else Listed(id=one) for one in self.models or ()]
        return {one.id: one for one in entries}

    def _refusal(self, body: object, headers: Mapping[str, str]) -> Fails | None:
        """What the API would refuse by itself."""
        if not headers.get("authorization", "").startswith("Bearer ") and not headers.get("x-api-key"):
            return Fails(401, "authentication_error", "x-api-key header is required")
        if not headers.get("anthropic-version"):
            return Fails(400, "invalid_request_error", "anthropic-version: header is required")
        wrong = problem(body)
        if wrong or not isinstance(body, dict):
            return Fails(400, "invalid_request_error", wrong)
        model = self._models().get(str(body["model"]))
        if self.models is not None and (model is None or model.lifecycle == "retired"):
            return Fails(404, "not_found_error", f"model: {body['model']}")
        sent = Cache().count(body).sent_tokens
        return too_long(sent, self.context_tokens) if sent > self.context_tokens else None

    def _scripted(self, body: Json) -> Step:
        if callable(self.script):
            try:
                return self.script(body)
            except Exception as error:
                self._wrong.append(error)
                return Fails(500, "api_error", f"the script failed: {error!r}", {"x-should-retry": "false"})
        if self._queue:
            return self._queue.pop(0)
        return Fails(500, "api_error", "the script has no more steps", {"x-should-retry": "false"})
