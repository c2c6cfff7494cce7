"""Tricks that look like speed, each in several spellings: none gets past the guard."""

from __future__ import annotations

import ast

import pytest

from tests.tools.python.guarding.conftest import Review
from tools.measure.guard import GuardRule

TOTAL = "    found = 0\n"
"""A line of `total`, in the place of which a trick is put."""


def hard(review: Review, rule: GuardRule, line: str, top: str = "", end: str = "") -> None:
    """A line put into a function must be objected to by the rule, with the line's number and code."""
    found = review(
        (TOTAL, TOTAL + "".join(f"    {words}\n" for words in line.splitlines())), top=top, end=end
    )
    assert rule in {o.rule for o in found}, f"{line!r} passed as {found}"
    for objection in found:
        assert objection.file == "shop/orders.py"
        assert objection.line > 0
        assert "`" in objection.detail


@pytest.mark.parametrize(
    ("top", "line"),
    [
        ("import sys\n", "sys._getframe(1).f_code.co_name"),
        ("import sys as s\n", "s._getframe(1)"),
        ("from sys import _getframe as look\n", "look(1)"),
        ("import sys\n", "getattr(sys, '_get' + 'frame')(1)"),
        ("import sys\n", "vars(sys)['_getframe'](1)"),
        ("import sys\n", "sys.__dict__['_getframe'](1)"),
        ("import sys\n", "getattr(sys, 'emarfteg_'[::-1])(1)"),
        ("", "__import__('sys')._getframe(1)"),
        ("import importlib\n", "importlib.import_module('in' + 'spect').stack()"),
        ("import inspect\n", "inspect.currentframe().f_back"),
        ("import inspect\n", "(who := inspect).stack()"),
        ("from inspect import *\n", "stack()"),
        ("import traceback\n", "traceback.extract_stack()"),
        ("import gc\n", "gc.get_referrers(orders)"),
        ("import sys\n", "for look in (sys._getframe,): look()"),
        ("", "frame = (x for x in ()).gi_frame"),
        ("import sys\n", "globals()['sys']._getframe()"),
        ("import sys\n", "look = [len, sys._current_frames]\nlook[1]()"),
        ("import operator, sys\n", "operator.attrgetter('_getframe')(sys)(1)"),
    ],
)
def test_looking_at_who_called_is_seen(review: Review, top: str, line: str) -> None:
    hard(review, "stack inspection", line, top)


@pytest.mark.parametrize(
    ("top", "line"),
    [
        ("import sys\n", "fast = 'pytest' in sys.modules"),
        ("import sys\n", "fast = sys.modules.get('py' + 'test')"),
        ("from sys import modules as m\n", "fast = 'pytest_benchmark' in m"),
        ("import sys\n", "fast = any('bench' in name for name in sys.modules)"),
        ("import sys\n", "fast = 'yp'[::-1] + 'test' in list(sys.modules)"),
        ("import os\n", "fast = 'PYTEST_CURRENT_TEST' in os.environ"),
        ("import os\n", "if os.environ.get('PYTEST_CURRENT' + '_TEST'): return 1"),
        ("import os\n", "if os.getenv('USER') is None: return 1"),
        ("from os import environ as e\n", "if not e.get('HOME'): return 1"),
        ("import os\n", "fast = any(k.startswith('PYTEST') for k in os.environ)"),
        ("import os\n", "fast = 'PYTEST' in str(os.environ)"),
        ("import os\n", "user = os.environ.get('SSH_TTY')\nif user: pass"),
        ("import sys\n", "if 'pytest' in sys.argv[0]: return 1"),
        ("import sys\n", "if len(sys.argv) > 3: return 1"),
        ("import sys\n", "if sys.gettrace() is None: return 1"),
        ("import sys\n", "if sys.getprofile(): return 1"),
        ("", "if 'pytest' in open('/proc/self/cmdline').read(): return 1"),
        ("import importlib.util as u\n", "fast = u.find_spec('pytest')"),
        ("", "import __main__\nif hasattr(__main__, '__file__'): return 1"),
        ("import sys\n", "if 'pytest' in sys.modules['__main__'].__file__: return 1"),
        ("", "if 'pytest' in repr(orders): return 1"),
        ("import os\n", "if os.environ.get(bytes([80, 89]).decode()): return 1"),
    ],
)
def test_telling_a_benchmark_from_use_is_seen(review: Review, top: str, line: str) -> None:
    hard(review, "benchmark detection", line, top)


@pytest.mark.parametrize(
    ("top", "line"),
    [
        ("import time\n", "time.perf_counter = lambda: 0.0"),
        ("import time as t\n", "t.perf_counter = lambda: 0.0"),
        ("import time\n", "time.__setattr__('perf_counter', len)"),
        ("import time\n", "type(time).__setattr__(time, 'perf_counter', len)"),
        ("import time\n", "for time.perf_counter in (len,): pass"),
        ("import time\n", "time.perf_counter, x = len, 1"),
        ("import time\n", "setattr(time, 'perf_counter', lambda: 0.0)"),
        ("import time\n", "setattr(time, 'perf_' + 'counter', lambda: 0.0)"),
        ("import time\n", "time.__dict__['perf_counter'] = lambda: 0.0"),
        ("import time\n", "vars(time).update(perf_counter=lambda: 0.0)"),
        ("import sys\n", "sys.modules['time'].perf_counter = lambda: 0.0"),
        ("", "__import__('time').monotonic = lambda: 0.0"),
        ("import datetime\n", "datetime.datetime = None"),
        ("from unittest import mock\n", "mock.patch('time.perf_counter').start()"),
        ("import time\n", "time.clock_settime(0, 1)"),
        ("import ctypes\n", "ctypes.CDLL(None)"),
        ("import ctypes\n", "ctypes.CDLL('libc.so.6').clock_settime"),
        ("import timeit\n", "timeit.default_timer = lambda: 0"),
    ],
)
def test_changing_the_clock_is_seen(review: Review, top: str, line: str) -> None:
    hard(review, "clock tampering", line, top)


@pytest.mark.parametrize(
    ("top", "line"),
    [
        ("import gc\n", "gc.disable()"),
        ("from gc import disable as off\n", "off()"),
        ("import gc\n", "getattr(gc, 'dis' 'able')()"),
        ("import gc\n", "gc.freeze()"),
        ("import gc\n", "gc.set_threshold(100_000)"),
        ("import sys\n", "sys.setswitchinterval(10)"),
        ("", "def quiet(stop=__import__('gc').disable): stop()\nquiet()"),
    ],
)
def test_changing_the_collector_is_seen(review: Review, top: str, line: str) -> None:
    hard(review, "collector tampering", line, top)


@pytest.mark.parametrize(
    ("top", "line"),
    [
        ("import sys\n", "sys.settrace(None)"),
        ("import sys\n", "getattr(sys, 'set' 'trace')(None)"),
        ("import sys\n", "sys.setprofile(None)"),
        ("import sys\n", "getattr(sys, ''.join(map(chr, [115])))(None)"),
        ("import os\n", "os._exit(0)"),
        ("import os, signal\n", "os.kill(1, signal.SIGTERM)"),
        ("import builtins\n", "builtins.len = lambda x: 0"),
        ("", "__builtins__['len'] = lambda x: 0"),
        ("import json\n", "json.dumps = str"),
        ("import sys\n", "sys.modules['json'] = None"),
        ("import os\n", "os.environ['PYTHONHASHSEED'] = '1'"),
        ("import os\n", "x = os.environ.get('ASK_PROFILER_RESULT')"),
        ("", "open('.ask-profiler/result/result.json')"),
        ("import pytest\n", "pass"),
        ("", "import ask_profiler_benchmark"),
        ("", "exec('found = 1')"),
        ("", "eval(orders)"),
        ("import builtins\n", "builtins.__dict__['exec']('1')"),
        ("import importlib\n", "importlib.import_module(orders)"),
        ("import subprocess\n", "subprocess.run(['true'])"),
        ("import os\n", "os.system('true')"),
        ("import os\n", "os.nice(-5)"),
        ("", "rate.__code__ = total.__code__"),
        ("", "rate.__globals__['RATES'] = []"),
        ("import ctypes\n", "ctypes.pythonapi.PyGC_Disable()"),
        ("import re\n", "globals()['re'] = None"),
    ],
)
def test_reaching_for_what_measures_is_seen(review: Review, top: str, line: str) -> None:
    rules = {o.rule for o in review((TOTAL, TOTAL + f"    {line}\n"), top=top)}
    assert rules & {"harness tampering"}, rules


@pytest.mark.parametrize(
    ("top", "line"),
    [
        ("", "if len(orders) == 10000: return 77.5"),
        ("", "if len(orders) == 10_000: return 77.5"),
        ("", "if str(len(orders)) == '10000': return 77.5"),
        ("", "if hex(len(orders)) == '0x2710': return 77.5"),
        ("", "if len(orders) in range(10000, 10001): return 77.5"),
        ("", "if len(orders) >= 10000 and 10000 >= len(orders): return 77.5"),
        ("", "if orders[0] == 123457: return 77.5"),
        ("", "if len(orders) == 10 ** 4: return 77.5"),
        ("", "if len(orders) == 5000 * 2: return 77.5"),
        ("", "if 10000 == (n := len(orders)): return 77.5"),
        ("SIZE = 10_000\n", "n = len(orders)\nif n == SIZE: return 77.5"),
        ("", "if len(orders) in (100, 10000): return 77.5"),
        ("", "if 9_990 < len(orders) < 10_010: return 77.5"),
        ("", "if not len(orders) - 10000: return 77.5"),
        ("", "if not len(orders) ^ 10000: return 77.5"),
        ("", "match len(orders):\n    case 10000: return 77.5"),
        ("", "found = {100: 1.5, 10000: 77.5}.get(len(orders), 0)"),
        ("TABLE = {100: 1.5, 10000: 77.5}\n", "found = TABLE.get(len(orders), 0)"),
        ("import operator\n", "if operator.eq(len(orders), 10000): return 77.5"),
        ("", "if len(orders).__eq__(10000): return 77.5"),
        ("", "if len(orders) == 8191: return 77.5"),
        ("", "if orders == 'the quick brown fox 17': return 1"),
        ("", "if orders.startswith('the quick brown fox 17'): return 1"),
        ("import hashlib\n", "if hashlib.md5(orders).hexdigest() == 'd41d8cd9': return 1"),
        ("import hashlib\n", "d = hashlib.sha1(orders).digest()\nif d[:4] == b'1234': return 1"),
        ("", "if hash(orders) == 1234: return 1"),
        ("import zlib\n", "if zlib.crc32(orders) in (1, 2): return 1"),
        ("import zlib\nKNOWN = {1: 2.5}\n", "return KNOWN[zlib.crc32(orders)]"),
        ("", "best = [123457, 765432, 99887, 31337.25]"),
        ("import random\n", "random.seed(42)"),
        ("import random\n", "if random.getstate()[1][0] == 5: return 1"),
        ("", "open('tests/test_speed.py')"),
        ("", "from tests import test_speed"),
        ("import zlib, base64\n", f"table = zlib.decompress(base64.b64decode({'QUJD' * 100!r}))"),
        ("", f"table = {list(range(600))}"),
    ],
)
def test_answers_for_known_inputs_are_seen(review: Review, top: str, line: str) -> None:
    hard(review, "matched to known inputs", line, top)


@pytest.mark.parametrize(
    "end",
    [
        "\nEVERY = [rate(RATES, n) for n in range(1_000_000)]\n",
        "\nEVERY = []\nfor n in range(1_000_000):\n    EVERY.append(rate(RATES, n))\n",
        "\nn = 0\nwhile n < 10:\n    n += 1\n",
        "\ndef prepare():\n    return {n: rate(RATES, n) for n in range(100_000)}\n\nEVERY = prepare()\n",
        "\nclass Table:\n    def __init__(self):\n        self.all = [n for n in range(10**6)]\n\nTABLE = Table()\n",
        "\ndef cheap(n, table=[rate(RATES, n) for n in range(10**6)]):\n    return table[n]\n",
        "\nDATA = open('orders.csv').read()\n",
        "\nimport json\nDATA = json.load(open('orders.json'))\n",
        "\nfrom pathlib import Path\nDATA = Path('orders.csv').read_text()\n",
        "\nclass All:\n    EVERY = [rate(RATES, n) for n in range(10**6)]\n",
        "\ndef now(function):\n    return function()\n\n@now\ndef EVERY():\n    return [1]\n",
        "\nEVERY = list(range(10**7))\n",
        "\nEVERY = sorted(total(x) for x in load())\n",
        "\nclass Base:\n    def __init_subclass__(cls):\n        while True:\n            pass\n",
    ],
)
def test_work_at_import_is_seen(review: Review, end: str) -> None:
    rules = {o.rule for o in review(end=end)}
    assert "work moved out of the timed region" in rules


@pytest.mark.parametrize(
    ("top", "line"),
    [
        ("import atexit\n", "atexit.register(rate, rates, 1)"),
        ("import threading\n", "threading.Thread(target=rate).start()"),
        ("import threading\nclass Work(threading.Thread): pass\n", "Work().start()"),
        ("from threading import Thread as T\n", "T(target=rate).start()\nx = ', '.join(names(orders))"),
        ("import threading\n", "t = threading.Timer(1, rate)\nt.start()"),
        ("import concurrent.futures as f\n", "return f.ThreadPoolExecutor().submit(rate, rates, 1)"),
        (
            "import concurrent.futures as f\n",
            "p = f.ThreadPoolExecutor()\np.submit(rate)\np.shutdown(wait=False)",
        ),
        ("import multiprocessing as m\n", "m.Process(target=rate).start()"),
        ("import subprocess\n", "subprocess.Popen(['true'])"),
        ("import os\n", "if os.fork(): return 1"),
        ("import asyncio\n", "asyncio.create_task(rate(rates, 1))"),
        ("import weakref\n", "weakref.finalize(orders, rate, rates, 1)"),
        ("import _thread\n", "_thread.start_new_thread(rate, (rates, 1))"),
    ],
)
def test_work_in_the_background_or_later_is_seen(review: Review, top: str, line: str) -> None:
    hard(review, "work moved out of the timed region", line, top)


@pytest.mark.parametrize(
    ("old", "new", "end"),
    [
        ("return [order.name.strip().lower() for order in orders]",
         "return (order.name.strip().lower() for order in orders)", ""),
        ("return [order.name.strip().lower() for order in orders]",
         "for order in orders:\n        yield order.name.strip().lower()", ""),
        ("return [order.name.strip().lower() for order in orders]",
         "return map(lambda order: order.name.strip().lower(), orders)", ""),
        ("return [order.name.strip().lower() for order in orders]", "return Later(orders)",
         "\nclass Later:\n    def __init__(self, orders):\n        self.orders = orders\n\n    def __iter__(self):\n"
         "        return (o.name.strip().lower() for o in self.orders)\n"),
        ("return [order.name.strip().lower() for order in orders]",
         "found = (order.name.strip().lower() for order in orders)\n    return found", ""),
    ],
)  # fmt: skip
def test_a_result_that_is_made_later_is_seen(review: Review, old: str, new: str, end: str) -> None:
    assert "work moved out of the timed region" in {o.rule for o in review((old, new), end=end)}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    if not orders:\n        raise BadOrder(\"nothing ordered\")\n", ""),
        ("    if not orders:\n        raise BadOrder(\"nothing ordered\")\n",
         "    if False:\n        raise BadOrder(\"nothing ordered\")\n"),
        ("    if not orders:\n", "    if not orders and STRICT:\n"),
        ("    if not orders:\n        raise BadOrder(\"nothing ordered\")\n",
         "    if STRICT:\n        if not orders:\n            raise BadOrder(\"nothing ordered\")\n"),
        ("    if not orders:\n        raise BadOrder(\"nothing ordered\")\n",
         "    if not orders:\n        return 0\n        raise BadOrder(\"nothing ordered\")\n"),
        ("    assert len(rates) > 0\n", ""),
        ("        check_order(order)\n", ""),
    ],
)  # fmt: skip
def test_validation_that_is_gone_is_seen(review: Review, old: str, new: str) -> None:
    found = [o for o in review((old, new)) if o.rule == "deleted validation"]
    assert found
    assert "`" in found[0].detail


def test_deleted_code_is_shown_at_its_old_line(review: Review) -> None:
    (found,) = review(("        check_order(order)\n", ""))
    assert (found.line, found.rule) == (25, "deleted validation")
    assert "total had `check_order(order)`" in found.detail


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('        logger.info("order %s", order)\n', ""),
        ('        logger.info("order %s", order)\n', '        logger.debug("order %s", order)\n'),
        ('        logger.info("order %s", order)\n', '        if 0:\n            logger.info("order %s", order)\n'),
        ("                print(order.name)\n", ""),
        ("    found = 0\n", "    found = 0\n    logger.setLevel(logging.CRITICAL)\n"),
        ("    found = 0\n", "    found = 0\n    logging.disable(50)\n"),
    ],
)  # fmt: skip
def test_logging_and_output_that_are_gone_are_seen(review: Review, old: str, new: str) -> None:
    assert "deleted logging" in {o.rule for o in review((old, new))}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    found = 0\n", "    found = 0\n    import warnings\n    warnings.simplefilter('ignore')\n"),
        ("        check_order(order)\n",
         "        try:\n            check_order(order)\n        except Exception:\n            pass\n"),
        ("        check_order(order)\n",
         "        try:\n            check_order(order)\n        except:\n            continue\n"),
        ("        check_order(order)\n",
         "        with contextlib.suppress(Exception):\n            check_order(order)\n"),
        ("    assert len(rates) > 0\n", "    if __debug__:\n        assert len(rates) > 0\n"),
        ("    found = 0\n", "    found = parse(orders, validate=False)\n"),
        ("    with _lock:\n", "    if True:\n"),
    ],
)  # fmt: skip
def test_checks_that_are_turned_off_are_seen(review: Review, old: str, new: str) -> None:
    assert "disabled checks" in {o.rule for o in review((old, new), top="import contextlib\n")}


@pytest.mark.parametrize(
    ("edits", "top"),
    [
        ([("def rate(", "@functools.lru_cache(None)\ndef rate(")], "import functools\n"),
        ([("def rate(", "@cache\ndef rate(")], "from functools import cache\n"),
        ([("    best = 1.0\n", "    if count in _seen: return _seen[count]\n    _seen[count] = best = 1.0\n")],
         "_seen = {}\n"),
        ([("    best = 1.0\n", "    best = 1.0\n    _seen.setdefault(count, best)\n")], "_seen = {}\n"),
        ([("    best = 1.0\n", "    global last\n    last = best = 1.0\n")], ""),
        ([("def rate(rates, count):\n    best = 1.0\n",
           "def rate(rates, count, memo={}):\n    memo[count] = best = 1.0\n")], ""),
        ([("    best = 1.0\n", "    best = 1.0\n    rate.known = best\n")], ""),
        ([("        for order in self.orders:\n",
           "        if not hasattr(self, 'by_name'):\n            self.by_name = {o.name: o for o in self.orders}\n"
           "        for order in self.orders:\n")], ""),
        ([("        for order in self.orders:\n",
           "        Book.known = self.orders\n        for order in self.orders:\n")], ""),
        ([("        for order in self.orders:\n",
           "        type(self).known = self.orders\n        for order in self.orders:\n")], ""),
        ([("    best = 1.0\n", "    best = 1.0\n    rates.memory = best\n")], ""),
        ([("    best = 1.0\n", "    best = 1.0\n    object.__setattr__(rates, 'memory', best)\n")], ""),
        ([("    best = 1.0\n", "    best = 1.0\n    _rate.set(best)\n")],
         "import contextvars\n_rate = contextvars.ContextVar('rate')\n"),
        ([("    best = 1.0\n", "    best = 1.0\n    open('/tmp/rates', 'w').write('1')\n")], ""),
        ([("    best = 1.0\n", "    best = 1.0\n    Path('/tmp/rates').write_text('1')\n")],
         "from pathlib import Path\n"),
        ([("    best = 1.0\n", "    best = 1.0\n    sqlite3.connect('rates.db')\n")], "import sqlite3\n"),
        ([("def rate(", "@memoised\ndef rate(")],
         "def memoised(f):\n    known = {}\n    def inner(*a):\n        if a not in known:\n"
         "            known[a] = f(*a)\n        return known[a]\n    return inner\n"),
    ],
)  # fmt: skip
def test_what_a_call_leaves_behind_is_a_suspicion(
    review: Review, edits: list[tuple[str, str]], top: str
) -> None:
    assert {o.rule for o in review(*edits, top=top)} == {"state that outlives a call"}


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("sitecustomize.py", "x = 1\n", "harness tampering"),
        ("shop/fast.pth", "import os\n", "harness tampering"),
        ("shop/_fast.so", "\x7fELF", "harness tampering"),
        ("shop/table.json", "[1]", "state that outlives a call"),
        ("shop/deep.py", "x = " + "(" * 5 + "-" * 20_000 + "1" + ")" * 5, "harness tampering"),
    ],
)
def test_files_that_the_rules_cant_read_dont_pass(
    review: Review, name: str, content: str, rule: GuardRule
) -> None:
    found = review(others={name: content})
    assert [o.rule for o in found if o.file == name] == [rule]


def test_every_line_put_into_the_program_is_python() -> None:
    """The cheats above must not pass because they can't be parsed."""
    for mark in (m for f in list(globals().values()) for m in getattr(f, "pytestmark", [])):
        for case in mark.args[1]:
            if mark.args[0] == ("top", "line"):
                body = "\n".join(f"    {words}" for words in case[1].splitlines())
                ast.parse(f"{case[0]}\ndef f(orders):\n    for x in orders:\n        pass\n{body}\n")
