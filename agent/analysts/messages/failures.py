"""What a failure of the Messages API means: what happened, to what, and who can do something about it.

Source: platform.claude.com, "Errors".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agent.analysts.model import ContextTooLong, ModelUnknown
from agent.errors import ModelFailed

NO_API = "not_the_api"
"""The kind of an answer that isn't in the form of the Messages API, such as a proxy's page."""
SHOWN_MODELS = 10
LONGEST_WORDS = 300
HIDDEN = "[key]"
_STATUS_OF = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
TOO_LONG = (
    "prompt is too long",
    "exceed context limit",
    "context window",
    "context length",
    "too many tokens",
)
NO_CREDIT = ("credit balance", "spend limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An answer that is no reply. `status` is HTTP's, 200 for an error inside a stream; `kind` is the API's word for
    it, NO_API where it has none; `retry_after_s` is None where the API doesn't say when to ask again.
    """

    status: int
    kind: str
    words: str = ""
    retry_after_s: float | None = None
    request_id: str = ""

    @property
    def meaning(self) -> int:
        """The status that the kind stands for, where the API gave one inside a stream."""
        return _STATUS_OF.get(self.kind, 500) if self.status < 400 else self.status

    @property
    def may_pass(self) -> bool:
        """Whether the same request may be answered a little later."""
        return self.meaning in (408, 409, 429) or self.meaning >= 500

    def __str__(self) -> str:
        shown = str(self.status) if self.kind in ("", NO_API) else f"{self.meaning} {self.kind}"
        return f"{shown}: {self.words}" if self.words else shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who was asked: `key` names the variable that holds the key, `secrets` are never shown."""

    model: str
    address: str
    key: str
    secrets: tuple[str, ...] = ()

    def hidden(self, text: str) -> str:
        """Text on one line, not too long, without keys."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        line = " ".join(text.split())
        return line if len(line) <= LONGEST_WORDS else line[: LONGEST_WORDS - 1] + "…"

    def refused(self, refused: Refused, tries: int, offered: Callable[[], tuple[str, ...]]) -> ModelFailed:
        """The failure that an answer means after so many tries; `offered` is asked where the model isn't known."""
        what = self.hidden(str(refused))
        told = refused.words.lower()
        if refused.meaning == 413 or (refused.meaning == 400 and any(words in told for words in TOO_LONG)):
            return ContextTooLong(
                f"the request is too long for {self.model} ({what}): ask about less, or name a model with a larger "
                "context by model.default of agent.yaml"
            )
        if refused.kind == NO_API:
            return ModelFailed(
                f"what answers at {self.address} is not the Messages API ({what}): check model.base_url of agent.yaml, "
                f"or ANTHROPIC_BASE_URL; {_tries(tries)}"
            )
        if refused.meaning == 404:
            return self._unknown(what, offered())
        if refused.meaning == 402 or (refused.meaning == 400 and any(words in told for words in NO_CREDIT)):
            return ModelFailed(
                f"the account of the key can't pay for {self.model} ({what}): add credit or raise its limit, or take "
                "--analyst playbook, which needs none"
            )
        if refused.may_pass:
            return ModelFailed(self._for_now(refused, what, tries))
        return ModelFailed(self._for_good(refused, what))

    def _unknown(self, what: str, offered: tuple[str, ...]) -> ModelUnknown:
        shown = ", ".join(offered[:SHOWN_MODELS])
        more = f" and {len(offered) - SHOWN_MODELS} more" if len(offered) > SHOWN_MODELS else ""
        return ModelUnknown(
            f"the API at {self.address} has no model {self.model} ({what}): "
            + (f"it offers {shown}{more}. " if shown else "")
            + "Name another by model.default of agent.yaml, or in model.replacements in place of "
            f"{self.model}"
        )

    def _for_now(self, refused: Refused, what: str, tries: int) -> str:
        if refused.meaning == 429:
            when = (
                "" if refused.retry_after_s is None else f", to be asked again in {refused.retry_after_s:g} s"
            )
            return (
                f"the key's rate limit for {self.model} is reached ({what}{when}), {_tries(tries)}: wait, name "
                "another model by model.default of agent.yaml, or have the limit raised"
            )
        state = "is overloaded" if refused.meaning == 529 else "failed"
        request = f", request {refused.request_id}" if refused.request_id else ""
        return (
            f"the API at {self.address} {state} ({what}{request}), {_tries(tries)}: ask again later, or raise "
            "model.retries of agent.yaml"
        )

    def _for_good(self, refused: Refused, what: str) -> str:
        if refused.meaning == 401:  # without the API's words: some gateways repeat a part of the key
            return (
                f"the API at {self.address} refused the key (401): check {self.key}; the key may have expired, been "
                "revoked, or be for another address (model.base_url of agent.yaml, or ANTHROPIC_BASE_URL)"
            )
        if refused.meaning == 403:
            return (
                f"the key isn't allowed to ask {self.model} ({what}): give {self.key} a key that is, or name another "
                "model by model.default of agent.yaml"
            )
        request = f", request {refused.request_id}" if refused.request_id else ""
        return (
            f"the API refused the request to {self.model} ({what}{request}): check the model section of agent.yaml, "
            "or name another model there"
        )

    def unreachable(self, cause: str, tries: int) -> ModelFailed:
        """There was no connection."""
        return ModelFailed(
            f"no connection to {self.address} ({self.hidden(cause)}), {_tries(tries)}: check the network, and "
            "model.base_url of agent.yaml or ANTHROPIC_BASE_URL"
        )

    def cut(self, cause: str, tries: int) -> ModelFailed:
        """The reply never arrived whole."""
        return ModelFailed(
            f"the reply of {self.model} didn't arrive whole from {self.address} ({self.hidden(cause)}), "
            f"{_tries(tries)}: ask again later, or raise model.retries of agent.yaml"
        )

    def silent(self, idle_s: float, tries: int) -> ModelFailed:
        """Nothing arrived for too long."""
        return ModelFailed(
            f"nothing arrived from {self.address} for {idle_s:g} s, {_tries(tries)}: ask again later, or raise "
            "model.idle_s of agent.yaml"
        )

    def late(self, timeout_s: float, trouble: str) -> ModelFailed:
        """The time for a request is over; `trouble` is what the last try met, "" for nothing."""
        before = f"; before that: {self.hidden(trouble)}" if trouble else ""
        return ModelFailed(
            f"{self.model} at {self.address} didn't answer within {timeout_s:g} s{before}: raise model.request_s of "
            "agent.yaml, or lower model.max_output_tokens"
        )


def _tries(tries: int) -> str:
    return "tried once" if tries == 1 else f"tried {tries} times"


def refused_by(status: int, headers: Mapping[str, str], body: object) -> Refused:
    """What an answer with an error says. `body` is its JSON, or its text where it is none; header names in lower
    case.
    """
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        kind, words = NO_API, headers.get("content-type", "")
        if status >= 500 or status in (401, 403, 408, 429):
            kind = ""  # a gateway's own words for what the status says
        return Refused(status=status, kind=kind, words=words, retry_after_s=retry_after_s(headers))
    return Refused(
        status=status,
        kind=str(error.get("type") or ""),
        words=str(error.get("message") or ""),
        retry_after_s=retry_after_s(headers),
        request_id=headers.get("request-id", ""),
    )


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """How long the API asks to wait, None where it doesn't say so in seconds."""
    for name, unit_s in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            return max(float(headers[name]) * unit_s, 0.0)
        except (KeyError, ValueError):
            continue
    return None
