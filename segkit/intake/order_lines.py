"""Money that stands in a table twice: an order in two exports, an order total on every line of its order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segkit.intake.table import ORIGIN
from segkit.intake.values import is_empty
from segkit.problems import Problem

if TYPE_CHECKING:
    from segkit.intake.columns import Bench

# columns that tell the lines of one order apart
_LINE_FIELDS = ("line_id", "product_id", "category", "quantity")
_LINE_HEAD = re.compile(
    r"商品|产品|货品|宝贝|存货|规格|型号|品名|子订单|明细|sku|item|product", re.IGNORECASE
)
NEARLY_ALL = 0.95  # of the orders of several lines repeat one amount: it is the order's, not the line's
WORTH_SAYING = 0.1
AT_LEAST = 3  # orders, and different amounts among them: a shop of one price repeats amounts too


def _lines(bench: Bench, *, filled_everywhere: bool = False) -> pd.DataFrame:
    """The rows that may count: order, customer, day, amount as paid, what the line is of, and its file.

    With `filled_everywhere` what the line is of is told by the columns that every file fills.
    """
    values = bench.values
    refund = values.get("refund", pd.Series(0.0, index=bench.text.index)).fillna(0.0).abs()
    frame = pd.DataFrame(
        {
            "order": bench.cells("order_id"),
            "customer": values["customer_id"],
            "day": values["order_date"],
            "amount": (values["amount"] + refund).round(2),
        }
    )
    heads = [bench.heads[f] for f in _LINE_FIELDS if bench.has(f)]
    known = set(bench.heads.values())
    heads += [h for h in bench.text.columns if h not in known and _LINE_HEAD.search(str(h))]
    frame["source"] = bench.origin[ORIGIN[0]].astype(str) + "\x1f" + bench.origin[ORIGIN[1]].astype(str)
    if filled_everywhere:
        heads = [h for h in heads if (bench.text[h] != "").groupby(frame["source"]).any().all()]
    frame["line"] = ""
    for head in heads:
        frame["line"] = frame["line"] + "\x1f" + bench.text[head]
    gone = np.isin(bench.events.fates(), ["set_aside", "merged"])
    usable = ~gone & ~is_empty(frame["order"]).to_numpy() & frame.notna().all(axis=1).to_numpy()
    return frame[usable]


def merge_updates(bench: Bench) -> None:
    """The same order in two files or sheets is one order: it counts once, with the status of the later one.

    The same means order, customer, day, amount paid and product; an order of two such lines in each file
    keeps both.
    """
    if not bench.has("order_id") or len(bench.origin[ORIGIN[:2]].drop_duplicates()) < 2:
        return
    lines = _lines(bench, filled_everywhere=True)
    key = ["order", "customer", "day", "amount", "line"]
    lines["which"] = lines.groupby([*key, "source"]).cumcount()
    groups = lines.groupby([*key, "which"], sort=False)
    later = np.zeros(len(bench.text), dtype=bool)
    later[lines.index[groups.cumcount() > 0]] = True
    if not later.any():
        return
    at = pd.Series(lines.index, index=lines.index).groupby(groups.ngroup()).agg(["first", "last"])
    at = at[at["first"] != at["last"]]
    old, new = at["first"].to_numpy(), at["last"].to_numpy()
    head = bench.heads["order_id"]
    bench.events.add(later, "duplicate", "merged", column=head, old=bench.text[head])
    for name in (n for n in ("status", "refund") if bench.has(n)):
        cells = bench.text[bench.heads[name]]
        fresh = cells.copy()
        fresh.iloc[old] = cells.iloc[new].to_numpy()
        bench.events.add(
            fresh != cells, "duplicate", "changed", column=bench.heads[name], old=cells, new=fresh
        )
        bench.text[bench.heads[name]] = fresh
    for name in (n for n in ("refund", "amount") if n in bench.values):
        bench.values[name] = bench.values[name].copy()
        bench.values[name].iloc[old] = bench.values[name].iloc[new].to_numpy()
    money = round(float(lines["amount"][later[lines.index]].sum()), 2)
    bench.notes.append(Problem("clean.orders_in_two_files", {"rows": int(later.sum()), "money": money}))


def merge_order_totals(bench: Bench) -> None:
    """An order's amount written on each of its lines counts once.

    Merged when nearly all orders of several lines repeat one amount over different products; where only
    some do, every line counts and it is said.
    """
    if not bench.has("order_id"):
        return
    lines = _lines(bench)
    order = ["source", "order"]
    lines = lines[(lines["amount"] > 0) & lines.duplicated(order, keep=False)]
    if lines.empty:
        return
    groups = lines.groupby(order, sort=False)
    one_amount = groups[["customer", "day", "amount"]].nunique().max(axis=1) == 1
    one_amount &= groups.size() > 1
    several = (groups.size() > 1).sum()
    products = groups["line"].nunique() > 1
    repeats = lines[lines.set_index(order).index.isin(one_amount.index[one_amount & products])]
    extra = repeats[repeats.duplicated(order)]
    orders = int((one_amount & products).sum())
    kinds = repeats.drop_duplicates(order)["amount"].value_counts()
    varied = len(kinds) >= AT_LEAST and kinds.iloc[0] <= orders / 2
    head, column = bench.heads["order_id"], bench.heads["amount"]
    if orders >= max(AT_LEAST, NEARLY_ALL * several) and varied:
        merged = np.zeros(len(bench.text), dtype=bool)
        merged[extra.index] = True
        bench.events.add(merged, "duplicate", "merged", column=column, old=bench.cells("amount"))
        facts = {"orders": orders, "rows": len(extra), "money": round(float(extra["amount"].sum()), 2)}
        bench.notes.append(Problem("clean.order_totals", {**facts, "order_id": head}, column=column))
        return
    alike = lines[lines.set_index(order).index.isin(one_amount.index[one_amount])]
    extra, orders = alike[alike.duplicated(order)], int(one_amount.sum())
    if orders >= max(AT_LEAST, WORTH_SAYING * several):
        facts = {"orders": orders, "rows": len(extra), "money": round(float(extra["amount"].sum()), 2)}
        bench.notes.append(Problem("clean.same_amount_lines", facts, column=column))
