"""Patients and every visit they were due (随访), seen or not: measurements with carry-over, rules, dates.

Administrative intervals, no treatment advice.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from scipy import special

from segkit.synth.calendar import AS_OF, OpenDays
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
MONTH = 30  # sample parameter: a critical patient in order comes monthly, not quarterly

# sample parameters
PATIENTS = 800
AGE = (55.0, 14.0, 35, 90)  # mean, spread, youngest, oldest: those outside are drawn again
MALE = 0.48
DISEASE_SHARE = (0.48, 0.27, 0.15, 0.10)
SEVERITY_SHARE = (0.55, 0.30, 0.15)
ENROLLED_WITHIN = 211  # days from ZERO
MEAN, SPREAD, TOGETHER = (123.0, 75.0), (11.8, 7.3), 0.45  # of those without hypertension
HYPERTENSION = (11.0, 6.2)  # more with it, mmHg
SICKER_BOTH, SICKER_AGE = 0.40, 0.10  # weight in severity; of age, for one standard deviation
EASES, MOST_EASED = (0.8, 0.5, 0.09), 5  # what a referral lowers: mmHg, log glucose; times
DISCHARGED_BEFORE = (1, 10)  # days from the discharge to the enrolment
SUGAR_MEDIAN, SUGAR_SPREAD = 7.4, 0.22
LASTING = 0.45  # share of the variance that belongs to the person; with the rest, 0.46 between two visits
CARRY_OVER = 0.46
ADVERSE, COMPLICATION = 0.02, 0.01
LATE_SOON, LATE_QUARTER = (-2, 3), (-7, 6)  # working days around the due day on which people come
REVIEW_FROM, REVIEW_TO = dt.date(2025, 9, 15), dt.date(2025, 10, 24)
DANGERS = ("sbp",) * 12 + ("dbp",) * 4 + ("high", "low") * 2
WRONG = 30  # visits after which staff wrote a due date of its own

OPEN = OpenDays(ZERO, ZERO - dt.timedelta(days=40), AS_OF + dt.timedelta(days=300))


def _any_workday(draws: Draws, first: int, last: int, n: int) -> np.ndarray:
    """Working days from `first` to before `last`, each about as often as the others."""
    start, end = OPEN.before(np.array([first, last]))
    return OPEN.at(start + np.floor(draws.even(np.zeros(n)) * (end - start)).astype(int))


def enrolled(draws: Draws, n: int) -> pd.DataFrame:
    """One row a patient, by day of enrolment: what was known of everybody at the start, and what lasts.

    `lasting_high`, `lasting_low`, `lasting_sugar` are the person's own level, standard normal.
    """
    day = np.sort(_any_workday(draws, 0, ENROLLED_WITHIN, n))
    age = _ages(draws, n)
    disease = draws.dealt(DISEASE_SHARE, n)
    high, low = _pair(draws, np.isin(disease, [PRESSURE, BOTH]).astype(int))
    u = 0.9 * (high + low) / np.sqrt(2 + 2 * TOGETHER) + 0.44 * draws.normal(n)
    u = u + SICKER_BOTH * (disease == BOTH) + SICKER_AGE * (age - AGE[0]) / AGE[1]
    rank = np.argsort(np.argsort(np.round(u, 6), kind="stable"), kind="stable") / n
    patients = pd.DataFrame({"enrolled": day, "age": age, "male": draws.exactly(MALE, n), "disease": disease})
    patients["severity"] = np.searchsorted(np.cumsum(SEVERITY_SHARE)[:-1], np.round(rank, 9), side="right")
    patients["lasting_high"], patients["lasting_low"] = high, low
    patients["lasting_sugar"] = draws.even_normal(disease)
    patients["discharged"] = day - draws.integers(*DISCHARGED_BEFORE, n)
    return patients


def _ages(draws: Draws, n: int) -> np.ndarray:
    """A normal distribution without those too young or too old, in whole years."""
    mean, spread, youngest, oldest = AGE
    low, high = np.round(special.ndtr((np.array([youngest, oldest + 1]) - 0.5 - mean) / spread), 9)
    z = np.round(special.ndtri(low + (high - low) * draws.even(np.zeros(n))), 9)
    return np.floor(np.round(mean + spread * z, 6) + 0.5).clip(youngest, oldest).astype(int)


def hypertensive(patients: pd.DataFrame) -> np.ndarray:
    """Is their pressure what is managed?"""
    return patients["disease"].isin([PRESSURE, BOTH]).to_numpy()


def _pair(draws: Draws, by: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two standard normal columns with the correlation of upper and lower pressure, even also together."""
    high = draws.even_normal(by)
    other = draws.even_normal(by * 10 + np.searchsorted([-1.3, -0.7, -0.2, 0.2, 0.7, 1.3], high))
    return high, np.round(TOGETHER * high + np.sqrt(1 - TOGETHER**2) * other, 9)


def over_limit(values: pd.DataFrame, age: pd.Series | None = None) -> pd.Series:
    """Is a pressure at or above its limit? With `age` of each, the upper limit is that of the age."""
    limit = LIMIT if age is None else np.where(age >= ELDER_FROM, LIMIT_ELDER, LIMIT)
    return (values["sbp"] >= limit) | (values["dbp"] >= LIMIT_LOW)


def judged(values: pd.DataFrame, patients: pd.DataFrame, before: np.ndarray) -> np.ndarray:
    """The outcome the rules give a visit; `before` is that of the visit before (NORMAL at the first)."""
    sugar = values["fpg"].to_numpy()
    pressure = over_limit(values, patients["age"]) & hypertensive(patients)
    over = pressure | (sugar >= LIMIT_SUGAR) | values["adverse"]
    danger = (values["sbp"] >= DANGER_HIGH) | (values["dbp"] >= DANGER_LOW)
    danger = danger | (sugar >= DANGER_SUGAR[1]) | (sugar <= DANGER_SUGAR[0])
    twice = (over & (before != NORMAL)) | values["complication"]
    return np.select([danger, twice, over], [DANGER, AGAIN, FIRST], NORMAL)


def due_after(day: np.ndarray, outcome: np.ndarray, severity: np.ndarray) -> np.ndarray:
    """The day the next follow-up is due by the rules: *within* two weeks is not later, so a working day before."""
    calm = np.where(severity == CRITICAL, MONTH, QUARTER)
    return OPEN.until(day + np.where(outcome == NORMAL, calm, SOON))


def visits(draws: Draws, patients: pd.DataFrame, dangers: np.ndarray, wrong: np.ndarray) -> pd.DataFrame:
    """Every visit up to the as-of date as if nobody were ever lost; the baseline is number 0.

    `dangers` (a kind of DANGERS, or "") fall on the first or second follow-up of a patient, `wrong` on the first.
    Columns: patient, number, day, review, sbp, dbp, fpg, adverse, complication, outcome, due (by the rules),
    written (by staff).
    """
    n = len(patients)
    turn = np.where(wrong, 1, draws.integers(1, 2, n))
    invited = _any_workday(draws, (REVIEW_FROM - ZERO).days, (REVIEW_TO - ZERO).days + 1, n)
    alike = patients["severity"].to_numpy() * 2 + hypertensive(patients)
    error = [*_pair(draws, alike), draws.even_normal(patients["disease"].to_numpy())]
    eased, severity = np.zeros(n), patients["severity"].to_numpy()
    values = _measured(draws, patients, error, np.full(n, ""), eased)
    values["adverse"] = values["complication"] = False
    start = patients["enrolled"].to_numpy()
    outcome = judged(values, patients, np.full(n, NORMAL))
    left = OPEN.until(patients["discharged"].to_numpy() + AFTER_DISCHARGE)
    due = np.where(patients["disease"] == SURGERY, left, due_after(start, outcome, severity))
    rows = [_rows(0, start, np.full(n, False), values, outcome, due, due, np.full(n, True))]
    before, written, reviewed, number = np.full(n, NORMAL), due, np.full(n, False), 0
    while True:
        number += 1
        soon = written - rows[-1]["day"].to_numpy() <= AFTER_DISCHARGE + 7
        late = np.where(soon, draws.integers(*LATE_SOON, n), draws.integers(*LATE_QUARTER, n))
        day = OPEN.after(np.minimum(written, OPEN.until(np.array(NOW + 60))), late)
        day = np.maximum(day, OPEN.since(rows[-1]["day"].to_numpy() + 3))
        day = np.where(reviewed, day, np.minimum(day, invited))
        there = day <= NOW
        if not there.any():
            return pd.concat([r[r.pop("there")] for r in rows], ignore_index=True)
        error = [_carried(e, f) for e, f in zip(error, [*_pair(draws, alike), draws.normal(n)], strict=True)]
        kind = np.where(turn == number, dangers, "")
        values = _measured(draws, patients, error, kind, eased)
        values["adverse"], values["complication"] = draws.chance(ADVERSE, n), draws.chance(COMPLICATION, n)
        outcome = judged(values, patients, before)
        eased = np.minimum(eased + np.isin(outcome, [AGAIN, DANGER]), MOST_EASED)
        due = due_after(day, outcome, severity)
        other = OPEN.until(day + np.where((outcome == NORMAL) & (severity != CRITICAL), MONTH, QUARTER))
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
    draws: Draws, patients: pd.DataFrame, error: list[np.ndarray], kind: np.ndarray, eased: np.ndarray
) -> pd.DataFrame:
    """Pressures in whole mmHg, sugar in mmol/l (with diabetes only); danger only where it is planted.

    `eased`: how often a referral has lowered the values of the condition that is managed.
    """
    n, own = len(patients), ("lasting_high", "lasting_low", "lasting_sugar")
    z = [np.sqrt(LASTING) * patients[c] + np.sqrt(1 - LASTING) * e for c, e in zip(own, error, strict=True)]
    own_level = hypertensive(patients)
    high, low = (
        np.floor(np.round(m + own_level * (more - ease * eased) + s * v, 6) + 0.5)
        for m, more, ease, s, v in zip(MEAN, HYPERTENSION, EASES[:2], SPREAD, z[:2], strict=True)
    )
    sugar = significant(SUGAR_MEDIAN * np.exp(SUGAR_SPREAD * np.round(z[2], 9) - EASES[2] * eased))
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
