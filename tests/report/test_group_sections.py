"""Groups side by side: nobody told apart one by one, and a figure for how far the mean of a group carries."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_clients import Make, column, said_in, section, table

from segkit.locale import LANGS
from segkit.report.sections.groups import FEWEST, MOST, OTHER, kept_apart
from segkit.schemes.base import UNKNOWN

PROVINCES = {"江苏省": 60, "浙江省": 40, "广东省": 12, "西藏自治区": 3, "青海省": 4}


def placed(*, money: dict[str, float] | None = None, orders: bool = True) -> list[str]:
    """Customers by province; `money` is what each of a province spent, the k-th a cent more than the one before."""
    head = "客户编号,省份" + (",下单次数,最近下单日期,累计消费" if orders else ",意愿")
    rows = [head]
    for province, n in PROVINCES.items():
        for k in range(n):
            spent = (money or {}).get(province, 100.0) + k / 100
            rows.append(
                f"K{len(rows)},{province},"
                + (f"{k % 3 + 1},2025-11-{k % 28 + 1:02},{spent:.2f}" if orders else str(k % 5))
            )
    return rows


@given(st.dictionaries(st.sampled_from("abcdefgh") | st.none(), st.integers(0, 14)))
def test_no_group_is_smaller_than_five_unless_there_is_nobody_else(sizes_of):
    labels = [label for label, n in sizes_of.items() for _ in range(n)]
    customers = pd.Series(labels, dtype=object)
    shown = kept_apart(customers)
    sizes = shown.value_counts()
    assert len(shown) == len(labels)
    small = sizes[sizes < FEWEST]
    # a rest of fewer than five stands alone only where no named group is left that could take it in
    assert small.empty or (list(small.index) == [OTHER] and {*sizes.index} <= {OTHER, UNKNOWN})
    assert len({*sizes.index} - {OTHER, UNKNOWN}) <= MOST
    for label in {*sizes.index} - {OTHER, UNKNOWN}:
        assert (customers[shown == label] == label).all()


def test_more_groups_than_a_table_holds_are_counted_together():
    labels = pd.Series([f"P{i:02}" for i in range(20) for _ in range(6 + i)])
    shown = kept_apart(labels)
    assert shown.nunique() == MOST + 1
    assert {*labels[shown == OTHER]} == {f"P{i:02}" for i in range(20 - MOST)}  # the smallest ones


@pytest.mark.slow
def test_small_provinces_are_counted_with_the_others(make: Make):
    sheet = table(make(placed(), more="schemes: {region: {kind: lifecycle}}\n"), "region_province")
    groups = dict(zip(column(sheet, "group"), column(sheet, "customers"), strict=True))
    assert groups == {"江苏省": 60, "浙江省": 40, "广东省": 12, "其他": 7}
    assert sheet.total[1] == 119 and sum(column(sheet, "customers")) == 119
    assert sum(column(sheet, "monetary")) == pytest.approx(sheet.total[2])
    assert sum(column(sheet, "money_share")) == pytest.approx(1.0)
    assert "不到 5 位" in sheet.caption


@pytest.mark.slow
def test_the_main_scheme_stands_among_the_segments_alone(make: Make):
    study = make(placed(), more="schemes: {rfm: {kind: lookup, table: region, column: province}}\n")
    ids = [b.id for s in study.model.sections for b in s.blocks if b.kind == "table"]
    assert "segments" in ids and "region_rfm" not in ids


@pytest.mark.slow
def test_regions_are_looked_up_from_provinces(make: Make):
    study = make(placed())
    sheet = table(study, "region_region")
    groups = dict(zip(column(sheet, "group"), column(sheet, "customers"), strict=True))
    assert groups == {"华东": 100, "华南": 12, "其他": 7}
    assert "region_province" not in [
        b.id for s in study.model.sections for b in s.blocks if b.kind == "table"
    ]
    assert [b.id for b in section(study, "region").blocks if b.kind == "figure"] == ["region_value"]
    assert "segments_region" not in [b.id for b in section(study, "segments").blocks if b.kind == "table"]


@pytest.mark.slow
@pytest.mark.parametrize("high, low, said", [(100.0, 100.0, (50, 70)), (100.3, 100.0, (70, 99)), (500.0, 100.0, (100, 100))])  # fmt: skip
def test_the_caution_says_how_often_one_of_the_better_group_spent_more(make: Make, high, low, said):
    study = make(placed(money={"江苏省": high, "浙江省": low}), more="schemes: {region: {kind: lifecycle}}\n")
    customers = study.customers.set_index("province")["monetary"]
    a, b = customers.loc["江苏省"].to_numpy(), customers.loc["浙江省"].to_numpy()
    pairs = (a[:, None] > b[None, :]).mean() + (a[:, None] == b[None, :]).mean() / 2
    times = round(100 * pairs)
    assert said[0] <= times <= said[1]
    notes = [text for text in said_in(section(study, "region")) if "各随便取一位" in text]
    assert len(notes) == 1 and f"约 {min(times, 99 if pairs < 1 else 100)} 次" in notes[0]


@pytest.mark.slow
def test_without_money_the_groups_are_counted(make: Make):
    more = "schemes: {will: {kind: bands, column: 意愿, cuts: [2.5], labels: [low, high]}, region: {kind: bands, column: 意愿, cuts: [1], labels: [x, y]}}\n"
    study = make(placed(orders=False), more=more)
    sheet = table(study, "region_province")
    assert [c.id for c in sheet.columns] == ["group", "customers", "customers_share"]
    assert study.say("groups.caution", title="省份") in said_in(section(study, "region"))


@pytest.mark.slow
def test_one_group_is_no_comparison(make: Make):
    rows = [
        "客户编号,省份,下单次数,最近下单日期,累计消费",
        *(f"K{i},江苏省,2,2025-11-01,{i}" for i in range(40)),
    ]
    assert section(make(rows), "region") is None


@pytest.mark.slow
def test_groups_hold_the_same_numbers_in_both_languages(make: Make):
    held = []
    for lang in LANGS:
        sheet = table(make(placed(), lang=lang), "region_region")
        held.append([[v for v in row if not isinstance(v, str)] for row in (*sheet.rows, sheet.total)])
    assert held[0] == held[1] and np.isfinite(held[0][0][1])


@pytest.mark.slow
def test_shares_are_of_those_that_are_known_where_most_are_not(make: Make):
    rows = [
        "客户编号,行业,意愿",
        *(f"K{i},{'制造业' if i < 12 else '零售' if i < 18 else ''},{i % 5}" for i in range(60)),
    ]
    more = "schemes: {will: {kind: bands, column: 意愿, cuts: [2.5], labels: [low, high]}}\n"
    study = make(rows, more=more)
    shown = section(study, "industry")
    sheet = next(b for b in shown.blocks if b.kind == "table")
    assert column(sheet, "customers") == [12, 6, 42] and sheet.total[1] == 60
    assert column(sheet, "customers_share") == [pytest.approx(12 / 18), pytest.approx(6 / 18), None]
    assert "18 位" in sheet.title and "66.7%" in said_in(shown)[0]
    figure = next(study.model.figures[b.id] for b in shown.blocks if b.kind == "figure")
    assert figure.chart.series[0].values == (
        pytest.approx(12 / 18, abs=1e-6),
        pytest.approx(6 / 18, abs=1e-6),
    )
