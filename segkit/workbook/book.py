"""A workbook and its pages, written from top to bottom in constant memory."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

import pandas as pd
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.utility import xl_rowcol_to_cell

from segkit.locale import Lang, say
from segkit.workbook.cells import (
    TEXT,
    Cell,
    Head,
    Sum,
    cells,
    fit,
    is_broken,
    lines_of,
    sheet_name,
    text_cell,
    with_unit,
)
from segkit.workbook.looks import (
    BAND,
    BROKEN,
    CELLS,
    FONTS,
    GREY,
    INK,
    LINE,
    LINES,
    READABLE,
    ROLES,
    TALLEST,
    UNITS,
)
from segkit.workbook.rows import write_rows

Rows: TypeAlias = pd.DataFrame | Sequence[Sequence[Any]]

EXCEL_ROWS = 1_048_576
EPOCH = dt.date(1980, 1, 1)  # for files that know no date of their own


class Book:
    """An Excel file being written; use it in a ``with`` block. Left by an error, it writes nothing.

    Parameters
    ----------
    created : the date in the file's properties; nothing asks the clock
    label : stands in the printed header of every page, e.g. the client's name

    Raises
    ------
    OSError : on leaving the block, when the file cannot be written (open in Excel, disk full)
    """

    def __init__(
        self, path: Path, *, lang: Lang, created: dt.date = EPOCH, title: str = "", label: str = ""
    ) -> None:
        self.lang, self.label = lang, label
        self._scratch = tempfile.TemporaryDirectory(prefix="segkit-", ignore_cleanup_errors=True)
        name, size = FONTS[lang]
        self._book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "tmpdir": self._scratch.name,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "default_row_height": round(LINE / 0.75),
                "default_format_properties": {"font_name": name, "font_size": size, "font_scheme": "none"},
            },
        )
        stamp = dt.datetime(created.year, created.month, created.day)
        self._book.set_properties({"title": text_cell(title), "author": "segkit", "created": stamp})
        self._formats: dict[tuple[Any, ...], Any] = {}
        self.pages: list[Page] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._book.close()
        except FileCreateError as failed:
            raise failed.args[0] from None
        finally:
            for page in self.pages:
                page.release()
            self._scratch.cleanup()

    def page(self, name: str, widths: Sequence[float] = ()) -> Page:
        """A new sheet; `widths` in characters, else the first table on it decides."""
        page = Page(self, self._book.add_worksheet(sheet_name(name, [p.name for p in self.pages])), widths)
        self.pages.append(page)
        return page

    def mark(self, name: str, text: str) -> None:
        """A word about the file itself that stays with it when it is filled in, sorted and saved again.

        As a name of the workbook and as one of its properties: programs that drop one keep the other.
        """
        quoted = text_cell(text)[:200].replace('"', '""')
        self._book.define_name(name, f'="{quoted}"')
        self._book.set_custom_property(name, text_cell(text)[:200], "text")

    def name(self, name: str, page: Page, row: int, column: int) -> None:
        """Give a cell a name the whole workbook knows, as ``kpi_customers``."""
        sheet = page.name.replace("'", "''")
        cell = xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)
        self._book.define_name(re.sub(r"\W", "_", name), f"='{sheet}'!{cell}")

    def rule(self, **style: Any) -> Any:
        """What a condition changes of a cell; made once."""
        key = ("rule", *sorted(style.items()))
        if key not in self._formats:
            # a format of a condition holds the change alone, without the font of the book
            form = self._book.add_format()
            for name, value in style.items():
                getattr(form, f"set_{name}")(value)
            self._formats[key] = form
        return self._formats[key]

    def format(
        self, unit: str, role: str = "cell", *, broken: bool = False, wrap: bool = False, colour: str = ""
    ) -> Any:
        """The cell format of a unit in a role; made once. `broken`: averages, `colour`: a bar at the left."""
        key = (unit, role, broken, wrap, colour)
        if key not in self._formats:
            number, align = UNITS[unit]
            style: dict[str, Any] = {
                "num_format": BROKEN if broken else number,
                "align": align,
                **ROLES[role],
            }
            style.setdefault("font_color", INK)
            if role in CELLS and align != "center":
                style["indent"] = 1
            if wrap:
                style["text_wrap"] = True
            if colour:
                style |= {"left": 5, "left_color": colour}
            self._formats[key] = self._book.add_format(style)
        return self._formats[key]


class Page:
    """One sheet, written from top to bottom; `row` is the next free row, counted from 0."""

    def __init__(self, book: Book, sheet: Any, widths: Sequence[float]) -> None:
        self.book, self.sheet, self.row = book, sheet, 0
        self.name: str = sheet.get_name()
        self._filtered = False
        self.widths: list[float] = []
        if widths:
            self._set_widths(widths)
        label = text_cell(book.label)[:80].replace("&", "&&")
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
        sheet.set_header(f"&L{label}&R&A")
        sheet.set_footer("&C" + say("workbook.footer", book.lang))

    def header(self, left: str, right: str) -> None:
        """What stands above every printed page; the sheet's own name where nothing else is said."""
        texts = [text_cell(text)[:80].replace("&", "&&") for text in (left, right)]
        self.sheet.set_header(f"&L{texts[0]}&R{texts[1]}")

    def down(self, rows: int = 1) -> None:
        self.row += rows

    def text(self, text: str, role: str = "body", *, unit: str = "text") -> None:
        """A line or paragraph across the page, as high as it needs."""
        cleaned = text_cell(text)
        span = self._span()
        width = sum(self._width(c) for c in range(span))
        scale = 1.6 if role == "title" else 1.2 if role == "heading" else 1.0
        self.sheet.set_row(self.row, LINES.get(role, LINE) * lines_of(cleaned, width / scale - 1))
        form = self.book.format(unit, role)
        if span > 1:
            self.sheet.merge_range(self.row, 0, self.row, span - 1, "", form)
        self.sheet.write_string(self.row, 0, cleaned, form)
        self.down()

    def line(self, values: Sequence[tuple[Any, str]], role: str = "cell") -> None:
        """One row of (value, unit), each cell in its own unit; long text wraps."""
        forms, height = [], 1
        columns = [cells([value], unit, self.book.lang)[0] for value, unit in values]
        for i, (value, (_, unit)) in enumerate(zip(columns, values, strict=True)):
            wrap = isinstance(value, str) and unit == "text"
            forms.append(self.book.format(unit, role, broken=is_broken(unit, [value]), wrap=wrap))
            height = (
                max(height, lines_of(value, self._inside(i))) if isinstance(value, str) and wrap else height
            )
        if height > 1 or role == "head":
            self.sheet.set_row(self.row, LINE * height + (4 if role == "head" else 0))
        for i, (value, form) in enumerate(zip(columns, forms, strict=True)):
            _write(self.sheet, self.row, i, value, form)
        self.down()

    def table(
        self,
        heads: Sequence[Head],
        rows: Rows,
        *,
        total: Sequence[Any] | None = None,
        filtered: bool = True,
    ) -> int:
        """A head, the rows, and a total row set apart; the first table of a page gets the filter.

        `total` holds a value, a :class:`Sum` or None for every column. Rows beyond Excel's last are counted
        in a closing line. Returns the row of the head (counted from 0).
        """
        lang = self.book.lang
        columns = _columns(heads, rows, lang)
        room = EXCEL_ROWS - self.row - 3
        left_out = max(len(rows) - room, 0)
        columns = [column[:room] for column in columns] if left_out else columns
        widths = fit(heads, columns, total)
        if not self.widths:
            self._set_widths(widths)
        for i, head in enumerate(heads):
            if head.hidden:
                self.sheet.set_column(i, i, widths[i], None, {"hidden": True})
            elif head.folded:
                self.sheet.set_column(i, i, widths[i], None, {"hidden": True, "level": 1})
            elif i + 1 < len(heads) and heads[i + 1].folded:  # the [+] stands above the column before them
                self.sheet.set_column(i, i, widths[i], None, {"collapsed": True})
        if any(head.folded for head in heads):
            self.sheet.outline_settings(symbols_right=False)

        top = self.row
        self._head(heads)
        self._body(heads, columns)
        bottom = self.row - 1
        if total is not None:
            self._total(heads, total, top + 1, bottom)
        if left_out:
            self.text(say("workbook.more_rows", lang, n=left_out), "note")
        if filtered and not self._filtered and heads:
            self._filtered = True
            self.sheet.autofilter(top, 0, max(bottom, top), len(heads) - 1)
            self.sheet.repeat_rows(top)
        texts: list[str] = []
        for i, head in enumerate(heads):
            if head.unit in TEXT and bottom > top:
                texts.append(f"{xl_rowcol_to_cell(top + 1, i)}:{xl_rowcol_to_cell(bottom, i)}")
            if head.choices:
                offer = {"validate": "list", "source": list(head.choices), "show_error": False}
                self.sheet.data_validation(top + 1, i, max(bottom, top + 1), i, offer)
        if texts and filtered:  # no green corners on ids and on days typed as text
            spans = " ".join(texts)
            self.sheet.ignore_errors({"number_stored_as_text": spans, "two_digit_text_year": spans})
        return top

    @staticmethod
    def fitted(
        heads: Sequence[Head], rows: Rows, lang: Lang, total: Sequence[Any] | None = None
    ) -> list[float]:
        """The widths a table would ask for, for pages that hold several."""
        return fit(heads, _columns(heads, rows, lang), total)

    def printed(self, columns: int) -> None:
        """Print only the first columns of what was written so far."""
        self.sheet.print_area(0, 0, max(self.row - 1, 0), columns - 1)

    def banded(
        self, top: int, heads: Sequence[Head], *, grey: tuple[int, Sequence[str]] | None = None
    ) -> None:
        """Every second row shaded, all but the columns to fill; it stays so when the rows are sorted.

        `top` is the row of the head. `grey`: a column and its words by which a row is done with and turns grey.
        """
        if self.row - 1 <= top:
            return
        last = self.row - 1
        runs: list[list[int]] = []  # neighbouring columns that are not to fill
        for i, head in enumerate(heads):
            if head.fill:
                continue
            if runs and runs[-1][1] == i - 1:
                runs[-1][1] = i
            else:
                runs.append([i, i])
        for first, final in runs:
            if grey is not None:
                at = xl_rowcol_to_cell(top + 1, grey[0], col_abs=True)
                words = ",".join(f'{at}="{word}"' for word in grey[1])
                rule = {
                    "type": "formula",
                    "criteria": f"=OR({words})",
                    "format": self.book.rule(font_color=GREY),
                }
                self.sheet.conditional_format(top + 1, first, last, final, rule)
            band = {"type": "formula", "criteria": "=MOD(ROW(),2)=1", "format": self.book.rule(bg_color=BAND)}
            self.sheet.conditional_format(top + 1, first, last, final, band)

    def freeze(self, row: int, column: int = 0) -> None:
        """Keep the rows above and the columns left of this cell in sight."""
        self.sheet.freeze_panes(row, column)

    def release(self) -> None:
        """Let go of the sheet's scratch file; a workbook that was closed has done it already."""
        handle = getattr(self.sheet, "row_data_fh", None)
        if handle is not None and not handle.closed:
            handle.close()

    def _head(self, heads: Sequence[Head]) -> None:
        texts = [text_cell(with_unit(h.text, h.unit, self.book.lang)) for h in heads]
        lines = max((lines_of(t, self._inside(i) - 2) for i, t in enumerate(texts)), default=1)
        self.sheet.set_row(self.row, LINE * lines + 6)
        for i, (head, text) in enumerate(zip(heads, texts, strict=True)):
            self.sheet.write_string(self.row, i, text, self.book.format(head.unit, "head"))
        self.down()

    def _body(self, heads: Sequence[Head], columns: Sequence[list[Cell]]) -> None:
        looks, heights = [], dict[int, float]()
        for i, (head, column) in enumerate(zip(heads, columns, strict=True)):
            room = self._inside(i)
            lines = (
                {c: lines_of(c, room) for c in set(column) if isinstance(c, str)}
                if head.unit == "text" and not head.one_line
                else {}
            )
            wrap = max(lines.values(), default=1) > 1
            if wrap:
                high = {c: min(LINE * n, TALLEST) for c, n in lines.items() if n > 1}
                for row, cell in enumerate(column, self.row):
                    if cell in high:
                        heights[row] = max(heights.get(row, 0.0), high[cell])
            looks.append(self._look(head, broken=is_broken(head.unit, column), wrap=wrap))
        write_rows(self.sheet, self.row, columns, looks, heights)
        self.row += len(columns[0]) if columns else 0

    def _look(self, head: Head, *, broken: bool, wrap: bool) -> Callable[[Cell], tuple[Cell, Any]]:
        """How a cell of this column is shown: labels by their mark, everything else as it is."""
        form = self.book.format(head.unit, "open" if head.fill else "cell", broken=broken, wrap=wrap)
        marks = head.marks or {}

        def look(cell: Cell) -> tuple[Cell, Any]:
            mark = marks.get(cell) if isinstance(cell, str) else None
            if mark is None:
                return cell, form
            return mark.text, self.book.format("text", colour=mark.colour) if mark.colour else form

        return look

    def _total(self, heads: Sequence[Head], total: Sequence[Any], first: int, last: int) -> None:
        for i, (head, value) in enumerate(zip(heads, total, strict=True)):
            shown = value.value if isinstance(value, Sum) else value
            cell = cells([shown], head.unit, self.book.lang)[0]
            form = self.book.format(head.unit, "total", broken=is_broken(head.unit, [cell]))
            if isinstance(value, Sum) and isinstance(cell, int | float) and last >= first:
                span = f"{xl_rowcol_to_cell(first, i)}:{xl_rowcol_to_cell(last, i)}"
                self.sheet.write_formula(self.row, i, f"=SUM({span})", form, cell)
            else:
                _write(self.sheet, self.row, i, cell, form)
        self.down()

    def _set_widths(self, widths: Sequence[float]) -> None:
        self.widths = list(widths)
        for i, width in enumerate(self.widths):
            self.sheet.set_column(i, i, width)

    def _width(self, column: int) -> float:
        return self.widths[column] if column < len(self.widths) else 8.43

    def _inside(self, column: int) -> float:
        """Characters that fit between the margins of a cell."""
        return self._width(column) - 1.5

    def _span(self) -> int:
        """Columns a paragraph is merged over."""
        reach, span = 0.0, 0
        while reach < READABLE and span < 24:
            reach, span = reach + self._width(span), span + 1
        return span


def _columns(heads: Sequence[Head], rows: Rows, lang: Lang) -> list[list[Cell]]:
    if isinstance(rows, pd.DataFrame):
        return [cells(rows.iloc[:, i], head.unit, lang) for i, head in enumerate(heads)]
    return [cells([row[i] for row in rows], head.unit, lang) for i, head in enumerate(heads)]


def _write(sheet: Any, row: int, column: int, value: Cell, form: Any) -> None:
    if value is None:
        sheet.write_blank(row, column, None, form)
    elif isinstance(value, str):
        sheet.write_string(row, column, value, form)
    else:
        sheet.write_number(row, column, value, form)
