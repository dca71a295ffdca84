"""Millions of clean orders of the shop (jd), straight to Parquet: the same process as the sample, no dirt.

Customers come in blocks, each with a stream of its own, so that any block can be made alone and only one is held
in memory. Within a block the orders stand in the order of their days.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from segkit.problems import InputProblems, Problem
from segkit.synth.calendar import AS_OF, days_from
from segkit.synth.cases.jd.process import CASE, CATEGORY_SHARES, CHANNEL_SHARES, DAYS, START, shop
from segkit.synth.dictionary import columns
from segkit.synth.draws import Draws
from segkit.synth.people import Names

ORDERS = 10_000_000  # unless told
CUSTOMERS = 220_000  # in a block: about a million orders, which are one row group
ROOM = 10  # orders a block may hold per customer; 4.5 on average
BYTES = 8  # on disk for one order, measured 6.6 and rounded up
SCHEMA = pa.schema(
    [
        ("order_id", pa.string()),
        ("customer_id", pa.string()),
        ("order_date", pa.timestamp("us")),  # a date would reach pandas as Python objects
        ("amount", pa.float64()),
        ("category", pa.dictionary(pa.int8(), pa.string())),
        ("channel", pa.dictionary(pa.int8(), pa.string())),
    ]
)


@dataclass(frozen=True)
class Block:
    """Orders of some customers, by day: parallel arrays.

    `order` and `customer` are numbers that no other block has, `day` counts from 2024-01-01, `category` and
    `channel` are positions in cases/jd/columns.yml.
    """

    order: np.ndarray
    customer: np.ndarray
    day: np.ndarray
    cents: np.ndarray
    category: np.ndarray
    channel: np.ndarray

    def __len__(self) -> int:
        return len(self.order)

    def rows(self, keep: np.ndarray) -> Block:
        return Block(**{name: values[keep] for name, values in vars(self).items()})


def block(seed: int, number: int, customers: int = CUSTOMERS) -> Block:
    """Block `number` (0, 1, ...) of these customers; it depends on no other block."""
    draws = Draws(seed, f"{CASE} large {number}")
    orders = shop(draws, customers).orders
    n = len(orders)
    if n > ROOM * customers:
        raise ValueError(f"{n} orders of {customers} customers")
    category, channel = draws.choice(CATEGORY_SHARES, n), draws.choice(CHANNEL_SHARES, n)
    turn = np.argsort(orders["day"].to_numpy().astype(np.int16), kind="stable")
    return Block(
        order=number * ROOM * customers + np.arange(1, n + 1),
        customer=number * customers + 1 + orders["buyer"].to_numpy()[turn],
        day=orders["day"].to_numpy()[turn],
        cents=np.rint(orders["amount"].to_numpy()[turn] * 100).astype(np.int64),
        category=category[turn].astype(np.int8),
        channel=channel[turn].astype(np.int8),
    )


def cut(whole: Block, n: int) -> Block:
    """Exactly `n` orders of a block that holds more.

    Customers are taken whole, in turn; near the end one who would be too many is passed over for the next who
    fits. Only if nobody is left to fit does one customer lose his latest orders.
    """
    first = int(whole.customer.min())
    sizes = np.bincount(whole.customer - first)
    taken = np.cumsum(sizes) <= n
    left = n - int(sizes[taken].sum())
    for at in np.flatnonzero(~taken):
        if left == 0:
            break
        if sizes[at] <= left:
            taken[at] = True
            left -= int(sizes[at])
    keep = taken[whole.customer - first]
    if left:
        short = int(np.flatnonzero(~taken)[0])
        keep[np.flatnonzero(whole.customer - first == short)[:left]] = True
    return whole.rows(keep)


def blocks(seed: int, orders: int, customers: int = CUSTOMERS) -> Iterator[Block]:
    """One block after the other until there are `orders` orders."""
    left, number = orders, 0
    while left:
        made = block(seed, number, customers)
        yield made if len(made) <= left else cut(made, left)
        left -= min(left, len(made))
        number += 1


def build_large(
    out: str | Path,
    *,
    seed: int,
    orders: int = ORDERS,
    names: Names = "zh",
    progress: Callable[[int, int], None] | None = None,
    customers: int = CUSTOMERS,
) -> list[Path]:
    """Write large/orders.parquet and large/summary.yml; both appear when they are whole, or not at all.

    Parameters
    ----------
    out : folder that gets a folder `large`
    orders : rows, exactly
    progress : called with the rows written and wanted, after every block
    customers : in one block

    Raises
    ------
    InputProblems : not enough room on the disk
    """
    home = Path(out).absolute()
    while not home.exists():
        home = home.parent
    _refuse_without_room(home, orders)
    totals = Totals(seed, names)
    # beside the target and not in it, so that nothing stays where the folder is not there yet
    with TemporaryDirectory(prefix=".large-", dir=home, ignore_cleanup_errors=True) as folder:
        parts = [Path(folder) / "orders.parquet", Path(folder) / "summary.yml"]
        words = {
            name: pa.array(columns(CASE, "orders")[name].values(names)) for name in ("category", "channel")
        }
        coded = ["customer_id", "order_date", "amount", "category", "channel"]
        with pq.ParquetWriter(
            parts[0], SCHEMA, compression="zstd", use_dictionary=coded, dictionary_pagesize_limit=2**23
        ) as file:
            for made in blocks(seed, orders, customers):
                file.write_table(_table(made, words), row_group_size=len(made))
                totals.add(made)
                if progress:
                    progress(totals.rows, orders)
        parts[1].write_text(totals.yml(), encoding="utf-8", newline="\n")
        target = Path(out) / "large"
        target.mkdir(parents=True, exist_ok=True)
        return [part.replace(target / part.name) for part in parts]


def _refuse_without_room(folder: Path, orders: int) -> None:
    free, needed = shutil.disk_usage(folder).free, orders * BYTES
    if free < needed:
        facts = {"folder": str(folder), "needed": needed / 1e9, "free": free / 1e9, "orders": orders}
        raise InputProblems([Problem("data.no_room", facts)])


def _table(made: Block, words: dict[str, pa.Array]) -> pa.Table:
    days = np.datetime64(START, "us") + np.arange(DAYS) * np.timedelta64(1, "D")
    return pa.Table.from_arrays(
        [
            _numbered("D", 9, made.order),
            _numbered("C", 8, made.customer),
            pa.array(days[made.day]),
            pa.array(made.cents / 100),
            pa.DictionaryArray.from_arrays(pa.array(made.category), words["category"]),
            pa.DictionaryArray.from_arrays(pa.array(made.channel), words["channel"]),
        ],
        schema=SCHEMA,
    )


def _numbered(letter: str, width: int, numbers: np.ndarray) -> pa.Array:
    """D000000001 and the like."""
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width=width, padding="0")
    return pc.binary_join_element_wise(letter, digits, "")


@dataclass
class Totals:
    """What stands in the file, counted while it is written."""

    seed: int
    names: Names
    rows: int = 0
    customers: int = 0
    cents: int = 0
    by_day: np.ndarray = field(default_factory=lambda: np.zeros(DAYS, dtype=np.int64))

    def add(self, made: Block) -> None:
        self.rows += len(made)
        self.customers += len(np.unique(made.customer))
        self.cents += int(made.cents.sum())
        self.by_day += np.bincount(made.day, minlength=DAYS)

    def yml(self) -> str:
        days = days_from(START, np.flatnonzero(self.by_day))
        months: dict[str, int] = {}
        for day, n in zip(days, self.by_day[self.by_day > 0], strict=True):
            months[f"{day:%Y-%m}"] = months.get(f"{day:%Y-%m}", 0) + int(n)
        content: dict[str, Any] = {
            "case": CASE,
            "seed": self.seed,
            "names": self.names,
            "as_of": AS_OF.isoformat(),
            "rows": self.rows,
            "customers": self.customers,
            "cents": self.cents,
            "first_date": days[0].isoformat(),
            "last_date": days[-1].isoformat(),
            "rows_per_month": months,
        }
        return yaml.safe_dump(content, sort_keys=False)
