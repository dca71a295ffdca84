"""Further tables: whose row and of which day; every row has a fate, and the rest keeps its headings."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from intake_tables import table_of

from segkit.intake.further_tables import FurtherTable, OpenTable, open_table
from segkit.intake.reading import read_tables
from segkit.locale import LANGS
from segkit.problems import InputProblems

HEADS = ["拜访编号", "企业", "日期", "有效", "分钟"]
ROWS = [
    ["V1", "S1", "2025-10-10", "1", "14.5"],
    ["V2", "S1", "2025/11/2", "0", ""],
    ["V3", "", "2025-11-03", "1", "3"],
    ["V4", "S2", "", "1", "3"],
    ["V5", "S2", "someday", "1", "3"],
    ["V6", "S3", "2026-02-01", "1", "3"],
    ["V1", "S1", "2025-10-10", "1", "14.5"],  # entered twice
]
DAY = dt.date(2025, 12, 31)


def opened(rows=ROWS, heads=HEADS, **more) -> OpenTable:
    options = {"customer_id": "企业", "date": "日期"} | more
    return open_table("visits", table_of(heads, rows, "visits.csv"), **options)


def made(rows=ROWS, **more) -> FurtherTable:
    return opened(rows, **more).up_to(DAY)


def test_rows_that_count_have_customer_day_and_typed_columns():
    table = made()
    assert table.frame["customer_id"].tolist() == ["S1", "S1"]
    assert table.frame["date"].tolist() == [pd.Timestamp(2025, 10, 10), pd.Timestamp(2025, 11, 2)]
    assert table.frame["日期"].equals(table.frame["date"])
    assert table.frame["有效"].tolist() == [1.0, 0.0]
    assert table.frame["分钟"].tolist()[0] == 14.5 and pd.isna(table.frame["分钟"][1])
    assert table.kinds == {
        "date": "date",
        "日期": "date",
        "拜访编号": "text",
        "有效": "number",
        "分钟": "number",
    }


def test_nothing_is_lost():
    table = made()
    totals = table.totals
    assert (totals.rows_in, totals.kept, totals.changed, totals.merged, totals.set_aside) == (7, 2, 0, 1, 4)
    assert table.reasons == {"after_as_of": 1, "bad_date": 1, "no_customer": 1, "no_date": 1}
    lines = table.ledger[["file", "row", "fate", "reason", "column"]].values.tolist()
    assert ["visits.csv", 4, "set_aside", "no_customer", "企业"] in lines
    assert ["visits.csv", 5, "set_aside", "no_date", "日期"] in lines
    assert ["visits.csv", 6, "set_aside", "bad_date", "日期"] in lines
    assert ["visits.csv", 7, "set_aside", "after_as_of", "日期"] in lines
    assert ["visits.csv", 8, "merged", "duplicate", ""] in lines


def test_a_row_is_told_by_what_set_it_aside_not_by_what_else_is_wrong_with_it():
    days = [[f"V{i}", "S1", "2025-10-10", "1", f"2025-10-{i % 28 + 1:02d}"] for i in range(40)]
    table = made([*days, ["V99", "S1", "2026-01-05", "1", "2025-13-45"]])
    assert table.reasons == {"after_as_of": 1}
    assert set(table.ledger["reason"]) == {"after_as_of", "bad_date"}


def test_equal_rows_are_kept_where_nothing_tells_rows_apart():
    rows = [["S1", "2025-10-10", "3"]] * 2 + [["S2", "2025-10-11", "4"]]
    table = open_table("t", table_of(["企业", "日期", "件数"], rows), customer_id="企业", date="日期")
    kept = table.up_to(DAY)
    assert len(kept.frame) == 3 and [n.id for n in kept.notes] == ["tables.repeats_kept"]


def test_a_months_row_stands_on_its_first_day_and_the_table_reaches_the_end_of_the_last():
    rows = [["S1", f"2025-{m:02d}", f"{m}.25"] for m in range(1, 13)]
    table = open_table("aum", table_of(["客户", "月份", "资产"], rows), customer_id="客户", date="月份")
    assert table.reaches.date == dt.date(2025, 12, 31)
    frame = table.up_to(dt.date(2025, 11, 15)).frame
    assert frame["date"].max() == pd.Timestamp(2025, 11, 1) and len(frame) == 11


def test_a_table_without_a_date_has_all_its_rows():
    table = open_table("t", table_of(HEADS, ROWS), customer_id="企业").up_to(dt.date(2000, 1, 1))
    assert len(table.frame) == 5 and "date" not in table.frame.columns


def test_headings_are_found_in_another_spelling_and_misses_are_all_said():
    table = opened(customer_id=" 企业", date="日期（天）")
    assert [n.id for n in table.bench.notes] == ["tables.spelling"] * 2
    with pytest.raises(InputProblems) as caught:
        opened(customer_id="企业名", date="日起", columns={"有效": "effective", "分中": "minutes"})
    assert [(p.id, p.column, p.facts["near"]) for p in caught.value.problems] == [
        ("mapping.no_heading_near", "企业名", ["企业"]),
        ("mapping.no_heading_near", "日起", ["日期"]),
        ("mapping.no_heading_near", "分中", ["分钟"]),
    ]


def test_columns_take_the_name_the_playbook_calls_them_by():
    frame = made(columns={"有效": "effective"}).frame
    assert "effective" in frame.columns and "有效" not in frame.columns


def test_customers_confirmed_to_be_one_are_one_here_too():
    rows = [["V1", "S1", "2025-10-10", "1", "1"], ["V2", "S9", "2025-10-11", "1", "1"]]
    assert opened(rows).up_to(DAY, (("S1", "S9"),)).frame["customer_id"].tolist() == ["S1", "S1"]


def test_asking_twice_gives_the_same_table():
    table = opened()
    first, second = table.up_to(DAY), table.up_to(DAY)
    assert first.ledger.equals(second.ledger) and first.totals == second.totals


def test_a_table_that_is_wholly_later_is_left_out_and_one_without_customers_refused():
    later = [row for row in ROWS if row[2].startswith("2026")]
    table = made(later)
    assert table.frame.empty and [n.id for n in table.notes] == ["tables.all_later"]
    with pytest.raises(InputProblems) as caught:
        made([["V1", "", "2025-10-10", "1", "1"]])
    assert caught.value.problems[0].id == "tables.nothing_left"
    assert "visits" in caught.value.text("zh") and "no_customer" not in caught.value.text("en")


def test_columns_of_people_are_known_by_their_headings():
    heads, row = ["企业", "联系人", "手机", "日期"], ["S1", "王五", "13800138000", "2025-10-10"]
    table = open_table("t", table_of(heads, [row]), customer_id="企业", date="日期")
    assert table.personal == {"联系人": "name", "手机": "phone"}


def test_a_file_of_a_folder_that_says_nothing_of_whose_rows_it_holds_is_named(tmp_path):
    (tmp_path / "one.csv").write_text("企业,日期,分钟\nS1,2025-10-10,3\nS2,2025-10-11,4\n", encoding="utf-8")
    (tmp_path / "two.csv").write_text("企业,日期,分钟\nS3,2025-10-12,5\n", encoding="utf-8")
    (tmp_path / "prices.csv").write_text("产品,价格\nP1,3\nP2,4\n", encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        open_table("visits", read_tables([tmp_path]), customer_id="企业", date="日期")
    assert [(p.id, p.column, p.facts["files"]) for p in caught.value.problems] == [
        ("tables.files_without", "企业", ["prices.csv"]),
        ("tables.files_without", "日期", ["prices.csv"]),
    ]
    assert all("prices.csv" in caught.value.text(lang) for lang in LANGS)
    (tmp_path / "prices.csv").unlink()
    assert (
        len(open_table("visits", read_tables([tmp_path]), customer_id="企业", date="日期").up_to(DAY).frame)
        == 3
    )
