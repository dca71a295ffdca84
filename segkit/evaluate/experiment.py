"""What did contact change? Customers who were contacted against a holdout drawn by lot (增量与对照组)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

import pandas as pd
from scipy.stats import t

from segkit.evaluate.estimate import LEVEL, Estimate, proportion, z_of
from segkit.evaluate.power import detectable
from segkit.evaluate.shrinkage import chance_of_harm, shrunken
from segkit.problems import InputProblems, Problem

TREATED, HOLDOUT = ARMS = ("treated", "holdout")
Verdict = Literal["helped", "harmed", "leans_harmed", "open", "not_measurable"]
LEANING = 0.8  # from such a chance of harm on a segment is named (示例参数)


@dataclass(frozen=True)
class Segment:
    """One segment of an experiment.

    Attributes
    ----------
    segment : its label
    raw : the difference as it was seen in this segment; its value is None where an arm is empty
    shrunk : the same drawn towards all segments, the more the fewer customers it rests on; None likewise
    revenue : difference of the money per head, as it was seen; None where nobody spent another sum than the rest of
        the own arm, which tells of no spread
    treated, control : share that bought, with and without contact
    chance_of_harm : how likely contact keeps customers of this segment from buying, 0..1; None where an arm is empty
    """

    segment: str
    raw: Estimate
    shrunk: Estimate
    revenue: Estimate
    treated: Estimate
    control: Estimate
    chance_of_harm: float | None = None

    @property
    def verdict(self) -> Verdict:
        """What can be said of it, by the shrunken estimate.

        `harmed` where its whole interval lies below 0, `helped` where it lies above. `leans_harmed` where harm is
        not shown, but has a chance of at least `LEANING` (.8, 示例参数 / sample parameter): money is better spent
        elsewhere. Of harm nothing is said where in the segment itself those contacted bought no less. Shrinking
        guards against picking the worst of many segments by chance, so that no further correction is made
        (Gelman, Hill & Yajima 2012, J. Res. Educ. Eff. 5, 189-211). `not_measurable` where one arm is empty.
        """
        seen, low, high = self.raw.value, self.shrunk.low, self.shrunk.high
        if seen is None or low is None or high is None:
            return "not_measurable"
        if low > 0:
            return "helped"
        if seen >= 0:
            return "open"
        if high < 0:
            return "harmed"
        return "leans_harmed" if (self.chance_of_harm or 0.0) >= LEANING else "open"


@dataclass(frozen=True)
class Uplift(Estimate):
    """What contact added: an `Estimate` of the difference of two shares, with what it was made from.

    Attributes
    ----------
    treated, control : share that bought, with and without contact
    revenue : difference of the money per head; without a value where no money was given, or none differs
    priced : of those contacted the rows `revenue` rests on: times it they make the money of all of them
    segments : the same by segment, most customers first
    """

    treated: Estimate = field(default_factory=lambda: proportion(0, 0))
    control: Estimate = field(default_factory=lambda: proportion(0, 0))
    revenue: Estimate = field(default_factory=lambda: _none(0, LEVEL, "money"))
    priced: int = 0
    segments: tuple[Segment, ...] = ()

    @property
    def relative(self) -> float | None:
        """The difference as a share of what bought anyway (相对提升); None where nobody did."""
        return self.value / self.control.value if self.value is not None and self.control.value else None

    @property
    def shown(self) -> bool:
        """Does the interval leave out 0?"""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high

    @property
    def weights(self) -> dict[str, int]:
        """Customers of each segment that counts: those with an empty arm do not."""
        counted = [one for one in self.segments if one.raw.value is not None]
        return {one.segment: one.treated.n + one.control.n for one in counted}

    @property
    def detectable(self) -> float | None:
        """The smallest rise these arms would have shown in four cases of five (可测的最小差异)."""
        if self.control.value is None or not self.treated.n or not self.control.n:
            return None
        return detectable(self.treated.n, self.control.n, self.control.value)

    @property
    def harmed(self) -> tuple[str, ...]:
        """Segments that contact kept from buying (被打扰的客户)."""
        return tuple(one.segment for one in self.segments if one.verdict == "harmed")

    @property
    def leaning_to_harm(self) -> tuple[str, ...]:
        """Segments of which harm is likely, without being shown."""
        return tuple(one.segment for one in self.segments if one.verdict == "leans_harmed")

    @property
    def not_measurable(self) -> tuple[str, ...]:
        """Segments of which everybody was contacted, or nobody."""
        return tuple(one.segment for one in self.segments if one.verdict == "not_measurable")


def uplift(
    frame: pd.DataFrame | None = None,
    *,
    treated: tuple[float, float] | None = None,
    control: tuple[float, float] | None = None,
    level: float = LEVEL,
) -> Uplift:
    """How many more customers bought because they were contacted? (增量 / uplift)

    Customers are compared as they were drawn, whether they were reached or not (意向性分析, intention to treat):
    whoever is reached buys more anyway.

    Parameters
    ----------
    frame : one row per customer: `arm` (treated | holdout), `converted` (0/1 or yes/no as booleans), optional
        `revenue` (money per customer, 0 for who bought nothing) and `segment`. With `segment` only segments with
        customers in both arms count, each by its number of customers: where some segments were held out less,
        the plain difference would compare different customers. With `customer_id` a customer may have several
        rows (one for each month); these count for less than as many customers, as far as they are alike.
    treated, control : instead of a frame: (bought, customers) of each arm
    level : of all intervals

    Returns
    -------
    Uplift : `value` is the difference of the shares, in -1..1, with Newcombe's interval; `relative`, `revenue`
        (Welch), `detectable` and `segments` beside it. Its value is None where an arm is empty. Segments without a
        spread of money do not count in `revenue`: they would make it look surer than it is.

    Raises
    ------
    InputProblems : a column is missing, or holds something else

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10; over segments after Zou & Donner (2008), ibid. 27,
    1693-1702. Several rows of a customer: Rao & Scott (1992), Biometrics 48, 577-585. Money: Welch (1947),
    Biometrika 34, 28-35. By segment: see `shrinkage.shrunken`.
    """
    if frame is None:
        arms = [_share(pair, level) for pair in (treated or (0, 0), control or (0, 0))]
        return _whole((_Compared("", arms[0], arms[1], _NO_MONEY, _NO_MONEY),), level)
    rows = _checked(frame)
    with_segments = "segment" in rows and len(rows) > 0
    groups = rows.groupby("segment", sort=False) if with_segments else [("", rows)]
    compared = [_compared(str(name), part, level) for name, part in groups]
    compared.sort(key=lambda one: (-one.customers, one.segment))
    found = _whole(tuple(one for one in compared if one.measurable) or tuple(compared), level)
    if not with_segments:
        return found
    return replace(found, segments=_segments(compared, level))


# --- one pair of arms ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Money:
    """A mean with the variance of it as an estimate, and how many customers and rows it rests on."""

    mean: float
    variance: float
    customers: int
    rows: int


_NO_MONEY = _Money(math.nan, math.nan, 0, 0)
NO_SPREAD = 1e-9  # of the largest sum: below it sums differ by rounding only


@dataclass(frozen=True)
class _Compared:
    """Both arms of one segment."""

    segment: str
    treated: Estimate
    control: Estimate
    spent: _Money
    spent_without: _Money

    @property
    def measurable(self) -> bool:
        return self.treated.value is not None and self.control.value is not None

    @property
    def priced(self) -> bool:
        """Can the money of the arms be compared? It takes two customers in each, and sums that differ."""
        arms = (self.spent, self.spent_without)
        return self.measurable and all(a.customers > 1 for a in arms) and any(a.variance > 0 for a in arms)

    @property
    def customers(self) -> int:
        return self.treated.n + self.control.n


def _compared(name: str, rows: pd.DataFrame, level: float) -> _Compared:
    arms = [rows[rows["arm"] == arm] for arm in ARMS]
    shares = [_of_rows(arm, level) for arm in arms]
    spent = [_spent(arm) if "revenue" in arm else _NO_MONEY for arm in arms]
    return _Compared(name, shares[0], shares[1], spent[0], spent[1])


def _share(arm: tuple[float, float], level: float) -> Estimate:
    k, n = arm
    if k > n or k < 0:
        raise InputProblems([Problem("evaluate.more_than_all", {"k": k, "n": n})])
    return proportion(k, n, level)


def _of_rows(rows: pd.DataFrame, level: float) -> Estimate:
    """The share that bought; several rows of one customer weigh as many as they are worth."""
    n, k = len(rows), float(rows["converted"].sum())
    if "customer_id" not in rows or not rows["customer_id"].duplicated().any():
        return proportion(k, n, level)
    customers = rows["customer_id"].nunique()
    p = k / n
    plain = p * (1 - p) / n
    inflated = _variance(rows["converted"], rows["customer_id"]) / plain if plain else n / customers
    worth = n / max(1.0, inflated)
    weighed = proportion(p * worth, worth, level)
    return Estimate(p, weighed.low, weighed.high, customers, level, "share", "wilson_repeated")


def _spent(rows: pd.DataFrame) -> _Money:
    money = rows["revenue"].astype("float64")
    ids = rows["customer_id"] if "customer_id" in rows else pd.Series(range(len(rows)), index=rows.index)
    if ids.nunique() < 2:
        return _NO_MONEY
    variance = _variance(money, ids)
    spread = variance > (NO_SPREAD * float(money.abs().max())) ** 2
    return _Money(float(money.mean()), variance if spread else 0.0, int(ids.nunique()), len(rows))


def _variance(values: pd.Series, ids: pd.Series) -> float:
    """Variance of the mean where the rows of one customer hang together; s²/n where each has one."""
    off = (values.astype("float64") - values.mean()).groupby(ids, sort=False).sum()
    return float((off**2).sum()) * len(off) / (len(off) - 1) / len(values) ** 2 if len(off) > 1 else 0.0


def newcombe(treated: Estimate, control: Estimate, level: float = LEVEL) -> Estimate:
    """The difference of two shares with Newcombe's interval, from the intervals of the shares.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
    """
    return _together([(1.0, treated, control)], level, "newcombe")


def _together(parts: list[tuple[float, Estimate, Estimate]], level: float, method: str) -> Estimate:
    """The weighted sum of differences; distances to the ends of the intervals add up as squares."""
    value = below = above = 0.0
    n = 0
    for weight, one, other in parts:
        n += one.n + other.n
        if None in (one.value, one.low, one.high, other.value, other.low, other.high):
            return _none(n, level, "share", method)
        value += weight * (one.value - other.value)  # type: ignore[operator]
        below += weight**2 * ((one.value - one.low) ** 2 + (other.high - other.value) ** 2)  # type: ignore[operator]
        above += weight**2 * ((one.high - one.value) ** 2 + (other.value - other.low) ** 2)  # type: ignore[operator]
    return Estimate(value, value - math.sqrt(below), value + math.sqrt(above), n, level, "share", method)


def _none(n: int, level: float, unit: Literal["share", "money"], method: str = "") -> Estimate:
    return Estimate(None, None, None, n, level, unit, method)


# --- all segments together -------------------------------------------------------------------------


def _whole(parts: tuple[_Compared, ...], level: float) -> Uplift:
    """The difference over segments, each by its customers."""
    one = len(parts) == 1
    weights = _weights(parts)
    found = _together(
        [(w, part.treated, part.control) for w, part in zip(weights, parts, strict=True)],
        level,
        "newcombe" if one else "newcombe_segments",
    )
    arms = [_arm([p.treated for p in parts], weights), _arm([p.control for p in parts], weights)]
    priced = [part for part in parts if part.priced]
    revenue, rows = _difference(priced, level), sum(part.spent.rows for part in priced)
    told = (found.value, found.low, found.high, found.n, found.level, found.unit, found.method)
    return Uplift(*told, treated=arms[0], control=arms[1], revenue=revenue, priced=rows)


def _weights(parts: tuple[_Compared, ...] | list[_Compared]) -> list[float]:
    of = sum(part.customers for part in parts)
    return [part.customers / of if of else 1.0 for part in parts]


def _arm(shares: list[Estimate], weights: list[float]) -> Estimate:
    """The share of one arm, its segments weighed as in the difference, so that both add up."""
    if len(shares) == 1:
        return shares[0]
    n, level = sum(share.n for share in shares), shares[0].level
    if any(share.value is None for share in shares):
        return _none(n, level, "share")
    nobody = proportion(0, 1)  # stands in for the other arm: adds nothing to value and ends
    nobody = Estimate(0.0, 0.0, 0.0, 0, level, "share", nobody.method)
    return _together(
        [(w, share, nobody) for w, share in zip(weights, shares, strict=True)], level, "wilson_segments"
    )


def _difference(parts: list[_Compared], level: float) -> Estimate:
    """The difference of the money per head after Welch, segments weighed by their customers."""
    n = sum(part.customers for part in parts)
    if not parts:
        return _none(0, level, "money")
    value, pieces = 0.0, []
    for weight, part in zip(_weights(parts), parts, strict=True):
        value += weight * (part.spent.mean - part.spent_without.mean)
        pieces += [(weight**2 * arm.variance, arm.customers - 1) for arm in (part.spent, part.spent_without)]
    variance = sum(piece for piece, _ in pieces)
    freedom = 1 / sum((piece / variance) ** 2 / of for piece, of in pieces)
    half = float(t.ppf(0.5 + level / 2, freedom)) * math.sqrt(variance)
    method = "welch" if len(parts) == 1 else "welch_segments"
    return Estimate(value, value - half, value + half, n, level, "money", method)


# --- by segment ------------------------------------------------------------------------------------


def _segments(compared: list[_Compared], level: float) -> tuple[Segment, ...]:
    known = [one for one in compared if one.measurable]
    raw = [newcombe(one.treated, one.control, level) for one in compared]
    differences = [_seen(one) for one in known]
    drawn, harm = iter(shrunken(differences, level)), iter(chance_of_harm(differences))
    return tuple(
        Segment(
            one.segment,
            seen,
            next(drawn) if one.measurable else _none(one.customers, level, "share"),
            _difference([one] if one.priced else [], level),
            one.treated,
            one.control,
            next(harm) if one.measurable else None,
        )
        for one, seen in zip(compared, raw, strict=True)
    )


def _seen(one: _Compared) -> tuple[float, float, int]:
    """Difference, its variance, customers. Wilson's widths keep 0 of 5 from looking sure, and know of rows that hang
    together."""
    difference = one.treated.value - one.control.value  # type: ignore[operator]
    widths = [(arm.half or 0.0) / z_of(arm.level) for arm in (one.treated, one.control)]
    return difference, sum(width**2 for width in widths), one.customers


# --- checks ----------------------------------------------------------------------------------------


def _checked(frame: pd.DataFrame) -> pd.DataFrame:
    missing = [column for column in ("arm", "converted") if column not in frame]
    if missing:
        raise InputProblems([Problem("evaluate.no_column", {"columns": missing})])
    problems = []
    strange = sorted({str(arm) for arm in frame["arm"].unique()} - {*ARMS})
    if strange:
        problems.append(Problem("evaluate.unknown_arm", {"found": strange}, column="arm"))
    bought = pd.to_numeric(frame["converted"], errors="coerce")
    if n := int((~bought.isin([0, 1])).sum()):
        problems.append(Problem("evaluate.not_yes_or_no", {"n": n}, column="converted"))
    numbers = {"converted": bought.astype("float64")}
    if "revenue" in frame:
        numbers["revenue"] = pd.to_numeric(frame["revenue"], errors="coerce").astype("float64")
        if n := int(numbers["revenue"].isna().sum()):
            problems.append(Problem("evaluate.no_money", {"n": n}, column="revenue"))
    if "segment" in frame and (n := int(frame["segment"].isna().sum())):
        problems.append(Problem("evaluate.no_segment", {"n": n}, column="segment"))
    if problems:
        raise InputProblems(problems)
    return frame.assign(**numbers)
