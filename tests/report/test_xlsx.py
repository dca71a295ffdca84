"""customers.xlsx, opened again: numbers, names, types, and nothing that runs."""

from __future__ import annotations

import datetime as dt
import math
import re
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from xlsx_reports import HOSTILE, ROWS, keep, report, store

from segkit.locale import say, term
from segkit.report.model import ReportModel
from segkit.report.render.xlsx import render_xlsx


@pytest.fixture(scope="module", params=["zh", "en"])
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[ReportModel, Path]:
    folder = tmp_path_factory.mktemp("报告 xlsx")
    store(folder, request.param)
    model = report(request.param)
    render_xlsx(model, folder, folder / "customers.xlsx")
    return model, folder / "customers.xlsx"


def named(book: openpyxl.Workbook, name: str) -> object:
    (sheet, cell), *rest = book.defined_names[name].destinations
    assert not rest
    return book[sheet][cell.replace("$", "")].value


def heads(sheet: openpyxl.worksheet.worksheet.Worksheet, row: int = 1) -> list[str]:
    return [cell.value for cell in sheet[row] if cell.value is not None]


def test_every_kpi_is_found_by_name_with_its_value(made: tuple[ReportModel, Path]) -> None:
    model, path = made
    book = openpyxl.load_workbook(path)
    assert {id: named(book, f"kpi_{id}") for id in model.kpis} == {
        id: k.value for id, k in model.kpis.items()
    }


def test_the_sheets_stand_in_reading_order(made: tuple[ReportModel, Path]) -> None:
    model, path = made
    names = openpyxl.load_workbook(path).sheetnames
    expected = {
        "zh": ["概览", "分群", "跟进清单", "客户清单", "集中度· 前 20%·全部", "数据台账", "口径与来源"],
        "en": ["Overview", "Segments", "Follow-up list", "Customers", "Concentration· top 20%·all", "Data ledger",
               "Definitions and sources"],
    }  # fmt: skip
    assert names == expected[model.meta.lang]


def test_sums_carry_the_value_excel_would_compute(made: tuple[ReportModel, Path]) -> None:
    model, path = made
    live = openpyxl.load_workbook(path)[say("xlsx.sheet.segments", model.meta.lang)]
    cached = openpyxl.load_workbook(path, data_only=True)[live.title]
    formulas = {c.coordinate: c.value for row in live.iter_rows() for c in row if c.data_type == "f"}
    assert len(formulas) == 4  # customers, money and their shares; averages are no sums
    for place, formula in formulas.items():
        span = re.fullmatch(r"=SUM\((\w+:\w+)\)", formula)
        assert span is not None
        cells = [row[0].value for row in cached[span.group(1)]]
        assert len(cells) == len(ROWS)
        assert math.isclose(cached[place].value, math.fsum(cells))


def test_only_our_own_sums_are_formulas_and_nothing_links_out(made: tuple[ReportModel, Path]) -> None:
    _, path = made
    with zipfile.ZipFile(path) as parts:
        names = parts.namelist()
        sheets = "".join(parts.read(n).decode("utf-8") for n in names if n.startswith("xl/worksheets/"))
    assert not [n for n in names if re.search(r"externalLink|connections|vba|sheets/_rels", n)]
    assert set(re.findall(r"<f>([^<]*)</f>", sheets)) == set(re.findall(r"<f>(SUM\(\w+:\w+\))</f>", sheets))
    assert "<hyperlink" not in sheets
    assert "sheetProtection" not in sheets


def test_hostile_text_stands_as_it_was_written(made: tuple[ReportModel, Path]) -> None:
    model, path = made
    book = openpyxl.load_workbook(path)
    lang = model.meta.lang
    for key, column in (("plan", 2), ("customers", 1), ("ledger", 6)):
        cells = {
            row[column - 1].value: row[column - 1] for row in book[say(f"xlsx.sheet.{key}", lang)].iter_rows()
        }
        assert set(HOSTILE) <= set(cells)
        assert {cells[text].data_type for text in HOSTILE} == {"s"}


def test_the_follow_up_list_is_ready_to_work_with(made: tuple[ReportModel, Path]) -> None:
    model, path = made
    lang = model.meta.lang
    sheet = openpyxl.load_workbook(path)[say("xlsx.sheet.plan", lang)]
    expected = {
        "zh": ["跟进日期", "客户编号", "客户分群", "原因", "下一步", "渠道", "负责人", "预计分钟", "状态", "完成日期", "结果", "下次日期", "实际分钟", "备注"],
        "en": ["Due", "Customer ID", "Segment", "Why", "Next step", "Channel", "Owner", "Minutes", "Status", "Done on", "Result", "Next date", "Minutes spent", "Note"],
    }  # fmt: skip
    assert heads(sheet)[:14] == expected[lang]
    assert heads(sheet)[-1] == "extra"
    assert sheet["B2"].value == "000000"
    assert sheet["C2"].value == "● " + term("segment.key_value", lang)
    assert [c.value for c in sheet[2]][8:14] == [None] * 6
    assert [c.value for c in sheet["A"]][1:] == sorted(c.value for c in sheet["A"][1:])
    status, result = sheet.data_validations.dataValidation
    assert (str(status.sqref), str(result.sqref)) == ("I2:I41", "K2:K41")
    assert term("task_status.moved", lang) in status.formula1
    assert term("contact_outcome.no_answer", lang) in result.formula1
    assert sheet.auto_filter.ref is not None
    assert sheet.freeze_panes == "C2"
    assert sheet.print_area == f"'{sheet.title}'!$A$1:$N$41"


def test_customers_are_labelled_by_name_and_carry_no_contact_data(made: tuple[ReportModel, Path]) -> None:
    model, path = made
    lang = model.meta.lang
    sheet = openpyxl.load_workbook(path)[say("xlsx.sheet.customers", lang)]
    titles = heads(sheet)
    row = dict(zip(titles, [c.value for c in sheet[3]], strict=True))
    assert titles[0] == term("field.customer_id", lang)
    assert row[say("xlsx.field.segment", lang)] == "▲ " + term("segment.key_keep", lang)
    assert row[term("scheme.lifecycle", lang)] == term("segment.loyal", lang)
    assert row[term("field.monetary", lang)] == 1234567.5
    assert row[term("field.last_order", lang)] == dt.datetime(2025, 12, 1)
    assert term("field.phone", lang) not in titles
    assert "phone" not in titles
    recency = titles.index(term("field.recency_days", lang))
    assert [sheet.cell(2, recency + 1).value, sheet.cell(3, recency + 1).value] == [
        None,
        30,
    ]  # first never bought


def test_columns_that_say_nothing_are_left_out(tmp_path: Path) -> None:
    store(tmp_path)
    customers = pd.read_parquet((tmp_path / "internal/customers.parquet").open("rb"))
    blank = {"first_order": pd.NaT, "tenure_days": pd.array([None] * len(customers), "Int64"), "city": ""}
    keep(customers.assign(**blank), tmp_path / "internal/customers.parquet")
    ledger = pd.read_parquet((tmp_path / "internal/ledger.parquet").open("rb"))
    keep(ledger.head(0), tmp_path / "internal/ledger.parquet")
    render_xlsx(report("zh"), tmp_path, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert "数据台账" not in book.sheetnames
    titles = heads(book["客户清单"])
    assert not {"首次下单", "客龄（天）", "城市"} & set(titles) and "下单天数" in titles
    plan = heads(book["跟进清单"])
    assert "下一步" in plan and "content" not in plan and "结果" in plan


def test_a_missing_table_means_no_such_sheet(tmp_path: Path) -> None:
    render_xlsx(report("zh"), tmp_path, tmp_path / "a.xlsx")
    names = openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames
    assert names == ["概览", "分群", "集中度· 前 20%·全部", "口径与来源"]


def test_both_languages_hold_the_same_numbers(tmp_path: Path) -> None:
    numbers = {}
    for lang in ("zh", "en"):
        store(tmp_path / lang, lang)
        render_xlsx(report(lang), tmp_path / lang, tmp_path / lang / "a.xlsx")
        book = openpyxl.load_workbook(tmp_path / lang / "a.xlsx", data_only=True)
        numbers[lang] = [
            [c.value for row in sheet.iter_rows() for c in row if c.data_type in "nd" and c.value is not None]
            for sheet in book
        ]
    assert numbers["zh"] == numbers["en"]
    assert sum(map(len, numbers["zh"])) > 500


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    store(tmp_path)
    for name in ("a.xlsx", "b.xlsx"):
        render_xlsx(report("zh"), tmp_path, tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_row_numbers_are_places_not_amounts(made: tuple[ReportModel, Path]) -> None:
    model, path = made
    sheet = openpyxl.load_workbook(path)[say("xlsx.sheet.ledger", model.meta.lang)]
    assert (sheet["B2"].value, sheet["B2"].number_format) == (2, "0")


def test_the_provenance_is_complete(made: tuple[ReportModel, Path]) -> None:
    model, path = made
    sheet = openpyxl.load_workbook(path)[say("xlsx.sheet.sources", model.meta.lang)]
    facts = {row[0].value: row[1].value for row in sheet.iter_rows() if row[0].value}
    assert facts["SHA-256"] == "ab" * 32
    assert facts["followup.days"] == "20"
    assert not [key for key in facts if str(key).startswith("schemes.")]  # they stand in schemes.yml
    assert facts["segkit"] == "0.1.0"
    assert facts[say("xlsx.field.money_in", model.meta.lang)] == 100123.45
    assert any(str(key).startswith(("复购率：", "Repeat rate:")) for key in facts)
