"""Who moved from which class to which since last time, by count and by money (客户迁移)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import pandas as pd

from segkit.customers.arguments import missing_columns, raise_any
from segkit.evaluate.estimate import LEVEL, Estimate, proportion
from segkit.locale import Lang, say
from segkit.problems import InputProblems, Problem
from segkit.schemes.base import UNKNOWN

# in the list now and not last time; in the list last time and no longer (labels like `new` and `lost` are others')
JOINED, LEFT = "joined", "left"
TOTAL = "total"
Labels: TypeAlias = pd.Series | pd.DataFrame | Mapping[Any, Any]


@dataclass(frozen=True)
class Migration:
    """Last time's classes against this time's.

    Attributes
    ----------
    counts : customers by class last time (rows, with `joined`, 新增) and now (columns, with `left`, 流失); the row
        and the column `total` hold the sums
    value_before, value_after : the same of the money last time and now, None without money. Of who joined there
        is no money last time, of who left none now; so the rows of the first and the columns of the second sum
        to the money of either time.
    moves : one row per customer: `customer_id, before, after, direction` (``stayed``, ``up``, ``down``,
        ``moved`` where the two cannot be ranked, ``joined``, ``left``) and with money `value_before,
        value_after, change`
    order : classes from best to worst, as far as they were given
    """

    counts: pd.DataFrame
    value_before: pd.DataFrame | None
    value_after: pd.DataFrame | None
    moves: pd.DataFrame
    order: tuple[str, ...]
    level: float = LEVEL

    def row_shares(self) -> pd.DataFrame:
        """Of the customers of a class last time, which share stands where now? Rows sum to 1 (转移比例)."""
        inner = self.counts.drop(index=[TOTAL], errors="ignore")
        rows = inner.drop(columns=TOTAL).astype("float64")
        return rows.div(inner[TOTAL].where(inner[TOTAL] > 0), axis=0)

    def share(self, direction: str) -> Estimate:
        """How many went this way? Of the customers of last time; ``joined``: of those there are now.

        The interval asks how much of it chance could do, had the customers been drawn from many like them.
        """
        of = self.moves["direction"]
        base = of != (LEFT if direction == JOINED else JOINED)
        k = int((of == direction).sum())
        return proportion(k, int(base.sum()), self.level, method=f"migration_{direction}")

    def who(self, before: str | None = None, after: str | None = None) -> list[str]:
        """The ids of those who went from one class to another; either left open means any."""
        rows = self.moves
        if before is not None:
            rows = rows[rows["before"] == before]
        if after is not None:
            rows = rows[rows["after"] == after]
        return rows["customer_id"].tolist()

    def text(self, lang: Lang = "zh") -> str:
        """In one sentence: how many stayed, rose, fell, joined and left."""
        n = self.moves["direction"].value_counts()
        ways = ("stayed", "up", "down", "moved", JOINED, LEFT)
        facts = {way: int(n.get(way, 0)) for way in ways}
        return say("evaluate.migration", lang, n=len(self.moves), **facts)


def migration(
    before: Labels,
    after: Labels,
    value: str | None = None,
    *,
    label: str | None = None,
    order: Sequence[str] | None = None,
    level: float = LEVEL,
) -> Migration:
    """Where did the customers of each class go? (迁移矩阵)

    Parameters
    ----------
    before, after : labels of last time and of now: a series or a mapping of label by customer id, or a table with
        `customer_id` and the column `label`. A missing label counts as ``unknown``.
    value : name of the money column of both tables; left out: by count only. Missing money counts as 0.
    label : the column of labels; needed where tables are given
    order : classes from best to worst, as ``scheme.order()``; needed to tell up from down. ``unknown`` is not
        ranked: from and to it is ``moved``.

    Returns
    -------
    A `Migration`. Customers only there now are `joined` (新增), customers only there last time `left` (流失):
    left means no longer in the list. Both margins are those of the two times.

    Raises
    ------
    InputProblems : a customer stands twice or without id in one of them, a column is missing, a label is not in
        `order` or is called like one of the two states
    """
    named = {"before": before, "after": after}
    if value is not None and not all(isinstance(t, pd.DataFrame) for t in named.values()):
        raise InputProblems([Problem("evaluate.migration_value", {"value": value})])
    tables = {at: _table(given, at, value, label) for at, given in named.items()}
    problems = [p for at, table in tables.items() for p in _wrong(table, at)]
    there = {str(x) for table in tables.values() for x in table["label"]}
    if taken := sorted(there & {JOINED, LEFT, TOTAL}):
        problems.append(Problem("evaluate.migration_state", {"labels": taken}))
    if order is not None and (strange := sorted(there - {*order, UNKNOWN})):
        problems.append(Problem("schemes.no_such_label", {"labels": strange, "order": list(order)}))
    raise_any(problems)
    moves = _moves(tables["before"], tables["after"], tuple(order or ()))
    ranked = [x for x in order or sorted(there - {UNKNOWN}) if x in there]
    classes = [*ranked, *([UNKNOWN] if UNKNOWN in there and UNKNOWN not in ranked else [])]
    counts = _matrix(moves, classes, None).astype("int64")
    money: list[pd.DataFrame | None] = [None, None]
    if value is not None:
        money = [_matrix(moves, classes, column) for column in ("value_before", "value_after")]
    else:
        moves = moves.drop(columns=["value_before", "value_after", "change"])
    return Migration(counts, money[0], money[1], moves, tuple(order or ()), level)


# --- inside -------------------------------------------------------------------------------------------


def _table(given: Labels, at: str, value: str | None, label: str | None) -> pd.DataFrame:
    """customer_id, label and value, as text and numbers."""
    if isinstance(given, pd.DataFrame):
        if label is None:
            raise InputProblems([Problem("evaluate.migration_label", {"at": at})])
        raise_any(missing_columns(nw.from_native(given), ["customer_id", label, *([value] if value else [])]))
        ids, labels = given["customer_id"], given[label]
        worth = given[value] if value else pd.Series(0.0, index=given.index)
    else:
        labels = given if isinstance(given, pd.Series) else pd.Series(dict(given), dtype=object)
        ids, worth = labels.index.to_series(), pd.Series(0.0, index=labels.index)
    return pd.DataFrame(
        {
            "customer_id": ids.to_numpy(dtype=object),
            "label": labels.astype(object).where(labels.notna(), UNKNOWN).astype(str).to_numpy(),
            "value": pd.to_numeric(worth, errors="coerce").fillna(0.0).to_numpy(dtype="float64"),
        }
    )


def _wrong(table: pd.DataFrame, at: str) -> list[Problem]:
    """Customers without an id, or twice."""
    ids = table["customer_id"]
    none, twice = ids.isna(), ids.astype(str).duplicated()
    if none.any():
        return [Problem("evaluate.migration_no_id", {"at": at, "n": int(none.sum())})]
    if twice.any():
        facts = {"at": at, "n": int(twice.sum()), "customer": str(ids[twice].iloc[0])}
        return [Problem("evaluate.migration_twice", facts)]
    return []


def _moves(before: pd.DataFrame, after: pd.DataFrame, order: tuple[str, ...]) -> pd.DataFrame:
    for table in (before, after):
        table["customer_id"] = table["customer_id"].astype(str)
    both = before.merge(after, on="customer_id", how="outer", suffixes=("_before", "_after"), sort=True)
    both = both.rename(columns={"label_before": "before", "label_after": "after"})
    joined, left = both["before"].isna(), both["after"].isna()
    rank = {name: place for place, name in enumerate(order) if name != UNKNOWN}
    here = [both[c].map(rank).to_numpy(dtype="float64") for c in ("before", "after")]
    same = (both["before"] == both["after"]).fillna(False).to_numpy(dtype=bool)
    ways = [joined, left, same, here[1] < here[0], here[1] > here[0]]
    names = [JOINED, LEFT, "stayed", "up", "down"]
    both["direction"] = np.select([np.asarray(way, dtype=bool) for way in ways], names, "moved")
    both["before"] = both["before"].where(~joined, JOINED)
    both["after"] = both["after"].where(~left, LEFT)
    money = ["value_before", "value_after"]
    both[money] = both[money].fillna(0.0)
    both["change"] = (both["value_after"] - both["value_before"]).round(2)
    return both[["customer_id", "before", "after", "direction", *money, "change"]]


def _matrix(moves: pd.DataFrame, classes: Sequence[str], value: str | None) -> pd.DataFrame:
    weights = np.ones(len(moves)) if value is None else moves[value].to_numpy()
    cells = pd.Series(weights).groupby([moves["before"].to_numpy(), moves["after"].to_numpy()]).sum()
    table = (cells.unstack(fill_value=0.0) if len(cells) else pd.DataFrame(dtype="float64")).reindex(
        index=[*classes, JOINED], columns=[*classes, LEFT], fill_value=0.0
    )
    table[TOTAL] = table.sum(axis=1)
    table.loc[TOTAL] = table.sum(axis=0)
    table.index.name, table.columns.name = "before", "after"
    return table if value is None else table.round(2)
