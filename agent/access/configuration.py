"""What is wrong with the service's configuration, all of it at once, before anything is started.

`problems` are what would fail; `doubts` are what works and may not be meant. Nothing is sent anywhere but to the
database.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from agent.access.target_problems import target_problems
from agent.access.tokens import Tokens
from agent.database.opening import Database, open_database
from agent.definition import Definition
from agent.errors import AgentError, StorageFailed
from agent.service_settings import SlackSettings
from agent.settings import Settings
from agent.store import default_runs_dir

LOOPBACK = frozenset({"localhost", "::1", "[::1]"})
FILE = "service.sqlite"
"""As `open_database` makes it."""


def problems(settings: Settings, environment: Mapping[str, str], definition: Definition) -> tuple[str, ...]:
    """Everything that would fail later, one sentence each; empty when the configuration can be used."""
    return (
        *target_problems(settings, environment),
        *_doors(settings, environment),
        *_access(settings),
        *_storage(settings, environment),
        *_analyst(settings, environment, definition),
    )


def doubts(settings: Settings, environment: Mapping[str, str], definition: Definition) -> tuple[str, ...]:
    """What can be used and may not be meant, one sentence each."""
    return (
        *_no_targets(settings),
        *_public(settings),
        *_nobody(settings, environment),
        *_apart(settings, environment),
        *_examples(definition),
    )


def _doors(settings: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    if settings.doors.slack.enabled:
        yield from _slack(settings.doors.slack, environment)


def _slack(slack: SlackSettings, environment: Mapping[str, str]) -> Iterator[str]:
    bot, app, secret = (
        environment.get(name, "").strip()
        for name in (slack.bot_token_env, slack.app_token_env, slack.signing_secret_env)
    )
    if not bot:
        yield f"doors.slack is enabled and {slack.bot_token_env} isn't set: it holds the bot's token (xoxb-…)"
    elif bot.startswith("xapp-"):
        yield f"{slack.bot_token_env} holds an app's token (xapp-…): the bot's begins with xoxb-"
    if app.startswith("xoxb-"):
        yield f"{slack.app_token_env} holds a bot's token (xoxb-…): the app's begins with xapp-"
    if not app and not secret:
        yield (
            f"doors.slack is enabled and neither {slack.app_token_env} (Socket Mode) nor {slack.signing_secret_env} "
            "(HTTP) is set"
        )
    if environment.get("SLACK_CLIENT_ID") and environment.get("SLACK_CLIENT_SECRET"):
        yield "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET are set, and this app isn't installed by OAuth: unset them"


def _access(settings: Settings) -> Iterator[str]:
    oidc = settings.access.oidc
    if oidc is None:
        return
    for key, address in (("issuer", oidc.issuer), ("jwks_url", oidc.jwks_url)):
        if address is not None and address.startswith("http://") and not _is_loopback(_host_of(address)):
            yield f"access.oidc.{key} is {address}: without TLS anyone on the way could sign tokens; use https://"
    if not oidc.audience.strip():
        yield "access.oidc.audience is empty: tokens for any other service would be taken"


def _storage(settings: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    try:
        with _opened(settings, environment):
            pass
    except AgentError as error:
        yield str(error)
    protocol, separator, _ = (settings.storage.artefacts_url or "").partition("://")
    if separator:
        if importlib.util.find_spec("fsspec") is None:
            yield "storage.artefacts_url is set and fsspec isn't installed: pip install 'ask-profiler[cluster]'"
        else:
            yield from _file_system(protocol)


def _file_system(protocol: str) -> Iterator[str]:
    import fsspec

    try:
        fsspec.get_filesystem_class(protocol)
    except (ImportError, ValueError) as error:
        yield f"storage.artefacts_url can't be used: {error}"


@contextmanager
def _opened(settings: Settings, environment: Mapping[str, str]) -> Iterator[Database | None]:
    """The database, closed afterwards; None for a file that isn't there yet and can be made. Raises: AgentError."""
    if not environment.get(settings.storage.database_env, ""):
        named = settings.storage.state_folder
        folder = Path(named).expanduser() if named else default_runs_dir(environment).parent
        if not (folder / FILE).exists():
            there = next(f for f in (folder, *folder.absolute().parents) if f.exists())
            if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
                raise StorageFailed(
                    f"storage.state_folder: {folder} can't be made: {there} is no folder that can be written to"
                )
            yield None
            return
    database = open_database(settings, environment)
    try:
        database.check()
        yield database
    finally:
        database.engine.dispose()


def _analyst(settings: Settings, environment: Mapping[str, str], definition: Definition) -> Iterator[str]:
    keys = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
    if settings.analyst.kind == "claude" and not any(environment.get(key, "").strip() for key in keys):
        yield f"analyst.kind is claude and {keys[0]} isn't set: set it, or take analyst.kind: auto"
    if not definition.description:
        yield f"{definition.path}: the definition has no description, and the agent card needs one"


def _no_targets(settings: Settings) -> Iterator[str]:
    if not settings.targets:
        yield "no targets are named: only the user of this machine can ask; name some under `targets`"


def _public(settings: Settings) -> Iterator[str]:
    http = settings.doors.http
    if _is_loopback(http.host):
        return
    if http.public_url is None or http.public_url.startswith("http://"):
        yield (
            f"doors.http.host is {http.host}, which others can reach, and doors.http.public_url names no https "
            "address: without TLS in front of it tokens can be read on their way"
        )
    if settings.telemetry.metrics_public:
        yield (
            f"doors.http.host is {http.host} and telemetry.metrics_public is true: anyone who reaches it reads "
            "/metrics"
        )


def _nobody(settings: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    if settings.access.oidc is not None:
        return
    try:
        with _opened(settings, environment) as database:
            is_known = database is not None and Tokens(database=database).any_valid()
    except AgentError:
        return  # `problems` says it
    if not is_known:
        yield (
            "there is no valid token and no access.oidc: nobody can come in over HTTP, A2A or MCP until "
            "`ask-profiler token create NAME` has made one"
        )


def _apart(settings: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    if environment.get(settings.storage.database_env, "") and settings.storage.artefacts_url is None:
        yield (
            f"{settings.storage.database_env} is set, so workers may be on several machines, and storage.artefacts_url "
            "isn't: each machine keeps the runs that it worked on to itself"
        )


def _examples(definition: Definition) -> Iterator[str]:
    if not definition.examples:
        yield f"{definition.path}: the definition has no examples: the agent card offers no skills of its own"


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    return host in LOOPBACK or host.startswith("127.")
