"""The hotspots are the own functions that cause cost: no wrappers, one a cause, the important first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tools.measure.toolchain import ProfileView
from tools.profiles.builder import ProfileBuilder
from tools.profiles.ownership import OwnCode
from tools.profiles.pprof import read_pprof
from tools.profiles.profile import Function, Profile, ValueType
from tools.profiles.ranking import CallSite, Hotspot, RankedView, rank

Stacks = Callable[[str], Profile]
OWN = OwnCode(language="go", root=Path("/copy"), module="example.com/app")


def view(profile: Profile, name: ProfileView = "cpu", weight: float = 1.0, value: str = "cpu") -> RankedView:
    return RankedView(view=name, value=value, profile=profile, evidence_id="E1", weight=weight)


def ranked(profile: Profile, limit: int = 10) -> tuple[Hotspot, ...]:
    return rank([view(profile)], OWN, limit)


def test_functions_that_only_pass_cost_on_are_left_out(stacks: Stacks) -> None:
    found = ranked(
        stacks("""
        main.main /copy/main.go:3 > app.Run /copy/run.go:4 > app.Generate /copy/gen.go:5 > app.hot /copy/hot.go:6 = 95
        main.main /copy/main.go:3 > app.Run /copy/run.go:4 > app.Generate /copy/gen.go:5 = 5
        """)
    )
    assert [h.function for h in found] == ["app.hot"]
    assert found[0].called_from == CallSite(function="app.Generate", file="gen.go", line=5, share=1.0)


def test_a_caller_that_does_work_of_its_own_stays(stacks: Stacks) -> None:
    """The other side of the rule: a function above a hot one isn't left out when it causes cost itself."""
    found = ranked(
        stacks("""
        main.main /copy/main.go:3 > app.Generate /copy/gen.go:5 > app.hot /copy/hot.go:6 = 60
        main.main /copy/main.go:3 > app.Generate /copy/gen.go:7 > fmt.Sprintf fmt/print.go:1 = 40
        """)
    )
    assert [(h.function, round(h.share, 2)) for h in found] == [("app.hot", 0.6), ("app.Generate", 0.4)]
    assert found[1].cumulative_share == 1.0


def test_a_function_that_spreads_cost_over_children_and_causes_none_is_no_hotspot(stacks: Stacks) -> None:
    found = ranked(
        stacks("""
        app.Run /copy/run.go:4 > app.a /copy/a.go:1 = 50
        app.Run /copy/run.go:5 > app.b /copy/b.go:1 = 50
        """)
    )
    assert {h.function for h in found} == {"app.a", "app.b"}


def test_runtime_functions_are_never_hotspots_but_are_named(stacks: Stacks) -> None:
    (found,) = ranked(
        stacks("""
        app.join /copy/j.go:8 > runtime.concatstrings string.go:1 > runtime.mallocgc m.go:1 > runtime.memclr m.s:1 = 70
        app.join /copy/j.go:8 > runtime.concatstrings string.go:1 > runtime.memmove m.s:1 = 30
        """)
    )
    assert (found.function, found.file, found.line) == ("app.join", "j.go", 8)
    assert found.cause == "string building"
    assert found.attribution == "mostly string building, through runtime.concatstrings"
    assert (found.share, found.self_share) == (1.0, 0.0)


def test_the_largest_of_several_kinds_of_work_is_not_called_most_of_it(stacks: Stacks) -> None:
    """And only functions of that kind are named for it."""
    (found,) = ranked(
        stacks("""
        app.f /copy/f.go:8 > strings.(*Builder).Grow builder.go:1 = 40
        app.f /copy/f.go:9 > runtime.mapaccess2 map.go:1 = 35
        app.f /copy/f.go:9 = 25
        """)
    )
    assert found.attribution == "partly string building, through strings.(*Builder).Grow"
    assert found.other_frames == ("strings.(*Builder).Grow",)
    assert found.cause_share == 0.4


def memory(*rows: tuple[str, int, int], period: int, counted: bool = False) -> Profile:
    """A memory profile of (function, objects, bytes) rows, as Go samples it or as memray counts it."""
    names = ("peak_objects", "peak_space") if counted else ("alloc_objects", "alloc_space")
    builder = ProfileBuilder(
        [ValueType(name=n, unit=u) for n, u in zip(names, ("count", "bytes"), strict=True)]
    )
    for name, objects, size in rows:
        builder.add([(Function(name=name, file="/copy/a.go"), 3)], [objects, size])
    return replace(builder.build(), period=period)


@pytest.mark.parametrize(
    ("objects", "size", "expected"),
    [(1_000_000, 300 << 20, "high"), (1_000_000, 5 * 65_536, "low"), (3, 300 << 20, "low")],
)
def test_a_heap_profile_is_as_sure_as_the_number_of_its_samples(
    objects: int, size: int, expected: str
) -> None:
    """Go writes estimates of all objects; what it saw is one in so many bytes, whatever their size."""
    profile = memory(("app.f", objects, size), period=65_536)
    (found,) = rank([view(profile, "memory", value="alloc_space")], OWN, 5)
    assert found.confidence == expected


def test_memory_that_was_counted_in_full_is_never_a_handful_of_samples() -> None:
    profile = memory(("app.f", 1, 300 << 20), ("app.g", 1, 20 << 20), period=0, counted=True)
    first, second = rank([view(profile, "memory", value="peak_space")], OWN, 5)
    assert (first.confidence, second.confidence) == ("high", "medium")
    assert "sample" not in first.confidence_reason + second.confidence_reason


def test_one_function_in_several_views_is_one_hotspot(stacks: Stacks) -> None:
    cpu = stacks("app.a /copy/a.go:1 = 60\napp.b /copy/b.go:1 = 40")
    heap = stacks("app.b /copy/b.go:1 > runtime.makeslice s.go:1 = 90\napp.a /copy/a.go:1 = 10")
    found = rank([view(cpu), view(heap, "memory", 0.9)], OWN, 10)
    assert [h.function for h in found] == ["app.b", "app.a"]
    assert found[0].view == "memory"
    assert found[0].also == {"cpu": 0.4, "memory": 0.9}


def test_cost_in_a_second_view_can_put_a_function_first(stacks: Stacks) -> None:
    cpu = stacks("app.a /copy/a.go:1 = 52\napp.b /copy/b.go:1 = 48")
    heap = stacks("app.b /copy/b.go:1 = 60\napp.c /copy/c.go:1 = 40")
    assert rank([view(cpu)], OWN, 1)[0].function == "app.a"
    assert rank([view(cpu), view(heap, "memory", 0.5)], OWN, 1)[0].function == "app.b"


def test_the_question_decides_which_view_weighs_more(stacks: Stacks) -> None:
    cpu = stacks("app.a /copy/a.go:1 = 90\napp.b /copy/b.go:1 = 10")
    heap = stacks("app.b /copy/b.go:1 = 90\napp.a /copy/a.go:1 = 10")
    about_time = rank([view(cpu, weight=1.0), view(heap, "memory", 0.3)], OWN, 10)
    about_memory = rank([view(cpu, weight=0.3), view(heap, "memory", 1.0)], OWN, 10)
    assert about_time[0].function == "app.a"
    assert about_memory[0].function == "app.b"


def test_a_call_site_is_named_only_where_most_of_the_cost_comes_through_it(stacks: Stacks) -> None:
    (found,) = [h for h in ranked(stacks("""
        app.x /copy/x.go:1 > app.hot /copy/h.go:2 = 50
        app.y /copy/y.go:1 > app.hot /copy/h.go:2 = 50
        """)) if h.function == "app.hot"]  # fmt: skip
    assert found.called_from is None


def test_small_costs_are_no_hotspots_and_the_limit_holds(stacks: Stacks) -> None:
    text = (
        "\n".join(f"app.f{n} /copy/f.go:{n} = {100 - n}" for n in range(1, 9)) + "\napp.tiny /copy/t.go:1 = 1"
    )
    assert "app.tiny" not in {h.function for h in ranked(stacks(text))}
    assert [h.function for h in ranked(stacks(text), limit=3)] == ["app.f1", "app.f2", "app.f3"]


@pytest.mark.parametrize("text", ["runtime.gcBgMarkWorker g.go:1 = 100", "app.a /copy/a.go:1 = 0"])
def test_where_own_code_costs_nothing_there_is_no_hotspot(stacks: Stacks, text: str) -> None:
    assert ranked(stacks(text)) == ()


@pytest.mark.parametrize(
    ("samples", "other", "expected"), [(5, 0, "low"), (60, 0, "high"), (20, 0, "medium"), (60, 60_000, "low")]
)
def test_how_sure_a_hotspot_is_depends_on_its_samples_and_share(
    stacks: Stacks, samples: int, other: int, expected: str
) -> None:
    rest = f"\napp.other /copy/o.go:1 = {other}" if other else ""
    amount = 20
    found = ranked(stacks("\n".join([f"app.hot /copy/h.go:2 = {amount}"] * samples) + rest))
    assert next(h for h in found if h.function == "app.hot").confidence == expected


def test_the_planted_causes_of_a_real_profile_come_first(data: Path) -> None:
    """The report example: by plain own time `memmove` leads; by cause it is the example's own functions."""
    own = OwnCode(language="go", root=Path("/elsewhere"), module="example.com/dailyreports")
    found = rank([view(read_pprof(data / "go1.26-cpu.pb.gz"))], own, 5)
    names = {h.function.rpartition("/")[2] for h in found}
    assert {"summary.contains", "trades.validID"} <= names or {"summary.Symbols", "trades.validID"} <= names
    assert not {"dailyreports.Generate", "report.Render", "dailyreports.main"} & names
    assert all(h.file.endswith(".go") and not h.file.startswith("/") for h in found)
