"""Do rules cover every case, and can every rule ever decide? (规则检查)"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw
import numpy as np

from segkit.locale import LANGS, Lang, say
from segkit.schemes.base import Scheme
from segkit.schemes.conditions import Conditions
from segkit.schemes.readings import as_it_stands
from segkit.schemes.regions import MOST, regions_of

SHOWN = 5  # holes that are spelt out


@dataclass(frozen=True)
class RuleLint:
    """What is wrong with a list of rules.

    A case is a combination of stretches of the columns on which no condition changes its answer; missing values
    are cases only where a rule asks about them. Rules are counted from 1.

    Attributes
    ----------
    cases : how many there are
    checked : false where there are too many to try
    uncovered : how many no rule holds, where there is no `otherwise`
    holes : these in words, by language; the first few
    never : rules whose own conditions no customer can meet
    shadowed : rules that can never decide, because earlier ones hold all their cases; with those earlier rules
    covered_twice : pairs of rules that hold together in some case (the first wins); for information
    rules : the rules in words, by language
    """

    cases: int
    checked: bool
    uncovered: int
    holes: dict[Lang, tuple[str, ...]]
    never: tuple[int, ...]
    shadowed: tuple[tuple[int, tuple[int, ...]], ...]
    covered_twice: tuple[tuple[int, int], ...]
    rules: dict[Lang, tuple[str, ...]]

    @property
    def ok(self) -> bool:
        """Every case is covered and every rule can decide; `covered_twice` is no fault."""
        return self.checked and not (self.uncovered or self.never or self.shadowed)

    def text(self, lang: Lang = "zh") -> list[str]:
        if not self.checked:
            return [say("schemes.rules.unchecked", lang, cases=self.cases, most=MOST)]
        found = [say("schemes.rules.ok", lang, cases=self.cases)] if self.ok else []
        if self.uncovered:
            found.append(
                say(
                    "schemes.rules.holes",
                    lang,
                    n=self.uncovered,
                    cases=self.cases,
                    which=self.hole_text(lang),
                )
            )
        found += self.faults(lang)
        if self.covered_twice:
            pairs = [say("schemes.rules.pair", lang, first=a, second=b) for a, b in self.covered_twice]
            found.append(say("schemes.rules.covered_twice", lang, which=pairs))
        return found

    def hole_text(self, lang: Lang) -> str:
        return say("schemes.rules.joined", lang).join(self.holes[lang])

    def faults(self, lang: Lang) -> list[str]:
        """Rules that can never decide."""
        rules = self.rules[lang]
        never = [say("schemes.rules.never", lang, n=n, rule=rules[n - 1]) for n in self.never]
        return never + [
            say("schemes.rules.shadowed", lang, n=n, rule=rules[n - 1], earlier=list(earlier))
            for n, earlier in self.shadowed
        ]


def lint_rules(rules: Sequence[tuple[str, Conditions]], otherwise: str | None, scheme: Scheme) -> RuleLint:
    """What `rules`, pairs of label and conditions, leave open; `scheme` knows what its columns are called."""
    conditions = [when for _, when in rules]
    regions = regions_of(conditions)
    words = {lang: tuple(_rule_text(label, when, scheme, lang) for label, when in rules) for lang in LANGS}
    nothing: dict[Lang, tuple[str, ...]] = dict.fromkeys(LANGS, ())
    if regions.count > MOST:
        return RuleLint(regions.count, False, 0, nothing, (), (), (), words)
    cases = nw.from_native(regions.frame())
    told = cases.select(
        *(when.sure(as_it_stands).alias(f"sure_{i}") for i, when in enumerate(conditions)),
        *(when.maybe(as_it_stands).alias(f"maybe_{i}") for i, when in enumerate(conditions)),
    ).to_native()
    sure = np.column_stack([told[f"sure_{i}"].to_numpy(dtype=bool) for i in range(len(conditions))])
    maybe = np.column_stack([told[f"maybe_{i}"].to_numpy(dtype=bool) for i in range(len(conditions))])
    decided = np.where(sure.any(axis=1), sure.argmax(axis=1), -1)
    open_cases = np.asarray(~maybe.any(axis=1) & (otherwise is None))
    boxes = regions.boxes(open_cases, SHOWN + 1)
    holes: dict[Lang, tuple[str, ...]] = {
        lang: (
            *(regions.box_text(box, scheme, lang) for box in boxes[:SHOWN]),
            *(["…"] if boxes[SHOWN:] else []),
        )
        for lang in LANGS
    }
    never, shadowed, twice = [], [], []
    for i in range(len(conditions)):
        own = sure[:, i]
        if not own.any():
            never.append(i + 1)
        elif not (decided == i).any():
            shadowed.append((i + 1, tuple(int(k) + 1 for k in np.unique(decided[own]))))
        twice += [(j + 1, i + 1) for j in range(i) if (own & sure[:, j]).any()]
    return RuleLint(
        cases=regions.count,
        checked=True,
        uncovered=int(open_cases.sum()),
        holes=holes,
        never=tuple(never),
        shadowed=tuple(shadowed),
        covered_twice=tuple(twice),
        rules=words,
    )


def _rule_text(label: str, when: Conditions, scheme: Scheme, lang: Lang) -> str:
    return say("schemes.rules.rule", lang, label=scheme.label_name(label, lang), when=when.text(scheme, lang))
