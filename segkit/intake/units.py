"""In which unit a money column is written: 元, 千元, 万元, 亿元, k; and whether its decimal sign is a comma."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.intake.table import ORIGIN
from segkit.intake.values import mapped, plain

FACTORS = {
    "元": 1.0,
    "圆": 1.0,
    "千": 1e3,
    "万": 1e4,
    "萬": 1e4,
    "十万": 1e5,
    "百万": 1e6,
    "千万": 1e7,
    "亿": 1e8,
    "億": 1e8,
    "k": 1e3,
    "w": 1e4,
    "thousand": 1e3,
    "million": 1e6,
}
_WORD = r"(?P<word>十万|百万|千万|[千万萬亿億kw])元?|(?P<yuan>[元圆])"
_CURRENCY = r"(?:人民币|rmb|cny|yuan|usd|eur|hkd|¥)?"
_IN_BRACKETS = re.compile(
    rf"[(\[【](?:单位[:：]?|in)?{_CURRENCY}(?:{_WORD}|(?P<en>thousand|million)s?){_CURRENCY}[)\]】]"
)
# 金额万元, 销售额千元, gmv万, 金额k, amount_wan: a bare 千 or a letter inside a word is no unit
_AT_END = re.compile(
    r"(?:(?P<word>十万|百万|千万|[千万萬亿億])元|(?<=[^a-z])(?P<letter>[kw])|(?P<bare>百万|千万|[万萬亿億])|(?P<yuan>元)"
    r"|(?<=[^a-z])(?P<pinyin>wan)(?:_?yuan)?)$"
)
_PINYIN = {"wan": "万"}
# 单位：万元, 金额单位为千元; not 单位：千里马公司
_IN_TITLE = re.compile(
    r"单位\s?(?:[:(]|为|是)?\s?(?:人民币)?\s?"
    r"(?:(?P<word>十万|百万|千万|[千万萬亿億])元|(?P<bare>百万|千万|[万萬亿億kw])(?!\w)|(?P<yuan>元))"
)
# when a cell in another unit than its column is beyond doubt (示例参数 / sample parameters)
FEWEST_TIMES, FEWEST_CELLS, GAP, FEW = 1000, 20, 100, 0.05
_OWN = re.compile(r"[元圆块千kw万萬亿億]")
_COMMA_CENTS = re.compile(r"(?:^|[^\d,.])(?:\d+|\d{1,3}(?:\.\d{3})+),\d{1,2}(?!\d)")
_COMMA_THOUSANDS = re.compile(r"\d,\d{3}(?!\d)")
_POINT_CENTS = re.compile(r"\d\.\d{1,2}(?!\d)")


@dataclass(frozen=True)
class Unit:
    """A unit as the client wrote it, and what one of it is worth in currency units."""

    written: str
    factor: float


def _unit(found: re.Match[str] | None) -> Unit | None:
    if found is None:
        return None
    word = next(w for name, w in found.groupdict().items() if w)
    word = _PINYIN.get(word, word)
    money = f"{word}元" if word[-1] in "千万萬亿億" else word
    return Unit(money, FACTORS[word])


def unit_of(heading: str) -> Unit | None:
    """The unit a heading names in brackets or at its end; 万 in the middle of a name (万达店销售额) is none."""
    text = plain(heading)
    return _unit(_IN_BRACKETS.search(text) or _AT_END.search(text))


def title_units(furniture: pd.DataFrame) -> dict[tuple[str, str], Unit]:
    """(file, sheet) -> the unit a title row names: ``单位：万元``."""
    found: dict[tuple[str, str], Unit] = {}
    if "text" not in furniture.columns:
        return found
    titles = furniture[(furniture["what"] == "title") & furniture["text"].notna()]
    for line in titles.to_dict("records"):
        text = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", str(line["text"])).lower())
        if (unit := _unit(_IN_TITLE.search(text))) is not None:
            found.setdefault((str(line["file"]), str(line["sheet"])), unit)
    return found


def scales(
    cells: pd.Series, heading: str, origin: pd.DataFrame, titles: dict[tuple[str, str], Unit]
) -> tuple[pd.Series, dict[Unit, str | None]]:
    """What one unit of each cell is worth, and the units used with the file they were found in.

    The heading goes before a title row; a cell that names its own unit (1.2万, 12,000元) is not scaled again.
    """
    scale = pd.Series(1.0, index=cells.index)
    used: dict[Unit, str | None] = {}
    if (unit := unit_of(heading)) is not None:
        scale[:] = unit.factor
        used[unit] = None
    else:
        for (file, sheet), unit in titles.items():
            here = (origin[ORIGIN[0]] == file) & (origin[ORIGIN[1]] == sheet)
            scale = scale.mask(here.to_numpy(), unit.factor)
            used.setdefault(unit, file)
    if (scale != 1).any():
        own = mapped(cells, lambda v: bool(_OWN.search(plain(v)))).astype(bool)
        scale = scale.where(~own, 1.0)
    return scale, {unit: file for unit, file in used.items() if unit.factor != 1}


def slips(values: pd.Series, factor: float) -> pd.Series:
    """True where a cell of a column in 万元 was written in 元: 41000 where all the others say 3 to 8.

    Only where it is beyond doubt: a wide gap parts a few cells from all the others, and divided by the factor they
    fall among them.

    Parameters
    ----------
    values : numbers as they stand in the cells
    factor : what one unit of the column is worth
    """
    none = pd.Series(False, index=values.index)
    there = values[values > 0].sort_values()
    if factor < FEWEST_TIMES or len(there) < FEWEST_CELLS:
        return none
    gaps = np.flatnonzero(there.to_numpy()[1:] >= GAP * there.to_numpy()[:-1])
    if not len(gaps):
        return none
    usual, odd = there.iloc[: gaps[-1] + 1], there.iloc[gaps[-1] + 1 :]
    fits = (odd / factor).between(usual.iloc[0], usual.iloc[-1]).all()
    return none | values.index.isin(odd.index) if fits and len(odd) <= FEW * len(there) else none


def decimal_point(cells: pd.Series) -> tuple[pd.Series, bool]:
    """The cells of one file with a decimal point, and whether they were written with a decimal comma.

    A comma before the last one or two digits (123,75) is a decimal comma if no cell of the column has one
    before three (1,234.56) and fewer have a decimal point; then 1.100 is eleven hundred.
    """
    with_comma = [plain(v) for v in cells[cells.str.contains("[,，]", regex=True)].unique()]
    commas = sum(bool(_COMMA_CENTS.search(v)) for v in with_comma)
    if not commas or any(map(_COMMA_THOUSANDS.search, with_comma)):
        return cells, False
    if sum(bool(_POINT_CENTS.search(v)) for v in cells.unique()) >= commas:
        return cells, False

    def turned(text: str) -> str:
        cell = plain(text)
        if _COMMA_CENTS.search(cell):
            return cell.replace(".", "").replace(",", ".")
        return cell.replace(".", "") if re.search(r"(?<![\d.])\d{1,3}(\.\d{3})+(?![\d.])", cell) else text

    return mapped(cells, turned), True


def by_file(origin: pd.DataFrame) -> list[tuple[str | None, np.ndarray]]:
    """The row masks of the files of a table; the name is None where there is one file only."""
    files = origin[ORIGIN[0]]
    if files.nunique() <= 1:
        return [(None, np.ones(len(files), dtype=bool))]
    return [(str(file), (files == file).to_numpy()) for file in files.unique()]
