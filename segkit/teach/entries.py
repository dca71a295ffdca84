"""One field of an exercise's form: from what is typed or chosen to a value, and back (表单项)."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from segkit.locale import Lang, say
from segkit.teach.exercise import Entry, Words


class NotANumber(ValueError):
    """What was typed cannot be read as a number."""


class NotAPercentage(ValueError):
    """A share was typed where a percentage is asked for: 0.17 for 17."""


_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d*)?")


def number_in(text: str, *, share: bool = False) -> float | int | None:
    """The number in what a person typed: ``1，200``, ``３``, ``12%``; None for nothing.

    Parameters
    ----------
    share : the number is a percentage and becomes a share in 0..1, with or without its sign

    Raises
    ------
    NotANumber : there is something, but no number; 17,2 might be two numbers, or one
    NotAPercentage : with `share`, a number below 1 without the sign
    """
    plain = unicodedata.normalize("NFKC", text).replace(" ", "").replace("−", "-")
    signed, plain = plain.endswith("%"), plain.rstrip("%")
    if _THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    if not plain:
        return None
    if "_" in plain or (signed and not share):
        raise NotANumber(text)
    try:
        value = float(plain)
    except ValueError:
        raise NotANumber(text) from None
    if value != value or value in (float("inf"), float("-inf")):
        raise NotANumber(text)
    if share:
        if 0 < abs(value) < 1 and not signed:
            raise NotAPercentage(text)
        return round(value / 100, 10)
    return int(value) if value.is_integer() else value


def is_valid(entry: Entry, value: Any) -> bool:
    """May the form show this value, read from a file that anybody may have changed?"""
    if not entry.rows:
        return _is_valid_cell(entry, value)
    return isinstance(value, dict) and all(
        row in entry.rows and _is_valid_cell(entry, cell) for row, cell in value.items()
    )


def _is_valid_cell(entry: Entry, value: Any) -> bool:
    match entry.kind:
        case "choice":
            return isinstance(value, str) and value in entry.options
        case "several":
            return isinstance(value, list) and all(
                isinstance(one, str) and one in entry.options for one in value
            )
        case "text":
            return isinstance(value, str)
        case _:
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


class Control:
    """The widget of one cell: `value` is None while nothing is entered.

    Parameters
    ----------
    entry : what is asked
    lang : language of the options
    label : said to screen readers, and shown where the cell stands alone
    changed : called after every change a person makes
    """

    def __init__(self, entry: Entry, lang: Lang, label: str, changed: Callable[[], None]) -> None:
        self._entry, self._changed, self._quiet = entry, changed, False
        self._label, self.fault = label, ""
        self.widget = _WIDGETS[entry.kind](entry, lang)
        for box in _boxes(self.widget):
            box.tooltip = label  # the box around them must not have one: JupyterLab's view of it breaks
            box.observe(self._on_change, "value")
        self._lang = lang

    @property
    def value(self) -> Any:
        self.fault = ""
        kind = self._entry.kind
        if kind == "several":
            marked = [
                id for id, box in zip(self._entry.options, _boxes(self.widget), strict=True) if box.value
            ]
            return marked or None
        if kind == "choice":
            return self.widget.value
        typed = str(self.widget.value)
        if kind == "text":
            return typed.strip() or None
        try:
            return number_in(typed, share=kind == "percent")
        except NotANumber:
            self.fault = say("teach.form.no_number", self._lang, at=self._label, text=typed.strip())
        except NotAPercentage:
            self.fault = say("teach.form.no_percentage", self._lang, at=self._label, text=typed.strip())
        return None

    def put(self, value: Any) -> None:
        """Show what was entered before, without telling anybody."""
        self._quiet = True
        try:
            self._put(value)
        finally:
            self._quiet = False

    def _put(self, value: Any) -> None:
        kind = self._entry.kind
        if kind == "several":
            marked = value if isinstance(value, list) else []
            for id, box in zip(self._entry.options, _boxes(self.widget), strict=True):
                box.value = id in marked
        elif kind == "choice":
            self.widget.value = value if value in self._entry.options else None
        elif value is None:
            self.widget.value = ""
        else:
            self.widget.value = _typed(value, kind)

    def _on_change(self, _: object) -> None:
        if not self._quiet:
            self._changed()


def _typed(value: Any, kind: str) -> str:
    if kind == "text" or isinstance(value, bool | str) or not isinstance(value, int | float):
        return str(value)
    shown = value * 100 if kind == "percent" else value
    return f"{round(shown, 8):g}" if abs(shown) < 1e6 else str(shown)


def _choice(entry: Entry, lang: Lang) -> Any:
    import ipywidgets as widgets

    options = [(say("teach.form.choose", lang), None), *_options(entry.options, lang)]
    if entry.rows:
        return widgets.Dropdown(options=options, value=None, layout=widgets.Layout(width="9em"))
    return widgets.RadioButtons(options=options[1:], value=None, layout=widgets.Layout(width="auto"))


def _several(entry: Entry, lang: Lang) -> Any:
    import ipywidgets as widgets

    boxes = [
        widgets.Checkbox(description=words, indent=False, layout=widgets.Layout(width="auto"))
        for words, _ in _options(entry.options, lang)
    ]
    return widgets.VBox(boxes)


def _number(entry: Entry, lang: Lang) -> Any:
    import ipywidgets as widgets

    hint = "%" if entry.kind == "percent" else say("teach.form.number", lang)
    return widgets.Text(placeholder=hint, continuous_update=False, layout=widgets.Layout(width="8em"))


def _text(entry: Entry, lang: Lang) -> Any:
    import ipywidgets as widgets

    return widgets.Textarea(continuous_update=False, layout=widgets.Layout(width="36em", height="5em"))


_WIDGETS: dict[str, Callable[[Entry, Lang], Any]] = {
    "choice": _choice,
    "several": _several,
    "number": _number,
    "percent": _number,
    "text": _text,
}


def _options(options: dict[str, Words], lang: Lang) -> list[tuple[str, str]]:
    return [(words[lang], id) for id, words in options.items()]


def _boxes(widget: Any) -> list[Any]:
    return list(getattr(widget, "children", None) or [widget])
