"""Who bought: the key of a row, in one spelling, and never an id whose last digits are gone."""

from __future__ import annotations

import re

import pandas as pd

from segkit.intake.values import is_empty, mapped, read_phones

# Excel shows long numbers so, and writes what it shows into a CSV
_EXPONENT = re.compile(r"(\d)(?:\.(\d+))?[eE]\+(\d{1,3})")
_MOSTLY = 0.8  # a column is of phones when this share of its cells is


def whole_ids(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Ids out of scientific notation: 1.3800138000E+10 is restored; 4.40301E+17 has lost its digits.

    Returns
    -------
    the cells ("" where digits are lost), and the mask of the cells that lost some
    """
    odd = cells.str.fullmatch(_EXPONENT)
    if not odd.any():
        return cells, odd

    def restored(text: str) -> str:
        found = _EXPONENT.fullmatch(text)
        if found is None:
            return text
        digits, power = found[1] + (found[2] or ""), int(found[3])
        rest = digits[power + 1 :]
        return digits[: power + 1] if len(digits) > power and not rest.strip("0") else ""

    whole = mapped(cells, restored)
    return whole, odd & (whole == "")


def one_spelling(cells: pd.Series) -> pd.Series:
    """123.0 is what pandas and Excel make of a number column with holes: it is 123 where that is written too."""
    floated = cells.str.fullmatch(r"\w+\.0")
    if not floated.any():
        return cells
    bare = cells.where(~floated, cells.str.removesuffix(".0"))
    known = cells[~is_empty(cells)]
    numbers_only = known.str.fullmatch(r"\d+(\.0)?").all()
    return bare if numbers_only else cells.where(~bare.isin(set(cells[~floated])), bare)


def as_phones(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Keys that are mobiles, without blanks, dashes and country code; and the mask of those that changed."""
    nothing = pd.Series(False, index=cells.index)
    known = cells[~is_empty(cells)]
    if not len(known) or known.str.contains(r"1\d{2}[\s-]?\d{4}[\s-]?\d{4}", regex=True).mean() < _MOSTLY:
        return cells, nothing
    phones = read_phones(cells)
    usable = phones.values.str.fullmatch(r"1\d{10}")
    if usable[known.index].mean() < _MOSTLY:
        return cells, nothing
    plain_phones = cells.where(~usable, phones.values)
    return plain_phones, plain_phones != cells


def differ_in_case(keys: pd.Series) -> int:
    """How many ids are written in more than one way, large and small letters apart (c001, C001)?"""
    distinct = pd.Series(keys.dropna().unique(), dtype="str")
    return int((distinct.str.casefold().value_counts() > 1).sum())
