"""What members answered: contact soon after signing helps, the number of visits does not; large ones are harder."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segkit.synth.cases.alibaba.firms import CASE, OPEN, date
from segkit.synth.dictionary import columns
from segkit.synth.draws import Draws, half_up
from segkit.synth.people import Invented

# every number below is a sample parameter (示例参数)
ANSWERS = 500
BASE = (2.40, 3.20, 3.70)  # satisfaction by tier, without early contact
ONBOARDING = 0.62  # what contact within seven days adds, before marks are rounded to 1-5
SPREAD = 0.70  # of the answers around what is expected
COMMENTS = 0.6
REASONS = ("few_inquiries", "slow_reply", "hard_to_use", "price", "other")
REASON_SHARES = (0.34, 0.28, 0.18, 0.12, 0.08)
SURVEY_DAYS = 8
SETTLED = 14  # days between signing and the first day of the survey


def survey(
    draws: Draws, invented: Invented, contracts: pd.DataFrame, visits: pd.Series, scale: float
) -> pd.DataFrame:
    """Answers of members who signed two weeks before the survey; `visits`: rows of each firm in the log.

    Within a tier and kind of start satisfaction has nothing to do with the number of visits, in the sample too.
    """
    first = int(OPEN[-SURVEY_DAYS])
    asked = contracts.index[contracts["day"] <= first - SETTLED].to_numpy()
    n = min(round(ANSWERS * scale), len(asked))
    frame = contracts.loc[np.sort(draws.some(asked, n)), ["tier", "onboarded"]].copy()
    frame["visits"] = visits.reindex(frame.index).fillna(0).astype(int)
    frame["expected"] = np.array(BASE)[frame["tier"]] + ONBOARDING * frame["onboarded"]
    mood = draws.normal(n)
    for cell in range(6):
        here = ((2 * frame["tier"] + frame["onboarded"]) == cell).to_numpy()
        mood[here] = _unrelated(mood[here], frame["visits"].to_numpy()[here])
    mood = np.round(SPREAD * mood, 9)
    felt = frame["expected"].to_numpy() + mood
    frame["csat"] = half_up(felt, 1, 5)
    frame["nps"] = half_up(2.1 * felt - 0.9 + 0.9 * draws.normal(n), 0, 10)
    frame["ces"] = half_up(1.2 * felt + 0.4 + 0.7 * draws.normal(n), 1, 7)
    spec = columns(CASE, "survey")
    why = draws.choice(REASON_SHARES, n)
    low = (frame["csat"] <= 3).to_numpy()
    says = low & draws.chance(COMMENTS, n)
    spoken = [invented.words(CASE, reason) for reason in REASONS]
    which = draws.uniform(n)
    frame["reason_code"] = np.where(low, spec["reason_code"].said(invented.names, why), "")
    frame["comment"] = [
        spoken[w][int(u * len(spoken[w]))] if s else "" for w, u, s in zip(why, which, says, strict=True)
    ]
    frame["survey_date"] = [date(OPEN[-1 - k]) for k in draws.integers(0, SURVEY_DAYS - 1, n)]
    frame["order"] = draws.uniform(n)
    return frame.sort_values(["survey_date", "order"], kind="stable")


def _unrelated(mood: np.ndarray, visits: np.ndarray) -> np.ndarray:
    """The moods of a group less their mean and their trend over visits."""
    mood = mood - mood.sum() / max(len(mood), 1)
    more = visits - visits.sum() / max(len(visits), 1)
    square = float((more**2).sum())
    return mood - more * float((more * mood).sum()) / square if square > 0 else mood
