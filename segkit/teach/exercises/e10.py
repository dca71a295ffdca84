"""E10: a score of recency that is right for the recent, for equals, and for those who never bought."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from segkit.teach.sealed import matches

Scorer = Callable[[pd.Series], Any]
CLASSES = 5

# what each choice of the form makes of its line; the faulty ones are among them
FILLED_WITH: dict[str, float | None] = {"zero": 0.0, "far": 9999.0, "blank": None}
RANKED_BY = {"first": "first", "shared": "average", "drop": "average"}
CALLED: dict[str, Callable[[pd.Series], pd.Series]] = {
    "up": lambda cell: cell,
    "down": lambda cell: CLASSES + 1 - cell,
    "zero_based": lambda cell: CLASSES - cell,
}


def made_of(entered: Mapping[str, Any]) -> dict[str, Any]:
    """The function that three chosen lines make; the other entries as they are."""
    names = {name: value for name, value in entered.items() if not name.startswith("line_")}
    lines = [entered.get(f"line_{k}") for k in (1, 2, 3)]
    if None not in lines:
        names["r_score"] = _scorer(*map(str, lines))
    return names


def _scorer(blanks: str, ties: str, order: str) -> Scorer:
    def r_score(days: pd.Series) -> pd.Series:
        fill = FILLED_WITH[blanks]
        known = days.dropna() if fill is None else days.fillna(fill)
        if ties == "drop":
            known = known.drop_duplicates()
        place = known.rank(method=RANKED_BY[ties])
        cell = np.ceil(place / len(known) * CLASSES).clip(1, CLASSES)
        scores = CALLED[order](cell).astype("Int64")
        return scores if ties == "drop" else scores.reindex(days.index)

    return r_score


def _scores(r_score: Scorer, days: list[float | None]) -> pd.Series:
    return pd.Series(r_score(pd.Series(days, dtype="float64")))


def _of_ten(r_score: Scorer) -> pd.Series:
    return _scores(r_score, list(range(10)))


TIED: list[float | None] = [2, 9, 2, 40, 2, 7, 2, 60, 2, 80, 2, 2]
WITH_BLANK: list[float | None] = [3, None, 10, 20, 30, None, 50, 70]


def step_called(called: str) -> bool:
    return matches("E10.called", called, "c371769dd4bd7637")


def step_direction(r_score: Scorer) -> bool:
    scores = _of_ten(r_score).astype(float)
    return bool(scores.is_monotonic_decreasing and scores.iloc[0] == CLASSES and scores.iloc[-1] == 1)


def step_ties(r_score: Scorer) -> bool:
    same = _scores(r_score, [3] * 10)
    tied = _scores(r_score, TIED)
    equals = tied[[days == 2 for days in TIED]]
    return len(same) == 10 and same.nunique() == 1 and equals.nunique() == 1 and len(tied) == len(TIED)


def step_missing(r_score: Scorer) -> bool:
    scores = _scores(r_score, WITH_BLANK)
    known = _scores(r_score, [days for days in WITH_BLANK if days is not None])
    blank = [days is None for days in WITH_BLANK]
    if len(scores) != len(blank):
        return False
    rest = scores[[not one for one in blank]]
    return bool(scores[blank].isna().all() and list(rest.astype(float)) == list(known.astype(float)))


def step_guard(guard: str) -> bool:
    return matches("E10.guard", guard, "296d271d9dcb66cb")


def guessed(called: str) -> str:
    """Each line of the script fails one of the steps on the function."""
    script = _scorer("zero", "first", "up")
    return str(sum(not step(script) for step in (step_direction, step_ties, step_missing)))


def mistake_trusts_name(called: str) -> bool:
    return called in ("recent", "never")


def mistake_reversed(r_score: Scorer) -> bool:
    scores = _of_ten(r_score)
    return bool(scores.iloc[0] < scores.iloc[-1])


def mistake_from_zero(r_score: Scorer) -> bool:
    return bool(_of_ten(r_score).min() == 0)


def mistake_ties_crash(r_score: Scorer) -> bool:
    try:
        _scores(r_score, [3] * 10)
    except Exception:
        return True
    return False


def mistake_row_lost(r_score: Scorer) -> bool:
    return len(_scores(r_score, TIED)) < len(TIED)


def mistake_ties_split(r_score: Scorer) -> bool:
    return bool(_scores(r_score, [3] * 10).nunique() > 1)


def mistake_filled_near(r_score: Scorer) -> bool:
    """Scored like somebody who bought just now."""
    with_blank, with_today = (_scores(r_score, [3, days, 10, 20, 30, 50, 70, 90]) for days in (None, 0))
    return bool(with_blank.iloc[1] == with_today.iloc[1])


def mistake_filled_far(r_score: Scorer) -> bool:
    """Scored like somebody who bought long ago."""
    with_blank, with_past = (_scores(r_score, [3, days, 10, 20, 30, 50, 70, 90]) for days in (None, 9999))
    return bool(with_blank.iloc[1] == with_past.iloc[1])


def mistake_weak_guard(guard: str) -> bool:
    return guard in ("count", "mean")
