"""What a coupon campaign brought: treated against held out, within the eight cells (发券与对照)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from segkit.synth.cases.jd.process import CASE
from segkit.synth.dictionary import columns
from segkit.synth.draws import Draws, quota, significant
from segkit.synth.people import Invented, Names

# all of it sample parameters (示例参数)
COUPON, LEAST = 20.0, 200.0  # 满 200 减 20: worth 20 yuan on an order of at least 200
MARGIN = 0.18  # of the order value
TOP_UP = 0.4  # of those who would have ordered for less than 200: fill up the order and use the coupon
FILLED_UP = 40.0  # an order that is filled up comes to 200-240 yuan
TYPICAL = {"key": 210.0, "general": 100.0}  # mean order value without a coupon: Gamma of shape 2
SMALL = 30  # people in an arm; below, a cell is not ranked
Z95 = 1.959964
# of the eight cells (split by the median): share that orders anyway, and what the coupon adds
ODDS = {
    "key_value": (0.240, 0.005),
    "key_keep": (0.050, 0.110),
    "key_develop": (0.120, 0.020),
    "key_win_back": (0.045, 0.040),
    "general_value": (0.130, 0.030),
    "general_keep": (0.060, 0.010),
    "general_develop": (0.090, 0.050),
    "general_win_back": (0.040, -0.010),
}


def campaign(
    draws: Draws, customers: pd.DataFrame, truth: pd.DataFrame, n: int, invented: Invented
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The campaign's outcome (unwritten) and, apart from it, the planted odds of every cell.

    Of those who may be written to, the key cells come whole and the general ones in proportion. Half of each
    cell is treated, drawn at random. How many order is a quota, so that the planted differences stand in the
    sample and only *who* orders is chance.
    """
    spec = columns(CASE, "campaign")
    may = may_be_written_to(customers) & (truth["tier"] != "prospect")
    may &= ~customers["person_id"].where(may).duplicated()  # one id of a person, the earliest that bought
    cell_of = truth["eight_median"].where(may, "")
    parts, lines = [], []
    for cell, size in _allotted(cell_of, n).items():
        members = draws.some(truth.index[cell_of == cell].to_numpy(), size)
        base, uplift = ODDS[cell]
        for arm, group, added in (
            ("treated", members[: size // 2], uplift),
            ("holdout", members[size // 2 :], 0.0),
        ):
            anyway, moved = _rounded(base * size / 2), _rounded(added * len(group))  # as many in both arms
            part = pd.DataFrame({"at": group, "cell": cell, "arm": arm})
            part["ordered"] = np.arange(len(group)) < anyway + moved
            part["moved"] = part["ordered"] & (np.arange(len(group)) >= anyway)
            parts.append(part)
            lines.append((cell, arm, len(group), anyway + moved, f"{base + added:.3f}", f"{uplift:+.3f}"))
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.iloc[draws.order(len(frame))].reset_index(drop=True)
    spent, used = _spent(draws, frame, truth)
    out = pd.DataFrame(
        {
            "customer_id": truth["customer_id"].to_numpy()[frame["at"]],
            "campaign": spec["campaign"].values(invented.names)[0],
            "channel": spec["channel"].values(invented.names)[0],
            "segment": spec["segment"].said(invented.names, frame["cell"].map(list(ODDS).index)),
            "arm": frame["arm"],
            "converted": frame["ordered"].astype(int),
            "revenue": spent,
            "coupon_cost": np.where(used, COUPON, 0.0),
        }
    )
    odds = pd.DataFrame(lines, columns=["eight_median", "arm", "n", "converted", "rate", "uplift"])
    return out, odds


def may_be_written_to(customers: pd.DataFrame) -> pd.Series:
    """Agreed to marketing and did not refuse the channel, under every id of the person."""
    willing = (customers["consent_marketing"] == 1) & (customers["opt_out_channels"] == "")
    return willing.groupby(customers["person_id"]).transform("all")


def _rounded(expected: float) -> int:
    """To the nearest whole number, halves away from zero."""
    return int(np.sign(expected) * np.floor(abs(expected) + 0.5))


def _allotted(cell_of: pd.Series, n: int) -> dict[str, int]:
    """`n` places over the cells: the key cells whole, the general ones in proportion."""
    sizes = {cell: int((cell_of == cell).sum()) for cell in ODDS if (cell_of == cell).any()}
    taken = {cell: size for cell, size in sizes.items() if cell.startswith("key_")}
    rest = {cell: size for cell, size in sizes.items() if cell not in taken}
    left = max(0, min(n - sum(taken.values()), sum(rest.values())))
    shared = zip(rest, quota(list(rest.values()), left), strict=True) if left else ()
    return taken | {cell: int(size) for cell, size in shared}


def _spent(draws: Draws, frame: pd.DataFrame, truth: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Order value before the coupon, and whether a coupon was used.

    The values of a cell's arm are spread evenly over their distribution; who used to spend more an order gets,
    on the whole, the larger ones.
    """
    spent, used = np.zeros(len(frame)), np.zeros(len(frame), dtype=bool)
    at = np.flatnonzero(frame["ordered"])
    if len(at) == 0:
        return spent, used
    buyers = frame.iloc[at]
    group = (buyers["cell"] + buyers["arm"]).to_numpy()
    typical = buyers["cell"].str.split("_").str[0].map(TYPICAL).to_numpy(dtype=float)
    value = np.round(_gamma(draws.even(group, inner=0.5)) * typical, 2)
    usual = truth["net_amount"].astype(float) / truth["orders"].clip(lower=1)
    liking = np.log(np.maximum(usual.to_numpy()[buyers["at"]], 1.0)) + 0.6 * draws.normal(len(at))
    for one in np.unique(group):
        here = np.flatnonzero(group == one)
        ranked = here[np.argsort(np.round(liking[here], 9), kind="stable")]
        value[ranked] = np.sort(value[here])
    fills = (value < LEAST) & (buyers["moved"].to_numpy() | draws.chance(TOP_UP, len(at)))
    fills &= (buyers["arm"] == "treated").to_numpy()
    value = np.where(fills, np.round(LEAST + FILLED_UP * draws.uniform(len(at)), 2), value)
    spent[at] = np.maximum(value, 2.0)
    used[at] = (buyers["arm"] == "treated").to_numpy() & (spent[at] >= LEAST)
    return spent, used


def _gamma(at: np.ndarray) -> np.ndarray:
    """Quantiles of Gamma(2) with mean 1."""
    return significant(special.gammaincinv(2.0, np.maximum(at, 2.0**-53)) / 2.0)


def campaign_facts(outcome: pd.DataFrame, names: Names) -> dict[str, Any]:
    """Response, uplift with its 95 % interval (normal approximation) and profit per head, of every cell."""
    words = columns(CASE, "campaign")["segment"].values(names)
    cells = {
        cell: _figures(outcome[outcome["segment"] == word]) for cell, word in zip(ODDS, words, strict=True)
    }
    return {
        "margin": MARGIN,
        "coupon": COUPON,
        "cells": cells,
        "coupons_used": int((outcome["coupon_cost"] > 0).sum()),
        "small": SMALL,
        "not_ranked": sum(min(cell["treated"], cell["holdout"]) < SMALL for cell in cells.values()),
    }


def _figures(people: pd.DataFrame) -> dict[str, Any]:
    treated, holdout = (people[people["arm"] == arm] for arm in ("treated", "holdout"))
    figures = dict.fromkeys(("response", "response_without", "uplift", "low", "high", "profit_per_head"), 0.0)
    if len(treated) and len(holdout):
        with_coupon, without = treated["converted"].mean(), holdout["converted"].mean()
        uplift = with_coupon - without
        half = Z95 * np.sqrt(
            with_coupon * (1 - with_coupon) / len(treated) + without * (1 - without) / len(holdout)
        )
        earned, otherwise = (
            (MARGIN * arm["revenue"] - arm["coupon_cost"]).mean() for arm in (treated, holdout)
        )
        values = (with_coupon, without, uplift, uplift - half, uplift + half, earned - otherwise)
        figures = {name: round(float(v), 4) for name, v in zip(figures, values, strict=True)}
    return {"treated": len(treated), "holdout": len(holdout)} | figures
