"""The language a notebook speaks, and what IPython is taught for it: tables and errors (`segkit.use`)."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

from segkit.locale import LANGS, Lang, lang_or_default
from segkit.locale.spoken import speak, spoken
from segkit.problems import InputProblems, Problem
from segkit.teach.beginner_errors import explained, own_words
from segkit.teach.failed_cell import FailedCell
from segkit.teach.shown_tables import show_tables

_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def use(lang: str | None = None) -> Lang:
    """In which language should this notebook speak? Sets it, and gives it back: ``lang = segkit.use("zh")``.

    From now on tables, figures and widgets are shown in `lang`, and a beginner's error has one plain line above
    Python's own message. No number changes. Nothing is printed; a second call only changes the language; outside
    IPython only the language is set.

    Parameters
    ----------
    lang : ``"zh"`` or ``"en"``; left out: what was set before, else the machine's language

    Raises
    ------
    InputProblems : another language
    """
    if (shell := _shell()) is not None:
        show_tables(shell)
        explain_errors(shell)
    wished = spoken() if lang is None else str(lang).strip().lower()
    if wished not in LANGS:
        raise InputProblems([Problem("teach.no_language", {"lang": str(lang), "known": list(LANGS)})])
    chosen = lang_or_default(wished)
    speak(chosen)
    return chosen


def _shell() -> Any:
    """The running IPython, None in plain Python: asked only if it was imported, as it takes a second."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


# --- errors ----------------------------------------------------------------


class Explainer:
    """Stands before a shell's own way of showing a traceback, and puts a plain line above it."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.show = shell._showtraceback
        self.source: str | None = None  # of the cell that runs; the one that called `use` began before

    def begin(self, info: Any) -> None:
        self.source = info.raw_cell

    def __call__(self, kind: type[BaseException], error: BaseException, lines: list[str]) -> None:
        """Show `lines`, the traceback, under the plain line; whatever fails here, the traceback is shown."""
        with contextlib.suppress(Exception):  # a helper of beginners must not be their next error
            lines = self.with_words(error, lines)
        self.show(kind, error, lines)

    def with_words(self, error: Any, lines: list[str]) -> list[str]:
        lang = spoken()
        if not isinstance(error, BaseException):  # a SyntaxError of old, shown by its text
            return lines
        if (own := own_words(error, lang)) is not None:
            return [own]
        line = explained(self.cell(error), lang)
        return lines if line is None else [f"{_BOLD}{line}{_PLAIN}", *lines]

    def cell(self, error: BaseException) -> FailedCell:
        done = list(getattr(self.shell.history_manager, "input_hist_raw", [""]))
        source = self.source if self.source is not None else done[-1]
        if done and done[-1] == source:
            done = done[:-1]
        return FailedCell(
            error=error,
            source=source,
            is_own_text=self._is_own_text(error),
            names=self.shell.user_ns,
            done=done,
            folder=Path.cwd(),
        )

    def _is_own_text(self, error: BaseException) -> bool:
        """Does a SyntaxError speak of a cell, not of a module or of a text given to `eval`?"""
        name = getattr(error, "filename", None)
        known = getattr(self.shell.compile, "_filename_map", {})
        return name is None or name in known or str(name).startswith(("<ipython-input", "<tokenize>"))


def explain_errors(shell: Any) -> None:
    """Teach `shell` to explain a beginner's errors, once.

    IPython calls `_showtraceback` for errors of running and of reading alike; kernels have their own, which
    sends the lines to the page. It is called on, so whoever runs the notebook sees the same error as before.
    """
    if not isinstance(shell._showtraceback, Explainer):
        explainer = Explainer(shell)
        shell.events.register("pre_run_cell", explainer.begin)
        shell._showtraceback = explainer
