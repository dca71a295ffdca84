"""ABC cuts: the classes are those of the scheme, the hours are customers by contacts by minutes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from page_of import Page
from sample_customers import sample_customers

import segkit
from segkit.locale.spoken import speak
from segkit.problems import InputProblems
from segkit.widgets import abc_cuts

CUSTOMERS = sample_customers()


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    speak("en")
    yield
    speak("zh")


@pytest.mark.parametrize(("a", "b"), [(70, 90), (50, 80), (95, 99)])
def test_classes_and_money_are_those_of_the_scheme(a: int, b: int) -> None:
    widget = abc_cuts(CUSTOMERS)
    widget.set(cut_a=a, cut_b=b)
    labelled = segkit.Pareto(cuts=(a / 100, b / 100)).fit(CUSTOMERS).label(CUSTOMERS)
    labelled = labelled[labelled["monetary"] > 0]  # the same people as on the curve
    table = Page(widget.html).tables[0]
    money = labelled.groupby("abc")["monetary"].sum()
    people = labelled["abc"].value_counts()
    for row, label in zip(table[1:], "ABC", strict=True):
        assert int(row[1].replace(",", "")) == people[label]
        assert float(row[3].replace(",", "")) == pytest.approx(money[label], abs=0.01)


def test_hours_are_customers_by_contacts_by_minutes() -> None:
    five = pd.DataFrame({"customer_id": list("vwxyz"), "monetary": [700.0, 100.0, 100.0, 60.0, 40.0]})
    widget = abc_cuts(five, as_of="2025-12-31", minutes_a=60, contacts_a=4, minutes_b=30, contacts_b=2)
    widget.set(minutes_c=15, contacts_c=1, hours=10)
    # A: one customer, 4 x 60 min = 4 h; B: two, 2 x 2 x 30 min = 2 h; C: two, 2 x 15 min = 0.5 h; one has 10 h
    table = widget.consequence(widget.values)
    assert list(table["customers"]) == [1, 2, 2]
    assert list(table["contacts_month"]) == [4, 4, 2]
    assert list(table["hours"]) == [4, 2, 0.5]
    assert np.allclose(table["people_needed"], [0.4, 0.2, 0.05])
    page = Page(widget.html)
    assert "6.5 hours a month" in page.words and "0.65 persons" in page.words
    assert [row[6] for row in page.tables[0][1:]] == ["4.0", "2.0", "0.5"]


def test_a_moved_cut_changes_both_figures_and_the_hours() -> None:
    widget = abc_cuts(CUSTOMERS)
    first, hours = Page(widget.html), widget.consequence(widget.values)["hours"].sum()
    widget.controls["cut_a"].value = 50
    page = Page(widget.html)
    assert len(page.pictures) == 2 and not set(page.pictures) & set(first.pictures)
    assert widget.consequence(widget.values)["hours"].sum() < hours
    assert page.tables != first.tables


def test_minutes_change_the_hours_and_not_the_classes() -> None:
    widget = abc_cuts(CUSTOMERS)
    first = Page(widget.html)
    widget.controls["minutes_b"].value = 45
    page = Page(widget.html)
    assert [row[:6] for row in page.tables[0]] == [row[:6] for row in first.tables[0]]
    assert float(page.tables[0][2][6]) == pytest.approx(3 * float(first.tables[0][2][6]), abs=0.2)


def test_without_contacts_the_title_says_so() -> None:
    twin = abc_cuts(CUSTOMERS).twin(contacts_a=0, contacts_b=0, contacts_c=0)
    assert "no contacts are set" in twin.meta.title  # type: ignore[union-attr]


def test_a_customer_without_value_is_unknown_and_costs_no_time() -> None:
    holed = CUSTOMERS.assign(monetary=CUSTOMERS["monetary"].mask(CUSTOMERS.index < 7))
    table = abc_cuts(holed).consequence(abc_cuts(holed).values).set_index("label")
    assert table.loc["unknown", "customers"] == 7 and table.loc["unknown", "hours"] == 0
    assert table["customers"].sum() == len(holed) - (holed["monetary"] <= 0).sum()


def test_sample_parameters_are_called_so_where_they_stand() -> None:
    for lang, words in (("zh", "示例参数"), ("en", "sample parameters")):
        speak(lang)  # type: ignore[arg-type]
        arranged = abc_cuts(CUSTOMERS).children[0].children
        assert words in arranged[1].value


@pytest.mark.parametrize("setting", [{}, {"cut_a": 50, "cut_b": 80, "minutes_a": 12.5}, {"hours": 73}])
def test_both_languages_hold_the_same_numbers(setting: dict[str, Any]) -> None:
    pages = []
    for spoken in ("zh", "en"):
        speak(spoken)  # type: ignore[arg-type]
        widget = abc_cuts(CUSTOMERS)
        widget.set(**setting)
        pages.append(Page(widget.html))
    zh, en = pages
    assert [row[1:] for row in zh.tables[0][1:]] == [row[1:] for row in en.tables[0][1:]]
    assert len(zh.numbers()) > 40 and zh.numbers() == en.numbers()
    assert zh.tables[0][0] != en.tables[0][0]


def test_the_twin_is_the_first_view() -> None:
    widget = abc_cuts(CUSTOMERS, cut_a=60)
    assert widget.twin().meta.alt == Page(widget.html).alts[0]  # type: ignore[union-attr]
    moved = widget.twin(cut_a=80)
    widget.set(cut_a=80)
    assert moved.meta.alt == Page(widget.html).alts[0]  # type: ignore[union-attr]


def test_another_column_of_money_is_called_by_its_name() -> None:
    own = CUSTOMERS.assign(aov=CUSTOMERS["monetary"] / 2)
    widget = abc_cuts(own, value="aov")
    labelled = segkit.Pareto(value="aov").fit(own).label(own)
    labelled = labelled[labelled["aov"] > 0]
    assert list(widget.consequence(widget.values)["customers"]) == list(
        labelled["abc"].value_counts()[["A", "B", "C"]]
    )
    assert Page(widget.html).pictures


@pytest.mark.parametrize(
    ("setting", "said"),
    [({"cut_a": 90}, "must be above"), ({"cut_a": 95, "cut_b": 50}, "50%, must be above")],
)
def test_cuts_in_the_wrong_order_are_a_sentence(setting: dict[str, Any], said: str) -> None:
    widget = abc_cuts(CUSTOMERS)
    widget.set(**setting)
    page = Page(widget.html)
    assert page.wrong and said in page.words and not page.tables
    with pytest.raises(InputProblems):
        widget.twin(**setting)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (CUSTOMERS.drop(columns="monetary"), "monetary is missing"),
        (CUSTOMERS.head(0), "no customers"),
        (None, "NoneType"),
    ],
)
def test_data_that_cannot_be_used_are_a_sentence(data: Any, said: str) -> None:
    page = Page(abc_cuts(data).html)
    assert page.wrong and said in page.words


def test_nobody_with_money_is_still_shown() -> None:
    poor = CUSTOMERS.assign(monetary=0.0)
    page = Page(abc_cuts(poor).html)
    assert not page.wrong and [row[1] for row in page.tables[0][1:]] == ["0", "0", "0"]
