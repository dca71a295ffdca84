"""ABC classes with both cuts in one's own hand, and what they cost in hours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from ipywidgets import BoundedFloatText, IntSlider, Label, VBox

from segkit.charts.class_bars import class_resources
from segkit.charts.lorenz import concentration
from segkit.locale import Lang, has_message, name_of, say
from segkit.problems import InputProblems, Problem
from segkit.schemes.base import UNKNOWN
from segkit.schemes.pareto import CLASSES, Pareto
from segkit.schemes.store import scheme_from
from segkit.widgets.explorer import Explorer, row
from segkit.widgets.parts import Part, Table
from segkit.widgets.population import Population

# sample parameters (示例参数), said beside the controls: minutes of one contact, contacts a month, for each class
MINUTES = {"A": 30.0, "B": 15.0, "C": 5.0}
CONTACTS = {"A": 2.0, "B": 1.0, "C": 0.25}
HOURS = 100.0  # of one person a month for contacts, a sample parameter as well


class AbcCuts(Explorer):
    """See `abc_cuts`."""

    topic = "abc_cuts"

    def __init__(self, population: Population, value: str, **defaults: Any) -> None:
        self.population, self.value = population, value
        super().__init__(**defaults)

    def make_controls(self, lang: Lang) -> dict[str, Any]:
        controls: dict[str, Any] = {
            "cut_a": IntSlider(value=70, min=5, max=95, step=5),
            "cut_b": IntSlider(value=90, min=10, max=99),
        }
        for label in reversed(CLASSES):
            name = name_of("segment", label, lang)
            for kind, usual, most in (("minutes", MINUTES, 480), ("contacts", CONTACTS, 60)):
                text = say(f"widget.abc_cuts.{kind}", lang, name=name)
                controls[f"{kind}_{label.lower()}"] = BoundedFloatText(
                    value=usual[label], min=0, max=most, description=text
                )
        controls["hours"] = BoundedFloatText(value=HOURS, min=1, max=300)
        return controls

    def arrange(self, controls: Mapping[str, Any]) -> VBox:
        """The cuts, then what is a sample parameter, one class a line."""
        lines = [[controls[f"{kind}_{label}"] for kind in ("minutes", "contacts")] for label in "abc"]
        rows = [row([controls["cut_a"], controls["cut_b"]]), Label(self.label("samples"))]
        return VBox([*rows, *(row(line) for line in lines), row([controls["hours"]])])

    def scheme(self, values: Mapping[str, Any]) -> Pareto:
        """The classes these cuts make, fitted.

        Raises
        ------
        InputProblems : the cut of B is not above that of A; a column missing
        """
        self.population.require(["customer_id", self.value])
        if values["cut_b"] <= values["cut_a"]:
            raise InputProblems([Problem("widget.abc_cuts.order", {k: values[f"cut_{k}"] for k in "ab"})])
        cuts = [values["cut_a"] / 100, values["cut_b"] / 100]
        fitted = scheme_from({"kind": "pareto", "value": self.value, "cuts": cuts}, "abc").fit(
            self.population.customers
        )
        assert isinstance(fitted, Pareto)
        return fitted

    def consequence(self, values: Mapping[str, Any]) -> pd.DataFrame:
        """``label, customers, people_share, monetary, held_share, contacts_month, hours, people_needed`` by class.

        Hours are customers x contacts a month x minutes / 60; customers without a value are not contacted. Those at
        zero or below have no share of the Lorenz curve and are left out here as well: leading them to a first order
        is other work.
        """
        labelled = self.scheme(values).label(self.population.customers)
        labelled = labelled[~(labelled[self.value] <= 0)]
        grouped = labelled.groupby("abc", observed=True)[self.value]
        table = pd.DataFrame({"customers": grouped.size(), "monetary": grouped.sum().round(2)})
        labels = [*reversed(CLASSES), *([UNKNOWN] if UNKNOWN in table.index else [])]
        table = table.reindex(labels).fillna(0.0).astype({"customers": "int64", "monetary": "float64"})
        contacts = [values.get(f"contacts_{label.lower()}", 0.0) for label in labels]
        minutes = [values.get(f"minutes_{label.lower()}", 0.0) for label in labels]
        table["contacts_month"] = table["customers"] * contacts
        table["hours"] = table["contacts_month"] * minutes / 60
        table["people_needed"] = table["hours"] / values["hours"]
        total = table["monetary"].clip(lower=0).sum()
        table.insert(1, "people_share", table["customers"] / max(1, table["customers"].sum()))
        table.insert(3, "held_share", table["monetary"].clip(lower=0) / total if total else 0.0)
        return table.reset_index(names="label")

    def meaning(self, values: Mapping[str, Any], lang: Lang) -> str:
        table = self.consequence(values)
        facts = {"a": values["cut_a"] / 100, "b": values["cut_b"] / 100, "noun": self._noun(lang)}
        hours = float(table["hours"].sum())
        people = float(table["people_needed"].sum())
        return say("widget.abc_cuts.means", lang, **facts, hours=hours, each=values["hours"], people=people)

    def render(self, values: Mapping[str, Any], lang: Lang) -> Sequence[Part]:
        scheme, table = self.scheme(values), self.consequence(values)
        facts: dict[str, Any] = {
            "lang": lang,
            "source": self.population.source(lang),
            "as_of": self.population.as_of,
        }
        return [
            class_resources(table, noun=self._noun(lang), **facts),
            Table(
                table,
                {
                    "customers": "count",
                    "people_share": "share",
                    "monetary": "money",
                    "held_share": "share",
                    "contacts_month": "count",
                    "hours": "hours",
                    "people_needed": "ratio",
                },
                say("widget.abc_cuts.table", lang),
                {"label": "segment"},
            ),
            concentration(scheme.label(self.population.customers), value=self.value, **facts),
            scheme.describe(lang),
        ]

    def _noun(self, lang: Lang) -> str:
        own = f"chart.noun.{self.value}"
        return say(own, lang) if has_message(own) else name_of("field", self.value, lang)


def abc_cuts(
    customers: pd.DataFrame,
    *,
    value: str = "monetary",
    as_of: dt.date | str | None = None,
    source: str | None = None,
    **defaults: Any,
) -> AbcCuts:
    """What do the cuts of ABC cost in hours, and does the work go where the money is? (ABC 分界与投入)

    Shows share of customers, of money and contact hours of each class, the persons they need, and the Lorenz curve
    with the classes. Minutes, contacts and hours begin with sample parameters (示例参数).

    Parameters
    ----------
    customers : from `customer_table`: ``customer_id`` and `value`
    value : column in the client's currency
    as_of, source : for the caption; the day is read off the table where it can be
    defaults : first values of the controls: ``cut_a, cut_b`` cumulative shares of value in percent; ``minutes_a,
        minutes_b, minutes_c`` of one contact; ``contacts_a, contacts_b, contacts_c`` a month for each customer;
        ``hours`` a month one person has for contacts

    Raises
    ------
    InputProblems : a default that a control cannot take
    """
    return AbcCuts(Population(customers, as_of, source), value, **defaults)
