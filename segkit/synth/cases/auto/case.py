"""A car dealer's leads, contacts, orders and referrals (汽车销售 H/A/B/C 级), with dirt and known truth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from segkit.synth.calendar import days_from
from segkit.synth.cases.auto.dirt import dirty
from segkit.synth.cases.auto.orders import with_orders
from segkit.synth.cases.auto.process import CASE, LAST, LETTERS, REFERRED, START, Market, market
from segkit.synth.cases.auto.truth import facts, lead_truth
from segkit.synth.dictionary import columns
from segkit.synth.dirt import at_scale
from segkit.synth.draws import Draws
from segkit.synth.files import File
from segkit.synth.people import Invented, Names, numbered
from segkit.synth.tables import case_files

LEADS, REFERRALS = 1500, 180
# sample parameters
PRICES = (11.0, 18.0, 14.0, 26.0, 30.0, 16.0)  # 万元 by model, in the order of the dictionary
MODELS = (0.22, 0.16, 0.24, 0.14, 0.08, 0.16)
KEEPS_MODEL = 0.75  # of the buyers; the others take the car nearest in price
NEAREST = (2, 5, 5, 4, 3, 1)  # by model
BUDGET_SIGMA, PRICE_SIGMA, PRICE_BUDGET = 0.15, 0.05, 0.5  # of logarithms; how far a price follows the budget
RIVALS = (0.45, 0.35, 0.20)
TRADE_IN, CONSENT = 0.27, 0.82
CANCELLED = 0.04  # of the orders
DELIVERY_DAYS = 14.0  # median from order to delivery
NOT_REACHED = 0.35  # of the calls and messages in which the date was not asked
# by channel: talked, came, quoted
TALKS = ((0.84, 0.0, 0.16), (0.84, 0.0, 0.16), (0.0, 0.65, 0.35), (1.0, 0.0, 0.0))
TALKED, CAME, QUOTED, MISSED, FIRST, LOST, DRIVEN, ORDERED = range(8)  # outcomes, as in the dictionary
SHOWROOM = 2  # position among the channels
DRIVEN_AT_FIRST = 0.4  # of the test drives of those who came to the showroom first
QUOTED_BEFORE = 0.9  # of the buyers who had a contact for it
FIRST_CHANNELS = ((0, 0, 1, 0), (0.4, 0.6, 0, 0), (1, 0, 0, 0), (0, 0, 0, 1), (0.4, 0, 0.6, 0))  # by source
CHANNELS = (0.48, 0.37, 0.15, 0.0)  # telephone, WeChat, showroom, outside
REASONS = (0.25, 0.28, 0.25, 0.12, 0.10)  # price, rival, postponed, model, service
OWNER_KNOWN = 0.70  # share of the referrals by an owner whose order stands in the table, where one can
REWARD = 500  # yuan to the owner when the referred person orders
SELF, LATE_CLAIMS = 3, 5


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: four tables and the truth."""
    draws = Draws(seed, CASE)
    invented = Invented(draws, names)
    followed = with_orders(draws, market(draws, round(LEADS * scale)))
    wishes = _wishes(draws, len(followed.leads))
    orders = _orders(draws, followed.leads, wishes, names)
    contacts = _contacts(draws, followed, orders, names)
    leads = _leads(draws, invented, followed, wishes, orders, contacts)
    referrals = _referrals(draws, followed.leads, orders, scale)
    truth = lead_truth(draws, followed.leads, leads)
    clean = {"leads": leads, "contacts": contacts, "orders": orders, "referrals": referrals}
    spoiled = dirty(draws, invented, clean, truth, scale)
    return case_files(CASE, spoiled, {"leads": truth}, {"seed": seed} | facts(followed, clean, truth))


def _days(numbers: Sequence[int] | np.ndarray) -> list[dt.date | None]:
    """Day numbers as dates; a negative number is no day."""
    return [
        day if n >= 0 else None for n, day in zip(numbers, days_from(START, np.asarray(numbers)), strict=True)
    ]


def _wishes(draws: Draws, n: int) -> pd.DataFrame:
    """The model each lead looks at, and its budget in ten thousand yuan."""
    model = draws.dealt(MODELS, n)
    budget = np.array(PRICES)[model] * np.exp(BUDGET_SIGMA * draws.normal(n))
    return pd.DataFrame({"model": model, "budget": np.round(budget, 1)})


def _leads(
    draws: Draws,
    invented: Invented,
    followed: Market,
    wishes: pd.DataFrame,
    orders: pd.DataFrame,
    contacts: pd.DataFrame,
) -> pd.DataFrame:
    spec, names, hidden = columns(CASE, "leads"), invented.names, followed.leads
    n = len(hidden)
    quotes = contacts["lead"][contacts["result"] == QUOTED].value_counts().reindex(range(n), fill_value=0)
    driven = contacts.groupby("lead")["driven"].any().reindex(range(n), fill_value=False)
    state = np.where(hidden["lost"] <= LAST, 4, 0)
    state[orders["lead"]] = orders["state"]
    return pd.DataFrame(
        {
            "lead_id": numbered("L", n),
            "phone": invented.phones(n),
            "consultant_id": numbered("S", hidden["consultant"], 2),
            "source": spec["source"].said(names, hidden["source"]),
            "first_contact": _days(hidden["first"]),
            "model_interest": spec["model_interest"].said(names, wishes["model"]),
            "budget_wan": wishes["budget"],
            "expected_purchase_days": [int(d) if d else None for d in hidden["days"]],
            "level_initial": np.array(LETTERS, dtype=object)[hidden["grade"]],
            "level_current": np.array(LETTERS, dtype=object)[hidden["level"]],
            "expected_date": _days(hidden["said"]),
            "test_drive": driven.astype(int),
            "quote_count": quotes,
            "competitor": spec["competitor"].said(
                names, np.where(hidden["competitor"], 1 + draws.dealt(RIVALS, n), 0)
            ),
            "trade_in": draws.exactly(TRADE_IN, n).astype(int),
            "consent_marketing": draws.exactly(CONSENT, n).astype(int),
            "status": spec["status"].said(names, state),
        }
    )


def _contacts(draws: Draws, followed: Market, orders: pd.DataFrame, names: Names) -> pd.DataFrame:
    """Every contact by day, the one in which a car was ordered included; `lead`, `result` (position of the
    outcome) and `driven` (a test drive was taken that day) stand beside the columns."""
    spec, hidden = columns(CASE, "contacts"), followed.leads
    level = hidden["level"].to_numpy()[orders["lead"]]
    signed = pd.DataFrame(
        {"lead": orders["lead"], "day": orders["day"], "level": level, "asked": 0, "due": -1}
    )
    parts = [followed.contacts.assign(signed=False), signed.assign(lost=False, signed=True)]
    frame = pd.concat(parts, ignore_index=True).sort_values(["day", "lead"], kind="stable", ignore_index=True)
    n, lead = len(frame), frame["lead"].to_numpy()
    first = ~frame["lead"].duplicated().to_numpy()
    opening = np.cumsum(np.array(FIRST_CHANNELS)[hidden["source"]], axis=1)[lead]
    u = draws.uniform(n)
    channel = np.where(first, (u[:, None] >= opening).sum(axis=1).clip(0, 3), draws.choice(CHANNELS, n))
    channel = np.where(frame["signed"], SHOWROOM, channel)
    missed = draws.chance(NOT_REACHED, n) & (frame["asked"] == 0) & (channel < SHOWROOM)
    said = (draws.uniform(n)[:, None] >= np.cumsum(TALKS, axis=1)[channel]).sum(axis=1).clip(TALKED, QUOTED)
    outcome = np.select([first, frame["lost"], frame["signed"], missed], [FIRST, LOST, ORDERED, MISSED], said)
    driven = _test_drives(draws, frame.assign(first=first, channel=channel), hidden["drive"].to_numpy())
    channel = np.where(driven, SHOWROOM, channel)
    free = ~first & (outcome < FIRST) & ~driven
    outcome = np.where(driven & (outcome < FIRST), DRIVEN, outcome)
    buyer = (hidden["ordered"].to_numpy() >= 0)[lead]
    last = frame[free & buyer].drop_duplicates("lead", keep="last").index
    outcome[last[draws.exactly(QUOTED_BEFORE, len(last))]] = QUOTED
    reason = draws.choice(REASONS, n)
    rival = hidden["competitor"].to_numpy()[lead]
    reason = np.where((reason == 1) & ~rival, 2, reason)
    return pd.DataFrame(
        {
            "lead": lead,
            "result": outcome,
            "driven": driven,
            "contact_id": numbered("K", n),
            "lead_id": numbered("L", lead),
            "contact_date": _days(frame["day"]),
            "channel": spec["channel"].said(names, channel),
            "expected_days": [int(d) if d else None for d in frame["asked"]],
            "level_after": np.array(LETTERS, dtype=object)[frame["level"]],
            "next_due": _days(frame["due"]),
            "outcome": spec["outcome"].said(names, outcome),
            "lost_reason": np.where(frame["lost"], spec["lost_reason"].said(names, reason), ""),
        }
    )


def _test_drives(draws: Draws, contacts: pd.DataFrame, drives: np.ndarray) -> np.ndarray:
    """In which contact each test drive was taken, always at the showroom.

    At the first contact if that was there, else in a later one, else on the day of the order. Who has had none
    of these yet has driven nothing yet.
    """
    n = len(contacts)
    willing = drives[contacts["lead"]]
    came = willing & contacts["first"] & (contacts["channel"] == SHOWROOM)
    later = willing & ~contacts["first"] & ~contacts["lost"] & ~contacts["signed"]
    at_once = draws.chance(DRIVEN_AT_FIRST, n)
    turn = np.select([came & at_once, later, came, willing & contacts["signed"]], [0.0, 1.0, 2.0, 3.0], 9.0)
    order = np.round(turn + 0.9 * draws.uniform(n), 9)
    best = pd.Series(order).groupby(contacts["lead"].to_numpy()).transform("min")
    return np.asarray((order == best) & (turn < 9))


def _orders(draws: Draws, hidden: pd.DataFrame, wishes: pd.DataFrame, names: Names) -> pd.DataFrame:
    """Orders by day; `lead` and `delivered` (day number, -1 not yet) stand beside the columns."""
    spec = columns(CASE, "orders")
    lead = np.flatnonzero(hidden["ordered"] >= 0)
    lead = lead[np.argsort(hidden["ordered"].to_numpy()[lead], kind="stable")]
    n, day = len(lead), hidden["ordered"].to_numpy()[lead]
    wished, budget = wishes["model"].to_numpy()[lead], wishes["budget"].to_numpy()[lead]
    model = np.where(draws.exactly(KEEPS_MODEL, n), wished, np.array(NEAREST)[wished])
    price = np.array(PRICES)
    paid = price[model] * np.exp(
        PRICE_BUDGET * np.log(budget / price[wished]) + PRICE_SIGMA * draws.normal(n)
    )
    delivered = day + np.clip(np.round(draws.lognormal(DELIVERY_DAYS, 0.5, n)), 3, 90).astype(int)
    cancelled = draws.exactly(CANCELLED, n)
    delivered = np.where(cancelled | (delivered > LAST), -1, delivered)
    state = np.select([cancelled, delivered >= 0], [3, 2], 1)  # positions among the states of a lead
    return pd.DataFrame(
        {
            "lead": lead,
            "day": day,
            "delivered": delivered,
            "state": state,
            "order_id": numbered("D", n),
            "lead_id": numbered("L", lead),
            "order_date": _days(day),
            "model": spec["model"].said(names, model),
            "price_wan": np.round(paid, 2),
            "delivery_date": _days(delivered),
            "status": spec["status"].said(names, state - 1),
        }
    )


def _referrals(draws: Draws, hidden: pd.DataFrame, orders: pd.DataFrame, scale: float) -> pd.DataFrame:
    """Who recommended whom: owners in the table, older owners (blank), friends who never came (blank).

    `kind`: 0 sound, 1 an owner who refers himself, 2 claimed after the person had come without it.
    """
    owners = orders[orders["delivered"] >= 0].sort_values("delivered", kind="stable")
    handed, numbers = owners["delivered"].to_numpy(), owners["order_id"].to_numpy()
    first = hidden["first"].to_numpy()
    lead, kind = _referred(draws, hidden, owners, scale)
    n, u = len(lead), draws.uniform(len(lead))
    back, later = draws.integers(0, 14, n), draws.integers(3, 20, n)
    since = owners.set_index("lead")["delivered"].reindex(lead).fillna(0).to_numpy().astype(int)
    anywhen = handed[0] + np.floor(u * (LAST - handed[0] + 1)).astype(int)
    day = np.select(
        [kind == 1, kind == 2, lead < 0],
        [since + np.floor(u * (LAST - since + 1)).astype(int), first[lead] + later, anywhen],
        np.maximum(first[lead] - back, 0),
    )
    known = np.searchsorted(handed, day, side="right")  # owners who had their car by then
    u = draws.uniform(n)
    pick = numbers[np.floor(u * np.maximum(known, 1)).astype(int)]
    named = (known > 0) & ((kind == 2) | draws.chance(OWNER_KNOWN, n))
    mine = owners.set_index("lead")["order_id"].reindex(lead).to_numpy()
    frame = pd.DataFrame(
        {
            "day": day,
            "kind": kind,
            "referrer_order_id": np.where(kind == 1, mine, np.where(named, pick, None)),
            "referred_on": _days(day),
            "lead_id": np.where(lead >= 0, numbered("L", lead), ""),
            "reward_yuan": np.where(np.isin(lead, orders["lead"]), REWARD, 0),
        }
    ).sort_values("day", kind="stable", ignore_index=True)
    frame["referral_id"] = numbered("R", n)
    return frame


def _referred(
    draws: Draws, hidden: pd.DataFrame, owners: pd.DataFrame, scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """The lead of every referral (-1: never came) and its kind."""
    first, source = hidden["first"], hidden["source"]
    own, late = (at_scale(k, scale) for k in (SELF, LATE_CLAIMS))
    sound = np.flatnonzero(source == REFERRED)
    selves = draws.some(owners["lead"][owners["lead"].map(source) != REFERRED].to_numpy(), own)
    own_car = owners.set_index("lead")["delivered"].reindex(hidden.index).fillna(LAST + 1)
    seen = (first > owners["delivered"].min() + 20) & (first < LAST - 20)
    walked = np.flatnonzero((source == 0) & seen & (own_car > first + 20))
    claimed = draws.some(walked[~np.isin(walked, selves)], late)
    friends = np.full(max(0, round(REFERRALS * scale) - len(sound) - own - late), -1)
    kind = np.repeat([0, 1, 2, 0], [len(sound), own, late, len(friends)])
    return np.concatenate([sound, selves, claimed, friends]), kind
