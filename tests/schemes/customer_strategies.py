"""Tables of customers that schemes must cope with: ties, gaps, tiny amounts, nobody, everybody alike."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
from hypothesis import strategies as st
from plain_needs import answer_of, label_of

from segkit.schemes.bands import Bands
from segkit.schemes.base import CannotLearn, Scheme
from segkit.schemes.clusters import Clusters
from segkit.schemes.lifecycle import Lifecycle
from segkit.schemes.lookup import Lookup
from segkit.schemes.matrix import Matrix
from segkit.schemes.needs import Needs
from segkit.schemes.pareto import Pareto
from segkit.schemes.rfm import RFM
from segkit.schemes.rules import Rules
from segkit.schemes.scorecard import Scorecard

PROVINCES = ("浙江省", " zhe jiang", "江苏", "Guangdong", None, "未知", "Atlantis", "USA")
CITIES = ("杭州", "Ningbo", None, "hangzhou", "", "Nowhere")
INDUSTRIES = ("IT", "Retail", "制 造", "rocketry", None, "-", "ＢＡＮＫ")
SITES = ("浙江", "浙江;江苏", "广东；Zhejiang", None, "Japan", "Atlantis;浙江", "江苏")
ANSWERS = ("5", "４", " 3 ", "2", None, "33", "1.5", "none", "5")
CHANNELS = ("APP", " mini\u3000", "shop", None, "", "APP")
Customer = tuple[int | None, int | None, float | None]  # recency_days, frequency, monetary

OWN_MAP = [
    {"id": "best", "r": [3, 3], "f": [2, 3]},
    {"id": "best", "codes": [311, 312, 313]},
    {"id": "rest", "r": [1, 3], "m": [1, 3]},
]

NEEDS = {need: f"importance_{need}" for need in ("price", "quality", "service")}

SCHEMES: dict[str, Scheme] = {
    "eleven": RFM(),
    "grid25": RFM(segments="grid25"),
    "eight": RFM(segments="eight"),
    "eight_median": RFM(segments="eight", split="median", bins=4),
    "own": RFM.model_validate({"segments": OWN_MAP, "bins": 3, "name": "tier"}),
    "pareto": Pareto(),
    "pareto_80_95": Pareto(cuts=(0.8, 0.95), name="value_class"),
    "lifecycle": Lifecycle(),
    "bands": Bands(column="monetary", cuts=(-1, 0, 50.5), labels=("a", "b", "c", "d")),
    "bands_left": Bands(
        column="recency_days", cuts=(30, 90), labels=("new", "mid", "old"), closed="left", best="low"
    ),
    "quantiles": Bands(column="monetary", quantiles=(0.25, 0.5, 0.75), labels=("a", "b", "c", "d")),
    "quantiles_left": Bands(column="aov", quantiles=(0.5,), labels=("low", "high"), closed="left"),
    "clusters": Clusters(k_range=(2, 4), min_share=0, min_customers=1, min_to_fit=4),
    "clusters_given": Clusters(
        columns=("aov", "recency_days"),
        k=3,
        transform="none",
        rank_by="recency_days",
        best="low",
        min_share=0,
        min_customers=1,
        min_to_fit=3,
        name="group",
    ),
    "industry": Lookup(table="industry", column=("industry",), name="trade"),
    "region": Lookup(
        table="region",
        column=("province", "city"),
        entries={"central_china": ("Jiangsu",)},
        otherwise="elsewhere",
    ),
    "from_home": Lookup(home="Hangzhou", name="distance"),
    "reach": Lookup(table="relative", sites="site_provinces", cities="frequency"),
    "mapping": Lookup(
        column=("channel",),
        entries={"online": ("app", "mini"), "shop": ("sho",)},
        contains=True,
        name="main_channel",
    ),
    "matrix": Matrix(preset="frequency_aov"),
    "matrix_mean": Matrix.model_validate(
        {
            "axes": [{"column": "monetary", "split": "mean"}, {"column": "recency_days", "cuts": [30]}],
            "grid": {"low": {"low": "a", "high": "b"}, "high": {"high": "c", "low": "a"}},
        }
    ),
    "matrix_of_three": Matrix.model_validate(
        {
            "name": "cube",
            "axes": [
                {"column": "aov", "split": "quantile", "cuts": [0.3, 0.7], "levels": ["low", "mid", "high"]},
                {"column": "frequency", "split": "median"},
                {"column": "recency_days", "split": "mean"},
            ],
            "grid": {
                level: {a: dict.fromkeys(("low", "high"), f"{level}_{a}") for a in ("low", "high")}
                for level in ("high", "mid", "low")
            },
        }
    ),
    "needs": Needs(columns=NEEDS),
    "needs_in_order": Needs(
        columns=NEEDS, ties=("quality", "price", "service"), margin=0.5, relative=True, name="wants"
    ),
    "needs_of_some": Needs(columns=NEEDS, min_answered=2, relative=True),
    "rules": Rules.model_validate(
        {
            "rules": [
                {"label": "high", "when": {"monetary": {"at_least": 50}, "frequency": {"at_least": 2}}},
                {"label": "prospect", "when": {"frequency": 0}},
                {
                    "label": "app",
                    "when": [{"channel": ["APP", "mini"], "consent": True}, {"recency_days": {"below": 7}}],
                },
                {"label": "high", "when": {"aov": {"above": 40}, "channel": {"is_missing": False}}},
            ],
            "otherwise": "rest",
            "order": ["high", "app", "rest", "prospect"],
        }
    ),
    "rules_without_otherwise": Rules.model_validate(
        {
            "name": "stage",
            "rules": [
                {"label": "none", "when": {"channel": {"is_missing": True}}},
                {
                    "label": "recent",
                    "when": {"recency_days": {"at_most": 30}, "channel": {"not_one_of": ["shop"]}},
                },
                {"label": "distant", "when": {"recency_days": {"above": 30}}},
                {"label": "shop", "when": {"channel": "shop"}},
            ],
        }
    ),
    "scorecard": Scorecard.model_validate(
        {
            "items": [
                {
                    "column": "monetary",
                    "steps": [{"at_least": 500, "points": 50}, {"above": 10, "points": 20}],
                    "weight": 0.7,
                },
                {
                    "column": "frequency",
                    "steps": [{"at_least": 3, "points": 33}],
                    "halve_after_days": 30,
                    "since": "recency_days",
                },
                {"when": {"channel": "APP", "consent": True}, "points": 15},
                {"column": "channel", "steps": [{"is": "shop", "points": -5}], "otherwise": 2},
            ],
            "grades": [{"label": "A", "from": 40}, {"label": "B", "from": 15}, {"label": "C"}],
        }
    ),
    "scorecard_zero": Scorecard.model_validate(
        {
            "name": "grade",
            "missing": "zero",
            "items": [
                {
                    "column": "aov",
                    "steps": [{"at_least": 20, "points": 10}],
                    "otherwise": -10,
                    "halve_after_days": 7,
                    "since": "recency_days",
                },
                {"when": {"consent": False}, "points": 4},
            ],
            "grades": [{"label": "good", "from": 5}, {"label": "weak", "from": -10}],
        }
    ),
}


def texts_of(texts: tuple[str | None, ...], customers: list[Customer], step: int) -> pd.Series:
    """A column of text that follows from the figures."""
    return pd.Series([texts[((r or 0) + step * (f or 0)) % len(texts)] for r, f, _ in customers], dtype="str")


def table_of(customers: list[Customer]) -> pd.DataFrame:
    recency, frequency, monetary = zip(*customers, strict=True) if customers else ((), (), ())
    money = pd.Series(monetary, dtype="float64")
    count = pd.Series(frequency, dtype="Int64")
    return pd.DataFrame(
        {
            "customer_id": pd.Series([f"c{i:03}" for i in range(len(customers))], dtype="str"),
            "recency_days": pd.Series(recency, dtype="Int64"),
            "frequency": count,
            "monetary": money,
            "aov": money / count.where(count > 0).astype("float64"),
            # of the same figures, so that equal rows stay equal
            "province": texts_of(PROVINCES, customers, 1),
            "city": texts_of(CITIES, customers, 3),
            "industry": texts_of(INDUSTRIES, customers, 2),
            "site_provinces": texts_of(SITES, customers, 5),
            "importance_price": texts_of(ANSWERS, customers, 1),
            "importance_quality": (count % 6).where(count != 4),
            "importance_service": 1 + money.abs() % 4.5,
            "channel": pd.Series([CHANNELS[((r or 0) + (f or 0)) % 6] for r, f, _ in customers], dtype="str"),
            "consent": pd.Series(
                [(None, True, False)[round(100 * (m or 0)) % 3] for _, _, m in customers], dtype="boolean"
            ),
        }
    )


def _silent(column: pd.Series) -> pd.Series:
    return column.isna() | column.isin(["", "未知", "-", "none"])


def _unknown_from_home(table: pd.DataFrame) -> pd.Series:
    at_home = table["province"].isin(["浙江省", " zhe jiang"])
    return _silent(table["city"]) & (at_home | _silent(table["province"]))


def _unknown_reach(table: pd.DataFrame) -> pd.Series:
    own, sites = (
        table["province"].map({"浙江省": "浙江", " zhe jiang": "浙江"}).fillna(table["province"]),
        table["site_provinces"],
    )
    uncounted = (own == sites) & table["frequency"].isna()
    return _silent(sites) | uncounted | (_silent(own) & sites.isin(["浙江", "浙江;江苏", "江苏"]))


def _unknown_needs(table: pd.DataFrame, scheme: Needs) -> pd.Series:
    rows = table[list(scheme.columns.values())].astype(object).to_numpy()
    answers = ([answer_of(cell, scheme.scale) for cell in row] for row in rows)
    return pd.Series([label_of(scheme, row) == "unknown" for row in answers], index=table.index, dtype=bool)


# where a missing value decides nothing, or a text says nothing: who is unknown nevertheless
UNKNOWN: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "industry": lambda table: _silent(table["industry"]),
    "region": lambda table: _silent(table["province"]) & _silent(table["city"]),
    "from_home": _unknown_from_home,
    "reach": _unknown_reach,
    **{
        name: partial(_unknown_needs, scheme=scheme)
        for name, scheme in SCHEMES.items()
        if isinstance(scheme, Needs)
    },
}

CROWD = table_of([(7 * i % 90, 1 + i * i % 7, 10.0 + 37 * i % 900) for i in range(40)])


def taught(name: str, customers: Any) -> Scheme:
    """The scheme after `fit`; on the crowd where these customers are too few or too much alike to learn from."""
    try:
        return SCHEMES[name].fit(customers)
    except CannotLearn:
        return SCHEMES[name].fit(CROWD)


def _customer(recency: Any, frequency: Any, monetary: Any) -> st.SearchStrategy[Customer]:
    buyer = st.tuples(recency, frequency, monetary)
    prospect = st.tuples(st.none(), st.just(0), st.sampled_from([0.0, -12.5]))
    gap = st.tuples(
        st.one_of(st.none(), recency), st.one_of(st.none(), frequency), st.one_of(st.none(), monetary)
    )
    return st.one_of(buyer, buyer, buyer, buyer, prospect, gap)


_cents = st.integers(-20_000, 2_000_000).map(lambda n: n / 100)
_tiny = st.integers(5, 95).map(lambda n: n / 100)
_kinds = [
    _customer(st.integers(0, 400), st.integers(1, 30), _cents),
    _customer(
        st.sampled_from([1, 7, 30]), st.sampled_from([1, 1, 1, 1, 2]), st.sampled_from([10.0, 10.0, 99.9])
    ),
    _customer(st.just(5), st.just(1), st.just(10 / 3)),
    _customer(st.integers(0, 3), st.just(1), _tiny),
]
customer_lists: st.SearchStrategy[list[Customer]] = st.one_of(*(st.lists(k, max_size=30) for k in _kinds))
