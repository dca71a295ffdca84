"""What holds for every case of the sample data: dictionary, ledgers, references, datasheets, sizes."""

from __future__ import annotations

import csv
import datetime as dt
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest
import yaml

from segkit.synth.build import CASES, build
from segkit.synth.dictionary import JOINED_BY, WORDS, Column, dictionary, tables

DATASETS = Path(__file__).parents[2] / "datasets"
OWN_LAYOUT = {"client_export"}  # tested cell by cell in test_client_export.py
LEDGERS = ("defects", "planted")
REASONS = {
    "duplicate", "fuzzy_duplicate", "bad_date", "no_date", "bad_amount", "no_amount", "no_customer", "cancelled",
    "refunded", "test", "after_as_of", "negative", "shifted", "formula", "phone_format", "phone_float",
    "id_in_text", "amount_unit", "excel_serial", "full_width", "grade_spelling", "owner_missing",
    "opt_out_conflict",
}  # fmt: skip
WHOLE_ROW = {"test", "shifted"}  # defects of a row, not of the cell that stands for it
DRAWS = ("committed", "seed 7", "small, english")

pytestmark = pytest.mark.slow  # makes every case again, twice


@dataclass(frozen=True)
class Draw:
    """One draw of one case on disk."""

    case: str
    folder: Path
    names: str

    @cached_property
    def tables(self) -> dict[str, list[list[str]]]:
        """Rows by table as a spreadsheet numbers them: row 1 is the heading."""
        found = {}
        for path in sorted((self.folder / self.case).glob("*.csv")):
            with path.open(encoding="utf-8-sig", newline="") as lines:
                found[path.stem] = [[], *csv.reader(lines)]
        return found

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """Both ledgers, with the `book` a line stands in."""
        parts = []
        for book in LEDGERS:
            path = self.folder / "_truth" / f"{self.case}_{book}.csv"
            if path.is_file():
                lines = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
                parts.append(lines.assign(book=book))
        empty = pd.DataFrame(columns=["file", "sheet", "row", "column", "reason", "old", "new", "book"])
        return pd.concat(parts) if parts else empty

    @cached_property
    def _listed(self) -> set[tuple[str, int, str]]:
        """Cells named in a ledger: table, row, column (or "" for the whole row)."""
        return {
            (r.file.removesuffix(".csv"), int(r.row), "" if r.reason in WHOLE_ROW else r.column)
            for r in self.ledger.itertuples()
        }

    @cached_property
    def named_rows(self) -> set[tuple[str, int]]:
        """Rows in which a ledger names anything."""
        return {(table, row) for table, row, _ in self._listed}

    def lists(self, table: str, row: int, column: str) -> bool:
        """Does a ledger name this cell, or its row?"""
        return (table, row, column) in self._listed or (table, row, "") in self._listed


def carried() -> list[Path]:
    """The committed files: a report run on a sample client leaves its own beside them."""
    left = {"reports", ".segkit", "to_confirm.xlsx"}
    files = (p for p in sorted(DATASETS.rglob("*")) if p.is_file())
    return [p for p in files if not left & set(p.relative_to(DATASETS).parts)]


@pytest.fixture(scope="module")
def draw_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Draw]:
    made: dict[tuple[str, str], Draw] = {}

    def draw(case: str, which: str) -> Draw:
        if (case, which) not in made:
            folder, names = DATASETS, "en" if "english" in which else "zh"
            if which != "committed":
                folder = tmp_path_factory.mktemp(case)
                small = "small" if "small" in which else "sample"
                build([case], out=folder, seed=7, size=small, names=names)
            made[case, which] = Draw(case, folder, names)
        return made[case, which]

    return draw


def offends(cell: str, c: Column, names: str) -> bool:
    """Does a cell break what the dictionary says of its column?"""
    if cell == "":
        return not c.missing
    allowed = c.values("en" if names == "en" else "zh")
    if c.type in ("category", "flag") and allowed:
        return cell not in allowed
    if c.type == "list":
        return bool(allowed) and not set(cell.split(JOINED_BY)) <= set(allowed)
    if c.type in ("number", "amount"):
        return not re.fullmatch(rf"-?\d+\.\d{{{c.decimals}}}" if c.decimals else r"-?\d+", cell)
    forms = {
        "flag": "[01]",
        "integer": r"-?\d+",
        "date": r"\d{4}-\d\d-\d\d",
        "datetime": r"\d{4}-\d\d-\d\d \d\d:\d\d",
        "month": r"\d{4}-\d\d",
        "id": r"[\w-]+",
    }
    if c.type in forms and not re.fullmatch(forms[c.type], cell):
        return True
    try:
        if c.type in ("date", "datetime"):
            dt.datetime.fromisoformat(cell)
    except ValueError:
        return True
    return False


@pytest.mark.parametrize("which", DRAWS)
@pytest.mark.parametrize("case", [c for c in CASES if c not in OWN_LAYOUT])
class TestTables:
    def test_the_tables_are_those_of_the_dictionary(self, case: str, which: str, draw_of) -> None:
        found = {name: rows[1] for name, rows in draw_of(case, which).tables.items()}
        assert found == {name: [c.name for c in listed] for name, listed in tables(case).items()}

    def test_a_cell_against_the_dictionary_stands_in_a_ledger(self, case: str, which: str, draw_of) -> None:
        draw = draw_of(case, which)
        odd = [
            (table, at, c.name, row[i])
            for table, listed in tables(case).items()
            for at, row in enumerate(draw.tables[table][2:], 2)
            for i, c in enumerate(listed)
            if offends(row[i], c, draw.names) and not draw.lists(table, at, c.name)
        ]
        assert odd == []

    def test_only_columns_that_say_so_hold_cells_that_do_not_read(
        self, case: str, which: str, draw_of
    ) -> None:
        """The types of `load` are the same in every draw."""
        draw = draw_of(case, which)
        for table, listed in tables(case).items():
            for i, c in enumerate(listed):
                if c.type not in WORDS and not c.spoiled:
                    cells = pd.Series([row[i] for row in draw.tables[table][2:] if row[i]], dtype=object)
                    read = pd.to_datetime if c.type in ("date", "datetime") else pd.to_numeric
                    assert read(cells).notna().all(), (table, c.name)

    def test_a_ledger_line_is_the_cell_it_names(self, case: str, which: str, draw_of) -> None:
        draw = draw_of(case, which)
        for line in draw.ledger.itertuples():
            rows = draw.tables[line.file.removesuffix(".csv")]
            assert rows[int(line.row)][rows[1].index(line.column)] == line.old, line

    def test_defects_have_the_codes_of_the_intake(self, case: str, which: str, draw_of) -> None:
        ledger = draw_of(case, which).ledger
        assert set(ledger[ledger["book"] == "defects"]["reason"]) <= REASONS
        assert not set(ledger[ledger["book"] == "planted"]["reason"]) & REASONS
        cell = ["file", "row", "column", "reason"]
        assert not ledger.duplicated(cell).any()

    def test_ids_are_unique_but_for_planted_copies(self, case: str, which: str, draw_of) -> None:
        draw = draw_of(case, which)
        for table, (first, *_) in tables(case).items():
            if first.type != "id" or first.refers:
                continue
            seen: set[str] = set()
            for at, row in enumerate(draw.tables[table][2:], 2):
                assert row[0] not in seen or (table, at) in draw.named_rows, (table, at)
                seen.add(row[0])

    def test_references_lead_somewhere(self, case: str, which: str, draw_of) -> None:
        draw = draw_of(case, which)
        for table, listed in tables(case).items():
            for i, c in enumerate(listed):
                if not c.refers:
                    continue
                target, column = c.refers.split(".")
                at = draw.tables[target][1].index(column)
                there = {row[at] for row in draw.tables[target][2:]} | {""}
                lost = [
                    (table, n, row[i])
                    for n, row in enumerate(draw.tables[table][2:], 2)
                    if not set(row[i].split(JOINED_BY) if c.type == "list" else [row[i]]) <= there
                    and not draw.lists(table, n, c.name)
                ]
                assert lost == []

    def test_phones_and_firms_are_impossible_and_marked(self, case: str, which: str, draw_of) -> None:
        draw = draw_of(case, which)
        for table, listed in tables(case).items():
            for i, c in enumerate(listed):
                cells = [row[i] for row in draw.tables[table][2:]]
                digits = [re.sub(r"\D", "", cell) for cell in cells]
                if c.type != "id" and sum(bool(re.fullmatch(r"(86)?1\d{10}", d)) for d in digits) > 10:
                    assert c.pii == "contact", (table, c.name)
                for cell in cells:
                    if "有限公司" in cell or cell.endswith(" Ltd"):
                        assert "虚构" in cell or "fictional" in cell, cell

    def test_the_summary_counts_rows_and_ledgers(self, case: str, which: str, draw_of) -> None:
        draw = draw_of(case, which)
        text = (draw.folder / "_truth" / f"{case}_summary.yml").read_text("utf-8")
        summary = yaml.safe_load(text)
        counted = draw.ledger.groupby(["book", "reason"]).size()
        for book in LEDGERS:
            own = counted[book].to_dict() if book in counted.index.get_level_values(0) else {}
            assert summary.get(book, {}) == own
        assert summary["rows"] == {t: len(rows) - 2 for t, rows in draw.tables.items()}

    def test_datasheets_are_filled_and_name_every_planted_code(self, case: str, which: str, draw_of) -> None:
        draw = draw_of(case, which)
        for lang, invented in (("zh", "虚构"), ("en", "invented")):
            text = (draw.folder / case / f"datasheet.{lang}.md").read_text("utf-8")
            assert not re.search(r"[{}]", text), lang
            assert invented in "".join(text.splitlines()[:12]) and "MIT" in text
            assert f"segkit data build {case}" in text
            for reason in set(draw.ledger["reason"]):
                assert f"`{reason}`" in text, (lang, reason)


@pytest.mark.parametrize("case", CASES)
def test_the_two_datasheets_quote_the_same_numbers(case: str) -> None:
    """Not the same words, but the same facts: every field of one stands in the other, written alike."""
    fields = []
    for lang in ("zh", "en"):
        template = resources.files(f"segkit.synth.cases.{case}").joinpath(f"datasheet.{lang}.md")
        parsed = string.Formatter().parse(template.read_text("utf-8"))
        fields.append({(name, form) for _, name, form, _ in parsed if name})
    assert fields[0] == fields[1] and len(fields[0]) >= 3


@pytest.mark.parametrize("case", CASES)
def test_another_seed_is_another_draw_of_the_same_structure(case: str, draw_of) -> None:
    here, there = draw_of(case, "committed"), draw_of(case, "seed 7")
    assert set(here.ledger["reason"]) == set(there.ledger["reason"])
    assert set(draw_of(case, "small, english").ledger["reason"]) == set(here.ledger["reason"])
    if case not in OWN_LAYOUT:
        assert {t: r[1] for t, r in here.tables.items()} == {t: r[1] for t, r in there.tables.items()}
        for table, rows in here.tables.items():
            assert len(there.tables[table]) == pytest.approx(len(rows), rel=0.15), table
    names = [p.name for p in carried() if p.parent.name == case and p.suffix in (".csv", ".xlsx")]
    same = [
        n for n in names if (here.folder / case / n).read_bytes() == (there.folder / case / n).read_bytes()
    ]
    fixed = {"services.csv", "provinces.csv"}  # catalogues and public facts, not drawn
    assert set(same) <= fixed and len(same) < len(names)


def test_the_sample_is_small_enough_to_carry_along() -> None:
    files = carried()
    assert max(p.stat().st_size for p in files) <= 2_000_000
    assert sum(p.stat().st_size for p in files) <= 15_000_000
    for path in files:
        if path.suffix == ".csv":
            assert path.read_bytes().count(b"\n") <= 25_001, path
    assert {p.name for p in DATASETS.iterdir() if p.is_dir()} == {*CASES, "_truth"}


def test_csv_files_open_in_excel() -> None:
    for path in carried():
        if path.suffix == ".csv" and "gbk" not in path.name:
            assert path.read_bytes().startswith(b"\xef\xbb\xbf"), path


def test_the_dictionary_is_complete_in_both_languages() -> None:
    listed = dictionary(list(CASES))
    written = pd.read_csv(DATASETS / "dictionary.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    assert written.equals(listed.astype(str))
    assert {t.split("/")[0] for t in listed["table"]} == set(CASES)
    known = {
        "id",
        "text",
        "category",
        "list",
        "date",
        "datetime",
        "month",
        "integer",
        "number",
        "amount",
        "flag",
    }
    assert set(listed["type"]) <= known
    assert set(listed["pii_class"]) <= {"none", "identifier", "contact", "personal", "sensitive", "free_text"}
    for column in ("zh", "en", "description", "description_en"):
        assert (listed[column] != "").all()
    chinese = listed["zh"].str.contains("[\u4e00-\u9fff]") | listed["zh"].str.fullmatch(r"[A-Z]+")
    assert chinese.all(), listed[~chinese][["table", "zh"]]
    assert not listed[["en", "description_en", "unit_en", "allowed_en"]].apply(
        lambda s: s.str.contains("[\u4e00-\u9fff]")
    ).any(axis=None)  # fmt: skip
    for column in ("zh", "en", "column"):
        assert not listed.duplicated(["table", column]).any()
    pairs = listed[["allowed", "allowed_en"]].map(lambda cell: cell.count(" | "))
    assert (pairs["allowed"] == pairs["allowed_en"]).all()
    assert set(listed["loads_as"]) == {"text", "date", "datetime", "integer", "number", "amount", "flag"}
    lists = listed[listed["type"] == "list"]
    assert ((lists["allowed"] != "") | (lists["refers"] != "")).all()
