"""The plan as sheets people work with: what to do with whom, and columns to fill in with what came of it.

One sheet for everybody, one for each owner, and a workbook for each owner to hand out; all with the same columns,
so rows can be copied from one to the other. Calls and visits stand first; messages, which are sent in batches,
stand on a sheet of their own after them. Nothing is protected: a protected sheet cannot be sorted. What
comes back is read by `segkit.report.returned`.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from segkit.followup.batching import by_hand
from segkit.locale import Lang, name_of, say
from segkit.report.model import ReportModel
from segkit.report.render.file_names import file_names
from segkit.report.render.lists import Sheeted, wholly_empty, working_list
from segkit.report.render.plan_rows import owner_name, stored_table
from segkit.report.returned_words import AS_OF_MARK, CLIENT_MARK, OUTCOMES, OWNER_MARK, STATUSES
from segkit.workbook import Book, Page

# field -> unit, in the order the columns stand; a field not listed follows after these
PLAN = {
    "due": "date",
    "starts": "text",
    "customer_id": "id",
    "name": "text",
    "segment": "text",
    "why": "text",
    "next_step": "text",
    "channel": "text",
    "owner": "text",
    "minutes": "count",
}
TO_FILL = {
    "status": "text",
    "done_on": "day",
    "result": "text",
    "next_date": "day",
    "spent": "count",
    "note": "text",
}
PLAN_TAIL = {"value": "money", "marketing": "text", "task_id": "id"}
# characters: together they fit a sheet of A4 at about 7.5 points, with room for what is written by hand
WIDTHS = {
    "due": 12.0,
    "starts": 8.0,
    "name": 19.0,
    "why": 30.0,
    "next_step": 21.0,
    "channel": 9.5,
    "owner": 10.0,
    "minutes": 9.0,
}
FILL_WIDTHS = {
    "status": 9.5,
    "done_on": 12.0,
    "result": 13.0,
    "next_date": 12.0,
    "spent": 9.0,
    "note": 22.0,
}
IN_SIGHT = ("due", "starts", "customer_id", "name")  # stay when one scrolls to the right
BY_CLOCK = ("due", "starts", "owner")
IN_BATCHES = ("due", "owner", "channel", "content", "starts")
SHEETS = 60  # owners with a sheet of their own; beyond that tabs cannot be found again
MOST_TASKS = 20_000  # a plan beyond this is not written twice into one workbook; owners have their files
DONE_WITH = ("done", "dropped")  # status whose rows turn grey


def plan_pages(book: Book, model: ReportModel, plan: pd.DataFrame, *, owner: str = "") -> None:
    """Calls and visits on a sheet, then messages on one of their own; a sheet without tasks is not made.

    `owner` : whose tasks these are; by default everybody's
    """
    lang, hand = model.meta.lang, by_hand(plan)
    if hand.any():
        plan_list(book.page(owner or say("xlsx.sheet.plan", lang)), model, plan[hand], owner=owner)
    if not hand.all():
        plan_list(book.page(say("xlsx.sheet.messages", lang)), model, plan[~hand], owner=owner, messages=True)


def plan_list(
    page: Page, model: ReportModel, plan: pd.DataFrame, *, owner: str = "", messages: bool = False
) -> None:
    """Who is contacted when, why and by whom, with empty columns for what came of it.

    Parameters
    ----------
    plan : one row per task; `task_id` stands in a hidden column
    owner : whose sheet it is; by default everybody's
    messages : are they sent in batches? Then what goes out in one go stands together
    """
    lang, meta = model.meta.lang, model.meta
    by = [c for c in (IN_BATCHES if messages else BY_CLOCK) if c in plan.columns]
    lines = plan.sort_values(by, kind="stable", ignore_index=True) if by else plan
    if "owner" in lines:
        lines = lines.assign(owner=lines["owner"].map(lambda one: owner_name(one, lang)))
    lines = lines.drop(columns=[*TO_FILL], errors="ignore").assign(**dict.fromkeys(TO_FILL, ""))
    offers = {
        "status": tuple(status_name(s, lang) for s in STATUSES),
        "result": tuple(outcome_name(o, lang) for o in OUTCOMES),
    }
    layout = Sheeted(
        fill=frozenset(TO_FILL),
        offers=offers,
        hidden=frozenset({"task_id"}),
        widths={**WIDTHS, **FILL_WIDTHS},
        grey=("status", tuple(status_name(s, lang) for s in DONE_WITH)),
    )
    frozen = sum(c in lines.columns for c in IN_SIGHT)
    working_list(page, model, lines, {**PLAN, **TO_FILL, **PLAN_TAIL}, layout=layout, frozen=frozen)
    printed = [c for c in (*PLAN, *TO_FILL) if c in lines.columns]
    page.printed(len({*printed} - wholly_empty(lines, layout.fill)))
    title = say("xlsx.sheet.messages" if messages else "xlsx.sheet.plan", lang)
    page.header(
        say("xlsx.plan.header", lang, client=meta.client_name, as_of=meta.as_of),
        " · ".join(filter(None, (owner, title if messages or not owner else ""))),
    )


def owner_sheets(book: Book, model: ReportModel, plan: pd.DataFrame) -> None:
    """A sheet of calls and visits for each owner, those with the most to do first, up to `SHEETS` of them.

    Where all work is one owner's, the sheet for everybody is theirs already; of more than `MOST_TASKS` calls and
    visits each owner has a file alone.
    """
    calls = plan[by_hand(plan)]
    parts = by_owner(calls, model.meta.lang)
    if len(parts) < 2 or len(calls) > MOST_TASKS:
        return
    for owner, tasks in list(parts.items())[:SHEETS]:
        plan_list(book.page(owner), model, tasks, owner=owner)


def render_owner_books(model: ReportModel, folder: Path, out: Path) -> list[Path]:
    """A workbook for each owner, to hand out: the owner's tasks and how to fill them in.

    Parameters
    ----------
    model : the report; its `tables` name the plan relative to `folder`
    out : the folder to write into, made where it is missing; files are called after the owners

    Returns
    -------
    list[Path] : the files written, in the owners' order; empty where nothing is planned

    Raises
    ------
    OSError : a file cannot be written
    """
    plan = stored_table(model, folder, "plan")
    if plan is None:
        return []
    lang, meta = model.meta.lang, model.meta
    written: list[Path] = []
    parts = by_owner(plan, lang)
    called = file_names(parts)
    for owner, tasks in parts.items():
        out.mkdir(parents=True, exist_ok=True)
        target = out / f"{called[owner]}.xlsx"
        title = say("xlsx.plan.title", lang, owner=owner)
        with Book(target, lang=lang, created=meta.as_of, title=title, label=meta.client_name) as book:
            mark(book, model)
            book.mark(OWNER_MARK, owner)
            plan_pages(book, model, tasks, owner=owner)
            _how_to(book, tasks, lang)
        written.append(target)
    return written


def mark(book: Book, model: ReportModel) -> None:
    """Whose plan it is and of which day: sheets of two clients are never read as one."""
    book.mark(CLIENT_MARK, model.meta.client_id)
    book.mark(AS_OF_MARK, model.meta.as_of.isoformat())


def by_owner(plan: pd.DataFrame, lang: Lang) -> dict[str, pd.DataFrame]:
    """The tasks of each owner by name, the most minutes first; tasks without one stand last as 待分配."""
    if "owner" not in plan.columns or not len(plan):
        return {}
    named = plan["owner"].map(lambda one: owner_name(one, lang))
    unassigned = owner_name("", lang)
    minutes = plan["minutes"] if "minutes" in plan else pd.Series(1.0, index=plan.index)
    work = minutes.groupby(named).sum()
    order = sorted(work.index, key=lambda one: (one == unassigned, -float(work[one]), one))
    parts = {str(owner): tasks for owner, tasks in plan.groupby(named, sort=False)}
    return {owner: parts[owner] for owner in order}


def status_name(id: str, lang: Lang) -> str:
    return name_of("task_status", id, lang)


def outcome_name(id: str, lang: Lang) -> str:
    return name_of("contact_outcome", id, lang)


def how_to_fill(plan: pd.DataFrame, lang: Lang) -> list[str]:
    """How the sheets of a plan are filled in and sent back, a sentence a line."""
    status = [status_name(s, lang) for s in STATUSES]
    outcomes = [outcome_name(o, lang) for o in OUTCOMES]
    messages = [] if by_hand(plan).all() else ["messages"]
    return [
        say(f"xlsx.plan.how.{part}", lang, status=status, outcomes=outcomes)
        for part in ("fill", "date", "status", *messages, "row", "back")
    ]


def _how_to(book: Book, plan: pd.DataFrame, lang: Lang) -> None:
    page = book.page(say("xlsx.plan.how", lang), [100.0])
    page.text(say("xlsx.plan.how", lang), "heading")
    for number, line in enumerate(how_to_fill(plan, lang), 1):
        page.text(f"{number}. {line}")
