"""Call sheets with real contacts, one workbook per owner: for those who telephone, kept apart from the report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from segkit.followup.policy import opted_out_of
from segkit.locale import Lang, name_of, say
from segkit.report.model import ReportModel
from segkit.report.render.file_names import file_names
from segkit.report.render.lists import head_of
from segkit.report.render.plan_rows import owner_name, stored_plan, text_of
from segkit.workbook import Book, Head, Page

# channel -> the one contact it needs; no more than that stands in the sheet
NEEDS = {
    "phone": "phone",
    "visit": "phone",
    "sms": "phone",
    "social": "phone",
    "event": "phone",
    "email": "email",
    "survey": "email",
}
UNITS = {
    "customer_id": "id",
    "name": "text",
    "phone": "id",
    "email": "text",
    "channel": "text",
    "due": "date",
    "starts": "text",
    "next_step": "text",
    "task_id": "id",
}


def write_field(
    model: ReportModel,
    folder: Path,
    people: pd.DataFrame,
    target: Path,
    *,
    contacts: str,
    reason: str | None,
    person: str | None,
) -> list[Path]:
    """Call sheets with real names, telephone numbers and e-mail addresses, marked 含个人信息.

    One workbook for each owner of the plan: whom to contact, how, when, about what. Each line holds the one contact
    its channel needs. Left out are tasks of customers who refuse that channel by `opt_out_channels`.

    Parameters
    ----------
    model : the report; ``tables["plan"]`` names the Parquet file of the plan, relative to `folder`
    people : one row per customer as the client gave it: customer_id, and where known name, phone, email,
        opt_out_channels
    target : the folder to write into, outside that of the report; made where it is missing
    contacts : ``none`` writes nothing; ``real`` asks for `reason` and `person`, who answers for it

    Returns
    -------
    The files written, by owner.

    Raises
    ------
    ValueError : real contacts without a reason or a person, or into the folder of the report
    OSError : a file cannot be written
    """
    if contacts == "none":
        return []
    if not reason or not person:
        raise ValueError("real contacts need a reason and a person")
    if target.resolve().is_relative_to(folder.resolve()):
        raise ValueError("real contacts do not belong into the report")
    plan, lang = stored_plan(model, folder), model.meta.lang
    if plan is None or plan.empty:
        return []
    known = people.assign(customer_id=people["customer_id"].astype(str)).drop_duplicates("customer_id")
    sheets: dict[str, list[dict[str, Any]]] = {}
    by_id = known.set_index("customer_id").to_dict("index")
    for task in plan.to_dict("records"):
        who = by_id.get(text_of(task, "customer_id"), {})
        channel = text_of(task, "channel")
        if channel in opted_out_of(text_of(who, "opt_out_channels")):
            continue
        sheets.setdefault(owner_name(task.get("owner"), lang), []).append(_line(task, who, channel, lang))
    target.mkdir(parents=True, exist_ok=True)
    names = file_names(sheets)
    mark = say("field.mark", lang)
    files = []
    for owner, lines in sorted(sheets.items()):
        files.append(target / f"{names[owner]}_{mark}.xlsx")
        _sheet(files[-1], model, owner, lines, say("field.why", lang, reason=reason, person=person))
    return files


def _line(task: dict[str, Any], who: dict[str, Any], channel: str, lang: Lang) -> dict[str, Any]:
    needed = NEEDS.get(channel, "phone")
    return {
        "customer_id": text_of(task, "customer_id"),
        "name": text_of(who, "name"),
        "phone": text_of(who, "phone") if needed == "phone" else "",
        "email": text_of(who, "email") if needed == "email" else "",
        "channel": name_of("channel", channel, lang),
        "due": task["due"],
        "starts": text_of(task, "starts"),
        "next_step": text_of(task, "next_step"),
        "task_id": text_of(task, "task_id"),
    }


def _sheet(path: Path, model: ReportModel, owner: str, lines: Sequence[dict[str, Any]], why: str) -> None:
    lang, meta = model.meta.lang, model.meta
    frame = pd.DataFrame(lines)
    empty = [c for c in ("email", "starts", "phone") if frame[c].eq("").all()]
    frame = frame.drop(columns=empty)
    heads = [Head(head_of(c, lang), UNITS[c], hidden=c == "task_id") for c in frame.columns]
    title = say("field.title", lang, owner=owner, as_of=meta.as_of)
    with Book(path, lang=lang, created=meta.as_of, title=title, label=meta.client_name) as book:
        page = book.page(say("field.mark", lang), Page.fitted(heads, frame, lang))
        page.text(say("field.warning", lang), "warning")
        page.text(why, "note")
        page.text(title, "heading")
        top = page.table(heads, frame)
        page.freeze(top + 1, 2)
        page.printed(len(heads) - 1)
