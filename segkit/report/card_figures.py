"""Three figures of a customer, each beside what is usual: for them, or else for customers of their class."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from segkit.report.record_parts import usual_gap
from segkit.report.study import Study

YEAR = dt.timedelta(days=365)
REACH = dt.timedelta(days=31)  # by so much the data may begin later than the year before
FIGURES = 3
PLAIN = {"monetary": "money", "recency_days": "days", "orders": "count"}  # where no order line is known


@dataclass(frozen=True)
class Figure:
    """One number and the usual one; `own` says that it is the customer's own, `note` in words whose it is."""

    head: str
    value: float
    usual: float | None
    unit: str
    note: str
    own: bool


@dataclass(frozen=True)
class _Number:
    """One number of all customers by id, its unit, and its median by group."""

    values: pd.Series
    unit: str
    usual: pd.Series


class Figures:
    """The figures of customers of a study, looked up once for all.

    `last` is by customer what the last order came to.
    """

    def __init__(self, study: Study, last: pd.Series) -> None:
        self.study = study
        self.last = last
        customers = study.customers
        self.of_all = customers.set_index(customers["customer_id"].astype(str))
        self.label = None if study.ranked else self.of_all[study.segmentation.main]
        self.group = pd.Series(0, index=self.of_all.index) if self.label is None else self.label
        self._numbers: dict[str, _Number] = {}  # worked out once for all cards
        orders = study.orders
        self.by_line = orders is not None and bool(len(orders))
        if orders is None or not len(orders):
            return
        ids = orders["customer_id"].astype(str)
        as_of = pd.Timestamp(study.as_of) + pd.Timedelta(days=1)
        this, before = as_of - YEAR, as_of - 2 * YEAR
        day, amount = orders["order_date"], orders["amount"]
        self.year = amount[day.ge(this) & day.lt(as_of)].groupby(ids).sum().round(2)
        self.year_before = amount[day.ge(before) & day.lt(this)].groupby(ids).sum().round(2)
        self.reaches = bool(day.min() <= before + REACH)
        self.gap = usual_gap(orders)

    def of(self, id: str) -> dict[str, Figure]:
        """At most three figures, by name."""
        made = self._of_lines(id) if self.by_line else {}
        for column in (*PLAIN, *self._read):
            if len(made) >= FIGURES:
                break
            if column not in made and not (made and column == "monetary"):
                figure = self._beside_class(id, column)
                made |= {} if figure is None else {column: figure}
        return made

    def _of_lines(self, id: str) -> dict[str, Figure]:
        made: dict[str, Figure] = {}
        say, row = self.study.say, self.of_all.loc[id]
        spent = float(self.year.get(id, 0.0))
        head = say("card.figure.money_12m")
        if self.reaches:
            usual = float(self.year_before.get(id, 0.0))
            made["money_12m"] = Figure(head, spent, usual, "money", say("card.usual.year_before"), True)
        else:
            peers = self._usual(self._spent, id)
            made["money_12m"] = Figure(head, spent, peers, "money", self._class(id), False)
        if pd.notna(row["recency_days"]) and id in self.gap.index:
            days, gap = float(row["recency_days"]), float(self.gap[id])
            words = say("card.usual.gap")
            made["recency_days"] = Figure(say("card.figure.recency_days"), days, gap, "days", words, True)
        elif (figure := self._beside_class(id, "recency_days")) is not None:
            made["recency_days"] = figure
        if id in self.last.index and pd.notna(row["aov"]):
            money, aov = float(self.last[id]), round(float(row["aov"]), 2)
            words = say("card.usual.aov")
            made["last_amount"] = Figure(say("card.figure.last_amount"), money, aov, "money", words, True)
        return made

    @cached_property
    def _read(self) -> list[str]:
        """Further numbers that classes are made by, those of the main scheme first; no answers of yes and no."""
        schemes = self.study.shown_schemes
        main = self.study.segmentation.main
        needs = [c for name in sorted(schemes, key=lambda name: name != main) for c in schemes[name].needs()]
        kind = pd.api.types
        return [
            column
            for column in dict.fromkeys(needs)
            if column in self.of_all
            and kind.is_numeric_dtype(self.of_all[column])
            and not kind.is_bool_dtype(self.of_all[column])
            and self.of_all[column].nunique() > 2
        ]

    def _beside_class(self, id: str, column: str) -> Figure | None:
        if column not in self.of_all or pd.isna(self.of_all.at[id, column]):
            return None
        number = self._number(column)
        named = f"card.figure.{column}" if column in PLAIN else ""
        head = self.study.say(named) if named else self.study.field_name(column)
        return Figure(
            head, float(number.values[id]), self._usual(number, id), number.unit, self._class(id), False
        )

    def _number(self, column: str) -> _Number:
        if column not in self._numbers:
            values = self.of_all[column].astype("float64")
            unit = PLAIN.get(column) or ("count" if values.dropna().mod(1).eq(0).all() else "ratio")
            self._numbers[column] = _Number(values, unit, values.groupby(self.group).median())
        return self._numbers[column]

    @cached_property
    def _spent(self) -> _Number:
        """The money of the last year."""
        values = self.year.reindex(self.of_all.index).fillna(0.0)
        return _Number(values, "money", values.groupby(self.group).median())

    def _usual(self, number: _Number, id: str) -> float | None:
        """The median of the customer's class; of all where they stand in order."""
        middle = number.usual[self.group[id]]
        return None if pd.isna(middle) else round(float(middle), 2)

    @cached_property
    def _of_class(self) -> dict[Any, int]:
        """Customers by class."""
        return {} if self.label is None else self.label.value_counts().to_dict()

    def _class(self, id: str) -> str:
        if self.label is None:
            return self.study.say("card.usual.all", n=len(self.of_all))
        label = self.label[id]
        called = self.study.label_name(str(label))
        return self.study.say("card.usual.class", label=called, n=self._of_class[label])
