"""What JupyterLab can show of a form: seen broken once in the browser, held here for every exercise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest

from segkit.teach.exercise import exercise, known_exercises
from segkit.teach.forms import Form


def below(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from below(child)


@pytest.mark.parametrize("id", known_exercises())
def test_boxes_have_no_tooltip_and_fields_have_one(
    id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JupyterLab's view of a box with a tooltip ends in a JavaScript error, and the field is not shown."""
    monkeypatch.setenv("SEGKIT_ANSWERS", str(tmp_path))
    shown = list(below(Form(exercise(id), "zh").widget))
    assert [one for one in shown if isinstance(one, ipywidgets.Box) and one.tooltip is not None] == []
    fields = (ipywidgets.Text, ipywidgets.Textarea, ipywidgets.Checkbox, ipywidgets.RadioButtons)
    asked = [one for one in shown if isinstance(one, (*fields, ipywidgets.Dropdown))]
    assert asked and all(one.tooltip for one in asked)
