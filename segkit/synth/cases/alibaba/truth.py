"""What is true of reps, firms and members; the numbers the datasheet quotes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.cases.alibaba.firms import CASE, ODDS, ONBOARD_DAYS, START, date
from segkit.synth.cases.alibaba.survey import BASE, ONBOARDING
from segkit.synth.cases.alibaba.visits import (
    COOL_DAYS,
    DEAL_DAYS,
    EFFECTIVE_CALL,
    EFFECTIVE_MINUTES,
    SILENT_DAYS,
)
from segkit.synth.dictionary import columns
from segkit.synth.measures import share, slope
from segkit.synth.people import Names

STATUS = ("private", "public", "locked", "signed")  # in the order of the places in the pool


def truths(
    staff: pd.DataFrame,
    frame: pd.DataFrame,
    pool: pd.DataFrame,
    model: pd.DataFrame,
    sold: pd.DataFrame,
    answers: pd.DataFrame,
    number: pd.Series,
) -> dict[str, pd.DataFrame]:
    """Truth by rep, by firm and by member."""
    by_firm = pd.DataFrame(
        {
            "company_id": number,
            "firm_id": number[frame["first"]].to_numpy(),
            "group": frame["group"],
            "effective_visits": model["visits"].reindex(frame.index).astype("Int64"),
            "longest_gap_days": model["gap"].where(model["visits"] > 1).reindex(frame.index).astype("Int64"),
            "sign_chance": model["chance"].reindex(frame.index).round(6),
            "signed": model["signed"].astype(int).reindex(frame.index).astype("Int64"),
            "true_protect_until": ["" if pd.isna(d) else date(d).isoformat() for d in pool["true_protect"]],
            "true_status": pool["true_status"].map(dict(enumerate(STATUS))),
        }
    ).sort_values("company_id", ignore_index=True)
    by_member = pd.DataFrame(
        {
            "company_id": number[answers.index],
            "tier": sold.set_index("firm").loc[answers.index, "tier"],
            "contact_within_7_days": answers["onboarded"].astype(int),
            "visits": answers["visits"],
            "expected_csat": answers["expected"].round(2),
        }
    ).sort_values("company_id", ignore_index=True)
    by_rep = staff[["rep_id"]].assign(fake=staff["fake"].astype(int))
    return {"reps": by_rep, "suppliers": by_firm, "members": by_member}


def facts(
    staff: pd.DataFrame,
    frame: pd.DataFrame,
    pool: pd.DataFrame,
    model: pd.DataFrame,
    entries: pd.DataFrame,
    sold: pd.DataFrame,
    answers: pd.DataFrame,
    names: Names,
) -> dict[str, Any]:
    """What was planted and what came out, as plain rounded numbers."""
    group, fate = frame["group"], frame["fate"]
    developed = ~group.isin(["member", "second"])
    signed = model["signed"]
    cooled = model["cooled"] == 1
    more = model["visits"] > 1
    status = pool.loc[group != "member", "status"].value_counts()
    return {
        "parameters": {"log_odds": ODDS, "csat_by_tier": list(BASE), "onboarding_csat": ONBOARDING},
        "developed_records": int((group != "member").sum()),
        "developed_firms": int(developed.sum()),
        "earlier_members": int((group == "member").sum()),
        "worked_firms": len(model),
        "idle_firms": int((group == "idle").sum()),
        "silent_firms": int((fate == "silent").sum()),
        "ninety_firms": int((fate == "ninety").sum()),
        "firms_of_fakers": int((group == "faked").sum()),
        "from": START.isoformat(),
        "signed": int(signed.sum()),
        "sign_share": round(float(signed.sum() / developed.sum()), 4),
        "signed_before": int((~sold["new"]).sum()),
        "sign_share_worked": share(signed),
        "cooled_share": share(cooled),
        "sign_share_cooled": share(signed[cooled & more]),
        "sign_share_warm": share(signed[~cooled & more]),
        "pool": {name: int(status.get(place, 0)) for place, name in enumerate(STATUS)},
        "visits": _visits(staff["fake"].to_numpy(), entries, names),
        "survey": _survey(answers, sold.set_index("firm")["tier"].reindex(answers.index)),
        "rules": {
            "minutes": EFFECTIVE_MINUTES,
            "call_minutes": EFFECTIVE_CALL,
            "silent_days": SILENT_DAYS,
            "deal_days": DEAL_DAYS,
            "cool_days": COOL_DAYS,
            "onboard_days": ONBOARD_DAYS,
        },
    }


def _visits(fakers: np.ndarray, entries: pd.DataFrame, names: Names) -> dict[str, Any]:
    """The log of the honest reps beside that of the `fakers` (one flag for each rep)."""
    honest, false = entries[~fakers[entries["rep"]]], entries[entries["kind"] == "fake"]
    purpose = honest["purpose"].value_counts(normalize=True)
    days = entries.groupby(["rep", "visit_date"]).size().groupby("rep").mean()
    count = entries.groupby("rep").size()
    purposes = columns(CASE, "visits")["purpose"].values(names)
    return {
        "honest": len(honest),
        "fake": len(false),
        "unrecorded_share": share(honest["firm"] < 0),
        "purposes": [round(float(part), 4) for part in purpose.reindex(purposes)],
        "a_day_honest": round(float(days[~fakers].mean()), 2),
        "a_day_fake": round(float(days[fakers].mean()), 2),
        "median_minutes_honest": round(float(honest["minutes"].median()), 1),
        "median_minutes_fake": round(float(false["minutes"].median()), 1),
        "most_honest": int(count[~fakers].max()),
        "least_fake": int(count[fakers].min()),
    }


def _survey(answers: pd.DataFrame, tier: pd.Series) -> dict[str, Any]:
    """Satisfaction over visits, over all and within tiers (both sides less the mean of their tier)."""
    visits, csat, early = answers["visits"], answers["csat"], answers["onboarded"]
    within = answers[["visits", "csat"]] - answers.groupby(tier)[["visits", "csat"]].transform("mean")
    return {
        "csat_per_visit": round(slope(visits, csat), 2) + 0.0,  # never -0.00
        "csat_per_visit_within": round(slope(within["visits"], within["csat"]), 2) + 0.0,
        "csat_early": round(float(csat[early].mean()), 2),
        "csat_late": round(float(csat[~early].mean()), 2),
        "by_tier": {
            str(name): {
                "n": len(part),
                "visits": round(float(part["visits"].mean()), 2),
                "csat": round(float(part["csat"].mean()), 2),
                "early": share(part["onboarded"], 3),
            }
            for name, part in answers.groupby(tier)
        },
    }
