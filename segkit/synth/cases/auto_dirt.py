"""Dirt on the dealer's tables, and the structures planted in them; all written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from segkit.synth.calendar import AS_OF, excel_serial
from segkit.synth.cases.auto_process import CASE
from segkit.synth.dirt import Planter, full_width
from segkit.synth.draws import Draws
from segkit.synth.people import Invented
from segkit.synth.tables import written

# rows of the sample that carry each defect
COPIED, SERIAL, IMPOSSIBLE, FUTURE, WIDE = 78, 40, 8, 6, 12  # contacts
TWINS, SPELLED, PHONE_FORMAT, PHONE_FLOAT, YUAN, NO_AMOUNT, OWNERLESS = 20, 30, 30, 12, 20, 8, 24  # leads
COPIED_ORDERS, YUAN_ORDERS = 4, 5
PLANTED = ("stale_grade", "drifted_grade", "self_referral", "late_claim")
YUAN_A_WAN = 10_000


WISHES = [
    "phone",
    "model_interest",
    "budget_wan",
    "trade_in",
    "consent_marketing",
]  # a second lead repeats them
WEEKS_APART = 28  # days between two leads of one person, at most
REACH = 50  # rows a copy may stand below its original


@dataclass(frozen=True)
class Dirty:
    """The tables as written to the files, and the two ledgers."""

    tables: dict[str, pd.DataFrame]
    defects: pd.DataFrame
    planted: pd.DataFrame


def dirty(
    draws: Draws, invented: Invented, clean: dict[str, pd.DataFrame], truth: pd.DataFrame, scale: float
) -> Dirty:
    """Spoil the tables; `clean` holds dates and numbers, one row per record."""

    def count(n: int) -> int:
        return max(1, round(n * scale))

    planters = {name: Planter(written(CASE, name, frame), draws) for name, frame in clean.items()}
    bought = set(clean["orders"]["lead_id"])
    _leads(planters["leads"], invented, truth, bought, count)
    _contacts(planters["contacts"], clean["contacts"], count)
    _orders(planters["orders"], clean["orders"], count)
    referrals = planters["referrals"]
    for kind, reason in ((1, "self_referral"), (2, "late_claim")):
        keys = referrals.frame.index[clean["referrals"]["kind"] == kind]
        referrals.note(reason, keys, "lead_id", [""] * len(keys))
    tables, ledgers = {}, []
    for name, planter in planters.items():
        keys = planter.file_order(REACH)
        tables[name] = planter.frame.loc[keys].reset_index(drop=True)
        ledgers.append(planter.ledger(keys, file=f"{name}.csv", first_row=2))
    ledger = pd.concat(ledgers, ignore_index=True)
    structure = ledger["reason"].isin(PLANTED)
    return Dirty(tables, ledger[~structure].reset_index(drop=True), ledger[structure].reset_index(drop=True))


def _leads(
    planter: Planter,
    invented: Invented,
    truth: pd.DataFrame,
    bought: set[str],
    count: Callable[[int], int],
) -> None:
    frame = planter.frame
    for reason, state in (("stale_grade", "stale"), ("drifted_grade", "drifted")):
        keys = frame.index[truth["grade_is"] == state]
        due = truth.loc[keys, "due_level"].replace("expired", "")
        planter.note(reason, keys, "level_current", list(due))
    fresh = frame["level_current"].isin(["H", "A", "B", "C"]) & ~truth["grade_is"].isin(["stale", "drifted"])
    keys = planter.take(count(SPELLED), fresh)
    planter.spoil(
        "grade_spelling",
        keys,
        "level_current",
        [_spelled(frame.at[k, "level_current"], i, invented) for i, k in enumerate(keys)],
    )
    _second_leads(planter, bought, count(TWINS))
    keys = planter.take(count(PHONE_FORMAT))
    planter.spoil(
        "phone_format", keys, "phone", [_phone(frame.at[k, "phone"], i) for i, k in enumerate(keys)]
    )
    keys = planter.take(count(PHONE_FLOAT))
    planter.spoil("phone_float", keys, "phone", [f"{float(frame.at[k, 'phone']):.2E}" for k in keys])
    keys = planter.take(count(YUAN))
    planter.spoil("amount_unit", keys, "budget_wan", [_in_yuan(frame.at[k, "budget_wan"]) for k in keys])
    keys = planter.take(count(NO_AMOUNT))
    planter.spoil("bad_amount", keys, "budget_wan", [invented.phrase(CASE, "open_budget")] * len(keys))
    keys = planter.take(count(OWNERLESS))
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
        apart = (day - day[first]).dt.days
        alike = frame["level_initial"] == frame.at[first, "level_initial"]
        choices = [
            other & apart.between(1, WEEKS_APART) & alike,
            other & apart.between(1, WEEKS_APART),
            other,
        ]
        where = next(w for w in choices if len(planter.free.intersection(frame.index[w])))
        second = planter.take(1, where)[0]
        frame.loc[second, WISHES] = frame.loc[first, WISHES]
        planter.note("fuzzy_duplicate", [second], "lead_id", [frame.at[first, "lead_id"]])


def _contacts(planter: Planter, clean: pd.DataFrame, count: Callable[[int], int]) -> None:
    frame = planter.frame
    running = frame["next_due"] != ""  # the day can then be worked out from the next due date
    copied = planter.take(count(COPIED))
    keys = planter.take(count(SERIAL))
    planter.spoil(
        "excel_serial", keys, "contact_date", [str(excel_serial(clean.at[k, "contact_date"])) for k in keys]
    )
    keys = planter.take(count(IMPOSSIBLE), running)
    planter.spoil(
        "bad_date",
        keys,
        "contact_date",
        [_impossible(frame.at[k, "contact_date"], i) for i, k in enumerate(keys)],
    )
    keys = planter.take(count(FUTURE), running)
    planter.spoil(
        "after_as_of",
        keys,
        "contact_date",
        [f"{AS_OF.year + 1}{frame.at[k, 'contact_date'][4:]}" for k in keys],
    )
    keys = planter.take(count(WIDE), frame["expected_days"] != "")
    planter.spoil(
        "full_width", keys, "expected_days", [full_width(frame.at[k, "expected_days"]) for k in keys]
    )
    planter.copy_rows("duplicate", list(copied), "contact_id")


def _orders(planter: Planter, clean: pd.DataFrame, count: Callable[[int], int]) -> None:
    frame = planter.frame
    keys = frame.index[clean["state"] == 3]
    planter.note("cancelled", keys, "status", list(frame.loc[keys, "status"]))
    planter.free = planter.free.difference(keys)
    keys = planter.take(count(YUAN_ORDERS))
    planter.spoil("amount_unit", keys, "price_wan", [_in_yuan(frame.at[k, "price_wan"]) for k in keys])
    planter.copy_rows("duplicate", list(planter.take(count(COPIED_ORDERS))), "order_id")


def _spelled(letter: str, i: int, invented: Invented) -> str:
    forms = (letter.lower(), full_width(letter), invented.phrase(CASE, "class").format(letter))
    return forms[i % len(forms)]


def _phone(number: str, i: int) -> str:
    forms = (
        f"{number[:3]} {number[3:7]} {number[7:]}",
        f"+86{number}",
        f"{number[:3]}-{number[3:7]}-{number[7:]}",
    )
    return forms[i % len(forms)]


def _impossible(day: str, i: int) -> str:
    return (f"{day[:4]}-02-30", f"{day[:4]}-13-{day[8:]}", f"{day[:4]}-{day[5:7]}-32")[i % 3]


def _in_yuan(wan: str) -> str:
    return str(round(float(wan) * YUAN_A_WAN))
