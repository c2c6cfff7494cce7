"""The service's tables, the same in SQLite and PostgreSQL. Times are seconds since 1970, JSON is text."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()
Number = BigInteger().with_variant(Integer, "sqlite")

version = Table("ap_version", metadata, Column("version", Integer, nullable=False))

jobs = Table(
    "ap_jobs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("run_id", String(64), nullable=False),
    Column("conversation", String(300), nullable=False),
    Column("caller", String(500), nullable=False),
    Column("door", String(16), nullable=False),
    Column("target", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("labels", Text, nullable=False),
    Column("key", String(500)),
    Column("state", String(16), nullable=False),
    Column("fence", Integer, nullable=False, default=0),  # grows with every worker that takes the job
    Column("attempts", Integer, nullable=False, default=0),
    Column("cancelling", Integer, nullable=False, default=0),
    Column("worker", Text, nullable=False, default=""),
    Column("heartbeat", Float, nullable=False, default=0.0),
    Column("created", Float, nullable=False),
    Column("started", Float, nullable=False, default=0.0),
    Column("ended", Float, nullable=False, default=0.0),
    Column("outcome", String(64), nullable=False, default=""),
    Column("problem", Text, nullable=False, default=""),
    Column("seq", Integer, nullable=False, default=0),  # the last event's
    Column("manifest", Text, nullable=False, default=""),  # of the run's files, where they are kept elsewhere
    UniqueConstraint("caller", "key", name="ap_jobs_key"),
    Index("ap_jobs_state", "state", "priority", "created"),
    Index("ap_jobs_caller", "caller", "created"),
    Index("ap_jobs_run", "run_id"),
)
"""A NULL key is like no other key, in both databases."""

events = Table(
    "ap_events",
    metadata,
    Column("job_id", String(64), ForeignKey("ap_jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("time", Float, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("data", Text, nullable=False),
)

conversations = Table(
    "ap_conversations",
    metadata,
    Column("caller", String(500), primary_key=True),
    Column("id", String(300), primary_key=True),
    Column("job_id", String(64)),  # the last job
    Column("choice", Text),  # what must be decided first, with the message that it is for
    Column("updated", Float, nullable=False),
)

seen = Table(
    "ap_seen",
    metadata,
    Column("key", String(500), primary_key=True),
    Column("time", Float, nullable=False),
    Index("ap_seen_time", "time"),
)
"""Messages that were taken already, such as Slack's event ids."""

notes = Table(
    "ap_notes",
    metadata,
    Column("key", String(300), primary_key=True),
    Column("value", Text, nullable=False),
    Column("time", Float, nullable=False),
)
"""What a door wants to find again after a restart, such as the Slack message that shows a job's progress."""

tokens = Table(
    "ap_tokens",
    metadata,
    Column("name", String(64), primary_key=True),
    Column(
        "number", Integer, primary_key=True
    ),  # two of one name are valid while one takes over from the other
    Column("digest", String(128), nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float),
    Column("revoked", Float),
)

audit = Table(
    "ap_audit",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("time", Float, nullable=False),
    Column("caller", Text, nullable=False),
    Column("door", String(16), nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", Text, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    Index("ap_audit_time", "time"),
)

spending = Table(
    "ap_spending",
    metadata,
    Column("caller", String(500), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("runs", Integer, nullable=False, default=0),
    Column("cost_usd", Float, nullable=False, default=0.0),
)

workers = Table(
    "ap_workers",
    metadata,
    Column("name", String(300), primary_key=True),
    Column("labels", Text, nullable=False),
    Column("heartbeat", Float, nullable=False),
    Column("job_id", String(64), nullable=False, default=""),
)
