"""The dirt on suppliers, visits and contracts, and where the system holds a firm wrongly."""

from __future__ import annotations

import pandas as pd

from segkit.synth.cases.alibaba.firms import CASE, date
from segkit.synth.cases.alibaba.pool import PRIVATE
from segkit.synth.dictionary import columns
from segkit.synth.dirt import Planter, at_scale, grouped, in_yuan
from segkit.synth.draws import Draws
from segkit.synth.people import Names

COPIES, IN_YUAN, PHONES = 30, 12, 20


def dirty_suppliers(
    draws: Draws,
    cells: pd.DataFrame,
    frame: pd.DataFrame,
    pool: pd.DataFrame,
    number: pd.Series,
    scale: float,
    names: Names,
) -> Planter:
    """Second records under another name, phones spelled oddly (some of them of twins), wrong judgements."""
    planter = Planter(cells, draws, placed=list(cells.index))
    second = frame.index[frame["group"] == "second"]
    planter.note("fuzzy_duplicate", second, "company_id", list(number[frame.loc[second, "first"]]))
    n = at_scale(PHONES, scale)
    twins = list(draws.some(second.to_numpy(), max(1, n // 2)))
    alone = pd.Series(~cells.index.isin(second), index=cells.index)
    keys = [*twins, *planter.take(n - len(twins), alone)]
    odd = [
        (grouped(phone, "-"), grouped(phone), f"+86 {phone}")[i % 3]
        for i, phone in enumerate(cells.loc[keys, "phone"])
    ]
    planter.spoil("phone_format", keys, "phone", odd)
    _note_pool(planter, frame, pool, names)
    return planter


def dirty_visits(draws: Draws, cells: pd.DataFrame, entries: pd.DataFrame, scale: float) -> Planter:
    """Visits that never took place; copied rows, each right below its original."""
    planter = Planter(cells, draws, reach=1)
    false = entries.index[entries["kind"] == "fake"]
    planter.note("fake_visit", false, "visit_id", [""] * len(false))
    copied = planter.take(at_scale(COPIES, scale), entries["kind"] != "fake")
    planter.copy_rows("duplicate", list(copied), "visit_id")
    return planter


def dirty_contracts(draws: Draws, cells: pd.DataFrame, scale: float) -> Planter:
    """Amounts in yuan instead of 万元."""
    planter = Planter(cells, draws, placed=list(cells.index))
    keys = planter.take(at_scale(IN_YUAN, scale))
    planter.spoil("amount_unit", keys, "amount_wan", [in_yuan(wan) for wan in cells.loc[keys, "amount_wan"]])
    return planter


def _note_pool(planter: Planter, frame: pd.DataFrame, pool: pd.DataFrame, names: Names) -> None:
    """Where status or date of protection is not what the rules give."""
    said = columns(CASE, "suppliers")["pool_status"].said
    wrong = frame.index[frame["judged"] == "wrong"]
    planter.note("wrong_release", wrong, "pool_status", list(said(names, pool.loc[wrong, "true_status"])))
    off = (pool["status"] == PRIVATE) & (pool["protect"] != pool["true_protect"])
    for reason, where in {
        "past_protection": frame["judged"] == "past",
        "fake_protection": frame["group"] == "faked",
        "protection_too_long": off & (frame["judged"] != "past") & (frame["group"] != "faked"),
    }.items():
        keys = frame.index[where]
        true = [date(d).isoformat() for d in pool.loc[keys, "true_protect"]]
        planter.note(reason, keys, "protect_until", true)
