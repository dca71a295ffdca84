"""The closed loop (闭环): who scored low, who was contacted and how soon, and what they said when asked again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from segkit.report.model import Block, Kpis, Sheet, Text
from segkit.report.study import Head, Shown, Study
from segkit.workdays import add_workdays

TABLES = ("feedback", "surveys")  # the first there is; surveys seldom say who was contacted
LOW = 6  # of 0..10: detractors (Reichheld 2003, The one number you need to grow)
SOON = 3  # working days (示例参数)
FEWEST = 5  # low scores for a topic of its own
COMPARED = 30  # answers from which on two groups are set beside each other
RECOMMENDING = "nps"  # the kind of survey with scores from 0 to 10
TOPICS = ("topic", "reason")


@dataclass(frozen=True)
class Loop:
    """The low scores of a client, with what is known of each.

    `low` has `topic`, and where the client recorded them `contacted`, `soon`, `asked`, `again`, `change`, `group`.
    """

    asked: int
    answered: int
    low: pd.DataFrame

    def knows(self, column: str) -> bool:
        return column in self.low.columns


def feedback(study: Study) -> Shown:
    """Low scores by topic, contacted and how soon, asked again, and beside them who was not contacted."""
    loop = _loop(study)
    if loop is None or not loop.answered:
        return study.add("feedback", [])
    low = len(loop.low)
    ids = [
        study.kpi("feedback_answered", loop.answered, "count", n=loop.asked),
        study.kpi("feedback_low", low, "count", n=loop.answered),
    ]
    blocks: list[Block | None] = [Text(text=_answers(study, loop))]
    if loop.knows("contacted") and low:
        meant = _meant(loop)
        contacted, soon = int(meant["contacted"].sum()), int(meant["soon"].sum())
        ids += [
            study.kpi("feedback_contacted", contacted, "count", n=len(meant)),
            study.kpi("feedback_soon", soon, "count", n=len(meant), days=SOON),
        ]
        facts = {"n": len(meant), "contacted": contacted, "share": contacted / len(meant), "soon": soon}
        facts |= {"soon_share": soon / len(meant), "open": len(meant) - contacted, "days": SOON}
        blocks.append(Text(text=study.say("feedback.contacted", **facts)))
    elif low:
        blocks.append(Text(text=study.say("feedback.not_recorded"), role="note"))
    blocks.insert(0, Kpis(ids=ids))
    blocks.append(_by_topic(study, loop))
    return study.add("feedback", [*blocks, *_asked_again(study, loop)])


# --- the table -------------------------------------------------------------------------------------


def _loop(study: Study) -> Loop | None:
    rows = next((study.tables[name] for name in TABLES if name in study.tables), None)
    if rows is None or "score" not in rows or not pd.api.types.is_numeric_dtype(rows["score"]):
        return None
    if "kind" in rows:
        rows = rows[rows["kind"].astype("string").str.lower() == RECOMMENDING]
    scored = rows["score"].between(0, 10)
    low = rows[scored & (rows["score"] <= LOW)]
    found: dict[str, Any] = {"score": low["score"].astype("float64")}
    topic = next((column for column in TOPICS if column in low), None)
    if topic is not None:
        found["topic"] = low[topic].astype("string")
    if "contacted_at" in low and "date" in low:
        found["contacted"] = low["contacted_at"].notna()
        found["soon"] = _in_time(low["date"], low["contacted_at"])
    if "resurvey_score" in low:
        again = pd.to_numeric(low["resurvey_score"], errors="coerce")
        found["again"], found["change"] = again, again - found["score"]
        found["asked"] = low["resurvey_sent"].notna() if "resurvey_sent" in low else again.notna()
    if "arm" in low:
        found["group"] = low["arm"].astype("string")
    return Loop(len(rows), int(scored.sum()), pd.DataFrame(found, index=low.index))


def _in_time(said: pd.Series, contacted: pd.Series) -> pd.Series:
    """Contacted at most `SOON` working days after the score."""
    days = pd.DataFrame({"said": pd.to_datetime(said), "contacted": pd.to_datetime(contacted)})
    last = {day: pd.Timestamp(add_workdays(day.date(), SOON)) for day in days["said"].dropna().unique()}
    return (days["contacted"] < days["said"].map(last) + pd.Timedelta(days=1)).fillna(False)


def _meant(loop: Loop) -> pd.DataFrame:
    """The low scores that were to be followed up: not those of a group nobody of which was contacted."""
    if not loop.knows("group"):
        return loop.low
    reached = loop.low.groupby("group")["contacted"].any()
    return loop.low[loop.low["group"].map(reached).fillna(True).astype(bool)]


# --- words and tables ------------------------------------------------------------------------------


def _answers(study: Study, loop: Loop) -> str:
    facts = {"asked": loop.asked, "answered": loop.answered, "low": len(loop.low), "limit": LOW}
    share = len(loop.low) / loop.answered
    if loop.asked == loop.answered:
        return study.say("feedback.all_answered", share=share, **facts)
    return study.say("feedback.answers", rate=loop.answered / loop.asked, share=share, **facts)


def _by_topic(study: Study, loop: Loop) -> Sheet | None:
    if not loop.knows("topic") or loop.low["topic"].isna().all():
        return None
    sizes = loop.low["topic"].value_counts()
    large = set(sizes[sizes >= FEWEST].index)
    named = loop.low["topic"].where(loop.low["topic"].isin(large), study.say("groups.other"))
    named = named.where(loop.low["topic"].notna(), study.say("feedback.no_topic"))
    grouped = loop.low.groupby(named)
    table = pd.DataFrame({"low": grouped.size()})
    if loop.knows("contacted"):
        meant = _meant(loop)
        by = meant.groupby(named.loc[meant.index])
        table["meant"] = by.size()
        table["contacted"], table["soon"] = by["contacted"].sum(), by["soon"].sum()
        table = table.fillna(0)
    nothing = table.index == study.say("feedback.no_topic")
    table = table.assign(last=nothing).sort_values(["last", "low"], ascending=[True, False], kind="stable")
    table = table.drop(columns="last")
    head: list[Head] = [
        ("topic", study.say("head.topic"), "text"),
        *[
            (id, study.say(f"head.feedback_{id}", days=SOON), "count")
            for id in ("low", "meant", "contacted", "soon")
            if id in table
        ],
    ]
    rows = [[topic, *row] for topic, row in zip(table.index, table.to_numpy().tolist(), strict=True)]
    total = [study.say("head.total"), *table.sum().tolist()]
    title = study.say("feedback.by_topic", topic=str(table.index[0]), n=int(table["low"].iloc[0]))
    return study.table("feedback", title, head, rows, n=len(loop.low), total=total)


def _asked_again(study: Study, loop: Loop) -> list[Block | None]:
    """Those asked again, contacted and not: how many answered, and what became of their scores."""
    if not loop.knows("again") or not loop.low["again"].notna().any():
        return []
    low = loop.low[loop.low["asked"]]
    drawn = loop.knows("group") and low["group"].nunique() > 1
    if drawn:
        group = low["group"]
    elif loop.knows("contacted"):
        names = {True: study.say("feedback.reached"), False: study.say("feedback.not_reached")}
        group = low["contacted"].map(names)
    else:
        group = pd.Series(study.say("feedback.all"), index=low.index)
    answered = low["again"].notna()
    table = pd.DataFrame(
        {
            "asked": low.groupby(group).size(),
            "answered": answered.groupby(group).sum(),
            "first": low.loc[answered, "score"].groupby(group[answered]).mean(),
            "again": low.loc[answered, "again"].groupby(group[answered]).mean(),
            "change": low.loc[answered, "change"].groupby(group[answered]).mean(),
        }
    )
    reached = low["contacted"].groupby(group).any() if loop.knows("contacted") else None
    if reached is not None:
        table = table.loc[reached.sort_values(ascending=False, kind="stable").index]
    head: list[Head] = [
        ("group", study.say("head.feedback_group"), "text"),
        ("asked", study.say("head.asked_again"), "count"),
        ("answered", study.say("head.answered_again"), "count"),
        ("first", study.say("head.first_score"), "ratio"),
        ("again", study.say("head.second_score"), "ratio"),
        ("change", study.say("head.score_change"), "ratio"),
    ]
    rows = [[name, *row] for name, row in zip(table.index, table.to_numpy().tolist(), strict=True)]
    first = table.iloc[0]
    facts = {"name": table.index[0], "n": int(first["answered"]), "asked": int(first["asked"])}
    title = study.say("feedback.again", change=_signed(first["change"]), **facts)
    sheet = study.table("feedback_again", title, head, rows, n=len(low))
    return [sheet, *_beside(study, table, drawn)]


def _beside(study: Study, table: pd.DataFrame, drawn: bool) -> list[Block]:
    """What the difference between contacted and not contacted can, and cannot, be taken for."""
    if len(table) != 2 or table["answered"].min() < COMPARED:
        return [Text(text=study.say("feedback.no_comparison", least=COMPARED), role="note")]
    (a, one), (b, other) = table.iterrows()
    facts = {
        "a": a,
        "b": b,
        "change_a": _signed(one["change"]),
        "change_b": _signed(other["change"]),
        "n_a": int(one["answered"]),
        "n_b": int(other["answered"]),
        "rate_a": one["answered"] / one["asked"],
        "rate_b": other["answered"] / other["asked"],
    }
    words = Text(text=study.say("feedback.beside", **facts))
    which = "feedback.caution_drawn" if drawn else "feedback.caution_chosen"
    return [words, Text(text=study.say(which, **facts), role="note")]


def _signed(points: float) -> str:
    return f"{points:+.2f}"
