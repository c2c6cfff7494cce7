"""The files that go with an answer: the report, a picture of the flame graph, the patch."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from agent.access.caller import Caller
from agent.doors.slack.talking import Place, SlackSaysNo, Talking, Upload
from agent.errors import AgentError
from agent.jobs.desk import Desk
from agent.rendering.picture import png_of
from agent.report import Graph, Report

log = logging.getLogger(__name__)
REPORT, PATCH = "report.md", "optimization.patch"
LIMIT_BYTES = 50_000_000
_PICTURES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Sends a run's files into a thread."""

    desk: Desk
    talking: Talking
    environment: Mapping[str, str]

    async def send(
        self, caller: Caller, job_id: str, place: Place, names: Sequence[str], sent: Callable[[str], None]
    ) -> Mapping[str, str]:
        """Send the files, one after the other; those that could not be sent, each with the reason.

        `sent` is told the name of each as soon as it is there.
        """
        missing = {}
        for name in names:
            try:
                await self.talking.upload(place, await asyncio.to_thread(self._upload, caller, job_id, name))
            except AgentError as error:
                log.warning("job %s: the file %s was not sent: %s", job_id, name, error)
                missing[name] = str(error)
                if isinstance(error, SlackSaysNo) and error.reason in ("scope", "gone"):
                    missing |= {other: str(error) for other in names[names.index(name) :]}
                    break
            else:
                await asyncio.to_thread(sent, name)
        return missing

    def _upload(self, caller: Caller, job_id: str, name: str) -> Upload:
        """A file as it is sent; a graph becomes a picture, for Slack shows no SVG. Raises: AgentError."""
        content = self.desk.file(caller, job_id, name)
        if len(content) > LIMIT_BYTES:
            raise TooLarge(
                f"{name} has {len(content) / 1e6:.0f} MB, and at most {LIMIT_BYTES / 1e6:.0f} are sent"
            )
        path = PurePosixPath(name)
        if path.suffix != ".svg":
            return Upload(name=path.name, title=path.name, content=content)
        picture = png_of(content.decode("utf-8", "replace"), self.environment)
        if picture.warning:
            log.warning("%s: %s", name, picture.warning)
        title = f"Flame graph {path.stem.replace('-', ' ')}"
        described = f"{title}; {picture.warning}" if picture.warning else title
        return Upload(
            name=f"{path.stem}.png", title=described[:200], content=picture.png, description=described
        )


class TooLarge(AgentError):
    """A file is too large to be sent."""


def names_of(report: Report, there: Sequence[str]) -> tuple[str, ...]:
    """The files that go with an answer, as far as they are there: report, pictures, patch."""
    wanted = [REPORT, *(graph.path for graph in _pictures(report)), *([PATCH] if report.patch else [])]
    return tuple(name for name in wanted if name in there)


def _pictures(report: Report) -> list[Graph]:
    """The graph of what the first bottleneck is about, and how the change changed it."""
    views = [*(b.view for b in report.bottlenecks[:1]), *report.plan.focus]
    order = {"before": 0, "difference": 1, "after": 2, "timeline": 3}
    ranked = sorted(
        (g for g in report.graphs if g.path.endswith(".svg")),
        key=lambda g: (views.index(g.view) if g.view in views else len(views), order[g.kind]),
    )
    return ranked[:_PICTURES]
