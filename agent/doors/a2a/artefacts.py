"""The files of a run as artefacts: small ones in the message, large ones as links to the web door."""

from __future__ import annotations

import fnmatch
import urllib.parse
from dataclasses import dataclass

from a2a.types import Artifact, Part

from agent.access.caller import Caller
from agent.doors.a2a.parts import MARKDOWN, struct, text_part
from agent.doors.a2a.tasks import Outcome
from agent.errors import BadRequest, NotThere
from agent.jobs.desk import Desk
from agent.jobs.files import media_type
from agent.jobs.job import Job
from agent.rendering.sentences import headline, title
from agent.rendering.terminal import plain
from agent.rendering.text import unmarked

FILE_BYTES, ALL_BYTES = 256 * 1024, 1024 * 1024
"""What goes into a message: a file up to the first, all files of a task up to the second."""
APPLY = " Say `apply` in this context to have the patch put on a branch of its own."


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """An artefact: which files make it, in this order."""

    name: str
    description: str
    files: tuple[str, ...]


GROUPS = (
    Group(
        name="report",
        description="the report, for people and for programs",
        files=("report.md", "report.json"),
    ),
    Group(name="patch", description="the accepted changes, as a unified diff", files=("optimization.patch",)),
    Group(
        name="benchmarks",
        description="what was measured before and after",
        files=("benchmarks.json", "benchmarks.txt", "benchstat.txt"),
    ),
    Group(name="graphs", description="flame graphs and other pictures", files=("graphs/*.svg",)),
)


@dataclass(frozen=True, slots=True)
class Artefacts:
    """Fetches what came of a job. `public_url` is where the web door is reached."""

    desk: Desk
    public_url: str

    def outcome(self, caller: Caller, job: Job) -> Outcome:
        """What a job that has ended came to; nothing but of a run that is done: a follow-up's answer is its event.

        Raises: NotThere.
        """
        if job.state != "done" or job.kind != "run":
            return Outcome()
        try:
            report = self.desk.report(caller, job.id)
        except BadRequest:
            return Outcome()
        sentence = f"{title(report)}: {plain(unmarked(headline(report)))}"
        if self.desk.may_apply(caller, job.id):
            sentence += APPLY
        return Outcome(sentence=sentence, artefacts=self._files(caller, job))

    def _files(self, caller: Caller, job: Job) -> tuple[Artifact, ...]:
        names = self.desk.files(caller, job.id)
        left_bytes = ALL_BYTES
        made = []
        for group in GROUPS:
            parts = []
            for pattern in group.files:
                for name in fnmatch.filter(names, pattern):
                    part, used_bytes = self._part(caller, job, name, left_bytes)
                    left_bytes -= used_bytes
                    parts.append(part)
            if parts:
                made.append(
                    Artifact(
                        artifact_id=group.name,
                        name=group.name,
                        description=group.description,
                        parts=parts,
                        metadata=struct({"run": job.run_id}),
                    )
                )
        return tuple(made)

    def _part(self, caller: Caller, job: Job, name: str, left_bytes: int) -> tuple[Part, int]:
        """A file, and how many bytes of it are in the message."""
        kind = media_type(name).partition(";")[0]
        try:
            content = self.desk.file(caller, job.id, name)
        except NotThere:
            content = None  # pruned meanwhile: the link says so
        if content is None or len(content) > min(FILE_BYTES, left_bytes):
            url = f"{self.public_url}/v1/jobs/{job.id}/files/{urllib.parse.quote(name)}"
            return Part(url=url, media_type=kind, filename=name), 0
        if kind == MARKDOWN:
            return text_part(content.decode("utf-8", "replace"), kind, name), len(content)
        return Part(raw=content, media_type=kind, filename=name), len(content)
