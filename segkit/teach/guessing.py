"""``predict("04.top20")``: guess first, then look (先猜后看). A guess on record makes the number stick."""

from __future__ import annotations

import math
import time
from html import escape
from typing import Any

from segkit.locale import Lang, number, percent, say
from segkit.locale.spoken import spoken
from segkit.problems import InputProblems, Problem
from segkit.teach import answers
from segkit.teach.exercise import Question, question
from segkit.teach.namespace import ON_ITS_WAY, in_notebook

# comparisons on the page, brought up to date when the guess is recorded below or above them
_shown: dict[str, list[Any]] = {}


class Compared:
    """A guess beside what the data say; brought up to date on the page when the guess changes.

    Attributes
    ----------
    id, actual : which guess, and what the data say: a share in 0..1, a number, or an option's id
    """

    def __init__(self, id: str, asked: Question, actual: Any) -> None:
        self.id, self.actual, self._asked = id, actual, asked

    def __repr__(self) -> str:
        return self.text(spoken())

    def text(self, lang: Lang) -> str:
        guess, actual = _recorded(self.id), _shown_value(self._asked, self.actual, lang)
        if guess is None:
            return say("teach.predict.none", lang, actual=actual)
        facts = {"guess": _shown_value(self._asked, guess, lang), "actual": actual}
        if self._asked.kind == "choice":
            return say(f"teach.predict.{'right' if guess == self.actual else 'other'}", lang, **facts)
        if self._asked.kind == "percent":
            return say("teach.predict.points", lang, apart=abs(guess - self.actual) * 100, **facts)
        return say("teach.predict.apart", lang, apart=_plain(abs(guess - self.actual)), **facts)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        handle = display(_Text(self), display_id=True)
        if handle is not None:
            _shown.setdefault(self.id, []).append((handle, self))


class _Text:
    """What a comparison says just now."""

    def __init__(self, compared: Compared) -> None:
        self.said = repr(compared)

    def __repr__(self) -> str:
        return self.said


def predict(id: str, actual: Any = None) -> Any:
    """What do you expect, before you look? Asks for a guess; with `actual` sets the guess beside the data.

    Parameters
    ----------
    id : ``"04.top20"`` (lesson and guess) or an exercise, ``"E08"``
    actual : what the data say: a share in 0..1 for a percentage, a number, or an option's id

    Returns
    -------
    a form to guess with, or the comparison; nothing has to be guessed for a notebook to run

    Raises
    ------
    InputProblems : there is no such guess
    """
    asked = question(id)
    if actual is not None:
        said = actual.item() if hasattr(actual, "item") else actual
        if not _fits(asked, said):
            raise InputProblems([Problem(f"teach.predict.no_{asked.kind}", {"given": str(said)})])
        return Compared(id, asked, said)
    return _form(id, asked) if in_notebook() else _Asked(id, asked)


def _fits(asked: Question, said: Any) -> bool:
    """Is it what the question is answered with?"""
    if asked.kind == "choice":
        return isinstance(said, str) and said in asked.options
    number = isinstance(said, int | float) and math.isfinite(said)
    return number and (asked.kind == "number" or -1.5 <= said <= 1.5)


class _Asked:
    """The question where there is no front end to answer it in."""

    def __init__(self, id: str, asked: Question) -> None:
        self.id, self.asked = id, asked

    def __repr__(self) -> str:
        return _said(self.id, self.asked, spoken())


def _form(id: str, asked: Question) -> Any:
    import ipywidgets as widgets

    lang = spoken()
    before = _recorded(id)
    wide = widgets.Layout(width="auto")
    control: Any
    if asked.kind == "choice":
        options = [(words[lang], option) for option, words in asked.options.items()]
        value = before if before in asked.options else None
        control = widgets.RadioButtons(options=options, value=value, layout=wide)
    else:
        scale = 100 if asked.kind == "percent" else 1
        # it begins at the low end and has to be moved: a slider in the middle suggests the middle
        at = asked.low if before is None else min(max(before * scale, asked.low), asked.high)
        control = widgets.FloatSlider(
            value=at,
            min=asked.low,
            max=asked.high,
            step=asked.step,
            readout_format=".0f" if float(asked.step).is_integer() else ".1f",
            description=_unit(asked, lang),
            continuous_update=False,
            layout=widgets.Layout(width="28em"),
        )
    how = say("teach.predict.how", lang) if before is None else _said(id, asked, lang)
    said = widgets.HTML(value=_html(how))
    button = widgets.Button(description=say("teach.predict.keep", lang), button_style="primary")

    moved = {"by hand": before is not None}
    control.observe(lambda _: moved.update({"by hand": True}), "value")

    def keep(_: object) -> None:
        time.sleep(ON_ITS_WAY)
        if control.value is None or not moved["by hand"]:
            said.value = _html(say("teach.predict.choose", lang))
            return
        guess = control.value / 100 if asked.kind == "percent" else control.value
        _record(id, guess)
        said.value = _html(_said(id, asked, lang))
        for handle, compared in _shown.get(id, []):
            handle.update(_Text(compared))

    button.on_click(keep)
    title = widgets.HTML(value=f"<b>{escape(asked.question[lang])}</b>")
    return widgets.VBox([title, control, widgets.HBox([button, said])])


def _said(id: str, asked: Question, lang: Lang) -> str:
    guess = _recorded(id)
    if guess is None:
        return say("teach.predict.ask", lang, question=asked.question[lang])
    return say("teach.predict.kept", lang, guess=_shown_value(asked, guess, lang))


def _html(text: str) -> str:
    return f"<span>{escape(text)}</span>"


def _shown_value(asked: Question, value: Any, lang: Lang) -> str:
    if asked.kind == "percent":
        return percent(float(value))
    if asked.kind == "choice":
        return asked.options[value][lang] if value in asked.options else str(value)
    return " ".join(filter(None, [_plain(float(value)), asked.unit[lang] if asked.unit else ""]))


def _unit(asked: Question, lang: Lang) -> str:
    if asked.kind == "percent":
        return "%"
    return asked.unit[lang] if asked.unit else ""


def _plain(value: float) -> str:
    return number(value, 0 if float(value).is_integer() else 1)


def _recorded(id: str) -> Any:
    """The guess on record, None where there is none or the file holds something else."""
    lesson, _, name = id.partition(".")
    guess = answers.guesses(lesson).get(name or "first")
    asked = question(id)
    if asked.kind == "choice":
        return guess if isinstance(guess, str) and guess in asked.options else None
    if isinstance(guess, bool) or not isinstance(guess, int | float) or not math.isfinite(guess):
        return None
    return guess


def _record(id: str, guess: Any) -> None:
    lesson, _, name = id.partition(".")
    answers.write(lesson, guesses=answers.guesses(lesson) | {name or "first": guess})
