"""The validator against broken files: one clear message for each fault, with its place."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from small_plans import customers_of, planned, tasks_of

from segkit.locale import LANGS
from segkit.problems import InputProblems
from segkit.report.render.crm import known_crms, render_crm, rules, validate
from segkit.report.render.crm.mapping import CrmField, crm_of
from segkit.report.render.crm.rules import fault

Break = Callable[[Path], None]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crm 好的")
    customers = customers_of(120)
    render_crm(planned(folder, customers, tasks_of(customers, 60)), folder, folder, known_crms())
    return folder / "crm"


def test_a_text_is_judged_once_however_many_files_it_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: Counter[tuple[str, str]] = Counter()

    def counted(text: str, field: CrmField) -> object:
        judged[field.to, text] += 1
        return fault(text, field)

    monkeypatch.setattr(rules, "fault", counted)
    customers = customers_of(120)
    render_crm(planned(tmp_path, customers, tasks_of(customers, 60)), tmp_path, tmp_path, ["generic"])
    objects = crm_of("generic").objects
    assert len({text for field, text in judged if field == objects[0].key}) == 120
    assert max(judged.values()) <= len(objects), "a field of one name may stand in each of them"


def replaced(file: str, old: str, new: str) -> Break:
    """In a file, `old` once by `new`."""

    def act(folder: Path) -> None:
        path = folder / file
        text = path.read_bytes().decode("utf-8")
        assert old in text, "the fault must be made"
        path.write_bytes(text.replace(old, new, 1).encode("utf-8"))

    return act


def grown(file: str) -> Break:
    """A file with the records of the next one as well."""

    def act(folder: Path) -> None:
        first, second = folder / file, folder / file.replace("001", "002")
        rows = second.read_bytes().split(b"\n", 1)[1]
        second.unlink()
        first.write_bytes(first.read_bytes() + rows)

    return act


def recoded(file: str) -> Break:
    return lambda folder: (
        (folder / file).write_bytes((folder / file).read_bytes().decode("utf-8-sig").encode("gb18030"))
        and None
    )  # type: ignore[return-value, func-returns-value]


def lone_task(folder: Path) -> None:
    """The customers of the second file are gone, of whom no task speaks; then those of the first."""
    (folder / "customers_001.csv").unlink()


FAULTS: list[tuple[str, str, Break, str, int | None, str | None, list[str]]] = [
    ("generic", "tasks_001.csv", replaced("tasks_001.csv", "T000000000000,", ","), "crm.missing", 6, "task_id", ["必填"]),
    ("generic", "tasks_001.csv", replaced("tasks_001.csv", ",2026-01-05,", ",2026/1/5,"), "crm.bad_date", 2, "due", ["2026/1/5"]),
    ("generic", "tasks_001.csv", replaced("tasks_001.csv", ",2026-01-05,", ",2026-02-30,"), "crm.bad_date", 2, "due", ["2026-02-30"]),
    ("generic", "tasks_001.csv", replaced("tasks_001.csv", "T000000000002", "T000000000000"), "crm.twice", None, "task_id", ["tasks_001.csv", "第 6 行"]),
    ("generic", "customers_002.csv", replaced("customers_002.csv", "C000101", "C000001"), "crm.twice", 2, "customer_id", ["customers_001.csv", "C000001"]),
    ("generic", "customers_001.csv", replaced("customers_001.csv", "重要价值客户", "138****5678"), "crm.masked", 2, "label", ["138****5678"]),
    ("generic", "customers_001.csv", replaced("customers_001.csv", "重要价值客户", "张*"), "crm.masked", 2, "label", ["张*"]),
    ("generic", "customers_001.csv", replaced("customers_001.csv", "重要价值客户", "＝1+1"), "crm.formula", 2, "label", ["公式"]),
    ("generic", "customers_001.csv", replaced("customers_001.csv", "重要价值客户", "@x"), "crm.formula", 2, "label", ["@x"]),
    ("generic", "customers_001.csv", replaced("customers_001.csv", "重要价值客户", "a\x07b"), "crm.control", 2, "label", ["控制字符"]),
    ("generic", "customers_001.csv", replaced("customers_001.csv", "重要价值客户", '"a\nb"'), "crm.control", 2, "label", ["一行"]),
    ("generic", "customers_001.csv", replaced("customers_001.csv", "重要价值客户", "字" * 101), "crm.too_long", 2, "label", ["101", "100"]),
    ("generic", "customers_001.csv", replaced("customers_001.csv", "重要价值客户", "10012345678"), "crm.personal", 2, "label", ["100****5678"]),
    ("generic", "customers_001.csv", grown("customers_001.csv"), "crm.too_many", None, None, ["120", "100"]),
    ("generic", "customers_001.csv", replaced("customers_001.csv", "label,", "phone,"), "crm.strange_column", None, None, ["phone", "label_id"]),
    ("generic", "customers_001.csv", replaced("customers_001.csv", "重要价值客户", '"重要'), "crm.csv_quote", None, None, ["引号"]),
    ("generic", "customers_001.csv", replaced("customers_001.csv", "重要价值客户", "重要,价值"), "crm.csv_width", 2, None, ["10", "9"]),
    ("generic", "customers_001.csv", recoded("customers_001.csv"), "crm.encoding", None, None, ["utf-8"]),
    ("generic", "tasks_001.csv", lone_task, "crm.orphan", None, "customer_id", ["customers"]),
    ("generic", "tasks_001.csv", replaced("tasks_001.csv", ",phone,", ",fax,"), "crm.not_allowed", 6, "channel", ["fax", "phone"]),
    ("generic", "tasks_001.csv", replaced("tasks_001.csv", ",10,", ",10.5,"), "crm.bad_integer", 2, "minutes", ["10.5"]),
    ("generic", "notes.csv", lambda f: (f / "notes.csv").write_text("x", encoding="utf-8") and None, "crm.unknown_file", None, None, ["customers_001.csv"]),  # type: ignore[func-returns-value, return-value]
    ("tryton", "tasks_001.csv", replaced("tasks_001.csv", "\n", "\r\n"), "crm.line_end", None, None, ["CRLF", "LF"]),
    ("tryton", "labels_001.csv", replaced("labels_001.csv", "party.party,C000001", "party.address,C000001"), "crm.no_prefix", 2, "resource", ["party.party,"]),
    ("zoho", "tasks_001.json", replaced("tasks_001.json", "Not Started", "Done"), "crm.not_allowed", 1, "Status", ["Done", "Completed"]),
    ("zoho", "tasks_001.json", replaced("tasks_001.json", '"Due_Date": "2026-01-05"', '"Due_Date": "05/01/2026"'), "crm.bad_date", 1, "Due_Date", ["05/01/2026"]),
    ("zoho", "customers_001.json", replaced("customers_001.json", '"data"', '"rows"'), "crm.json_records", None, None, ["data"]),
    ("zoho", "customers_001.json", replaced("customers_001.json", "},", "}"), "crm.json", 3, None, ["JSON"]),
    ("fxiaoke", "tasks_001.json", replaced("tasks_001.json", '"due_date__c": 1767542400000', '"due_date__c": 1767542400'), "crm.bad_epoch_ms", 1, "due_date__c", ["1767542400000"]),
    ("fxiaoke", "tasks_001.json", replaced("tasks_001.json", '"due_date__c": 1767542400000', '"due_date__c": "2026-01-05"'), "crm.bad_epoch_ms", 1, "due_date__c", ["2026-01-05"]),
    ("fxiaoke", "tasks_001.json", replaced("tasks_001.json", '"task_code__c": "T000000000000", ', ""), "crm.missing", 5, "task_code__c", ["必填"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("target", "file", "act", "id", "row", "column", "words"),
    FAULTS,
    ids=[f"{f[0]}-{f[3]}-{i}" for i, f in enumerate(FAULTS)],
)
def test_each_fault_has_one_message_that_names_its_place(
    target: str,
    file: str,
    act: Break,
    id: str,
    row: int | None,
    column: str | None,
    words: list[str],
    good: Path,
    tmp_path: Path,
) -> None:
    folder = tmp_path / target
    shutil.copytree(good / target, folder)
    assert validate(folder, target) == []
    act(folder)
    found = [p for p in validate(folder, target) if p.id not in MAY_FOLLOW.get(id, ())]
    assert [p.id for p in found] == [id]
    assert (found[0].file, found[0].column) == (file, column)
    assert row is None or found[0].row == row
    text = found[0].text("zh")
    assert all(word in text for word in words), text
    english = found[0].text("en")
    assert english and "{" not in text + english


# what cannot but go with a fault: a heading in place of another is missing as well; an absent file orphans its tasks
MAY_FOLLOW = {
    "crm.strange_column": ("crm.no_column",),
    "crm.encoding": ("crm.orphan",),
    "crm.csv_quote": ("crm.orphan",),
    "crm.csv_width": ("crm.orphan",),
    "crm.json": ("crm.orphan",),
    "crm.json_records": ("crm.orphan",),
    "crm.twice": ("crm.orphan",),
}


def test_a_fault_in_every_row_is_said_once_with_its_number(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "tasks_001.csv"
    raw = (good / "generic" / "tasks_001.csv").read_bytes().decode("utf-8")
    path.write_bytes(raw.replace("2026-01-0", "2026.01.0").encode("utf-8"))
    (only,) = validate(path, "generic")
    assert only.facts["n"] == 60 and only.row == 2 and "60" in only.text("zh") and "60" in only.text("en")


def test_a_single_file_is_checked_by_itself(good: Path) -> None:
    """A task without the customers beside it is no fault: they are in the CRM already."""
    assert validate(good / "generic" / "tasks_001.csv", "generic") == []


def test_an_empty_folder_or_a_wrong_target_is_said(tmp_path: Path) -> None:
    assert [p.id for p in validate(tmp_path, "zoho")] == ["crm.no_files"]
    assert [p.id for p in validate(tmp_path / "nothing", "zoho")] == ["crm.no_files"]
    with pytest.raises(InputProblems) as told:
        validate(tmp_path, "sap")
    assert all("tryton" in told.value.text(lang) for lang in LANGS)


def test_files_of_another_crm_are_not_taken(good: Path) -> None:
    assert {p.id for p in validate(good / "zoho", "generic")} == {"crm.unknown_file"}
    assert {p.id for p in validate(good / "tryton", "generic")} >= {"crm.strange_column", "crm.no_column"}


def test_an_optional_field_that_no_record_fills_may_be_left_out(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "customers_001.json"
    body = json.loads((good / "zoho" / "customers_001.json").read_text(encoding="utf-8"))
    for record in body["data"]:
        record.pop("Segkit_Next_Due", None)
    path.write_text(json.dumps(body), encoding="utf-8", newline="")
    assert validate(path, "zoho") == []


@pytest.mark.parametrize("text", ["3*5 毫米", "满意 *", "2026 * 计划", "a-b", "5 + 3", "编号 12345"])
def test_plain_words_with_signs_in_them_are_taken(text: str) -> None:
    assert fault(text, CrmField(to="x", take=("why",), length=50)) is None
