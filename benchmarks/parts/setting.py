"""What all parts share: sizes, data, peers, and a line of progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from environments import Peer, peer
from race import Entry, SideFailed, Took, Worker, differing, take_turns

AS_OF = "2025-12-31"  # of the generated orders
SEED = 20251231  # of the sample data


@dataclass
class Setting:
    """Where a run keeps its things and how much of it is wanted.

    Attributes
    ----------
    cache : data, environments and logs, kept between runs
    quick : the small sizes only
    memory : limit of DuckDB and of Spark's process
    rounds : at most so many of each comparison
    entries : what was measured, by (part, engine, orders), so that growth need not measure it again
    """

    cache: Path
    quick: bool
    memory: str = "4GB"
    rounds: int | None = None
    entries: dict[tuple[str, int], Entry] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    peers: dict[str, Peer] = field(default_factory=dict)

    def tell(self, line: str) -> None:
        print(f"{time.monotonic() - self.began:6.0f} s  {line}", file=sys.stderr, flush=True)

    def orders(self, n: int) -> str:
        """The Parquet file of `n` generated orders; made on first use."""
        from segkit.synth.large import build_large

        folder = self.cache / f"orders-{n}"
        file = folder / "large" / "orders.parquet"
        if not file.exists():
            self.tell(f"making {n:,} orders")
            build_large(folder, seed=SEED, orders=n)
        return str(file)

    def read_once(self, path: str) -> None:
        """Read a file through, so that the side that comes first does not find it cold."""
        with Path(path).open("rb") as stream:
            while stream.read(1 << 24):
                pass

    def room(self) -> str:
        """A folder for what a repetition writes."""
        folder = self.cache / "room"
        folder.mkdir(exist_ok=True)
        return str(folder)

    def peer(self, name: str) -> Peer:
        if name not in self.peers:
            self.tell(f"{name}: looking for it")
            self.peers[name] = peer(name, self.cache)
        return self.peers[name]

    def worker(self, module: str, python: str = sys.executable) -> Worker:
        return Worker(module, python, self.cache / "workers.log")

    def race(
        self, title: str, sides: Mapping[str, Callable[[], Took]], rounds: int, *, warm_up: bool = True
    ) -> list[Entry]:
        rounds = rounds if self.rounds is None else min(rounds, self.rounds)
        return take_turns(sides, rounds, warm_up=warm_up, tell=lambda line: self.tell(f"{title}: {line}"))


def agreement(entries: list[Entry], *, at_least: tuple[str, ...] = (), tolerance: float = 1e-9) -> None:
    """Nobody is faster by doing less: what sides tell of their results is equal, up to a share, in every round.

    Raises
    ------
    SideFailed : they differ, or one of `at_least` was not told
    """
    first, *others = entries
    for other in others:
        for round_, (took, beside) in enumerate(zip(first.took, other.took, strict=True), 1):
            mine, theirs = took.facts or {}, beside.facts or {}
            unequal = differing(mine, theirs, tolerance=tolerance)
            unequal += [name for name in at_least if name not in mine.keys() & theirs.keys()]
            if unequal:
                names = f"{other.name} and {first.name}"
                raise SideFailed(f"{names} differ in {', '.join(unequal)} (round {round_})")
