"""What is to be done today: due tasks and those left over, without what has been done since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import pandas as pd

from segkit.problems import InputProblems, Problem

FIRST_RESPONSE = "first_response"  # content of the touch that keeps a promise of a first answer
AGREED = "agreed"  # why: the customer was told this day
EARLIEST = 3  # days before it is due from which on a contact is taken for a task whose id it lacks (示例参数)
NEEDED = ("task_id", "due", "customer_id", "owner", "channel", "content")


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
        the oldest task of that customer and channel, of any channel where its own is not known; not one due more
        than `EARLIEST` days later, and none where it was made before the plan began.

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
    log = _with_task(_until(log, today), made, tasks["due"].min())
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


def on_tasks(log: pd.DataFrame, tasks: pd.DataFrame) -> pd.Series:
    """Is each contact of a log about some task, by its id or by customer and channel? One bool a row."""
    text = _texts(log)
    places = pd.MultiIndex.from_frame(tasks[["customer_id", "channel"]].astype(str))
    here = pd.MultiIndex.from_frame(text[["customer_id", "channel"]]).isin(places)
    unknown = (text["channel"] == "") & text["customer_id"].isin(tasks["customer_id"].astype(str))
    return text["task_id"].isin(tasks["task_id"]) | here | unknown


def _texts(log: pd.DataFrame) -> pd.DataFrame:
    """`task_id, customer_id, channel` of a log, "" where it does not say."""
    made = pd.DataFrame(index=log.index)
    for column in ("task_id", "customer_id", "channel"):
        given = log[column] if column in log else pd.Series("", index=log.index)
        made[column] = given.astype("object").where(given.notna(), "").astype(str)
    return made


def _until(log: pd.DataFrame, today: pd.Timestamp) -> pd.DataFrame:
    """The log up to the day: `task_id, customer_id, channel, settled, next_date, date` (NaT where not on record)."""
    made = _texts(log)
    effective = log["effective"] if "effective" in log else pd.Series(pd.NA, index=log.index)
    made["settled"] = effective.astype("boolean").fillna(True).astype(bool)
    for column in ("next_date", "date"):
        given = log[column] if column in log else pd.Series(pd.NaT, index=log.index)
        made[column] = pd.to_datetime(given).astype("datetime64[ns]")
    return made[~(made["date"] >= today + pd.Timedelta(days=1))]


def _with_task(log: pd.DataFrame, due: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
    """The log with the task of each contact; those that are of none are left out."""
    open_: dict[str, list[tuple[pd.Timestamp, str, str]]] = {}
    free = due[~due["task_id"].isin(log["task_id"])].sort_values("due", kind="stable")
    for id, day, customer, channel in free[["task_id", "due", "customer_id", "channel"]].itertuples(
        index=False
    ):
        open_.setdefault(str(customer), []).append((day, str(channel), str(id)))
    named = log["task_id"] != ""
    of_task = log["task_id"].where(named).to_dict()
    asked = log[~named & ~(log["date"] < start) & log["customer_id"].isin([*open_])]
    # whose channel is known choose first
    asked = asked.assign(vague=asked["channel"] == "").sort_values(["vague", "date"], kind="stable")
    for at, customer, channel, date in asked[["customer_id", "channel", "date"]].itertuples():
        latest = date + pd.Timedelta(days=EARLIEST)
        fits = (t for t in open_[customer] if channel in ("", t[1]) and not t[0] > latest)
        if (task := next(fits, None)) is not None:
            open_[customer].remove(task)
            of_task[at] = task[2]
    found = log.index.map(of_task)
    return log.assign(task_id=found)[pd.notna(found)].reset_index(drop=True)
