"""Make, list, rotate and revoke the tokens that callers of the service show.

A token is shown once, when it is made; the service keeps a digest only. `rotate` issues the next one of a name while
the last one still works for `--overlap`. A running service takes a new token at once, a revoked one for 5 s at most.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.access.tokens import Issued, Token, Tokens

SCOPES = ("ask", "apply", "admin")
"""As in agent/access/caller.py, which takes longer to import."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("action", choices=("create", "list", "rotate", "revoke"), help="what to do")
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="the token's name, which becomes the caller's: token:NAME"
    )
    parser.add_argument(
        "--scope",
        action="append",
        choices=SCOPES,
        default=[],
        help="create: what it may do (repeatable); default ask. apply: put patches on branches where a target allows "
        "it; admin: all of that, and see and cancel what is others'",
    )
    parser.add_argument(
        "--expires",
        metavar="TIME",
        help="create, rotate: how long it is valid, such as 90d; default for ever",
    )
    parser.add_argument(
        "--overlap",
        metavar="TIME",
        default="24h",
        help="rotate: how long the last one still works; default 24h",
    )
    parser.add_argument("--number", type=int, metavar="N", help="revoke: only this one of the name's tokens")
    parser.add_argument("--settings", metavar="FILE", help="another agent.yaml")
    parser.add_argument("--json", action="store_true", help="as JSON")


def execute(args: argparse.Namespace) -> int:
    """Do what was asked; 0. Raises: BadRequest, BadSettings, StorageFailed."""
    from agent.errors import BadRequest

    if args.action != "list" and args.name is None:
        raise BadRequest(f"which token? `ask-profiler token {args.action} NAME`")
    tokens = _tokens(args)
    match args.action:
        case "create":
            _show_new(tokens.create(args.name, args.scope or ["ask"], _lifetime_s(args)), args)
        case "rotate":
            _show_new(tokens.rotate(args.name, _overlap_s(args), _lifetime_s(args)), args)
        case "revoke":
            count = tokens.revoke(args.name, args.number)
            sys.stdout.write(f"revoked: {count} valid token{'' if count == 1 else 's'} of {args.name}\n")
        case _:
            _show_all(tokens, args)
    return 0


def _tokens(args: argparse.Namespace) -> Tokens:
    from pathlib import Path

    from agent.access.tokens import Tokens
    from agent.database.opening import open_database
    from agent.resources import settings_path
    from agent.settings import read_settings

    file = args.settings or os.environ.get("ASK_PROFILER_SETTINGS")
    database = open_database(read_settings(Path(file) if file else settings_path()), os.environ)
    database.check()
    return Tokens(database=database)


def _lifetime_s(args: argparse.Namespace) -> float | None:
    from agent.doors.cli.durations import duration_s

    return None if args.expires is None else duration_s(args.expires)


def _overlap_s(args: argparse.Namespace) -> float:
    from agent.doors.cli.durations import duration_s

    return duration_s(args.overlap)


def _show_new(issued: Issued, args: argparse.Namespace) -> None:
    """The secret alone on standard output, so that it can be piped to where secrets are kept."""
    if args.json:
        import json

        sys.stdout.write(json.dumps({**_as_json(issued.token, 0.0), "token": issued.secret}, indent=2) + "\n")
        return
    token = issued.token
    sys.stderr.write(
        f"token {token.name} {token.number}, {_scopes(token)}, {_until(token)}. It is shown this once:\n"
    )
    sys.stderr.flush()
    sys.stdout.write(f"{issued.secret}\n")


def _show_all(tokens: Tokens, args: argparse.Namespace) -> None:
    import time

    from agent.doors.cli.durations import day_and_time

    now = time.time()
    listed = [t for t in tokens.issued() if args.name in (None, t.name)]
    if args.json:
        import json

        sys.stdout.write(json.dumps([_as_json(token, now) for token in listed], indent=2) + "\n")
        return
    width = max((len(token.name) for token in listed), default=0)
    for token in listed:
        made = day_and_time(token.created)
        sys.stdout.write(
            f"{token.name:<{width}}  {token.number:>3}  {token.state(now):<7}  {_scopes(token):<15}  made {made}  "
            f"{_until(token)}\n"
        )
    if not listed:
        sys.stderr.write("no tokens\n")


def _scopes(token: Token) -> str:
    return " ".join(scope for scope in SCOPES if scope in token.scopes)


def _until(token: Token) -> str:
    from agent.doors.cli.durations import day_and_time

    if token.revoked is not None:
        return f"revoked {day_and_time(token.revoked)}"
    return "valid for ever" if token.expires is None else f"valid until {day_and_time(token.expires)}"


def _as_json(token: Token, now: float) -> dict[str, object]:
    from agent.doors.cli.durations import day_and_time

    def moment(seconds: float | None) -> str | None:
        return None if seconds is None else day_and_time(seconds)

    return {
        "name": token.name,
        "number": token.number,
        "state": token.state(now),
        "scopes": [scope for scope in SCOPES if scope in token.scopes],
        "created": moment(token.created),
        "expires": moment(token.expires),
        "revoked": moment(token.revoked),
    }
