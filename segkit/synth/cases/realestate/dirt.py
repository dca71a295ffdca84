"""Dirt on leads and visits (判客, phones, 元 for 万元, blank grades), written down with the false referrals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from segkit.synth.calendar import days_from
from segkit.synth.cases.realestate.tree import START
from segkit.synth.dirt import Planter, at_scale, grouped, in_yuan
from segkit.synth.draws import Draws

PHONES, SECOND_PHONES = 90, 20  # misspelled; of these on second registrations, which plain equality misses
IN_YUAN, BLANK, AGES, EARLY = 25, 0.04, ("0", "199"), 12
ODD_AGES = 10


def dirty(
    draws: Draws, tables: Mapping[str, pd.DataFrame], frames: Mapping[str, pd.DataFrame], scale: float
) -> dict[str, Planter]:
    """The tables (text) that carry dirt or false rows; `frames` are the same tables as they were made."""
    return {
        "leads": _leads(draws, tables["leads"], frames["leads"], scale),
        "visits": _visits(draws, tables["visits"], frames["visits"], scale),
        "referrals": _referrals(draws, tables["referrals"], frames["referrals"]),
    }


def _leads(draws: Draws, table: pd.DataFrame, leads: pd.DataFrame, scale: float) -> Planter:
    planter = Planter(table, draws)
    again = leads["second"]
    first = leads[~again].set_index("person")["lead_id"]
    keys = leads.index[again]
    planter.note("fuzzy_duplicate", keys, "lead_id", list(first.loc[leads.loc[keys, "person"]]))
    some = at_scale(SECOND_PHONES, scale, 2)
    spelled = planter.take(some, where=again)
    both = leads["person"].isin(leads.loc[again, "person"])
    planter.free = planter.free.difference(leads.index[both])
    spelled = spelled.append(planter.take(at_scale(PHONES, scale, 4) - some))
    phones = list(table.loc[spelled, "phone"])
    planter.spoil("phone_format", spelled, "phone", [_spelled(i, p) for i, p in enumerate(phones)])
    keys = planter.take(at_scale(IN_YUAN, scale, 2))
    planter.spoil("amount_unit", keys, "budget_wan", list(table.loc[keys, "budget_wan"].map(in_yuan)))
    keys = planter.take(1, where=table["stated_odds"] != "")  # a small sample too blanks some odds
    keys = keys.append(planter.take(round(BLANK * len(table)) - 1))
    odds = keys[table.loc[keys, "stated_odds"] != ""]
    planter.spoil("grade_blank", keys, "grade_by_sales", [""] * len(keys))
    planter.spoil("odds_blank", odds, "stated_odds", [""] * len(odds))
    keys = planter.take(at_scale(ODD_AGES, scale, 2))
    planter.spoil("age_implausible", keys, "age", [AGES[i % 2] for i in range(len(keys))])
    return planter


def _spelled(i: int, phone: str) -> str:
    """The same number as somebody else types it."""
    return (grouped(phone), f"+86{phone}", f"+86 {grouped(phone)}", f" {phone}")[i % 4]


def _visits(draws: Draws, table: pd.DataFrame, visits: pd.DataFrame, scale: float) -> Planter:
    """Visits that seem to come before the first contact: somebody mistyped the date."""
    planter = Planter(table, draws)
    n = at_scale(EARLY, scale, 2)
    keys = planter.take(n, where=(visits["contact"] >= 60) & ~visits["second"])
    wrong = days_from(START, visits.loc[keys, "contact"].to_numpy() - draws.integers(3, 40, n))
    planter.spoil("visit_before_contact", keys, "visit_date", [dt.date.isoformat(day) for day in wrong])
    return planter


def _referrals(draws: Draws, table: pd.DataFrame, referrals: pd.DataFrame) -> Planter:
    """The false introductions, which stand there as they were made."""
    planter = Planter(table, draws)
    for reason in ("self_referral", "referral_cycle"):
        keys = table.index[referrals["planted"] == reason]
        planter.note(reason, keys, "referrer_id", [""] * len(keys))
    return planter
