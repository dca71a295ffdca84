"""E27: response against uplift by group, on the draw of case bank in use."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from segkit.samples import load
from segkit.teach.sealed import matches

NEAR = 0.006
IDLE = 10  # 万元 of idle deposits from which a gold client counts as idle
TIERS = {"普通": "ordinary", "金卡": "gold", "白金": "platinum", "私行": "private"}


class Group(NamedTuple):
    """One group: shares that took the offer with and without it, and how many took it with it."""

    with_offer: float
    without: float
    together: float
    takers: int

    @property
    def added(self) -> float:
        return self.with_offer - self.without


def _groups() -> dict[str, Group]:
    return _counted(os.environ.get("SEGKIT_DATASETS", ""))


@lru_cache(maxsize=2)
def _counted(folder: str) -> dict[str, Group]:
    bank = load("bank", folder=folder or None)
    offers = bank.offers.merge(bank.clients[["client_id", "idle_deposit_wan"]], on="client_id")
    group = offers["tier_at_offer"].map(TIERS)
    idle = (group == "gold") & (offers["idle_deposit_wan"] >= IDLE)
    offers["group"] = np.where(idle, "gold_idle", group)
    made = {}
    for name, part in offers.groupby("group"):
        treated = part["arm"] == "treated"
        taken = part["responded"]
        made[str(name)] = Group(
            with_offer=float(taken[treated].mean()),
            without=float(taken[~treated].mean()),
            together=float(taken.mean()),
            takers=int(taken[treated].sum()),
        )
    return made


def _best(by: str) -> str:
    groups = _groups()
    return max(groups, key=lambda name: float(getattr(groups[name], by)))


def step_response(best_response: str) -> bool:
    return best_response == _best("with_offer")


def step_uplift(best_added: str) -> bool:
    return best_added == _best("added")


def step_anyway(anyway: float) -> bool:
    return abs(anyway - _groups()["private"].without) <= NEAR


def step_added(added: float) -> bool:
    return abs(added - _groups()["gold_idle"].added) <= NEAR


def step_whom(whom: str) -> bool:
    return matches("E27.whom", whom, "ec73a0d27a09fafa")


def step_afterwards(afterwards: str) -> bool:
    return matches("E27.after", afterwards, "0304b438197f10ff")


def guessed(best_added: str) -> str:
    return best_added


def mistake_counts_people(best_response: str) -> bool:
    return best_response == _best("takers")


def mistake_response_is_effect(best_added: str) -> bool:
    return best_added in (_best("with_offer"), "platinum")


def mistake_with_offer(anyway: float) -> bool:
    return abs(anyway - _groups()["private"].with_offer) <= NEAR


def mistake_whole_group(anyway: float) -> bool:
    return abs(anyway - _groups()["private"].together) <= NEAR


def mistake_not_subtracted(added: float) -> bool:
    return abs(added - _groups()["gold_idle"].with_offer) <= NEAR


def mistake_ratio(added: float) -> bool:
    return added > 1


def mistake_pays_for_sure(whom: str) -> bool:
    return whom == "most"


def mistake_spreads(whom: str) -> bool:
    return whom == "spread"


def mistake_no_control(afterwards: str) -> bool:
    return afterwards in ("count", "before")
