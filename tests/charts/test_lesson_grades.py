"""The figures of lesson 04 say what the schemes and the model say."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import pytest

from segkit.charts import mean_or_median, silence
from segkit.schemes.rfm import RFM
from segkit.value.btyd import BGNBD, MBGNBD

ABOUT = {"source": "sample", "as_of": "2025-12-31"}
# as the JD sample teaches them, in weeks
MODEL = MBGNBD(r=0.9933, alpha=9.9797, a=0.5063, b=2.7509, n=2941)


def skewed(n: int = 40) -> pd.DataFrame:
    """Few spend and buy much more than most, so the mean lies far above the median; one never bought."""
    rows = [
        (10 * i + 1, 1 + (i % 3) + (9 if i < 6 else 0), 100.0 + 10 * i + (5000 if i < 6 else 0))
        for i in range(n)
    ]
    table = pd.DataFrame(rows, columns=["recency_days", "frequency", "monetary"])
    table["customer_id"] = [f"C{i}" for i in range(n)]
    prospect = {"recency_days": None, "frequency": 0, "monetary": 0.0, "customer_id": "P"}
    return pd.concat([table, pd.DataFrame([prospect])], ignore_index=True)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_shares_are_those_of_the_two_schemes(lang: Literal["zh", "en"]) -> None:
    customers = skewed()
    drawn = mean_or_median(customers, lang=lang, **ABOUT)
    splits: list[Literal["mean", "median"]] = ["mean", "median"]
    for split, series in zip(splits, drawn.meta.chart.series, strict=True):
        scheme = RFM(bins=5, segments="eight", split=split).fit(customers)
        labels = scheme.label(customers)["rfm"]
        expected = [(labels == label).sum() / 40 for label in scheme.order()[:8]]
        assert series.values == pytest.approx(expected)
    assert "%" in drawn.meta.title and drawn.meta.title in drawn.meta.alt
    assert "40" in drawn.meta.caption and "1" in drawn.meta.caption


def test_the_title_names_the_class_that_grows_most() -> None:
    drawn = mean_or_median(skewed(), lang="en", **ABOUT)
    by_mean, by_median = (series.values for series in drawn.meta.chart.series)
    grows = max(range(8), key=lambda i: by_median[i] - by_mean[i])
    assert drawn.meta.title.startswith(drawn.meta.chart.categories[grows])


def test_without_buyers_the_figure_says_so() -> None:
    customers = skewed().tail(1)
    assert "买家" in mean_or_median(customers, lang="zh", **ABOUT).meta.title


@pytest.mark.parametrize("model", [MODEL, BGNBD(r=0.5981, alpha=7.1657, a=0.5827, b=5.1604, n=2941)])
def test_who_came_often_is_missed_sooner(model: BGNBD | MBGNBD) -> None:
    drawn = silence(model, lang="en", **ABOUT)
    after_240 = [line.values[240 // 30] for line in drawn.meta.chart.series]
    assert after_240 == sorted(after_240, reverse=True)
    assert after_240[-1] < 0.05 < 0.5 < after_240[0]


def test_the_days_in_the_title_are_those_at_which_the_chance_falls_below_one_half() -> None:
    drawn = silence(MODEL, bought=(5, 20), lang="zh", **ABOUT)
    for many, day in ((20, 90), (5, 296)):
        rows = pd.DataFrame({"x": many - 1.0, "t_x": 365 / 7, "T": [365 / 7 + d / 7 for d in (day - 1, day)]})
        before, after = MODEL.p_alive(rows)
        assert after < 0.5 <= before
        assert f"{day} 天" in drawn.meta.title
    assert "2,941" in drawn.meta.caption


def test_where_nobody_falls_below_one_half_the_title_says_so() -> None:
    assert "540" in silence(MODEL, bought=(2, 3), lang="en", **ABOUT).meta.title
    later = silence(MODEL, bought=(2, 20), lang="en", **ABOUT).meta.title
    assert "90" in later and "540" in later
