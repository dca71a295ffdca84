"""What is doubtful in the outcomes of a campaign: a customer in both of its arms, revenue below nought."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segkit.intake.further_tables import OpenTable
from segkit.intake.values import plain
from segkit.problems import Problem

DOUBTED = ("both_arms", "negative")


def note_doubts(opened: OpenTable) -> None:
    """Add to the events and notes of a table of outcomes; its rows stay as they are.

    A customer of one campaign belongs to one arm. The rows of those in both are listed, and so are those with
    negative revenue.
    """
    bench = opened.bench
    heads = {opened.called.get(head, head): head for head in opened.own}
    counts = pd.Series(~np.isin(bench.events.fates(), ["set_aside", "merged"]), index=opened.key.index)
    if "arm" in heads:
        arm = opened.own[heads["arm"]]
        rows = pd.DataFrame({"who": opened.key, "arm": arm, "campaign": ""})
        if "campaign" in heads:
            rows["campaign"] = opened.own[heads["campaign"]].fillna("").astype("str").map(plain)
        rows = rows[counts & arm.notna() & opened.key.notna()]
        arms = rows.groupby(["campaign", "who"])["arm"].transform("nunique")
        both = (arms > 1).reindex(opened.key.index, fill_value=False)
        if both.any():
            facts = {"n": int(opened.key[both].nunique()), "rows": int(both.sum())}
            _say(
                opened,
                both,
                "both_arms",
                heads["arm"],
                Problem("outcomes.both_arms", facts, column=heads["arm"]),
            )
    if "revenue" in heads:
        head = heads["revenue"]
        revenue = pd.to_numeric(opened.own[head], errors="coerce")
        below = counts & (revenue < 0)
        if below.any():
            told = {"n": int(below.sum()), "sum": float(revenue[below].sum())}
            _say(opened, below, "negative", head, Problem("outcomes.negative", told, column=head))


def _say(opened: OpenTable, where: pd.Series, reason: str, head: str, note: Problem) -> None:
    opened.bench.events.add(where, reason, "kept", column=head, old=opened.bench.text[head])
    opened.bench.notes.append(note)
