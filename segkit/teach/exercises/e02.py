"""E02: a definition in words, and what a rule catches on the draw of case jd in use."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from segkit.samples import load
from segkit.teach.cases import jd_customers
from segkit.teach.sealed import matches

DAYS, SILENT = 3, 180
FEWEST = 4  # characters that say something
NEAR = 0.006  # 28% and 28.4% are the same answer
VAGUE = {"loyal", "active", "worth"}


class Counted(NamedTuple):
    """Accounts, buyers, and how many meet the rule: whole, without consent, with above in place of at least."""

    accounts: int
    buyers: int
    caught: int
    any_consent: int
    above: int


def _counted() -> Counted:
    return _of(os.environ.get("SEGKIT_DATASETS", ""))


@lru_cache(maxsize=2)
def _of(folder: str) -> Counted:
    customers = jd_customers()
    agreed = set(load("jd", folder=folder or None).customers.query("consent_marketing == 1")["customer_id"])
    days, lately = customers["frequency"], customers["recency_days"] <= SILENT
    consent = customers["customer_id"].isin(agreed)
    met = ((days >= DAYS) & lately).fillna(False)
    above = ((days > DAYS) & lately).fillna(False)
    return Counted(
        len(customers),
        int((days > 0).sum()),
        int((met & consent).sum()),
        int(met.sum()),
        int((above & consent).sum()),
    )


def step_words(decision: str, customer: str, need: str, excludes: str) -> bool:
    told = (decision, customer, need, excludes)
    return not mistake_pasted(*told) and not mistake_too_short(*told)


def step_countable(countable: Sequence[str]) -> bool:
    return matches("E02.countable", set(countable), "35b34349ee1f6faa")


def step_caught(caught: float) -> bool:
    return caught == _counted().caught


def step_share(share: float) -> bool:
    counted = _counted()
    return abs(share - counted.caught / counted.accounts) <= NEAR


def step_silent(silent: str) -> bool:
    return matches("E02.silent", silent, "3589942be70ce574")


def guessed(share: float) -> float:
    return share


def mistake_pasted(decision: str, customer: str, need: str, excludes: str) -> bool:
    return len({one.strip() for one in (decision, customer, need, excludes)}) < 4


def mistake_too_short(decision: str, customer: str, need: str, excludes: str) -> bool:
    return any(len(one.strip()) < FEWEST for one in (decision, customer, need, excludes))


def mistake_vague(countable: Sequence[str]) -> bool:
    return bool(VAGUE & set(countable))


def mistake_left_out(countable: Sequence[str]) -> bool:
    return not VAGUE & set(countable)


def mistake_without_consent(caught: float) -> bool:
    return caught == _counted().any_consent


def mistake_above_not_from(caught: float) -> bool:
    return caught == _counted().above


def mistake_whole_list(caught: float) -> bool:
    return caught in (_counted().accounts, _counted().buyers)


def mistake_of_buyers(share: float) -> bool:
    counted = _counted()
    return abs(share - counted.caught / counted.buyers) <= NEAR


def mistake_as_count(share: float) -> bool:
    return share > 1


def mistake_prospects_silent(silent: str) -> bool:
    return silent == "inside"


def mistake_zero_days(silent: str) -> bool:
    return silent == "zero"
