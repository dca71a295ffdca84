"""Orders in Parquet on a local Spark session: segkit against hand-written Spark SQL."""

from __future__ import annotations

import os

from environments import installed, java
from page import Section, table_of
from race import Entry, ratio

from parts.setting import AS_OF, Setting, agreement


def run(setting: Setting) -> Section:
    section = Section("Orders in Parquet, on Spark")
    version = java()
    if not installed("pyspark") or version is None:
        section.text.append(
            f"Skipped: {'pyspark is not installed' if version else 'no Java on this machine'}."
        )
        return section
    section.text.append(
        f"One local session on all cores, Java {version}, {setting.memory} for the driver, started before the clock. "
        "Both sides write the table of customers to Parquet, learn the cut points from it and write the labelled "
        "table; the SQL by hand is in `benchmarks/sides/in_spark.py`. Same columns, labels and sums. No bar was set "
        "for Spark; what was found stands below. The clock holds reading, both writes and the planning of queries."
    )
    worker = setting.worker("in_spark")
    try:
        worker.ask("open_session", folder=setting.room(), memory=setting.memory.lower().removesuffix("b"))
        for n in (1_000_000,) if setting.quick else (1_000_000, 3_000_000, 10_000_000):
            where = {"path": setting.orders(n), "as_of": AS_OF, "folder": setting.room()}
            sides = {
                "segkit on Spark": lambda where=where: worker.ask("segkit_rfm", **where),
                "Spark SQL by hand": lambda where=where: worker.ask("sql_rfm", **where),
            }
            entries = setting.race(f"{n:,} orders on Spark", sides, 1 if setting.quick else 3)
            agreement(entries, at_least=("columns", "labels", "cuts", "cents"))
            for entry in entries:  # the work is done by Java, whose processor time Python does not see
                entry.hide_processor()
            setting.entries["spark", n] = entries[0]
            title = f"{n:,} orders in Parquet: customer table, cut points, scores and segments"
            section.tables.append(table_of(title, entries))
            section.text.append(_found(setting, n, entries))
    finally:
        worker.close()
    return section


def _found(setting: Setting, n: int, entries: list[Entry]) -> str:
    """What the comparison says, with the rate on which `docs/scaling.md` reckons, and DuckDB where it was measured."""
    mine, hand = entries
    rate = n / mine.wall / (os.cpu_count() or 1) / 1e6
    said = (
        f"{n:,} orders: segkit took {ratio(mine, hand):.2f}x the time of the SQL by hand, "
        f"{rate:.3f} million orders a second and core."
    )
    duckdb = setting.entries.get(("duckdb", n))
    if duckdb:
        said += f" Spark took {mine.wall / duckdb.wall:.1f} times as long as DuckDB for the same in this run."
    return said
