from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.analysts.asking.masking import Masks
from agent.analysts.asking.replay import Drifted, Replay
from agent.analysts.asking.transcript import Transcribed, Transcript, messages_of, read_exchanges
from agent.analysts.asking.wire import digest, read_message, written_message
from agent.analysts.model import Block, Message, ModelCall, Opaque, Text, ToolResult, ToolSpec, ToolUse
from agent.errors import BadRequest, ModelFailed
from tests.agent.analysts.asking.scripted_model import Answer, ScriptedModel, says, uses

SECRET = "hunter2-" + "x7f" * 4
TOOLS = (ToolSpec(name="top", description="Costliest.", schema={"type": "object"}),)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
OBJECT = st.dictionaries(st.text(), JSON, max_size=3)
BLOCK: st.SearchStrategy[Block] = st.one_of(
    st.builds(Text, text=st.text()),
    st.builds(ToolUse, id=st.text(), name=st.text(), input=OBJECT, problem=st.text()),
    st.builds(ToolResult, id=st.text(), text=st.text(), is_error=st.booleans()),
    st.builds(Opaque, content=OBJECT),
)


def call(*turns: str | Block, system: str = "Measure.", conversation: str = "investigate") -> ModelCall:
    blocks = [Text(text=turn) if isinstance(turn, str) else turn for turn in turns]
    messages = [
        Message(role="assistant" if n % 2 else "user", blocks=(block,)) for n, block in enumerate(blocks)
    ]
    return ModelCall(
        step="investigate", conversation=conversation, model="scripted-1", system=system, tools=TOOLS,
        messages=tuple(messages), max_tokens=100,
    )  # fmt: skip


def transcribed(path: Path, *script: Answer) -> tuple[Transcribed, ScriptedModel]:
    model = ScriptedModel(script)
    masks = Masks(known={"API_KEY": SECRET})
    return Transcribed(model=model, transcript=Transcript.load(path), mask=masks.mask), model


def quiet(_: str) -> None:
    pass


@given(st.lists(BLOCK, min_size=1, max_size=4))
def test_every_message_comes_back_from_its_json(blocks: list[Block]) -> None:
    message = Message(role="assistant", blocks=tuple(blocks))
    assert read_message(json.loads(json.dumps(written_message(message)))) == message


def test_a_transcript_has_every_request_and_reply_of_a_conversation(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    model, _ = transcribed(path, uses(("top", {"limit": 3})), says("Done."))
    model.ask(call("Why?"), quiet)
    first = ToolUse(id="use_0_top", name="top", input={"limit": 3})
    model.ask(call("Why?", first, ToolResult(id="use_0_top", text="main 40 %")), quiet)
    exchanges = read_exchanges(path)
    assert [len(e.messages) for e in exchanges] == [1, 1]
    assert [bool(e.system) for e in exchanges] == [True, False]
    said = messages_of(exchanges, "investigate")
    assert [m.role for m in said] == ["user", "assistant", "user", "assistant"]
    assert said[1].blocks == (first,)


def test_no_secret_is_sent_or_kept(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    model, inner = transcribed(path, says(f"The key is {SECRET}"))
    asked = call(
        f"key = {SECRET}", ToolUse(id="1", name="top", input={"deep": [SECRET]}), system=f"{SECRET}!"
    )
    reply = model.ask(asked, quiet)
    assert SECRET not in str(inner.calls)
    assert SECRET not in str(reply)
    assert SECRET not in path.read_text()


def test_what_was_answered_before_is_not_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    before, _ = transcribed(path, says("One."))
    before.ask(call("Why?"), quiet)
    after, inner = transcribed(path, says("Two."))
    again = after.ask(call("Why?"), quiet)
    assert again.is_repeated
    assert again.blocks == (Text(text="One."),)
    assert not inner.calls
    assert after.ask(call("Why now?"), quiet).blocks == (Text(text="Two."),)


def test_a_failed_request_is_kept_with_its_reason_and_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    model, _ = transcribed(path, ModelFailed("overloaded"), says("Yes."))
    with pytest.raises(ModelFailed):
        model.ask(call("Why?"), quiet)
    assert read_exchanges(path)[0].failure == "overloaded"
    assert not model.ask(call("Why?"), quiet).is_repeated


def test_a_torn_last_line_is_cut_off_and_the_rest_counts(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    model, _ = transcribed(path, says("One."))
    model.ask(call("Why?"), quiet)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"step": "investig')
    assert len(Transcript.load(path).exchanges) == 1
    assert path.read_bytes() == whole


@pytest.mark.parametrize("line", ["{}", "[]", "no json", '{"step": "dance"}', '{"step": 1, "reply": {}}'])
def test_what_is_no_transcript_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "transcript.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(BadRequest, match=r"transcript\.jsonl:1"):
        read_exchanges(path)


def test_the_same_request_has_the_same_digest_and_another_has_another() -> None:
    assert digest(call("Why?")) == digest(call("Why?"))
    others = [call("Why"), call("Why?", system="Other."), replace(call("Why?"), tools=()), call("Why?", "x")]
    assert len({digest(c) for c in [call("Why?"), *others]}) == 5


FIRST = uses(("top", {}))
FACTS = "Question: why?\nTarget: a project in go"


def recorded(tmp_path: Path) -> Path:
    path = tmp_path / "transcript.jsonl"
    model, _ = transcribed(path, FIRST, says("Done."))
    model.ask(call(FACTS), quiet)
    model.ask(call(FACTS, FIRST.blocks[0], ToolResult(id="use_0_top", text="main 40 %")), quiet)
    return path


def test_a_replay_answers_what_was_recorded_though_what_is_measured_differs(tmp_path: Path) -> None:
    replay = Replay.of(recorded(tmp_path))
    assert replay.model == "scripted-1"
    assert replay.ask(call(FACTS), quiet).blocks == FIRST.blocks
    second = replay.ask(call(FACTS, FIRST.blocks[0], ToolResult(id="use_0_top", text="main 60 %")), quiet)
    assert second.blocks == (Text(text="Done."),)
    replay.finish()


DRIFTS: list[tuple[str, Callable[[Replay], object]]] = [
    (
        "Target: a project in python",
        lambda r: r.ask(call("Question: why?\nTarget: a project in python"), quiet),
    ),
    ("another", lambda r: r.ask(call(FACTS, conversation="another"), quiet)),
    ("Obey", lambda r: r.ask(call(FACTS, system="Obey."), quiet)),
    ("the tools are", lambda r: r.ask(replace(call(FACTS), tools=()), quiet)),
    ("nothing more is asked", lambda r: r.finish()),
]


@pytest.mark.parametrize(("named", "drift"), DRIFTS, ids=[name for name, _ in DRIFTS])
def test_a_drifted_transcript_names_the_first_difference(
    tmp_path: Path, named: str, drift: Callable[[Replay], object]
) -> None:
    with pytest.raises(Drifted, match="exchange 1") as raised:
        drift(Replay.of(recorded(tmp_path)))
    assert named in str(raised.value)


def test_a_tool_that_failed_where_it_had_answered_is_a_drift(tmp_path: Path) -> None:
    replay = Replay.of(recorded(tmp_path))
    replay.ask(call(FACTS), quiet)
    failed = ToolResult(id="use_0_top", text="no such function", is_error=True)
    with pytest.raises(Drifted, match="a failed tool result"):
        replay.ask(call(FACTS, FIRST.blocks[0], failed), quiet)


def test_asking_more_than_was_recorded_is_a_drift(tmp_path: Path) -> None:
    replay = Replay.of(recorded(tmp_path))
    replay.ask(call(FACTS), quiet)
    replay.ask(call(FACTS, FIRST.blocks[0], ToolResult(id="use_0_top", text="x")), quiet)
    with pytest.raises(Drifted, match="only 2 replies"):
        replay.ask(call(FACTS), quiet)


def test_a_transcript_without_a_reply_is_nothing_to_replay(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(BadRequest, match="holds no reply"):
        Replay.of(tmp_path / "empty.jsonl")
