"""Classifying one customer at a time, and bringing a table forward by its new orders."""

from __future__ import annotations

from page import Bar, Section, Table, seconds, table_of
from race import Entry, ratio

from parts.setting import AS_OF, Setting, agreement

NEW = 0.01  # of all orders


def run(setting: Setting) -> Section:
    section = Section("One customer at a time, and only the new orders")
    n = 1_000_000 if setting.quick else 10_000_000
    path = setting.orders(n)
    worker = setting.worker("in_pandas")
    try:
        worker.ask("open_orders", path=path)
        worker.ask("fit_for_one", path=path, as_of=AS_OF)
        one = {
            "label of one customer": lambda: worker.ask("label_one"),
            "explain of one customer": lambda: worker.ask("explain_one"),
        }
        entries = setting.race("one customer", one, 5 if setting.quick else 100)
        rows = [(e.name, seconds(e.wall), f"{seconds(e.fastest)} to {seconds(e.slowest)}") for e in entries]
        title = f"One customer of a fitted RFM scheme ({len(entries[0].took)} calls)"
        section.text.append(
            "A fitted scheme is a few numbers: it labels a customer the moment an order comes in, without looking at "
            "the others. `label` takes a frame of one row, `explain` a mapping and gives a sentence with the nearest "
            "change. Most of the time is the price of building expressions, so a thousand customers cost hardly more."
        )
        section.tables.append(Table(title, ("", "median", "fastest to slowest"), rows))

        worker.ask("open_orders", path=path)
        worker.ask("split", path=path, share=NEW)
        sides = {
            "update": lambda: worker.ask("brought_forward", as_of=AS_OF),
            "customer_table afresh": lambda: worker.ask("afresh", path=path, as_of=AS_OF),
        }
        both: list[Entry] = setting.race(f"{n:,} orders, update", sides, 3 if setting.quick else 5)
    finally:
        worker.close()
    agreement(both, at_least=("customers", "columns", "frequency", "orders", "cents", "recency_days", "aov"))
    share = (both[0].took[0].facts or {})["new_share"]
    section.tables.append(table_of(f"{n:,} orders in pandas, of which {share:.1%} are new", both))
    section.text.append("`update` gave the same table as computing it afresh, column by column.")
    what = f"{n:,} orders: update with 1% new orders against afresh"
    section.bars.append(Bar(what, 0.5, ratio(*both), "x", rounds=len(both[0].took)))
    return section
