"""Calls are recorded from whatever the workload is, and which benchmarks reach the change is told rightly."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.python.equivalence.conftest import SCRIPT, Compare, compared, of, reasons
from tools.measure.workload import Benchmark, Workload
from tools.python.interpreter import Interpreter

MAIN = """
import sys
from dataclasses import dataclass


@dataclass
class Line:
    text: str

    def width(self):
        return len(self.text)


def widest(lines):
    return max((line.width() for line in lines), default=0)


def main(arguments):
    print(widest([Line(a) for a in arguments] + [Line("abc")]))


if __name__ == "__main__":
    main(sys.argv[1:])
"""


@pytest.mark.parametrize("words", [("work.py",), ("python", "-m", "work")])
def test_functions_of_the_script_itself_are_compared(compare: Compare, words: tuple[str, ...]) -> None:
    workload = Workload(
        language="python",
        kind="script",
        benchmarks=(Benchmark(name="Command/work", selector=(*words, "x")),),
        chosen_because="",
    )
    after = MAIN.replace(
        "max((line.width() for line in lines), default=0)", "max([line.width() for line in lines])"
    )
    found = compare({"work.py": MAIN}, {"work.py": after}, workload=workload)
    assert compared(found).keys() == {"widest"}
    assert of(found, "widest")[0].call == "lines=[]"
    assert found.reached == {"Command/work": True}


def test_a_script_without_a_main_part_is_loaded_too(compare: Compare) -> None:
    text = "class Box:\n    n = 1\n\n\ndef half(box, n):\n    return n / 2\n\n\nhalf(Box(), 3)\nraise SystemExit\n"
    found = compare({"work.py": text}, {"work.py": text.replace("n / 2", "n // 2")})
    assert of(found, "half")[0].call == "box=Box(), n=3"


PROJECT = {
    "pkg/__init__.py": "from pkg.rates import RATE\n",
    "pkg/rates.py": "BASE = 2\nRATE = BASE * 3\n\n\ndef rate():\n    return RATE\n",
    "pkg/use.py": "from pkg import RATE as R\nfrom pkg import rates\n\n\ndef pay(n):\n    return n * R\n\n\n"
    "def cost(n):\n    return n + rates.RATE\n\n\ndef other(n):\n    return n\n",
    "work.py": "from pkg.use import cost, other, pay\n\npay(2), cost(1), other(3)\n",
}


def test_functions_that_use_a_changed_constant_are_compared_in_other_files_too(compare: Compare) -> None:
    found = compare(PROJECT, {"pkg/rates.py": PROJECT["pkg/rates.py"].replace("BASE = 2", "BASE = 5")})
    assert {d.function for d in found.differences} == {"pkg.use.pay", "pkg.use.cost"}
    assert compared(found).keys() == {"use.pay", "use.cost"}
    assert reasons(found).keys() == {"rates.rate"}


TOUCHED = "def touched(n):\n    return [n]\n\n\ndef apart(n):\n    return n\n"
BENCHMARKS = """
import pytest

from touched import apart, touched


@pytest.mark.parametrize("n", [1, 100])
def test_touched(benchmark, n):
    benchmark(touched, n)


def test_apart(benchmark):
    benchmark(apart, 1)


def test_started(benchmark):
    import subprocess, sys
    benchmark(subprocess.run, [sys.executable, "-I", "-c", ""])


def test_broken(benchmark):
    benchmark(apart)
"""
TESTS = "from touched import touched\n\n\ndef test_it():\n    assert touched('x') == ['x']\n"


@pytest.mark.slow
def test_benchmarks_that_dont_reach_the_change_are_told_from_those_that_do(
    compare: Compare, light: Interpreter
) -> None:
    nodes = ("test_touched[1]", "test_touched[100]", "test_apart", "test_started", "test_broken")
    workload = Workload(
        language="python",
        kind="benchmarks",
        benchmarks=tuple(
            Benchmark(name=node, selector=("pytest:", f"tests/test_speed.py::{node}"), size=size)
            for node, size in zip(nodes, (1, 100, None, None, None), strict=True)
        ),
        chosen_because="",
    )
    sources = {"touched.py": TOUCHED, "tests/test_speed.py": BENCHMARKS, "tests/test_it.py": TESTS}
    found = compare(
        sources, {"touched.py": TOUCHED.replace("return [n]", "return list((n,))")}, workload=workload,
        interpreter=light, seconds=30.0,
    )  # fmt: skip
    assert found.reached == {"test_touched[1]": True, "test_touched[100]": True, "test_apart": False}
    assert compared(found)["touched"][0] == 3  # 1 and 100 of the benchmarks, "x" of the tests
    assert found.differences == ()


def test_what_an_import_runs_counts_as_reached(compare: Compare) -> None:
    found = compare({"a.py": "X = 1\n", "work.py": "import a\n"}, {"a.py": "X = 2\n"})
    assert found.reached == {"Command/work": True}
    found = compare({"a.py": "X = 1\n", "b.py": "Y = 1\n", "work.py": "import a\n"}, {"b.py": "Y = 2\n"})
    assert found.reached == {"Command/work": False}


def test_threads_and_forked_children_are_recorded(compare: Compare) -> None:
    code = "def a(n):\n    return n\n\n\ndef b(n):\n    return n\n\n\ndef c(n):\n    return n\n"
    work = """
import multiprocessing
import threading

import code_

if __name__ == "__main__":
    thread = threading.Thread(target=code_.a, args=(1,))
    thread.start()
    thread.join()
    for way in ("fork", "spawn"):
        process = multiprocessing.get_context(way).Process(target=code_.b if way == "fork" else code_.c, args=(2,))
        process.start()
        process.join()
"""
    found = compare(
        {"code_.py": code, "work.py": work}, {"code_.py": code.replace("return n", "return n + 0")}
    )
    assert compared(found).keys() == {"a", "b", "c"}


def test_a_workload_that_doesnt_end_is_recorded_until_its_time_is_up(compare: Compare) -> None:
    code = "def a(n):\n    return n\n"
    work = "import code_\n\nn = 0\nwhile True:\n    n += 1\n    code_.a(n)\n"
    found = compare(
        {"code_.py": code, "work.py": work}, {"code_.py": code.replace("return n", "return n if n < 50 else 0")},
        seconds=2.0,
    )  # fmt: skip
    assert found.duration_s < 60
    recorded, _ = compared(found)["a"]
    assert recorded == 40
    assert of(found, "a")
    assert found.reached == {"Command/work": True}


def test_the_targets_own_sitecustomize_still_runs(compare: Compare) -> None:
    sources = {
        "sitecustomize.py": "import builtins\n\nbuiltins.TEN = 10\n",
        "code_.py": "def a(n):\n    return n + TEN\n",
        "work.py": "import code_\n\ncode_.a(1)\n",
    }
    found = compare(sources, {"code_.py": "def a(n):\n    return TEN + n\n"})
    assert compared(found).keys() == {"a"}
    assert found.differences == ()


def test_both_copies_stay_as_they_are(compare: Compare, tmp_path: Path) -> None:
    code = "def a(n):\n    open('written.txt', 'a').write(str(n))\n    return n\n"
    compare(
        {"code_.py": code, "work.py": "import code_\n\ncode_.a(1)\n"},
        {"code_.py": code.replace("return n", "return +n")},
    )
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == [
        "code_.py",
        "code_.py",
        "work.py",
        "work.py",
    ]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["base", "cand"]


def test_the_same_seed_gives_the_same_calls_and_another_seed_others(compare: Compare) -> None:
    code = "def a(rows, n):\n    return rows[:n]\n"
    work = "import code_\n\ncode_.a([1, 2, 3], 2)\n"
    wrong = {
        "code_.py": code.replace("return rows[:n]", "return rows[:n] if n != 2 or len(rows) == 3 else []")
    }
    first, again, other = (
        compare({"code_.py": code, "work.py": work}, wrong, seed=seed).differences for seed in (1, 1, 2)
    )
    assert first == again
    assert first
    assert other != first


def test_an_old_interpreter_is_said(compare: Compare, empty: Interpreter) -> None:
    import dataclasses

    old = dataclasses.replace(empty, version="3.7.17")
    found = compare(
        {"code_.py": "def a():\n    return 1\n", "work.py": ""}, {"code_.py": "def a():\n    return 2\n"},
        interpreter=old, workload=SCRIPT,
    )  # fmt: skip
    assert found.functions == ()
    assert found.warnings == ("calls can't be recorded in Python 3.7.17",)


def test_a_process_that_starts_slowly_is_given_more_time_when_nothing_was_recorded(compare: Compare) -> None:
    before = {
        "work.py": "import time\n\ntime.sleep(1.5)  # as on a busy host\n\nfrom shop import double\n\ndouble(4)\n",
        "shop.py": "def double(n: int) -> int:\n    return n + n\n",
    }
    found = compare(
        before, {"shop.py": "def double(n: int) -> int:\n    return 9 if n == 4 else 2 * n\n"}, seconds=0.5
    )
    assert [d.function for d in found.differences] == ["shop.double"]
