"""How time grows with the number of orders: the slope of the logarithms."""

from __future__ import annotations

from page import Bar, Section, Table, seconds
from race import Entry, slope

from parts.setting import AS_OF, Setting

LINEAR = 1.15  # time may grow by 10**1.15 = 14 times where orders grow by 10 times


def run(setting: Setting) -> Section:
    section = Section("Growth from 100,000 orders")
    section.text.append(
        "The same work as above by the number of orders. The exponent is the slope of log seconds on log orders: 1 "
        "means that twice the orders take twice the time. Small sizes hold the fixed cost of planning a query, so the "
        "exponent of the last step is given too."
    )
    top = {"duckdb": 6, "pandas": 6} if setting.quick else {"duckdb": 8, "pandas": 7}
    measured = {
        engine: [_entry(setting, engine, 10**e) for e in range(5, most + 1)] for engine, most in top.items()
    }
    spark, by_hand = _known(setting, "spark"), _known(setting, "pandas by hand")
    rows = []
    for engine, entries in measured.items():
        points = [(10.0 ** (5 + i), entry.wall) for i, entry in enumerate(entries)]
        cells = [seconds(wall) for _, wall in points] + [""] * (max(top.values()) - 4 - len(points))
        rows.append((f"segkit on {engine}", *cells, f"{slope(points):.2f}", f"{slope(points[-2:]):.2f}"))
        what = f"growth exponent on {engine}, last step to {points[-1][0]:,.0f} orders"
        rounds = min(len(entry.took) for entry in entries[-2:])
        section.bars.append(Bar(what, LINEAR, slope(points[-2:]), rounds=rounds))
    heads = ("", *(f"{10**e:,}" for e in range(5, max(top.values()) + 1)), "exponent", "last step")
    section.tables.append(Table("Seconds (medians) by number of orders", heads, rows))
    if len(by_hand) > 1:
        section.text.append(
            f"The pandas code written by hand grows with {slope(by_hand[-2:]):.2f} in its last step, probably because "
            "the customers no longer fit into the processor's cache."
        )
    if len(spark) > 1:
        section.text.append(
            f"On a local Spark session, from {spark[0][0]:,.0f} to {spark[-1][0]:,.0f} orders, the exponent was "
            f"{slope(spark):.2f}: a job costs some seconds before it does anything."
        )
    return section


def _known(setting: Setting, engine: str) -> list[tuple[float, float]]:
    """Orders and seconds of what other parts of this run have measured."""
    return sorted((float(n), entry.wall) for (name, n), entry in setting.entries.items() if name == engine)


def _entry(setting: Setting, engine: str, n: int) -> Entry:
    if (engine, n) not in setting.entries:
        worker = setting.worker(f"in_{engine}")
        path = setting.orders(n)
        if engine == "duckdb":
            where = {"path": path, "as_of": AS_OF, "folder": setting.room(), "memory": setting.memory}
            sides = {"segkit": lambda: worker.once("segkit_rfm", **where)}
        else:
            worker.ask("open_orders", path=path)
            sides = {"segkit": lambda: worker.ask("segkit_rfm", path=path, as_of=AS_OF)}
        rounds = 1 if n > 10**7 else 3
        if rounds == 1:
            setting.read_once(path)
        try:
            [entry] = setting.race(f"{n:,} orders on {engine}", sides, rounds, warm_up=rounds > 1)
        finally:
            worker.close()
        setting.entries[engine, n] = entry
    return setting.entries[engine, n]
