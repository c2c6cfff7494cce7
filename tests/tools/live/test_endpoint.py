"""An endpoint: what it offers, captures of every kind, and every bad answer as a sentence with nothing written."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.tools.live.servers import SECRET
from tests.tools.live.services import Start
from tools.errors import Cancelled, LimitExceeded, ProgramTimedOut, ToolError, UnreadableOutput
from tools.live import endpoint as endpoint_module
from tools.live.contention import ENABLE_MUTEX, NOTHING_MUTEX, contention_finding
from tools.live.endpoint import Endpoint
from tools.live.fetching import Bounds, Fetcher
from tools.live.kinds import KINDS, kinds_in_index
from tools.profiles.pprof import read_pprof
from tools.profiles.queries import top

Bad = tuple[int, list[tuple[str, str]]]
BAD_ANSWERS = {
    "page": "login page",
    "bare-page": "login page",
    "elsewhere": "redirects to another host (https://login.example.com)",
    "other-port": "redirects to another host",
    "circle": "redirects in a circle",
    "unauthorised": "put the whole header",
    "forbidden": "status 403",
    "missing": 'import _ "net/http/pprof"',
    "unknown": "no such profile",
    "failing": "it said: boom [31m line two",
    "busy": "another CPU profile",
    "empty": "answered nothing",
    "half": "broke off its answer",
    "half-chunks": "broke off its answer",
    "no-http": "none that is HTTP",
    "cut": "ends early",
    "noise": "no profile that can be read",
}


@pytest.mark.parametrize("fault", BAD_ANSWERS)
def test_a_bad_answer_is_a_sentence_with_the_address_and_nothing_is_written(
    bad: Bad, tmp_path: Path, fault: str
) -> None:
    url = f"http://127.0.0.1:{bad[0]}/{fault}"
    with pytest.raises(ToolError) as raised:
        Endpoint(url=url, before_s=0.1).capture("heap", 1, tmp_path / "out")
    assert BAD_ANSWERS[fault] in str(raised.value)
    assert f"{url}/debug/pprof/heap" in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_another_kind_of_profile_than_was_asked_for_is_refused(bad: Bad, tmp_path: Path) -> None:
    with pytest.raises(UnreadableOutput, match="another kind"):
        Endpoint(url=f"http://127.0.0.1:{bad[0]}/wrong-kind", before_s=0.1).capture(
            "goroutine", 1, tmp_path / "out"
        )


@pytest.mark.parametrize("fault", ["hanging", "dripping"])
def test_a_server_that_hangs_or_drips_is_given_up_in_time(bad: Bad, fault: str) -> None:
    with pytest.raises(ProgramTimedOut, match=r"didn't answer wholly within 0.5 s"):
        Fetcher(headers={}).get(f"http://127.0.0.1:{bad[0]}/{fault}/", Bounds(total_s=0.5, body_bytes=1000))


def test_an_answer_without_end_is_cut_off(bad: Bad, tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match="more than 64 MiB"):
        Endpoint(url=f"http://127.0.0.1:{bad[0]}/huge", before_s=0.1).capture("heap", 1, tmp_path / "out")


def test_a_port_where_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(
        ToolError, match=r"http://127.0.0.1:9/debug/pprof/ can't be reached .* is the program running"
    ):
        Endpoint(url="http://127.0.0.1:9").kinds()


def test_a_request_ends_when_the_run_is_cancelled(bad: Bad) -> None:
    stopped = threading.Event()
    threading.Timer(0.2, stopped.set).start()
    with pytest.raises(Cancelled):
        Fetcher(headers={}, is_cancelled=stopped.is_set).get(
            f"http://127.0.0.1:{bad[0]}/hanging/", Bounds(total_s=30, body_bytes=1000)
        )


def test_a_redirect_on_the_same_host_is_followed(bad: Bad) -> None:
    assert Endpoint(url=f"http://127.0.0.1:{bad[0]}/moved", before_s=0.1).kinds() == (
        "profile", "heap", "heap-growth", "goroutine", "goroutine-growth", "mutex",
    )  # fmt: skip


def test_the_header_comes_from_the_environment_and_is_shown_nowhere(bad: Bad, tmp_path: Path) -> None:
    environment = {"TOKEN": f"Authorization: {SECRET}"}
    endpoint = Endpoint(
        url=f"http://127.0.0.1:{bad[0]}/guarded", header_env="TOKEN", environment=environment, before_s=0.1
    )
    capture = endpoint.capture("heap", 1, tmp_path / "out")
    assert ("/guarded/debug/pprof/heap?gc=1", SECRET) in bad[1]
    assert "sesame" not in repr(endpoint) + repr(capture.argv) + repr(capture.quantities) + repr(
        capture.warnings
    )


def test_the_header_never_goes_to_another_host(bad: Bad, tmp_path: Path) -> None:
    endpoint = Endpoint(
        url=f"http://127.0.0.1:{bad[0]}/elsewhere",
        header_env="TOKEN",
        before_s=0.1,
        environment={"TOKEN": f"Authorization: {SECRET}"},
    )
    with pytest.raises(ToolError) as raised:
        endpoint.capture("heap", 1, tmp_path)
    assert "sesame" not in str(raised.value)
    assert "next=secret" not in str(raised.value)


@pytest.mark.parametrize(
    "value", ["", "Bearer sesame-41", "Authorization: a\r\nHost: b", "Authorization:sesame"]
)
def test_a_variable_that_holds_no_header_is_named_without_its_value(value: str) -> None:
    with pytest.raises(ToolError, match=r"\$TOKEN holds no header") as raised:
        Endpoint(url="http://localhost", header_env="TOKEN", environment={"TOKEN": value})
    assert "sesame" not in str(raised.value)


@pytest.mark.parametrize("seconds", [0, -1, 301, float("nan"), float("inf")])
def test_seconds_have_bounds(seconds: float, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="more than 0 and at most 300 s"):
        Endpoint(url="http://localhost:9").capture("profile", seconds, tmp_path)


def test_a_kind_that_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no kind of profile is called 'cpu': there are profile, heap"):
        Endpoint(url="http://localhost:9").capture("cpu", 1, tmp_path)


def test_a_server_that_knows_no_differences_is_captured_twice(bad: Bad, tmp_path: Path) -> None:
    """The bad server's heap grows by 1 KB with each request, and it takes no notice of `seconds`."""
    capture = Endpoint(url=f"http://127.0.0.1:{bad[0]}/good", before_s=0.1).capture(
        "heap-growth", 1, tmp_path
    )
    asked = [n for n, (path, _) in enumerate(bad[1], 1) if "/good/debug/pprof/heap" in path][-2:]
    assert capture.profile.total("inuse_space") == 1024 * (asked[1] - asked[0])
    assert 1.0 <= capture.profile.duration_ns / 1e9 < 3


def test_one_capture_at_a_time(bad: Bad, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = Endpoint(url=f"http://127.0.0.1:{bad[0]}/good/debug/pprof", before_s=0.1)
    same = Endpoint(url=f"http://127.0.0.1:{bad[0]}/good/", before_s=0.1)
    monkeypatch.setattr(endpoint_module, "WAIT_S", 0.2)
    with endpoint.alone(), pytest.raises(ToolError, match="another measurement"):
        same.capture("heap", 1, tmp_path)


def test_a_page_that_is_no_index(bad: Bad) -> None:
    with pytest.raises(UnreadableOutput):
        Endpoint(url=f"http://127.0.0.1:{bad[0]}/noise", before_s=0.1).kinds()
    assert kinds_in_index(b"<a href='heap?debug=1'>") == ("profile", "heap", "heap-growth")
    assert kinds_in_index(b"<a href='somewhere?debug=1'>") == ()


def test_variables_and_counters(bad: Bad) -> None:
    found = Endpoint(url=f"http://127.0.0.1:{bad[0]}/good", before_s=0.1).expvar()
    assert found.request_counter() == "requests"
    assert found.counter("http.errors") == 2
    with pytest.raises(ToolError, match=r"it has requests, http.errors"):
        found.counter("hits")


def test_every_kind_of_a_real_go_service(start: Start, tmp_path: Path) -> None:
    """Each is whole, readable again, about its value, and says what it cost the service."""
    service = start("blocked")
    service.ask(40)
    endpoint = Endpoint(url=service.url)
    assert set(endpoint.kinds()) >= set(KINDS) - {"goroutineleak"}
    for kind in endpoint.kinds():
        capture = endpoint.capture(kind, 1, tmp_path)
        assert read_pprof(capture.profile_path).value_types == capture.profile.value_types
        assert capture.value in {v.name for v in capture.profile.value_types}
        assert capture.view == KINDS[kind].view
        assert "target_answer_time_before" in capture.quantities
        assert ("watched" in capture.quantities) == KINDS[kind].covers_time
        if KINDS[kind].covers_time:
            assert {"target_busy_processors_added_low", "target_busy_processors_added_high"} <= set(
                capture.quantities
            )


def test_goroutines_blocked_for_ever_are_in_the_profile_with_where_they_block(
    start: Start, tmp_path: Path
) -> None:
    service = start("blocked")
    service.ask(25)
    profile = Endpoint(url=service.url).capture("goroutine", 1, tmp_path).profile
    found = {
        cost.function.name: cost.cumulative_value for cost in top(profile, value="goroutine", by="cumulative")
    }
    assert found["main.send"] == 25


def test_contention_names_the_holder_and_its_share(start: Start, tmp_path: Path) -> None:
    service = start("locked")
    with service.asked_all_the_time(6):
        capture = Endpoint(url=service.url, before_s=0.1).capture("mutex", 2, tmp_path)
    finding = contention_finding(capture.profile)
    assert finding is not None
    assert "main.(*service).report" in {function.name for function, _ in finding.stack}
    assert finding.quantities["share_of_waiting_here"].value > 0.3
    assert finding.quantities["waited_per_second"].value == capture.quantities["mean_waiting_goroutines"][0]


def test_a_program_that_samples_no_locks_differs_from_one_without_contention(
    start: Start, tmp_path: Path
) -> None:
    asleep = Endpoint(url=start("none").url).capture("mutex", 1, tmp_path)
    assert ENABLE_MUTEX in asleep.warnings
    assert contention_finding(asleep.profile) is None
    sampled = Endpoint(url=start("locked").url).capture("mutex", 1, tmp_path)
    assert ENABLE_MUTEX not in sampled.warnings
    assert contention_finding(sampled.profile) is None
    nothing_was_seen = (
        sampled.profile.total("delay") == 0
    )  # the runtime's own locks are waited for now and then
    assert (NOTHING_MUTEX in sampled.warnings) == nothing_was_seen
