"""Which callers may reach which of the named targets, and may have patches applied to it."""

from __future__ import annotations

from collections.abc import Iterable

from agent.access.caller import Caller
from agent.service_settings import TargetSettings


def may_reach(target: TargetSettings, caller: Caller) -> bool:
    """Whether a caller may ask about a target.

    A list that isn't empty must name the caller. `channels` is about where in Slack is asked: who doesn't come from
    there reaches a target that has such a list only by being named in `callers`. Being an admin opens no target.
    """
    if caller.is_local:
        return True
    if not caller.may("ask"):
        return False
    is_named = _is_listed(caller.id, target.callers)
    if target.callers and not is_named:
        return False
    if not target.channels:
        return True
    return _is_listed(caller.channel, target.channels) if caller.channel else is_named


def may_apply(target: TargetSettings, caller: Caller) -> bool:
    """Whether a caller may have a patch put on a branch of a target: agent.yaml must allow it for the target, and the
    caller must reach the target and have the scope `apply` or be named in `apply.callers`.
    """
    if target.apply is None or not may_reach(target, caller):
        return False
    return caller.may("apply") or _is_listed(caller.id, target.apply.callers)


def _is_listed(name: str, entries: Iterable[str]) -> bool:
    """Whether a list has a name; an entry that ends in `*` is the beginning of names."""
    return any(name.startswith(e[:-1]) if e.endswith("*") else name == e for e in entries)
