"""What is true of the patients: who was lost, who was in control at the review, and what the seen alone suggest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.calendar import days_from
from segkit.synth.cases.health.process import (
    AGAIN,
    CRITICAL,
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
    over_limit,
)
from segkit.synth.measures import percent
from segkit.synth.people import numbered

SEVERITIES = ("stable", "complex", "critical")


def in_control(review: pd.DataFrame, patients: pd.DataFrame) -> np.ndarray:
    """Pressure below the limit of the age at the annual review; of everybody, with whatever disease."""
    review = review.reindex(patients.index)
    return (review["sbp"].notna() & ~over_limit(review, patients["age"])).to_numpy()


def patient_truth(patients: pd.DataFrame, every: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """One row a patient: lost or not, and the review as it was or would have been."""
    review = every[every["review"]].set_index("patient").reindex(patients.index)
    order = orders.set_index("patient").reindex(patients.index)
    said = [d.isoformat() for d in days_from(ZERO, patients["declared"].to_numpy())]
    return pd.DataFrame(
        {
            "patient_id": numbered("P", len(patients)),
            "loss_chance": patients["loss_chance"],
            "lost": patients["lost"].astype(int),
            "declared_lost": np.where(patients["lost"], said, ""),
            "review_sbp": review["sbp"],
            "review_dbp": review["dbp"],
            "controlled": patients["controlled"].astype(int),
            "overdue": order["overdue"].eq(True).astype(int),
            "hidden": order["hidden"].eq(True).astype(int),
            "unreachable": order["unreachable"].eq(True).astype(int),
        }
    )


def facts(
    patients: pd.DataFrame, every: pd.DataFrame, rows: pd.DataFrame, orders: pd.DataFrame
) -> dict[str, Any]:
    """Measured figures of this draw, for the summary and the datasheets."""
    base = every[every["number"] == 0].set_index("patient")
    filed = rows[rows["outcome"] != LOST]
    managed = patients[hypertensive(patients)]  # whose pressure is managed
    return {
        "limits": {
            "sbp": LIMIT,
            "sbp_elder": LIMIT_ELDER,
            "elder_from": ELDER_FROM,
            "dbp": LIMIT_LOW,
            "fpg": LIMIT_SUGAR,
        },
        "patients": _patients(patients, base["sbp"], filed),
        "visits": _visits(every[every["number"] > 0], filed, patients["age"]),
        "control": _control(managed),
        "strata": _strata(managed),
        "due": _due(orders),
    }


def _patients(patients: pd.DataFrame, baseline: pd.Series, filed: pd.DataFrame) -> dict[str, Any]:
    """Who was lost and who was seen; `baseline`: the upper pressure of each at the start."""
    lost, seen = patients["lost"], ~patients["lost"]
    year = filed[(filed["day"] > NOW - 365) & filed["mode"].isin([0, 2])]
    faces = year.groupby("patient").size().reindex(patients.index).fillna(0)
    whole_year = seen & (patients["enrolled"] <= NOW - 365)
    return {
        "lost": int(lost.sum()),
        "lost_share": percent(lost.mean()),
        "seen": int(seen.sum()),
        "critical_lost": percent((patients["severity"][lost] == CRITICAL).mean()),
        "critical_seen": percent((patients["severity"][seen] == CRITICAL).mean()),
        "baseline_sbp_lost": round(float(baseline[lost].mean()), 1),
        "baseline_sbp_seen": round(float(baseline[seen].mean()), 1),
        "four_faces": percent((faces[whole_year] >= 4).mean()),
        "whole_year": int(whole_year.sum()),
        "no_consent": int((~patients["consent"]).sum()),
        "age_mean": round(float(patients["age"].mean()), 1),
        "age_spread": round(float(patients["age"].std()), 1),
    }


def _visits(visits: pd.DataFrame, filed: pd.DataFrame, age: pd.Series) -> dict[str, Any]:
    """All follow-ups as if nobody were lost beside those on file."""
    flat, by_age = over_limit(filed), over_limit(filed, filed["patient"].map(age))
    referred = filed["outcome"].isin([AGAIN, DANGER])
    return {
        "all": len(visits),
        "filed": len(filed),
        "high_all": percent(over_limit(visits).mean()),
        "high_filed": percent(flat.mean()),
        "by_age_filed": percent(by_age.mean()),
        "between_limits": int((flat & ~by_age).sum()),
        "carry_over": _carry_over(filed),
        "sbp_mean": round(float(filed["sbp"].mean()), 1),
        "sbp_spread": round(float(filed["sbp"].std()), 1),
        "dbp_mean": round(float(filed["dbp"].mean()), 1),
        "dbp_spread": round(float(filed["dbp"].std()), 1),
        "together": round(float(filed["sbp"].corr(filed["dbp"])), 2),
        "sugar_median": round(float(filed["fpg"].median()), 1),
        "referred": percent(referred.mean()),
        "referred_most": int(referred.groupby(filed["patient"]).sum().max()),
    }


def _control(managed: pd.DataFrame) -> dict[str, Any]:
    """The share in control at the review: of all, and as each way of treating the lost puts it."""
    control, seen = managed["controlled"].astype(float), ~managed["lost"]
    chance = seen.groupby(managed["stratum"]).transform("mean")
    return {
        "people": len(managed),
        "true": percent(control.mean()),
        "seen_only": percent(control[seen].mean()),
        "weighted": percent(np.average(control[seen], weights=1 / chance[seen])),
        "lost_as_failed": percent(control[seen].sum() / len(control)),
        "lost_only": percent(control[~seen].mean()),
    }


def _strata(managed: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Counts by severity and pressure at the start, as a trainee needs them for the weights."""
    found = {}
    for number, name in enumerate(f"{s}_{level}" for s in SEVERITIES for level in ("low", "high")):
        members = managed[managed["stratum"] == number]
        seen = members[~members["lost"]]
        found[name] = {"people": len(members), "seen": len(seen), "in_control": int(seen["controlled"].sum())}
    return found


def _due(orders: pd.DataFrame) -> dict[str, int]:
    """The due list at the as-of date."""
    overdue, hidden = orders["overdue"], orders["hidden"]
    return {
        "overdue": int(overdue.sum()),
        "hidden": int(hidden.sum()),
        "listed_overdue": int((overdue & ~hidden).sum()),
        "unreachable": int(orders["unreachable"].sum()),
        "routine": int((overdue & (orders["outcome"] == NORMAL)).sum()),
    }


def _carry_over(visits: pd.DataFrame) -> float:
    """Correlation of the upper pressure between a visit and the next."""
    ordered = visits.sort_values(["patient", "number"])
    return round(float(ordered["sbp"].corr(ordered.groupby("patient")["sbp"].shift(-1))), 2)
