"""The planted defects stand where the ledger says, in both files, and nowhere else."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import unicodedata
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml

from segkit.synth.cases.client_export.defects import COUNTS

DATASETS = Path(__file__).parents[2] / "datasets"
CSV, XLSX = "export_gbk.csv", "export.xlsx"
FILES = (CSV, XLSX)
DEFECT_ROWS = ("duplicate", "fuzzy_duplicate", "test", "shifted")


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(DATASETS / "_truth" / name, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def csv_rows() -> list[list[str]]:
    """All lines of the CSV, each split by the separator it uses; index + 1 is the row number."""
    text = (DATASETS / "client_export" / CSV).read_bytes().decode("gb18030")
    assert text.count("\r\n") == text.count("\n")
    rows = []
    for line in text.split("\r\n")[:-1]:
        delimiter = ";" if line.count(";") == 23 else ","
        rows += list(csv.reader(io.StringIO(line), delimiter=delimiter))
    return rows


def sheet_rows() -> list[list[object]]:
    sheet = openpyxl.load_workbook(DATASETS / "client_export" / XLSX).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


@pytest.fixture(scope="module")
def ledger() -> pd.DataFrame:
    return read("client_export_defects.csv")


@pytest.fixture(scope="module")
def clean() -> pd.DataFrame:
    return read("client_export_clean.csv").set_index("customer_id", drop=False)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """Both files as text under canonical names, indexed by row number."""
    mapping = yaml.safe_load((DATASETS / "_truth" / "client_export_mapping.yml").read_text("utf-8"))
    found = {}
    for file, rows, head in ((CSV, csv_rows(), 2), (XLSX, sheet_rows(), 3)):
        body = [[as_text(cell) for cell in row] for row in rows[head:-1]]
        frame = pd.DataFrame(body, columns=rows[head - 1]).rename(columns=mapping[file])
        found[file] = frame.set_axis(range(head + 1, head + 1 + len(frame)), axis=0)
    return found


def as_text(cell: object) -> str:
    """A cell as the truth writes it."""
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    return str(cell)


def same(a: str, b: str) -> bool:
    """Equal as text, as a date in another spelling, or as a number."""
    if a == b:
        return True
    pattern = re.compile(r"(\d{4})[-/](\d+)[-/](\d+)")
    if pattern.fullmatch(a) and pattern.fullmatch(b):
        return [int(x) for x in re.findall(r"\d+", a)] == [int(x) for x in re.findall(r"\d+", b)]
    try:
        return float(a) == float(b) and a.isascii() == b.isascii()
    except ValueError:
        return False


def test_layout() -> None:
    lines, sheet = csv_rows(), sheet_rows()
    assert len(lines) == 1 + 1 + 1050 + 1 and len(sheet) == 1 + 1 + 1 + 1050 + 1
    assert {len(row) for row in lines[1:]} == {24}
    assert lines[-1][0] == sheet[-1][0] == "合计"
    raw = (DATASETS / "client_export" / CSV).read_bytes().decode("gb18030").split("\r\n")
    block = [i for i, line in enumerate(raw) if line.count(";") == 23]
    assert len(block) > 100 and block == list(range(block[0], block[-1] + 1))
    # headings of the two versions differ in every column
    assert all(a != b for a, b in zip(lines[1], sheet[2], strict=True))


def test_total_row_sums_the_number_cells() -> None:
    sheet = sheet_rows()
    at = sheet[2].index("消费金额")
    numbers = [row[at] for row in sheet[3:-1] if isinstance(row[at], int | float)]
    assert sheet[-1][at] == pytest.approx(sum(numbers), abs=0.005)


def test_counts_add_up(ledger: pd.DataFrame, clean: pd.DataFrame) -> None:
    for file in FILES:
        assert ledger[ledger["file"] == file]["reason"].value_counts().to_dict() == COUNTS
    extra = COUNTS["duplicate"] + COUNTS["fuzzy_duplicate"] + COUNTS["test"]
    assert len(clean) + extra == 1050


def test_every_ledger_line_is_the_cell_in_the_file(ledger: pd.DataFrame) -> None:
    rows = {CSV: csv_rows(), XLSX: sheet_rows()}
    heads = {CSV: rows[CSV][1], XLSX: rows[XLSX][2]}
    for line in ledger.itertuples():
        cell = as_text(rows[line.file][int(line.row) - 1][heads[line.file].index(line.column)])
        assert same(cell, line.old), line


def test_every_cell_outside_the_ledger_is_true(
    ledger: pd.DataFrame, clean: pd.DataFrame, tables: dict[str, pd.DataFrame]
) -> None:
    """Row by row and cell by cell against the clean table: no defect that nobody planted."""
    mapping = yaml.safe_load((DATASETS / "_truth" / "client_export_mapping.yml").read_text("utf-8"))
    heads = {CSV: csv_rows()[1], XLSX: sheet_rows()[2]}
    columns = list(clean.columns[:24])
    for file in FILES:
        here = ledger[ledger["file"] == file]
        skipped = {int(r) for r in here[here["reason"].isin(["fuzzy_duplicate", "test", "shifted"])]["row"]}
        planted = {(int(line.row), line.column) for line in here.itertuples() if line.reason != "duplicate"}
        table = tables[file].set_axis(columns, axis=1)
        checked = 0
        for row, record in zip(table.index, table.to_dict("records"), strict=True):
            if row in skipped:
                continue
            truth = clean.loc[record["customer_id"]]
            for head, column in zip(heads[file], columns, strict=True):
                if (row, head) not in planted:
                    assert same(record[column], truth[column]), (file, row, head)
                    checked += 1
        assert checked > 1000 * 23
    assert set(mapping) == set(FILES)


def test_new_values_are_the_clean_table(
    ledger: pd.DataFrame, clean: pd.DataFrame, tables: dict[str, pd.DataFrame]
) -> None:
    heads = {CSV: csv_rows()[1], XLSX: sheet_rows()[2]}
    for line in ledger[~ledger["reason"].isin(["fuzzy_duplicate", "test"])].itertuples():
        column = clean.columns[heads[line.file].index(line.column)]
        customer = tables[line.file].at[int(line.row), "customer_id"]
        assert same(clean.at[customer, column], line.new), line


def test_shifted_rows_hold_the_truth_one_cell_to_the_right(
    ledger: pd.DataFrame, clean: pd.DataFrame, tables: dict[str, pd.DataFrame]
) -> None:
    for file in FILES:
        rows = ledger[(ledger["file"] == file) & (ledger["reason"] == "shifted")]
        for line in rows.itertuples():
            cells = tables[file].loc[int(line.row)].tolist()
            start = (csv_rows()[1] if file == CSV else sheet_rows()[2]).index(line.column)
            truth = clean.loc[cells[0]].tolist()[:24]
            assert all(same(a, b) for a, b in zip(cells[:start], truth[:start], strict=True))
            assert all(same(a, b) for a, b in zip(cells[start + 1 :], truth[start:-1], strict=True))
            assert truth[-1] == ""


def test_duplicates_are_exact_and_stand_below_their_original(
    ledger: pd.DataFrame, tables: dict[str, pd.DataFrame]
) -> None:
    for file in FILES:
        table = tables[file]
        rows = ledger[(ledger["file"] == file) & (ledger["reason"] == "duplicate")]["row"].astype(int)
        assert set(table.index[table.duplicated()]) == set(rows)


def bare(name: str) -> str:
    return re.sub(r"\s+|有限公司", "", unicodedata.normalize("NFKC", name))


def test_twins_look_alike_and_nobody_else_does(
    ledger: pd.DataFrame, clean: pd.DataFrame, tables: dict[str, pd.DataFrame]
) -> None:
    table = tables[CSV].drop_duplicates()
    twins = ledger[(ledger["file"] == CSV) & (ledger["reason"] == "fuzzy_duplicate")]
    pairs = list(zip(twins["old"], twins["new"], strict=True))
    by_id = table.set_index("customer_id")
    ways, phones = set(), 0
    for twin, original in pairs:
        a, b = by_id.loc[twin], by_id.loc[original]
        assert a["name"] != b["name"] and bare(a["name"]) == bare(b["name"])
        assert a.name > b.name and clean.at[original, "twin_id"] == twin
        ways.add((" " in a["name"], "(" in a["name"], "有限公司" in a["name"]))
        phones += a["phone"] == b["phone"]
        assert a["phone"] == b["phone"] or a["email"] == b["email"] != ""
    assert len(ways) == 3 and phones == 28
    assert clean["phone"].is_unique and clean["name"].map(bare).is_unique
    assert clean[clean["email"] != ""]["email"].is_unique


def test_dates_are_date_cells_serials_numbers_and_keys_text() -> None:
    rows = sheet_rows()
    head, body = rows[2], rows[3:-1]
    kinds: dict[str, set[type]] = {h: {type(r[i]) for r in body} - {type(None)} for i, h in enumerate(head)}
    assert kinds["客户代码"] == {str}
    dates = [row[head.index("最后购买时间")] for row in body]
    assert sum(isinstance(d, int) for d in dates) >= 20
    assert sum(isinstance(d, dt.datetime) for d in dates) > 850
    assert "1.00E+10" in [row[head.index("手机号码")] for row in body]
    assert any(str(cell).startswith("=HYPERLINK") for row in body for cell in row)


def test_formula_like_cells_are_text_and_nothing_links() -> None:
    with zipfile.ZipFile(DATASETS / "client_export" / XLSX) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode("utf-8")
    assert "<f>" not in sheet and "<hyperlink" not in sheet


def test_what_can_be_mended_gives_the_true_value(ledger: pd.DataFrame) -> None:
    """1.2万 says no more than a round number, so the truth must be that number; so for every mendable class."""
    read_as = {
        "amount_unit": lambda v: float(v.strip("￥元万").replace(",", "")) * (10_000 if "万" in v else 1),
        "negative": lambda v: -float(v),
        "full_width": lambda v: float(unicodedata.normalize("NFKC", v)),
        "excel_serial": lambda v: dt.date(1899, 12, 30) + dt.timedelta(days=int(v)),
    }
    for line in ledger[ledger["reason"].isin(list(read_as))].itertuples():
        value = read_as[line.reason](line.old)
        if isinstance(value, dt.date):
            assert same(value.isoformat(), line.new), line
        else:
            assert value == pytest.approx(float(line.new), abs=0.001), line
    for line in ledger[ledger["reason"] == "phone_format"].itertuples():
        digits = re.sub(r"\D", "", line.old).removeprefix("86")
        assert digits == line.new or not (line.old.startswith("+86") or "-" in line.old), line


def test_truth_obeys_common_sense(clean: pd.DataFrame) -> None:
    buyers = clean[clean["frequency"] != "0"]
    assert 0.04 < 1 - len(buyers) / len(clean) < 0.11
    assert (buyers["monetary"].astype(float) > 0).all()
    assert (buyers["last_order"] >= buyers["register_date"]).all()
    assert (clean["last_contact"] <= "2025-12-31").all()
    prospects = clean[clean["frequency"] == "0"]
    assert (prospects["last_order"] == "").all() and (prospects["monetary"].astype(float) == 0).all()
    listed = clean[clean["tags"] == "营销名单"]
    assert len(listed) > 50
    assert (listed["consent_marketing"] == "是").all() and (listed["opt_out_channels"] == "").all()


def test_the_total_row_is_wrong_by_what_was_planted() -> None:
    """合计 = what customers and second ids spent + the difference by reason, to the cent, read from the files."""
    last = (
        (DATASETS / "client_export" / "export_gbk.csv")
        .read_text("gb18030")
        .rstrip()
        .splitlines()[-1]
        .split(",")
    )
    head = (DATASETS / "client_export" / "export_gbk.csv").read_text("gb18030").splitlines()[1].split(",")
    clean = pd.read_csv(DATASETS / "_truth" / "client_export_clean.csv", encoding="utf-8-sig")
    summary = yaml.safe_load((DATASETS / "_truth" / "client_export_summary.yml").read_text("utf-8"))
    spent = clean["monetary"].sum() + clean["twin_monetary"].sum()
    total = float(last[head.index("累计消费(元)")])
    assert total == pytest.approx(spent + sum(summary["off"].values()), abs=0.005)
    assert total == summary["total_row"] and abs(total - spent) > 1_000_000
    defects = pd.read_csv(DATASETS / "_truth" / "client_export_defects.csv", dtype=str, encoding="utf-8-sig")
    flipped = defects[(defects["file"] == "export_gbk.csv") & (defects["reason"] == "negative")]
    assert summary["off"]["negative"] == pytest.approx(-2 * flipped["new"].astype(float).sum(), abs=0.01)
