"""Was the incentive worth its money? Profit it added, and what one extra purchase cost (激励成本)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segkit.evaluate.estimate import Estimate
from segkit.problems import InputProblems, Problem


def incremental_profit(gain: Estimate, *, people: int, margin: float, cost: float) -> Estimate:
    """How much profit did contacting `people` customers add? (增量利润)

    people x (gain x margin) - cost, and the same of both ends of the interval.

    Parameters
    ----------
    gain : per customer: `uplift(...)`, then `margin` is the profit of one purchase in money; or its `revenue`, then
        `margin` is the profit in one unit of money sold, in 0..1
    people : customers contacted
    cost : of all that was sent and redeemed, in money

    Returns
    -------
    Estimate in money; without a value where the gain has none
    """
    _no_less_than_nothing(people=people, cost=cost)

    def profit(gained: float | None) -> float | None:
        return None if gained is None else people * gained * margin - cost

    low, high = _in_order(profit(gain.low), profit(gain.high))
    return Estimate(profit(gain.value), low, high, gain.n, gain.level, "money", "incremental_profit")


@dataclass(frozen=True)
class ExtraPurchase(Estimate):
    """What one purchase cost that would not have been made otherwise (每笔增量订单的成本).

    Attributes
    ----------
    per_purchase : what it seems to cost when all purchases of those contacted are counted; flatters
    why_not : where it has no value: `none_shown` (the interval of the effect holds 0), `fewer` (those contacted bought
        less), `not_measured`
    """

    per_purchase: float | None = None
    why_not: Literal["", "none_shown", "fewer", "not_measured"] = ""


def cost_of_extra_purchase(
    gain: Estimate, *, people: int, cost: float, bought: int | None = None
) -> ExtraPurchase:
    """What did the incentive cost per purchase it brought about? (券成本 / 增量订单)

    Cost over extra purchases, not over all: most of those who used a coupon would have bought anyway.

    Parameters
    ----------
    gain : `uplift(...)`: extra purchases per customer contacted
    people : customers contacted
    cost : of all that was sent and redeemed, in money
    bought : purchases of those contacted, for the figure that flatters

    Returns
    -------
    ExtraPurchase : cost / (people x gain), its interval from the ends of the gain's. Where that holds 0 no extra
        purchase is shown, the cost of one may be anything, and there is no value.
    """
    _no_less_than_nothing(people=people, cost=cost)
    each = cost / bought if bought else None

    def found(
        *ends: float | None, why: Literal["", "none_shown", "fewer", "not_measured"] = ""
    ) -> ExtraPurchase:
        value, low, high = ends or (None, None, None)
        return ExtraPurchase(
            value,
            low,
            high,
            gain.n,
            gain.level,
            "money",
            "cost_of_extra",
            per_purchase=each,
            why_not=why,
        )

    if gain.value is None or gain.low is None or gain.high is None or people == 0:
        return found(why="not_measured")
    if gain.high < 0:
        return found(why="fewer")
    if gain.low <= 0:
        return found(why="none_shown")
    return found(*(cost / (people * gained) for gained in (gain.value, gain.high, gain.low)))


def _in_order(low: float | None, high: float | None) -> tuple[float | None, float | None]:
    """Ends of an interval in order, or none."""
    return (None, None) if low is None or high is None else (min(low, high), max(low, high))


def _no_less_than_nothing(**numbers: float) -> None:
    wrong = {name: number for name, number in numbers.items() if not number >= 0}
    if wrong:
        name, number = next(iter(wrong.items()))
        raise InputProblems([Problem("evaluate.below_zero", {"name": name, "value": number})])
