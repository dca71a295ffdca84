"""Definitions and provenance: what each number means, every threshold with its source, files and versions."""

from __future__ import annotations

from collections.abc import Iterator

from segkit.locale import has_message, has_term, name_of, term
from segkit.playbooks import Attribute, schemes_of
from segkit.report.history import PERIODS
from segkit.report.model import Block, Bullets, Sheet, Text
from segkit.report.sections.overview import WATCHED_DAYS
from segkit.report.sections.strategy import limits_text, rhythm_text
from segkit.report.study import Head, Shown, Study
from segkit.schemes.base import Scheme

DEFINED = (
    "customer",
    "buyer",
    "amount",
    "frequency",
    "recency",
    "aov",
    "repurchase",
    "repurchase_total",
    "active",
    "churn",
    "segments",
    "prospect",
    "quality",
    "timeliness",
    "outlook",
    "campaign",
    "referral",
    "sample_parameter",
)
# definitions that only stand where the report holds the number
WHERE_GIVEN = (
    ("active", "active"),
    ("churn", "churn_rate"),
    ("outlook", "outlook_next"),
    ("campaign", "campaign_more"),
    ("referral", "referral_rate"),
)
OF_MONEY = ("amount", "aov")
OF_PURCHASES = (*OF_MONEY, "customer", "buyer", "frequency", "recency", "prospect")


def definitions(study: Study) -> Shown:
    """Definitions (口径) in words, the rules with their sources, then files with fingerprints and versions."""
    left_out = {*OF_PURCHASES} if not study.has_purchases else set() if study.has_money else {*OF_MONEY}
    left_out |= {"segments"} if study.ranked else set()
    left_out |= {*_unused(study)}
    facts = {"watched": WATCHED_DAYS, "periods": list(PERIODS)}
    facts["days"] = None if study.history is None else study.history.days
    words = [study.say(f"definition.{id}", **facts) for id in DEFINED if id not in left_out]
    if not study.has_purchases:
        words.insert(0, study.say("definition.customer_alone"))
    rules = [] if study.ranked else _rules(study)
    followed = [_policy(study), *_strategies(study)]
    parts = [Bullets(items=words), *rules, *_attributes(study), *followed, _note(study)]
    return study.add("definitions", [*parts, _files(study), _versions(study)])


def _unused(study: Study) -> Iterator[str]:
    """Definitions of numbers that this report does not give."""
    kpis = study.model.kpis
    if "repurchase_rate" not in kpis or study.history is None:
        yield "repurchase"
    if "repurchase_rate" not in kpis or study.history is not None:
        yield "repurchase_total"
    yield from (id for id, kpi in WHERE_GIVEN if kpi not in kpis)
    if all(field["timeliness"] is None for field in study.intake["quality"]["fields"]):
        yield "timeliness"


# --- rules -----------------------------------------------------------------------------------------


def _rules(study: Study) -> list[Block]:
    """Every scheme with all its cut points and where they come from; none without a word on that."""
    blocks: list[Block] = [Text(text=study.say("definition.rules"), role="heading")]
    for name, scheme in study.shown_schemes.items():
        blocks.append(Text(text=study.scheme_name(name), role="heading"))
        lines = [*scheme.rule(study.lang), scheme.unknown_rule(study.lang), *scheme.notes(study.lang)]
        blocks.append(Bullets(items=[*lines, study.say("definition.source", source=_source(study, name))]))
    return blocks


def _source(study: Study, name: str) -> str:
    """Its own source, that of its usual parameters, or the data it learned from; else that none is given."""
    scheme = study.segmentation.schemes[name]
    own = scheme.source_text(study.lang)
    if own:
        return own
    usual = f"definition.source.{_parameters(scheme)}"
    if has_message(usual):
        return study.say(usual)
    if study.playbook is not None and not schemes_of(study.playbook)[name].fitted:
        return study.say("definition.source.learned", n=len(study.customers))
    return study.say("definition.source.none")


def _parameters(scheme: Scheme) -> str:
    """The scheme by the thresholds of the package it uses as they are; "" where somebody chose others."""
    if scheme.kind == "rfm":
        own_map = getattr(scheme, "segments", "")
        return f"rfm.{own_map}" if isinstance(own_map, str) else ""
    changed = {"pareto": ("cuts",), "lifecycle": ("loyal_from",)}.get(scheme.kind)
    fields = type(scheme).model_fields
    if changed and all(getattr(scheme, field) == fields[field].default for field in changed):
        return scheme.kind
    return ""


def _attributes(study: Study) -> list[Block]:
    """How the playbook's own columns were made, their limits with source, and whose are blank for want of consent."""
    if study.playbook is None:
        return []
    made = {n: a for n, a in study.playbook.attributes.items() if n in study.customers.columns}
    lines = [_attribute(study, name, attribute) for name, attribute in made.items()]
    if (consent := study.segmentation.consent) is not None:
        when = consent.when.text(study.segmentation.main_scheme, study.lang)
        lines.insert(0, study.say("definition.consent", when=when, n=len(study.segmentation.withheld)))
    heading = Text(text=study.say("definition.attributes"), role="heading")
    return [heading, Bullets(items=lines)] if lines else []


def _attribute(study: Study, name: str, attribute: Attribute) -> str:
    def called(column: str | None) -> str:
        return "" if column is None else study.field_name(column)

    known = f"definition.table.{attribute.table}"
    facts = {
        "name": study.field_name(name),
        "table": study.say(known)
        if has_message(known)
        else study.say("definition.table", name=attribute.table),
        "column": called(attribute.column),
        "of": called(attribute.of),
        "columns": [called(column) for column in attribute.columns],
        "days": attribute.within_days,
    }
    which = f"definition.take.{attribute.take}"
    if not attribute.column and has_message(f"{which}_rows"):
        which = f"{which}_rows"
    said = study.say(which, **facts)
    if attribute.where is not None:
        when = attribute.where.text(study.segmentation.main_scheme, study.lang)
        said += study.say("definition.take.where", when=when)
    if attribute.within_days is not None:
        said += study.say("definition.take.within", days=attribute.within_days)
    source = attribute.source_text(study.lang)
    if source or attribute.has_threshold:
        source = source or study.say("definition.source.none")
        said += study.say("definition.take.source", source=source)
    return said + study.say("definition.take.end")


# --- follow-up -------------------------------------------------------------------------------------


def _policy(study: Study) -> Sheet | None:
    """When each label is contacted, how, by whom, for how long, and where these figures come from."""
    if study.ranked:
        return None
    here = set(study.customers[study.segmentation.main])
    order = [label for label in study.policy.labels if label in here]
    rows = [
        [
            label if i == 0 else "",
            term(f"content.{touch.content}", study.lang)
            if has_term(f"content.{touch.content}")
            else touch.content,
            name_of("channel", touch.channel, study.lang),
            rhythm_text(touch, study.lang, study.field_name),
            term(f"owner.{touch.owner}", study.lang),
            touch.minutes,
        ]
        for label in order
        for i, touch in enumerate(study.touches(label))
    ]
    if not rows:
        return None
    head: list[Head] = [
        ("segment", study.say("head.segment"), "text"),
        ("next", study.say("head.next_step"), "text"),
        ("channel", study.say("head.channel"), "text"),
        ("rhythm", study.say("head.rhythm"), "text"),
        ("by", study.say("head.by"), "text"),
        ("minutes", study.say("head.minutes"), "hours"),
    ]
    source = study.policy.source_text(study.lang) or study.say("definition.source.none")
    title = study.say("definition.policy", n=len(order), source=source)
    return study.table("policy", title, head, rows, n=len(study.customers))


def _strategies(study: Study) -> Iterator[Block]:
    """The limits of contact with the source of how they count, and what each strategy named is."""
    here = set(study.customers[study.segmentation.main])
    entries = [entry for label, entry in study.policy.labels.items() if label in here]
    if study.ranked or not entries:
        return
    limits = limits_text(study.policy, study.lang)
    yield Text(text=study.say("definition.limits", limits=limits), role="note")
    named = dict.fromkeys(id for entry in entries for id in entry.strategies)
    told = [study.say(f"strategy.about.{id}") for id in named if has_message(f"strategy.about.{id}")]
    if told:
        yield Text(text=study.say("definition.strategies"), role="heading")
        yield Bullets(items=told)


def _note(study: Study) -> Text | None:
    """What a playbook wants said wherever it is used."""
    note = getattr(study.playbook, "note", None)
    return Text(text=note[study.lang], role="warning") if note and study.lang in note else None


# --- provenance ------------------------------------------------------------------------------------


def _files(study: Study) -> Sheet:
    head: list[Head] = [
        ("file", study.say("head.file"), "text"),
        ("sheet", study.say("head.sheet"), "text"),
        ("rows", study.say("head.rows"), "count"),
        ("encoding", study.say("head.encoding"), "text"),
        ("sha256", study.say("head.sha256"), "id"),
    ]
    rows = [
        [s["file"], s["sheet"] or "", s["rows"], s["encoding"] or "", s["sha256"][:16]]
        for s in study.intake["sources"]
    ]
    title = study.say("report.files", n=len({s["file"] for s in study.intake["sources"]}))
    return study.table("files", title, head, rows, n=sum(s["rows"] for s in study.intake["sources"]))


def _versions(study: Study) -> Text:
    versions = study.model.provenance.versions
    return Text(
        text=study.say("report.versions", list=[f"{k} {v}" for k, v in versions.items()]), role="note"
    )
