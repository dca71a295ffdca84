"""What every widget of a lesson is: named controls, and below them what one pure function makes of their values."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from html import escape
from typing import Any, ClassVar

import pandas as pd
from ipywidgets import HTML, Box, Button, Layout, VBox, Widget
from traitlets import TraitError

from segkit.charts.theme import Drawn
from segkit.locale import Lang, say
from segkit.locale.spoken import spoken
from segkit.problems import InputProblems, Problem, SegkitError
from segkit.widgets.parts import STYLE, Part, Table, as_html


class Explorer(VBox):
    """Controls one moves, and what follows from them at once (交互图表).

    A subclass keeps its data, then calls ``super().__init__(**defaults)``, and says four things:

    - `topic` : the id of its words: the label of control ``bins`` of topic ``rfm_cuts`` is the sentence
      ``widget.rfm_cuts.bins`` of messages.yml (see `label`)
    - `make_controls(lang)` : the controls by name; anything with a trait ``value``, made with ipywidgets' own
      classes and no ``description`` (the base sets it, and ``continuous_update=False``)
    - `render(values, lang)` : what is shown, as a list of parts: `Drawn` figures, `Table`s (a frame with ids, and
      units), sentences (str) and lists of sentences. Pure: it reads `values` and the data, never a control; what
      cannot be is raised as InputProblems
    - `meaning(values, lang)` : what the setting means, in one sentence

    and may say more: `arrange(controls)` (how the controls stand; default: one beside the other, wrapping),
    `actions(lang)` (buttons beside reset; `tell` shows what one did).

    What a notebook and a test use: `values` (by name, plain Python), `set(bins=4)` (several at once, drawn once),
    `reset()` (back to the defaults), `parts(**values)` (what `render` gives, the defaults with `values` put over
    them), `twin(**values)` (the static twin: the first figure of `parts`, else the first table's frame), `html`
    (what is shown below the controls). What cannot be computed is said in one plain sentence in place of
    figures. The language is that of display (`spoken`) when the widget is made.

    Parameters
    ----------
    defaults : first values of controls by name

    Raises
    ------
    InputProblems : no control of that name, or one that cannot take the value; `parts` and `twin` also where
        `render` cannot compute
    """

    topic: ClassVar[str] = ""

    def __init__(self, **defaults: Any) -> None:
        self.lang: Lang = spoken()
        self.controls: dict[str, Any] = self.make_controls(self.lang)
        for name, control in self.controls.items():
            self._dress(name, control)
        self._held = False
        self._put(defaults)
        self.defaults: dict[str, Any] = self.values
        self._shown = HTML()
        self._told = HTML()
        reset = self.button("widget.reset", self.reset)
        self.buttons = [reset, *self.actions(self.lang)]
        super().__init__([self.arrange(self.controls), row(self.buttons), self._told, self._shown])
        for control in self.controls.values():
            control.observe(self._moved, names="value")
        self._refresh()

    # --- what a subclass says -------------------------------------------------------------------

    @abstractmethod
    def make_controls(self, lang: Lang) -> dict[str, Any]:
        """The controls by name, in the order they stand."""
        raise NotImplementedError

    @abstractmethod
    def render(self, values: Mapping[str, Any], lang: Lang) -> Sequence[Part]:
        """What is shown for these values."""
        raise NotImplementedError

    @abstractmethod
    def meaning(self, values: Mapping[str, Any], lang: Lang) -> str:
        """What the setting means, in one sentence."""
        raise NotImplementedError

    def arrange(self, controls: Mapping[str, Any]) -> Widget:
        return row(list(controls.values()))

    def actions(self, lang: Lang) -> list[Button]:
        return []

    # --- what others use ------------------------------------------------------------------------

    @property
    def values(self) -> dict[str, Any]:
        """The settings by name."""
        return {name: control.value for name, control in self.controls.items()}

    def set(self, **values: Any) -> None:
        """Move several controls at once; all that is shown is computed once."""
        with self._at_once():
            self._put(values)

    def reset(self) -> None:
        """Back to the first values."""
        self._told.value = ""
        self.set(**self.defaults)

    def parts(self, **values: Any) -> list[Part]:
        """What is shown for the defaults, with `values` put over them."""
        self._require(values)
        return list(self.render({**self.defaults, **values}, self.lang))

    def twin(self, **values: Any) -> Drawn | pd.DataFrame:
        """The figure (else the table) for the defaults, with `values` put over them: what stands in print."""
        parts = self.parts(**values)
        figure = next((part for part in parts if isinstance(part, Drawn)), None)
        if figure is not None:
            return figure
        return next(part.frame for part in parts if isinstance(part, Table))

    @property
    def html(self) -> str:
        """What is shown below the controls now."""
        return str(self._shown.value)

    # --- for subclasses -------------------------------------------------------------------------

    def label(self, name: str) -> str:
        """The words of a control or option of this widget: ``widget.<topic>.<name>``."""
        return say(f"widget.{self.topic}.{name}", self.lang)

    def button(self, sentence: str, act: Any) -> Button:
        """A button that calls `act`; problems with input are told as a sentence."""
        button = Button(description=say(sentence, self.lang), layout=Layout(width="auto"))

        def clicked(_: Button) -> None:
            try:
                act()
            except SegkitError as error:
                self.tell(said(error, self.lang), wrong=True)

        button.on_click(clicked)
        return button

    def tell(self, sentence: str, wrong: bool = False) -> None:
        """Show what a button did, or why it could not."""
        self._told.value = _framed(_line(sentence, "segkit-wrong" if wrong else "", "status"))

    def _repr_mimebundle_(self, **how: Any) -> Any:
        """With what is shown as plain HTML, for pages on which nothing moves."""
        bundle = super()._repr_mimebundle_(**how)
        if isinstance(bundle, dict):
            bundle["text/html"] = self.html
        return bundle

    # --- inside ---------------------------------------------------------------------------------

    def _dress(self, name: str, control: Any) -> None:
        if control.has_trait("description") and not control.description:
            control.description = self.label(name)
        if control.has_trait("continuous_update"):
            control.continuous_update = False
        if control.has_trait("style") and control.style.has_trait("description_width"):
            control.style.description_width = "initial"
        if control.layout.width is None:
            slider = control.has_trait("readout")
            control.layout.width = "26em" if slider else "auto"  # a track of use beside label and number
            control.layout.min_width = "19em"

    def _require(self, values: Mapping[str, Any]) -> None:
        names = list(self.controls)
        unknown = [
            Problem("widget.no_control", {"name": name, "names": get_close_matches(name, names, 1) or names})
            for name in values
            if name not in self.controls
        ]
        if unknown:
            raise InputProblems(unknown)

    def _put(self, values: Mapping[str, Any]) -> None:
        self._require(values)
        wrong, before = [], self.values
        for name, value in values.items():
            control = self.controls[name]
            try:
                control.value = value
            except TraitError:
                taken = False
            else:  # a slider moves what is beyond its ends
                taken = not control.has_trait("min") or _plain(control.value) == _plain(value)
            if not taken:
                facts = {
                    "name": getattr(control, "description", "") or self.label(name),
                    "value": value,
                    "allowed": _allowed(control),
                }
                wrong.append(Problem("widget.bad_value", facts))
        if wrong:
            for name in values:
                self.controls[name].value = before[name]
            raise InputProblems(wrong)

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        self._held = True
        try:
            yield
        finally:
            self._held = False
            self._refresh()

    def _moved(self, _: Any) -> None:
        if not self._held:
            self._refresh()

    def _refresh(self) -> None:
        values = self.values
        try:
            meaning = _line(self.meaning(values, self.lang), "segkit-meaning", "status")
            below = meaning + as_html(self.render(values, self.lang), self.lang)
        except SegkitError as error:
            below = _line(said(error, self.lang), "segkit-wrong", "alert")
        except Exception as error:  # a page shows nothing of what is raised while a control moves
            self._shown.value = _framed(_line(_unforeseen(error, self.lang), "segkit-wrong", "alert"))
            raise
        self._shown.value = _framed(below)


def row(widgets: Sequence[Widget]) -> Box:
    """Widgets one beside the other; a narrow page wraps them."""
    look = Layout(display="flex", flex_flow="row wrap", align_items="center", grid_gap="4px 16px")
    return Box(list(widgets), layout=look)


def said(error: SegkitError, lang: Lang) -> str:
    """What is wrong, as sentences in a row, without the count that stands above a list."""
    if isinstance(error, InputProblems):
        *first, last = [problem.text(lang) for problem in error.problems]
        return say("widget.problems", lang).join([*(text.rstrip("。.") for text in first), last])
    text = getattr(error, "text", None)
    return text(lang) if text else str(error)


def _unforeseen(error: Exception, lang: Lang) -> str:
    return say("widget.failed", lang, why=f"{type(error).__name__}: {error}")


def _line(sentence: str, how: str, role: str) -> str:
    return f'<p class="{how}" role="{role}">{escape(sentence)}</p>'


def _framed(inner: str) -> str:
    return f'{STYLE}<div class="segkit-explorer">{inner}</div>'


def _plain(value: Any) -> Any:
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _allowed(control: Any) -> str:
    """What a control takes: its options, or its ends."""
    options = getattr(control, "_options_full", ())  # label and value of each
    if options:
        return ", ".join(str(value) for _, value in options)
    if control.has_trait("min") and control.has_trait("max"):
        return f"{control.min}-{control.max}"
    return "—"
