"""agent.yaml as typed settings: every key has its unit in its name, unknown keys are errors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from agent.errors import BadSettings
from agent.model_settings import ModelSettings, Part, PriceSettings
from agent.service_settings import (
    AccessSettings,
    DoorSettings,
    Name,
    QueueSettings,
    StorageSettings,
    TargetSettings,
    TelemetrySettings,
)


class AnalystSettings(Part):
    """Who interprets."""

    kind: Literal["auto", "playbook", "claude"] = "auto"


class MeasureSettings(Part):
    """How long and how often is measured."""

    capture_s: float = Field(default=1.0, gt=0, le=600)
    process_s: float = Field(default=0.05, gt=0, le=60)
    process_limit_s: float = Field(default=0.5, gt=0, le=600)
    command_limit_s: float = Field(default=2.0, gt=0, le=600)
    growth_s: float = Field(default=3.0, ge=0, le=600)
    calibration_pairs: int = Field(default=5, ge=4, le=200)
    pairs_min: int = Field(default=7, ge=7, le=500)
    pairs_max: int = Field(default=25, ge=7, le=500)
    final_s: float = Field(default=20.0, ge=0, le=3600)

    @model_validator(mode="after")
    def _ordered(self) -> MeasureSettings:
        if self.pairs_min > self.pairs_max:
            raise ValueError(f"pairs_min ({self.pairs_min}) is above pairs_max ({self.pairs_max})")
        return self


class VerifySettings(Part):
    """How hard a change is looked at beyond the pairs."""

    values_s: float = Field(default=4.0, gt=0, le=600)
    generated_calls: int = Field(default=100, ge=0, le=100_000)
    float_tolerance_ratio: float = Field(default=1e-9, ge=0, lt=1)
    unseen_pairs: int = Field(default=7, ge=6, le=500)
    counting_s: float = Field(default=6.0, ge=0, le=600)


class BudgetSettings(Part):
    """When a run stops trying."""

    attempts_per_bottleneck: int = Field(default=3, ge=1, le=20)
    run_s: float = Field(default=300.0, gt=0)
    model_tokens: int = Field(default=1_000_000, ge=1)
    model_cost_usd: float = Field(default=5.0, gt=0, allow_inf_nan=False)
    tool_calls: int = Field(default=60, ge=1)
    model_s: float = Field(default=900.0, gt=0)


class PolicySettings(Part):
    """Overrides of the definition's figures; None leaves the definition's."""

    minimum_gain_ratio: float | None = Field(default=None, ge=0, lt=1)


class Settings(Part):
    """The whole of agent.yaml."""

    analyst: AnalystSettings = AnalystSettings()
    model: ModelSettings = ModelSettings()
    prices: PriceSettings = PriceSettings()
    measure: MeasureSettings = MeasureSettings()
    verify: VerifySettings = VerifySettings()
    budgets: BudgetSettings = BudgetSettings()
    policy: PolicySettings = PolicySettings()
    storage: StorageSettings = StorageSettings()
    targets: Mapping[Name, TargetSettings] = {}
    doors: DoorSettings = DoorSettings()
    access: AccessSettings = AccessSettings()
    queue: QueueSettings = QueueSettings()
    telemetry: TelemetrySettings = TelemetrySettings()


def read_settings(path: Path) -> Settings:
    """Read an agent.yaml; keys left out keep their defaults.

    Raises: BadSettings naming file, key and what is allowed there.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"the settings {path} can't be read: {error}") from error
    except yaml.YAMLError as error:
        raise BadSettings(f"the settings {path} are not valid YAML: {_one_line(error)}") from error
    if found is None:
        return Settings()
    if not isinstance(found, dict):
        raise BadSettings(f"the settings {path} must be a mapping of sections, such as `measure:`")
    try:
        return Settings.model_validate(found)
    except ValidationError as error:
        raise BadSettings(
            f"{path}: {'; '.join(_problem(found, e['loc'], e['msg']) for e in error.errors())}"
        ) from None


def _problem(found: dict[str, object], location: tuple[int | str, ...], message: str) -> str:
    key = ".".join(str(part) for part in location) or "the settings"
    if message.startswith("Extra inputs"):
        known = _known_keys(location[:-1])
        return f"unknown key {key!r}: known here are {', '.join(known)}"
    return f"{key}: {message}"


def _known_keys(section: tuple[int | str, ...]) -> list[str]:
    """The keys of a section, or of a part of one; parts may be optional or stand under names of their own."""
    part: object = Settings
    for key in section:
        if isinstance(part, type) and issubclass(part, BaseModel):
            field = part.model_fields.get(str(key))
            part = field.annotation if field else None
        else:  # a mapping: whatever the name is, what stands below it is of one kind
            part = get_args(part)[-1] if get_args(part) else None
        if get_origin(part) in (Union, UnionType):
            part = next((p for p in get_args(part) if p is not type(None)), None)
    return sorted(part.model_fields) if isinstance(part, type) and issubclass(part, BaseModel) else []


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
