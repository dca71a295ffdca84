"""The page for the client and the run sheet: the same numbers in both languages, offline, and opened again."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest
from agenda_books import course_file, lesson, row, small, words
from typer.testing import CliRunner

from segkit.cli import app
from segkit.locale import LANGS, Lang
from segkit.workshop.agenda_pages import client_page, run_page, write_pages
from segkit.workshop.course import load_course
from segkit.workshop.run_sheet import behind, blocks, sheet_rows, skips
from segkit.workshop.timetable import Agenda, agenda

ROOT = Path(__file__).resolve().parents[2]
CLOCK = re.compile(r"\d\d:\d\d")


@pytest.fixture
def made(tmp_path: Path) -> Agenda:
    return agenda(days=2, hours=6, role="主管", course=small(tmp_path), root=tmp_path)


class _Cells(HTMLParser):
    """The text of every table cell of a page, and every address it names."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.named: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.named += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        if tag in ("script", "link", "iframe"):
            self.named.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.inside = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "td"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data


def cells(page: str) -> _Cells:
    read = _Cells()
    read.feed(page)
    return read


def numbers(rows: list[list[str]]) -> list[list[str]]:
    """Clock times and bare numbers of every row."""
    return [[c for c in one if CLOCK.match(c) or re.fullmatch(r"T\+\d+|\d+", c)] for one in rows]


def taught_rows(made: Agenda, lang: Lang) -> Iterator[list[str]]:
    for day in range(1, made.wish.days + 1):
        for block in blocks(made, day, lang):
            yield from ([mark.what, mark.where, mark.need] for mark in block.marks)


def test_the_page_of_the_client_has_the_timetable_and_the_same_numbers_in_both_languages(
    made: Agenda,
) -> None:
    pages = {lang: client_page(made, lang) for lang in LANGS}
    rows = {lang: [one for one in cells(page).rows if one] for lang, page in pages.items()}
    assert numbers(rows["zh"]) == numbers(rows["en"])
    minutes = sum(int(one[2]) for one in rows["zh"])
    assert minutes == sum(entry.minutes for entry in made.entries)
    assert {"会界定", "会体检"} <= set(re.findall(r"<li>(.*?)</li>", pages["zh"]))
    assert "主管" in pages["zh"] and "team lead" in pages["en"] and "顾问" not in pages["zh"]


def test_outcomes_of_what_is_not_taught_are_not_promised(tmp_path: Path) -> None:
    course = small(tmp_path)
    short = agenda(days=1, hours=2.75, role="销售", lunch=0, course=course, root=tmp_path)
    assert "02" not in {entry.stretch.part for entry in short.taught() if entry.stretch}
    page = client_page(short, "zh")
    assert "会界定" in page and "会体检" not in page


def test_pages_need_nothing_from_outside(made: Agenda) -> None:
    for lang in LANGS:
        for page in (client_page(made, lang), run_page(made, lang)):
            assert cells(page).named == []
            assert not re.search(r"https?://|url\((?!data:)", page)
            assert "default-src 'none'" in page and "@font-face" in page and "@page" in page


def test_the_run_sheet_says_where_to_be_what_to_show_and_what_it_is(made: Agenda) -> None:
    zh, en = (list(taught_rows(made, lang)) for lang in LANGS)
    assert ["01 题01 · 中段", "01_thing.zh.ipynb 第 4–5 格", "必讲"] in zh
    assert ["01 题01 · 中段".upper(), "01_thing.en.ipynb cells 4–5", "must"] in [
        [what.upper(), where, need] for what, where, need in en
    ]
    assert len(zh) == len(en)
    shown = [mark.show for block in blocks(made, 1, "zh") for mark in block.marks if mark.entry.stretch]
    assert "1 张图" in shown and "表单 E01，让大家自己填" in shown
    rows = {lang: cells(run_page(made, lang)).rows for lang in LANGS}
    assert numbers(rows["zh"]) == numbers(rows["en"])
    since = [mark.since for block in blocks(made, 2, "zh") for mark in block.marks]
    assert since[0] == 0 and since == sorted(since)


def test_late_the_longest_optional_section_ahead_goes_first(tmp_path: Path) -> None:
    lesson(
        tmp_path, "01", [row("开", 10), row("短", 8, "optional"), row("长", 16, "optional"), row("终", 10)]
    )
    lesson(tmp_path, "02", [row("开", 10), row("中", 9), row("中二", 12), row("终", 5)])
    lesson(tmp_path, "03", [row("开", 5), row("中", 30), row("终", 5)])
    parts = {id: {"kind": "lesson"} for id in ("01", "02", "03")} | {
        "end": {"kind": "activity", "minutes": 10}
    }
    listed = [
        {"id": "01", "need": "must"},
        {"id": "02", "need": "core", "rank": 7},
        {"id": "03", "need": "core", "rank": 2},
        {"id": "end", "need": "must"},
    ]
    course = course_file(tmp_path, parts, [{"days": 1, "parts": listed}])
    made = agenda(days=1, hours=6, course=course, root=tmp_path)
    named = {run: [e.stretch.title.zh for e in skips(made, 1, run) if e.stretch] for run in range(1, 5)}
    runs = sorted({entry.run for entry in made.taught()})
    assert named[1] == ["长"], "16 minutes are enough"
    assert named[runs[1]] == ["中二", "中"], (
        "then the least important lesson, longest first, never how it begins and ends"
    )
    assert behind(made, 1, 1, "zh") == "晚了 15 分钟：跳过 01“长”（16 分钟，选做），省 16 分钟"
    assert "15 min behind: skip 01 '长' (16 min, optional), saves 16 min".replace(
        "长", "长".upper()
    ) == behind(made, 1, 1, "en")


def test_nothing_is_skipped_where_only_one_thing_is_left(tmp_path: Path) -> None:
    course = course_file(
        tmp_path,
        {"01": {"kind": "lesson"}, "end": {"kind": "activity", "minutes": 10}},
        [{"days": 1, "parts": [{"id": "01", "need": "must"}, {"id": "end", "need": "must"}]}],
    )
    lesson(tmp_path, "01", [row("开", 30), row("中", 20)])
    made = agenda(days=1, hours=6, course=course, root=tmp_path)
    last = made.taught()[-1]
    slack = sum(e.minutes for e in made.entries if e.kind == "slack" and e.run >= last.run)
    assert skips(made, 1, last.run) == [] or last.run == 1
    assert f"还有 {slack} 分钟" in behind(made, 1, last.run, "zh")


def test_files_are_written_and_say_the_same(made: Agenda, tmp_path: Path) -> None:
    for lang in LANGS:
        paths = write_pages(made, tmp_path / "给 客户", lang)
        assert sorted(path.name for path in paths) == sorted(
            [f"agenda.{lang}.html", *(f"run_sheet.{lang}.{end}" for end in ("csv", "html", "xlsx"))]
        )
        raw = (tmp_path / "给 客户" / f"run_sheet.{lang}.csv").read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf"), "Excel reads it as UTF-8"
        heads, *rows = csv.reader(io.StringIO(raw.decode("utf-8-sig")))
        assert len(rows) == len(made.entries) and len(heads) == 10
        assert sum(int(one[3]) for one in rows) == sum(entry.minutes for entry in made.entries)
        book = openpyxl.load_workbook(tmp_path / "给 客户" / f"run_sheet.{lang}.xlsx")
        assert len(book.worksheets) == made.wish.days
        in_book = [[c.value for c in one] for sheet in book.worksheets for one in sheet.iter_rows(min_row=2)]
        assert [[one[0], one[2]] for one in in_book] == [[one[1], int(one[3])] for one in rows]
    before = {path.name: path.read_bytes() for path in (tmp_path / "给 客户").iterdir()}
    for lang in LANGS:
        write_pages(made, tmp_path / "给 客户", lang)
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "给 客户").iterdir()}


def test_a_title_never_becomes_markup_or_a_formula(tmp_path: Path) -> None:
    lesson(tmp_path, "01", [row("<b>=1+1</b>", 20)])
    parts = {"01": {"kind": "lesson", "title": words("=HYPERLINK(1)")}}
    course = course_file(tmp_path, parts, [{"days": 1, "title": words("<i>课</i>"), "parts": [{"id": "01"}]}])
    made = agenda(days=1, course=course, root=tmp_path)
    for page in (client_page(made, "zh"), run_page(made, "zh")):
        assert "<i>" not in page and "<b>=1" not in page
    _, rows = sheet_rows(made, "zh")
    assert any("=1+1" in str(one[5]) for one in rows)
    paths = write_pages(made, tmp_path / "o", "zh")
    sheet = openpyxl.load_workbook(paths[-1]).worksheets[0]
    assert {c.data_type for one in sheet.iter_rows() for c in one} <= {"s", "n"}


# --- the command -------------------------------------------------------------------------------------


def said(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["workshop", "agenda", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_the_command_prints_the_timetable_and_writes_both_languages(tmp_path: Path, monkeypatch) -> None:
    course = small(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEGKIT_LANG", "zh")
    code, out, err = said("--days", "1", "--role", "主管", "--course", str(course), "--out", "课 表")
    assert (code, err) == (0, "")
    assert "09:00–09:30  30 分钟  准备" in out and "还没有笔记本：2 项，按计划共 85 分钟" in out
    assert len(list((tmp_path / "课 表").iterdir())) == 8
    code, out, _ = said("--days", "1", "--course", str(course), "--out", "en", "--lang", "en")
    assert code == 0 and "No notebook yet: 2 items, 85 min by plan" in out
    assert {path.name.split(".")[1] for path in (tmp_path / "en").iterdir()} == {"en"}


def test_the_command_refuses_with_exit_code_2_and_writes_nothing(tmp_path: Path, monkeypatch) -> None:
    course = small(tmp_path)
    monkeypatch.chdir(tmp_path)
    code, out, err = said(
        "--days", "1", "--hours", "1", "--course", str(course), "--out", "o", "--lang", "zh"
    )
    assert (code, out) == (2, "") and "第 1 天超出 55 分钟" in err and "Traceback" not in err
    assert not (tmp_path / "o").exists()
    (tmp_path / "o").write_text("a file", encoding="utf-8")
    code, _, err = said("--days", "1", "--course", str(course), "--out", "o", "--lang", "en")
    assert code == 2 and "cannot be written" in err


def test_the_real_workbook_gives_pages_without_holes() -> None:
    made = agenda(days=2, hours=6, root=ROOT)
    for lang in LANGS:
        for page in (client_page(made, lang), run_page(made, lang)):
            assert len(cells(page).rows) > 8 and "None" not in page
    assert "拖动 rfm_cuts" in run_page(made, "zh"), "the widget of lesson 04 is to be shown"
    english = run_page(made, "en")
    shown = re.sub(r"<style>.*?</style>", "", english, flags=re.DOTALL)
    assert not re.findall(r"[\u4e00-\u9fff]+", shown), "an English run sheet is English"


def test_the_course_file_speaks_both_languages_and_promises_what_can_be_observed() -> None:
    file = load_course()
    for id, part in file.parts.items():
        assert not re.search(r"[\u4e00-\u9fff]", part.title.en + (part.outcome.en if part.outcome else "")), (
            id
        )
        taught = part.kind in ("lesson", "case") and id != file.setup
        assert bool(part.outcome) == taught, id


# --- the trainer's guide -----------------------------------------------------------------------------


def test_the_trainers_guide_says_the_same_in_both_languages() -> None:
    guides = {lang: (ROOT / "docs" / f"trainer.{lang}.md").read_text(encoding="utf-8") for lang in LANGS}
    kinds = (r"^#", r"^- ", r"^\d\. ", r"^\|")
    zh, en = ([len(re.findall(kind, text, re.MULTILINE)) for kind in kinds] for text in guides.values())
    assert zh == en, "headings, points, steps, table rows"
    figures = [sorted(re.findall(r"\d+(?:\.\d+)*", text)) for text in guides.values()]
    assert figures[0] == figures[1]


def test_what_the_trainers_guide_names_is_there() -> None:
    file = load_course()
    for lang in LANGS:
        text = (ROOT / "docs" / f"trainer.{lang}.md").read_text(encoding="utf-8")
        for path in (
            "segkit/workshop/course.yml",
            "lab.bat",
            "start.py",
            f"casestudies/jd/cards.{lang}.html",
        ):
            assert Path(path).name in text and (ROOT / path).exists(), path
        assert (
            f"{file.times.setup} " in text and f"{file.times.again}" in text and file.times.lunch_at in text
        )
        commands = re.findall(r"^segkit workshop agenda (.+)$", text, re.MULTILINE)
        assert len(commands) == 2
        for command in commands:
            words_of_it = command.split()
            assert {one for one in words_of_it if one.startswith("--")} <= {
                "--days", "--hours", "--start", "--lunch", "--role", "--out",
            }  # fmt: skip
