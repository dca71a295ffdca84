"""Contacts, surveys, complaints, outcomes: which column is what, and what the cells mean."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_tables import table_of

from segkit.followup.policy import CHANNELS
from segkit.intake.contact_words import channel_words
from segkit.intake.further_tables import FurtherTable
from segkit.intake.profile import side_quality
from segkit.intake.side_grains import (
    SIDES,
    Side,
    check_side,
    later_rows,
    open_side,
    shaped,
    side_fields,
    side_from,
    side_of,
    suggest_side,
)
from segkit.intake.side_reading import word_in
from segkit.problems import InputProblems

DAY = dt.date(2025, 12, 31)
CONTACTS = [
    "跟进编号",
    "客户编号",
    "跟进时间",
    "跟进方式",
    "跟进人",
    "跟进结果",
    "时长",
    "下次跟进时间",
    "跟进内容",
    "主题",
]


def told(grain: Side, heads: list[str], rows: list[list[str]], until: dt.date = DAY) -> FurtherTable:
    table = table_of(heads, rows, f"{grain}.csv")
    mapping = suggest_side(table, grain)
    assert check_side(mapping, table) == []
    return shaped(grain, open_side(table, mapping).up_to(until))


def test_contacts_have_ids_of_channels_days_minutes_and_everything_else() -> None:
    rows = [
        [
            "K1",
            "C1",
            "2025-12-01 10:30",
            "电话回访",
            "张三",
            "已约",
            "12分钟",
            "2025-12-09",
            "聊了价格",
            "甲",
        ],
        ["K2", "C1", "2025/12/2", "企业微信", "张三", "未回复", "", "", "", "乙"],
        ["K3", "C2", "2025-12-03", "上门拜访", "李四", "无人接听", "30", "someday", "", "甲"],
    ]
    table = told("contacts", CONTACTS, rows)
    frame = table.frame
    assert frame["channel"].tolist() == ["phone", "social", "visit"]
    assert frame["minutes"].tolist()[0] == 12 and frame["minutes"].tolist()[2] == 30
    assert frame["effective"].isna().tolist() == [True, False, False] and not frame["effective"].any()
    assert frame["next_date"].tolist()[0] == pd.Timestamp(2025, 12, 9) and pd.isna(frame["next_date"][2])
    assert frame["主题"].tolist() == ["甲", "乙", "甲"] and frame["date"][0] == pd.Timestamp(2025, 12, 1)
    assert ("bad_date", "changed") in table.ledger[["reason", "fate"]].itertuples(index=False, name=None)


@pytest.mark.parametrize("grain", [g for g in SIDES if g != "opt_outs"])
def test_every_canonical_column_is_there_whatever_the_client_has(grain: Side) -> None:
    heads = {
        "contacts": ["客户编号", "跟进时间"],
        "surveys": ["客户编号", "nps"],
        "complaints": ["客户编号", "投诉时间"],
        "outcomes": ["客户编号", "组别", "是否转化"],
    }[grain]
    frame = told(
        grain,
        heads,
        [["C1", "2025-12-01", "是"][: len(heads)] if grain != "outcomes" else ["C1", "对照", "是"]],
    ).frame
    expected = {
        name for name in side_fields(grain) if name not in ("lead_id", "phone", "email", "nps", "csat", "ces")
    }
    assert expected <= {*frame.columns} and frame.columns[0] == "customer_id"


def test_complaints_keep_the_time_of_day_and_open_cases_stay_open() -> None:
    heads = ["投诉编号", "客户编号", "投诉时间", "首次响应时间", "结案时间", "紧急程度"]
    rows = [
        ["T1", "C1", "2025-12-01 09:05", "2025-12-01 下午 2:30", "45992.75", "重大"],
        ["T2", "C2", "2025/12/2 23:59:30", "", "", "特急"],
        ["T3", "C2", "2025-12-03", "", "", "低"],
    ]
    frame = told("complaints", heads, rows).frame
    assert frame["opened_at"].tolist() == [
        pd.Timestamp(2025, 12, 1, 9, 5),
        pd.Timestamp(2025, 12, 2, 23, 59, 30),
        pd.Timestamp(2025, 12, 3),
    ]
    assert frame["first_response_at"][0] == pd.Timestamp(2025, 12, 1, 14, 30)
    assert frame["closed_at"][0] == pd.Timestamp(2025, 12, 1, 18, 0)
    assert frame["closed_at"].isna().tolist() == [False, True, True]
    assert frame["severity"].tolist() == ["major", "urgent", "general"]


@pytest.mark.parametrize(
    ("written", "hour", "minute"),
    [
        ("中午1:30", 13, 30),
        ("中午12:30", 12, 30),
        ("中午11:30", 11, 30),
        ("凌晨12:30", 0, 30),
        ("凌晨1:30", 1, 30),
        ("早上9:05", 9, 5),
        ("傍晚6:30", 18, 30),
        ("12:30 am", 0, 30),
        ("12:30PM", 12, 30),
    ],
)
def test_the_part_of_the_day_says_which_half_an_hour_lies_in(written: str, hour: int, minute: int) -> None:
    frame = told("complaints", ["客户编号", "投诉时间"], [["C1", f"2025-12-01 {written}"]]).frame
    assert frame["opened_at"].tolist() == [pd.Timestamp(2025, 12, 1, hour, minute)]


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("拒绝联系", True),
        ("不要再联系了", True),
        ("聊过，客户要求退订；挂了", True),
        ("ＯＰＴＥＤ－ＯＵＴ", True),
        ("asked us to stop", True),
        ("要求不再联系", True),
        ("未退订", False),
        ("取消勿扰", False),
        ("did not opt out", False),
        ("拒绝", False),
        ("stop by next week", False),
    ],
)
def test_a_request_to_be_left_alone_comes_out_under_its_id_and_nothing_else_does(
    written: str, asked: bool
) -> None:
    rows = [["C1", "2025-12-01", written], ["C1", "2025-12-01", "成交"]]
    frame = told("contacts", ["客户编号", "跟进时间", "结果"], rows).frame
    assert (frame["outcome"][0] == "opted_out") is asked
    assert asked or frame["outcome"][0] == written
    assert frame["outcome"][1] == "成交"  # a playbook may ask for the client's own word


@pytest.mark.parametrize(
    ("written", "reached_nobody"),
    [
        *((word, True) for word in ("没人接", "打不通", "没接", "不在", "联系不上", "号码错误", "电话未接", "空号")),
        ("打了两次都没人接听。", True),
        ("line busy", True),
        ("未接受报价", False),
        ("不在意价格", False),
        ("第一次没接，第二次聊过", False),
        ("有意向", False),
    ],
)  # fmt: skip
def test_a_contact_that_reached_nobody_is_not_effective(written: str, reached_nobody: bool) -> None:
    rows = [["C1", "2025-12-01", written]]
    effective = told("contacts", ["客户编号", "跟进时间", "结果"], rows).frame["effective"]
    assert effective.isna()[0] if not reached_nobody else not effective[0]
    said = told("contacts", ["客户编号", "跟进时间", "是否接通"], rows).frame["effective"]
    assert said.isna()[0] or bool(said[0]) is not reached_nobody


@pytest.mark.parametrize("heads", [["客户编号", "跟进时间", "跟进方式"], ["客户编号", "跟进时间", "主题"]])
def test_a_contact_of_an_unknown_channel_stays_without_one(heads: list[str]) -> None:
    table = told("contacts", heads, [["C1", "2025-12-01", "飞鸽"], ["C2", "2025-12-02", "电话"]])
    assert table.frame["customer_id"].tolist() == ["C1", "C2"] and pd.isna(table.frame["channel"][0])
    assert table.totals.set_aside == 0


def test_surveys_come_out_one_row_an_answer_and_silence_stays() -> None:
    wide = told(
        "surveys",
        ["客户编号", "答题时间", "NPS", "满意度"],
        [["C1", "2025-12-01", "9", "非常满意"], ["C2", "2025-12-02", "", "2"]],
    )
    assert wide.frame[["customer_id", "kind", "score"]].values.tolist()[:2] == [
        ["C1", "nps", 9.0],
        ["C1", "csat", 5.0],
    ]
    assert len(wide.frame) == 4 and wide.frame["score"].isna().sum() == 1 and wide.totals.rows_in == 2
    tall = told(
        "surveys",
        ["客户编号", "日期", "问卷类型", "评分"],
        [["C1", "2025-12-01", "NPS 推荐", "9分"], ["C2", "2025-12-01", "满意度调查", ""]],
    )
    assert tall.frame["kind"].tolist() == ["nps", "csat"] and tall.frame["score"].tolist()[0] == 9


def test_arms_are_told_by_words_and_a_longer_word_wins() -> None:
    arms = ["实验组", "对照组", "留出", "不触达组", "触达", "Control", "treated", "第三组"]
    rows = [[f"C{i}", arm, "是" if i % 2 else "否", "12.5"] for i, arm in enumerate(arms)]
    table = told("outcomes", ["客户编号", "组别", "是否转化", "收入"], rows)
    assert table.frame["arm"].tolist()[:7] == [
        "treated",
        "holdout",
        "holdout",
        "holdout",
        "treated",
        "holdout",
        "treated",
    ]
    assert pd.isna(table.frame["arm"][7]) and table.frame["converted"].tolist()[:2] == [False, True]
    [note] = [n for n in table.notes if n.id == "sides.unknown_words"]
    assert note.facts == {"n": 1, "words": ["第三组"]} and "第三组" in note.text("zh")


def test_the_channels_of_contacts_are_those_of_the_policy() -> None:
    words = channel_words()
    assert {*words} == {*CHANNELS}
    assert word_in("微信电话", words) in ("phone", "social") and word_in("传真", words) is None
    assert word_in("Text message", words) == "sms" and word_in("context", words) is None


def test_a_row_without_a_customer_takes_the_lead_then_the_phone() -> None:
    heads = ["客户编号", "线索编号", "手机", "跟进时间"]
    rows = [
        ["C1", "L1", "10000000001", "2025-12-01"],
        ["", "L2", "", "2025-12-01"],
        ["", "", "10000000003", "2025-12-01"],
    ]
    assert told("contacts", heads, rows).frame["customer_id"].tolist() == ["C1", "L2", "10000000003"]


def test_what_no_column_says_is_named_and_a_wrong_mapping_is_corrected() -> None:
    table = table_of(["客户编号", "评分"], [["C1", "9"]], "q.csv")
    [problem] = check_side(suggest_side(table, "surveys"), table)
    assert (
        problem.id == "sides.missing" and problem.facts["fields"] == ["kind"] and "kind" in problem.text("zh")
    )
    with pytest.raises(InputProblems) as caught:
        side_from(table, {"客户编码": "customer_id", "评分": "scor"}, "surveys")
    assert [(p.id, p.column) for p in caught.value.problems] == [
        ("mapping.no_heading_near", "客户编码"),
        ("mapping.no_field_near", "评分"),
    ]


@pytest.mark.parametrize(
    ("heads", "grain"),
    [
        (["客户编号", "跟进时间", "跟进方式", "跟进内容"], "contacts"),
        (["contact_id", "lead_id", "contact_date", "next_due"], "contacts"),
        (["客户编号", "NPS", "CES", "日期"], "surveys"),
        (["投诉编号", "客户编号", "投诉时间", "首次响应时间"], "complaints"),
        (["customer_id", "arm", "converted"], "outcomes"),
        (["手机", "退订时间", "退订渠道"], "opt_outs"),
        (["客户编号", "姓名", "手机", "负责人"], None),
        (["订单编号", "客户编号", "下单日期", "金额"], None),
        (["线索编号", "来访日期", "跟进状态", "下次跟进时间"], None),
    ],
)
def test_a_table_is_told_by_columns_only_such_a_table_has(heads: list[str], grain: str | None) -> None:
    row = ["2025-12-01" if "日期" in h or "时间" in h or h.endswith(("date", "due")) else "1" for h in heads]
    assert side_of(table_of(heads, [row])) == grain


def test_rows_from_a_day_on_are_counted_with_the_latest() -> None:
    table = table_of(
        ["客户编号", "跟进时间"],
        [["C1", "2025-12-01"], ["C1", "2026-01-05"], ["C2", "2026-02-01"], ["", "2026-09-09"]],
    )
    opened = open_side(table, suggest_side(table, "contacts"))
    assert later_rows(opened, dt.date(2026, 1, 5)) == (2, dt.date(2026, 2, 1))
    assert later_rows(opened, dt.date(2026, 3, 1)) == (0, None)


def test_quality_counts_what_is_missing_and_what_could_not_be_read() -> None:
    heads = ["客户编号", "跟进时间", "跟进方式"]
    rows = [
        ["C1", "2025-12-01", "电话"],
        ["", "2025-12-01", "电话"],
        ["C2", "bad", "电话"],
        ["C3", "2025-12-02", "飞鸽"],
    ]
    table = table_of(heads, rows)
    mapping = suggest_side(table, "contacts")
    done = open_side(table, mapping).up_to(DAY)
    fields = {f["field"]: f for f in side_quality(mapping.columns, mapping.who or "", done, "contacts")}
    assert fields["customer_id"]["completeness"] == 3 / 4 and fields["date"]["accuracy"] == 3 / 4
    assert fields["channel"]["repair"] == 1 and fields["channel"]["file"] == "test.csv"


days = st.sampled_from(["2025-10-01", "2025/11/30 8:05", "2026-02-03", "someday", ""])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["C1", "C2", ""]), days, st.sampled_from(["电话", "飞鸽", ""]), days),
        max_size=12,
    )
)
def test_every_row_of_contacts_has_one_fate(rows) -> None:
    table = table_of(
        ["客户编号", "跟进时间", "跟进方式", "下次跟进时间"],
        [["C9", "2025-09-01", "短信", ""], *map(list, rows)],
    )
    mapping = suggest_side(table, "contacts")
    try:
        done = shaped("contacts", open_side(table, mapping).up_to(DAY))
    except InputProblems as found:
        assert {p.id for p in found.problems} <= {"tables.no_dates", "tables.nothing_left"}
        return
    totals = done.totals
    assert totals.rows_in == len(rows) + 1 == totals.kept + totals.changed + totals.merged + totals.set_aside
    assert len(done.frame) == totals.kept + totals.changed
    assert (done.frame["date"] <= pd.Timestamp(DAY)).all() and done.frame["customer_id"].notna().all()
    assert set(done.frame["channel"].dropna()) <= {*CHANNELS}
