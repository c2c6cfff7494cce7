"""What a process says of its runtime: figures of several processes added up, quantiles from buckets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import UnreadableOutput
from tools.go.metrics import Bucket, add_up, metric_quantities, quantile, read_metrics

ONE = {
    "/gc/cycles/automatic:gc-cycles": 3,
    "/cpu/classes/gc/total:cpu-seconds": 0.5,
    "/cpu/classes/total:cpu-seconds": 4.0,
    "/cpu/classes/idle:cpu-seconds": 2.0,
    "/gc/heap/live:bytes": 1000,
    "/sched/goroutines:goroutines": 2,
    "/sync/mutex/wait/total:seconds": 0.25,
    "/sched/pauses/total/gc:seconds": [[1e-5, 2e-5, 98], [1e-3, 2e-3, 2]],
    "/sched/latencies:seconds": [],
    "/not/finite": None,
}


def test_figures_are_in_base_units_and_the_collectors_share_is_of_used_time() -> None:
    found = metric_quantities(read_metrics(ONE))
    assert found["gc_cycles"] == (3.0, "count")
    assert found["gc_cpu_share"] == (0.25, "ratio")
    assert found["mutex_wait"] == (0.25, "s")
    assert found["heap_live"] == (1000.0, "B")
    assert found["gc_pause_count"] == (100.0, "count")
    assert (found["gc_pause_p50"], found["gc_pause_p99"], found["gc_pause_max"]) == (
        (2e-5, "s"),
        (2e-3, "s"),
        (2e-3, "s"),
    )
    assert found["sched_latency_count"] == (0.0, "count")
    assert "sched_latency_p50" not in found


def test_processes_add_up_and_levels_are_the_largest() -> None:
    other = {**ONE, "/gc/heap/live:bytes": 5000, "/sched/pauses/total/gc:seconds": [[None, 1e-6, 300]]}
    found = metric_quantities(add_up([read_metrics(ONE), read_metrics(other)]))
    assert found["gc_cycles"] == (6.0, "count")
    assert found["heap_live"] == (5000.0, "B")
    assert found["all_goroutines_at_end"] == (2.0, "count")
    assert found["gc_pause_p50"] == (1e-6, "s")
    assert found["gc_pause_max"] == (2e-3, "s")


def test_what_the_runtime_does_not_know_is_left_out() -> None:
    assert metric_quantities(add_up([])) == {}
    older = metric_quantities(read_metrics({"/gc/pauses:seconds": [[0, 1e-6, 1]]}))
    assert older["gc_pause_max"] == (1e-6, "s")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "no object"),
        ({"/x": "many"}, "'/x' is neither a number nor a histogram"),
        ({"/x": [[0, 1]]}, "'/x' has a bucket"),
        ({"/x": [[0, 1, -1]]}, "'/x' has a bucket"),
        ({"/x": [[0, 1, "2"]]}, "'/x' has a bucket"),
    ],
)
def test_what_a_target_wrote_instead_is_refused(found: object, said: str) -> None:
    with pytest.raises(UnreadableOutput, match=said):
        read_metrics(found)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30), st.floats(0.01, 1.0))
def test_a_quantile_is_the_bound_below_which_that_part_lies(values: list[int], part: float) -> None:
    buckets = [Bucket(low=v, high=v + 1, count=values.count(v)) for v in sorted(set(values))]
    bound = quantile(buckets, part)
    below = sum(v + 1 <= bound for v in values)
    assert below >= part * len(values)
    assert sum(v + 1 < bound for v in values) < part * len(values)
