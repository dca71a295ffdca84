"""RFM cut points, ABC cuts and the segment map in a real JupyterLab: what is moved is followed by what is shown."""

from __future__ import annotations

import nbformat
import pytest
from lab_page import LabPage
from nbformat.v4 import new_code_cell, new_notebook

WIDGETS = ("rfm_cuts", "abc_cuts", "segment_map")
SET_UP = """
jd = segkit.load("jd")
table = segkit.read_table(jd.path("orders"))
cleaned = segkit.clean(table, segkit.suggest_mapping(table), as_of="2025-12-31")
customers = segkit.customer_table(cleaned.frame, as_of=cleaned.as_of.date)
"""


def cell_of(widget: str) -> str:
    return widget.replace("_", "-")


@pytest.fixture(scope="module", autouse=True)
def opened(lab: LabPage) -> None:
    """A notebook with the three widgets, all its cells run."""
    cells = [new_code_cell(f'import segkit\n\nsegkit.use("{lab.lang}")\n{SET_UP}', id="setup")]
    cells += [new_code_cell(f"segkit.widgets.{name}(customers)", id=cell_of(name)) for name in WIDGETS]
    path = f"class_widgets.{lab.lang}.ipynb"
    nbformat.write(new_notebook(cells=cells), lab.server.root / path)
    lab.start(path)
    lab.run_all()
    assert lab.errors() == [] and lab.not_run() == []


@pytest.mark.parametrize("widget", WIDGETS)
def test_what_is_shown_follows_a_control_moved_by_keyboard(lab: LabPage, widget: str) -> None:
    lab.move(cell_of(widget))
    assert lab.pictures_without_alt() == []


@pytest.mark.parametrize("widget", WIDGETS)
def test_one_button_leads_back_to_what_was_shown_first(lab: LabPage, widget: str) -> None:
    cell = lab.cell(cell_of(widget))
    words = {"zh": "恢复原来的设置", "en": "Back to the first settings"}[lab.lang]
    reset = next(b for b in cell.query_selector_all("button") if b.inner_text() == words)
    reset.click()
    lab.page.wait_for_timeout(1500)
    first = lab.seen(cell_of(widget))
    lab.move(cell_of(widget))
    reset.click()
    lab.page.wait_for_timeout(500)
    lab.wait_idle()
    lab.page.wait_for_timeout(500)
    assert lab.seen(cell_of(widget)) == first


def test_a_map_is_saved_beside_the_notebook_and_a_hole_is_told(lab: LabPage) -> None:
    cell = lab.cell("segment-map")
    save = {"zh": "存成文件", "en": "Save as a file"}[lab.lang]
    name = {"zh": "我的对照表.yml", "en": "my_map.yml"}[lab.lang]
    next(b for b in cell.query_selector_all("button") if b.inner_text() == save).click()
    lab.page.wait_for_timeout(500)
    lab.wait_idle()
    assert (lab.server.root / name).read_text(encoding="utf-8").startswith("kind: rfm")
    [*_, remove] = [b for b in cell.query_selector_all("button") if b.inner_text() == "×"]
    remove.click()
    lab.page.wait_for_timeout(500)
    lab.wait_idle()
    lab.page.wait_for_timeout(500)
    assert {"zh": "没有分群", "en": "have no segment"}[lab.lang] in cell.inner_text()


def test_nothing_was_asked_of_the_world_outside(lab: LabPage) -> None:
    assert lab.elsewhere.asked == [] and lab.broken == []
