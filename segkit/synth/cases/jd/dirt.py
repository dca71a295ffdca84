"""Dirt on the shop's orders: split orders, refunds, copies, tests, odd spellings; all written down."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF, days_from, with_slashes
from segkit.synth.cases.jd.process import CASE
from segkit.synth.dictionary import columns
from segkit.synth.dirt import Planter, at_scale
from segkit.synth.draws import Draws
from segkit.synth.people import Invented, numbered
from segkit.synth.tables import written

HOLDOUT = dt.date(2025, 10, 1)  # truth flags orders from here on
# shares of the rows (示例参数); the numbers are rows of the sample
SPLIT, CANCELLED, REFUNDED, PARTIAL = 0.05, 0.03, 0.04, 1 / 3
SHARES = {"no_customer": 0.008, "amount_unit": 0.01, "date_format": 0.02, "duplicate": 0.015}
TESTS, FUTURE, STAFF = 40, 5, 8
APP_SPELLINGS = 0.05  # of the APP rows
UNSEEN = ("no_customer", "after_as_of")  # the file does not say whose, or when


@dataclass(frozen=True)
class Dirty:
    """`orders` as they go into the file, and `valid` the rows that truly count.

    `kept` are the rows of `valid` again, with the category and the amount paid before any refund; `delivered`
    are the orders that arrived, refunded or not, whose customer and day stand rightly in the file.
    """

    orders: Planter
    valid: pd.DataFrame
    kept: pd.DataFrame
    delivered: pd.DataFrame

    def numbers(self, *reasons: str) -> pd.Series:
        """The order numbers of the rows in which one of these reasons was planted."""
        keys = [d.key for d in self.orders.defects if d.reason in reasons]
        return self.orders.frame.loc[keys, "order_id"]


def dirty_orders(
    draws: Draws, invented: Invented, orders: pd.DataFrame, customers: pd.DataFrame, scale: float
) -> Dirty:
    """Split, refund, test and misspell; `orders` holds one row per order as it happened."""
    rows = _numbered(_with_tests(draws, invented, _split(draws, orders), customers, scale))
    rows = _with_status(draws, invented, rows)
    planter = Planter(written(CASE, "orders", rows), draws)
    _note_as_they_stand(planter, rows)
    _spoil(draws, invented, planter, rows, scale)
    planter.placed = _file_order(draws, planter)
    kept = rows[rows["fate"].isin(["valid", "partly"]) & ~rows["test"]]
    return Dirty(
        orders=planter,
        valid=_valid(kept),
        kept=_as_paid(kept),
        delivered=_delivered(rows.drop(index=[d.key for d in planter.defects if d.reason in UNSEEN])),
    )


def _split(draws: Draws, orders: pd.DataFrame) -> pd.DataFrame:
    """拆单: 5 % of the orders reach the file as two of the same day that add up."""
    chosen = orders.index[draws.chance(SPLIT, len(orders)) & (orders["amount"] >= 10) & ~orders["outlier"]]
    share = 0.2 + 0.6 * draws.uniform(len(chosen))
    second = orders.loc[chosen].copy()
    second["amount"] = (second["amount"] * share).round(2)
    first = orders.copy()
    first.loc[chosen, "amount"] = (first.loc[chosen, "amount"] - second["amount"]).round(2)
    second["part"], first["part"] = 1, 0
    return pd.concat([first, second], ignore_index=True)


def _with_tests(
    draws: Draws, invented: Invented, orders: pd.DataFrame, customers: pd.DataFrame, scale: float
) -> pd.DataFrame:
    """Orders of 1 yuan by staff: accounts that never bought would look like buyers."""
    n = at_scale(TESTS, scale)
    staff = customers.loc[draws.some(customers.index[customers["buyer"] < 0].to_numpy(), STAFF)]
    who = staff.iloc[draws.integers(0, STAFF - 1, n)]
    span = np.array([(AS_OF - dt.date.fromisoformat(d)).days for d in who["register_date"]])
    tests = pd.DataFrame(
        {
            "customer_id": who["customer_id"].to_numpy(),
            "order_date": days_from(AS_OF, -np.floor(draws.uniform(n) * span)),
            "amount": 1.0,
            "category": invented.phrase(CASE, "test_item"),
            "channel": columns(CASE, "orders")["channel"].values(invented.names)[0],
            "is_gift": 0,
            "is_b2b": 0,
            "outlier": False,
            "part": 0,
            "test": True,
        }
    )
    return pd.concat([orders.assign(test=False), tests], ignore_index=True)


def _numbered(orders: pd.DataFrame) -> pd.DataFrame:
    """Number the orders by day; tests carry TEST in their number."""
    turn = np.argsort([d.toordinal() for d in orders["order_date"]], kind="stable")
    orders = orders.iloc[turn].reset_index(drop=True)
    test = orders["test"]
    orders.loc[test, "order_id"] = numbered("TEST", int(test.sum()), 4)
    orders.loc[~test, "order_id"] = numbered("D", int((~test).sum()), 7)
    return orders


def _with_status(draws: Draws, invented: Invented, orders: pd.DataFrame) -> pd.DataFrame:
    """3 % cancelled, 4 % refunded, a third of these in part; net is what the order brought."""
    done, cancelled, refunded, partly = columns(CASE, "orders")["status"].values(invented.names)
    n = len(orders)
    u, part, some = draws.uniform(n), draws.uniform(n), 0.1 + 0.5 * draws.uniform(n)
    real = ~orders["test"].to_numpy()
    gone = real & (u < CANCELLED)
    back = real & (u >= CANCELLED) & (u < CANCELLED + REFUNDED)
    in_part = back & (part < PARTIAL)
    amount = orders["amount"].to_numpy()
    refund = np.select([in_part, back], [np.round(amount * some, 2), amount], 0.0)
    orders["paid_amount"], orders["refund_amount"] = amount, refund
    orders["status"] = np.select([gone, in_part, back], [cancelled, partly, refunded], done)
    orders["fate"] = np.select([gone, in_part, back], ["cancelled", "partly", "refunded"], "valid")
    orders["net_amount"] = np.where(gone, 0.0, np.round(amount - refund, 2))
    return orders


def _note_as_they_stand(planter: Planter, rows: pd.DataFrame) -> None:
    """Rows that are right as written and still do not count as they look."""
    for reason, fate, column in (
        ("cancelled", "cancelled", "status"),
        ("refunded", "refunded", "status"),
        ("refunded", "partly", "refund_amount"),
    ):
        keys = rows.index[rows["fate"] == fate]
        planter.note(reason, keys, column, list(planter.frame.loc[keys, column]))
    tests = rows.index[rows["test"]]
    planter.note("test", tests, "order_id", [""] * len(tests))
    planter.free = rows.index[(rows["fate"] == "valid") & ~rows["test"] & ~rows["outlier"]]
    for reason, mask in (("split_order", rows["part"] == 1), ("b2b_outlier", rows["outlier"])):
        keys = rows.index[mask]
        planter.note(reason, keys, "order_id", list(planter.frame.loc[keys, "order_id"]))


def _spoil(draws: Draws, invented: Invented, planter: Planter, rows: pd.DataFrame, scale: float) -> None:
    n = len(rows)
    copied = planter.take(round(SHARES["duplicate"] * n))
    keys = planter.take(round(SHARES["no_customer"] * n))
    planter.spoil("no_customer", keys, "customer_id", [""] * len(keys))
    keys = planter.take(round(SHARES["amount_unit"] * n))
    planter.spoil("amount_unit", keys, "paid_amount", [f"￥{rows.at[k, 'paid_amount']:,.2f}" for k in keys])
    keys = planter.take(at_scale(FUTURE, scale))
    late = [d.isoformat() for d in days_from(AS_OF, draws.integers(40, 400, len(keys)))]
    planter.spoil("after_as_of", keys, "order_date", late)
    keys = planter.take(round(SHARES["date_format"] * n))
    planter.spoil(
        "date_format", keys, "order_date", [_spelled(rows.at[k, "order_date"], i) for i, k in enumerate(keys)]
    )
    app = planter.frame["channel"] == columns(CASE, "orders")["channel"].values(invented.names)[0]
    keys = planter.take(round(APP_SPELLINGS * int(app.sum())), app)
    spellings = invented.words(CASE, "spellings")
    planter.spoil(
        "channel_spelling", keys, "channel", [spellings[i % len(spellings)] for i in range(len(keys))]
    )
    planter.copy_rows("duplicate", list(copied), "order_id")


def _spelled(day: dt.date, i: int) -> str:
    return (with_slashes(day), day.strftime("%Y%m%d"), f"{day.isoformat()} 08:{15 + i % 40:02d}")[i % 3]


def _file_order(draws: Draws, planter: Planter) -> list[int]:
    """By order number; a copy stands up to fifty rows below its original."""
    place = pd.Series(planter.frame.index, index=planter.frame.index, dtype=float)
    steps = np.floor(draws.uniform(len(planter.copied)) * 50)
    place[list(planter.copied)] = np.array(list(planter.copied.values())) + 0.5 + steps
    return [int(key) for key in place.sort_values(kind="stable").index]


def _valid(kept: pd.DataFrame) -> pd.DataFrame:
    """The orders that brought something: true customer, true day, net amount; `holdout` from October 2025."""
    return pd.DataFrame(
        {
            "order_id": kept["order_id"],
            "customer_id": kept["customer_id"],
            "order_date": [d.isoformat() for d in kept["order_date"]],
            "net_amount": kept["net_amount"].map("{:.2f}".format),
            "holdout": [int(d >= HOLDOUT) for d in kept["order_date"]],
        }
    ).reset_index(drop=True)


def _delivered(rows: pd.DataFrame) -> pd.DataFrame:
    """Order number, customer, day, and whether anything was refunded."""
    came = rows[rows["fate"].isin(["valid", "partly", "refunded"]) & ~rows["test"]]
    columns = ["order_id", "customer_id", "order_date"]
    return came[columns].assign(refunded=came["refund_amount"] > 0).reset_index(drop=True)


def _as_paid(kept: pd.DataFrame) -> pd.DataFrame:
    """Order number, day (ISO text), category and amount paid."""
    columns = ["order_id", "order_date", "category", "paid_amount"]
    days = [d.isoformat() for d in kept["order_date"]]
    return kept[columns].assign(order_date=days).reset_index(drop=True)
