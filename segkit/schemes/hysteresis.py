"""Tiers that do not flap: a customer is moved only after the raw tier has held for some periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import narwhals as nw
from narwhals.typing import IntoFrameT

from segkit.customers import missing_columns, native_with_kinds
from segkit.problems import InputProblems, Problem
from segkit.schemes.ladder import Frame
from segkit.schemes.lifecycle import Lifecycle
from segkit.schemes.pareto import Pareto
from segkit.schemes.rfm import RFM
from segkit.schemes.segment_maps import map_names

UP, DOWN = 1, 3  # periods, where none are given for a tier
Periods = int | Mapping[str, int]
USUAL_NAMES = ("rfm", "abc", "lifecycle", "bands")  # of schemes that were given none


def hysteresis(
    previous: IntoFrameT | None,
    current: IntoFrameT,
    up: Periods = UP,
    down: Periods = DOWN,
    *,
    column: str | None = None,
    order: Sequence[str] | None = None,
) -> IntoFrameT:
    """Which tier does a customer hold now, given the one held before? (等级缓冲)

    A customer rises once the raw tier has stood above the held one for `up` periods in a row, and falls after
    `down` periods in a row below it; then the raw tier is taken. A period at the held tier, or on its other
    side, starts the count anew. Newcomers take their raw tier; who is not in `current` is left out. Patience may
    depend on the tier held: with ``down={"private": 6}`` private clients fall after six periods, all others after
    three.

    Parameters
    ----------
    previous : what this function returned last period (or any frame with `customer_id` and `column`); None at
        first
    current : this period's labels, same engine: `customer_id` and `column` (a scheme's output)
    up, down : periods, at least 1; one number for all tiers, or by the tier held, where tiers not named keep 1 up
        and 3 down
    column : the tier column; left out: the one text column of `current` beside `customer_id`, or of several
        the one that a scheme gives by itself, like ``rfm``
    order : all tiers from best to worst, as ``scheme.order()``; left out: that of the scheme whose labels
        these are, where it is one of the package's own (RFM maps, ABC classes, lifecycle)

    Returns
    -------
    `current` with the held tier in `column`, the raw one in `<column>_raw`, and in `<column>_pending` the
    number of periods the raw tier has waited above (positive) or below (negative); hand it in as `previous`
    next period.

    Raises
    ------
    InputProblems : a column is missing, a customer stands in `previous` twice, a number of periods is none or
        below 1, a tier is not in `order`, or `column` or `order` was left out and cannot be told
    """
    now: Frame = nw.from_native(current)
    before: Frame | None = None if previous is None else nw.from_native(previous)
    column, order = _settled([now] if before is None else [now, before], column, order, up, down)
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
    risen = nw.col("_count") >= _patience(up, UP, order)
    fallen = -nw.col("_count") >= _patience(down, DOWN, order)
    moves = nw.col("_held").is_null() | risen | fallen
    settled = both.with_columns(
        nw.when(moves).then(nw.col(raw)).otherwise(nw.col("_held")).alias(column),
        nw.when(moves).then(nw.lit(0)).otherwise(nw.col("_count")).alias(pending),
    )
    return native_with_kinds(settled.select(*columns), (pending,), (column, raw))


def _patience(periods: Periods, usual: int, order: Sequence[str]) -> nw.Expr:
    """How many periods the raw tier must wait, by the tier held."""
    if not isinstance(periods, Mapping):
        return nw.lit(int(periods))
    wait = {tier: int(periods.get(tier, usual)) for tier in order}
    return nw.col("_held").replace_strict(wait, default=usual, return_dtype=nw.Int64)


def _settled(
    frames: list[Frame], column: str | None, order: Sequence[str] | None, up: Periods, down: Periods
) -> tuple[str, list[str]]:
    """The tier column and the order of the tiers; all that is wrong is raised at once."""
    given = {"up": up, "down": down}
    problems = [problem for at, periods in given.items() for problem in _wrong_periods(at, periods)]
    if column is None:
        texts = _text_columns(frames[0])
        likely = texts if len(texts) == 1 else [c for c in texts if c in USUAL_NAMES]
        if len(likely) != 1:
            raise InputProblems([*problems, Problem("schemes.which_column", {"columns": texts or ["–"]})])
        column = likely[0]
    found = []
    for frame in frames:
        missing = missing_columns(frame, ("customer_id", column))
        problems.extend(missing)
        found.append([] if missing else _tiers(frame, column))
    for frame in frames[1:]:  # twice in `previous` would be twice in what is given back
        problems += _more_than_once(frame)
    if order is None:
        order = _known_order({t for tiers in found for t in tiers})
        if order is None:
            labels = sorted({str(t) for tiers in found for t in tiers})
            problems.append(Problem("schemes.which_order", {"column": column, "labels": labels}))
    else:
        for tiers in found:
            strange = sorted(str(t) for t in tiers if t not in order)
            if strange:
                problems.append(Problem("schemes.no_such_label", {"labels": strange, "order": list(order)}))
    named = {tier for periods in given.values() if isinstance(periods, Mapping) for tier in periods}
    if order is not None and not named <= set(order):
        strange = sorted(str(tier) for tier in named - set(order))
        problems.append(Problem("schemes.no_such_label", {"labels": strange, "order": list(order)}))
    if problems:
        raise InputProblems(problems)
    return column, list(order or ())


def _wrong_periods(at: str, periods: Any) -> list[Problem]:
    each = {f"{at}.{t}": n for t, n in periods.items()} if isinstance(periods, Mapping) else {at: periods}
    sound = {
        at: isinstance(n, Integral) and not isinstance(n, bool) and int(n) >= 1 for at, n in each.items()
    }
    return [Problem("schemes.periods", {"at": at, "value": n}) for at, n in each.items() if not sound[at]]


def _more_than_once(previous: Frame) -> list[Problem]:
    if "customer_id" not in previous.collect_schema():
        return []
    rows = previous.group_by("customer_id").agg(nw.len().alias("rows"))
    twice = rows.filter(nw.col("rows") > 1).sort("customer_id")
    eager = twice.collect() if isinstance(twice, nw.LazyFrame) else twice
    ids = eager.to_dict(as_series=False)["customer_id"]
    return [Problem("schemes.held_twice", {"n": len(ids), "customer": ids[0]})] if ids else []


def _text_columns(frame: Frame) -> list[str]:
    """Where tiers may stand; the raw tiers this function gave last time are none."""
    kinds = frame.collect_schema()
    texts = [c for c, kind in kinds.items() if kind in (nw.String, nw.Categorical, nw.Enum)]
    return [c for c in texts if c != "customer_id" and c.removesuffix("_raw") not in set(kinds) - {c}]


def _tiers(frame: Frame, column: str) -> list[Any]:
    tiers = frame.select(column).unique()
    eager = tiers.collect() if isinstance(tiers, nw.LazyFrame) else tiers
    return list(eager.to_dict(as_series=False)[column])


def _known_order(labels: set[Any]) -> Sequence[str] | None:
    """The order of the package's own scheme with all these labels; None where schemes would differ, or none."""
    rfm = [RFM.model_validate({"segments": name}) for name in map_names()]
    orders = [scheme.order() for scheme in (*rfm, Lifecycle.model_validate({}), Pareto())]
    fitting = [order for order in orders if labels <= set(order)]
    ranked = {tuple(label for label in order if label in labels) for order in fitting}
    return fitting[0] if len(ranked) == 1 else None
