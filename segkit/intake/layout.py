"""Which rows of a grid are title, heading, data, blank or total; and months as columns turned into rows."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.intake.grid import Grid, spans
from segkit.intake.headings import JOINT, hits, month_of, normal, senses, unique
from segkit.problems import InputProblems, Problem

_LOOK_ROWS = 60
_FOOTER_ROWS = 10
_WORD = re.compile(r"[^\W\d_]")
_TOTAL = re.compile(
    r"(?:(?:总|本页|本月|本店|本表|全部|月度|年度|当页)?(?:合计|总计|小计|共计|累计|汇总|总和)|(?:grand|sub)?totals?|sum)"
    r"(?:[:：]?[\d,.]*(?:条|行|笔|人|户|位|单|家|个|元|rows|orders|customers)?)?"
)
_TOTAL_HINT = re.compile(r"[计总汇ｔＴtTｓＳsS]")
_FOOTER = re.compile(
    r"(?:制表|导出|打印|审核|复核|数据来源|以上|说明|备注|注[:：]|共\d+|第\d+页|页码|生成时间|exported|printed|generated|source[:：]|note[:：]|page\d)",
    re.IGNORECASE,
)
_IDENTITY = {"customer_id", "order_id", "name", "phone", "line_id"}
_ADDING = {"amount", "refund", "quantity", "monetary", "frequency"}
_MIN_MONTHS = 3


@dataclass(frozen=True)
class Laid:
    """A grid laid out: `frame` and `row` run together; `furniture` has `row, what, text`."""

    frame: pd.DataFrame
    row: np.ndarray
    furniture: pd.DataFrame
    header_row: int
    notes: tuple[Problem, ...]


def lay_out(grid: Grid, file: str) -> Laid:
    """The table inside a grid.

    Raises
    ------
    InputProblems : no cell filled, no heading row, headings without a row below
    """
    filled = _filled(grid.cells)
    if not filled.to_numpy().any():
        raise InputProblems([Problem("reading.empty", file=file, sheet=grid.sheet)])
    top, bottom = _header(grid, filled)
    if top < 0:
        raise InputProblems([Problem("reading.no_header", file=file, sheet=grid.sheet)])
    notes = list(grid.notes)
    headings, kept = _headings(grid, filled, top, bottom)
    what = _furniture(grid.cells, filled, headings, top, bottom)
    is_data = what == ""
    if not is_data.any():
        raise InputProblems([Problem("reading.headers_only", file=file, sheet=grid.sheet)])
    cells = grid.cells
    if any(m[2] > m[0] and m[0] > bottom for m in grid.merges):
        cells = _fill_merged(grid, headings, bottom, file, notes)
    frame = cells.loc[is_data, kept].reset_index(drop=True)
    frame.columns = unique(headings[c] for c in kept)
    row = grid.rows[is_data]
    notes += _furniture_notes(grid, what, top, file)
    titles = [str(c) for i in range(top + 1) for c in grid.cells.iloc[i]]
    frame, row, months = _months_to_rows(frame, row, _year([*titles, grid.sheet or "", file]))
    if months:
        facts = {"n": len(months), "months": months[:24]}
        notes.append(Problem("reading.months", facts, file=file, sheet=grid.sheet))
    elif len(left := [c for c in frame.columns if month_of(c)]) >= _MIN_MONTHS:
        facts = {"n": len(left), "months": left}
        notes.append(Problem("reading.months_without_year", facts, file=file, sheet=grid.sheet))
    words = [
        " ".join(filter(None, map(str.strip, map(str, line)))) for line in grid.cells[~is_data].to_numpy()
    ]
    furniture = pd.DataFrame({"row": grid.rows[~is_data], "what": what[~is_data], "text": words})
    return Laid(frame, row, furniture, int(grid.rows[bottom]), tuple(notes))


def _filled(cells: pd.DataFrame) -> pd.DataFrame:
    """Which cells hold more than blanks."""
    return cells.apply(lambda column: (column != "") & (column.str.strip() != ""))


def _is_word(cell: str) -> bool:
    """Could the cell be a heading? It has a letter and is no date, number with unit, e-mail or sentence."""
    text = unicodedata.normalize("NFKC", cell).strip()
    if month_of(text):
        return True
    if not _WORD.search(text) or len(text) > 60 or "@" in text or text[:1] in "=+":
        return False
    digits = sum(ch.isdigit() for ch in text)
    return digits <= len(text) / 2 and not re.match(r"[¥￥$]?[-+]?[\d.,]+\s*[万元千]", text)


def _header(grid: Grid, filled: pd.DataFrame) -> tuple[int, int]:
    """First and last position of the heading rows; (-1, -1) if none looks like one."""
    full = filled.to_numpy()
    candidates = [i for i in range(min(len(full), 4 * _LOOK_ROWS)) if full[i].any()][:_LOOK_ROWS]
    counts = full[candidates].sum(axis=1)
    usual = int(np.median(counts[len(counts) // 3 :])) if len(counts) else 0
    rows = {i: [str(v) for v in grid.cells.iloc[i]] for i in candidates[:30]}
    scored = [(hits(c for c in cells if c.strip()), -i) for i, cells in rows.items()]
    best, at = max(scored, default=(0, 0))
    if best >= 2 or (best == 1 and full[-at].sum() >= max(1, usual // 2) and _all_words(rows[-at])):
        return _header_block(grid, full, -at)
    for i, cells in rows.items():
        named = full[i].sum()
        if named >= max(min(2, usual), (6 * usual) // 10) and _all_words(cells):
            return _header_block(grid, full, i)
    return -1, -1


def _all_words(cells: list[str]) -> bool:
    words = [c for c in cells if c.strip()]
    return all(map(_is_word, words)) and len(set(words)) > len(words) // 2


def _header_block(grid: Grid, full: np.ndarray, at: int) -> tuple[int, int]:
    """The heading row together with the group headings over it or the sub-headings under it."""
    top = bottom = at
    for t, left, b, right in grid.merges:
        whole_width = right - left + 1 >= max(2, (8 * full.shape[1]) // 10)
        if whole_width:
            continue
        if t <= at <= b and b > t and b - t <= 3:
            top, bottom = min(top, t), max(bottom, b)
        elif t == b == at - 1 and right > left:
            top = min(top, at - 1)
        elif t == b == at and right > left:
            bottom = max(bottom, at + 1)
    if top == bottom == at:
        # the same without merge information: two rows of words that fill each other's gaps
        for upper in (at, at - 1):
            if _complete_each_other(grid, full, upper):
                return upper, upper + 1
    return top, min(bottom, len(full) - 1)


def _complete_each_other(grid: Grid, full: np.ndarray, upper: int) -> bool:
    if upper < 0 or upper + 1 >= len(full):
        return False
    above, below = full[upper], full[upper + 1]
    gaps_filled = (below & ~above).any() and (above & ~below).any() and (above | below).all()
    if not gaps_filled or (above & below).sum() > above.sum() // 2:
        return False
    rows = [[str(c) for c in grid.cells.iloc[i] if str(c).strip()] for i in (upper, upper + 1)]
    return all(all(map(_is_word, row)) for row in rows) and hits(rows[1]) > 0


def _headings(grid: Grid, filled: pd.DataFrame, top: int, bottom: int) -> tuple[dict[int, str], list[int]]:
    """The heading of each column, and the columns that hold anything.

    Columns right of the last heading are called ``+1``, ``+2``: the cells of rows that are too long.
    """
    full = filled.to_numpy()
    block = {i: [_tidy(c) for c in grid.cells.iloc[i]] for i in range(top, bottom + 1)}
    if bottom > top:
        for t, left, b, right in grid.merges:
            if top <= t <= bottom:
                for i in range(t, min(b, bottom) + 1):
                    for j in range(left, min(right, len(block[i]) - 1) + 1):
                        block[i][j] = block[t][left]
        if not grid.merges:
            _spread_groups(block[top], block[bottom])
    names = {
        j: JOINT.join(dict.fromkeys(block[i][j] for i in block if block[i][j])) for j in range(full.shape[1])
    }
    last = max((j for j, name in names.items() if name), default=-1)
    below = full[bottom + 1 :]
    kept = [j for j in names if names[j] or below[:, j].any()]
    out: dict[int, str] = {}
    for j in kept:
        out[j] = names[j] or (f"+{j - last}" if j > last else f"[{_letter(j)}]")
    return out, kept


def _spread_groups(upper: list[str], lower: list[str]) -> None:
    """A group heading also stands over the empty cells to its right that have a sub-heading."""
    group = ""
    for j, name in enumerate(upper):
        if name:
            group = name if lower[j] else ""
        elif lower[j]:
            upper[j] = group


def _letter(position: int) -> str:
    """Column A, B, ... as a spreadsheet calls it."""
    name = ""
    n = position + 1
    while n:
        n, rest = divmod(n - 1, 26)
        name = chr(65 + rest) + name
    return name


def _tidy(heading: str) -> str:
    return re.sub(r"\s*[\r\n]+\s*", "", heading.replace("\ufeff", "")).strip()


def _furniture(
    cells: pd.DataFrame, filled: pd.DataFrame, headings: dict[int, str], top: int, bottom: int
) -> np.ndarray:
    """What each row is: title, header, blank, total, or "" for data."""
    full = filled.to_numpy()
    what = np.full(len(full), "", dtype=object)
    what[:top] = "title"
    what[top : bottom + 1] = "header"
    what[~full.any(axis=1)] = "blank"
    after = np.arange(len(full)) > bottom
    data = after & (what == "")
    heading = cells.iloc[bottom].map(_tidy)
    named = [j for j in cells.columns if heading[j]]
    if named:
        first = cells[named[0]].str.strip() == heading[named[0]]
        for i in np.flatnonzero(data & first.to_numpy()):
            same = sum(_tidy(cells.at[i, j]) == heading[j] for j in named)
            if same >= max(2, (8 * len(named)) // 10) or same == len(named):
                what[i] = "header"
    identity = [j for j, name in headings.items() if {s.field for s in senses(name) if s.exact} & _IDENTITY]
    for total in _total_rows(cells, full, data & (what == ""), identity):
        what[total] = "total"
    left = np.flatnonzero(data & (what == ""))
    for i in left[-_FOOTER_ROWS:][::-1]:
        where = np.flatnonzero(full[i])
        text = re.sub(r"\s", "", str(cells.iat[i, where[0]]))
        if len(headings) >= 3 and len(where) <= 2 and _FOOTER.match(text) and where[0] not in identity[1:]:
            what[i] = "title"
        else:
            break
    return what


def _total_rows(cells: pd.DataFrame, full: np.ndarray, data: np.ndarray, identity: list[int]) -> list[int]:
    """Rows that add up others: the word is in the first filled cell, and no customer or order is named."""
    sparse = data & (full.sum(axis=1) < np.maximum(2, full.any(axis=0).sum()))
    first = full.argmax(axis=1)
    out: list[int] = []
    for j in np.unique(first[sparse]):
        here = np.flatnonzero(sparse & (first == j))
        texts = cells[j].iloc[here]
        for i in here[texts.str.contains(_TOTAL_HINT).to_numpy()]:
            word = re.sub(r"\s", "", unicodedata.normalize("NFKC", str(cells.at[i, j]))).lower()
            others = [k for k in identity if k != j]
            if not _TOTAL.fullmatch(word) or full[i][others].any():
                continue
            if others or full[i].sum() <= (full.shape[1] + 1) // 2 + 1:
                out.append(int(i))
    return out


def _furniture_notes(grid: Grid, what: np.ndarray, top: int, file: str) -> list[Problem]:
    notes = []
    for kind in ("title", "total"):
        if (where := grid.rows[what == kind]).size:
            facts = {"n": len(where), "rows": spans(where.tolist())}
            notes.append(Problem(f"reading.{kind}_rows", facts, file=file, sheet=grid.sheet))
    again = grid.rows[(what == "header") & (np.arange(len(what)) > top + 3)]
    if again.size:
        facts = {"n": len(again), "rows": spans(again.tolist())}
        notes.append(Problem("reading.repeated_headers", facts, file=file, sheet=grid.sheet))
    return notes


def _fill_merged(
    grid: Grid, headings: dict[int, str], bottom: int, file: str, notes: list[Problem]
) -> pd.DataFrame:
    """Cells merged downwards are repeated in each row; amounts and counts not, they would add up twice."""
    cells = grid.cells.astype(object)
    filled: list[str] = []
    once: list[str] = []
    for t, left, b, _ in grid.merges:
        if t <= bottom or b == t or left not in headings:
            continue
        value = str(cells.iat[t, left])
        if not value.strip():
            continue
        meanings = {s.field for s in senses(headings[left])}
        if meanings & _ADDING or (not meanings and re.fullmatch(r"[-+¥￥]?[\d.,]+", value)):
            once.append(headings[left])
            continue
        cells.iloc[t : min(b, len(cells) - 1) + 1, left] = value
        filled.append(headings[left])
    for id, columns in (("reading.merged_filled", filled), ("reading.merged_once", once)):
        if columns:
            facts = {"n": len(columns), "columns": list(dict.fromkeys(columns))}
            notes.append(Problem(id, facts, file=file, sheet=grid.sheet))
    return cells.astype("str")


def _year(texts: list[str]) -> str | None:
    """The one year these texts speak of, for headings like ``3月``."""
    years = {y for text in texts for y in re.findall(r"(?<!\d)(20[0-4]\d)(?!\d)", text)}
    return years.pop() if len(years) == 1 else None


def _months_to_rows(
    frame: pd.DataFrame, row: np.ndarray, year: str | None
) -> tuple[pd.DataFrame, np.ndarray, list[str]]:
    """Months as columns become one row per line and month with a filled cell, dated on the month's first day.

    Needs three months, a known year, and another column that says whose they are.
    """
    named = {c: m for c in frame.columns if (m := month_of(str(c)))}
    months = {c: m if len(m) == 7 else f"{year}-{m}" for c, m in named.items() if len(m) == 7 or year}
    if len(set(months.values())) < _MIN_MONTHS or not any(
        senses(str(c)) for c in frame.columns if c not in named
    ):
        return frame, row, []
    others = [c for c in frame.columns if c not in months and not _TOTAL.fullmatch(normal(str(c)))]
    zh = any("\u4e00" <= ch <= "\u9fff" for c in frame.columns for ch in str(c))
    month, money = ("月份", "金额") if zh else ("month", "amount")
    lines = np.arange(len(frame))
    parts = [frame[others].assign(**{month: f"{name}-01", money: frame[c]}) for c, name in months.items()]
    at = np.concatenate([lines] * len(parts))
    long = pd.concat(parts, ignore_index=True)
    filled = (long[money].str.strip() != "").to_numpy()
    silent = np.setdiff1d(lines, at[filled])
    # of a line without any month filled one row stays, so that nobody is lost
    keep = filled | ((np.arange(len(at)) < len(frame)) & np.isin(at, silent))
    long.loc[keep & ~filled, month] = ""
    order = np.flatnonzero(keep)[np.argsort(at[keep], kind="stable")]
    return long.iloc[order].reset_index(drop=True), row[at[order]], [str(c) for c in months]
