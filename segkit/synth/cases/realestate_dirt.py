"""Dirt on leads and visits (判客, phones, 元 for 万元, blank grades), written down with the false referrals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from segkit.synth.calendar import days_from
from segkit.synth.cases.realestate_tree import START
from segkit.synth.dirt import Planter
from segkit.synth.draws import Draws

PHONES, SECOND_PHONES = 90, 20  # misspelled; of these on second registrations, which plain equality misses
IN_YUAN, BLANK, AGES, EARLY = 25, 0.04, ("0", "199"), 12
ODD_AGES = 10
STRUCTURES = (  # cleaning has no word for these
    "grade_blank",
    "odds_blank",
    "age_implausible",
    "visit_before_contact",
    "self_referral",
    "referral_cycle",
)


def dirty(
    draws: Draws, tables: Mapping[str, pd.DataFrame], frames: Mapping[str, pd.DataFrame], scale: float
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """The tables (text) with their dirt, and the ledgers `defects` and `planted`."""
    leads = _leads(draws, tables["leads"], frames["leads"], scale)
    visits = _visits(draws, tables["visits"], frames["visits"], scale)
    referrals = Planter(tables["referrals"], draws)
    for reason in ("self_referral", "referral_cycle"):
        keys = referrals.frame.index[frames["referrals"]["planted"] == reason]
        referrals.note(reason, keys, "referrer_id", [""] * len(keys))
    planters = {"leads": leads, "visits": visits, "referrals": referrals}
    ledger = pd.concat(
        [p.ledger(p.frame.index.to_list(), file=f"{name}.csv", first_row=2) for name, p in planters.items()],
        ignore_index=True,
    )
    structure = ledger["reason"].isin(STRUCTURES)
    spoiled = {name: planters[name].frame if name in planters else table for name, table in tables.items()}
    return spoiled, {"defects": ledger[~structure], "planted": ledger[structure]}


def _leads(draws: Draws, table: pd.DataFrame, leads: pd.DataFrame, scale: float) -> Planter:
    planter = Planter(table, draws)
    again = leads["second"]
    first = leads[~again].set_index("person")["lead_id"]
    keys = leads.index[again]
    planter.note("fuzzy_duplicate", keys, "lead_id", list(first.loc[leads.loc[keys, "person"]]))
    some = max(2, round(SECOND_PHONES * scale))
    spelled = planter.take(some, where=again)
    both = leads["person"].isin(leads.loc[again, "person"])
    planter.free = planter.free.difference(leads.index[both])
    spelled = spelled.append(planter.take(max(4, round(PHONES * scale)) - some))
    phones = list(table.loc[spelled, "phone"])
    planter.spoil("phone_format", spelled, "phone", [_spelled(i, p) for i, p in enumerate(phones)])
    keys = planter.take(max(2, round(IN_YUAN * scale)))
    planter.spoil("amount_unit", keys, "budget_wan", list(table.loc[keys, "budget_wan"] + "0000"))
    keys = planter.take(1, where=table["stated_odds"] != "")  # a small sample too blanks some odds
    keys = keys.append(planter.take(round(BLANK * len(table)) - 1))
    odds = keys[table.loc[keys, "stated_odds"] != ""]
    planter.spoil("grade_blank", keys, "grade_by_sales", [""] * len(keys))
    planter.spoil("odds_blank", odds, "stated_odds", [""] * len(odds))
    keys = planter.take(max(2, round(ODD_AGES * scale)))
    planter.spoil("age_implausible", keys, "age", [AGES[i % 2] for i in range(len(keys))])
    return planter


def _spelled(i: int, phone: str) -> str:
    """The same number as somebody else types it."""
    grouped = f"{phone[:3]} {phone[3:7]} {phone[7:]}"
    return (grouped, f"+86{phone}", f"+86 {grouped}", f" {phone}")[i % 4]


def _visits(draws: Draws, table: pd.DataFrame, visits: pd.DataFrame, scale: float) -> Planter:
    """Visits that seem to come before the first contact: somebody mistyped the date."""
    planter = Planter(table, draws)
    n = max(2, round(EARLY * scale))
    keys = planter.take(n, where=(visits["contact"] >= 60) & ~visits["second"])
    wrong = days_from(START, visits.loc[keys, "contact"].to_numpy() - draws.integers(3, 40, n))
    planter.spoil("visit_before_contact", keys, "visit_date", [dt.date.isoformat(day) for day in wrong])
    return planter
