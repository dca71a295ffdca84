"""The section on the next three months: last year's figure, its own past error, and when the last quarter says it better."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from test_plain_words import STATISTICS
from tiny_clients import CONFIG, column, said_in, section, spent, table

from segkit.evaluate.forecasting import next_quarter
from segkit.locale import LANGS
from segkit.report.analysis import open_study
from segkit.report.sections.outlook import MOST, outlook
from segkit.report.study import Study

SEASONS = (100, 100, 100, 40, 40, 40, 70, 70, 70, 300, 300, 300)  # by month, the same every year
GROWING = tuple(10 + 5 * m for m in range(36))


def shop(
    folder: Path,
    monthly: dict[str, tuple[int, ...]],
    *,
    months: int = 36,
    lang: str = "zh",
    as_of: str = "2025-12-31",
) -> Study:
    """A shop that sold this much of each category in every month up to the end of 2025, to 40 customers in turn."""
    rows = ["客户编号,订单日期,实付金额,品类"]
    for month, begun in enumerate(pd.date_range(end="2025-12-01", periods=months, freq="MS")):
        for category, sold in monthly.items():
            rows += [
                f"K{(7 * month + day) % 40:02d},{begun:%Y-%m}-{1 + day:02d},{sold[month % len(sold)]},{category}"
                for day in range(4)
            ]
    (folder / "a.csv").write_text("\n".join(rows), encoding="utf-8")
    config = folder / "client.yml"
    text = (
        CONFIG % ("orders", "")
        + "mapping: {orders: {客户编号: customer_id, 订单日期: order_date, 实付金额: amount, 品类: category}}\n"
    )
    config.write_text(text.replace("2025-12-31", as_of), encoding="utf-8")
    study = open_study(config=str(config), lang=lang)  # type: ignore[arg-type]
    outlook(study)
    return study


def told(study: Study) -> str:
    return "\n".join(said_in(section(study, "outlook")))


def test_where_seasons_last_last_year_says_it_exactly(tmp_path):
    study = shop(tmp_path, {"茶": SEASONS, "米": SEASONS})
    next_, error = study.model.kpis["outlook_next"], study.model.kpis["outlook_error"]
    assert next_.value == 2 * 4 * 300 and error.value == 0.0
    said = told(study)
    assert "2026-01-01 到 2026-03-31" in said and "所以用去年同期" in said and "不比" not in said
    assert {*column(table(study, "outlook"), "verdict")} == {study.say("outlook.verdict.better")}


@pytest.mark.parametrize("lang", LANGS)
def test_where_it_is_no_better_than_the_last_quarter_it_is_said(tmp_path, lang):
    study = shop(tmp_path, {"茶": GROWING, "米": GROWING}, lang=lang)
    last = 2 * 4 * sum(GROWING[-3:])
    assert {"zh": "不比直接拿前三个月的数好", "en": "no better than taking the three months before"}[
        lang
    ] in told(study)
    assert f"{last:,.2f}" in told(study) and f"{last:,.2f}" in study.model.kpis["outlook_next"].note
    assert table(study, "outlook").total[1:3] == [last, 2 * 4 * sum(GROWING[-12:-9])]


def test_groups_add_up_to_the_whole_and_each_says_which_figure_to_use(tmp_path):
    study = shop(tmp_path, {"茶": SEASONS, "米": GROWING})
    sheet = table(study, "outlook")
    for id in ("last", "next"):
        place = [c.id for c in sheet.columns].index(id)
        assert sum(column(sheet, id)) == pytest.approx(sheet.total[place])
    verdicts = dict(zip(column(sheet, "group"), column(sheet, "verdict"), strict=True))
    assert verdicts == {
        "茶": study.say("outlook.verdict.better"),
        "米": study.say("outlook.verdict.no_better"),
    }
    assert study.say("outlook.groups", better=1, n=2) in told(study)


def test_figures_are_those_of_the_forecast(tmp_path):
    study = shop(tmp_path, {"茶": SEASONS, "米": GROWING})
    of = {one.segment: one for one in next_quarter(study.orders, as_of=study.as_of, by="category")}
    sheet = table(study, "outlook")
    for name, *told_ in zip(
        *(column(sheet, id) for id in ("group", "next", "error", "error_of_last")), strict=True
    ):
        one = of[name]
        assert told_ == pytest.approx([one.value, one.past_error, one.past_error_of_last])


def test_many_groups_are_taken_together(tmp_path):
    study = shop(tmp_path, {f"类{i}": tuple(i + m for m in SEASONS) for i in range(12)})
    names = column(table(study, "outlook"), "group")
    assert len(names) == MOST and study.say("groups.other") in names and "类11" in names
    assert sum(column(table(study, "outlook"), "next")) == study.model.kpis["outlook_next"].value


def test_too_few_months_or_no_orders_make_no_section(tmp_path, make):
    assert section(shop(tmp_path, {"茶": SEASONS}, months=20), "outlook") is None
    assert section(shop(tmp_path, {"茶": SEASONS}, months=21), "outlook") is not None
    assert section(make(spent(60)), "outlook") is None


def test_one_category_has_no_table(tmp_path):
    study = shop(tmp_path, {"茶": SEASONS})
    assert not [b for b in section(study, "outlook").blocks if hasattr(b, "columns")]


def test_data_that_end_before_the_day_are_warned_of(tmp_path):
    study = shop(tmp_path, {"茶": SEASONS, "米": SEASONS}, as_of="2026-02-28")
    assert "最后一笔订单在 2025-12-04" in told(study)
    assert "最后一笔订单" not in told(shop(tmp_path, {"茶": SEASONS}))


@pytest.mark.parametrize("lang", LANGS)
def test_the_outlook_names_no_statistic(tmp_path, lang):
    study = shop(tmp_path, {"茶": SEASONS, "米": GROWING}, lang=lang)
    sheet = table(study, "outlook")
    said = [told(study), sheet.title, sheet.caption, str(sheet.rows), *(c.head for c in sheet.columns)]
    assert not re.search("|".join([*STATISTICS, "seasonal", "naive", "朴素"]), "\n".join(said), re.IGNORECASE)


# --- the samples ---------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("case", ["jd", "realestate"])
def test_samples_say_last_years_quarter_and_that_it_is_no_better(sample: Callable[[str], Path], case):
    study = open_study(config=str(sample(case)), lang="zh")
    outlook(study)
    days = study.orders["order_date"]
    quarter = study.orders[(days >= "2025-01-01") & (days < "2025-04-01")]["amount"].sum()
    assert study.model.kpis["outlook_next"].value == pytest.approx(quarter, abs=0.01)
    said = told(study)
    assert "不比直接拿前三个月的数好" in said
    assert ("最后一笔订单" in said) == (case == "realestate")
