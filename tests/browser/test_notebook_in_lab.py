"""Lessons in a real JupyterLab: every cell runs, set-up is folded, each widget and each slide is alive."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from lab_page import LabPage
from lab_server import ROOT

LESSONS = ("notebooks/04_*", "casestudies/jd/*")
FOLDED = {"lang-cell", "setup", "widget", "form"}


def stems() -> list[str]:
    """The lessons without language and ending; a pattern that none matches stays, and its tests fail."""
    found = []
    for pattern in LESSONS:
        names = {path.name.split(".")[0] for path in ROOT.glob(f"{pattern}.ipynb")}
        found += [f"{pattern.rpartition('/')[0]}/{name}" for name in sorted(names)] or [pattern]
    return found


@dataclass
class Lesson:
    """A notebook in front of the trainee, all its cells run."""

    lab: LabPage
    cells: list[dict]

    def tagged(self, *tags: str) -> list[str]:
        return [cell["id"] for cell in self.cells if set(tags) & set(cell["metadata"].get("tags", ()))]

    def on_slides(self, ids: list[str]) -> list[str]:
        """Those that slides show."""
        kinds = {cell["id"]: cell["metadata"].get("slideshow", {}).get("slide_type") for cell in self.cells}
        return [id for id in ids if kinds[id] not in ("skip", "notes")]


@pytest.fixture(scope="module", params=stems())
def lesson(request: pytest.FixtureRequest, lab: LabPage) -> Lesson:
    name = f"{request.param}.{lab.lang}.ipynb"
    assert (lab.server.root / name).is_file(), f"there is no {name}"
    lab.open(name)
    lab.run_all()
    return Lesson(lab, lab.cells())


def test_every_cell_runs_without_an_error_or_a_warning(lesson: Lesson) -> None:
    assert lesson.lab.errors() == []
    assert lesson.lab.not_run() == []


def test_set_up_widgets_and_forms_are_folded_and_nothing_else(lesson: Lesson) -> None:
    folded = lesson.tagged(*FOLDED)
    assert len(folded) >= 2, "the language and a widget, at least"
    code = [cell["id"] for cell in lesson.cells if cell["cell_type"] == "code"]
    assert [id for id in code if lesson.lab.folded(id)] == folded


def test_each_widget_moved_by_keyboard_changes_what_it_shows(lesson: Lesson) -> None:
    alive = lesson.lab.widget_cells()
    assert alive and set(lesson.tagged("widget")) <= set(alive)
    for id in lesson.lab.explorers():
        lesson.lab.move(id)
    assert lesson.lab.errors() == []


def test_each_form_takes_an_answer_by_keyboard(lesson: Lesson) -> None:
    for id in lesson.lab.forms():
        lesson.lab.answer(id)
    assert lesson.lab.errors() == []


def test_every_picture_has_an_alt_text(lesson: Lesson) -> None:
    assert lesson.lab.pictures() > 0
    assert lesson.lab.pictures_without_alt() == []


def test_slides_show_a_live_widget(lesson: Lesson) -> None:
    """The first whose figure follows; where there is none, the last form: it can be answered again."""
    shown = lesson.on_slides(lesson.lab.explorers()) or lesson.on_slides(lesson.lab.forms())[-1:]
    assert shown, "nothing that moves stands on a slide"
    lesson.lab.select(shown[0])
    with lesson.lab.slides():  # they begin at the selected cell
        assert shown[0] in lesson.lab.on_slide()
        if shown[0] in lesson.lab.explorers():
            lesson.lab.move(shown[0])
        else:
            lesson.lab.answer(shown[0], again=True)


def test_nothing_pops_up_breaks_or_asks_the_network(lesson: Lesson) -> None:
    assert lesson.lab.pop_ups() == []
    assert lesson.lab.broken == []
    assert lesson.lab.elsewhere.asked == []
