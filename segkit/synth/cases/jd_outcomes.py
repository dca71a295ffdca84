"""What came back: a coupon campaign with a holdout, and customer feedback."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF, days_from
from segkit.synth.cases.jd_process import CASE
from segkit.synth.dictionary import columns
from segkit.synth.draws import Draws, quota
from segkit.synth.people import Invented

COUPON = 20.0  # cost of one coupon that was used (示例参数)
# of the eight cells (split by the mean): share that orders anyway, and what the coupon adds
ODDS = {
    "key_value": (0.240, 0.005),
    "key_keep": (0.060, 0.060),
    "key_develop": (0.120, 0.020),
    "key_win_back": (0.045, 0.040),
    "general_value": (0.130, 0.030),
    "general_keep": (0.060, 0.010),
    "general_develop": (0.090, 0.050),
    "general_win_back": (0.040, -0.010),
}


def campaign(
    draws: Draws, truth: pd.DataFrame, n: int, invented: Invented
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The campaign's outcome and, apart from it, the planted odds of every cell.

    Within each cell half are treated, drawn at random; how many convert is a quota (rate times group,
    rounded), so that the planted differences stand in the sample and only *who* converts is chance.
    """
    cells = [cell for cell in ODDS if (truth["eight_mean"] == cell).any()]
    sizes = np.array([(truth["eight_mean"] == cell).sum() for cell in cells])
    n = min(n, int(sizes.sum()))
    parts, lines = [], []
    for cell, size in zip(cells, _allotted(sizes, n), strict=True):
        members = draws.some(truth.index[truth["eight_mean"] == cell].to_numpy(), int(size))
        base, uplift = ODDS[cell]
        for arm, group, rate in (
            ("treated", members[: len(members) // 2], base + uplift),
            ("holdout", members[len(members) // 2 :], base),
        ):
            converted = np.arange(len(group)) < int(np.floor(rate * len(group) + 0.5))
            parts.append(pd.DataFrame({"at": group, "arm": arm, "converted": converted.astype(int)}))
            lines.append((cell, arm, len(group), int(converted.sum()), f"{rate:.3f}", f"{uplift:+.3f}"))
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.iloc[draws.order(len(frame))].reset_index(drop=True)
    value = truth["mean_value"].replace("", "0").astype(float).to_numpy()[frame["at"]]
    revenue = np.round(value * draws.gamma(2.0, 2.0, len(frame)) + 5.0, 2)
    revenue = np.where(frame["converted"] == 1, revenue, 0.0)
    used = (frame["arm"] == "treated") & (frame["converted"] == 1)
    out = pd.DataFrame(
        {
            "customer_id": truth["customer_id"].to_numpy()[frame["at"]],
            "campaign": columns(CASE, "campaign")["campaign"].values(invented.names)[0],
            "arm": frame["arm"],
            "converted": frame["converted"],
            "revenue": [f"{v:.2f}" for v in revenue],
            "coupon_cost": [f"{COUPON:.2f}" if u else "0.00" for u in used],
        }
    )
    odds = pd.DataFrame(lines, columns=["eight_mean", "arm", "n", "converted", "rate", "uplift"])
    return out, odds


def _allotted(sizes: np.ndarray, n: int) -> np.ndarray:
    """`n` places over the cells: small cells come whole, the others in proportion."""
    floor = np.minimum(sizes, n // (2 * len(sizes)))
    rest = sizes - floor
    left = n - int(floor.sum())
    return floor + (np.minimum(quota(rest, left), rest) if left > 0 else 0)


def feedback(
    draws: Draws, truth: pd.DataFrame, valid: pd.DataFrame, n: int, invented: Invented
) -> pd.DataFrame:
    """Answers of people who bought in 2025; the happier and the busier answer more often (示例参数)."""
    spec = columns(CASE, "feedback")
    year = set(valid.loc[valid["order_date"] >= f"{AS_OF.year}-01-01", "customer_id"])
    asked = truth.index[truth["customer_id"].isin(year)].to_numpy()
    mood = draws.normal(len(asked))  # satisfaction, standard normal
    days = truth["order_days"].to_numpy()[asked]
    weight = np.exp(np.round(0.35 * mood + 0.25 * np.log(days), 9))
    chosen = draws.weighted(weight, min(n, len(asked)))
    at, mood = asked[chosen], mood[chosen]
    n = len(at)
    kind = np.array(spec["kind"].values(invented.names))[draws.choice([0.55, 0.28, 0.17], n)]
    noise = draws.normal(n)
    felt = np.round(0.8 * mood + 0.6 * noise, 9)
    score = np.select(
        [kind == "nps", kind == "csat"],
        [np.clip(np.floor(7.9 + 2.1 * felt), 0, 10), np.clip(np.floor(4.2 + 0.9 * felt), 1, 5)],
        np.clip(np.floor(5.4 + 1.3 * felt), 1, 7),
    ).astype(int)
    low = felt < -0.3
    reasons = np.array(spec["reason"].values(invented.names), dtype=object)[
        draws.choice([0.3, 0.22, 0.18, 0.15, 0.15], n)
    ]
    told = draws.chance(np.where(low, 0.8, 0.25), n)
    out = pd.DataFrame(
        {
            "customer_id": truth["customer_id"].to_numpy()[at],
            "survey_date": [d.isoformat() for d in days_from(AS_OF, -draws.integers(0, 89, n))],
            "kind": kind,
            "score": score,
            "reason": np.where(told, reasons, ""),
        }
    )
    return out.sort_values(["survey_date", "customer_id"], kind="stable", ignore_index=True)
