"""What customers say when asked (满意度): recommend, satisfied, easy; overall, by segment, and who did not answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from segkit.evaluate.estimate import Estimate, sample_for
from segkit.evaluate.survey import TOTAL, by_group, ces, csat, non_response, nps
from segkit.report.model import Block, Kpis, Sheet, Text, Unit
from segkit.report.study import Head, Shown, Study
from segkit.schemes.base import UNKNOWN

TABLE = "surveys"
FEWEST = 30  # answers from which on a figure is spoken of, and groups are set beside each other
SHOWN = 5  # answers from which on a group has a figure at all: of fewer one could tell who said what


@dataclass(frozen=True)
class Asked:
    """One kind of survey: how it is measured, its unit, and how near it should come.

    `near` is plus-minus so much in the figure's own unit, `scale` what one answer's deviation is multiplied with.
    """

    measure: Callable[..., Estimate]
    unit: Unit
    near: float


# near: sample parameters (示例参数)
KINDS = {
    "nps": Asked(nps, "ratio", 10.0),
    "csat": Asked(csat, "share", 0.05),
    "ces": Asked(ces, "ratio", 0.3),
}


def satisfaction(study: Study) -> Shown:
    """Net promoter score, share satisfied and effort with what they rest on; nothing without a survey."""
    rows = study.tables.get(TABLE)
    if rows is None or not {"customer_id", "kind", "score"} <= {*rows.columns} or rows.empty:
        return study.add("satisfaction", [])
    kind = rows["kind"].astype("string").str.strip().str.lower()
    blocks: list[Block | None] = []
    ids: list[str] = []
    for name, asked in KINDS.items():
        answers = _latest(study, rows[(kind == name).fillna(False)])
        if answers.empty:
            continue
        found = by_group(answers["score"], answers["segment"], asked.measure, invalid="leave_out")
        ids.append(study.kpi(f"satisfaction_{name}", found[TOTAL].value, asked.unit, n=found[TOTAL].n))
        blocks.append(Text(text=study.say(f"satisfaction.{name}"), role="heading"))
        blocks += [Text(text=words) for words in _said(study, name, answers, found)]
        blocks.append(_by_segment(study, name, answers, found))
        blocks += [Text(text=words, role="note") for words in _cautions(study, name, answers, found)]
    if not ids:
        return study.add("satisfaction", [Text(text=study.say("satisfaction.no_kind"), role="note")])
    others = int((~kind.isin([*KINDS])).fillna(True).sum())
    if others:
        blocks.append(Text(text=study.say("satisfaction.other_kinds", n=others), role="note"))
    return study.add("satisfaction", [Kpis(ids=ids), *blocks])


# --- the answers --------------------------------------------------------------------------------------


def _latest(study: Study, rows: pd.DataFrame) -> pd.DataFrame:
    """One row per customer asked: the latest answer, or none; with the segment as it is called."""
    rows = rows[rows["customer_id"].notna()].assign(customer_id=rows["customer_id"].astype(str))
    if "date" in rows:
        day = pd.to_datetime(rows["date"])
        rows = rows.assign(day=day)[~(day >= pd.Timestamp(study.as_of) + pd.Timedelta(days=1))]
        rows = rows.sort_values("day", kind="stable", na_position="first")
    answered = rows[rows["score"].notna()].drop_duplicates("customer_id", keep="last")
    silent = rows[~rows["customer_id"].isin(answered["customer_id"])].drop_duplicates("customer_id")
    latest = pd.concat([answered, silent])[["customer_id", "score"]].reset_index(drop=True)
    if study.ranked:  # too few customers for groups
        return latest.assign(segment=None)
    main = study.segmentation.main
    label = study.customers[main].set_axis(study.customers["customer_id"].astype(str))
    label = label[~label.index.duplicated()]
    named = latest["customer_id"].map(label).fillna(UNKNOWN).astype(str)
    return latest.assign(segment=named.map(study.label_name).astype(object))


# --- words --------------------------------------------------------------------------------------------


def _said(study: Study, name: str, answers: pd.DataFrame, found: dict[str, Estimate]) -> list[str]:
    """The figure and how far it could be off, or what sample it would take."""
    total, asked = found[TOTAL], len(answers)
    answered = int(answers["score"].notna().sum())
    facts = {"asked": asked, "answered": answered, "rate": answered / asked}
    said = [study.say("satisfaction.answered" if answered < asked else "satisfaction.all", **facts)]
    if total.value is None:
        return [*said, study.say("satisfaction.none")]
    numbers = {"value": total.value, "low": total.low, "high": total.high, "n": total.n}
    if total.n < FEWEST or total.low is None:
        said.append(
            study.say(f"satisfaction.too_few_{name}", needed=_needed(name, total), least=FEWEST, **numbers)
        )
    else:
        said.append(study.say(f"satisfaction.says_{name}", **numbers))
        said += _apart(study, name, found)
    return said


def _needed(name: str, total: Estimate) -> int:
    """Answers for plus-minus what is asked of this kind; at most as many as the widest spread would take."""
    worst = {"nps": 100.0, "csat": 0.5, "ces": 3.0}[name]
    spread = total.facts.get("deviation") or worst
    if total.n < FEWEST:  # few answers do not know how far answers lie apart
        spread = worst
    return sample_for(KINDS[name].near, deviation=spread)


def _apart(study: Study, name: str, found: dict[str, Estimate]) -> list[str]:
    """The best and the worst segment, where each has enough answers and they do not overlap."""
    groups = {g: e for g, e in found.items() if g != TOTAL and e.n >= FEWEST and None not in (e.low, e.high)}
    if len(groups) < 2:
        return [] if len(found) < 3 else [study.say("satisfaction.segments_too_few", least=FEWEST)]
    high = max(groups, key=lambda g: groups[g].value or 0.0)
    low = min(groups, key=lambda g: groups[g].value or 0.0)
    facts = {"high": high, "high_value": groups[high].value, "low": low, "low_value": groups[low].value}
    apart = (groups[high].low or 0.0) > (groups[low].high or 0.0)
    return [study.say(f"satisfaction.{'apart' if apart else 'alike'}_{name}", **facts)]


def _cautions(study: Study, name: str, answers: pd.DataFrame, found: dict[str, Estimate]) -> list[str]:
    """What could not be counted, who answers too little, and what those who did not answer could change."""
    total, said = found[TOTAL], []
    left_out = int(total.facts.get("left_out", 0))
    if left_out:
        said.append(study.say("satisfaction.left_out", n=left_out))
    silent = int(answers["score"].isna().sum())
    table = non_response(answers["score"], answers["segment"])
    apart = table[table["apart"] & (table["asked"] >= FEWEST)]
    rate = float(table.loc[table["group"] == TOTAL, "rate"].iloc[0])
    for which, part in (("less", apart[apart["rate"] < rate]), ("more", apart[apart["rate"] > rate])):
        if len(part):
            said.append(study.say(f"satisfaction.answers_{which}", names=part["group"].tolist(), rate=rate))
    if silent and total.value is not None and name == "nps":
        held = total.value * total.n
        worst, best = ((held + sign * 100 * silent) / (total.n + silent) for sign in (-1, 1))
        said.append(study.say("satisfaction.silent_nps", n=silent, worst=worst, best=best))
    elif silent and total.value is not None and name == "csat":
        held = total.value * total.n
        facts = {"worst": held / (total.n + silent), "best": (held + silent) / (total.n + silent)}
        said.append(study.say("satisfaction.silent_csat", n=silent, **facts))
    elif silent:
        said.append(study.say("satisfaction.silent", n=silent))
    return said


# --- the table ----------------------------------------------------------------------------------------


def _by_segment(study: Study, name: str, answers: pd.DataFrame, found: dict[str, Estimate]) -> Sheet | None:
    """Per segment: asked, answered, the figure and between what it lies; few answers have no figure."""
    if study.ranked:
        return None
    table = non_response(answers["score"], answers["segment"]).set_index("group")
    order = [study.label_name(label) for label in study.segmentation.main_scheme.order()]
    there = [group for group in table.index if group != TOTAL]
    groups = [group for group in order if group in there]
    groups += [group for group in there if group not in groups]
    unit, rows = KINDS[name].unit, []
    for group in (*groups, TOTAL):
        one = found[group]
        figures = [one.value, one.low, one.high] if one.n >= SHOWN else [None, None, None]
        counts = [int(table.loc[group, "asked"]), int(table.loc[group, "answered"])]
        rows.append([group, *counts, float(table.loc[group, "rate"]), *figures])
    head: list[Head] = [
        ("segment", study.say("head.segment"), "text"),
        ("asked", study.say("head.survey_asked"), "count"),
        ("answered", study.say("head.survey_answered"), "count"),
        ("rate", study.say("head.survey_rate"), "share"),
        ("value", study.say(f"kpi.satisfaction_{name}"), unit),
        ("low", study.say("head.survey_low"), unit),
        ("high", study.say("head.survey_high"), unit),
    ]
    if not answers["score"].isna().any():  # nothing is recorded of who was asked in vain
        kept = [i for i, (id, _, _) in enumerate(head) if id not in ("asked", "rate")]
        head, rows = [head[i] for i in kept], [[row[i] for i in kept] for row in rows]
    total = [study.say("head.total"), *rows[-1][1:]]
    facts = {"n": found[TOTAL].n, "groups": len(groups)}
    title = study.say(f"satisfaction.table_{name}", **facts)
    note = study.say("satisfaction.note", shown=SHOWN, least=FEWEST)
    return study.table(f"satisfaction_{name}", title, head, rows[:-1], n=len(answers), total=total, note=note)
