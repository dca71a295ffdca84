"""Scores, segments and what is said about them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from customer_strategies import SCHEMES, Customer, customer_lists, table_of
from hypothesis import assume, given, settings
from pydantic import ValidationError

from segkit.customers import customer_table
from segkit.locale import name_of, term
from segkit.schemes.bands import Bands
from segkit.schemes.base import Scheme
from segkit.schemes.lifecycle import Lifecycle
from segkit.schemes.pareto import Pareto
from segkit.schemes.rfm import COLUMNS, RFM, SCORES
from segkit.schemes.segment_maps import named_map
from segkit.schemes.wording import measure


def scores_by_definition(values: np.ndarray, bins: int) -> np.ndarray:
    """The cut-point rule of design 3.3, written out."""
    quantiles = np.quantile(values, [i / bins for i in range(1, bins)])
    cuts = sorted({round(float(q), 6) for q in quantiles if round(float(q), 6) < values.max()})
    if not cuts:
        return np.full(len(values), (bins + 1) // 2)
    level = np.array([sum(v > c for c in cuts) for v in values])
    return np.floor(1 + level * (bins - 1) / len(cuts) + 0.5).astype(int)


@settings(max_examples=60)
@given(customers=customer_lists)
def test_scores_follow_the_cut_point_rule(customers: list[Customer]) -> None:
    table = table_of([c for c in customers if None not in c and c[1]])
    # 10 / 3 is no amount of money; rounding moves its cut, which has its own test
    table["monetary"] = table["monetary"].round(2)
    assume(len(table))
    scored = RFM().fit(table).label(table)
    for column, score in zip(COLUMNS, SCORES, strict=True):
        wanted = scores_by_definition(table[column].to_numpy(dtype=float), 5)
        assert scored[score].tolist() == (6 - wanted if column == "recency_days" else wanted).tolist()


@settings(max_examples=40)
@given(customers=customer_lists)
def test_segments_are_those_of_the_map(customers: list[Customer]) -> None:
    table = table_of(customers)
    for name in ("eleven", "grid25"):
        for row in RFM(segments=name).fit(table).label(table).to_dict("records"):
            if pd.isna(row["r_score"]):
                assert row["rfm"] == ("prospect" if row["frequency"] == 0 else "unknown")
            else:
                assert row["rfm"] == named_map(name).find(tuple(int(row[s]) for s in SCORES))


@pytest.mark.parametrize("split", ["mean", "median"])
def test_eight_compares_raw_values_with_the_middle(split: Any) -> None:
    rng = np.random.default_rng(3)
    table = table_of([(int(r), int(f), float(m)) for r, f, m in rng.integers(1, [300, 5, 900], (60, 3))])
    labels = RFM(segments="eight", split=split).fit(table).label(table)["rfm"]
    middle = getattr(table[list(COLUMNS)].astype(float), split)().round(6)
    second = {(1, 1): "value", (1, 0): "develop", (0, 1): "keep", (0, 0): "win_back"}
    for (_, row), label in zip(table.iterrows(), labels, strict=True):
        recent = int(row["recency_days"] <= middle["recency_days"])
        often = int(row["frequency"] >= middle["frequency"])
        grade = "key" if row["monetary"] >= middle["monetary"] else "general"
        assert label == f"{grade}_{second[recent, often]}"


@pytest.mark.parametrize("amount", [12345678901.23, 98765432109.87, 1e10 / 3, 0.07])
def test_who_stands_at_the_mean_is_high_also_with_large_amounts(amount: float) -> None:
    for n in (3, 7, 10, 1000):
        table = table_of([(5, 2, amount)] * n)
        assert set(RFM(segments="eight").fit(table).label(table)["rfm"]) == {"key_value"}


def test_amounts_too_large_to_have_cents_are_explained() -> None:
    days = range(1, 9)
    table = pd.DataFrame({"recency_days": days, "frequency": days, "monetary": [1e306 * i for i in days]})
    for scheme in (RFM(), Pareto()):
        assert scheme.fit(table).explain_all(table, "en").str.contains("if ").all()


def test_better_values_never_score_worse() -> None:
    rng = np.random.default_rng(5)
    table = table_of([(int(r), int(f), float(m)) for r, f, m in rng.integers(1, [300, 5, 900], (80, 3))])
    scored = RFM().fit(table).label(table).astype(dict.fromkeys(SCORES, int))
    assert scored.sort_values("recency_days")["r_score"].is_monotonic_decreasing
    assert scored.sort_values("frequency")["f_score"].is_monotonic_increasing
    assert scored.sort_values("monetary")["m_score"].is_monotonic_increasing


# --- known traps ---------------------------------------------------------------------------------


def test_100_identical_customers_all_get_the_same_scores() -> None:
    table = table_of([(30, 2, 9.9)] * 100)
    for name in ("eleven", "grid25", "eight"):
        scored = RFM(segments=name).fit(table).label(table)
        assert scored[[*SCORES, "rfm"]].drop_duplicates().shape[0] == 1
        assert scored.loc[0, list(SCORES)].tolist() == [3, 3, 3]


def test_everyone_bought_once_does_not_fail() -> None:
    table = table_of([(i, 1, i + 1.0) for i in range(50)])
    scheme = RFM().fit(table)
    scored = scheme.label(table)
    assert scored["f_score"].unique().tolist() == [3]
    assert scored["r_score"].nunique() == scored["m_score"].nunique() == 5
    assert any("100%" in note and note.startswith("F") for note in scheme.notes("zh"))


def test_amounts_below_one_still_spread_over_five_scores() -> None:
    for size in (90, 91):  # with 90 the cut points lie between two cents
        table = table_of([(i, 1, round(0.05 + i * 0.01, 2)) for i in range(size)])
        scheme = RFM().fit(table)
        counts = scheme.label(table)["m_score"].value_counts().to_dict()
        assert counts == (
            dict.fromkeys(range(1, 6), 18) if size == 90 else {1: 19, 2: 18, 3: 18, 4: 18, 5: 18}
        )
        if size == 90:
            assert scheme.learned and scheme.learned.monetary.cuts == (0.228, 0.406, 0.584, 0.762)


def test_where_70_percent_bought_once_f_has_three_levels_and_says_so() -> None:
    table = table_of([(i, f, 10.0 + i) for i, f in enumerate([1] * 70 + [2] * 15 + [3] * 10 + [9] * 5)])
    scheme = RFM().fit(table)
    scored = scheme.label(table)
    assert scored.groupby("frequency")["f_score"].first().to_dict() == {1: 1, 2: 3, 3: 5, 9: 5}
    [note] = scheme.notes("en")
    assert note in scheme.describe("en")
    assert note.startswith("F has only 3 of 5 levels (scores 1, 3, 5): 70% of buyers")


def test_the_real_export_scores_sensibly(real_data: Any) -> None:
    orders = pd.read_csv(real_data("cn_orders_2018.csv"), dtype={"user_id": "str"})
    orders.columns = pd.Index(["customer_id", "order_date", "order_id", "amount"])
    orders["order_date"] = pd.to_datetime(orders["order_date"])
    table = customer_table(orders, as_of="2018-12-31")
    scored = RFM().fit(table).label(table)
    assert sorted(scored["f_score"].unique()) == [1, 3, 5]
    assert scored["rfm"].isin(named_map("eleven").ids).all()


# --- edges ------------------------------------------------------------------------------------------


def test_prospects_take_no_part_in_fit() -> None:
    buyers: list[Customer] = [(3, 2, 50.0), (90, 1, 20.0), (10, 5, 700.0)]
    gaps: list[Customer] = [(None, 0, 0.0), (400, 0, 0.0), (5, 2, None), (None, 3, 9.0), (1, None, 9.0)]
    for name in ("eleven", "eight"):
        assert RFM(segments=name).fit(table_of(buyers + gaps)) == RFM(segments=name).fit(table_of(buyers))
    labels = RFM().fit(table_of(buyers)).label(table_of(gaps))
    assert labels["rfm"].tolist() == ["prospect"] * 2 + ["unknown"] * 3
    assert labels[list(SCORES)].isna().all(axis=None)


def test_without_any_buyer_nobody_is_said_to_be_scored() -> None:
    for name in ("eleven", "eight"):
        scheme = RFM(segments=name).fit(table_of([(None, 0, 0.0)]))
        zh, en = " ".join(scheme.describe("zh")), " ".join(scheme.describe("en"))
        assert "没有一位买家，分界点未能求出，谁也没有打分" in zh and "nobody is scored" in en
        assert not re.search(r"得 \d 分|任意值|–", zh) and not re.search(r"scores \d|any value|–", en)
        whole = {"recency_days": 3, "frequency": 2, "monetary": 50.0}
        assert re.match("资料不足：.*没有一位买家", scheme.explain(whole, "zh"))


def test_without_any_buyer_nothing_is_learned_and_nothing_made_up() -> None:
    for name in ("eleven", "eight"):
        scheme = RFM(segments=name).fit(table_of([(None, 0, 0.0)]))
        labels = scheme.label(table_of([(None, 0, 0.0), (3, 2, 50.0)]))["rfm"].tolist()
        assert labels == ["prospect", "unknown"]
        assert scheme.notes("zh") and scheme.explain_all(table_of([(3, 2, 50.0)])).notna().all()


def test_a_median_that_splits_nobody_is_said() -> None:
    table = table_of([(i, 1, 10.0 + i) for i in range(10)])
    [_, note] = RFM(segments="eight", split="median").fit(table).notes("en")
    assert "does not split F (the line is 1): every buyer counts as high" in note


@pytest.mark.parametrize(
    ("split", "zh", "en"),
    [
        (
            "mean",
            "R 不超过 346 天为近，F 达到 2 次为高，M 达到 100.01 元为高",
            "up to 346 days, F high from 2, M high from 100.01;",
        ),
        (
            "median",
            "R 不超过 345 天为近，F 达到 1 次为高，M 达到 100.00 元为高",
            "up to 345 days, F high from 1, M high from 100.00;",
        ),
    ],
)
def test_eight_describes_the_values_that_decide(split: Any, zh: str, en: str) -> None:
    """The means are 346.2 days, 1.004 purchases and 100.0034: rounded, they would be another rule."""
    rows: list[Customer] = [(345 + 3 * (i % 5 > 2), 1, 100.0) for i in range(996)]
    table = table_of([*rows, *[(346, 2, 100.85)] * 4])
    scheme = RFM(segments="eight", split=split).fit(table)
    assert any(zh in line for line in scheme.describe("zh")) and any(
        en in line for line in scheme.describe("en")
    )
    # what the sentence says is what is done
    recent, often, much = (float(x) for x in re.findall(r"(?:过|到) ([\d.]+)", zh))
    at = table_of([(int(recent), int(often), much)])
    beyond = table_of([(int(recent) + 1, int(often) - 1 or 1, round(much - 0.01, 2))])
    assert scheme.label(at)["rfm"].tolist() == ["key_value"]
    assert scheme.label(beyond)["rfm"].tolist() == ["general_win_back" if split == "mean" else "general_keep"]


def test_notes_name_the_line_that_splits_nobody() -> None:
    table = table_of([(i, 1, 10.0) for i in range(10)])
    notes = RFM(segments="eight").fit(table).notes("zh")
    assert any(n.startswith("F 的平均数分不开（分界是 1 次）") for n in notes)
    assert any(n.startswith("M 的平均数分不开（分界是 10.00 元）") for n in notes)


def test_a_map_with_holes_is_refused_and_overlaps_are_said() -> None:
    with pytest.raises(ValidationError, match="25 of 125"):
        RFM.model_validate({"segments": [{"id": "a", "r": [2, 5]}]})
    with pytest.raises(ValidationError, match="no customer can have: 666"):
        RFM.model_validate({"segments": [{"id": "a", "r": [1, 5]}, {"id": "b", "codes": [666]}]})
    overlapping = RFM.model_validate({"segments": [{"id": "a", "r": [2, 5]}, {"id": "b", "r": [1, 5]}]})
    fitted = overlapping.fit(table_of([(3, 2, 50.0), (90, 1, 20.0)]))
    assert any("100" in note for note in fitted.notes("en"))


def test_maps_of_five_levels_want_five_bins() -> None:
    with pytest.raises(ValidationError, match="five levels"):
        RFM(bins=4)
    assert RFM(bins=4, segments="eight").bins == 4


def test_the_output_column_cannot_be_an_input() -> None:
    with pytest.raises(ValidationError, match="frequency"):
        RFM(name="frequency")


# --- explanations are true --------------------------------------------------------------------------

CHANGE = re.compile(
    r"if (?P<measure>.+) is (?P<side>at least|at most|more than|below) (?P<x>[-\d.,]+), it becomes"
)


def changed(scheme: Scheme, row: dict[str, Any], sentence: str) -> tuple[str, float, str]:
    """The column, the distance and the label an explanation names, after doing as it says."""
    found = CHANGE.search(sentence)
    assert found, sentence
    [column] = [c for c in scheme.needs() if measure(c, "en") == found["measure"]]
    target = float(found["x"].replace(",", ""))
    nudge = {"more than": 1e-7, "below": -1e-7}.get(found["side"], 0.0)
    moved = pd.DataFrame([{**row, column: target + nudge}])
    return column, abs(target - float(row[column])), str(scheme.label(moved)[scheme.name].iloc[0])


# the other kinds have tests of their own for this: their changes are of other sorts
ON_CUTS = [name for name, scheme in SCHEMES.items() if isinstance(scheme, RFM | Pareto | Lifecycle | Bands)]


@pytest.mark.parametrize("name", ON_CUTS)
def test_doing_what_the_explanation_says_gives_the_label_it_names(name: str) -> None:
    @settings(max_examples=4)
    @given(customers=customer_lists)
    def check(customers: list[Customer]) -> None:
        table = table_of(customers)
        scheme = SCHEMES[name].fit(table)
        labelled = scheme.label(table)
        sentences = scheme.explain_all(table, "en")
        for row, sentence in list(zip(labelled.to_dict("records"), sentences, strict=True))[:6]:
            label = row[scheme.name]
            assert sentence.startswith(name_of("segment", label, "en"))
            if "it becomes" in sentence:
                _, _, reached = changed(scheme, row, sentence)
                assert reached != label
                assert sentence.endswith(f'it becomes "{name_of("segment", reached, "en")}".')

    check()


def test_no_smaller_change_of_days_or_purchases_moves_the_label() -> None:
    rng = np.random.default_rng(11)
    table = table_of(
        [(int(r), int(f), float(m)) for r, f, m in rng.integers([0, 1, 1], [60, 8, 400], (60, 3))]
    )
    for name in ("eleven", "grid25", "eight"):
        scheme = RFM(segments=name).fit(table)
        labelled = scheme.label(table).head(15)
        spans = {ladder.column: ladder.span for ladder in scheme.ladders()}
        for row, sentence in zip(
            labelled.to_dict("records"), scheme.explain_all(labelled, "en"), strict=True
        ):
            column, distance, _ = changed(scheme, row, sentence)
            nearer = []
            for other, top in (("recency_days", 80), ("frequency", 12)):
                within = range(1 if other == "frequency" else 0, top)
                reach = distance / spans[column] * spans[other] - 1e-9
                nearer += [{**row, other: v} for v in within if abs(v - row[other]) < reach]
            if nearer:
                assert set(scheme.label(pd.DataFrame(nearer))["rfm"]) == {row["rfm"]}


def test_an_explanation_names_values_scores_and_the_change() -> None:
    table = table_of([(i, 1 + i % 5, 100.0 * i) for i in range(50)])
    scheme = RFM().fit(table)
    sentence = scheme.explain({"recency_days": 2, "frequency": 5, "monetary": 4500.0}, "zh")
    assert sentence.startswith(
        "冠军客户：距上次下单 2 天（R 5）、购买频次 5 次（F 5）、累计金额 4,500.00 元（M 5）；若"
    )
    assert "资料不足：缺 累计金额" in scheme.explain(
        {"recency_days": 2, "frequency": 5, "monetary": None}, "zh"
    )
    prospect = {"recency_days": None, "frequency": 0, "monetary": 0.0}
    assert scheme.explain(prospect, "en").startswith(term("segment.prospect", "en"))


def test_curly_brackets_in_own_labels_do_no_harm() -> None:
    scheme = RFM.model_validate({"segments": [{"id": "{0}", "r": [3, 5]}, {"id": "{x}", "r": [1, 2]}]})
    table = table_of([(i, 1, 5.0) for i in range(10)])
    assert "{x}" in scheme.fit(table).explain_all(table, "en").iloc[0]


def test_55000_customers_are_explained_in_a_few_sentences_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Speed without a clock: sentences are built once per situation, not once per customer."""
    from segkit.schemes import base

    calls = 0
    real = base.say

    def counting(*args: Any, **facts: Any) -> str:
        nonlocal calls
        calls += 1
        return real(*args, **facts)

    rng = np.random.default_rng(1)
    table = table_of([(int(r), int(f), float(m)) for r, f, m in rng.integers(1, [300, 9, 900], (20_000, 3))])
    scheme = RFM().fit(table)
    monkeypatch.setattr(base, "say", counting)
    assert len(scheme.explain_all(table)) == 20_000
    assert calls < 125 * 6 * 4
