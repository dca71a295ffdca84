"""Is a division of customers worth having? Size, difference, own treatment, and whether it would come out again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segkit.customers.arguments import missing_columns, raise_any
from segkit.evaluate.estimate import LEVEL, Estimate
from segkit.locale import Lang, name_of, say
from segkit.problems import InputProblems, Problem
from segkit.schemes.agreement import adjusted_rand
from segkit.schemes.base import PROSPECT, UNKNOWN, CannotLearn, Scheme

# a segment smaller than that carries neither figures nor a treatment of its own (示例参数)
LEAST_SHARE, FEWEST = 0.02, 30
STEADY = 0.6  # agreement of a scheme learned anew, from which on it counts as stable (示例参数)
DRAWS = 50
NOT_ONE = (UNKNOWN, PROSPECT)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SegmentationQuality:
    """What can be said for and against a division.

    Attributes
    ----------
    table : one row per label: `label, n, share, mean, median, sum` of the value, `large_enough` (at least 2 % of
        all and 30 customers), and with policies `alike`: the labels that are treated just the same. Unknown ones
        and prospects come last and are judged by nothing.
    explained : share of the differences in value that lies between the labels, 0..1 (eta squared), with the
        interval of a bootstrap; no value below two labels or without differences
    chance : what labels drawn blindly would explain on average, (k - 1) / (n - 1)
    small : labels that are not large enough
    alike : groups of labels with one and the same treatment; None where no policies were given
    """

    table: pd.DataFrame
    explained: Estimate
    chance: float | None
    small: tuple[str, ...]
    alike: tuple[tuple[str, ...], ...] | None

    @property
    def sound(self) -> bool:
        """No label too small, none treated as another is, and more explained than by chance."""
        more = self.explained.low is not None and self.explained.low > (self.chance or 0.0)
        return not self.small and not self.alike and more

    def text(self, lang: Lang = "zh") -> str:
        """The findings in words, one sentence each."""
        n = int(self.table["n"].sum())
        said = []
        if self.explained.value is None:
            said.append(say("evaluate.quality_no_difference", lang, n=self.explained.n))
        else:
            facts: dict[str, Any] = {
                "value": self.explained.value,
                "low": self.explained.low,
                "high": self.explained.high,
            }
            said.append(
                say("evaluate.quality_explained", lang, n=self.explained.n, chance=self.chance, **facts)
            )
        if self.small:
            facts = {"labels": _named(self.small, lang), "share": LEAST_SHARE, "least": FEWEST, "n": n}
            said.append(say("evaluate.quality_small", lang, **facts))
        for group in self.alike or ():
            said.append(say("evaluate.quality_alike", lang, labels=_named(group, lang)))
        if self.sound:
            all_of_it = "evaluate.quality_sound" if self.alike is None else "evaluate.quality_sound_policies"
            said.append(say(all_of_it, lang))
        return ("" if lang == "zh" else " ").join(said)


def segmentation_quality(
    customers: pd.DataFrame,
    label: str,
    value: str,
    *,
    policies: Mapping[str, Any] | None = None,
    level: float = LEVEL,
    draws: int = 200,
    seed: int = 0,
) -> SegmentationQuality:
    """Are the segments large enough, different enough, and treated differently? (分群质量)

    Parameters
    ----------
    customers : labelled, one row per customer
    label, value : columns of the labels and of what they should tell apart, as ``rfm`` and ``monetary``. Customers
        without a value, unknown ones and prospects do not count for the differences.
    policies : what is done with each label, in anything that can be compared, as ``policy.labels``; a label
        without an entry is treated like any other without one

    Raises
    ------
    InputProblems : a column is missing, or the value is no number

    References
    ----------
    Kotler & Keller, Marketing Management: segments are measurable, substantial, accessible, differentiable and
    actionable; Cohen (1973) on eta squared.
    """
    raise_any(missing_columns(nw.from_native(customers), (label, value)))
    worth = pd.to_numeric(customers[value], errors="coerce").astype("float64")
    strange = customers.loc[worth.isna() & customers[value].notna(), value]
    if len(strange):
        facts = {"n": len(strange), "value": str(strange.iloc[0])}
        raise InputProblems([Problem("evaluate.value_no_number", facts, column=value)])
    labels = customers[label].astype(object).where(customers[label].notna(), UNKNOWN).astype(str)
    alike = None if policies is None else _alike(sorted(set(labels) - {*NOT_ONE}), policies)
    table = _table(labels, worth, alike)
    judged = ~table["label"].isin(NOT_ONE)
    small = tuple(table.loc[judged & ~table["large_enough"], "label"])
    kept = worth.notna() & ~labels.isin(NOT_ONE)
    codes, names = pd.factorize(labels[kept])
    explained = _explained(codes, worth[kept].to_numpy(), len(names), level, draws, seed)
    n = int(kept.sum())
    chance = (len(names) - 1) / (n - 1) if n > 1 and len(names) > 1 else None
    return SegmentationQuality(table, explained, chance, small, alike)


@dataclass(frozen=True)
class Stability(Estimate):
    """How far a scheme, learned anew from customers drawn from the same ones, gives the same groups again.

    `value` is the mean adjusted Rand index of the draws, 1 for the same groups and 0 as by chance, `low` and `high`
    hold 95 % of the draws.

    Attributes
    ----------
    by_label : one row per label: `label, n, overlap` (customers in both by customers in either, with the label it
        overlaps most in a draw, on average: its name may change, its customers not), the least first
    draws, failed : draws made, and of them those the scheme could not learn from or that gave no index
    """

    by_label: pd.DataFrame | None = None
    draws: int = 0
    failed: int = 0

    @property
    def steady(self) -> bool | None:
        """At least .6 on average; None where nothing can be said."""
        return None if self.value is None else self.value >= STEADY

    def text(self, lang: Lang = "zh") -> str:
        facts: dict[str, Any] = {"n": self.n, "draws": self.draws, "failed": self.failed}
        if self.value is None or self.by_label is None:
            return say("evaluate.stability_none", lang, **facts)
        first = self.by_label.iloc[0]
        facts |= {"value": self.value, "low": self.low, "high": self.high, "least": STEADY}
        facts |= {"label": name_of("segment", first["label"], lang), "overlap": float(first["overlap"])}
        return say("evaluate.stability_steady" if self.steady else "evaluate.stability_shaky", lang, **facts)


def stability(
    scheme: Scheme,
    customers: pd.DataFrame,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    level: float = LEVEL,
) -> Stability:
    """Would the same customers stand together if the data had come out a little differently? (分群稳定性)

    Customers are drawn with replacement, the scheme learns from them anew, labels all customers, and the labels
    are compared with those it gives them when learned from all (`adjusted_rand`, which leaves out who is unknown
    or prospect and needs 30 customers). A scheme with fixed limits learns nothing and is always 1.

    Parameters
    ----------
    scheme : fitted or not; it learns anew
    customers : with the columns the scheme needs, one row per customer
    draws, seed : of the bootstrap; the same seed gives the same figure

    Raises
    ------
    InputProblems : a column is missing, the scheme cannot learn from all customers, or draws is below 2

    References
    ----------
    Hennig (2007), Cluster-wise assessment of cluster stability, Comput. Stat. Data Anal. 52, 258-271.
    """
    if draws < 2:
        raise InputProblems([Problem("evaluate.draws", {"draws": draws})])
    usual = scheme.fit(customers).label(customers)[scheme.name].astype(str).reset_index(drop=True)
    rng = np.random.default_rng(seed)
    found: list[float] = []
    overlap = pd.Series(0.0, index=pd.Index(sorted(set(usual))))
    sizes = usual.value_counts().reindex(overlap.index)
    n = int((~usual.isin(NOT_ONE)).sum())
    for _ in range(draws):
        drawn = customers.iloc[rng.integers(0, len(customers), len(customers))].reset_index(drop=True)
        try:
            again = scheme.fit(drawn).label(customers)[scheme.name].astype(str).reset_index(drop=True)
        except CannotLearn:
            continue
        agreed = adjusted_rand(usual, again).value
        if agreed is None:
            continue
        found.append(agreed)
        overlap = overlap + _overlap(usual, again)
    facts = {"draws": draws}
    if len(found) < max(2, draws // 2):
        return Stability(
            None, None, None, n, level, "ratio", "stability", facts, None, draws, draws - len(found)
        )
    low, high = (float(x) for x in np.quantile(found, [0.5 - level / 2, 0.5 + level / 2]))
    table = pd.DataFrame(
        {"label": overlap.index, "n": sizes.to_numpy(), "overlap": overlap.to_numpy() / len(found)}
    )
    table = table[~table["label"].isin(NOT_ONE)].sort_values("overlap", kind="stable", ignore_index=True)
    mean = float(np.mean(found))
    return Stability(mean, low, high, n, level, "ratio", "stability", facts, table, draws, draws - len(found))


# --- inside -------------------------------------------------------------------------------------------


def _overlap(usual: pd.Series, again: pd.Series) -> pd.Series:
    """Of each usual label the largest Jaccard overlap with any label of the draw."""
    both = pd.crosstab(usual.to_numpy(), again.to_numpy())
    either = both.sum(axis=1).to_numpy()[:, None] + both.sum(axis=0).to_numpy()[None, :] - both.to_numpy()
    return pd.Series((both.to_numpy() / either).max(axis=1), index=both.index)


def _table(labels: pd.Series, worth: pd.Series, alike: tuple[tuple[str, ...], ...] | None) -> pd.DataFrame:
    by = worth.groupby(labels)
    table = pd.DataFrame({"n": labels.value_counts()})
    table["share"] = table["n"] / max(1, len(labels))
    table["mean"], table["median"], table["sum"] = by.mean(), by.median(), by.sum(min_count=1)
    table["large_enough"] = (table["share"] >= LEAST_SHARE) & (table["n"] >= FEWEST)
    if alike is not None:
        others = {one: [x for x in group if x != one] for group in alike for one in group}
        table["alike"] = [others.get(str(name), []) for name in table.index]
    table = table.rename_axis("label").reset_index()
    last = table["label"].isin(NOT_ONE)
    order = (
        table.assign(last=last).sort_values(["last", "mean"], ascending=[True, False], kind="stable").index
    )
    return table.loc[order].reset_index(drop=True)


def _alike(labels: list[str], policies: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Groups of labels of which every one is treated as the others are."""
    groups: list[list[str]] = []
    for label in labels:
        same = next((g for g in groups if policies.get(g[0]) == policies.get(label)), None)
        if same is None:
            groups.append([label])
        else:
            same.append(label)
    return tuple(tuple(group) for group in groups if len(group) > 1)


def _explained(
    codes: NDArray[np.intp], worth: Floats, k: int, level: float, draws: int, seed: int
) -> Estimate:
    """Eta squared with the percentiles of a bootstrap."""
    n = len(worth)
    value = _eta_squared(codes, worth, k) if k > 1 else None
    if value is None:
        return Estimate(None, None, None, n, level, "ratio", "eta_squared")
    rng = np.random.default_rng(seed)
    drawn = (rng.integers(0, n, n) for _ in range(draws))
    found = [eta for i in drawn if (eta := _eta_squared(codes[i], worth[i], k)) is not None]
    if len(found) < 2:
        return Estimate(value, None, None, n, level, "ratio", "eta_squared")
    low, high = (float(x) for x in np.quantile(found, [0.5 - level / 2, 0.5 + level / 2]))
    return Estimate(value, min(low, value), max(high, value), n, level, "ratio", "eta_squared")


def _eta_squared(codes: NDArray[np.intp], worth: Floats, k: int) -> float | None:
    middle = float(worth.mean()) if len(worth) else 0.0
    off = worth - middle
    total = float((off * off).sum())
    if total <= 0:
        return None
    n, sums = np.bincount(codes, minlength=k), np.bincount(codes, off, minlength=k)
    between = float((sums[n > 0] ** 2 / n[n > 0]).sum())
    return min(1.0, between / total)


def _named(labels: tuple[str, ...], lang: Lang) -> list[str]:
    return [name_of("segment", label, lang) for label in labels]
