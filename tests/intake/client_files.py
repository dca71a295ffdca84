"""Small exports for tests: rows written as text or as a workbook, and what was read taken apart."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path
from typing import Literal

import xlsxwriter

from segkit.intake.table import Table

HEAD = ["客户编号", "客户名称", "下单日期", "实付金额"]
ROWS = [
    ["C001", "宏图商贸（虚构）", "2025-01-02", "100.50"],
    ["C002", "远山科技（虚构）", "2025-02-03", "200"],
    ["C003", "青禾食品（虚构）", "2025-03-04", "1,300.00"],
]


def written(
    rows: list[list[str]],
    delimiter: str = ",",
    ends: str = "\r\n",
    quoting: Literal[0, 1] = csv.QUOTE_MINIMAL,
) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=ends, quoting=quoting).writerows(rows)
    return out.getvalue()


def text_file(folder: Path, text: str, encoding: str = "utf-8", name: str = "导出.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def cells(table: Table) -> list[list[str]]:
    return table.frame.to_numpy().tolist()


def notes(table: Table) -> dict[str, dict]:
    return {note.id: note.facts for note in table.notes}


def furniture(table: Table) -> dict[int, str]:
    return dict(zip(table.furniture["row"], table.furniture["what"], strict=True))


def workbook(path: Path, sheets: dict[str, list[list]], merges: dict[str, list[tuple]] | None = None) -> Path:
    book = xlsxwriter.Workbook(str(path))
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                if isinstance(value, dt.date):
                    sheet.write_datetime(i, j, value, day)
                elif value is not None:
                    sheet.write(i, j, value)
        for top, left, bottom, right, value in (merges or {}).get(name, []):
            sheet.merge_range(top, left, bottom, right, value)
    book.close()
    return path
