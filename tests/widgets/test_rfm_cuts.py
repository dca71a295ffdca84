"""The RFM cut explorer says what the scheme says, and moves as it moves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from page_of import Page
from sample_customers import sample_customers

import segkit
from segkit.locale import Lang, count, name_of
from segkit.locale.spoken import speak
from segkit.problems import InputProblems
from segkit.schemes.rfm import RFM
from segkit.widgets import rfm_cuts
from segkit.widgets.scoring import levels, sides, summary

CUSTOMERS = sample_customers()
SETTINGS: list[dict[str, Any]] = [
    {"segments": "eight", "split": "mean", "bins": 5},
    {"segments": "eight", "split": "median", "bins": 3},
    {"segments": "eleven", "split": "mean", "bins": 5},
    {"segments": "grid25", "split": "mean", "bins": 5},
]


@pytest.fixture(autouse=True)
def lang() -> Iterator[Lang]:
    speak("en")
    yield "en"
    speak("zh")


def sizes(page: Page) -> dict[str, int]:
    """Segment name -> customers, as the alt text of the figure says."""
    return {
        name: int(k.replace(",", ""))
        for name, k in re.findall(r"(?:[:.;] )([^:.;]+?) ([\d,]+) \(", page.alts[0])
    }


@pytest.mark.parametrize("setting", SETTINGS)
def test_sizes_and_money_are_those_of_the_scheme(setting: dict[str, Any]) -> None:
    widget = rfm_cuts(CUSTOMERS)
    widget.set(**setting)
    labelled = segkit.RFM(**setting).fit(CUSTOMERS).label(CUSTOMERS)
    wanted = {name_of("segment", label, "en"): n for label, n in labelled["rfm"].value_counts().items()}
    shown = {name: n for name, n in sizes(Page(widget.html)).items() if n}
    assert shown == wanted
    money = labelled.groupby("rfm")["monetary"].sum()
    table = summary(labelled, widget.scheme(widget.values)).set_index("label")
    assert table["monetary"].sum() == pytest.approx(money.sum())
    assert table.loc["prospect", "customers"] == 2


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_buyer_stands_on_one_level_of_each_score(setting: dict[str, Any]) -> None:
    scheme = segkit.RFM(**setting).fit(CUSTOMERS)
    labelled = scheme.label(CUSTOMERS)
    table = levels(scheme, labelled, "en")
    assert set(table.groupby("measure")["customers"].sum()) == {400}
    if setting["segments"] == "eight":
        table = sides(scheme, labelled, "en")
        assert set(table.groupby("measure")["customers"].sum()) == {400} and len(table) == 6


def test_high_and_low_are_where_the_scheme_parts() -> None:
    scheme = segkit.RFM(segments="eight", split="median").fit(CUSTOMERS)
    buyers = CUSTOMERS[CUSTOMERS["frequency"] > 0]
    high = sides(scheme, scheme.label(CUSTOMERS), "en").query("score == 'high'")
    median = buyers["recency_days"].median()
    assert [text[0] for text in high["range_used"]] == ["≤", "≥", "≥"]
    assert high["range_used"].iloc[0] == f"≤ {int(median)}"
    found = [int(n) for n in high["customers"]]
    assert found == [
        int((buyers["recency_days"] <= buyers["recency_days"].median()).sum()),
        int((buyers["frequency"] >= buyers["frequency"].median()).sum()),
        int((buyers["monetary"] >= buyers["monetary"].median()).sum()),
    ]


def test_a_moved_control_changes_figure_and_numbers() -> None:
    widget = rfm_cuts(CUSTOMERS)
    first = Page(widget.html)
    widget.controls["split"].value = "median"
    page = Page(widget.html)
    assert page.pictures != first.pictures and sizes(page) != sizes(first)
    before = segkit.RFM(segments="eight").fit(CUSTOMERS).label(CUSTOMERS)
    after = segkit.RFM(segments="eight", split="median").fit(CUSTOMERS).label(CUSTOMERS)
    moved = int((before["rfm"] != after["rfm"]).sum())
    assert moved > 0 and f"{count(moved)} customers change segment" in page.alts[0]


def test_more_levels_are_more_columns_of_scores() -> None:
    widget = rfm_cuts(CUSTOMERS)
    widget.controls["bins"].value = 7
    assert Page(widget.html).tables[-1][0][1:] == [f"Score {n}" for n in range(7, 0, -1)]


def test_what_decides_nothing_is_hidden() -> None:
    widget = rfm_cuts(CUSTOMERS)
    bins, split = widget.controls["bins"].layout, widget.controls["split"].layout
    assert (bins.display, split.display) == ("none", None)
    widget.set(segments="eleven")
    assert (bins.display, split.display) == (None, "none")
    widget.reset()
    assert (bins.display, split.display) == ("none", None)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_customer_stands_first_and_long_tables_are_folded(setting: dict[str, Any]) -> None:
    widget = rfm_cuts(CUSTOMERS)
    widget.set(**setting)
    shown, folded = widget.html.split("<details>")
    assert shown.index("by both settings") < shown.index("<img")
    assert shown.count("<table") == 1
    assert folded.count("<table") == (2 if setting["segments"] == "eight" else 1)
    assert folded.index("<summary>") < folded.index("<table") < folded.index("</details>")


def test_own_cut_points_are_those_used() -> None:
    widget = rfm_cuts(CUSTOMERS, segments="eleven")
    widget.controls["r_cuts"].value = "30，90、180 365"
    assert not Page(widget.html).wrong
    scheme = widget.scheme(widget.values)
    wanted = pd.cut(
        CUSTOMERS["recency_days"].astype(float), [-1, 30, 90, 180, 365, 9999], labels=[5, 4, 3, 2, 1]
    )
    buyers = CUSTOMERS["frequency"] > 0
    found = scheme.label(CUSTOMERS)["r_score"]
    assert (found[buyers].astype(int) == wanted[buyers].astype(int)).all()
    row = Page(widget.html).tables[-1][1]
    assert row[1].startswith("≤ 30 (") and row[5].startswith("> 365 (")
    assert "own" in Page(widget.html).words


def test_fewer_own_cut_points_spread_the_scores() -> None:
    widget = rfm_cuts(CUSTOMERS, segments="eleven", f_cuts=[1])
    assert set(widget.scheme(widget.values).label(CUSTOMERS)["f_score"].dropna()) == {1, 5}


def test_for_eight_an_own_cut_point_is_the_middle() -> None:
    widget = rfm_cuts(CUSTOMERS, r_cuts=[90], f_cuts=[2], m_cuts=[500])
    labelled = widget.scheme(widget.values).label(CUSTOMERS)
    high = (CUSTOMERS["recency_days"] <= 90) & (CUSTOMERS["frequency"] >= 2) & (CUSTOMERS["monetary"] >= 500)
    assert set(CUSTOMERS[high.fillna(False)]["customer_id"]) == set(
        labelled[labelled["rfm"] == "key_value"]["customer_id"]
    )
    assert "evenly" not in Page(widget.html).words  # the sentence on cut points from the data


def test_the_customer_is_one_of_the_data_and_explained_by_the_scheme() -> None:
    widget = rfm_cuts(CUSTOMERS)
    rich = CUSTOMERS.loc[CUSTOMERS["monetary"].idxmax(), "customer_id"]
    assert widget.values["customer"] == rich
    assert set(widget.controls["customer"].options) <= set(CUSTOMERS["customer_id"])
    widget.set(customer="K0007", split="median")
    scheme = segkit.RFM(segments="eight", split="median").fit(CUSTOMERS)
    who = CUSTOMERS[CUSTOMERS["customer_id"] == "K0007"]
    page = Page(widget.html)
    assert scheme.explain(who, "en") in page.words
    was = (
        segkit.RFM(segments="eight").fit(CUSTOMERS).label(CUSTOMERS).set_index("customer_id")["rfm"]["K0007"]
    )
    assert [row[-1] for row in page.tables[0][1:]] == [
        name_of("segment", label, "en") for label in (was, scheme.label(who)["rfm"].iloc[0])
    ]


def test_a_customer_who_is_named_is_shown_by_name() -> None:
    named = CUSTOMERS.assign(name=[f"虚构{i}" for i in range(len(CUSTOMERS))])
    assert "<caption>虚构7 (K0007) by both settings</caption>" in rfm_cuts(named, customer="K0007").html


@pytest.mark.parametrize("setting", [*SETTINGS, {"segments": "eight", "r_cuts": "90", "customer": "P1"}])
def test_both_languages_hold_the_same_numbers(setting: dict[str, Any]) -> None:
    pages = []
    for spoken in ("zh", "en"):
        speak(spoken)  # type: ignore[arg-type]
        widget = rfm_cuts(CUSTOMERS, source="orders.csv")
        widget.set(**setting)
        pages.append(Page(widget.html))
    zh, en = pages
    assert len(zh.numbers()) > 50 and zh.numbers() == en.numbers()
    assert (
        zh.alts != en.alts
        and re.search(r"[\u4e00-\u9fff]", zh.words)
        and not re.search(r"[\u4e00-\u9fff]", en.words)
    )


def test_the_twin_is_the_first_view() -> None:
    widget = rfm_cuts(CUSTOMERS, segments="grid25")
    shown = Page(widget.html)
    twin = widget.twin()
    assert [twin.meta.alt] == shown.alts  # type: ignore[union-attr]
    moved = widget.twin(segments="eight", split="median")
    widget.set(segments="eight", split="median")
    assert [moved.meta.alt] == Page(widget.html).alts != shown.alts  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"segments": "eleven", "bins": 4}, "levels to 5"),
        ({"r_cuts": "30, x"}, "x among the cut points of R"),
        ({"segments": "eleven", "f_cuts": "9 3"}, "must ascend"),
        ({"segments": "eleven", "m_cuts": "1 2 3 4 5"}, "4 at most"),
        ({"m_cuts": "1 2"}, "1 at most"),
        ({"m_cuts": "nan"}, "nan among the cut points of M"),
    ],
)
def test_what_cannot_be_is_a_sentence(setting: dict[str, Any], said: str) -> None:
    widget = rfm_cuts(CUSTOMERS)
    widget.set(**setting)
    page = Page(widget.html)
    assert page.wrong and said in page.words and not page.pictures
    with pytest.raises(InputProblems):
        widget.twin(**setting)
    widget.reset()
    assert Page(widget.html).pictures


def test_a_misspelt_customer_leaves_the_rest_and_names_those_near() -> None:
    widget = rfm_cuts(CUSTOMERS, customer="K007")
    page = Page(widget.html)
    assert "No customer has the id K007" in page.words and "K0007" in page.words
    assert page.pictures and not page.wrong


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (CUSTOMERS.drop(columns="monetary"), "monetary is missing"),
        (CUSTOMERS.head(0), "no customers"),
        ([1, 2], "list"),
        (CUSTOMERS.drop(columns="last_order"), "as_of"),
        (CUSTOMERS.assign(monetary="many"), "monetary"),
    ],
)
def test_data_that_cannot_be_used_are_a_sentence(data: Any, said: str) -> None:
    page = Page(rfm_cuts(data).html)
    assert page.wrong and said in page.words


def test_the_day_is_read_off_the_table() -> None:
    assert "as of 2025-12-31" in rfm_cuts(CUSTOMERS).twin().meta.caption  # type: ignore[union-attr]
    given = rfm_cuts(CUSTOMERS.drop(columns="last_order"), as_of="2026-01-02")
    assert "as of 2026-01-02" in given.twin().meta.caption  # type: ignore[union-attr]


def test_the_table_given_is_not_changed() -> None:
    before = CUSTOMERS.copy(deep=True)
    rfm_cuts(CUSTOMERS).set(split="median", customer="K0003")
    pd.testing.assert_frame_equal(CUSTOMERS, before)
    assert isinstance(rfm_cuts(CUSTOMERS).scheme(rfm_cuts(CUSTOMERS).values), RFM)
