"""The figures of lesson 01 say what the numbers say, and no more than their intervals allow."""

from __future__ import annotations

import pandas as pd
import pytest

from segkit.charts import profit_per_head, satisfied_and_back, segment_choice, service_chain
from segkit.evaluate.estimate import Estimate, proportion
from segkit.locale import LANGS, Lang

ABOUT = {"source": "sample", "as_of": "2025-12-31"}


def per_head(value: float, half: float, n: int) -> Estimate:
    return Estimate(value, value - half, value + half, n, unit="money")


def answers(**groups: tuple[int, int, int]) -> pd.DataFrame:
    """name=(score, answers, of whom came back)."""
    rows = [(score, i < came) for score, n, came in groups.values() for i in range(n)]
    return pd.DataFrame(rows, columns=["score", "came"])


@pytest.mark.parametrize("lang", LANGS)
def test_the_title_sets_everybody_beside_the_best(lang: Lang) -> None:
    plans = {"everyone": per_head(-0.15, 1, 2000), "key_keep": per_head(2.79, 2.5, 311)}
    drawn = profit_per_head({**plans, "key_value": per_head(-1.82, 2.7, 727)}, lang=lang, **ABOUT)
    assert "-0.15" in drawn.meta.title and "+2.79" in drawn.meta.title
    assert drawn.meta.chart.series[0].values == (-0.15, 2.79, -1.82)
    assert all(end in drawn.meta.alt for end in ("+0.29", "+5.29", "-4.52"))
    assert "2,000" in drawn.meta.caption and "95%" in drawn.meta.caption


def test_where_everybody_is_best_no_class_is_praised() -> None:
    plans = {"everyone": per_head(3, 1, 2000), "key_keep": per_head(1, 2, 311)}
    title = profit_per_head(plans, lang="en", **ABOUT).meta.title
    assert "+3.00" in title and "keep" not in title


def test_a_plan_without_a_figure_is_left_out() -> None:
    nothing = Estimate(None, None, None, 0, unit="money")
    both = {"everyone": per_head(1, 1, 9), "key_keep": nothing}
    assert len(profit_per_head(both, lang="zh", **ABOUT).meta.chart.categories) == 1
    assert "没有" in profit_per_head({"key_keep": nothing}, lang="zh", **ABOUT).meta.title


def segments(growth: tuple[float, float]) -> pd.DataFrame:
    spend = [260_000.0, 140_000.0]
    return pd.DataFrame(
        {"needs": ["price", "service"], "n": [106, 43], "spend_2025": spend, "growth": growth}
    )


@pytest.mark.parametrize("lang", LANGS)
def test_the_largest_and_the_fastest_are_named(lang: Lang) -> None:
    drawn = segment_choice(segments((-0.045, 0.159)), lang=lang, **ABOUT)
    large, fast = drawn.meta.chart.categories
    assert drawn.meta.title.index(large) < drawn.meta.title.index(fast)
    assert "-4.5%" in drawn.meta.title and "+15.9%" in drawn.meta.title
    assert "26.0" in drawn.meta.alt and "149" in drawn.meta.caption
    one = segment_choice(segments((0.2, 0.1)), lang=lang, **ABOUT).meta.title
    assert large in one and fast not in one


def test_without_segments_the_figure_says_so() -> None:
    assert "no segment" in segment_choice(segments((0, 0)).head(0), lang="en", **ABOUT).meta.title


@pytest.mark.parametrize("lang", LANGS)
def test_every_link_is_open_until_it_was_looked_at(lang: Lang) -> None:
    untested = service_chain({}, lang=lang, **ABOUT)
    assert untested.meta.chart.series[0].values == (None,) * 5 and "5" in untested.meta.title
    looked = service_chain({"loyal": "not_seen", "growth": "seen"}, n=377, lang=lang, **ABOUT)
    assert looked.meta.chart.series[0].values == (None, None, 0.0, 1.0, None)
    assert "377" in looked.meta.caption
    found = {"zh": ("查了 2 环", "看得见的 1 环"), "en": ("2 looked at", "1 seen")}[lang]
    assert all(words in looked.meta.title for words in found)


@pytest.mark.parametrize("lang", LANGS)
def test_overlapping_groups_are_not_told_apart(lang: Lang) -> None:
    alike = satisfied_and_back(answers(d=(3, 102, 48), p=(7, 138, 54), a=(9, 137, 56)), lang=lang, **ABOUT)
    assert {"zh": "分不出", "en": "no telling"}[lang] in alike.meta.title
    expected = [proportion(48, 102).value, proportion(54, 138).value, proportion(56, 137).value]
    assert alike.meta.chart.series[0].values == pytest.approx(expected)
    assert "377" in alike.meta.caption
    apart = satisfied_and_back(answers(d=(3, 100, 20), p=(7, 100, 50), a=(10, 100, 80)), lang=lang, **ABOUT)
    assert {"zh": "分不出", "en": "no telling"}[lang] not in apart.meta.title
    assert "80%" in apart.meta.title and "20%" in apart.meta.title


@pytest.mark.parametrize("score", [0, 6, 7, 8, 9, 10])
def test_every_score_belongs_to_one_group(score: int) -> None:
    others = answers(d=(0, 5, 1), p=(7, 5, 1), a=(10, 5, 1), one=(score, 5, 5))
    drawn = satisfied_and_back(others, lang="en", **ABOUT)
    assert sum(v == pytest.approx(0.6) for v in drawn.meta.chart.series[0].values if v) == 1


def test_without_answers_in_a_group_there_is_no_comparison() -> None:
    drawn = satisfied_and_back(answers(d=(3, 10, 2), a=(9, 10, 2)), lang="zh", **ABOUT)
    assert "画不出" in drawn.meta.title
