"""A model that gives secrets away: they aren't sent to it, and what it says of them is kept nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.analysts.model import Json
from tests.agent.analysts.asking.scripted_model import ScriptedModel, says, uses
from tests.agent.asking import ask_model, bottleneck, candidate
from tests.agent.attacks.hostile import hostile, kept_files, sent
from tests.agent.staging import Stage
from tests.agent.test_asking import GIVE_UP, proposes, reports, writes
from tests.agent.test_followup import answers, follow_up

KEY = "hunter-" + "xyz" * 4
"""Ours, such as the API's key: without a digit, so that no rule about numbers drops it by chance."""
PLACEHOLDER = "[masked-api-key-1]"
THEIRS = "AKIA" + "QZ7D" * 4
"""The target's own: it has the form of a key of a cloud."""


def leaking(word: str) -> list[Json]:
    """Changes that hold a word in every field that a change has."""
    edits = [{"file": "app.py", "old": "return SECONDS", "new": f"return SECONDS  # {word}"}]
    return [
        candidate(title=f"The key is {word}", rationale=f"It is {word}.", risk=word, edits=edits),
        candidate(edits=[], files=[{"file": f"{word.strip('[]')}.py", "content": f"KEY = '{word}'\n"}]),
        candidate(edits=[{"file": "app.py", "old": "0.010", "new": f"0.005  # {word}"}]),
    ]


@pytest.mark.parametrize("word", [KEY, PLACEHOLDER])
def test_a_secret_that_a_model_gives_away_is_in_no_file_and_in_no_request(stage: Stage, word: str) -> None:
    """Whether it writes the key itself, from wherever it has it, or the mark that stands for it."""
    scene = hostile(stage)
    (Path(scene.request.target) / "leaked.txt").write_text("nothing\n")
    told = reports(bottleneck(line=5, root_cause=f"It is {word}.", explanation=word, confidence_reason=word))
    script = [
        says(word),
        uses(
            (word, {"key": word}), ("read_file", {"path": word}), ("top", {"capture": "cpu", "focus": word})
        ),
        told,
        told,
        writes("tests/test_key.py", f"def test_it():\n    assert '{word}'\n"),
        proposes(*leaking(word)),
        proposes(*leaking(word)),
        *[uses(("propose_changes", {"give_up": word}))] * 3,
    ]
    model = ScriptedModel(script)
    ask_model(scene, model, secrets={"API_KEY": KEY}).masks.mask(KEY)
    report = scene.run()
    assert report.candidates
    later = ScriptedModel([answers(f"It is {word}."), answers(f"It is {word}.")])
    follow_up(scene, report, lambda: ask_model(scene, later, secrets={"API_KEY": KEY})).ask(
        "What is the key?"
    )
    for one in (model, later):
        assert KEY not in sent(one).whole
    for path, content in kept_files(scene).items():
        assert KEY.encode() not in content, path
        assert KEY not in path.name


def test_a_secret_of_the_targets_is_never_sent_and_its_mark_changes_nothing_in_an_edit(stage: Stage) -> None:
    scene = hostile(stage)
    target = Path(scene.request.target)
    (target / "app.py").write_text((target / "app.py").read_text() + f"\n\nTOKEN = '{THEIRS}'\n")
    read = uses(("read_file", {"path": "app.py"}), ("search_code", {"query": "TOKEN"}))
    model = ScriptedModel([read, reports(bottleneck(line=5)), proposes(candidate()), GIVE_UP])
    ask_model(scene, model)
    report = scene.run()
    assert report.outcome == "improved"
    assert "[masked-" in sent(model).whole
    assert THEIRS not in sent(model).whole
    assert THEIRS in (scene.deps.folder.path / "optimized" / "app.py").read_text()
    assert "1 secret was masked" in report.analyst_note
    assert THEIRS.encode() not in (scene.deps.folder.path / "transcript.jsonl").read_bytes()
