"""How a notebook shows a table: headings and classes in the spoken language; code keeps its English ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from segkit.charts.tables import table_html, table_text
from segkit.locale import Lang
from segkit.locale.spoken import spoken

_SHOWN = (pd.DataFrame, pd.Series)


def show_tables(shell: Any) -> None:
    """From now on `shell` shows frames and series as `table_html` and, in plain text, `table_text` do.

    The language is asked for when a table is shown. The frame itself is never changed. Where a table cannot be
    shown so, pandas' own form stands.
    """
    formatters = shell.display_formatter.formatters
    for kind in _SHOWN:
        formatters["text/html"].for_type(kind, _html)
        formatters["text/plain"].for_type(kind, _plain)


def _html(frame: pd.DataFrame | pd.Series) -> str | None:
    return _or_own(table_html, frame, lambda: None)


def _plain(frame: pd.DataFrame | pd.Series, printer: Any, cycle: bool) -> None:
    printer.text(_or_own(table_text, frame, lambda: repr(frame)))


def _or_own(
    form: Callable[[Any, Lang], str], frame: pd.DataFrame | pd.Series, own: Callable[[], str | None]
) -> str | None:
    try:
        return form(frame, spoken())
    except Exception:  # no table is worth an error in a lesson
        return own()
