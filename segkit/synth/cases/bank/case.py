"""A bank's clients by assets under management (银行客户), with dirt and known truth. Every record is invented."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segkit.synth.cases.bank.clients import leaving, people, with_money
from segkit.synth.cases.bank.contacts import contacts
from segkit.synth.cases.bank.money import (
    CASE,
    MONTHS,
    QUARTER_ENDS,
    SAMPLE,
    Money,
    by_tier,
    december,
    held_tiers,
    tier_of,
    year,
)
from segkit.synth.cases.bank.offers import offers
from segkit.synth.cases.bank.truth import PLANTED, client_truth, facts, propensity, tier_truth
from segkit.synth.dictionary import columns
from segkit.synth.dirt import Planter, at_scale, in_yuan
from segkit.synth.draws import Draws
from segkit.synth.files import File
from segkit.synth.people import Names, numbered
from segkit.synth.tables import case_files, written

IN_YUAN, NO_MANAGER = 24, 30  # defects
YUAN_FROM = 0.5  # 万元; less would not look odd in yuan


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: clients, their money by month, contacts and offers, and the truth."""
    draws = Draws(seed, CASE)
    level = december(draws, by_tier(SAMPLE, scale))
    clients = people(draws, level[draws.order(len(level))], names)
    clients.insert(0, "client_id", numbered("C", len(clients)))
    money = year(draws, clients["level"].to_numpy(), leaving(clients), scale)
    clients = with_money(draws, clients, money)
    held, below = held_tiers(tier_of(money.average))
    offered, odds = offers(draws, clients, held[:, 9], scale, names)
    touched = contacts(draws, clients, money, scale, names)
    tables = {
        "clients": clients,
        "aum_monthly": _monthly(clients, money),
        "contacts": touched,
        "offers": offered,
    }
    cells = {name: written(CASE, name, frame) for name, frame in tables.items()}
    spoiled = {
        "clients": _dirty_clients(draws, cells["clients"], clients, scale),
        "contacts": _marked_contacts(draws, cells["contacts"], clients, touched, names),
        "aum_monthly": _movements(draws, cells["aum_monthly"], money, below),
    }
    truth = {
        "clients": client_truth(clients, money, held, below, touched),
        "tiers": tier_truth(clients, held),
        "propensity": propensity(),
        "offers": odds,
    }
    told = {"seed": seed} | facts(clients, money, held, touched, odds, names)
    return case_files(CASE, cells | spoiled, truth, told)


def _monthly(clients: pd.DataFrame, money: Money) -> pd.DataFrame:
    """Twelve rows a client, in order of client and month."""
    return pd.DataFrame(
        {
            "client_id": clients["client_id"].repeat(12).to_numpy(),
            "month": MONTHS * len(clients),
            "avg_aum_wan": money.average.ravel(),
            "end_aum_wan": money.month_end.ravel(),
        }
    )


def _dirty_clients(draws: Draws, cells: pd.DataFrame, clients: pd.DataFrame, scale: float) -> Planter:
    """Idle deposits in yuan, and managers left out."""
    planter = Planter(cells, draws)
    keys = planter.take(at_scale(IN_YUAN, scale), clients["idle_deposit_wan"] >= YUAN_FROM)
    yuan = list(clients.loc[keys, "idle_deposit_wan"].map(in_yuan))
    planter.spoil("amount_unit", keys, "idle_deposit_wan", yuan)
    keys = planter.take(at_scale(NO_MANAGER, scale))
    planter.spoil("owner_missing", keys, "rm_id", [""] * len(keys))
    return planter


def _marked_contacts(
    draws: Draws, cells: pd.DataFrame, clients: pd.DataFrame, touched: pd.DataFrame, names: Names
) -> Planter:
    """Pitches that ought not to have been made: closed channel, no consent for assets, product too risky."""
    planter = Planter(cells, draws)
    spec = columns(CASE, "contacts")
    allowed = clients["risk_level"].str[1].astype(int).to_numpy()[touched["client"]]

    def marked(mark: str) -> pd.Index:
        return touched.index[touched[mark]]

    keys = marked("closed")
    still_open = spec["channel"].said(names, touched.loc[keys, "open_channel_at"])
    planter.note("opt_out_conflict", keys, "channel", list(still_open))
    keys = marked("no_sensitive")
    planter.note("no_sensitive_consent", keys, "purpose", [""] * len(keys))
    for mark, reason in (("mis_sold", "mis_sold"), ("risky", "risky_pitch")):
        keys = marked(mark)
        planter.note(reason, keys, "product_risk", list(spec["product_risk"].said(names, allowed[keys] - 1)))
    return planter


def _movements(draws: Draws, cells: pd.DataFrame, money: Money, below: np.ndarray) -> Planter:
    """Where in aum_monthly.csv the planted movements stand; nothing in them is a wrong cell."""
    planter = Planter(cells, draws)

    def note(reason: str, rows: np.ndarray, column: str, new: list[str] | None = None) -> None:
        planter.note(reason, rows, column, list(cells.loc[rows, column]) if new is None else new)

    for role in ("sudden", "slow", "out_and_back", "in_and_out"):
        who = money.who(role)
        note(PLANTED[role], 12 * who + money.event[who], "avg_aum_wan")
    for month in QUARTER_ENDS:
        who = money.who("pumped")
        true = [f"{v:.4f}" for v in money.unpumped[who, month]]
        note(PLANTED["pumped"], 12 * who + month, "end_aum_wan", true)
    note("below_tier", 12 * np.flatnonzero(below[:, -1] > 0) + 11, "avg_aum_wan")
    return planter
