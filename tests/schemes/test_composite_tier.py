"""One tier out of several: later schemes read the labels of earlier ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from customer_strategies import table_of
from engines import ENGINES, KINDS, back

from segkit.playbooks import apply, load_playbook
from segkit.problems import InputProblems
from segkit.schemes.agreement import agreement
from segkit.schemes.store import schemes_from

COMPOSITE: dict[str, dict[str, Any]] = {
    "worth": {"kind": "pareto"},
    "stage": {"kind": "lifecycle", "loyal_from": 3},
    "tier": {
        "kind": "rules",
        "rules": [
            {"label": "key", "when": {"worth": "A", "stage": ["loyal", "repeat"]}},
            {"label": "grow", "when": [{"worth": "A"}, {"worth": "B", "stage": "loyal"}]},
            {"label": "lead", "when": {"stage": "prospect"}},
        ],
        "otherwise": "standard",
    },
    "points": {
        "kind": "scorecard",
        "items": [
            {"when": {"worth": "A"}, "points": 50},
            {"when": {"worth": "B"}, "points": 30},
            {"when": {"stage": "loyal"}, "points": 40},
        ],
        "grades": [{"label": "gold", "from": 80}, {"label": "silver", "from": 30}, {"label": "plain"}],
    },
    "field": {
        "kind": "matrix",
        "axes": [{"column": "points_points", "cuts": [50]}, {"column": "frequency", "cuts": [3]}],
        "grid": {"high": {"high": "core", "low": "buy_more"}, "low": {"high": "often", "low": "rest"}},
    },
}
CUSTOMERS = table_of(
    [
        (5, 9, 5000.0),  # A, loyal
        (9, 1, 3000.0),  # A, first
        (7, 4, 1500.0),  # B, loyal
        (50, 2, 200.0),  # C, repeat
        (None, 0, 0.0),  # C, prospect
        (3, 2, None),  # unknown, repeat
        (3, None, 1400.0),  # B, unknown
    ]
)


@pytest.mark.parametrize("engine", ENGINES)
def test_rules_points_and_a_grid_over_earlier_schemes_make_one_tier_on_every_engine(engine: str) -> None:
    labelled = ENGINES[engine](CUSTOMERS)
    for scheme in schemes_from(COMPOSITE).values():
        labelled = scheme.fit(labelled).label(labelled)
    assert isinstance(labelled, KINDS[engine])
    got = back(labelled)
    assert got["worth"].tolist() == ["A", "A", "B", "C", "C", "unknown", "B"]
    # what an earlier scheme does not know is missing for a later one, and `unknown` where it could decide
    assert got["tier"].tolist() == ["key", "grow", "grow", "standard", "lead", "unknown", "unknown"]
    assert got["points"].tolist() == ["gold", "silver", "silver", "plain", "plain", "unknown", "unknown"]
    assert got["field"].tolist() == ["core", "buy_more", "core", "rest", "rest", "unknown", "unknown"]


def test_a_composite_tier_explains_itself_by_the_labels_it_stands_on() -> None:
    labelled = CUSTOMERS
    schemes = schemes_from(COMPOSITE)
    for scheme in schemes.values():
        labelled = scheme.fit(labelled).label(labelled)
    said = schemes["tier"].explain_all(labelled).tolist()
    assert "A" in said[0] and "worth" in said[5]
    assert agreement(pd.concat([labelled] * 10), schemes)["cramers_v"].notna().all()


def test_a_playbook_labels_in_order_so_that_a_tier_can_read_what_came_before() -> None:
    made = apply(load_playbook("general"), CUSTOMERS, overrides=COMPOSITE)
    assert made.customers["tier"].tolist()[:4] == ["key", "grow", "grow", "standard"]
    assert {"worth", "stage", "tier", "points"} <= set(made.schemes)


def test_a_scheme_that_cannot_learn_is_left_out_of_the_playbook_and_says_why() -> None:
    made = apply(load_playbook("general"), CUSTOMERS, overrides={"groups": {"kind": "clusters"}})
    assert "groups" not in made.schemes and "groups" not in made.customers
    assert [p.facts["name"] for p in made.unlearned] == ["groups"]
    assert "300" in made.unlearned[0].text("zh")
    rng = np.random.default_rng(0)
    rows = zip(rng.integers(1, 300, 400), rng.integers(1, 30, 400), rng.lognormal(5, 1, 400), strict=True)
    many = table_of([(int(r), int(f), round(float(m), 2)) for r, f, m in rows])
    groups = {"groups": {"kind": "clusters", "k": 3}, "by_group": {**COMPOSITE["tier"], "rules": [BY_GROUP]}}
    made = apply(load_playbook("general"), many, overrides=groups)
    assert not made.unlearned
    first = made.customers["groups"] == "c1"
    assert (made.customers["by_group"] == "key").tolist() == first.tolist() and first.any()


BY_GROUP = {"label": "key", "when": {"groups": "c1"}}


def test_where_nothing_can_be_learned_at_all_that_is_the_reason(tmp_path: Any) -> None:
    text = (
        "id: own\ntitle: {zh: 自己的方案, en: Our own}\nschemes: {groups: {kind: clusters}}\nmain: groups\n"
        "policy: {labels: {}}\n"
    )
    (tmp_path / "own.yml").write_text(text, encoding="utf-8")
    with pytest.raises(InputProblems, match="300"):
        apply(load_playbook("own.yml", folder=tmp_path), CUSTOMERS)
