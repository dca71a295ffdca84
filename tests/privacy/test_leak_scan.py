"""The scan opens real artefacts and finds what was planted there, once per place, and nothing else."""

from __future__ import annotations

import base64
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

from segkit.locale import LANGS
from segkit.privacy.known import known_values
from segkit.privacy.scan import Leak, leaks
from segkit.problems import InputProblems

PHONE, MAIL, ID = "13812345678", "zhang@example.com", "000000199003071233"
KNOWN = {"phone": {PHONE, "01088886666"}, "email": {MAIL}, "name": {"张小明", "王芳", "john smith"}}
SHA = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca1381234567852b8"
UUID = "aaaaaaaa-1381-4234-8678-13812345678a"


def found(path: Path, **more: object) -> set[tuple[str, str | None, str, int]]:
    """Place, column, kind and count of every leak."""
    return {(leak.where, leak.column, leak.kind, leak.count) for leak in leaks(path, KNOWN, **more)}  # type: ignore[arg-type]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# --- html and svg -----------------------------------------------------------

CLEAN_HTML = f"""<!doctype html><html lang="zh"><head><title>报告</title>
<style>.a{{width:13812345678px}}</style><meta name="sha" content="{SHA}"></head>
<body class="c13812345678"><h1 id="p13812345678">前 20% 客户</h1>
<img alt="图 1" src="data:image/png;base64,{base64.b64encode(b"13812345678" * 20).decode()}">
<svg viewBox="0 0 13812345678 1"><path d="M 138 1234 5678 L 13812345678,0 z"/><text x="13812345678">70%</text></svg>
<span data-kpi="customers" data-value="13812345679">13,812,345,679</span>
<table><thead><tr><th>客户</th><th>电话</th><th>订单号</th></tr></thead>
<tbody><tr><td>张*</td><td>138****5678</td><td>4196439032</td></tr></tbody></table>
<p>鸿业商贸（虚构），{SHA}，{UUID}</p></body></html>"""


def test_clean_html_is_clean(tmp_path: Path) -> None:
    assert found(write(tmp_path, "a.html", CLEAN_HTML)) == set()


@pytest.mark.parametrize(
    ("before", "after", "leak"),
    [
        ("70%</text>", f"{PHONE}</text>", ("html", None, "phone", 1)),
        ('alt="图 1"', f'alt="联系{PHONE}"', ("html img[alt]", None, "phone", 1)),
        ("<p>", f"<p title='{MAIL}'>", ("html p[title]", None, "email", 1)),
        ("<p>", f"<p aria-label='{ID}'>", ("html p[aria-label]", None, "id_number", 1)),
        ("<p>", f"<a href='tel:{PHONE}'>x</a><p>", ("html a[href]", None, "phone", 1)),
        ("<p>", "<p>138<b>1234</b>5678 ", ("html", None, "phone", 1)),
        ("<p>", "<p>138&#49;2345678 ", ("html", None, "phone", 1)),
        ("<p>", "<p>张小明说", ("html", None, "name", 1)),
        ("<p>", "<p>010-88886666 ", ("html", None, "phone", 1)),
        ("<p>", f"<!-- {MAIL} --><p>", ("html comment", None, "email", 1)),
        ("<p>", f'<script type="application/json">{{"a": ["{PHONE}"]}}</script><p>', ("script.a[]", "a", "phone", 1)),
        ("<p>", f"<script>var a = '{PHONE}';</script><p>", ("script:1", None, "phone", 1)),
        ("138****5678", PHONE, ("html table", "电话", "phone", 1)),
        ("<td>张*</td>", "<td>王芳</td>", ("html table", "客户", "name", 1)),
        ("13812345679\"", "13812345678\"", ("html", None, "phone", 1)),
    ],
)  # fmt: skip
def test_what_a_reader_of_html_sees(
    tmp_path: Path, before: str, after: str, leak: tuple[str, str | None, str, int]
) -> None:
    assert CLEAN_HTML.count(before) == 1
    assert found(write(tmp_path, "a.html", CLEAN_HTML.replace(before, after))) == {leak}


def test_svg_text_but_not_paths(tmp_path: Path) -> None:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><title>{MAIL}</title><path d="M 13812345678 0"/></svg>'
    assert found(write(tmp_path, "a.svg", svg)) == {("svg", None, "email", 1)}


# --- workbooks --------------------------------------------------------------


def workbook(path: Path, rows: list[list[object]], **extra: str) -> Path:
    with xlsxwriter.Workbook(str(path), {"strings_to_urls": False}) as book:
        sheet = book.add_worksheet("跟进清单")
        for r, row in enumerate(rows):
            sheet.write_row(r, 0, row)
        if "comment" in extra:
            sheet.write_comment("A1", extra["comment"])
        if "header" in extra:
            sheet.set_header(extra["header"])
        if "author" in extra:
            book.set_properties({"author": extra["author"]})
        if "link" in extra:
            sheet.write_url("F1", extra["link"], string="x")
        if "name" in extra:
            book.define_name("人", f'="{extra["name"]}"')
    return path


ROWS: list[list[object]] = [
    ["跟进清单（2025-12-31）"],
    ["客户", "电话", "订单号", "金额"],
    ["张*", "138****5678", "4196439032", 13812345679.0],
    ["鸿业商贸（虚构）", "", "13512345678", 1.5],
    ["李*", "", "13612345678", 2],
]


def test_xlsx_names_cell_column_and_remedy(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ROWS)
    (leak,) = leaks(path, KNOWN)
    assert leak == Leak(
        "a.xlsx", "跟进清单!C4", "订单号", "phone", "135****5678", 2, "not_personal: [订单号]"
    )
    for lang in LANGS:
        words = leak.problem().text(lang)
        assert "not_personal: [订单号]" in words and "跟进清单!C4" in words and "13512345678" not in words


def test_not_personal_settles_columns_and_values(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ROWS)
    assert found(path, not_personal=["订单号"]) == set()
    assert found(path, not_personal=[" 订单号 "]) == set()
    assert found(path, not_personal=["13512345678", "136****5678"]) == set()
    assert found(path, harmless={"13512345678"}) == {("跟进清单!C5", "订单号", "phone", 1)}
    assert found(path, not_personal=["单号"]) != set()


def test_a_known_phone_is_a_hit_even_as_a_number_or_among_harmless_values(tmp_path: Path) -> None:
    rows = [["客户", "金额"], ["张*", 13812345678], ["王芳", 2]]
    path = workbook(tmp_path / "a.xlsx", rows)
    assert found(path, harmless={PHONE}) == {
        ("跟进清单!B2", "金额", "phone", 1),
        ("跟进清单!A3", "客户", "name", 1),
    }


@pytest.mark.parametrize("part", ["comment", "header", "author", "link", "name"])
def test_xlsx_outside_of_cells(tmp_path: Path, part: str) -> None:
    value = f"mailto:{MAIL}" if part == "link" else f"问 {MAIL}"
    path = workbook(tmp_path / "a.xlsx", ROWS[:3], **{part: value})
    assert {(leak.kind, leak.shown) for leak in leaks(path, KNOWN)} == {("email", "z***@example.com")}
    assert leaks(workbook(tmp_path / "b.xlsx", ROWS[:3], **{part: value.replace(MAIL, "无")}), KNOWN) == []


def test_slides_are_read_run_by_run(tmp_path: Path) -> None:
    path = tmp_path / "a.pptx"
    with zipfile.ZipFile(path, "w") as package:
        runs = "<a:r><a:t>138</a:t></a:r><a:r><a:t>12345678</a:t></a:r>"
        package.writestr("ppt/slides/slide1.xml", f"<p:sld><a:p>{runs}</a:p></p:sld>")
        package.writestr("ppt/charts/chart1.xml", "<c:numCache><c:v>13912345678</c:v></c:numCache>")
    assert found(path) == {("ppt/slides/slide1.xml", None, "phone", 1)}


# --- text files -------------------------------------------------------------


def test_csv_json_ics_and_notebook(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", f"客户编号,电话\nC1,{PHONE}\nC2,13900139000\n")
    (tmp_path / "gbk.csv").write_bytes(f"客户;电话\n张小明;{PHONE}\n".encode("gb18030"))
    write(tmp_path, "note.md", f"# 说明\n\n请拨 {PHONE}\n")
    model = {
        "sha256": SHA,
        "amount": 13912345678,
        "customer_id": 13812345678,
        "svg": "<svg><path d='M 13812345678 0'/><text>王芳</text></svg>",
        "table": {
            "columns": [{"id": "name", "head": "客户"}, {"id": "n", "head": "单数"}],
            "rows": [["张小明", 3]],
        },
        PHONE: "key",
    }
    write(tmp_path, "model.json", json.dumps(model, ensure_ascii=False))
    ics = f"BEGIN:VEVENT\r\nUID:1@segkit.example.com\r\nSUMMARY:回访\r\nDESCRIPTION:打 1381\r\n 2345678\\n问{MAIL}\r\n"
    write(tmp_path, "a.ics", ics + "END:VEVENT\r\n")
    cell = {
        "source": ["x = 1\n", f"# {MAIL}"],
        "outputs": [
            {"text": [PHONE]},
            {"data": {"image/png": "13812345678" * 9, "text/html": f"<td title='{ID}'>x</td>"}},
            {"traceback": ["File"], "evalue": "张小明"},
        ],
    }
    write(tmp_path, "a.ipynb", json.dumps({"cells": [{"source": "ok"}, cell], "metadata": {"who": MAIL}}))
    by_file: dict[str, set[tuple[str, str | None, str]]] = {}
    for leak in leaks(tmp_path, KNOWN):
        by_file.setdefault(leak.artefact, set()).add((leak.where, leak.column, leak.kind))
    assert by_file == {
        "a.csv": {("B2", "电话", "phone")},
        "gbk.csv": {("B2", "电话", "phone"), ("A2", "客户", "name")},
        "note.md": {("text:3", None, "phone")},
        "model.json": {
            ("$", None, "phone"),
            ("$.customer_id", "customer_id", "phone"),
            ("$.table.rows.客户", "客户", "name"),
            ("$.svg", None, "name"),
        },
        "a.ics": {("DESCRIPTION", None, "phone"), ("DESCRIPTION", None, "email")},
        "a.ipynb": {
            ("cell 2 source:2", None, "email"),
            ("cell 2 output:1", None, "phone"),
            ("cell 2 output td[title]", None, "id_number"),
            ("cell 2 output:1", None, "name"),
            ("metadata.who", "who", "email"),
        },
    }


def test_working_files_and_pictures_are_not_scanned(tmp_path: Path) -> None:
    for folder in ("internal", "field", ".segkit"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, "a.csv", f"电话\n{PHONE}\n")
    (tmp_path / "a.png").write_bytes(PHONE.encode())
    (tmp_path / "a.parquet").write_bytes(pd.DataFrame({"phone": [PHONE]}).to_parquet())
    assert leaks(tmp_path, KNOWN) == []
    assert len(leaks(tmp_path / "internal", KNOWN)) == 1  # asked for by name


def test_what_cannot_be_read_is_not_vouched_for(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "b.xlsx").write_bytes(b"no workbook")
    (tmp_path / "c.dat").write_bytes(b"\0\1\2")
    write(tmp_path, "d.json", "{not json")
    with pytest.raises(InputProblems) as caught:
        leaks(tmp_path)
    assert [p.file for p in caught.value.problems] == ["a.pdf", "b.xlsx", "c.dat", "d.json"]
    with pytest.raises(InputProblems, match="check the path"):
        leaks(tmp_path / "nothing")


def test_without_known_values_names_and_landlines_pass_but_patterns_do_not(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt", f"张小明 010-88886666 {PHONE}")
    assert [leak.kind for leak in leaks(path)] == ["phone"]


def test_names_of_firms_in_the_input_are_no_leak(tmp_path: Path) -> None:
    people = pd.DataFrame({"name": ["鸿业商贸（虚构）", "周期", "张小明"]})
    known = known_values(people, {"name": "name"})
    path = write(tmp_path, "a.txt", "鸿业商贸（虚构）的购买周期变长，张小明负责")
    assert [(leak.kind, leak.shown, leak.count) for leak in leaks(path, known)] == [("name", "张*", 1)]
