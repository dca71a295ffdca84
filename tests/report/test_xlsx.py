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

from segkit.charts.figure import Chart, Figure
from segkit.locale import Lang, say, term
from segkit.report.model import (
    Bullets,
    Column,
    Finding,
    Findings,
    Kpi,
    Kpis,
    Meta,
    Picture,
    Provenance,
    ReportModel,
    Section,
    Sheet,
    Text,
)
from segkit.report.render.xlsx import render_xlsx

HOSTILE = [
    "=1+1",
    "@cmd",
    "+cmd|' /C calc'!A0",
    '=HYPERLINK("http://a.invalid","x")',
    "-2+3",
    "http://a.invalid/x",
]
SEGMENTS = {"key_value": ("#0072B2", "●"), "key_keep": ("#D55E00", "▲"), "general_keep": ("#009E73", "■")}
ROWS = [
    ["key_value", 12, 0.06, 60000.1, 0.6],
    ["key_keep", 48, 0.24, 30000.2, 0.3],
    ["general_keep", 140, 0.7, 10000.3, 0.1],
]


def words(lang: Lang, zh: str, en: str) -> str:
    return zh if lang == "zh" else en


def columns(lang: Lang) -> list[Column]:
    heads = [
        ("segment", "客户分群", "Segment", "text"),
        ("customers", "客户数", "Customers", "count"),
        ("share_customers", "客户占比", "Share of customers", "share"),
        ("monetary", "累计金额", "Total amount", "money"),
        ("share_money", "金额占比", "Share of amount", "share"),
        ("orders", "平均下单次数", "Orders per customer", "times"),
        ("aov", "客单价", "Average order value", "money"),
    ]
    return [Column(id=i, head=words(lang, zh, en), unit=u) for i, zh, en, u in heads]  # type: ignore[arg-type]


def report(lang: Lang) -> ReportModel:
    kpis = [
        Kpi(id="customers", label=words(lang, "客户数", "Customers"), value=200, unit="count", n=200),
        Kpi(
            id="revenue",
            label=words(lang, "成交金额", "Revenue"),
            value=100000.6,
            unit="money",
            n=431,
            note=HOSTILE[0],
        ),
        Kpi(
            id="repeat_rate",
            label=words(lang, "复购率", "Repeat rate"),
            value=0.2345,
            unit="share",
            n=200,
            note=words(
                lang,
                "期内下单两天及以上的客户，除以全部下过单的客户；同一天的多张订单算一次。",
                "Customers with orders on two days or more, over all buyers; orders of one day count once.",
            ),
        ),
        Kpi(id="gap", label=words(lang, "下单间隔", "Days between orders"), value=31.5, unit="days", n=47),
        Kpi(
            id="churn",
            label=words(lang, "流失率", "Churn"),
            value=None,
            unit="share",
            note=words(lang, "时间不够长，无法计算", "Too short to tell"),
        ),
    ]
    findings = [
        Finding(
            id="f1",
            n=200,
            claim=words(
                lang, "12 位重要价值客户贡献 60.0% 金额", "12 key customers bring 60.0% of the money"
            ),
            evidence=words(
                lang, "200 位客户中的 12 位，累计 60,000.10 元。", "12 of 200 customers, 60,000.10 in total."
            ),
            action=words(
                lang,
                "本周内由负责人逐一电话回访，确认下一次采购时间，并把结果记在“跟进清单”里；没有负责人的客户先分配。"
                * 2,
                "Call each of them this week, ask for the next purchase and note the outcome in the follow-up list. "
                * 2,
            ),
        ),
        Finding(id="f2", n=3, claim=HOSTILE[3], evidence="e", action="a"),
    ]
    total = [words(lang, "合计", "Total"), 200, 1.0, 100000.6, 1.0, 2.2, 227.27]
    rows = [
        [*row, *more] for row, more in zip(ROWS, ((6.4, 781.25), (3.1, 201.61), (1.2, 59.53)), strict=True)
    ]
    caption = words(lang, "n = 200；来源：订单；截至 2025-12-31", "n = 200; source: orders; as of 2025-12-31")
    decile = [
        Column(id="d", head=words(lang, "档", "Tenth"), unit="text"),
        Column(id="v", head=words(lang, "金额", "Amount"), unit="money"),
    ]
    sections = [
        Section(id="summary", title="s", blocks=[Kpis(ids=[k.id for k in kpis]), Findings(ids=["f1", "f2"])]),
        Section(
            id="segments",
            title=words(lang, "分群与价值", "Segments"),
            blocks=[
                Sheet(
                    id="segments",
                    title=words(lang, "12 位客户占 60.0% 金额", "12 customers hold 60.0%"),
                    columns=columns(lang),
                    rows=rows,
                    total=total,
                    caption=caption,
                ),
                Text(
                    text=words(lang, "下单次数按天计，同一天算一次。", "Orders are counted by day."),
                    role="note",
                ),
                Picture(id="fig"),
            ],
        ),
        Section(
            id="concentration",
            title=words(lang, "集中度: 前 20%/全部", "Concentration: top 20%/all"),
            blocks=[
                Sheet(id="top", title="T1", columns=decile, rows=[[HOSTILE[0], 1.5], ["2", None]]),
                Sheet(id="rest", title="T2", columns=decile, rows=[]),
                Bullets(items=["one", HOSTILE[1]]),
            ],
        ),
        Section(
            id="definitions",
            title=words(lang, "口径", "Definitions"),
            blocks=[
                Text(
                    text=words(
                        lang,
                        "复购率：" + "下过单的客户里，" * 20,
                        "Repeat rate: " + "of all customers who bought, " * 12,
                    )
                )
            ],
        ),
    ]
    chart = Chart(kind="bar", categories=("a",), series=())
    return ReportModel(
        meta=Meta(
            title=words(lang, "鸿业商贸（虚构）客户分类与跟进", "Customers of Hongye Trading (invented)"),
            client_id="hongye",
            client_name="鸿业商贸（虚构）& Co",
            lang=lang,
            as_of=dt.date(2025, 12, 31),
            first_date=dt.date(2025, 1, 2),
            last_date=dt.date(2025, 12, 30),
            purpose=words(lang, "决定一月先联系谁", "Whom to call in January"),
            main="rfm",
            version="0.1.0",
            data_sha256="0" * 64,
        ),
        kpis={k.id: k for k in kpis},
        findings={f.id: f for f in findings},
        figures={"fig": Figure(id="fig", title="t", alt="a", caption="c", chart=chart)},
        sections=sections,
        segment_marks={
            id: {"name": term(f"segment.{id}", lang), "colour": c, "mark": m}
            for id, (c, m) in SEGMENTS.items()
        },
        tables={
            "customers": "internal/customers.parquet",
            "plan": "internal/plan.parquet",
            "ledger": "internal/ledger.parquet",
        },
        provenance=Provenance(
            inputs=[{"file": "orders.csv", "sha256": "ab" * 32, "rows": 431, "encoding": "gb18030"}],
            totals={
                "rows_in": 431,
                "kept": 420,
                "changed": 5,
                "merged": 2,
                "set_aside": 4,
                "money_in": 100123.45,
            },
            parameters={
                "schemes": {"rfm": {"kind": "rfm", "bins": 5, "segments": "eight"}},
                "followup": {"days": 20},
                "note": HOSTILE[0],
            },
            versions={"segkit": "0.1.0", "pandas": "3.1.1"},
        ),
    )


def keep(frame: pd.DataFrame, path: Path) -> None:
    with path.open("wb") as handle:  # by handle: pyarrow cannot find a Chinese path under GBK
        frame.to_parquet(handle)


def store(folder: Path, lang: Lang = "zh") -> None:
    internal = folder / "internal"
    internal.mkdir(parents=True, exist_ok=True)
    n = 40
    labels = [list(SEGMENTS)[i % 3] for i in range(n)]
    ids = [f"{i:06d}" for i in range(n - len(HOSTILE))] + HOSTILE
    why = words(
        lang,
        "最近 30 天内买过，下单 5 天，累计 1,234.50 元，均高于平均。",
        "Bought within 30 days, on 5 days, 1,234.50 in total: all above average.",
    )
    pd.DataFrame(
        {
            "customer_id": ids,
            "first_order": pd.Timestamp("2025-01-02"),
            "last_order": [pd.NaT, *[pd.Timestamp("2025-12-01")] * (n - 1)],
            "recency_days": pd.array([None, *[30] * (n - 1)], dtype="Int64"),
            "frequency": 5,
            "orders": 6,
            "monetary": [-12.5, *[1234567.5] * (n - 1)],
            "aov": 205.75,
            "tenure_days": 363,
            "r_score": 5,
            "f_score": 4,
            "m_score": 4,
            "rfm": labels,
            "abc": "A",
            "lifecycle": "loyal",
            "city": "上海",
            "why": why,
            "phone": "13800000000",
        }
    ).pipe(keep, internal / "customers.parquet")
    pd.DataFrame(
        {
            "task_id": [f"t{i:04d}" for i in range(n)],
            "due": [dt.date(2026, 1, 5 + i % 3) for i in range(n)],
            "customer_id": ids,
            "owner": "zhang",
            "channel": "phone",
            "content": "care_call",
            "why": why,
            "next_step": words(
                lang, "电话回访，问下一次采购时间，并介绍新品。", "Call, ask for the next purchase date."
            ),
            "minutes": 10,
            "segment": labels,
            "value": 1234.5,
            "marketing": False,
            "extra": HOSTILE[4],
        }
    ).pipe(keep, internal / "plan.parquet")
    pd.DataFrame(
        {
            "file": "orders.csv",
            "sheet": "",
            "row": range(2, 2 + n),
            "fate": "set_aside",
            "reason": "no_date",
            "column": words(lang, "付款时间", "paid at"),
            "old": (HOSTILE * 7)[:n],
            "new": "",
            "amount": 12.3,
        }
    ).pipe(keep, internal / "ledger.parquet")


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
