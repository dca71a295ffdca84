"""A client's raw CRM export, twice, with planted defects (客户原始导出): the sample of the main job.

Rows of the sample: 959 customers + 50 exact copies + 35 twins under another id + 6 test rows = 1,050.
Both files hold the same rows in the same order; they differ in headings, layout and kinds of cells.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import yaml

from segkit.synth.calendar import AS_OF, with_slashes
from segkit.synth.cases.client_export.defects import COUNTS, EXTRA_ROWS, ClientDefects
from segkit.synth.cases.client_export.facts import facts
from segkit.synth.cases.client_export.records import CASE, TABLE, records
from segkit.synth.dictionary import columns
from segkit.synth.dirt import Planter, at_scale
from segkit.synth.draws import Draws
from segkit.synth.files import File, TextFile, WorkbookFile, csv_lines, csv_of
from segkit.synth.people import Invented, Names
from segkit.synth.tables import datasheets, summary

ROWS = 1050
SEMICOLONS = (0.38, 0.49)  # the rows of the CSV written with ";" instead of ",", as shares of the data rows
CSV, XLSX = "export_gbk.csv", "export.xlsx"
FIRST_ROW = {CSV: 3, XLSX: 4}  # below title and header; the workbook has a blank row between the two
# what the export carries beyond the canonical columns; it stays under the client's headings
ATTRIBUTES = ("contact", "customer_type", "company_size", "last_contact", "category", "payment_days")


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: two versions of the export, client.yml, the truth, and two datasheets."""
    counts = {reason: at_scale(n, scale) for reason, n in COUNTS.items()}
    extra = sum(counts[reason] for reason in EXTRA_ROWS)
    draws = Draws(seed, CASE)
    invented = Invented(draws, names)
    everyone = records(
        draws,
        invented,
        customers=at_scale(ROWS, scale) - extra,
        twins=counts["fuzzy_duplicate"],
        tests=counts["test"],
    )
    defects = ClientDefects(draws, invented, everyone, counts)
    planter = defects.plant()
    keys = _file_order(draws, planter, len(everyone))
    start, end = _semicolons(len(keys))
    told = facts(defects.truth, planter, (start + FIRST_ROW[CSV], end + FIRST_ROW[CSV] - 1))
    return [
        *_exports(planter, keys, invented),
        TextFile(f"{CASE}/client.yml", _client_yml(invented, CSV), "utf-8"),
        TextFile(f"{CASE}/client_xlsx.yml", _client_yml(invented, XLSX), "utf-8"),
        TextFile(f"_truth/{CASE}_clean.csv", csv_of(_clean(defects.truth))),
        TextFile(f"_truth/{CASE}_mapping.yml", _mapping_yml(names), "utf-8"),
        summary(CASE, told),
        *datasheets(CASE, told),
    ]


def _file_order(draws: Draws, p: Planter, n: int) -> list[int]:
    """Rows by customer number; copies stand anywhere after their originals."""
    first = {number: key for key, number in p.frame["customer_id"].iloc[:n].items()}
    place = pd.Series(p.frame.index, index=p.frame.index, dtype=float)
    copies = p.frame.index[n:]
    original = p.frame.loc[copies, "customer_id"].map(first).to_numpy(dtype=float)
    place[copies] = original + 0.5 + draws.uniform(len(copies)) * (n - original)
    return [int(key) for key in place.sort_values(kind="stable").index]


# --- the two files --------------------------------------------------------------------------------


def _exports(p: Planter, keys: list[int], invented: Invented) -> list[File]:
    """The CSV as a Windows tool writes it, the workbook, and one ledger for both."""
    spec, names = columns(CASE, TABLE), invented.names
    order = list(spec)
    rows = p.frame.loc[keys, order].to_numpy(dtype=object).tolist()
    total = _total_row(rows, order, invented)
    title, sheet = invented.phrase(CASE, "title"), invented.phrase(CASE, "sheet")
    heads = {
        file: {c.name: c.heading(names, xlsx=file == XLSX) for c in spec.values()} for file in (CSV, XLSX)
    }
    start, end = _semicolons(len(rows))
    text = f"{title}\r\n" + csv_lines([list(heads[CSV].values())], newline="\r\n")
    for part, delimiter in ((rows[:start], ","), (rows[start:end], ";"), ([*rows[end:], total], ",")):
        cells = [[_in_csv(cell) for cell in row] for row in part]
        text += csv_lines(cells, delimiter=delimiter, newline="\r\n")
    book = ((title,), (), tuple(heads[XLSX].values()), *map(tuple, rows), tuple(total))
    ledgers = [
        p.ledger(keys, file=CSV, first_row=FIRST_ROW[CSV], headings=heads[CSV], text=_in_csv),
        p.ledger(
            keys, file=XLSX, sheet=sheet, first_row=FIRST_ROW[XLSX], headings=heads[XLSX], text=_in_workbook
        ),
    ]
    return [
        TextFile(f"{CASE}/{CSV}", text, "gb18030"),
        WorkbookFile(f"{CASE}/{XLSX}", sheet, book),
        TextFile(f"_truth/{CASE}_defects.csv", csv_of(pd.concat(ledgers))),
    ]


def _semicolons(rows: int) -> tuple[int, int]:
    """The data rows from (counted from 0) and up to which the CSV is separated by semicolons."""
    return round(rows * SEMICOLONS[0]), round(rows * SEMICOLONS[1])


def _in_csv(cell: Any) -> str:
    """A cell as the CSV shows it: 2025/3/7, 1234.50."""
    if isinstance(cell, dt.date):
        return with_slashes(cell)
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)


def _in_workbook(cell: Any) -> str:
    """A cell of the workbook in words: 2025-03-07, 1234.5, 1234."""
    return str(int(cell)) if isinstance(cell, float) and cell == round(cell) else str(cell)


def _total_row(rows: list[list[Any]], order: list[str], invented: Invented) -> list[Any]:
    """合计: the label, and sums over the cells that are numbers, as a spreadsheet sums."""
    total: list[Any] = [""] * len(order)
    total[0] = invented.phrase(CASE, "total")
    for column in ("frequency", "monetary"):
        at = order.index(column)
        total[at] = round(sum(row[at] for row in rows if isinstance(row[at], (int, float))), 2)
    return total


# --- truth and config -----------------------------------------------------------------------------


def _clean(truth: pd.DataFrame) -> pd.DataFrame:
    """One row per customer as he truly is; what a twin bought stands beside it, not added in."""
    order = list(columns(CASE, TABLE))
    customers = truth[truth["kind"] == "customer"]
    second = truth[truth["kind"] == "twin"].set_index("person")
    second = second[["customer_id", "last_order", "frequency", "monetary"]]
    second = second.rename(columns={"customer_id": "id"}).add_prefix("twin_")
    clean = customers[order].join(second, on="customer_id")
    return clean.astype(object).where(clean.notna(), "").map(_in_truth)


def _in_truth(cell: Any) -> str:
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)


def _mapping(names: Names, file: str) -> dict[str, str]:
    spec = columns(CASE, TABLE).values()
    return {c.heading(names, xlsx=file == XLSX): c.name for c in spec if c.name not in ATTRIBUTES}


def _mapping_yml(names: Names) -> str:
    head = "# truth: client heading -> canonical column; other headings are attributes and stay as they are\n"
    content = {file: _mapping(names, file) for file in (CSV, XLSX)}
    return head + yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


def _client_yml(invented: Invented, file: str) -> str:
    lines = "\n".join(f"    {head}: {name}" for head, name in _mapping(invented.names, file).items())
    return invented.phrase(CASE, "client_yml").format(
        client=invented.phrase(CASE, "client"), as_of=AS_OF.isoformat(), file=file, mapping=lines
    )
