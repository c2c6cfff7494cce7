"""Code that breaks, hangs, floods or attacks is a difference on the new side and a reason on the old, never a pass."""

from __future__ import annotations

import pytest

from tests.tools.python.equivalence.conftest import Compare, compared, of, reasons

GOOD = "import os\n\n\ndef f(n):\n    return [n]\n\n\ndef g(n):\n    return -n\n"
WORK = "import code_ as c\n\nfor n in range(4):\n    c.f(n), c.g(n)\n"
IN_CALLS = {
    "exit": ("os._exit(7)", "the process ends with exit code 7"),
    "killed": ("os.kill(os.getpid(), 9)", "the process is ended by signal 9"),
    "segfault": ("__import__('ctypes').string_at(0)", "the process is ended by signal 11"),
    "loop": ("while True: pass", "it doesn't end within 2"),
    "asleep": ("__import__('time').sleep(1000)", "it doesn't end within 2"),
    "deaf": ("__import__('signal').pthread_sigmask(0, range(1, 64))\n    while True: pass", "it doesn't end within 2"),
    "memory": ("x = bytearray(2 * 10**9)", "raised MemoryError()"),
    "parent": ("os.kill(os.getppid(), 9)\n    __import__('time').sleep(9)", "the process that makes the calls ended"),
    "network": ("__import__('socket').create_connection(('192.0.2.1', 80), 5)", "raised OSError("),
    "deep": ("return f(n)", "raised RecursionError("),
    "garbage": (
        "[os.write(d, b'{\"call\": 0}\\n\\xff\\n') for d in range(3, 9) if _is_open(d)]\n    return [n + 1]", "1"
    ),
}  # fmt: skip
HELPER = (
    "\n\ndef _is_open(d):\n    try:\n        return os.fstat(d).st_mode & 0o100000\n"
    "    except OSError:\n        return 0\n"
)


@pytest.mark.parametrize("name", IN_CALLS)
def test_new_code_that_misbehaves_in_a_call_is_a_difference(compare: Compare, name: str) -> None:
    body, words = IN_CALLS[name]
    after = GOOD.replace("    return [n]\n", f"    {body}\n") + HELPER
    found = compare({"code_.py": GOOD, "work.py": WORK}, {"code_.py": after}, generated=4, seconds=4.0)
    assert words in of(found, "f")[0].after, found.differences
    assert found.duration_s < 120


IN_IMPORTS = {
    "raises": ("raise ValueError('no')", "its module can't be imported (ValueError: no)"),
    "exits": ("os._exit(0)", "the process that makes the calls ended"),
    "leaves": ("raise SystemExit", "its module can't be imported (SystemExit"),
    "sleeps": ("__import__('time').sleep(1000)", "its module can't be imported (Late"),
}


@pytest.mark.parametrize("name", IN_IMPORTS)
def test_new_code_that_cant_be_imported_is_a_difference(compare: Compare, name: str) -> None:
    line, words = IN_IMPORTS[name]
    after = GOOD.replace("import os\n", f"import os\n\n{line}\n").replace("[n]", "list((n,))")
    found = compare({"code_.py": GOOD, "work.py": WORK}, {"code_.py": after}, generated=4)
    assert words in of(found, "f")[0].after
    assert of(found, "f")[0].what == "missing"


def test_old_code_that_misbehaves_is_no_difference_and_is_said(compare: Compare) -> None:
    code = """
import os
import time


def leaves(n):
    if os.environ.get("ASK_PROFILER_RECORD") is None:
        os._exit(3)
    return n


def sleeps(n):
    if os.environ.get("ASK_PROFILER_RECORD") is None:
        time.sleep(60)
    return n


def recurses(n):
    return recurses(n + 1)


def slow_for_more(n):
    while n > 3:
        pass
    return n
"""
    work = """
import code_ as c

for n in range(3):
    c.leaves(n), c.sleeps(n), c.slow_for_more(n)
try:
    c.recurses(1)
except RecursionError:
    pass
"""
    found = compare(
        {"code_.py": code, "work.py": work},
        {"code_.py": code.replace("return n", "return +n").replace("n + 1", "1 + n")},
        generated=10,
    )
    assert found.differences == ()
    told = reasons(found)
    assert told["leaves"] == "called alone with the old code, the process ends with exit code 3"
    assert told["sleeps"] == "called alone with the old code, it doesn't end within 2 s"
    assert told["recurses"] == "the old code runs out of memory or stack"
    assert compared(found).keys() == {"slow_for_more"}


def test_arguments_that_cant_be_made_again_are_said(compare: Compare) -> None:
    code = """
class Odd:
    def __init__(self):
        self.n = 1

    def __setstate__(self, state):
        raise ValueError("no way back")


class Gone:
    def __init__(self):
        self.n = 1


def odd(o):
    return o.n


def taken(g):
    return g.n
"""
    after = (
        code.replace("return o.n", "return +o.n")
        .replace("return g.n", "return g.n + 0")
        .replace("Gone", "Other")
    )
    work = "import code_ as c\nc.odd(c.Odd())\nc.taken((c.Gone if hasattr(c, 'Gone') else c.Other)())\n"
    found = compare({"code_.py": code, "work.py": work}, {"code_.py": after})
    assert found.differences == ()
    assert reasons(found)["odd"] == "its arguments can't be made again (no way back)"
    assert reasons(found)["taken"].startswith(
        "with the new code, its arguments can't be made again (Can't get attrib"
    )
