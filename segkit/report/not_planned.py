"""What was due and is not in the plan (没排上): one row per contact, with why, for whoever leads the work."""

from __future__ import annotations

import pandas as pd

from segkit.followup.plan_model import STANDING, Plan
from segkit.locale import Lang, has_term, name_of, term

COLUMNS = ["customer_id", "name", "segment", "channel", "next_step", "due", "reason"]


def unplanned(plan: Plan, lang: Lang, *, names: pd.Series | None = None) -> pd.DataFrame:
    """Who was to be contacted and is not, and why?

    Parameters
    ----------
    names : what a customer may be called, by customer_id; a name of a person does not belong here

    Returns
    -------
    `customer_id`, `name` where there is one, `segment`, `channel`, `next_step` (words), `due` (when it would have
    been), `reason` (words): first what found no place, then what must not be done, by day
    """
    columns = ["customer_id", "segment", "channel", "content", "due", "reason"]
    parts = [frame[columns] for frame in (plan.unscheduled, plan.excluded) if len(frame)]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    rows["due"] = pd.to_datetime(rows["due"])
    place = {reason: at for at, reason in enumerate(STANDING)}
    rows = rows.assign(place=rows["reason"].map(place).astype("float64"))
    rows = rows.sort_values(["place", "due", "customer_id"], kind="stable", ignore_index=True)
    step = {
        content: term(f"content.{content}", lang) if has_term(f"content.{content}") else content
        for content in rows["content"].dropna().unique()
    }
    why = {reason: name_of("not_planned", reason, lang) for reason in rows["reason"].unique()}
    rows = rows.assign(next_step=rows["content"].map(step), reason=rows["reason"].map(why))
    if names is not None:
        rows["name"] = rows["customer_id"].map(names)
    return rows[[column for column in COLUMNS if column in rows.columns]]
