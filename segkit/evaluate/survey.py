"""What customers say when asked: NPS, CSAT, CES with intervals, who did not answer, and the service gap (满意度)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Literal

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segkit.customers.arguments import missing_columns, raise_any
from segkit.evaluate.estimate import LEVEL, Estimate, mean, proportion, z_of
from segkit.problems import InputProblems, Problem

Invalid = Literal["refuse", "leave_out"]
Measure = Callable[..., Estimate]
TOTAL = "total"
PROMOTER, DETRACTOR, MOST = 9, 6, 10  # of 0..10: Reichheld (2003), The one number you need to grow
EASY = 5  # of 1..7, from "somewhat agree" on


def nps(scores: Iterable[Any], *, invalid: Invalid = "refuse", level: float = LEVEL) -> Estimate:
    """Would they recommend us? Net promoter score in points, -100 to 100 (净推荐值).

    Share of 9 and 10 less share of 0 to 6, times 100. A score of 0 is a detractor like any other up to 6.

    Parameters
    ----------
    scores : whole numbers 0..10; a missing one is no answer and is not counted
    invalid : what becomes of scores that cannot be: ``refuse`` them all with their number, or ``leave_out``,
        where their number stands in `facts` and in the words of the rule

    Returns
    -------
    An `Estimate` in points; no value without an answer. Where all fall into one group the usual interval would
    have no width: there the group's own interval stands, the rest taken at its worst and at its best.

    Raises
    ------
    InputProblems : scores that are no whole number from 0 to 10

    References
    ----------
    Reichheld (2003), Harvard Business Review 81(12). The variance is that of a value of 1, 0 or -1.
    """
    kept, facts = _valid(scores, 0, MOST, "nps", invalid)
    n = len(kept)
    if n == 0:
        return Estimate(None, None, None, 0, level, "points", "nps", facts)
    up, down = float((kept >= PROMOTER).mean()), float((kept <= DETRACTOR).mean())
    value = up - down
    deviation = math.sqrt(max(0.0, up + down - value * value))
    facts |= {"promoters": up, "detractors": down, "deviation": 100 * deviation}
    if deviation > 0:
        half = z_of(level) * deviation / math.sqrt(n)
        low, high = max(-1.0, value - half), min(1.0, value + half)
    elif up or down:  # nobody of another group: of them at most so many
        others = 1 - (proportion(n, n, level).low or 0.0)
        low, high = (1 - 2 * others, 1.0) if up else (-1.0, 2 * others - 1)
    else:
        others = 1 - (proportion(n, n, level).low or 0.0)
        low, high = -others, others
    points = [100 * v for v in (value, low, high)]
    return Estimate(points[0], points[1], points[2], n, level, "points", "nps", facts)


def csat(
    scores: Iterable[Any], top: int = 2, of: int = 5, *, invalid: Invalid = "refuse", level: float = LEVEL
) -> Estimate:
    """How many are satisfied? Share of the `top` highest of `of` grades, with Wilson's interval (满意度).

    Some report the mean of the grades instead: compare figures of one definition only.

    Parameters
    ----------
    scores : whole numbers 1..of; a missing one is no answer and is not counted
    top, of : 4 and 5 of 1..5 count as satisfied
    invalid : as in `nps`

    Raises
    ------
    InputProblems : scores beyond the scale; `top` is not below `of`
    """
    if not (isinstance(top, int) and isinstance(of, int) and 1 <= top < of):
        raise InputProblems([Problem("evaluate.csat_scale", {"top": top, "of": of})])
    kept, facts = _valid(scores, 1, of, "csat", invalid)
    satisfied = int((kept > of - top).sum())
    facts |= {"top": top, "of": of, "least": of - top + 1}
    return proportion(satisfied, len(kept), level, method="csat", **facts)


def ces(
    scores: Iterable[Any],
    *,
    of: int = 7,
    high: Literal["easy", "hard"] = "easy",
    invalid: Invalid = "refuse",
    level: float = LEVEL,
) -> Estimate:
    """How easy was it for the customer? Mean of 1..7, with its interval (客户费力度).

    Parameters
    ----------
    scores : whole numbers 1..of; a missing one is no answer and is not counted
    high : what the highest grade means. ``easy``: agreement with "they made it easy for me" (today's form);
        ``hard``: effort itself (the first form of 2010), where low is good. It does not change the figure, it
        stands in the rule: figures of the two are never compared.
    invalid : as in `nps`

    Returns
    -------
    An `Estimate` in grades; `facts` hold `easy_share`, the share that found it easy: from 5 of 7 on, or, where
        high is hard, up to 3 of 7. No interval from one answer, or where all are alike.

    References
    ----------
    Dixon, Freeman & Toman (2010), Stop trying to delight your customers, Harvard Business Review 88(7/8).
    """
    if not (isinstance(of, int) and of >= 2):
        raise InputProblems([Problem("evaluate.ces_scale", {"of": of})])
    kept, facts = _valid(scores, 1, of, "ces", invalid)
    facts["of"] = of
    reached = kept if high == "easy" else of + 1 - kept
    facts["easy_share"] = float((reached >= of - (7 - EASY)).mean()) if len(kept) else None
    facts["deviation"] = float(kept.std(ddof=1)) if len(kept) > 1 else None
    found = mean(kept, level, unit="score", method=f"ces_{high}", **facts)
    if not found.half:
        return Estimate(found.value, None, None, found.n, level, found.unit, found.method, facts)
    low, up = max(1.0, found.low or 1.0), min(float(of), found.high or float(of))
    return Estimate(found.value, low, up, found.n, level, found.unit, found.method, facts)


def response_rate(asked: int, answered: int, *, level: float = LEVEL) -> Estimate:
    """How many of those asked answered? (回收率)"""
    return proportion(answered, asked, level, method="response")


def by_group(
    scores: Iterable[Any], groups: Iterable[Any], measure: Measure = nps, **choices: Any
) -> dict[str, Estimate]:
    """`measure` of all (``total``) and of each group, the groups as they first occur.

    A group is weighed by who answered, not by who was asked: see `non_response`.
    """
    score, group = _side_by_side(scores, groups)
    found = {TOTAL: measure(score, **choices)}
    return found | {str(g): measure(score[group == g], **choices) for g in group.dropna().unique()}


def non_response(
    scores: Iterable[Any], groups: Iterable[Any] | None = None, *, level: float = LEVEL
) -> pd.DataFrame:
    """Who was asked and did not answer? One row per group, and ``total`` (未回复).

    Parameters
    ----------
    scores : one row per customer asked; missing where nothing came back
    groups : the segment of each, same order; left out: the total only

    Returns
    -------
    `group, asked, answered, missing` (counts), `rate, low, high` (share answered with its interval) and
    `apart`: true where the whole interval lies above or below the rate of all, so that this group has too much
    or too little say in every figure of the survey.
    """
    score = pd.Series(list(scores), dtype=object)
    group = pd.Series([TOTAL] * len(score)) if groups is None else _side_by_side(scores, groups)[1]
    answered = score.notna() & (score.astype("string").str.strip() != "").fillna(False)
    overall = response_rate(len(score), int(answered.sum()), level=level)
    names = [] if groups is None else list(group.dropna().unique())
    rows = []
    for name in [*names, TOTAL]:
        of = pd.Series(True, index=score.index) if name == TOTAL else group == name
        asked, back = int(of.sum()), int((of & answered).sum())
        rate = response_rate(asked, back, level=level)
        apart = False
        if name != TOTAL and None not in (rate.low, rate.high, overall.value):
            apart = not rate.low <= overall.value <= rate.high  # type: ignore[operator]
        rows.append([str(name), asked, back, asked - back, rate.value, rate.low, rate.high, apart])
    columns = ["group", "asked", "answered", "missing", "rate", "low", "high", "apart"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(("rate", "low", "high"), "float64"))


def service_gap(answers: pd.DataFrame, *, level: float = LEVEL) -> pd.DataFrame:
    """Where does the service fall short of what was expected? Perception less expectation (服务差距).

    Parameters
    ----------
    answers : one row per customer and item: `dimension`, `expectation`, `perception` on one scale; rows with one
        of the two missing are not counted

    Returns
    -------
    One row per dimension, the largest shortfall first: `dimension, n, expectation, perception, gap, low, high`;
    below 0 the service is worse than expected.

    Raises
    ------
    InputProblems : a column is missing, or a grade is no number

    References
    ----------
    Parasuraman, Zeithaml & Berry (1988), SERVQUAL, Journal of Retailing 64(1), 12-40.
    """
    needed = ("dimension", "expectation", "perception")
    raise_any(missing_columns(nw.from_native(answers), needed))
    grades = {c: pd.to_numeric(answers[c], errors="coerce") for c in needed[1:]}
    strange = {c: answers.loc[g.isna() & answers[c].notna(), c] for c, g in grades.items()}
    problems = [
        Problem("evaluate.gap_no_number", {"n": len(found), "value": str(found.iloc[0])}, column=c)
        for c, found in strange.items()
        if len(found)
    ]
    raise_any(problems)
    both = pd.DataFrame(grades).assign(dimension=answers["dimension"].astype("string")).dropna()
    rows = []
    for dimension, part in both.groupby("dimension", sort=False):
        gap = mean(part["perception"] - part["expectation"], level)
        means = [float(part[c].mean()) for c in needed[1:]]
        rows.append([str(dimension), gap.n, *means, gap.value, gap.low, gap.high])
    columns = ["dimension", "n", "expectation", "perception", "gap", "low", "high"]
    return pd.DataFrame(rows, columns=columns).sort_values("gap", kind="stable", ignore_index=True)


# --- inside -------------------------------------------------------------------------------------------


def _valid(
    scores: Iterable[Any], least: int, most: int, measure: str, invalid: Invalid
) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """The scores that can be, and how many answered nothing or something that cannot."""
    given = pd.Series(list(scores), dtype=object)
    empty = given.isna() | (given.astype("string").str.strip() == "").fillna(False)
    given = given[~empty]
    numbers = pd.to_numeric(given, errors="coerce").astype("float64")
    truths = given.map(lambda value: isinstance(value, bool | np.bool_)).astype(bool)
    sound = numbers.between(least, most) & (numbers == numbers.round()) & ~truths
    wrong = given[~sound]
    if len(wrong) and invalid == "refuse":
        facts = {"n": len(wrong), "of": len(given), "value": str(wrong.iloc[0]), "least": least, "most": most}
        raise InputProblems([Problem("evaluate.scores", {"measure": measure.upper(), **facts})])
    return numbers[sound].to_numpy(dtype="float64"), {"missing": int(empty.sum()), "left_out": len(wrong)}


def _side_by_side(scores: Iterable[Any], groups: Iterable[Any]) -> tuple[pd.Series, pd.Series]:
    score, group = pd.Series(list(scores), dtype=object), pd.Series(list(groups), dtype=object)
    if len(score) != len(group):
        raise InputProblems([Problem("evaluate.lengths", {"first": len(score), "second": len(group)})])
    return score, group
