"""The main job on a real export: init writes a config that runs as it is, and the numbers reconcile."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from segkit.config import load_config
from segkit.report.build import build
from segkit.report.first_look import look

pytestmark = pytest.mark.slow  # whole reports: not part of the quick check


@pytest.fixture(scope="module")
def reported(real_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("真实 订单")
    seen = look([real_data("cn_orders_2018.csv")], folder, lang="zh", today=dt.date(2019, 1, 2))
    return seen, build(load_config(folder / "client.yml"))


def test_init_asks_at_most_seven_questions_with_the_line_that_answers_each(reported):
    seen, _ = reported
    assert 1 <= len(seen.questions) <= 7
    assert all("client.yml" in q or "to_confirm.xlsx" in q for q in seen.questions)
    assert [p.name for p in seen.written] == ["client.yml", "to_confirm.xlsx"]


def test_rows_and_money_reconcile(reported):
    _, built = reported
    totals = built.model.provenance.totals
    assert totals["rows_in"] == 76_050 and totals["set_aside"] == 9
    assert totals["money_in"] == 59_106_974.30
    ledger = pd.read_parquet((built.folder / "internal" / "ledger.parquet").open("rb"))
    assert sorted(ledger.loc[ledger["reason"] == "no_date", "row"]) == [74, 231]
    assert (ledger["reason"] == "no_amount").sum() == 7
    assert built.model.kpis["revenue"].value == round(totals["money_in"] - totals["money_set_aside"], 2)


def test_frequency_makes_sense_where_most_bought_once(reported):
    _, built = reported
    customers = pd.read_parquet((built.folder / "internal" / "customers.parquet").open("rb"))
    scores = customers.groupby("frequency")["f_score"].agg(["min", "max"])
    assert (scores["min"] == scores["max"]).all()
    assert scores["max"].is_monotonic_increasing
    assert scores.loc[1, "max"] == 1 and scores.loc[2, "max"] == 3 and scores.loc[3, "max"] == 5
    assert built.model.kpis["one_time_share"].value == pytest.approx(39172 / 55540, abs=0.001)


def test_the_report_says_what_it_could_not_tell(reported):
    _, built = reported
    warnings = [
        b.text for s in built.model.sections for b in s.blocks if b.kind == "text" and b.role == "warning"
    ]
    assert any("只买过一次" in text and "39,172" in text for text in warnings)
    rules = [
        item
        for s in built.model.sections
        if s.id == "classes"
        for b in s.blocks
        if b.kind == "bullets"
        for item in b.items
    ]
    assert any("F 只分出 3 档" in rule for rule in rules)
    # the first half of the year has nothing before it: new and returning cannot be told apart
    assert built.model.kpis["new"].previous is None and built.model.kpis["new"].value is not None


def test_there_is_something_to_do_on_monday(reported):
    _, built = reported
    plan = pd.read_parquet((built.folder / "internal" / "plan.parquet").open("rb"))
    assert plan["due"].min() == pd.Timestamp(2019, 1, 7)
    assert plan.groupby("due")["minutes"].sum().max() <= 240
    assert {"customer_id", "segment", "why", "next_step", "channel", "due", "owner"} <= set(plan.columns)
