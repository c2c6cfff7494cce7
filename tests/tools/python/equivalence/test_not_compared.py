"""What can't be compared is said with the reason, is no false alarm, and is compared through callers where it can."""

from __future__ import annotations

import pytest

from tests.tools.python.equivalence.conftest import Compare, compared, of, reasons

STATE = "its result depends on time, randomness, the order of a set or other state"

UNSTEADY = """
import os
import random
import time
import uuid

_numbers = iter(range(10**6))
_seen = []


def now(n):
    return n * 2, time.perf_counter_ns()


def shuffled(rows):
    rows = list(rows)
    random.shuffle(rows)
    return rows


def unique(n):
    return str(uuid.uuid4())[:n]


def ticket(name):
    return name, next(_numbers)


def remembered(name):
    _seen.append(name)
    return len(_seen)


def letters(words):
    return [word for word in {*words}]


def process(n):
    return os.getpid() + n


def steady(rows):
    return sorted(rows)
"""
UNSTEADY_WORK = """
import code_ as c

for n in range(5):
    c.now(n), c.shuffled(range(20)), c.unique(8), c.ticket("a"), c.remembered("b"), c.process(n)
    c.letters(["one", "two", "three", "four", "five"]), c.steady([n, 3, 1])
"""


def test_what_depends_on_time_randomness_or_state_is_no_false_alarm(compare: Compare) -> None:
    after = (
        UNSTEADY.replace("return n * 2, time", "return n + n, time")
        .replace("random.shuffle(rows)", "rows.sort(key=lambda _: random.random())")
        .replace("str(uuid.uuid4())[:n]", "uuid.uuid4().hex[:n]")
        .replace("return name, next", "return str(name), next")
        .replace("return len(_seen)", "return len(list(_seen))")
        .replace("in {*words}]", "in set(words)]")
        .replace("os.getpid() + n", "n + os.getpid()")
        .replace("return sorted(rows)", "return sorted(list(rows))")
    )
    found = compare({"code_.py": UNSTEADY, "work.py": UNSTEADY_WORK}, {"code_.py": after})
    assert found.differences == ()
    assert "steady" in compared(found)
    told = reasons(found)
    assert told.keys() >= {"now", "shuffled", "unique", "letters", "process"}
    assert set(told.values()) == {STATE}


HANDLES = """
import re
import threading


class Session:
    def __init__(self, path):
        self.file = open(path)

    def first(self):
        return self.file.readline().strip()


def count(handle, word):
    return sum(word in line for line in handle)


def total(numbers):
    return sum(numbers)


def words_of(path):
    with open(path) as handle:
        return count(handle, "o")


def never(n):
    return n
"""
HANDLES_WORK = """
import code_ as c

c.words_of("text.txt")
c.total(n for n in range(4))
c.Session("text.txt").first()
"""


def test_arguments_that_cant_be_kept_are_named(compare: Compare) -> None:
    after = (
        HANDLES.replace("word in line for", "line.count(word) > 0 for")
        .replace("return sum(numbers)", "return sum(list(numbers))")
        .replace(".readline().strip()", ".readline().rstrip()")
        .replace("    return n\n", "    return n + 0\n")
    )
    sources = {"code_.py": HANDLES, "work.py": HANDLES_WORK, "text.txt": "one\ntwo\nsix\n"}
    found = compare(sources, {"code_.py": after})
    told = reasons(found)
    assert told["count"] == "`handle` is an open file; compared through code_.words_of"
    assert told["total"] == "`numbers` is a generator, which a second reader would use up"
    assert told["Session.first"].startswith("`self` is a code_.Session, which can't be kept (cannot pickle")
    assert told["never"] == "nothing in the workload or the tests called it while calls were recorded"
    assert compared(found).keys() == {"words_of"}
    assert found.differences == ()


def test_a_caller_shows_the_fault_of_what_cant_be_called(compare: Compare) -> None:
    sources = {"code_.py": HANDLES, "work.py": HANDLES_WORK, "text.txt": "one\ntwo\nsix\n"}
    found = compare(sources, {"code_.py": HANDLES.replace("word in line for", "line.startswith(word) for")})
    assert [d.after for d in of(found, "words_of")[:1]] == ["1"]
    assert of(found, "words_of")[0].before == "2"


REMOVED = """
LIMIT = 3


def helper(rows, limit):
    return rows[:limit]


def gone(n):
    return n + 1


def unused(n):
    return n


def top(rows):
    return helper(rows, LIMIT) + [gone(len(rows))]


def defaulted(rows, limit=2):
    return rows[:limit]


def middle(rows):
    return defaulted(rows)


def outer(rows):
    return middle(rows)
"""


def test_what_is_removed_or_takes_other_parameters_is_compared_through_callers(compare: Compare) -> None:
    after = """
LIMIT = 3


def helper(rows, limit, start):
    return rows[start:limit]


def top(rows):
    return helper(rows, LIMIT, 0) + [len(rows) + 1]


def defaulted(rows, limit=3):
    return rows[:limit]


def middle(rows):
    return defaulted(rows)


def outer(rows):
    return middle(rows)
"""
    work = "import code_ as c\nfor n in range(6):\n    c.top(list(range(n))), c.outer(list(range(n)))\nc.unused(1)\n"
    found = compare({"code_.py": REMOVED, "work.py": work}, {"code_.py": after})
    assert reasons(found) == {
        "helper": "its parameters change; compared through code_.top",
        "gone": "the change removes it; compared through code_.top",
        "unused": "the change removes it",
        "defaulted": "its parameters change; compared through code_.middle",
    }
    assert of(found, "top") == []
    assert of(found, "middle")[0].after == "[0, 1, 2]"


LAID_OUT = """
class Names:
    def __init__(self, names=()):
        self._names = list(names)

    def add(self, name):
        if name not in self._names:
            self._names.append(name)

    def known(self, name):
        return name in self._names


def distinct(words):
    names = Names()
    for word in words:
        names.add(word)
    return [word for word in sorted(set(words)) if names.known(word)]
"""


def test_a_class_that_keeps_its_state_otherwise_is_compared_through_its_users(compare: Compare) -> None:
    after = (
        LAID_OUT.replace("list(names)", "set(names)")
        .replace(
            "        if name not in self._names:\n            self._names.append(name)", "        self._names.add(name)"
        )
    )  # fmt: skip
    work = "import code_ as c\nc.distinct(['a', 'b', 'a'])\nc.distinct([])\n"
    found = compare({"code_.py": LAID_OUT, "work.py": work}, {"code_.py": after})
    assert found.differences == ()
    assert "distinct" in compared(found)
    assert reasons(found)["Names.add"] == (
        "`Names` keeps its objects' private attributes differently now; compared through code_.distinct"
    )
    worse = compare(
        {"code_.py": LAID_OUT, "work.py": work}, {"code_.py": after.replace("self._names.add(name)", "pass")}
    )
    assert of(worse, "distinct")[0].before == "['a', 'b']"
    assert of(worse, "distinct")[0].after == "[]"


def test_a_change_of_which_nothing_can_be_called_has_no_functions(compare: Compare) -> None:
    found = compare({"code_.py": "A = 1\n", "work.py": "import code_\n"}, {"code_.py": "A = 2\n"})
    assert (found.functions, found.not_compared, found.differences) == ((), (), ())
    found = compare({"data.json": "1", "work.py": "print(1)\n"}, {"data.json": "2"})
    assert found.warnings == ("data.json wasn't compared by value: it is no Python file",)


@pytest.mark.parametrize("text", ["def f(:\n", "\x00"])
def test_a_file_that_cant_be_parsed_is_said(compare: Compare, text: str) -> None:
    found = compare({"code_.py": "def f():\n    return 1\n", "work.py": "print(1)\n"}, {"code_.py": text})
    assert found.functions == ()
    assert "code_.py wasn't compared by value: it can't be parsed" in found.warnings[0]
