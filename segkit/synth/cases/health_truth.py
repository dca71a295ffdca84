"""What is true of the patients: who was lost, who was in control at the review, and what the seen alone suggest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.calendar import days_from
from segkit.synth.cases.health_process import (
    AGAIN,
    DANGER,
    ELDER_FROM,
    LIMIT,
    LIMIT_ELDER,
    LIMIT_LOW,
    LIMIT_SUGAR,
    LOST,
    NORMAL,
    NOW,
    ZERO,
    hypertensive,
)


def in_control(review: pd.DataFrame, patients: pd.DataFrame) -> np.ndarray:
    """Pressure below the limit of the age at the annual review; of everybody, with whatever disease."""
    review = review.reindex(patients.index)
    limit = np.where(patients["age"] >= ELDER_FROM, LIMIT_ELDER, LIMIT)
    return ((review["sbp"] < limit) & (review["dbp"] < LIMIT_LOW)).to_numpy()


def patient_truth(patients: pd.DataFrame, every: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """One row a patient: lost or not, and the review as it was or would have been."""
    review = every[every["review"]].set_index("patient").reindex(patients.index)
    order = orders.set_index("patient").reindex(patients.index)
    said = [d.isoformat() for d in days_from(ZERO, patients["declared"].to_numpy())]
    return pd.DataFrame(
        {
            "patient_id": [f"P{k + 1:06d}" for k in patients.index],
            "loss_chance": patients["loss_chance"],
            "lost": patients["lost"].astype(int),
            "declared_lost": np.where(patients["lost"], said, ""),
            "review_sbp": review["sbp"],
            "review_dbp": review["dbp"],
            "controlled": patients["controlled"].astype(int),
            "overdue": (order["overdue"] == True).astype(int),  # noqa: E712
            "hidden": (order["hidden"] == True).astype(int),  # noqa: E712
            "unreachable": (order["unreachable"] == True).astype(int),  # noqa: E712
        }
    )


def facts(
    patients: pd.DataFrame, every: pd.DataFrame, rows: pd.DataFrame, orders: pd.DataFrame
) -> dict[str, Any]:
    """Measured figures of this draw, for the summary and the datasheets."""
    seen, lost = ~patients["lost"], patients["lost"]
    base = every[every["number"] == 0].set_index("patient")
    high = (base["sbp"] >= 140) | (base["dbp"] >= 90)
    visits, filed = every[every["number"] > 0], rows[rows["outcome"] != LOST]
    cell = patients["severity"] * 2 + high.astype(int)
    own = pd.Series(hypertensive(patients), index=patients.index)  # whose pressure is managed
    control, stayed, gone = patients["controlled"].astype(float)[own], seen[own], lost[own]
    strata = cell[own]
    chance = stayed.groupby(strata).mean()[strata].to_numpy()
    weighted = float(np.average(control[stayed], weights=1 / chance[stayed]))
    referred = filed["outcome"].isin([AGAIN, DANGER])
    limit = np.where(filed["patient"].map(patients["age"]) >= ELDER_FROM, LIMIT_ELDER, LIMIT)
    flat, elder = (
        (filed["sbp"] >= LIMIT) | (filed["dbp"] >= LIMIT_LOW),
        (filed["sbp"] >= limit) | (filed["dbp"] >= LIMIT_LOW),
    )
    year = rows[(rows["day"] > NOW - 365) & rows["mode"].isin([0, 2]) & (rows["outcome"] != LOST)]
    faces = year.groupby("patient").size().reindex(patients.index).fillna(0)
    whole_year = seen & (patients["enrolled"] <= NOW - 365)
    return {
        "limits": {
            "sbp": LIMIT,
            "sbp_elder": LIMIT_ELDER,
            "elder_from": ELDER_FROM,
            "dbp": LIMIT_LOW,
            "fpg": LIMIT_SUGAR,
        },
        "patients": {
            "lost": int(lost.sum()),
            "lost_share": _share(lost),
            "seen": int(seen.sum()),
            "critical_lost": _share(patients["severity"][lost] == 2),
            "critical_seen": _share(patients["severity"][seen] == 2),
            "baseline_sbp_lost": round(float(base["sbp"][lost].mean()), 1),
            "baseline_sbp_seen": round(float(base["sbp"][seen].mean()), 1),
            "four_faces": _share(faces[whole_year] >= 4),
            "whole_year": int(whole_year.sum()),
            "no_consent": int((~patients["consent"]).sum()),
            "age_mean": round(float(patients["age"].mean()), 1),
            "age_spread": round(float(patients["age"].std()), 1),
        },
        "visits": {
            "all": len(visits),
            "filed": len(filed),
            "high_all": _share((visits["sbp"] >= LIMIT) | (visits["dbp"] >= LIMIT_LOW)),
            "high_filed": _share(flat),
            "by_age_filed": _share(elder),
            "between_limits": int((flat & ~elder).sum()),
            "carry_over": _carry_over(filed),
            "sbp_mean": round(float(filed["sbp"].mean()), 1),
            "sbp_spread": round(float(filed["sbp"].std()), 1),
            "dbp_mean": round(float(filed["dbp"].mean()), 1),
            "dbp_spread": round(float(filed["dbp"].std()), 1),
            "together": round(float(np.corrcoef(filed["sbp"], filed["dbp"])[0, 1]), 2),
            "sugar_median": round(float(filed["fpg"].median()), 1),
            "referred": _share(referred),
            "referred_most": int(referred.groupby(filed["patient"]).sum().max()),
        },
        "control": {
            "people": int(own.sum()),
            "true": _share(control),
            "seen_only": _share(control[stayed]),
            "weighted": round(100 * weighted, 1),
            "lost_as_failed": round(100 * float(control[stayed].sum()) / len(control), 1),
            "lost_only": _share(control[gone]),
        },
        "strata": {
            f"{severity}_{level}": {
                "people": int((strata == 2 * i + j).sum()),
                "seen": int(stayed[strata == 2 * i + j].sum()),
                "in_control": int(control[stayed & (strata == 2 * i + j)].sum()),
            }
            for i, severity in enumerate(("stable", "complex", "critical"))
            for j, level in enumerate(("low", "high"))
        },
        "due": {
            "overdue": int(orders["overdue"].sum()),
            "hidden": int(orders["hidden"].sum()),
            "listed_overdue": int((orders["overdue"] & ~orders["hidden"]).sum()),
            "unreachable": int(orders["unreachable"].sum()),
            "routine": int((orders["overdue"] & (orders["outcome"] == NORMAL)).sum()),
        },
    }


def _share(yes: pd.Series) -> float:
    return round(100 * float(yes.mean()), 1)


def _carry_over(visits: pd.DataFrame) -> float:
    """Correlation of the upper pressure between a visit and the next."""
    ordered = visits.sort_values(["patient", "number"])
    pairs = pd.DataFrame(
        {"now": ordered["sbp"], "then": ordered.groupby("patient")["sbp"].shift(-1)}
    ).dropna()
    return round(float(np.corrcoef(pairs["now"], pairs["then"])[0, 1]), 2)
