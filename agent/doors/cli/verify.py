"""Give the verdict on a change that someone else wrote: is it right, and is it really faster?

The change is a patch (--patch), or what happened between two revisions of the target's repository (--base, --head).
Nothing is searched for: the change goes through the gates that every proposed change goes through, once, on the whole
workload. The working tree is only read. Without --head the change ends with the files as they are, those that git
doesn't track left out.

exit codes:
  0  accepted
  10 no detectable gain, or less than is asked for    13 it changes what judges it, or it is a trick
  11 it makes something else slower or bigger         14 this host can't tell
  12 it doesn't apply, build, pass the tests, or give the same results
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from agent.doors.cli.arguments import add_runs_dir, add_workload, command_of, sizes_of

if TYPE_CHECKING:
    from agent.report import Report
    from agent.request import Change


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    change = parser.add_mutually_exclusive_group(required=True)
    change.add_argument("--patch", metavar="FILE", help="the change as a patch; - is standard input")
    change.add_argument("--base", metavar="REV", help="the revision that the change starts from")
    parser.add_argument(
        "--head", metavar="REV", help="the revision that it ends with (default: the files as they are)"
    )
    parser.add_argument(
        "--merge-base",
        action="store_true",
        help="start where base and head went apart, as a pull request does",
    )
    parser.add_argument("--target", metavar="PATH", default=".", help="what is changed (default: here)")
    parser.add_argument("--title", metavar="TEXT", help="what the change is called in reports")
    add_workload(parser)
    parser.add_argument(
        "--harness",
        action="store_true",
        help="use the tests, benchmarks and build files of the change on both sides (else it may change none)",
    )
    parser.add_argument(
        "--no-slower",
        action="store_true",
        help="accept what makes nothing slower; results may differ where the tests pass",
    )
    parser.add_argument(
        "--minimum-gain", metavar="GAIN", help="the least gain that counts, such as 0.05 or 5%%"
    )
    parser.add_argument("--agent", metavar="FILE", help="another agent definition (for its minimum gain)")
    parser.add_argument("--settings", metavar="FILE", help="another agent.yaml")
    parser.add_argument("--python", metavar="PROGRAM", help="the target's Python interpreter")
    parser.add_argument("--sandbox", choices=["auto", "bubblewrap", "none"], default="auto")
    parser.add_argument(
        "--time-limit", metavar="SECONDS", type=float, help="after it the change isn't measured any more"
    )
    parser.add_argument("--seed", type=int, default=0, help="for the random order of pairs")
    add_runs_dir(parser)
    parser.add_argument("--format", choices=["text", "markdown", "json"], default="text")
    parser.add_argument("--json", metavar="FILE", help="write the verdict as JSON, too")
    parser.add_argument("--markdown", metavar="FILE", help="write it as Markdown for a pull request, too")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")


def execute(args: argparse.Namespace) -> int:
    """Judge the change; the exit code of the verdict. Raises: AgentError, ToolError."""
    from agent.request import Request

    command, sizes = command_of(args), sizes_of(args)
    change = _change(args)
    request = Request(
        question=change.title,
        target=str(Path(args.target).absolute()),
        bench=args.bench,
        command=command,
        sizes=sizes,
        definition_file=_absolute(args.agent),
        settings_file=_absolute(args.settings),
        analyst="playbook",
        sandbox=args.sandbox,
        time_limit_s=args.time_limit,
        python=args.python,
        seed=args.seed,
        change=change,
    )
    from agent.doors.cli.running import answer  # heavy: what can't be used was said by now

    return answer(
        args,
        lambda service, progress: service.run(request, progress),
        os.environ,
        lambda report, folder: _show(args, report, folder),
    )


def _change(args: argparse.Namespace) -> Change:
    from agent.changes import from_patch, from_revisions, with_wishes
    from agent.errors import BadRequest
    from agent.targets import locate
    from tools.run.process import Runner
    from tools.run.sandbox import NoSandbox

    root = locate(Path(args.target)).root
    if args.patch and (args.head or args.merge_base):
        raise BadRequest("--head and --merge-base go with --base: a patch says by itself where it ends")
    gain = _minimum_gain(args.minimum_gain)
    runner = Runner(NoSandbox())
    try:
        if args.patch:
            content, name = _read(args.patch)
            change = from_patch(runner, root, content, name)
        else:
            change = from_revisions(runner, root, args.base, args.head, from_merge_base=args.merge_base)
    finally:
        runner.close()
    return with_wishes(
        change, title=args.title, harness=args.harness, no_slower=args.no_slower, minimum_gain_ratio=gain
    )


def _read(file: str) -> tuple[bytes, str]:
    """A patch file's content, not much more than may be read, and what it is called."""
    from agent.errors import BadRequest
    from agent.patches import PATCH_LIMIT_BYTES

    if file == "-":
        return sys.stdin.buffer.read(PATCH_LIMIT_BYTES + 1), "standard input"
    try:
        with Path(file).open("rb") as opened:
            return opened.read(PATCH_LIMIT_BYTES + 1), Path(file).name
    except OSError as error:
        raise BadRequest(f"the patch {file} can't be read: {error.strerror}") from error


def _minimum_gain(text: str | None) -> float | None:
    from agent.errors import BadRequest

    if text is None:
        return None
    try:
        gain = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        gain = -1.0
    if not 0 <= gain < 1:
        raise BadRequest(f"--minimum-gain {text!r} is no share of the time: give one such as 0.05 or 5%")
    return gain


def _show(args: argparse.Namespace, report: Report, folder: Path) -> None:
    """Write the verdict in the forms that were asked for."""
    from agent.doors.cli.running import print_report
    from agent.rendering import pull_request, verdict
    from agent.store import write_atomically

    if args.json:
        write_atomically(Path(args.json), verdict.render(report).encode())
    if args.markdown:
        write_atomically(Path(args.markdown), pull_request.render(report).encode())
    if args.format == "text":
        print_report(report, folder, as_json=False)
    else:
        sys.stdout.write((verdict if args.format == "json" else pull_request).render(report))


def _absolute(path: str | None) -> str | None:
    return str(Path(path).absolute()) if path else None
