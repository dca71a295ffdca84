"""to_confirm.xlsx: written masked, filled in as people do, read back."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from segkit.intake import confirm
from segkit.intake.confirm import Questions, read_confirm, write_confirm
from segkit.locale import Lang, say
from segkit.problems import InputProblems

PHONE = "13912345678"
A, B, C = ("orders.csv", "", 12), ("orders.csv", "", 19), ("b.xlsx", "一月", 5)


def twin(first: tuple[str, str, int], second: tuple[str, str, int], **facts: Any) -> dict[str, Any]:
    line = {
        "id_a": f"id{first[2]}",
        "id_b": f"id{second[2]}",
        "why": "phone",
        "name_a": "张伟",
        "name_b": "鸿业商贸（虚构）",
    }
    line |= {"phone_a": PHONE, "phone_b": PHONE, "value_a": 100.5, "value_b": 20.0}
    for side, place in (("a", first), ("b", second)):
        line |= dict(zip((f"file_{side}", f"sheet_{side}", f"row_{side}"), place, strict=True))
    return line | facts


def aside(place: tuple[str, str, int], reason: str, column: str, old: str, amount: float) -> dict[str, Any]:
    file, sheet, row = place
    return {
        "file": file,
        "sheet": sheet,
        "row": row,
        "reason": reason,
        "column": column,
        "old": old,
        "amount": amount,
    }


def asked() -> Questions:
    return Questions(
        twins=pd.DataFrame([twin(A, B), twin(B, C, value_a=9e6), twin(A, C, why="=1+1")]),
        set_aside=pd.DataFrame(
            [
                aside(A, "no_date", "付款时间", "", 10.0),
                aside(B, "bad_amount", "实付款", f"请打 {PHONE}", 0.0),
                aside(C, "test", "会员编号", '=HYPERLINK("http://a.invalid")', 999.0),
            ]
        ),
        statuses=pd.DataFrame(
            {"status": ["待核", "@挂起", f"电话{PHONE}"], "rows": [3, 2, 1], "amount": [30.0, 200.0, 5.0]}
        ),
        sources={"orders.csv": "a" * 64, "b.xlsx": "b" * 64},
    )


class Filled:
    """The written file, filled in by heading and row as somebody at a desk would."""

    def __init__(self, path: Path, lang: Lang, questions: Questions | None = None) -> None:
        self.path, self.lang = path, lang
        write_confirm(questions or asked(), path, lang)
        self.book = openpyxl.load_workbook(path)

    def sheet(self, id: str) -> Any:
        return self.book[say(f"confirm.sheet.{id}", self.lang)]

    def column(self, id: str, head: str) -> int:
        heads = [str(c.value) for c in self.sheet(id)[1]]
        wanted = say(f"confirm.head.{head}", self.lang)
        return next(
            i for i, h in enumerate(heads, 1) if h == wanted or h.startswith((wanted + "（", wanted + " ("))
        )

    def row_of(self, id: str, **cells: Any) -> int:
        for row in range(2, self.sheet(id).max_row + 1):
            if all(self.sheet(id).cell(row, self.column(id, h)).value == v for h, v in cells.items()):
                return row
        raise AssertionError(cells)

    def put(self, id: str, row: int, head: str, value: Any) -> None:
        self.sheet(id).cell(row, self.column(id, head)).value = value

    def read(self, **how: Any) -> confirm.Confirmed:
        self.book.save(self.path)
        return read_confirm(self.path, **how)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_answered_comes_back_and_what_is_left_open_does_not(tmp_path: Path, lang: Lang) -> None:
    filled = Filled(tmp_path / "to_confirm.xlsx", lang)
    yes, no = say("confirm.answer.yes", lang), say("confirm.answer.no", lang)
    filled.put("twins", filled.row_of("twins", row_a=12, row_b=19), "merge", yes)
    filled.put("twins", filled.row_of("twins", row_a=19, row_b=5), "merge", no)
    row = filled.row_of("set_aside", row=12)
    filled.put("set_aside", row, "keep", yes)
    filled.put("set_aside", row, "corrected", dt.datetime(2018, 5, 1))
    filled.put("set_aside", filled.row_of("set_aside", row=19), "keep", no)
    filled.put(
        "statuses", filled.row_of("statuses", status="待核"), "meaning", say("confirm.answer.cancelled", lang)
    )
    found = filled.read()
    assert found.notes == ()
    assert found.merge == ((A, B),)
    assert found.apart == ((C, B),)
    assert found.keep == {A: {"付款时间": "2018-05-01"}}
    assert found.drop == {B}
    assert found.statuses == {"待核": "cancelled"}
    answers = found.answers(asked().twins)
    assert answers.merge == (("id12", "id19"),)
    assert answers.apart == (("id19", "id5"),)


def test_an_untouched_file_answers_nothing(tmp_path: Path) -> None:
    write_confirm(asked(), tmp_path / "q.xlsx", "zh")
    assert read_confirm(tmp_path / "q.xlsx") == confirm.Confirmed()


@pytest.mark.parametrize(
    ("typed", "meant"), [("Y", True), ("√", True), (" 是 ", True), ("ＮＯ", False), (1, True), (False, False)]
)
def test_yes_and_no_are_understood_as_people_type_them(tmp_path: Path, typed: Any, meant: bool) -> None:
    filled = Filled(tmp_path / "q.xlsx", "zh")
    filled.put("twins", filled.row_of("twins", row_a=12, row_b=19), "merge", typed)
    found = filled.read()
    assert (found.merge, found.apart) == ((((A, B),), ()) if meant else ((), ((A, B),)))


def test_sorted_rows_added_columns_and_deleted_sheets_do_no_harm(tmp_path: Path) -> None:
    filled = Filled(tmp_path / "q.xlsx", "en")
    sheet = filled.sheet("twins")
    filled.put("twins", filled.row_of("twins", row_a=12, row_b=19), "merge", "yes")
    rows = [[c.value for c in row] for row in sheet.iter_rows(min_row=2)]
    for r, row in enumerate(reversed(rows), 2):
        for c, value in enumerate(row, 1):
            sheet.cell(r, c).value = value
    sheet.insert_cols(1)
    sheet.cell(1, 1).value = "remark"
    sheet.insert_rows(1, 2)
    del filled.book[say("confirm.sheet.statuses", "en")]
    del filled.book[say("confirm.sheet.how", "en")]
    found = filled.read(sources={})
    assert found.merge == ((A, B),)
    assert found.notes == ()


def test_rows_are_found_without_the_hidden_key(tmp_path: Path) -> None:
    filled = Filled(tmp_path / "q.xlsx", "zh")
    filled.put("twins", filled.row_of("twins", row_a=19, row_b=5), "merge", "是")
    filled.put("set_aside", filled.row_of("set_aside", row=12), "corrected", "2018/5/1")
    for sheet in ("twins", "set_aside"):
        filled.sheet(sheet).delete_cols(filled.column(sheet, "key"))
    found = filled.read()
    assert found.merge == ((C, B),)
    assert found.keep == {A: {"付款时间": "2018/5/1"}}  # a corrected value alone says the row is wanted


def test_answers_that_contradict_are_named_and_neither_is_used(tmp_path: Path) -> None:
    questions = asked()
    twice = Questions(
        pd.concat([questions.twins, pd.DataFrame([twin(B, A)])]), questions.set_aside, questions.statuses
    )
    filled = Filled(tmp_path / "q.xlsx", "zh", twice)
    first, second = (filled.row_of("twins", row_a=12, row_b=19), filled.row_of("twins", row_a=19, row_b=12))
    filled.put("twins", first, "merge", "是")
    filled.put("twins", second, "merge", "否")
    row = filled.row_of("set_aside", row=12)
    filled.put("set_aside", row, "keep", "否")
    filled.put("set_aside", row, "corrected", "2018-05-01")
    found = filled.read()
    assert (found.merge, found.apart, found.keep, found.drop) == ((), (), {}, frozenset())
    assert [(n.id, n.sheet, n.row) for n in found.notes] == [
        ("confirm.contradiction", "疑似同一客户", max(first, second)),
        ("confirm.contradiction", "搁置的行", row),
    ]
    assert all(note.text(lang) for note in found.notes for lang in ("zh", "en"))


def test_a_no_inside_a_chain_of_yes_is_a_contradiction(tmp_path: Path) -> None:
    filled = Filled(tmp_path / "q.xlsx", "zh")
    filled.put("twins", filled.row_of("twins", row_a=12, row_b=19), "merge", "是")
    filled.put("twins", filled.row_of("twins", row_a=19, row_b=5), "merge", "是")
    row = filled.row_of("twins", row_a=12, row_b=5)
    filled.put("twins", row, "merge", "否")
    found = filled.read()
    assert (found.merge, found.apart) == ((), ())
    assert [(n.id, n.row) for n in found.notes] == [("confirm.circle", row)]


def test_a_row_that_lacks_its_value_is_not_kept(tmp_path: Path) -> None:
    filled = Filled(tmp_path / "q.xlsx", "zh")
    for place in (A, C):
        filled.put("set_aside", filled.row_of("set_aside", row=place[2]), "keep", "是")
    found = filled.read()
    assert found.keep == {C: {}}  # a test row counts as it is
    assert [n.id for n in found.notes] == ["confirm.needs_value"]


def test_words_nobody_understands_are_named_with_the_choices(tmp_path: Path) -> None:
    filled = Filled(tmp_path / "q.xlsx", "zh")
    row = filled.row_of("statuses", status="待核")
    filled.put("statuses", row, "meaning", "再说")
    filled.put("twins", 2, "merge", "也许")
    found = filled.read()
    assert (found.merge, found.statuses) == ((), {})
    assert {(n.id, n.sheet, n.row) for n in found.notes} == {
        ("confirm.unreadable", "疑似同一客户", 2),
        ("confirm.unreadable", "未知状态", row),
    }
    assert "再说" in found.notes[-1].text("zh")
    assert "有效" in found.notes[-1].text("zh")


def test_answers_about_a_file_that_changed_are_not_used(tmp_path: Path) -> None:
    filled = Filled(tmp_path / "q.xlsx", "zh")
    filled.put("set_aside", filled.row_of("set_aside", row=19), "keep", "否")
    filled.put("set_aside", filled.row_of("set_aside", row=5), "keep", "否")
    filled.put("twins", filled.row_of("twins", row_a=19, row_b=5), "merge", "是")
    found = filled.read(sources={"orders.csv": "f" * 64, "b.xlsx": "b" * 64})
    assert (found.merge, found.drop) == ((), {C})
    assert [(n.id, n.facts["file"]) for n in found.notes] == [("confirm.changed_file", "orders.csv")]


def test_no_personal_data_is_written_anywhere_in_the_file(tmp_path: Path) -> None:
    write_confirm(asked(), tmp_path / "q.xlsx", "zh")
    with zipfile.ZipFile(tmp_path / "q.xlsx") as parts:
        text = "".join(parts.read(name).decode("utf-8") for name in parts.namelist())
    assert PHONE not in text
    assert "张伟" not in text
    assert "张*" in text
    assert "139****5678" in text
    assert "鸿业商贸（虚构）" in text  # a firm's name is not personal data


def test_the_most_money_is_asked_first_and_client_text_stays_text(tmp_path: Path) -> None:
    write_confirm(asked(), tmp_path / "q.xlsx", "zh")
    book = openpyxl.load_workbook(tmp_path / "q.xlsx")
    assert book["疑似同一客户"]["H2"].value == 19
    assert book["未知状态"]["B2"].value == "@挂起"
    assert {c.data_type for sheet in book for row in sheet.iter_rows() for c in row} <= {
        "s",
        "n",
        "inlineStr",
    }
    assert [v.formula1 for v in book["未知状态"].data_validations.dataValidation] == ['"有效,取消,退款"']
    assert book["疑似同一客户"].column_dimensions["O"].hidden
    # one status held a phone: it is counted as not listed
    summary = {row[0].value: row[3].value for row in book["说明"].iter_rows() if row[0].value}
    assert summary["未知状态"] == 1


def test_more_questions_than_the_limit_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirm, "LIMIT", 2)
    write_confirm(asked(), tmp_path / "q.xlsx", "en")
    book = openpyxl.load_workbook(tmp_path / "q.xlsx")
    assert book["Rows set aside"].max_row == 3
    row = next(r for r in book["How to fill"].iter_rows(values_only=True) if r[0] == "Rows set aside")
    assert row[1:4] == (3, 1009.0, 1)


def test_a_file_that_is_no_workbook_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "q.xlsx").write_bytes(b"not a workbook")
    with pytest.raises(InputProblems) as caught:
        read_confirm(tmp_path / "q.xlsx")
    assert [p.id for p in caught.value.problems] == ["confirm.cannot_open"]


def test_the_same_questions_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_confirm(asked(), tmp_path / name, "zh")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
