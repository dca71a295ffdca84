"""E12: what two pairs of ABC cuts cost in people and hours, on the draw of case jd in use."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import NamedTuple

from segkit.schemes.pareto import Pareto
from segkit.teach.cases import jd_customers
from segkit.teach.sealed import matches

# sample parameters (示例参数): minutes of one contact and contacts a month, as the widget begins with
MINUTES = {"A": 30.0, "B": 15.0, "C": 5.0}
CONTACTS = {"A": 2.0, "B": 1.0, "C": 0.25}
NEAR = 1.0  # hours: 902 and 902.1 are the same answer


class Work(NamedTuple):
    """People and hours a month by class."""

    people: dict[str, int]
    hours: dict[str, float]

    @property
    def all_hours(self) -> float:
        return sum(self.hours.values())


def _narrow() -> Work:
    return _work(0.70, 0.90, os.environ.get("SEGKIT_DATASETS", ""))


def _wide() -> Work:
    return _work(0.80, 0.95, os.environ.get("SEGKIT_DATASETS", ""))


@lru_cache(maxsize=4)
def _work(first: float, second: float, folder: str) -> Work:
    customers = jd_customers()
    customers = customers[customers["monetary"] > 0]
    labelled = Pareto(cuts=(first, second)).fit(customers).label(customers)
    people = {str(label): int(n) for label, n in labelled["abc"].value_counts().items()}
    return Work(people, {label: n * CONTACTS[label] * MINUTES[label] / 60 for label, n in people.items()})


def step_narrow(a_70: float) -> bool:
    return a_70 == _narrow().people["A"]


def step_wide(a_80: float) -> bool:
    return a_80 == _wide().people["A"]


def step_hours_narrow(hours_70: float) -> bool:
    return abs(hours_70 - _narrow().all_hours) <= NEAR


def step_hours_wide(hours_80: float) -> bool:
    return abs(hours_80 - _wide().all_hours) <= NEAR


def step_fits(fits: str) -> bool:
    return matches("E12.fits", fits, "4c939309f02d4ee3")


def step_order(order: str) -> bool:
    return matches("E12.order", order, "50ef6f407fe1f3ad")


def guessed(a_70: float, a_80: float) -> float:
    return a_80 / a_70 - 1


def mistake_swapped(given: float) -> bool:
    """Judged only where the value is not right: then it is that of the other cuts."""
    return given in (_narrow().people["A"], _wide().people["A"])


def mistake_a_and_b(given: float) -> bool:
    return given in [work.people["A"] + work.people["B"] for work in (_narrow(), _wide())]


def mistake_only_a(given: float) -> bool:
    return any(abs(given - work.hours["A"]) <= NEAR for work in (_narrow(), _wide()))


def mistake_in_minutes(given: float) -> bool:
    return any(abs(given - 60 * work.all_hours) <= 60 * NEAR for work in (_narrow(), _wide()))


def mistake_overtime(fits: str) -> bool:
    return fits in ("wide", "same")


def mistake_forgets_c(fits: str) -> bool:
    return fits == "no_c"


def mistake_line_first(order: str) -> bool:
    return order in ("line", "custom")
