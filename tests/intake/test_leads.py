"""Leads: the third grain. One row a lead, nothing lost, and the people a report can classify."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_tables import table_of

from segkit.intake.cleaning import Cleaned, clean
from segkit.intake.confirm import questions
from segkit.intake.leads import COLUMNS
from segkit.intake.mapping import mapping_from, suggest_mapping
from segkit.intake.mapping_check import check_mapping
from segkit.intake.profile import quality
from segkit.intake.settling import Answers, AsOf
from segkit.problems import InputProblems

HEADS = [
    "线索编号",
    "姓名",
    "手机",
    "来访日期",
    "线索状态",
    "意向等级",
    "最近跟进时间",
    "顾问",
    "预计金额(万元)",
    "楼层",
]
ROWS = [
    ["L1", "王一", "10000000001", "2025-10-01", "跟进中", "A", "2025-12-01", "S1", "3.5", "高"],
    ["L2", "李二", "100 0000 0002", "2025/11/3", "已约访", "B", "2025-12-20", "S2", "", "低"],
    ["L2", "李二", "10000000002", "2025/11/3", "跟进中", "B", "2025-12-02", "S2", "", ""],
    ["L3", "赵三", "10000000003", "2026-03-01", "新线索", "C", "", "S1", "2", "低"],
    ["L4", "孙四", "10000000001", "2025-12-05", "新线索", "C", "2026-05-05", "S1", "二十", "中"],
    ["", "测试", "", "2025-12-05", "新线索", "", "", "", "", ""],
]
NAMES = {
    "线索编号": "lead_id",
    "姓名": "name",
    "手机": "phone",
    "来访日期": "first_contact",
    "线索状态": "stage",
    "意向等级": "intent",
    "最近跟进时间": "last_follow_up",
    "顾问": "owner",
    "预计金额(万元)": "expected_amount",
}
DAY = dt.date(2025, 12, 31)


def cleaned(rows=ROWS, heads=HEADS, **options) -> Cleaned:
    table = table_of(heads, rows, "leads.csv")
    columns = {head: NAMES[head] for head in heads if head in NAMES}
    return clean(table, mapping_from(table, columns, "leads"), **({"as_of": DAY} | options))


def test_a_table_of_leads_is_known_by_its_headings_and_every_column_has_its_meaning() -> None:
    mapping = suggest_mapping(table_of(HEADS, ROWS))
    assert mapping.grain == "leads"
    assert mapping.columns == {head: name for head, name in NAMES.items() if head != "顾问"}


@pytest.mark.parametrize(
    "heads",
    [
        ["订单编号", "线索编号", "下单日期", "金额", "状态"],  # orders of leads
        ["客户编号", "客户名称", "最近跟进时间", "负责人"],
        ["客户编号", "最近跟进时间", "意向等级", "累计消费"],  # customers with their totals
        ["拜访编号", "线索编号", "结果"],
    ],
)
def test_what_only_mentions_leads_is_something_else(heads: list[str]) -> None:
    row = ["2025-03-04" if "日期" in head or "时间" in head else "12.5" for head in heads]
    assert suggest_mapping(table_of(heads, [row] * 3)).grain != "leads"


def test_every_canonical_column_is_there_and_typed_and_own_columns_stay() -> None:
    leads = cleaned().frame
    assert [*leads.columns[: len(COLUMNS)]] == [*COLUMNS]
    assert {name: str(leads[name].dtype) for name in COLUMNS} == COLUMNS
    assert leads["楼层"].tolist() == ["高", "低", "中"]
    assert leads["expected_amount"].tolist()[0] == 35_000 and pd.isna(leads["expected_amount"][2])
    assert leads["first_contact"].tolist() == [
        pd.Timestamp(2025, m, d) for m, d in ((10, 1), (11, 3), (12, 5))
    ]


def test_nothing_is_lost_and_each_row_says_why() -> None:
    one = cleaned()
    totals = one.totals
    assert (totals.rows_in, totals.kept, totals.changed, totals.merged, totals.set_aside) == (6, 1, 2, 1, 2)
    assert totals.money_in == totals.money_kept + totals.money_merged + totals.money_set_aside == 55_000
    reasons = {(row, reason, fate) for row, reason, fate in one.ledger[["row", "reason", "fate"]].values}
    assert {(4, "duplicate", "merged"), (5, "after_as_of", "set_aside"), (7, "test", "set_aside")} <= reasons
    assert {(6, "bad_amount", "changed"), (6, "after_as_of", "changed")} <= reasons


def test_of_two_rows_of_one_lead_the_one_followed_up_last_stays() -> None:
    leads = cleaned().frame.set_index("lead_id")
    assert leads.loc["L2", "stage"] == "已约访" and leads.loc["L2", "last_follow_up"] == pd.Timestamp(
        2025, 12, 20
    )


def test_a_follow_up_of_a_day_to_come_is_taken_out_and_the_lead_stays() -> None:
    assert pd.isna(cleaned().frame.set_index("lead_id").loc["L4", "last_follow_up"])


def test_leads_are_people_who_bought_nothing_yet() -> None:
    people = cleaned().people
    assert people["customer_id"].tolist() == ["L1", "L2", "L4"]
    assert people["frequency"].tolist() == [0, 0, 0] and people["monetary"].isna().all()
    assert people["stage"].tolist() == ["跟进中", "已约访", "新线索"] and "lead_id" not in people


def test_what_a_playbook_asks_for_by_number_or_heading_is_there_of_the_people() -> None:
    rows = [["L1", "2025-12-01", "3", "跟进中"], ["L2", "2025-12-02", "", "战败"]]
    one = cleaned(rows, ["线索编号", "来访日期", "意向等级", "线索状态"])
    assert one.people["intent"].tolist()[0] == 3 and pd.isna(one.people["intent"][1])
    assert one.people["线索状态"].tolist() == one.people["stage"].tolist() == ["跟进中", "战败"]
    assert one.frame["intent"].tolist()[0] == "3" and "线索状态" not in one.frame


def test_two_leads_on_one_phone_are_flagged_and_merged_only_when_confirmed() -> None:
    one = cleaned()
    assert one.twins[["id_a", "id_b", "why"]].values.tolist() == [["L1", "L4", "phone"]]
    asked = questions(one, table_of(HEADS, ROWS, "leads.csv"), worth=pd.Series(dtype="float64"))
    assert len(asked.twins) == 1
    merged = cleaned(answers=Answers(merge=(("L1", "L4"),)))
    assert merged.frame["lead_id"].tolist() == ["L1", "L2"] and merged.people["customer_id"].tolist() == [
        "L1",
        "L2",
    ]


def test_the_customer_a_lead_became_stays_beside_its_number() -> None:
    rows = [["L1", "C9", "2025-12-01"], ["L2", "", "2025-12-02"], ["L2", "C3", "2025-12-02"]]
    table = table_of(["线索编号", "客户编号", "来访日期"], rows)
    mapping = suggest_mapping(table)
    assert mapping.columns == {"线索编号": "lead_id", "客户编号": "customer_id", "来访日期": "first_contact"}
    frame = clean(table, mapping, as_of=DAY).frame
    assert frame["lead_id"].tolist() == ["L1", "L2"] and frame["customer_id"].tolist() == ["C9", "C3"]


@pytest.mark.parametrize(
    ("heads", "problem"),
    [
        (["线索编号", "楼层"], "mapping.leads_when"),
        (["来访日期", "楼层"], "mapping.missing_lead_id"),
        (["手机", "来访日期"], None),
        (["客户编号", "线索状态"], None),
    ],
)
def test_a_lead_needs_a_number_and_a_day_or_a_stage(heads: list[str], problem: str | None) -> None:
    table = table_of(
        heads, [["10000000001" if h == "手机" else "2025-01-02" if "日期" in h else "甲" for h in heads]] * 2
    )
    found = check_mapping(suggest_mapping(table, "leads"), table)
    assert [p.id for p in found] == ([problem] if problem else [])
    assert all(p.text(lang) for p in found for lang in ("zh", "en"))


def test_without_a_number_the_phone_tells_leads_apart_and_it_is_said() -> None:
    table = table_of(["手机", "来访日期"], [["10000000001", "2025-12-01"], ["100-0000-0002", "2025-12-02"]])
    one = clean(table, suggest_mapping(table, "leads"), as_of=DAY)
    assert one.frame["lead_id"].tolist() == ["10000000001", "10000000002"]
    assert "clean.key_is_leads" in [note.id for note in one.notes]


def test_the_day_is_the_last_anything_happened_or_that_of_the_other_tables() -> None:
    rows = [[f"L{i}", f"2025-10-{i:02d}", f"2025-11-{i:02d}"] for i in range(1, 29)]
    heads = ["线索编号", "来访日期", "最近跟进时间"]
    assert cleaned(rows, heads, as_of=None).as_of.date == dt.date(2025, 11, 28)
    later = AsOf(dt.date(2025, 12, 9), "credible")
    assert cleaned(rows, heads, as_of=None, reaches=later).as_of.date == dt.date(2025, 12, 9)
    with pytest.raises(InputProblems) as caught:
        cleaned([["L1", "新线索"]], ["线索编号", "线索状态"], as_of=None)
    assert [p.id for p in caught.value.problems] == ["clean.no_dates"]


def test_an_open_lead_is_no_gap_in_the_data() -> None:
    rows = [["L1", "C9", "2025-12-01"], ["L2", "", "2025-12-02"]]
    table = table_of(["线索编号", "客户编号", "来访日期"], rows)
    fields = {f.field: f for f in quality(clean(table, suggest_mapping(table), as_of=DAY)).fields}
    assert fields["customer_id"].completeness is None and fields["lead_id"].completeness == 1


cells = st.sampled_from(["", "2025-10-01", "2025/11/30", "2026-02-03", "someday", "-"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["L1", "L2", "L3", "", "测试1"]),
            cells,
            cells,
            st.sampled_from(["", "3.5", "x", "2万"]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_every_row_of_leads_has_one_fate_and_every_lead_one_row(rows) -> None:
    heads = ["线索编号", "来访日期", "最近跟进时间", "预计金额(万元)"]
    try:
        one = cleaned([*map(list, rows), ["L9", "2025-09-01", "", "1"]], heads)
    except InputProblems as found:  # every day lies after the day of the analysis
        assert [p.id for p in found.problems] == ["clean.nothing_left"]
        return
    totals = one.totals
    assert totals.rows_in == len(rows) + 1 == totals.kept + totals.changed + totals.merged + totals.set_aside
    assert len(one.frame) == totals.kept + totals.changed == one.frame["lead_id"].nunique()
    assert (one.frame["first_contact"].dropna() <= pd.Timestamp(DAY)).all()
    assert one.people["customer_id"].tolist() == one.frame["lead_id"].tolist()
