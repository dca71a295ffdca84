"""The report wizard (报告向导): from a client's export to the report without a shell."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from ipywidgets import (
    HTML,
    Box,
    Button,
    Combobox,
    Dropdown,
    FileUpload,
    IntProgress,
    Layout,
    Text,
    VBox,
    Widget,
)

from segkit.locale import LANGS, Lang, say
from segkit.locale.spoken import spoken
from segkit.playbooks import known_playbooks, load_playbook
from segkit.problems import InputProblems, SegkitError
from segkit.widgets.parts import STYLE, Table, as_html
from segkit.widgets.wizard_results import deliverables, doubts, framed, line, near, noted
from segkit.widgets.wizard_run import STEPS, Outcome, ReportRun
from segkit.widgets.wizard_steps import Checked, ColumnSeen, WizardSteps

READ = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".parquet")
TOPIC = "widget.report_wizard"


class _Stopped(Exception):
    """The user stopped the check."""


def report_wizard(*files: str | Path, folder: str | Path = "clients", **settings: str) -> ReportWizard:
    """From a client's export to the report, without a shell: what `segkit init` and `segkit report` do. (报告向导)

    Upload or pick files, look at what each column was taken for and change it, choose language, date and playbook, then
    check, or make the report at once; it runs in a process of its own and can be stopped. Nothing is written before
    the check has passed.

    Parameters
    ----------
    files : files to begin with; more can be uploaded or picked
    folder : of all clients, relative to the notebook; each client gets a folder in it, with the uploaded files,
        client.yml and reports/
    settings : `name` (of the client), `lang`, `as_of`, `playbook` to begin with

    Raises
    ------
    InputProblems : a file that is not there
    """
    return ReportWizard(*files, folder=folder, **settings)


class ReportWizard(VBox):
    """See `report_wizard`. `steps` holds the state; every control only tells it."""

    def __init__(self, *files: str | Path, folder: str | Path = "clients", **settings: str) -> None:
        self.lang: Lang = spoken()
        self.steps = WizardSteps(Path(folder).absolute(), self.lang)
        for path in files:
            self.steps.pick(Path(path))
        for name, value in settings.items():
            setattr(self.steps, name, value)
        self.outcome: Outcome | None = None
        self._thread: threading.Thread | None = None
        self._running: ReportRun | None = None
        self._stop = threading.Event()
        self._make_files()
        self._make_settings()
        self.columns = VBox()
        self.meanings: dict[tuple[str, str], Dropdown] = {}
        self.buttons = {name: self._button(name, act) for name, act in self._acts().items()}
        self.buttons["cancel"].disabled = True
        self.bar = IntProgress(max=len(STEPS) + 1, layout=Layout(width="20em"))
        self.status, self.result = HTML(), HTML()
        heads = [
            HTML(f"{STYLE if i == 1 else ''}<h4>{escape(self._say(f'step_{i}'))}</h4>") for i in (1, 2, 3, 4)
        ]
        settings_row = Box(list(self.settings.values()), layout=_WRAPPING)
        buttons = Box([*self.buttons.values(), self.bar], layout=_WRAPPING)
        super().__init__(
            [
                heads[0], self.adding, self.listed, heads[1], self.columns, heads[2], settings_row,
                heads[3], buttons, self.status, self.result,
            ]
        )  # fmt: skip
        self._read()
        self._first = self._frame()

    # --- what others use ------------------------------------------------------------------------

    def twin(self) -> pd.DataFrame:
        """The columns of the files it began with, and what each was taken for."""
        return self._first.copy()

    def check(self) -> None:
        """Read everything as the report would, write client.yml, show what is doubtful."""
        self._start(report=False)

    def make(self) -> None:
        """Check, then make the report; the links stand below when it is done."""
        self._start(report=True)

    def cancel(self) -> None:
        """Stop what runs; no half report is left."""
        self._stop.set()
        if self._running is not None:
            threading.Thread(target=self._running.cancel, daemon=True).start()

    def wait(self, timeout: float | None = None) -> Outcome | None:
        """Wait until what runs has ended; how it ended."""
        if self._thread is not None:
            self._thread.join(timeout)
        return self.outcome

    @property
    def html(self) -> str:
        """What is shown below the buttons now."""
        return str(self.status.value) + str(self.result.value)

    def _repr_mimebundle_(self, **how: Any) -> Any:
        """With the columns as a plain table, for pages on which nothing moves."""
        bundle = super()._repr_mimebundle_(**how)
        if isinstance(bundle, dict):
            bundle["text/html"] = STYLE + framed(as_html([Table(self._first)], self.lang))
        return bundle

    # --- files ----------------------------------------------------------------------------------

    def _make_files(self) -> None:
        self.uploading = FileUpload(
            accept=",".join(READ),
            multiple=True,
            description=self._say("upload"),
            tooltip=self._say("upload_such"),
            layout=Layout(width="auto"),
        )
        self.uploading.observe(self._uploaded, names="value")
        here = sorted(p.name for p in Path.cwd().iterdir() if p.suffix.lower() in READ)
        self.picking = Combobox(
            options=here, description=self._say("pick"), placeholder=self._say("pick_such"), style=_WIDE
        )
        self.adding = Box([self.uploading, self.picking, self._button("add", self._picked)], layout=_WRAPPING)
        self.listed = Box(layout=_WRAPPING)

    def _uploaded(self, _: Any) -> None:
        if not self.uploading.value:
            return
        for file in self.uploading.value:
            self.steps.upload(file["name"], bytes(file["content"]))
        self.uploading.value = ()  # the same file may come again, and its bytes are not kept twice
        self._read()

    def _picked(self) -> None:
        if self.picking.value.strip():
            self.steps.pick(Path(self.picking.value.strip().strip('"')))
            self.picking.value = ""
            self._read()

    def _dropped(self, name: str) -> Callable[[], None]:
        def act() -> None:
            self.steps.drop(name)
            self._read()

        return act

    def _read(self) -> None:
        """The files and their columns anew."""
        rows: list[Widget] = []
        for name in self.steps.files:
            remove = Button(
                description=say(f"{TOPIC}.remove", self.lang, name=name), layout=Layout(width="auto")
            )
            remove.on_click(self._guarded(self._dropped(name)))
            rows.append(remove)
        self.listed.children = tuple(rows)
        self.settings["name"].placeholder = self.steps.client
        self.status.value = self.result.value = ""
        self._columns()

    # --- columns --------------------------------------------------------------------------------

    def _columns(self) -> None:
        self.meanings = {}
        try:
            seen = self.steps.columns() if self.steps.files else []
        except InputProblems as wrong:
            self.columns.children = ()
            self._tell_problems(wrong)
            return
        rows: list[Widget] = [] if seen else [HTML(framed(line(self._say("no_files"))))]
        for grain in dict.fromkeys(column.grain for column in seen):
            mine = [column for column in seen if column.grain == grain]
            found = sum(column.doubtful for column in mine)
            facts = {"n": len(mine), "doubts": found, "grain": self._say(f"grain.{grain}")}
            rows.append(
                HTML(
                    framed(
                        line(
                            say(f"{TOPIC}.columns" if found else f"{TOPIC}.columns_sure", self.lang, **facts)
                        )
                    )
                )
            )
            rows += [self._row(column) for column in mine]
        self.columns.children = tuple(rows)

    def _row(self, column: ColumnSeen) -> Widget:
        options = [(self._say("not_used"), ""), *self.steps.choices(column.grain)]
        control = Dropdown(
            options=options,
            value=column.field or "",
            description=column.heading,
            style={"description_width": "9em"},
            layout=Layout(width="26em", flex="0 0 auto"),
        )
        control.observe(lambda _: self._meant(column, control.value or None), names="value")
        self.meanings[column.grain, column.heading] = control
        shown = say(f"{TOPIC}.samples", self.lang, samples=list(column.samples), reason=column.reason)
        mark = "segkit-wrong" if column.doubtful else ""
        words = say(f"{TOPIC}.doubt", self.lang, text=shown) if column.doubtful else shown
        told = HTML(framed(line(words, mark)), layout=Layout(flex="1 1 0"))
        return Box([control, told], layout=_ROW)

    def _meant(self, column: ColumnSeen, field: str | None) -> None:
        self.steps.mean(column.grain, column.heading, field)
        self._columns()

    # --- settings -------------------------------------------------------------------------------

    def _make_settings(self) -> None:
        steps = self.steps
        trades = [(load_playbook(id).title[self.lang], id) for id in known_playbooks()]
        self.settings: dict[str, Any] = {
            "name": Text(value=steps.name),
            "lang": Dropdown(options=[(self._say(f"lang.{lang}"), lang) for lang in LANGS], value=steps.lang),
            "as_of": Text(value=steps.as_of, placeholder=self._say("as_of_such"), continuous_update=False),
            "playbook": Dropdown(options=trades, value=steps.playbook),
        }
        for name, control in self.settings.items():
            control.description = self._say(name)
            control.style.description_width = "initial"
            control.observe(self._set(name), names="value")

    def _set(self, name: str) -> Callable[[Any], None]:
        def moved(change: Any) -> None:
            setattr(self.steps, name, change["new"])
            if name == "playbook" and self.steps.files:
                self.steps.forget_guesses()
                self._columns()

        return moved

    # --- running --------------------------------------------------------------------------------

    def _acts(self) -> dict[str, Callable[[], None]]:
        return {"check": self.check, "make": self.make, "cancel": self.cancel}

    def _start(self, *, report: bool) -> None:
        if self._thread is not None and self._thread.is_alive():
            return
        self.outcome, self._running = None, None
        self._stop.clear()
        self.result.value = ""
        self._busy(True)
        self._thread = threading.Thread(target=self._work, args=(report,), daemon=True)
        self._thread.start()

    def _work(self, report: bool) -> None:
        """In a thread of its own, so that the notebook stays free."""
        try:
            self._step(0, self._say("checking"))
            checked = self.steps.check(self._checking)
            if not report:
                self._done(say(f"{TOPIC}.checked", self.lang, file=near(checked.config)))
                notes = [note.text(self.lang) for note in checked.seen.notes]
                self.result.value = framed(doubts(checked, self.lang) + noted(notes, self.lang))
                return
            self._running = ReportRun(
                checked.config, lang=self.steps.lang, told=lambda done, words: self._step(done + 1, words)
            )
            if self._stop.is_set():
                raise _Stopped
            self.outcome = self._running.run()
            self._show_report(checked, self.outcome)
        except _Stopped:
            self.outcome = Outcome((), (), cancelled=True)
            self._done(self._say("cancelled"))
        except InputProblems as wrong:
            self._tell_problems(wrong)
        except SegkitError as fault:
            self._tell([str(fault)])
        except Exception as fault:  # nothing that is raised in a thread is seen on a page
            self._tell([say("cli.fault", self.lang, kind=type(fault).__name__, why=str(fault))])
        finally:
            self._busy(False)

    def _checking(self, step: str) -> None:
        if self._stop.is_set():
            raise _Stopped
        self._step(0, say(f"step.{step}", self.lang))

    def _busy(self, busy: bool) -> None:
        for name, button in self.buttons.items():
            button.disabled = busy != (name == "cancel")
        self.bar.bar_style = "info" if busy else ""

    def _step(self, done: int, words: str) -> None:
        self.bar.value = done
        self.status.value = framed(line(words, role="status"))

    def _done(self, words: str) -> None:
        self.bar.value = 0
        self.status.value = framed(line(words, "segkit-meaning", "status"))

    # --- what came of it ------------------------------------------------------------------------

    def _show_report(self, checked: Checked, outcome: Outcome) -> None:
        if outcome.cancelled:
            self._done(self._say("cancelled"))
            return
        if not outcome.made:
            self._tell(list(outcome.lines))
            return
        self.bar.value = self.bar.max
        folder = outcome.files[0].parent
        facts = {"n": len(outcome.files), "folder": near(folder)}
        self.status.value = framed(line(say(f"{TOPIC}.made", self.lang, **facts), "segkit-meaning"))
        self.result.value = framed(deliverables(outcome, self.lang) + doubts(checked, self.lang))

    def _tell_problems(self, wrong: InputProblems) -> None:
        head, *lines = wrong.text(self.lang).splitlines()
        self._tell([head, *(line.strip() for line in lines)])

    def _tell(self, lines: Sequence[str]) -> None:
        """What is wrong, in the program's own lines; what was shown before stands no longer."""
        self.bar.value = 0
        self.result.value = ""
        shown = "".join(line(one, role="" if i else "alert") for i, one in enumerate(lines))
        self.status.value = framed(f'<div class="segkit-wrong">{shown}</div>')

    # --- words and buttons ----------------------------------------------------------------------

    def _frame(self) -> pd.DataFrame:
        try:
            return self.steps.frame() if self.steps.files else pd.DataFrame(columns=FRAME)
        except InputProblems:
            return pd.DataFrame(columns=FRAME)

    def _say(self, id: str) -> str:
        return say(f"{TOPIC}.{id}", self.lang)

    def _button(self, name: str, act: Callable[[], None]) -> Button:
        button = Button(description=self._say(name), layout=Layout(width="auto"))
        button.on_click(self._guarded(act))
        return button

    def _guarded(self, act: Callable[[], None]) -> Callable[[Any], None]:
        def clicked(_: Any) -> None:
            try:
                act()
            except InputProblems as wrong:
                self._tell_problems(wrong)

        return clicked


FRAME = ["client_column", "meaning", "samples", "why"]
_WIDE = {"description_width": "initial"}
_ROW = Layout(display="flex", flex_flow="row nowrap", align_items="center", grid_gap="2px 16px")
_WRAPPING = Layout(display="flex", flex_flow="row wrap", align_items="center", grid_gap="2px 16px")
