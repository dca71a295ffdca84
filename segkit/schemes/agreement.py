"""Do two ways of classifying the same customers say the same? Cross tables, Cramér's V, adjusted Rand index."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segkit.customers import missing_columns
from segkit.locale import Lang, name_of, say, term
from segkit.problems import InputProblems, Problem
from segkit.schemes.base import PROSPECT, UNKNOWN, Scheme

LEFT_OUT = (UNKNOWN, PROSPECT)
LEAST = 30  # customers; with fewer a report ranks them by hand instead of classifying
FEWEST_ALIKE = (
    2  # customers of a label on average: with fewer, two columns of labels agree by their number alone
)
TOTAL = "total"
# up to .2 weak, up to .6 moderate, above strong: IBM Cognos Analytics, "Cramér's V"
WEAK, MODERATE = 0.2, 0.6

Orders = tuple[Sequence[str] | None, Sequence[str] | None]
Measure = Literal["cramers_v", "adjusted_rand"]
Reason = Literal["too_few", "constant", "all_different"]


@dataclass(frozen=True)
class Agreement:
    """One figure for how much two columns of labels have to do with each other.

    Attributes
    ----------
    measure : ``cramers_v``, 0 (nothing to do with each other) to 1 (one follows from the other), or
        ``adjusted_rand``, 0 (as by chance) to 1 (the same groups), below 0 where less than by chance
    value : the figure; None where it cannot be measured
    n, left_out : customers it rests on; customers unknown or prospect in one of the columns
    labels : different labels in the first and in the second column
    chi_square : Pearson's, of `cramers_v`
    refused : why there is no figure: ``too_few`` customers, a column is ``constant``, or its labels ``all_different``
        or nearly so
    """

    measure: Measure
    value: float | None
    n: int
    left_out: int
    labels: tuple[int, int]
    chi_square: float | None = None
    refused: Reason | None = None

    def text(self, lang: Lang = "zh") -> str:
        """The figure and what it means, or why there is none; without what it rests on."""
        if self.value is None:
            return say(f"schemes.agreement.{self.refused}", lang, n=self.n, least=LEAST)
        if self.measure == "adjusted_rand":
            return say("schemes.agreement.adjusted_rand", lang, value=round(self.value, 2) + 0.0)  # no -0.00
        level = "weak" if self.value <= WEAK else "moderate" if self.value <= MODERATE else "strong"
        strength = term(f"association.{level}", lang)
        return say("schemes.agreement.cramers_v", lang, value=self.value, strength=strength)


@dataclass(frozen=True)
class Comparison:
    """Two columns of labels side by side.

    Attributes
    ----------
    first, second : what the columns are called
    table : `crosstab` of all customers, prospects and unknown ones too
    cramers_v, adjusted_rand : how far they agree
    """

    first: str
    second: str
    table: pd.DataFrame
    cramers_v: Agreement
    adjusted_rand: Agreement

    def text(self, lang: Lang = "zh") -> str:
        """One sentence: what was compared, both figures, and how many customers they rest on."""
        found = [self.cramers_v, self.adjusted_rand]
        figures = ("，" if lang == "zh" else ", ").join(dict.fromkeys(f.text(lang) for f in found))
        facts = {"n": self.cramers_v.n, "left_out": self.cramers_v.left_out}
        out = say("schemes.agreement.left_out", lang, **facts) if facts["left_out"] else ""
        names = {"first": name_of("scheme", self.first, lang), "second": name_of("scheme", self.second, lang)}
        return say("schemes.agreement", lang, figures=figures, left_out=out, n=facts["n"], **names)


def crosstab(
    first: Iterable[Any],
    second: Iterable[Any],
    *,
    order: Orders = (None, None),
) -> pd.DataFrame:
    """How many customers carry each pair of labels? Counts with margins (交叉表).

    Parameters
    ----------
    first, second : labels of the same customers in the same order; a missing one counts as ``unknown``
    order : all labels of either from best to worst, as ``scheme.order()``; left out: as text sorts

    Returns
    -------
    One row per label of `first`, one column per label of `second`, labels that occur only; the row and the column
    ``total`` hold the sums.

    Raises
    ------
    InputProblems : the two are not of equal length, or a label is not in its order
    """
    a, b = _paired(first, second)
    rows, columns = (_sorted(labels, own) for labels, own in zip((a, b), order, strict=True))
    counts = pd.crosstab(a, b).reindex(index=rows, columns=columns, fill_value=0)
    counts.index.name, counts.columns.name = _name(first), _name(second)
    counts[TOTAL] = counts.sum(axis=1)
    counts.loc[TOTAL] = counts.sum(axis=0)
    return counts


def cramers_v(first: Iterable[Any], second: Iterable[Any]) -> Agreement:
    """Does one label tell something about the other? Cramér's V, corrected for bias (相关程度).

    The plain V overstates what many labels and few customers have in common. Prospects and unknown ones are left
    out and counted.

    Parameters
    ----------
    first, second : labels of the same customers in the same order

    Returns
    -------
    An `Agreement` in 0..1, without a value where there are fewer than 30 customers, where a column holds only one
    label, or so many that fewer than two customers on average share one.

    References
    ----------
    Bergsma (2013), A bias correction for Cramér's V and Tschuprow's T, J. Korean Stat. Soc. 42(3), 323-328.
    """
    a, b, facts = _kept(first, second)
    refused = _refused(facts)
    if refused:
        return Agreement("cramers_v", None, refused=refused, **facts)
    counts = pd.crosstab(a, b).to_numpy(dtype="float64")
    chi_square = _chi_square(counts)
    n, (r, c) = facts["n"], facts["labels"]
    strength = max(0.0, chi_square / n - (r - 1) * (c - 1) / (n - 1))
    most = min(r - 1 - (r - 1) ** 2 / (n - 1), c - 1 - (c - 1) ** 2 / (n - 1))
    value = min(1.0, math.sqrt(strength / most))
    return Agreement("cramers_v", value, chi_square=chi_square, **facts)


def adjusted_rand(first: Iterable[Any], second: Iterable[Any]) -> Agreement:
    """Do two classifications put the same customers together? Adjusted Rand index (调整兰德指数).

    What two labels are called plays no part. Left out and refused is what `cramers_v` leaves out and refuses.

    References
    ----------
    Hubert & Arabie (1985), Comparing partitions, Journal of Classification 2, 193-218.
    """
    from sklearn.metrics import adjusted_rand_score  # takes a second to load

    a, b, facts = _kept(first, second)
    refused = _refused(facts)
    if refused:
        return Agreement("adjusted_rand", None, refused=refused, **facts)
    return Agreement("adjusted_rand", float(adjusted_rand_score(a, b)), **facts)


def compare(
    rules: Iterable[Any],
    clusters: Iterable[Any],
    *,
    names: tuple[str, str] | None = None,
    order: Orders = (None, None),
    without: Iterable[bool] | None = None,
) -> Comparison:
    """Do the groups found in the data confirm the rules? Or any two columns of labels.

    Parameters
    ----------
    rules, clusters : labels of the same customers in the same order
    names : ids of the two schemes; left out: the names of the columns
    order : as for `crosstab`
    without : who is left out of the two figures beside prospects and unknown ones, as who bought nothing where
        a class of low value holds them; the table has all
    """
    first, second = names or (_name(rules) or "1", _name(clusters) or "2")
    a, b = pd.Series(list(rules), name=first), pd.Series(list(clusters), name=second)
    table = crosstab(a, b, order=order)
    if without is not None:
        a = a.mask(pd.Series(list(without), dtype=bool), PROSPECT)
    return Comparison(first, second, table, cramers_v(a, b), adjusted_rand(a, b))


def comparisons(customers: pd.DataFrame, schemes: Mapping[str, Scheme] | Iterable[str]) -> list[Comparison]:
    """`compare` for every pair of label columns.

    Parameters
    ----------
    customers : labelled, one row per customer
    schemes : the schemes that labelled them, or the names of the columns

    Raises
    ------
    InputProblems : a column is missing
    """
    orders: dict[str, Sequence[str] | None] = (
        {scheme.name: scheme.order() for scheme in schemes.values()}
        if isinstance(schemes, Mapping)
        else dict.fromkeys(schemes)
    )
    missing = missing_columns(nw.from_native(customers), orders)
    if missing:
        raise InputProblems(missing)
    pairs = combinations(orders, 2)
    return [compare(customers[a], customers[b], order=(orders[a], orders[b])) for a, b in pairs]


def agreement(
    customers: pd.DataFrame, schemes: Mapping[str, Scheme] | Iterable[str], lang: Lang = "zh"
) -> pd.DataFrame:
    """Which of the schemes say the same, and which say something of their own? One row per pair.

    Returns
    -------
    `first, second` (columns of labels), `n, left_out` (customers), `cramers_v, adjusted_rand` (null where they
    cannot be measured) and `sentence`, which says so in words.

    Raises
    ------
    InputProblems : a column is missing
    """
    rows = [
        {
            "first": found.first,
            "second": found.second,
            "n": found.cramers_v.n,
            "left_out": found.cramers_v.left_out,
            "cramers_v": found.cramers_v.value,
            "adjusted_rand": found.adjusted_rand.value,
            "sentence": found.text(lang),
        }
        for found in comparisons(customers, schemes)
    ]
    kinds = {"first": "str", "second": "str", "n": "int64", "left_out": "int64", "sentence": "str"}
    columns = ["first", "second", "n", "left_out", "cramers_v", "adjusted_rand", "sentence"]
    figures = {"cramers_v": "Float64", "adjusted_rand": "Float64"}
    return pd.DataFrame(rows, columns=columns).astype(kinds | figures)


# --- inside -------------------------------------------------------------------------------------------


def _labels(labels: Iterable[Any]) -> pd.Series:
    plain = pd.Series(list(labels), dtype=object)
    return plain.where(plain.notna(), UNKNOWN).astype(str)


def _paired(first: Iterable[Any], second: Iterable[Any]) -> tuple[pd.Series, pd.Series]:
    a, b = _labels(first), _labels(second)
    if len(a) != len(b):
        raise InputProblems([Problem("schemes.agreement.lengths", {"first": len(a), "second": len(b)})])
    return a, b


def _kept(first: Iterable[Any], second: Iterable[Any]) -> tuple[pd.Series, pd.Series, dict[str, Any]]:
    a, b = _paired(first, second)
    keep = ~a.isin(LEFT_OUT) & ~b.isin(LEFT_OUT)
    a, b = a[keep], b[keep]
    return a, b, {"n": len(a), "left_out": int((~keep).sum()), "labels": (a.nunique(), b.nunique())}


def _refused(facts: Mapping[str, Any]) -> Reason | None:
    if facts["n"] < LEAST:
        return "too_few"
    if min(facts["labels"]) < 2:
        return "constant"
    return "all_different" if FEWEST_ALIKE * max(facts["labels"]) > facts["n"] else None


def _chi_square(counts: NDArray[np.float64]) -> float:
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    return float(((counts - expected) ** 2 / expected).sum())


def _sorted(labels: pd.Series, order: Sequence[str] | None) -> list[str]:
    there = set(labels)
    if order is None:
        return [*sorted(there - set(LEFT_OUT)), *(x for x in reversed(LEFT_OUT) if x in there)]
    strange = sorted(there - set(order))
    if strange:
        facts = {"labels": strange, "order": list(order)}
        raise InputProblems([Problem("schemes.no_such_label", facts)])
    return [label for label in order if label in there]


def _name(labels: Iterable[Any]) -> str | None:
    name = getattr(labels, "name", None)
    return None if name is None else str(name)
