"""What is true of reps, firms and members; the dirt on the tables; the numbers the datasheet quotes."""

from __future__ import annotations

from typing import Any

import pandas as pd

from segkit.synth.cases.alibaba_firms import CASE, ODDS, ONBOARD_DAYS, START, date
from segkit.synth.cases.alibaba_pool import PRIVATE
from segkit.synth.cases.alibaba_survey import BASE, ONBOARDING
from segkit.synth.cases.alibaba_visits import (
    COOL_DAYS,
    DEAL_DAYS,
    EFFECTIVE_CALL,
    EFFECTIVE_MINUTES,
    SILENT_DAYS,
)
from segkit.synth.dictionary import columns
from segkit.synth.dirt import LEDGER, Planter
from segkit.synth.draws import Draws
from segkit.synth.people import Names

COPIES, IN_YUAN, PHONES = 30, 12, 20
DIRT = ("duplicate", "fuzzy_duplicate", "amount_unit", "phone_format")  # the others are structures


def dirty(
    draws: Draws,
    tables: dict[str, pd.DataFrame],
    frame: pd.DataFrame,
    pool: pd.DataFrame,
    entries: pd.DataFrame,
    number: pd.Series,
    scale: float,
    names: Names,
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """The tables as they go into the files, and the two ledgers: defects, and planted structures."""

    def some(n: int) -> int:
        return max(1, round(n * scale))

    suppliers = Planter(tables["suppliers"], draws)
    second = frame.index[frame["group"] == "second"]
    suppliers.note("fuzzy_duplicate", second, "company_id", list(number[frame.loc[second, "first"]]))
    twins = list(draws.some(second.to_numpy(), max(1, some(PHONES) // 2)))
    alone = pd.Series(~suppliers.frame.index.isin(second), index=suppliers.frame.index)
    keys = [*twins, *suppliers.take(some(PHONES) - len(twins), alone)]
    shapes = ("{0}-{1}-{2}", "{0} {1} {2}", "+86 {0}{1}{2}")
    phones = [suppliers.frame.at[k, "phone"] for k in keys]
    odd = [shapes[i % 3].format(p[:3], p[3:7], p[7:]) for i, p in enumerate(phones)]
    suppliers.spoil("phone_format", keys, "phone", odd)
    _note_pool(suppliers, frame, pool, names)

    visits = Planter(tables["visits"], draws)
    false = entries.index[entries["kind"] == "fake"]
    visits.note("fake_visit", false, "visit_id", [""] * len(false))
    visits.copy_rows("duplicate", list(visits.take(some(COPIES), entries["kind"] != "fake")), "visit_id")
    order = visits.frame["visit_id"].sort_values(kind="stable").index  # a copy stands below its original

    contracts = Planter(tables["contracts"], draws)
    keys = contracts.take(some(IN_YUAN))
    yuan = [f"{float(contracts.frame.at[k, 'amount_wan']) * 10_000:.0f}" for k in keys]
    contracts.spoil("amount_unit", keys, "amount_wan", yuan)

    out = {
        **tables,
        "suppliers": suppliers.frame,
        "visits": visits.frame.loc[order],
        "contracts": contracts.frame,
    }
    ledger = pd.concat(
        [
            planter.ledger(list(out[name].index), file=f"{name}.csv", first_row=2)
            for name, planter in (("suppliers", suppliers), ("visits", visits), ("contracts", contracts))
        ],
        ignore_index=True,
    )[LEDGER]
    dirt = ledger["reason"].isin(DIRT)
    return out, {"defects": ledger[dirt], "planted": ledger[~dirt]}


def _note_pool(planter: Planter, frame: pd.DataFrame, pool: pd.DataFrame, names: Names) -> None:
    """Where status or date of protection is not what the rules give."""
    said = columns(CASE, "suppliers")["pool_status"].said
    wrong = frame.index[frame["judged"] == "wrong"]
    planter.note("wrong_release", wrong, "pool_status", list(said(names, pool.loc[wrong, "true_status"])))
    off = (pool["status"] == PRIVATE) & (pool["protect"] != pool["true_protect"])
    for reason, where in {
        "past_protection": frame["judged"] == "past",
        "fake_protection": frame["group"] == "faked",
        "protection_too_long": off & (frame["judged"] != "past") & (frame["group"] != "faked"),
    }.items():
        keys = frame.index[where]
        true = [date(d).isoformat() for d in pool.loc[keys, "true_protect"]]
        planter.note(reason, keys, "protect_until", true)


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
    said = {0: "private", 1: "public", 2: "locked", 3: "signed"}
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
            "true_status": pool["true_status"].map(said),
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


def facts_of(
    staff: pd.DataFrame,
    frame: pd.DataFrame,
    pool: pd.DataFrame,
    model: pd.DataFrame,
    entries: pd.DataFrame,
    sold: pd.DataFrame,
    answers: pd.DataFrame,
) -> dict[str, Any]:
    """What was planted and what came out, as plain rounded numbers."""
    developed = frame[~frame["group"].isin(["member", "second"])]
    signed = int(model["signed"].sum())
    honest = ~staff["fake"].to_numpy()[entries["rep"]]
    real, false = entries[honest], entries[entries["kind"] == "fake"]
    shares = real["kind"].size
    purpose = real["purpose"].value_counts(normalize=True)
    days = entries.groupby(["rep", "visit_date"]).size().groupby("rep").mean()
    count = entries.groupby("rep").size()
    fakers = staff["fake"].to_numpy()
    cooled = model["cooled"] == 1
    more = model["visits"] > 1
    rate = model["signed"]
    tier = sold.set_index("firm")["tier"]
    status = pool.loc[frame["group"] != "member", "status"].value_counts()
    return {
        "parameters": {"log_odds": ODDS, "csat_by_tier": list(BASE), "onboarding_csat": ONBOARDING},
        "developed_records": int((frame["group"] != "member").sum()),
        "developed_firms": len(developed),
        "earlier_members": int((frame["group"] == "member").sum()),
        "worked_firms": len(model),
        "idle_firms": int((frame["group"] == "idle").sum()),
        "silent_firms": int((frame["fate"] == "silent").sum()),
        "ninety_firms": int((frame["fate"] == "ninety").sum()),
        "firms_of_fakers": int((frame["group"] == "faked").sum()),
        "from": START.isoformat(),
        "signed": signed,
        "sign_share": round(signed / len(developed), 4),
        "signed_before": int((~sold["new"]).sum()),
        "sign_share_worked": round(signed / len(model), 4),
        "cooled_share": round(float(cooled.mean()), 4),
        "sign_share_cooled": round(float(rate[cooled & more].mean()), 4),
        "sign_share_warm": round(float(rate[~cooled & more].mean()), 4),
        "pool": {
            name: int(status.get(place, 0))
            for place, name in enumerate(("private", "public", "locked", "signed"))
        },
        "visits": {
            "honest": len(real),
            "fake": len(false),
            "unrecorded_share": round(float((real["firm"] < 0).sum() / shares), 4),
            "purposes": [round(float(share), 4) for share in purpose.reindex(_purposes(purpose)).to_numpy()],
            "a_day_honest": round(float(days[~fakers].mean()), 2),
            "a_day_fake": round(float(days[fakers].mean()), 2),
            "median_minutes_honest": round(float(real["minutes"].median()), 1),
            "median_minutes_fake": round(float(false["minutes"].median()), 1),
            "most_honest": int(count[~fakers].max()),
            "least_fake": int(count[fakers].min()),
        },
        "survey": {
            "csat_per_visit": _hundredths(_slope(answers["visits"], answers["csat"])),
            "csat_per_visit_within": _hundredths(_within(answers, tier)),
            "csat_early": round(float(answers.loc[answers["onboarded"], "csat"].mean()), 2),
            "csat_late": round(float(answers.loc[~answers["onboarded"], "csat"].mean()), 2),
            "by_tier": {
                str(name): {
                    "n": len(part),
                    "visits": round(float(part["visits"].mean()), 2),
                    "csat": round(float(part["csat"].mean()), 2),
                    "early": round(float(part["onboarded"].mean()), 3),
                }
                for name, part in answers.groupby(tier.reindex(answers.index))
            },
        },
        "rules": {
            "minutes": EFFECTIVE_MINUTES,
            "call_minutes": EFFECTIVE_CALL,
            "silent_days": SILENT_DAYS,
            "deal_days": DEAL_DAYS,
            "cool_days": COOL_DAYS,
            "onboard_days": ONBOARD_DAYS,
        },
    }


def _purposes(counted: pd.Series) -> list[str]:
    """The purposes in the order of the dictionary, in whichever language they stand."""
    for pair in zip(*columns(CASE, "visits")["purpose"].allowed, strict=True):
        if set(pair) >= set(counted.index):
            return list(pair)
    raise ValueError(list(counted.index))


def _slope(x: pd.Series, y: pd.Series) -> float:
    """Least squares: points of y for one more x."""
    dx = x - x.mean()
    return round(float((dx * (y - y.mean())).sum() / (dx**2).sum()), 3)


def _hundredths(x: float) -> float:
    """Two decimals, never -0.00."""
    return round(x, 2) + 0.0


def _within(answers: pd.DataFrame, tier: pd.Series) -> float:
    """The slope within tiers: both sides less the mean of their tier."""
    group = tier.reindex(answers.index)
    means = answers.groupby(group)[["visits", "csat"]].transform("mean")
    return _slope(answers["visits"] - means["visits"], answers["csat"] - means["csat"])
