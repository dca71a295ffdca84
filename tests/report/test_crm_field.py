"""Call sheets with real contacts, opened again: apart from the report, marked, and no more than a call needs."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from small_plans import customers_of, planned, tasks_of

from segkit.locale import LANGS, Lang
from segkit.report.render.field import write_field

PEOPLE = pd.DataFrame(
    {
        "customer_id": ["C000001", "C000002", "C000003", "C000004"],
        "name": ["王小明（虚构）", "李小红（虚构）", "=cmd", None],
        "phone": ["10012345678", "10087654321", "10011112222", None],
        "email": ["w@example.com", "l@example.com", "x@example.com", None],
        "opt_out_channels": ["", "拜访", "", ""],
    }
)
ANSWERED = {"contacts": "real", "reason": "一月电话回访", "person": "赵经理（虚构）"}


def sheets(folder: Path, lang: Lang = "zh", **tasks: object) -> dict[str, list[list[object]]]:
    """File name -> rows of its only sheet."""
    customers = customers_of(4)
    model = planned(folder / "run", customers, tasks_of(customers, 4, lang, **tasks), lang=lang)
    files = write_field(model, folder / "run", PEOPLE, folder / "field", **ANSWERED)  # type: ignore[arg-type]
    assert sorted((folder / "field").iterdir()) == sorted(files)
    opened = {}
    for path in files:
        book = openpyxl.load_workbook(path)
        assert len(book.sheetnames) == 1
        opened[path.name] = [[c.value for c in row] for row in book.worksheets[0].iter_rows()]
    return opened


def test_each_owner_gets_a_sheet_with_whom_to_call_when_and_why(tmp_path: Path) -> None:
    opened = sheets(tmp_path, channel="phone")
    assert set(opened) == {f"{owner}_含个人信息.xlsx" for owner in ("张三（虚构）", "CON_", "待分配")}
    rows = opened["张三（虚构）_含个人信息.xlsx"]
    head = next(i for i, row in enumerate(rows) if row[0] == "客户编号")
    assert [h for h in rows[head] if h] == [
        "客户编号",
        "客户名称",
        "电话",
        "渠道",
        "跟进日期",
        "下一步",
        "任务号",
    ]
    first = rows[head + 1]
    assert first[:4] == ["C000001", "王小明（虚构）", "10012345678", "电话"]
    assert str(first[4]).startswith("2026-01-05") and first[5] == "回访关怀，问使用情况和下一次需要"
    assert rows[head + 2][0] == "C000004" and rows[head + 2][2] is None, "no number known, the task stays"


@pytest.mark.parametrize("lang", LANGS)
def test_every_sheet_says_that_it_is_personal_why_and_who_answers_for_it(lang: Lang, tmp_path: Path) -> None:
    mark = {"zh": "含个人信息", "en": "personal data"}[lang]
    for name, rows in sheets(tmp_path, lang).items():
        assert name.endswith(f"_{mark}.xlsx") and mark in str(rows[0][0]).lower()
        assert "一月电话回访" in str(rows[1][0]) and "赵经理（虚构）" in str(rows[1][0])


def test_a_refused_channel_is_not_used(tmp_path: Path) -> None:
    text = str(sheets(tmp_path))
    assert "C000002" not in text and "10087654321" not in text and "C000001" in text


def test_a_line_holds_the_one_contact_its_channel_needs(tmp_path: Path) -> None:
    text = str(sheets(tmp_path, channel=["email", "sms", "email", "phone"], owner="张三（虚构）"))
    assert "w@example.com" in text and "10012345678" not in text
    assert "10087654321" in text and "l@example.com" not in text


def test_a_name_that_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    customers = customers_of(4)
    model = planned(tmp_path / "run", customers, tasks_of(customers, 4, channel="phone"))
    files = write_field(model, tmp_path / "run", PEOPLE, tmp_path / "field", **ANSWERED)  # type: ignore[arg-type]
    cells = [c for p in files for row in openpyxl.load_workbook(p).worksheets[0].iter_rows() for c in row]
    (cell,) = [c for c in cells if c.value == "=cmd"]
    assert cell.data_type == "s"


def test_without_real_contacts_nothing_is_written(tmp_path: Path) -> None:
    model = planned(tmp_path / "run")
    target = tmp_path / "field"
    assert (
        write_field(model, tmp_path / "run", PEOPLE, target, contacts="none", reason=None, person=None) == []
    )
    assert not target.exists()


@pytest.mark.parametrize("missing", ["reason", "person"])
def test_nobody_writes_real_contacts_without_a_reason_and_a_name(missing: str, tmp_path: Path) -> None:
    model = planned(tmp_path / "run")
    with pytest.raises(ValueError, match="reason and a person"):
        write_field(model, tmp_path / "run", PEOPLE, tmp_path / "field", **{**ANSWERED, missing: ""})  # type: ignore[arg-type]
    assert not (tmp_path / "field").exists()


def test_the_folder_of_the_report_is_no_place_for_them(tmp_path: Path) -> None:
    model = planned(tmp_path / "run")
    with pytest.raises(ValueError, match="report"):
        write_field(model, tmp_path / "run", PEOPLE, tmp_path / "run" / "field", **ANSWERED)  # type: ignore[arg-type]
