"""Columns under the client's own headings: numbers, dates or text, by what nearly every cell is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Literal

import pandas as pd

from segkit.intake.columns import COMMON, Bench, dates_by_file
from segkit.intake.headings import normal
from segkit.intake.looks import look_at
from segkit.intake.mapping import GRAINS, canonical_columns
from segkit.intake.units import by_file, decimal_point, slips, unit_of
from segkit.intake.values import Amounts, half_width, is_empty, mapped, plain, read_numbers
from segkit.privacy.find import column_kind

Kind = Literal["number", "date", "text"]
NEARLY = 0.95  # of the filled cells read as numbers, or as dates: the others are slips
_WORTH_READING = 0.5
_SAMPLE = 400
_CODE_WORDS = frozenset({"id", "no", "code", "key"})
_CODE_ENDINGS = ("编号", "编码", "代码", "号")
_LEADING_ZERO = r"0\d+"
_LONGEST_NUMBER = 15  # digits a float keeps
# an answer where it stands among others: 有 and 无
_ANSWERS = frozenset({"无"})
_LONGEST_BLANK = 8  # letters of a word that stands for an empty cell


def own_columns(bench: Bench, heads: Iterable[str]) -> dict[str, pd.Series]:
    """The columns `heads` of a table as what they hold; cells that are not become missing and are said."""
    return {head: _own(bench, head) for head in heads}


def own_of(people: pd.DataFrame) -> list[str]:
    """The columns of a table of customers that stand under a heading of the client's own."""
    known = {"customer_id", *(name for grain in GRAINS for name in canonical_columns(grain))}
    return [str(column) for column in people.columns if column not in known]


def kinds_of(columns: pd.DataFrame, heads: Collection[str]) -> dict[str, Kind]:
    """What the typed columns `heads` hold, by heading."""
    kinds: dict[str, Kind] = {}
    for head in heads:
        if pd.api.types.is_datetime64_any_dtype(columns[head]):
            kinds[head] = "date"
        else:
            kinds[head] = "number" if pd.api.types.is_numeric_dtype(columns[head]) else "text"
    return kinds


def _own(bench: Bench, head: str) -> pd.Series:
    """float64, datetime64[ns] or text; missing where empty, or not as nearly all the others are."""
    cells = bench.text[head]
    filled = cells[cells != ""]
    sample = filled.iloc[:: max(1, len(filled) // _SAMPLE)].iloc[:_SAMPLE]
    if len(sample) and not _is_code(head, filled, sample):
        if look_at(cells).date >= _WORTH_READING:
            dates = dates_by_file(bench, cells, head)
            if _nearly_all(dates.bad, dates.empty):
                bench.events.add(dates.bad, "bad_date", "changed", column=head, old=cells)
                return dates.values
        if _readable(sample) >= _WORTH_READING:
            numbers = _numbers(bench, head)
            if _nearly_all(numbers.bad, numbers.empty):
                _say_numbers(bench, head, numbers)
                return numbers.values
    short = cells.where(cells.str.len() <= _LONGEST_BLANK, "x")
    return cells.where(~is_empty(short) | cells.isin(_ANSWERS))


def _nearly_all(bad: pd.Series, empty: pd.Series) -> bool:
    filled = int((~empty).sum())
    return filled > 0 and int(bad.sum()) <= (1 - NEARLY) * filled


def _readable(sample: pd.Series) -> float:
    read = read_numbers(_without_percent(half_width(sample)[0]))
    return 1 - float(read.bad.mean())


def _is_code(head: str, filled: pd.Series, sample: pd.Series) -> bool:
    """Digits that name something: member numbers, phones, postcodes, 00123."""
    if names_codes(head):
        return True
    if sample.str.fullmatch(rf"\d{{{_LONGEST_NUMBER + 1},}}").mean() > COMMON:
        return True
    return bool(filled.str.fullmatch(_LEADING_ZERO).any()) or column_kind(sample) is not None


def names_codes(head: str) -> bool:
    """Does the heading say that its cells name something: 会员号, rep_id, orderNo?"""
    words = [w for w in re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", head) if w]
    return bool(words) and (words[-1].lower() in _CODE_WORDS or normal(head).endswith(_CODE_ENDINGS))


def _without_percent(cells: pd.Series) -> pd.Series:
    return cells.str.replace(r"\s*[%％]$", "", regex=True)


def _numbers(bench: Bench, head: str) -> Amounts:
    """Numbers with a percent sign as shares; a cell in a unit of its own, named or not, in that of the heading."""
    cells = half_width(bench.text[head])[0]
    turned = cells.copy()
    for _, here in by_file(bench.origin):
        turned[here], _ = decimal_point(cells[here])
    percent = turned.str.contains(r"[%％]$", regex=True)
    read = read_numbers(_without_percent(turned) if percent.any() else turned)
    values = read.values.where(~percent, read.values / 100)
    unit = unit_of(head)
    if unit is not None and unit.factor != 1 and read.unit.any():
        scaled = read.unit & mapped(turned, lambda v: bool(re.search(r"[千kw万萬亿億元]", plain(v)))).astype(
            bool
        )
        values = values.where(~scaled, values / unit.factor)
    odd = slips(values, unit.factor if unit is not None else 1.0)
    if odd.any() and unit is not None:
        values = values.where(~odd, values / unit.factor)
    return Amounts(values, read.empty, read.bad, read.unit | odd)


def _say_numbers(bench: Bench, head: str, numbers: Amounts) -> None:
    cells = bench.text[head]
    bench.events.add(numbers.bad, "bad_number", "changed", column=head, old=cells)
    if 0 < numbers.unit.sum() < COMMON * len(cells):
        shown = numbers.values.map(lambda v: "" if pd.isna(v) else f"{v:.6f}".rstrip("0").rstrip("."))
        bench.events.add(numbers.unit, "amount_unit", "changed", column=head, old=cells, new=shown)
