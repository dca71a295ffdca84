"""E30: the decisions of a whole report, on the draw of case client_export in use."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

import pandas as pd

from segkit.config import load_config
from segkit.followup.policy import opted_out_of
from segkit.playbooks import apply, load_playbook, whole
from segkit.report.classify_step import customers_of
from segkit.report.intake_step import take_in
from segkit.samples import load
from segkit.teach.sealed import matches
from segkit.workdays import next_working_monday

FEN = 0.5  # yuan: read off with or without the decimals
NEAR = 0.006
AWAY = ("key_keep", "key_win_back")  # M high, R low
LITTLE = ("general_keep", "general_win_back")  # M low, R low


class Case(NamedTuple):
    """What the report of this export says.

    Attributes
    ----------
    totals, furniture : rows and money by fate (yuan); lines that are no customers, as title and total
    as_of, latest, registered : the last day that can be true, the latest date in the file, the last registration
    stakes : yuan by which the total may change with the answer to a question
    people, agreed, unsubscribed : one row per customer, classified; said yes to marketing; opted out of e-mail
    """

    totals: dict[str, float]
    furniture: int
    as_of: dt.date
    latest: dt.date
    registered: dt.date
    stakes: dict[str, float]
    people: pd.DataFrame
    agreed: pd.Series
    unsubscribed: pd.Series

    @property
    def money_out(self) -> float:
        return self.totals["money_in"] - self.totals["money_kept"]

    @property
    def worth(self) -> pd.Series:
        """Money by class, refunds beyond purchases counted as nothing."""
        return self.people["monetary"].clip(lower=0).groupby(self.people["rfm"]).sum()

    @property
    def top(self) -> str:
        return str(self.worth.idxmax())

    def size(self, *classes: str) -> int:
        return int(self.people["rfm"].isin(classes).sum())


def _case() -> Case:
    return _reported(os.environ.get("SEGKIT_DATASETS", ""))


@lru_cache(maxsize=2)
def _reported(folder: str) -> Case:
    config = load_config(load("client_export", folder=folder or None).path("client.yml"))
    taken = take_in(config.model_copy(update={"as_of": None}), confirmed=False)
    day, totals = taken.facts["as_of"]["date"], taken.facts["totals"]
    playbook = load_playbook(config.playbook, folder=config.folder)
    customers = customers_of(None, taken.people, day, config.folder)
    labelled = apply(playbook, customers, overrides=whole(playbook, config.schemes), as_of=day).customers
    refunds = float(labelled["monetary"].clip(upper=0).sum())
    return Case(
        totals=totals,
        furniture=len(taken.tables["customers"].furniture),
        as_of=day,
        latest=taken.facts["as_of"]["last"],
        registered=labelled["register_date"].max().date(),
        # merging two rows adds their money up, and a date is no money
        stakes={"negative": -2 * refunds, "pairs": 0.0, "test": totals["money_set_aside"], "future": 0.0},
        people=labelled,
        agreed=labelled["consent_marketing"].astype("boolean"),
        unsubscribed=labelled["opt_out_channels"]
        .fillna("")
        .map(lambda cell: "email" in opted_out_of(str(cell))),
    )


def _may_email(case: Case, *, unknown: bool = False, opted_out: bool = False) -> int:
    may = case.agreed.fillna(unknown).astype(bool)
    return int((may if opted_out else may & ~case.unsubscribed).sum())


def _is(given: float, share: float) -> bool:
    return abs(given - share) <= NEAR


def step_quality(rows_in: float, rows_kept: float, money_out: float) -> bool:
    case = _case()
    kept = case.totals["kept"] + case.totals["changed"]
    return rows_in == case.totals["rows_in"] and rows_kept == kept and abs(money_out - case.money_out) <= FEN


def step_definitions(as_of: str, as_of_why: str, ask_first: str) -> bool:
    case = _case()
    return (
        str(as_of) == case.as_of.isoformat()
        and matches("E30.why", as_of_why, "24335b5188240dbf")
        and ask_first == max(case.stakes, key=lambda question: case.stakes[question])
    )


def step_grading(segment_map: str, top_count: float, top_share: float) -> bool:
    case = _case()
    return (
        matches("E30.map", segment_map, "37a9bf3f039ba865")
        and top_count == case.size(case.top)
        and _is(top_share, float(case.worth.max() / case.worth.sum()))
    )


def step_strategy(leaving: float, call_first: str, tail: str) -> bool:
    return (
        leaving == _case().size(*AWAY)
        and matches("E30.call", call_first, "a35cd9989a139bb0")
        and matches("E30.tail", tail, "4a1d085e713199a4")
    )


def step_list(start: str, barred: Collection[str], may_email: float) -> bool:
    case = _case()
    return (
        str(start) == next_working_monday(case.as_of).isoformat()
        and matches("E30.barred", sorted(barred), "c2cb53feba51d778")
        and may_email == _may_email(case)
    )


def step_evaluation(holdout: str, claim: str) -> bool:
    return matches("E30.holdout", holdout, "4eda963bf48e2a49") and matches(
        "E30.claim", claim, "11506bc6272df8cb"
    )


def guessed(top_share: float) -> float:
    return top_share


def mistake_counts_lines(rows_in: float) -> bool:
    case = _case()
    return 0 < rows_in - case.totals["rows_in"] <= case.furniture


def mistake_only_unchanged(rows_kept: float) -> bool:
    return rows_kept == _case().totals["kept"]


def mistake_drops_one_kind(money_out: float) -> bool:
    totals = _case().totals
    return min(abs(money_out - totals[kind]) for kind in ("money_merged", "money_set_aside")) <= FEN


def mistake_a_day_to_come(as_of: str) -> bool:
    return str(as_of) in (_case().latest.isoformat(), "today")


def mistake_last_registered(as_of: str) -> bool:
    return str(as_of) == _case().registered.isoformat()


def mistake_asks_pairs(ask_first: str) -> bool:
    return ask_first == "pairs"


def mistake_one_dimension(segment_map: str) -> bool:
    return segment_map in ("abc", "grade", "lifecycle")


def mistake_class_a(top_count: float) -> bool:
    return top_count == int((_case().people["abc"] == "A").sum())


def mistake_share_of_people(top_share: float) -> bool:
    case = _case()
    return _is(top_share, case.size(case.top) / len(case.people))


def mistake_net_total(top_share: float) -> bool:
    case = _case()
    return _is(top_share, float(case.worth.max() / case.people["monetary"].sum()))


def mistake_only_frequent(leaving: float) -> bool:
    return leaving in [_case().size(one) for one in AWAY]


def mistake_everybody_away(leaving: float) -> bool:
    return leaving == _case().size(*AWAY, *LITTLE)


def mistake_coupon_first(call_first: str) -> bool:
    return call_first == "coupon"


def mistake_tail_extremes(tail: str) -> bool:
    return tail in ("calls", "drop")


def mistake_stale_start(start: str) -> bool:
    return start == "computer"


def mistake_nobody_works(start: str) -> bool:
    return str(start) in ("2025-12-31", "2026-01-01")


def mistake_keeps_unknown(barred: Collection[str]) -> bool:
    return not {"unknown", "email"} <= set(barred)


def mistake_bars_for_work(barred: Collection[str]) -> bool:
    return bool({"no_owner", "small"} & set(barred))


def mistake_ignores_opt_out(may_email: float) -> bool:
    return may_email == _may_email(_case(), opted_out=True)


def mistake_counts_unknown(may_email: float) -> bool:
    return may_email in [_may_email(_case(), unknown=True, opted_out=out) for out in (True, False)]


def mistake_no_fair_control(holdout: str) -> bool:
    return holdout in ("none", "worst", "refused")


def mistake_promises_lift(claim: str) -> bool:
    return claim in ("lift", "value")


def mistake_before_after(claim: str) -> bool:
    return claim == "before"
