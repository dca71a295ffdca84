"""A filled diary as frames: tasks with their ids, what is left out and why, load, floors, the bound."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from segkit.followup.due import NEVER, Candidates, as_days, day_number
from segkit.followup.filling import Placed, Work
from segkit.followup.plan_model import EXCLUDED, Member
from segkit.followup.policy import Policy

_LETTERS = bytes(b"BCDFGHJKLMNPQRSTVWXZ"[i % 20] for i in range(256))


def due_rows(ids: pd.Series, labels: np.ndarray, due: Candidates, value: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": ids.to_numpy(dtype=object)[due.who],
            "segment": labels[due.who],
            "channel": due.of_touch([t.channel for t in due.touches], "object"),
            "content": due.of_touch([t.content for t in due.touches], "object"),
            "due": as_days(due.due),
            "minutes": due.of_touch([t.minutes for t in due.touches], "float64"),
            "value": value[due.who],
            "marketing": due.of_touch([t.marketing for t in due.touches], "bool"),
        }
    )


def in_day_order(tasks: pd.DataFrame, place_in_list: np.ndarray) -> pd.DataFrame:
    """By day; within a day as a person would go through the list."""
    return tasks.iloc[np.lexsort((place_in_list, tasks["due"].to_numpy()))].reset_index(drop=True)


def task_ids(rows: pd.DataFrame) -> list[str]:
    """T and eleven letters of a hash: the same touch of the same customer, due on the same day, keeps its id.

    No digits, or one id in a thousand would look like a phone number; no vowels, so no words.
    """
    ids = []
    used: dict[str, int] = {}
    days = rows["due"].dt.strftime("%Y-%m-%d")
    columns = (rows["customer_id"], rows["channel"], rows["content"], days)
    for parts in zip(*(column.tolist() for column in columns), strict=True):
        text = "|".join(parts)
        again = used[text] = used.get(text, 0) + 1
        text = text if again == 1 else f"{text}|{again}"
        mixed = hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=11).digest()
        ids.append("T" + mixed.translate(_LETTERS).decode("ascii"))
    return ids


def excluded_rows(
    ids: pd.Series,
    labels: np.ndarray,
    rows: pd.DataFrame,
    due: Candidates,
    barred: np.ndarray,
    policy: Policy,
) -> pd.DataFrame:
    out = barred != ""
    parts = [rows[out].assign(reason=barred[out])]
    for who, touch in due.stopped:
        about = due.touches[touch]
        parts.append(
            pd.DataFrame(
                {
                    "customer_id": ids.to_numpy(dtype=object)[who],
                    "segment": labels[who],
                    "channel": about.channel,
                    "content": about.content,
                    "due": pd.Series(pd.NaT, index=range(len(who)), dtype="datetime64[ns]"),
                    "reason": "stopped",
                }
            )
        )
    unnamed = ~np.isin(labels, list(policy.labels))
    parts.append(
        pd.DataFrame(
            {
                "customer_id": ids[unnamed].to_numpy(dtype=object),
                "segment": labels[unnamed],
                "channel": "",
                "content": "",
                "due": pd.Series(pd.NaT, index=range(int(unnamed.sum())), dtype="datetime64[ns]"),
                "reason": "no_rule",
            }
        )
    )
    return pd.concat([part[EXCLUDED] for part in parts], ignore_index=True)


def load_of(
    members: Sequence[Member],
    workdays: Sequence[dt.date],
    work: Work,
    placed: Placed,
    groups: Sequence[Sequence[int]],
    ideal: np.ndarray,
) -> pd.DataFrame:
    """Minutes falling due and minutes planned, by member and day; what nobody took is shared out evenly."""
    shape = (len(members), len(workdays))
    need, planned = np.zeros(shape), np.zeros(shape)
    inside = placed.day >= 0
    np.add.at(planned, (placed.member[inside], placed.day[inside]), work.minutes[inside])
    whose = np.where(inside, placed.member, work.member)
    for g, group in enumerate(groups):
        open_ = np.flatnonzero((whose < 0) & (work.group == g))
        if len(group):
            whose[open_] = np.asarray(group)[np.arange(len(open_)) % len(group)]
    days = np.array([day_number(d) for d in workdays])
    at = np.minimum(np.searchsorted(days, np.maximum(ideal, days[0])), len(days) - 1)
    known = whose >= 0
    np.add.at(need, (whose[known], at[known]), work.minutes[known])
    return pd.DataFrame(
        {
            "owner": np.repeat([m.id for m in members], len(workdays)),
            "due": np.tile(np.array(workdays, dtype="datetime64[ns]"), len(members)),
            "need": need.ravel(),
            "planned": planned.ravel(),
            "capacity": np.repeat([float(m.minutes) for m in members], len(workdays)),
        }
    )


def floors_of(
    ids: pd.Series,
    labels: np.ndarray,
    policy: Policy,
    met: np.ndarray,
    first_day: dt.date,
    last_day: int,
    tasks: pd.DataFrame,
    left: pd.DataFrame,
    excluded: pd.DataFrame,
) -> pd.DataFrame:
    """Is everybody contacted before the floor is reached (or in these days at all, where it was before them)?"""
    due_by = met + policy.floor_days
    here = (met > NEVER) & (due_by <= last_day) & np.isin(labels, list(policy.labels))
    frame = pd.DataFrame(
        {
            "customer_id": ids[here].to_numpy(dtype=object),
            "segment": labels[here],
            "last_contact": as_days(met[here]),
            "due_by": as_days(due_by[here]),
        }
    )
    first = tasks.groupby("customer_id")["due"].min()
    contact = pd.Series(first.reindex(frame["customer_id"]).to_numpy(), dtype="datetime64[ns]")
    late_already = frame["due_by"] < pd.Timestamp(first_day)
    kept = contact.notna() & (late_already | (contact <= frame["due_by"]))
    why = pd.concat([excluded[["customer_id", "reason"]], left[["customer_id", "reason"]]])
    why = why.drop_duplicates("customer_id", keep="last").set_index("customer_id")["reason"]
    reason = frame["customer_id"].map(why).mask(contact.notna(), "late")
    reason = reason.fillna("no_time").where(~kept, "")
    return frame.assign(kept=kept.astype(bool), reason=reason.astype("str"))


def upper_bound(members: Sequence[Member], work: Work, value: np.ndarray, capacity: np.ndarray) -> float:
    """The value of the customers reached that no plan could exceed: as if contacts could be divided.

    Every customer counts once, with the shortest of their contacts. For each person the best minutes that fit;
    where work is not tied to one person all minutes are taken together.
    """
    order = np.lexsort((work.minutes, work.who))
    once = order[np.flatnonzero(np.diff(work.who[order], prepend=-1))]
    value, minutes, member = np.maximum(value, 0.0)[once], work.minutes[once], work.member[once]
    several = np.bincount(work.who, minlength=1)[work.who[once]] > 1
    if (member < 0).any() or (several.any() and len(members) > 1):
        return _best(value, minutes, float(capacity.sum()))
    rooms = capacity.sum(axis=1)
    parts = [member == i for i in range(len(members))]
    return sum(_best(value[p], minutes[p], float(room)) for p, room in zip(parts, rooms, strict=True))


def _best(value: np.ndarray, minutes: np.ndarray, room: float) -> float:
    order = np.argsort(-value / minutes, kind="stable")
    used = np.cumsum(minutes[order])
    share = np.clip((room - (used - minutes[order])) / minutes[order], 0.0, 1.0)
    return float((value[order] * share).sum())
