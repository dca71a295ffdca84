"""Orders in Parquet: segkit on DuckDB against hand-written SQL, with the peak memory of each."""

from __future__ import annotations

from page import Bar, Section, table_of
from race import Took, ratio

from parts.setting import AS_OF, Setting, agreement

BY_HAND = 1.2


def run(setting: Setting) -> Section:
    section = Section("Orders in Parquet, on DuckDB")
    section.text.append(
        f"From a Parquet file to a labelled table in a database file, each repetition in a process of its own, with "
        f"`SET memory_limit = '{setting.memory}'`. Both sides write the table of customers, learn the cut points from "
        "it and write the labelled table; the SQL by hand is in `benchmarks/sides/in_duckdb.py`. Same columns, same "
        "labels, same sums. Peak memory is that of the whole process, with Python and its imports. It may pass the "
        "limit a little: DuckDB counts what its buffers hold. At 100 million orders no round is left out of the count; "
        "the file is read through once before the first."
    )
    worker = setting.worker("in_duckdb")
    for n, rounds in ((1_000_000, 3),) if setting.quick else ((10_000_000, 5), (100_000_000, 3)):
        where = {
            "path": setting.orders(n),
            "as_of": AS_OF,
            "folder": setting.room(),
            "memory": setting.memory,
        }

        def once(task: str, where: dict[str, str] = where) -> Took:
            return worker.once(task, **where)

        sides = {"segkit on DuckDB": lambda: once("segkit_rfm"), "SQL by hand": lambda: once("sql_rfm")}
        warm_up = n < 100_000_000
        if not warm_up:
            setting.read_once(where["path"])
        entries = setting.race(f"{n:,} orders on DuckDB", sides, rounds, warm_up=warm_up)
        agreement(entries, at_least=("columns", "labels", "cuts", "cents"))
        setting.entries["duckdb", n] = entries[0]
        title = f"{n:,} orders in Parquet: customer table, cut points, scores and segments"
        section.tables.append(table_of(title, entries, memory=True))
        what = f"{n:,} orders on DuckDB: segkit against SQL by hand"
        section.bars.append(Bar(what, BY_HAND, ratio(*entries), "x", rounds=len(entries[0].took)))
        peak, limit = entries[0].peak_mb, float(setting.memory.removesuffix("GB"))
        if peak is not None:
            what = f"{n:,} orders on DuckDB: peak memory, as a share of the limit"
            section.bars.append(Bar(what, 1.25, peak / 1024 / limit, rounds=None))
    return section
