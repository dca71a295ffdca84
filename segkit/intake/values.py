"""Cells as clients write them, read as dates, amounts, phones: a whole column at a time.

Every reader returns the values and, apart from them, masks that say what had to be done, so that the
caller can write the ledger. An empty cell is never an unreadable one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
import yaml

FULL_WIDTH = re.compile("[０-９Ａ-Ｚａ-ｚ．－，：／]")
CURRENCY = "¥￥$€£元块圆"
SCALE = {"千": 1e3, "k": 1e3, "万": 1e4, "w": 1e4, "萬": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8, "億": 1e8}
EXCEL_EPOCH = pd.Timestamp("1899-12-30")
FIRST_YEAR, LAST_YEAR = 1970, 2100


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, Any]:
    """values.yml: what clients write and what it means."""
    text = resources.files(__package__).joinpath("values.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def plain(text: str) -> str:
    """A word for comparison: NFKC, lower case, no blanks."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


def mapped(column: pd.Series, function: Any) -> pd.Series:
    """Apply a text function once per distinct value; columns repeat themselves."""
    known = {value: function(value) for value in column.unique()}
    return column.map(known)


def tidy(column: pd.Series) -> pd.Series:
    """Cell text without what exports wrap around it: ="123", leading apostrophes, tabs, zero-width marks."""
    text = column.str.replace("[\u200b\ufeff\u00a0\t\r\n]+", " ", regex=True).str.strip()
    text = text.str.replace(r'^="(.*)"$', r"\1", regex=True)
    return text.str.replace(r"^'(?=\S)", "", regex=True).str.strip()


def is_empty(column: pd.Series) -> pd.Series:
    empty = set(vocabulary()["empty"])
    return mapped(column, lambda v: plain(v) in empty).astype(bool)


def half_width(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Full-width digits, letters and signs as half-width ones, and the mask of cells that had some."""
    wide = column.str.contains(FULL_WIDTH)
    if not wide.any():
        return column, wide
    narrow = mapped(column.where(wide, ""), lambda v: unicodedata.normalize("NFKC", v))
    return column.where(~wide, narrow), wide


# --- amounts ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Amounts:
    """`values` in currency units (NaN where empty or unreadable), and how cells were written."""

    values: pd.Series
    empty: pd.Series
    bad: pd.Series
    unit: pd.Series  # had a currency sign, a word such as 万 or 元, or brackets for minus


_PLAIN = re.compile(r"^[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?$")
_EUROPEAN = re.compile(r"^[+-]?\d{1,3}(\.\d{3})+,\d{1,2}$")
_EXPONENT = re.compile(r"^[+-]?\d+(\.\d+)?e[+-]?\d+$", re.IGNORECASE)


def _amount(text: str) -> tuple[float, bool]:
    """One cell -> (value or NaN, whether it was written with a unit)."""
    cell = plain(text).replace("−", "-").replace("—", "-")
    if _PLAIN.match(cell):
        return float(cell.replace(",", "")), False
    if _EXPONENT.match(cell):
        return float(cell), False
    if _EUROPEAN.match(cell):
        return float(cell.replace(".", "").replace(",", ".")), True
    sign = 1.0
    if cell.startswith("(") and cell.endswith(")"):
        cell, sign = cell[1:-1], -1.0
    cell = re.sub(r"^(rmb|cny|usd|hkd|人民币|合计|约)|(rmb|cny|整|正)$", "", cell)
    cell = cell.translate({ord(c): None for c in CURRENCY})
    if cell.endswith("-"):
        cell, sign = cell[:-1], -sign
    found = re.fullmatch(r"([+-]?[\d,]+(?:\.\d+)?)(百万|千万|[千k万w萬亿億])?", cell)
    if not found or not re.search(r"\d", cell):
        return float("nan"), False
    number, word = found.groups()
    if not _PLAIN.match(number):
        return float("nan"), False
    return sign * float(number.replace(",", "")) * SCALE.get(word or "", 1.0), True


def read_amounts(column: pd.Series, *, scale: float | pd.Series = 1.0) -> Amounts:
    """How much is it? ``¥1,234.00``, ``1.2万``, ``(300)``, ``300元`` -> currency units, at most two decimals.

    Parameters
    ----------
    column : tidy text
    scale : what one unit of the column, or of each cell, is worth, e.g. 10,000 where the heading says 万元
    """
    read = read_numbers(column)
    values = (read.values * scale).round(2)
    return Amounts(values, read.empty, values.isna() & ~read.empty, read.unit)


def read_numbers(column: pd.Series) -> Amounts:
    """Which number is it? Written in the same ways as an amount, with every decimal it has.

    Parameters
    ----------
    column : tidy text
    """
    empty = is_empty(column)
    quick = pd.to_numeric(column.where(~empty), errors="coerce")
    # what pandas reads beyond our own plain form (inf, 0x1F, 1_000) is not an amount
    quick = quick.where(np.isfinite(quick.astype(float)))
    odd = quick.isna() & ~empty
    unit = pd.Series(False, index=column.index)
    if odd.any():
        read = {v: _amount(v) for v in column[odd].unique()}
        quick = quick.where(~odd, column.map({v: r[0] for v, r in read.items()}))
        unit = odd & column.map({v: r[1] for v, r in read.items()}).fillna(False).astype(bool)
    values = quick.astype(float)
    return Amounts(values, empty, values.isna() & ~empty, unit)


# --- dates --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dates:
    """`values` as midnight timestamps (NaT where empty or unreadable), and how cells were written."""

    values: pd.Series
    empty: pd.Series
    bad: pd.Series
    serial: pd.Series  # were Excel serial numbers
    months: pd.Series  # were a month without a day (2025年3月): its first day
    guess: tuple[str, pd.Timestamp] | None  # a cell whose order of day, month, year nobody can tell, as read


_YMD = r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ].*)?$"
_COMPACT = r"^(\d{4})(\d{2})(\d{2})(?:[T ]?\d{4,6})?$"
_XXY = r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[T ].*)?$"
_XXX = r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?$"
_MONTH = r"^((?:19|20)\d{2})(?:[-/年]|(?=\d{2}$))(1[0-2]|0?[1-9])月?$"
# where year, month and day stand among three numbers
_ORDERS = {"ymd": [0, 1, 2], "dmy": [2, 1, 0], "mdy": [2, 0, 1]}


def _from_parts(parts: pd.DataFrame) -> pd.Series:
    numbers = parts.apply(pd.to_numeric)
    numbers.columns = pd.Index(["year", "month", "day"])
    short = numbers["year"] < 100
    numbers["year"] += np.where(short, np.where(numbers["year"] < 70, 2000, 1900), 0)
    fair = numbers["year"].between(FIRST_YEAR, LAST_YEAR)
    return pd.to_datetime(numbers[fair], errors="coerce").reindex(parts.index)


def _two(parts: pd.DataFrame, order: str) -> pd.Series:
    """Is the year of two digits? 1/2/3 is no date."""
    return parts.iloc[:, _ORDERS[order][0]].str.len() == 2


def _order_of(parts: pd.DataFrame) -> tuple[str, bool]:
    """Where year, month and day stand in dates written with two digits each, and whether that is a guess.

    The order most cells allow; then the one whose years differ least, and lie between 2010 and 2039.
    """
    numbers = parts.apply(pd.to_numeric)

    def rank(order: str) -> tuple[int, int, int]:
        year, month, day = (numbers.iloc[:, at] for at in _ORDERS[order])
        fits = (month.between(1, 12) & day.between(1, 31) & _two(parts, order)).sum()
        return int(fits), -int(year.nunique()), int(year.between(10, 39).sum())

    ranks = {order: rank(order) for order in _ORDERS}
    best = max(ranks.values())
    tied = [order for order, r in ranks.items() if r == best]
    return tied[0], len(tied) > 1


def _example(parts: pd.DataFrame, distinct: pd.Series, found: pd.Series) -> tuple[str, pd.Timestamp] | None:
    """A cell that could be read in more than one order, else any that was read."""
    first, second = pd.to_numeric(parts[0]), pd.to_numeric(parts[1])
    read = found[parts.index].notna()
    open_to_both = read & (first <= 12) & (second <= 12) & (first != second)
    at = parts.index[open_to_both if open_to_both.any() else read]
    return (str(distinct[at[0]]), found[at[0]]) if len(at) else None


def read_dates(column: pd.Series) -> Dates:
    """Which day was it? Dates in the ways exports write them, read before anything is sorted.

    Year first in any separator, ``20250307``, ``2025年3月7日``, day/month/year (the order is learned
    from cells where only one reading is possible), years of two digits (25-03-07), a month alone (202503),
    Excel serial numbers, Unix seconds and milliseconds (Chinese time). One file at a time: the order of day
    and month is the file's.
    ``1900-01-00`` and the like are unreadable.
    """
    empty = is_empty(column)
    distinct = pd.Series(column[~empty].unique(), dtype="str")
    found = pd.Series(pd.NaT, index=distinct.index, dtype="datetime64[ns]")
    serial = pd.Series(False, index=distinct.index)
    guess = None

    def take(pattern: str, order: list[int]) -> None:
        nonlocal found
        parts = distinct[found.isna()].str.extract(pattern).dropna()
        if len(parts):
            found = found.fillna(_from_parts(parts[order]).astype("datetime64[ns]"))

    take(_YMD, [0, 1, 2])
    take(_COMPACT, [0, 1, 2])
    parts = distinct[found.isna()].str.extract(_XXY).dropna()
    if len(parts):
        day_first = (pd.to_numeric(parts[0]) > 12).sum()
        month_first = (pd.to_numeric(parts[1]) > 12).sum()
        take(_XXY, _ORDERS["dmy" if day_first >= month_first else "mdy"])
        same = (pd.to_numeric(parts[0]) == pd.to_numeric(parts[1])).all()
        if not same and bool(day_first) == bool(month_first):
            guess = _example(parts, distinct, found)
    parts = distinct[found.isna()].str.extract(_XXX).dropna()
    order, unsure = _order_of(parts) if len(parts) else ("ymd", False)
    parts = parts[_two(parts, order)]
    if len(parts):
        days = _from_parts(parts[_ORDERS[order]]).astype("datetime64[ns]")
        found = found.fillna(days)
        guess = guess or (_example(parts, distinct, found) if unsure else None)
    parts = distinct[found.isna()].str.extract(_MONTH).dropna()
    months = distinct.index.isin(parts.index)
    if len(parts):
        found = found.fillna(_from_parts(parts.assign(day="1")).astype("datetime64[ns]"))
    number = pd.to_numeric(distinct.where(found.isna()), errors="coerce")
    is_serial = number.between(25569, 73050)  # 1970 .. 2099
    found = found.fillna(EXCEL_EPOCH + pd.to_timedelta(number.where(is_serial).floordiv(1), unit="D"))
    serial |= is_serial
    for digits, unit in ((10, "s"), (13, "ms")):
        stamp = number.where(distinct.str.fullmatch(rf"\d{{{digits}}}(\.0)?"))
        moment = pd.to_datetime(stamp, unit=unit, errors="coerce") + pd.Timedelta(hours=8)
        fair = moment.dt.year.between(2000, LAST_YEAR)
        found = found.fillna(moment.where(fair).dt.normalize().astype("datetime64[ns]"))
    words = distinct.where(found.isna() & distinct.str.contains("[A-Za-z]{3}", regex=True))
    if words.notna().any():
        read = pd.to_datetime(words, errors="coerce", format="mixed", utc=True).dt.tz_localize(None)
        found = found.fillna(read.dt.normalize().astype("datetime64[ns]"))
    values = column.map(dict(zip(distinct, found, strict=True))).astype("datetime64[ns]")
    was_serial = column.map(dict(zip(distinct, serial, strict=True))).eq(True)
    was_month = column.isin(set(distinct[months]))
    return Dates(values, empty, values.isna() & ~empty, was_serial & values.notna(), was_month, guess)


# --- phones -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Phones:
    """`values` as digits ("" where unusable), and how cells were written."""

    values: pd.Series
    empty: pd.Series
    mended: pd.Series  # readable, but written with blanks, dashes or a country code
    bad: pd.Series  # not a mobile and not a landline
    floated: pd.Series  # 1.38E+10 or 13800138000.0
    lost: pd.Series  # floated, and the last digits are gone


_MOBILE = re.compile(r"1\d{10}")
_LANDLINE = re.compile(r"(0\d{2,3}-?\d{7,8}(-\d{1,5})?|[48]00-?\d{3}-?\d{4})")


def _phone(text: str) -> tuple[str, str]:
    """One cell -> (digits, how): fine | mended | bad | floated | lost."""
    cell = unicodedata.normalize("NFKC", text).strip()
    if _MOBILE.fullmatch(cell) or _LANDLINE.fullmatch(cell):
        return cell, "fine"
    if re.fullmatch(r"\d+(\.\d+)?[eE]\+?\d+", cell) or re.fullmatch(r"1\d{10}\.0+", cell):
        digits = f"{float(cell):.0f}"
        shown = len(re.sub(r"\D", "", re.split("[eE]", cell)[0]))
        whole = bool(_MOBILE.fullmatch(digits)) and ("e" not in cell.lower() or shown >= 11)
        return (digits, "floated") if whole else ("", "lost")
    digits = re.sub(r"[\s\-()（）.·_]", "", cell)
    digits = re.sub(r"^(\+|00)?86(?=1\d{10}$)", "", digits)
    if _MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits):
        return digits, "mended"
    return "", "bad"


def read_phones(column: pd.Series) -> Phones:
    """Which number can be called? Mobiles as 11 digits, landlines as written."""
    empty = is_empty(column)
    read = {v: _phone(v) for v in column[~empty].unique()}
    none = ("", "")
    how = column.map(lambda v: read.get(v, none)[1]).astype("str")
    return Phones(
        values=column.map(lambda v: read.get(v, none)[0]).astype("str"),
        empty=empty,
        mended=how == "mended",
        bad=how == "bad",
        floated=how.isin(["floated", "lost"]),
        lost=how == "lost",
    )


# --- words --------------------------------------------------------------------------------------


def read_yes_no(column: pd.Series) -> pd.Series:
    """True, False, or missing where nothing or something else is written."""
    known = dict.fromkeys(vocabulary()["agreed"], True) | dict.fromkeys(vocabulary()["refused"], False)
    return mapped(column, lambda v: known.get(plain(v))).astype("boolean")


def read_status(column: pd.Series, extra: dict[str, str] | None = None) -> pd.Series:
    """valid | cancelled | refunded | unknown; `extra` holds the client's own answers, by text."""
    words = {word: meaning for meaning, listed in vocabulary()["status"].items() for word in listed}
    words |= {plain(word): meaning for word, meaning in (extra or {}).items()}
    empty = set(vocabulary()["empty"])

    def read(text: str) -> str:
        word = plain(text)
        return "valid" if word in empty else words.get(word, "unknown")

    return mapped(column, read)


def read_grade(column: pd.Series) -> pd.Series:
    """One spelling a grade: ``Ａ``, ``a``, ``A类``, ``A级客户`` and ``重要`` are all A; other words stay."""
    words = {word: grade for grade, listed in vocabulary()["grade"].items() for word in listed}

    def read(text: str) -> str:
        word = re.sub(r"(级|类|等)?客户$|[级类等]$", "", plain(text)) or plain(text)
        if re.fullmatch(r"[a-e]\+{0,2}", word):
            return word.upper()
        return words.get(plain(text)) or words.get(word) or text

    return mapped(column, read)
