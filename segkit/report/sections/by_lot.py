"""Those contacted against those left out by lot: what a plan of ours and a campaign of the client's say alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from segkit.evaluate.estimate import Estimate
from segkit.evaluate.experiment import LEANING, Segment, Uplift
from segkit.evaluate.power import sample_size
from segkit.report.model import Block, Sheet, Text
from segkit.report.sections.next_holdout import WORTH_SEEING, joined
from segkit.report.study import Head, Study

ENDS = ("value", "low", "high")
VERDICTS = (
    "harmed",
    "helped",
    "leans_harmed",
)  # in the order in which they make a title, what is shown first


@dataclass(frozen=True)
class Comparison:
    """Two arms of one draw, and how they are spoken of.

    Attributes
    ----------
    of : whose sentences, cards and findings: those of the effect of a plan, or of a campaign
    rows : what `found` was made from: `customer_id, arm, converted`, optional `segment, revenue`
    found : `uplift(rows)`
    name : what a segment is called
    order : segments in the order of their scheme; others come after, by name
    table : id of its tables
    """

    study: Study
    of: Literal["effect", "campaign"]
    rows: pd.DataFrame
    found: Uplift
    name: Callable[[str], str]
    order: Sequence[str]
    table: str

    def word(self, id: str, **facts: Any) -> str:
        return self.study.say(f"{self.of}.{id}", **facts)

    @property
    def people(self) -> dict[str, int]:
        """Customers of each arm."""
        return {name: int(arm["customer_id"].nunique()) for name, arm in self._arms()}

    @property
    def times(self) -> dict[str, int]:
        """The same, a customer counted once in every period."""
        return {name: len(arm) for name, arm in self._arms()}

    @property
    def segments(self) -> list[Segment]:
        place = {label: at for at, label in enumerate(self.order)}
        return sorted(self.found.segments, key=lambda one: (place.get(one.segment, len(place)), one.segment))

    def _arms(self) -> list[tuple[str, pd.DataFrame]]:
        parts = {"treated": "treated", "held": "holdout"}
        return [(name, self.rows[self.rows["arm"] == arm]) for name, arm in parts.items()]


# --- all customers together --------------------------------------------------------------------------


def result(one: Comparison) -> str:
    """How many more in a hundred bought, or that nothing can be told of it."""
    found = one.found
    facts = {**per_hundred(found), "base": hundred(found.control), "reached": hundred(found.treated)}
    which = "open" if not found.shown else "more" if (found.value or 0) > 0 else "less"
    return one.word(f"result.{which}", **facts, **one.people)


def money(one: Comparison) -> str:
    """The difference of the money per head, and of all it was measured on, in all periods together."""
    spent, times = one.found.revenue, one.found.priced
    if spent.value is None or spent.low is None or spent.high is None or not one.study.has_money:
        return ""
    sure = spent.low > 0 or spent.high < 0
    each = {name: signed(getattr(spent, name), 2) for name in ENDS}
    sums = {f"sum_{name}": signed(getattr(spent, name) * times, 2) for name in ENDS}
    return one.word("money.sure" if sure else "money.open", **each, **sums)


def left_out(one: Comparison) -> str:
    """How many of those contacted the sum of money does not hold, because nobody is like them."""
    left = one.times["treated"] - one.found.priced
    known = one.found.revenue.value is not None and one.study.has_money
    return one.study.say(f"{one.of}.money.rest", left=left) if known and left else ""


def needed(one: Comparison) -> str:
    """What could be seen with so many, and how many customers it would take."""
    base = one.found.control.value or 0.0
    facts = {"least": 100 * WORTH_SEEING, "needed": needed_customers(one.found), **one.times}
    said = one.word("needed", base=100 * base, **facts)
    seen = one.found.detectable
    return said if seen is None else joined(one.study, [said, one.study.say("effect.seen", seen=100 * seen)])


def needed_customers(found: Uplift) -> int:
    """Customers per arm that would show a difference worth seeing; 0 where everybody buys anyway."""
    base = found.control.value or 0.0
    return sample_size(base, min(1.0, base + WORTH_SEEING)) if base < 1 else 0


def cards(one: Comparison) -> list[str]:
    """More buyers in a hundred, and the money of all contacted; the ids of the cards."""
    study, found, ids = one.study, one.found, []
    if found.value is not None:
        note = study.say("effect.between", **per_hundred(found))
        ids.append(study.kpi(f"{one.of}_more", 100 * found.value, "ratio", n=found.n, note=note))
    spent, times = found.revenue, found.priced
    if spent.value is not None and spent.low is not None and spent.high is not None and study.has_money:
        ends = {name: signed(getattr(spent, name) * times, 2) for name in ("low", "high")}
        note = study.say("effect.between", **ends)
        ids.append(study.kpi(f"{one.of}_money", spent.value * times, "money", n=spent.n, note=note))
    return ids


def finding(one: Comparison) -> None:
    """What can be said for sure goes to page one, harm first."""
    found = one.found
    harmed = [part for part in found.segments if part.segment in found.harmed]
    if harmed and not one.study.ranked:
        worst = min(harmed, key=lambda part: part.shrunk.value or 0.0)
        facts = {**per_hundred(worst.shrunk), "name": one.name(worst.segment)}
        n = worst.treated.n + worst.control.n
    elif found.shown:
        facts, n = {**per_hundred(found), "name": ""}, found.n
    else:
        return
    which = "harmed" if harmed else "more" if (found.value or 0) > 0 else "less"
    one.study.finding(one.of, n=n, base=found.n, claim=f"claim_{which}", action=(f"action_{which}",), **facts)


# --- by segment --------------------------------------------------------------------------------------


def harm(one: Comparison) -> list[Block | None]:
    """Segments that contact put off, by name: those of which it is sure, then those of which it is likelier."""
    if one.study.ranked:
        return []
    blocks: list[Block | None] = []
    for verdict in ("harmed", "leans_harmed"):
        for part in (part for part in one.found.segments if part.verdict == verdict):
            arms = one.rows.loc[one.rows["segment"] == part.segment, "arm"]
            sizes = {"treated": int((arms == "treated").sum()), "held": int((arms == "holdout").sum())}
            facts: dict[str, Any] = {**per_hundred(part.shrunk), "name": one.name(part.segment), **sizes}
            said = [one.word(verdict, **facts)]
            if verdict == "leans_harmed" and (wanted := _to_be_sure(part)):
                said.append(one.word("to_be_sure", needed=wanted, **facts))
            blocks.append(Text(text=joined(one.study, said), role="warning"))
    return blocks


def _to_be_sure(part: Segment) -> int | None:
    """Customers per arm that would show a difference as large as it is thought to be."""
    base, value = part.control.value, part.shrunk.value
    if base is None or not value or not 0 <= base + value <= 1:
        return None
    return sample_size(base, base + value)


def by_segment(one: Comparison) -> list[Block | None]:
    """Shares of both arms, the difference drawn together, what can be said of it; and the money per head."""
    study, parts = one.study, one.segments
    if not parts:
        return []
    which = next((kind for kind in VERDICTS if _of(parts, kind)), "open")
    names = [one.name(label) for label in _of(parts, which)]
    rows = [
        [
            part.segment,
            part.treated.n,
            part.control.n,
            part.treated.value,
            part.control.value,
            *[None if end is None else 100 * end for end in ends_of(part.shrunk)],
            one.word(f"verdict.{part.verdict}"),
        ]
        for part in parts
    ]
    head: list[Head] = [
        ("segment", study.say("head.segment"), "text"),
        ("treated", study.say(f"head.{one.of}_treated"), "count"),
        ("held", study.say(f"head.{one.of}_held"), "count"),
        ("with", study.say(f"head.{one.of}_with"), "share"),
        ("without", study.say(f"head.{one.of}_without"), "share"),
        ("more", study.say("head.effect_more"), "ratio"),
        ("low", study.say("head.effect_low"), "ratio"),
        ("high", study.say("head.effect_high"), "ratio"),
        ("verdict", study.say("head.effect_verdict"), "text"),
    ]
    title = one.word(f"by_segment.{which}", names=names)
    note = study.say("effect.drawn_together", chance=LEANING)
    sheet = study.table(one.table, title, head, rows, n=one.found.n, note=note)
    return [sheet, _money_by_segment(one, parts)]


def _of(parts: list[Segment], verdict: str) -> list[str]:
    return [part.segment for part in parts if part.verdict == verdict]


def _money_by_segment(one: Comparison, parts: list[Segment]) -> Sheet | None:
    study = one.study
    priced = [part for part in parts if part.revenue.value is not None]
    if not priced or not study.has_money:
        return None
    head: list[Head] = [
        ("segment", study.say("head.segment"), "text"),
        ("money", study.say("head.effect_money"), "money"),
        ("low", study.say("head.effect_low"), "money"),
        ("high", study.say("head.effect_high"), "money"),
    ]
    rows = [[part.segment, *ends_of(part.revenue)] for part in priced]
    total = [study.say("effect.whole"), *ends_of(one.found.revenue)]
    title = one.word("money_table")
    return study.table(f"{one.table}_money", title, head, rows, n=one.found.n, total=total)


# --- numbers and words -------------------------------------------------------------------------------


def ends_of(one: Estimate) -> list[float | None]:
    """Value and ends of the interval."""
    return [one.value, one.low, one.high]


def per_hundred(one: Estimate) -> dict[str, str]:
    """Value and ends as customers in a hundred, with their sign."""
    return {name: signed(100 * (getattr(one, name) or 0.0)) for name in ENDS}


def signed(number: float, digits: int = 1) -> str:
    return f"{round(number, digits) + 0.0:+,.{digits}f}"  # no -0.0


def hundred(share: Estimate) -> float:
    return 100 * (share.value or 0.0)
