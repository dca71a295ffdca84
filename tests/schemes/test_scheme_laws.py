"""The laws every scheme keeps, on every engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from customer_strategies import SCHEMES, UNKNOWN, Customer, customer_lists, table_of, taught
from engines import ENGINES, KINDS, back
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segkit.problems import InputProblems
from segkit.schemes.base import NotFitted
from segkit.schemes.conditional import ConditionalScheme
from segkit.schemes.store import load_scheme, load_schemes, save_schemes

every_scheme = pytest.mark.parametrize("name", SCHEMES)


@pytest.mark.slow
@every_scheme
def test_one_label_each_alike_for_equal_values_in_any_order_and_input_untouched(name: str) -> None:
    @settings(max_examples=12)
    @given(customers=customer_lists, seed=st.integers(0, 99))
    def check(customers: list[Customer], seed: int) -> None:
        table = table_of(customers)
        before = table.copy(deep=True)
        scheme = taught(name, table)
        labelled = scheme.label(table)
        pd.testing.assert_frame_equal(table, before)
        # exactly one label, from the list, as plain text, beside what was there
        assert labelled[scheme.name].isin(scheme.order()).all()
        assert str(labelled[scheme.name].dtype) == "str"
        pd.testing.assert_frame_equal(labelled[table.columns], before)
        # equal values, equal labels
        needs = list(scheme.needs())
        assert labelled.groupby(needs, dropna=False)[scheme.name].nunique().le(1).all()
        # missing is unknown, and nothing else is
        missing = table[needs].astype(object).replace("", None).isna().any(axis=1)
        if "prospect" in scheme.order() and len(needs) > 1:
            missing &= (table["frequency"] != 0).fillna(True).astype(bool)
        unknown = labelled[scheme.name] == "unknown"
        if name in UNKNOWN:
            assert unknown.tolist() == UNKNOWN[name](table).tolist()
        elif isinstance(scheme, ConditionalScheme):  # which ones is known to it; nobody else is
            assert not (unknown & ~missing).any()
        else:
            assert unknown.tolist() == missing.tolist()
        # row order does not matter, nor does the index
        shuffled = table.sample(frac=1, random_state=seed)
        again = taught(name, shuffled)
        assert again == scheme
        pd.testing.assert_frame_equal(again.label(shuffled).sort_index(), labelled)

    check()


@pytest.mark.slow
@every_scheme
@pytest.mark.parametrize("engine", [e for e in ENGINES if e != "pandas"])
def test_cut_points_and_labels_are_equal_on_every_engine(name: str, engine: str) -> None:
    @settings(max_examples=3 if engine == "duckdb" else 6)
    @given(customers=customer_lists)
    def check(customers: list[Customer]) -> None:
        table = table_of(customers)
        native = ENGINES[engine](table)
        scheme = taught(name, table)
        assert taught(name, native) == scheme
        labelled = scheme.label(native)
        assert isinstance(labelled, KINDS[engine])
        pd.testing.assert_frame_equal(back(labelled), back(scheme.label(table)))

    check()


@every_scheme
def test_a_saved_and_reloaded_scheme_is_the_same(name: str, tmp_path: Path) -> None:
    @settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(customers=customer_lists)
    def check(customers: list[Customer]) -> None:
        table = table_of(customers)
        scheme = taught(name, table)
        scheme.save(tmp_path / "口径" / "方案.yml")  # the folder is made
        loaded = load_scheme(tmp_path / "口径" / "方案.yml")
        assert loaded == scheme
        pd.testing.assert_frame_equal(loaded.label(table), scheme.label(table))
        save_schemes({"mine": scheme}, tmp_path / "schemes.yml")
        assert load_schemes(tmp_path / "schemes.yml") == {"mine": scheme}

    check()


@pytest.mark.slow
@every_scheme
def test_explain_all_agrees_with_explain_row_by_row(name: str) -> None:
    @settings(max_examples=4)
    @given(customers=customer_lists, lang=st.sampled_from(["zh", "en"]))
    def check(customers: list[Customer], lang: str) -> None:
        table = table_of(customers)
        scheme = taught(name, table)
        sentences = scheme.explain_all(table.set_index("customer_id"), lang)
        assert sentences.index.tolist() == table["customer_id"].tolist()
        for row, sentence in zip(table.to_dict("records"), sentences, strict=True):
            plain = {c: None if pd.isna(v) else v for c, v in row.items()}
            assert scheme.explain(plain, lang) == sentence

    check()


def test_explain_takes_a_row_of_any_engine() -> None:
    table = table_of([(3, 2, 50.0), (90, 1, 20.0), (10, 5, 700.0)])
    scheme = SCHEMES["eleven"].fit(table)
    wanted = scheme.explain_all(table).iloc[1]
    assert scheme.explain(table.iloc[1]) == wanted
    for engine, make in ENGINES.items():
        assert scheme.explain(make(table.iloc[[1]])) == wanted, engine
    with pytest.raises(ValueError, match="one customer"):
        scheme.explain(table)


@pytest.mark.slow
@every_scheme
def test_one_customer_alone_keeps_the_label_of_the_crowd(name: str) -> None:
    rng = np.random.default_rng(7)
    table = table_of(
        [(int(r), int(f), float(m) / 100) for r, f, m in rng.integers([0, 0, 1], [300, 6, 90000], (40, 3))]
    )
    table.loc[table["frequency"] == 0, "recency_days"] = pd.NA
    scheme = taught(name, table)
    labels = scheme.label(table)[scheme.name].tolist()
    assert [scheme.label(table.iloc[[i]])[scheme.name].iloc[0] for i in range(len(table))] == labels


@every_scheme
def test_a_rule_can_be_read_in_both_languages(name: str) -> None:
    table = table_of([(3, 2, 50.0), (90, 1, 20.0), (10, 5, 700.0), (None, 0, 0.0)])
    scheme = taught(name, table)
    for lang in ("zh", "en"):
        lines = scheme.describe(lang)
        assert all(line and line.strip() == line and "{" not in line for line in lines)
    assert any("\u4e00" <= c <= "\u9fff" for c in "".join(scheme.describe("zh")))
    assert not any("\u4e00" <= c <= "\u9fff" for c in "".join(scheme.describe("en")))


@pytest.mark.parametrize("name", ["eleven", "eight", "own", "pareto", "quantiles", "clusters"])
def test_what_must_learn_refuses_to_label_before(name: str) -> None:
    with pytest.raises(NotFitted) as error:
        SCHEMES[name].label(table_of([(3, 2, 50.0)]))
    assert error.value.name == SCHEMES[name].name
    assert "fit" in error.value.text("zh")


@pytest.mark.parametrize("name", ["lifecycle", "bands", "rules", "scorecard"])
def test_what_has_nothing_to_learn_comes_back_unchanged(name: str) -> None:
    assert SCHEMES[name].fit(table_of([(3, 2, 50.0)])) is SCHEMES[name]


@every_scheme
def test_every_missing_column_is_named(name: str) -> None:
    scheme = SCHEMES[name]
    for use in (scheme.fit, taught(name, table_of([(3, 2, 50.0)])).label):
        with pytest.raises(InputProblems) as error:
            use(pd.DataFrame({"customer_id": ["a"]}))
        assert [p.facts["column"] for p in error.value.problems] == list(scheme.needs())


def test_a_polars_nan_is_unknown_not_the_largest_value() -> None:
    import polars as pl

    table = pl.DataFrame({"customer_id": ["a", "b"], "monetary": [float("nan"), 5.0]})
    scheme = SCHEMES["pareto"].fit(table)
    assert scheme.label(table)["abc"].to_list() == ["unknown", "A"]
