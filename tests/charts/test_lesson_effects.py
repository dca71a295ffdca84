"""The figures of lesson 12 say what those did who got nothing, and what would have been."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from segkit import did, uplift
from segkit.charts import with_and_without, without_us
from segkit.locale import LANGS, Lang
from segkit.samples import load

ABOUT = {"source": "sample", "as_of": "2025-12-31"}
PERIODS = ("May", "June")


def trial(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["group", "arm", "before", "after"])


@pytest.mark.parametrize("lang", LANGS)
def test_the_title_gives_the_change_of_those_who_got_nothing(lang: Lang) -> None:
    told = trial(("a", "treated", 1, 3), ("a", "holdout", 1, 1.5), ("a", "holdout", 1, 1.5))
    drawn = with_and_without(told, periods=PERIODS, unit="orders", lang=lang, **ABOUT)
    assert "+50%" in drawn.meta.title and "+200%" in drawn.meta.title
    assert drawn.meta.title in drawn.meta.alt and "n = 3" in drawn.meta.caption
    assert [line.values for line in drawn.meta.chart.series] == [(1, 3), (1, 1.5)]


def test_a_group_without_a_holdout_is_not_drawn() -> None:
    told = trial(("no", "treated", 1, 9), ("b", "treated", 2, 3), ("b", "holdout", 2, 1))
    drawn = with_and_without(told, periods=PERIODS, unit="orders", lang="en", **ABOUT)
    assert "-50%" in drawn.meta.title and "no:" not in drawn.meta.alt and "n = 2" in drawn.meta.caption
    alone = with_and_without(told.head(1), periods=PERIODS, unit="orders", lang="zh", **ABOUT)
    assert "没有两组都有客户" in alone.meta.title


@pytest.mark.parametrize("lang", LANGS)
def test_what_would_have_been_moved_as_the_others_did(lang: Lang) -> None:
    found = did(treated=(3.0, 3.9), control=(3.5, 3.7), n=40)
    drawn = without_us(found, groups=("us", "them"), periods=PERIODS, unit="grade", lang=lang, **ABOUT)
    assert all(number in drawn.meta.title for number in ("+0.90", "+0.20", "+0.70"))
    assert drawn.meta.chart.series[2].values == pytest.approx((3.0, 3.2))
    assert "n = 40" in drawn.meta.caption


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGS)
def test_the_lesson_quotes_the_page_of_the_report(lang: Lang) -> None:
    """What lesson 12 says the report prints of the coupon, and what the lesson reckons itself."""
    from segkit.report.analysis import open_study
    from segkit.report.sections.campaign import campaign

    root = Path(__file__).parents[2]
    cells = json.loads((root / f"notebooks/12_measuring_effect.{lang}.ipynb").read_text("utf-8"))["cells"]
    (page,) = ["".join(cell["source"]) for cell in cells if cell["id"] == "report-page"]
    quoted = max(page.replace("“", '"').replace("”", '"').split('"')[1::2], key=len)
    study = open_study(config=str(root / "datasets/jd/client.yml"), lang=lang)
    campaign(study)
    told = "".join(getattr(block, "text", "") for s in study.model.sections for block in s.blocks)
    assert len(quoted) > 50 and quoted in told
    found = uplift(load("jd").campaign)
    assert f"{100 * (found.value or 0):+.1f}" in quoted and f"{100 * (found.low or 0):.1f}" in quoted
