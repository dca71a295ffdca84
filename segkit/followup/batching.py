"""Calls and visits apart from mass messages: what a person does one by one, and what goes out in one go (群发)."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from segkit.followup.policy import PERSONAL

BATCH = ("owner", "due", "channel", "content")


def by_hand(tasks: pd.DataFrame) -> pd.Series:
    """Which tasks does a person do one by one (电话、拜访)? The others are messages, sent in batches.

    Returns
    -------
    true or false, with the index of `tasks`; true throughout where no channel is known
    """
    if "channel" not in tasks.columns:
        return pd.Series(True, index=tasks.index)
    return tasks["channel"].isin(PERSONAL)


def batches(messages: pd.DataFrame, by: Sequence[str] = BATCH) -> pd.DataFrame:
    """Which messages are sent in one go? By default one batch per owner, day, channel and content.

    Returns
    -------
    the columns of `by`, in the order in which the batches first stand in `messages`, with `n` (customers) and
    `minutes` (their sum)
    """
    keys = [*by]
    known = messages.assign(owner=messages["owner"].fillna(""))
    grouped = known.groupby(keys, sort=False, dropna=False)
    return grouped.agg(n=("customer_id", "nunique"), minutes=("minutes", "sum")).reset_index()
