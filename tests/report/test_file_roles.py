"""`init` on many files of one client: which are orders, customers, further tables, and what the playbook reads."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from segkit.config import load_config
from segkit.problems import InputProblems
from segkit.report.first_look import Seen, look
from segkit.report.intake_step import take_in

TODAY = dt.date(2025, 12, 1)
CLIENTS = ["客户号,年龄,电话", *(f"B{i:03d},{30 + i},138001380{i:02d}" for i in range(40))]
AUM = ["客户号,月份,月日均", *(f"B{i:03d},2025-{m:02d},{i * m}.5" for i in range(40) for m in (10, 11))]
CALLS = [
    "流水号,客户,联系日期,结果",
    *(f"T{i},B{i % 40:03d},2025-11-{i % 28 + 1:02d},接通" for i in range(60)),
]
BUYS = ["客户编号,订单编号,日期,金额", *(f"B{i:03d},D{i},2025-0{i % 6 + 1}-11,{100 + i}" for i in range(27))]
ITEMS = ["订单,品名,件", *(f"D{i % 27},茶,{i}" for i in range(60))]
PLAYBOOK = """
id: savings
title: {zh: 储户, en: Savers}
attributes:
  assets: {from: aum, take: last, column: avg}
  calls: {from: calls, take: count, within_days: 90}
  rating: {from: survey, take: mean, column: score}
schemes:
  tier: {kind: bands, column: assets, cuts: [50], labels: [low, high], source: 示例参数}
  ages: {kind: bands, column: age, cuts: [50], labels: [younger, older], source: 示例参数}
  incomes: {kind: bands, column: income, cuts: [50], labels: [less, more], source: 示例参数}
main: tier
names: {avg: {zh: 月日均, en: average}, age: {zh: 年龄, en: Age}}
policy: {source: 示例参数, labels: {high: {touches: [{channel: phone, every_days: 9, minutes: 5, content: care_call}]}}}
"""


@pytest.fixture
def first(tmp_path: Path):
    def seen(playbook: str = "general", **files: list[str]) -> Seen:
        (tmp_path / "savings.yml").write_text(PLAYBOOK, encoding="utf-8")
        for name, lines in files.items():
            (tmp_path / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")
        paths = [tmp_path / f"{name}.csv" for name in files]
        return look(paths, tmp_path, lang="zh", today=TODAY, playbook=playbook)

    return seen


def test_the_tables_a_playbook_reads_are_found_by_name_and_by_columns(first, tmp_path: Path) -> None:
    seen = first("savings.yml", 客户=CLIENTS, 资产月表=AUM, calls=CALLS)
    config = load_config(tmp_path / "client.yml")
    tables = {name: (t.files, t.customer_id, t.date, t.columns) for name, t in config.input.tables.items()}
    assert config.playbook == "savings.yml" and config.input.customers == ["客户.csv"]
    assert tables == {
        "aum": (["资产月表.csv"], "客户号", "月份", {"月日均": "avg"}),
        "calls": (["calls.csv"], "客户", "联系日期", {}),
    }
    assert config.mapping["customers"] == {"客户号": "customer_id", "年龄": "age", "电话": "phone"}
    assert config.schemes == {}  # the playbook has no RFM to change
    text = (tmp_path / "client.yml").read_text(encoding="utf-8")
    assert "# survey:" in text and "score" in text
    assert [n.facts["columns"] for n in seen.notes if n.id == "init.columns_lacking"] == [["income"]]
    intake = take_in(config)
    assert {name: len(frame) for name, frame in intake.further.items()} == {"aum": 80, "calls": 60}
    assert intake.people["age"].tolist() == [float(30 + i) for i in range(40)]


def test_a_file_that_is_neither_orders_nor_customers_is_a_table(first, tmp_path: Path) -> None:
    first(orders=BUYS, 客户=CLIENTS, 通话=CALLS, items=ITEMS)
    config = load_config(tmp_path / "client.yml")
    assert (config.input.orders, config.input.customers) == (["orders.csv"], ["客户.csv"])
    tables = {name: (t.customer_id, t.order_id, t.date) for name, t in config.input.tables.items()}
    assert tables == {"通话": ("客户", None, "联系日期"), "items": (None, "订单", None)}
    assert config.schemes["rfm"]["segments"] == "eight"


def test_a_list_that_says_more_of_the_same_customers_is_a_table_and_one_that_goes_on_is_not(
    first, tmp_path: Path
) -> None:
    more = ["客户号,满意度,答卷日期", *(f"B{i:03d},{i % 5 + 1},2025-11-2{i % 9}" for i in range(20))]
    goes_on = [CLIENTS[0], *(f"C{i:03d},{30 + i},138001390{i:02d}" for i in range(20))]
    first(客户=CLIENTS, 答卷=more, 客户二=goes_on)
    config = load_config(tmp_path / "client.yml")
    assert config.input.customers == ["客户.csv", "客户二.csv"]
    assert config.input.tables["答卷"].date == "答卷日期"


def test_a_file_of_nobody_we_know_is_refused_as_before(first, tmp_path: Path) -> None:
    strange = ["天气,温度", "晴,20", "雨,11"]
    with pytest.raises(InputProblems) as caught:
        first(orders=BUYS, 天气=strange)
    assert "mapping.missing_customer_id" in [p.id for p in caught.value.problems]
    assert not (tmp_path / "client.yml").exists()


def test_a_list_without_money_is_drafted_and_what_looks_like_money_is_asked(first, tmp_path: Path) -> None:
    dated = ["客户号,注册日期,累积消费金额", *(f"B{i:03d},2025-0{i % 9 + 1}-11,{i * 7}.5" for i in range(40))]
    seen = first(客户=dated)
    asked = [q for q in seen.questions if "monetary" in q]
    assert len(asked) == 1 and "累积消费金额" in asked[0] and seen.questions[0] == asked[0]
    assert not any("0.00" in q for q in seen.questions)
    assert take_in(load_config(tmp_path / "client.yml")).facts["has_money"] is False


def test_an_unknown_playbook_is_named_with_the_nearest(first) -> None:
    with pytest.raises(InputProblems) as caught:
        first("bnak", 客户=CLIENTS)
    assert "bank" in caught.value.text("zh") and caught.value.problems[0].id == "playbook.unknown_near"


def test_leads_that_look_like_orders_are_the_list_of_those_who_bought(first, tmp_path: Path) -> None:
    leads = ["线索编号,手机,预算,状态", *(f"B{i:03d},138001380{i:02d},{20 + i}.5,跟进" for i in range(40))]
    bought = [
        "线索编号,订单编号,下单日期,金额",
        *(f"B{i:03d},D{i},2025-0{i % 6 + 1}-11,{100 + i}" for i in range(9)),
    ]
    first(订单=bought, 线索=leads)
    config = load_config(tmp_path / "client.yml")
    assert (config.input.orders, config.input.customers) == (["订单.csv"], ["线索.csv"])


def test_orders_only_by_the_look_of_their_values_do_not_join_the_orders(first, tmp_path: Path) -> None:
    trial = ["客户编号,组别,分配日,后金额", *(f"B{i:03d},甲,2025-05-{i + 1:02d},{i}.55" for i in range(27))]
    first(订单=BUYS, 实验=trial)
    config = load_config(tmp_path / "client.yml")
    assert config.input.orders == ["订单.csv"]
    assert (config.input.tables["实验"].customer_id, config.input.tables["实验"].date) == (
        "客户编号",
        "分配日",
    )


def test_the_team_is_not_taken_for_customers(first, tmp_path: Path) -> None:
    team = ["rep_id,rep_name,team", *(f"R{i},王{i},一组" for i in range(5))]
    seen = first(客户=CLIENTS, 通话=CALLS, 团队=team)
    assert load_config(tmp_path / "client.yml").input.customers == ["客户.csv"]
    assert [(n.id, n.file) for n in seen.notes if n.file == "团队.csv"] == [("init.file_unused", "团队.csv")]


def test_a_day_still_to_come_does_not_date_a_table(first, tmp_path: Path) -> None:
    due = ["工单,客户号,下次随访日期", *(f"W{i},B{i:03d},2026-03-{i % 28 + 1:02d}" for i in range(30))]
    first(客户=CLIENTS, 通话=CALLS, 工单=due)
    config = load_config(tmp_path / "client.yml")
    assert config.input.tables["工单"].date is None
    assert take_in(config).facts["as_of"]["date"] == dt.date(2025, 11, 28)
