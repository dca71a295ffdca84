"""What the managers did with the bank's clients in 2025: pitches, notices, calls (联系记录)."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF, on_workday, open_days
from segkit.synth.cases.bank.clients import ASLEEP_BELOW
from segkit.synth.cases.bank.money import CASE, MONTHS, Money
from segkit.synth.dictionary import JOINED_BY, columns
from segkit.synth.dirt import at_scale
from segkit.synth.draws import Draws, sigmoid
from segkit.synth.people import Names, numbered

# all of these are 示例参数
CONTACTS, HARDLY, HARDLY_BELOW = (2.2, 2.4, 5.0, 9.5), 0.6, 0.5  # a year by tier; below half a 万
PITCHES = 0.5  # of the contacts with clients who gave both consents and hold 1,000 yuan
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
SMS_FATE = (0.88, 0.10, 0.02)  # delivered, answered, failed; nothing is sold by sms
# positions of the outcomes; not reached and done are said otherwise in each channel
SOLD, INTERESTED, DELIVERED = 0, 1, 8
MISSED, DONE = np.array([3, DELIVERED, 4, 5]), np.array([6, DELIVERED, 6, 7])
MIS_SOLD, RISKY_PITCHES, CLOSED_CHANNEL, NO_SENSITIVE = 25, 60, 15, 20
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
    """Every contact of the year, by date; `client` is the position of the client, `purpose_at`, `outcome_at` and
    `channel_at` those of the words, `open_channel_at` a channel the client had left open; `pitch`, `closed`,
    `no_sensitive`, `mis_sold` and `risky` are marks."""
    spec = columns(CASE, "contacts")
    mean = np.array(CONTACTS)[clients["tier"]]
    mean = np.where(clients["level"] < HARDLY_BELOW, HARDLY, mean)
    who = np.repeat(np.arange(len(clients)), draws.poisson(mean, len(clients)))
    n = len(who)
    of = clients.iloc[who].reset_index(drop=True)
    awake = (of["level"] >= ASLEEP_BELOW).to_numpy()
    consent, sensitive = ((of[c] == 1).to_numpy() for c in ("consent_marketing", "sensitive_consent"))
    frame = pd.DataFrame({"client": who, "pitch": draws.chance(PITCHES, n) & sensitive & awake})
    frame["no_sensitive"] = _some_of(draws, consent & ~sensitive & awake, at_scale(NO_SENSITIVE, scale))
    frame["pitch"] |= frame["no_sensitive"]
    pitch = frame["pitch"].to_numpy()
    frame["contact_date"] = np.array(draws.pick(open_days(MONTHS[0], AS_OF), n), dtype=object)
    frame["purpose"] = np.where(pitch, 0, 1 + draws.choice([0.4, 0.6], n))
    said = spec["channel"].values(names)
    refused = [o.split(JOINED_BY) if o else [] for o in of["opt_out_channels"]]
    channel = draws.choice(CHANNEL_SHARES, n)
    shut = np.array([said[c] in r for c, r in zip(channel, refused, strict=True)])
    frame["open_channel"] = np.where(pitch & shut, BRANCH, channel)
    frame["closed"] = _some_of(
        draws, pitch & np.array([bool(r) for r in refused]), at_scale(CLOSED_CHANNEL, scale)
    )
    first = np.array([said.index(r[0]) if r else BRANCH for r in refused])
    channel = np.where(frame["closed"], first, frame["open_channel"])
    frame["channel"] = channel
    sold = _sold(draws, of, pitch & (channel != SMS), names)
    missed = np.where(pitch, draws.chance(UNSOLD[2], n), draws.chance(NOT_REACHED, n))
    talked = np.where(pitch, INTERESTED + draws.choice(UNSOLD[:2], n), DONE[channel])
    by_sms = DELIVERED + draws.choice(SMS_FATE, n)
    frame["outcome"] = np.select([sold, channel == SMS, missed], [SOLD, by_sms, MISSED[channel]], talked)
    level = of["risk_level"].str[1].astype(int).to_numpy()
    frame["risk"] = np.where(pitch, np.maximum(level - draws.choice([0.55, 0.30, 0.15], n), 1), 0)
    _too_risky(draws, frame, level, sold, scale)
    frame = _after_outflow(draws, frame, money)
    frame = frame.sort_values(["contact_date", "client"], kind="stable", ignore_index=True)
    return _in_words(draws, frame, clients, names)


def _some_of(draws: Draws, where: np.ndarray, n: int) -> np.ndarray:
    """Marks on `n` of the places where `where` holds."""
    return np.isin(np.arange(len(where)), draws.some(np.flatnonzero(where), n))


def _sold(draws: Draws, of: pd.DataFrame, talked: np.ndarray, names: Names) -> np.ndarray:
    """Which pitches end in a sale: in every combination of traits as many as expected."""
    marks = traits(of, names)
    weights = np.array([PROPENSITY[trait] for trait in marks])
    chance = sigmoid(PROPENSITY["intercept"] + marks.to_numpy() @ weights)
    cells = marks.astype(str).agg("".join, axis=1).to_numpy()
    sold = np.zeros(len(of), dtype=bool)
    sold[talked] = draws.steady(chance[talked], by=cells[talked])
    return sold


def _too_risky(draws: Draws, frame: pd.DataFrame, level: np.ndarray, sold: np.ndarray, scale: float) -> None:
    """Products one or two steps above what the client may buy: sold (one each of some clients), and only offered."""
    frame["mis_sold"] = frame["risky"] = False
    able = frame[sold & (level < 5)].drop_duplicates("client").index.to_numpy()
    offered = np.flatnonzero(frame["pitch"].to_numpy() & ~sold & (level < 5))
    for mark, among, n in (("mis_sold", able, MIS_SOLD), ("risky", offered, RISKY_PITCHES)):
        chosen = draws.some(among, at_scale(n, scale))
        frame.loc[chosen, "risk"] = np.minimum(level[chosen] + draws.integers(1, 2, len(chosen)), 5)
        frame.loc[chosen, mark] = True


def _after_outflow(draws: Draws, frame: pd.DataFrame, money: Money) -> pd.DataFrame:
    """Calls to some of those whose balance fell far within a month, for whatever reason, in that month."""
    fell = np.flatnonzero(np.isin(money.role, ("sudden", "out_and_back", "in_and_out")))
    called = fell[draws.steady(np.full(len(fell), CALLED_AFTER_OUTFLOW), by=money.role[fell])]
    day = draws.integers(4, 24, len(called))  # leaves room for the next working day
    dates = [
        on_workday(MONTHS[m] + dt.timedelta(days=int(d)))
        for m, d in zip(money.event[called], day, strict=True)
    ]
    outcome = np.where(draws.chance(NOT_REACHED, len(called)), MISSED[PHONE], DONE[PHONE])
    calls = pd.DataFrame(
        {
            "client": called,
            "contact_date": np.array(dates, dtype=object),
            "purpose": 3,
            "channel": PHONE,
            "outcome": outcome,
            "open_channel": PHONE,
            "risk": 0,
            **dict.fromkeys(("pitch", "no_sensitive", "closed", "mis_sold", "risky"), False),
        }
    )
    return pd.concat([frame, calls], ignore_index=True)


def _in_words(draws: Draws, frame: pd.DataFrame, clients: pd.DataFrame, names: Names) -> pd.DataFrame:
    spec, n = columns(CASE, "contacts"), len(frame)
    channel = frame["channel"].to_numpy()
    minutes = np.ceil(np.array(MINUTES)[channel] * draws.lognormal(1.0, MINUTES_SPREAD, n))
    spoke = (channel != SMS) & ~np.isin(frame["outcome"].to_numpy(), MISSED)
    risk = np.array(["", *spec["product_risk"].values(names)], dtype=object)
    at = {name: f"{name}_at" for name in ("outcome", "purpose", "channel", "open_channel")}
    return frame.rename(columns=at).assign(
        contact_id=numbered("T", n),
        client_id=clients["client_id"].to_numpy()[frame["client"]],
        rm_id=clients["rm_id"].to_numpy()[frame["client"]],
        channel=spec["channel"].said(names, channel),
        purpose=spec["purpose"].said(names, frame["purpose"]),
        product_risk=risk[frame["risk"]],
        outcome=spec["outcome"].said(names, frame["outcome"]),
        minutes=np.where(spoke, np.minimum(minutes, 120), 0).astype(int),
    )
