"""Appendix: do the ways of classifying say the same, and do groups found in the data confirm the rules?"""

from __future__ import annotations

import pandas as pd

from segkit.report.model import Block, Bullets, Sheet, Text
from segkit.report.sizes import FEWEST_GROUPED
from segkit.report.study import Head, Shown, Study
from segkit.schemes.agreement import TOTAL, Agreement, Comparison, compare
from segkit.schemes.base import PROSPECT, UNKNOWN

FOUND_IN_DATA = "clusters"  # kind of the schemes that no rule was given to
BUYING = {"recency_days", "frequency", "monetary", "orders", "aov"}  # columns that rest on purchases
MOST_LABELS = 12  # columns of a cross table; a scheme with more labels is not laid out


def how_they_agree(study: Study) -> Shown:
    """Every pair of schemes with both figures and in words; the main scheme crossed with another; the method."""
    if "agreement" not in study.asked:
        return study.add("agreement", [], appendix=True)
    if study.ranked:
        words = study.say("report.size.no_agreement", n=len(study.customers), least=FEWEST_GROUPED)
        return study.add("agreement", [Text(text=words, role="warning")], appendix=True)
    schemes, customers, main = study.segmentation.schemes, study.customers, study.segmentation.main
    able = sorted((name for name in schemes if study.tells_apart(name)), key=lambda name: name != main)
    pairs = [(a, b) for i, a in enumerate(able) for b in able[i + 1 :]]
    if not pairs:
        words = study.say("agreement.refused", n=len(able))
        return study.add("agreement", [Text(text=words, role="warning")], appendix=True)
    never = _bought_nothing(study)
    found = [
        compare(
            customers[a],
            customers[b],
            names=(a, b),
            order=(schemes[a].order(), schemes[b].order()),
            without=never if BUYING & {*schemes[a].needs(), *schemes[b].needs()} else None,
        )
        for a, b in pairs
    ]
    blocks: list[Block | None] = [Text(text=study.say("agreement.what")), _pairs(study, found)]
    blocks += _crossed(study, found)
    blocks += [Text(text=study.say("agreement.method"), role="heading"), Bullets(items=_method(study))]
    return study.add("agreement", blocks, appendix=True)


def _bought_nothing(study: Study) -> pd.Series:
    """Who bought nothing, by the number of purchases or by a scheme that says so: ABC puts them into its last class."""
    customers = study.customers
    never = customers[list(study.segmentation.schemes)].eq(PROSPECT).any(axis=1)
    return never | (customers["frequency"] <= 0).fillna(False) if "frequency" in customers else never


def _pairs(study: Study, found: list[Comparison]) -> Sheet:
    rows = [
        [
            study.scheme_name(one.first),
            study.scheme_name(one.second),
            one.cramers_v.n,
            _figure(one.cramers_v),
            _figure(one.adjusted_rand),
            _words(study, one),
        ]
        for one in found
    ]
    head: list[Head] = [
        ("first", study.say("head.first_scheme"), "text"),
        ("second", study.say("head.second_scheme"), "text"),
        ("n", study.say("head.customers"), "count"),
        ("cramers_v", study.say("head.cramers_v"), "ratio"),
        ("adjusted_rand", study.say("head.adjusted_rand"), "ratio"),
        ("words", study.say("head.in_words"), "text"),
    ]
    measured = [one for one in found if one.cramers_v.value is not None]
    title = study.say("agreement.table_plain", n=len(found))
    if measured:
        most = max(measured, key=lambda one: one.cramers_v.value or 0.0)
        names = {"first": study.scheme_name(most.first), "second": study.scheme_name(most.second)}
        title = study.say("agreement.table", n=len(found), **names)
    note = study.say("agreement.left_out", labels=[study.label_name(label) for label in (UNKNOWN, PROSPECT)])
    return study.table("agreement", title, head, rows, n=len(study.customers), note=note)


def _figure(found: Agreement) -> float | None:
    return None if found.value is None else round(found.value, 2) + 0.0  # no -0.00


def _words(study: Study, one: Comparison) -> str:
    figures = dict.fromkeys(figure.text(study.lang) for figure in (one.cramers_v, one.adjusted_rand))
    return study.say("groups.join").join(figures)


def _crossed(study: Study, found: list[Comparison]) -> list[Block]:
    """The main scheme beside groups found in the data, where there are any; else beside the scheme least like it."""
    main, schemes = study.segmentation.main, study.segmentation.schemes
    beside = [one for one in found if one.first == main and len(one.table.columns) - 1 <= MOST_LABELS]
    confirming = [one for one in beside if schemes[one.second].kind == FOUND_IN_DATA]
    if confirming:
        return [
            Text(text=study.say("agreement.confirmed"), role="heading"),
            *(block for one in confirming for block in (_cross(study, one), _verdict(study, one))),
        ]
    if not beside:
        return []
    least = min(beside, key=lambda one: (one.cramers_v.value is None, one.cramers_v.value or 0.0))
    return [_cross(study, least)]


def _cross(study: Study, one: Comparison) -> Sheet:
    """Customers of both labels; the last row and column are the sums."""
    first, second = study.segmentation.schemes[one.first], study.segmentation.schemes[one.second]
    labels = [label for label in one.table.columns if label != TOTAL]
    head: list[Head] = [
        ("segment", study.scheme_name(one.first), "text"),
        *[(f"to_{i}", study.label_name(label, second), "count") for i, label in enumerate(labels)],
        (TOTAL, study.say("head.total"), "count"),
    ]
    study.mark_segments(first.order(), first)
    rows = [[label, *one.table.loc[label].tolist()] for label in one.table.index if label != TOTAL]
    total = [study.say("head.total"), *one.table.loc[TOTAL].tolist()]
    names = {"first": study.scheme_name(one.first), "second": study.scheme_name(one.second)}
    title = study.say("agreement.cross", **names)
    n = int(one.table.loc[TOTAL, TOTAL])
    return study.table(f"cross_{one.second}", title, head, rows, n=n, total=total)


def _verdict(study: Study, one: Comparison) -> Text:
    """Do groups that nobody gave a rule for fall together with the rules?"""
    value = one.adjusted_rand.value
    which = (
        "unmeasured" if value is None else "same" if value >= 0.6 else "partly" if value >= 0.2 else "other"
    )
    facts = {
        "rules": study.scheme_name(one.first),
        "found": study.scheme_name(one.second),
        "value": value or 0.0,
    }
    return Text(text=study.say(f"agreement.verdict.{which}", **facts))


def _method(study: Study) -> list[str]:
    lines = [study.say(f"agreement.method.{id}") for id in ("cramers_v", "adjusted_rand", "not_better")]
    kinds = {scheme.kind for scheme in study.segmentation.schemes.values()}
    return [*lines, *([study.say("agreement.method.clusters")] if FOUND_IN_DATA in kinds else [])]
