"""Figures of the case alibaba: the title is the message of the numbers, and turns when the numbers turn."""

from __future__ import annotations

import datetime as dt
import warnings

import numpy as np
import pandas as pd
import pytest

from segkit.charts import all_and_within, months_at_steps, rates_by_criterion, visits_and_minutes
from segkit.charts.field_sales import slopes
from segkit.locale import LANGS

FACTS = {"source": "datasets/alibaba", "as_of": dt.date(2025, 12, 31)}


@pytest.fixture(autouse=True)
def _no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# --- which criterion tells who signs ---------------------------------------------------------------


def firms(*classes: tuple[str, str, int, int]) -> pd.DataFrame:
    """Rows of need, size, how many signed, of how many."""
    rows = [(need, size, int(i < k)) for need, size, k, n in classes for i in range(n)]
    return pd.DataFrame(rows, columns=["need_class", "size", "signed"])


@pytest.mark.parametrize(
    ("lang", "need", "size"), [("zh", "需求强弱", "企业规模"), ("en", "Need", "Size of firm")]
)
def test_the_title_names_the_criterion_that_tells_and_the_one_that_does_not(lang, need, size):
    rows = firms(
        ("need_high", "size_small", 30, 100), ("need_high", "size_large", 30, 100),
        ("need_low", "size_small", 8, 100), ("need_low", "size_large", 8, 100),
    )  # fmt: skip
    drawn = rates_by_criterion(rows, ["size", "need_class"], lang=lang, **FACTS)
    assert drawn.meta.title.index(need) < drawn.meta.title.index(size)
    assert drawn.meta.chart.series[0].values == (0.19, 0.19, 0.3, 0.08)
    assert "n = 400" in drawn.meta.caption
    assert "30.0%" in drawn.meta.alt
    assert drawn.png()


def test_a_class_of_few_does_not_carry_the_title():
    rows = firms(("need_high", "size_small", 20, 20), ("need_low", "size_small", 10, 200))
    assert "No criterion" in rates_by_criterion(rows, ["need_class"], lang="en", **FACTS).meta.title
    more = firms(("need_high", "size_small", 30, 30), ("need_low", "size_small", 10, 200))
    assert "No criterion" not in rates_by_criterion(more, ["need_class"], lang="en", **FACTS).meta.title


def test_without_a_criterion_there_is_nothing_to_compare():
    drawn = rates_by_criterion(firms(("need_low", "size_small", 1, 5)), [], lang="zh", **FACTS)
    assert drawn.meta.chart.categories == () and drawn.png()


# --- visits and minutes ----------------------------------------------------------------------------


def team(*odd: tuple[float, float]) -> pd.DataFrame:
    rows = [(8.0, 8.0)] * 5 + list(odd)
    return pd.DataFrame(rows, columns=["a_day", "minutes"], index=[f"R{i:03}" for i in range(len(rows))])


@pytest.mark.parametrize("lang", LANGS)
def test_who_logs_many_short_visits_is_named(lang):
    drawn = visits_and_minutes(team((20, 2), (21, 1)), lang=lang, **FACTS)
    assert drawn.meta.title.startswith("2 ")
    assert "20" in drawn.meta.title and "1.5" in drawn.meta.title
    assert "R005" in drawn.meta.alt and "R006" in drawn.meta.alt and "R001" not in drawn.meta.alt
    assert drawn.png()


def test_where_nobody_is_short_nobody_is_named():
    drawn = visits_and_minutes(team((20, 6)), lang="en", **FACTS)
    assert "none" in drawn.meta.title and "R005" not in drawn.meta.alt


# --- all, and within a class -----------------------------------------------------------------------


def visited(*classes: tuple[str, int, float, float]) -> pd.DataFrame:
    """Answers of each class at visits around `x`: level `y`, changing by `slope` a visit."""
    rows = [(c, x + i, y + slope * i) for c, x, y, slope in classes for i in range(3) for _ in range(10)]
    return pd.DataFrame(rows, columns=["tier", "log_visits", "csat"])


def test_slopes_of_all_and_within_differ_where_classes_do():
    every, within = slopes(
        visited(("A", 6, 2.5, 0.0), ("C", 0, 4.0, 0.0)), x="log_visits", y="csat", group="tier"
    )
    assert every == pytest.approx(-0.25 * 9 / (9 + 2 / 3)) and within == 0.0
    alone = visited(("A", 0, 3.0, 0.5))
    assert slopes(alone, x="log_visits", y="csat", group="tier") == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize("lang", LANGS)
def test_the_title_gives_both_slopes(lang):
    rows = visited(("A", 6, 2.5, 0.1), ("C", 0, 4.0, 0.1))
    every, within = slopes(rows, x="log_visits", y="csat", group="tier")
    drawn = all_and_within(rows, x="log_visits", y="csat", group="tier", lang=lang, **FACTS)
    assert f"{every:+.2f}" in drawn.meta.title and f"{within:+.2f}" in drawn.meta.title and every < 0 < within
    assert len(drawn.meta.chart.categories) == 2
    assert drawn.png()


def test_nothing_has_no_sign():
    drawn = all_and_within(
        visited(("A", 6, 2.5, 0.0), ("C", 0, 4.0, 0.0)),
        x="log_visits",
        y="csat",
        group="tier",
        lang="en",
        **FACTS,
    )
    assert " 0.00" in drawn.meta.title and "-0.00" not in drawn.meta.title


# --- months at the steps ---------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_a_bulge_above_the_step_is_said_with_its_share(lang):
    even = pd.Series(np.arange(0, 20, 0.5))  # 4 of 40 between 10 and 12
    held = pd.Series([11.0] * 20 + [3.0] * 20)
    drawn = months_at_steps(even, held, [6, 10], lang=lang)
    assert "50%" in drawn.meta.title and "10%" in drawn.meta.title
    assert "n = 40" in drawn.meta.caption
    assert drawn.meta.chart.series[1].values[5] == 0.5
    assert drawn.png()


def test_without_a_bulge_none_is_said():
    even = pd.Series(np.arange(0, 20, 0.5))
    assert "no sign" in months_at_steps(even, even, [6, 10], lang="en").meta.title
