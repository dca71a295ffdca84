"""Groups from the data: planted ones are found, stay the same, are large enough, and every reason given is true."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from customer_strategies import table_of
from engines import ENGINES, back
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, silhouette_score

from segkit.locale import say
from segkit.problems import InputProblems
from segkit.schemes.base import CannotLearn
from segkit.schemes.cluster_words import smallest_changes
from segkit.schemes.clusters import Clusters
from segkit.schemes.store import scheme_from

DATASETS = Path(__file__).resolve().parents[2] / "datasets"
# days, orders, money at the middle of each planted group; logarithms scatter around them
MIDDLES = {"c1": (8, 30, 20_000.0), "c2": (40, 8, 2_500.0), "c3": (15, 2, 300.0), "c4": (300, 2, 120.0)}
SIZES = (150, 210, 120, 320)


def planted(scatter: float = 0.22, sizes: tuple[int, ...] = SIZES, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows, truth = [], []
    for (label, middle), n in zip(MIDDLES.items(), sizes, strict=True):
        drawn = np.exp(np.log(middle) + scatter * rng.normal(size=(n, 3)))
        rows += [(max(1, round(r)), max(1, round(f)), round(m, 2)) for r, f, m in drawn.tolist()]
        truth += [label] * n
    return table_of(rows).assign(truth=truth)


def by_hand(centres: list[tuple[float, ...]], columns: tuple[str, ...], **facts: Any) -> Clusters:
    """A fitted scheme on the plain scale of its columns: mean 0, deviation 1, whole numbers from 0 to 20."""
    column = {"mean": 0.0, "deviation": 1.0, "lowest": 0.0, "highest": 20.0, "step": 1.0}
    groups = [{"centre": c, "customers": 40, "median": c} for c in centres]
    tried = {"k": len(centres), "silhouette": 0.6, "smallest": 40, "usable": True, "chosen": True}
    learned = {
        "customers": 40 * len(centres),
        "columns": [column] * len(columns),
        "groups": groups,
        "candidates": [tried],
    }
    return Clusters.model_validate({"columns": columns, "transform": "none", "learned": learned, **facts})


# --- what is found ----------------------------------------------------------------------------------------


def test_planted_groups_are_found_and_numbered_by_money() -> None:
    table = planted()
    scheme = Clusters().fit(table)
    labelled = scheme.label(table)
    assert scheme.order() == ("c1", "c2", "c3", "c4", "prospect", "unknown")
    assert adjusted_rand_score(labelled["truth"], labelled["clusters"]) > 0.97
    # not only the same groups: the same numbers, because money orders them
    assert (labelled["truth"] == labelled["clusters"]).mean() > 0.98
    assert labelled.groupby("clusters")["monetary"].mean().is_monotonic_decreasing
    assert [scheme.label_name(c, "zh") for c in ("c1", "c4")] == ["群1（近·多·高）", "群4（远·少·低）"]
    assert scheme.label_name("c1", "en") == "Group 1 (recent, often, high spend)"


def test_groups_of_learners_are_found_as_far_as_they_can_be() -> None:
    """Four latent groups about 1.2 deviations apart; how well k-means can do stands in the case's answer key."""
    read = {
        n: pd.read_csv(DATASETS / "education" / f"{n}.csv", dtype=str, encoding="utf-8-sig")
        for n in ("learners", "learning_log")
    }
    log = read["learning_log"].drop_duplicates().astype({"week": int})
    for column in ("weekly_minutes", "attendance", "forum_posts"):
        log[column] = pd.to_numeric(log[column], errors="coerce")
    studied = log[(log["week"] <= 6) & (log["weekly_minutes"] > 0)]
    logs = studied.assign(minutes=np.log(studied["weekly_minutes"]))
    table = logs.groupby("learner_id")[["minutes", "attendance", "forum_posts"]].mean().reset_index()
    learners = read["learners"].drop_duplicates("learner_id")
    table = table.merge(learners[["learner_id", "pre_score"]]).rename(columns={"learner_id": "customer_id"})
    table = table.assign(
        forum_posts=np.log1p(table["forum_posts"]), pre_score=pd.to_numeric(table["pre_score"])
    )
    columns = ("pre_score", "minutes", "attendance", "forum_posts")
    scheme = Clusters(columns=columns, transform="none", k=4).fit(table)
    truth = pd.read_csv(DATASETS / "_truth" / "education_learners.csv", encoding="utf-8-sig")
    both = scheme.label(table).merge(truth, left_on="customer_id", right_on="learner_id")
    found = adjusted_rand_score(both["latent_group"], both["clusters"])
    assert found == pytest.approx(0.472, abs=0.06)  # `ari_scaled` of the summary


def test_rank_by_and_best_number_the_groups() -> None:
    table = planted()
    scheme = Clusters(k=4, rank_by="recency_days", best="low").fit(table)
    days = scheme.label(table).groupby("clusters")["recency_days"].mean()
    assert days.is_monotonic_increasing and days.index.tolist() == ["c1", "c2", "c3", "c4"]


def test_order_of_rows_copies_and_seed_change_nothing() -> None:
    table = planted(scatter=0.35)
    scheme = Clusters(k=4).fit(table)
    assert Clusters(k=4).fit(table.sample(frac=1, random_state=3)) == scheme
    for seed in (1, 7, 2**31):
        assert Clusters(k=4, seed=seed).fit(table).learned == scheme.learned
    thrice = pd.concat([table] * 3, ignore_index=True)
    again = Clusters(k=4).fit(thrice)
    assert [g.centre for g in again.learned.groups] == [g.centre for g in scheme.learned.groups]
    assert [g.median for g in again.learned.groups] == [g.median for g in scheme.learned.groups]
    assert [g.customers for g in again.learned.groups] == [3 * g.customers for g in scheme.learned.groups]


def test_what_is_learned_agrees_with_the_labels() -> None:
    table = planted()
    table = pd.concat([table, *[table.head(60)] * 4], ignore_index=True)  # equal customers count one by one
    scheme = Clusters().fit(table)
    labels = scheme.label(table)["clusters"]
    assert [g.customers for g in scheme.learned.groups] == labels.value_counts().sort_index().tolist()
    medians = table.groupby(labels)[["recency_days", "frequency", "monetary"]].median().to_numpy()
    np.testing.assert_allclose([g.median for g in scheme.learned.groups], medians.astype(float))
    values = np.log1p(table[["recency_days", "frequency", "monetary"]].to_numpy(dtype=float))
    scores = (values - values.mean(axis=0)) / values.std(axis=0)
    assert scheme.learned.chosen.silhouette == pytest.approx(silhouette_score(scores, labels), abs=2e-4)
    np.testing.assert_allclose(
        [g.centre for g in scheme.learned.groups],
        [scores[labels == c].mean(axis=0) for c in scheme.group_labels()],
        atol=2e-5,
    )


def test_prospects_and_gaps_take_no_part_and_have_labels_of_their_own() -> None:
    table = planted()
    none = table_of(
        [(None, 0, 0.0), (5, 0, 0.0), (5, 0, None), (3, None, 50.0), (None, 2, 50.0), (9, 4, None)]
    )
    none["customer_id"] = [f"n{i}" for i in range(6)]
    both = pd.concat([none.assign(truth=""), table], ignore_index=True)
    scheme = Clusters().fit(both)
    assert scheme == Clusters().fit(table)
    assert scheme.label(both)["clusters"].tolist()[:6] == ["prospect"] * 3 + ["unknown"] * 3
    said = scheme.explain_all(both).tolist()
    assert "还没有有效购买" in said[0]
    assert said[4] == "资料不足：缺 距上次下单，补齐后再分类。"


# --- how many groups --------------------------------------------------------------------------------------


def test_a_group_too_small_to_treat_is_not_chosen() -> None:
    table = planted(sizes=(12, 210, 120, 320))
    scheme = Clusters().fit(table)
    tried = {c.k: c for c in scheme.learned.candidates}
    assert sorted(tried) == [3, 4, 5, 6, 7, 8]
    best = max(tried.values(), key=lambda c: c.silhouette)
    assert best.smallest == 12 and not best.usable and best.k == 4
    usable = [c for c in tried.values() if c.usable]
    assert scheme.learned.chosen == max(usable, key=lambda c: c.silhouette)
    assert all(c.smallest >= 30 for c in usable)
    assert min(g.customers for g in scheme.learned.groups) >= 30
    lines = "\n".join(scheme.describe("zh"))
    assert f"4 群（清晰度 {best.silhouette:.2f}，最小一群仅 12 位，不用）" in lines


@pytest.mark.slow
def test_the_share_counts_as_much_as_the_number() -> None:
    table = planted(sizes=(40, 900, 900, 900))
    assert Clusters().fit(table).learned.chosen.k != 4  # 40 customers, but 1.5 % of all
    assert Clusters(min_share=0.01).fit(table).learned.chosen.k == 4


def test_a_number_that_was_given_is_kept_and_what_is_wrong_with_it_said() -> None:
    table = planted(sizes=(12, 210, 120, 320))
    scheme = Clusters(k=4).fit(table)
    assert len(scheme.learned.groups) == 4
    assert any("12" in note and "30" in note for note in scheme.notes("zh"))
    assert any("是指定的" in line for line in scheme.describe("zh"))


def test_weak_structure_is_said() -> None:
    rng = np.random.default_rng(2)
    noise = pd.DataFrame(rng.normal(size=(500, 4)), columns=list("abcd")).assign(customer_id=range(500))
    scheme = Clusters(columns=tuple("abcd"), transform="none").fit(noise)
    assert scheme.learned.chosen.silhouette <= 0.25
    assert any("0.25" in note for note in scheme.notes("zh"))
    assert not Clusters().fit(planted()).notes("zh")


def test_a_column_without_variation_takes_no_part() -> None:
    table = planted().assign(frequency=3)
    scheme = Clusters(k=3).fit(table)
    assert scheme.notes("zh")[-1] == "购买频次人人相同，对分群不起作用。"
    without = Clusters(columns=("recency_days", "monetary"), k=3).fit(table)
    assert scheme.label(table)["clusters"].tolist() == without.label(table)["clusters"].tolist()
    moved = scheme.label(table.assign(frequency=9))["clusters"].tolist()
    assert moved == scheme.label(table)["clusters"].tolist()


# --- what is refused --------------------------------------------------------------------------------------


def test_fewer_than_300_buyers_are_refused() -> None:
    table = planted()
    prospects = table_of([(None, 0, 0.0)] * 100).assign(truth="")
    with pytest.raises(CannotLearn) as error:
        Clusters().fit(pd.concat([table.head(299), prospects], ignore_index=True))
    assert error.value.problems[0].facts["n"] == 299
    assert "299" in error.value.text("zh") and "300" in error.value.text("en")
    assert Clusters(k=2, min_customers=1).fit(table.head(300)).fitted


def test_customers_who_are_all_alike_are_refused() -> None:
    alike = table_of([(5, 1, 10.0), (6, 1, 10.0)] * 200)
    for scheme, wanted in ((Clusters(), 3), (Clusters(k=7), 7)):
        with pytest.raises(CannotLearn) as error:
            scheme.fit(alike)
        assert error.value.problems[0].id == "schemes.cluster.alike"
        assert f"{wanted} 群" in error.value.text("zh")
    assert Clusters(k=2).fit(alike).fitted


def test_where_no_number_of_groups_is_usable_nothing_is_made_up() -> None:
    with pytest.raises(CannotLearn) as error:
        Clusters(k_range=(4, 5), min_customers=200).fit(planted())
    assert error.value.problems[0].id == "schemes.cluster.too_small"
    assert error.value.text("zh") and error.value.text("en")


def test_what_cannot_be_is_refused_by_name() -> None:
    wrong = {
        "schemes.k_range": {"k_range": [5, 3]},
        "schemes.at_least": {"k": 1},
        "schemes.rank_by": {"rank_by": "aov"},
        "schemes.columns_twice": {"columns": ["aov", "aov"]},
        "schemes.not_allowed": {"transform": "sqrt"},
        "schemes.key_near": {"k_rang": [3, 4]},
    }
    for id, fields in wrong.items():
        with pytest.raises(InputProblems) as error:
            scheme_from({"kind": "clusters", **fields})
        assert [p.id for p in error.value.problems] == [id]
    fitted = Clusters(k=3).fit(planted()).to_dict()
    with pytest.raises(InputProblems) as error:
        scheme_from({**fitted, "columns": ["recency_days", "monetary"]})
    assert [p.id for p in error.value.problems] == ["schemes.learned_otherwise"]


# --- labels on every engine -------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_halfway_between_two_centres_the_first_one_wins(engine: str) -> None:
    # the border lies at value 1: log(1 + 1) is as far from one centre as from the other, to the last bit or not
    middle = float(np.log(2.0))
    scheme = by_hand([(middle + 1.1,), (middle - 1.1,)], ("a",), transform="log")
    flipped = by_hand([(middle - 1.1,), (middle + 1.1,)], ("a",), transform="log")
    table = pd.DataFrame({"customer_id": list("xyz"), "a": [1.0, 1.0 + 1e-6, 1.0 - 1e-6]})
    for one, labels in ((scheme, ["c1", "c1", "c2"]), (flipped, ["c1", "c2", "c1"])):
        assert back(one.label(ENGINES[engine](table)))["clusters"].tolist() == labels


@pytest.mark.parametrize("engine", ENGINES)
def test_negative_values_mirror_positive_ones(engine: str) -> None:
    scheme = by_hand([(4.0,), (0.0,), (-4.0,)], ("a",), transform="log")
    values = [100.0, 3.0, 0.0, -3.0, -100.0, None, float("inf")]
    table = pd.DataFrame({"customer_id": list("abcdefg"), "a": values})
    got = back(scheme.label(ENGINES[engine](table)))["clusters"].tolist()
    assert got == ["c1", "c2", "c2", "c2", "c3", "unknown", "unknown"]
    named = [sentence.split("（")[0] for sentence in scheme.explain_all(table)[:5]]
    assert named == ["群1", "群2", "群2", "群2", "群3"]  # what is explained is what is labelled


@pytest.mark.slow
@pytest.mark.parametrize("engine", [e for e in ENGINES if e != "pandas"])
def test_a_crowd_gets_the_same_centres_and_labels_on_every_engine(engine: str) -> None:
    table = planted(scatter=0.5)
    table.loc[::50, "monetary"] = None
    native = ENGINES[engine](table)
    scheme = Clusters().fit(table)
    assert Clusters().fit(native) == scheme
    pd.testing.assert_frame_equal(back(scheme.label(native)), back(scheme.label(table)))


@pytest.mark.slow
def test_more_rows_than_are_fitted_give_nearly_the_same_centres(monkeypatch: pytest.MonkeyPatch) -> None:
    from segkit.schemes import cluster_fit

    table = planted(sizes=(1500, 2100, 1200, 3200))
    whole = Clusters(k=4).fit(table)
    monkeypatch.setattr(cluster_fit, "FITTED", 2000)
    monkeypatch.setattr(cluster_fit, "SEARCHED", 500)
    part = Clusters(k=4).fit(table)
    assert Clusters(k=4).fit(table.sample(frac=1, random_state=1)) == part
    assert part.learned.customers == 8000
    assert sum(g.customers for g in part.learned.groups) == 8000  # all are counted, not only the sample
    np.testing.assert_allclose(part.learned.centres, whole.learned.centres, atol=0.03)


# --- why, and what would change it ------------------------------------------------------------------------


def test_the_sentence_names_the_nearest_other_group_what_sets_it_apart_and_the_border() -> None:
    scheme = by_hand(
        [(16.0, 4.0), (4.0, 4.0), (4.0, 16.0)], ("a", "b"), names={"a": {"zh": "甲项", "en": "A"}}
    )
    # the border between the first two lies at a = 10, that between the first and the third where a = b
    assert scheme.explain({"a": 13, "b": 5}) == (
        "群1（甲项高·b高）：甲项 13、b 5；离得最近的另一群是“群2（甲项高·b高）”，差别主要在甲项；"
        "若甲项不超过 9，就变为“群2（甲项高·b高）”。"
    )
    english = scheme.explain({"a": 9, "b": 5}, "en")
    assert english.endswith('mainly apart by A; if A is at least 10, it becomes "Group 1 (high A, high b)".')


def test_an_explanation_speaks_of_values_that_some_customer_had() -> None:
    scheme = by_hand([(4.0,), (50.0,), (-50.0,)], ("a",))  # borders at 27 and -23, all had from 0 to 20
    stays = say("schemes.cluster.no_change", "zh")
    assert stays in scheme.explain({"a": 4}) and stays in scheme.explain({"a": 20})
    # who stands outside himself may come in
    assert "若a不超过 27，就变为“群1" in scheme.explain({"a": 40})
    assert "若a达到 -23，就变为“群1" in scheme.explain({"a": -40})


@pytest.mark.slow
@settings(max_examples=25)
@given(st.data())
def test_the_change_is_the_smallest_there_is(data: Any) -> None:
    """Against every other value of every column, on a grid of whole numbers."""
    k = data.draw(st.integers(2, 4))
    axis = st.integers(0, 20).map(float)
    spot = st.tuples(axis, axis)
    scheme = by_hand(data.draw(st.lists(spot, min_size=k, max_size=k, unique=True)), ("a", "b"))
    customers = np.array(data.draw(st.lists(spot, min_size=1, max_size=4)))

    def labels(values: np.ndarray) -> list[str]:
        return scheme.label(pd.DataFrame(values, columns=["a", "b"]).assign(customer_id=0))[
            "clusters"
        ].tolist()

    changes = smallest_changes(scheme, customers)
    for i, (customer, here) in enumerate(zip(customers, labels(customers), strict=True)):
        tries = [(axis, float(v)) for axis in (0, 1) for v in range(21)]
        changed = np.array([np.where([a == 0, a == 1], v, customer) for a, v in tries])
        moves = [
            (abs(v - customer[a]), there)
            for (a, v), there in zip(tries, labels(changed), strict=True)
            if there != here
        ]
        if not moves:
            assert changes.axis[i] == -1
            assert say("schemes.cluster.no_change", "zh") in scheme.explain(
                dict(zip("ab", customer, strict=True))
            )
            continue
        distance = abs(changes.target[i] - customer[changes.axis[i]])
        assert distance == min(d for d, _ in moves)
        put = customer.copy()
        put[changes.axis[i]] = changes.target[i]
        assert labels(put[None])[0] == scheme.group_labels()[changes.group[i]] != here


@pytest.mark.parametrize(("column", "size"), [("share", 1e4), ("monetary", 3e7)])
def test_large_values_in_small_steps_have_a_smallest_change_too(column: str, size: float) -> None:
    rng = np.random.default_rng(0)
    values = np.exp(rng.normal(np.where(np.arange(400) % 2, -1, 1), 0.5)) * size
    values = np.round(values, 2) if column == "monetary" else values
    table = pd.DataFrame({"customer_id": range(400), column: values})
    scheme = Clusters(columns=(column,), k=2).fit(table)
    changes = smallest_changes(scheme, values[:, None])
    assert (changes.axis == 0).all()
    moved = scheme.label(table.assign(**{column: changes.target}))["clusters"]
    assert (moved != scheme.label(table)["clusters"]).all()
    step = 0.01 if column == "monetary" else 1e-6
    short = changes.target - np.where(changes.upward, 2, -2) * step
    assert (
        scheme.label(table.assign(**{column: short}))["clusters"] == scheme.label(table)["clusters"]
    ).all()


def test_every_change_named_is_true_and_one_step_less_is_not_enough() -> None:
    table = planted(scatter=0.5)
    scheme = Clusters(k=5).fit(table)
    columns = list(scheme.columns)
    values = table[columns].to_numpy(dtype=float)
    labels = scheme.label(table)["clusters"].to_numpy()
    changes = smallest_changes(scheme, values)
    assert (changes.axis >= 0).mean() > 0.9
    steps = {0: 1.0, 1: 1.0, 2: 0.01}
    rows = np.flatnonzero(changes.axis >= 0)
    there, short = values[rows].copy(), values[rows].copy()
    for j, i in enumerate(rows):
        axis = changes.axis[i]
        there[j, axis] = changes.target[i]
        short[j, axis] = round(changes.target[i] - steps[axis] * (1 if changes.upward[i] else -1), 2)
    frame = table.iloc[rows]
    moved = scheme.label(frame.assign(**dict(zip(columns, there.T, strict=True))))["clusters"].to_numpy()
    assert (moved == np.array(scheme.group_labels())[changes.group[rows]]).all()
    assert (moved != labels[rows]).all()
    stayed = scheme.label(frame.assign(**dict(zip(columns, short.T, strict=True))))["clusters"].to_numpy()
    assert (stayed == labels[rows]).all()
    # nothing nobody ever had: no order count of 0, no negative days, no sum above the highest
    assert (there[:, 1] >= 1).all() and (there[:, 0] >= 0).all()
    assert (there.max(axis=0) <= values.max(axis=0)).all()
    sentences = scheme.explain_all(table)
    assert sentences.iloc[rows].str.contains("就变为").all()


def test_the_rule_lists_what_was_tried_and_what_every_group_is_like() -> None:
    scheme = Clusters(names={"c1": {"zh": "核心客户", "en": "Core"}}).fit(planted())
    lines = scheme.describe("zh")
    assert lines[0].startswith("800 位客户按距上次下单、购买频次、累计金额自动分成 4 群")
    assert lines[1].startswith(f"核心客户：{scheme.learned.groups[0].customers} 位，占 ")
    assert "中位数：距上次下单 " in lines[1] and " 元。" in lines[1]
    assert all(f"{k} 群（清晰度" in lines[5] for k in range(3, 9)) and "其中 4 群分得最清" in lines[5]
    assert scheme.describe("en")[1].startswith("Core: ")
