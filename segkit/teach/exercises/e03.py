"""E03: the defects of a small order export, judged by the ledger that `clean` keeps of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from segkit.intake.cleaning import clean
from segkit.intake.ledger import Totals
from segkit.intake.mapping import suggest_mapping
from segkit.intake.reading import read_table
from segkit.teach.sealed import matches, seal

# fourteen orders and a total row, invented (示例参数); the notebook shows the same file
EXPORT = Path(__file__).parent / "E03_export.csv"
HAPPENED = {"refunded", "cancelled"}  # recorded as it happened: no defect, though its money does not count
TWINS = "fuzzy_duplicate"
PLAIN = {"748ad65bba35d07f", "b660626d0a1a744d"}  # rows with one reading only, sealed one by one


class Found(NamedTuple):
    """What the ledger of the export holds: rows and money (CNY) by reason, the balance, the as-of date."""

    rows: dict[str, int]
    money: dict[str, float]
    totals: Totals
    as_of: str
    told: float  # what the client's own total row says, CNY

    @property
    def defects(self) -> set[str]:
        return set(self.rows) - HAPPENED


@lru_cache(maxsize=1)
def _found() -> Found:
    table = read_table(EXPORT)
    cleaned = clean(table, suggest_mapping(table))
    by_reason = cleaned.ledger.groupby("reason")["amount"]
    rows = {str(reason): int(n) for reason, n in by_reason.size().items()}
    if len(cleaned.twins):
        rows[TWINS] = len(cleaned.twins)
    total = table.furniture.loc[table.furniture["what"] == "total", "text"].iloc[0]
    return Found(
        rows=rows,
        money={str(reason): float(sum_) for reason, sum_ in by_reason.sum().items()},
        totals=cleaned.totals,
        as_of=str(cleaned.as_of.date),
        told=float(str(total).split()[-1]),
    )


def _can_count() -> int:
    return _found().totals.kept + _found().totals.changed


def step_kinds(kinds: Sequence[str]) -> bool:
    return set(kinds) == _found().defects


def step_rows(units: float, counted: float) -> bool:
    return units == _found().rows["amount_unit"] and counted == _can_count()


def step_as_of(as_of: str) -> bool:
    return str(as_of) == _found().as_of


def step_twins(twins: str) -> bool:
    return matches("E03.twins", twins, "70d4431a727546ef")


def step_first(first: str) -> bool:
    money = _found().money
    return first == max(money, key=lambda reason: money[reason])


def step_ask(ask: Sequence[str]) -> bool:
    return matches("E03.ask", set(ask), "66466b3751c03c61")


def guessed(counted: float) -> str:
    """How the money that counts compares with the client's own total row."""
    ratio = _found().totals.money_kept / _found().told
    return "double" if ratio > 2 else "near" if 0.9 <= ratio <= 1.1 else "lower"


def mistake_refund_is_defect(kinds: Sequence[str]) -> bool:
    return bool(HAPPENED & set(kinds))


def mistake_not_there(kinds: Sequence[str]) -> bool:
    return bool(set(kinds) - set(_found().rows))


def mistake_overlooks_twins(kinds: Sequence[str]) -> bool:
    return TWINS not in kinds


def mistake_overlooks(kinds: Sequence[str]) -> bool:
    return bool(_found().defects - set(kinds))


def mistake_only_wan(units: float) -> bool:
    return 0 < units < _found().rows["amount_unit"]


def mistake_changed_is_lost(counted: float) -> bool:
    return counted == _found().totals.kept


def mistake_counts_total(counted: float) -> bool:
    """One row too many, of those that count or of all: the total row or the repeat."""
    return counted in (_can_count() + 1, _can_count() + 2, _found().totals.rows_in + 1)


def mistake_deletes_nothing(counted: float) -> bool:
    totals = _found().totals
    return counted in (totals.rows_in, totals.rows_in - totals.merged)


def mistake_future_as_of(as_of: str) -> bool:
    return str(as_of) > _found().as_of and as_of != "reading_day"


def mistake_opening_day(as_of: str) -> bool:
    return as_of == "reading_day"


def mistake_merges_unasked(twins: str) -> bool:
    return twins == "merge"


def mistake_says_nothing(twins: str) -> bool:
    return twins == "silent"


def mistake_mends_what_shows(first: str) -> bool:
    return not step_first(first)


def mistake_asks_what_is_plain(ask: Sequence[str]) -> bool:
    return any(seal("E03.plain", row) in PLAIN for row in ask)


def mistake_guesses_silently(ask: Sequence[str]) -> bool:
    return not step_ask(ask) and not mistake_asks_what_is_plain(ask)
