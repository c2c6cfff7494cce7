"""Flame graphs: legible without their script, harmless whatever the symbols, honest about differences."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.profiles.builder import ProfileBuilder
from tools.profiles.flame import document
from tools.profiles.flamegraph import Comparison, flame_graph, flame_svg
from tools.profiles.pprof import read_pprof
from tools.profiles.profile import Function, Profile, ValueType

Stacks = Callable[[str], Profile]
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    "<script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    '"><image href="x" onerror="alert(1)"/>',
    "' onload='alert(1)",
    "&lt;already&gt; &amp; &#60;",
    "</title></svg>",
    "null \x00 bell \x07 escape \x1b[31m override \u202egnp.exe",
    "\ud800",
)
BEFORE = (
    "main main.go:1 > slow a.go:1 = 60\nmain main.go:1 > same a.go:2 = 30\nmain main.go:1 > gone a.go:3 = 10"
)
AFTER = (
    "main main.go:1 > slow a.go:1 = 10\nmain main.go:1 > same a.go:2 = 15\nmain main.go:1 > new b.go:4 = 25"
)


def boxes(svg: str) -> dict[str, ET.Element]:
    """The frames of a graph by the function in their title."""
    groups = [g for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("class") == "f"]
    return {(g.findtext(f"{SVG}title") or "").rpartition(" (")[0]: g for g in groups}


def rect(group: ET.Element) -> ET.Element:
    found = group.find(f"{SVG}rect")
    assert found is not None
    return found


def one_frame(name: str, file: str = "a.go") -> Profile:
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    builder.add([(Function(name=name, file=file), 1)], [10])
    return builder.build()


@pytest.mark.parametrize(
    ("name", "orientation"), [("flamegraph.svg", "flame"), ("flamegraph-icicle.svg", "icicle")]
)
def test_the_picture_of_a_small_profile(
    stacks: Stacks, golden: Callable[[str, str], None], name: str, orientation: str
) -> None:
    assert orientation in ("flame", "icicle")
    picture = flame_svg(
        stacks(BEFORE), value="cpu", title="CPU before",
        orientation="flame" if orientation == "flame" else "icicle",
    )  # fmt: skip
    golden(name, without_script(picture))


def test_the_picture_of_a_difference(stacks: Stacks, golden: Callable[[str, str], None]) -> None:
    picture = flame_svg(stacks(AFTER), value="cpu", title="CPU difference", base=stacks(BEFORE))
    golden("flamegraph-difference.svg", without_script(picture))


def without_script(svg: str) -> str:
    """The picture alone, an element a line: the script has a file and a test of its own."""
    return re.sub(r"<script>.*</script>", "<script/>", svg, flags=re.DOTALL).replace("><", ">\n<")


def test_the_picture_can_be_read_without_its_script(stacks: Stacks) -> None:
    """Names, shares and amounts stand in the document itself; nothing is hidden until a script runs."""
    svg = flame_svg(stacks(BEFORE), value="cpu", title="CPU before")
    found = boxes(svg)
    assert set(found) == {"all", "main", "slow", "same", "gone"}
    assert found["slow"].findtext(f"{SVG}text") == "slow"
    assert found["slow"].findtext(f"{SVG}title") == "slow (60 ns, 60.00%)"
    assert float(rect(found["slow"]).get("width", "0")) == pytest.approx(720)
    assert not re.search(r"display|visibility|opacity:0[;}]", without_script(svg))
    assert "total 100 ns" in svg


def test_frames_stand_above_their_callers_and_within_them(stacks: Stacks) -> None:
    found = boxes(flame_svg(stacks(BEFORE), value="cpu", title="t"))
    for name in ("slow", "same", "gone"):
        child, parent = rect(found[name]), rect(found["main"])
        assert float(child.get("y", "")) < float(parent.get("y", ""))
        start, end = float(child.get("x", "")), float(child.get("x", "")) + float(child.get("width", ""))
        assert start >= float(parent.get("x", "")) - 0.01
        assert end <= float(parent.get("x", "")) + float(parent.get("width", "")) + 0.01
    starts = sorted(float(rect(found[n]).get("x", "")) for n in ("slow", "same", "gone"))
    assert starts == pytest.approx([0, 120, 480])


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text_and_nothing_else(name: str) -> None:
    profile = one_frame(name, file=name)
    for base in (None, profile):
        svg = flame_svg(profile, value="cpu", title=name, base=base)
        root = ET.fromstring(svg)
        elements = [e for e in root.iter() if e.tag.removeprefix(SVG) not in ALLOWED]
        assert elements == []
        assert [key for e in root.iter() for key in e.attrib if key.startswith("on") or "href" in key] == []
        assert svg.count("<script>") == svg.count("</script>") == svg.count("]]>") == 1
        assert re.search(r"[\x00-\x08\x0b-\x1f\u202e]", svg) is None


ALLOWED = {"svg", "style", "rect", "text", "g", "title", "script"}


def test_a_name_that_is_not_escaped_would_be_caught() -> None:
    """The check above can fail: the same names written as they are break the document."""
    svg = flame_svg(one_frame("NAME"), value="cpu", title="t")
    for name in HOSTILE[:3]:
        root_of = svg.replace("NAME", name)
        try:
            tags = {e.tag.removeprefix(SVG) for e in ET.fromstring(root_of).iter()}
        except ET.ParseError:
            continue
        assert tags - ALLOWED or root_of.count("<script>") > 1


@given(st.text(max_size=40))
def test_any_name_gives_a_well_formed_picture(name: str) -> None:
    picture = flame_svg(one_frame(name, name), value="cpu", title=name)
    assert boxes(picture)  # parsed, so well-formed
    assert picture.count('<g class="f"') == 2


def test_red_grew_blue_shrank_and_the_unchanged_is_white(stacks: Stacks) -> None:
    """Shares count: `same` halved in time as everything did, so it didn't change its part of the whole."""
    found = boxes(flame_svg(stacks(AFTER), value="cpu", title="t", base=stacks(BEFORE)))
    colours = {name: rgb(rect(group).get("fill", "")) for name, group in found.items()}
    assert colours["new"][0] > colours["new"][2] + 60
    assert colours["slow"][2] > colours["slow"][0] + 60
    assert colours["all"] == (245, 245, 245)
    assert colours["main"] == (245, 245, 245)
    title = found["slow"].findtext(f"{SVG}title") or ""
    assert title == "slow (10 ns, 20.00%, -40.00 points)"


def test_halving_everything_is_no_difference(stacks: Stacks) -> None:
    half = "\n".join(
        f"{line.rpartition(' = ')[0]} = {int(line.rpartition(' = ')[2]) // 2}" for line in BEFORE.splitlines()
    )
    found = boxes(flame_svg(stacks(half), value="cpu", title="t", base=stacks(BEFORE)))
    assert {rgb(rect(group).get("fill", "")) for group in found.values()} == {(245, 245, 245)}


def test_where_the_totals_were_measured_amounts_are_compared(stacks: Stacks) -> None:
    """Half of the whole was saved, all of it in one function: nothing else may look as if it had grown."""
    before, after = (
        stacks("main a.go:1 > same a.go:2 = 10\nmain a.go:1 > slow a.go:3 = 10"),
        stacks("main a.go:1 > same a.go:2 = 20"),
    )
    found = boxes(flame_svg(after, value="cpu", title="t", base=before, base_ratio=2.0))
    colours = {name: rgb(rect(group).get("fill", "")) for name, group in found.items()}
    assert colours["same"] == (245, 245, 245)
    assert colours["slow"][2] > colours["slow"][0] + 60
    assert float(rect(found["slow"]).get("width", "0")) == pytest.approx(600)
    shares = boxes(flame_svg(after, value="cpu", title="t", base=before))
    assert rgb(rect(shares["same"]).get("fill", "")) != (245, 245, 245)  # by shares it grew


def rgb(text: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(text.removeprefix("#")))


def test_a_package_has_one_colour_and_another_has_another(stacks: Stacks) -> None:
    found = boxes(
        flame_svg(stacks("x/a.F a/f.go:1 > x/a.G a/g.go:1 > x/b.F b/f.go:1 = 10"), value="cpu", title="t")
    )
    fills = {name: rect(group).get("fill") for name, group in found.items()}
    assert fills["x/a.F"] == fills["x/a.G"] != fills["x/b.F"]


def test_a_python_function_is_told_with_its_file() -> None:
    """Half of a Python program is called `run` or `__init__`."""
    found = boxes(flame_svg(one_frame("run", "/srv/reports/daily.py"), value="cpu", title="t"))
    assert "daily.run in reports/daily.py" in found


def test_amounts_below_zero_are_not_drawn_and_it_is_said() -> None:
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    builder.add([(Function(name="more", file="a.go"), 1)], [10])
    builder.add([(Function(name="less", file="a.go"), 1)], [-4])
    svg = flame_svg(builder.build(), value="cpu", title="t")
    assert set(boxes(svg)) == {"all", "more"}
    assert "total 10 ns; amounts below zero (-4 ns in all) aren&#x27;t drawn" in svg


def test_amounts_are_compared_as_they_were_recorded(stacks: Stacks) -> None:
    before, after = stacks("main a.go:1 > f a.go:2 = 10"), stacks("main a.go:1 > f a.go:2 = 20")
    compared = Comparison(base=before, as_recorded=True)
    graph = flame_graph(after, value="cpu", title="t", compared=compared)
    found = boxes(graph.svg)
    assert found["f"].findtext(f"{SVG}title") == "f (20 ns, 100.00%, +50.00 points)"
    assert "by amount: 10 ns before" in graph.svg


def test_what_went_away_wholly_is_drawn(stacks: Stacks) -> None:
    """Nothing is left of the newer side: the older one is still there to see, when amounts are compared."""
    before, after = stacks("main a.go:1 > f a.go:2 = 10"), stacks("main a.go:1 > f a.go:2 = 0")
    compared = Comparison(base=before, as_recorded=True)
    found = boxes(flame_graph(after, value="cpu", title="t", compared=compared).svg)
    assert found["f"].findtext(f"{SVG}title") == "f (0 ns, 0.00%, -100.00 points)"


def test_a_difference_has_its_legend_in_the_picture(stacks: Stacks) -> None:
    svg = flame_svg(stacks(AFTER), value="cpu", title="t", base=stacks(BEFORE))
    legend = next(g for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("data-show") == "legend")
    fills = [rgb(r.get("fill", "")) for r in legend.iter(f"{SVG}rect")]
    assert fills[0][2] > fills[0][0] and fills[-1][0] > fills[-1][2]
    assert [t.text for t in legend.iter(f"{SVG}text")] == [
        "shrank by 5 points of the total or more",
        "grew by 5 points of the total or more",
    ]


def test_nothing_measured_is_said(stacks: Stacks) -> None:
    svg = flame_svg(stacks("main m.go:1 = 0"), value="cpu", title="t")
    assert "nothing was measured" in svg
    assert boxes(svg) == {}


def test_an_unknown_value_is_an_error(stacks: Stacks) -> None:
    with pytest.raises(KeyError, match="it has cpu"):
        flame_svg(stacks(BEFORE), value="memory", title="t")


def test_a_deep_stack_is_drawn(stacks: Stacks) -> None:
    deep = " > ".join(f"f{n} a.go:{n}" for n in range(3000)) + " = 5"
    assert len(boxes(flame_svg(stacks(deep), value="cpu", title="t"))) == 3001


def test_a_real_profile_gives_a_picture_of_reasonable_size(data: Path) -> None:
    svg = flame_svg(read_pprof(data / "go1.26-heap.pb.gz"), value="alloc_space", title="Allocated bytes")
    assert 10 < len(boxes(svg)) < 1000
    assert len(svg) < 1_000_000


def test_the_picture_needs_nothing_from_elsewhere(stacks: Stacks) -> None:
    svg = flame_svg(stacks(BEFORE), value="cpu", title="t")
    namespaces = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}  # names, which nothing loads
    assert set(re.findall(r"https?://[^\"'\s]+", svg)) == namespaces
    assert not re.search(r"@import|url\(|href|src=|fetch\(|XMLHttpRequest|innerHTML|eval\(", svg)


def test_the_script_needs_no_more_than_its_file_and_says_no_end_of_it() -> None:
    for script in sorted(Path(document.__file__).parent.glob("*.js")):
        assert "]]>" not in script.read_text(encoding="utf-8")
