"""Orders in Parquet: segkit on DuckDB and the same in hand-written SQL.

Both write the table of customers into a database file, learn the cut points from it and write the labelled
table, so that neither holds more than the memory limit.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from segkit import RFM, customer_table
from segkit.schemes.segment_maps import named_map

MAP = named_map("eleven")

TABLE = """
CREATE TABLE customers AS
WITH counted AS (
  SELECT customer_id, order_date::DATE AS day, order_id, amount, amount >= 0 AS bought
  FROM read_parquet('{path}')
  WHERE customer_id IS NOT NULL AND isfinite(amount) AND order_date < DATE '{as_of}' + 1
), summed AS (
  SELECT customer_id,
    min(day) FILTER (bought) AS first_day,
    max(day) FILTER (bought) AS last_day,
    count(DISTINCT day) FILTER (bought) AS days,
    count(DISTINCT order_id) FILTER (bought) AS orders,
    round(sum(amount), 2) AS monetary,
    count(*) FILTER (NOT bought) AS refunds
  FROM counted GROUP BY customer_id
), standing AS (SELECT *, refunds = 0 OR monetary > 0 AS stands FROM summed)
SELECT customer_id,
  CASE WHEN stands THEN first_day END AS first_order,
  CASE WHEN stands THEN last_day END AS last_order,
  DATE '{as_of}' - CASE WHEN stands THEN last_day END AS recency_days,
  CASE WHEN stands THEN days ELSE 0 END AS frequency,
  orders, monetary, monetary / nullif(orders, 0) AS aov,
  DATE '{as_of}' - CASE WHEN stands THEN first_day END AS tenure_days
FROM standing
"""

CUTS = """
SELECT quantile_cont(recency_days::DOUBLE, [.2, .4, .6, .8]), quantile_cont(frequency::DOUBLE, [.2, .4, .6, .8]),
  quantile_cont(monetary, [.2, .4, .6, .8])
FROM customers WHERE frequency > 0
"""

LABELLED = """
CREATE TABLE labelled AS
WITH scored AS (
  SELECT *,
    CASE WHEN frequency > 0 THEN 5 - ({r}) END AS r_score,
    CASE WHEN frequency > 0 THEN 1 + ({f}) END AS f_score,
    CASE WHEN frequency > 0 THEN 1 + ({m}) END AS m_score
  FROM customers
)
SELECT * EXCLUDE (r_score, f_score, m_score),
  CASE WHEN frequency > 0 THEN {segments}[25 * r_score + 5 * f_score + m_score - 30] ELSE 'prospect' END AS rfm,
  r_score, f_score, m_score
FROM scored
"""


@dataclass
class Done:
    """A database on disk with the labelled customers, and the cut points they were labelled by."""

    connection: duckdb.DuckDBPyConnection
    room: tempfile.TemporaryDirectory[str]
    cuts: dict[str, list[float]]


def _database(folder: str, memory: str) -> tuple[duckdb.DuckDBPyConnection, tempfile.TemporaryDirectory[str]]:
    room = tempfile.TemporaryDirectory(dir=folder, prefix="duckdb-")
    settings: dict[str, Any] = {"memory_limit": memory, "temp_directory": f"{room.name}/spill"}
    settings["preserve_insertion_order"] = False
    return duckdb.connect(Path(room.name) / "customers.duckdb", config=settings), room


def segkit_rfm(path: str, as_of: str, folder: str, memory: str) -> Done:
    connection, room = _database(folder, memory)
    customer_table(connection.read_parquet(path), as_of=as_of).create("customers")
    table = connection.table("customers")
    scheme = RFM(bins=5, segments="eleven").fit(table)
    scheme.label(table).create("labelled")
    return Done(connection, room, {ladder.column: list(ladder.cuts) for ladder in scheme.score_ladders()})


def sql_rfm(path: str, as_of: str, folder: str, memory: str) -> Done:
    connection, room = _database(folder, memory)
    connection.execute(TABLE.format(path=path, as_of=as_of))
    learned = connection.execute(CUTS).fetchone()
    assert learned is not None
    columns = ("recency_days", "frequency", "monetary")
    cuts = {c: [round(cut, 6) for cut in found] for c, found in zip(columns, learned, strict=True)}
    climbed = {c[0]: " + ".join(f"({c}::DOUBLE > {cut})::INT" for cut in cuts[c]) for c in columns}
    every = [MAP.find((r, f, m)) for r in range(1, 6) for f in range(1, 6) for m in range(1, 6)]
    connection.execute(LABELLED.format(segments=every, **climbed))
    return Done(connection, room, cuts)


def facts(done: Done) -> dict[str, Any]:
    """What both must agree in; closes the database and throws it away."""
    with done.room, done.connection as connection:
        columns = [name for name, *_ in connection.execute("DESCRIBE labelled").fetchall()]
        sums = ("frequency", "orders", "recency_days", "tenure_days")
        row = connection.execute(
            f"SELECT count(*), {', '.join(f'sum({c})::BIGINT' for c in sums)}, "
            "sum(round(monetary * 100))::BIGINT, sum(aov), "
            "sum(hash(customer_id, rfm, r_score::INT, f_score::INT, m_score::INT))::VARCHAR FROM labelled"
        ).fetchone()
    assert row is not None
    told = dict(zip(("customers", *sums, "cents", "aov", "labels"), row, strict=True))
    return {"columns": columns, "cuts": done.cuts} | told
