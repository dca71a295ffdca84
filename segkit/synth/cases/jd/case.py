"""An online shop's customers, orders, campaign and feedback (京东客户分层), with dirt and known truth.

Named after the case in the sources; every record is invented.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.calendar import days_from
from segkit.synth.cases.jd.campaign import campaign, campaign_facts
from segkit.synth.cases.jd.dirt import dirty_orders
from segkit.synth.cases.jd.feedback import feedback
from segkit.synth.cases.jd.items import baskets
from segkit.synth.cases.jd.process import CASE, CATEGORY_SHARES, CHANNEL_SHARES, DAYS, START, History, shop
from segkit.synth.cases.jd.truth import customer_truth, facts
from segkit.synth.dictionary import columns
from segkit.synth.dirt import Planter, at_scale
from segkit.synth.draws import Draws, sigmoid
from segkit.synth.files import File
from segkit.synth.people import Invented, Names, numbered
from segkit.synth.tables import case_files, written

BUYERS, BROWSERS = 3000, 600  # browsers registered and never bought: 潜在客户
SENT, ASKED, ANSWERED = 2000, 1900, 900  # people in the campaign; asked for feedback, and who gave it
CITY_TIERS = [0.18, 0.27, 0.25, 0.30]  # 一线 to 三线及以下 (示例参数)
TWINS = 30  # pairs of ids with one phone
FIRMS, FIRM_TIMES = 12, 40  # buyers that are firms; one order of each is 40 times as large


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: five tables and the truth."""
    draws = Draws(seed, CASE)
    invented = Invented(draws, names)
    history = shop(draws, round(BUYERS * scale))
    customers = _customers(draws, invented, history, scale)
    orders = _orders(draws, invented, history, customers)
    dirt = dirty_orders(draws, invented, orders, customers, scale)
    truth = customer_truth(customers, dirt.valid)
    outcome, odds = campaign(draws, customers, truth, round(SENT * scale), invented)
    asked, answered = round(ASKED * scale), round(ANSWERED * scale)
    survey, would, survey_facts = feedback(draws, dirt.delivered, truth, asked, answered, invented)
    basket = baskets(Draws(seed, f"{CASE} items"), invented, dirt.kept)
    after_as_of = int(dirt.numbers("after_as_of").isin(basket.table["order_id"]).sum())
    tables = {
        "customers": _second_ids_noted(draws, customers),
        "orders": dirt.orders,
        "campaign": written(CASE, "campaign", outcome),
        "feedback": written(CASE, "feedback", survey),
        "items": written(CASE, "items", basket.table),
    }
    hidden = {
        "customers": truth,
        "orders": dirt.valid,
        "campaign": odds,
        "feedback": would,
        "items_pairs": basket.pairs,
    }
    told = {"seed": seed} | facts(truth, dirt)
    told |= {
        "people": _people(customers, truth, history),
        "campaign": campaign_facts(outcome, names),
        "feedback": survey_facts,
        "items": basket.facts | {"of_orders_after_as_of": after_as_of},
    }
    return case_files(CASE, tables, hidden, told)


def _customers(draws: Draws, invented: Invented, history: History, scale: float) -> pd.DataFrame:
    """Everyone who registered, numbered in order of registration; latent traits stand beside the columns."""
    spec, names = columns(CASE, "customers"), invented.names
    buyers, browsers = len(history.buyers), round(BROWSERS * scale)
    n = buyers + browsers
    first = history.orders.groupby("buyer")["day"].min().to_numpy()
    day = np.concatenate([first - draws.integers(0, 30, buyers), draws.integers(0, DAYS - 1, browsers)])
    sms = spec["opt_out_channels"].values(names)[0]
    member = _members(draws, history.buyers["rate"].to_numpy(), browsers)

    def drawn(column: str, shares: list[float]) -> np.ndarray:
        return spec[column].drawn(names, draws, shares, n)

    frame = pd.DataFrame(
        {
            "phone": invented.phones(n),
            "register_date": [d.isoformat() for d in days_from(START, day)],
            "gender": drawn("gender", [0.48, 0.52]),
            "age_band": drawn("age_band", [0.18, 0.38, 0.26, 0.12, 0.06]),
        }
    )
    places = invented.places(n)
    frame = frame.assign(
        province=[province for province, _ in places],
        city_tier=spec["city_tier"].said(names, invented.city_tiers(places, CITY_TIERS)),
        plus_member=member.astype(int),
        consent_marketing=draws.chance(0.82, n).astype(int),
        opt_out_channels=np.where(draws.chance(0.06, n), sms, ""),
        buyer=[*range(buyers), *[-1] * browsers],
    ).join(history.buyers, on="buyer")
    turn = np.argsort(day, kind="stable")
    frame = frame.iloc[turn].reset_index(drop=True)
    frame.insert(0, "customer_id", numbered("C", n))
    orders = frame["buyer"].map(history.orders.groupby("buyer").size())
    firms = draws.some(frame.index[orders >= 3].to_numpy(), at_scale(FIRMS, scale))
    frame["is_b2b"] = frame.index.isin(firms).astype(int)
    return _with_second_ids(draws, frame, at_scale(TWINS, scale))


def _people(customers: pd.DataFrame, truth: pd.DataFrame, history: History) -> dict[str, Any]:
    """How many ordered (and kept nothing of it), never did, registered twice, are firms; when buyers end to come."""
    ordered = customers["buyer"] >= 0
    last = history.orders.groupby("buyer")["day"].min().max()
    return {
        "ordered": int(ordered.sum()),
        "kept_nothing": int((ordered & (truth["orders"] == 0)).sum()),
        "never_ordered": int((~ordered).sum()),
        "second_ids": int((customers["person_id"] != customers["customer_id"]).sum()),
        "firms": int(customers["is_b2b"].sum()),
        "last_first_purchase": days_from(START, np.array([last]))[0].isoformat(),
    }


def _members(draws: Draws, rate: np.ndarray, browsers: int) -> np.ndarray:
    """Paid members: the more often someone buys, the likelier; about 12 % in all (示例参数)."""
    log = np.log(np.maximum(rate, 1e-6))
    z = (log - log.mean()) / log.std()
    chance = sigmoid(np.round(-2.25 + 1.2 * z, 9))
    return np.concatenate([draws.chance(chance, len(rate)), draws.chance(0.02, browsers)])


def _with_second_ids(draws: Draws, frame: pd.DataFrame, n: int) -> pd.DataFrame:
    """`n` people who registered twice: the later id has the phone and the traits of the earlier."""
    plain = frame.index[(frame["buyer"] >= 0) & (frame["is_b2b"] == 0)].to_numpy()
    pairs = np.sort(draws.some(plain, 2 * n).reshape(n, 2), axis=1)
    frame["person_id"] = frame["customer_id"]
    shared = ["phone", "gender", "age_band", "province", "city_tier"]
    for early, late in pairs:
        frame.loc[late, shared] = frame.loc[early, shared]
        frame.loc[late, "person_id"] = frame.at[early, "customer_id"]
    return frame


def _second_ids_noted(draws: Draws, customers: pd.DataFrame) -> Planter:
    """The customers as written; the ledger names the second id of one person."""
    planter = Planter(written(CASE, "customers", customers), draws)
    twins = customers[customers["person_id"] != customers["customer_id"]]
    planter.note("fuzzy_duplicate", twins.index, "customer_id", list(twins["person_id"]))
    return planter


def _orders(draws: Draws, invented: Invented, history: History, customers: pd.DataFrame) -> pd.DataFrame:
    """The orders as they happened: one row each, date a date, amounts floats; no dirt yet."""
    spec, names = columns(CASE, "orders"), invented.names
    orders = history.orders.copy()
    n = len(orders)
    of = customers[customers["buyer"] >= 0].set_index("buyer")
    orders["customer_id"] = orders["buyer"].map(of["customer_id"])
    orders["is_b2b"] = orders["buyer"].map(of["is_b2b"])
    firm_rows = orders[orders["is_b2b"] == 1].groupby("buyer").nth(1).index  # the second order of each firm
    orders.loc[firm_rows, "amount"] = (orders.loc[firm_rows, "amount"] * FIRM_TIMES).round(2)
    orders["outlier"] = orders.index.isin(firm_rows)
    orders["order_date"] = days_from(START, orders["day"].to_numpy())
    orders["category"] = spec["category"].drawn(names, draws, CATEGORY_SHARES, n)
    orders["channel"] = spec["channel"].drawn(names, draws, CHANNEL_SHARES, n)
    orders["is_gift"] = draws.chance(0.03, n).astype(int)
    return orders
