"""Values in a table as people read them: the form follows the column's name and its values."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Hashable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from segkit.charts.table_words import names_of_values
from segkit.locale import Lang, percent, say

NOTHING = "—"
Form: TypeAlias = Callable[[Any], str]

_SHARE = re.compile(
    r"(?:^|_)(?:share|rate|proportion)(?:$|_)|^(?:completeness|accuracy|timeliness|overlap)$|(?:占比|比例|率)$",
    re.IGNORECASE,
)
# numbers that name something: nobody adds them up, so no thousands are set apart
_LABEL = re.compile(
    r"(?:^|_)(?:id|code|year|month|row|phone|number)$|(?:编号|编码|号|电话|手机|年份|年度|月份|年|月|行)$",
    re.IGNORECASE,
)


def form_of(name: Hashable, values: pd.Series, lang: Lang) -> Form:
    """How the cells of a column are written; missing values are a dash.

    Whole numbers and money with thousands set apart, at most two decimals, as many in every cell of the column;
    a column that is a share by name (``share, rate, 占比``) in percent; dates without a midnight; ids of known
    classes by name; yes and no in words; everything else as it is.
    """
    kind = values.dtype.kind
    if kind == "b":
        return _or_nothing(lambda yes: _yes(yes, lang))
    if kind == "M":
        return _or_nothing(_moments(values))
    if kind in "iuf":
        return _or_nothing(_numbers(name, values))
    naming = names_of_values(name, values, lang)
    return _or_nothing(naming or (lambda value: one_value(name, value, lang)))


def one_value(name: Hashable, value: Any, lang: Lang) -> str:
    """A value that stands alone, as in a row taken out of a table: the form its column would have."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | np.bool_):
        return _yes(value, lang)
    if isinstance(value, int | float | np.number):
        return _numbers(name, pd.Series([value]))(value)
    if isinstance(value, dt.datetime):
        return _moments(pd.Series([value]))(value)
    if isinstance(value, dt.timedelta):
        days = value / dt.timedelta(days=1)
        return say("table.days", lang, n=int(days)) if days == int(days) else str(value)
    return str(value)


def _or_nothing(form: Form) -> Form:
    return lambda value: NOTHING if pd.api.types.is_scalar(value) and pd.isna(value) else form(value)


def _yes(value: Any, lang: Lang) -> str:
    return say("value.yes" if value else "value.no", lang)


def _moments(values: pd.Series) -> Form:
    known = values.dropna()
    midnight = bool((known.dt.normalize() == known).all())
    pattern = "%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M"
    return lambda moment: moment.strftime(pattern)


def _numbers(name: Hashable, values: pd.Series) -> Form:
    known = values.dropna().to_numpy("float64")
    known = known[np.isfinite(known)]
    last = name[-1] if isinstance(name, tuple) else name
    if (
        _SHARE.search("_".join(map(str, name)) if isinstance(name, tuple) else str(name))
        and (np.abs(known) <= 1 + 1e-9).all()
    ):
        return _percent
    digits = next((d for d in (0, 1) if np.array_equal(known, np.round(known, d))), 2)
    if digits == 0 and _LABEL.search(str(last)):
        return lambda number: f"{number:.0f}"
    return lambda number: _decimal(float(number), digits)


def _percent(share: Any) -> str:
    return percent(abs(share)) if share >= 0 else f"-{percent(-share)}"


def _decimal(number: float, digits: int) -> str:
    """``1,234.50``; what is small but not nothing keeps two figures: ``0.0042``."""
    if not np.isfinite(number):
        return str(number)
    if digits == 2 and 0 < abs(number) < 0.005:
        return f"{number:.1e}" if abs(number) < 1e-5 else _two_figures(number)
    return f"{number + 0.0:,.{digits}f}"


def _two_figures(number: float) -> str:
    return np.format_float_positional(number, precision=2, fractional=False, trim="-")
