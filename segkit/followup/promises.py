"""What is promised for service cases (服务承诺): how soon they are answered and solved, by severity."""

from __future__ import annotations

from typing import Literal, Self, get_args

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from segkit.locale import Lang
from segkit.locale.sourced import Sourced
from segkit.locale.spelling import plain_word
from segkit.workdays import OFFICE, day_hours

Step = Literal["response", "feedback", "resolution"]
STEPS: tuple[Step, ...] = get_args(Step)
DONE_AT: dict[Step, str] = {
    "response": "first_response_at",
    "feedback": "feedback_at",
    "resolution": "closed_at",
}


class Limit(BaseModel):
    """How long something may take: hours, or working days of the desk (as many hours as it is open on one)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    hours: float | None = Field(default=None, gt=0)
    workdays: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.hours is None) == (self.workdays is None):
            raise PydanticCustomError("service.one_unit", "hours or workdays", {})
        return self


class Promise(BaseModel):
    """What is promised for cases of one severity.

    Attributes
    ----------
    response, feedback, resolution : the first answer, first findings, the end; None promises nothing
    clock : on the desk's clock (`desk`), or by the calendar, nights and holidays too (`calendar`)
    words : how clients write this severity
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    response: Limit | None = None
    feedback: Limit | None = None
    resolution: Limit | None = None
    clock: Literal["desk", "calendar"] = "desk"
    words: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _calendar_has_hours(self) -> Self:
        limits = (getattr(self, step) for step in STEPS)
        if self.clock == "calendar" and any(limit is not None and limit.hours is None for limit in limits):
            raise PydanticCustomError("service.calendar_hours", "hours by the calendar", {})
        return self


class ServiceRules(Sourced, BaseModel):
    """Promises by severity, the most urgent first.

    The limits are those of a rule for customer complaints published as a template (wendang.net/wd/608412, no year):
    general 24 h and 3 working days, major 12 h, 2 and 5 working days, urgent 2 h and 24 h. That urgent cases run by
    the calendar and the others on the desk's clock, its hours, and the days of escalation are sample parameters
    (示例参数).

    Attributes
    ----------
    promises : by severity
    otherwise : the severity of cases that name none, or one nobody knows; they are counted
    hours : when the desk is open on a working day
    escalate_days : a case still open after so many working days goes one level up (升级)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    promises: dict[str, Promise] = Field(
        default={
            "urgent": Promise(
                response=Limit(hours=2),
                resolution=Limit(hours=24),
                clock="calendar",
                words=("紧急", "特急", "urgent", "critical"),
            ),
            "major": Promise(
                response=Limit(hours=12),
                feedback=Limit(workdays=2),
                resolution=Limit(workdays=5),
                words=("重大", "严重", "major", "high", "serious"),
            ),
            "general": Promise(
                response=Limit(hours=24),
                resolution=Limit(workdays=3),
                words=("一般", "普通", "general", "normal", "minor", "low"),
            ),
        },
        min_length=1,
    )
    otherwise: str = "general"
    hours: tuple[tuple[str, str], ...] = tuple(OFFICE)
    escalate_days: tuple[int, ...] = (3, 5, 7)
    source: str | dict[Lang, str] = ""

    @field_validator("escalate_days")
    @classmethod
    def _ascending(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if not days or list(days) != sorted(set(days)) or days[0] < 1:
            raise PydanticCustomError("service.escalate_order", "ascending", {"days": list(days)})
        return days

    @field_validator("hours")
    @classmethod
    def _open_at_all(cls, hours: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        try:
            day_hours(hours)
        except ValueError:
            raise PydanticCustomError(
                "service.hours", "ascending", {"hours": [list(h) for h in hours]}
            ) from None
        return hours

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.otherwise not in self.promises:
            facts = {"otherwise": self.otherwise, "known": list(self.promises)}
            raise PydanticCustomError("service.otherwise", "unknown", facts)
        return self

    def severity_of(self, cells: pd.Series) -> pd.Series:
        """The severity of each case by the client's words; missing where nobody knows the word."""
        known = {
            plain_word(word): id for id, promise in self.promises.items() for word in (id, *promise.words)
        }
        return cells.astype("object").map(
            lambda cell: known.get(plain_word(cell)) if isinstance(cell, str) else None
        )
