"""Figures of the case realestate: what was promised against what was kept, and differences among people who are alike."""

from __future__ import annotations

import datetime as dt
import warnings

import pandas as pd
import pytest

from segkit.charts import conversion_rates, conversion_within, grading_by_person
from segkit.locale import LANGS

FACTS = {"source": "datasets/realestate", "as_of": dt.date(2025, 12, 31)}


@pytest.fixture(autouse=True)
def _no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def rates(**groups: tuple[int, int]) -> pd.DataFrame:
    return pd.DataFrame([(name, n, k) for name, (n, k) in groups.items()], columns=["name", "n", "bought"])


# --- rates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_only_promises_above_the_interval_are_said_to_be_too_high(lang):
    told = rates(one=(100, 50), two=(100, 50), three=(100, 50)).assign(stated=[0.7, 0.55, 0.2])
    drawn = conversion_rates(told, lang=lang, **FACTS)  # 50 of 100: 40 to 60 %
    assert "one" in drawn.meta.title
    assert "70%" in drawn.meta.title
    assert "50%" in drawn.meta.title
    assert ("3 级里有 1 级" if lang == "zh" else "1 of 3") in drawn.meta.title
    assert drawn.meta.chart.series[1].values == (0.7, 0.55, 0.2)
    assert drawn.png()


def test_promises_that_were_kept_are_said_to_be_kept():
    told = rates(one=(100, 50), two=(100, 20)).assign(stated=[0.5, None])
    assert "No stated share" in conversion_rates(told, lang="en", **FACTS).meta.title


@pytest.mark.parametrize("lang", LANGS)
def test_the_best_group_is_named_only_where_it_stands_out(lang):
    far = conversion_rates(
        rates(walked_in=(800, 60), referred=(400, 70), online=(600, 30)), lang=lang, **FACTS
    )
    assert "referred" in far.meta.title
    assert "17.5%" in far.meta.title
    assert "6.4%" in far.meta.title  # 90 of 1,400
    assert "n = 800" in far.meta.alt
    near = conversion_rates(rates(chamber=(50, 6), walked_in=(800, 60)), lang=lang, **FACTS)
    assert ("分不出" if lang == "zh" else "No ") in near.meta.title


def test_groups_of_nobody_are_left_out_and_none_at_all_is_said():
    assert conversion_rates(rates(a=(10, 2), b=(0, 0)), lang="en", **FACTS).meta.chart.categories == ("a",)
    drawn = conversion_rates(rates(a=(0, 0)), lang="zh", **FACTS)
    assert drawn.meta.chart.categories == ()
    assert drawn.png()


# --- within levels ----------------------------------------------------------------------------------


def within(**levels: tuple[int, int, int, int]) -> pd.DataFrame:
    """Of each level: referred n and bought, others n and bought."""
    rows = []
    for level, (n, k, m, j) in levels.items():
        rows += [(level, "from_referral", n, k), (level, "direct", m, j)]
    return pd.DataFrame(rows, columns=["level", "group", "n", "bought"])


@pytest.mark.parametrize("lang", LANGS)
def test_a_difference_that_is_only_the_mix_vanishes(lang):
    # 20 % and 2 % in both groups alike, but the referred stand high: 16.4 % against 5.6 %
    drawn = conversion_within(
        within(budget_enough=(80, 16, 200, 40), budget_short=(20, 0, 800, 0)),
        "from_referral",
        lang=lang,
        **FACTS,
    )
    assert "12.0" in drawn.meta.title
    assert "0.0" in drawn.meta.title
    referred, others = (series.values for series in drawn.meta.chart.series)
    assert referred[0] == pytest.approx(0.16)
    assert referred[-1] == pytest.approx(others[-1])
    assert referred[-1] == pytest.approx(0.04)  # 20 % of the 200 among the 1,000 others
    assert ("预算足够" if lang == "zh" else "Budget enough") in drawn.meta.chart.categories
    assert drawn.png()


def test_a_difference_in_every_level_stays():
    same = within(budget_enough=(100, 40, 100, 20), budget_short=(100, 20, 100, 10))
    drawn = conversion_within(same, "from_referral", lang="en", **FACTS)
    assert "no less" in drawn.meta.title
    assert drawn.meta.chart.series[0].values[-1] == pytest.approx(0.3)


def test_a_level_without_one_of_the_groups_cannot_be_weighed():
    """Of levels without referred people nothing is known: they are left out of the weights, and it is said."""
    lonely = within(budget_enough=(100, 40, 100, 20), budget_short=(0, 0, 300, 10))
    drawn = conversion_within(lonely, "from_referral", lang="en", **FACTS)
    assert drawn.meta.chart.series[0].values[-1] == pytest.approx(0.4)
    assert drawn.meta.chart.series[1].values[-1] == pytest.approx(0.2)
    assert "Budget short" in drawn.meta.caption


# --- who grades high --------------------------------------------------------------------------------


def people(*rows: tuple[str, int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["name", "n", "high", "bought"])


@pytest.mark.parametrize("lang", LANGS)
def test_who_grades_higher_than_the_others_is_named(lang):
    drawn = grading_by_person(
        people(("S01", 200, 40, 14), ("S02", 200, 80, 14), ("S03", 200, 38, 13)), lang=lang, **FACTS
    )
    assert "S02" in drawn.meta.title
    assert "S01" not in drawn.meta.title
    assert "40%" in drawn.meta.title  # 80 of 200
    assert "20%" in drawn.meta.title  # 78 of 400
    assert drawn.meta.chart.categories[0] == "S02"
    assert drawn.png()


def test_where_all_grade_alike_nobody_is_named():
    drawn = grading_by_person(people(("S01", 100, 20, 6), ("S02", 100, 24, 0)), lang="en", **FACTS)
    assert "S0" not in drawn.meta.title
    one = grading_by_person(people(("S01", 100, 20, 6), ("S02", 10, 0, 0)), lang="zh", **FACTS)
    assert one.png()
