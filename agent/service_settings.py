"""What agent.yaml says of the service: named targets, doors, callers, limits, the queue, and where things are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from agent.model_settings import Part
from agent.policy import Severity

Scope = Literal["ask", "apply", "admin"]
"""What a caller may do: ask (and cancel and read what is theirs), apply patches, see and cancel what is others'."""
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=200)]
"""The name of an environment variable: secrets never stand in agent.yaml itself."""
LABEL = r"[a-z0-9][a-z0-9_.=-]{0,39}"
Label = Annotated[str, Field(pattern=f"^{LABEL}$")]
LABELS = 6
"""So many labels a worker has at most: queues are subscribed to by every subset of them."""


class WorkloadSettings(Part):
    """How a target may be exercised: benchmarks or a command; neither: as it is found."""

    description: str = ""
    bench: str | None = None
    command: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _one_of_two(self) -> WorkloadSettings:
        if self.bench is not None and self.command:
            raise ValueError("give `bench` or `command`, not both")
        return self

    @field_validator("bench")
    @classmethod
    def _pattern(cls, bench: str | None) -> str | None:
        if bench is not None:
            try:
                re.compile(bench)
            except re.error as error:
                raise ValueError(f"{bench!r} is no regular expression: {error}") from error
        return bench


class ApplySettings(Part):
    """Where the button `apply` may put a patch: a new branch of the target's repository. `callers` may do it, beside
    those with the scope `apply`; `push` names a remote that it is pushed to, None for none.
    """

    branch_prefix: str = Field(
        default="ask-profiler/", pattern=r"^[A-Za-z0-9][A-Za-z0-9_./-]*$", max_length=100
    )
    base: str = Field(default="HEAD", pattern=r"^[A-Za-z0-9][A-Za-z0-9_./-]*$", max_length=200)
    push: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    callers: frozenset[str] = frozenset()


class TargetSettings(Part):
    """A target that remote callers may name. `callers` and `channels` are allow-lists, empty for everyone who may ask
    at all; an entry may end in `*`.
    """

    path: str
    description: str = ""
    workloads: Mapping[Name, WorkloadSettings] = {}
    labels: frozenset[Label] = frozenset()
    priority: Severity | None = None
    callers: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    python: str | None = None
    sources: str | None = None
    header_env: str = ""
    counter: str = ""
    apply: ApplySettings | None = None

    @field_validator("path")
    @classmethod
    def _absolute(cls, path: str) -> str:
        if not path.startswith(("http://", "https://", "pid:")) and not Path(path).is_absolute():
            raise ValueError(f"{path!r} must be absolute, or http://HOST:PORT of a pprof endpoint")
        return path

    @field_validator("labels")
    @classmethod
    def _few(cls, labels: frozenset[str]) -> frozenset[str]:
        if len(labels) > LABELS:
            raise ValueError(f"at most {LABELS} labels")
        return labels


class HttpSettings(Part):
    """The HTTP door. `public_url` is what others reach it by, for the agent card and links; None: host and port."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    body_limit_bytes: int = Field(default=1_000_000, ge=1000, le=100_000_000)
    streams: int = Field(default=1000, ge=1, le=100_000)
    push_hosts: tuple[str, ...] = ()
    """Hosts that push notifications may be sent to, as HOST (usual ports) or HOST:PORT; none without."""


class SlackSettings(Part):
    """The Slack door: Socket Mode where `app_token_env` is set in the environment, else HTTP, signed."""

    enabled: bool = False
    bot_token_env: Variable = "SLACK_BOT_TOKEN"
    app_token_env: Variable = "SLACK_APP_TOKEN"
    signing_secret_env: Variable = "SLACK_SIGNING_SECRET"
    api_url: str = Field(default="https://slack.com/api/", pattern=r"^https?://\S+/$")
    users: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    apply_users: frozenset[str] = frozenset()
    update_s: float = Field(default=2.0, ge=0.1, le=60)


class DoorSettings(Part):
    """How the service is reached."""

    http: HttpSettings = HttpSettings()
    slack: SlackSettings = SlackSettings()


class OidcSettings(Part):
    """Tokens of an identity provider: `scope_claim` names the claim that holds scopes, mapped by `scopes`."""

    issuer: str = Field(pattern=r"^https?://\S+$")
    audience: str
    jwks_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    scope_claim: str = "scope"
    scopes: Mapping[str, Scope] = {
        "ask-profiler.ask": "ask",
        "ask-profiler.apply": "apply",
        "ask-profiler.admin": "admin",
    }


class LimitSettings(Part):
    """What one caller may ask for; None for no limit."""

    requests_per_minute: int | None = Field(default=60, ge=1)
    waiting_jobs: int | None = Field(default=20, ge=1)
    runs_per_day: int | None = Field(default=200, ge=1)
    model_cost_usd_per_day: float | None = Field(default=50.0, gt=0, allow_inf_nan=False)
    run_limit_s: float = Field(default=3600.0, gt=0)


class AccessSettings(Part):
    """Who may ask. Tokens are kept hashed in the database (`ask-profiler token`)."""

    oidc: OidcSettings | None = None
    limits: LimitSettings = LimitSettings()


class QueueSettings(Part):
    """How jobs are handed to workers. A worker that shows no sign of life for `lost_after_s` has lost its job."""

    workers: int = Field(default=1, ge=0, le=64)
    heartbeat_s: float = Field(default=1.0, gt=0, le=60)
    lost_after_s: float = Field(default=6.0, gt=0, le=3600)
    poll_s: float = Field(default=0.2, gt=0, le=60)
    attempts: int = Field(default=4, ge=1, le=100)
    stop_s: float = Field(default=30.0, gt=0, le=3600)

    @model_validator(mode="after")
    def _alive_for_long_enough(self) -> QueueSettings:
        if self.lost_after_s < 3 * self.heartbeat_s:
            raise ValueError("lost_after_s must be at least three times heartbeat_s")
        return self


class TelemetrySettings(Part):
    """OpenTelemetry's traces go to `otlp_url`, None for none; `log` is how the service's own log is written. A worker
    offers its own metrics on `worker_metrics_port`, None for not at all.
    """

    otlp_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    log: Literal["json", "text"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "info"
    metrics_public: bool = False
    worker_metrics_port: int | None = Field(default=None, ge=1, le=65535)


class StorageSettings(Part):
    """Where things are kept. None is the user's state folder.

    `database_env` names the variable with the address of a PostgreSQL; where it isn't set, a file of SQLite in
    `state_folder` is used. `artefacts_url` is where finished and interrupted runs of many workers are kept (a folder or
    anything that fsspec knows, such as s3://bucket/runs); None keeps them in `artefacts` beside `runs_folder`.
    Ended jobs and their files are removed after `retention_days`; None keeps them.
    """

    runs_folder: str | None = None
    state_folder: str | None = None
    database_env: Variable = "ASK_PROFILER_DATABASE"
    artefacts_url: str | None = None
    retention_days: float | None = Field(default=None, gt=0)
