"""What stands in a customer file (客户档案), in which block, and which source leads: data, not code.

The blocks are those of the sources: who it is (基本信息), what they bought (购买行为), what they need (需求和偏好);
beside them what was talked about, how they are classified and what comes next. A column is held only for a
purpose (最小必要, PIPL art. 6): no phone, e-mail or address, no remark, no tag, and of the client's own columns
only those that a rule reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

BLOCKS = ("basic", "behaviour", "needs", "contacts", "label", "next", "change")
# the first that says something is taken; what was bought is counted from the orders where there are any
PRECEDENCE = ("customers", "orders", "leads", "derived")
PRECEDENCE_BOUGHT = ("orders", "customers", "derived")

# field -> unit, in the order they stand
BASIC = {
    "name": "text",
    "province": "text",
    "city": "text",
    "industry": "text",
    "channel": "text",
    "grade": "text",
    "owner": "text",
    "register_date": "date",
    "consent_marketing": "text",
    "opt_out_channels": "text",
}
BEHAVIOUR = {
    "first_order": "date",
    "last_order": "date",
    "recency_days": "count",
    "orders": "count",
    "monetary": "money",
    "aov": "money",
}
FROM_LINES = {"usual_channel": "text", "usual_category": "text", "gap_days": "days"}
FROM_SURVEYS = {
    "nps": "count",
    "csat": "count",
    "ces": "count",
    "survey_date": "date",
    "survey_reason": "text",
}
FROM_CASES = {"complaints_12m": "count", "complaints_open": "count"}
FROM_LEADS = {"stage": "text", "intent": "text"}
CONTACTS = {
    "last_contact": "date",
    "contact_channel": "text",
    "contact_outcome": "text",
    "contact_next": "date",
    "contacts_90d": "count",
}
NEXT = {
    "next_on": "date",
    "next_channel": "text",
    "next_what": "text",
    "next_owner": "text",
    "no_step": "text",
}
CHANGE = {"changed": "text"}
# columns a rule may read that say what a customer needs or wants; any other is basic, or behaviour where it
# was made out of the rows of a table
NEEDS = frozenset(
    {"importance_price", "importance_quality", "importance_service", "importance_brand", "importance_channel"}
    | {
        "importance_after_sales",
        "willingness",
        "ability",
        "value_sensitivity",
        "decision_process",
        "fin_need",
    }
    | {
        "invest_pref",
        "risk_level",
        "motive",
        "need_level",
        "goal",
        "interests",
        "expected_date",
        "competitor",
    }
    | {"competitor_considered", "compares", "days_left", "budget_wan", "budget_ratio", "has_a_say", "intent"}
    | {"only_asks", "locked_unit", "decision_role", "decision_months", "trade_in", "last_nps", "last_csat"}
    | {
        "last_score",
        "low_scores",
        "recent_csat",
        "open_tickets",
        "tickets_12m",
        "complaints_12m",
        "repeats_90d",
    }
)
# and those that say when and how one spoke
TALKS = frozenset(
    {"last_contact_days", "contacts_90d", "visits", "last_visit_days", "visits_on_site", "calls_connected"}
    | {"effective_contacts", "idle_days", "followups", "last_followup_days", "last_outcome", "due_in_days"}
)
# what the playbook may have made of the same answers, and how it calls it
SAME = {"nps": ("last_nps", "last_score"), "csat": ("last_csat",)}
# a blank is an answer too: no channel refused, no firm
NOT_ASKED = frozenset({"opt_out_channels", "name"})
# what stands on a card for the visit, in the order of the page
PARTS = (
    "who",
    "known",
    "about",
    "figure",
    "order",
    "contact",
    "case",
    "need",
    "change",
    "next",
    "ask",
    "source",
)
# of a word that begins the other one (广东, 广东省) nobody would say that they differ
BEGINNINGS = frozenset({"province", "city"})


@dataclass(frozen=True)
class Held:
    """One field of the customer file.

    Attributes
    ----------
    values : by customer_id, missing where nothing is known
    origin : by customer_id the source a value came from, one of the keys of `sources`
    sources : source -> where it stands, in words, the leading one first
    """

    field: str
    block: str
    unit: str
    values: pd.Series
    origin: pd.Series
    sources: dict[str, str]


def held(field: str, block: str, unit: str, values: pd.Series, table: str, source: str) -> Held:
    """A field that has one source."""
    values = without_blanks(values)
    return Held(field, block, unit, values, pd.Series(table, index=values.index), {table: source})


def without_blanks(values: pd.Series) -> pd.Series:
    """Empty cells and cells of blanks become missing ones."""
    if not (pd.api.types.is_object_dtype(values) or pd.api.types.is_string_dtype(values)):
        return values
    blank = values.isin([value for value in values.dropna().unique() if not str(value).strip()])
    return values.astype(object).mask(blank | values.isna(), None)


def alike(field: str, one: pd.Series, other: pd.Series) -> pd.Series:
    """Where do two sources say the same? Dates by the day, money to the cent, words as they are read."""
    kind = pd.api.types
    if kind.is_datetime64_any_dtype(one) and kind.is_datetime64_any_dtype(other):
        return one.dt.normalize().eq(other.dt.normalize())
    if kind.is_numeric_dtype(one) and kind.is_numeric_dtype(other):
        return (one.astype("float64") - other.astype("float64")).abs() < 0.005 + 1e-9
    pairs = zip(_folded(one), _folded(other), strict=True)
    said = [_same(field, a, b) for a, b in pairs]
    return pd.Series(said, index=one.index, dtype="bool")


def _folded(values: pd.Series) -> Iterable[str]:
    texts = values.astype("string").fillna("").str.normalize("NFKC").str.casefold()
    return texts.str.replace(r"\s+", "", regex=True).tolist()


def _same(field: str, one: str, other: str) -> bool:
    return one == other or (field in BEGINNINGS and (one.startswith(other) or other.startswith(one)))
