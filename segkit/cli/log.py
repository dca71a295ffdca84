"""`segkit log`: the contact log of a client. Imports stand inside the commands, so that --help answers at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from segkit.cli.options import LangOption, QuietOption, fail
from segkit.locale import Lang, lang_or_default, say

if TYPE_CHECKING:
    from segkit.report.returned_log import Imported

log = typer.Typer(no_args_is_help=True, help="The contact log / 联系记录.")
SHOWN = 10  # cells named on the screen; the rest stand in unread.xlsx


@log.callback()
def _keep_the_name() -> None:
    """The contact log / 联系记录."""


@log.command(
    "import",
    short_help="收回的跟进表记入 contacts.csv / read returned sheets",
    epilog="segkit log import returned  ·  segkit log import returned --plan reports/hongye/2025-12-31/zh",
)
def log_import(
    paths: Annotated[
        list[Path], typer.Argument(help="Folder or files of returned sheets / 收回的跟进表，文件夹或文件.")
    ],
    out: Annotated[Path, typer.Option(help="The log, added to without doubles / 联系记录.")] = Path(
        "contacts.csv"
    ),
    plan: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="Report folder of the plan; found under reports/ by itself / 计划所在的报告文件夹."
        ),
    ] = None,
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Read returned follow-up sheets into contacts.csv; what cannot be read goes to unread.xlsx / 导入跟进表."""
    from segkit.config import stated_lang
    from segkit.report.returned_log import import_log

    speak = lang_or_default(lang)
    try:
        config = out.absolute().parent / "client.yml"
        speak = lang_or_default(lang, stated_lang(config) if config.is_file() else None)
        done = import_log(paths, out, lang=speak, plan=plan)
    except Exception as fault:
        fail(fault, speak)
    for line in summary(done, speak, quiet=quiet):
        typer.echo(line, err=True)
    for path in (done.log, done.unread):
        if path is not None and path.exists():
            typer.echo(str(path))


def summary(done: Imported, lang: Lang, *, quiet: bool = False) -> list[str]:
    """What an import did and what it could not read, in lines for the screen."""
    from segkit.report.render.plan_sheets import owner_name
    from segkit.report.returned_lists import place_text

    told, name = done.returned, done.log.name
    changed = len({change.contact_id for change in done.changes})
    lines = [
        say("log.read", lang, **told.counts),
        say("log.merged", lang, name=name, added=done.added, changed=changed, unchanged=done.unchanged),
    ]
    if done.before is not None:
        lines.append(say("log.before", lang, name=done.before.name))
    listed = [p.text(lang) for p in told.problems] + [place_text(cell, lang) for cell in told.unread]
    if listed:
        lines.append(say("log.unread_cells", lang, n=len(listed)))
        lines += [f"  - {text}" for text in listed[: 0 if quiet else SHOWN]]
        if len(listed) > SHOWN and not quiet:
            lines.append(f"  {say('log.more', lang, n=len(listed) - SHOWN)}")
    frame = told.contacts
    counted = {
        "log.conflicts": len(told.conflicts),
        "log.again": len({row["task_id"] for row in done.again}),
        "log.opted_out": frame["customer_id"][frame["outcome"] == "opted_out"].nunique(),
        "log.no_task": told.no_task,
    }
    lines += [say(id, lang, n=n) for id, n in counted.items() if n]
    if told.not_back:
        owners = [f"{owner_name(owner, lang)} {n}" for owner, n in told.not_back.items()]
        lines.append(say("log.not_back", lang, n=sum(told.not_back.values()), owners=owners[:12]))
    if told.added:
        shown = [f"{head} ({', '.join(files[:3])})" for head, files in told.added.items()]
        lines.append(say("log.added_columns", lang, columns=shown[:12]))
    if told.beside:
        lines.append(say("log.beside", lang, n=len(told.beside), names=told.beside[:8]))
    if done.unread is not None:
        lines.append(say("log.see", lang, name=done.unread.name))
    if done.added and done.before is None:
        lines.append(say("log.next", lang, name=name))
    return lines
