"""JupyterLab as ``start.py lab`` sets it: in the room's language, quiet, readable, slides with live widgets."""

from __future__ import annotations

import pytest
import small_notebook
from lab_page import LabPage

MENUS = {
    "zh": ["文件", "编辑", "查看", "运行", "内核", "标签页", "设置", "帮助"],
    "en": ["File", "Edit", "View", "Run", "Kernel", "Tabs", "Settings", "Help"],
}
RUN_ALL = {"zh": ("运行", "运行所有单元格"), "en": ("Run", "Run All Cells")}
SIZE = "node => getComputedStyle(node).fontSize"


@pytest.fixture(scope="module", autouse=True)
def opened(lab: LabPage) -> None:
    """A small notebook in the language of the page, all its cells run."""
    path = f"试一试/99_small.{lab.lang}.ipynb"
    small_notebook.write(lab.server.root / path, lab.lang)
    lab.start(path)


@pytest.fixture
def run(lab: LabPage) -> LabPage:
    """The notebook, all its cells run, whichever test came before."""
    if lab.not_run():
        lab.run_all()
    return lab


def test_the_menus_are_in_the_language_of_the_room(lab: LabPage) -> None:
    assert lab.menus() == MENUS[lab.lang]


def test_nothing_stands_in_front_of_the_notebook(lab: LabPage) -> None:
    lab.page.wait_for_timeout(1500)
    assert lab.pop_ups() == []


def test_letters_are_large_enough_for_the_last_row(lab: LabPage) -> None:
    prose = lab.cell("title").query_selector(".jp-RenderedMarkdown p")
    code = lab.cell("figure").query_selector(".cm-content")
    assert prose and code
    assert (prose.evaluate(SIZE), code.evaluate(SIZE)) == ("16px", "15px")


def test_lines_of_code_are_numbered_and_work_is_saved_by_itself(lab: LabPage) -> None:
    numbers = lab.cell("figure").query_selector(".cm-lineNumbers")
    assert numbers and numbers.is_visible()
    assert lab.page.evaluate("() => window.jupyterapp.commands.isToggled('docmanager:toggle-autosave')")
    told = lab.server.ask("lab/api/settings/@jupyterlab/docmanager-extension:plugin")
    assert told["schema"]["properties"]["autosaveInterval"]["default"] == 30


def test_the_files_beside_the_notebook_are_listed(lab: LabPage) -> None:
    listed = lab.page.locator(".jp-DirListing-itemText").all_inner_texts()
    assert f"99_small.{lab.lang}.ipynb" in listed


def test_all_cells_run_from_the_menu(lab: LabPage) -> None:
    menu, entry = RUN_ALL[lab.lang]
    assert lab.not_run() == ["language", "figure", "widget"]
    lab.page.locator("#jp-MainMenu .lm-MenuBar-itemLabel").get_by_text(menu, exact=True).click()
    lab.page.locator(".lm-Menu-itemLabel").get_by_text(entry, exact=True).click()
    lab.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.widgets.at(-1).model.executionCount"
    )
    lab.wait_idle()
    assert lab.errors() == [] and lab.not_run() == []


def test_a_folded_cell_is_folded_and_opens_by_a_click(lab: LabPage) -> None:
    assert [lab.folded(id) for id in ("language", "figure", "widget")] == [True, False, True]
    fold = lab.cell("language").query_selector(".jp-Placeholder-contentContainer")
    assert fold
    fold.click()
    assert not lab.folded("language")


def test_a_figure_is_shown_with_its_alt_text(run: LabPage) -> None:
    picture = run.cell("figure").query_selector(".jp-OutputArea img")
    assert picture
    start = {"zh": "条形图", "en": "Bar chart"}[run.lang]
    assert str(picture.get_attribute("alt")).startswith(start)
    assert run.pictures_without_alt() == []


KINDS = ["slider", "choice", "button row"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_control_is_moved_by_keyboard(run: LabPage, kind: str) -> None:
    """JupyterLab would take arrows for steps to the next cell, and leave a drop-down as it stands."""
    assert run.widget_cells() == ["widget"]
    assert run.move("widget", kind) == kind


def test_slides_show_a_live_widget(run: LabPage) -> None:
    run.select("title")
    with run.slides():
        assert run.on_slide() == ["title"]
        run.go_to_slide("widget")
        assert run.on_slide() == ["widget"]
        for kind in KINDS:
            run.move("widget", kind)
        assert run.on_slide() == ["widget"]
    assert run.menus() == MENUS[run.lang]


def test_nothing_was_asked_of_the_network(lab: LabPage) -> None:
    assert lab.elsewhere.asked == [] and lab.broken == []


def test_what_is_asked_of_the_network_is_refused_and_noted(lab: LabPage) -> None:
    """So that the test above is one that can fail."""
    said = lab.page.evaluate("() => fetch('https://news.example/feed').then(() => 'came', () => 'refused')")
    assert said == "refused"
    assert lab.elsewhere.asked.pop() == "https://news.example/feed"
