"""How many customers does a campaign need before its effect can be seen? (样本量)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ipywidgets import Button, FloatSlider, IntSlider

from segkit.charts.effects import WANTED, chance_and_campaigns
from segkit.evaluate.experiment import Uplift, uplift
from segkit.evaluate.power import chance_of_seeing, detectable, sample_size
from segkit.locale import Lang, number, say
from segkit.problems import InputProblems, Problem
from segkit.widgets.explorer import Explorer
from segkit.widgets.parts import Part

DRAWN_ON = dt.date(2025, 12, 31)  # the day of the sample data, for the caption
CAMPAIGNS = 10
CURVE = 60  # points of the curve
MOST_CUSTOMERS = 2_000_000  # above it nobody plans a campaign


@dataclass(frozen=True)
class Sized:
    """What a campaign of one size can show.

    Attributes
    ----------
    treated, control : customers contacted and held out
    chance : to see the effect, in 0..1
    expected : what would be reported if both groups bought exactly as often as they are expected to
    least : the smallest rise seen in four cases of five; None where none would be
    needed : customers in all, so shared out, for a chance of 80 %; None without an effect, or beyond two million
    equal : in each of two groups of one size for the same chance; None without an effect
    campaigns : what ten such campaigns report, drawn at random
    """

    treated: int
    control: int
    chance: float
    expected: Uplift
    least: float | None
    needed: int | None
    equal: int | None
    campaigns: tuple[Uplift, ...]


def sized(base: float, rise: float, customers: int, held_out: float, draw: int = 1) -> Sized:
    """What would a campaign of this size show? Figures of `segkit.uplift` and segkit/evaluate/power.py.

    Parameters
    ----------
    base : share that buys without contact, in 0..1
    rise : true difference contact makes, as a share: 0.02 is two points of a hundred
    customers : contacted and held out together
    held_out : share held out, in 0..1
    draw : which ten campaigns are drawn; the same number draws the same ten

    Raises
    ------
    InputProblems : nobody is left in one of the groups, or more than all would buy
    """
    treated, control = _arms(customers, held_out)
    if min(treated, control) < 1:
        raise InputProblems(
            [Problem("widget.uplift_size.no_group", {"treated": treated, "control": control})]
        )
    if base + rise > 1:
        raise InputProblems([Problem("widget.uplift_size.above_all", {"share": base + rise})])
    rng = np.random.default_rng(draw)
    bought = rng.binomial(treated, base + rise, CAMPAIGNS), rng.binomial(control, base, CAMPAIGNS)
    return Sized(
        treated,
        control,
        chance_of_seeing(treated, control, base, rise),
        uplift(treated=((base + rise) * treated, treated), control=(base * control, control)),
        detectable(treated, control, base),
        _needed(base, rise, held_out) if rise else None,
        sample_size(base, base + rise) if rise else None,
        tuple(
            uplift(treated=(k, treated), control=(c, control))
            for k, c in zip(*map(list, bought), strict=True)
        ),
    )


def _arms(customers: int, held_out: float) -> tuple[int, int]:
    control = round(customers * held_out)
    return customers - control, control


def _chance(base: float, rise: float, customers: int, held_out: float) -> float:
    arms = _arms(customers, held_out)
    return chance_of_seeing(*arms, base, rise) if min(arms) else 0.0


def _needed(base: float, rise: float, held_out: float) -> int | None:
    """The smallest number of customers with a chance of 80 %, searched by halves."""
    low, high = 2, MOST_CUSTOMERS
    if _chance(base, rise, high, held_out) < WANTED:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _chance(base, rise, middle, held_out) >= WANTED else (middle + 1, high)
    return low


def uplift_size(**defaults: Any) -> UpliftSize:
    """How many customers does it take to see what contact does? (增量与样本量)

    Moves: `base` (per cent that buy anyway), `rise` (points contact adds), `customers`, `held_out` (per cent), `draw`
    (which ten campaigns). Shown are the chance to see the rise, the interval one would report, the customers it
    takes, and what ten campaigns drawn at random would report; a button draws another ten.

    Parameters
    ----------
    defaults : first values of the controls; 10, 2, 2000, 20, 1 are sample parameters (示例参数)
    """
    return UpliftSize(**defaults)


class UpliftSize(Explorer):
    """See `uplift_size`."""

    topic = "uplift_size"

    def make_controls(self, lang: Lang) -> dict[str, Any]:
        return {
            "base": FloatSlider(value=10, min=0.5, max=60, step=0.5, readout_format=".1f"),
            "rise": FloatSlider(value=2, min=0, max=20, step=0.5, readout_format=".1f"),
            "customers": IntSlider(value=2000, min=100, max=50_000, step=100),
            "held_out": IntSlider(value=20, min=0, max=50, step=5),
            "draw": IntSlider(value=1, min=1, max=200),
        }

    def actions(self, lang: Lang) -> list[Button]:
        return [self.button("widget.uplift_size.again", self.draw_again)]

    def draw_again(self) -> None:
        """Ten other campaigns."""
        draw = self.controls["draw"]
        draw.value = draw.value % draw.max + 1

    def sized(self, values: Mapping[str, Any]) -> Sized:
        """What a campaign set so would show."""
        base, rise, held_out = (values[name] / 100 for name in ("base", "rise", "held_out"))
        return sized(base, rise, int(values["customers"]), held_out, int(values["draw"]))

    def meaning(self, values: Mapping[str, Any], lang: Lang) -> str:
        found = self.sized(values)
        facts = {"treated": found.treated, "control": found.control, "chance": found.chance}
        which = "meaning" if values["rise"] else "meaning_nothing"
        return say(f"widget.uplift_size.{which}", lang, rise=values["rise"], **facts)

    def render(self, values: Mapping[str, Any], lang: Lang) -> Sequence[Part]:
        found = self.sized(values)
        base, rise, held_out = (values[name] / 100 for name in ("base", "rise", "held_out"))
        customers = int(values["customers"])
        most = max(customers * 1.5, min(found.needed or 0, customers * 10) * 1.2)
        steps = np.unique(np.linspace(max(2, most / CURVE), most, CURVE).astype(int))
        figure = chance_and_campaigns(
            [(int(n), _chance(base, rise, int(n), held_out)) for n in steps],
            found.campaigns,
            customers=customers,
            chance=found.chance,
            difference=rise,
            needed=found.needed,
            lang=lang,
            source=say("widget.uplift_size.source", lang, draw=int(values["draw"])),
            as_of=DRAWN_ON,
        )
        return [figure, self._sentences(found, values, lang)]

    def _sentences(self, found: Sized, values: Mapping[str, Any], lang: Lang) -> list[str]:
        def told(id: str, **facts: Any) -> str:
            return say(f"widget.uplift_size.{id}", lang, **facts)

        low, high = ((end or 0.0) * 100 for end in (found.expected.low, found.expected.high))
        shows = "interval_shows" if found.expected.shown else "interval_open"
        lines = [told(shows, rise=values["rise"], low=low, high=high)]
        if found.least is not None:
            lines.append(told("least", least=found.least * 100))
        if found.needed is not None:
            lines.append(
                told("needed", needed=found.needed, held_out=values["held_out"] / 100, equal=found.equal)
            )
        elif values["rise"]:
            lines.append(told("needed_none", most=MOST_CUSTOMERS, equal=found.equal))
        reported = [(one.value or 0.0) * 100 for one in found.campaigns]
        seen = sum(one.shown for one in found.campaigns)
        facts = {"n": CAMPAIGNS, "seen": seen, "least": number(min(reported)), "most": number(max(reported))}
        wrong = sum(one.shown and (one.value or 0) < 0 for one in found.campaigns)
        lines.append(told("ten" if values["rise"] else "ten_nothing", **facts))
        return lines if not wrong or not values["rise"] else [*lines, told("ten_wrong", n=wrong)]
