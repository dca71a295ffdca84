"""Figures of the case studies: the title is the message of the numbers, and turns when the numbers turn."""

from __future__ import annotations

import datetime as dt
import warnings

import numpy as np
import pandas as pd
import pytest

import segkit
from segkit.charts import (
    best_before_and_after,
    clients_per_manager,
    nps_by_group,
    response_and_uplift,
    segment_value,
)
from segkit.locale import LANGS

FACTS = {"source": "datasets/jd", "as_of": dt.date(2025, 12, 31)}
WEEKLY = pd.DataFrame({"every_days": [7, 3.5, 14], "minutes": [12, 12, 12]})


@pytest.fixture(autouse=True)
def _no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# --- clients per manager --------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_clients_are_minutes_over_calls(lang):
    drawn = clients_per_manager(WEEKLY, minutes=300, days=20, lang=lang, **FACTS)
    assert drawn.meta.chart.series[0].values == (125.0, 62.0, 250.0)  # 6,000 / (4 x 12), (8 x 12), (2 x 12)
    assert "125" in drawn.meta.title
    assert all(name in drawn.meta.alt for name in drawn.meta.chart.categories)
    assert "3.5" in drawn.meta.chart.categories[1]
    assert drawn.png()


@pytest.mark.parametrize(("lang", "enough"), [("zh", "够用"), ("en", "enough")])
def test_the_title_says_whether_the_managers_suffice(lang, enough):
    short = clients_per_manager(WEEKLY, minutes=300, days=20, to_serve=144.5, lang=lang, **FACTS)
    assert "145" in short.meta.title
    assert enough not in short.meta.title
    suffices = clients_per_manager(WEEKLY, minutes=300, days=20, to_serve=125, lang=lang, **FACTS)
    assert enough in suffices.meta.title


def test_a_share_of_the_time_keeps_a_share_of_the_clients():
    drawn = clients_per_manager(WEEKLY, minutes=300, days=20, share=0.85, lang="en", **FACTS)
    assert drawn.meta.chart.series[0].values[0] == 106.0  # 5,100 / 48
    assert "85%" in drawn.meta.caption


# --- response and uplift --------------------------------------------------------------------------


def experiment(**bought: tuple[int, int]) -> pd.DataFrame:
    """200 customers in each arm of every segment; bought with contact, and without."""
    rows = []
    for segment, shares in bought.items():
        for arm, k in zip(("treated", "holdout"), shares, strict=True):
            rows += [(segment, arm, int(i < k)) for i in range(200)]
    return pd.DataFrame(rows, columns=["segment", "arm", "converted"])


@pytest.mark.parametrize("lang", LANGS)
def test_who_buys_most_is_told_from_whom_contact_changed(lang):
    found = segkit.uplift(experiment(key_value=(80, 79), key_keep=(50, 10), general_value=(30, 28)))
    drawn = response_and_uplift(found, lang=lang, **FACTS)
    most, best = ("重要价值", "重要保持") if lang == "zh" else ("Key · value", "Key · keep")
    assert drawn.meta.title.index(most) < drawn.meta.title.index(best)
    assert drawn.meta.chart.categories[0].startswith(most)
    assert drawn.meta.chart.series[0].values[0] == pytest.approx(0.4)
    assert "40.0%" in drawn.meta.alt
    assert drawn.png()


def test_one_segment_may_be_both():
    found = segkit.uplift(experiment(key_value=(90, 20), key_keep=(30, 28)))
    assert "Key · keep" not in response_and_uplift(found, lang="en", **FACTS).meta.title


def test_small_segments_are_named_and_not_drawn():
    rows = experiment(key_value=(80, 79), key_keep=(50, 10))
    few = rows[rows["segment"] == "key_keep"].groupby("arm").head(29)
    found = segkit.uplift(pd.concat([rows[rows["segment"] == "key_value"], few]))
    drawn = response_and_uplift(found, lang="en", **FACTS)
    assert drawn.meta.chart.categories == ("Key · value",)
    assert "Key · keep" in drawn.meta.caption
    nobody = response_and_uplift(segkit.uplift(few), lang="en", **FACTS)
    assert nobody.meta.chart.categories == ()
    assert nobody.png()


# --- the best, before and after --------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_luck_alone_lets_the_best_fall_and_the_next_best_rise(lang):
    draw = np.random.default_rng(3)
    money = pd.DataFrame({"2025Q3": draw.gamma(1, 400, 2000), "2025Q4": draw.gamma(1, 400, 2000)})
    drawn = best_before_and_after(money, lang=lang, **FACTS)
    picked_first, picked_second, everybody = (series.values for series in drawn.meta.chart.series)
    assert picked_first[1] < 0.5 * picked_first[0]
    assert picked_second[1] > 2 * picked_second[0]
    assert abs(everybody[1] / everybody[0] - 1) < 0.1
    fall = f"{1 - picked_first[1] / picked_first[0]:.0%}"
    assert fall in drawn.meta.title
    assert drawn.png()


def test_where_nothing_falls_back_nothing_of_it_is_said():
    money = pd.DataFrame({"2025Q3": [1000.0] * 5 + [10.0] * 45, "2025Q4": [1000.0] * 5 + [10.0] * 45})
    assert "fell" not in best_before_and_after(money, lang="en", **FACTS).meta.title


def test_a_period_without_money_cannot_be_compared():
    money = pd.DataFrame({"2025Q3": [0.0, 0.0], "2025Q4": [5.0, np.nan]})
    drawn = best_before_and_after(money, lang="zh", **FACTS)
    assert "无法比较" in drawn.meta.title


# --- net promoter score ----------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_groups_apart_are_said_to_be_apart_and_others_not(lang):
    far = {"1–2": segkit.nps([10] * 80 + [5] * 20), "5–8": segkit.nps([10] * 20 + [5] * 80)}
    drawn = nps_by_group(far, "delivery_days", lang=lang, **FACTS)
    assert "+60" in drawn.meta.title
    assert "-60" in drawn.meta.title
    assert "n = 200" in drawn.meta.caption
    near = {"1": segkit.nps([10] * 55 + [5] * 45), "2": segkit.nps([10] * 50 + [5] * 50)}
    assert ("分不出来" if lang == "zh" else "cannot be told") in nps_by_group(
        near, "survey_quarter", lang=lang, **FACTS
    ).meta.title


def test_groups_without_an_answer_are_left_out():
    groups = {"1–2": segkit.nps([10, 9, 3]), "5–8": segkit.nps([])}
    assert nps_by_group(groups, "delivery_days", lang="en", **FACTS).meta.chart.categories == ("1–2",)
    assert nps_by_group({"5–8": segkit.nps([])}, "delivery_days", lang="en", **FACTS).png()


# --- the segment the title speaks of ---------------------------------------------------------------


def test_the_title_speaks_of_the_segment_asked_for():
    summary = pd.DataFrame(
        {
            "label": ["high_value", "ordinary", "prospect"],
            "customers": [10, 60, 30],
            "monetary": [4.0, 6.0, 0.0],
        }
    )
    assert segment_value(summary, lang="en", **FACTS).meta.title.startswith("Ordinary")
    told = segment_value(summary, about="high_value", lang="en", **FACTS).meta.title
    assert told == "High value: 10% of customers, 40% of revenue"
    # of a segment without money no share can be said
    assert segment_value(summary, about="prospect", lang="en", **FACTS).meta.title.startswith("Ordinary")
