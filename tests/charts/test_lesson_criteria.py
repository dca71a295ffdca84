"""The figure of the lesson on criteria: what rises between groups, and falls within them, is drawn and said so."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import pytest

from segkit.charts import between_and_within, halves_within

ABOUT = {
    "group": "region",
    "x": "revenue_wan",
    "y": "bought_from_us",
    "source": "sample",
    "as_of": "2025-12-31",
}


def firms(slope: float, each: int = 40) -> pd.DataFrame:
    """Three regions, each richer than the one before by 100 and buying more by 1,000; within, y moves by `slope`."""
    rows = [
        {"region": region, "revenue_wan": 100.0 * n + i, "bought_from_us": 1000.0 * n + 5000 + slope * i}
        for n, region in enumerate(["north_china", "south_china", "east_china"])
        for i in range(each)
    ]
    return pd.DataFrame(rows)


def test_each_group_is_cut_at_its_own_median() -> None:
    found = halves_within(firms(-2.0), group="region", x="revenue_wan", y="bought_from_us")
    assert found["group"].tolist() == ["north_china", "south_china", "east_china"]
    north = found.iloc[0]
    assert (north["customers"], north["x_low"], north["x_high"]) == (40, 9.5, 29.5)
    assert (north["y_low"], north["y_high"], north["y_mean"]) == (4981.0, 4941.0, 4961.0)


def test_small_groups_and_rows_without_numbers_do_not_count() -> None:
    few = firms(-2.0)
    few.loc[few["region"].eq("south_china") & (few.groupby("region").cumcount() > 28), "bought_from_us"] = (
        None
    )
    found = halves_within(few, group="region", x="revenue_wan", y="bought_from_us")
    assert found["group"].tolist() == ["north_china", "east_china"]
    drawn = between_and_within(few, lang="zh", **ABOUT)
    assert "40 位未画" in drawn.meta.caption and "80 位客户" in drawn.meta.caption


@pytest.mark.parametrize(
    ("slope", "zh", "en"),
    [
        (-2.0, "大区之内相反（3 个里有 3 个）", "within each it is the reverse (3 of 3)"),
        (2.0, "也高的有 3 个，低的有 0 个", "has more purchases in 3, less in 0"),
    ],
)
def test_the_title_says_whether_it_is_reversed(slope: float, zh: str, en: str) -> None:
    said: dict[Literal["zh", "en"], str] = {"zh": zh, "en": en}
    for lang, words in said.items():
        drawn = between_and_within(firms(slope), lang=lang, **ABOUT)
        assert words in drawn.meta.title
        assert drawn.meta.title in drawn.meta.alt
    assert drawn.meta.chart.categories == ("North China", "South China", "East China")


def test_one_group_alone_is_not_compared() -> None:
    drawn = between_and_within(firms(1.0)[:40], lang="zh", **ABOUT)
    assert drawn.meta.title == "人数够多的组不到两个，无从比较"
