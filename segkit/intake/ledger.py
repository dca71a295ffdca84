"""Nothing gets lost: every data row has one fate, every event one line, and rows and money add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
import pandas as pd

from segkit.intake.table import ORIGIN
from segkit.problems import SegkitError

FATES = ("kept", "changed", "merged", "set_aside")  # weakest first: the strongest event decides
COLUMNS = [*ORIGIN, "fate", "reason", "column", "old", "new", "amount"]
# reasons that can set a row aside, the one to name first; those before bad_amount always do
SETS_ASIDE = (
    "test",
    "no_customer",
    "cancelled",
    "no_date",
    "no_amount",
    "bad_amount",
    "bad_date",
    "after_as_of",
    "refunded",
    "phone_float",
)

# by reason the column that can set a row aside: the first of these the table has
DECIDED_BY = {
    "no_date": ("order_date",),
    "bad_date": ("order_date",),
    "after_as_of": ("order_date", "first_contact"),
    "no_amount": ("amount",),
    "bad_amount": ("amount",),
    "phone_float": ("lead_id", "customer_id", "phone"),
}


class LedgerBroken(SegkitError):
    """Rows or money do not add up: a fault of ours, never of the input."""

    def __init__(self, totals: Totals) -> None:
        self.totals = totals
        super().__init__(f"the ledger does not balance: {totals}")


def deciding(ledger: pd.DataFrame, heads: Mapping[str, str]) -> pd.Series:
    """Mask of the lines that can have set their row aside.

    A ledger line carries the fate of its row, not its own: an unreadable date of registration stands in a
    cancelled order without having set it aside. `heads` maps canonical columns to the client's headings.
    """
    about = {r: next((heads[f] for f in fields if f in heads), None) for r, fields in DECIDED_BY.items()}
    fits = [about.get(r, c) == c for r, c in zip(ledger["reason"], ledger["column"], strict=True)]
    can = ledger["reason"].isin(SETS_ASIDE) & pd.Series(fits, index=ledger.index, dtype="bool")
    return can & (ledger["fate"] == "set_aside")


def no_events() -> pd.DataFrame:
    """The ledger of nothing."""
    return Events(0).ledger(pd.DataFrame(columns=ORIGIN), pd.Series(dtype="float64"))


def set_aside_reasons(ledger: pd.DataFrame, heads: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Why were rows set aside? Each row once, under the first of `SETS_ASIDE` it has; money with it.

    A ledger line carries the fate of its row, not its own: what was merely mended in a row that was set
    aside for another reason is not counted here. With `heads` (canonical column -> heading) neither is what
    is wrong with a column that decides nothing.

    Returns
    -------
    frame `reason, rows, amount` (currency units), the most rows first; its sums are the rows and the money
    set aside
    """
    aside = ledger[ledger["fate"] == "set_aside"]
    if heads is not None:
        aside = aside[deciding(aside, heads)]
    rank = aside["reason"].map({reason: i for i, reason in enumerate(SETS_ASIDE)})
    one = aside.assign(rank=rank).sort_values("rank", kind="stable").drop_duplicates(ORIGIN)
    found = one.groupby("reason", as_index=False).agg(rows=("row", "size"), amount=("amount", "sum"))
    found["amount"] = found["amount"].round(2)
    return found.sort_values(["rows", "reason"], ascending=[False, True], ignore_index=True)


@dataclass(frozen=True)
class Totals:
    """Rows and money in, and where they went; `money_kept` covers the rows kept and changed."""

    rows_in: int
    kept: int
    changed: int
    merged: int
    set_aside: int
    money_in: float
    money_kept: float
    money_merged: float
    money_set_aside: float

    def as_dict(self) -> dict[str, float | int]:
        return asdict(self)

    def check(self) -> None:
        rows = self.kept + self.changed + self.merged + self.set_aside
        money = self.money_kept + self.money_merged + self.money_set_aside
        if rows != self.rows_in or abs(money - self.money_in) > 0.005:
            raise LedgerBroken(self)


@dataclass
class Events:
    """Collects what happened to which row while a table is cleaned.

    `rows` are positions 0..n-1 in the table; `fate` is what the event alone would decide.
    """

    n: int
    _parts: list[pd.DataFrame] = field(default_factory=list)

    def add(
        self,
        where: np.ndarray | pd.Series,
        reason: str,
        fate: str,
        *,
        column: str = "",
        old: pd.Series | str = "",
        new: pd.Series | str = "",
    ) -> None:
        """Record `reason` for the rows where the boolean mask `where` holds."""
        rows = np.flatnonzero(np.asarray(where, dtype=bool))
        if len(rows) == 0:
            return

        def at(values: pd.Series | str) -> object:
            return values.iloc[rows].astype(str).to_numpy() if isinstance(values, pd.Series) else values

        part = pd.DataFrame({"at": rows, "fate": fate, "reason": reason, "column": column})
        part["old"], part["new"] = at(old), at(new)
        self._parts.append(part)

    def copy(self) -> Events:
        """Another list of the same events, to which more can be added."""
        return Events(self.n, [*self._parts])

    def frame(self) -> pd.DataFrame:
        if not self._parts:
            columns = ["at", "fate", "reason", "column", "old", "new"]
            return pd.DataFrame({c: pd.Series(dtype="int64" if c == "at" else "str") for c in columns})
        return pd.concat(self._parts, ignore_index=True)

    def rows_of(self, *reasons: str) -> np.ndarray:
        """Boolean mask of the rows that already have one of these reasons."""
        mask = np.zeros(self.n, dtype=bool)
        for part in self._parts:
            if part["reason"].iloc[0] in reasons:
                mask[part["at"].to_numpy()] = True
        return mask

    def forgive(self, rows: np.ndarray) -> None:
        """Keep rows the client asked to keep: tests, cancelled and refunded orders count after all.

        Rows that cannot be counted (no customer, no date, no amount) stay set aside.
        """
        pardoned = ("test", "cancelled", "refunded", "duplicate")
        for part in self._parts:
            if part["reason"].iloc[0] in pardoned:
                part.loc[rows[part["at"].to_numpy()], "fate"] = "kept"

    def fates(self) -> np.ndarray:
        """One fate a row: set aside before merged before changed before kept."""
        strength = np.zeros(self.n, dtype=int)
        for part in self._parts:
            levels = part["fate"].map(FATES.index).to_numpy()
            np.maximum.at(strength, part["at"].to_numpy(), levels)
        return np.array(FATES)[strength]

    def ledger(self, origin: pd.DataFrame, amount: pd.Series) -> pd.DataFrame:
        """One line per event, led by file, sheet and row, with the row's fate and its money."""
        lines = self.frame().sort_values("at", kind="stable", ignore_index=True)
        at = lines["at"].to_numpy()
        lines["fate"] = self.fates()[at]
        for column in ORIGIN:
            lines[column] = origin[column].to_numpy()[at]
        lines["amount"] = amount.fillna(0.0).to_numpy()[at]
        return lines[COLUMNS]

    def totals(self, amount: pd.Series) -> Totals:
        """Balance rows and money; an unreadable amount holds 0.

        Raises
        ------
        LedgerBroken : the law does not hold
        """
        money = amount.fillna(0.0).to_numpy()
        fates = self.fates()

        def held(names: Iterable[str]) -> float:
            return round(float(money[np.isin(fates, list(names))].sum()), 2)

        totals = Totals(
            rows_in=self.n,
            **{name: int((fates == name).sum()) for name in FATES},
            money_in=round(float(money.sum()), 2),
            money_kept=held(["kept", "changed"]),
            money_merged=held(["merged"]),
            money_set_aside=held(["set_aside"]),
        )
        totals.check()
        return totals
