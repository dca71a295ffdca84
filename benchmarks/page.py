"""What a run says: sections of text, tables and bars, as lines on the screen and as a Markdown page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from race import Entry, ratio

Rows = list[tuple[str, ...]]
LEAST_ROUNDS = 3  # fewer, and one slow moment of the machine decides
CALM = 1.0  # processes that wanted a core in the minute before the run


@dataclass(frozen=True)
class Table:
    """A title with its n and source, the heads, and the rows; all but the first column are figures."""

    title: str
    heads: tuple[str, ...]
    rows: Rows


@dataclass(frozen=True)
class Bar:
    """A promise and what was measured; a missing measure says why in `remark`, `rounds` is None of no time."""

    what: str
    most: float
    measured: float | None
    unit: str = ""
    remark: str = ""
    rounds: int | None = LEAST_ROUNDS

    @property
    def met(self) -> bool | None:
        return None if self.measured is None else self.measured <= self.most

    def indicative(self, load: float | None = None) -> bool:
        """Measured, but too seldom or on too busy a machine to say met or missed."""
        if self.measured is None or self.rounds is None:
            return False
        return self.rounds < LEAST_ROUNDS or (load or 0.0) > CALM

    def row(self, load: float | None = None) -> tuple[str, ...]:
        word = {True: "met", False: "**missed**", None: "not measured"}[self.met]
        word = "indicative" if self.indicative(load) else word
        shown = "" if self.measured is None else f"{self.measured:.2f}{self.unit}"
        return self.what, shown, f"{self.most:.2f}{self.unit}", f"{word}{self.remark and ': ' + self.remark}"


@dataclass
class Section:
    """One part of a run."""

    title: str
    text: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)


def seconds(value: float | None) -> str:
    """With three figures that count, in the unit in which they can be read."""
    if value is None:
        return ""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size or unit == "µs":
            shown = value / size
            digits = 0 if shown >= 100 else 1 if shown >= 10 else 2
            return f"{shown:.{digits}f} {unit}"
    raise AssertionError


def table_of(title: str, entries: Sequence[Entry], *, memory: bool = False) -> Table:
    """Sides in one comparison; the first is segkit, the last column says what share of each other's time it took."""
    heads = ("", "median", "fastest to slowest", "processor")
    heads += (("peak memory",) if memory else ()) + ("segkit takes",)
    rows = []
    for entry in entries:
        cells = [entry.name, seconds(entry.wall)]
        cells += [f"{seconds(entry.fastest)} to {seconds(entry.slowest)}", seconds(entry.cpu)]
        if memory:
            cells.append("" if entry.peak_mb is None else f"{entry.peak_mb / 1024:.2f} GB")
        cells.append("" if entry is entries[0] else f"{ratio(entries[0], entry):.2f}x")
        rows.append(tuple(cells))
    n = len(entries[0].took)
    return Table(f"{title} ({n} rounds)" if n > 1 else title, heads, rows)


def on_screen(table: Table) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(table.heads, *table.rows, strict=True)]
    lines = [table.title]
    for row in (table.heads, *table.rows):
        first, *rest = (cell.replace("**", "") for cell in row)
        figures = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        lines.append("  " + "  ".join([first.ljust(widths[0]), *figures]).rstrip())
    return "\n".join(lines)


def in_markdown(table: Table) -> str:
    lines = [f"**{table.title}**", ""]
    lines += [_row(table.heads), _row(["---", *["---:"] * (len(table.heads) - 1)])]
    return "\n".join([*lines, *map(_row, table.rows)])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def bars_of(sections: Sequence[Section], load: float | None = None) -> Table:
    """Every promise beside its measure; `load` is how many processes wanted a core before the run."""
    rows = [bar.row(load) for section in sections for bar in section.bars]
    return Table("What was promised and what was measured", ("", "measured", "at most", ""), rows)


def markdown(head: Sequence[str], sections: Sequence[Section], load: float | None = None) -> str:
    """The whole page."""
    blocks = [*head]
    bars = [bar for section in sections for bar in section.bars]
    if bars:
        blocks.append(in_markdown(bars_of(sections, load)))
    if any(bar.indicative(load) for bar in bars):
        blocks.append(
            f"*Indicative*: fewer than {LEAST_ROUNDS} rounds, or a busy machine (more than {CALM:.0f} process wanted a "
            "core in the minute before); such a figure is neither met nor missed."
        )
    for section in sections:
        blocks.append(f"## {section.title}")
        blocks += section.text
        blocks += [in_markdown(table) for table in section.tables]
    return "\n\n".join(blocks) + "\n"
