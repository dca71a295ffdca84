"""Plants defects on purpose and writes down where: the ledger of planted defects (缺陷台账)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF
from segkit.synth.draws import Draws

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")  # as an input method may leave digits
# reason codes of the intake: these are defects, every other code is a structure that was planted
REASONS = frozenset({
    "duplicate", "fuzzy_duplicate", "bad_date", "no_date", "bad_amount", "no_amount", "no_customer", "cancelled",
    "refunded", "test", "after_as_of", "negative", "shifted", "formula", "phone_format", "phone_float",
    "id_in_text", "amount_unit", "excel_serial", "full_width", "grade_spelling", "owner_missing",
    "opt_out_conflict",
})  # fmt: skip
LEDGER = ["file", "sheet", "row", "column", "reason", "old", "new"]


def full_width(text: str) -> str:
    """Letters, digits and signs as a Chinese keyboard types them in full width (全角): Ａ１．５."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def grouped(phone: str, mark: str = " ") -> str:
    """A mobile number in groups, as people write it: 100 1234 5678."""
    return mark.join((phone[:3], phone[3:7], phone[7:]))


def in_yuan(wan: float | str) -> str:
    """An amount of 万元 as whole yuan: the cell of somebody who overlooked the unit."""
    return f"{float(wan) * 10_000:.0f}"


def year_late(day: str) -> str:
    """A day of the past year (2025-03-07 or longer) with the year after the as-of date: not there yet."""
    return f"{AS_OF.year + 1}{day[4:]}"


def letter_spelled(letter: str, i: int, phrase: str) -> str:
    """A grade as the i-th clerk types it: in lower case, in full width, or in words (`phrase` with a {})."""
    return (letter.lower(), full_width(letter), phrase.format(letter))[i % 3]


def at_scale(n: float, scale: float, least: int = 1) -> int:
    """How many of `n` planted things a draw of this scale holds; never fewer than `least`."""
    return max(least, round(n * scale))


@dataclass(frozen=True)
class Defect:
    """One planted defect: `old` is the cell as it stands in the file, `new` the true value."""

    key: int
    column: str
    reason: str
    old: Any
    new: Any


@dataclass
class Planter:
    """A table that is being made dirty, row by row, with a ledger.

    Attributes
    ----------
    frame : the table; its index holds the keys of the rows, which survive any later sorting
    reach : how many rows below its original a copied row may stand in the file
    free : keys of the rows that carry no defect yet
    defects : what was planted, in the order of planting
    copied : key of each copied row -> key of its original
    placed : the keys in file order, once drawn
    """

    frame: pd.DataFrame
    draws: Draws
    reach: int = 12
    free: pd.Index = field(init=False)
    defects: list[Defect] = field(default_factory=list)
    copied: dict[int, int] = field(default_factory=dict)
    placed: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.free = self.frame.index

    def take(self, n: int, where: pd.Series | None = None) -> pd.Index:
        """`n` rows that carry nothing yet (and hold `where`); from now on they are not free."""
        pool = self.free if where is None else self.free.intersection(self.frame.index[where])
        chosen = pd.Index(self.draws.some(np.asarray(pool.sort_values()), n))
        self.free = self.free.difference(chosen)
        return chosen

    def spoil(
        self,
        reason: str,
        keys: Iterable[int],
        column: str,
        old: Sequence[Any],
        new: Sequence[Any] | None = None,
    ) -> None:
        """Overwrite cells: `old` goes into the file, `new` (default: what stood there) is the truth."""
        keys = list(keys)
        truth = list(self.frame.loc[keys, column]) if new is None else list(new)
        for key, planted, true in zip(keys, old, truth, strict=True):
            self.frame.at[key, column] = planted
            self.defects.append(Defect(int(key), column, reason, planted, true))

    def note(self, reason: str, keys: Iterable[int], column: str, new: Sequence[Any]) -> None:
        """Record rows that are defective as they stand; `new` is what `column` should say."""
        for key, true in zip(keys, new, strict=True):
            self.defects.append(Defect(int(key), column, reason, self.frame.at[key, column], true))

    def add(self, rows: pd.DataFrame) -> pd.Index:
        """Append rows under new keys; they are not free."""
        start = int(self.frame.index.max()) + 1
        added = rows.set_axis(pd.RangeIndex(start, start + len(rows)), axis=0)
        self.frame = pd.concat([self.frame, added])
        return added.index

    def copy_rows(self, reason: str, keys: Sequence[int], column: str) -> pd.Index:
        """Append exact copies of rows; `column` identifies them in the ledger."""
        copies = self.add(self.frame.loc[list(keys)])
        self.copied |= {int(copy): int(key) for copy, key in zip(copies, keys, strict=True)}
        self.note(reason, copies, column, list(self.frame.loc[copies, column]))
        return copies

    def file_order(self, reach: int | None = None) -> list[int]:
        """The keys by number, but each copied row up to `reach` rows below its original.

        Drawn once: a case may ask for it before its next draws, and `case_files` then finds the same.
        """
        if len(self.placed) == len(self.frame):
            return self.placed
        place = {int(key): float(key) for key in self.frame.index}
        steps = self.draws.integers(0, (reach or self.reach) - 1, len(self.copied))
        place |= {copy: key + 0.5 + int(n) for (copy, key), n in zip(self.copied.items(), steps, strict=True)}
        self.placed = sorted(place, key=place.__getitem__)
        return self.placed

    def ledger(
        self,
        keys_in_order: Sequence[int],
        *,
        file: str,
        first_row: int,
        text: Callable[[Any], str] = str,
        sheet: str = "",
        headings: Mapping[str, str] | None = None,
    ) -> pd.DataFrame:
        """The defects of one file, sorted by row; rows are numbered as a spreadsheet does.

        `text` writes a cell as it reads in that file, `headings` names its columns.
        """
        row_of = {int(key): first_row + i for i, key in enumerate(keys_in_order)}
        lines = [
            (
                file,
                sheet,
                row_of[d.key],
                (headings or {}).get(d.column, d.column),
                d.reason,
                text(d.old),
                text(d.new),
            )
            for d in self.defects
        ]
        frame = pd.DataFrame(lines, columns=LEDGER)
        return frame.sort_values(["row", "column", "reason"], kind="stable", ignore_index=True)
