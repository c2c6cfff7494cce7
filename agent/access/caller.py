"""Who asks: known by a token, by an identity provider, by Slack's signature, or as the user of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from agent.service_settings import Scope

SCOPES: tuple[Scope, ...] = get_args(Scope)
LOCAL = "local"
"""The id of whoever uses the program on its own machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Someone whose identity is established. `id` is stable and names one person or program, such as `token:ci`,
    `oidc:https://issuer#subject`, `slack:T1/U1`, or `local`; `channel` is where they ask from, for Slack `T1/C1`, else
    "". Only a local caller may name paths.
    """

    id: str
    scopes: frozenset[Scope]
    name: str = ""
    channel: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is the user of this machine, who may point at any path."""
        return self.id == LOCAL

    def may(self, scope: Scope) -> bool:
        """Whether the caller has this scope; an admin has all of them."""
        return scope in self.scopes or "admin" in self.scopes


LOCAL_CALLER = Caller(id=LOCAL, name="the user of this machine", scopes=frozenset(SCOPES))
