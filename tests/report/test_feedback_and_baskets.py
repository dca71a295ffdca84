"""The closed feedback loop and the baskets of the sample clients against what was planted there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from tiny_clients import CONFIG, Make, column, said_in, section, studied, table

from segkit.locale import LANGS
from segkit.report import sections
from segkit.report.analysis import open_study
from segkit.report.study import Study

TRUTH = Path(__file__).parents[2] / "datasets" / "_truth"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def profiles(sample: Callable[[str], Path]) -> Study:
    study = open_study(config=str(sample("market_profiles")), lang="zh")
    sections.feedback(study)
    return study


@pytest.fixture(scope="module")
def shop(sample: Callable[[str], Path]) -> Study:
    study = open_study(config=str(sample("jd")), lang="zh")
    sections.baskets(study)
    sections.feedback(study)
    return study


# the figures of the data sheet of market_profiles: 152 low scores to follow up, 142 followed up, 113 of them in time


def test_low_scores_are_followed_to_the_end(profiles):
    kpis = profiles.model.kpis
    assert (kpis["feedback_contacted"].value, kpis["feedback_contacted"].n) == (142, 152)
    assert (kpis["feedback_soon"].value, kpis["feedback_low"].value) == (113, 296)
    topics = table(profiles, "feedback")
    assert topics.total[1:] == [296, 152, 142, 113]
    assert [sum(column(topics, id)) for id in ("low", "meant", "contacted", "soon")] == topics.total[1:]


def test_who_was_not_contacted_stands_beside(profiles):
    again = table(profiles, "feedback_again")
    rows = dict(
        zip(
            column(again, "group"),
            zip(column(again, "answered"), column(again, "change"), strict=True),
            strict=True,
        )
    )
    assert rows["不联系"] == (64, pytest.approx(0.78, abs=0.005))
    assert rows["回访"][0] == 85 and column(again, "group")[0] == "回访"
    said = " ".join(said_in(section(profiles, "feedback")))
    assert "不能算在回访头上" in said and "抽签" in said
    assert not [word for word in ("使", "带来", "导致", "归功") if f"回访{word}" in said]


def test_a_survey_without_follow_up_says_so(shop):
    assert shop.say("feedback.not_recorded") in said_in(section(shop, "feedback"))
    assert (
        shop.model.kpis["feedback_answered"].n == 1045 and shop.model.kpis["feedback_answered"].value == 500
    )


def low(i: int, contacted: bool) -> str:
    after = ",2025-12-03,1,7" if contacted else ",,1,5"
    return f"K{i},2025-12-01,3,价格{after}"


@pytest.mark.parametrize("lang", LANGS)
def test_without_a_draw_reached_and_not_reached_are_called_different_people(tmp_path: Path, lang):
    rows = ["客户编号,日期,score,topic,contacted_at,resurvey_sent,resurvey_score"]
    rows += [low(i, i % 2 == 0) for i in range(1, 81)]
    (tmp_path / "f.csv").write_text("\n".join(rows), encoding="utf-8")
    customers = ["客户编号,下单次数,最近下单日期,累计消费", *(f"K{i},2,2025-11-01,{i}" for i in range(1, 81))]
    tables = "{feedback: {files: f.csv, customer_id: 客户编号, date: 日期}}"
    study = studied(tmp_path, customers, tables=tables, lang=lang)
    again = table(study, "feedback_again")
    assert column(again, "change") == [4.0, 2.0]
    caution = study.say("feedback.caution_chosen", rate_a=1.0, rate_b=1.0)
    assert caution in said_in(section(study, "feedback"))


def test_few_answers_are_not_compared(tmp_path: Path):
    rows = [
        "客户编号,日期,score,topic,contacted_at,resurvey_sent,resurvey_score",
        *(low(i, i % 2 == 0) for i in range(1, 41)),
    ]
    (tmp_path / "f.csv").write_text("\n".join(rows), encoding="utf-8")
    customers = ["客户编号,下单次数,最近下单日期,累计消费", *(f"K{i},2,2025-11-01,{i}" for i in range(1, 81))]
    study = studied(
        tmp_path, customers, tables="{feedback: {files: f.csv, customer_id: 客户编号, date: 日期}}"
    )
    said = said_in(section(study, "feedback"))
    assert study.say("feedback.no_comparison", least=30) in said and not [s for s in said if "也变了" in s]


def test_a_survey_stands_in_where_there_is_no_table_of_feedback(tmp_path: Path, make: Make):
    rows = ["客户编号,调查日期,类型,评分,原因", *(f"K{i},2025-12-01,nps,{i % 11},价格" for i in range(1, 45))]
    (tmp_path / "s.csv").write_text("\n".join(rows), encoding="utf-8")
    customers = ["客户编号,下单次数,最近下单日期,累计消费", *(f"K{i},2,2025-11-01,{i}" for i in range(1, 81))]
    survey = (
        "mapping: {surveys: {客户编号: customer_id, 调查日期: date, 类型: kind, 评分: score, 原因: reason}}\n"
    )
    (tmp_path / "a.csv").write_text("\n".join(customers), encoding="utf-8")
    (tmp_path / "client.yml").write_text(
        CONFIG % ("customers", ", surveys: s.csv") + survey, encoding="utf-8"
    )
    study = open_study(config=str(tmp_path / "client.yml"), lang="zh")
    sections.feedback(study)
    kpis = study.model.kpis
    assert (kpis["feedback_answered"].value, kpis["feedback_low"].value) == (44, 28)
    assert study.say("feedback.not_recorded") in said_in(section(study, "feedback"))
    study.tables["feedback"] = study.tables["surveys"].head(5)  # its own table goes before
    sections.feedback(study)
    assert study.model.kpis["feedback_answered"].value == 5


# --- baskets -------------------------------------------------------------------------------------


def test_the_planted_pairs_are_found_and_no_others(shop):
    planted = pd.read_csv(TRUTH / "jd_items_pairs.csv", encoding="utf-8-sig")
    names = {frozenset(pair) for pair in planted[["name_a", "name_b"]].to_numpy().tolist()}
    sheet = table(shop, "baskets")
    found = {frozenset(pair) for pair in zip(column(sheet, "item_a"), column(sheet, "item_b"), strict=True)}
    assert found == names and len(found) == 5
    together, with_a, share = (column(sheet, id) for id in ("together", "n_a", "share"))
    assert share == [pytest.approx(t / n) for t, n in zip(together, with_a, strict=True)]
    assert min(together) >= 10 and min(column(sheet, "low")) > 1


def test_items_of_orders_that_do_not_count_are_left_out(shop):
    items = shop.tables["items"]
    assert {*items["order_id"]} <= {*shop.orders["order_id"]}
    whose = shop.orders.drop_duplicates("order_id").set_index("order_id")["customer_id"]
    assert (items["customer_id"] == items["order_id"].map(whose)).all()


def test_nothing_bought_together_is_said(make: Make, tmp_path: Path):
    (tmp_path / "i.csv").write_text(
        "\n".join(["单号,item_id", *(f"O{i},G{i % 7}" for i in range(60))]), encoding="utf-8"
    )
    rows = [
        "订单号,客户编号,下单时间,实付金额",
        *(f"O{i},K{i % 40},2025-12-{i % 28 + 1:02},10" for i in range(60)),
    ]
    study = make(rows, grain="orders", tables="{items: {files: i.csv, order_id: 单号}}")
    assert study.say("baskets.none", n=60, least=10, items=7) in said_in(section(study, "baskets"))
