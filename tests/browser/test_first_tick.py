"""From the README to the first tick as a newcomer goes: at most five clicks, nothing typed."""

from __future__ import annotations

import pytest
from lab_page import DIALOG, SECONDS, LabPage
from lab_server import ROOT, starter

MOST = 5
RUN_ALL = "[data-jp-item-name='restart-and-run'] >> nth=0"
ALL_RUN = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === 'code').every(cell => cell.model.executionCount)"""


def opened_first(lang: str) -> str:
    """The document JupyterLab opens with, from the arguments `start.py lab` gives it."""
    [address] = [one for one in starter().lab_arguments(str(ROOT), lang) if "default_url=" in one]
    return address.partition("/tree/")[2]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_room_opens_at_notebook_00_of_its_language(lang: str) -> None:
    page = opened_first(lang)
    assert page == f"notebooks/00_start.{lang}.ipynb" and (ROOT / page).is_file()


def test_first_tick_takes_five_clicks_and_no_typing(lab: LabPage) -> None:
    clicks = ["lab.bat"]
    lab.start(opened_first(lab.lang))

    def click(what: str, place: str) -> None:
        lab.page.locator(place).first.click()
        clicks.append(what)

    click("run all", RUN_ALL)
    named = lab.page.locator(f"{DIALOG} button.jp-mod-accept").inner_text()
    for side in ("title", "how"):
        text = lab.cell(side).inner_text()
        assert "▶▶" in text and named in text, f"cell {side} calls the button {named!r} otherwise"
    click("restart", f"{DIALOG} button.jp-mod-accept")
    lab.page.wait_for_selector(DIALOG, state="detached")
    lab.page.wait_for_function(ALL_RUN, timeout=60 * SECONDS)
    lab.wait_idle()
    assert lab.errors() == []
    form = lab.cell("form")
    form.scroll_into_view_if_needed()
    form.query_selector_all("input[type=radio]")[1].click()
    clicks.append("answer")
    lab.settle()
    form.query_selector("button.mod-primary").click()
    clicks.append("check")
    lab.settle()
    assert "√" in lab.seen("form")
    assert len(clicks) <= MOST


def test_the_checklist_is_fine_where_the_room_is(lab: LabPage) -> None:
    lab.open(opened_first(lab.lang))
    lab.run_all()
    [output] = lab.outputs()["run-checkup"]
    said = "".join(output["data"]["text/html"])
    assert "WRONG" not in said and "有问题" not in said
    assert said.count("√") == 7
