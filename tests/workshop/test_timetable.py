"""The timetable of a course: its laws on any workbook, known sums on a small one, and wishes that cannot be met."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from agenda_books import course_file, exercise, lesson, row, small, words
from hypothesis import given, settings
from hypothesis import strategies as st

from segkit.problems import InputProblems
from segkit.workshop.agenda_lines import day_lines, terminal_lines
from segkit.workshop.composing import choice, lay_out, runs
from segkit.workshop.course import CourseFile, Times, Words, load_course
from segkit.workshop.material import Material, Stretch, on_disk
from segkit.workshop.timetable import Agenda, Wish, agenda, clock, compose

ROOT = Path(__file__).resolve().parents[2]


def problems_of(**wish: Any) -> dict[str, dict[str, Any]]:
    """Id and facts of every problem of a wish."""
    with pytest.raises(InputProblems) as wrong:
        agenda(**wish)
    for lang in ("zh", "en"):
        assert wrong.value.text(lang)  # type: ignore[arg-type]
    return {problem.id: problem.facts for problem in wrong.value.problems}


def parts_on(made: Agenda, day: int | None = None) -> list[str]:
    """Ids of parts in the order they are taught, a part once for every line."""
    return [
        line.part
        for one in range(1, made.wish.days + 1)
        if day in (None, one)
        for line in day_lines(made, one)
        if line.part
    ]


def left(made: Agenda) -> dict[tuple[str, str | None], str]:
    return {(one.part, one.stretch.id if one.stretch else None): one.why for one in made.left_out}


# --- a small workbook with known sums ---------------------------------------------------------------


def test_a_day_that_holds_everything_has_it_in_order_with_known_minutes(tmp_path: Path) -> None:
    made = agenda(days=1, hours=6, course=small(tmp_path), root=tmp_path)
    assert made.minutes("teach") == 62 + 45 + 30 + 20 + 10
    assert (made.minutes("setup"), made.minutes("lunch"), made.minutes("break")) == (30, 90, 15)
    assert list(dict.fromkeys(parts_on(made))) == ["01", "E01", "02", "case", "end"]
    assert made.left_out == ()
    # the afternoon: 25 + 30 + 10 minutes and a tenth of them, to the next five, then the day is over
    assert (clock(made.entries[-1].end), made.unused) == ("14:45", {1: 105})
    taught = [entry.stretch.id for entry in made.taught() if entry.stretch]
    assert taught.index("E01") == taught.index("s2") + 1, "the exercise comes right after its section"


def test_what_is_not_on_disk_is_named_as_missing_and_its_exercise_with_it(tmp_path: Path) -> None:
    made = agenda(days=1, course=small(tmp_path), root=tmp_path)
    assert [(one.part, one.minutes) for one in made.missing] == [("03", 55), ("E03", 30)]
    exercise(tmp_path, "E03", 15)  # there now, but what it belongs to is not
    made = agenda(days=1, course=tmp_path / "course.yml", root=tmp_path)
    assert [one.part for one in made.missing] == ["03"]
    (one,) = made.left_out
    assert (one.part, one.why, one.other, one.minutes) == ("E03", "without", "03", 15)


def test_sections_and_parts_of_other_roles_are_left_out(tmp_path: Path) -> None:
    course = small(tmp_path)
    sales = agenda(days=1, role="一线销售", course=course, root=tmp_path)
    assert left(sales) == {("02", "s2"): "role"}
    assert sales.minutes("teach") == 167 - 8
    consultant = agenda(days=1, role="consultant", course=course, root=tmp_path)
    assert left(consultant) == {("02", "s2"): "role", ("case", None): "role"}
    assert left(agenda(days=1, role="主管", course=course, root=tmp_path)) == {}


def test_core_stays_and_optional_goes_when_time_is_short(tmp_path: Path) -> None:
    made = agenda(days=1, hours=3.5, role="销售", course=small(tmp_path), root=tmp_path)
    assert left(made) == {("case", None): "time", ("02", "s2"): "role"}
    assert {one.need for one in made.left_out if one.why == "time"} == {"optional"}


def test_a_lesson_goes_as_a_whole_and_takes_its_exercise_with_it(tmp_path: Path) -> None:
    lesson(tmp_path, "01", [row("a", 20)])
    lesson(tmp_path, "02", [row("a", 40), row("b", 40)])
    exercise(tmp_path, "E02", 15)
    parts = {"01": {"kind": "lesson"}, "02": {"kind": "lesson"}, "E02": {"kind": "exercise", "of": "02"}}
    places = [{"id": "01", "need": "must"}, {"id": "02"}, {"id": "E02", "rank": 1}]
    course = course_file(tmp_path, parts, [{"days": 1, "parts": places}])
    made = agenda(days=1, hours=2, lunch=0, course=course, root=tmp_path)
    assert parts_on(made) == ["01"]
    assert left(made) == {("02", None): "time", ("E02", "E02"): "without"} or left(made) == {
        ("02", None): "time",
        ("E02", None): "without",
    }


def test_the_second_day_begins_where_the_course_file_says(tmp_path: Path) -> None:
    made = agenda(days=2, hours=5, course=small(tmp_path), root=tmp_path)
    assert set(parts_on(made, 1)) == {"01", "E01"}
    assert set(parts_on(made, 2)) == {"02", "case", "end"}
    assert made.unused[1] > 0 and made.of_day(2)[0].minutes == 10


def test_a_course_file_may_take_only_some_sections(tmp_path: Path) -> None:
    small(tmp_path)
    parts: dict[str, Any] = {"01": {"kind": "lesson"}, "02": {"kind": "lesson"}}
    places = [{"id": "01", "only": ["s1", "s4"]}, {"id": "02", "without": ["s2"]}]
    course = course_file(tmp_path, parts, [{"days": 1, "parts": places}])
    made = agenda(days=1, course=course, root=tmp_path)
    assert [(e.stretch.part, e.stretch.id) for e in made.taught() if e.stretch] == [
        ("01", "s1"), ("01", "s4"), ("02", "s1"), ("02", "s3"),
    ]  # fmt: skip
    places[0]["only"] = ["s9"]
    course = course_file(tmp_path, parts, [{"days": 1, "parts": places}])
    assert problems_of(days=1, course=course, root=tmp_path)["agenda.no_section"]["id"] == "s9"


# --- laws -------------------------------------------------------------------------------------------

PARTS = ["01", "02", "03", "04"]


@st.composite
def books(draw: st.DrawFn) -> tuple[dict[str, list[Any]], dict[str, int], list[dict[str, Any]]]:
    """Lessons with sections, exercises of theirs, and a course in order with any needs and ranks."""
    lessons: dict[str, list[Any]] = {}
    exercises: dict[str, int] = {}
    places = []
    day = 1
    for id in PARTS:
        if draw(st.booleans()):
            lessons[id] = [
                row(
                    f"节{n}",
                    draw(st.integers(3, 40)),
                    *draw(st.sampled_from([(), (), ("optional",), ("role-lead",)])),
                )
                for n in range(draw(st.integers(1, 5)))
            ]
        need = draw(st.sampled_from(["must", "core", "core", "optional"]))
        places.append({"id": id, "need": need, "rank": draw(st.integers(1, 3)), "day": day})
        if draw(st.booleans()):
            exercises[f"E{id}"] = draw(st.integers(5, 45))
            other = draw(st.sampled_from(["core", "optional"]))
            places.append({"id": f"E{id}", "need": other, "rank": draw(st.integers(1, 3)), "day": day})
        day = max(day, draw(st.sampled_from([1, 1, 2])))
    places.append({"id": "end", "need": "must", "day": day})
    return lessons, exercises, places


def in_memory(book: Any, days: int) -> tuple[CourseFile, dict[str, Material]]:
    """The course file and what there is of its parts, without files."""
    lessons, exercises, places = book
    parts: dict[str, Any] = {id: {"kind": "lesson", "after": PARTS[: PARTS.index(id)]} for id in PARTS}
    parts |= {id: {"kind": "exercise", "of": id[1:]} for id in exercises}
    parts["end"] = {"kind": "activity", "minutes": 10}
    listed = [{**place, "day": 1} for place in places] if days == 1 else places
    file = CourseFile.model_validate(
        {
            "roles": {
                "sales": {"name": words("卖"), "about": words("卖")},
                "lead": {"name": words("带"), "about": words("带")},
            },
            "parts": {id: {"title": words(id), "minutes": 30, **part} for id, part in parts.items()},
            "courses": [{"days": days, "title": words("课"), "parts": listed}],
        }
    )
    there: dict[str, Material] = {}
    for id, rows in lessons.items():
        cut = []
        for n, (heading, minutes, tags) in enumerate(rows, 1):
            role = "lead" if "role-lead" in tags else None
            cut.append(
                Stretch(
                    id, f"s{n}", Words(**words(heading)), minutes, "optional" in tags, role, f"{id}.zh.ipynb"
                )
            )
        there[id] = Material(id, "lesson", Words(**words(id)), tuple(cut))
    for id, minutes in {**exercises, "end": 10}.items():
        there[id] = Material(
            id, "exercise", Words(**words(id)), (Stretch(id, id, Words(**words(id)), minutes),)
        )
    return file, there


def composed(book: Any, wish: Wish) -> tuple[Agenda | None, CourseFile, dict[str, Material]]:
    """The agenda of an invented workbook, None where it is refused."""
    file, there = in_memory(book, wish.days)
    try:
        return compose(file, file.courses[0], there, wish), file, there
    except InputProblems as wrong:
        assert {p.id for p in wrong.problems} <= {"agenda.overrun", "agenda.overrun_hours", "agenda.too_long"}
        return None, file, there


WISHES = st.builds(
    Wish,
    days=st.sampled_from([1, 2]),
    minutes=st.integers(6, 34).map(lambda quarters: quarters * 15),
    start=st.sampled_from([510, 540, 610, 700, 810]),
    lunch=st.sampled_from([0, 45, 60, 90]),
    role=st.sampled_from([None, "sales", "lead"]),
)
LAWFUL = settings(max_examples=150, deadline=None)


@LAWFUL
@given(books(), WISHES)
def test_laws_of_the_clock(book: Any, wish: Wish) -> None:
    made, file, there = composed(book, wish)
    if made is None:
        return
    times, begins, lunch = file.times, wish.start, wish.lunch
    for day in range(1, wish.days + 1):
        entries = made.of_day(day)
        if not entries:
            assert made.unused[day] == made.wish.minutes
            continue
        assert entries[0].start == begins
        assert entries[0].kind == "setup" and entries[0].minutes == (times.setup if day == 1 else times.again)
        for before, after in pairwise(entries):
            assert before.end == after.start and after.minutes > 0, "no gap and no overlap"
        had_lunch = made.minutes("lunch", day)
        assert had_lunch in (0, lunch)
        room = entries[-1].end - begins - had_lunch
        assert room + made.unused[day] == made.wish.minutes and made.unused[day] >= 0, "a day never runs over"
        kinds = [entry.kind for entry in entries]
        assert kinds[-1] in ("slack", "teach") and kinds.count("lunch") == (1 if had_lunch else 0)
        if lunch and begins <= 11 * 60 and entries[-1].end > 14 * 60 + 30:
            (noon,) = [e for e in entries if e.kind == "lunch"]
            assert noon.start == max(12 * 60, begins + 60)
        run_start = begins
        for entry in entries:
            if entry.kind in ("break", "lunch"):
                assert entry.minutes == (times.break_minutes if entry.kind == "break" else lunch)
                assert entry.start - run_start <= times.stretch, "a break after at most a stretch"
                run_start = entry.end
        for run in {entry.run for entry in made.taught(day)}:
            of_run = [e for e in entries if e.run == run and e.kind not in ("break", "lunch")]
            taught = sum(e.minutes for e in of_run if e.kind == "teach")
            kept = sum(e.minutes for e in of_run if e.kind == "slack")
            assert kept * 100 >= taught * times.slack, "slack is kept in every run"
    assert compose(file, file.courses[0], there, wish) == made, "the same wish gives the same agenda"


@LAWFUL
@given(books(), WISHES)
def test_laws_of_the_choice(book: Any, wish: Wish) -> None:
    made, file, there = composed(book, wish)
    if made is None:
        return
    course = made.course
    chosen = choice(file, [*zip(course.parts, course.earliest(), strict=True)], there, wish.role)
    key = {(s.part, s.id): position for position, s in enumerate(chosen.stretches)}
    taken = [key[e.stretch.part, e.stretch.id] for e in made.taught() if e.stretch]
    assert taken == sorted(taken) and len(set(taken)) == len(taken), "teaching order, nothing twice"
    assert sum(chosen.stretches[t].minutes for t in taken) == made.minutes("teach")
    between = runs(file.times, days=wish.days, minutes=wish.minutes, start=wish.start, lunch=wish.lunch)
    core = {p for u in chosen.units if u.need != "optional" for p in u.positions if p in taken}
    parts = {chosen.stretches[t].part for t in taken}
    for unit in chosen.units:
        if set(unit.positions) <= set(taken):
            continue
        assert not set(unit.positions) & set(taken), "a unit goes as a whole"
        assert unit.need != "must"
        if unit.of is not None and unit.of not in parts:
            continue
        kept = core if unit.need == "core" else set(taken)
        wish = sorted({*kept, *unit.positions})
        assert lay_out(wish, chosen, between, file.times.slack)[1], "what was left out does not fit"
    for entry in made.taught():
        assert entry.day >= chosen.earliest[key[entry.stretch.part, entry.stretch.id]]  # type: ignore[union-attr]
        assert made.wish.role is None or entry.stretch.role in (None, made.wish.role)  # type: ignore[union-attr]
    every = {*parts, *(one.part for one in made.left_out), *(one.part for one in made.missing)}
    assert {place.id for place in course.parts} <= every, "nothing is dropped in silence"


@settings(max_examples=200, deadline=None)
@given(st.integers(30, 720), st.integers(0, 23 * 12), st.sampled_from([0, 30, 60, 90]), st.integers(60, 150))
def test_runs_cut_a_day_whole(minutes: int, start5: int, lunch: int, stretch: int) -> None:
    times = Times.model_validate({"stretch": stretch})
    day = runs(times, days=1, minutes=minutes, start=start5 * 5, lunch=lunch)
    pauses = [after.start - before.end for before, after in pairwise(day)]
    assert sum(run.end - run.start for run in day) + sum(p for p in pauses if p == 15) == minutes
    assert all(0 < run.end - run.start <= stretch + 4 for run in day)
    assert {*pauses} <= {15, lunch}
    lengths = [run.end - run.start for run in day if run.session == 0]
    assert max(lengths) - min(lengths) <= 5 * len(lengths), "runs of a half day are about equal"


# --- wishes that cannot be met -----------------------------------------------------------------------


def test_every_impossible_wish_is_said_at_once(tmp_path: Path) -> None:
    wrong = problems_of(
        days=4, hours=13, start="25:00", lunch=-5, role="主观", course=small(tmp_path), root=tmp_path
    )
    assert set(wrong) == {
        "agenda.no_course", "agenda.hours", "agenda.start", "agenda.lunch_negative", "agenda.no_role_near",
    }  # fmt: skip
    assert wrong["agenda.no_role_near"]["near"] == "主管 team lead"


@pytest.mark.parametrize(
    ("said", "near"),
    [
        ("一线销售员", "一线销售 front-line sales"),
        ("front line sales", "一线销售 front-line sales"),
        ("consultent", "顾问 consultant"),
        ("客服", None),
    ],
)
def test_an_unknown_role_gets_the_near_word(tmp_path: Path, said: str, near: str | None) -> None:
    wrong = problems_of(days=1, role=said, course=small(tmp_path), root=tmp_path)
    assert set(wrong) == {"agenda.no_role_near" if near else "agenda.no_role"}
    if near:
        assert wrong["agenda.no_role_near"]["near"] == near


@pytest.mark.parametrize("start", ["25:00", "9:75", "早上", "", "900000"])
def test_a_start_that_is_no_time_of_day(tmp_path: Path, start: str) -> None:
    assert set(problems_of(days=1, start=start, course=small(tmp_path), root=tmp_path)) == {"agenda.start"}


@pytest.mark.parametrize("start", ["9:00", "09：00", "９:00", "9点", "0900", " 9:00 "])
def test_a_start_as_people_write_it(tmp_path: Path, start: str) -> None:
    assert agenda(days=1, start=start, course=small(tmp_path), root=tmp_path).wish.start == 540


def test_a_lunch_longer_than_the_day_and_a_day_past_midnight(tmp_path: Path) -> None:
    course = small(tmp_path)
    assert set(problems_of(days=1, hours=6, lunch=400, course=course, root=tmp_path)) == {
        "agenda.lunch_longer"
    }
    late = problems_of(days=1, hours=6, start="20:00", course=course, root=tmp_path)
    assert late["agenda.midnight"]["over"] == 120


def test_a_day_that_cannot_hold_what_must_be_taught_is_refused_with_figures(tmp_path: Path) -> None:
    course = small(tmp_path)
    wrong = problems_of(days=1, hours=1, course=course, root=tmp_path)["agenda.overrun_hours"]
    # 60 minutes less 30 of set-up hold 27; the first section of 10 fits, 25 + 15 + 10 and slack lie beyond
    assert wrong["over"] == 55 and wrong["day"] == 1
    assert "题01（50 分钟）" in wrong["go_zh"] and "题01 (50 min)".upper() in wrong["go_en"].upper()
    hours = float(wrong["enough"])
    assert agenda(days=1, hours=hours, course=course, root=tmp_path)
    problems_of(days=1, hours=hours - 0.25, course=course, root=tmp_path)


def test_a_section_longer_than_any_run_is_said_so(tmp_path: Path) -> None:
    lesson(tmp_path, "01", [row("a", 120)])
    parts = {"01": {"kind": "lesson"}, "end": {"kind": "activity", "minutes": 5}}
    for need, places in (("must", ["01"]), ("core", ["end", "01"])):
        listed = [{"id": id, "need": need if id == "01" else "must"} for id in places]
        course = course_file(tmp_path, parts, [{"days": 1, "parts": listed}])
        lesson(tmp_path, "02", [row("b", 10)])
        if need == "must":
            facts = problems_of(days=1, hours=8, course=course, root=tmp_path)["agenda.too_long"]
            assert facts["minutes"] == 120 and facts["room"] < 105
        else:
            assert left(agenda(days=1, hours=8, course=course, root=tmp_path)) == {("01", None): "long"}


def test_folders_and_files_that_cannot_be_used(tmp_path: Path) -> None:
    course = small(tmp_path / "there")
    (tmp_path / "empty" / "notebooks").mkdir(parents=True)
    (tmp_path / "none").mkdir()
    assert set(problems_of(days=1, course=course, root=tmp_path / "empty")) == {"agenda.nothing"}
    assert set(problems_of(days=1, course=course, root=tmp_path / "none")) == {"agenda.no_workbook"}
    near = problems_of(days=1, course=tmp_path / "there" / "coarse.yml", root=tmp_path)
    assert near["course.no_file_near"]["files"] == ["course.yml"]
    lesson(tmp_path / "there", "01", [row("a", 0)])
    (tmp_path / "there" / "exercises" / "E01_thing.zh.ipynb").write_text(
        (tmp_path / "there" / "exercises" / "E01_thing.zh.ipynb")
        .read_text(encoding="utf-8")
        .replace("**", ""),
        encoding="utf-8",
    )
    wrong = problems_of(days=1, course=course, root=tmp_path / "there")
    assert set(wrong) == {"agenda.no_minutes", "agenda.no_stated_minutes"}


# --- the course file ---------------------------------------------------------------------------------


def test_the_course_file_says_all_that_is_wrong_with_its_lines(tmp_path: Path) -> None:
    path = small(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("of: '01'", "of: '09'").replace("- id: E03", "- id: E3"), encoding="utf-8")
    with pytest.raises(InputProblems) as wrong:
        load_course(path)
    found = [(p.id, p.row is not None, p.file) for p in wrong.value.problems]
    assert ("course.no_part_near", True, "course.yml") in found and len(found) == 3
    path.write_text(
        text.replace("need: must", "need: always").replace("kind: case", "knd: case"), encoding="utf-8"
    )
    with pytest.raises(InputProblems) as wrong:
        load_course(path)
    assert {p.id for p in wrong.value.problems} >= {
        "config.not_one_of",
        "config.unknown_key_near",
        "config.missing_key",
    }


@pytest.mark.parametrize(
    ("places", "problem"),
    [
        ([{"id": "02"}, {"id": "01"}], "course.order"),
        ([{"id": "01"}, {"id": "01"}], "course.part_twice"),
        ([{"id": "01", "day": 2}], "course.day_beyond"),
        ([{"id": "E01"}, {"id": "01"}], "course.order"),
    ],
)
def test_an_order_that_cannot_be(tmp_path: Path, places: Sequence[dict[str, Any]], problem: str) -> None:
    parts = {
        "01": {"kind": "lesson"},
        "02": {"kind": "lesson", "after": ["01"]},
        "E01": {"kind": "exercise", "of": "01"},
    }
    course = course_file(tmp_path, parts, [{"days": 1, "parts": places}])
    with pytest.raises(InputProblems) as wrong:
        load_course(course)
    assert {p.id for p in wrong.value.problems} == {problem}


def test_days_go_up(tmp_path: Path) -> None:
    parts = {"01": {"kind": "lesson"}, "02": {"kind": "lesson"}}
    places = [{"id": "01", "day": 2}, {"id": "02", "day": 1}]
    course = course_file(tmp_path, parts, [{"days": 2, "parts": places}])
    with pytest.raises(InputProblems) as wrong:
        load_course(course)
    assert [p.id for p in wrong.value.problems] == ["course.day_order"]


# --- the real folder ---------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [1, 2])
@pytest.mark.parametrize("role", [None, "一线销售", "主管", "顾问"])
def test_the_real_workbook_gives_an_agenda_for_every_role(days: int, role: str | None) -> None:
    made = agenda(days=days, hours=6, role=role, root=ROOT)
    file = load_course()
    assert {"04", "jd"} <= set(parts_on(made)), "what is on disk is taught"
    there = set(on_disk(ROOT, file))
    missing = {one.part for one in made.missing}
    assert missing & {place.id for place in made.course.parts} == {p.id for p in made.course.parts} - there
    for lang in ("zh", "en"):
        text = "\n".join(terminal_lines(made, lang))  # type: ignore[arg-type]
        assert all(one.part in text or made.part_title(one.part, lang) in text for one in made.missing)  # type: ignore[arg-type]


def test_the_course_file_knows_every_notebook_there_is() -> None:
    known = set(load_course().parts)
    lessons = {path.name.split("_")[0] for path in (ROOT / "notebooks").glob("*.zh.ipynb")}
    cases = {path.name for path in (ROOT / "casestudies").iterdir() if path.is_dir()}
    exercises = {path.name.split("_")[0] for path in (ROOT / "exercises").glob("*.zh.ipynb")}
    assert lessons | cases | exercises <= known
