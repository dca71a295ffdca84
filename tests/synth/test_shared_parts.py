"""The parts all cases share: draws, measures, planting, and what `case_files` makes of a planter."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from segkit.synth import measures, tables
from segkit.synth.dirt import Planter, at_scale, full_width, grouped, in_yuan, year_late
from segkit.synth.draws import Draws, half_up, quota, sigmoid
from segkit.synth.people import Invented, numbered


@pytest.fixture
def draws() -> Draws:
    return Draws(3, "shared parts")


# --- draws ------------------------------------------------------------------------------------------


def test_a_case_has_a_stream_of_its_own() -> None:
    first = Draws(1, "jd").uniform(5)
    assert np.array_equal(first, Draws(1, "jd").uniform(5))
    assert not np.array_equal(first, Draws(2, "jd").uniform(5))
    assert not np.array_equal(first, Draws(1, "bank").uniform(5))


def test_distributions_have_their_moments(draws: Draws) -> None:
    n = 40_000
    assert draws.poisson(2.5, n).mean() == pytest.approx(2.5, abs=0.04)
    assert draws.poisson(30.0, n).var() == pytest.approx(30, rel=0.04)
    assert np.median(draws.lognormal(60, 0.9, n)) == pytest.approx(60, rel=0.03)
    assert stats.kstest(draws.normal(n), "norm").pvalue > 0.001
    assert draws.gamma(2.0, 4.0, n).mean() == pytest.approx(0.5, rel=0.02)
    assert draws.beta(1.0, 3.0, n).mean() == pytest.approx(0.25, rel=0.02)


def test_exact_counts_are_exact_and_only_who_is_chance(draws: Draws) -> None:
    assert draws.exactly(0.3, 1001).sum() == 300
    assert np.bincount(draws.dealt([0.5, 0.3, 0.2], 1000)).tolist() == [500, 300, 200]
    group = np.repeat([0, 1], [60, 40])
    dealt = draws.dealt([0.25, 0.75], 100, by=group)
    assert [np.bincount(dealt[group == g]).tolist() for g in (0, 1)] == [[15, 45], [10, 30]]
    assert quota([1, 1, 1], 100).tolist() == [34, 33, 33]


def test_steady_answers_keep_every_groups_total_and_every_ones_chance() -> None:
    chance, group = np.linspace(0.02, 0.9, 60), np.arange(60) % 3
    total = np.zeros(60)
    for seed in range(3000):
        yes = Draws(seed, "steady").steady(chance, group)
        for g in range(3):
            assert abs(yes[group == g].sum() - chance[group == g].sum()) < 1
        total += yes
    assert np.abs(total / 3000 - chance).max() < 0.04


def test_even_draws_fill_every_group(draws: Draws) -> None:
    group = np.repeat(["a", "b"], [50, 7])
    even = draws.even(group)
    for g, n in (("a", 50), ("b", 7)):
        assert sorted(np.floor(even[group == g] * n)) == list(range(n))
    assert abs(draws.even_normal(np.zeros(500)).mean()) < 0.02


def test_scores_are_rounded_half_up_within_their_scale() -> None:
    assert half_up(np.array([0.4, 0.5, 2.5, 9.9]), 1, 5).tolist() == [1, 1, 3, 5]
    assert sigmoid(np.array([0.0, np.log(3)])).tolist() == [0.5, 0.75]


# --- measures ---------------------------------------------------------------------------------------


def test_measures_agree_with_the_libraries() -> None:
    rng = np.random.default_rng(1)
    table = np.concatenate([rng.normal(m, 0.4, (40, 2)) for m in (0, 3, 6)])
    truth = np.repeat([0, 1, 2], 40)
    starts = [table[rng.choice(120, 3, replace=False)] for _ in range(10)]
    own = measures.kmeans(table, starts)
    other = KMeans(3, n_init=10, random_state=0).fit_predict(table)
    assert adjusted_rand_score(own, other) == 1
    mixed = np.where(rng.random(120) < 0.3, 0, truth)
    assert measures.adjusted_rand(truth, mixed) == pytest.approx(adjusted_rand_score(truth, mixed), abs=0.001)
    x, y = rng.normal(size=50), rng.normal(size=50)
    assert measures.slope(x, y) == pytest.approx(stats.linregress(x, y).slope)
    assert measures.interval(0.5, 0.1) == (0.304, 0.696)
    assert measures.share(np.array([True, False, False])) == 0.3333 and measures.share(np.array([])) == 0.0
    assert measures.percent(0.12345) == 12.3


# --- planting ---------------------------------------------------------------------------------------


def test_words_for_planted_cells() -> None:
    assert numbered("C", 2) == ["C000001", "C000002"] and numbered("R", [9], width=3) == ["R010"]
    assert (full_width("12"), grouped("10012345678"), in_yuan(12.5)) == ("１２", "100 1234 5678", "125000")
    assert year_late("2025-03-01") == "2026-03-01"
    assert (at_scale(40, 1.0), at_scale(40, 0.1), at_scale(3, 0.1), at_scale(3, 0.1, 2)) == (40, 4, 1, 2)


def test_a_planter_becomes_a_table_and_two_ledgers(draws: Draws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "datasheets", lambda case, facts: [])
    frame = pd.DataFrame({"id": [f"C{i}" for i in range(20)], "amount": ["1.00"] * 20})
    planter = Planter(frame, draws, reach=3)
    planter.spoil("amount_unit", [4], "amount", ["￥1.00"])
    planter.note("odd_structure", [7], "amount", ["2.00"])
    planter.copy_rows("duplicate", [2], "id")
    files = {f.path: f.text for f in tables.case_files("any", {"orders": planter}, {}, {"known": 1})}
    rows = files["any/orders.csv"].splitlines()
    copied = [i for i, row in enumerate(rows) if row.startswith("C2,")]
    assert len(rows) == 22 and 0 < copied[1] - copied[0] <= 3
    books = {b: files[f"_truth/any_{b}.csv"].splitlines()[1:] for b in ("defects", "planted")}
    assert [line.split(",")[4] for line in books["planted"]] == ["odd_structure"]
    for line in (*books["defects"], *books["planted"]):
        file, _, row, column, _, old, _ = line.split(",")
        assert file == "orders.csv" and rows[int(row) - 1].split(",")[["id", "amount"].index(column)] == old
    summary = yaml.safe_load(files["_truth/any_summary.yml"])
    assert summary["defects"] == {"amount_unit": 1, "duplicate": 1} and summary["rows"] == {"orders": 21}


def test_firms_share_no_stem_however_many(draws: Draws) -> None:
    firms = Invented(draws, "zh").firms(1200)
    stems = {firm.core[:2] for firm in firms}
    assert len({firm.name for firm in firms}) == 1200 and all(f.name.endswith("（虚构）") for f in firms)
    assert len(stems) > 1000  # a second syllable may itself be two characters
