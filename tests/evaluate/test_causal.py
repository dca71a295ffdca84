"""Difference in differences on the planted VIP team, and a before/after comparison that says what it is worth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

import segkit
from segkit.evaluate.causal import before_after, did
from segkit.locale import LANGS
from segkit.problems import InputProblems

DATASETS = Path(__file__).parents[2] / "datasets"
TEAM = ("东区", "北区")  # since 2025-07-01, for VIPs


@pytest.fixture(scope="module")
def tickets() -> pd.DataFrame:
    """Tickets with a score: hours on the desk's clock, group, period."""
    case, truth = DATASETS / "appliance", DATASETS / "_truth"
    read = {
        name: pd.read_csv(case / f"{name}.csv", encoding="utf-8-sig") for name in ("tickets", "customers")
    }
    rows = read["tickets"].drop_duplicates("ticket_id").dropna(subset=["csat"])
    hours = pd.read_csv(truth / "appliance_tickets.csv", encoding="utf-8-sig")
    rows = rows.merge(hours[["ticket_id", "response_hours"]], on="ticket_id", validate="one_to_one")
    rows = rows.merge(read["customers"][["customer_id", "tier", "region"]], on="customer_id")
    return rows.assign(
        group=np.where(rows["region"].isin(TEAM), "treated", "control"),
        period=np.where(pd.to_datetime(rows["opened_at"]) < "2025-07-01", "before", "after"),
    )


@pytest.fixture(scope="module")
def truth() -> dict:
    return yaml.safe_load((DATASETS / "_truth" / "appliance_summary.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("column", "what"), [("csat", "csat"), ("response_hours", "hours")])
def test_it_recovers_the_planted_effect_where_before_after_misleads(tickets, truth, column, what):
    vips = tickets[tickets["tier"] == "VIP"].assign(value=lambda rows: rows[column])
    found = segkit.did(vips.drop(columns="customer_id"), unit="score")
    planted = truth["true_effects"][what]
    assert found.value == pytest.approx(truth["team"][f"{what}_did"], abs=0.006)
    error = found.half / norm.ppf(0.975)
    assert error == pytest.approx(truth["team"][f"{what}_error"], rel=0.03)
    assert found.low < planted < found.high and not found.low <= 0 <= found.high
    assert found.before_after == pytest.approx(truth["team"][f"{what}_before_after"], abs=0.006)
    assert abs(found.before_after - planted) > 3 * abs(found.value - planted)
    by_customer = did(vips)
    assert by_customer.value == found.value and by_customer.method == "did_customers"
    assert 0.8 < by_customer.half / found.half < 1.3


def test_whom_it_cannot_concern_shows_nothing(tickets, truth):
    others = tickets[tickets["tier"] != "VIP"].assign(value=lambda rows: rows["csat"])
    found = did(others)
    assert found.value == pytest.approx(truth["team"]["csat_did_others"], abs=0.006)
    assert found.low < 0 < found.high


def test_four_means_do_as_well():
    found = did(treated=(10, 16), control=(10, 12), errors=(0.3, 0.4, 0, 1.2), n=80)
    assert (found.value, found.before_after, found.after_only) == (4, 6, 4)
    assert found.half == pytest.approx(1.959964 * 1.3) and found.n == 80
    without = did(treated=(10, 16), control=(10, 12))
    assert without.value == 4 and without.low is None and without.high is None


@given(st.lists(st.floats(-100, 100), min_size=8, max_size=8), st.floats(-50, 50))
def test_what_moves_everybody_alike_is_no_effect(values, drift):
    cells = [(g, p) for g in ("treated", "control") for p in ("before", "after")] * 2
    frame = pd.DataFrame(cells, columns=["group", "period"]).assign(value=values)
    moved = frame.assign(value=frame["value"] + np.where(frame["period"] == "after", drift, 0.0))
    assert did(moved).value == pytest.approx(did(frame).value, abs=1e-9)


def test_its_interval_holds_the_effect_as_often_as_it_says():
    rng, held = np.random.default_rng(4), []
    for _ in range(400):
        people = np.repeat(rng.normal(0, 2, 60), 2)  # the same customers before and after
        frame = pd.DataFrame(
            {
                "customer_id": np.repeat(np.arange(60), 2),
                "group": np.repeat(["treated", "control"], 60),
                "period": ["before", "after"] * 60,
            }
        )
        effect = 1.0 * ((frame["group"] == "treated") & (frame["period"] == "after"))
        found = did(frame.assign(value=people + effect + rng.normal(0, 1, 120)))
        held.append(found.low <= 1.0 <= found.high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.03)


def test_missing_cells_and_columns_are_refused():
    frame = pd.DataFrame({"group": ["treated"] * 2, "period": ["before", "after"], "value": [1, 2]})
    with pytest.raises(InputProblems, match="control/before, control/after"):
        did(frame)
    with pytest.raises(InputProblems, match="period"):
        did(frame.drop(columns="period"))
    with pytest.raises(InputProblems, match="four means"):
        did(treated=(1, 2))


# --- before and after ------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_before_after_says_itself_that_it_proves_nothing(lang):
    found = before_after([10, 12, 9], [8, 9, 9])
    assert found.proves is False and found.value == pytest.approx(-5 / 3) and found.n == 3
    assert found.caution(lang) in found.text(lang)
    assert {"zh": "不能证明", "en": "proves nothing"}[lang] in found.text(lang)


def test_who_was_picked_for_being_high_falls_back_by_himself():
    """The trap of the shop: its best tenth fell by half after nothing was done."""
    rng = np.random.default_rng(6)
    usual = rng.normal(100, 20, 20000)
    before, after = (usual + rng.normal(0, 20, 20000) for _ in range(2))
    best = before > np.quantile(before, 0.9)
    found = before_after(before[best], after[best], everybody=(before, after))
    assert found.value < -20 and found.expected == pytest.approx(found.value, abs=1.0)
    helped = before_after(before[best], after[best] + 10, everybody=(before, after))
    assert helped.value - helped.expected > 8


def test_it_takes_the_same_customers():
    with pytest.raises(InputProblems, match="2 values before and 1 after"):
        before_after([1, 2], [1])
    assert before_after([], []).value is None
