"""What a reader does with a flame graph, in a real browser: zoom, search, walk by keys, several on one page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.profiles.flame_reader import Reader
from tools.profiles.builder import ProfileBuilder
from tools.profiles.flame.words import printable, shortened
from tools.profiles.flamegraph import Comparison, flame_graph, flame_svg
from tools.profiles.pprof import read_pprof
from tools.profiles.profile import Function, Profile, ValueType

Stacks = Callable[..., Profile]
BEFORE = (
    "main main.go:1 > slow a.go:1 = 60\nmain main.go:1 > same a.go:2 = 30\nmain main.go:1 > gone a.go:3 = 10"
)
AFTER = (
    "main main.go:1 > slow a.go:1 = 10\nmain main.go:1 > same a.go:2 = 15\nmain main.go:1 > new b.go:4 = 25"
)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def hostile() -> Profile:
    builder = ProfileBuilder([ValueType(name="space", unit="bytes")])
    for n, name in enumerate(HOSTILE):
        builder.add(
            [(Function(name=name, file="a/b.py"), 1), (Function(name="main", file="m.go"), 1)], [n + 1]
        )
    return builder.build()


HOSTILE = (
    "<script>fail()</script>",
    "]]><script>fail()</script>",
    '"><image href="x" onerror="fail()"/>',
    "</title></svg><script>fail()</script>",
    "&lt;already&gt; &amp; \\u003cscript>",
    "null \x00 escape \x1b[31m override \u202egnp.exe",
    "日本語の関数名 🙂🙂🙂🙂🙂🙂",
    "x" * 10_000,
    "__proto__",
)


def graphs(data: Path, stacks: Stacks) -> dict[str, str]:
    cpu = read_pprof(data / "go1.26-cpu.pb.gz")
    heap = read_pprof(data / "go1.26-heap.pb.gz")
    before = Comparison(base=stacks(BEFORE))
    return {
        "cpu": flame_svg(cpu, value="cpu", title="t"),
        "samples": flame_svg(cpu, value="samples", title="t", orientation="icicle"),
        "heap": flame_svg(heap, value="alloc_space", title="t"),
        "difference": flame_graph(stacks(AFTER), value="cpu", title="t", compared=before).svg,
        "hostile": flame_svg(hostile(), value="space", title="t"),
    }


@pytest.mark.parametrize("name", ["cpu", "samples", "heap", "difference", "hostile"])
def test_the_script_draws_what_the_file_says(name: str, reader: Reader, data: Path, stacks: Stacks) -> None:
    """Places, colours, amounts and labels are worked out twice, in two languages: here one holds the other."""
    script = "var first = told(); click(button('as ')); click(button('as ')); return [first, told()];"
    found = reader.asks(graphs(data, stacks)[name], script)
    assert isinstance(found, list)
    first, again = found
    assert len(first) == len(again) > 3
    for one, other in zip(first, again, strict=True):
        assert {k: one[k] for k in ("kind", "title", "text", "y", "fill")} == {
            k: other[k] for k in ("kind", "title", "text", "y", "fill")
        }
        for place in ("x", "width"):
            assert float(one[place]) == pytest.approx(float(other[place]), abs=0.011)


def test_hostile_names_stay_text_when_the_script_draws_them(reader: Reader) -> None:
    script = """
    var failed = false; window.fail = function () { failed = true; };
    click(frame("main"));
    return { failed: failed, names: names(), kinds: all("*").map(function (e) { return e.localName; }) };"""
    found = reader.asks(flame_svg(hostile(), value="space", title="</script>"), script)
    assert isinstance(found, dict)
    assert found["failed"] is False
    assert set(found["kinds"]) <= {
        "svg",
        "style",
        "rect",
        "text",
        "g",
        "title",
        "script",
        "foreignObject",
        "input",
    }
    hostile_names = {printable(shortened(f"b.{name} in a/b.py")) for name in HOSTILE}
    assert set(found["names"]) == {"all", "main"} | hostile_names


def test_a_click_makes_a_frame_as_wide_as_the_picture_and_escape_takes_it_back(
    reader: Reader, stacks: Stacks
) -> None:
    script = """
    click(frame("slow"));
    var zoomed = told(), reset = button("whole graph").textContent;
    press("Escape");
    return [zoomed, reset, names(), button("whole graph") === undefined];"""
    found = reader.asks(flame_svg(stacks(BEFORE), value="cpu", title="t"), script)
    assert isinstance(found, list)
    zoomed, reset, names, gone = found
    assert {(f["title"].partition(" ")[0], f["kind"], float(f["width"])) for f in zoomed} == {
        ("all", "f past", 1200), ("main", "f past", 1200), ("slow", "f", 1200),
    }  # fmt: skip
    assert reset == "← whole graph"
    assert gone
    assert names == ["all", "gone", "main", "same", "slow"]


def test_narrow_frames_show_when_their_room_is_opened(reader: Reader, stacks: Stacks) -> None:
    """A hundredth of a pixel at first; opening the room twice makes even the narrowest one legible."""
    lines = ["main m.go:1 > big b.go:1 = 9996000"]
    lines += [f"main m.go:1 > tiny{n} t.go:1 > below{n} t.go:1 = {1000 + n}" for n in range(40)]
    script = """
    var before = names(); click(all(".more")[0]);
    return [before, names(), all(".more").length, told().filter(function (f) { return f.text; }).length];"""
    found = reader.asks(flame_svg(stacks("\n".join(lines)), value="cpu", title="t"), script)
    expected = sorted(["all", "main", *(f"{part}{n}" for part in ("tiny", "below") for n in range(40))])
    assert found == [["all", "big", "main"], expected, 0, 82]


def test_a_room_of_very_many_is_opened_step_by_step(reader: Reader, stacks: Stacks) -> None:
    lines = [f"main m.go:1 > f{n} t.go:1 = {1_000_000 // (n + 1)}" for n in range(9_000)]
    script = """
    var steps = [];
    for (var n = 0; n < 30 && all(".more").length; n++) { click(all(".more")[0]); steps.push(names()); }
    return steps;"""
    steps = reader.asks(flame_svg(stacks("\n".join(lines)), value="cpu", title="t"), script)
    assert isinstance(steps, list)
    assert len(steps) > 1
    assert "f8999" in steps[-1]
    assert "f8999" not in steps[0]
    assert "f0" not in steps[0]


def test_it_can_be_read_with_keys_alone(reader: Reader, stacks: Stacks) -> None:
    """One stop for the tab key, arrows from frame to frame, enter opens, escape goes back, / and ctrl-F search."""
    script = """
    var steps = [], at = function () { return nameOf(document.activeElement); };
    var stops = all(".f[tabindex='0']").map(nameOf);
    all(".f[tabindex='0']")[0].focus(); steps.push(at());
    press("ArrowDown"); steps.push(at());
    press("ArrowDown"); steps.push(at());
    press("ArrowRight"); steps.push(at());
    press("ArrowLeft"); press("ArrowLeft"); steps.push(at());
    press("ArrowUp"); steps.push(at());
    press("ArrowDown"); press("Enter"); steps.push(at()); steps.push(says("details"));
    press("Escape"); steps.push(at());
    var slash = press("/"), input = document.activeElement.localName;
    document.activeElement.blur();
    var find = press("f", { ctrlKey: true }), again = document.activeElement.localName;
    type("same"); press("Enter"); steps.push(at());
    return { stops: stops, steps: steps, slash: slash, find: find, input: [input, again] };"""
    svg = flame_svg(stacks(BEFORE), value="cpu", title="t", orientation="icicle")
    assert reader.asks(svg, script) == {
        "stops": ["all"],
        "steps": [
            "all",
            "main",
            "gone",
            "same",
            "gone",
            "main",
            "gone",
            "gone (10 ns, 10.00%)",
            "all",
            "same",
        ],
        "slash": True,
        "find": True,
        "input": ["input", "input"],
    }


def test_the_picture_can_be_turned_over(reader: Reader, stacks: Stacks) -> None:
    script = """
    function y(name) { return Number(frame(name).querySelector("rect").getAttribute("y")); }
    var first = y("slow") < y("main"); click(button("as icicle"));
    return [first, y("slow") > y("main"), button("as flame") !== undefined];"""
    assert reader.asks(flame_svg(stacks(BEFORE), value="cpu", title="t"), script) == [True, True, True]


def test_graphs_on_one_page_do_not_meet(reader: Reader, stacks: Stacks) -> None:
    """As in a report: each has its own search, zoom and keys, and a page's own classes keep their looks."""
    one = flame_svg(stacks(BEFORE), value="cpu", title="one")
    other = flame_svg(stacks(AFTER), value="cpu", title="two", base=stacks(BEFORE))
    page = f'<!doctype html><body><p class="f quiet b">text</p><textarea></textarea>{one}{other}</body>'
    script = """
    var svgs = all("svg"), box = document.querySelector("textarea");
    type("slow", svgs[0]); click(frame("slow", svgs[0])); click(frame("new", svgs[1]));
    var searched = [says("matched", svgs[0]), says("matched", svgs[1])], zoomed = [names(svgs[0]), names(svgs[1])];
    box.focus();
    var taken = [press("/"), press("f", { ctrlKey: true }), press("Escape")];
    var kept = names(svgs[1]).length;
    svgs[1].querySelector(".f").focus(); press("Escape");
    return { searched: searched, zoomed: zoomed, taken: taken, kept: kept,
             after: [names(svgs[0]).length, names(svgs[1]).length, says("matched", svgs[0])],
             ids: all("svg [id]").length, cursor: getComputedStyle(all("p")[0]).cursor };"""
    assert reader.asks(page, script, ".html") == {
        "searched": ["matched 60.00%, 1 frame", ""],
        "zoomed": [["all", "main", "slow"], ["all", "main", "new"]],
        "taken": [False, False, False],
        "kept": 3,
        "after": [3, 6, "matched 60.00%, 1 frame"],
        "ids": 0,
        "cursor": "auto",
    }


def test_an_empty_graph_does_nothing_and_fails_at_nothing(reader: Reader, stacks: Stacks) -> None:
    svg = flame_svg(stacks("main m.go:1 = 0"), value="cpu", title="t")
    script = "type('x'); press('Escape'); click(button('as icicle')); return says('matched');"
    assert reader.asks(svg, script) == ""


def test_an_error_of_the_script_would_be_seen(reader: Reader, stacks: Stacks) -> None:
    svg = flame_svg(stacks(BEFORE), value="cpu", title="t").replace("var first =", "nowhere(); var first =")
    with pytest.raises(AssertionError, match="nowhere is not defined"):
        reader.asks(svg, "return 1;")
