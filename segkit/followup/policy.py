"""What each kind of customer gets: which touch, how often, how long it takes, and who is never forgotten."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Channel = Literal["phone", "visit", "email", "social", "sms", "survey", "event"]
PERSONAL: tuple[Channel, ...] = ("phone", "visit")  # a person speaks to a person: no mass message


class Touch(BaseModel):
    """One kind of contact. `content` is an id of terms.yml: what the contact is about."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    channel: Channel
    every_days: int = Field(gt=0)
    minutes: float = Field(gt=0)
    content: str
    owner: Literal["named", "pooled"] = "named"
    marketing: bool = True


class LabelPolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    touches: tuple[Touch, ...] = Field(min_length=1)


class Caps(BaseModel):
    """At most this many marketing touches per customer in 24 hours, 7 days, 30 days."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    day: int = 1
    week: int = 2
    month: int = 6


class Policy(BaseModel):
    """Touches by label; the order of `labels` is the order in which scarce time is given out."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    labels: dict[str, LabelPolicy]
    floor_days: int = 180
    caps: Caps = Caps()
    source: str = ""
