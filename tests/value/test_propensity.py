"""Points for leads: planted weights found again, columns that leak refused, whole points that add up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import ENGINES
from invented_leads import COLUMNS, leads_of, refused

import segkit
from segkit import Propensity
from segkit.locale import name_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def leads() -> pd.DataFrame:
    return leads_of()


@pytest.fixture(scope="module")
def card(leads: pd.DataFrame) -> Propensity:
    return Propensity(outcome="won", columns=COLUMNS, cuts={"balance": (10.0,)}).fit(leads)


@pytest.fixture(scope="module")
def pitches() -> pd.DataFrame:
    """Pitches of the sample bank that were made in person, with the client they were made to."""
    bank = segkit.load("bank")
    talks = bank.contacts[(bank.contacts["purpose"] == "产品推介") & (bank.contacts["channel"] != "短信")]
    clients = bank.clients.drop(columns="rm_id")
    return talks.merge(clients, on="client_id").assign(
        complained=lambda f: (f["complaints_12m"] > 0).astype(int),
        many=lambda f: f["products"] >= 3,
        likes=lambda f: f["invest_pref"].isin(["理财", "基金"]),
    )


def levels(card: Propensity, column: str) -> pd.DataFrame:
    table = card.table("en")
    return table[table["column"] == name_of("field", column, "en")].set_index("level")


# --- what was planted ------------------------------------------------------------------------------


def test_the_banks_planted_weights_lie_in_the_intervals(pitches: pd.DataFrame) -> None:
    columns = ("mobile_active", "likes", "idle_deposit_wan", "complained", "many")
    card = Propensity(
        outcome="outcome", positive="成交", columns=columns, cuts={"idle_deposit_wan": (10.0,)}
    ).fit(pitches)
    truth = pd.read_csv(ROOT / "datasets/_truth/bank_propensity.csv", encoding="utf-8-sig", index_col="trait")
    for column, trait, yes, no in [
        ("mobile_active", "mobile_active", "yes", "no"),
        ("likes", "prefers_wealth_or_funds", "yes", "no"),
        ("idle_deposit_wan", "idle_10_or_more", "≥ 10", "< 10"),
        ("complained", "complained", "yes", "no"),
        ("many", "three_products_or_more", "yes", "no"),
    ]:
        found = levels(card, column)
        planted = truth["coefficient"].get(
            trait, {"complained": -0.9, "three_products_or_more": 0.0}.get(trait)
        )
        difference = found.loc[yes, "log_odds"] - found.loc[no, "log_odds"]
        width = (found["high"] - found["low"]).max() / 2
        assert abs(difference - planted) < width, column
        assert abs(difference - planted) < 0.25, column
        points = found.loc[yes, "points"] - found.loc[no, "points"]
        assert points == pytest.approx(planted / card.unit, abs=3.5), column
    assert card.auc[1] > 0.6 and all(check.passed for check in card.checks)


def test_weights_of_invented_leads_and_one_without_influence(card: Propensity) -> None:
    assert levels(card, "app").loc["yes", "log_odds"] - levels(card, "app").loc[
        "no", "log_odds"
    ] == pytest.approx(1.0, abs=0.2)
    channel = levels(card, "channel")["log_odds"]
    assert channel["referral"] - channel["web"] == pytest.approx(0.8, abs=0.25)
    assert levels(card, "balance")["points"].max() <= 2
    assert card.n == 3000 and card.events == 704 and card.left_out == 0


def test_the_interval_of_one_yes_or_no_is_that_of_its_table(leads: pd.DataFrame) -> None:
    """Woolf (1955): the log odds ratio and the root of the summed reciprocals of the four counts."""
    table = Propensity(outcome="won", columns=("app",)).fit(leads).table("en").set_index("level")
    counts = pd.crosstab(leads["app"], leads["won"]).to_numpy()
    other = table[table["high"] > table["low"]].iloc[0]
    sign = 1 if other.name == "yes" else -1
    ratio = sign * np.log(counts[1, 1] * counts[0, 0] / counts[1, 0] / counts[0, 1])
    assert other["log_odds"] == pytest.approx(ratio, rel=0.01)
    assert other["high"] - other["low"] == pytest.approx(2 * 1.959964 * np.sqrt((1 / counts).sum()), rel=0.01)


def test_chances_are_true_on_average_and_for_leads_never_seen(card: Propensity, leads: pd.DataFrame) -> None:
    assert card.score(leads)["probability"].mean() == pytest.approx(leads["won"].mean(), abs=1e-9)
    fresh = leads_of(20_000, seed=9)
    scored = card.score(fresh)
    by_points = scored.groupby(pd.cut(scored["probability"], [0, 0.12, 0.2, 0.3, 1]), observed=True)
    assert by_points["won"].mean().to_numpy() == pytest.approx(
        by_points["probability"].mean().to_numpy(), abs=0.04
    )


def test_cross_validated_quality_is_that_of_fresh_leads(card: Propensity) -> None:
    from sklearn.metrics import roc_auc_score

    fresh = card.score(leads_of(20_000, seed=9))
    value, low, high = card.auc
    assert low <= roc_auc_score(fresh["won"], fresh["probability"]) <= high and low < value < high
    assert card.brier < card.brier_of_rate == pytest.approx(704 / 3000 * (1 - 704 / 3000))
    lift, promised = card.lift, card.calibration
    assert lift["lift"].iloc[0] > 1.5 > 0.8 > lift["lift"].iloc[-1] and lift["n"].sum() == 3000
    assert (
        (promised["low"] <= promised["predicted"]) & (promised["predicted"] <= promised["high"])
    ).sum() >= len(promised) - 1


def test_noise_is_called_no_better_than_chance() -> None:
    noise = leads_of().assign(won=np.random.default_rng(3).integers(0, 2, 3000))
    card = Propensity(outcome="won", columns=COLUMNS).fit(noise)
    area = next(check for check in card.checks if check.name == "auc")
    assert not area.passed and "乱猜" in area.text("zh") and "no better than chance" in area.text("en")


# --- points ----------------------------------------------------------------------------------------


def test_points_are_whole_add_up_and_double_the_odds(card: Propensity, leads: pd.DataFrame) -> None:
    scored = card.score(leads)
    assert scored["points"].dtype == "Int64" and scored["points"].min() >= 0
    assert (
        scored["points"].max() <= card.most == sum(max(level.points for level in c.levels) for c in card.card)
    )
    assert all(min(level.points for level in column.levels) == 0 for column in card.card)
    one = {"app": 1, "channel": "referral", "balance": 3.0}
    added = sum(
        int(levels(card, c).loc[level, "points"])
        for c, level in (("app", "yes"), ("channel", "referral"), ("balance", "< 10"))
    )
    assert card.score(one)["points"].tolist() == [added]
    odds = scored["probability"] / (1 - scored["probability"])
    steps = pd.Series(odds.to_numpy(), index=scored["points"].to_numpy(dtype=float)).groupby(level=0).first()
    assert np.diff(np.log2(steps)) == pytest.approx(np.diff(steps.index) / 10)


def test_coarser_points(leads: pd.DataFrame, card: Propensity) -> None:
    coarse = Propensity(outcome="won", columns=COLUMNS, cuts={"balance": (10.0,)}, points_to_double=3).fit(
        leads
    )
    assert coarse.most < card.most / 2


def test_explain_adds_up_in_both_languages(card: Propensity) -> None:
    lead = {"app": 1, "channel": "web", "balance": 50.0}
    points = int(card.score(lead)["points"].iloc[0])
    zh, en = card.explain(lead, "zh"), card.explain(lead, "en")
    assert zh.startswith(f"{points} 分（满分 {card.most}）") and "app 是" in zh
    assert en.startswith(f"{points} points of {card.most}") and "app yes" in en
    titled = card.model_copy(update={"titles": {"app": "常用手机银行"}})
    assert "常用手机银行 是" in titled.explain(lead, "zh")
    with pytest.raises(ValueError, match="one lead"):
        card.explain(leads_of(2))


def test_the_same_leads_in_any_order_and_engine_give_the_same_card(
    card: Propensity, leads: pd.DataFrame
) -> None:
    how = {"outcome": "won", "columns": COLUMNS, "cuts": {"balance": (10.0,)}}
    assert Propensity(**how).fit(leads.sample(frac=1, random_state=4)) == card
    for engine in ("polars", "duckdb"):
        assert Propensity(**how).fit(ENGINES[engine](leads)) == card


def test_scoring_leaves_the_leads_as_they_were(card: Propensity, leads: pd.DataFrame) -> None:
    before = leads.copy(deep=True)
    scored = card.score(leads)
    pd.testing.assert_frame_equal(leads, before)
    pd.testing.assert_frame_equal(scored[list(leads)], leads)


# --- levels ----------------------------------------------------------------------------------------


def test_numbers_fall_into_quarters_with_cuts_one_can_read_out(leads: pd.DataFrame) -> None:
    found = Propensity(outcome="won", columns=("balance",)).fit(leads)
    counts = [level.n for level in found.card[0].levels]
    assert len(counts) == 4 and min(counts) > 700
    assert all(
        len(f"{level.high:g}".replace(".", "").lstrip("0")) <= 3 for level in found.card[0].levels[:-1]
    )
    assert found.card[0].levels[1].text("zh").startswith("≥ ") and " 且 < " in found.card[0].levels[1].text(
        "zh"
    )


def test_a_value_at_a_cut_stands_above_it(leads: pd.DataFrame) -> None:
    whole = leads.assign(balance=leads["balance"].round())
    how = {"outcome": "won", "columns": ("balance",), "cuts": {"balance": (5.0, 10.0)}}
    below, between, above = Propensity(**how).fit(whole).card[0].levels
    assert below.n == (whole["balance"] < 5).sum() and above.n == (whole["balance"] >= 10).sum()
    assert (between.low, between.high) == (5, 10)


def test_many_zeros_are_a_range_of_their_own(leads: pd.DataFrame) -> None:
    idle = leads.assign(balance=np.where(np.arange(3000) % 10 < 8, 0.0, leads["balance"]))
    first, *others = Propensity(outcome="won", columns=("balance",)).fit(idle).card[0].levels
    assert first.n == 2400 and first.high > 0 and len(others) == 3


def test_rare_values_stand_together_blanks_apart_and_new_ones_with_the_rare(leads: pd.DataFrame) -> None:
    channel = leads["channel"].astype(object).mask(leads.index % 15 == 0, None)
    channel[leads.index % 60 == 1] = "fair"
    channel[leads.index % 61 == 2] = "radio"
    channel[:3] = "  "
    column = Propensity(outcome="won", columns=("channel", "app")).fit(leads.assign(channel=channel)).card[0]
    assert [level.text("en") for level in column.levels] == [
        "web",
        "phone",
        "referral",
        "fair",
        "radio",
        "not given",
    ]
    rarer = channel.where(channel != "fair", [f"fair {i // 60 % 3}" for i in leads.index])
    card = Propensity(outcome="won", columns=("channel", "app")).fit(leads.assign(channel=rarer))
    texts = [level.text("zh") for level in card.card[0].levels]
    assert texts[-2:] == ["其他", "未填"]
    counted = {text: level.n for text, level in zip(texts, card.card[0].levels, strict=True)}
    blank = rarer.isna() | (rarer == "  ")
    assert (counted["其他"], counted["未填"]) == (rarer.str.startswith("fair").sum(), blank.sum())
    points = {text: level.points for text, level in zip(texts, card.card[0].levels, strict=True)}

    def of(value: Any) -> int:
        return (
            int(card.score({"channel": value, "app": 0})["points"].iloc[0])
            - card.card[1].levels[card.card[1].places(pd.Series([0]))[0]].points
        )

    assert of("never seen") == of("fair 1") == points["其他"]
    assert of(None) == of("") == of(np.nan) == points["未填"] and of(" web ") == points["web"]


def test_blanks_without_a_level_count_as_the_commonest(card: Propensity) -> None:
    usual = card.card[1].levels[card.card[1].usual]
    assert usual.text("en") == "web"
    rows = pd.DataFrame({"app": 1, "channel": ["web", None, "telex"], "balance": 3.0})
    assert card.score(rows)["points"].nunique() == 1


# --- outcomes --------------------------------------------------------------------------------------


def test_open_leads_take_no_part_and_are_counted(leads: pd.DataFrame) -> None:
    status = leads["won"].map({1: "成交", 0: "战败"}).astype(object)
    status[leads.index % 4 == 0] = "跟进中"
    named = leads.assign(status=status)
    card = Propensity(outcome="status", positive="成交", negative="战败", columns=("app",)).fit(named)
    assert (card.n, card.left_out) == (2250, 750) and "750" in card.notes("zh")[0]
    loose = Propensity(outcome="status", positive=["成交"], columns=("app",)).fit(named)
    assert loose.n == 3000 and "跟进中" in loose.notes("zh")[0] and "negative=" in loose.notes("en")[0]
    blank = leads.assign(won=leads["won"].where(leads.index % 4 != 0))
    assert Propensity(outcome="won", columns=("app",)).fit(blank).left_out == 750
    flags = leads.assign(won=leads["won"] == 1)
    assert Propensity(outcome="won", columns=("app",)).fit(flags).notes() == []


def test_an_outcome_without_successes_is_refused_with_the_values_there(leads: pd.DataFrame) -> None:
    named = leads.assign(won=leads["won"].map({1: "成交", 0: "战败"}))
    problems = refused(named, outcome="won", columns=("app",))
    assert "成交、战败" in problems.text("zh") and "positive=" in problems.text("en")


# --- words and files ---------------------------------------------------------------------------


def test_saved_and_read_again_it_scores_the_same(
    tmp_path: Path, card: Propensity, leads: pd.DataFrame
) -> None:
    card.save(tmp_path / "card.yml")
    again = Propensity.load(tmp_path / "card.yml")
    assert again == card
    pd.testing.assert_frame_equal(again.score(leads), card.score(leads))
    pd.testing.assert_frame_equal(again.lift, card.lift)
    assert "L17" not in (tmp_path / "card.yml").read_text(encoding="utf-8")


def test_the_rule_in_words(card: Propensity) -> None:
    zh, en = card.describe("zh"), card.describe("en")
    assert len(zh) == len(en) == 5
    assert "704" in zh[0] and "3,000" in en[0] and f"最高 {card.most} 分" in zh[1]
