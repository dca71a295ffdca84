"""E24: NPS of two shops from counts by score, and what a difference of eight points says."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

from segkit.teach.sealed import matches

# answers by score 0 to 10, invented (示例参数); the notebook shows the same table
SHOPS = {
    "a": (6, 1, 2, 3, 4, 6, 8, 14, 22, 24, 30),
    "b": (5, 1, 1, 2, 4, 6, 9, 13, 19, 18, 22),
}
NEAR = 0.6  # points
SAME = 0.12  # points: two wrong ways can come to nearly the same figure


def _shares(counts: tuple[int, ...]) -> tuple[int, int, int]:
    """Promoters, passives, detractors."""
    return sum(counts[9:]), sum(counts[7:9]), sum(counts[:7])


def _is(given: float, of: Callable[[tuple[int, ...]], float]) -> bool:
    """Is it this figure of either shop?"""
    return any(abs(given - of(counts)) <= SAME for counts in SHOPS.values())


def _nps(counts: tuple[int, ...]) -> float:
    promoters, passives, detractors = _shares(counts)
    return 100 * (promoters - detractors) / (promoters + passives + detractors)


def step_shop_a(nps_a: float) -> bool:
    return abs(nps_a - _nps(SHOPS["a"])) <= NEAR


def step_shop_b(nps_b: float) -> bool:
    return abs(nps_b - _nps(SHOPS["b"])) <= NEAR


def step_proven(proven: str) -> bool:
    return matches("E24.proven", proven, "787df620a38180ba")


def step_needed(needed: str) -> bool:
    return matches("E24.needed", str(needed), "15aa2ac113b0f7cd")


def step_act(act: str) -> bool:
    return matches("E24.act", act, "57e1987f6d104e65")


def guessed(nps_a: float, nps_b: float) -> str:
    """How sure a second asking would be to find the first shop ahead, by chance alone."""
    spread = sum(_deviation(counts) ** 2 / sum(counts) for counts in SHOPS.values()) ** 0.5
    again = NormalDist().cdf((nps_a - nps_b) / (spread * 2**0.5))
    return "surely" if again > 0.95 else "likely" if again > 0.6 else "even"


def _deviation(counts: tuple[int, ...]) -> float:
    """Of one answer, in points: 100, 0 or -100."""
    promoters, _, detractors = (part / sum(counts) for part in _shares(counts))
    return 100 * float((promoters + detractors - (promoters - detractors) ** 2) ** 0.5)


def mistake_without_zeros(given: float) -> bool:
    return _is(given, lambda counts: _nps((0, *counts[1:]))) or _is(
        given, lambda counts: 100 * (sum(counts[9:]) - sum(counts[1:7])) / sum(counts)
    )


def mistake_only_promoters(given: float) -> bool:
    return _is(given, lambda counts: 100 * _shares(counts)[0] / sum(counts))


def mistake_without_passives(given: float) -> bool:
    return _is(given, lambda counts: _nps((*counts[:7], 0, 0, *counts[9:])))


def mistake_mean_score(given: float) -> bool:
    return any(abs(given - _mean(counts)) <= 0.05 for counts in SHOPS.values())


def _mean(counts: tuple[int, ...]) -> float:
    return sum(score * n for score, n in enumerate(counts)) / sum(counts)


def mistake_as_share(given: float) -> bool:
    return 0 < abs(given) < 1


def mistake_reads_the_middle(proven: str) -> bool:
    return proven == "a_better"


def mistake_proves_equal(proven: str) -> bool:
    return proven == "same"


def mistake_too_few(needed: str) -> bool:
    return str(needed) in ("200", "800")


def mistake_pays_by_noise(act: str) -> bool:
    return act == "reward"


def mistake_only_waits(act: str) -> bool:
    return act == "ask_more"
