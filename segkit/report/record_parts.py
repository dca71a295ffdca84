"""Blocks of the customer file that are made out of rows: what was bought, said, complained of, talked about."""

from __future__ import annotations

import pandas as pd

from segkit.followup.policy import CHANNELS
from segkit.locale import name_of
from segkit.privacy.mask import mask_text
from segkit.report.record_fields import CONTACTS, FROM_CASES, FROM_LINES, FROM_SURVEYS, Held, held
from segkit.report.study import Study

SURVEYS = ("surveys", "feedback")  # where answers stand, the first there is
KINDS = ("nps", "csat", "ces")
YEAR, QUARTER = 365, 90  # days
# a text is a choice of a list, not somebody's own words, when so many customers share it (示例参数)
CHOICE, LONGEST_CHOICE = 3, 20


def from_lines(study: Study) -> list[Held]:
    """Channel and category bought most, and the usual days between two purchases."""
    orders = study.orders
    if orders is None:
        return []
    made = {
        "usual_channel": most_often(orders, "channel"),
        "usual_category": most_often(orders, "category"),
        "gap_days": usual_gap(orders),
    }
    return [
        held(field, "behaviour", unit, made[field], "orders", study.say(f"record.made.{field}"))
        for field, unit in FROM_LINES.items()
        if len(made[field])
    ]


def most_often(orders: pd.DataFrame, column: str) -> pd.Series:
    """What stands in `column` on most lines of each customer; of equals the one with more money, then the latest.

    Lines with a negative amount (refunds) are no purchase.
    """
    if column not in orders.columns:
        return pd.Series(dtype=object)
    bought = orders[orders["amount"] >= 0]
    known = bought[bought[column].notna() & bought[column].astype("string").str.strip().ne("")]
    counts = known.groupby(["customer_id", column], as_index=False, observed=True).agg(
        lines=("amount", "size"), money=("amount", "sum"), last=("order_date", "max")
    )
    counts = counts.sort_values(["lines", "money", "last", column], kind="stable")
    first = counts.drop_duplicates("customer_id", keep="last")
    return first.set_index(first["customer_id"].astype(str))[column]


def usual_gap(orders: pd.DataFrame) -> pd.Series:
    """The median days between two order days, of who bought on two days and more."""
    bought = orders[orders["amount"] >= 0]
    days = pd.DataFrame({"id": bought["customer_id"].astype(str), "day": bought["order_date"].dt.normalize()})
    days = days.drop_duplicates().sort_values(["id", "day"], kind="stable")
    gaps = days.groupby("id")["day"].diff().dt.days
    return gaps.groupby(days["id"]).median().dropna()


def from_surveys(study: Study) -> list[Held]:
    """The last score of every kind, when it was given, and the reason where it is one of a list."""
    name, rows = answers(study)
    if rows is None or "score" not in rows or not pd.api.types.is_numeric_dtype(rows["score"]):
        return []
    scored = in_time(rows[rows["score"].notna()], "date", study)
    kinds = _kinds(scored)
    made = {kind: latest(scored[kinds == kind])["score"] for kind in KINDS}
    last = latest(scored)
    if "date" in last:
        made["survey_date"] = last["date"]
    if "reason" in last:
        made["survey_reason"] = chosen(scored, "reason", last["reason"])
    source = study.say("record.source.table", table=table_name(study, name), file=files_of(study, name))
    return [
        held(field, "needs", FROM_SURVEYS[field], values, name, source)
        for field, values in made.items()
        if len(values) and values.notna().any()
    ]


def answers(study: Study) -> tuple[str, pd.DataFrame | None]:
    """The table of survey answers and its name."""
    name = next((n for n in SURVEYS if n in study.tables), SURVEYS[0])
    return name, study.tables.get(name)


def _kinds(rows: pd.DataFrame) -> pd.Series:
    """Answers that do not say their kind are recommendation scores, as the feedback section takes them."""
    if "kind" not in rows:
        return pd.Series(KINDS[0], index=rows.index)
    return rows["kind"].astype("string").str.lower().fillna("")


def from_cases(study: Study) -> list[Held]:
    """Complaints of the last year, and those that are still open."""
    rows = cases(study)
    if rows is None:
        return []
    ids = rows["customer_id"].astype(str)
    made = {}
    if "opened_at" in rows:
        recent = rows["opened_at"] > pd.Timestamp(study.as_of) - pd.Timedelta(days=YEAR)
        made["complaints_12m"] = recent.groupby(ids).sum().astype("Int64")
    if "closed_at" in rows:
        made["complaints_open"] = rows["closed_at"].isna().groupby(ids).sum().astype("Int64")
    source = study.say(
        "record.source.table", table=table_name(study, "complaints"), file=files_of(study, "complaints")
    )
    return [held(f, "needs", FROM_CASES[f], values, "complaints", source) for f, values in made.items()]


def cases(study: Study) -> pd.DataFrame | None:
    """Complaints opened up to the day of the report."""
    rows = study.tables.get("complaints")
    if rows is None:
        return None
    if "opened_at" not in rows and "date" in rows:
        rows = rows.rename(columns={"date": "opened_at"})
    return in_time(rows, "opened_at", study)


def from_contacts(study: Study) -> list[Held]:
    """The last contact: when, over which channel, with what outcome; what was agreed; how many in 90 days."""
    rows = contacts(study)
    if rows is None or rows.empty:
        return []
    last = latest(rows)
    recent = rows["date"] > pd.Timestamp(study.as_of) - pd.Timedelta(days=QUARTER)
    made = {"last_contact": last["date"]}
    if "channel" in last:
        made["contact_channel"] = last["channel"].map(lambda id: channel_name(study, id))
    if "outcome" in last:
        made["contact_outcome"] = outcomes_named(study, rows, last["outcome"])
    if "next_date" in last and pd.api.types.is_datetime64_any_dtype(last["next_date"]):
        made["contact_next"] = last["next_date"].where(last["next_date"] > pd.Timestamp(study.as_of))
    made["contacts_90d"] = recent.groupby(rows["customer_id"].astype(str)).sum().astype("Int64")
    source = study.say(
        "record.source.table", table=table_name(study, "contacts"), file=files_of(study, "contacts")
    )
    return [
        held(f, "contacts", CONTACTS[f], made[f], "contacts", source)
        for f in CONTACTS
        if f in made and made[f].notna().any()
    ]


def contacts(study: Study) -> pd.DataFrame | None:
    """Contacts up to the day of the report, in the order of their days."""
    rows = study.tables.get("contacts")
    if rows is None or "date" not in rows or "customer_id" not in rows:
        return None
    return in_time(rows, "date", study).sort_values("date", kind="stable")


def channel_name(study: Study, id: object) -> str | None:
    """A channel as it is called; the client's own word where it is none of ours."""
    if not isinstance(id, str) or not id.strip():
        return None
    return name_of("channel", id, study.lang) if id in CHANNELS else mask_text(id)


def outcomes_named(study: Study, rows: pd.DataFrame, values: pd.Series) -> pd.Series:
    """What came of contacts: ours by its name (要求不再联系), the client's own choices as they are written."""
    said = chosen(rows, "outcome", values)
    return said.map(lambda word: name_of("contact_outcome", word, study.lang), na_action="ignore")


def chosen(rows: pd.DataFrame, column: str, values: pd.Series) -> pd.Series:
    """`values` where they are choices of a list; somebody's own words, which may hold anything, are left out."""
    texts = rows[column].astype("string").str.strip()
    shared = rows["customer_id"].astype(str).groupby(texts).nunique()
    usual = {text for text, n in shared.items() if n >= CHOICE and len(str(text)) <= LONGEST_CHOICE}
    said = values.astype("string").str.strip()
    return said.where(said.isin(usual)).astype(object).map(mask_text, na_action="ignore")


def in_time(rows: pd.DataFrame, column: str, study: Study) -> pd.DataFrame:
    """Rows of known days, up to the day of the report; all of them where no day stands in the table."""
    if column not in rows:
        return rows
    return rows[rows[column] < pd.Timestamp(study.as_of) + pd.Timedelta(days=1)]


def latest(rows: pd.DataFrame) -> pd.DataFrame:
    """The last row of every customer, by customer_id; without days the last in the table."""
    ordered = rows.sort_values("date", kind="stable") if "date" in rows else rows
    last = ordered.drop_duplicates("customer_id", keep="last")
    return last.set_index(last["customer_id"].astype(str))


def table_name(study: Study, name: str) -> str:
    """A table as a reader knows it: one of ours by its term, one of the client's by its name."""
    return name_of("table", name, study.lang)


def files_of(study: Study, name: str) -> str:
    """The files of a table, or of orders or customers, in the words of a source."""
    counted = [table for table in study.intake.get("counted", []) if table["grain"] == name]
    about = counted[0] if counted else study.intake.get("tables", {}).get(name, {})
    first, *more = about.get("files") or [""]
    return study.say("report.sources", first=first, n=len(more) + 1) if more else str(first)
