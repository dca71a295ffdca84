"""What each kind of customer gets: which touches, how often, how long they take, and who is never forgotten."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from typing import Annotated, Literal, Self, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from segkit.intake.contact_words import broad_words, channel_words
from segkit.locale import Lang
from segkit.locale.sourced import Sourced
from segkit.locale.spelling import plain_word, stands_in

Channel = Literal["phone", "visit", "email", "social", "sms", "survey", "event"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
EVERY_CHANNEL: dict[Lang, str] = {"zh": "全部", "en": "all"}  # what a cell says that refuses every one
PERSONAL: tuple[Channel, ...] = ("phone", "visit")  # a person speaks to a person: no mass message
Festival = Literal[
    "new_year", "spring_festival", "qingming", "labour_day", "dragon_boat", "mid_autumn", "national_day"
]
PLAN_START = "plan_start"  # the anchor of a sequence that begins with the plan itself
Days = Annotated[int, Field(ge=0, le=3660)]


class Touch(BaseModel):
    """One kind of contact, and when it falls due: exactly one of `every_days`, `on_days`, `yearly`, `festivals`.

    Attributes
    ----------
    every_days : so many days after the last contact of this kind
    on_days, anchor : days after a date of the customer (首单后第 1/7/30 天); `plan_start` for a sequence that
        begins with the plan and goes on from contact to contact (流失挽回 2/7/14 天后停止)
    yearly : a column of dates whose anniversary is kept (生日、周年)
    festivals : on one of the last working days before these public holidays
    stop_after : no more than so many contacts of this kind since the last purchase, then silence (then the floor)
    at_most : no more than so many in one plan
    content : an id of terms.yml: what the contact is about
    owner : the customer's own owner, or whoever has time
    marketing : needs consent, counts against the caps, may be held out; else service
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    channel: Channel
    every_days: int | None = Field(default=None, gt=0, le=3660)
    on_days: tuple[Days, ...] = ()
    anchor: str = PLAN_START
    yearly: str = ""
    festivals: tuple[Festival, ...] = ()
    stop_after: int | None = Field(default=None, gt=0)
    at_most: int | None = Field(default=None, gt=0)
    minutes: float = Field(gt=0, le=1440)
    content: str
    owner: Literal["named", "pooled"] = "named"
    marketing: bool = True

    @field_validator("on_days")
    @classmethod
    def _ascending(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if list(days) != sorted(set(days)):
            raise PydanticCustomError("policy.days_order", "ascending", {"days": list(days)})
        return days

    @model_validator(mode="after")
    def _one_rhythm(self) -> Self:
        given = [k for k in ("every_days", "on_days", "yearly", "festivals") if getattr(self, k)]
        if len(given) != 1:
            raise PydanticCustomError("policy.one_rhythm", "one of the four", {"given": given})
        return self


class LabelPolicy(BaseModel):
    """What customers of one label get; `strategies` are ids of terms.yml (strategy.*), for the strategy matrix."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    touches: tuple[Touch, ...] = Field(min_length=1)
    strategies: tuple[str, ...] = ()


class Cap(BaseModel):
    """At most so many marketing touches in any 24 hours, 7 days, 30 days; None is no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    day: int | None = Field(default=None, ge=1)
    week: int | None = Field(default=None, ge=1)
    month: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _widening(self) -> Self:
        """A longer window may not allow less than a shorter one inside it."""
        known = [(name, getattr(self, name)) for name in ("day", "week", "month") if getattr(self, name)]
        for (short, few), (long, many) in pairwise(known):
            if many < few:
                facts = {"short": short, "few": few, "long": long, "many": many}
                raise PydanticCustomError("policy.caps_contradict", "contradict", facts)
        return self


class Caps(Cap):
    """The cap per customer over all channels, and further ones by channel; whichever is hit first holds.

    Rolling windows, marketing only, after Aliyun's contact-fatigue control (help.aliyun.com 441759).
    """

    day: int | None = Field(default=1, ge=1)
    week: int | None = Field(default=2, ge=1)
    month: int | None = Field(default=6, ge=1)
    channels: dict[Channel, Cap] = {}

    @model_validator(mode="after")
    def _channel_within_all(self) -> Self:
        """A channel that may be used more often than all channels together is a slip."""
        for channel, cap in self.channels.items():
            for name in ("day", "week", "month"):
                one, all_ = getattr(cap, name), getattr(self, name)
                if one is not None and all_ is not None and one > all_:
                    facts = {"channel": channel, "window": name, "one": one, "all": all_}
                    raise PydanticCustomError("policy.channel_cap", "contradict", facts)
        return self


class Costs(Sourced, BaseModel):
    """What contact costs, in the client's currency: an hour of work, and one touch of a channel beside it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    hour: float = Field(default=60.0, ge=0)  # 示例参数 / sample parameter
    channels: dict[Channel, float] = {"sms": 0.05}  # 示例参数 / sample parameter
    source: str | dict[Lang, str] = ""

    def of(self, channel: str, minutes: float) -> float:
        """Money for one touch."""
        return self.hour * minutes / 60 + self.channels.get(channel, 0.0)  # type: ignore[call-overload]


Hours = tuple[tuple[str, str], ...]


class Policy(Sourced, BaseModel):
    """Touches by label, with what limits them.

    Attributes
    ----------
    labels : in order of importance
    first : who gets scarce time: the most valuable (`value`), or the labels in their order (`labels`), within
        a label the most urgent, then the most valuable
    urgency : a column of days left, below 0 where overdue: within a label the smallest come first
    floor_days : nobody who may be contacted waits longer than this for a contact
    floor : the contact made where only the floor asks for one; by default a short service call
    caps : marketing touches per customer; service touches do not count
    hours : when people are contacted on a working day, outside of which it is quiet (免打扰)
    grace_days : how late a touch on a fixed day is still made
    never_held : labels that no holdout takes anything from (点名的大客户)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    labels: dict[str, LabelPolicy]
    first: Literal["value", "labels"] = "value"
    urgency: str = ""
    floor_days: int = Field(default=180, gt=0, le=3660)
    floor: Touch | None = None
    caps: Caps = Caps()
    costs: Costs = Costs()
    hours: Hours = (("09:00", "12:00"), ("14:00", "20:00"))
    grace_days: int = Field(default=14, ge=0)
    never_held: tuple[str, ...] = ()
    source: str | dict[Lang, str] = ""

    @field_validator("hours")
    @classmethod
    def _ordered(cls, hours: Hours) -> Hours:
        flat = [moment for span in hours for moment in span]
        if (
            not flat
            or flat != sorted(set(flat))
            or not all(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", m) for m in flat)
        ):
            raise PydanticCustomError("policy.hours", "ascending", {"hours": [list(span) for span in hours]})
        return hours


def opted_out_of(cell: str) -> frozenset[str]:
    """Which channels does a customer refuse? What a client's cell (退订渠道) says: 电话;短信, phone, 全部, 是.

    Nothing written, or a no, is no channel. Words that name no channel are taken for all of them: somebody
    opted out, and a contact made by mistake cannot be taken back.
    """
    words = _words()
    text = plain_word(cell)
    if not text or text in words["none"]:
        return frozenset()
    named = frozenset(c for c, known in channel_words().items() if _says(text, known))
    more = not named or _says(text, [*words["all"], *broad_words()])
    return frozenset(CHANNELS) if more else named


def _says(text: str, words: list[str]) -> bool:
    return any(stands_in(word, text) for word in words)


@lru_cache(maxsize=1)
def _words() -> dict[str, list[str]]:
    text = resources.files(__package__).joinpath("refusals.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))
