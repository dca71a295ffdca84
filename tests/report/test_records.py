"""The customer file: which source leads, where they disagree, what is new, and what must never stand in it."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_clients import Make

from segkit.locale import Lang
from segkit.playbooks import Segmentation
from segkit.privacy.scan import leaks
from segkit.report.analysis import open_study
from segkit.report.model import Kpis, Sheet
from segkit.report.previous import Previous
from segkit.report.record_fields import alike
from segkit.report.record_parts import most_often, usual_gap
from segkit.report.records import Records, customer_records
from segkit.report.sections.records import records
from segkit.report.study import Study

PHONE, MAIL = "10012345678", "someone@example.com"
LIST_HEAD = "客户编号,客户名称,负责人,省份,行业,电话,邮箱,建档日期,最近下单日期,累计消费,备注,爱好"
ORDER_HEAD = "订单编号,客户编号,客户名称,下单日期,金额,品类,渠道,负责人,省份,城市"
CONFIG = """
client: {id: files, name: 小店（虚构）}
lang: zh
as_of: 2025-12-31
input: {orders: o.csv, customers: c.csv}
"""


def listed(n: int) -> list[str]:
    """`n` customers: the odd ones firms; of the first the list says other things than the orders."""
    rows = []
    for i in range(1, n + 1):
        name = f"第{i}号商贸有限公司（虚构）" if i % 2 else "韩梅梅"
        owner = {1: "R1", 2: ""}.get(i, "R3")
        province = {1: "广东省", 3: "浙江"}.get(i, "江苏省")
        total = 999 if i == 4 else 300 * i
        rows.append(
            f"K{i},{name},{owner},{province},零售,{PHONE},{MAIL},2024-01-0{i % 9 + 1},2025-06-01,{total},找 {PHONE},钓鱼"
        )
    return [LIST_HEAD, *rows]


def bought(n: int) -> list[str]:
    """Three orders each, 30 days apart, the last on 2025-06-01."""
    rows = []
    for i in range(1, n + 1):
        name = "李雷" if i == 2 else f"第{i}号商贸有限公司（虚构）" if i % 2 else "韩梅梅"
        owner = {1: "R9", 2: "R5"}.get(i, "R3")
        province = {1: "广东", 3: "四川省"}.get(i, "江苏省")
        for k, day in enumerate(("2025-04-02", "2025-05-02", "2025-06-01")):
            channel = "门店" if k else "线上"
            rows.append(f"D{i}{k},K{i},{name},{day},{100 * i},茶叶,{channel},{owner},{province},南京")
    return [ORDER_HEAD, *rows]


def study_of(folder: Path, n: int = 40, lang: Lang = "zh", more: str = "") -> Study:
    (folder / "c.csv").write_text("\n".join(listed(n)), encoding="utf-8")
    (folder / "o.csv").write_text("\n".join(bought(n)), encoding="utf-8")
    (folder / "client.yml").write_text(CONFIG + more, encoding="utf-8")
    return open_study(config=str(folder / "client.yml"), lang=lang)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study_of(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def made(shop: Study) -> Records:
    return customer_records(shop)


def last_month(study: Study, customers: pd.DataFrame, plan: pd.DataFrame) -> Previous:
    """A report of the month before with these customers and tasks."""
    day = dt.date(2025, 11, 30)
    return Previous(
        folder=study.folder,
        client="files",
        as_of=day,
        lang=study.lang,
        start=day,
        end=day,
        customers=customers,
        plan=plan,
        arms=study.arms.head(0),
        schemes={},
        key_fingerprint=None,
    )


def row(made: Records, id: str) -> pd.Series:
    return made.rows.set_index("customer_id").loc[id]


def told(made: Records, id: str) -> dict[str, tuple[str, str]]:
    """Field -> (taken, other) of one customer."""
    mine = made.differences[made.differences["customer_id"] == id]
    return {r.field: (r.taken, r.other) for r in mine.itertuples()}


def source(made: Records, field: str) -> pd.DataFrame:
    return made.fields[made.fields["field"] == field].set_index("table")


# --- one row each, and which source leads ------------------------------------------------------------


def test_every_customer_has_one_row_in_the_order_of_the_customers(shop: Study, made: Records) -> None:
    assert made.rows["customer_id"].tolist() == shop.customers["customer_id"].tolist()


def test_the_customer_list_comes_before_the_orders(made: Records) -> None:
    assert row(made, "K1")["owner"] == "R1"
    assert told(made, "K1")["owner"] == ("R1", "R9")


def test_what_the_list_leaves_blank_is_taken_from_the_orders_and_is_no_disagreement(made: Records) -> None:
    assert row(made, "K2")["owner"] == "R5"
    assert "owner" not in told(made, "K2")
    assert source(made, "owner")["known"].to_dict() == {"customers": 39, "orders": 1}


def test_a_province_without_its_ending_is_the_same_and_another_one_is_not(made: Records) -> None:
    assert "province" not in told(made, "K1")
    assert told(made, "K3")["province"] == ("浙江", "四川省")


def test_what_was_bought_is_counted_from_the_orders_not_from_the_totals_of_the_list(made: Records) -> None:
    assert row(made, "K4")["monetary"] == 1200
    assert told(made, "K4")["monetary"] == ("1,200", "999")
    assert set(made.differences.loc[made.differences["field"] == "monetary", "customer_id"]) == {"K4"}


def test_leads_come_after_the_orders(shop: Study) -> None:
    leads = pd.DataFrame(
        {
            "lead_id": ["L1", "L2"],
            "customer_id": ["K2", "K5"],
            "owner": ["R7", "R8"],
            "stage": ["报价", "谈判"],
        }
    )
    with_leads = customer_records(replace(shop, tables={"leads": leads}))
    assert row(with_leads, "K2")["owner"] == "R5"
    assert told(with_leads, "K2")["owner"] == ("R5", "R7")
    assert told(with_leads, "K5")["owner"] == ("R3", "R8")
    assert row(with_leads, "K5")["stage"] == "谈判"


def test_every_field_says_which_file_and_heading_it_is_from(made: Records) -> None:
    assert source(made, "owner").loc["customers", "source"] == "客户表 c.csv 的“负责人”列"
    assert source(made, "owner").loc["orders", "source"] == "订单 o.csv 的“负责人”列"
    assert source(made, "monetary").loc["orders", "source"] == "由订单 o.csv 计算"
    assert (made.fields["source"] != "").all() and (made.fields["head"] != "").all()
    heads = made.fields.drop_duplicates("field")["head"]
    assert heads.is_unique


def test_what_is_known_of_a_field_adds_up_over_its_sources(made: Records) -> None:
    for field, known in made.fields.groupby("field")["known"].sum().items():
        assert known == made.rows[field].notna().sum(), field
    assert made.fields["share"].mul(len(made.rows)).round(9).eq(made.fields["known"]).all()


def test_a_field_says_of_how_many_its_sources_disagree(made: Records) -> None:
    counted = made.differences.groupby("field")["customer_id"].nunique().to_dict()
    said = made.fields.groupby("field")["differs"].sum()
    assert said[said > 0].to_dict() == counted == {"owner": 1, "province": 1, "monetary": 1, "name": 1}


# --- made out of rows ------------------------------------------------------------------------------


def test_usual_channel_category_and_interval(made: Records) -> None:
    one = row(made, "K7")
    assert (one["usual_channel"], one["usual_category"], one["gap_days"]) == ("门店", "茶叶", 30)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 9)), min_size=1))
def test_no_value_stands_on_more_lines_than_the_one_bought_most(rows: list[tuple[str, str, int]]) -> None:
    orders = pd.DataFrame(rows, columns=["customer_id", "category", "amount"])
    orders["order_date"] = pd.Timestamp("2025-01-01")
    most = most_often(orders, "category")
    assert most.equals(most_often(orders.iloc[::-1], "category").reindex(most.index))
    for id, mine in orders.groupby("customer_id"):
        counts = mine["category"].value_counts()
        assert counts[most[str(id)]] == counts.max()


@given(st.lists(st.integers(0, 400), min_size=1, max_size=12))
def test_the_usual_interval_lies_between_the_shortest_and_the_longest(days: list[int]) -> None:
    orders = pd.DataFrame({"customer_id": ["K1"] * len(days), "amount": 1.0})
    orders["order_date"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D")
    gap = usual_gap(orders)
    distinct = sorted(set(days))
    if len(distinct) < 2:
        assert gap.empty
    else:
        gaps = [b - a for a, b in pairwise(distinct)]
        assert min(gaps) <= gap["K1"] <= max(gaps)


@given(st.text(max_size=6), st.text(max_size=6))
def test_two_sources_are_alike_whichever_is_asked_first(one: str, other: str) -> None:
    a, b = pd.Series([one], dtype=object), pd.Series([other], dtype=object)
    for field in ("province", "owner"):
        assert alike(field, a, b).equals(alike(field, b, a))
        assert alike(field, a, a).all()


def test_last_contact_and_open_complaints(shop: Study) -> None:
    day = pd.Timestamp("2025-12-01")
    contacts = pd.DataFrame(
        {
            "customer_id": ["K1", "K1", "K2", "K3", "K4", "K5"],
            "date": [day, pd.Timestamp("2025-09-01"), day, day, pd.Timestamp("2026-01-09"), day],
            "channel": ["phone", "visit", "visit", "phone", "phone", "phone"],
            "outcome": ["已接通", "已接通", "已接通", "说要找张三丰经理再谈", "已接通", "已接通"],
            "next_date": [pd.Timestamp("2026-01-05"), *[pd.NaT] * 5],
        }
    )
    complaints = pd.DataFrame(
        {
            "case_id": ["C1", "C2"],
            "customer_id": ["K1", "K1"],
            "opened_at": [day, pd.Timestamp("2024-06-01")],
            "closed_at": pd.to_datetime([None, "2024-06-03"]),
        }
    )
    full = customer_records(replace(shop, tables={"contacts": contacts, "complaints": complaints}))
    one = row(full, "K1")
    assert (one["last_contact"], one["contact_channel"], one["contacts_90d"]) == (day, "电话", 1)
    assert one["contact_next"] == pd.Timestamp("2026-01-05")
    assert one["contact_outcome"] == "已接通"
    assert (one["complaints_12m"], one["complaints_open"]) == (1, 1)
    assert pd.isna(row(full, "K3")["contact_outcome"]), "somebody's own words are not shown"
    assert pd.isna(row(full, "K4")["last_contact"]), "a contact after the day of the report is none yet"
    ours = contacts.assign(outcome="opted_out")
    named = customer_records(replace(shop, tables={"contacts": ours, "complaints": complaints}))
    assert row(named, "K1")["contact_outcome"] == "要求不再联系"


def test_next_step_is_the_first_task_or_the_reason_why_there_is_none(shop: Study, made: Records) -> None:
    rows = made.rows.set_index("customer_id")
    first = shop.plan.tasks.groupby("customer_id")["due"].min()
    assert rows["next_on"].dropna().to_dict() == first.to_dict()
    assert (rows["next_on"].notna() != rows.get("no_step", pd.Series(index=rows.index)).notna()).all()
    nobody = replace(shop.plan, tasks=shop.plan.tasks.head(0))
    none = customer_records(replace(shop, plan=nobody)).rows
    assert "next_on" not in none and none["no_step"].ne("").all()


def test_every_shown_scheme_has_its_label_and_why(shop: Study, made: Records) -> None:
    for name in shop.shown_schemes:
        assert made.rows[name].tolist() == shop.customers[name].tolist()
        reason = "why" if name == shop.segmentation.main else f"why_{name}"
        assert made.rows[reason].notna().all()


# --- since last month ------------------------------------------------------------------------------


def test_reasons_are_made_once_for_the_file_and_the_list(
    shop: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[str] = Counter()
    made = type(shop.segmentation).reasons

    def counted(self: Segmentation, name: str, *rest: Any) -> pd.Series:
        asked[name] += 1
        return made(self, name, *rest)

    monkeypatch.setattr(type(shop.segmentation), "reasons", counted)
    study = replace(shop, model=shop.model.model_copy(deep=True))
    customer_records(study)
    listed = study.with_reasons(study.customers)
    others = [name for name in study.segmentation.schemes if name != study.segmentation.main]
    assert others and {asked[name] for name in others} == {1}
    for name in others:
        again = made(study.segmentation, name, study.customers, study.lang)
        assert listed[f"why_{name}"].tolist() == again.tolist()


def test_without_last_month_nothing_is_called_new(made: Records) -> None:
    assert not made.compared and made.changes.empty and "changed" not in made.rows


def test_changes_since_last_month(shop: Study) -> None:
    main = shop.segmentation.main
    then = shop.customers[shop.customers["customer_id"] != "K9"].copy()
    at = then.set_index("customer_id").index.get_loc
    then.iloc[at("K1"), then.columns.get_loc("owner")] = "R0"
    then.iloc[at("K2"), then.columns.get_loc(main)] = "lost"
    then.iloc[at("K3"), then.columns.get_loc("monetary")] = 500.0
    then.iloc[at("K3"), then.columns.get_loc("last_order")] = pd.Timestamp("2025-03-01")
    before = last_month(shop, then, shop.plan.tasks[shop.plan.tasks["customer_id"] != "K5"])
    now = replace(shop, model=shop.model.model_copy(deep=True), previous=before)
    made = customer_records(now)
    found = {(r.customer_id, r.field): (r.before, r.now) for r in made.changes.itertuples()}
    assert found[("K1", "owner")] == ("R0", "R1")
    assert found[("K2", main)][0] == shop.label_name("lost")
    assert found[("K3", "monetary")] == ("500.00", "900.00")
    assert found[("K3", "last_order")] == ("2025-03-01", "2025-06-01")
    assert ("K9", "new") in found
    planned = "K5" in set(shop.plan.tasks["customer_id"])
    assert (("K5", "next_what") in found) == planned
    assert {id for id, _ in found} == {"K1", "K2", "K3", "K9", *(["K5"] if planned else [])}
    said = made.rows.set_index("customer_id")["changed"]
    assert "R0 → R1" in said["K1"] and said["K9"] == "本月新增" and pd.isna(said["K7"])
    shown = records(now)
    assert any("有变化" in getattr(block, "text", "") for block in shown.section.blocks)


# --- what must never stand in it -------------------------------------------------------------------


def test_no_phone_mail_remark_or_name_of_a_person_stands_anywhere(shop: Study, made: Records) -> None:
    everything = "\n".join(
        frame.to_csv() for frame in (made.rows, made.fields, made.differences, made.changes)
    )
    assert PHONE not in everything and MAIL not in everything
    assert "韩梅梅" not in everything and "李雷" not in everything
    assert "钓鱼" not in everything, "no rule reads what they like"
    assert told(made, "K2")["name"] == ("韩*", "李*")
    assert row(made, "K1")["name"] == "第1号商贸有限公司（虚构）" and pd.isna(row(made, "K2")["name"])


def test_nothing_is_said_of_who_did_not_consent(shop: Study) -> None:
    without = replace(shop, segmentation=replace(shop.segmentation, withheld=frozenset({"K1", "K3"})))
    made = customer_records(without)
    mine = row(made, "K3")
    for field in ("province", "industry", "usual_channel", "usual_category", "gap_days", "register_date"):
        assert field not in made.rows or pd.isna(mine[field]), field
    assert mine["monetary"] == 900 and mine["owner"] == "R3"
    assert "province" not in told(made, "K3")
    assert row(made, "K4")["province"] == "江苏省"


def test_a_trade_that_asks_for_consent_withholds_here_as_elsewhere(sample: Callable[[str], Path]) -> None:
    study = open_study(config=str(sample("health")), lang="zh")
    withheld = study.segmentation.withheld
    assert withheld
    rows = customer_records(study).rows
    kept = {"customer_id", "owner", "orders", "monetary", "why", "sensitive_consent"}
    consent = study.segmentation.consent
    assert consent is not None
    kept |= {*consent.keep, *consent.when.columns(), *study.segmentation.schemes}
    kept |= {c for c in rows if c.startswith(("why_", "next_", "no_step"))}
    theirs = rows[rows["customer_id"].isin(withheld)].drop(columns=[c for c in kept if c in rows])
    assert theirs.isna().all(axis=None)


# --- the section -----------------------------------------------------------------------------------


def test_the_section_counts_what_the_file_holds(shop: Study, made: Records) -> None:
    shown = records(shop)
    kpis = shop.model.kpis
    assert kpis["records_differ"].value == made.differences["customer_id"].nunique() == 4
    basic = made.rows[["province", "city", "industry", "owner", "register_date"]]
    asked = [c for c in basic if c in set(made.fields["field"])]
    assert kpis["records_filled"].value == pytest.approx(basic[asked].notna().mean().mean())
    tables = {block.id: block for block in shown.section.blocks if isinstance(block, Sheet)}
    assert sum(r[1] for r in tables["record_differences"].rows) == 4
    for name in ("records", "record_fields", "record_differences", "record_changes"):
        assert (shop.folder / shop.model.tables[name]).is_file()
    assert leaks(shop.folder / "model.json") == [] if (shop.folder / "model.json").is_file() else True


def test_where_nothing_is_missing_nothing_is_called_missing(tmp_path: Path) -> None:
    study = study_of(tmp_path)
    full = study.customers.assign(
        province="江苏省", city="南京市", industry="零售", owner="R1", channel="网站"
    )
    full = full.assign(register_date=pd.Timestamp("2024-01-01"), grade="A", consent_marketing="1")
    study = replace(study, customers=full)
    (sheet,) = (b for b in records(study).section.blocks if isinstance(b, Sheet) and b.id == "records")
    assert study.model.kpis["records_filled"].value == 1.0
    assert "最缺" not in sheet.title and "没有缺的" in sheet.title


def test_without_a_field_to_fill_in_there_is_no_share_of_it(make: Make) -> None:
    study = make(
        ["客户编号,下单次数,最近下单日期,累计消费", *(f"K{i},2,2025-11-01,{i}" for i in range(1, 81))]
    )
    blocks = records(study).section.blocks
    assert blocks and "records_filled" not in study.model.kpis
    assert all(id in study.model.kpis for block in blocks if isinstance(block, Kpis) for id in block.ids)


def test_both_languages_hold_the_same_facts(shop: Study, made: Records, tmp_path: Path) -> None:
    english = study_of(tmp_path, lang="en")
    there = customer_records(english)
    assert list(there.rows) == list(made.rows)
    for column in made.rows:
        if column not in ("next_channel", "next_what", "next_owner", "no_step") and "why" not in column:
            assert there.rows[column].equals(made.rows[column]), column
    numbers = ["block", "field", "table", "known", "share", "differs"]
    assert there.fields[numbers].equals(made.fields[numbers])
    same = ["customer_id", "field", "taken", "other"]
    assert there.differences[same].equals(made.differences[same])
    for one in (shop, english):
        records(one)
    assert {k: v.value for k, v in english.model.kpis.items()} == {
        k: v.value for k, v in shop.model.kpis.items()
    }
    digits = [
        re.findall(r"\d[\d,.]*", " ".join(b.text for b in s.model.sections[-1].blocks if b.kind == "text"))
        for s in (shop, english)
    ]
    assert digits[0] == digits[1]


def test_few_customers_have_a_rank_and_no_class(tmp_path: Path) -> None:
    few = study_of(tmp_path, n=6)
    made = customer_records(few)
    assert "rank" in made.rows and few.segmentation.main not in made.rows
    assert made.rows["why"].notna().all()
