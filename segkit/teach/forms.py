"""``form("E08")``: an exercise answered without typing Python (表单作答).

What is entered becomes the same names the code would write, in the same notebook, so `check` sees no difference.
It is kept in ``answers/E08.json`` and, for a notebook that is sent alone, in the output of the form's cell.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from itertools import groupby
from typing import Any

from segkit.locale import Lang, say
from segkit.locale.spoken import spoken
from segkit.teach import answers
from segkit.teach.checking import check
from segkit.teach.entries import Control, is_valid
from segkit.teach.exercise import Entry, Exercise, exercise
from segkit.teach.hinting import hint
from segkit.teach.namespace import ON_ITS_WAY, notebook_names

_ONE_AT_A_TIME = threading.RLock()


class Form:
    """The form of one exercise, its buttons and what they say.

    Attributes
    ----------
    exercise : the exercise
    widget : the ipywidgets box that is shown
    """

    def __init__(self, asked: Exercise, lang: Lang) -> None:
        import ipywidgets as widgets

        self.exercise, self._lang = asked, lang
        self._handle: Any = None
        self._wrote: set[str] = set()  # names that stand in the notebook because of this form
        self._armed = False
        self._cells: dict[str, dict[str, Control]] = {}
        tables = [
            self._table(list(group))
            for _, group in groupby(asked.form, key=lambda one: tuple(one.rows) or one.name)
        ]
        self._said = widgets.HTML()
        self._found = widgets.HTML()
        buttons = [
            self._button("check", "primary", self._check),
            self._button("hint", "", self._hint),
            self._button("clear", "", self._clear),
        ]
        self._clear_button = buttons[-1]
        self.widget = widgets.VBox([*tables, widgets.HBox(buttons), self._said, self._found])
        self._restore(read_entered(asked))

    @property
    def entered(self) -> dict[str, Any]:
        """What is entered so far: name -> value; a table holds the rows that are filled."""
        found: dict[str, Any] = {}
        for entry in self.exercise.form:
            cells = self._cells[entry.name]
            if not entry.rows:
                value = cells[""].value
            else:
                value = {row: cell.value for row, cell in cells.items() if cell.value is not None} or None
            if value is not None:
                found[entry.name] = value
        return found

    def enter(self, **values: Any) -> None:
        """Fill the form as a person would, and keep it."""
        for name, value in values.items():
            for row, cell in self._cells[name].items():
                cell.put(value.get(row) if row else value)
            self._changed(name)

    def record(self) -> dict[str, Any]:
        """What the cell's output keeps, should the file be lost."""
        return answers_record(self.exercise.id, self.entered)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.widget)
        self._handle = display(self._bundle(), raw=True, display_id=True)

    def _bundle(self, kept: bool = True) -> dict[str, Any]:
        n = sum(map(self._is_filled, self.exercise.form))
        facts = {"n": n, "of": len(self.exercise.form), "id": self.exercise.id}
        text = say("teach.form.kept", self._lang, **facts) if n else say("teach.form.nothing", self._lang)
        if not kept:
            text = say("teach.form.not_kept", self._lang)
        return {"text/plain": text, answers.MIME: self.record()}

    def _is_filled(self, entry: Entry) -> bool:
        """A table is filled once no row is blank; a row that is meant to stay blank keeps it from counting."""
        return any(cell.value is not None for cell in self._cells[entry.name].values())

    def _changed(self, name: str) -> None:
        """One entry was changed: only this one is written, another window may be filling in the others."""
        with _ONE_AT_A_TIME:
            self._disarm()
            entered = self.entered
            before = read_entered(self.exercise)
            now = {key: value for key, value in before.items() if key != name}
            if name in entered:
                now[name] = entered[name]
            kept = answers.write(self.exercise.id, entered=now)
            self._write_names(entered)
            faults = [cell.fault for cells in self._cells.values() for cell in cells.values() if cell.fault]
            self._said.value = "<br>".join(map(escape, faults))
            if self._handle is not None:
                self._handle.update(self._bundle(kept), raw=True)

    def _restore(self, entered: Mapping[str, Any]) -> None:
        for name, value in entered.items():
            for row, cell in self._cells.get(name, {}).items():
                cell.put(value.get(row) if row and isinstance(value, dict) else value)
        self._write_names(self.entered)

    def _write_names(self, entered: Mapping[str, Any]) -> None:
        """What is entered, as names; a name the form wrote before and does not write now goes again."""
        made = self.exercise.made_of(entered)
        names = notebook_names()
        for name in self._wrote - set(made):
            names.pop(name, None)
        names.update(made)
        self._wrote = set(made)

    def _check(self) -> None:
        self._disarm()
        self._found.value = check(self.exercise.id).html(self._lang)

    def _hint(self) -> None:
        self._disarm()
        self._found.value = hint(self.exercise.id).html(self._lang)

    def _clear(self) -> None:
        """Empties the form at the second press; the first says what will happen."""
        if not self._armed:
            self._armed = True
            self._clear_button.description = say("teach.form.clear_sure", self._lang)
            return
        for cells in self._cells.values():
            for cell in cells.values():
                cell.put(None)
        self._found.value = ""
        answers.write(self.exercise.id, entered={}, checked={})
        self._changed(self.exercise.form[0].name)

    def _disarm(self) -> None:
        self._armed = False
        self._clear_button.description = say("teach.form.clear", self._lang)

    def _button(self, id: str, style: str, act: Callable[[], None]) -> Any:
        import ipywidgets as widgets

        def pressed(_: object) -> None:
            time.sleep(ON_ITS_WAY)
            with _ONE_AT_A_TIME:
                act()

        button = widgets.Button(description=say(f"teach.form.{id}", self._lang), button_style=style)
        button.on_click(pressed)
        return button

    def _control(self, entry: Entry, row: str, label: str) -> Any:
        control = Control(entry, self._lang, label, partial(self._changed, entry.name))
        self._cells.setdefault(entry.name, {})[row] = control
        return control.widget

    def _table(self, entries: list[Entry]) -> Any:
        """Entries with the same rows as one table, any other with its label above it."""
        import ipywidgets as widgets

        first = entries[0]
        if not first.rows:
            label = first.label[self._lang]
            control = self._control(first, "", label)
            return widgets.VBox([widgets.HTML(f"<b>{escape(label)}</b>"), control])
        cells = [
            widgets.HTML(""),
            *(widgets.HTML(f"<b>{escape(one.label[self._lang])}</b>") for one in entries),
        ]
        for row, words in first.rows.items():
            cells.append(widgets.HTML(escape(words[self._lang])))
            cells += [
                self._control(one, row, f"{words[self._lang]} · {one.label[self._lang]}") for one in entries
            ]
        columns = f"max-content repeat({len(entries)}, max-content)"
        return widgets.GridBox(
            cells, layout=widgets.Layout(grid_template_columns=columns, grid_gap="2px 16px")
        )


def form(id: str) -> Form:
    """How do I answer without code? The form of exercise `id`; choices and numbers become the names `check` judges.

    What was entered before is there again. Running the cell a second time loses nothing.

    Raises
    ------
    InputProblems : there is no such exercise
    """
    return Form(exercise(id), spoken())


def read_entered(asked: Exercise) -> dict[str, Any]:
    """What was entered into the form of an exercise before, by name; nothing that is no name of the form."""
    return entered_in(asked, answers.read(asked.id))


def entered_in(asked: Exercise, record: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a record (a file's, or a notebook output's) that the form of the exercise can hold."""
    entered = record.get("entered")
    if not isinstance(entered, dict):
        return {}
    return {
        entry.name: entered[entry.name]
        for entry in asked.form
        if entry.name in entered and is_valid(entry, entered[entry.name])
    }


def answers_record(id: str, entered: Mapping[str, Any]) -> dict[str, Any]:
    name, group = answers.person()
    return {"exercise": id, "entered": dict(entered), "name": name, "group": group}
