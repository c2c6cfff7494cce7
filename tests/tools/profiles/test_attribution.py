"""Cost goes to the target's own function that causes it, and what kind of work it is is said."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.profiles.attribution import Attribution, Place, attribute
from tools.profiles.builder import ProfileBuilder
from tools.profiles.causes import go_cause, python_cause
from tools.profiles.ownership import OwnCode, Owner
from tools.profiles.pprof import read_pprof
from tools.profiles.profile import Function, Profile, ValueType

Stacks = Callable[[str], Profile]
GO = OwnCode(language="go", root=Path("/copy"), module="example.com/app")
PYTHON = OwnCode(language="python", root=Path("/copy"))


def test_runtime_cost_goes_to_the_own_function_that_causes_it(stacks: Stacks) -> None:
    found = attribute(
        stacks("""
        main.main /copy/m.go:3 > app.Build /copy/build.go:5 > fmt.Sprintf p.go:2 > runtime.mallocgc m.go:1 = 60
        main.main /copy/m.go:3 > app.Build /copy/build.go:6 > runtime.growslice s.go:1 > runtime.memmove m.s:1 = 30
        main.main /copy/m.go:3 > app.Build /copy/build.go:7 = 10
        runtime.gcBgMarkWorker mgc.go:1 = 50
        """),
        "cpu",
        GO,
    )
    build = found.places[Place("app.Build", "build.go")]
    assert (build.attributed, build.own, build.cumulative) == (100, 10, 100)
    assert build.causes == {"formatting": 60, "growing slices": 30, "its own instructions": 10}
    assert build.attributed_lines == {5: 60, 6: 30, 7: 10}
    assert build.foreign == {("formatting", "fmt.Sprintf"): 60, ("growing slices", "runtime.growslice"): 30}
    assert build.callers == {(Place("main.main", "m.go"), 3): 100}
    assert found.unattributed == {"garbage collection": 50}
    assert found.total == 150


def test_nothing_is_counted_twice_or_lost(data: Path) -> None:
    """Of a real profile, what own functions cause and what nobody causes add up to the whole."""
    profile = read_pprof(data / "go1.26-cpu.pb.gz")
    own = OwnCode(language="go", root=Path("/elsewhere"), module="example.com/dailyreports")
    found = attribute(profile, "cpu", own)
    attributed = sum(cost.attributed for cost in found.places.values())
    assert attributed + found.unattributed.total() == found.total == profile.total("cpu")
    assert attributed > 0.3 * found.total
    assert all(cost.attributed <= cost.cumulative <= found.total for cost in found.places.values())


def test_closures_type_arguments_and_goroutine_wrappers_belong_to_their_function(stacks: Stacks) -> None:
    found = attribute(
        stacks("""
        app.Sort /copy/a.go:3 > app.Sort.func1 /copy/a.go:4 = 1
        app.Sort[...] /copy/a.go:3 > app.Sort[...].func2.1 /copy/a.go:5 = 2
        app.Sort.gowrap1 /copy/a.go:3 > app.Sort.func1 /copy/a.go:4 = 4
        app.Sort /copy/a.go:3 > app.Sort-range1 /copy/a.go:6 = 8
        """),
        "cpu",
        GO,
    )
    assert set(found.places) == {Place("app.Sort", "a.go")}
    assert found.places[Place("app.Sort", "a.go")].attributed == 15
    assert found.places[Place("app.Sort", "a.go")].cumulative == 15


def test_comprehensions_and_lambdas_belong_to_the_function_they_are_written_in(stacks: Stacks) -> None:
    found = attribute(
        stacks("""
        <module> /copy/a.py:9 > build /copy/a.py:3 > <listcomp> /copy/a.py:4 > dumps /usr/lib/json/__init__.py:9 = 7
        <module> /copy/a.py:9 > <lambda> /copy/a.py:9 = 2
        """),
        "cpu",
        PYTHON,
    )
    assert found.places[Place("build", "a.py")].attributed == 7
    assert found.places[Place("build", "a.py")].causes == {"serialisation": 7}
    assert found.places[Place("<module>", "a.py")].attributed == 2


@pytest.mark.parametrize("inner", ["<genexpr>", "Report.text.<locals>.<genexpr>", "text.<locals>.<lambda>"])
def test_inner_functions_are_told_by_their_last_name(stacks: Stacks, inner: str) -> None:
    """From Python 3.11 on py-spy names them by where they are written, memray doesn't."""
    found = attribute(stacks(f"Report.text /copy/a.py:3 > {inner} /copy/a.py:4 = 7"), "cpu", PYTHON)
    assert set(found.places) == {Place("Report.text", "a.py")}
    assert found.places[Place("Report.text", "a.py")].own == 7


def test_where_the_scheduler_interrupts_a_function_it_is_its_own_instructions_that_run(
    stacks: Stacks,
) -> None:
    found = attribute(
        stacks("""
        app.Work /copy/w.go:2 > runtime.asyncPreempt preempt_amd64.s:7 = 5
        app.Work /copy/w.go:2 > runtime.asyncPreempt preempt_amd64.s:7 > runtime.asyncPreempt2 preempt.go:9 = 2
        """),
        "cpu",
        GO,
    )
    work = found.places[Place("app.Work", "w.go")]
    assert (work.own, work.causes, work.foreign) == (7, {"its own instructions": 7}, {})


@pytest.mark.parametrize(
    ("frame", "own", "cause"),
    [
        ("strings.TrimSpace strings/strings.go:9", GO, "the standard library"),
        ("example.org/lib.Do /mod/example.org/lib@v1/do.go:9", GO, "a dependency"),
        ("runtime.wbMove mbarrier.go:9", GO, "the runtime"),
        ("spam /venv/lib/site-packages/spam.py:9", PYTHON, "a dependency"),
        ("reduce /usr/lib/python3/functools.py:9", PYTHON, "the standard library"),
    ],
)
def test_work_that_no_table_knows_is_named_by_whose_code_it_is(
    stacks: Stacks, frame: str, own: OwnCode, cause: str
) -> None:
    found = attribute(stacks(f"app.f /copy/f:2 > {frame} = 5"), "cpu", own)
    assert found.places[Place("app.f", "f")].causes == {cause: 5}


def test_recursion_counts_once(stacks: Stacks) -> None:
    found = attribute(stacks("app.W /copy/w.go:2 > app.W /copy/w.go:3 > app.W /copy/w.go:3 = 5"), "cpu", GO)
    walk = found.places[Place("app.W", "w.go")]
    assert (walk.attributed, walk.cumulative, dict(walk.lines)) == (5, 5, {2: 5, 3: 5})


def test_the_test_harness_owns_nothing(stacks: Stacks) -> None:
    found = attribute(
        stacks(
            "testing.(*B).runN testing/b.go:1 > app.BenchmarkX /copy/x_test.go:3 > runtime.mallocgc m.go:1 = 9"
        ),
        "cpu",
        GO,
    )
    assert found.places == {}
    assert found.unattributed == {"allocation": 9}


@pytest.mark.parametrize(
    ("name", "file", "owner"),
    [
        ("example.com/app/build.Do", "/copy/build/do.go", "own"),
        ("example.com/app/build.Do", "example.com/app/build/do.go", "own"),
        ("main.main", "/copy/main.go", "own"),
        ("example.com/app.TestDo", "/copy/do_test.go", "harness"),
        ("example.com/app/testdata.Do", "/copy/testdata/do.go", "harness"),
        ("github.com/x/y.Do", "/copy/vendor/github.com/x/y/y.go", "dependency"),
        ("github.com/x/y.Do", "/home/x/go/pkg/mod/github.com/x/y/y.go", "dependency"),
        ("gopkg.in/yaml%2ev3.Do", "gopkg.in/yaml.v3/y.go", "dependency"),
        ("strings.Join", "/usr/local/go/src/strings/strings.go", "library"),
        ("encoding/json.Marshal", "encoding/json/encode.go", "library"),
        ("runtime.mallocgc", "runtime/malloc.go", "runtime"),
        ("internal/runtime/maps.h1", "internal/runtime/maps/hash.go", "runtime"),
        ("testing.(*B).runN", "testing/benchmark.go", "harness"),
        ("memeqbody", "", "runtime"),
        ("example.com/application.Do", "/other/do.go", "dependency"),
    ],
)
def test_whose_code_a_go_function_is(name: str, file: str, owner: Owner) -> None:
    assert GO.owner(Function(name=name, file=file)) == owner


@pytest.mark.parametrize(
    ("file", "owner"),
    [
        ("/copy/app/report.py", "own"),
        ("/copy/tests/test_report.py", "harness"),
        ("/copy/conftest.py", "harness"),
        ("/copy/.venv/lib/python3.11/site-packages/x.py", "dependency"),
        ("/home/user/.venv/lib/x.py", "dependency"),
        ("/usr/lib/python3.11/json/decoder.py", "library"),
        ("<frozen importlib._bootstrap>", "runtime"),
        ("libc.so.6", "runtime"),
        ("/copyright/app.py", "library"),
    ],
)
def test_whose_code_a_python_function_is(file: str, owner: Owner) -> None:
    assert PYTHON.owner(Function(name="f", file=file)) == owner


@pytest.mark.parametrize(
    ("names", "cause"),
    [
        (["regexp.MustCompile", "runtime.mallocgc"], "regular expressions"),
        (["fmt.Sprintf", "reflect.Value.String", "runtime.mallocgc"], "formatting"),
        (["runtime.concatstrings", "runtime.mallocgc"], "string building"),
        (["sort.SliceStable", "internal/reflectlite.Swapper"], "sorting"),
        (["strings.Builder", "runtime.memmove"], "copying"),
        (["internal/runtime/maps.(*Map).getWithKey", "aeshashbody"], "hashing and maps"),
        (["sync.(*Mutex).Lock", "runtime.futex"], "locks and waiting"),
        (["memeqbody"], "its own instructions"),
        (["unknown.Thing"], None),
    ],
)
def test_the_first_known_frame_names_the_kind_of_go_work(names: list[str], cause: str | None) -> None:
    assert go_cause(names) == cause


@pytest.mark.parametrize(
    ("file", "cause"),
    [
        ("/usr/lib/python3.11/re/__init__.py", "regular expressions"),
        ("/usr/lib/python3.9/re.py", "regular expressions"),
        ("/usr/lib/python3.9/sre_compile.py", "regular expressions"),
        ("/usr/lib/python3.11/copy.py", "copying"),
        ("/usr/lib/python3.11/_strptime.py", "time and time zones"),
        ("/usr/lib/python3.11/json/encoder.py", "serialisation"),
        ("/usr/lib/python3.11/logging/__init__.py", "formatting"),
        ("/usr/lib/python3.11/threading.py", "locks and waiting"),
        ("/usr/lib/python3.11/fractions.py", None),
        ("/usr/lib/python3.11/software/deepcopy.py", None),
    ],
)
def test_the_file_names_the_kind_of_python_work(file: str, cause: str | None) -> None:
    assert python_cause([file]) == cause


def test_stacks_that_are_put_together_cost_what_they_cost_one_by_one() -> None:
    """Rows that differ in nothing that counts are added up first: any profile must come out as row by row."""
    draw = random.Random(4)
    own = OwnCode(language="go", root=Path("/src"), module="example.org/app")
    known = [
        *(Function(name=f"example.org/app.f{n}", file="/src/a.go", start_line=10 * n) for n in range(4)),
        *(
            Function(name=name, file="/go/x.go")
            for name in ("runtime.mallocgc", "fmt.Sprintf", "regexp.Match", "a/b.c")
        ),
    ]
    value = [ValueType(name="cpu", unit="nanoseconds")]
    rows = [
        ([(draw.choice(known), draw.randint(0, 2)) for _ in range(draw.randint(0, 6))], draw.randint(0, 9))
        for _ in range(600)
    ]
    whole = ProfileBuilder(value)
    apart: Counter[tuple[object, ...]] = Counter()
    for number, (stack, amount) in enumerate(rows):
        whole.add(stack, [amount], {"row": str(number)})
        one = ProfileBuilder(value)
        one.add(stack, [amount])
        apart.update(_flat(attribute(one.build(), "cpu", own)))
    assert _flat(attribute(whole.build(), "cpu", own)) == +apart


def _flat(found: Attribution) -> Counter[tuple[object, ...]]:
    """Everything that is added up, by what it belongs to."""
    flat: Counter[tuple[object, ...]] = Counter({("total",): found.total})
    flat.update({("none", cause): amount for cause, amount in found.unattributed.items()})
    for place, cost in found.places.items():
        flat.update(
            {
                (place, "attributed"): cost.attributed,
                (place, "own"): cost.own,
                (place, "samples"): cost.samples,
            }
        )
        flat[place, "cumulative"] += cost.cumulative
        for name in ("lines", "attributed_lines", "causes", "foreign", "callers", "children"):
            for key, amount in getattr(cost, name).items():
                flat[place, name, str(key)] += amount
    return +flat
