"""What the managers did with the bank's clients in 2025: pitches, notices, calls (联系记录)."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF, on_workday, open_days
from segkit.synth.cases.bank_clients import ASLEEP_BELOW
from segkit.synth.cases.bank_money import CASE, MONTHS, Money
from segkit.synth.dictionary import columns
from segkit.synth.draws import Draws, sigmoid
from segkit.synth.people import Names

# all of these are 示例参数
CONTACTS, HARDLY, HARDLY_BELOW = (2.2, 2.4, 5.0, 9.5), 0.6, 0.5  # a year by tier; below half a 万
PITCHES = 0.5  # of the contacts with clients who consent and hold 1,000 yuan
PHONE, SMS, WECOM, BRANCH = range(4)
CHANNEL_SHARES = (0.45, 0.10, 0.30, 0.15)
MINUTES, MINUTES_SPREAD = (6.0, 1.0, 4.0, 30.0), 0.6  # medians
# log odds that a pitch ends in a sale
PROPENSITY = {
    "intercept": -2.9,
    "mobile_active": 0.9,
    "prefers_wealth_or_funds": 0.7,
    "idle_10_or_more": 0.8,
    "complained": -0.9,
    "three_products_or_more": 0.0,
}
IDLE_ENOUGH = 10.0  # 万元
UNSOLD = (0.30, 0.50, 0.20)  # interested, not interested, not reached
NOT_REACHED = 0.15  # of other contacts
MIS_SOLD = 25
CALLED_AFTER_OUTFLOW = 0.3


def traits(clients: pd.DataFrame, names: Names) -> pd.DataFrame:
    """The yes/no traits on which a sale depends, and one on which it does not; one row per client."""
    liked = columns(CASE, "clients")["invest_pref"].values(names)[1:3]
    return pd.DataFrame(
        {
            "mobile_active": clients["mobile_active"] == 1,
            "prefers_wealth_or_funds": clients["invest_pref"].isin(liked),
            "idle_10_or_more": clients["idle_deposit_wan"] >= IDLE_ENOUGH,
            "complained": clients["complaints_12m"] > 0,
            "three_products_or_more": clients["products"] >= 3,
        }
    ).astype(int)


def contacts(draws: Draws, clients: pd.DataFrame, money: Money, scale: float, names: Names) -> pd.DataFrame:
    """Every contact of the year, by date; `client` is the position of the client,
    `purpose_at` and `outcome_at` those of the words, `pitch` and `mis_sold` are marks."""
    spec = columns(CASE, "contacts")
    mean = np.array(CONTACTS)[clients["tier"]]
    mean = np.where(clients["level"] < HARDLY_BELOW, HARDLY, mean)
    who = np.repeat(np.arange(len(clients)), draws.poisson(mean, len(clients)))
    n = len(who)
    of = clients.iloc[who].reset_index(drop=True)
    days = open_days(MONTHS[0], AS_OF)
    may = (of["consent_marketing"] == 1) & (of["level"] >= ASLEEP_BELOW)
    pitch = draws.chance(PITCHES, n) & may.to_numpy()
    frame = pd.DataFrame({"client": who, "pitch": pitch})
    frame["contact_date"] = np.array(draws.pick(days, n), dtype=object)
    frame["purpose"] = np.where(pitch, 0, 1 + draws.choice([0.4, 0.6], n))
    channel = draws.choice(CHANNEL_SHARES, n)
    said = spec["channel"].values(names)
    closed = np.array([said[c] in o for c, o in zip(channel, of["opt_out_channels"], strict=True)])
    frame["channel"] = np.where(pitch & closed, BRANCH, channel)
    sold = _sold(draws, of, pitch, names)
    rest = np.where(draws.chance(NOT_REACHED, n), 3, 4)
    frame["outcome"] = np.select([sold, pitch], [0, 1 + draws.choice(UNSOLD, n)], rest)
    level = of["risk_level"].str[1].astype(int).to_numpy()
    frame["risk"] = np.where(pitch, np.maximum(level - draws.choice([0.55, 0.30, 0.15], n), 1), 0)
    frame["mis_sold"] = False
    frame = _mis_sold(draws, frame, level, sold, max(1, round(MIS_SOLD * scale)))
    frame = _after_outflow(draws, frame, money)
    frame = frame.sort_values(["contact_date", "client"], kind="stable", ignore_index=True)
    return _in_words(draws, frame, clients, names)


def _sold(draws: Draws, of: pd.DataFrame, pitch: np.ndarray, names: Names) -> np.ndarray:
    """Which pitches end in a sale: in every combination of traits as many as expected."""
    marks = traits(of, names)
    weights = np.array([PROPENSITY[trait] for trait in marks])
    chance = sigmoid(PROPENSITY["intercept"] + marks.to_numpy() @ weights)
    cells = marks.astype(str).agg("".join, axis=1).to_numpy()
    sold = np.zeros(len(of), dtype=bool)
    sold[pitch] = draws.steady(chance[pitch], by=cells[pitch])
    return sold


def _mis_sold(draws: Draws, frame: pd.DataFrame, level: np.ndarray, sold: np.ndarray, n: int) -> pd.DataFrame:
    """Sales of a product riskier than the client may buy: one or two steps, one each of `n` clients."""
    able = frame[sold & (level < 5)].drop_duplicates("client").index.to_numpy()
    chosen = draws.some(able, n)
    above = level[chosen] + draws.integers(1, 2, n)
    frame.loc[chosen, "risk"] = np.minimum(above, 5)
    frame.loc[chosen, "mis_sold"] = True
    return frame


def _after_outflow(draws: Draws, frame: pd.DataFrame, money: Money) -> pd.DataFrame:
    """Calls to some of those whose money left within a month, in that month."""
    sudden = money.who("sudden")
    called = sudden[draws.exactly(CALLED_AFTER_OUTFLOW, len(sudden))]
    day = draws.integers(4, 24, len(called))  # leaves room for the next working day
    dates = [
        on_workday(MONTHS[m] + dt.timedelta(days=int(d)))
        for m, d in zip(money.event[called], day, strict=True)
    ]
    outcome = np.where(draws.chance(NOT_REACHED, len(called)), 3, 4)
    calls = pd.DataFrame(
        {
            "client": called,
            "pitch": False,
            "contact_date": np.array(dates, dtype=object),
            "purpose": 3,
            "channel": PHONE,
            "outcome": outcome,
            "risk": 0,
            "mis_sold": False,
        }
    )
    return pd.concat([frame, calls], ignore_index=True)


def _in_words(draws: Draws, frame: pd.DataFrame, clients: pd.DataFrame, names: Names) -> pd.DataFrame:
    spec, n = columns(CASE, "contacts"), len(frame)
    channel = frame["channel"].to_numpy()
    minutes = np.ceil(np.array(MINUTES)[channel] * draws.lognormal(1.0, MINUTES_SPREAD, n))
    reached = (channel != SMS) & (frame["outcome"].to_numpy() != 3)
    risk = np.array(["", *spec["product_risk"].values(names)], dtype=object)
    return frame.rename(columns={"outcome": "outcome_at", "purpose": "purpose_at"}).assign(
        contact_id=[f"T{i:06d}" for i in range(1, n + 1)],
        client_id=clients["client_id"].to_numpy()[frame["client"]],
        rm_id=clients["rm_id"].to_numpy()[frame["client"]],
        channel=spec["channel"].said(names, channel),
        purpose=spec["purpose"].said(names, frame["purpose"]),
        product_risk=risk[frame["risk"]],
        outcome=spec["outcome"].said(names, frame["outcome"]),
        minutes=np.where(reached, np.minimum(minutes, 120), 1).astype(int),
    )
