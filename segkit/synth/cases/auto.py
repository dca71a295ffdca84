"""A car dealer's leads, contacts, orders and referrals (汽车销售 H/A/B/C 级), with dirt and known truth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from segkit.synth.calendar import days_from
from segkit.synth.cases.auto_dirt import dirty
from segkit.synth.cases.auto_orders import with_orders
from segkit.synth.cases.auto_process import CASE, LAST, LETTERS, REFERRED, START, Market, market
from segkit.synth.cases.auto_truth import facts_of, lead_truth
from segkit.synth.dictionary import columns
from segkit.synth.draws import Draws
from segkit.synth.files import File
from segkit.synth.people import Invented, Names
from segkit.synth.tables import case_files

LEADS, REFERRALS = 1500, 180
# sample parameters
PRICES = (11.0, 18.0, 14.0, 26.0, 30.0, 16.0)  # 万元 by model, in the order of the dictionary
MODELS = (0.22, 0.16, 0.24, 0.14, 0.08, 0.16)
RIVALS = (0.45, 0.35, 0.20)
TRADE_IN, CONSENT = 0.27, 0.82
CANCELLED = 0.04  # of the orders
DELIVERY_DAYS = 14.0  # median from order to delivery
NOT_REACHED = 0.35  # of the contacts in which the date was not asked
TALKS = (0.62, 0.22, 0.16)  # talked, came to the showroom, quoted
FIRST_CHANNELS = ((0, 0, 1, 0), (0.4, 0.6, 0, 0), (1, 0, 0, 0), (0, 0, 0, 1), (0.4, 0, 0.6, 0))  # by source
CHANNELS = (0.50, 0.38, 0.12, 0.0)  # telephone, WeChat, showroom, outside
REASONS = (0.25, 0.28, 0.25, 0.12, 0.10)  # price, rival, postponed, model, service
OWNER_KNOWN = 0.70  # share of the referrals by an owner whose order stands in the table, where one can
REWARD = 500  # yuan to the owner when the referred person orders
SELF, LATE_CLAIMS = 3, 5


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: four tables and the truth."""
    draws = Draws(seed, CASE)
    invented = Invented(draws, names)
    followed = with_orders(draws, market(draws, round(LEADS * scale)))
    orders = _orders(draws, followed.leads, names)
    leads = _leads(draws, invented, followed, orders)
    contacts = _contacts(draws, followed, names)
    quoted = contacts.groupby("lead")["outcome"].agg(lambda o: int((o == _talks(names)[2]).sum()))
    leads["quote_count"] = quoted.reindex(range(len(leads))).fillna(0).astype(int)
    referrals = _referrals(draws, followed.leads, orders, scale)
    truth = lead_truth(draws, followed.leads, leads)
    clean = {"leads": leads, "contacts": contacts, "orders": orders, "referrals": referrals}
    made = dirty(draws, invented, clean, truth, scale)
    hidden = {"leads": truth, "defects": made.defects, "planted": made.planted}
    return case_files(CASE, made.tables, hidden, facts_of(followed, clean, truth))


def _days(numbers: Sequence[int] | np.ndarray) -> list[dt.date | None]:
    """Day numbers as dates; a negative number is no day."""
    return [
        day if n >= 0 else None for n, day in zip(numbers, days_from(START, np.asarray(numbers)), strict=True)
    ]


def _ids(letter: str, positions: Sequence[int] | np.ndarray) -> list[str]:
    return [f"{letter}{int(i) + 1:06d}" for i in positions]


def _leads(draws: Draws, invented: Invented, followed: Market, orders: pd.DataFrame) -> pd.DataFrame:
    spec, names, hidden = columns(CASE, "leads"), invented.names, followed.leads
    n = len(hidden)
    model = draws.dealt(MODELS, n)
    state = np.where(hidden["lost"] <= LAST, 4, 0)
    state[orders["lead"]] = orders["state"]
    return pd.DataFrame(
        {
            "lead_id": _ids("L", range(n)),
            "phone": invented.phones(n),
            "consultant_id": [f"S{c + 1:02d}" for c in hidden["consultant"]],
            "source": spec["source"].said(names, hidden["source"]),
            "first_contact": _days(hidden["first"]),
            "model_interest": spec["model_interest"].said(names, model),
            "budget_wan": np.round(np.array(PRICES)[model] * np.exp(0.15 * draws.normal(n)), 1),
            "expected_purchase_days": [int(d) if d else None for d in hidden["days"]],
            "level_initial": np.array(LETTERS, dtype=object)[hidden["grade"]],
            "level_current": np.array(LETTERS, dtype=object)[hidden["level"]],
            "expected_date": _days(hidden["said"]),
            "test_drive": hidden["drive"].astype(int),
            "competitor": spec["competitor"].said(
                names, np.where(hidden["competitor"], 1 + draws.dealt(RIVALS, n), 0)
            ),
            "trade_in": draws.exactly(TRADE_IN, n).astype(int),
            "consent_marketing": draws.exactly(CONSENT, n).astype(int),
            "status": spec["status"].said(names, state),
        }
    )


def _talks(names: Names) -> list[str]:
    """Outcomes: talked, came, quoted, not reached, first contact, lost."""
    return columns(CASE, "contacts")["outcome"].values(names)


def _contacts(draws: Draws, followed: Market, names: Names) -> pd.DataFrame:
    spec, frame, hidden = columns(CASE, "contacts"), followed.contacts, followed.leads
    frame = frame.sort_values(["day", "lead"], kind="stable", ignore_index=True)
    n = len(frame)
    first = ~frame.sort_values(["lead", "day"], kind="stable")["lead"].duplicated().sort_index()
    opening = np.cumsum(np.array(FIRST_CHANNELS)[hidden["source"]], axis=1)[frame["lead"]]
    u = draws.uniform(n)
    channel = np.where(first, (u[:, None] >= opening).sum(axis=1).clip(0, 3), draws.choice(CHANNELS, n))
    missed = draws.chance(NOT_REACHED, n) & (frame["asked"] == 0)
    outcome = np.where(missed, 3, draws.choice(TALKS, n))
    outcome = np.select([first, frame["lost"]], [4, 5], outcome)
    reason = draws.choice(REASONS, n)
    rival = hidden["competitor"].to_numpy()[frame["lead"]]
    reason = np.where((reason == 1) & ~rival, 2, reason)
    due = np.where(frame["lost"], -1, frame["due"])
    return pd.DataFrame(
        {
            "lead": frame["lead"],
            "contact_id": _ids("K", range(n)),
            "lead_id": _ids("L", frame["lead"]),
            "contact_date": _days(frame["day"]),
            "channel": spec["channel"].said(names, channel),
            "expected_days": [int(d) if d else None for d in frame["asked"]],
            "level_after": np.array(LETTERS, dtype=object)[frame["level"]],
            "next_due": _days(due),
            "outcome": spec["outcome"].said(names, outcome),
            "lost_reason": np.where(frame["lost"], spec["lost_reason"].said(names, reason), ""),
        }
    )


def _orders(draws: Draws, hidden: pd.DataFrame, names: Names) -> pd.DataFrame:
    """Orders by day; `lead` and `delivered` (day number, -1 not yet) stand beside the columns."""
    spec = columns(CASE, "orders")
    lead = np.flatnonzero(hidden["ordered"] >= 0)
    lead = lead[np.argsort(hidden["ordered"].to_numpy()[lead], kind="stable")]
    n, day = len(lead), hidden["ordered"].to_numpy()[lead]
    model = draws.dealt(MODELS, n)
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
            "order_id": _ids("D", range(n)),
            "lead_id": _ids("L", lead),
            "order_date": _days(day),
            "model": spec["model"].said(names, model),
            "price_wan": np.round(np.array(PRICES)[model] * np.exp(0.06 * draws.normal(n)), 2),
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
    ordered = np.zeros(len(hidden), dtype=bool)
    ordered[orders["lead"]] = True
    sound = np.flatnonzero(hidden["source"] == REFERRED)
    own, late = (max(1, round(k * scale)) for k in (SELF, LATE_CLAIMS))
    selves = draws.some(owners["lead"][owners["lead"].map(hidden["source"]) != REFERRED].to_numpy(), own)
    own_car = pd.Series(handed, owners["lead"]).reindex(range(len(hidden))).fillna(LAST + 1).to_numpy()
    alone = (hidden["source"] == 0) & (first > handed[0] + 20) & (first < LAST - 20) & (own_car > first + 20)
    walked = np.flatnonzero(alone)
    claimed = draws.some(walked[~np.isin(walked, selves)], late)
    friends = np.full(max(0, round(REFERRALS * scale) - len(sound) - own - late), -1)
    lead = np.concatenate([sound, selves, claimed, friends])
    kind = np.repeat([0, 1, 2, 0], [len(sound), own, late, len(friends)])
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
    paid = (lead >= 0) & ordered[lead]
    frame = pd.DataFrame(
        {
            "day": day,
            "kind": kind,
            "referrer_order_id": np.where(kind == 1, mine, np.where(named, pick, None)),
            "referred_on": _days(day),
            "lead_id": [f"L{i + 1:06d}" if i >= 0 else None for i in lead],
            "reward_yuan": np.where(paid, REWARD, 0),
        }
    ).sort_values("day", kind="stable", ignore_index=True)
    frame["referral_id"] = _ids("R", range(n))
    return frame
