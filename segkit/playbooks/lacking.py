"""What a policy hangs on and the client's data do not have."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

from segkit.followup.policy import PLAN_START, Policy, Touch
from segkit.locale import LANGS, listing, name_of
from segkit.problems import Problem


def policy_gaps(
    policy: Policy, columns: Collection[str], *, labels: Collection[str] | None = None
) -> list[Problem]:
    """Which touches can never fall due, for want of the date they are counted from?

    Parameters
    ----------
    columns : the columns of the labelled customers
    labels : the labels that occur; by default all of the policy's

    Returns
    -------
    list[Problem] : one for each missing column, with what hangs on it and the column likely meant; one for a
        missing column of urgency
    """
    waiting: dict[str, list[Touch]] = {}
    for label, entry in policy.labels.items():
        if labels is not None and label not in labels:
            continue
        for touch in entry.touches:
            column = touch.yearly or (touch.anchor if touch.on_days else PLAN_START)
            if column != PLAN_START and column not in columns:
                waiting.setdefault(column, []).append(touch)
    gaps = [_no_date(column, touches, columns) for column, touches in waiting.items()]
    if policy.urgency and policy.urgency not in columns:
        gaps.append(Problem("policy.no_urgency", {"column": policy.urgency}))
    return gaps


def _no_date(column: str, touches: list[Touch], columns: Collection[str]) -> Problem:
    facts: dict[str, Any] = {"column": column}
    for lang in LANGS:
        contents = dict.fromkeys(name_of("content", touch.content, lang) for touch in touches)
        facts[f"what_{lang}"] = listing(contents, lang)
    near = get_close_matches(column, columns, 1)
    if near:
        return Problem("policy.no_anchor_near", {**facts, "near": near[0]})
    return Problem("policy.no_anchor", facts)
