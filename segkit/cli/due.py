"""`segkit due`: whom to contact today. Imports stand inside the command, so that --help answers at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from segkit.cli.options import LangOption, day_of, fail
from segkit.locale import Lang, lang_or_default, name_of, say

if TYPE_CHECKING:
    import pandas as pd

    from segkit.problems import Problem

LOG = "contacts.csv"


def due(
    folder: Annotated[
        Path, typer.Argument(help="A report folder / 报告文件夹: reports/hongye/2025-12-31/zh")
    ],
    day: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="YYYY-MM-DD; the first day of the plan by default / 哪一天，默认计划第一天."),
    ] = None,
    log: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="contacts.csv or your own log; by default the one beside client.yml / 联系记录."),
    ] = None,
    owner: Annotated[Optional[str], typer.Option(help="One person only / 只看一个人.")] = None,  # noqa: UP045
    lang: LangOption = None,
) -> None:
    """What is due today and late, less what was done, by person / 今天该联系谁：到期的和拖下来的，减去已做的."""
    from segkit.followup.today import due_list

    speak: Lang = lang_or_default(lang)
    try:
        tasks = _plan(folder)
        first = tasks["due"].min().date()
        when = day_of(day, "--day") or first
        whose = None if owner is None else _owner(tasks, owner, speak)
        listed = due_list(tasks, when, done=_log(folder, log, tasks, when, speak))
        listed["owner"] = listed["owner"].fillna("")
        if whose is not None:
            listed = listed[listed["owner"].fillna("") == whose]
    except Exception as fault:
        fail(fault, speak)
    if when < first:
        typer.echo(say("due.before_plan", speak, day=when, first=first))
    for line in _lines(listed, when, speak):
        typer.echo(line)


def _lines(listed: pd.DataFrame, day: dt.date, lang: Lang) -> Iterator[str]:
    """How much there is; then by person the calls and visits one by one, and the messages by batch."""
    from segkit.followup.batching import by_hand

    hand = by_hand(listed)
    yield say("due.head", lang, day=day, **_work(listed[hand]))
    sent = _batches(listed[~hand])
    if len(sent):
        yield say("due.messages", lang, batches=len(sent), **_work(listed[~hand]))
    for person in sorted({*listed["owner"]}):
        mine = listed["owner"] == person
        goes = sent[sent["owner"] == person]
        facts = {
            "owner": person or say("report.unassigned", lang),
            "n": int((hand & mine).sum()),
            "batches": len(goes),
            "minutes": float(listed.loc[mine, "minutes"].sum()),
        }
        yield say("due.owner_messages" if len(goes) else "due.owner", lang, **facts)
        calls = [_line(task, lang) for task in listed[hand & mine].to_dict("records")]
        lines = calls + [_batch_line(batch, lang) for batch in goes.to_dict("records")]
        yield from (f"{number:>4}. {line}" for number, line in enumerate(lines, 1))


def _work(tasks: pd.DataFrame) -> dict[str, float]:
    late = int((tasks["days_late"] > 0).sum())
    return {"n": len(tasks), "late": late, "minutes": float(tasks["minutes"].sum())}


def _batches(messages: pd.DataFrame) -> pd.DataFrame:
    """What each person sends in one go, however late: `owner, channel, content, n, minutes, late, days`."""
    from segkit.followup.batching import batches

    by = ["owner", "channel", "content"]
    known = messages.assign(late=messages["days_late"] > 0)
    late = known.groupby(by, as_index=False).agg(late=("late", "sum"), days=("days_late", "max"))
    return batches(messages, by).merge(late, on=by, how="left")


def _batch_line(batch: dict[str, Any], lang: Lang) -> str:
    parts = [
        name_of("channel", str(batch["channel"]), lang),
        say("ics.batch", lang, n=batch["n"]),
        name_of("content", str(batch["content"]), lang),
    ]
    if batch["late"]:
        parts.append(say("due.batch_late", lang, n=batch["late"], days=batch["days"]))
    return " · ".join(parts)


def _line(task: dict[str, object], lang: Lang) -> str:
    who = [str(task["customer_id"]), *([str(task["name"])] if task.get("name") else [])]
    parts = [
        " ".join(who),
        name_of("channel", str(task["channel"]), lang),
        name_of("content", str(task["content"]), lang),
    ]
    for id, many in (("due.late", task["days_late"]), ("due.tries", task["tries"])):
        parts += [say(id, lang, n=many)] if many else []
    return " · ".join(parts)


def _plan(folder: Path) -> pd.DataFrame:
    from segkit.problems import InputProblems, Problem
    from segkit.report.clean_tables import read_parquet

    path = folder / "internal" / "plan.parquet"
    if not path.is_file():
        raise InputProblems([Problem("due.no_plan", {"path": str(folder)})])
    tasks = read_parquet(path)
    if not len(tasks):
        raise InputProblems([Problem("due.empty_plan", {"path": str(folder)})])
    return tasks


def _owner(tasks: pd.DataFrame, said: str, lang: Lang) -> str:
    """The owner of that name in the plan, "" for 待分配."""
    from segkit.problems import InputProblems, Problem

    named = {
        str(one) or say("report.unassigned", lang): str(one) for one in sorted({*tasks["owner"].fillna("")})
    }
    if said.strip() not in named:
        raise InputProblems([Problem("due.no_owner", {"owner": said, "owners": [*named]})])
    return named[said.strip()]


def _log(
    folder: Path, given: Path | None, tasks: pd.DataFrame, day: dt.date, lang: Lang
) -> pd.DataFrame | None:
    """The contact log: the one given, else that of the client the report belongs to, where there is one.

    Ours, or the client's own under its own headings. Where the file beside client.yml is none, that is said and
    nothing taken off; so it is where no contact since the plan began is about one of its tasks.
    """
    from segkit.problems import InputProblems, Problem
    from segkit.report.contact_log import read_contacts

    home = folder.absolute().parents
    beside = home[3] if len(home) > 3 else Path()
    path = given or beside / LOG
    if not path.is_file():
        if given is not None:
            raise InputProblems([Problem("due.no_log", {"path": str(given)})])
        return None
    try:
        read = read_contacts(path, until=day, config=beside / "client.yml")
    except InputProblems as wrong:
        if {problem.id for problem in wrong.problems} == {"reading.headers_only"}:
            return None  # nobody was contacted yet
        problems = [Problem("due.not_a_log", {"path": str(path)}), *wrong.problems]
        if given is not None:
            raise InputProblems(problems) from wrong
        typer.echo("\n".join(problem.text(lang) for problem in problems), err=True)
        return None
    doubts = [note for note in read.notes if note.id == "sides.unknown_words"]
    doubts += _of_no_task(path, read.frame, tasks)
    for doubt in doubts:
        typer.echo(doubt.text(lang), err=True)
    return read.frame


def _of_no_task(path: Path, log: pd.DataFrame, tasks: pd.DataFrame) -> list[Problem]:
    """Where no contact since the plan began is about a task: perhaps the customers are called otherwise there."""
    from segkit.followup.today import on_tasks
    from segkit.privacy.mask import mask_text
    from segkit.problems import Problem

    start = tasks["due"].min()
    made = log[log["date"] >= start]
    if made.empty or on_tasks(made, tasks).any():
        return []
    here, there = (mask_text(str(frame["customer_id"].iloc[0])) for frame in (made, tasks))
    facts = {"path": str(path), "n": len(made), "start": start.date(), "here": here, "there": there}
    return [Problem("due.no_contact_matches", facts)]
