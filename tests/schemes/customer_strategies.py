"""Tables of customers that schemes must cope with: ties, gaps, tiny amounts, nobody, everybody alike."""

from __future__ import annotations

from typing import Any

import pandas as pd
from hypothesis import strategies as st

from segkit.schemes.bands import Bands
from segkit.schemes.base import Scheme
from segkit.schemes.lifecycle import Lifecycle
from segkit.schemes.pareto import Pareto
from segkit.schemes.rfm import RFM

Customer = tuple[int | None, int | None, float | None]  # recency_days, frequency, monetary

OWN_MAP = [
    {"id": "best", "r": [3, 3], "f": [2, 3]},
    {"id": "best", "codes": [311, 312, 313]},
    {"id": "rest", "r": [1, 3], "m": [1, 3]},
]

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
}


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
        }
    )


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
