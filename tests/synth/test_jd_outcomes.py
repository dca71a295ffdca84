"""The shop's outcomes: the process and its models, the campaign by uplift and by profit, who answered a survey."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

from segkit.synth.cases.jd.campaign import ODDS
from segkit.synth.cases.jd.process import PARAMETERS

Folders = Callable[[str], list[Path]]
Read = Callable[[Path], pd.DataFrame]
CELLS = dict(
    zip(["重要价值", "重要保持", "重要发展", "重要挽留", "一般价值", "一般保持", "一般发展", "一般挽留"], ODDS, strict=True)
)  # fmt: skip
SCALE = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}


@dataclass(frozen=True)
class Draw:
    """One draw: its tables and truth as text, by name (truth under `true_...`), and the summary."""

    tables: dict[str, pd.DataFrame]
    facts: dict

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name].copy()


@pytest.fixture(scope="module")
def draws(draws_of: Folders, text_of: Read) -> list[Draw]:
    made = []
    for folder in draws_of("jd"):
        tables = {
            n: text_of(folder / "jd" / f"{n}.csv") for n in ("customers", "orders", "campaign", "feedback")
        }
        for name in ("customers", "orders", "campaign", "feedback"):
            tables[f"true_{name}"] = text_of(folder / "_truth" / f"jd_{name}.csv")
        facts = yaml.safe_load((folder / "_truth" / "jd_summary.yml").read_text("utf-8"))
        made.append(Draw(tables, facts))
    return made


# --- the process ------------------------------------------------------------------------------------


def fitted(loss: Callable[[np.ndarray], float], start: list[float]) -> tuple[np.ndarray, float]:
    """Positive parameters of least loss, and the log-likelihood there."""
    how = {"maxiter": 4000, "maxfev": 4000, "xatol": 1e-5, "fatol": 1e-5}
    found = minimize(lambda t: loss(np.exp(t)), np.log(start), method="Nelder-Mead", options=how)
    assert found.success
    return np.exp(found.x), -float(found.fun)


def test_mbg_nbd_recovers_the_parameters_and_bg_nbd_does_not(draws: list[Draw]) -> None:
    """Batislam et al. (2007) against Fader et al. (2005), on the committed draw.

    In calendar days, as a trainee has them: the festivals move days about, but hardly the gaps as a whole. Orders
    that were cancelled or refunded thin the rate by about 6 %, which the tolerance of alpha takes in.
    """
    orders = draws[0]["true_orders"]
    day = (pd.to_datetime(orders["order_date"]) - pd.Timestamp("2024-01-01")).dt.days
    days = pd.DataFrame({"who": orders["customer_id"], "day": day}).drop_duplicates().groupby("who")["day"]
    x, last = (days.size() - 1).to_numpy(), (days.max() - days.min()).to_numpy()
    length = (730.5 - days.min()).to_numpy()  # from the middle of the first day to the end

    def loss(parameters: np.ndarray, first_may_be_last: bool) -> float:
        r, alpha, a, b = parameters
        count = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        stays, leaves = (r + x) * np.log(alpha + length), (r + x) * np.log(alpha + last)
        if first_may_be_last:  # MBG/NBD: x + 1 chances to leave
            here = betaln(a, b + x + 1) - betaln(a, b) - stays
            gone = betaln(a + 1, b + x) - betaln(a, b) - leaves
        else:  # BG/NBD: x chances, none before the second purchase
            here = betaln(a, b + x) - betaln(a, b) - stays
            again = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - leaves
            gone = np.where(x > 0, again, -np.inf)
        return -float((count + np.logaddexp(here, gone)).sum())

    planted = np.array([PARAMETERS.r, PARAMETERS.alpha, PARAMETERS.a, PARAMETERS.b])
    (mbg, fit), (bg, worse) = (
        fitted(lambda p, m=m: loss(p, m), [1.0, 50.0, 1.0, 2.0]) for m in (True, False)
    )
    off = mbg / planted - 1
    assert (np.abs(off) < [0.15, 0.20, 0.15, 0.15]).all(), off
    assert mbg[0] / mbg[1] == pytest.approx(0.943 * planted[0] / planted[1], rel=0.05)  # thinned by 5.7 %
    assert mbg[2] / (mbg[2] + mbg[3]) == pytest.approx(planted[2] / planted[2:].sum(), rel=0.15)
    missed = bg / planted - 1
    assert missed[0] < -0.25 and missed[3] > 0.5, missed
    assert fit > worse + 10


def test_gamma_gamma_recovers_the_amounts(draws: list[Draw]) -> None:
    """Fader and Hardie (2013), without the firms, whose enlarged orders are no Gamma."""
    customers = draws[0]["true_customers"]
    people = customers.loc[customers["is_b2b"] == "0", "customer_id"]
    orders = draws[0]["true_orders"].astype({"net_amount": float})
    orders = orders[orders["customer_id"].isin(people)]
    own = orders.groupby(["customer_id", "order_date"])["net_amount"].sum().groupby("customer_id")
    mean, n = own.mean().to_numpy(), own.size().to_numpy()

    def loss(parameters: np.ndarray) -> float:
        p, q, gamma = parameters
        one = gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(gamma) - np.log(mean)
        return -float((one + p * n * np.log(n * mean) - (p * n + q) * np.log(gamma + n * mean)).sum())

    found, _ = fitted(loss, [1.0, 2.0, 100.0])
    off = found / [PARAMETERS.p, PARAMETERS.q, PARAMETERS.gamma] - 1
    assert (np.abs(off) < [0.10, 0.10, 0.15]).all(), off


# --- the campaign -----------------------------------------------------------------------------------


def by_cell(draw: Draw) -> pd.DataFrame:
    """Size, response and profit per head of both arms, uplift with its interval, of every cell."""
    people = draw["campaign"].astype({"converted": int, "revenue": float, "coupon_cost": float})
    people["profit"] = 0.18 * people["revenue"] - people["coupon_cost"]
    people["cell"] = people["segment"].map(CELLS)
    got = people.groupby(["cell", "arm"]).agg(
        n=("converted", "size"), rate=("converted", "mean"), profit=("profit", "mean")
    )
    got = got.unstack()
    t, h = (got.xs(arm, axis=1, level="arm") for arm in ("treated", "holdout"))
    half = 1.96 * np.sqrt(t["rate"] * (1 - t["rate"]) / t["n"] + h["rate"] * (1 - h["rate"]) / h["n"])
    uplift = t["rate"] - h["rate"]
    return pd.DataFrame(
        {
            "treated": t["n"],
            "holdout": h["n"],
            "response": t["rate"],
            "response_without": h["rate"],
            "uplift": uplift,
            "low": uplift - half,
            "high": uplift + half,
            "profit_per_head": t["profit"] - h["profit"],
        }
    )


def test_only_those_who_may_be_written_to_and_each_person_once(draws: list[Draw]) -> None:
    for draw in draws:
        people = draw["campaign"].merge(draw["customers"], on="customer_id", validate="one_to_one")
        assert len(people) == 2000
        assert (people["consent_marketing"] == "1").all() and (people["opt_out_channels"] == "").all()
        assert set(people["channel"]) == {"短信"} and people["phone"].is_unique
        # a refusal under the other id of a person counts as well
        refused = draw["customers"].query("consent_marketing == '0' or opt_out_channels != ''")["phone"]
        assert not people["phone"].isin(refused).any()


def test_the_segment_is_the_median_cell_and_the_key_cells_are_whole(draws: list[Draw]) -> None:
    for draw in draws:
        truth = draw["true_customers"].set_index("customer_id")
        people = draw["campaign"].assign(cell=draw["campaign"]["segment"].map(CELLS))
        assert (people["cell"] == people["customer_id"].map(truth["eight_median"])).all()
        everyone = draw["customers"].set_index("customer_id").join(truth[["person_id", "eight_median"]])
        willing = (everyone["consent_marketing"] == "1") & (everyone["opt_out_channels"] == "")
        may = willing.groupby(everyone["person_id"]).transform("all")
        for cell in ("key_value", "key_keep", "key_develop", "key_win_back"):
            pool = everyone[may & (everyone["eight_median"] == cell)]
            drawn = people.loc[people["cell"] == cell, "customer_id"]
            # left out is only the later id of a person of whom an earlier one bought as well
            missing = everyone[may & (everyone["eight_median"] != "prospect")]
            later = missing.index[missing["person_id"].duplicated()]
            assert set(pool.index.difference(later)) == set(drawn)
        assert 200 < (people["cell"] == "key_keep").sum() < 450


def test_uplift_and_profit_find_whom_response_misses(draws: list[Draw]) -> None:
    """The trap: the cell that answers most would have bought anyway, and the coupon loses money there."""
    for draw in draws:
        cells = by_cell(draw)
        ranked = cells[cells[["treated", "holdout"]].min(axis=1) >= 30]
        assert cells["response"].idxmax() == cells["response_without"].idxmax() == "key_value"
        assert ranked["uplift"].idxmax() == ranked["profit_per_head"].idxmax() == "key_keep"
        assert cells.at["key_keep", "low"] > 0.02
        assert (ranked.drop(index="key_keep")["low"] < 0).all()
        assert cells.at["key_keep", "profit_per_head"] > ranked["profit_per_head"].nlargest(2).iloc[1] + 0.5
        assert cells.at["key_value", "profit_per_head"] < -1 and cells.at["key_value", "uplift"] < 0.01
        assert cells.at["general_win_back", "uplift"] < 0
        for cell, (_, planted) in ODDS.items():
            assert (
                abs(cells.at[cell, "uplift"] - planted) <= 1 / cells.loc[cell, ["treated", "holdout"]].min()
            )
        assert (cells["treated"] - cells["holdout"]).abs().max() <= 1


def test_a_coupon_takes_an_order_of_two_hundred(draws: list[Draw]) -> None:
    for draw in draws:
        people = draw["campaign"].astype({"revenue": float, "coupon_cost": float})
        used = people["coupon_cost"] > 0
        assert set(people.loc[used, "coupon_cost"]) == {20.0}
        assert (people.loc[used, "revenue"] >= 200).all() and (people.loc[used, "arm"] == "treated").all()
        bought = people["revenue"] > 0
        assert (bought == (people["converted"] == "1")).all() and bought.sum() > 200
        assert (people.loc[bought & ~used & (people["arm"] == "treated"), "revenue"] < 200).all()
        # most of the orders the coupon brought use it, and fill up to little above the least
        kept = people[used & (people["segment"] == "重要保持")]
        assert (
            len(kept)
            > 0.6 * (bought & (people["arm"] == "treated") & (people["segment"] == "重要保持")).sum()
        )
        assert people.loc[used, "revenue"].between(200, 240).mean() > 0.3
        # and who used to spend more an order still does
        usual = draw["true_customers"].set_index("customer_id").astype({"net_amount": float, "orders": int})
        usual = (usual["net_amount"] / usual["orders"].clip(lower=1))[people["customer_id"]].to_numpy()
        held = bought & (people["arm"] == "holdout")
        assert people.loc[held, "revenue"].corr(pd.Series(usual)[held], method="spearman") > 0.3


def test_summary_datasheets_and_truth_tell_the_campaign_as_the_table_does(draws: list[Draw]) -> None:
    for draw in draws:
        cells = by_cell(draw)
        for cell, said in draw.facts["campaign"]["cells"].items():
            assert said == pytest.approx(cells.loc[cell].to_dict(), abs=2e-4), cell
        for line in draw["true_campaign"].itertuples():
            own = draw["campaign"]
            own = own[(own["segment"].map(CELLS) == line.eight_median) & (own["arm"] == line.arm)]
            assert (len(own), (own["converted"] == "1").sum()) == (int(line.n), int(line.converted))
            base, added = ODDS[line.eight_median]
            assert float(line.rate) == pytest.approx(base + added * (line.arm == "treated"))
        assert draw.facts["campaign"]["coupons_used"] == (draw["campaign"]["coupon_cost"] == "20.00").sum()


# --- the feedback -----------------------------------------------------------------------------------


def survey(draw: Draw) -> pd.DataFrame:
    """feedback.csv with its order: numbers, `late` and `refunded`, and `would`, the score each gave or would have."""
    asked = draw["feedback"].merge(
        draw["orders"].drop_duplicates("order_id"), on="order_id", validate="one_to_one"
    )
    asked = asked.merge(draw["true_feedback"][["order_id", "satisfaction", "score"]], on="order_id")
    asked = asked.rename(columns={"score_x": "score", "score_y": "would"})
    asked["answered"] = asked["score"] != ""
    asked["refunded"] = asked["refund_amount"].astype(float) > 0
    asked["days"] = asked["delivery_days"].astype(int)
    return asked.astype({"would": int, "satisfaction": float})


def test_everyone_is_asked_once_about_an_order_that_came(draws: list[Draw]) -> None:
    for draw in draws:
        asked = survey(draw)
        assert len(asked) == 1900 and asked["answered"].sum() == 900
        assert (asked["customer_id_x"] == asked["customer_id_y"]).all()
        person = draw["true_customers"].set_index("customer_id")["person_id"]
        assert asked["customer_id_x"].map(person).is_unique
        placed = pd.to_datetime(asked["order_date"], format="mixed").dt.normalize()
        gap = (pd.to_datetime(asked["survey_date"]) - placed).dt.days
        assert (gap == asked["days"] + 1).all() and gap.between(2, 9).all()
        assert asked["survey_date"].max() <= "2025-12-31" and asked["survey_date"].min() > "2025-01-01"
        assert not asked["status"].isin(["取消"]).any() and set(asked["days"]) == set(range(1, 9))
        assert ((asked["reason"] == "") | asked["answered"]).all()
        for kind, (low, high) in SCALE.items():
            own = asked[(asked["kind"] == kind) & asked["answered"]]
            assert own["score"].astype(int).between(low, high).all() and len(own) > 100


def test_delivery_and_refunds_drive_the_score_and_the_reasons(draws: list[Draw]) -> None:
    for draw in draws:
        asked = survey(draw)
        answers = asked[asked["answered"]].astype({"score": int})
        for kind, own in answers.groupby("kind"):
            x = np.column_stack([np.ones(len(own)), own["days"], own["refunded"]])
            cost, *_ = np.linalg.lstsq(x, own["score"].to_numpy(float), rcond=None)
            left = own["score"] - x @ cost
            spread = np.sqrt(np.diag(np.linalg.pinv(x.T @ x)) * (left**2).sum() / (len(own) - 3))
            planted = draw.facts["feedback"]["kinds"][kind]["per_day_planted"]
            assert cost[1] / spread[1] < -2.5 and 0.4 < cost[1] / planted < 1.2, (kind, cost)
        z = asked["satisfaction"]
        x = np.column_stack([np.ones(len(asked)), asked["days"], asked["refunded"]])
        assert np.linalg.lstsq(x, z, rcond=None)[0][1:] == pytest.approx([-0.3, -1.2], abs=0.2)
        assert asked[asked["refunded"]]["would"].mean() < asked[~asked["refunded"]]["would"].mean() - 1
        z = (answers["score"] - answers["kind"].map(answers.groupby("kind")["score"].mean())) / answers[
            "kind"
        ].map(answers.groupby("kind")["score"].std())
        assert answers["refunded"].sum() >= 25
        assert z[answers["refunded"]].mean() < z[~answers["refunded"]].mean() - 0.5
        told = answers[(answers["reason"] != "") & ~answers["refunded"]]
        by_logistics = (told["reason"] == "物流").groupby(told["days"] >= 5).mean()
        assert by_logistics[True] > 0.45 > 0.25 > by_logistics[False]


def test_the_answers_overstate_and_weights_mend_a_part_of_it(draws: list[Draw]) -> None:
    """Naive: average the answers. Weighted by delivery and refund it comes nearer; mood cannot be weighted for."""
    for draw in draws:
        asked = survey(draw)
        assert (asked["would"].astype(str) == asked["score"])[asked["answered"]].all()
        group = pd.cut(asked["days"], [0, 2, 4, 8]).astype(str).where(~asked["refunded"], "refunded")
        for kind, said in draw.facts["feedback"]["kinds"].items():
            own = asked["kind"] == kind
            everyone, answers = asked[own], asked[own & asked["answered"]]
            share = group[own].value_counts(normalize=True)
            means = answers["would"].groupby(group[answers.index]).mean()
            true, naive = everyone["would"].mean(), answers["would"].mean()
            weighted = (means * share.reindex(means.index)).sum() / share.reindex(means.index).sum()
            assert naive > weighted > true
            assert (said["mean_of_all"], said["mean_of_answers"]) == pytest.approx((true, naive), abs=0.006)
            assert said["mean_weighted"] == pytest.approx(weighted, abs=0.006)
            if kind == "nps":
                assert naive > true + 0.5 and naive > weighted + 0.1 and weighted > true + 0.3
        nps = asked[asked["kind"] == "nps"]
        for rows, said in ((nps, "nps_of_all"), (nps[nps["answered"]], "nps_of_answers")):
            net = 100 * ((rows["would"] >= 9).mean() - (rows["would"] <= 6).mean())
            assert draw.facts["feedback"][said] == pytest.approx(net, abs=0.06)
        assert draw.facts["feedback"]["nps_of_answers"] > draw.facts["feedback"]["nps_of_all"] + 15
        fast, slow = (asked.loc[m, "answered"].mean() for m in (asked["days"] <= 2, asked["days"] >= 5))
        assert draw.facts["feedback"]["answer_rate_fast"] == pytest.approx(fast, abs=1e-4)
        assert draw.facts["feedback"]["answer_rate_late"] == pytest.approx(slow, abs=1e-4)
        assert fast > slow + 0.15
        # the busier answer more often, too
        days = draw["true_customers"].set_index("customer_id")["order_days"].astype(int)
        bought = days[asked["customer_id_x"]].groupby(asked["answered"].to_numpy()).mean()
        assert bought[True] > bought[False]
