"""Rules in order: the first whose conditions hold decides."""

from __future__ import annotations

from typing import Any, Literal, Self

import narwhals as nw
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from segkit.locale import LANGS, Lang, say
from segkit.schemes.base import PROSPECT, UNKNOWN
from segkit.schemes.conditional import ConditionalScheme, first_match, open_question
from segkit.schemes.conditions import Conditions, kinds_of
from segkit.schemes.ladder import Frame, refusal
from segkit.schemes.readings import Reader, as_it_stands
from segkit.schemes.rule_lint import RuleLint, lint_rules
from segkit.schemes.wording import braced

OPEN = -1  # a missing value leaves open which rule decides


class Rule(BaseModel):
    """One line: the label of customers for whom `when` holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    label: str
    when: Conditions


class Rules(ConditionalScheme):
    """Which rule is the first to fit this customer? (规则分类: 京东示例规则, 汽车 H/A/B/C, 随访规则)

    ::

        kind: rules
        rules:
          - {label: high_value, when: {monetary: {at_least: 10000}, orders: {at_least: 10}}}
          - {label: prospect, when: {orders: 0}}
        otherwise: ordinary

    Parameters
    ----------
    rules : label and conditions (see `Conditions`), in order; the first that holds decides
    otherwise : the label of all others; without it the rules must cover every case, or the scheme is refused,
        naming what no rule covers
    best_first : written `order`: all labels from best to worst; left out: as they stand in the rules

    A customer is ``unknown`` where a rule ahead of the first sure match hangs on a missing value and would give
    another label; a missing value that cannot matter does no harm. Nothing is learned.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    kind: Literal["rules"] = "rules"
    rules: tuple[Rule, ...]
    otherwise: str | None = None
    best_first: tuple[str, ...] | None = Field(default=None, alias="order")

    @model_validator(mode="after")
    def _sound(self, info: ValidationInfo) -> Self:
        labels = self._labels()
        if not self.rules:
            raise refusal("schemes.nothing_listed", self.kind, key="rules")
        if UNKNOWN in labels:
            raise refusal("schemes.label_unknown", self.kind, unknown=UNKNOWN)
        if self.best_first is not None and sorted(self.best_first) != sorted(labels):
            raise refusal("schemes.order_of_labels", self.kind, labels=labels, order=list(self.best_first))
        kinds_of(self.conditions())
        if self.otherwise is None and not (info.context or {}).get("with_holes"):
            found = self.lint()
            if found.uncovered:
                facts = {f"which_{lang}": found.hole_text(lang) for lang in LANGS}
                raise refusal(
                    "schemes.rules_have_holes", self.kind, n=found.uncovered, cases=found.cases, **facts
                )
        return self

    def _labels(self) -> list[str]:
        last = [self.otherwise] if self.otherwise is not None else []
        return list(dict.fromkeys([*(rule.label for rule in self.rules), *last]))

    def conditions(self) -> list[Conditions]:
        return [rule.when for rule in self.rules]

    def order(self) -> tuple[str, ...]:
        if self.best_first is not None:
            return (*self.best_first, UNKNOWN)
        labels = self._labels()
        return (*(la for la in labels if la != PROSPECT), *(la for la in labels if la == PROSPECT), UNKNOWN)

    def lint(self) -> RuleLint:
        """What the rules leave open, which can never decide, which hold together."""
        return lint_rules([(rule.label, rule.when) for rule in self.rules], self.otherwise, self)

    # --- labels --------------------------------------------------------------------------------

    def _outcomes(self) -> list[str]:
        """The label by rule, then the one where no rule holds."""
        return [*(rule.label for rule in self.rules), self.otherwise or UNKNOWN]

    def outcome(self, frame: Frame, read: Reader) -> Frame:
        labels, first = self._outcomes(), nw.col("__first")
        unclear = open_question(first, self.conditions(), labels, read)
        label = (
            nw.when(unclear)
            .then(nw.lit(OPEN))
            .otherwise(first)
            .replace_strict(list(range(len(labels))), labels, default=UNKNOWN, return_dtype=nw.String)
        )
        staged = frame.with_columns(first_match(self.conditions(), read).alias("__first"))
        return staged.with_columns(label.alias(self.name)).drop("__first")

    # --- words ---------------------------------------------------------------------------------

    def reasons(self, cases: pd.DataFrame, lang: Lang) -> list[str]:
        conditions = self.conditions()
        told = self.outcome(nw.from_native(cases), as_it_stands).with_columns(
            first_match(conditions, as_it_stands).alias("__first"),
            *(when.undecided(as_it_stands).alias(f"__open_{i}") for i, when in enumerate(conditions)),
        )
        return [self._reason(case, lang) for case in told.to_native().to_dict("records")]

    def _reason(self, case: dict[str, Any], lang: Lang) -> str:
        label, first = case[self.name], case["__first"]
        if label == UNKNOWN:
            return braced(self._why_unknown(case, lang))
        decided = first < len(self.rules)
        columns = self.rules[first].when.columns() if decided else self.needs()
        facts = [self.fact(c, case[c], lang) for c in columns]
        said = {"label": braced(self.label_name(label, lang)), "facts": facts, "change": "{change}"}
        if not decided:
            return say("schemes.rules.explain_otherwise", lang, **said)
        rule = braced(self.rules[first].when.text(self, lang))
        return say("schemes.rules.explain", lang, n=first + 1, rule=rule, **said)

    def _why_unknown(self, case: dict[str, Any], lang: Lang) -> str:
        labels, first = self._outcomes(), case["__first"]
        open_rules = [
            rule.when
            for i, rule in enumerate(self.rules[:first])
            if case[f"__open_{i}"] and rule.label != labels[first]
        ]
        columns = dict.fromkeys(c for when in open_rules for c in when.columns() if pd.isna(case[c]))
        if not columns:
            return say("schemes.rules.explain_no_rule", lang, label=self.label_name(UNKNOWN, lang))
        return self.explain_missing(list(columns), lang)

    def rule(self, lang: Lang) -> list[str]:
        steps = [
            say(
                "schemes.rules.step",
                lang,
                n=n,
                label=self.label_name(r.label, lang),
                when=r.when.text(self, lang),
            )
            for n, r in enumerate(self.rules, 1)
        ]
        said = [say("schemes.rules.rule_head", lang, n=len(steps)), *steps]
        if self.otherwise is not None:
            said.append(say("schemes.rules.otherwise", lang, label=self.label_name(self.otherwise, lang)))
        return said

    def unknown_rule(self, lang: Lang) -> str:
        return say("schemes.rules.unknown", lang, label=self.label_name(UNKNOWN, lang))

    def notes(self, lang: Lang = "zh") -> list[str]:
        found = self.lint()
        return found.text(lang) if not found.checked else found.faults(lang)
