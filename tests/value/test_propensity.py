"""Points for leads: planted weights found again, columns that leak refused, whole points that add up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import ENGINES
from pydantic import ValidationError
from scipy.special import expit

import segkit
from segkit import Propensity
from segkit.locale import name_of
from segkit.problems import InputProblems
from segkit.value.model import ModelNotFitted

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ("app", "channel", "balance")


def leads_of(n: int = 3000, seed: int = 0, base: float = -2.0) -> pd.DataFrame:
    """Leads whose success depends on the app (+1.0) and the channel (referral +0.8), not on the balance."""
    rng = np.random.default_rng(seed)
    app = rng.integers(0, 2, n)
    channel = rng.choice(["web", "phone", "referral"], n, p=[0.5, 0.3, 0.2])
    odds = base + 1.0 * app + 0.8 * (channel == "referral")
    won = (rng.random(n) < expit(odds)).astype(int)
    balance = np.exp(rng.normal(2, 1, n))
    return pd.DataFrame(
        {"lead": [f"L{i}" for i in range(n)], "app": app, "channel": channel, "balance": balance, "won": won}
    )


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


def refused(leads: pd.DataFrame, **how: Any) -> InputProblems:
    with pytest.raises(InputProblems) as caught:
        Propensity(**how).fit(leads)
    assert all(p.text("zh") and p.text("en") for p in caught.value.problems)
    return caught.value


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


def test_intervals_hold_the_truth_about_nineteen_times_in_twenty() -> None:
    inside = 0
    for seed in range(25):
        table = (
            Propensity(outcome="won", columns=("app",))
            .fit(leads_of(800, seed=seed))
            .table("en")
            .set_index("level")
        )
        sign = -1 if table.loc["yes", "log_odds"] == 0 else 1  # the commonest of the two is the yardstick
        other = table.loc["yes" if sign == 1 else "no"]
        inside += other["low"] <= sign * 1.0 <= other["high"]
    # the channel is left out, which draws the weight a little towards zero
    assert inside >= 21


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


# --- refusals --------------------------------------------------------------------------------------


def test_fewer_than_ten_events_per_variable_are_refused_with_the_numbers() -> None:
    few = leads_of(400, base=-3.0)
    events = int(few["won"].sum())
    problem = refused(few, outcome="won", columns=COLUMNS, bins=4).problems[0]
    assert problem.id == "value.refuse.events"
    assert problem.facts == {"events": events, "variables": 6, "least": 10, "most": events // 10}
    assert str(events) in problem.text("zh") and events < 60
    enough = Propensity(outcome="won", columns=("app",)).fit(few)
    assert enough.checks[0].figure == events


def test_ten_events_per_variable_are_enough_and_nine_point_nine_are_not() -> None:
    rows = pd.DataFrame({"app": [0, 1] * 100, "won": 0})
    rows.loc[:9, "won"] = 1
    assert Propensity(outcome="won", columns=("app",)).fit(rows).events == 10
    rows.loc[9, "won"] = 0
    assert refused(rows, outcome="won", columns=("app",)).problems[0].id == "value.refuse.events"


def test_columns_that_leak_are_refused_by_name_all_at_once(leads: pd.DataFrame) -> None:
    won = leads["won"] == 1
    leaking = leads.assign(
        contract_draft_date=pd.Series("2025-06-01", index=leads.index).where(won),
        lost_reason=leads["channel"].where(~won),
        visit_note=leads["channel"].where(won & (leads.index % 3 == 0)),
        feedback=leads["channel"].where(won | (leads.index % 50 == 0)),
        days_open=1.0 - won + leads["balance"] / 1e6,
        handled=won.map({True: "已办", False: "未办"}),
        签约金额=leads["balance"],
        first_contact=pd.Timestamp("2025-01-01"),
        constant=1,
    )
    columns = (
        "app",
        "contract_draft_date",
        "lost_reason",
        "visit_note",
        "feedback",
        "days_open",
        "handled",
        "签约金额",
        "first_contact",
        "lead",
        "constant",
    )
    found = {p.column: p.id.split(".")[-1] for p in refused(leaking, outcome="won", columns=columns).problems}
    assert found == {
        "contract_draft_date": "filled",
        "lost_reason": "filled",
        "visit_note": "filled",
        "feedback": "filled",
        "days_open": "tells_all",
        "handled": "tells_all",
        "签约金额": "name",
        "first_contact": "date",
        "lead": "id",
        "constant": "same",
    }


def test_a_column_with_one_level_of_some_size_is_refused(leads: pd.DataFrame) -> None:
    nearly = leads.assign(
        vip=(leads.index % 150 == 0).astype(int), kind=np.where(leads.index % 200 == 0, "b", "a")
    )
    problems = refused(nearly, outcome="won", columns=("vip", "kind", "app")).problems
    assert [(p.column, p.id) for p in problems] == [
        ("vip", "value.leak.one_level"),
        ("kind", "value.leak.one_level"),
    ]
    assert "30" in problems[0].text("zh")


def test_a_column_known_beforehand_may_be_named_like_an_outcome(leads: pd.DataFrame) -> None:
    named = leads.rename(columns={"channel": "contract_type"})
    assert refused(named, outcome="won", columns=("contract_type",)).problems[0].facts["word"] == "contract"
    card = Propensity(outcome="won", columns=("contract_type",), known_before=("contract_type",)).fit(named)
    assert card.fitted
    told = leads.assign(won_before=leads["won"])
    how = {"outcome": "won", "columns": ("won_before",), "known_before": ("won_before",)}
    assert refused(told, **how).problems[0].id == "value.leak.tells_all"  # whatever one claims to know


def test_design_words_that_only_contain_an_outcome_word_pass(leads: pd.DataFrame) -> None:
    named = leads.rename(columns={"channel": "design_signage", "app": "wonderful"})
    assert Propensity(outcome="won", columns=("design_signage", "wonderful")).fit(named).fitted


def test_missing_columns_and_settings_that_cannot_be(leads: pd.DataFrame) -> None:
    assert "channel" in refused(leads, outcome="won", columns=("chanel",)).text("zh")
    with pytest.raises(ValidationError, match="balance"):
        Propensity(outcome="won", columns=("app",), cuts={"balance": (1.0,)})
    with pytest.raises(ValidationError, match="ascend"):
        Propensity(outcome="won", columns=("app",), cuts={"app": (2.0, 1.0)})
    with pytest.raises(ModelNotFitted):
        Propensity(outcome="won", columns=("app",)).score(leads)


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
