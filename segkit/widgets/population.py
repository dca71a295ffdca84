"""Whom a widget speaks of: the customers it was given, their date and source, one of them by name."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from difflib import get_close_matches

import narwhals as nw
import pandas as pd

from segkit.customers import missing_columns
from segkit.locale import Lang, say
from segkit.problems import InputProblems, Problem

_MOST_LISTED = 500  # names a list of choices holds; any other can be typed
_NAMES = ("name", "customer_name")


class Population:
    """The customers of a widget.

    Parameters
    ----------
    customers : one row per customer, from `customer_table`
    as_of : the day they speak of; read off the table where it holds `last_order` and `recency_days`
    source : for captions; "customer table" where nothing is said
    """

    def __init__(self, customers: pd.DataFrame, as_of: dt.date | str | None, source: str | None) -> None:
        self.customers = customers
        self._as_of, self._source = as_of, source

    def require(self, columns: Sequence[str]) -> None:
        """Raise InputProblems where the table cannot be used."""
        if not isinstance(self.customers, pd.DataFrame):
            raise InputProblems([Problem("widget.no_table", {"kind": type(self.customers).__name__})])
        missing = missing_columns(nw.from_native(self.customers), columns)
        if missing:
            raise InputProblems(missing)
        if self.customers.empty:
            raise InputProblems([Problem("widget.nobody")])

    @property
    def as_of(self) -> dt.date:
        if isinstance(self._as_of, str):
            try:
                return dt.date.fromisoformat(self._as_of)
            except ValueError:
                raise InputProblems([Problem("widget.bad_date", {"value": self._as_of})]) from None
        if self._as_of is not None:
            return self._as_of
        if {"last_order", "recency_days"} <= set(self.customers):
            table = self.customers[["last_order", "recency_days"]].dropna()
            if len(table):
                first = table.iloc[0]
                day = pd.Timestamp(first["last_order"]) + pd.Timedelta(days=int(first["recency_days"]))
                return dt.date(day.year, day.month, day.day)
        raise InputProblems([Problem("widget.no_date")])

    def source(self, lang: Lang) -> str:
        return self._source or say("widget.source", lang)

    # --- one of them ----------------------------------------------------------------------------

    def ids(self) -> list[str]:
        """Customer ids to choose from, those with most revenue first."""
        if not isinstance(self.customers, pd.DataFrame) or "customer_id" not in self.customers:
            return []
        table = self.customers
        if "monetary" in table:
            money = pd.to_numeric(table["monetary"], errors="coerce")
            table = table.loc[money.sort_values(ascending=False, kind="stable").index]
        return [str(id) for id in table["customer_id"].head(_MOST_LISTED)]

    def place_of(self, id: str) -> int:
        """The row of a customer.

        Raises
        ------
        InputProblems : nobody has that id
        """
        known = self.customers["customer_id"].astype(str)
        found = (known == id.strip()).to_numpy().nonzero()[0]
        if len(found):
            return int(found[0])
        same = known[known.map(_number) == _number(id)].head(3)  # C7 for C000007
        near = [*same, *get_close_matches(id.strip().upper(), list(known), 3)] or known.head(3)
        raise InputProblems(
            [Problem("widget.no_customer", {"id": id, "near": list(dict.fromkeys(near))[:3]})]
        )

    def called(self, place: int, lang: Lang) -> str:
        """Name and id where the table holds names, else the id."""
        row = self.customers.iloc[place]
        name = next((str(row[c]) for c in _NAMES if c in self.customers and pd.notna(row[c])), "")
        id = str(row["customer_id"])
        return say("widget.named", lang, name=name, id=id) if name else id


def _number(id: str) -> str:
    return re.sub(r"\D", "", id).lstrip("0")
