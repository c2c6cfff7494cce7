"""What agent.yaml says of models: which one is asked, in place of which retired name, and what tokens cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

ModelName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^\S+$")]
NO_MODEL = "inherit"
"""What a definition says that leaves the choice to its caller; one that names no model means the same."""


class Part(BaseModel):
    """A section of agent.yaml: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StepModels(Part):
    """A model for one step; None leaves it to `model.default`."""

    prepare: ModelName | None = None
    investigate: ModelName | None = None
    optimise: ModelName | None = None
    follow_up: ModelName | None = None


def _replacements() -> dict[str, str]:
    opus, sonnet, haiku = "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"
    return {
        "claude-3-opus*": opus,
        "claude-opus-4-20250514": opus,
        "claude-opus-4-0": opus,
        "claude-opus-4-1*": opus,
        "claude-3-sonnet*": sonnet,
        "claude-3-5-sonnet*": sonnet,
        "claude-3-7-sonnet*": sonnet,
        "claude-sonnet-4-20250514": sonnet,
        "claude-sonnet-4-0": sonnet,
        "claude-sonnet-4-5*": sonnet,
        "claude-3-haiku*": haiku,
        "claude-3-5-haiku*": haiku,
        "opus": opus,
        "opusplan": opus,
        "sonnet": sonnet,
        "haiku": haiku,
        "default": sonnet,
        NO_MODEL: sonnet,
    }


class ModelSettings(Part):
    """Which model is asked, and how. What is given of `replacements` is added to the built-in ones."""

    default: ModelName | None = None
    steps: StepModels = StepModels()
    replacements: Mapping[ModelName, ModelName] = Field(default_factory=_replacements)
    base_url: str | None = None
    request_s: float = Field(default=600.0, gt=0, le=3600)
    idle_s: float = Field(default=120.0, gt=0, le=3600)
    retries: int = Field(default=4, ge=0, le=20)
    max_output_tokens: int = Field(default=16_000, ge=256, le=128_000)
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None

    @field_validator("replacements", mode="before")
    @classmethod
    def _added(cls, given: object) -> object:
        return _replacements() | given if isinstance(given, dict) else given

    @field_validator("base_url")
    @classmethod
    def _address(cls, given: str | None) -> str | None:
        if given is None:
            return None
        try:
            parts = urlsplit(given)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname)
            _ = parts.port
        except ValueError:
            usable = False
        if not usable:
            raise ValueError("must be an address such as https://gateway.example.org")
        if parts.username is not None or parts.password is not None:
            raise ValueError("must hold no name or password: the key is given by ANTHROPIC_API_KEY")
        return given

    def replacement(self, name: str) -> str | None:
        """What is asked in place of `name`, None for itself.

        A key that ends in `*` is the beginning of names; the longest that fits counts.
        """
        wanted = name.lower()
        exact = {key.lower(): value for key, value in self.replacements.items()}
        if wanted in exact:
            return exact[wanted]
        beginnings = [key for key in exact if key.endswith("*") and wanted.startswith(key[:-1])]
        return exact[max(beginnings, key=len)] if beginnings else None


class Rates(Part):
    """US dollars for a million tokens. `input` are tokens that were neither read from the cache nor written to it."""

    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)
    cache_read: float = Field(ge=0, allow_inf_nan=False)
    cache_write: float = Field(ge=0, allow_inf_nan=False)


class Price(Rates):
    """A model's rates. Those of `above` hold for all tokens of a request that sends more than `above_tokens`."""

    above_tokens: int | None = Field(default=None, ge=1)
    above: Rates | None = None

    @model_validator(mode="after")
    def _both(self) -> Price:
        if (self.above_tokens is None) != (self.above is None):
            raise ValueError("above_tokens and above go together: give both or neither")
        return self


def _price(input_: float, output: float, cache_read: float, cache_write: float) -> Price:
    return Price(input=input_, output=output, cache_read=cache_read, cache_write=cache_write)


def _prices() -> dict[str, Price]:
    """The built-in prices; writing to the cache is priced for five minutes.

    Source: platform.claude.com, "Pricing", on the day that `PriceSettings.as_of` says.
    """
    haiku = Price(
        input=0.10,
        output=0.50,
        cache_read=0.01,
        cache_write=0.125,
        above_tokens=100_000,
        above=Rates(input=0.50, output=2.50, cache_read=0.05, cache_write=0.625),
    )
    return {
        "claude-fable-5-1": _price(10.0, 50.0, 0.25, 12.5),
        "claude-opus-5-5": _price(4.0, 20.0, 0.20, 5.0),
        "claude-sonnet-5-5": _price(2.0, 10.0, 0.10, 2.5),
        "claude-haiku-5-5": haiku,
        "claude-opus-5": _price(5.0, 25.0, 0.50, 6.25),
        "claude-opus-4-8": _price(5.0, 25.0, 0.50, 6.25),
        "claude-opus-4-7": _price(5.0, 25.0, 0.50, 6.25),
        "claude-opus-4-6": _price(5.0, 25.0, 0.50, 6.25),
        "claude-opus-4-5": _price(5.0, 25.0, 0.50, 6.25),
        "claude-sonnet-5": _price(2.0, 10.0, 0.20, 2.5),
        "claude-sonnet-4-6": _price(3.0, 15.0, 0.30, 3.75),
        "claude-sonnet-4-5": _price(3.0, 15.0, 0.30, 3.75),
        "claude-haiku-4-5": _price(1.0, 5.0, 0.10, 1.25),
    }


class PriceSettings(Part):
    """What tokens cost, as published on the day `as_of`. What is given of the prices is added to the built-in ones."""

    as_of: date = date(2026, 10, 10)
    usd_per_million_tokens: Mapping[ModelName, Price] = Field(default_factory=_prices)

    @field_validator("usd_per_million_tokens", mode="before")
    @classmethod
    def _added(cls, given: object) -> object:
        return _prices() | given if isinstance(given, dict) else given
