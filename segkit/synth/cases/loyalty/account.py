"""A member's account under the invented rules (积分规则, 示例参数): stars, expiry, levels."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

# invented rules; they present no real firm's programme
YUAN_A_STAR = 10
LEVELS = (25, 60)  # stars earned in a membership year for level 2 and level 3
REWARDS = (20, 40, 80)  # stars


def last_valid(day: dt.date) -> dt.date:
    """Stars of `day` are valid to the end of the twelfth month after that of earning."""
    return dt.date(day.year + 1, day.month, calendar.monthrange(day.year + 1, day.month)[1])


def earned_level(stars: int) -> int:
    """The level (1..3) that a year with so many stars earns."""
    return 1 + sum(stars >= least for least in LEVELS)


def anniversaries(joined: dt.date, until: dt.date) -> list[dt.date]:
    """The days on which a membership year ended, `until` included."""
    days = [joined.replace(year=year) for year in range(joined.year + 1, until.year + 1)]
    return [day for day in days if day <= until]


def level(joined: dt.date, earned: Sequence[tuple[dt.date, int]], until: dt.date) -> tuple[int, int]:
    """Level on the day `until`, and the stars of the last year that was reviewed.

    At every anniversary the year just over sets the level: up at once, down by one at most.
    """
    now, stars, start = 1, 0, joined
    for end in anniversaries(joined, until):
        stars = sum(n for day, n in earned if start <= day < end)
        now = max(earned_level(stars), now - 1)
        start = end
    return now, stars


@dataclass
class Lot:
    """Stars earned together; `end` is their last valid day."""

    end: dt.date
    stars: int


@dataclass
class Account:
    """Stars in lots, in order of earning; the oldest are spent first (先进先出).

    `expired` : (last valid day, stars) of what lapsed unspent
    """

    lots: list[Lot] = field(default_factory=list)
    expired: list[tuple[dt.date, int]] = field(default_factory=list)

    def credit(self, day: dt.date, stars: int) -> None:
        self.lots.append(Lot(last_valid(day), stars))

    def balance(self, day: dt.date) -> int:
        """Valid stars on `day`; what lapsed before is swept out."""
        while self.lots and self.lots[0].end < day:
            lot = self.lots.pop(0)
            if lot.stars:
                self.expired.append((lot.end, lot.stars))
        return sum(lot.stars for lot in self.lots)

    def debit(self, day: dt.date, stars: int) -> bool:
        """Spend the oldest stars; nothing happens (False) if there are too few."""
        if stars > self.balance(day):
            return False
        for lot in self.lots:
            spent = min(stars, lot.stars)
            lot.stars -= spent
            stars -= spent
        return True
