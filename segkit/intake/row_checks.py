"""Rows that are not what they seem: moved by one cell, pasted twice, or typed in to try the system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping as Dict

import numpy as np
import pandas as pd

from segkit.intake.ledger import Events
from segkit.intake.values import mapped, read_amounts, read_dates, read_phones, vocabulary

# how the cells of a canonical column look, where a look can be told
LOOKS = {
    "order_date": "date",
    "register_date": "date",
    "last_order": "date",
    "first_contact": "date",
    "last_follow_up": "date",
    "expected_amount": "number",
    "amount": "number",
    "monetary": "number",
    "frequency": "number",
    "quantity": "number",
    "refund": "number",
    "phone": "phone",
}


def _fits(column: pd.Series, look: str) -> np.ndarray:
    """1 where a cell looks as it should, 0 where it is empty, -1 where it holds something else."""
    if look == "date":
        read = read_dates(column)
        bad, empty = read.bad, read.empty
    elif look == "number":
        amounts = read_amounts(column)
        bad, empty = amounts.bad, amounts.empty
    else:
        phones = read_phones(column)
        # a malformed phone is still made of digits: only words tell of a moved row
        bad, empty = phones.bad & ~column.str.contains(r"\d{3}", regex=True), phones.empty
    return np.where(empty, 0, np.where(bad, -1, 1))


def _candidates(cells: list[str]) -> list[list[str]]:
    """The row with one cell joined to its neighbour (moved right), or one inserted (moved left)."""
    last = len(cells) - 1
    moved_right = [
        [*cells[:k], cells[k] + cells[k + 1], *cells[k + 2 :], ""]
        for k in sorted(range(last), key=lambda k: (cells[k] != "", k))
    ]
    moved_left = [[*cells[:k], "", *cells[k:-1]] for k in range(last)] if cells[-1] == "" else []
    return moved_right + moved_left


def mend_shifted(text: pd.DataFrame, heads: Dict[str, str], events: Events) -> pd.DataFrame:
    """Move back the rows whose cells stand one column too far right or left.

    A row is looked at when at least two typed cells (dates, amounts, phones) hold something else; it is
    mended when one blank or split cell explains it. `heads` maps canonical to client columns.
    """
    typed = {head: LOOKS[field] for field, head in heads.items() if field in LOOKS}
    if len(typed) < 2:
        return text
    fits = np.column_stack([_fits(text[head], look) for head, look in typed.items()])
    odd = np.flatnonzero((fits == -1).sum(axis=1) >= 2)
    if len(odd) == 0:
        return text
    text = text.copy()
    where = [text.columns.get_loc(head) for head in typed]
    began: dict[str, list[int]] = {}
    for row in odd:
        cells = text.iloc[row].tolist()
        options = _candidates(cells)
        block = pd.DataFrame(options, dtype="str")
        fit = [_fits(block[at], look) for at, look in zip(where, typed.values(), strict=True)]
        scores = np.sum(fit, axis=0)
        best = int(np.argmax(scores))
        left_over = sum(int(column[best] == -1) for column in fit)
        if scores[best] >= fits[row].sum() + 3 and left_over <= 1:
            changed = [before != after for before, after in zip(cells, options[best], strict=True)]
            began.setdefault(str(text.columns[changed.index(True)]), []).append(int(row))
            text.iloc[row] = options[best]
    for head, rows in began.items():
        # the cells are not repeated here: a whole row holds names and numbers
        events.add(np.isin(np.arange(len(text)), rows), "shifted", "changed", column=head)
    return text


def find_tests(text: pd.DataFrame, heads: Dict[str, str], events: Events) -> None:
    """Set aside rows somebody typed in to try the system: a name, id, owner or note that says so."""
    test, after = ("|".join(map(re.escape, vocabulary()[w])) for w in ("test", "test_after"))
    # 测试仪器有限公司 is a firm: nothing but digits, signs and words such as 数据 may follow
    rest = rf"(?:[\W\d_]|(?:{after})(?![a-z]))"
    whole = re.compile(rf"\s*(?:{test}){rest}*")
    begun = re.compile(rf"\s*(?:{test})(?:\s*$|\s*[^\w\s]|\d|\s*(?:{after})(?![a-z]))")
    for field in ("name", "customer_id", "lead_id", "order_id", "owner", "note", "status"):
        if (head := heads.get(field)) is not None:
            found = begun.match if field == "note" else whole.fullmatch
            hit = mapped(
                text[head],
                lambda v, found=found: bool(found(unicodedata.normalize("NFKC", v).lower())),
            ).astype(bool)
            fresh = hit.to_numpy() & ~events.rows_of("test")
            events.add(fresh, "test", "set_aside", column=head, old=text[head])


def find_repeats(text: pd.DataFrame, events: Events, *, certain: pd.Series | bool) -> int:
    """Merge rows that are equal in every cell into the first of them; returns how many had to be kept.

    `certain` is False where nothing in a row could tell two real purchases apart (no order number, no time
    of day): such rows are kept.
    """
    repeated = text.duplicated(keep="first")
    events.add(repeated & certain, "duplicate", "merged")
    return int((repeated & ~(repeated & certain)).sum())
