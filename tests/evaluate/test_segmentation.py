"""A division worth having: large segments that differ, are treated differently, and come out again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import f_oneway

import segkit
from segkit.evaluate.segmentation import segmentation_quality, stability
from segkit.problems import InputProblems
from segkit.schemes.bands import Bands
from segkit.schemes.clusters import Clusters
from segkit.schemes.pareto import Pareto


def labelled(groups: dict[str, list[float]]) -> pd.DataFrame:
    rows = [(name, value) for name, values in groups.items() for value in values]
    return pd.DataFrame(rows, columns=["rfm", "monetary"])


GOOD = labelled({"top": [900.0 + i for i in range(40)], "low": [10.0 + i for i in range(60)]})


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-50, 50)), min_size=8, max_size=60))
def test_what_the_labels_explain_is_the_analysis_of_variance(rows: list[tuple[str, int]]) -> None:
    table = pd.DataFrame(rows, columns=["rfm", "monetary"])
    found = segmentation_quality(table, "rfm", "monetary", draws=10).explained
    parts = [part["monetary"].to_numpy() for _, part in table.groupby("rfm")]
    if len(parts) < 2 or table["monetary"].nunique() == 1:
        assert found.value is None
        return
    assert found.value is not None and found.low is not None and found.high is not None
    assert 0 <= found.low <= found.value <= found.high <= 1
    if len(table) > len(parts) and all(np.ptp(part) > 0 for part in parts):
        f, k, n = f_oneway(*parts).statistic, len(parts), len(table)
        assert found.value == pytest.approx(f * (k - 1) / (f * (k - 1) + n - k))


def test_a_good_division_is_sound_and_one_drawn_blindly_is_not() -> None:
    good = segmentation_quality(GOOD, "rfm", "monetary", policies={"top": "visit", "low": "sms"})
    assert good.sound and good.explained.value is not None and good.explained.value > 0.99
    rng = np.random.default_rng(0)
    blind = GOOD.assign(rfm=rng.permutation(GOOD["rfm"]))
    found = segmentation_quality(blind, "rfm", "monetary")
    assert not found.sound and found.chance == pytest.approx(1 / 99)
    drawn = [
        segmentation_quality(GOOD.assign(rfm=rng.permutation(GOOD["rfm"])), "rfm", "monetary", draws=2)
        for _ in range(300)
    ]
    assert np.mean([one.explained.value for one in drawn]) == pytest.approx(1 / 99, rel=0.25)


def test_small_segments_and_those_treated_alike_are_named() -> None:
    people = labelled(
        {"a": [5.0] * 10 + [6.0] * 490, "b": [9.0] * 29, "c": [1.0] * 1000, "unknown": [7.0] * 3}
    )
    found = segmentation_quality(people, "rfm", "monetary", policies={"a": [1, 2], "c": [1, 2]})
    assert found.small == ("b",) and found.alike == (("a", "c"),)
    table = found.table.set_index("label")
    assert table.index.tolist() == ["b", "a", "c", "unknown"] and table["n"].sum() == 1532
    assert table.loc["a", "alike"] == ["c"] and table.loc["b", "alike"] == []
    assert found.explained.n == 1529, "unknown ones are no segment"
    for lang in ("zh", "en"):
        assert "b" in found.text(lang) and "30" in found.text(lang)
    assert segmentation_quality(people, "rfm", "monetary").alike is None
    large = labelled({"a": [5.0] * 1990, "b": [1.0] * 31})
    assert segmentation_quality(large, "rfm", "monetary").small == ("b",), "31 customers, but not 2 %"


def test_what_has_no_column_or_no_number_is_refused() -> None:
    with pytest.raises(InputProblems):
        segmentation_quality(GOOD, "rfn", "monetary")
    with pytest.raises(InputProblems):
        segmentation_quality(GOOD.assign(monetary="x"), "rfm", "monetary")
    one = segmentation_quality(GOOD.assign(rfm="all"), "rfm", "monetary")
    assert one.explained.value is None and not one.sound and one.text("en")


def people(rng: np.random.Generator, centres: list[float], n: int, spread: float) -> pd.DataFrame:
    money = np.concatenate([rng.lognormal(c, spread, n) for c in centres]).round(2)
    often = np.concatenate([rng.poisson(np.exp(c / 2), n) + 1 for c in centres])
    days = np.concatenate([rng.integers(1, 30, n) * (10 - int(c)) for c in centres])
    table = pd.DataFrame({"monetary": money, "frequency": often, "recency_days": days})
    return table.assign(customer_id=[f"c{i}" for i in range(len(table))])


def test_groups_that_are_there_come_out_again_and_groups_that_are_not_do_not() -> None:
    rng = np.random.default_rng(1)
    scheme = Clusters.model_validate({"k": 3})
    clear = stability(scheme, people(rng, [2.0, 5.0, 8.0], 120, 0.1), draws=8)
    assert clear.steady and clear.value is not None and clear.value > 0.95
    assert clear.by_label is not None and clear.by_label["n"].sum() == 360
    assert clear.by_label["overlap"].min() > 0.95, "whatever the groups are called in a draw"
    blob = stability(Clusters.model_validate({"k": 7}), people(rng, [4.0], 360, 0.5), draws=8)
    assert blob.value is not None and clear.low is not None and blob.value < clear.low
    assert blob.low is not None and blob.high is not None and blob.low <= blob.value <= blob.high


def test_fixed_limits_are_always_the_same_and_the_same_seed_gives_the_same_figure() -> None:
    table = people(np.random.default_rng(2), [3.0, 5.0], 60, 0.6)
    fixed = Bands.model_validate(
        {"column": "monetary", "cuts": [50.0], "labels": ["low", "high"], "name": "b"}
    )
    found = stability(fixed, table, draws=5)
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)
    assert found.by_label is not None and (found.by_label["overlap"] == 1).all()
    one, two = (stability(Pareto(), table, draws=6, seed=3) for _ in range(2))
    assert (one.value, one.low) == (two.value, two.low)
    assert one.value is not None and one.value < 1.0
    assert all("0.6" in one.text(lang) or str(round(one.value, 2)) in one.text(lang) for lang in ("zh", "en"))


def test_too_few_customers_say_nothing() -> None:
    few = people(np.random.default_rng(3), [3.0], 20, 0.6)
    found = stability(Pareto(), few, draws=4)
    assert (found.value, found.steady, found.failed) == (None, None, 4) and "20" in found.text("zh")
    with pytest.raises(InputProblems):
        stability(Pareto(), few, draws=1)
    with pytest.raises(InputProblems):
        stability(Pareto(), few.drop(columns="monetary"))


def test_they_are_public() -> None:
    assert (segkit.stability, segkit.segmentation_quality) == (stability, segmentation_quality)
