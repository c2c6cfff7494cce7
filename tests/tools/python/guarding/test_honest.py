"""Honest optimisations, and changes that look like tricks and aren't: the guard says nothing hard about them."""

from __future__ import annotations

import pytest

from tests.tools.python.guarding.conftest import Review
from tools.measure.guard import SUSPICION

RATE = """def rate(rates, count):
    best = 1.0
    for least, value in rates:
        if count >= least:
            best = value
    return best
"""
FIND = """        for order in self.orders:
            if order.name == name:
                return order
        raise KeyError(name)
"""
FOUND = "    found = 0\n"
NAMES = "    return [order.name.strip().lower() for order in orders]\n"
LOOP = """    for order in orders:
        check_order(order)
        logger.info("order %s", order)
        found += order.count * rate(rates, order.count)
    return found
"""


@pytest.mark.parametrize(
    ("edits", "top"),
    [
        # a regular expression, a table, and other constants made once
        ([(NAMES, "    return [_NAME.sub('', order.name) for order in orders]\n")],
         "import re\n_NAME = re.compile(r'[^a-z]+')\n"),
        ([(NAMES, "    return [order.name.translate(_LOWER) for order in orders]\n")],
         "import string\n_LOWER = str.maketrans({c: c.lower() for c in string.ascii_uppercase})\n"),
        ([(RATE, RATE.replace("    best = 1.0", "    best = _CRC[count & 255]"))],
         "def _entry(n):\n    for _ in range(8):\n        n = n >> 1 ^ (0xEDB88320 if n & 1 else 0)\n    return n\n"
         "_CRC = [_entry(n) for n in range(256)]\n"),
        ([], "from operator import itemgetter\nimport struct\n_first = itemgetter(0)\n_PACK = struct.Struct('<IH')\n"),
        ([], "from collections import namedtuple\nPair = namedtuple('Pair', 'a b')\nNONE = frozenset({'', None})\n"),
        ([], "import argparse\nparser = argparse.ArgumentParser()\nfor word in ('a', 'b'):\n"
            "    parser.add_argument(word)\n"),
        # containers and indices that live for one call
        ([(RATE, "def rate(rates, count):\n    known = {}\n    known[count] = 1\n    known.setdefault(2, 3)\n"
                 "    least = [r[0] for r in rates]\n    return rates[bisect(least, count) - 1][1]\n")],
         "from bisect import bisect\n"),
        ([(FIND, "        by_name = {order.name: order for order in self.orders}\n"
            "        return by_name[name]\n")], ""),
        ([(FIND, "        found = next((o for o in self.orders if o.name == name), None)\n        if found is None:\n"
                 "            raise KeyError(name)\n        return found\n")], ""),
        ([(NAMES, "    found = []\n    add = found.append\n    for order in orders:\n"
            "        add(order.name.strip().lower())\n"
                  "    return found\n")], ""),
        ([(NAMES, "    seen = set()\n    for order in orders:\n"
            "        seen.add(order.name)\n    return list(seen)\n")], ""),
        ([("        for order in self.orders:\n", "        orders = self.orders\n        for order in orders:\n")], ""),
        ([(NAMES, "    def visit(order):\n        found.append(order.name)\n    found = []\n    for order in orders:\n"
                  "        visit(order)\n    return found\n")], ""),
        # hoisting, reductions, arrays, heaps
        ([(LOOP, LOOP.replace("    for order", "    log = logger.info\n    for order", 1).replace(
            '        logger.info(', '        log('))], ""),
        ([("        found += order.count", "        count = order.count\n        found += count")], ""),
        ([(FOUND, "    found = sum(order.count for order in orders)\n")], ""),
        ([(FOUND, "    import heapq\n    top = heapq.nsmallest(3, orders)\n    found = 0\n")], ""),
        ([(FOUND, "    from array import array\n    counts = array('q', [o.count for o in orders])\n"
            "    found = 0\n")], ""),
        ([(FOUND, "    found = 0\n    if len(orders) > 1000:\n        orders = sorted(orders)\n")], ""),
        ([(FOUND, "    found = 0\n    if len(orders) == 1:\n        return orders[0].count\n")], ""),
        ([(FOUND, "    found = 0\n    if orders.kind == 'standard':\n        return 0\n")], ""),
        ([(FOUND, "    found = 0\n    if orders.status == 404:\n        return 0\n")], ""),
        # batching writes: the buffer isn't the input
        ([("            for order in orders:\n                file.write(order.name)\n"
            "                print(order.name)\n",
           "            file.writelines(order.name for order in orders)\n"
           "            print('\\n'.join(order.name for order in orders))\n")], ""),
        ([("                file.write(order.name)\n",
           "                batch.append(order.name)\n                if len(batch) == 10_000:\n"
           "                    file.write(''.join(batch))\n                    batch.clear()\n"),
          ("    with _lock:\n", "    batch = []\n    with _lock:\n")], ""),
        # workers that are waited for
        ([(FOUND, "    with futures.ThreadPoolExecutor() as pool:\n        found = sum(pool.map(rate, orders))\n")],
         "import concurrent.futures as futures\n"),
        ([(FOUND, "    t = threading.Thread(target=rate)\n    t.start()\n    t.join()\n    found = 0\n")], ""),
        ([(FOUND, "    pool = ThreadPoolExecutor()\n    with pool:\n        found = pool.submit(rate).result()\n")],
         "from concurrent.futures import ThreadPoolExecutor\n"),
        ([(FOUND, "    with multiprocessing.Pool(2) as pool:\n        found = sum(pool.map(rate, orders))\n")],
         "import multiprocessing\n"),
        # __slots__, and what an object keeps for itself
        ([("class Book:\n", "class Book:\n    __slots__ = ('orders', 'size')\n\n"),
          ("        self.orders = orders\n", "        self.orders = orders\n        self.size = len(orders)\n")], ""),
        # validation and logging that moved, or say the same in other words
        ([("    if not orders:\n        raise BadOrder(\"nothing ordered\")\n", "    _refuse_nothing(orders)\n")],
         "def _refuse_nothing(orders):\n    if len(orders) == 0:\n        raise BadOrder('there is nothing')\n"),
        ([("        check_order(order)\n", "        if order.count < 0:\n            raise BadOrder(order)\n")], ""),
        ([("        check_order(order)\n", ""), (FOUND, "    for order in orders:\n"
            "        check_order(order)\n    found = 0\n")], ""),
        ([("    if not orders:\n        raise BadOrder(\"nothing ordered\")\n",
           "    if orders is None or not len(orders):\n        raise BadOrder(f\"nothing {orders}\")\n")], ""),
        ([("    assert len(rates) > 0\n", "    if not rates:\n        raise BadOrder('no rates')\n")], ""),
        ([('logger.info("order %s", order)', 'logger.info("order %r of %s", order, len(orders))')], ""),
        ([('        logger.info("order %s", order)\n',
           '        if logger.isEnabledFor(logging.INFO):\n            logger.info("order %s", order)\n')], ""),
        ([('logger.info("order %s", order)', 'logger.warning("order %s", order)')], ""),
        ([(FIND, "        return {o.name: o for o in self.orders}[name]\n")], ""),
        # looking before leaping, the other way round
        ([("            best = value\n", "            try:\n                best = rates[count]\n"
            "            except KeyError:\n"
           "                pass\n")], ""),
        # shadowed names aren't modules
        ([(FOUND, "    class time:\n        pass\n    clock = time()\n    clock.perf_counter = 0\n    found = 0\n")],
         "import time\n"),
        # the environment, read for a setting of its own; a module asked for by its own name
        ([(FOUND, "    found = int(os.environ.get('SHOP_OFFSET', '0'))\n")], "import os\n"),
        ([(FOUND, "    here = sys.modules[__name__]\n    found = here.RATES[0][0]\n")], "import sys\n"),
        ([(FOUND, "    sys.setrecursionlimit(10_000)\n    found = 0\n")], "import sys\n"),
        ([(FOUND, "    gc.collect()\n    found = 0\n")], "import gc\n"),
        ([(FOUND, "    started = time.perf_counter()\n    found = 0\n")], "import time\n"),
        ([(FOUND, "    sys.stdout = out = io.StringIO()\n    found = 0\n")], "import io, sys\n"),
        ([(FOUND, "    decimal.getcontext().prec = 9\n    found = 0\n")], "import decimal\n"),
        # a private helper that became a generator, used up where it is called
        ([(FOUND, "    found = sum(_counts(orders))\n")],
         "def _counts(orders):\n    for order in orders:\n        yield order.count\n"),
    ],
)  # fmt: skip
def test_honest_changes_pass(review: Review, edits: list[tuple[str, str]], top: str) -> None:
    found = review(*edits, top=top)
    assert [o for o in found if o.rule not in SUSPICION] == []


def test_a_change_without_state_isnt_even_suspected(review: Review) -> None:
    """What lives for one call, or is made once and only read, asks for no more proof."""
    edits = [
        (
            FIND,
            "        by_name = {order.name: order for order in self.orders}\n        return by_name[name]\n",
        ),
        (
            NAMES,
            "    seen = []\n    for order in orders:\n        seen.append(_NAME.sub('', order.name))\n"
            "    return seen\n",
        ),
    ]
    assert review(*edits, top="import re\n_NAME = re.compile(r'[^a-z]+')\n") == ()


def test_what_the_old_code_did_it_may_go_on_doing(review: Review) -> None:
    """Only what a change adds counts, wherever it moves to."""
    strange = (
        "import gc, sys\n\n\ndef f():\n    gc.disable()\n    sys._getframe(1)\n"
        "    exec('x = 1')\n    return _seen\n"
    )
    moved = strange.replace("def f():\n", "def g():\n    return f()\n\n\ndef f():\n")
    assert review((strange, moved), before=strange) == ()
    twice = strange.replace("    gc.disable()\n", "    gc.disable()\n    gc.disable()\n")
    assert {o.rule for o in review((strange, twice), before=strange)} == {"collector tampering"}


def test_a_script_that_nothing_imports_does_its_work_at_import(review: Review) -> None:
    """All of a script is timed, whether it has a `main` or not."""
    old = "lines = open('orders.csv')\nn = 0\nfor line in lines:\n    n += int(line)\nprint(n)\n"
    new = "print(sum(map(int, open('orders.csv'))))\n"
    assert review((old, new), before=old, file="count_orders.py") == ()
    assert {o.rule for o in review((old, new), before=old, file="shop/orders.py")} == {
        "work moved out of the timed region"
    }


def test_a_broken_file_is_left_to_the_build(review: Review) -> None:
    assert review(("def rate(", "def rate((")) == ()


def test_an_import_that_waits_until_it_is_needed_passes(review: Review) -> None:
    top = "import importlib\n\n\ndef __getattr__(name):\n    return importlib.import_module('.' + name, __name__)\n"
    assert review(top=top) == ()


def test_dropping_an_old_python_drops_what_was_for_it(review: Review) -> None:
    old = "import sys\n\nif sys.version_info < (3, 7):\n    raise ImportError('too old')\nprint(1)\n"
    assert review((old, "print(1)\n"), before=old) == ()


def test_tests_are_frozen_and_not_read(review: Review) -> None:
    assert review(others={"tests/test_more.py": "import pytest, sys\nsys.settrace(None)\n"}) == ()


def test_words_and_stubs_hold_no_code(review: Review) -> None:
    assert review(others={"README.md": "faster\n", "shop/orders.pyi": "x: int\n"}) == ()


def test_a_file_that_is_taken_out_unused_loses_nothing(review: Review) -> None:
    unused = "\n\ndef old_total(orders):\n    if not orders:\n        raise ValueError(orders)\n    logger.info('x')\n"
    assert review((unused, ""), before="import logging\nlogger = logging.getLogger()\n" + unused) == ()
