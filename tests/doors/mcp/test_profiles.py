"""Questions to profiles: the same answers as the command line's, bounded, and of the caller's runs only."""

from __future__ import annotations

import gzip
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agent.access.caller import LOCAL_CALLER
from agent.doors.cli.main import main
from agent.rendering.profile_answers.writing import tokens_of
from tests.doors.mcp.conftest import SOURCE
from tests.doors.mcp.scene import BOB, Arguments, Scene
from tools.profiles.builder import ProfileBuilder
from tools.profiles.pprof import write_pprof
from tools.profiles.profile import Function, ValueType

FIND = "example.org/daily/report.Find"


@pytest.mark.parametrize("name", ["cpu", "E4", "cpu profile, before", "profiles/cpu.pb.gz", "cpu.pb.gz"])
def test_a_runs_profile_is_found_by_each_of_its_names(scene: Scene, name: str) -> None:
    found = scene.call("top", profile=name, run=scene.done()).data
    assert found["about"]["value"] == "cpu"
    assert found["about"]["unit"] == "nanoseconds"
    (table,) = found["tables"]
    assert table["rows"][0]["function"] == FIND
    assert table["rows"][0]["self"] == 120_000_000_000


def test_the_answers_are_those_of_the_command_line(
    scene: Scene, profile: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(scene.target)
    run = scene.done()
    for command, tool, more in (
        ("top", "top", ["--by", "cumulative"]),
        ("peek", "peek", [FIND]),
        ("list", "annotated_source", [FIND]),
    ):
        arguments: Arguments = {"function": FIND} if FIND in more else {"by": "cumulative"}
        assert main([command, str(profile), *more, "--format", "json"]) == 0
        told = json.loads(capsys.readouterr().out)
        of_run = scene.call(tool, profile="cpu", run=run, **arguments).data
        of_file = scene.call(tool, profile=str(profile), caller=LOCAL_CALLER, **arguments).data
        assert of_run["tables"] == of_file["tables"] == told["tables"]


def test_callers_and_callees_of_a_function(scene: Scene) -> None:
    found = scene.call("peek", profile="cpu", run=scene.done(), function="[.]Find$", focus="daily")
    (table,) = found.data["tables"]
    assert [(row["relation"], row["function"]) for row in table["rows"]] == [("callee", "runtime.memequal")]
    assert "runtime.memequal" in found.text


def test_lines_come_with_their_source_and_never_with_what_is_no_source(scene: Scene) -> None:
    run = scene.done()
    found = scene.call("annotated_source", profile="cpu", run=run, function=FIND)
    rows = {row["line"]: row for row in found.data["tables"][0]["rows"]}
    assert rows[6]["self"] == 120_000_000_000
    assert rows[6]["text"] == SOURCE.split("\n")[5]
    assert str(scene.target) not in json.dumps(found.data["tables"])
    hostile = scene.call("annotated_source", profile="cpu", run=run, function="password.Find")
    assert "password =" not in hostile.text + json.dumps(hostile.data)


def test_two_profiles_of_runs_are_compared(scene: Scene, tmp_path: Path) -> None:
    run = scene.done()
    same = scene.call("compare", before="cpu", after="cpu", run=run).data
    assert same["about"]["before_total"] == same["about"]["after_total"]
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    builder.add(
        [(Function(name=FIND, file="/build/orders/report/report.go", start_line=3), 6)], [10_000_000_000]
    )
    write_pprof(builder.build(), tmp_path / "after.pb.gz")
    faster = replace(
        scene, files={**scene.files, "profiles/cpu.pb.gz": (tmp_path / "after.pb.gz").read_bytes()}
    )
    with faster.worker():
        other = faster.call("profile", target="orders", question="And now?").data["run"]
    found = scene.call("compare", before="cpu", after="cpu", run=run, other_run=other)
    assert found.data["tables"][0]["rows"][0]["after"] == 10_000_000_000
    assert FIND.rpartition("/")[2] in found.text


def test_profiles_without_a_common_value_are_told_apart_in_the_words_of_the_tool(
    scene: Scene, profile: Path, tmp_path: Path
) -> None:
    builder = ProfileBuilder([ValueType(name="inuse_space", unit="bytes")])
    builder.add([(Function(name=FIND, file="/build/report.go", start_line=3), 6)], [10])
    write_pprof(builder.build(), tmp_path / "memory.pb.gz")
    refusal = scene.call(
        "compare", before=str(profile), after=str(tmp_path / "memory.pb.gz"), caller=LOCAL_CALLER
    ).refusal
    assert refusal.endswith("choose one with `value`")


@pytest.mark.parametrize("ending", ["txt", "txt.gz"])
def test_files_of_benchmark_results_are_refused_with_where_they_are_compared(
    scene: Scene, tmp_path: Path, ending: str
) -> None:
    content = (
        b"goos: linux\npkg: example.org/daily\nBenchmarkFind/size=100-2 \t 1000\t 1234.5 ns/op\t 16 B/op\n"
    )
    path = tmp_path / f"old.{ending}"
    path.write_bytes(gzip.compress(content) if ending.endswith("gz") else content)
    refusal = scene.call("compare", before=str(path), after=str(path), caller=LOCAL_CALLER).refusal
    assert "holds the results of Go benchmarks, and this tool reads profiles only." in refusal
    assert "`ask-profiler compare` on the command line" in refusal


def test_a_remote_caller_reads_no_file(scene: Scene, profile: Path) -> None:
    asked: list[tuple[str, Arguments]] = [
        ("top", {"profile": str(profile)}),
        ("peek", {"profile": str(profile), "function": "Find"}),
        ("annotated_source", {"profile": str(profile), "function": "Find"}),
        ("compare", {"before": str(profile), "after": "/etc/passwd"}),
    ]
    for tool, more in asked:
        refusal = scene.call(tool, **more).refusal
        assert "name the `run`" in refusal
    run = scene.done()
    for name in (str(profile), "../../agent.yaml", "report.json", "/etc/passwd"):
        assert "has no profile" in scene.call("top", profile=name, run=run).refusal
    assert (
        "`source` goes with"
        in scene.call("annotated_source", profile="cpu", run=run, function="Find", source="/etc").refusal
    )


def test_another_callers_profiles_are_not_there(scene: Scene) -> None:
    run = scene.done()
    assert "there is no job" in scene.call("top", profile="cpu", run=run, caller=BOB).refusal
    assert (
        "there is no job"
        in scene.call("compare", before="cpu", after="cpu", run="x", other_run=run, caller=BOB).refusal
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"function": "Nothing"}, "matches 'Nothing'"),
        ({"function": "(["}, "no regular expression"),
        ({"function": "Find", "value": "bytes"}, "doesn't measure 'bytes'"),
        ({"function": "Find", "focus": "(a"}, "`focus`"),
        ({"function": "Find", "focus": "nowhere"}, ""),
    ],
)
def test_what_can_not_be_answered_is_said_in_the_words_of_the_tool(
    scene: Scene, arguments: Arguments, said: str
) -> None:
    refusal = scene.call("peek", profile="cpu", run=scene.done(), **arguments).refusal
    assert said in refusal
    assert "--" not in refusal


def test_an_expression_that_would_take_for_ever_does_not(scene: Scene, tmp_path: Path) -> None:
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    builder.add([(Function(name="a" * 60 + "!", file="x.go", start_line=1), 1)], [1])
    path = tmp_path / "slow.pb.gz"
    write_pprof(builder.build(), path)
    started = time.monotonic()
    found = scene.call("top", profile=str(path), focus="^(a+)+$", caller=LOCAL_CALLER)
    assert time.monotonic() - started < 5
    assert found.text


def test_answers_about_large_profiles_are_bounded_and_say_how_to_see_more(
    scene: Scene, tmp_path: Path
) -> None:
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    for n in range(3_000):
        builder.add(
            [(Function(name=f"package.Function{n}" * 5, file=f"a/{n}.go", start_line=1), 1)], [1000 + n]
        )
    path = tmp_path / "large.pb.gz"
    write_pprof(builder.build(), path)
    found = scene.call("top", profile=str(path), limit=200, tokens=1_000, caller=LOCAL_CALLER)
    assert tokens_of(found.text) <= 1_000
    assert tokens_of(json.dumps(found.data)) <= 1_300
    assert found.data["tables"][0]["more"] > 2_900
    assert "`tokens` 2000" in found.text
    assert "`tokens` 2000" in found.data["tables"][0]["hint"]


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b\x08profile", b"<html>", b"PNG" * 1000])
def test_a_damaged_profile_is_refused_without_saying_where_it_was_looked_at(
    scene: Scene, content: bytes
) -> None:
    damaged = replace(scene, files={**scene.files, "profiles/cpu.pb.gz": content})
    refusal = damaged.call("top", profile="cpu", run=damaged.done()).refusal
    assert "E4" in refusal
    assert "/tmp" not in refusal


def test_a_file_that_is_not_there_is_named(scene: Scene, tmp_path: Path) -> None:
    missing = tmp_path / "missing.pb.gz"
    assert str(missing) in scene.call("top", profile=str(missing), caller=LOCAL_CALLER).refusal
