"""An exercise solved by the form alone: typed by keyboard, checked at once, back after the page is loaded again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from lab_page import LabPage
from playwright.sync_api import ElementHandle

from segkit.locale import say
from segkit.teach.exercise import exercise

RIGHT = Path(__file__).resolve().parents[1] / "teach" / "answers" / "E08.yml"
COLUMNS = ("r_score", "f_score", "m_score")
PEOPLE = "ABCDE"


def right() -> dict[str, Any]:
    return dict(yaml.safe_load(RIGHT.read_text(encoding="utf-8"))["right"])


def boxes(cell: ElementHandle) -> list[ElementHandle]:
    """The number fields, row by row."""
    return cell.query_selector_all("input[type=text]")


def choose(cell: ElementHandle, words: str) -> None:
    [label] = [one for one in cell.query_selector_all("label") if (one.text_content() or "").strip() == words]
    label.scroll_into_view_if_needed()
    label.click()


def press(cell: ElementHandle, id: str, lang: str) -> None:
    words = say(f"teach.form.{id}", lang)  # type: ignore[arg-type]
    [button] = [
        one for one in cell.query_selector_all("button") if (one.text_content() or "").strip() == words
    ]
    button.click()


def opened(lab: LabPage) -> ElementHandle:
    lab.open(f"exercises/E08_rfm_by_hand.{lab.lang}.ipynb")
    lab.run_all()
    return lab.cell("form")


@pytest.fixture
def form(lab: LabPage) -> ElementHandle:
    for record in (lab.server.root / "exercises" / "answers").glob("*.json"):
        record.unlink()
    return opened(lab)


def test_form_alone_reaches_full_marks_and_is_back_the_next_day(lab: LabPage, form: ElementHandle) -> None:
    entered, asked = right(), exercise("E08")
    fields = iter(boxes(form))
    for who in PEOPLE:
        for column in COLUMNS:
            field = next(fields)
            if who in entered[column]:
                field.fill(str(entered[column][who]))
                field.press("Tab")
    for entry in asked.form:
        if not entry.rows:
            choose(form, entry.options[entered[entry.name]][lab.lang])  # type: ignore[index]
    press(form, "check", lab.lang)
    done = say("teach.check.head", lab.lang, id="E08", done=6, n=6)  # type: ignore[arg-type]
    lab.page.wait_for_function("([cell, words]) => cell.textContent.includes(words)", arg=[form, done])
    saved = lab.server.root / "exercises" / "answers" / "E08.json"
    assert json.loads(saved.read_text(encoding="utf-8"))["entered"] == entered

    again = opened(lab)
    assert [field.input_value() for field in boxes(again)][:3] == ["4", "3", "3"]
    press(again, "check", lab.lang)
    lab.page.wait_for_function("([cell, words]) => cell.textContent.includes(words)", arg=[again, done])


@pytest.mark.parametrize("typed", ["5", "1"])
def test_what_was_typed_last_is_judged_when_check_is_pressed_at_once(
    lab: LabPage, form: ElementHandle, typed: str
) -> None:
    fields = boxes(form)
    for at, score in zip((0, 3, 9), ("4", "1", "4"), strict=True):  # the R of A, B and D
        fields[at].fill(score)
    fields[6].fill(typed)  # the R of C, still in the field when the button is pressed
    press(form, "check", lab.lang)
    lab.page.wait_for_function("cell => cell.textContent.includes('×')", arg=form)
    reversed_too = exercise("E08").mistakes["reversed"][lab.lang]  # type: ignore[index]
    lab.settle()
    assert (reversed_too in (form.text_content() or "")) == (typed == "5")
