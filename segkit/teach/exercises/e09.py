"""E09: key customers with the middle at mean and at median, on the draw of case jd in use."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Literal, NamedTuple

from segkit.schemes.rfm import RFM
from segkit.teach.cases import jd_customers
from segkit.teach.sealed import matches

NEAR = 0.006  # 17% and 17.24% are the same answer
Split = Literal["mean", "median"]


class Key(NamedTuple):
    """People and money in the cell of key customers, and their denominators."""

    people: int
    buyers: int
    registered: int
    money_share: float

    @property
    def share(self) -> float:
        return self.people / self.buyers


def _key(split: Split) -> Key:
    return _counted(split, os.environ.get("SEGKIT_DATASETS", ""))


@lru_cache(maxsize=4)
def _counted(split: Split, folder: str) -> Key:
    customers = jd_customers()
    scheme = RFM(bins=5, segments="eight", split=split).fit(customers)
    inside = scheme.label(customers)["rfm"] == scheme.order()[0]
    money = customers["monetary"]
    buyers = int((customers["frequency"] > 0).sum())
    return Key(int(inside.sum()), buyers, len(customers), float(money[inside].sum() / money.sum()))


def _both() -> tuple[Key, Key]:
    return _key("mean"), _key("median")


def _near(given: float, truth: float) -> bool:
    return abs(given - truth) <= NEAR


def step_mean(share_mean: float) -> bool:
    return _near(share_mean, _key("mean").share)


def step_median(share_median: float) -> bool:
    return _near(share_median, _key("median").share)


def step_people(more_people: float) -> bool:
    return more_people == _key("median").people - _key("mean").people


def step_why(why: str) -> bool:
    return matches("E09.why", why, "90476edeea1a2017")


def step_rule(rule: str) -> bool:
    return matches("E09.rule", rule, "e1c1e83965158d26")


def step_month(next_month: str) -> bool:
    return matches("E09.month", next_month, "081163dcdba2c2d4")


def guessed(share_mean: float, share_median: float) -> float:
    return round(100 * (share_median - share_mean), 1)


def mistake_of_registered(given: float) -> bool:
    return any(_near(given, key.people / key.registered) for key in _both())


def mistake_of_money(given: float) -> bool:
    return any(_near(given, key.money_share) for key in _both())


def mistake_other_split(given: float) -> bool:
    """Judged only where the value is not right: then it is that of the other split."""
    return any(_near(given, key.share) for key in _both())


def mistake_not_a_share(given: float) -> bool:
    return given > 1


def mistake_points_not_people(more_people: float) -> bool:
    return abs(more_people) < 100


def mistake_whole_list(more_people: float) -> bool:
    return more_people in [key.people for key in _both()]


def mistake_blames_data(why: str) -> bool:
    return why in ("errors", "sample")


def mistake_too_many(rule: str) -> bool:
    return rule in ("median", "both")


def mistake_new_ruler(next_month: str) -> bool:
    return next_month in ("again", "better")
