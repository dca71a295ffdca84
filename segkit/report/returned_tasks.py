"""The tasks of the plans that returned sheets were made from, found again by id or by customer, day and channel."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from segkit.locale.spelling import plain_word
from segkit.report.returned_files import ReturnedSheet


@dataclass(frozen=True)
class Task:
    """What the plan says of a task."""

    task_id: str
    customer_id: str
    due: dt.date | None
    channel: str
    owner: str
    as_of: dt.date | None = None  # the day of the report; what was done by then is not of its plan


class Tasks:
    """The tasks of one or more plans, found by id, or by customer, day and channel.

    Parameters
    ----------
    customers : ids of the client's customers; empty where they are not known
    of_plan : were they read from plans, or only from other returned sheets?
    """

    def __init__(
        self, tasks: Mapping[str, Task], customers: Iterable[str] = (), *, of_plan: bool = False
    ) -> None:
        self.by_id = dict(tasks)
        self._of_plan = of_plan
        self._days = {task.as_of for task in self.by_id.values()} - {None}
        self._customers = frozenset(map(id_key, customers))
        self._by_place: dict[tuple[str, dt.date | None, str], list[str]] = {}
        for id, task in self.by_id.items():
            self._by_place.setdefault((id_key(task.customer_id), task.due, task.channel), []).append(id)

    def __len__(self) -> int:
        return len(self.by_id)

    @property
    def usual(self) -> dt.date | None:
        """The middle one of the planned days."""
        return middle_of(task.due for task in self.by_id.values())

    def covers(self, sheet: ReturnedSheet) -> bool:
        """Is the plan that the sheet was made from among them?"""
        return self._of_plan and (not self._days or sheet.as_of is None or sheet.as_of in self._days)

    def knows(self, customer_id: str) -> bool:
        """Is it a customer of the client, or one of the plan? True where the customers are not known."""
        key = id_key(customer_id)
        return not self._customers or key in self._customers or key in self._planned

    @cached_property
    def _planned(self) -> frozenset[str]:
        return frozenset(id_key(task.customer_id) for task in self.by_id.values())

    def at(self, customer_id: str, due: dt.date | None, channel: str) -> list[str]:
        """Ids of the tasks with this customer on this day by this channel."""
        return self._by_place.get((id_key(customer_id), due, channel), [])


def middle_of(days: Iterable[dt.date | None]) -> dt.date | None:
    """The middle one of the days that are known."""
    known = [day.toordinal() for day in days if day is not None]
    return dt.date.fromordinal(int(statistics.median_low(known))) if known else None


def id_key(id: str) -> str:
    """A customer's number as Excel may have left it: 000123 is 123, letters in one size and width."""
    text = plain_word(id)
    return text.lstrip("0") or text if text.isdigit() else text
