"""docs/coverage.csv says where each row of the domain's inventory is covered; here it is held to that."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "coverage.csv"
COLUMNS = ["row", "seed", "claim", "artefact", "contains"]
ROWS, MOST_LATER, SHORTEST = 207, 40, 4
LATER = re.compile(r"later: (?:(notebook) (\d\d)|(exercise) (E\d\d)|(function) (\w+))(?: .+)?")

Row = dict[str, str]


def rows_of(table: Path) -> list[Row]:
    """The rows as they stand, every cell a text; a row too short has empty cells."""
    text = table.read_bytes().decode("utf-8-sig")
    return [
        dict(zip(COLUMNS, [*cells, *[""] * len(COLUMNS)], strict=False))
        for cells in list(csv.reader(io.StringIO(text)))[1:]
    ]


def written_wrong(table: Path) -> list[str]:
    """Faults of the file itself: byte order mark (people open it in Excel), line ends, heading."""
    raw = table.read_bytes()
    found = []
    if not raw.startswith(b"\xef\xbb\xbf"):
        found.append("no byte order mark")
    if b"\r" in raw or not raw.endswith(b"\n"):
        found.append("lines do not end in LF")
    if raw.decode("utf-8-sig").split("\n")[0] != ",".join(COLUMNS):
        found.append("heading")
    return found


@cache
def cells_of(notebook: Path) -> dict[str, str]:
    """Sources of the cells by id; outputs do not count, nor how JSON escapes a quote."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in cells}


def notebook_fault(path: Path, text: str) -> str | None:
    """The Chinese one is named; the cell that shows the claim must stand in the English one too."""
    if not path.name.endswith(".zh.ipynb"):
        return "names a notebook that is not the Chinese one"
    twin = path.with_name(path.name.replace(".zh.ipynb", ".en.ipynb"))
    if not twin.is_file():
        return f"{twin.name} is missing"
    showing = [cell for cell, source in cells_of(path).items() if text in source]
    if not showing:
        return f"{text!r} stands in no cell"
    english = cells_of(twin)
    return (
        None
        if any(english.get(cell, "").strip() for cell in showing)
        else "its cell is not in the English one"
    )


@cache
def defined_in(path: Path) -> frozenset[str]:
    """`def name`, `class Name`, and keys of dictionaries in quotes."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    named = {f"class {n.name}" for n in nodes if isinstance(n, ast.ClassDef)}
    named |= {f"def {n.name}" for n in nodes if isinstance(n, ast.FunctionDef)}
    keys = [key for n in nodes if isinstance(n, ast.Dict) for key in n.keys]
    words = [key.value for key in keys if isinstance(key, ast.Constant)]
    return frozenset(named | {f'"{word}"' for word in words if isinstance(word, str)})


def python_fault(path: Path, text: str) -> str | None:
    """What is named must be defined there; a word in a docstring is not."""
    return None if text in defined_in(path) else f"{text!r} is not defined"


def data_fault(path: Path, text: str) -> str | None:
    """A column of the data."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return None if text in next(csv.reader(file)) else f"{text!r} is no column"


def text_fault(path: Path, text: str) -> str | None:
    """Any other text; in YAML a comment does not count."""
    lines = path.read_text(encoding="utf-8").split("\n")
    told = [line for line in lines if not (path.suffix == ".yml" and line.lstrip().startswith("#"))]
    return None if any(text in line for line in told) else f"{text!r} is not in it"


FAULTS: dict[str, Callable[[Path, str], str | None]] = {
    ".ipynb": notebook_fault,
    ".py": python_fault,
    ".csv": data_fault,
    ".yml": text_fault,
    ".md": text_fault,
}


def later_fault(artefact: str, root: Path) -> str | None:
    """`later:` names what is to come, and what has come is no longer later."""
    named = LATER.fullmatch(artefact)
    if named is None:
        return "later without a notebook, exercise or function"
    kind, name = [part for part in named.groups() if part]
    there = {"notebook": f"notebooks/{name}_*.ipynb", "exercise": f"exercises/{name}_*.ipynb"}
    if kind in there and (found := sorted(root.glob(there[kind]))):
        return f"later, though {found[0].name} is there: name it"
    return None


def row_fault(row: Row, root: Path) -> str | None:
    """What is wrong with one row, the first thing found."""
    empty = [column for column in COLUMNS if not row[column].strip()]
    if empty:
        return f"empty: {', '.join(empty)}"
    if not re.fullmatch(r"S[0-4]( S[0-4])*", row["seed"]):
        return f"seed {row['seed']!r}"
    text, artefact = row["contains"], row["artefact"]
    if len(text.strip()) < SHORTEST or text.strip() == row["row"]:
        return f"{text!r} shows nothing"
    if artefact.startswith("later"):
        return later_fault(artefact, root)
    path = root / artefact
    if not path.is_file():
        return f"{artefact} is missing"
    look = FAULTS.get(path.suffix)
    return look(path, text) if look else f"{path.suffix} is no artefact"


def faults(table: Path, root: Path = ROOT, expected: int = ROWS) -> list[str]:
    """Everything that is wrong with a coverage table, each with its row."""
    rows = rows_of(table)
    found = written_wrong(table)
    if [row["row"] for row in rows] != [str(n) for n in range(1, expected + 1)]:
        found.append(f"rows are not 1 to {expected}, each once and in order")
    evidence = Counter((row["artefact"], row["contains"]) for row in rows)
    found += [f"said of {n} rows: {text!r} in {path}" for (path, text), n in evidence.items() if n > 1]
    later = [row["row"] for row in rows if row["artefact"].startswith("later")]
    if len(later) > MOST_LATER:
        found.append(f"{len(later)} rows are later")
    return found + [f"row {row['row']}: {fault}" for row in rows if (fault := row_fault(row, root))]


def test_every_row_is_covered_where_the_table_says() -> None:
    assert faults(TABLE) == []


def write(rows: list[Row], path: Path) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def first(rows: list[Row], suffix: str) -> int:
    return next(at for at, row in enumerate(rows) if row["artefact"].endswith(suffix))


BROKEN: dict[str, tuple[str, dict[str, str], str]] = {
    "empty claim": (".py", {"claim": " "}, "empty: claim"),
    "seed": (".py", {"seed": "S7"}, "seed 'S7'"),
    "no such file": (".py", {"artefact": "segkit/nothing_here.py"}, "segkit/nothing_here.py is missing"),
    "folder": (".py", {"artefact": "segkit"}, "segkit is missing"),
    "not defined": (".py", {"contains": "def no_such_function"}, "is not defined"),
    "start of a name": (
        ".py",
        {"artefact": "segkit/evaluate/uplift.py", "contains": "def upl"},
        "is missing",
    ),
    "word of a docstring": (
        ".py",
        {"artefact": "segkit/evaluate/survey.py", "contains": "Parameters"},
        "is not defined",
    ),
    "no column": (".csv", {"contains": "no_such_column"}, "is no column"),
    "a value, no column": (
        ".csv",
        {"artefact": "datasets/jd/feedback.csv", "contains": "csat"},
        "is no column",
    ),
    "not in the notebook": (".ipynb", {"contains": "这句话哪儿也没有"}, "stands in no cell"),
    "English named": (".ipynb", {"artefact": "notebooks/04_grading.en.ipynb"}, "not the Chinese one"),
    "comment of a playbook": (
        ".yml",
        {"contains": "# A survey of needs", "artefact": "segkit/playbooks/needs.yml"},
        "is not in",
    ),
    "not in the playbook": (".yml", {"contains": "no_such_class:"}, "is not in it"),
    "two characters": (".py", {"contains": "ab"}, "shows nothing"),
    "bare later": (".py", {"artefact": "later"}, "later without"),
    "later without a name": (".py", {"artefact": "later: soon"}, "later without"),
    "later, but there": (
        ".py",
        {"artefact": "later: notebook 04 grading"},
        "later, though 04_grading.en.ipynb",
    ),
    "other kind of file": (".py", {"artefact": "LICENSE"}, "is no artefact"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_row_is_named(name: str, tmp_path: Path) -> None:
    suffix, change, fault = BROKEN[name]
    rows = rows_of(TABLE)
    at = first(rows, suffix)
    rows[at] |= change
    found = faults(write(rows, tmp_path / "coverage.csv"))
    assert len(found) == 1
    assert found[0].startswith(f"row {at + 1}: ")
    assert fault in found[0]


def test_the_row_number_shows_nothing(tmp_path: Path) -> None:
    rows = rows_of(TABLE)
    row = rows[0] | {"row": "1234", "contains": "1234"}
    assert row_fault(row, tmp_path) == "'1234' shows nothing"


def test_rows_missing_double_or_out_of_order_are_noticed(tmp_path: Path) -> None:
    rows = rows_of(TABLE)
    order = f"rows are not 1 to {ROWS}, each once and in order"
    for n, broken in enumerate(
        (rows[:-1], [*rows[:9], *rows[10:]], [rows[1], rows[0], *rows[2:]], [*rows, rows[-1]])
    ):
        assert order in faults(write(broken, tmp_path / f"{n}.csv"))


def test_one_text_does_not_stand_for_two_rows(tmp_path: Path) -> None:
    rows = rows_of(TABLE)
    rows[1] |= {"artefact": rows[0]["artefact"], "contains": rows[0]["contains"]}
    assert any(fault.startswith("said of 2 rows") for fault in faults(write(rows, tmp_path / "coverage.csv")))


def test_too_much_may_not_be_put_off(tmp_path: Path) -> None:
    rows = rows_of(TABLE)
    for at, row in enumerate(rows[: MOST_LATER + 1]):
        row |= {"artefact": f"later: function to_come_{at}"}
    found = faults(write(rows, tmp_path / "coverage.csv"))
    assert [fault for fault in found if "rows are later" in fault]


def test_the_file_opens_in_excel_and_is_the_same_everywhere(tmp_path: Path) -> None:
    raw = TABLE.read_bytes()
    for n, (broken, fault) in enumerate(
        (
            (raw.removeprefix(b"\xef\xbb\xbf"), "no byte order mark"),
            (raw.replace(b"\n", b"\r\n"), "lines do not end in LF"),
            (raw.replace(b"contains", b"text", 1), "heading"),
        )
    ):
        table = tmp_path / f"{n}.csv"
        table.write_bytes(broken)
        assert fault in written_wrong(table)


@pytest.mark.parametrize(
    ("english", "fault"),
    [
        ({"a1": "print('six')"}, []),
        ({"a1": "  "}, ["row 1: its cell is not in the English one"]),
        ({"b2": "print('six')"}, ["row 1: its cell is not in the English one"]),
        (None, ["row 1: 06_survey.en.ipynb is missing"]),
    ],
)
def test_a_lesson_counts_in_both_languages(
    english: dict[str, str] | None, fault: list[str], tmp_path: Path
) -> None:
    def notebook(name: str, sources: dict[str, str]) -> None:
        cells = [{"id": cell, "source": source.splitlines(keepends=True)} for cell, source in sources.items()]
        path = tmp_path / "notebooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"cells": cells}), encoding="utf-8")

    notebook("06_survey.zh.ipynb", {"a1": 'first = 1\nprint("六")'})
    if english is not None:
        notebook("06_survey.en.ipynb", english)
    row = {"row": "1", "seed": "S0 S4", "claim": "六", "artefact": "notebooks/06_survey.zh.ipynb"}
    table = write([row | {"contains": '1\nprint("六")'}], tmp_path / "coverage.csv")
    assert faults(table, tmp_path, expected=1) == fault
