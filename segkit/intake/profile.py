"""How good is the data, field by field, and what should be repaired first?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from segkit.intake.cleaning import Cleaned
from segkit.intake.further_tables import FurtherTable
from segkit.intake.outcome_doubts import DOUBTED

CURRENT_DAYS = 365  # a dated record counts as current for a year; a sample parameter (示例参数)
EMPTY = {"no_date", "no_amount", "no_customer", "owner_missing"}
UNREADABLE = {
    "bad_date",
    "bad_amount",
    "after_as_of",
    "phone_format",
    "phone_float",
    "id_in_text",
    "negative",
}
BLANK_IS_AN_ANSWER = {"note", "tags", "opt_out_channels", "refund", "line_id"}  # nothing to say, not missing
# not every lead is a customer already, or has ended
OPEN_LEADS = {"customer_id", "outcome"}
FIRST = {
    "customer_id",
    "lead_id",
    "first_contact",
    "order_date",
    "last_order",
    "amount",
    "monetary",
}  # nothing counts without these
# of contacts, surveys, complaints and outcomes: nothing agreed, not answered, still open
OPEN = {
    "next_date", "note", "task_id", "lead_id", "phone", "email", "score", "nps", "csat", "ces", "reason", "channel",
    "first_response_at", "closed_at", "revenue", "outcome",
}  # fmt: skip
MISREAD = {"bad_date", "bad_number", "bad_amount", "bad_word"}
MENDED = {"amount_unit", "excel_serial", "full_width", "grade_spelling", "formula"}


@dataclass(frozen=True)
class FieldQuality:
    """Shares in 0..1; `timeliness` only for `last_order`; `repair` counts cells a person must mend."""

    field: str
    head: str
    completeness: float | None
    accuracy: float | None
    timeliness: float | None
    repair: int


@dataclass(frozen=True)
class Quality:
    """What to repair first: customer, dates and amounts before the rest; and the means over the fields."""

    fields: tuple[FieldQuality, ...]
    rows: int
    completeness: float | None
    accuracy: float | None
    timeliness: float | None

    @property
    def repair(self) -> int:
        return sum(f.repair for f in self.fields)


def quality(cleaned: Cleaned) -> Quality:
    """全面性 准确性 及时性: is it filled, is it right as written, is it current?

    Completeness is the share of rows with a value; accuracy the share of values that needed no mending;
    timeliness the share of customers whose last order is in the last 365 days up to the as-of date: an order
    or a registration of years ago is old, not late. Repeated rows do not count.
    """
    ledger, frame = cleaned.ledger, cleaned.frame
    rows = cleaned.totals.rows_in - cleaned.totals.merged
    counted = ledger[ledger["fate"] != "merged"]
    blanks = BLANK_IS_AN_ANSWER | (OPEN_LEADS if cleaned.grain == "leads" else set())
    fields = []
    for name, head in cleaned.heads.items():
        here = counted[counted["column"] == head]
        reasons = here["reason"].value_counts()
        values = frame[name] if name in frame.columns else pd.Series(dtype="str")
        blank = int((values.isna() | values.astype(str).isin(["", "nan", "NaT", "<NA>"])).sum())
        wrong = int(sum(reasons.get(r, 0) for r in UNREADABLE))
        mended = int(sum(reasons.get(r, 0) for r in MENDED))
        # a value that could not be read is blank in the frame, but somebody did fill the cell
        unread = int(
            ((here["reason"].isin(UNREADABLE)) & (here["new"] == "") & (here["fate"] == "changed")).sum()
        )
        aside = int(((here["reason"].isin(EMPTY)) & (here["fate"] == "set_aside")).sum())
        empty = max(0, blank - unread) + aside
        filled = max(0, rows - empty)
        fields.append(
            FieldQuality(
                field=name,
                head=head,
                completeness=None if name in blanks or not rows else filled / rows,
                accuracy=max(0.0, 1 - (wrong + mended) / filled) if filled else None,
                timeliness=_current(values, cleaned) if name == "last_order" else None,
                repair=wrong if name in blanks else empty + wrong,
            )
        )
    fields.sort(key=lambda f: (f.repair == 0, f.field not in FIRST, -f.repair, f.field))

    def mean(values: list[float | None]) -> float | None:
        known = [v for v in values if v is not None]
        return float(np.mean(known)) if known else None

    return Quality(
        fields=tuple(fields),
        rows=rows,
        completeness=mean([f.completeness for f in fields]),
        accuracy=mean([f.accuracy for f in fields]),
        timeliness=mean([f.timeliness for f in fields]),
    )


def _current(values: pd.Series, cleaned: Cleaned) -> float | None:
    if not pd.api.types.is_datetime64_any_dtype(values) or values.notna().sum() == 0:
        return None
    since = pd.Timestamp(cleaned.as_of.date) - pd.Timedelta(days=CURRENT_DAYS)
    return float((values.dropna() > since).mean())


def side_quality(
    columns: Mapping[str, str], who: str, table: FurtherTable, grain: str
) -> list[dict[str, Any]]:
    """Fields of contacts, surveys, complaints or outcomes: is it filled, could it be read?

    Parameters
    ----------
    columns : client column -> canonical column
    who : the heading that says whose row it is

    Returns
    -------
    `FieldQuality` as dicts, with the file; shares of the rows that are no repeats
    """
    rows = table.totals.rows_in - table.totals.merged
    counted = table.ledger[table.ledger["fate"] != "merged"]
    optional = OPEN - ({"channel"} if grain == "contacts" else set())
    fields = []
    for head, name in columns.items():
        values = table.frame["customer_id" if head == who else name]
        here = counted[counted["column"] == head]
        reasons = here["reason"].value_counts()
        wrong = int(sum(reasons.get(reason, 0) for reason in (*MISREAD, *DOUBTED)))
        aside = int(sum(reasons.get(reason, 0) for reason in EMPTY))
        # a cell that could not be read is blank in the frame, but somebody did fill it
        unread = int((here["reason"].isin(MISREAD) & (here["fate"] == "changed")).sum())
        empty = max(0, int(values.isna().sum()) - unread) + aside
        filled = max(0, rows - empty)
        graded = FieldQuality(
            field=name,
            head=head,
            completeness=None if name in optional or not rows else filled / rows,
            accuracy=max(0.0, 1 - wrong / filled) if filled else None,
            timeliness=None,
            repair=wrong if name in optional else empty + wrong,
        )
        fields.append({**asdict(graded), "file": _first_file(table)})
    return fields


def _first_file(table: FurtherTable) -> str:
    return table.files[0] if table.files else ""
