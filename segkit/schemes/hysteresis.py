"""Tiers that do not flap: a customer is moved only after the raw tier has held for some periods."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw
from narwhals.typing import IntoFrameT

from segkit.customers import missing_column, native_with_kinds
from segkit.problems import InputProblems, Problem
from segkit.schemes.ladder import Frame


def hysteresis(
    previous: IntoFrameT | None,
    current: IntoFrameT,
    up: int = 1,
    down: int = 3,
    *,
    column: str,
    order: Sequence[str],
) -> IntoFrameT:
    """Which tier does a customer hold now, given the one held before? (等级缓冲)

    A customer rises once the raw tier has stood above the held one for `up` periods in a row, and falls after
    `down` periods in a row below it; then the raw tier is taken. A period at the held tier, or on its other
    side, starts the count anew. Newcomers take their raw tier; who is not in `current` is left out.

    Parameters
    ----------
    previous : what this function returned last period (or any frame with `customer_id` and `column`); None at
        first
    current : this period's labels, same engine: `customer_id` and `column` (a scheme's output)
    up, down : periods, at least 1
    column : the tier column
    order : all tiers from best to worst, as ``scheme.order()``

    Returns
    -------
    `current` with the held tier in `column`, the raw one in `<column>_raw`, and in `<column>_pending` the
    number of periods the raw tier has waited above (positive) or below (negative); hand it in as `previous`
    next period.

    Raises
    ------
    InputProblems : a column is missing, a period is below 1, or a tier is not in `order`
    """
    now: Frame = nw.from_native(current)
    before: Frame | None = None if previous is None else nw.from_native(previous)
    _check([now] if before is None else [now, before], column, list(order), up, down)
    raw, pending = f"{column}_raw", f"{column}_pending"
    columns = [*(c for c in now.collect_schema().names() if c not in (raw, pending)), raw, pending]
    rank = {tier: place for place, tier in enumerate(order)}

    def place(of: str) -> nw.Expr:
        return nw.col(of).replace_strict(rank, default=-1, return_dtype=nw.Int64)

    now = now.drop([c for c in (raw, pending) if c in now.collect_schema()]).rename({column: raw})
    if before is None:
        first = now.with_columns(nw.col(raw).alias(column), nw.lit(0).alias(pending))
        return native_with_kinds(first.select(*columns), (pending,), (column, raw))
    waited = nw.col(pending) if pending in before.collect_schema() else nw.lit(0)
    held = before.select("customer_id", nw.col(column).alias("_held"), waited.cast(nw.Int64).alias("_waited"))
    both = now.join(held, on="customer_id", how="left").with_columns(nw.col("_waited").fill_null(0))
    ahead = place("_held") - place(raw)  # positive where the raw tier is better
    count = (
        nw.when(nw.col("_ahead") > 0)
        .then(nw.max_horizontal(nw.col("_waited"), nw.lit(0)) + 1)
        .when(nw.col("_ahead") < 0)
        .then(nw.min_horizontal(nw.col("_waited"), nw.lit(0)) - 1)
        .otherwise(nw.lit(0))
    )
    both = both.with_columns(ahead.alias("_ahead")).with_columns(count.alias("_count"))
    moves = nw.col("_held").is_null() | (nw.col("_count") >= up) | (nw.col("_count") <= -down)
    settled = both.with_columns(
        nw.when(moves).then(nw.col(raw)).otherwise(nw.col("_held")).alias(column),
        nw.when(moves).then(nw.lit(0)).otherwise(nw.col("_count")).alias(pending),
    )
    return native_with_kinds(settled.select(*columns), (pending,), (column, raw))


def _check(frames: list[Frame], column: str, order: list[str], up: int, down: int) -> None:
    problems = [
        Problem("schemes.periods", {"at": n, "value": v}) for n, v in (("up", up), ("down", down)) if v < 1
    ]
    for frame in frames:
        there = frame.collect_schema().names()
        missing = [c for c in ("customer_id", column) if c not in there]
        problems.extend(missing_column(c, there) for c in missing)
        if not missing:
            tiers = frame.select(column).unique()
            eager = tiers.collect() if isinstance(tiers, nw.LazyFrame) else tiers
            strange = sorted(str(t) for t in eager.to_dict(as_series=False)[column] if t not in order)
            if strange:
                problems.append(Problem("schemes.no_such_label", {"labels": strange, "order": order}))
    if problems:
        raise InputProblems(problems)
