"""Messages of runs and readers name what their reader can set, and leave alone what programs printed."""

from __future__ import annotations

import re

import pytest

from agent.doors.spelling import ARGUMENTS, SETTINGS, Spelling, spelled

ROOT = "/srv/app"
OURS = [
    "the command has {size} but no sizes: give them with --sizes 100,1000,10000",
    "no benchmark matches --bench 'Foo|Bar'; there are A, B",
    "--bench '(' is not a regular expression: missing )",
    'nothing was found to run: give a workload with --cmd "python -m module arguments"',
    '--cmd "go run" names no package: give --cmd "./cmd/name arguments"',
    "a process ended before its warm-up was over: give it more to do, by --cmd or --sizes",
    "make the target build and pass its tests, or give another workload with --bench or --cmd",
    f"{ROOT} is neither a Go module (no go.mod) nor a Python project (no .py file): point --target at one",
    "the profiles don't both measure 'cpu' in one unit; choose one with --value",
    "install it there, or give another interpreter with --python",
    "apt-get install bubblewrap, or go on without it by --sandbox none",
    "check the path, or choose another place with --runs-dir",
    "outside of the target: give a patch of the target alone, or --base and --head",
    "allow more with --time-limit, or name fewer benchmarks with --bench",
    "set ANTHROPIC_API_KEY, or take --analyst playbook, which needs none",
]
THEIRS = [
    "app.py: error: unrecognized arguments: --target x",
    "usage: app.py [--sizes N] [--bench]",
    "go: unknown flag --bench",
    "give it with --targets, or with --value-of",
]


@pytest.mark.parametrize("spelling", [ARGUMENTS, SETTINGS])
@pytest.mark.parametrize("message", OURS)
def test_no_option_is_left_without_where_it_is_one(message: str, spelling: Spelling) -> None:
    said = spelled(message, spelling)
    assert said != message
    assert "--" not in re.sub(r"the command line's --", "", said)
    assert spelled(said, spelling) == said


@pytest.mark.parametrize("message", THEIRS)
def test_what_a_program_printed_about_its_own_options_stays(message: str) -> None:
    assert spelled(message, ARGUMENTS) == message


def test_values_are_given_in_the_form_that_is_taken() -> None:
    assert spelled(OURS[0], ARGUMENTS).endswith("give them with `sizes` [100,1000,10000]")
    assert spelled(OURS[1], ARGUMENTS).startswith("no benchmark matches `workload` bench:Foo|Bar; there are")
    assert spelled(OURS[3], ARGUMENTS).endswith("with `workload` command:python -m module arguments")
    assert spelled(OURS[3], SETTINGS).endswith(
        "with `command` of the workload in agent.yaml (such as python -m module arguments)"
    )
