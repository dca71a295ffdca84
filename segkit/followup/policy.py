"""What each kind of customer gets: which touch, how often, how long it takes, and who is never forgotten."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib import resources
from typing import Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field

from segkit.locale import Lang

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
    """Touches by label; the order of `labels` is the order in which scarce time is given out.

    `urgency` is a column of days left, below 0 where overdue: within a label the smallest come first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    labels: dict[str, LabelPolicy]
    urgency: str = ""
    floor_days: int = 180
    caps: Caps = Caps()
    source: str | dict[Lang, str] = ""

    def source_text(self, lang: Lang) -> str:
        """Where intervals and minutes come from."""
        return self.source.get(lang, "") if isinstance(self.source, dict) else self.source


def opted_out_of(cell: str) -> frozenset[str]:
    """Which channels does a customer refuse? What a client's cell (退订渠道) says: 电话;短信, phone, 全部, 是.

    Nothing written, or a no, is no channel. Words that name no channel are taken for all of them: somebody
    opted out, and a contact made by mistake cannot be taken back.
    """
    words = _words()
    text = unicodedata.normalize("NFKC", cell).strip().casefold()
    if not text or text in words["none"]:
        return frozenset()
    everything = frozenset(get_args(Channel))
    named = frozenset(c for c, known in words["channels"].items() if _says(text, known))
    return everything if not named or _says(text, words["all"]) else named


def _says(text: str, words: list[str]) -> bool:
    return any(
        re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])" if word.isascii() else word, text)
        for word in words
    )


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("channels.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))
