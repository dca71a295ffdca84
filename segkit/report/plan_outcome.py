"""What became of a plan: purchases of those contacted and of those held out, and contacts made against contacts due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.followup.today import EARLIEST
from segkit.report.previous import Previous


def purchases(
    orders: pd.DataFrame, ids: Sequence[str] | pd.Series, first: dt.date, last: dt.date
) -> pd.DataFrame:
    """Who bought in [first, last], and for how much?

    Parameters
    ----------
    orders : clean order lines: `customer_id, order_date, amount`; lines below 0 are refunds and lower the money

    Returns
    -------
    frame : `customer_id, converted, revenue`, one row per id, in their order
    """
    days = pd.to_datetime(orders["order_date"]).dt.normalize()
    inside = orders[(days >= pd.Timestamp(first)) & (days <= pd.Timestamp(last))]
    who, amount = inside["customer_id"].astype(str), inside["amount"].astype("float64")
    bought = set(who[amount >= 0])
    spent = amount.groupby(who).sum()
    asked = pd.Series(list(ids), dtype="object").astype(str)
    return pd.DataFrame(
        {
            "customer_id": asked,
            "converted": asked.isin(bought).astype("int64"),
            "revenue": asked.map(spent).fillna(0.0).round(2),
        }
    )


def outcomes(series: Sequence[Previous], orders: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """What did customers buy in each period of a campaign, as they were drawn?

    Everybody is counted in the arm and the segment of their first draw, from then on to the end, whether they were
    contacted or not: what a customer does later may itself be an effect.

    Parameters
    ----------
    series : reports of one campaign, the earliest first; the plan of each runs until that of the next begins

    Returns
    -------
    frame : `customer_id, segment, arm, period` (first day), `converted, revenue`; one row per customer and period
    """
    drawn = pd.DataFrame(columns=["customer_id", "segment", "arm"])
    parts = []
    for one, (start, end) in zip(series, periods(series, as_of), strict=True):
        arms = one.arms[["customer_id", "segment", "arm"]].drop_duplicates("customer_id")
        drawn = pd.concat([drawn, arms[~arms["customer_id"].isin(drawn["customer_id"])]], ignore_index=True)
        if start <= end:
            bought = purchases(orders, drawn["customer_id"], start, end)
            told = {name: bought[name].to_numpy() for name in ("converted", "revenue")}
            parts.append(drawn.assign(period=pd.Timestamp(start), **told))
    columns = ["customer_id", "segment", "arm", "period", "converted", "revenue"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def periods(series: Sequence[Previous], as_of: dt.date) -> list[tuple[dt.date, dt.date]]:
    """First and last day of each plan: it runs until the next one begins, the last one to `as_of`."""
    starts = [one.start for one in series]
    return list(zip(starts, [*[start - dt.timedelta(days=1) for start in starts[1:]], as_of], strict=True))


@dataclass(frozen=True)
class BeforeAndAfter:
    """The same customers before a campaign and during it: share that bought in a period, and money per head."""

    share_before: float
    share_after: float
    money_before: float
    money_after: float


def before_and_after(
    orders: pd.DataFrame,
    rows: pd.DataFrame,
    spans: Sequence[tuple[dt.date, dt.date]],
    *,
    weights: Mapping[str, float] | None = None,
) -> BeforeAndAfter | None:
    """What would a comparison without a control say? Each period against as many days before the first.

    Parameters
    ----------
    rows : of one arm, as `outcomes` gives them
    spans : as `periods` gives them
    weights : of the segments, as the comparison of both arms weighs them, so that it says the same of what was bought;
        others do not count. None: every row alike

    Returns
    -------
    None where the orders do not reach back as far, or there is nobody
    """
    begun = pd.to_datetime(orders["order_date"]).min()
    before = []
    for start, end in spans:
        there = rows[rows["period"] == pd.Timestamp(start)]
        first = spans[0][0] - ((end - start) + dt.timedelta(days=1))
        if there.empty:
            continue
        if pd.isna(begun) or begun > pd.Timestamp(first):
            return None
        then = purchases(orders, there["customer_id"], first, spans[0][0] - dt.timedelta(days=1))
        before.append(there[["segment"] if weights else []].reset_index(drop=True).join(then))
    if not before:
        return None
    (share, money), (share_after, money_after) = (_averages(of, weights) for of in (pd.concat(before), rows))
    return BeforeAndAfter(share, share_after, money, money_after)


def _averages(rows: pd.DataFrame, weights: Mapping[str, float] | None) -> tuple[float, float]:
    """Share that bought and money per head."""
    columns = ["converted", "revenue"]
    if not weights:
        return float(rows["converted"].mean()), float(rows["revenue"].mean())
    by = rows[rows["segment"].isin([*weights])].groupby("segment")[columns].mean()
    of = by.index.map(weights).to_numpy(dtype="float64")
    share, money = (float((by[column] * of).sum() / of.sum()) for column in columns)
    return share, money


# --- contacts --------------------------------------------------------------------------------------


def carried_out(
    tasks: pd.DataFrame, contacts: pd.DataFrame, as_of: dt.date, *, start: dt.date
) -> pd.DataFrame:
    """Which of the tasks that were due were done, and when?

    Done is a task with a contact that reached the customer, or of which the log does not say whether it did; where
    contacts reached nobody the task was tried only. Contacts before the plan began are of no task of it.

    A contact belongs to the task whose id it carries. One without a known id belongs to the task of the same customer
    and channel that is nearest in time, of any channel where its own is not known; each contact to one task, each task
    to one contact.

    Parameters
    ----------
    tasks : `task_id, due, customer_id, channel`, further columns stay
    contacts : `customer_id, date`, optional `channel, task_id, effective`
    start : first day of the plan

    Returns
    -------
    tasks due until `as_of` with `done` (date or NaT), `late_days` (0 where in time, NaN where not done), `reached`
    (whether the customer was; missing where not known or not tried), `tried` (not done, but somebody tried)
    """
    due = tasks[tasks["due"] <= pd.Timestamp(as_of)].reset_index(drop=True)
    made = contacts.assign(date=pd.to_datetime(contacts["date"]).dt.normalize())
    made = made[made["date"].between(pd.Timestamp(start), pd.Timestamp(as_of))].reset_index(drop=True)
    effective = made["effective"] if "effective" in made else pd.Series(pd.NA, index=made.index)
    counts = effective.astype("boolean").fillna(True).astype(bool)
    found = _contacts_of(due, made[counts])
    late = (found["date"] - due["due"]).dt.days.clip(lower=0).astype("float64")
    tried = found["date"].isna() & _contacts_of(due, made[~counts])["date"].notna()
    reached = found["effective"] if "effective" in found else pd.Series(pd.NA, index=due.index)
    reached = reached.astype("boolean").mask(tried, False)
    return due.assign(done=found["date"], late_days=late, reached=reached, tried=tried)


def _contacts_of(due: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """The contact of each task, empty where it has none."""
    made = made.reset_index(drop=True)
    of_task = _by_id(due, made)
    of_task |= _by_customer(due, made, of_task)
    at = due.index.map(of_task).to_series(index=due.index)
    return made.reindex(at.fillna(-1).astype("int64").to_numpy()).set_axis(due.index)


def _by_id(due: pd.DataFrame, made: pd.DataFrame) -> dict[int, int]:
    """Row of the task -> row of its first contact, by the id both carry."""
    if "task_id" not in made or made.empty:
        return {}
    first = made[made["task_id"].notna()].sort_values("date", kind="stable").drop_duplicates("task_id")
    rows = dict(zip(first["task_id"].astype(str), first.index, strict=True))
    return {at: rows[id] for at, id in due["task_id"].astype(str).items() if id in rows}


def _by_customer(due: pd.DataFrame, made: pd.DataFrame, known: dict[int, int]) -> dict[int, int]:
    """The same for what is left, by customer and channel, the nearest in time first; then contacts of no channel."""
    named = set(due["task_id"].astype(str))
    taken = made.index.isin(list(known.values()))
    if "task_id" in made:  # it says itself that it belongs elsewhere in this plan
        taken |= made["task_id"].astype("string").isin(named).fillna(False).to_numpy(dtype=bool)
    by = made["channel"] if "channel" in made else pd.Series(None, index=made.index, dtype="str")
    free = made[~taken].assign(contact=made.index[~taken], by=by.astype("object").fillna(""))
    left = due[~due.index.isin(list(known))]
    tasks = left.assign(task=left.index)[["customer_id", "channel", "due", "task"]]
    pairs = tasks.merge(free[["customer_id", "date", "contact", "by"]], on="customer_id")
    apart = (pairs["date"] - pairs["due"]).dt.days
    pairs = pairs.assign(apart=apart.abs(), vague=pairs["by"] == "")
    pairs = pairs[(apart >= -EARLIEST) & (pairs["vague"] | (pairs["by"] == pairs["channel"]))]
    pairs = pairs.sort_values(["vague", "apart", "due", "date", "contact"])
    found: dict[int, int] = {}
    used: set[int] = set()
    for task, contact in zip(pairs["task"], pairs["contact"], strict=True):
        if task not in found and contact not in used:
            found[task] = contact
            used.add(contact)
    return found


def kept_to(done: pd.DataFrame, by: str) -> pd.DataFrame:
    """How well was the plan kept, by owner or by segment?

    Returns
    -------
    frame : the column `by`, `due` (tasks), `done, in_time, tried` (tasks), `late` (mean days of those done, 0 where in
        time), most tasks first
    """
    marked = done.assign(is_done=done["done"].notna(), in_time=done["late_days"].eq(0), day=done["late_days"])
    table = marked.groupby(by, sort=True).agg(
        due=("task_id", "size"), done=("is_done", "sum"), in_time=("in_time", "sum"), tried=("tried", "sum"),
        late=("day", "mean"),
    )  # fmt: skip
    table = table.reset_index().astype(dict.fromkeys(("due", "done", "in_time", "tried"), "int64"))
    return table.sort_values(["due", by], ascending=[False, True], kind="stable", ignore_index=True)


def of_all(done: pd.DataFrame) -> tuple[int, int, int, float]:
    """Tasks due, done, done in time, and mean days late of those done (NaN where none was)."""
    late = done["late_days"]
    mean = float(late.mean()) if late.notna().any() else np.nan
    return len(done), int(done["done"].notna().sum()), int(late.eq(0).sum()), mean
