"""Dirt on the dealer's tables, and the structures planted in them; all written down."""

from __future__ import annotations

import pandas as pd

from segkit.synth.calendar import excel_serial
from segkit.synth.cases.auto.process import CASE
from segkit.synth.dirt import Planter, at_scale, full_width, grouped, in_yuan, letter_spelled, year_late
from segkit.synth.draws import Draws
from segkit.synth.people import Invented
from segkit.synth.tables import written

# rows of the sample that carry each defect
COPIED, SERIAL, IMPOSSIBLE, FUTURE, WIDE = 78, 40, 8, 6, 12  # contacts
TWINS, SPELLED, PHONE_FORMAT, PHONE_FLOAT, YUAN, NO_AMOUNT, OWNERLESS = 20, 30, 30, 12, 20, 8, 24  # leads
COPIED_ORDERS, YUAN_ORDERS = 4, 5
# a second lead of the same person repeats these
WISHES = ["phone", "model_interest", "budget_wan", "trade_in", "consent_marketing"]
DAYS_APART = 28  # days between two leads of one person, at most
REACH = 50  # rows a copy may stand below its original


def dirty(
    draws: Draws, invented: Invented, clean: dict[str, pd.DataFrame], truth: pd.DataFrame, scale: float
) -> dict[str, Planter]:
    """The tables spoiled; `clean` holds dates and numbers, one row per record."""
    planters = {name: Planter(written(CASE, name, frame), draws, REACH) for name, frame in clean.items()}
    leads, referrals = planters["leads"], planters["referrals"]
    _moved_on(leads, truth)
    _leads(leads, invented, truth, set(clean["orders"]["lead_id"]), scale)
    _contacts(planters["contacts"], clean["contacts"], scale)
    _orders(planters["orders"], clean["orders"], scale)
    for kind, reason in ((1, "self_referral"), (2, "late_claim")):
        keys = referrals.frame.index[clean["referrals"]["kind"] == kind]
        referrals.note(reason, keys, "lead_id", [""] * len(keys))
    return planters


def _moved_on(planter: Planter, truth: pd.DataFrame) -> None:
    """Where the grade in the table is not the one that is due: nothing in them is a wrong cell."""
    for reason, state in (("stale_grade", "stale"), ("drifted_grade", "drifted")):
        keys = planter.frame.index[truth["grade_is"] == state]
        due = truth.loc[keys, "due_level"].replace("expired", "")
        planter.note(reason, keys, "level_current", list(due))


def _leads(planter: Planter, invented: Invented, truth: pd.DataFrame, bought: set[str], scale: float) -> None:
    frame = planter.frame
    fresh = frame["level_current"].isin(["H", "A", "B", "C"]) & ~truth["grade_is"].isin(["stale", "drifted"])
    keys, words = planter.take(at_scale(SPELLED, scale), fresh), invented.phrase(CASE, "class")
    letters = frame.loc[keys, "level_current"]
    spelled = [letter_spelled(letter, i, words) for i, letter in enumerate(letters)]
    planter.spoil("grade_spelling", keys, "level_current", spelled)
    _second_leads(planter, bought, at_scale(TWINS, scale))
    keys = planter.take(at_scale(PHONE_FORMAT, scale))
    formed = [_phone(number, i) for i, number in enumerate(frame.loc[keys, "phone"])]
    planter.spoil("phone_format", keys, "phone", formed)
    keys = planter.take(at_scale(PHONE_FLOAT, scale))
    planter.spoil("phone_float", keys, "phone", [f"{float(v):.2E}" for v in frame.loc[keys, "phone"]])
    keys = planter.take(at_scale(YUAN, scale))
    planter.spoil("amount_unit", keys, "budget_wan", [in_yuan(v) for v in frame.loc[keys, "budget_wan"]])
    keys = planter.take(at_scale(NO_AMOUNT, scale))
    planter.spoil("bad_amount", keys, "budget_wan", [invented.phrase(CASE, "open_budget")] * len(keys))
    keys = planter.take(at_scale(OWNERLESS, scale))
    planter.spoil("owner_missing", keys, "consultant_id", [""] * len(keys))


def _second_leads(planter: Planter, bought: set[str], n: int) -> None:
    """One person registered by two consultants within weeks: the later lead has the phone and wishes of the earlier.

    The later one has not ordered: nobody buys the same car twice.
    """
    frame = planter.frame
    day = pd.to_datetime(frame["first_contact"])
    idle = ~frame["lead_id"].isin(bought)
    firsts = planter.take(n, pd.Series(frame.index < len(frame) // 2, index=frame.index))
    for first in firsts:
        other = (frame["consultant_id"] != frame.at[first, "consultant_id"]) & (frame.index > first) & idle
        near = other & (day - day[first]).dt.days.between(1, DAYS_APART)
        alike = frame["level_initial"] == frame.at[first, "level_initial"]
        where = next(w for w in (near & alike, near, other) if len(planter.free.intersection(frame.index[w])))
        second = planter.take(1, where)[0]
        frame.loc[second, WISHES] = frame.loc[first, WISHES]
        planter.note("fuzzy_duplicate", [second], "lead_id", [frame.at[first, "lead_id"]])


def _contacts(planter: Planter, clean: pd.DataFrame, scale: float) -> None:
    frame = planter.frame
    running = frame["next_due"] != ""  # the day can then be worked out from the next due date
    copied = planter.take(at_scale(COPIED, scale))
    keys = planter.take(at_scale(SERIAL, scale))
    serial = [str(excel_serial(day)) for day in clean.loc[keys, "contact_date"]]
    planter.spoil("excel_serial", keys, "contact_date", serial)
    keys = planter.take(at_scale(IMPOSSIBLE, scale), running)
    impossible = [_impossible(day, i) for i, day in enumerate(frame.loc[keys, "contact_date"])]
    planter.spoil("bad_date", keys, "contact_date", impossible)
    keys = planter.take(at_scale(FUTURE, scale), running)
    late = [year_late(day) for day in frame.loc[keys, "contact_date"]]
    planter.spoil("after_as_of", keys, "contact_date", late)
    keys = planter.take(at_scale(WIDE, scale), frame["expected_days"] != "")
    wide = [full_width(days) for days in frame.loc[keys, "expected_days"]]
    planter.spoil("full_width", keys, "expected_days", wide)
    planter.copy_rows("duplicate", list(copied), "contact_id")


def _orders(planter: Planter, clean: pd.DataFrame, scale: float) -> None:
    frame = planter.frame
    keys = frame.index[clean["state"] == 3]
    planter.note("cancelled", keys, "status", list(frame.loc[keys, "status"]))
    planter.free = planter.free.difference(keys)
    keys = planter.take(at_scale(YUAN_ORDERS, scale))
    planter.spoil("amount_unit", keys, "price_wan", [in_yuan(v) for v in frame.loc[keys, "price_wan"]])
    planter.copy_rows("duplicate", list(planter.take(at_scale(COPIED_ORDERS, scale))), "order_id")


def _phone(number: str, i: int) -> str:
    return (grouped(number), f"+86{number}", grouped(number, "-"))[i % 3]


def _impossible(day: str, i: int) -> str:
    return (f"{day[:4]}-02-30", f"{day[:4]}-13-{day[8:]}", f"{day[:4]}-{day[5:7]}-32")[i % 3]
