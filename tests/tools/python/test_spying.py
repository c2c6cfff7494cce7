from __future__ import annotations

from tools.profiles.collapsed import read_collapsed
from tools.python.spying import NO_FRAME, with_named_stacks


def test_samples_of_a_process_without_a_frame_yet_count_as_watched_time() -> None:
    """As py-spy 0.4.3 wrote them on a busy host: a count after an empty stack."""
    raw = "main (app.py:3);inner (app.py:9) 12\n 5\nmain (app.py:3) 7\n"
    profile = read_collapsed(with_named_stacks(raw), period_ns=1)
    assert profile.total(profile.default_value) == 24
    assert NO_FRAME in {function.name for function in profile.functions}


def test_other_lines_stay_as_they_are() -> None:
    raw = "main (app.py:3);12 (odd.py:5) 12\n"
    assert with_named_stacks(raw) == raw
