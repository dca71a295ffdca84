"""A notebook of a few cells in the manner of the lessons, for tests of JupyterLab itself."""

from __future__ import annotations

import json
from pathlib import Path

TITLE = {"zh": "# 99 试一试\n\n这一页有一张图和一个滑块。", "en": "# 99 Try it\n\nA figure and a slider."}
FIGURE = """\
import datetime as dt

import pandas as pd
from segkit.charts import segment_value

frame = pd.DataFrame({"label": ["champions", "new"], "customers": [10, 20], "monetary": [500.0, 200.0]})
facts = {"lang": lang, "source": "orders.csv", "as_of": dt.date(2025, 12, 31)}
segment_value(frame, **facts)"""
WIDGET = """\
from ipywidgets import HTML, Dropdown, IntSlider, ToggleButtons, VBox

slider = IntSlider(value=3, min=1, max=5, description="n", continuous_update=False)
choice = Dropdown(options=["champions", "new", "lost"])
row = ToggleButtons(options=[1, 2])
shown = HTML()


def draw(_=None):
    changed = frame.assign(customers=frame["customers"] * slider.value * row.value)
    changed.loc[0, "label"] = choice.value
    more = segment_value(changed, **facts)
    shown.value = more._repr_mimebundle_()[0]["text/html"]


for control in (slider, choice, row):
    control.observe(draw, "value")
draw()
VBox([slider, choice, row, shown])"""


def write(path: Path, lang: str) -> None:
    """The notebook at `path`: title, language (folded), figure, widget (folded)."""

    def cell(id: str, source: str, slide: str, tags: tuple[str, ...] = ()) -> dict[str, object]:
        metadata: dict[str, object] = {"slideshow": {"slide_type": slide}}
        if tags:
            metadata |= {"tags": list(tags), "jupyter": {"source_hidden": True}}
        return {"cell_type": "code", "id": id, "metadata": metadata, "source": source} | {
            "outputs": [],
            "execution_count": None,
        }

    title = {"cell_type": "markdown", "id": "title", "source": TITLE[lang]}
    cells = [
        title | {"metadata": {"slideshow": {"slide_type": "slide"}}},
        cell("language", f'import segkit\n\nlang = segkit.use("{lang}")', "skip", ("lang-cell",)),
        cell("figure", FIGURE, "slide"),
        cell("widget", WIDGET, "slide", ("widget",)),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}, "segkit": {"lang": lang}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1), encoding="utf-8")
