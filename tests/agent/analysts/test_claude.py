"""Claude over a real socket: what is sent, what comes back, what is told meanwhile, and how it is cancelled."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count, pairwise

import pytest

from agent.analysts.claude import Claude, has_key
from agent.analysts.model import (
    Block,
    ContextTooLong,
    Message,
    ModelCall,
    Opaque,
    Text,
    ToolResult,
    ToolSpec,
    ToolUse,
)
from agent.errors import ModelFailed
from evals.messages_api import (
    Answers,
    Fails,
    Hidden,
    Listed,
    Said,
    Says,
    ScriptedApi,
    Slow,
    Stalls,
    Thought,
    Used,
    Uses,
)
from evals.messages_api.events import PIECE
from tools.errors import Cancelled

MODEL = "claude-opus-5-5"
TOP = ToolSpec(name="top", description="The largest functions.", schema={"type": "object", "properties": {}})
CALLERS = ToolSpec(name="callers", description="Who calls.", schema={"type": "object", "properties": {}})


def user(*blocks: Block) -> Message:
    return Message(role="user", blocks=blocks)


def assistant(*blocks: Block) -> Message:
    return Message(role="assistant", blocks=blocks)


def call(
    *messages: Message, model: str = MODEL, system: str = "You profile.", max_tokens: int = 1000
) -> ModelCall:
    return ModelCall(
        step="investigate",
        conversation="investigate",
        model=model,
        system=system,
        tools=(TOP, CALLERS),
        messages=messages or (user(Text(text="Why is it slow?")),),
        max_tokens=max_tokens,
    )


@dataclass
class Desk:
    """Makes clients of a scripted API and writes down what they tell."""

    said: list[str] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    made: list[Claude] = field(default_factory=list)

    def claude(self, api: ScriptedApi, *, effort: str | None = None, idle_s: float = 5.0) -> Claude:
        self.made.append(
            Claude(
                environment=api.environment,
                base_url=None,
                timeout_s=30.0,
                idle_s=idle_s,
                retries=2,
                is_cancelled=self.cancelled.is_set,
                effort=effort,
                backoff_s=0.01,
            )
        )
        return self.made[-1]


@pytest.fixture
def desk() -> Iterator[Desk]:
    found = Desk()
    yield found
    for claude in found.made:
        claude.close()


def test_a_reply_says_who_answered_for_how_many_tokens_and_how_long_it_took(desk: Desk) -> None:
    with ScriptedApi([Says("It is the sort.", model="claude-opus-5-5-20260901")]) as api:
        reply = desk.claude(api).ask(call(), desk.said.append)
        assert reply.blocks == (Text(text="It is the sort."),)
        assert (reply.stop_reason, reply.model) == ("end_turn", "claude-opus-5-5-20260901")
        counted = api.seen[0].count
    assert counted is not None
    assert reply.usage.input_tokens == counted.input_tokens > 0
    assert reply.usage.output_tokens > 1, "the total of the end counts, not the first figure"
    assert 0 < reply.duration_s < 30
    assert desk.said == ["writing"]


def test_nothing_is_sent_that_a_model_would_rather_choose_itself(desk: Desk) -> None:
    with ScriptedApi([Says("a"), Says("b")]) as api:
        desk.claude(api).ask(call(), desk.said.append)
        desk.claude(api, effort="high").ask(call(), desk.said.append)
        plain, with_effort = api.bodies
    assert set(plain) == {"model", "max_tokens", "messages", "system", "tools", "stream"}
    assert plain["stream"] is True and plain["max_tokens"] == 1000
    assert with_effort["output_config"] == {"effort": "high"}


def test_tools_wanted_together_come_back_together_and_take_their_answers_with_them(desk: Desk) -> None:
    script = [
        Answers(Said("Both."), Used("top", {"limit": 5}), Used("callers", {"function": "größe"})),
        Says("Ah."),
    ]
    with ScriptedApi(script) as api:
        claude = desk.claude(api)
        reply = claude.ask(call(), desk.said.append)
        uses = [block for block in reply.blocks if isinstance(block, ToolUse)]
        assert [(use.name, dict(use.input), use.problem) for use in uses] == [
            ("top", {"limit": 5}, ""),
            ("callers", {"function": "größe"}, ""),
        ]
        assert reply.stop_reason == "tool_use"
        answers = user(
            Text(text="The budget is nearly spent."),  # the API wants results first
            ToolResult(id=uses[1].id, text="no such function", is_error=True),
            ToolResult(id=uses[0].id, text="sort 90 %"),
        )
        asked = user(Text(text="Why is it slow?"))
        last = claude.ask(call(asked, assistant(*reply.blocks), answers), desk.said.append)
        sent = api.bodies[1]["messages"]
    assert last.blocks == (Text(text="Ah."),)
    assert isinstance(sent, list)
    assert [block["type"] for block in sent[-1]["content"]] == ["tool_result", "tool_result", "text"]
    assert [block.get("is_error") for block in sent[-1]["content"]] == [True, None, None]


def test_thinking_goes_back_word_for_word_and_is_never_told(desk: Desk) -> None:
    thought = "The secret plan: it must be the sort. " * 3
    with ScriptedApi([Answers(Thought(thought), Hidden("c2VjcmV0"), Used("top")), Says("Done.")]) as api:
        claude = desk.claude(api)
        reply = claude.ask(call(), desk.said.append)
        assert [type(block) for block in reply.blocks] == [Opaque, Opaque, ToolUse]
        use = reply.blocks[2]
        assert isinstance(use, ToolUse)
        asked = user(Text(text="Why is it slow?"))
        # the server refuses thinking whose signature isn't that of its words
        claude.ask(
            call(asked, assistant(*reply.blocks), user(ToolResult(id=use.id, text="ok"))), desk.said.append
        )
        sent = api.bodies[1]["messages"]
    assert isinstance(sent, list)
    assert sent[1]["content"][1] == {"type": "redacted_thinking", "data": "c2VjcmV0"}
    assert "secret" not in " ".join(desk.said)


def test_what_is_arriving_is_told_in_few_words_a_few_times_a_second(desk: Desk) -> None:
    parts = (Thought("hm"), Said("Well."), Used("callers", {"function": "sort"}))
    with ScriptedApi([Slow(0.03, Answers(*parts)), Uses(*[("top", {})] * 200)]) as api:
        claude = desk.claude(api)
        claude.ask(call(), desk.said.append)
        assert desk.said[0] == "thinking"
        assert set(desk.said) <= {"thinking", "writing", "asking for callers"}
        desk.said.clear()
        started = time.monotonic()
        claude.ask(call(), desk.said.append)
        assert len(desk.said) <= 1 + (time.monotonic() - started) * 4


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ('{"edits": [{"old": "a"', "not valid JSON"),
        ('{"edits": tru}', "not valid JSON"),
        ('["a"]', "not a JSON object"),
        ('{"limit": NaN}', "NaN is no number"),
        ('{"text": "\\ud800"}', "half a character"),
        ('{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_a_tools_input_that_cant_be_read_says_why_and_is_never_used_in_part(
    raw: str, why: str, desk: Desk
) -> None:
    with ScriptedApi([Answers(Used("top", raw=raw))]) as api:
        use = desk.claude(api).ask(call(), desk.said.append).blocks[0]
    assert isinstance(use, ToolUse)
    assert why in use.problem
    assert use.input == {}


@pytest.mark.parametrize("raw", ["", '{"edits": [', '{"edits": [], "why": "be'])
def test_a_tools_input_that_was_cut_off_at_the_longest_reply_is_never_taken_for_whole(
    raw: str, desk: Desk
) -> None:
    parts = [Used("top", {"limit": 1}), Used("callers", raw=raw)]
    with ScriptedApi([Answers(*parts, stop_reason="max_tokens")]) as api:
        reply = desk.claude(api).ask(call(), desk.said.append)
    first, last = reply.blocks
    assert isinstance(first, ToolUse) and isinstance(last, ToolUse)
    assert reply.stop_reason == "max_tokens"
    assert not first.problem and first.input == {"limit": 1}
    assert "cut off" in last.problem and last.input == {}


def test_a_tool_without_input_is_no_problem(desk: Desk) -> None:
    with ScriptedApi([Answers(Used("top", raw=""))]) as api:
        use = desk.claude(api).ask(call(), desk.said.append).blocks[0]
    assert isinstance(use, ToolUse)
    assert (dict(use.input), use.problem) == ({}, "")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("end_turn", "end_turn"),
        ("tool_use", "tool_use"),
        ("max_tokens", "max_tokens"),
        ("refusal", "refusal"),
        ("pause_turn", "other"),
        ("stop_sequence", "other"),
        ("something_new", "other"),
    ],
)
def test_why_a_reply_stopped_is_passed_on(theirs: str, ours: str, desk: Desk) -> None:
    with ScriptedApi([Says("…", stop_reason=theirs)]) as api:
        assert desk.claude(api).ask(call(), desk.said.append).stop_reason == ours


def test_a_reply_that_filled_the_context_is_a_conversation_too_long(desk: Desk) -> None:
    with (
        ScriptedApi([Says("…", stop_reason="model_context_window_exceeded")]) as api,
        pytest.raises(ContextTooLong, match="filled the context"),
    ):
        desk.claude(api).ask(call(), desk.said.append)


def test_turns_without_words_are_sent_as_something_that_the_api_takes(desk: Desk) -> None:
    with ScriptedApi([Says("ok")]) as api:
        talk = (user(Text(text="a")), assistant(Text(text=" ")), user(Text(text=""), Text(text="b")))
        desk.claude(api).ask(call(*talk, system=""), desk.said.append)
        assert "system" not in api.bodies[0]
        assert not api.seen[0].refused


def test_a_character_whose_halves_came_in_two_pieces_is_whole_again(desk: Desk) -> None:
    halves = "." * (PIECE - 1) + "\ud83d\ude00"
    raw = '{"text": "' + "." * (PIECE - 11) + '\ud83d\ude00"}'
    with ScriptedApi([Answers(Said(halves + " and half: \ud83d"), Used("top", raw=raw))]) as api:
        text, use = desk.claude(api).ask(call(), desk.said.append).blocks
    assert text == Text(text="." * (PIECE - 1) + "😀 and half: �")
    assert isinstance(use, ToolUse) and str(use.input["text"]).endswith("😀")


def conversation(claude: Claude, turns: int, result: str) -> list[tuple[int, int]]:
    """Tokens sent and read from the cache, by turn."""
    talk: list[Message] = [user(Text(text="Why is it slow? " * 100))]
    found = []
    for _ in range(turns):
        reply = claude.ask(call(*talk, system="Rules. " * 800), lambda _: None)
        found.append((reply.usage.sent_tokens, reply.usage.cache_read_tokens))
        uses = [block for block in reply.blocks if isinstance(block, ToolUse)]
        talk += [assistant(*reply.blocks), user(*(ToolResult(id=use.id, text=result) for use in uses))]
    return found


@pytest.mark.parametrize("tools", [1, 30])
def test_each_turn_reads_from_the_cache_what_the_turn_before_wrote(tools: int, desk: Desk) -> None:
    with ScriptedApi(lambda _: Uses(*[("top", {})] * tools)) as api:
        turns = conversation(desk.claude(api), 5, "main 12 % " * 40)
        assert all(not seen.refused for seen in api.seen)
    assert turns[0][1] == 0
    for (sent, _), (_, read) in pairwise(turns):
        assert read == sent, "all of what was sent before is read"


def test_models_are_listed_newest_first_without_those_that_are_gone(desk: Desk) -> None:
    many = [f"claude-{n}" for n in range(30)]
    with ScriptedApi([], models=[MODEL, Listed(id="claude-old", lifecycle="retired"), *many]) as api:
        assert desk.claude(api).offered() == (MODEL, *many)


@pytest.mark.parametrize("models", [None, []])
def test_a_gateway_without_a_list_of_models_offers_nothing_that_is_known(
    models: list[str] | None, desk: Desk
) -> None:
    with ScriptedApi([], models=models) as api:
        assert desk.claude(api).offered() == ()


def test_a_model_that_is_to_retire_is_told_of_once_and_asked_all_the_same(desk: Desk) -> None:
    old = "claude-sonnet-4-5"  # the SDK would warn, which is an error in these tests
    with ScriptedApi(lambda _: Says("ok"), models=None) as api:
        claude = desk.claude(api)
        for _ in range(2):
            claude.ask(call(model=old), desk.said.append)
    told = [said for said in desk.said if "retires" in said]
    assert told == [f"{old} retires on November 30th, 2026: name another in agent.yaml (model.replacements)"]


def test_the_day_on_which_a_model_retires_is_the_apis_own(desk: Desk) -> None:
    with ScriptedApi(
        [Says("ok")], models=[Listed(id=MODEL, lifecycle="deprecated", retires_on="2027-01-31")]
    ) as api:
        claude = desk.claude(api)
        claude.offered()
        claude.ask(call(), desk.said.append)
    assert f"{MODEL} retires on 2027-01-31" in desk.said[0]


def all_end(within_s: float, name: str) -> bool:
    until_s = time.monotonic() + within_s
    while any(thread.name == name for thread in threading.enumerate()):
        if time.monotonic() > until_s:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize("after_events", [None, 0, 4])
def test_a_cancelled_run_leaves_a_request_at_once_even_when_the_socket_hangs(
    after_events: int | None, desk: Desk
) -> None:
    with ScriptedApi([Stalls(60, after_events=after_events), Says("Here.")]) as api:
        claude = desk.claude(api, idle_s=60)
        cancelled_s: list[float] = []

        def cancel() -> None:
            while not api.seen:  # a slow host may not have sent anything yet
                time.sleep(0.01)
            time.sleep(0.1)
            cancelled_s.append(time.monotonic())
            desk.cancelled.set()

        threading.Thread(target=cancel, daemon=True).start()
        with pytest.raises(Cancelled):
            claude.ask(call(), desk.said.append)
        assert time.monotonic() - cancelled_s[0] < 0.3
        if after_events is not None:
            assert all_end(1.0, "model request"), "what was left behind still waits on the socket"
        desk.cancelled.clear()
        assert claude.ask(call(), desk.said.append).blocks == (Text(text="Here."),)


def test_a_cancelled_run_doesnt_wait_for_the_next_try(desk: Desk) -> None:
    with ScriptedApi([Fails(429, "rate_limit_error", "slow down", {"retry-after": "5"})]) as api:
        started = time.monotonic()
        desk_cancel = count()

        def is_cancelled() -> bool:
            return bool(desk.said) and next(desk_cancel) > 0

        claude = Claude(
            environment=api.environment,
            base_url=None,
            timeout_s=10,
            idle_s=5,
            retries=2,
            is_cancelled=is_cancelled,
        )
        with closing(claude), pytest.raises(Cancelled):
            claude.ask(call(), desk.said.append)
        assert time.monotonic() - started < 3
    assert desk.said == ["the rate limit is reached; asking again in 5 s (2 of 3)"]


def test_one_client_may_be_asked_from_several_threads(desk: Desk) -> None:
    def answer(body: object) -> Answers:
        assert isinstance(body, dict)
        return Says(body["messages"][0]["content"][0]["text"])

    with ScriptedApi(answer) as api:
        claude = desk.claude(api)
        found: dict[str, tuple[Block, ...]] = {}

        def ask(name: str) -> None:
            found[name] = claude.ask(call(user(Text(text=name))), lambda _: None).blocks

        threads = [threading.Thread(target=ask, args=(f"question {n}",)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {f"question {n}": (Text(text=f"question {n}"),) for n in range(8)}


def test_a_turn_costs_little_beside_the_apis_own_time(desk: Desk) -> None:
    with ScriptedApi(lambda _: Says("word " * 200)) as api:
        claude = desk.claude(api)
        claude.ask(call(), desk.said.append)
        times = [claude.ask(call(), desk.said.append).duration_s for _ in range(10)]
    assert min(times) < 0.05


@pytest.mark.parametrize("name", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"])
def test_either_variable_may_hold_the_key(name: str, desk: Desk) -> None:
    with ScriptedApi([Says("ok")]) as api:
        claude = Claude(
            environment={name: " some-key\n"},
            base_url=api.url,
            timeout_s=5,
            idle_s=5,
            retries=0,
            is_cancelled=lambda: False,
        )
        with closing(claude):
            claude.ask(call(), desk.said.append)
        assert api.seen[0].headers["authorization"] == "Bearer some-key"
        assert "some-key" not in repr(claude)
    assert has_key({name: "x"}) and not has_key({name: " "}) and not has_key({})


def test_the_address_of_the_settings_goes_before_that_of_the_environment(desk: Desk) -> None:
    with ScriptedApi([Says("ok")]) as api:
        environment = {**api.environment, "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
        claude = Claude(
            environment=environment,
            base_url=api.url,
            timeout_s=5,
            idle_s=5,
            retries=0,
            is_cancelled=lambda: False,
        )
        with closing(claude):
            assert claude.ask(call(), desk.said.append).stop_reason == "end_turn"


def test_asking_without_a_key_says_what_to_set_before_anything_is_sent(desk: Desk) -> None:
    ask = Claude(
        environment={}, base_url=None, timeout_s=5, idle_s=5, retries=0, is_cancelled=lambda: False
    ).ask
    with pytest.raises(ModelFailed, match="set ANTHROPIC_API_KEY, or take --analyst playbook"):
        ask(call(), desk.said.append)


def test_the_sdk_is_not_loaded_until_something_is_asked() -> None:
    program = (
        "import sys, agent.analysts.claude; sys.exit('anthropic' in sys.modules or 'httpx2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
