"""How much a bank's clients hold: a stratified sample of a skewed population, month by month, with events.

Money is in 万元 (10,000 CNY), to the yuan. The December average of every client is drawn from the population;
the year is laid backwards from it, so that the weights hold exactly on the as-of date.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from scipy import special

from segkit.synth.dirt import at_scale
from segkit.synth.draws import DIGITS, Draws, quota, significant

CASE = "bank"
MONTHS = [dt.date(2025, month, 1) for month in range(1, 13)]
TIERS = ("ordinary", "gold", "platinum", "private")  # 普通 金卡 白金 私行
FLOORS = np.array([0.0, 5.0, 50.0, 600.0])  # 万元 of monthly average (示例参数)
SAMPLE = (1000, 550, 330, 120)
POPULATION = 1_000_000  # clients of the bank (示例参数); weights add up to it
# China Merchants Bank, annual report 2022: 2.25 % of the retail clients hold 50 万 or more, .07 % 1,000 or more.
# This log-normal (mu, sigma) goes through both points; below 50 it would leave 30 % of all money where the
# report has 18.6 %, hence a wider one there, which meets it at 50.
TAIL, RICH, VERY_RICH = (-1.135, 2.517), 50.0, 1000.0
BODY_SIGMA = 3.8
MOST = 100_000.0  # 1 billion CNY
# months: AR(1) of the logarithm (示例参数)
KEPT, SHOCK, MOST_SHOCK, END_NOISE = 0.9, 0.10, 0.25, 0.04
# planted clients by tier, and what happens to them (示例参数)
SUDDEN, SUDDEN_IN_DECEMBER, SUDDEN_RATIO = (0, 40, 22, 8), 25, (0.40, 0.64)
SLOW, SLOW_RATIO, SLOW_MONTHS = (0, 48, 26, 6), 0.75, 3
PUMPED, PUMP_TIMES, PUMP_SPREAD, QUARTER_ENDS = (20, 80, 20, 0), 1.25, 0.06, (2, 5, 8, 11)
# share who need not reach the next floor; up to this much over PUMP_TIMES
PUMPED_A_LITTLE, LITTLE = 1 / 6, 0.45
# money that only passes: out for a house and back within three months, or in (a bonus) and out again
OUT_AND_BACK, OUT_RATIO, OUT_MONTHS = (0, 12, 6, 2), (0.40, 0.70), (1, 3)
IN_AND_OUT, IN_TIMES, IN_MONTHS = (0, 12, 6, 2), (1.4, 2.4), (1, 2)
END_JUMPS, END_JUMP = 0.02, (0.10, 0.35)  # share of month ends that happen to lie far off, and how far (log)
WATCHED = 50  # clients whose tier in force in December is above that month's average
# months below until a client of this tier is moved down: 3, private clients 6; up the next month
PATIENCE = np.array([3, 3, 3, 6])


@dataclass
class Money:
    """Average and month-end holdings (clients x months), and what was planted with whom."""

    role: np.ndarray  # sudden | slow | out_and_back | in_and_out | dip | pumped | ""
    event: np.ndarray  # month (0..11) in which it begins (in_and_out: in which the balance falls), or -1
    average: np.ndarray
    month_end: np.ndarray
    unpumped: np.ndarray  # month ends without what was pumped in

    def who(self, role: str) -> np.ndarray:
        return np.flatnonzero(self.role == role)


def tier_of(amount: np.ndarray) -> np.ndarray:
    """Tier 0..3 of an amount in 万元."""
    return np.searchsorted(FLOORS[1:], amount, side="right")


def held_tiers(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tier in force after each month, and months in a row below it (clients x months).

    Up as soon as one month's average is above; down to the raw tier after `PATIENCE` months in a row below. The
    first month gives the tier to begin with.
    """
    held, below = raw.copy(), np.zeros_like(raw)
    for t in range(1, raw.shape[1]):
        before = held[:, t - 1]
        waited = np.where(raw[:, t] < before, below[:, t - 1] + 1, 0)
        moves = (raw[:, t] > before) | (waited >= PATIENCE[before])
        held[:, t] = np.where(moves, raw[:, t], before)
        below[:, t] = np.where(moves, 0, waited)
    return held, below


def below_share(amount: np.ndarray | float) -> np.ndarray:
    """Share of the population that holds less than `amount` (万元)."""
    z_rich = (np.log(RICH) - TAIL[0]) / TAIL[1]
    log = np.log(np.maximum(np.asarray(amount, dtype=float), 1e-12))
    z = np.where(log >= np.log(RICH), (log - TAIL[0]) / TAIL[1], z_rich + (log - np.log(RICH)) / BODY_SIGMA)
    return np.round(special.ndtr(z), DIGITS)


def tier_shares() -> np.ndarray:
    """Share of the population in each tier."""
    return np.diff(np.append(below_share(FLOORS), 1.0))


def december(draws: Draws, sizes: list[int]) -> np.ndarray:
    """December averages, tier after tier: spread evenly over each tier's part of the population.

    Private clients are drawn apart below and above 1,000, so that both published shares stand in every draw.
    """
    parts = []
    for tier, n in enumerate(sizes):
        low, high = FLOORS[tier], np.append(FLOORS, np.inf)[tier + 1]
        cuts = [low, VERY_RICH, high] if low < VERY_RICH < high else [low, high]
        edges = [float(below_share(c)) if np.isfinite(c) else 1.0 for c in cuts]
        for a, b, pa, pb, k in zip(
            cuts[:-1], cuts[1:], edges[:-1], edges[1:], quota(np.diff(edges), n), strict=True
        ):
            place = (np.arange(k) + 0.2 + 0.6 * draws.uniform(k)) / k
            most = MOST if np.isinf(b) else b - 0.0001
            parts.append(np.clip(_holding(pa + (pb - pa) * place), max(a, 0.0001), most))
    return np.concatenate(parts)


def _holding(share: np.ndarray) -> np.ndarray:
    """The amount below which this share of the population lies, to the yuan."""
    z = special.ndtri(share)
    z_rich = (np.log(RICH) - TAIL[0]) / TAIL[1]
    log = np.where(z >= z_rich, TAIL[0] + TAIL[1] * z, np.log(RICH) + BODY_SIGMA * (z - z_rich))
    return np.round(significant(np.exp(log)), 4)


def year(draws: Draws, level: np.ndarray, leaving: np.ndarray, scale: float) -> Money:
    """The months that led to the December level; `leaving` weighs who is likelier to leave slowly."""
    n, tier = len(level), tier_of(level)
    path, none_yet = _wandering(draws, n), np.zeros((n, len(MONTHS)))
    money = Money(np.full(n, "", dtype=object), np.full(n, -1), none_yet, none_yet, none_yet)
    for t, k in enumerate(by_tier(SUDDEN, scale)):
        money.role[draws.some(np.flatnonzero(tier == t), k)] = "sudden"
    for t, k in enumerate(by_tier(SLOW, scale)):
        free = np.flatnonzero((tier == t) & (money.role == ""))
        money.role[free[draws.weighted(leaving[free], k)]] = "slow"
    for role, counts in (("out_and_back", OUT_AND_BACK), ("in_and_out", IN_AND_OUT)):
        for t, k in enumerate(by_tier(counts, scale)):
            money.role[draws.some(np.flatnonzero((tier == t) & (money.role == "")), k)] = role
    _outflows(draws, money, path)
    _passing(draws, money, path)
    _dips(draws, money, path, level, at_scale(WATCHED, scale))
    money.average = _yuan(level[:, None] * np.exp(np.round(path, DIGITS)))
    money.average[:, -1] = level
    _month_ends(draws, money, scale)
    return money


def by_tier(counts: tuple[int, ...], scale: float) -> list[int]:
    """How many of each tier a draw of this scale holds; none where there is none."""
    return [at_scale(k, scale, least=min(k, 1)) for k in counts]


def _yuan(amount: np.ndarray) -> np.ndarray:
    return np.maximum(np.round(significant(amount), 4), 0.0001)


def _wandering(draws: Draws, n: int) -> np.ndarray:
    """Log deviation from December, months in order; an AR(1) seen from its end is one again."""
    steps = np.clip(SHOCK * draws.normal(11 * n).reshape(11, n), -MOST_SHOCK, MOST_SHOCK)
    back = [SHOCK / np.sqrt(1 - KEPT**2) * draws.normal(n)]
    for step in steps:
        back.append(KEPT * back[-1] + step)
    return np.round(np.array(back[::-1]).T - back[0][:, None], DIGITS)


def _set_step(path: np.ndarray, who: int, month: int, log_ratio: float) -> None:
    """Let `who` move by this ratio from the month before to `month`, by lifting all that came before."""
    path[who, :month] += path[who, month] - path[who, month - 1] - log_ratio


def _outflows(draws: Draws, money: Money, path: np.ndarray) -> None:
    """Sudden: 36-60 % gone from one month to the next, for good. Slow: a quarter a month, three months long."""
    sudden = draws.some(money.who("sudden"), len(money.who("sudden")))
    now = round(len(sudden) * SUDDEN_IN_DECEMBER / sum(SUDDEN))
    low, high = SUDDEN_RATIO
    place = draws.even(np.zeros(len(sudden)))
    money.event[sudden] = np.where(np.arange(len(sudden)) < now, 11, draws.integers(1, 10, len(sudden)))
    for who, u in zip(sudden, place, strict=True):
        _set_step(path, who, money.event[who], float(np.log(low + (high - low) * u)))
    slow = money.who("slow")
    money.event[slow] = draws.integers(1, 12 - SLOW_MONTHS, len(slow))
    noise = draws.normal(SLOW_MONTHS * len(slow)).reshape(len(slow), SLOW_MONTHS).clip(-2, 2)
    for who, off in zip(slow, noise, strict=True):
        for k in range(SLOW_MONTHS):
            _set_step(path, who, money.event[who] + k, float(np.log(SLOW_RATIO) + 0.03 * off[k]))


def _passing(draws: Draws, money: Money, path: np.ndarray) -> None:
    """Large swings with a harmless reason: the balance is back where it was after a few months."""
    out = money.who("out_and_back")
    money.event[out] = draws.integers(1, 11 - OUT_MONTHS[1], len(out))
    back = money.event[out] + draws.integers(*OUT_MONTHS, len(out))
    low, high = OUT_RATIO
    for who, month, u in zip(out, back, draws.even(np.zeros(len(out))), strict=True):
        path[who, money.event[who] : month] += float(np.log(low + (high - low) * u))
    came = money.who("in_and_out")
    stays = draws.integers(*IN_MONTHS, len(came))
    money.event[came] = draws.integers(2 + IN_MONTHS[1], 11, len(came))
    low, high = IN_TIMES
    for who, months, u in zip(came, stays, draws.even(np.zeros(len(came))), strict=True):
        path[who, money.event[who] - months : money.event[who]] += float(np.log(low + (high - low) * u))


def _dips(draws: Draws, money: Money, path: np.ndarray, level: np.ndarray, wanted: int) -> None:
    """Clients just under a floor who stood above it until a month or two ago (private: up to five).

    As many as it takes to have exactly `wanted` clients whose tier in force differs from December's average.
    """
    raw = tier_of(_yuan(level[:, None] * np.exp(path)))
    raw[:, -1] = tier_of(level)
    watched = held_tiers(raw)[0][:, -1] != raw[:, -1]
    floor = np.append(FLOORS, np.inf)[tier_of(level) + 1]
    near = (level > 0.75 * floor) & (level < 0.97 * floor) & (money.role == "") & ~watched
    chosen = draws.some(np.flatnonzero(near), min(max(1, wanted - int(watched.sum())), int(near.sum())))
    money.role[chosen] = "dip"
    long = draws.integers(1, 5, len(chosen))
    short = draws.integers(1, 2, len(chosen))
    money.event[chosen] = 12 - np.where(floor[chosen] == FLOORS[3], long, short)
    for who, u in zip(chosen, draws.uniform(len(chosen)), strict=True):
        edge, month = np.log(floor[who] / level[who]), money.event[who]
        path[who, month:] = edge - np.abs(edge - path[who, month:]).clip(0.01, 0.29)
        _set_step(path, who, month, float(path[who, month] - edge - np.log(1.03 + 0.1 * u)))
        path[who, :month] = edge + np.maximum(np.abs(path[who, :month] - edge), 0.01)


def _month_ends(draws: Draws, money: Money, scale: float) -> None:
    """Near the average, except with clients whose balance is pumped up at quarter ends (冲量)."""
    average = money.average
    n = len(average)
    calm = END_NOISE * draws.normal(12 * n).clip(-3, 3).reshape(n, 12)
    jump = END_JUMP[0] + (END_JUMP[1] - END_JUMP[0]) * draws.uniform(12 * n).reshape(n, 12)
    jump *= draws.chance(END_JUMPS, 12 * n).reshape(n, 12)
    off = calm + np.where(draws.chance(0.5, 12 * n).reshape(n, 12), jump, -jump)
    money.unpumped = _yuan(average * np.exp(np.round(off, DIGITS)))
    money.month_end = money.unpumped.copy()
    level, floor = average[:, -1], np.append(FLOORS, np.inf)[tier_of(average[:, -1]) + 1]
    watched = held_tiers(tier_of(average))[1][:, -1] > 0
    near = (level > floor / 4) & (level < 0.9 * floor) & (money.role == "") & ~watched
    for t, k in enumerate(by_tier(PUMPED, scale)):
        who = draws.some(np.flatnonzero(near & (tier_of(level) == t)), k)
        money.role[who] = "pumped"
        money.event[who] = QUARTER_ENDS[0]
        money.unpumped[who] = _yuan(average[who] * np.exp(np.round(calm[who], DIGITS)))
        money.month_end[who] = money.unpumped[who]
        u = draws.uniform(k)
        little = np.arange(k) < round(PUMPED_A_LITTLE * k)
        over = floor[who] / level[who]
        times = np.where(little, PUMP_TIMES + LITTLE * u, over * (1.05 + 0.35 * u))
        for month in QUARTER_ENDS:
            least = np.where(little, 0.0, over * 1.01) if month == QUARTER_ENDS[-1] else 0.0
            vary = np.exp(PUMP_SPREAD * draws.normal(k).clip(-2, 2))
            pumped = np.maximum(np.maximum(PUMP_TIMES, least), times * vary)
            money.month_end[who, month] = _yuan(average[who, month] * pumped)
