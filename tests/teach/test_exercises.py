"""Every exercise: full marks by the form alone, nothing for nothing, and each known mistake answered with its question."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from segkit.locale import LANGS, Lang
from segkit.locale.spoken import speak
from segkit.problems import InputProblems
from segkit.teach import answers
from segkit.teach.entries import NotANumber, NotAPercentage, number_in
from segkit.teach.exercise import RUNGS, exercise, known_exercises
from segkit.teach.forms import Form, read_entered
from segkit.teach.guessing import predict
from segkit.teach.judging import Checked, judge

HERE = Path(__file__).parent
EXERCISES = known_exercises()


def prepared(id: str) -> dict[str, Any]:
    text = (HERE / "answers" / f"{id}.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


MISTAKES = [(id, mistake) for id in EXERCISES for mistake in exercise(id).mistakes]


@pytest.fixture(autouse=True)
def own_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGKIT_ANSWERS", str(tmp_path / "answers"))


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names of an invented notebook, in place of a running one."""
    names: dict[str, Any] = {}
    for module in ("forms", "checking"):
        monkeypatch.setattr(f"segkit.teach.{module}.notebook_names", lambda: names)
    return names


def with_mistake(id: str, mistake: str) -> Checked:
    """The right answers with one mistake laid over them: entered, or written as code."""
    case = prepared(id)
    wrong = dict(case["mistakes"][mistake])
    code = wrong.pop("code", "")
    names = exercise(id).made_of({**case["right"], **wrong})
    exec(code, names)
    return judge(id, names)


def with_code(id: str, code: str) -> dict[str, Any]:
    """The right answers, and what `code` writes over them."""
    names = exercise(id).made_of(prepared(id)["right"])
    exec(code, names)
    return names


def asks(id: str, step: str) -> list[str]:
    return list(inspect.signature(exercise(id).test_of("step", step)).parameters)


@pytest.mark.parametrize("id", EXERCISES)
class TestOneExercise:
    def test_its_parts_agree(self, id: str) -> None:
        one = exercise(id)
        tests = {name for name, _ in inspect.getmembers(one.tests, inspect.isfunction)}
        wanted = {f"step_{step.id}" for step in one.steps} | {f"mistake_{name}" for name in one.mistakes}
        assert wanted == {name for name in tests if name.startswith(("step_", "mistake_"))}
        entries = {entry.name for entry in one.form}
        assert set(one.names) <= set(one.made_of(prepared(id)["right"]))
        assert entries == set(prepared(id)["right"])

    def test_form_alone_reaches_full_marks(self, id: str, notebook: dict[str, Any]) -> None:
        form = Form(exercise(id), "zh")
        assert judge(id, notebook).score == 0
        form.enter(**prepared(id)["right"])
        assert judge(id, notebook).score == 100
        again = Form(exercise(id), "en")
        assert again.entered == form.entered == read_entered(exercise(id))

    def test_nothing_entered_is_unattempted(self, id: str) -> None:
        for names in ({}, dict.fromkeys(exercise(id).names, ...), dict.fromkeys(exercise(id).names)):
            found = judge(id, names)
            assert found.score == 0 and not found.attempted and not found.mistakes
            assert {one.status for one in found.steps} == {"unattempted"}

    @pytest.mark.parametrize("lang", LANGS)
    def test_words_name_no_test(self, id: str, lang: Lang) -> None:
        one = exercise(id)
        said = [words[lang] for words in (*one.mistakes.values(), *one.hints)]
        assert len(one.hints) == RUNGS and len(set(said)) == len(said)
        asks = [words[lang] for words in one.mistakes.values()]
        assert all("？" in text or "?" in text for text in asks), "a mistake is answered with a question"


@pytest.mark.parametrize(("id", "mistake"), MISTAKES)
def test_each_known_mistake_fires_its_own_question(id: str, mistake: str) -> None:
    found = with_mistake(id, mistake)
    assert mistake in found.mistakes
    assert found.score < 100
    for lang in LANGS:
        assert exercise(id).mistakes[mistake][lang] in found.text(lang)


@pytest.mark.parametrize("id", EXERCISES)
def test_right_answers_fire_no_mistake(id: str) -> None:
    assert judge(id, exercise(id).made_of(prepared(id)["right"])).mistakes == []


def test_a_function_that_raises_fails_its_step_in_one_line() -> None:
    class Stops(dict[str, int]):
        def get(self, *_: object) -> int:
            raise RuntimeError("stopped")

    found = judge("E08", {"r_score": Stops()})
    assert found.steps[0].status == "failed" and "RuntimeError: stopped" in found.text("zh")


@pytest.mark.parametrize("ends", [KeyboardInterrupt, SystemExit])
def test_a_function_that_ends_python_costs_only_the_steps_that_call_it(ends: type[BaseException]) -> None:
    """From a step, then from a mistake's test, then from what is compared with the guess."""

    def r_score(days: Any) -> Any:
        raise ends

    solved = with_code("E10", "")
    found = judge("E10", solved | {"r_score": r_score})
    lost = {one.step.id for one in found.steps if one.status == "failed"}
    assert lost == {step.id for step in exercise("E10").steps if "r_score" in asks("E10", step.id)}
    assert {one.status for one in found.steps} == {"passed", "failed"}

    tests = exercise("E10").tests
    broken = [name for name in vars(tests) if name.startswith("mistake_")]
    with pytest.MonkeyPatch.context() as patch:
        for name in broken:
            patch.setattr(tests, name, lambda r_score: r_score(0))
        names = solved | {"r_score": r_score, "called": "nobody"}
        assert judge("E10", names).steps[-1].status == "passed"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tests, "guessed", lambda r_score: exec("raise ends", {"ends": ends}))
        found = judge("E10", solved)
    assert found.score == 100 and found.actual is None and found.text("zh")


def test_each_call_of_a_trainees_function_has_its_own_guard() -> None:
    made = 0

    @contextlib.contextmanager
    def guard() -> Iterator[None]:
        nonlocal made
        made += 1
        yield

    judge("E10", with_code("E10", ""), guard)
    assert made == len(exercise("E10").steps) + 1  # and once for what is compared with the guess


def test_check_is_shown_in_the_language_of_the_notebook() -> None:
    found = judge("E08", {"call": "B"})
    for lang in LANGS:
        speak(lang)
        assert exercise("E08").mistakes["calls_newest"][lang] in found._repr_mimebundle_()["text/html"]


def test_form_keeps_what_is_typed_and_says_what_is_no_number(
    notebook: dict[str, Any], tmp_path: Path
) -> None:
    form = Form(exercise("E08"), "zh")
    cell = form._cells["r_score"]["A"].widget
    cell.value = "４"
    assert notebook["r_score"] == {"A": 4}
    assert answers.read("E08")["entered"] == {"r_score": {"A": 4}}
    cell.value = "四"
    assert "“四”不是数字" in form._said.value
    assert form.record()["entered"] == {}


def test_what_is_blanked_or_no_number_is_judged_no_more(notebook: dict[str, Any]) -> None:
    form = Form(exercise("E15"), "zh")
    field = form._cells["hours"][""].widget
    field.value = "36"
    assert notebook["hours"] == 36
    for text in ("", "abc"):
        field.value = text
        assert "hours" not in notebook
    lines = Form(exercise("E10"), "zh")
    lines.enter(line_1="blank", line_2="shared", line_3="down")
    assert callable(notebook["r_score"])
    lines.enter(line_2=None)
    assert "r_score" not in notebook


def test_a_name_given_in_the_first_lesson_is_known_in_the_exercises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEGKIT_ANSWERS")
    for name in ("notebooks", "exercises"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    answers.write("me", name="张三", group="一组")
    monkeypatch.chdir(tmp_path / "exercises")
    assert answers.person() == ("张三", "一组")


def test_clear_asks_first(notebook: dict[str, Any]) -> None:
    form = Form(exercise("E08"), "zh")
    form.enter(call="C")
    form._clear()
    assert notebook["call"] == "C"
    form._clear()
    assert "call" not in notebook and form.entered == {}


def test_a_broken_record_is_an_empty_one_and_is_kept(tmp_path: Path) -> None:
    answers.write("E08", entered={"call": "C", "not_a_field": 1})
    assert read_entered(exercise("E08")) == {"call": "C"}
    (tmp_path / "answers" / "E08.json").write_text("{broken", encoding="utf-8")
    assert read_entered(exercise("E08")) == {}
    answers.write("E08", entered={"call": "B"})
    assert (tmp_path / "answers" / "E08.bak").read_text(encoding="utf-8") == "{broken"


@pytest.mark.parametrize(
    "entered",
    [
        {"prospect": ["a"]},
        {"call": 3},
        {"r_score": [1, 2]},
        {"r_score": {"A": "5"}},
        {"r_score": {"nobody": 1}},
        {"r_score": {"A": float("nan")}},
        {"m_score": {"A": True}},
        [],
        "text",
    ],
)
def test_a_record_of_wrong_types_opens_an_empty_form(entered: Any, notebook: dict[str, Any]) -> None:
    answers.write("E08", entered=entered, hints="many", checked=[])
    assert Form(exercise("E08"), "zh").entered == {} and notebook == {}


@pytest.mark.parametrize("guess", [["A"], {}, "nobody", float("nan"), True])
def test_a_guess_of_a_wrong_type_is_none(guess: Any) -> None:
    answers.write("E08", guesses={"first": guess})
    answers.write("E09", guesses={"first": guess})
    assert "B" in repr(predict("E08", "B")) and "nan" not in repr(predict("E09", 14.0))


def test_two_windows_fill_in_one_form_together(notebook: dict[str, Any]) -> None:
    first, second = Form(exercise("E08"), "zh"), Form(exercise("E08"), "en")
    first.enter(call="C", prospect="apart")
    second.enter(why_differs="ruler")
    assert set(read_entered(exercise("E08"))) == {"call", "prospect", "why_differs"}


def test_what_cannot_be_kept_is_said_and_not_called_saved(
    tmp_path: Path, notebook: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").write_text("", encoding="utf-8")
    monkeypatch.setenv("SEGKIT_ANSWERS", str(tmp_path / "a file" / "answers"))
    form = Form(exercise("E08"), "zh")
    form.enter(call="C")
    assert notebook["call"] == "C" and not answers.write("E08", entered={})
    said = form._bundle(kept=False)["text/plain"]
    assert "写不进" in said and "已自动保存" not in said


def test_what_the_data_say_has_to_fit_the_question() -> None:
    for id, wrong in (("E08", "Z"), ("E08", 3), ("E12", 66.7), ("E12", "abc"), ("E09", "abc")):
        with pytest.raises(InputProblems, match="actual"):
            predict(id, wrong)


@pytest.mark.parametrize(
    ("typed", "number"), [("1，200", 1200), ("３", 3), ("2.50", 2.5), (" ", None), ("-7", -7), ("−7", -7)]
)
def test_numbers_as_people_type_them(typed: str, number: float | None) -> None:
    assert number_in(typed) == number


def test_percent_becomes_a_share() -> None:
    assert number_in("12%", share=True) == number_in("12", share=True) == 0.12
    assert number_in("0.5%", share=True) == 0.005
    with pytest.raises(NotANumber):
        number_in("一成", share=True)
    with pytest.raises(NotAPercentage):
        number_in("0.172", share=True)
    for text in ("17,2", "1,20", "1e999", "nan", "1_000", "12%"):
        with pytest.raises(NotANumber):
            number_in(text)
