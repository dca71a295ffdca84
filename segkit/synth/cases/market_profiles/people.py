"""Who answers the needs survey: age, occupation, education and income that fit each other, and what is spent."""

from __future__ import annotations

import numpy as np

from segkit.synth.draws import DIGITS, Draws, significant

# sample parameters throughout; the words stand in cases/market_profiles/columns.yml in the same order
AGE = (0.16, 0.34, 0.27, 0.15, 0.08)  # 18-24, 25-34, 35-44, 45-54, 55+
OCCUPATION = (  # by age: employee, professional, self-employed, public sector, student, retired
    (0.30, 0.10, 0.06, 0.04, 0.50, 0.0),
    (0.48, 0.22, 0.12, 0.15, 0.03, 0.0),
    (0.45, 0.22, 0.18, 0.15, 0.0, 0.0),
    (0.41, 0.19, 0.20, 0.17, 0.0, 0.03),
    (0.15, 0.08, 0.12, 0.10, 0.0, 0.55),
)
EDUCATION = (  # by occupation: school, college, bachelor, master
    (0.16, 0.33, 0.42, 0.09),
    (0.03, 0.20, 0.54, 0.23),
    (0.42, 0.34, 0.21, 0.03),
    (0.04, 0.22, 0.57, 0.17),
    (0.02, 0.26, 0.66, 0.06),
    (0.55, 0.28, 0.16, 0.01),
)
YOUNG = (1.2, 1.2, 1.0, 0.05)  # before 25 hardly anyone has a master's degree yet
STUDENT_FROM_25 = (0.0, 0.0, 0.1, 0.9)
INCOME = (  # by occupation: under 5, 5 to 10, 10 to 20, 20 to 50, 50 and above (10,000 CNY a year)
    (0.12, 0.36, 0.36, 0.14, 0.02),
    (0.04, 0.20, 0.40, 0.29, 0.07),
    (0.15, 0.28, 0.28, 0.20, 0.09),
    (0.05, 0.35, 0.45, 0.14, 0.01),
    (0.93, 0.06, 0.01, 0.0, 0.0),
    (0.44, 0.42, 0.12, 0.02, 0.0),
)
INCOME_YOUNG = (1.6, 1.2, 0.6, 0.15, 0.0)  # before 25
INCOME_PRICED = (2.2, 1.4, 0.7, 0.4, 0.3)  # of those who need a good price
SIZE = (0.50, 0.35, 0.15)  # of organisations
SPEND_BY_INCOME = (1_400.0, 2_200.0, 3_200.0, 4_800.0, 7_500.0)  # median of 2024 in CNY
SPEND_BY_SIZE = (9_000.0, 30_000.0, 80_000.0)
SPEND_SPREAD = 0.45  # of the logarithm
STUDENT = 4


def backgrounds(draws: Draws, priced: np.ndarray, firm: np.ndarray) -> dict[str, np.ndarray]:
    """Positions of age, occupation, education and income of each; `priced` needs a good price.

    An organisation (`firm`) has none of these, and what is drawn for it is left out.
    """
    age = draws.dealt(AGE, len(priced), by=firm)
    occupation = _each(draws, np.array(OCCUPATION)[age], by=age * 2 + firm)
    schooling = np.array(EDUCATION)[occupation]
    schooling = np.where((age == 0)[:, None], schooling * np.array(YOUNG), schooling)
    late = (occupation == STUDENT) & (age > 0)
    schooling = np.where(late[:, None], np.array(STUDENT_FROM_25), schooling)
    earning = np.array(INCOME)[occupation]
    for group, times in ((age == 0, INCOME_YOUNG), (priced, INCOME_PRICED)):
        earning = np.where(group[:, None], earning * np.array(times), earning)
    return {
        "age_band": age,
        "occupation": occupation,
        "education": _each(draws, schooling, by=occupation * 2 + firm),
        "income_band": _each(draws, earning, by=occupation * 4 + priced * 2 + firm),
    }


def spending(draws: Draws, firm: np.ndarray, income: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Spent in 2024: individuals as their income lets them, organisations as they are large."""
    usual = np.where(firm, np.array(SPEND_BY_SIZE)[size], np.array(SPEND_BY_INCOME)[income])
    return significant(usual * draws.lognormal(1.0, SPEND_SPREAD, len(firm)), 3)


def _each(draws: Draws, weights: np.ndarray, by: np.ndarray) -> np.ndarray:
    """One position for each row of relative weights, spread evenly in every group of `by`."""
    edges = np.cumsum(weights, axis=1)
    edges = np.round(edges / edges[:, -1:], DIGITS)
    return (draws.even(by)[:, None] >= edges).sum(axis=1)
