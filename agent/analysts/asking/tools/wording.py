"""How answers to a model say what to ask for instead: by the tools' parameters."""

from __future__ import annotations

from agent.rendering.profile_answers.wording import Wording

PARAMETERS = Wording(
    settings={
        "focus": "`focus`",
        "limit": "`limit` {}",
        "cut": "a smaller `min_percent` or a larger `depth`",
        "function": "a longer `function`",
        "value": "`value`",
    },
    filter="`{}`",
    listing="`top` lists those there are",
)
