"""E18: grades with stated odds against what came of them, for one year's clients of the draw of case realestate in use.

The case prints the answers for the whole ledger; here it is the year from July 2024 to June 2025.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache

import pandas as pd

from segkit.evaluate.estimate import proportion
from segkit.intake.cleaning import clean
from segkit.intake.mapping import suggest_mapping
from segkit.intake.reading import read_table
from segkit.samples import load
from segkit.teach.judging import Unanswered
from segkit.teach.sealed import matches

AS_OF = dt.date(2025, 12, 31)
FROM, BEFORE = pd.Timestamp("2024-07-01"), pd.Timestamp("2025-07-01")  # first contact within
GRADES = {"b_plus": "B+", "b": "B", "b_minus": "B-"}
NEAR = 0.006
DEALS_NEAR = 1.0  # 213.9 and 214 are the same answer


def _ledger() -> pd.DataFrame:
    """Every row: `grade_by_sales, stated_odds, consultant_id, bought, high, twin` (registered a second time)."""
    return _read(os.environ.get("SEGKIT_DATASETS", ""))


def _leads() -> pd.DataFrame:
    """The rows of the year."""
    rows = _ledger()
    return rows[(rows["first_contact_at"] >= FROM) & (rows["first_contact_at"] < BEFORE)]


@lru_cache(maxsize=2)
def _read(folder: str) -> pd.DataFrame:
    estate = load("realestate", folder=folder or None)
    table = read_table(estate.path("leads"))
    cleaned = clean(table, suggest_mapping(table), as_of=AS_OF)
    leads = estate.leads
    return leads.assign(
        bought=leads["lead_id"].isin(estate.deals["lead_id"]),
        twin=leads["lead_id"].isin(cleaned.twins["id_b"]),
        high=leads["grade_by_sales"].isin(GRADES.values()),
    )


def _clients() -> pd.DataFrame:
    leads = _leads()
    return leads[~leads["twin"]]


def _graded() -> pd.DataFrame:
    clients = _clients()
    return clients[clients["high"]]


def _rates(rows: pd.DataFrame) -> dict[str, float]:
    found = rows.groupby("grade_by_sales")["bought"].mean()
    return {id: float(found[grade]) for id, grade in GRADES.items()}


def _odds() -> dict[str, float]:
    found = _graded().groupby("grade_by_sales")["stated_odds"].first()
    return {id: float(found[grade]) for id, grade in GRADES.items()}


def _too_high() -> list[str]:
    """Whose interval of high grades lies above the share of all the others together, as the figure has it."""
    people = _clients().groupby("consultant_id")["high"].agg(["sum", "size"])
    whole = people.sum()
    found = []
    for name, one in people.iterrows():
        others = (whole["sum"] - one["sum"]) / (whole["size"] - one["size"])
        if (proportion(int(one["sum"]), int(one["size"])).low or 0.0) > others:
            found.append(str(name))
    return found


def _alike(given: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return all(abs(float(given[id]) - other[id]) <= NEAR for id in GRADES)


def step_observed(observed: Mapping[str, float]) -> bool:
    if any(observed.get(id) is None for id in GRADES):
        raise Unanswered
    return _alike(observed, _rates(_graded()))


def step_forecast(forecast: float) -> bool:
    return abs(forecast - _graded()["stated_odds"].sum()) <= DEALS_NEAR


def step_verdict(verdict: str) -> bool:
    return matches("E18.verdict", verdict, "1c73d344a0d554df")


def step_inflates(inflates: Sequence[str]) -> bool:
    return sorted(inflates) == _too_high()


def step_small(small: str) -> bool:
    return matches("E18.small", small, "9d040da8d5c5b8c6")


def step_act(act: str) -> bool:
    return matches("E18.act", act, "bd5e90d6428b5360")


def guessed(forecast: float) -> float:
    return float(_graded()["bought"].sum()) / forecast


def mistake_handbook_copied(observed: Mapping[str, float]) -> bool:
    odds = _odds()
    return any(abs(float(observed[id]) - odds[id]) <= NEAR for id in GRADES)


def mistake_whole_ledger(observed: Mapping[str, float]) -> bool:
    rows = _ledger()
    return _alike(observed, _rates(rows[rows["high"] & ~rows["twin"]]))


def mistake_whole_forecast(forecast: float) -> bool:
    rows = _ledger()
    return abs(forecast - rows.loc[rows["high"] & ~rows["twin"], "stated_odds"].sum()) <= DEALS_NEAR


def mistake_share_of_deals(observed: Mapping[str, float]) -> bool:
    """Of the deals of the three grades, or of all there are."""
    bought = _graded().groupby("grade_by_sales")["bought"].sum()
    wholes = (float(bought.sum()), float(_clients()["bought"].sum()))
    return any(
        _alike(observed, {id: bought[grade] / whole for id, grade in GRADES.items()}) for whole in wholes
    )


def mistake_registered_twice(observed: Mapping[str, float]) -> bool:
    leads = _leads()
    every_row = _rates(leads[leads["high"]])
    right = _rates(_graded())
    nearer = [
        abs(float(observed[id]) - every_row[id]) < abs(float(observed[id]) - right[id]) for id in GRADES
    ]
    return _alike(observed, every_row) and all(nearer)


def mistake_deals_made(forecast: float) -> bool:
    return forecast in (_graded()["bought"].sum(), _clients()["bought"].sum())


def mistake_average_odds(forecast: float) -> bool:
    odds = _odds().values()
    return abs(forecast - len(_graded()) * sum(odds) / len(odds)) <= DEALS_NEAR


def mistake_one_grade(forecast: float) -> bool:
    by_grade = _graded().groupby("grade_by_sales")["stated_odds"].sum()
    return any(abs(forecast - one) <= DEALS_NEAR for one in by_grade)


def mistake_inside_interval(verdict: str) -> bool:
    return verdict == "fits"


def mistake_order_lost(verdict: str) -> bool:
    return verdict == "useless"


def mistake_total_rate(inflates: Sequence[str]) -> bool:
    """As many as chosen, with the lowest share of all their clients who bought."""
    rates = _clients().groupby("consultant_id")["bought"].mean().sort_values(kind="stable")
    return len(inflates) > 1 and set(inflates) == {*rates.index[: len(inflates)]}


def mistake_not_all(inflates: Sequence[str]) -> bool:
    return bool(inflates) and {*inflates} < {*_too_high()}


def mistake_within_range(inflates: Sequence[str]) -> bool:
    return bool({*inflates} - {*_too_high()})


def mistake_six_decide(small: str) -> bool:
    return small in ("confirmed", "refuted")


def mistake_believes_odds(act: str) -> bool:
    return act == "as_stated"


def mistake_throws_away(act: str) -> bool:
    return act == "ignore"


def mistake_punishes(act: str) -> bool:
    return act == "punish"
