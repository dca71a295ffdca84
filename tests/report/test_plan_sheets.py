"""The plan as a sheet to work with: what can be filled in, what is hidden, and whose sheet it is."""

from __future__ import annotations

import zipfile
from itertools import groupby
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from returned_sheets import kept, model_of, places, plan_of, sent

from segkit.locale import say, term
from segkit.report.render.plan_sheets import SHEETS, by_owner
from segkit.report.render.xlsx import render_xlsx
from segkit.report.returned_words import OUTCOMES, STATUSES

AWKWARD = ["CON", "A/B公司", "a/b公司", "  ", "x" * 90, "李'强"]


def offered(sheet, place: int) -> list[str]:
    letter = openpyxl.utils.get_column_letter(place)
    (found,) = [v for v in sheet.data_validations.dataValidation if str(v.sqref).startswith(letter)]
    assert not found.showErrorMessage  # an offer: other words can be typed
    return found.formula1.strip('"').split(",")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_status_and_result_are_offered_and_the_task_id_is_hidden(tmp_path, lang):
    (path,) = sent(tmp_path, plan_of(5), lang)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    at = places(sheet, lang)
    assert offered(sheet, at["status"]) == [term(f"task_status.{s}", lang) for s in STATUSES]
    assert offered(sheet, at["result"]) == [term(f"contact_outcome.{o}", lang) for o in OUTCOMES]
    hidden = [letter for letter, one in sheet.column_dimensions.items() if one.hidden]
    assert hidden == [openpyxl.utils.get_column_letter(at["task_id"])]
    assert sheet.cell(2, at["task_id"]).value == "T000000000000"
    assert sheet.cell(2, at["due"]).is_date
    for name in ("status", "done_on", "result", "next_date", "spent", "note"):
        assert sheet.cell(2, at[name]).value is None
    # a number format would make 12.1 of 12.10
    assert sheet.cell(2, at["done_on"]).number_format == "@"


def test_nothing_is_protected_and_no_condition_stops_typing(tmp_path):
    (path,) = sent(tmp_path, plan_of(5))
    with zipfile.ZipFile(path) as parts:
        text = "".join(parts.read(n).decode("utf-8") for n in parts.namelist() if n.endswith(".xml"))
    assert "Protection" not in text.replace("applyProtection", "")
    assert "<f>" not in text


@pytest.mark.parametrize(("lang", "pages"), [("zh", "第 &P 页 / 共 &N 页"), ("en", "Page &P of &N")])
def test_the_sheet_prints_on_a4_with_client_owner_and_pages(tmp_path, lang, pages):
    (path,) = sent(tmp_path, plan_of(30), lang)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$1:$1"
    assert "鸿业商贸（虚构）" in sheet.oddHeader.left.text and "2025-12-31" in sheet.oddHeader.left.text
    assert sheet.oddHeader.right.text == "王芳"
    assert sheet.oddFooter.center.text == pages
    assert sheet.freeze_panes == "C2" and sheet.auto_filter.ref
    last_printed = openpyxl.utils.get_column_letter(places(sheet, lang)["note"])
    assert sheet.print_area.endswith(f"${last_printed}$31")


def test_rows_done_with_turn_grey_and_bands_leave_the_cells_to_fill_alone(tmp_path):
    (path,) = sent(tmp_path, plan_of(5))
    sheet = openpyxl.load_workbook(path).worksheets[0]
    at = places(sheet)
    spans = [str(area) for area in sheet.conditional_formatting for area in area.sqref.ranges]
    filled = range(at["status"], at["note"] + 1)
    for span in spans:
        first, _, last, _ = openpyxl.utils.range_boundaries(span)
        assert not set(range(first, last + 1)) & set(filled)
    rules = [rule for area in sheet.conditional_formatting for rule in area.rules]
    assert any("已完成" in rule.formula[0] for rule in rules)
    assert any("MOD(ROW()" in rule.formula[0] for rule in rules)


def test_each_owner_has_a_sheet_and_a_file_whatever_they_are_called(tmp_path):
    plan = plan_of(18, AWKWARD)
    files = sent(tmp_path, plan)
    names = [p.name for p in files]
    assert {"CON_.xlsx", "A_B公司.xlsx", "a_b公司-2.xlsx", "待分配.xlsx"} < set(names)
    assert len({n.casefold() for n in names}) == len(names) == 6
    assert all(len(n) <= 70 for n in names)
    render_xlsx(model_of(), tmp_path, tmp_path / "customers.xlsx")
    sheets = openpyxl.load_workbook(tmp_path / "customers.xlsx").sheetnames
    assert {"CON", "A·B公司", "a·b公司 (2)", "待分配", "x" * 31, "李'强"} < set(sheets)
    rows = sum(openpyxl.load_workbook(p).worksheets[0].max_row - 1 for p in files)
    assert rows == len(plan)


def test_beyond_sixty_owners_the_rest_stand_in_the_joint_sheet_and_this_is_said(tmp_path):
    plan = plan_of(3 * SHEETS + 5, [f"业务员{i:03d}" for i in range(SHEETS + 5)])
    kept(plan, tmp_path)
    render_xlsx(model_of(), tmp_path, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    owners = [*by_owner(plan, "zh")]
    assert [s for s in book.sheetnames if s.startswith("业务员")] == owners[:SHEETS]
    assert book[say("xlsx.sheet.plan", "zh")].max_row == len(plan) + 1
    said = "".join(str(row[0].value) for row in book[say("xlsx.sheet.overview", "zh")].iter_rows())
    assert all(owner in said for owner in owners[SHEETS:])


def test_a_plan_too_large_to_stand_twice_is_handed_out_in_files(tmp_path, monkeypatch):
    for module in ("plan_sheets", "xlsx"):
        monkeypatch.setattr(f"segkit.report.render.{module}.MOST_TASKS", 5)
    kept(plan_of(6, ["王芳", "李强"]), tmp_path)
    render_xlsx(model_of(), tmp_path, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert not {"王芳", "李强"} & set(book.sheetnames)
    said = [str(row[0].value) for row in book[say("xlsx.sheet.overview", "zh")].iter_rows()]
    assert say("xlsx.plan.owners_in_files", "zh", n=2) in said


def test_one_owner_has_the_joint_sheet_alone(tmp_path):
    kept(plan_of(4), tmp_path)
    render_xlsx(model_of(), tmp_path, tmp_path / "a.xlsx")
    assert "王芳" not in openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames


def test_a_workbook_says_whose_it_is(tmp_path):
    (path,) = sent(tmp_path, plan_of(2), client="hongye")
    book = openpyxl.load_workbook(path)
    assert book.defined_names["segkit_client"].value == '"hongye"'
    properties = {p.name: p.value for p in book.custom_doc_props.props}
    assert properties == {"segkit_client": "hongye", "segkit_as_of": "2025-12-31", "segkit_owner": "王芳"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_messages_stand_on_a_sheet_of_their_own_each_batch_together(tmp_path, lang):
    channels = ("phone", "social", "sms", "social", "survey", "visit")
    plan = plan_of(24, channels=channels).assign(
        due=pd.Timestamp("2026-01-05"), starts=[f"09:{59 - i}" for i in range(24)]
    )
    (path,) = sent(tmp_path, plan, lang)
    render_xlsx(model_of(lang), tmp_path, tmp_path / "customers.xlsx")
    for file, calls in ((path, "王芳"), (tmp_path / "customers.xlsx", say("xlsx.sheet.plan", lang))):
        book = openpyxl.load_workbook(file)
        messages = book[say("xlsx.sheet.messages", lang)]
        assert book.sheetnames.index(messages.title) == book.sheetnames.index(calls) + 1
        assert [c.value for c in messages[1]] == [c.value for c in book[calls][1]]
        at = places(messages, lang)
        hidden = [letter for letter, one in messages.column_dimensions.items() if one.hidden]
        assert hidden == [openpyxl.utils.get_column_letter(at["task_id"])]
        told = {
            one.title: [
                (row[at["channel"] - 1], row[at["task_id"] - 1])
                for row in one.iter_rows(min_row=2, values_only=True)
            ]
            for one in (book[calls], messages)
        }
        assert len(told[calls]) == 8 and len(told[messages.title]) == 16
        assert {id for rows in told.values() for _, id in rows} == {*plan["task_id"]}
        assert {name for name, _ in told[calls]} == {term(f"channel.{c}", lang) for c in ("phone", "visit")}
        batches = [name for name, _ in groupby(name for name, _ in told[messages.title])]
        assert len(batches) == len({*batches}) == 3
    how = openpyxl.load_workbook(path).worksheets[-1]
    lines = [str(row[0]) for row in how.iter_rows(values_only=True)]
    assert sum("Ctrl+D" in line for line in lines) == 1 and lines[-1].startswith("6. ")
    assert openpyxl.load_workbook(path).worksheets[1].oddHeader.right.text == f"王芳 · {messages.title}"


def test_an_owner_with_messages_alone_has_a_file_and_no_tab_among_the_calls(tmp_path):
    plan = plan_of(9, ["王芳", "李强", "赵敏"], channels=("phone", "visit", "sms"))
    files = sent(tmp_path, plan)
    assert {p.stem for p in files} == {"王芳", "李强", "赵敏"}
    only = openpyxl.load_workbook(tmp_path / "out" / "赵敏.xlsx")
    assert only.worksheets[0].title == "群发" and only.worksheets[0].max_row == 4
    render_xlsx(model_of(), tmp_path, tmp_path / "a.xlsx")
    names = openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames
    assert {"王芳", "李强", "跟进清单", "群发"} < set(names) and "赵敏" not in names


def test_what_is_not_planned_is_listed_after_the_plan_and_what_is_cut_is_said(tmp_path, monkeypatch):
    kept(plan_of(2), tmp_path)
    left = pd.DataFrame(
        {
            "customer_id": ["00007", "00008", "00009"],
            "segment": "key_value",
            "channel": ["phone", "sms", "sms"],
            "next_step": "电话回访",
            "due": pd.to_datetime(["2026-01-05", "2026-01-06", None]),
            "reason": ["时间不够", "待确认同意", "没有跟进规则"],
        }
    )
    with (tmp_path / "internal" / "unplanned.parquet").open("wb") as handle:
        left.to_parquet(handle)
    model = model_of()
    model.tables["unplanned"] = "internal/unplanned.parquet"
    for most, rows, id in ((3, 3, "xlsx.unplanned"), (2, 2, "xlsx.unplanned_beyond")):
        for module in ("unplanned_sheet", "xlsx"):
            monkeypatch.setattr(f"segkit.report.render.{module}.MOST_UNPLANNED", most)
        render_xlsx(model, tmp_path, tmp_path / "a.xlsx")
        book = openpyxl.load_workbook(tmp_path / "a.xlsx")
        assert book.sheetnames.index("没排上") == book.sheetnames.index("跟进清单") + 1
        heads, *cells = book["没排上"].iter_rows(values_only=True)
        assert [c[heads.index("原因")] for c in cells] == left["reason"].tolist()[:rows]
        assert cells[1][heads.index("渠道")] == "短信" and cells[0][heads.index("客户编号")] == "00007"
        said = [str(row[0].value) for row in book["概览"].iter_rows()]
        assert say(id, "zh", n=3, most=most) in said


def test_nothing_planned_makes_no_files(tmp_path: Path):
    assert sent(tmp_path, plan_of(3).head(0)) == []
    assert not (tmp_path / "out").exists()
