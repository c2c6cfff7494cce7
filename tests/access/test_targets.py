"""Allow-lists: who may reach a target, and who may have patches applied to it."""

from __future__ import annotations

import pytest

from agent.access.caller import LOCAL_CALLER, Caller
from agent.access.targets import may_apply, may_reach
from agent.service_settings import Scope, TargetSettings


def target(**settings: object) -> TargetSettings:
    return TargetSettings.model_validate({"path": "/srv/shop", **settings})


def caller(name: str, *scopes: Scope, channel: str = "") -> Caller:
    return Caller(id=name, scopes=frozenset(scopes or ("ask",)), channel=channel)


@pytest.mark.parametrize(
    ("lists", "who", "reaches"),
    [
        ({}, caller("token:ci"), True),
        ({}, caller("token:ci", "apply"), False),  # may not ask at all
        ({}, caller("token:ops", "admin"), True),
        ({"callers": ["token:ci"]}, caller("token:ci"), True),
        ({"callers": ["token:ci"]}, caller("token:ci2"), False),
        ({"callers": ["token:ci"]}, caller("token:c"), False),
        ({"callers": ["token:ci"]}, caller("token:ops", "admin"), False),  # an admin isn't named either
        ({"callers": ["token:*"]}, caller("token:ci"), True),
        ({"callers": ["token:*"]}, caller("slack:T1/U1"), False),
        ({"callers": ["*"]}, caller("slack:T1/U1"), True),
        ({"callers": ["slack:T1/*"]}, caller("slack:T12/U1"), False),
        ({"callers": ["tok*n:ci"]}, caller("token:ci"), False),  # a star elsewhere is a star
        ({"callers": ["oidc:https://i#*"]}, caller("oidc:https://i#ann"), True),
        ({"channels": ["T1/C1"]}, caller("slack:T1/U1", channel="T1/C1"), True),
        ({"channels": ["T1/C1"]}, caller("slack:T1/U1", channel="T1/C2"), False),
        ({"channels": ["T1/*"]}, caller("slack:T1/U1", channel="T1/C2"), True),
        ({"channels": ["T1/C1"]}, caller("token:ci"), False),  # a channel's target isn't everyone's
        ({"channels": ["*"]}, caller("token:ci"), False),
        ({"channels": ["T1/C1"], "callers": ["token:ci", "slack:T1/U1"]}, caller("token:ci"), True),
        (
            {"channels": ["T1/C1"], "callers": ["token:ci", "slack:T1/U1"]},
            caller("slack:T1/U1", channel="T1/C2"),
            False,
        ),
        (
            {"channels": ["T1/C1"], "callers": ["token:ci"]},
            caller("slack:T1/U2", channel="T1/C1"),
            False,
        ),
    ],
)
def test_who_reaches_a_target(lists: dict[str, object], who: Caller, reaches: bool) -> None:
    assert may_reach(target(**lists), who) is reaches


def test_the_user_of_this_machine_reaches_everything() -> None:
    assert may_reach(target(callers=["token:ci"], channels=["T1/C1"]), LOCAL_CALLER)


def test_nothing_is_applied_where_the_settings_do_not_say_so() -> None:
    assert not may_apply(target(), caller("token:ci", "ask", "apply", "admin"))


def test_who_may_apply() -> None:
    applying = target(apply={"callers": ["slack:T1/U1", "oidc:*"]})
    assert may_apply(applying, caller("token:ci", "ask", "apply"))
    assert may_apply(applying, caller("token:ops", "admin"))
    assert may_apply(applying, caller("slack:T1/U1", "ask"))
    assert may_apply(applying, caller("oidc:https://i#ann", "ask"))
    assert not may_apply(applying, caller("slack:T1/U2", "ask"))
    assert not may_apply(applying, caller("token:ci", "ask"))


def test_who_does_not_reach_a_target_applies_nothing_to_it() -> None:
    applying = target(callers=["token:ci"], apply={"callers": ["slack:T1/U1"]})
    assert not may_apply(applying, caller("slack:T1/U1", "ask", "apply"))
