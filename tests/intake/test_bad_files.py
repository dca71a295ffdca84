"""What bad input gets: every problem at once, in both languages, never a traceback."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from segkit.intake.delimited import MAX_COLUMNS, MAX_LINE
from segkit.intake.reading import read_table, read_tables
from segkit.problems import InputProblems, Problem

GOOD = "客户编号,下单日期,金额\nC1,2025-01-02,1\n"
CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "客户 资料"
    path.mkdir()
    return path


def problems(path: Path | list[Path], **options) -> list[Problem]:
    with pytest.raises(InputProblems) as caught:
        read_tables(path if isinstance(path, list) else [path], **options)
    assert caught.value.text("zh") and caught.value.text("en")
    return caught.value.problems


def only(path: Path, **options) -> Problem:
    found = problems(path, **options)
    assert len(found) == 1, found
    return found[0]


def put(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    return path


BYTES = {
    "reading.empty": ("a.csv", b""),
    "reading.empty ": ("b.csv", b"\xef\xbb\xbf\r\n \r\n"),
    "reading.empty  ": ("c.csv", b",,,\r\n,,,\r\n"),
    "reading.headers_only": ("d.csv", "客户编号,下单日期,金额\n".encode("gbk")),
    "reading.headers_only ": ("e.csv", "客户编号,下单日期,金额\n合计,,0\n".encode()),
    "reading.no_header": ("f.csv", b"1001,2025-01-02,5.00\n1002,2025-01-03,6.00\n"),
    "reading.is_et": ("g.et", CFB + bytes(600)),
    "reading.is_numbers": ("h.numbers", b"PK\x03\x04"),
    "reading.is_pdf": ("i.pdf", b"%PDF-1.7"),
    "reading.is_pdf ": ("pdf.csv", b"%PDF-1.7\n%x"),
    "reading.is_photo": ("j.jpg", b"\xff\xd8\xff"),
    "reading.is_photo ": ("photo.xlsx", b"\x89PNG\r\n\x1a\n"),
    "reading.is_document": ("k.docx", b"PK\x03\x04"),
    "reading.is_archive": ("l.zip", b"PK\x03\x04"),
    "reading.password": ("m.xlsx", CFB + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(100)),
    "reading.damaged": ("n.xlsx", b"PK\x03\x04" + b"xl/" + bytes(500)),
    "reading.damaged ": ("o.xls", CFB + bytes(600)),
    "reading.damaged  ": ("p.parquet", b"PAR1" + bytes(100)),
    "reading.lock_file": ("~$q.xlsx", b"\x05user"),
    "reading.page_without_table": ("r.xls", b"<html><body>please log in</body></html>"),
    "reading.is_other": ("s.json", b"{}"),
}


@pytest.mark.parametrize("case", BYTES)
def test_each_unreadable_file_gets_its_own_sentence(folder: Path, case: str) -> None:
    name, data = BYTES[case]
    problem = only(put(folder / name, data))
    assert problem.id == case.strip()
    assert problem.file == name


def test_a_missing_file_is_named_with_its_likely_twin(folder: Path) -> None:
    put(folder / "客户导出2025.csv", GOOD)
    assert only(folder / "客户导出.csv").facts["near"] == ["客户导出2025.csv"]
    assert only(folder / "zzz.xlsx").id == "reading.missing"


def test_a_folder_of_photos_and_an_empty_one(folder: Path) -> None:
    assert only(folder).id == "reading.folder_empty"
    for i in range(3):
        put(folder / f"IMG_{i}.jpg", b"\xff\xd8\xff")
    assert only(folder).id == "reading.folder_without_table"


def test_a_nul_byte_names_its_first_row(folder: Path) -> None:
    problem = only(put(folder / "a.csv", GOOD.encode() + b"C2,2025-01-03,\x00\nC3,\x00,\n"))
    assert (problem.id, problem.row) == ("reading.nul", 3)
    problem = only(put(folder / "b.csv", (GOOD + "C2,\x00,\n").encode("utf-16")))
    assert (problem.id, problem.row) == ("reading.nul", 3)


def test_a_line_over_the_limit_names_its_row(folder: Path) -> None:
    problem = only(put(folder / "a.csv", GOOD.encode() + b"x" * (MAX_LINE + 1) + b"\nC3,2025-01-02,1\n"))
    assert (problem.id, problem.row) == ("reading.long_line", 3)


def test_a_large_file_of_short_lines_is_no_long_line(folder: Path) -> None:
    line = b"C1,2025-01-02,1" + b" " * 100_000 + b"\n"
    path = put(folder / "a.csv", "客户编号,下单日期,金额\n".encode() + line * (MAX_LINE // len(line) + 2))
    assert len(read_table(path).frame) == MAX_LINE // len(line) + 2


@pytest.mark.parametrize("n", [10_000, MAX_COLUMNS + 1])
def test_too_many_columns(folder: Path, n: int) -> None:
    row = ",".join(f"c{i}" for i in range(n))
    problem = only(put(folder / "a.csv", f"{row}\n{row}\n"))
    assert (problem.id, problem.facts["n"]) == ("reading.columns", n)


def test_one_row_with_too_many_cells(folder: Path) -> None:
    assert only(put(folder / "a.csv", GOOD * 100 + "x," * 10_000 + "\n")).id == "reading.columns"


def test_too_many_columns_in_a_workbook(folder: Path) -> None:
    book = xlsxwriter.Workbook(str(folder / "a.xlsx"))
    book.add_worksheet("宽").write_row(0, 0, [f"c{i}" for i in range(10_000)])
    book.close()
    problem = only(folder / "a.xlsx")
    assert (problem.id, problem.sheet) == ("reading.columns", "宽")


def test_every_bad_sheet_is_named(folder: Path) -> None:
    book = xlsxwriter.Workbook(str(folder / "a.xlsx"))
    book.add_worksheet("一").write_row(0, 0, ["客户编号", "下单日期", "金额"])
    book.add_worksheet("二").write_row(0, 0, [1, 2, 3])
    book.close()
    found = problems(folder / "a.xlsx")
    assert [(p.id, p.sheet) for p in found] == [("reading.headers_only", "一"), ("reading.no_header", "二")]


def test_an_empty_workbook_and_a_sheet_that_is_not_there(folder: Path) -> None:
    book = xlsxwriter.Workbook(str(folder / "a.xlsx"))
    book.add_worksheet("空")
    book.close()
    assert only(folder / "a.xlsx").id == "reading.empty"
    problem = only(folder / "a.xlsx", sheet="订单")
    assert (problem.id, problem.facts["have"]) == ("reading.no_sheet", ["空"])


def test_a_cell_far_out_is_said_instead_of_filling_the_memory(folder: Path) -> None:
    book = xlsxwriter.Workbook(str(folder / "a.xlsx"))
    sheet = book.add_worksheet("s")
    sheet.write_row(0, 0, ["客户编号", "金额"])
    sheet.write(1_048_575, 16_383, "x")
    book.close()
    problem = only(folder / "a.xlsx")
    assert (problem.id, problem.facts) == ("reading.far_cell", {"rows": 1_048_576, "columns": 16_384})


def test_cells_far_below_make_no_thousands_of_blank_rows(folder: Path) -> None:
    book = xlsxwriter.Workbook(str(folder / "a.xlsx"))
    sheet = book.add_worksheet("s")
    for i, row in enumerate([["客户编号", "金额"], ["C1", 1], [], ["C2", 2]]):
        sheet.write_row(i, 0, row)
    sheet.write(50_000, 1, "5")
    sheet.write(99_999, 1, " ")
    book.close()
    table = read_table(folder / "a.xlsx")
    assert table.origin["row"].tolist() == [2, 4, 50_001]
    assert table.furniture["what"].tolist() == ["header", "blank"]


def test_a_workbook_cut_short(folder: Path) -> None:
    book = xlsxwriter.Workbook(str(folder / "a.xlsx"))
    sheet = book.add_worksheet("s")
    for i in range(200):
        sheet.write_row(i, 0, [f"h{i}", i, i])
    book.close()
    whole = (folder / "a.xlsx").read_bytes()
    assert only(put(folder / "b.xlsx", whole[: len(whole) // 2])).id == "reading.damaged"


def test_a_zip_that_is_called_csv(folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.csv", "w") as archive:
        archive.writestr("note.txt", "x")
    assert only(folder / "a.csv").id in ("reading.is_archive", "reading.damaged")


def test_no_permission_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(folder / "a.csv", GOOD)

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert only(path).id == "reading.locked"


def test_the_problems_of_all_files_are_collected(folder: Path) -> None:
    paths = [
        folder / "没有.csv",
        put(folder / "b.pdf", b"%PDF"),
        put(folder / "c.csv", GOOD),
        put(folder / "d.csv", b""),
    ]
    assert [p.id for p in problems(paths)] == ["reading.missing", "reading.is_pdf", "reading.empty"]


def test_nothing_given(folder: Path) -> None:
    assert problems([])[0].id == "reading.no_input"
