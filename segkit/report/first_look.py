"""`segkit init`: read a client's files, guess, write client.yml and to_confirm.xlsx, and ask what matters most."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from segkit.config import Column, Draft, client_id, draft, load_config, parse_config
from segkit.intake.confirm import Questions
from segkit.intake.ledger import set_aside_reasons
from segkit.intake.mapping import GRAINS, Grain, Guess, Mapping, suggest_mapping
from segkit.intake.mapping_check import check_mapping
from segkit.intake.reading import read_tables
from segkit.intake.side_grains import SIDES, Side, SideMapping, suggest_side
from segkit.intake.table import Table
from segkit.locale import Lang, name_of, say
from segkit.playbooks import Playbook, load_playbook
from segkit.privacy.mask import mask_text
from segkit.problems import InputProblems, Problem
from segkit.report.clean_tables import Intake
from segkit.report.file_roles import Roles, columns_wanted, heading_of, roles_of
from segkit.report.intake_step import CONFIRM, Progress, quiet, take_in
from segkit.report.open_questions import ask_client, open_questions
from segkit.report.sizes import FEWEST_LEARNED
from segkit.workdays import next_working_monday

MOST_QUESTIONS = 7
SURE = 0.8  # guesses below this are asked about
MAP_IN: dict[Lang, str] = {"zh": "eight", "en": "eleven"}  # the map each language's practitioners expect
MOST_REASONS = 4
Meant = Dict[str, Dict[str, str | None]]
LISTS: tuple[Grain, ...] = ("customers", "leads")  # who the customers are, the first that is there


@dataclass(frozen=True)
class Seen:
    """What `init` wrote and what it asks: each question with its guess, rows, money and the line to edit."""

    written: tuple[Path, ...]
    questions: tuple[str, ...]
    notes: tuple[Problem, ...]


def look(
    files: Sequence[Path],
    folder: Path,
    *,
    lang: Lang,
    name: str | None = None,
    playbook: str = "general",
    force: bool = False,
    today: dt.date | None = None,
    as_of: dt.date | None = None,
    meant: Meant | None = None,
    progress: Progress = quiet,
) -> Seen:
    """Read, guess, write ``client.yml`` into `folder`.

    Parameters
    ----------
    files : exports of one client; each is taken for orders, customers, leads, what happened with them or a
        further table by its columns
    playbook : written into client.yml; the tables and columns it reads are looked for among the files
    today : `init` is the one place that asks the clock, for the first working Monday of the plan
    as_of : the day the analysis stands on, written into client.yml; needed where the files have no dates
    meant : what the user says columns mean, by grain and heading, in place of the guess; None for not used

    Raises
    ------
    InputProblems : client.yml is there already (without `force`), or the files cannot be used; nothing is written
    """
    target, confirm = folder / "client.yml", folder / CONFIRM
    if target.exists() and not force:
        raise InputProblems([Problem("init.exists", {})])
    trade = load_playbook(playbook, folder=folder)
    say_once = _once(progress)
    say_once("read")
    read, roles, tables, inputs, mappings = _guessed(files, folder, trade)
    mappings = {
        grain: _as_meant(mapping, (meant or {}).get(grain, {})) for grain, mapping in mappings.items()
    }
    _refuse(mappings, tables)
    own = _own_names(mappings, tables, trade)
    sides, more_inputs = _sides(read, roles, folder)
    own_of_sides = {side: _renamed(mapping, trade) for side, mapping in sides.items()}
    facts = Draft(
        client_id=client_id(name or files[0].stem),
        name=name or files[0].stem,
        lang=lang,
        input={str(grain): names for grain, names in (inputs | more_inputs).items()},
        mapping={
            str(grain): _columns(mapping, lang, own.get(grain, {})) for grain, mapping in mappings.items()
        }
        | {str(side): _columns(mapping, lang, own_of_sides[side]) for side, mapping in sides.items()},
        tables=roles.tables,
        wanted=roles.lacking,
        playbook=playbook,
        schemes=_rfm_of(trade, MAP_IN[lang]),
        start=next_working_monday(today or dt.date.today()),
        as_of=as_of,
    )
    trial = parse_config(draft(facts), target)
    try:
        intake = take_in(trial, as_of=as_of, progress=say_once, confirmed=False)
    except InputProblems as wrong:
        raise InputProblems([*wrong.problems, *_left_out(tables.values())]) from None
    chosen = dt.date.fromisoformat(str(intake.facts["as_of"]["date"])[:10])
    # data may be dated later than the day they are looked at
    facts = replace(
        facts, start=max(next_working_monday(today or dt.date.today()), next_working_monday(chosen))
    )
    buyers = _buyers(intake)
    if len(buyers) < FEWEST_LEARNED:
        facts = replace(facts, schemes=_rfm_of(trade, "eight"))
    try:
        target.write_text(draft(replace(facts, as_of_guess=chosen)), encoding="utf-8")
        asked = open_questions(intake)
        if ask_client(asked, folder, lang) is None:
            confirm.unlink(missing_ok=True)
    except OSError as fault:
        facts_of = {"folder": str(folder), "why": fault.strerror or str(fault)}
        raise InputProblems([Problem("report.not_writable", facts_of)]) from fault
    written = (target, confirm) if confirm.exists() else (target,)
    notes = (*(Problem(**note) for note in intake.facts["notes"]), *_columns_lacking(own, tables, trade))
    notes += tuple(Problem("init.file_unused", file=path.name) for path in roles.unused)
    load_config(target)
    guessed: dict[str, Sequence[Guess]] = {str(grain): one.guesses for grain, one in mappings.items()}
    guessed |= {str(side): one.guesses for side, one in sides.items()}
    found = [*_asks(intake, guessed, asked, lang), *_asks_client(intake, buyers, lang, as_of is None)]
    asks = tuple(text for _, text in sorted(found, key=lambda q: -q[0]))
    return Seen(written, asks[:MOST_QUESTIONS], notes)


def first_guesses(
    files: Sequence[Path], folder: Path, *, playbook: str = "general"
) -> dict[Grain, tuple[Table, Mapping]]:
    """What `look` takes the columns of the main tables for, before it writes anything.

    Raises
    ------
    InputProblems : the files cannot be read, or there is no such playbook
    """
    _, _, tables, _, mappings = _guessed(files, folder, load_playbook(playbook, folder=folder))
    return {grain: (table, mappings[grain]) for grain, table in tables.items()}


def _guessed(
    files: Sequence[Path], folder: Path, trade: Playbook
) -> tuple[dict[Path, Table], Roles, dict[Grain, Table], dict[Grain, list[str]], dict[Grain, Mapping]]:
    read = _read(files)
    roles = roles_of(read, {path: _beside(path, folder) for path in read}, trade)
    tables, inputs = _by_grain(read, roles, folder)
    return read, roles, tables, inputs, {g: suggest_mapping(table, g) for g, table in tables.items()}


def _as_meant(mapping: Mapping, meant: Dict[str, str | None]) -> Mapping:
    """The mapping with what the user said in place of what was guessed; said again, a guess becomes sure."""
    if not meant:
        return mapping
    guesses = tuple(
        Guess(guess.column, meant[guess.column], 1.0, "init.meant") if guess.column in meant else guess
        for guess in mapping.guesses
    )
    columns = {guess.column: guess.field for guess in guesses if guess.field}
    return replace(mapping, columns=columns, guesses=guesses)


def _once(progress: Progress) -> Progress:
    """Each step is said the first time only: `init` reads every file twice, once to guess, once to try."""
    said: set[str] = set()

    def step(name: str) -> None:
        if name not in said:
            said.add(name)
            progress(name)

    return step


def _refuse(mappings: Dict[Grain, Mapping], tables: Dict[Grain, Table]) -> None:
    """What a report would refuse is refused before anything is written, with the sheets left out beside it.

    Raises
    ------
    InputProblems : a required meaning that no column has, or two
    """
    problems: list[Problem] = []
    for grain, mapping in mappings.items():
        wrong = check_mapping(mapping, tables[grain], alone=grain == "orders" or "orders" not in tables)
        # money that is missing is asked about, once client.yml is there to answer in
        wrong = [problem for problem in wrong if not problem.id.startswith("mapping.missing_monetary")]
        if wrong:
            problems += [*wrong, *_left_out([tables[grain]])]
    if problems:
        raise InputProblems(problems)


def _left_out(tables: Iterable[Table]) -> list[Problem]:
    return [note for table in tables for note in table.notes if note.id == "reading.sheets_left_out"]


def _buyers(intake: Intake) -> pd.DataFrame:
    """The customers with a buying history, and what is known about them; all, where nobody's is known."""
    people = intake.people
    if intake.orders is not None:
        bought = intake.orders.loc[intake.orders["amount"] >= 0, "customer_id"]
        return people[people["customer_id"].isin(bought)]
    if "frequency" in people.columns:
        return people[people["frequency"].fillna(1) > 0]
    return people[people["monetary"].fillna(0) != 0] if intake.facts["has_money"] else people


def _read(files: Sequence[Path]) -> dict[Path, Table]:
    """Every file as it is.

    Raises
    ------
    InputProblems : the problems of all files together
    """
    read: dict[Path, Table] = {}
    problems: list[Problem] = []
    for path in files:
        try:
            read[path] = read_tables([path])
        except InputProblems as found:
            problems += found.problems
    if problems:
        raise InputProblems(problems)
    return read


def _by_grain(
    read: Dict[Path, Table], roles: Roles, folder: Path
) -> tuple[dict[Grain, Table], dict[Grain, list[str]]]:
    """Orders and customers as one table each, and their paths as client.yml will name them."""
    parts: dict[Grain, list[Path]] = {
        grain: paths for grain in GRAINS if (paths := [p for p, g in roles.grains.items() if g == grain])
    }
    # several files are read together, as the report will: what two of them call differently is one column
    tables = {g: read[p[0]] if len(p) == 1 else read_tables(p) for g, p in parts.items()}
    return tables, {grain: [_beside(path, folder) for path in paths] for grain, paths in parts.items()}


def _sides(
    read: Dict[Path, Table], roles: Roles, folder: Path
) -> tuple[dict[Side, SideMapping], dict[Side, list[str]]]:
    """What the columns of contacts, surveys and so on mean, and their paths as client.yml will name them."""
    mappings: dict[Side, SideMapping] = {}
    paths: dict[Side, list[str]] = {}
    for side in SIDES:
        here = [path for path, grain in roles.grains.items() if grain == side]
        if here:
            table = read[here[0]] if len(here) == 1 else read_tables(here)
            mappings[side] = suggest_side(table, side)
            paths[side] = [_beside(path, folder) for path in here]
    return mappings, paths


def _renamed(mapping: SideMapping, playbook: Playbook) -> dict[str, str]:
    """Headings of such a table that mean a column the playbook reads of it."""
    free = [guess.column for guess in mapping.guesses if guess.field is None]
    found = {column: heading_of(column, free, playbook) for column in playbook.columns_read(mapping.grain)}
    return {head: column for column, head in found.items() if head is not None and head != column}


def _rfm_of(playbook: Playbook, segments: str) -> dict[str, dict[str, object]]:
    """The playbook's RFM with the segment map that suits this client; nothing where it has none.

    What the playbook says of its source is said of its own map; of another one the report names the source.
    """
    given = playbook.schemes.get("rfm", {})
    if given.get("kind") != "rfm":
        return {}
    kept = {
        key: value for key, value in given.items() if key != "source" or given.get("segments") == segments
    }
    return {"rfm": {**kept, "segments": segments}}


def _own_names(
    mappings: Dict[Grain, Mapping], tables: Dict[Grain, Table], playbook: Playbook
) -> dict[Grain, dict[str, str]]:
    """Headings of the customer list, or of leads that stand for it, that are or mean a column of the playbook."""
    grain = next((one for one in LISTS if one in mappings), None)
    if grain is None or (grain == "leads" and "orders" in mappings):
        return {}
    headings = [str(c) for c in tables[grain].frame.columns]
    columns = mappings[grain].columns
    # a budget the playbook reads under its own name is not needed as an expected amount
    free = [heading for heading in headings if columns.get(heading) in (None, "expected_amount")]
    named: dict[str, str] = {}
    for column in columns_wanted(playbook):
        if column not in columns.values():
            heading = column if column in free else heading_of(column, free, playbook)
            if heading is not None:
                named.setdefault(heading, column)
    return {grain: named}


def _columns_lacking(
    own: Dict[Grain, dict[str, str]], tables: Dict[Grain, Table], playbook: Playbook
) -> Iterator[Problem]:
    """What the playbook reads of the customer list and the list has not."""
    there = {column for named in own.values() for column in named.values()}
    for grain in tables:
        there |= {str(c) for c in tables[grain].frame.columns}
        there |= {*suggest_mapping(tables[grain], grain).columns.values()}
    lacking = [column for column in columns_wanted(playbook) if column not in there]
    if lacking:
        yield Problem("init.columns_lacking", {"playbook": playbook.id, "columns": lacking})


def _beside(path: Path, folder: Path) -> str:
    """A path relative to client.yml where that is possible (not across Windows drives)."""
    try:
        return Path(os.path.relpath(path.absolute(), folder.absolute())).as_posix()
    except ValueError:
        return path.absolute().as_posix()


def _columns(mapping: Mapping | SideMapping, lang: Lang, named: Dict[str, str]) -> list[Column]:
    """One line a column; `named` are those that mean a column of the playbook, by heading."""
    lines = []
    for guess in mapping.guesses:
        called = named.get(guess.column)
        if called is None:
            reason = mask_text(say(guess.reason_id, lang, **guess.facts))
            lines.append(Column(guess.column, guess.field, guess.confidence, reason))
        elif called == guess.column:  # read under its own heading: nothing to map
            lines.append(Column(guess.column, None, reason=say("config.draft.column_own", lang)))
        else:
            lines.append(
                Column(guess.column, called, reason=say("config.draft.column_read", lang, column=called))
            )
    return lines


def _asks(
    intake: Intake, guessed: Dict[str, Sequence[Guess]], asked: Questions, lang: Lang
) -> Iterator[tuple[float, str]]:
    """(weight, sentence): columns we are not sure of first, then by the money behind a question."""
    totals, priced = intake.facts["totals"], intake.facts["has_money"]
    money = float(totals["money_in"])
    for note in intake.facts["notes"]:
        if note["id"] == "mapping.no_money_near":
            yield 3, say("init.q.money", lang, near=note["facts"]["near"])

    def asking(id: str, stake: float, **facts: object) -> tuple[float, str]:
        """With the money behind the question, where there is any."""
        return stake or 1, say(id if priced else f"{id}_rows", lang, money=stake, **facts)

    for grain, guesses in guessed.items():
        for guess in guesses:
            if guess.field and guess.confidence < SURE:
                field = f"{guess.field} ({name_of('field', guess.field, lang)})"
                facts = {"column": guess.column, "field": field, "confidence": guess.confidence}
                _, text = asking("init.q.column", money, rows=totals["rows_in"], grain=grain, **facts)
                yield 2 * money + 2, text
    if len(asked.twins):
        stake = float(asked.twins.filter(regex="^value_").sum().sum())
        sheet = say("confirm.sheet.twins", lang)
        yield asking("init.q.twins", stake, n=len(asked.twins), sheet=sheet)
    if totals["set_aside"]:
        why = set_aside_reasons(intake.cleaned[intake.facts["grain"]].ledger)
        counts = zip(why["reason"], why["rows"], strict=True)
        reasons = [f"{name_of('reason', reason, lang)} {n}" for reason, n in counts]
        more = say("init.and_others", lang) if len(reasons) > MOST_REASONS else ""
        facts = {"n": totals["set_aside"], "more": more, "reasons": reasons[:MOST_REASONS]}
        facts["sheet"] = say("confirm.sheet.set_aside", lang)
        weight, text = asking("init.q.set_aside", totals["money_set_aside"], **facts)
        yield abs(weight) + 1, text
    unknown = asked.statuses
    if len(unknown):
        stake = float(unknown["amount"].sum())
        facts = {"n": len(unknown), "rows": int(unknown["rows"].sum()), "money": stake}
        yield stake, say("init.q.status", lang, **facts, sheet=say("confirm.sheet.statuses", lang))


def _asks_client(
    intake: Intake, buyers: pd.DataFrame, lang: Lang, as_of_guessed: bool
) -> Iterator[tuple[float, str]]:
    """(weight, sentence): what no file says and client.yml has a line for."""
    as_of = intake.facts["as_of"]
    if as_of_guessed:
        money = float(intake.facts["totals"]["money_in"])
        yield money, say("init.q.as_of", lang, as_of=as_of["date"], later=as_of["later"])
    yield 0.3, say("init.q.purpose", lang)
    yield 0.2, say("init.q.team", lang, n=len(intake.people))
    asked = "consent_marketing" in buyers.columns
    unknown = int(buyers["consent_marketing"].isna().sum()) if asked else len(buyers)
    if unknown:
        bought = intake.facts["has_money"] or "frequency" in buyers.columns
        yield 0.1, say("init.q.consent" if bought else "init.q.consent_all", lang, n=unknown)
