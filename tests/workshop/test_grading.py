"""Score sheet, feedback and class map of a class: who, what, in whose language, and nobody named on the wall."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import openpyxl
import pytest
from handed_in import by, committed, save
from typer.testing import CliRunner

from segkit.cli import app
from segkit.locale import LANGS, Lang
from segkit.problems import InputProblems, Problem
from segkit.teach.exercise import exercise
from segkit.workshop.class_map import map_page, topics, unnamed, unnamed_page
from segkit.workshop.class_work import ClassWork, Trainee, class_of, read_class
from segkit.workshop.feedback import feedback_page, feedback_pages
from segkit.workshop.notebooks import read_notebook
from segkit.workshop.pages import workbook_bytes, write_files
from segkit.workshop.score_sheet import score_sheet, terminal_lines
from segkit.workshop.stubs import answer_lines
from segkit.workshop.submissions import Collected, Submission, collect
from segkit.workshop.supervising import Graded, untouched

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["张三", "李四", "王五", "赵六", "钱七", "孙八"]
REVERSED = {lang: exercise("E08").mistakes["reversed"][lang] for lang in LANGS}


def graded(
    name: str,
    id: str = "E08",
    mistakes: tuple[str, ...] = (),
    lang: Lang = "zh",
    hints: int = 0,
    group: str = "",
) -> Graded:
    """What a person with these mistakes gets: each fails the first step that looks for it."""
    steps = dict.fromkeys((step.id for step in exercise(id).steps), "passed")
    for mistake in mistakes:
        steps[next(step.id for step in exercise(id).steps if mistake in step.mistakes)] = "failed"
    won = sum(step.points for step in exercise(id).steps if steps[step.id] == "passed")
    when = dt.datetime(2026, 3, 5, 17, 40)
    one = Submission(id, name, group, f"{name}/{id}.ipynb", when, (), {}, lang, hints)
    return Graded(one, round(100 * won / exercise(id).points), steps, mistakes)


def work_of(*found: Graded, listed: tuple[Trainee, ...] = ()) -> ClassWork:
    return class_of(Collected(tuple(one.submission for one in found), (), ()), found, listed)


@pytest.fixture
def six() -> ClassWork:
    """E08 by six people, three of them reversed and one split a tie; E10 by two, who both crash on ties."""
    made = [("reversed",), ("reversed",), ("reversed",), ("edge_m",), (), ()]
    e08 = [graded(name, mistakes=mistakes) for name, mistakes in zip(NAMES, made, strict=True)]
    return work_of(*e08, *(graded(name, "E10", ("ties_crash",)) for name in NAMES[:2]))


# --- the class -------------------------------------------------------------------------------------


def test_the_class_list_gives_order_and_groups_and_who_is_not_on_it_is_said() -> None:
    listed = (Trainee("赵六", "二组"), Trainee("张三", ""), Trainee("周九", "一组"))
    work = work_of(graded("张 三", group="三组"), graded("赵六", "E10"), graded("赵六六"), listed=listed)
    assert [(one.name, one.group) for one in work.trainees] == [
        ("赵六", "二组"),
        ("张三", "三组"),
        ("周九", "一组"),
        ("赵六六", ""),
    ]
    missing = {one.name: work.missing(one) for one in work.trainees}
    assert missing == {"赵六": ["E08"], "张三": ["E10"], "周九": ["E08", "E10"], "赵六六": ["E10"]}
    assert [(one.name, near) for one, near in work.unlisted()] == [("赵六六", ["赵六"])]


def test_a_class_list_in_gbk_and_in_xlsx(tmp_path: Path) -> None:
    (tmp_path / "名单.csv").write_bytes("姓名,小组\n张三,一组\n吴　十,二组\n,\n".encode("gbk"))
    book = openpyxl.Workbook()
    for row in (["No", "Name", "Team"], [1, "Anna  Li", "A"], [2, "李四", None]):
        book.active.append(row)
    book.save(tmp_path / "class.xlsx")
    assert read_class(tmp_path / "名单.csv") == [Trainee("张三", "一组"), Trainee("吴十", "二组")]
    assert read_class(tmp_path / "class.xlsx") == [Trainee("Anna Li", "A"), Trainee("李四", "")]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("电话,小组\n1,一组\n", "grade.class_no_name"),
        ("姓名,小组\n张三,一组\n张三,二组\n", "grade.class_twice"),
    ],
)
def test_a_class_list_that_cannot_be_used(text: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputProblems) as stopped:
        read_class(tmp_path / "c.csv")
    assert [one.id for one in stopped.value.problems] == [problem]


# --- feedback --------------------------------------------------------------------------------------


def test_feedback_asks_in_the_language_of_the_notebook_unless_told_otherwise() -> None:
    work = work_of(graded("张三", mistakes=("reversed",), lang="en"), graded("李四", mistakes=("reversed",)))
    pages = {name: unescape(page.decode("utf-8")) for name, page in feedback_pages(work, "zh").items()}
    assert REVERSED["en"] in pages["feedback/张三.html"] and REVERSED["zh"] in pages["feedback/李四.html"]
    told = {name: unescape(page.decode("utf-8")) for name, page in feedback_pages(work, "zh", "zh").items()}
    assert REVERSED["zh"] in told["feedback/张三.html"] and REVERSED["en"] not in told["feedback/张三.html"]


@pytest.mark.parametrize(("taken", "rung"), [(0, 0), (1, 1), (3, 2)])
def test_feedback_gives_the_next_hint_and_no_other(taken: int, rung: int) -> None:
    work = work_of(graded("张三", mistakes=("reversed",), hints=taken))
    page = unescape(feedback_page(work, work.trainees[0], "zh"))
    firsts = [hint["zh"].splitlines()[0] for hint in exercise("E08").hints]
    assert [first in page for first in firsts] == [index == rung for index in range(3)]


def test_solved_feedback_says_what_changes_and_gives_no_hint() -> None:
    work = work_of(graded("张三"))
    page = unescape(feedback_page(work, work.trainees[0], "en"))
    assert exercise("E08").next["en"] in page
    assert not any(hint["en"].splitlines()[0] in page for hint in exercise("E08").hints)


def test_a_failed_step_without_a_known_mistake_is_not_answered_with_anothers() -> None:
    one = graded("张三")
    work = work_of(Graded(one.submission, 78, one.steps | {"recency": "failed"}, ()))
    page = unescape(feedback_page(work, work.trainees[0], "en"))
    assert page.count('class="failed"') == 1 and page.count('<p class="asks">') == 1
    assert not any(question["en"] in page for question in exercise("E08").mistakes.values())
    [recency] = [step for step in work.steps("E08") if step.step.id == "recency"]
    assert [one.name for one in recency.unnamed] == ["张三"]


@pytest.mark.parametrize("id", ["E08", "E09", "E10"])
def test_no_page_holds_an_answer_line(id: str) -> None:
    [path] = (ROOT / "exercises" / "solutions").glob(f"{id}_*.zh.ipynb")
    lines = [line for line in answer_lines(read_notebook(path)) if len(line) >= 20]
    found = [graded(name, id, tuple(exercise(id).mistakes), hints=k) for k, name in enumerate(NAMES)]
    work = work_of(*found)
    pages = [*(feedback_page(work, one, lang) for one in work.trainees for lang in LANGS)]
    pages += [page(work, "zh") for page in (map_page, unnamed_page)]
    assert lines and not [line for line in lines for page in pages if line in unescape(page)]


def test_any_name_makes_a_file_that_windows_takes_and_a_page_that_runs_nothing() -> None:
    odd = ["CON", "a/b", "A?B", "李*丽?", "<script>alert(1)</script>", "end. "]
    pages = feedback_pages(work_of(*(graded(name) for name in odd)), "zh")
    files = [name.removeprefix("feedback/") for name in pages]
    assert len({name.casefold() for name in files}) == len(odd)
    assert not [name for name in files if re.search(r'[<>:"/\\|?*]|^CON\.|[ .]\.html$', name)]
    for page in pages.values():
        assert not re.search(rb"<script|<link|\ssrc=|\shref=|https?://", page)


# --- class map -------------------------------------------------------------------------------------


def test_the_map_counts_who_made_what_and_proposes_what_several_share(six: ClassWork) -> None:
    made = {one.id: [who.name for who in one.who] for one in six.misconceptions("E08") if one.who}
    assert made == {"reversed": NAMES[:3], "edge_m": ["赵六"]}
    found = [(one.mistake.id, len(one.mistake.who), one.of, one.minutes) for one in topics(six)]
    assert found == [("reversed", 3, 6, 8), ("ties_crash", 2, 2, 8)]
    page = unescape(map_page(six, "zh"))
    assert all(question["zh"] in page for question in exercise("E08").mistakes.values())
    assert "张三、李四、王五" in page


def test_at_most_three_topics_the_most_common_first() -> None:
    made = ["reversed", "from_zero", "ones", "calls_newest"]
    found = [graded(f"学员{k}", mistakes=tuple(made[: 4 - k // 2 if k < 8 else 0])) for k in range(20)]
    work = work_of(*found)
    assert [(one.mistake.id, one.minutes) for one in topics(work)] == [
        ("reversed", 5),
        ("from_zero", 5),
        ("ones", 3),
    ]


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_to_project_holds_no_name_and_nothing_that_gives_one_away(
    six: ClassWork, lang: Lang
) -> None:
    page = unescape(unnamed_page(six, lang))
    text = re.sub(r"(?s)<style>.*?</style>", "", page)
    assert not [name for name in NAMES if name in page]
    assert not re.search(r"ipynb|一组", text)
    assert REVERSED[lang] in text
    assert exercise("E08").mistakes["edge_m"][lang] not in text  # one person's
    assert not [q for q in exercise("E10").mistakes.values() if q[lang] in text]  # two handed it in
    assert not [step for step in exercise("E10").steps if step.says[lang] in text]
    assert exercise("E10").title[lang] not in text
    [e08] = unnamed(six)
    assert [band for _, band in e08.steps] == ["half", *["most"] * 5]


@pytest.mark.parametrize("lang", LANGS)
def test_of_a_class_of_two_nothing_is_projected(lang: Lang) -> None:
    work = work_of(*(graded(name, mistakes=("reversed",)) for name in NAMES[:2]))
    page = unescape(unnamed_page(work, lang))
    assert unnamed(work) == [] and REVERSED[lang] not in page
    assert exercise("E08").title[lang] not in page and '<p class="none">' in page


def test_the_most_common_mistake_leads_its_exercise_wherever_it_stands_in_the_file() -> None:
    made = [("calls_newest",), ("calls_newest",), ("reversed",)]
    work = work_of(*(graded(name, mistakes=one) for name, one in zip(NAMES, made, strict=False)))
    assert [one.id for one in work.misconceptions("E08") if one.who] == ["calls_newest", "reversed"]


# --- handed in with nothing in it ------------------------------------------------------------------


def blank(name: str, id: str) -> Graded:
    one = graded(name, id)
    return Graded(one.submission, 0, dict.fromkeys(one.steps, "unattempted"), ())


def test_what_nobody_answered_costs_no_marks_and_is_told_apart_from_what_is_missing() -> None:
    work = work_of(graded("张三"), blank("张三", "E09"), blank("张三", "E10"), graded("李四", "E10"))
    zhang, li = sorted(work.trainees, key=lambda one: one.name != "张三")
    assert work.exercises == ("E08", "E10")  # E09 nobody began
    assert (work.average(zhang), work.blank(zhang), work.missing(zhang)) == (100, ["E10"], [])
    assert (work.missing(li), [one.name for one in work.who_began("E10")]) == (["E08"], ["李四"])
    page = unescape(feedback_page(work, zhang, "zh"))
    assert exercise("E10").hints[0]["zh"] not in page and exercise("E10").title["zh"] in page
    assert [line for line in terminal_lines(work, "zh") if "没作答" in line][-1] == "  - 张三：没作答 E10"


def handed_in(path: Path, tmp_path: Path) -> Submission:
    save(by("张三", committed(path.stem, solution=path.parent.name == "solutions")), tmp_path / path.name)
    return collect([tmp_path / path.name]).newest[0]


@pytest.mark.parametrize("name", ["E08_rfm_by_hand.zh", "E09_mean_or_median.en", "E10_reversed_r.zh"])
def test_only_what_certainly_holds_no_answer_is_not_run(name: str, tmp_path: Path) -> None:
    assert not untouched(handed_in(ROOT / "exercises" / "solutions" / f"{name}.ipynb", tmp_path))
    stub = handed_in(ROOT / "exercises" / f"{name}.ipynb", tmp_path)
    wanted = exercise(stub.exercise).names[0]
    told = [
        replace(stub, entered={wanted: 1}),
        *(
            replace(stub, code=(*stub.code, source))
            for source in (
                f"{wanted} = 1",
                f"for {wanted} in [1]: pass",
                f"def {wanted}(days): ...",
                f"from math import pi as {wanted}",
                f'globals()["{wanted}"] = 1',
                f'exec("{wanted} = 1")',
                "%run answers.py",
            )
        ),
    ]
    assert untouched(replace(stub, code=(f"# {wanted} = 1", "x = 2"), entered={wanted: None}))
    assert not any(map(untouched, told))


def test_a_folder_of_exercises_nobody_began_is_mostly_not_run(tmp_path: Path) -> None:
    for path in sorted((ROOT / "exercises").glob("E*.zh.ipynb")):
        save(by("张三", committed(path.stem)), tmp_path / path.name)
    found = collect([tmp_path]).newest
    assert sum(map(untouched, found)) > len(found) / 2


# --- score sheet -----------------------------------------------------------------------------------


def sheet(work: ClassWork, lang: Lang = "zh") -> bytes:
    return workbook_bytes(lambda path: score_sheet(work, path, lang))


def test_the_score_sheet_opens_with_scores_steps_and_all_that_was_not_counted(tmp_path: Path) -> None:
    found = [graded("张三", mistakes=("reversed",)), graded("张三", "E10"), graded("李四", "E10")]
    older = graded("李四").submission
    collected = Collected((), (older,), (Problem("grade.bad_zip", file="坏.zip"),))
    work = class_of(collected, found, [Trainee("李四", "二组"), Trainee("周九", "")])
    (tmp_path / "s.xlsx").write_bytes(sheet(work))
    book = openpyxl.load_workbook(tmp_path / "s.xlsx")
    rows = {page.title: [list(row) for row in page.iter_rows(values_only=True)] for page in book}
    scores = {row[0]: row[2:6] for row in rows["成绩"] if row[0] in [*NAMES, "周九"]}
    assert scores == {"李四": [None, 100, 1, 100], "周九": [None, None, 0, None], "张三": [78, 100, 2, 89]}
    assert [row[5] for row in rows["步骤"] if "再看" in str(row[4])] == [REVERSED["zh"]]
    assert [row[:3] for row in rows["还缺"][1:]] == [
        ["李四", "二组", "E08"],
        ["周九", None, "E08"],
        ["周九", None, "E10"],
    ]
    assert [row[0] for row in rows["没有用上"][1:]] == ["坏.zip", "张三"]
    assert [row[3] for row in rows["旧版本"][1:]] == ["李四/E08.ipynb"]


@pytest.mark.parametrize("lang", LANGS)
def test_the_same_work_gives_the_same_bytes(six: ClassWork, lang: Lang) -> None:
    assert sheet(six, lang) == sheet(six, lang)
    assert feedback_pages(six, lang) == feedback_pages(six, lang)


def test_the_terminal_names_who_owes_what_and_keeps_its_columns(six: ClassWork) -> None:
    lines = list(terminal_lines(six, "zh"))
    assert lines[0].split() == ["姓名", "小组", "E08", "E10", "平均分"]
    [of_zhang] = [line.split() for line in lines if line.startswith("张三")]
    assert of_zhang[:2] == ["张三", "78"] and len(of_zhang) == 4
    ends = {len(line.encode("gbk")) for line in lines[:7]}  # a Chinese character is two columns wide
    assert len(ends) == 1
    assert "  - 钱七：E10" in lines


# --- writing ---------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_written_stops_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "scores.xlsx").mkdir()  # as good as open in Excel: it cannot be opened for writing
    (tmp_path / "a.html").write_bytes(b"old")
    with pytest.raises(InputProblems, match=r"scores\.xlsx"):
        write_files(tmp_path, {"a.html": b"new", "scores.xlsx": b"new", "feedback/b.html": b"new"})
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.html", "scores.xlsx"]
    assert (tmp_path / "a.html").read_bytes() == b"old"


# --- handed in: language and hints; the command ----------------------------------------------------


def test_language_and_hints_come_with_the_submission(tmp_path: Path) -> None:
    save(by("张三", committed("E10_reversed_r.en")), tmp_path / "a" / "E10(1).ipynb")
    save({"id": "E10", "hints": 2}, tmp_path / "a" / "answers" / "E10.json")
    bare = by("李四", committed("E10_reversed_r.en")) | {"metadata": {}}
    save(bare, tmp_path / "b" / "E10.ipynb")
    found = {one.name: (one.lang, one.hints) for one in collect([tmp_path]).newest}
    assert found == {"张三": ("en", 2), "李四": ("en", 0)}


def test_the_command_writes_everything_and_says_who_is_missing_what(tmp_path: Path) -> None:
    place = tmp_path / "收到的 作业"
    save(by("张三", committed("E10_reversed_r.zh", solution=True)), place / "E10(1).ipynb")
    (tmp_path / "名单.csv").write_text("姓名,小组\n张三,一组\n周九,二组\n", encoding="utf-8")
    out = tmp_path / "结果 1"
    given = ["workshop", "grade", str(place), "--class", str(tmp_path / "名单.csv"), "--out", str(out)]
    ran = CliRunner().invoke(app, [*given, "--lang", "zh"])
    assert ran.exit_code == 0, ran.output
    assert "1/1 张三 E10：100 分" in ran.output and "周九：E10" in ran.output
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*")) == [
        "class_map.html",
        "class_map.no_names.html",
        "feedback/张三.html",
        "scores.xlsx",
    ]


def test_the_command_ends_with_2_for_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text("{", encoding="utf-8")
    for place in (tmp_path / "nowhere", tmp_path):
        ran = CliRunner().invoke(app, ["workshop", "grade", str(place), "--out", str(tmp_path / "out")])
        assert ran.exit_code == 2 and not (tmp_path / "out").exists()
