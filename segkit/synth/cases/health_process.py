"""Patients and every visit they were due (随访), seen or not: measurements with carry-over, rules, dates.

Administrative intervals, no treatment advice.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF, open_days
from segkit.synth.draws import Draws, significant

ZERO = dt.date(2024, 10, 1)
NOW = (AS_OF - ZERO).days
PRESSURE, SUGAR, BOTH, SURGERY = range(4)
STABLE, COMPLEX, CRITICAL = range(3)
NORMAL, FIRST, AGAIN, DANGER, LOST = range(5)

# intervals and limits of the national rules for basic public health services, third edition (2017), for high
# blood pressure and type 2 diabetes; after a discharge: 2-4 weeks, then every three months (common hospital rule)
LIMIT, LIMIT_ELDER, ELDER_FROM, LIMIT_LOW, LIMIT_SUGAR = 140, 150, 65, 90, 7.0
DANGER_HIGH, DANGER_LOW, DANGER_SUGAR = 180, 110, (3.9, 16.7)
SOON, QUARTER, AFTER_DISCHARGE = 14, 90, 28  # days

# sample parameters
PATIENTS = 800
AGE = (55.0, 14.0, 30, 90)  # mean, spread, youngest, oldest
MALE = 0.48
DISEASE_SHARE = (0.48, 0.27, 0.15, 0.10)
SEVERITY_SHARE = (0.55, 0.30, 0.15)
ENROLLED_WITHIN = 211  # days from ZERO
MEAN, SPREAD, TOGETHER = (129.5, 78.5), (12.7, 7.8), 0.5
SUGAR_MEDIAN, SUGAR_SPREAD = 7.4, 0.22
LASTING = 0.45  # share of the variance that belongs to the person; with the rest, 0.5 between two visits
CARRY_OVER = 0.5
ADVERSE, COMPLICATION = 0.02, 0.01
LATE_SOON, LATE_QUARTER = (-3, 4), (-10, 9)  # days around the due day on which people come
REVIEW_FROM, REVIEW_TO = dt.date(2025, 11, 3), dt.date(2025, 12, 12)
DANGERS = ("sbp",) * 12 + ("dbp",) * 4 + ("high", "low") * 2
WRONG = 30  # visits after which staff wrote a due date of its own

_OPEN = np.array(
    [(day - ZERO).days for day in open_days(ZERO - dt.timedelta(days=40), AS_OF + dt.timedelta(days=300))]
)


def workday_from(day: np.ndarray) -> np.ndarray:
    """That day, or the next Chinese working day."""
    return _OPEN[np.searchsorted(_OPEN, day)]


def workday_until(day: np.ndarray) -> np.ndarray:
    """That day, or the last Chinese working day before it: a follow-up *within* two weeks is not later."""
    return _OPEN[np.searchsorted(_OPEN, day, side="right") - 1]


def enrolled(draws: Draws, n: int) -> pd.DataFrame:
    """One row a patient, by day of enrolment: what was known of everybody at the start, and what lasts.

    `lasting_high`, `lasting_low`, `lasting_sugar` are the person's own level, standard normal.
    """
    day = np.sort(workday_from(draws.integers(0, ENROLLED_WITHIN, n)))
    mean, spread, youngest, oldest = AGE
    age = np.floor(mean + spread * draws.even_normal(np.zeros(n)) + 0.5).clip(youngest, oldest).astype(int)
    disease = draws.dealt(DISEASE_SHARE, n)
    high, low = _pair(draws, np.zeros(n))
    u = 0.9 * (high + low) / np.sqrt(2 + 2 * TOGETHER) + 0.44 * draws.normal(n)
    rank = np.argsort(np.argsort(np.round(u, 6), kind="stable"), kind="stable") / n
    patients = pd.DataFrame({"enrolled": day, "age": age, "male": draws.exactly(MALE, n), "disease": disease})
    patients["severity"] = np.searchsorted(np.cumsum(SEVERITY_SHARE)[:-1], np.round(rank, 9), side="right")
    patients["lasting_high"], patients["lasting_low"] = high, low
    patients["lasting_sugar"] = draws.even_normal(np.zeros(n))
    return patients


def _pair(draws: Draws, by: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two standard normal columns with the correlation of upper and lower pressure, even also together."""
    high = draws.even_normal(by)
    other = draws.even_normal(by * 10 + np.searchsorted([-1.3, -0.7, -0.2, 0.2, 0.7, 1.3], high))
    return high, np.round(TOGETHER * high + np.sqrt(1 - TOGETHER**2) * other, 9)


def judged(values: pd.DataFrame, patients: pd.DataFrame, before: np.ndarray) -> np.ndarray:
    """The outcome the rules give a visit; `before` is that of the visit before (NORMAL at the first)."""
    disease, sugar = patients["disease"].to_numpy(), values["fpg"].to_numpy()
    limit = np.where(patients["age"] >= ELDER_FROM, LIMIT_ELDER, LIMIT)
    pressure = (values["sbp"] >= limit) | (values["dbp"] >= LIMIT_LOW)
    over = (pressure & np.isin(disease, [PRESSURE, BOTH])) | (sugar >= LIMIT_SUGAR) | values["adverse"]
    danger = (values["sbp"] >= DANGER_HIGH) | (values["dbp"] >= DANGER_LOW)
    danger = danger | (sugar >= DANGER_SUGAR[1]) | (sugar <= DANGER_SUGAR[0])
    twice = (over & (before != NORMAL)) | values["complication"]
    return np.select([danger, twice, over], [DANGER, AGAIN, FIRST], NORMAL)


def due_after(day: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """The day the next follow-up is due by the rules."""
    return workday_until(day + np.where(outcome == NORMAL, QUARTER, SOON))


def visits(draws: Draws, patients: pd.DataFrame, dangers: np.ndarray, wrong: np.ndarray) -> pd.DataFrame:
    """Every visit up to the as-of date as if nobody were ever lost; the baseline is number 0.

    `dangers` (a kind of DANGERS, or "") fall on the first or second follow-up of a patient, `wrong` on the first.
    Columns: patient, number, day, review, sbp, dbp, fpg, adverse, complication, outcome, due (by the rules),
    written (by staff).
    """
    n = len(patients)
    turn = np.where(wrong, 1, draws.integers(1, 2, n))
    invited = workday_from(draws.integers((REVIEW_FROM - ZERO).days, (REVIEW_TO - ZERO).days, n))
    error = [*_pair(draws, patients["severity"].to_numpy()), draws.normal(n)]
    values = _measured(draws, patients, error, np.full(n, ""))
    values["adverse"] = values["complication"] = False
    start = patients["enrolled"].to_numpy()
    outcome = judged(values, patients, np.full(n, NORMAL))
    due = np.where(
        patients["disease"] == SURGERY, workday_until(start + AFTER_DISCHARGE), due_after(start, outcome)
    )
    rows = [_rows(0, start, np.full(n, False), values, outcome, due, due, np.full(n, True))]
    before, written, reviewed, number = np.full(n, NORMAL), due, np.full(n, False), 0
    while True:
        number += 1
        soon = written - rows[-1]["day"].to_numpy() <= AFTER_DISCHARGE + 7
        late = np.where(soon, draws.integers(*LATE_SOON, n), draws.integers(*LATE_QUARTER, n))
        day = np.maximum(written + late, rows[-1]["day"] + 3)
        day = workday_from(np.minimum(day, NOW + 60))  # after the as-of date it does not matter when
        day = np.where(reviewed, day, np.minimum(day, invited))
        there = day <= NOW
        if not there.any():
            return pd.concat([r[r.pop("there")] for r in rows], ignore_index=True)
        error = [
            _carried(e, f)
            for e, f in zip(
                error, [*_pair(draws, patients["severity"].to_numpy()), draws.normal(n)], strict=True
            )
        ]
        kind = np.where(turn == number, dangers, "")
        values = _measured(draws, patients, error, kind)
        values["adverse"], values["complication"] = draws.chance(ADVERSE, n), draws.chance(COMPLICATION, n)
        outcome = judged(values, patients, before)
        due = due_after(day, outcome)
        other = workday_until(day + np.where(outcome == NORMAL, 30, QUARTER))
        written = np.where(wrong & (turn == number), other, due)
        review = ~reviewed & (day >= (REVIEW_FROM - ZERO).days)
        rows.append(_rows(number, day, review, values, outcome, due, written, there))
        before, reviewed = outcome, reviewed | review


def _rows(
    number: int,
    day: np.ndarray,
    review: np.ndarray,
    values: pd.DataFrame,
    outcome: np.ndarray,
    due: np.ndarray,
    written: np.ndarray,
    there: np.ndarray,
) -> pd.DataFrame:
    own = {"patient": np.arange(len(day)), "number": number, "day": day, "review": review, "there": there}
    return values.assign(**own, outcome=outcome, due=due, written=written)


def _carried(last: np.ndarray, fresh: np.ndarray) -> np.ndarray:
    """What a visit keeps of the one before, beyond the person's own level."""
    keep = (CARRY_OVER - LASTING) / (1 - LASTING)
    return np.round(keep * last + np.sqrt(1 - keep**2) * fresh, 9)


def _measured(
    draws: Draws, patients: pd.DataFrame, error: list[np.ndarray], kind: np.ndarray
) -> pd.DataFrame:
    """Pressures in whole mmHg, sugar in mmol/l (with diabetes only); danger only where it is planted."""
    n, own = len(patients), ("lasting_high", "lasting_low", "lasting_sugar")
    z = [np.sqrt(LASTING) * patients[c] + np.sqrt(1 - LASTING) * e for c, e in zip(own, error, strict=True)]
    high, low = (np.floor(np.round(m + s * v, 6) + 0.5) for m, s, v in zip(MEAN, SPREAD, z[:2], strict=True))
    sugar = significant(SUGAR_MEDIAN * np.exp(SUGAR_SPREAD * np.round(z[2], 9)))
    high, low = high.clip(88, 176), np.minimum(low, high - 20).clip(45, 106)
    extra = draws.uniform(n)
    high = np.where(kind == "sbp", 180 + np.floor(25 * extra), high)
    low = np.where(kind == "dbp", 110 + np.floor(10 * extra), low)
    high = np.where((kind == "dbp") & (high < 150), 150 + np.floor(20 * extra), high)
    sugar = np.round(sugar, 1).clip(4.2, 15.8)
    sugar = np.where(kind == "high", np.round(16.8 + 4 * extra, 1), sugar)
    sugar = np.where(kind == "low", np.round(2.9 + 0.9 * extra, 1), sugar)
    measured = patients["disease"].isin([SUGAR, BOTH])
    return pd.DataFrame(
        {"sbp": high.astype(int), "dbp": low.astype(int), "fpg": np.where(measured, sugar, np.nan)}
    )
