"""Dirt on the retailer's tables: copies, lost ids, odd dates and amounts, impossible ages; all written down."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from segkit.synth.calendar import excel_serial, with_slashes
from segkit.synth.cases.retail.people import CASE
from segkit.synth.dirt import Planter, at_scale
from segkit.synth.draws import Draws
from segkit.synth.tables import written

# shares of the order rows, and rows of the sample (示例参数)
SHARES = {"duplicate": 0.01, "no_customer": 0.005, "amount_unit": 0.008, "date_format": 0.01}
EXCEL_DATES, FUTURE, AGES = 12, 5, 8


def dirty_orders(draws: Draws, orders: pd.DataFrame, scale: float) -> Planter:
    """orders.csv as it stands, sorted by day of the true order time."""
    planter = Planter(written(CASE, "orders", orders), draws, reach=40)
    huge = orders.index[orders["huge"]]
    planter.note("huge_order", huge, "amount", list(planter.frame.loc[huge, "amount"]))
    planter.free = planter.free.difference(huge)
    n, time = len(orders), orders["order_time"]
    copied = planter.take(round(SHARES["duplicate"] * n))
    keys = planter.take(round(SHARES["no_customer"] * n))
    planter.spoil("no_customer", keys, "customer_id", [""] * len(keys))
    keys = planter.take(round(SHARES["amount_unit"] * n))
    planter.spoil("amount_unit", keys, "amount", [f"￥{orders.at[k, 'amount']:,.2f}" for k in keys])
    keys = planter.take(round(SHARES["date_format"] * n))
    planter.spoil(
        "date_format", keys, "order_time", [f"{with_slashes(time[k])} {time[k]:%H:%M}" for k in keys]
    )
    keys = planter.take(at_scale(EXCEL_DATES, scale))
    planter.spoil("excel_serial", keys, "order_time", [_serial(time[k]) for k in keys])
    keys = planter.take(at_scale(FUTURE, scale), orders["month"] <= 4)
    planter.spoil("after_as_of", keys, "order_time", [f"{time[k]:2026-%m-%d %H:%M}" for k in keys])
    planter.copy_rows("duplicate", copied, "order_id")
    planter.file_order()  # drawn before the customers' dirt
    return planter


def dirty_customers(draws: Draws, people: pd.DataFrame, scale: float) -> Planter:
    """customers.csv with some ages of 0 and 199."""
    planter = Planter(written(CASE, "customers", people), draws)
    keys = planter.take(at_scale(AGES, scale, least=2))
    planter.spoil("implausible_age", keys, "age", ["0" if i % 2 else "199" for i in range(len(keys))])
    return planter


def _serial(moment: dt.datetime) -> str:
    """A date and time as the number Excel stores."""
    return f"{excel_serial(moment.date()) + (moment.hour * 60 + moment.minute) / 1440:.5f}"
