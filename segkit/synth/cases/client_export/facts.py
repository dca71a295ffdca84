"""The numbers of the client's export that its datasheets quote, counted from what was planted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pandas as pd

from segkit.synth.calendar import AS_OF
from segkit.synth.cases.client_export.records import CASE, TABLE
from segkit.synth.dictionary import columns
from segkit.synth.dirt import Defect, Planter

TOP = 0.2
TOUCHES_TOTAL = ("duplicate", "amount_unit", "negative", "full_width", "shifted", "test")


def facts(truth: pd.DataFrame, planter: Planter, semicolons: tuple[int, int]) -> dict[str, Any]:
    """Rows, defects by reason, how the defects of one reason differ, and where the money sits.

    `truth` has one row per id with `kind` and `person`; `semicolons` are the first and last row of the CSV, as a
    spreadsheet numbers them, that are separated by semicolons.
    """
    planted = planter.defects

    def count(reason: str, where: Callable[[Defect], bool]) -> int:
        return sum(d.reason == reason and where(d) for d in planted)

    customers = truth[truth["kind"] == "customer"]
    spend = customers["monetary"].astype(float).sort_values(ascending=False)
    top = round(len(spend) * TOP)
    on_row = Counter(d.key for d in planted)
    return {
        "as_of": AS_OF.isoformat(),
        "rows": {TABLE: len(planter.frame)},
        "columns": len(columns(CASE, TABLE)),
        "customers": len(customers),
        "semicolons": {"first": semicolons[0], "last": semicolons[1]},
        "defects": dict(sorted(Counter(d.reason for d in planted).items())),
        "twins": _twins(truth),
        "phone_mendable": count("phone_format", lambda d: "-" in d.old or "+" in d.old),
        "phone_lost": count("phone_format", lambda d: "-" not in d.old and "+" not in d.old),
        "amount_wan": count("amount_unit", lambda d: d.old.endswith("万")),
        "amount_yuan": count("amount_unit", lambda d: d.old.endswith("元")),
        "amount_sign": count("amount_unit", lambda d: d.old.startswith("￥")),
        "serial_last_order": count("excel_serial", lambda d: d.column == "last_order"),
        "serial_register": count("excel_serial", lambda d: d.column == "register_date"),
        "owner_with_another": count("owner_missing", lambda d: on_row[d.key] > 1),
        "formula_name": count("formula", lambda d: d.column == "name"),
        "formula_note": count("formula", lambda d: d.column == "note"),
        "wide_amount": count("full_width", lambda d: d.column == "monetary"),
        "wide_count": count("full_width", lambda d: d.column == "frequency"),
        **_reconciled(truth, planter),
        "top": top,
        "top_share": round(float(spend.iloc[:top].sum() / spend.sum()), 4),
    }


def _twins(truth: pd.DataFrame) -> dict[str, int]:
    """How many second ids share the phone with the first, and how many the e-mail alone."""
    first = truth[truth["kind"] == "customer"].set_index("customer_id")["phone"]
    second = truth[truth["kind"] == "twin"]
    phone = second["phone"].to_numpy() == first.loc[second["person"]].to_numpy()
    return {"phone": int(phone.sum()), "email": int((~phone).sum())}


def _reconciled(truth: pd.DataFrame, planter: Planter) -> dict[str, Any]:
    """Why the total row (合计) is not what everybody truly spent: the difference by reason, in yuan."""
    stands = pd.Series([v if isinstance(v, (int, float)) else 0.0 for v in planter.frame["monetary"]])
    stands.index = planter.frame.index
    spent = truth["monetary"].where(truth["kind"] != "test", 0.0).astype(float)
    off = stands - spent.reindex(stands.index).fillna(0.0)
    reason = pd.Series({d.key: d.reason for d in planter.defects if d.reason in TOUCHES_TOTAL})
    by_reason = off.groupby(reason.reindex(off.index).fillna("")).sum().round(2)
    return {
        "total_row": round(float(stands.sum()), 2),
        "spent": {kind: round(float(spent[truth["kind"] == kind].sum()), 2) for kind in ("customer", "twin")},
        "off": {name: float(by_reason[name]) for name in TOUCHES_TOTAL},
    }
