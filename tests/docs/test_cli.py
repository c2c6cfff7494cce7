"""The command line guide: every command, option, exit code and variable is there, and nothing else."""

from __future__ import annotations

import argparse
import re
from typing import get_args

import pytest

from agent import errors
from agent.doors.cli import verify
from agent.doors.cli.main import COMMANDS, EXIT_CODES, make_parser
from agent.doors.cli.running import VERDICT_CODES
from tests.docs.pages import ROOT, code_words, read, rows, section
from tools.measure.verdict import Rejection

PAGE = "guides/cli.md"
_VARIABLE = re.compile(r"environ(?:ment)?(?:\.get\(|\[)\s*\"([A-Z_]+)\"")
_OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def parsers() -> dict[str, argparse.ArgumentParser]:
    actions = make_parser()._actions
    found = next(a for a in actions if isinstance(a, argparse._SubParsersAction))
    return dict(found.choices)


def missing_from(text: str) -> list[str]:
    """Commands, options and positional arguments that the page doesn't tell under their command."""
    found = []
    for command, parser in parsers().items():
        part = section(text, command)
        words = " ".join(code_words(" ".join(cells[0] for cells in rows(part))))
        if f"ask-profiler {command}" not in part and command != "ask":
            found.append(f"{command}: no example")
        for action in parser._actions:
            if isinstance(action, argparse._HelpAction):
                continue
            for name in action.option_strings or [str(action.metavar or action.dest)]:
                if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", words):
                    found.append(f"{command} {name}")
    return found


def unknown_in(text: str) -> set[str]:
    """Options that a command's table tells and the command doesn't have."""
    found = set()
    for command, parser in parsers().items():
        known = {name for action in parser._actions for name in action.option_strings}
        for cells in rows(section(text, command)):
            found |= {f"{command} {o}" for o in _OPTION.findall(" ".join(code_words(cells[0])))} - {
                f"{command} {name}" for name in known
            }
    return found


def codes_told(text: str) -> set[int]:
    return {int(cells[0]) for cells in rows(section(text, "Exit codes"))}


def test_every_command_and_option_is_told_with_an_example() -> None:
    assert tuple(parsers()) == COMMANDS
    assert missing_from(read(PAGE)) == []
    assert {"--help", "--version"} <= set(_OPTION.findall(read(PAGE)))


@pytest.mark.parametrize("gone", ["| `--evidence ID`", "| `--limit N`", "### `doctor`", "| `-m MODULE`"])
def test_a_command_or_option_that_is_not_told_is_seen(gone: str) -> None:
    lines = read(PAGE).splitlines(keepends=True)
    assert any(line.startswith(gone) for line in lines)
    assert missing_from("".join(line for line in lines if not line.startswith(gone)))


def test_nothing_is_told_that_a_command_does_not_have() -> None:
    assert unknown_in(read(PAGE)) == set()
    assert unknown_in(read(PAGE).replace("`--limit N`", "`--limits N`")) == {"runs --limits"}


def test_the_examples_are_command_lines_that_the_program_takes() -> None:
    import shlex

    from agent.doors.cli.main import _with_default_command

    examples = re.findall(r"^    ask-profiler (.*)$", read(PAGE), re.MULTILINE)
    assert len(examples) > len(COMMANDS)
    for example in examples:
        words = shlex.split(re.sub(r" (#|> ).*", "", example))
        make_parser().parse_args(_with_default_command(words))


def test_the_choices_of_an_option_are_all_told() -> None:
    for command, parser in parsers().items():
        for action in parser._actions:
            for choice in action.choices or ():
                assert str(choice) in section(read(PAGE), command), f"{command} {choice}"


def test_the_exit_codes_are_those_of_the_errors_and_of_the_help() -> None:
    kinds = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.AgentError)]
    codes = {e.exit_code for e in kinds if e is not errors.AgentError}
    told = codes_told(read(PAGE))
    verdicts = set(VERDICT_CODES.values())
    assert told == codes | verdicts | {0, 8, 130}
    named = {int(code) for code in re.findall(r"(?:^| )\s(\d+) [a-z]", EXIT_CODES, re.MULTILINE)}
    assert told - verdicts == named - verdicts
    assert f"{min(verdicts)} to {max(verdicts)} " in EXIT_CODES


def test_the_exit_codes_of_a_verdict_are_in_its_help_and_its_guide() -> None:
    codes = {0, *VERDICT_CODES.values()}
    assert {int(code) for code in re.findall(r"(?:^|  )(\d+) ", str(verify.__doc__), re.MULTILINE)} == codes
    assert codes_told(read("guides/verify.md")) == codes
    assert set(VERDICT_CODES) == set(get_args(Rejection))


def test_every_environment_variable_that_is_read_is_told() -> None:
    code = [p for folder in ("agent", "tools") for p in (ROOT / folder).rglob("*.py")]
    used = {v for p in code if "inside" not in p.parts for v in _VARIABLE.findall(p.read_text("utf-8"))}
    assert {"ASK_PROFILER_SETTINGS", "XDG_STATE_HOME", "PATH"} <= used
    told = set(code_words(" ".join(c[0] for c in rows(section(read(PAGE), "Environment variables")))))
    assert used - told - {"HOME"} == set()
    named_in_settings = {name for name in told if name.startswith("SLACK_")} | {"ASK_PROFILER_DATABASE"}
    assert told - used - named_in_settings == {"NO_COLOR"}  # read by rich


@pytest.mark.parametrize("name", ["NO_COLOR", "ASK_PROFILER_CACHE"])
def test_a_variable_that_is_not_told_is_seen(name: str) -> None:
    text = "".join(n for n in read(PAGE).splitlines(keepends=True) if f"`{name}`" not in n)
    assert name not in code_words(section(text, "Environment variables"))
