"""Orders in Parquet on a local Spark session: segkit against hand-written Spark SQL."""

from __future__ import annotations

from environments import installed, java
from page import Section, table_of

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
        "table; the SQL by hand is in `benchmarks/sides/in_spark.py`. Same columns, labels and sums. On one machine "
        "Spark is slower than DuckDB throughout: it is for data that no machine holds."
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
    finally:
        worker.close()
    return section
