"""How well does a score tell apart who succeeded and who did not, and are its chances true?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Z95 = 1.959964


class Auc(NamedTuple):
    """The area under the ROC curve with its 95 % interval."""

    value: float
    low: float
    high: float


def auc(score: Floats, outcome: Flags) -> Auc:
    """How likely does one who succeeded score higher than one who did not? .5 is chance, ties count half.

    References
    ----------
    Hanley & McNeil (1982) for the meaning; DeLong, DeLong & Clarke-Pearson (1988) for the interval.
    """
    won, lost = score[outcome], score[~outcome]
    among_all = rankdata(np.concatenate([won, lost]))
    # share of the other side each one is above
    above = (among_all[: len(won)] - rankdata(won)) / len(lost)
    below = 1 - (among_all[len(won) :] - rankdata(lost)) / len(won)
    value = float(above.mean())
    spread = [float(part.var(ddof=1)) / len(part) if len(part) > 1 else 0.0 for part in (above, below)]
    half = Z95 * float(np.sqrt(sum(spread)))
    return Auc(value, max(0.0, value - half), min(1.0, value + half))


def lift_by_decile(score: Floats, outcome: Flags) -> pd.DataFrame:
    """How much likelier are the best tenths to succeed than all? Best first; equal scores share a tenth.

    Returns
    -------
    `decile` (1 best), `n`, `events`, `rate`, `lift` = rate / rate of all, `captured` = share of all successes
    in this tenth and those above. With few distinct scores some tenths are missing.
    """
    ahead = len(score) - rankdata(score, method="max")
    decile = (10 * ahead // len(score)).astype(int) + 1
    table = _rates(decile, outcome, "decile")
    table["lift"] = table["rate"] / outcome.mean()
    table["captured"] = table["events"].cumsum() / outcome.sum()
    return table


def calibration(chance: Floats, outcome: Flags, groups: int = 5) -> pd.DataFrame:
    """Of those given about this chance, how many succeeded? Lowest chance first; equal chances share a group.

    Returns
    -------
    `group`, `n`, `events`, `rate`, its 95 % interval `low`, `high` (Wilson 1927), `predicted` = mean chance given
    """
    below = rankdata(chance, method="min") - 1
    group = (groups * below // len(chance)).astype(int) + 1
    table = _rates(group, outcome, "group")
    share, n = table["rate"], table["n"]
    middle = (share + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 / (1 + Z95**2 / n) * np.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    table["low"], table["high"] = middle - half, middle + half
    table["predicted"] = pd.Series(chance).groupby(group).mean().to_numpy()
    return table


def brier(chance: Floats, outcome: Flags) -> float:
    """Mean squared distance of chance and outcome (Brier 1950): 0 is perfect."""
    return float(((chance - outcome) ** 2).mean())


def _rates(group: NDArray[np.intp], outcome: Flags, name: str) -> pd.DataFrame:
    counted = pd.DataFrame({name: group, "won": outcome}).groupby(name)["won"].agg(["size", "sum"])
    counted.columns = pd.Index(["n", "events"])
    table = counted.reset_index()
    table["rate"] = table["events"] / table["n"]
    return table
