"""Returned sheets are read as they were filled in, however they come back; nothing is guessed, nothing is lost."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from returned_sheets import fill, places, plan_of, sent, table, task

from segkit.locale import LANGS, name_of
from segkit.problems import InputProblems
from segkit.report.returned import read_returned
from segkit.report.returned_words import OUTCOMES, channel_of, outcome_of, status_of

DONE = {"status": "已完成", "done_on": "2026-01-06", "result": "已联系"}


def contacts(paths: Any, **how: Any) -> list[dict[str, Any]]:
    return read_returned([paths], **how).contacts.to_dict("records")


def refused(told: Any) -> list[tuple[str, int, str, str]]:
    return [(u.line.file, u.line.row, u.name, u.why) for u in told.unread]


def law(told: Any) -> bool:
    n = told.counts
    parts = ("contacts", "repeated", "moved", "dropped", "open", "unread")
    return n["rows"] == sum(n[part] for part in parts) and n["contacts"] == len(told.contacts)


# --- what was filled in comes back -----------------------------------------------------------------

answers = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["done", "open", "moved", "dropped"]),
        "outcome": st.sampled_from(OUTCOMES),
        "after": st.integers(-20, 40),
        "minutes": st.none() | st.integers(0, 90),
        "next": st.none() | st.integers(0, 90),
        "note": st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=12),
        "form": st.sampled_from(["date", "iso", "md", "chinese", "slash", "dots", "serial"]),
    }
)


def written(day: dt.date, form: str) -> Any:
    serial = (day - dt.date(1899, 12, 30)).days
    return {
        "date": dt.datetime(day.year, day.month, day.day),
        "iso": day.isoformat(),
        "md": f"{day.month}.{day.day}",
        "chinese": f"{day.month}月{day.day}号",
        "slash": f"{day.year}/{day.month}/{day.day}",
        "dots": f"{day.year}.{day.month}.{day.day}",
        "serial": serial,
    }[form]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(
    given=st.lists(answers, min_size=1, max_size=8),
    lang=st.sampled_from(LANGS),
    seed=st.randoms(use_true_random=False),
    without_id=st.booleans(),
    added=st.integers(0, 2),
)
def test_sheets_filled_shuffled_cut_and_added_to_say_what_was_filled_in(
    tmp_path_factory, given, lang, seed, without_id, added
):
    folder = tmp_path_factory.mktemp("r")
    plan = plan_of(len(given) + 2)  # two rows are deleted by whoever fills them in
    (path,) = sent(folder, plan, lang)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    at = places(sheet, lang)
    wanted = []
    for i, one in enumerate(given):
        row, due = i + 2, plan["due"][i].date()
        day = due + dt.timedelta(days=one["after"])
        following = None if one["next"] is None else day + dt.timedelta(days=one["next"])
        note = one["note"].strip()
        if one["kind"] == "done":
            cells = {
                "status": name_of("task_status", "done", lang),
                "done_on": written(day, one["form"]),
                "result": name_of("contact_outcome", one["outcome"], lang),
                "spent": one["minutes"],
                "next_date": None if following is None else written(following, one["form"]),
                "note": note,
            }
            channel = str(plan["channel"][i])
            values = (plan["customer_id"][i], day, channel, "王芳", one["outcome"], one["minutes"], following)
            wanted.append((*values, plan["task_id"][i]))
        elif one["kind"] == "open":
            cells = {}
        else:
            cells = {"status": name_of("task_status", one["kind"], lang)}
        for name, value in cells.items():
            sheet.cell(row, at[name]).value = value
            if isinstance(value, str):
                sheet.cell(row, at[name]).data_type = "s"  # openpyxl takes = for a formula
    rows = [[c.value for c in line] for line in sheet.iter_rows(min_row=2)][: len(given)]
    heads = [c.value for c in sheet[1]]
    for i in range(added):
        line: list[Any] = [None] * len(heads)
        more = {"customer_id": f"X{i}", "channel": name_of("channel", "phone", lang), "owner": "王芳"}
        for name, value in {**more, "status": "ok", "done_on": "2026-02-03"}.items():
            line[at[name] - 1] = value
        rows.append(line)
        wanted.append((f"X{i}", dt.date(2026, 2, 3), "phone", "王芳", "", None, None, ""))
    seed.shuffle(rows)
    order = [i for i in range(len(heads)) if not (without_id and i == at["task_id"] - 1)]
    seed.shuffle(order)
    back = openpyxl.Workbook()
    page = back.active
    page.append([heads[i] for i in order])
    for line in rows:
        page.append([None] * len(order))
        for place, i in enumerate(order, 1):
            cell = page.cell(page.max_row, place)
            cell.value = line[i]
            if isinstance(line[i], str):
                cell.data_type = "s"
    home = folder / "back"
    home.mkdir()
    back.save(home / "回收.xlsx")
    told = read_returned([home], plans=[plan])
    found = [
        (
            c.customer_id,
            c.date.date(),
            c.channel,
            c.owner,
            c.outcome,
            None if c.minutes != c.minutes else c.minutes,
            None if c.next_date is pd.NaT else c.next_date.date(),
            c.task_id,
        )
        for c in told.contacts.itertuples()
    ]
    assert sorted(found, key=str) == sorted(wanted, key=str)
    assert not told.unread and not told.conflicts
    assert law(told)
    kinds = [one["kind"] for one in given]
    assert (told.counts["moved"], told.counts["dropped"]) == (kinds.count("moved"), kinds.count("dropped"))


def test_the_columns_are_those_of_a_contact_log_and_the_order_of_files_does_not_matter(tmp_path):
    table(tmp_path / "a", [task(0, **DONE), task(1, **DONE)], "甲.xlsx")
    table(tmp_path / "a", [task(2, **DONE)], "乙.xlsx")
    table(tmp_path / "b", [task(2, **DONE)], "1.xlsx")
    table(tmp_path / "b", [task(1, **DONE), task(0, **DONE)], "2.xlsx")
    first, second = (read_returned([tmp_path / f]).contacts for f in "ab")
    assert list(first.columns) == [
        "contact_id", "customer_id", "date", "channel", "owner", "outcome",
        "effective", "minutes", "next_date", "note", "task_id",
    ]  # fmt: skip
    pd.testing.assert_frame_equal(first, second)
    assert first["contact_id"].is_unique


# --- status and result by hand ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "word", ["做了", "完成", "done", "√", "ok", "OK!", "已联系", "Done", " 完成。", "Ｙ"]
)
def test_a_status_typed_by_hand_is_understood(tmp_path, word):
    path = table(tmp_path, [task(0, **DONE | {"status": word})])
    (one,) = contacts(path)
    assert (one["date"], one["task_id"]) == (pd.Timestamp("2026-01-06"), "T000000000000")


@pytest.mark.parametrize(
    ("word", "outcome", "effective"),
    [
        ("没接", "no_answer", False),
        ("无人接听", "no_answer", False),
        ("空号", "wrong_contact", False),
        ("成交", "ordered", True),
        ("not interested", "declined", True),
        ("别再打", "opted_out", True),
        ("考虑中", "reached", True),
        ("", "", None),
    ],
)
def test_a_result_typed_by_hand_says_whether_somebody_was_reached(tmp_path, word, outcome, effective):
    (one,) = contacts(table(tmp_path, [task(0, **DONE | {"result": word})]))
    assert one["outcome"] == outcome
    assert one["effective"] == effective if effective is not None else one["effective"] is None


def test_a_word_inside_another_is_not_taken_for_it():
    assert outcome_of("未成交") is None
    assert outcome_of("成交3单") is None
    assert status_of("未做完") is None
    assert channel_of("电话和微信") is None


def test_an_outcome_under_status_counts_as_one_and_two_different_ones_are_listed(tmp_path):
    rows = [
        task(0, status="未接通", done_on="1.6"),
        task(1, status="未接通", done_on="1.6", result="已成交"),
    ]
    told = read_returned([table(tmp_path, rows)])
    assert list(told.contacts["outcome"]) == ["no_answer", ""]
    assert refused(told) == [("王芳.xlsx", 3, "status", "two_outcomes")]


def test_an_unreadable_word_is_listed_and_the_contact_kept_without_it(tmp_path):
    told = read_returned([table(tmp_path, [task(0, **DONE | {"result": "说下周再看看情况"})])])
    assert list(told.contacts["outcome"]) == [""]
    (cell,) = told.unread
    assert (cell.line.row, cell.heading, cell.text, cell.taken) == (2, "结果", "说下周再看看情况", True)


# --- what does not make a contact ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "kind", "why"),
    [
        ({}, "open", None),
        ({"status": "未做"}, "open", None),
        ({"status": "改期", "next_date": "1.20"}, "moved", None),
        ({"status": "取消", "note": "重复"}, "dropped", None),
        ({"status": "已完成"}, "unread", "no_date"),
        ({"result": "已联系"}, "unread", "no_date"),
        ({"status": "已完成", "done_on": "昨天"}, "unread", "bad_date"),
        ({"status": "未做", "done_on": "1.6"}, "unread", "open_but_filled"),
        ({"status": "改期", "done_on": "1.6"}, "unread", "moved_half"),
        ({"status": "取消", "result": "不需要"}, "unread", "dropped_half"),
        ({"note": "老客户"}, "unread", "only_note"),
        ({"status": "？？"}, "unread", "bad_status"),
    ],
)
def test_a_row_is_open_moved_dropped_or_listed(tmp_path, cells, kind, why):
    told = read_returned([table(tmp_path, [task(0, **DONE), task(1, **cells)])])
    assert told.counts[kind] == 1 and len(told.contacts) == 1 and law(told)
    assert [u.why for u in told.unread] == ([why] if why else [])


def test_a_moved_task_keeps_its_new_day_and_is_a_contact_where_date_and_result_say_so(tmp_path):
    rows = [
        task(0, status="改期", next_date="1.20"),
        task(1, status="改期", done_on="1.6", result="约好了", next_date="1.20"),
    ]
    told = read_returned([table(tmp_path, rows)])
    assert [m.next_date for m in told.moved] == [dt.date(2026, 1, 20)]
    assert list(told.contacts["outcome"]) == ["again"]


# --- dates -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (dt.datetime(2026, 1, 7), "2026-01-07"),
        ("12.3", "2025-12-03"),
        ("12月3日", "2025-12-03"),
        ("12/3", "2025-12-03"),
        ("2026.1.5", "2026-01-05"),
        ("1月5号", "2026-01-05"),
        ("１月５日", "2026-01-05"),
        (46027, "2026-01-05"),
        ("46027", "2026-01-05"),
        ("26/1/5", "2026-01-05"),
        ("5 Jan", "2026-01-05"),
        ("1.5下午", "2026-01-05"),
        ("2026-01-05 14:30", "2026-01-05"),
        (1.25, "2026-01-25"),
    ],
)
def test_a_date_is_read_in_every_way_people_write_it(tmp_path, cell, day):
    (one,) = contacts(table(tmp_path, [task(0, **DONE | {"done_on": cell})]))
    assert one["date"] == pd.Timestamp(day)


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("今天", "bad_date"),
        ("下周三", "bad_date"),
        ("13.40", "bad_date"),
        ("1.5、1.8", "bad_date"),
        ("5", "bad_date"),
        (12.1, "ambiguous_date"),  # typed as 12.1 or as 12.10: the number is the same
        ("5/1/26", "ambiguous_date"),
        ("2062-01-05", "far_date"),
    ],
)
def test_a_date_that_can_be_two_or_none_is_none(tmp_path, cell, why):
    told = read_returned([table(tmp_path, [task(0, **DONE | {"done_on": cell})])])
    assert len(told.contacts) == 0 and refused(told) == [("王芳.xlsx", 2, "done_on", why)]


def test_a_number_typed_into_a_date_cell_is_the_number_it_was(tmp_path):
    path = table(tmp_path, [task(0, **DONE | {"done_on": 1.25})])
    book = openpyxl.load_workbook(path)
    book.active.cell(2, 7).number_format = "yyyy-mm-dd"  # Excel shows 1900-01-01
    book.save(path)
    (one,) = contacts(path)
    assert one["date"] == pd.Timestamp("2026-01-25")


def test_a_next_date_lies_after_the_contact(tmp_path):
    rows = [
        task(0, **DONE | {"done_on": "2025-12-28", "next_date": "1.3"}),
        task(1, **DONE | {"done_on": "2026-01-06", "next_date": "1.3"}),  # the day before, or in a year?
        task(2, **DONE | {"done_on": "2026-01-06", "next_date": "2025-12-01"}),
    ]
    told = read_returned([table(tmp_path, rows)])
    assert told.contacts["next_date"].tolist() == [pd.Timestamp("2026-01-03"), pd.NaT, pd.NaT]
    assert refused(told) == [("王芳.xlsx", row, "next_date", "next_before") for row in (3, 4)]


@pytest.mark.parametrize(
    ("cell", "taken"),
    [("12.3", False), ("2025-12-31", False), ("2026-01-01", True), ("1.3", True), ("2.20", True)],
)
def test_a_task_is_not_done_before_its_plan_was_made(tmp_path, cell, taken):
    (path,) = sent(tmp_path, plan_of(2))
    fill(path, {2: DONE | {"done_on": cell}})
    told = read_returned([path])
    assert len(told.contacts) == taken and law(told)
    assert [u.why for u in told.unread] == ([] if taken else ["before_plan"])
    by_hand = table(
        tmp_path / "b", [task(0, **DONE | {"done_on": cell})]
    )  # nothing in it says which month it is of
    assert len(read_returned([by_hand]).contacts) == 1
    known = plan_of(1).assign(as_of=dt.date(2025, 12, 31))
    assert len(read_returned([by_hand], plans=[known]).contacts) == taken


def test_a_contact_of_long_ago_added_below_is_no_task_and_taken(tmp_path):
    more = {"customer_id": "00001", "channel": "电话", "status": "做了", "done_on": "2025-12-03"}
    (path,) = sent(tmp_path, plan_of(1))
    fill(path, {2: DONE, 3: more})
    told = read_returned([path], plans=[plan_of(1)], customers=["00001"])
    assert told.contacts["date"].tolist() == [pd.Timestamp("2025-12-03"), pd.Timestamp("2026-01-06")]
    assert not told.unread and told.no_task == 1


# --- the task id ------------------------------------------------------------------------------------


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in names}


def test_without_the_hidden_column_the_task_is_found_by_customer_day_and_channel(tmp_path):
    path = table(tmp_path, [without(task(i, **DONE), "task_id") for i in range(3)])
    assert [c["task_id"] for c in contacts(path, plans=[plan_of(5)])] == [f"T{i:012x}" for i in range(3)]


def test_a_task_or_a_customer_nobody_knows_is_logged_and_listed(tmp_path):
    rows = [
        task(0, **DONE) | {"task_id": "Tffffffffffff"},
        task(1, **DONE),
        without(task(2, **DONE) | {"customer_id": "99999"}, "task_id"),
        without(task(3, **DONE) | {"customer_id": "77"}, "task_id"),  # a customer without a task
    ]
    path = table(tmp_path, rows)
    told = read_returned([path], plans=[plan_of(4)], customers=["00000", "00001", "00077"])
    assert len(told.contacts) == 4 and law(told) and told.no_task == 3
    assert refused(told) == [
        ("王芳.xlsx", 2, "task_id", "no_such_task"),
        ("王芳.xlsx", 4, "customer_id", "no_such_customer"),
    ]
    assert all(u.taken and u.kept for u in told.unread)
    alone = read_returned([path], plans=[plan_of(4)])  # who the customers are is not known
    assert [u.why for u in alone.unread] == ["no_such_task"]
    without_plan = read_returned([path])
    assert not without_plan.unread and without_plan.no_task == 2


def test_a_sheet_of_a_month_whose_plan_is_not_at_hand_has_no_unknown_tasks(tmp_path):
    (path,) = sent(tmp_path, plan_of(1))
    fill(path, {2: DONE})
    other = plan_of(1).assign(task_id="Tffffffffffff")
    assert not read_returned([path], plans=[other.assign(as_of=dt.date(2025, 11, 30))]).unread
    (cell,) = read_returned([path], plans=[other.assign(as_of=dt.date(2025, 12, 31))]).unread
    assert cell.why == "no_such_task"


def test_tasks_that_stand_in_no_sheet_are_counted_by_owner(tmp_path):
    plan = plan_of(6, ["王芳", "李强"])
    path = table(tmp_path, [task(0, **DONE), without(task(2), "task_id")])
    assert read_returned([path], plans=[plan]).not_back == {"李强": 3, "王芳": 1}
    assert read_returned([path]).not_back == {}


def test_two_tasks_that_cannot_be_told_apart_are_listed(tmp_path):
    plan = plan_of(2)
    twice = pd.concat([plan, plan.head(1).assign(task_id="Tffffffffffff")])
    path = table(tmp_path, [without(task(i, **DONE), "task_id") for i in range(2)])
    told = read_returned([path], plans=[twice])
    assert list(told.contacts["task_id"]) == ["T000000000001"]
    assert refused(told) == [("王芳.xlsx", 2, "task_id", "many_tasks")]


def test_a_row_of_another_file_that_kept_its_id_helps_where_there_is_no_plan(tmp_path):
    table(tmp_path, [without(task(0, **DONE), "task_id")], "王芳.xlsx")
    table(tmp_path, [task(0), task(1)], "总表.xlsx")
    assert [c["task_id"] for c in contacts(tmp_path)] == ["T000000000000"]


def test_rows_sorted_without_their_ids_are_not_mixed_up(tmp_path):
    rows = [task(0, **DONE) | {"customer_id": "00001"}, task(1, **DONE) | {"customer_id": "1"}]
    told = read_returned([table(tmp_path, rows)], plans=[plan_of(2)])
    assert list(told.contacts["customer_id"]) == ["00001"]  # Excel took the noughts away
    assert refused(told) == [("王芳.xlsx", 2, "customer_id", "other_customer")]


def test_a_row_added_by_hand_is_a_contact_where_customer_day_and_channel_can_be_read(tmp_path):
    fine = {"customer_id": "00099", "channel": "微信", "status": "做了", "done_on": "1.9"}
    rows = [task(0), fine, without(fine, "channel"), without(fine, "customer_id"), without(fine, "done_on")]
    told = read_returned([table(tmp_path, rows)])
    (one,) = told.contacts.to_dict("records")
    assert (one["customer_id"], one["channel"], one["task_id"]) == ("00099", "social", "")
    assert one["date"] == pd.Timestamp("2026-01-09")
    assert refused(told) == [
        ("王芳.xlsx", 4, "channel", "no_channel"),
        ("王芳.xlsx", 5, "customer_id", "no_customer"),
        ("王芳.xlsx", 6, "done_on", "no_date"),
    ]


def test_minutes_with_a_unit_are_read_and_others_listed(tmp_path):
    rows = [task(0, **DONE, spent="15分钟"), task(1, **DONE, spent=7), task(2, **DONE, spent="半小时")]
    told = read_returned([table(tmp_path, rows)])
    assert told.contacts["minutes"].fillna(-1).tolist() == [15, 7, -1]
    assert refused(told) == [("王芳.xlsx", 4, "spent", "bad_minutes")]


# --- copies, and two people on one task -------------------------------------------------------------


def test_a_copy_that_says_the_same_is_counted_once(tmp_path):
    table(tmp_path, [task(0, **DONE), task(1)], "王芳.xlsx")
    for name in ("王芳 (1).xlsx", "王芳 - 副本.xlsx", "王芳(2).xlsx"):
        shutil.copy(tmp_path / "王芳.xlsx", tmp_path / name)
    told = read_returned([tmp_path])
    assert (told.counts["contacts"], told.counts["repeated"], told.counts["open"]) == (1, 3, 4)
    assert not told.conflicts and law(told)


def test_copies_that_disagree_leave_the_cell_empty_and_are_listed(tmp_path):
    table(tmp_path, [task(0, **DONE | {"note": "甲"})], "王芳.xlsx")
    table(tmp_path, [task(0, **DONE | {"result": "未接通", "spent": 5, "note": "乙"})], "王芳 (1).xlsx")
    told = read_returned([tmp_path])
    (one,) = told.contacts.to_dict("records")
    assert (one["outcome"], one["minutes"], one["note"]) == ("", 5, "乙 / 甲")
    assert [(c.why, c.line.file, c.columns) for c in told.conflicts] == [
        ("disputed", "王芳 (1).xlsx", ("outcome",)),
        ("disputed", "王芳.xlsx", ("outcome",)),
    ]


def test_two_people_on_one_task_are_two_contacts_and_listed(tmp_path):
    table(tmp_path, [task(0, **DONE | {"owner": "王芳"})], "王芳.xlsx")
    table(tmp_path, [task(0, **DONE | {"owner": "李强", "done_on": "1.8"})], "李强.xlsx")
    told = read_returned([tmp_path])
    assert set(told.contacts["owner"]) == {"王芳", "李强"}
    assert [(c.why, c.contact.owner) for c in told.conflicts] == [
        ("two_contacts", "李强"),
        ("two_contacts", "王芳"),
    ]


def test_two_people_who_left_the_owner_as_it_was_are_two_contacts_with_two_ids(tmp_path):
    table(tmp_path, [task(0, **DONE)], "甲.xlsx")
    table(tmp_path, [task(0, **DONE | {"result": "未接通"})], "乙.xlsx")
    told = read_returned([tmp_path])
    assert sorted(told.contacts["outcome"]) == ["no_answer", "reached"]
    assert told.contacts["contact_id"].is_unique and len(told.conflicts) == 2


def test_two_tries_of_one_person_in_one_sheet_are_two_contacts_without_a_word(tmp_path):
    rows = [
        task(0, **DONE | {"done_on": "1.6", "result": "未接通"}),
        task(0, **DONE | {"done_on": "1.8"}),
    ]
    told = read_returned([table(tmp_path, rows)])
    assert list(told.contacts["outcome"]) == ["no_answer", "reached"] and not told.conflicts


def test_the_sheet_for_all_and_the_owners_own_sheet_are_counted_once(tmp_path):
    path = table(tmp_path, [task(0, **DONE), task(1)])
    book = openpyxl.load_workbook(path)
    book.copy_worksheet(book.active).title = "王芳"
    book.save(path)
    told = read_returned([path])
    assert (told.counts["sheets"], told.counts["contacts"], told.counts["repeated"]) == (2, 1, 1)


# --- files -------------------------------------------------------------------------------------------


def test_headings_moved_renamed_and_under_a_title_are_found(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["一月跟进回收"])
    book.active.append([])
    book.active.append(["跟进结果", "完成曰期", "状态（必填）", "客户编号", "联系渠道", "客户反馈"])
    book.active.append(["接通", "1月6日", "做了", "00001", "打电话", "要新报价"])
    book.save(tmp_path / "a.xlsx")
    told = read_returned([tmp_path], plans=[plan_of(1)])
    (one,) = told.contacts.to_dict("records")
    assert (one["customer_id"], one["channel"], one["outcome"]) == ("00001", "phone", "reached")
    assert told.added == {"客户反馈": ["a.xlsx"]}  # said, not dropped


def test_a_gbk_csv_of_wps_is_read(tmp_path):
    frame = pd.DataFrame([task(0, **DONE | {"note": "约了下午"})])
    frame.columns = pd.Index(["任务号", "跟进日期", "客户编号", "渠道", "负责人", "状态", "完成日期", "结果", "下次日期", "实际分钟", "备注"])  # fmt: skip
    frame.assign(完成日期="1月6日").to_csv(tmp_path / "王芳.csv", index=False, encoding="gbk")
    (one,) = contacts(tmp_path)
    assert (one["note"], one["date"]) == ("约了下午", pd.Timestamp("2026-01-06"))


def test_temporary_files_are_skipped_and_what_cannot_be_opened_is_listed(tmp_path):
    table(tmp_path, [task(0, **DONE)])
    (tmp_path / "~$王芳.xlsx").write_bytes(b"\x00" * 165)
    (tmp_path / "坏.xlsx").write_bytes(b"PK\x03\x04 broken")
    (tmp_path / "别的.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "照片.jpg").write_bytes(b"\xff\xd8\xff")
    told = read_returned([tmp_path])
    assert len(told.contacts) == 1
    assert {(p.id, p.file) for p in told.problems} == {
        ("reading.damaged", "坏.xlsx"),
        ("log.no_plan", "别的.csv"),
    }
    assert set(told.beside) == {"~$王芳.xlsx", "照片.jpg"}


def test_sheets_of_two_clients_are_refused_with_their_names(tmp_path):
    for client, owner in (("hongye", "王芳"), ("lanxing", "李强")):
        (path,) = sent(tmp_path / client, plan_of(2, [owner]), client=client)
        fill(path, {2: DONE})
        (tmp_path / "all").mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / "all" / path.name)
    with pytest.raises(InputProblems) as caught:
        read_returned([tmp_path / "all"])
    (problem,) = caught.value.problems
    assert problem.id == "log.mixed_clients"
    for lang in LANGS:
        assert all(word in problem.text(lang) for word in ("hongye", "lanxing", "王芳.xlsx", "李强.xlsx"))


def test_whose_a_sheet_is_survives_saving_by_another_program(tmp_path):
    (path,) = sent(tmp_path, plan_of(1))
    openpyxl.load_workbook(path).save(path)
    assert read_returned([path]).client == "hongye"


@pytest.mark.parametrize(
    "content", [b"\x00\x01\x9f garbage" * 40, b"not a workbook at all", b"\xef\xbb\xbf<!-- -->"]
)
def test_what_is_called_a_workbook_and_is_none_is_damaged(tmp_path, content):
    table(tmp_path, [task(0, **DONE)])
    (tmp_path / "坏.xlsx").write_bytes(content)
    assert [(p.id, p.file) for p in read_returned([tmp_path]).problems] == [("reading.damaged", "坏.xlsx")]


def test_a_csv_called_a_workbook_is_read(tmp_path):
    frame = pd.DataFrame([task(0, **DONE)])[["task_id", "customer_id", "channel", "done_on", "result"]]
    frame.columns = pd.Index(["任务号", "客户编号", "渠道", "完成日期", "结果"])
    frame.to_csv(tmp_path / "王芳.xls", index=False, encoding="gbk")
    assert len(contacts(tmp_path)) == 1


def test_an_empty_folder_is_a_problem_and_not_an_empty_log(tmp_path):
    with pytest.raises(InputProblems) as caught:
        read_returned([tmp_path])
    assert [p.id for p in caught.value.problems] == ["log.no_files"]
    with pytest.raises(InputProblems):
        read_returned([Path(tmp_path / "nowhere")])
