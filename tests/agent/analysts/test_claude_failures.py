"""Claude when the API fails: what is tried again, what a failure says, and that no key is ever in it."""

from __future__ import annotations

import socket
import time
import traceback
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from agent.analysts.claude import Claude
from agent.analysts.model import ContextTooLong, Message, ModelCall, ModelReply, ModelUnknown, Text, ToolSpec
from agent.errors import ModelFailed
from evals.messages_api import (
    Answers,
    Breaks,
    Cuts,
    Fails,
    Listed,
    Page,
    Said,
    Says,
    ScriptedApi,
    Slow,
    Stalls,
    Step,
    Used,
    too_long,
)

MODEL = "claude-opus-5-5"
NOW = {"retry-after-ms": "5"}
OVERLOADED = Fails(529, "overloaded_error", "Overloaded", NOW)
CALL = ModelCall(
    step="optimise",
    conversation="optimise 1",
    model=MODEL,
    system="You profile.",
    tools=(ToolSpec(name="top", description="The largest.", schema={"type": "object"}),),
    messages=(Message(role="user", blocks=(Text(text="Why is it slow?"),)),),
    max_tokens=1000,
)


@dataclass(kw_only=True)
class Asking:
    """One request to an address; what was told is in `said`."""

    environment: Mapping[str, str]
    base_url: str | None = None
    timeout_s: float = 10.0
    idle_s: float = 5.0
    retries: int = 2
    said: list[str] = field(default_factory=list)

    def claude(self) -> Claude:
        return Claude(
            environment=self.environment,
            base_url=self.base_url,
            timeout_s=self.timeout_s,
            idle_s=self.idle_s,
            retries=self.retries,
            is_cancelled=lambda: False,
            backoff_s=0.01,
        )

    def ask(self) -> ModelReply:
        with closing(self.claude()) as claude:
            return claude.ask(CALL, self.said.append)

    def failure(self) -> ModelFailed:
        """The failure; the key is in none of what is shown of it."""
        with pytest.raises(ModelFailed) as caught:
            self.ask()
        shown = str(caught.value) + "".join(traceback.format_exception(caught.value)) + " ".join(self.said)
        assert self.environment["ANTHROPIC_API_KEY"] not in shown
        return caught.value


def failure(*script: Step, retries: int = 0, idle_s: float = 5.0) -> ModelFailed:
    with ScriptedApi(script) as api:
        return Asking(environment=api.environment, retries=retries, idle_s=idle_s).failure()


@pytest.mark.parametrize(
    "passing",
    [
        OVERLOADED,
        Fails(429, "rate_limit_error", "slow down", NOW),
        Fails(500, "api_error", "oops", NOW),
        Fails(503, "api_error", "oops", NOW),
        Fails(408, "timeout_error", "late", NOW),
        Fails(409, "conflict_error", "locked", NOW),
        Breaks(0),
        Breaks(5),
        Breaks(3, "api_error", "oops"),
        Breaks(3, "rate_limit_error", "slow down"),
        Cuts(0),
        Cuts(4),
        Cuts(0, is_clean=True),
        Cuts(4, is_clean=True),
    ],
    ids=repr,
)
def test_what_passes_is_tried_again_and_nothing_of_a_broken_reply_is_used(passing: Step) -> None:
    with ScriptedApi([passing, Says("Whole.")]) as api:
        asking = Asking(environment=api.environment)
        assert asking.ask().blocks == (Text(text="Whole."),)
        assert len(api.seen) == 2
    assert any("asking again" in said and "(2 of 3)" in said for said in asking.said)


def test_a_tool_that_was_wanted_in_a_cut_reply_is_not_wanted_twice() -> None:
    wanted = Answers(Said("I look."), Used("top", {"limit": 5}))
    last_but_one = 16
    with ScriptedApi([Cuts(last_but_one, wanted), wanted]) as api:
        reply = Asking(environment=api.environment).ask()
    assert len(reply.blocks) == 2


def test_all_tries_count_together_whoever_makes_them() -> None:
    with ScriptedApi([OVERLOADED, Cuts(3), OVERLOADED, Breaks(2), Says("too late")]) as api:
        found = Asking(environment=api.environment, retries=3).failure()
        assert len(api.seen) == 4
    assert "tried 4 times" in str(found)


@pytest.mark.parametrize(
    "lasting",
    [
        Fails(400),
        Fails(401),
        Fails(402),
        Fails(403),
        Fails(404),
        Fails(413),
        Breaks(3, "invalid_request_error", "no"),
    ],
    ids=repr,
)
def test_what_stays_is_not_tried_again(lasting: Step) -> None:
    with ScriptedApi([lasting, Says("never asked for")]) as api:
        Asking(environment=api.environment).failure()
        assert api.left == 1


def test_a_rate_limit_is_waited_for_as_long_as_the_api_asks() -> None:
    limit = Fails(429, "rate_limit_error", "slow down", {"retry-after": "0.4"})
    with ScriptedApi([limit, Says("ok")]) as api:
        asking = Asking(environment=api.environment)
        assert 0.4 <= asking.ask().duration_s < 3
    assert asking.said[0] == "the rate limit is reached; asking again in 0.4 s (2 of 3)"


def test_a_rate_limit_longer_than_there_is_time_is_not_waited_for() -> None:
    limit = Fails(429, "rate_limit_error", "100,000 tokens a minute", {"retry-after": "3600"})
    with ScriptedApi([limit]) as api:
        started = time.monotonic()
        found = Asking(environment=api.environment).failure()
        assert time.monotonic() - started < 5
    assert "to be asked again in 3600 s" in str(found)
    assert "100,000 tokens a minute" in str(found)


def test_a_stream_that_falls_silent_is_given_up_and_asked_for_again() -> None:
    with ScriptedApi([Stalls(60, after_events=5), Says("Here.")]) as api:
        asking = Asking(environment=api.environment, idle_s=0.2)
        assert asking.ask().blocks == (Text(text="Here."),)
    assert "nothing arrived for 0.2 s; asking again (2 of 3)" in asking.said


def test_an_answer_that_never_begins_is_given_up_and_says_which_setting_waits_longer() -> None:
    found = failure(Stalls(60), idle_s=0.2)
    assert "nothing arrived from http://127.0.0.1:" in str(found)
    assert "for 0.2 s, tried once" in str(found) and "model.idle_s" in str(found)


def test_a_stream_that_is_slow_but_alive_arrives_whole() -> None:
    with ScriptedApi([Slow(0.05, Says("Slowly, word by word, but surely it all arrives."))]) as api:
        reply = Asking(environment=api.environment, idle_s=0.3).ask()
    assert reply.blocks == (Text(text="Slowly, word by word, but surely it all arrives."),)
    assert reply.duration_s > 0.3


@pytest.mark.parametrize(
    "step", [Slow(0.1, Says("word " * 1000)), Stalls(60), Stalls(60, after_events=4)], ids=repr
)
def test_a_whole_request_takes_no_longer_than_it_may(step: Step) -> None:
    Asking(
        environment={"ANTHROPIC_API_KEY": "x-key"}, base_url="http://127.0.0.1:9", retries=0
    ).failure()  # loads
    with ScriptedApi([step]) as api:
        started = time.monotonic()
        found = Asking(environment=api.environment, timeout_s=0.4).failure()
        assert time.monotonic() - started < 1.0
    assert f"{MODEL} at {api_address(found)} didn't answer within 0.4 s" in str(found)
    assert "model.request_s" in str(found)


def api_address(found: ModelFailed) -> str:
    return next(word for word in str(found).split() if word.startswith("http://127.0.0.1:"))


def test_a_request_that_ran_out_of_time_says_what_its_tries_met() -> None:
    script = [Fails(529, "overloaded_error", "Overloaded", {"retry-after": "0.2"})] * 20
    with ScriptedApi(script) as api:
        found = Asking(environment=api.environment, timeout_s=0.5, retries=20).failure()
    assert "overloaded" in str(found)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (
            Fails(401, "authentication_error", "invalid x-api-key"),
            ["refused the key", "check ANTHROPIC_API_KEY"],
        ),
        (
            Fails(402, "billing_error", "no credit"),
            ["can't pay", "no credit", "add credit", "--analyst playbook"],
        ),
        (
            Fails(400, "invalid_request_error", "Your credit balance is too low"),
            ["can't pay", "credit balance", "add credit"],
        ),
        (
            Fails(403, "permission_error", "not for you"),
            ["isn't allowed to ask", "not for you", "model.default"],
        ),
        (
            Fails(400, "invalid_request_error", "tools.3.name: bad"),
            ["refused the request", "tools.3.name: bad", "req_1"],
        ),
        (
            Fails(429, "rate_limit_error", "50 a minute", NOW),
            ["rate limit", "50 a minute", "tried once", "wait"],
        ),
        (
            OVERLOADED,
            ["is overloaded", "529 overloaded_error: Overloaded", "tried once", "model.retries", "req_1"],
        ),
        (Fails(500, "api_error", "oops", NOW), ["failed", "oops", "later", "model.retries"]),
        (Breaks(3), ["is overloaded", "tried once", "model.retries"]),
        (Breaks(3, "invalid_request_error", "bad"), ["refused the request", "bad"]),
        (Cuts(4), ["didn't arrive whole", "tried once", "model.retries"]),
        (Cuts(4, is_clean=True), ["didn't arrive whole", "closed in the middle"]),
        (Page(), ["is not the Messages API", "200: text/html", "model.base_url", "ANTHROPIC_BASE_URL"]),
        (Page(status=404), ["is not the Messages API", "404: text/html", "model.base_url"]),
        (Page("{}", 200, "application/json"), ["is not the Messages API", "application/json"]),
        (
            Page('{"detail": "Not Found"}', 404, "application/json"),
            ["is not the Messages API", "model.base_url"],
        ),
        (Page(status=502), ["failed", "502: text/html", "model.retries"]),
        (Page(status=401), ["refused the key", "check ANTHROPIC_API_KEY"]),
        (Page("", 200, "text/event-stream"), ["didn't arrive whole"]),
        (
            Page("event: message_start\ndata: {nonsense\n\n", 200, "text/event-stream"),
            ["didn't arrive whole"],
        ),
        (
            Page('event: message_stop\ndata: {"type": "message_stop"}\n\n', 200, "text/event-stream"),
            ["whole"],
        ),
    ],
    ids=repr,
)
def test_a_failure_says_what_happened_and_what_to_do(step: Step, words: list[str]) -> None:
    found = failure(step)
    assert type(found) is ModelFailed
    for word in words:
        assert word in str(found)


@pytest.mark.parametrize(
    "step",
    [
        too_long(),
        Fails(
            400, "invalid_request_error", "input length and `max_tokens` exceed context limit: 190000 + 20000"
        ),
        Fails(413, "request_too_large", "Request exceeds the maximum size"),
        Page(status=413),
    ],
    ids=repr,
)
def test_a_conversation_that_doesnt_fit_is_told_apart_from_other_failures(step: Step) -> None:
    assert isinstance(failure(step), ContextTooLong)


def test_a_request_over_the_models_context_is_refused_by_the_scripted_api_as_by_the_real_one() -> None:
    with ScriptedApi([Says("never")], context_tokens=10) as api:
        assert isinstance(Asking(environment=api.environment).failure(), ContextTooLong)


def test_a_model_that_isnt_offered_names_those_that_are_and_where_to_say_so() -> None:
    offered = [f"claude-{n}" for n in range(12)]
    with ScriptedApi([], models=[Listed(id=MODEL, lifecycle="retired"), *offered]) as api:
        found = Asking(environment=api.environment).failure()
    assert isinstance(found, ModelUnknown)
    assert f"no model {MODEL}" in str(found)
    assert "it offers claude-0, claude-1," in str(found) and "claude-9 and 2 more" in str(found)
    assert "model.replacements in place of claude-opus-5-5" in str(found)


def test_a_model_that_isnt_offered_is_said_so_where_nothing_is_listed() -> None:
    with ScriptedApi([Fails(404, "not_found_error", f"model: {MODEL}")], models=None) as api:
        found = Asking(environment=api.environment).failure()
    assert isinstance(found, ModelUnknown)
    assert "it offers" not in str(found) and "model.replacements" in str(found)


def test_a_refused_connection_names_the_address_and_where_it_comes_from() -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        environment = {
            "ANTHROPIC_API_KEY": "x-key",
            "ANTHROPIC_BASE_URL": f"http://me:pass-word@{address[7:]}/api",
        }
        asking = Asking(environment=environment, retries=0)
        found = asking.failure()
        assert f"no connection to {address}/api" in str(found)
        assert "Connection refused" in str(found) and "ANTHROPIC_BASE_URL" in str(found)
        assert "pass-word" not in "".join(traceback.format_exception(found))
        with closing(asking.claude()) as claude, pytest.raises(ModelFailed, match="no connection to"):
            claude.offered()


def test_a_key_that_a_gateway_repeats_is_never_shown() -> None:
    with ScriptedApi([Fails(403, "permission_error", "the key {} may not")]) as api:
        key = api.environment["ANTHROPIC_API_KEY"]
        api.script = ()
        api._queue[:] = [Fails(403, "permission_error", f"the key {key} may not")]
        with pytest.raises(ModelFailed) as caught:
            Asking(environment=api.environment).ask()
    assert "the key [key] may not" in str(caught.value)


@pytest.mark.parametrize("key", ["two words", "two\nlines", "schlüssel"])
def test_a_key_that_cant_be_one_is_not_sent_and_not_shown(key: str) -> None:
    found = Asking(environment={"ANTHROPIC_API_KEY": key}, base_url="http://127.0.0.1:9").failure()
    assert "ANTHROPIC_API_KEY holds what can't be in a key" in str(found)


@pytest.mark.parametrize("address", ["localhost:8080", "http://", "http://[::1", "http://host:port"])
def test_an_address_that_is_none_is_said_so(address: str) -> None:
    found = Asking(environment={"ANTHROPIC_API_KEY": "x-key", "ANTHROPIC_BASE_URL": address}).failure()
    assert "ANTHROPIC_BASE_URL is no address" in str(found)


@pytest.mark.parametrize(
    ("status", "words"), [(401, "refused the key"), (500, "failed"), (529, "overloaded"), (429, "rate limit")]
)
def test_a_list_of_models_that_cant_be_had_says_why(status: int, words: str) -> None:
    class Refusing(ScriptedApi):
        def listed(self, target: str) -> dict[str, object] | Fails:
            return Fails(status, "", "no", NOW)

    with (
        Refusing([]) as api,
        closing(Asking(environment=api.environment).claude()) as claude,
        pytest.raises(ModelFailed, match=words),
    ):
        claude.offered()


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
def test_a_list_of_models_that_a_gateway_doesnt_give_is_no_failure(status: int) -> None:
    class Refusing(ScriptedApi):
        def listed(self, target: str) -> dict[str, object] | Fails:
            return Fails(status, "", "no", {"x-should-retry": "false"})

    with Refusing([]) as api, closing(Asking(environment=api.environment).claude()) as claude:
        assert claude.offered() == ()
