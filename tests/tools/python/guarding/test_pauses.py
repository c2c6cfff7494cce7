"""A pause between attempts may not go; one that waits in another way, or that isn't between attempts, may."""

from __future__ import annotations

import pytest

from tests.tools.python.guarding.conftest import Review

RETRY = """
import time


def fetch(store, name):
    pause_s = 0.1
    while True:
        try:
            return store.fetch(name)
        except OSError:
            time.sleep(pause_s)
            pause_s *= 2
"""
POLLING = """
import time


def wait_for(job):
    while not job.done:
        time.sleep(0.1)
    return job.result
"""


def rules(review: Review, before: str, old: str, new: str) -> set[str]:
    return {o.rule for o in review((old, new), before=before)}


def test_a_retry_without_its_pause_is_objected_to(review: Review) -> None:
    assert rules(review, RETRY, "            time.sleep(pause_s)\n", "") == {"disabled checks"}


@pytest.mark.parametrize(
    "other", ["store.closed.wait(pause_s)", "back_off(pause_s)", "time.sleep(min(pause_s, 5))"]
)
def test_a_retry_that_waits_in_another_way_is_not(review: Review, other: str) -> None:
    assert rules(review, RETRY, "time.sleep(pause_s)", other) == set()


def test_a_pause_while_polling_may_go(review: Review) -> None:
    assert (
        rules(review, POLLING, "    while not job.done:\n        time.sleep(0.1)\n", "    job.join()\n")
        == set()
    )
