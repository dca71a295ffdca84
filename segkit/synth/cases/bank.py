"""A bank's clients by assets under management (银行客户), with dirt and known truth. Every record is invented."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segkit.synth.cases.bank_clients import leaving, people, with_money
from segkit.synth.cases.bank_contacts import contacts
from segkit.synth.cases.bank_money import (
    CASE,
    MONTHS,
    QUARTER_ENDS,
    SAMPLE,
    Money,
    december,
    held_tiers,
    scaled,
    tier_of,
    year,
)
from segkit.synth.cases.bank_offers import offers
from segkit.synth.cases.bank_truth import PLANTED, client_truth, facts, propensity, tier_truth
from segkit.synth.dictionary import JOINED_BY, columns
from segkit.synth.dirt import LEDGER, Planter
from segkit.synth.draws import Draws
from segkit.synth.files import File
from segkit.synth.people import Names
from segkit.synth.tables import case_files, written

IN_YUAN, NO_MANAGER, CLOSED_CHANNEL = 24, 30, 15  # defects
YUAN_FROM = 0.5  # 万元; less would not look odd in yuan
KEPT_APART = (*PLANTED.values(), "mis_sold", "below_tier")


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: clients, their money by month, contacts and offers, and the truth."""
    draws = Draws(seed, CASE)
    level = december(draws, scaled(SAMPLE, scale))
    clients = people(draws, level[draws.order(len(level))], names)
    clients.insert(0, "client_id", [f"C{i:06d}" for i in range(1, len(clients) + 1)])
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
    ledgers = [
        _dirty_clients(draws, cells, clients, scale),
        _dirty_contacts(draws, cells, clients, touched, scale),
        _structures(cells, money, below),
    ]
    ledger = pd.concat(ledgers, ignore_index=True)
    apart = ledger["reason"].isin(KEPT_APART)
    truth = {
        "clients": client_truth(clients, money, held, below),
        "tiers": tier_truth(clients, held),
        "propensity": propensity(),
        "offers": odds,
        "defects": ledger[~apart].reset_index(drop=True),
        "planted": ledger[apart].reset_index(drop=True),
    }
    return case_files(CASE, cells, truth, facts(clients, money, held, touched, odds, names))


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


def _dirty_clients(
    draws: Draws, cells: dict[str, pd.DataFrame], clients: pd.DataFrame, scale: float
) -> pd.DataFrame:
    """Idle deposits in yuan, and managers left out."""
    planter = Planter(cells["clients"], draws)
    n = max(1, round(IN_YUAN * scale))
    keys = planter.take(n, clients["idle_deposit_wan"] >= YUAN_FROM)
    yuan = [f"{clients.at[k, 'idle_deposit_wan'] * 10_000:.0f}" for k in keys]
    planter.spoil("amount_unit", keys, "idle_deposit_wan", yuan)
    keys = planter.take(max(1, round(NO_MANAGER * scale)))
    planter.spoil("owner_missing", keys, "rm_id", [""] * len(keys))
    return planter.ledger(list(planter.frame.index), file="clients.csv", first_row=2)


def _dirty_contacts(
    draws: Draws, cells: dict[str, pd.DataFrame], clients: pd.DataFrame, touched: pd.DataFrame, scale: float
) -> pd.DataFrame:
    """Pitches through a channel the client had closed, and sales above the client's risk level."""
    planter = Planter(cells["contacts"], draws)
    planter.free = touched.index[touched["pitch"] & ~touched["mis_sold"]]
    refused = clients["opt_out_channels"].to_numpy()[touched["client"]]
    keys = planter.take(max(1, round(CLOSED_CHANNEL * scale)), pd.Series(refused != "", index=touched.index))
    first = [str(refused[k]).split(JOINED_BY)[0] for k in keys]
    planter.spoil("opt_out_conflict", keys, "channel", first)
    keys = touched.index[touched["mis_sold"]]
    allowed = clients["risk_level"].str[1].astype(int).to_numpy()[touched.loc[keys, "client"]]
    steps = columns(CASE, "contacts")["product_risk"].allowed
    planter.note("mis_sold", keys, "product_risk", [steps[k - 1][0] for k in allowed])
    return planter.ledger(list(planter.frame.index), file="contacts.csv", first_row=2)


def _structures(cells: dict[str, pd.DataFrame], money: Money, below: np.ndarray) -> pd.DataFrame:
    """Where in aum_monthly.csv the planted movements stand; nothing in them is a wrong cell."""
    table = cells["aum_monthly"]
    lines = []

    def line(who: int, month: int, column: str, reason: str, new: str | None = None) -> None:
        row = 12 * who + month
        cell = table.at[row, column]
        lines.append(("aum_monthly.csv", "", row + 2, column, reason, cell, cell if new is None else new))

    for role in ("sudden", "slow"):
        for who in money.who(role):
            line(int(who), int(money.event[who]), "avg_aum_wan", PLANTED[role])
    for who in money.who("pumped"):
        for month in QUARTER_ENDS:
            line(int(who), month, "end_aum_wan", PLANTED["pumped"], f"{money.unpumped[who, month]:.4f}")
    for who in np.flatnonzero(below[:, -1] > 0):
        line(int(who), 11, "avg_aum_wan", "below_tier")
    return pd.DataFrame(lines, columns=LEDGER).sort_values(["row", "column", "reason"], ignore_index=True)
