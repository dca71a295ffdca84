"""What is to be done today: due tasks and those left over, without what has been done since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import pandas as pd

from segkit.problems import InputProblems, Problem

FIRST_RESPONSE = "first_response"  # content of the touch that keeps a promise of a first answer
AGREED = "agreed"  # why: the customer was told this day
NEEDED = ("task_id", "due", "customer_id", "owner", "channel", "content")
ADDED = ("days_late", "tries")


def due_list(
    tasks: pd.DataFrame, day: dt.date, *, done: pd.DataFrame | Collection[str] | None = None
) -> pd.DataFrame:
    """Whom does each person contact today, in which order (今日待办)?

    A promise of a first answer comes first, then days agreed with the customer, then what is late the longest,
    then the most valuable.

    Parameters
    ----------
    tasks : of a plan: `task_id, due, customer_id, owner, channel, content`, where there are `why, value` and others
    day : what is due on it and before it is listed
    done : ids of tasks; or the contact log: `task_id`, and where there are `date, effective, next_date, customer_id,
        channel`. A contact that was effective, or of which that is not known, does its task; one that reached nobody
        counts as a try and leaves it, or moves it to the `next_date` that was noted. A contact without task id does
        the oldest task of that customer and channel.

    Returns
    -------
    the tasks with `days_late` (0 where due today) and `tries`, by owner and urgency

    Raises
    ------
    InputProblems : a column that is needed is not there
    """
    lacking = [column for column in NEEDED if column not in tasks.columns]
    if lacking:
        raise InputProblems([Problem("due.no_column", {"name": column}) for column in lacking])
    today = pd.Timestamp(day)
    made = tasks.assign(days_late=(today - tasks["due"]).dt.days)
    made = made[made["days_late"] >= 0]
    log = done if isinstance(done, pd.DataFrame) else pd.DataFrame({"task_id": sorted(done or ())})
    log = _with_task(_until(log, today), made)
    settled = log.loc[log["settled"] | (log["next_date"] > today), "task_id"]
    made = made[~made["task_id"].isin(settled)]
    made["tries"] = made["task_id"].map(log.groupby("task_id").size()).fillna(0).astype("int64")
    moved = made["task_id"].isin(log.loc[log["next_date"].notna(), "task_id"])
    promised = made.get("why", pd.Series("", index=made.index)).eq(AGREED) | moved
    key = pd.DataFrame(
        {
            "owner": made["owner"].fillna(""),
            "turn": (~made["content"].eq(FIRST_RESPONSE)) * (2 - promised.astype(int)),
            "late": -made["days_late"],
            "value": -pd.to_numeric(made.get("value", pd.Series(0.0, index=made.index))).fillna(0.0),
            "id": made["customer_id"],
            "task": made["task_id"],
        }
    )
    return made.loc[key.sort_values([*key.columns], kind="stable").index].reset_index(drop=True)


def _until(log: pd.DataFrame, today: pd.Timestamp) -> pd.DataFrame:
    """The log up to the day: `task_id, customer_id, channel, settled, next_date`."""
    made = pd.DataFrame(index=log.index)
    for column in ("task_id", "customer_id", "channel"):
        given = log[column] if column in log else pd.Series("", index=log.index)
        made[column] = given.astype("object").where(given.notna(), "").astype(str)
    effective = log["effective"] if "effective" in log else pd.Series(pd.NA, index=log.index)
    made["settled"] = effective.astype("boolean").fillna(True).astype(bool)
    next_ = log["next_date"] if "next_date" in log else pd.Series(pd.NaT, index=log.index)
    made["next_date"] = pd.to_datetime(next_).astype("datetime64[ns]")
    if "date" in log:
        made = made[~(pd.to_datetime(log["date"]) >= today + pd.Timedelta(days=1))]
    return made


def _with_task(log: pd.DataFrame, due: pd.DataFrame) -> pd.DataFrame:
    """Contacts without a task id get those of the oldest tasks of their customer and channel, one each."""
    key = ["customer_id", "channel"]
    unnamed = log[log["task_id"] == ""]
    open_ = due[~due["task_id"].isin(log["task_id"])].sort_values("due", kind="stable")
    open_ = open_.assign(turn=open_.groupby(key).cumcount())[[*key, "turn", "task_id"]]
    turn = unnamed.groupby(key).cumcount()
    found = unnamed.drop(columns="task_id").assign(turn=turn).merge(open_, on=[*key, "turn"])
    return pd.concat([log[log["task_id"] != ""], found.drop(columns="turn")], ignore_index=True)
