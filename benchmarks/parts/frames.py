"""Orders in memory: segkit against hand-written pandas and Polars, openretailscience, and two repeat summaries."""

from __future__ import annotations

from contextlib import ExitStack

from page import Bar, Section, table_of
from race import Entry, Worker, ratio

from parts.setting import AS_OF, Setting, agreement

BY_HAND = 1.2
AHEAD_OF_SUMMARIES = 1 / 3
QUICK, FULL = ((1_000_000, 3),), ((1_000_000, 9), (10_000_000, 5))  # orders, rounds
RFM_OF = "customer table, cut points, scores and segments"


def run(setting: Setting) -> Section:
    section = Section("Orders in memory")
    section.text.append(
        "From a frame of orders (id, customer, date, amount) to the labelled table: one row per customer with 13 "
        "columns (9 of `customer_table`, the segment, three scores). The code by hand is in "
        "`benchmarks/sides/plain_pandas.py` and `in_polars.py`: same columns, same definitions (refunds taken off, "
        "days counted once, quantiles of the buyers with ties together). By hand means a careful "
        "analyst's code, not the fastest that could be written: in pandas it calls `groupby.nunique` twice, for days "
        "and for order numbers. Cut points, every label and the sums of every column were equal."
    )
    for n, rounds in QUICK if setting.quick else FULL:
        with ExitStack() as stack:
            _rfm(setting, section, n, rounds, stack)
        with ExitStack() as stack:
            _summaries(setting, section, n, rounds, stack)
        with ExitStack() as stack:
            _polars(setting, section, n, rounds, stack)
    return section


def _open(setting: Setting, module: str, n: int, stack: ExitStack, peer: str = "") -> Worker | None:
    """A worker with the orders in memory; None, with a line of text, where the peer is not to be had."""
    if peer:
        found = setting.peer(peer)
        if found.python is None:
            return None
        worker = setting.worker(module, found.python)
    else:
        worker = setting.worker(module)
    stack.callback(worker.close)
    worker.ask("open_orders", path=setting.orders(n))
    return worker


def _skipped(setting: Setting, section: Section, *names: str) -> None:
    for name in names:
        line = f"Skipped: {name}. {setting.peer(name).reason}."
        if setting.peer(name).python is None and line not in section.text:
            section.text.append(line)


def _rfm(setting: Setting, section: Section, n: int, rounds: int, stack: ExitStack) -> None:
    path = setting.orders(n)
    here = _open(setting, "in_pandas", n, stack)
    assert here is not None
    sides = {
        "segkit on pandas": lambda: here.ask("segkit_rfm", path=path, as_of=AS_OF),
        "pandas by hand": lambda: here.ask("plain_rfm", path=path, as_of=AS_OF),
    }
    theirs = _open(setting, "in_openretailscience", n, stack, "openretailscience")
    if theirs:
        sides["openretailscience"] = lambda: theirs.ask("rfm", path=path, as_of=AS_OF)
    entries = setting.race(f"{n:,} orders in pandas", sides, rounds)
    mine, hand, *others = entries
    agreement([mine, hand], at_least=("columns", "labels", "cuts", "cents"))
    agreement([mine, *others], at_least=("customers", "orders", "recency_days", "cents"))
    setting.entries["pandas", n], setting.entries["pandas by hand", n] = mine, hand
    section.tables.append(table_of(f"{n:,} orders in pandas: {RFM_OF}", entries))
    what = f"{n:,} orders: segkit against pandas by hand"
    section.bars.append(Bar(what, BY_HAND, ratio(mine, hand), "x", rounds=len(mine.took)))
    what = f"{n:,} orders: segkit against openretailscience"
    section.bars.append(_bar_of(what, 1.0, mine, others, setting, "openretailscience"))
    _skipped(setting, section, "openretailscience")
    _say_once(
        section,
        "openretailscience counts the same orders, money and days, but does less with them: it cuts by `NTILE`, so "
        "equal customers may get different scores, has no cut points to keep and no named segments; its frequency "
        "is our `orders`.",
    )


def _summaries(setting: Setting, section: Section, n: int, rounds: int, stack: ExitStack) -> None:
    path = setting.orders(n)
    here = _open(setting, "in_pandas", n, stack)
    assert here is not None
    sides = {"segkit repeat_summary": lambda: here.ask("segkit_summary", path=path, as_of=AS_OF)}
    peers = {"lifetimes": "in_lifetimes", "pymc-marketing": "in_pymc_marketing"}
    for name, module in peers.items():
        worker = _open(setting, module, n, stack, name)
        if worker:
            sides[f"{name} summary"] = lambda worker=worker: worker.ask("summary", path=path, as_of=AS_OF)
    entries = setting.race(f"{n:,} orders, repeat summary", sides, rounds)
    agreement(entries, at_least=("customers", "x", "t_x", "T"))
    section.tables.append(table_of(f"{n:,} orders in pandas: x, t_x, T and mean repeat value", entries))
    for name in peers:
        found = [entry for entry in entries[1:] if entry.name.startswith(name)]
        what = f"{n:,} orders: segkit against the summary of {name}"
        section.bars.append(_bar_of(what, AHEAD_OF_SUMMARIES, entries[0], found, setting, name))
    _skipped(setting, section, *peers)
    _say_once(
        section, "All three summaries held the same customers, repeat days, times and mean repeat values."
    )


def _polars(setting: Setting, section: Section, n: int, rounds: int, stack: ExitStack) -> None:
    path = setting.orders(n)
    here = _open(setting, "in_polars", n, stack)
    assert here is not None
    sides = {
        "segkit on Polars": lambda: here.ask("segkit_rfm", path=path, as_of=AS_OF),
        "Polars by hand": lambda: here.ask("plain_rfm", path=path, as_of=AS_OF),
    }
    entries = setting.race(f"{n:,} orders in Polars", sides, rounds)
    agreement(entries, at_least=("columns", "labels", "cuts", "cents"))
    section.tables.append(table_of(f"{n:,} orders in Polars: {RFM_OF}", entries))
    what = f"{n:,} orders: segkit against Polars by hand"
    section.bars.append(Bar(what, BY_HAND, ratio(*entries), "x", rounds=len(entries[0].took)))


def _bar_of(what: str, most: float, mine: Entry, others: list[Entry], setting: Setting, name: str) -> Bar:
    measured = ratio(mine, others[0]) if others else None
    return Bar(what, most, measured, "x", setting.peer(name).reason, len(mine.took))


def _say_once(section: Section, line: str) -> None:
    if line not in section.text:
        section.text.append(line)
