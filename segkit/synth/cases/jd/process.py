"""How the invented shoppers buy: an MBG/NBD process with Gamma-Gamma values, busier at 618 and 双11.

MBG/NBD (Batislam, Denizel and Filiztekin 2007): one may leave after the first purchase already. BG/NBD (Fader,
Hardie and Lee 2005) lets nobody leave before the second, so it fits these orders worse by construction.

Time runs on an even clock of 730 days that is laid on the calendar with the festivals' weights, so the number
of orders is that of the plain process and only their days move.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.synth.calendar import SHOPPING_FESTIVALS, BusyTime
from segkit.synth.draws import Draws

CASE = "jd"
START = dt.date(2024, 1, 1)
DAYS = 731  # 2024-01-01 to 2025-12-31, both included
FIRST_BY = 657.0  # the first purchase lies in day 0-657 of the even clock
MOST = 400  # orders of one customer; a guard, never reached
# of the values in cases/jd/columns.yml, independent of customer and amount (示例参数)
CATEGORY_SHARES = [0.24, 0.2, 0.15, 0.1, 0.06, 0.09, 0.09, 0.07]
CHANNEL_SHARES = [0.70, 0.15, 0.10, 0.05]


@dataclass(frozen=True)
class Parameters:
    """Planted parameters; rates per day, amounts in CNY (示例参数)."""

    r: float = 0.9
    alpha: float = 60.0
    a: float = 0.5
    b: float = 3.0
    p: float = 2.0
    q: float = 3.2
    gamma: float = 350.0


PARAMETERS = Parameters()


@dataclass(frozen=True)
class History:
    """Latent traits (one row per buyer) and purchases (one row per order, by buyer and time)."""

    buyers: pd.DataFrame  # rate, dropout, alive, mean_value
    orders: pd.DataFrame  # buyer (position), day (0..DAYS-1), amount


def shop(draws: Draws, n: int, parameters: Parameters = PARAMETERS) -> History:
    """Let `n` buyers shop until the as-of date.

    After the first purchase each buyer waits Exponential(rate) between purchases and leaves for good with
    probability `dropout` after every purchase, the first included.
    """
    rate = draws.gamma(parameters.r, parameters.alpha, n)
    dropout = draws.beta(parameters.a, parameters.b, n)
    scale = draws.gamma(parameters.q, parameters.gamma, n)
    moment = draws.uniform(n) * FIRST_BY
    alive = np.ones(n, dtype=bool)
    who, when = [], []
    shopping = np.arange(n)
    for _ in range(MOST):
        who.append(shopping)
        when.append(moment[shopping])
        leaves = draws.chance(dropout[shopping], len(shopping))
        alive[shopping[leaves]] = False
        shopping = shopping[~leaves]
        moment[shopping] += draws.exponential(np.maximum(rate[shopping], 1e-9))
        shopping = shopping[moment[shopping] < DAYS]
        if len(shopping) == 0:
            break
    buyer, at = np.concatenate(who), np.concatenate(when)
    order = np.lexsort((at, buyer))
    buyer, at = buyer[order], at[order]
    value = np.maximum(draws.gamma(parameters.p, 1.0, len(buyer)) / scale[buyer], 2.0)
    orders = pd.DataFrame(
        {
            "buyer": buyer,
            "day": BusyTime(START, DAYS, SHOPPING_FESTIVALS).day(at),
            "amount": np.round(value, 2),
        }
    )
    traits = pd.DataFrame(
        {"rate": rate, "dropout": dropout, "alive": alive, "mean_value": parameters.p / scale}
    )
    return History(traits, orders)


def expected_orders(rate: np.ndarray, dropout: np.ndarray, days: float) -> np.ndarray:
    """Orders to come in `days` from someone still buying, knowing rate and dropout."""
    tiny = dropout < 1e-9
    return np.where(tiny, rate * days, -np.expm1(-rate * dropout * days) / np.where(tiny, 1.0, dropout))
