"""Addresses, differences, costs and sockets: what each takes and refuses."""

from __future__ import annotations

import os
import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import ToolError, UnreadableOutput
from tools.live.address import parse_address
from tools.live.cost import CostWatch
from tools.live.delta import subtract
from tools.live.sockets import listeners_of, pid_listening_on, shares_network
from tools.profiles.builder import ProfileBuilder
from tools.profiles.profile import Function, Profile, ValueType


@pytest.mark.parametrize(
    ("url", "index"),
    [
        ("http://localhost:6060", "http://localhost:6060/debug/pprof/"),
        ("http://localhost:6060/", "http://localhost:6060/debug/pprof/"),
        ("https://Example.com:443/debug/pprof", "https://example.com/debug/pprof/"),
        ("http://h/svc/a/debug/pprof/", "http://h/svc/a/debug/pprof/"),
        ("http://[::1]:8080", "http://[::1]:8080/debug/pprof/"),
    ],
)
def test_every_way_to_write_an_address(url: str, index: str) -> None:
    assert parse_address(url).pprof == index
    assert parse_address(index).digest == parse_address(url).digest


@pytest.mark.parametrize(
    "url",
    [
        "", "localhost:6060", "ftp://h", "file:///etc/passwd", "http://", "http://user:sesame@h", "http://sesame@h/",
        "http://h/?token=sesame", "http://h/#sesame", "http://h:99999", "http://h:x", "http://[::1", "http://h/debug/pprof/heap",
        "http://h\nHost: x", "http://h /", "http://h\\@x", "http://ü",
    ],
)  # fmt: skip
def test_addresses_that_are_refused_and_whose_secrets_arent_repeated(url: str) -> None:
    with pytest.raises(ToolError, match="the endpoint's address") as raised:
        parse_address(url)
    assert "sesame" not in str(raised.value)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_an_error(text: str) -> None:
    try:
        found = parse_address(text)
    except ToolError:
        return
    assert parse_address(found.pprof) == found


def test_whats_on_this_host() -> None:
    assert [parse_address(f"http://{h}").is_loopback for h in ("localhost", "127.0.0.9", "[::1]", "10.0.0.1", "h")] == [
        True, True, True, False, False,
    ]  # fmt: skip


def held(counts: dict[str, int], unit: str = "bytes") -> Profile:
    builder = ProfileBuilder([ValueType(name="inuse_space", unit=unit)])
    for name, count in counts.items():
        builder.add([(Function(name=name, file="a.go"), 1)], [count])
    return builder.build()


@given(
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 99)),
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 99)),
)
def test_a_difference_added_to_the_first_is_the_second(before: dict[str, int], after: dict[str, int]) -> None:
    found = subtract(held(before), held(after))
    changes = {
        found.functions[f].name: int(v) for f, v in zip(found.frame_function, found.values[:, 0], strict=True)
    }
    assert {n: before.get(n, 0) + changes.get(n, 0) for n in "abcd"} == {n: after.get(n, 0) for n in "abcd"}
    assert 0 not in changes.values()


def test_profiles_of_different_values_arent_subtracted() -> None:
    with pytest.raises(UnreadableOutput, match="different values"):
        subtract(held({"a": 1}), held({"a": 1}, unit="count"))


def test_what_a_capture_costs_is_seen_in_processor_time_with_its_bounds() -> None:
    """Ourselves, idle before and busy during."""
    watch = CostWatch(pid=os.getpid())
    with watch.around(before_s=1.7):
        end = time.monotonic() + 1.7
        while time.monotonic() < end:
            pass
    found = watch.quantities
    assert found["target_busy_processors_before"][0] < found["target_busy_processors_during"][0]
    assert found["target_busy_processors_added_low"][0] > 0
    assert watch.doubts == ()


def test_a_cost_that_cant_be_measured_is_said() -> None:
    watch = CostWatch(pid=None)
    with watch.around(before_s=0.1):
        pass
    assert watch.quantities == {}
    assert "isn't measurable here: it isn't a process of this host" in watch.doubts[0]


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), (socket.AF_INET, "0.0.0.0")]
)
def test_our_own_listening_socket_is_found(family: socket.AddressFamily, host: str) -> None:
    with socket.socket(family) as listening:
        listening.bind((host, 0))
        listening.listen()
        port = listening.getsockname()[1]
        (found,) = [s for s in listeners_of(os.getpid()) if s.port == port]
        assert found.host == ("127.0.0.1" if host == "0.0.0.0" else host)
        assert pid_listening_on(port) == os.getpid()
    assert pid_listening_on(port) is None
    assert shares_network(os.getpid())
