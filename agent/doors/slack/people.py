"""Who speaks in Slack and whether they may: the workspace's own people, in the channels that are listed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agent.access.caller import Caller
from agent.errors import Forbidden
from agent.service_settings import Scope, SlackSettings

DIRECT = "direct"
"""How direct messages are called in lists of channels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Someone in a channel, as a message with Slack's signature says. `home` is the workspace that the app is installed
    in, `team` the one that the user is of.
    """

    home: str
    team: str
    user: str
    channel: str
    name: str = ""

    @property
    def is_direct(self) -> bool:
        """Whether they speak with the app alone."""
        return self.channel.startswith("D")

    @property
    def place(self) -> str:
        """The channel as lists name it: `TEAM/CHANNEL`, or `TEAM/direct`."""
        return f"{self.home}/{DIRECT if self.is_direct else self.channel}"

    def conversation(self, thread: str) -> str:
        """The name of a conversation in this channel."""
        return f"{self.home}/{self.channel}/{thread}"


def caller_of(speaker: Speaker, settings: SlackSettings) -> Caller:
    """The caller that someone in Slack is.

    An entry of a list is an id or TEAM/ID, and may end in `*`. Without a list of users everyone of the workspace may
    ask; people of other workspaces, who share a channel, only where they are listed. Raises: Forbidden.
    """
    who = {speaker.user, f"{speaker.team}/{speaker.user}"}
    if settings.users and not _is_listed(who, settings.users):
        raise Forbidden("you may not ask here: doors.slack.users in agent.yaml names who may")
    if speaker.team != speaker.home and not _is_listed(who, settings.users):
        raise Forbidden(
            "people of other workspaces may not ask, unless doors.slack.users in agent.yaml names them"
        )
    where = {speaker.place, speaker.place.partition("/")[2]}
    if settings.channels and not _is_listed(where, settings.channels):
        raise Forbidden(
            "nobody may ask in this channel: doors.slack.channels in agent.yaml names where one may"
        )
    scopes: set[Scope] = {"ask"}
    if _is_listed(who, settings.apply_users):
        scopes.add("apply")
    return Caller(
        id=f"slack:{speaker.team}/{speaker.user}",
        name=speaker.name or speaker.user,
        scopes=frozenset(scopes),
        channel=speaker.place,
    )


def _is_listed(names: Iterable[str], entries: frozenset[str]) -> bool:
    """Whether a list has one of the names; an entry that ends in `*` is the beginning of names."""
    return any(n.startswith(e[:-1]) if e.endswith("*") else n == e for n in names for e in entries)
