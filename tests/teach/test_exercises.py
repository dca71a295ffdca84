"""Every exercise: full marks by the form alone, nothing for nothing, and each known mistake answered with its question."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml

from segkit.locale import LANGS, Lang
from segkit.locale.spoken import speak
from segkit.teach import answers
from segkit.teach.entries import NotANumber, number_in
from segkit.teach.exercise import RUNGS, exercise, known_exercises
from segkit.teach.forms import Form, read_entered
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


def test_clear_asks_first(notebook: dict[str, Any]) -> None:
    form = Form(exercise("E08"), "zh")
    form.enter(call="C")
    form._clear(None)
    assert notebook["call"] == "C"
    form._clear(None)
    assert "call" not in notebook and form.entered == {}


def test_a_broken_record_is_an_empty_one(tmp_path: Path) -> None:
    answers.write("E08", entered={"call": "C", "not_a_field": 1})
    assert read_entered(exercise("E08")) == {"call": "C"}
    (tmp_path / "answers" / "E08.json").write_text("{broken", encoding="utf-8")
    assert read_entered(exercise("E08")) == {}


@pytest.mark.parametrize(
    ("typed", "number"), [("1，200", 1200), ("３", 3), ("2.50", 2.5), (" ", None), ("-7", -7), ("12%", 12)]
)
def test_numbers_as_people_type_them(typed: str, number: float | None) -> None:
    assert number_in(typed) == number


def test_percent_becomes_a_share() -> None:
    assert number_in("12%", share=True) == number_in("12", share=True) == 0.12
    with pytest.raises(NotANumber):
        number_in("一成", share=True)
