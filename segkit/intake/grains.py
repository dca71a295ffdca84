"""What a table is of: orders, customers already totalled, or leads; told by its headings and the look of its values."""

from __future__ import annotations

from typing import Literal

from segkit.intake.headings import senses
from segkit.intake.looks import Look

Grain = Literal["orders", "customers", "leads"]
GRAINS: tuple[Grain, ...] = ("orders", "customers", "leads")
# of these a list of leads has one at least: since when, or how far
OF_LEADS = ("first_contact", "stage")
_SURE = 0.9
# a heading of one grain says so by these; the stronger ones count twice
_TELLS: dict[Grain, dict[str, int]] = {
    "orders": dict.fromkeys(
        ("line_id", "amount", "refund", "product_id", "quantity", "category", "status"), 1
    )
    | {"order_id": 2, "order_date": 2},
    "customers": dict.fromkeys(
        ("register_date", "grade", "industry", "consent_marketing", "opt_out_channels", "tags"), 1
    )
    | {"last_order": 2, "frequency": 2, "monetary": 2},
}
# headings of leads (线索), and those that say that a table is something else
_LEAD_TELLS = {"first_contact", "stage", "intent", "last_follow_up", "expected_amount"}
_NO_LEADS = {"order_id", "line_id", "order_date", "amount", "refund", "monetary", "frequency", "last_order"}
# an order has one of these, or at least a day and a sum of money under any heading
_ORDERLY = {"order_id", "line_id", "order_date", "amount", "refund"}


def _are_leads(columns: list[str]) -> bool:
    """Are these headings of leads: a lead's number and a day or a stage, or two columns only leads have?"""
    said = [s for column in columns for s in senses(column) if s.exact]
    whole = {s.field for s in said if s.level == 0}
    if whole & _NO_LEADS:
        return False
    dated = "lead_id" in whole and {s.field for s in said if s.level <= 1}.intersection(OF_LEADS)
    return bool(dated) or len(whole & _LEAD_TELLS) >= 2


def grain_of(columns: list[str], looks: dict[str, Look]) -> Grain:
    if _are_leads(columns):
        return "leads"
    if not _may_be_orders(columns, looks):
        return "customers"
    score: dict[Grain, int] = dict.fromkeys(_TELLS, 0)
    dated = False
    for column in columns:
        levels: dict[Grain, tuple[int, int]] = {}
        for sense in senses(column):
            for grain in _TELLS:
                if (tell := _TELLS[grain].get(sense.field)) and sense.level < levels.get(grain, (99, 0))[0]:
                    levels[grain] = (sense.level, tell)
            dated = dated or (sense.field == "order_date" and looks[column].date > 0.5)
        ordered = sorted(levels.items(), key=lambda item: item[1][0])
        if ordered and (len(ordered) == 1 or ordered[0][1][0] < ordered[1][1][0]):
            score[ordered[0][0]] += ordered[0][1][1]
    if score["orders"] == score["customers"]:
        return "orders" if dated or score["orders"] == 0 else "customers"
    return "orders" if score["orders"] > score["customers"] else "customers"


def _may_be_orders(columns: list[str], looks: dict[str, Look]) -> bool:
    """A plain list of customers (number, name, phone, owner) has neither a day nor a sum of money."""
    for column in columns:
        meanings = {s.field for s in senses(column) if s.field != "order_id" or s.level == 0}
        # a day on which something was created may be the customer's own
        if meanings & _ORDERLY - ({"order_date"} if "register_date" in meanings else set()):
            return True
    return any(look.date >= _SURE for look in looks.values()) and any(k.is_money() for k in looks.values())
