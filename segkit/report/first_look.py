"""`segkit init`: read a client's files, guess, write client.yml and to_confirm.xlsx, and ask what matters most."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from segkit.config import Column, Draft, client_id, draft, load_config, parse_config
from segkit.intake.confirm import Questions
from segkit.intake.ledger import set_aside_reasons
from segkit.intake.mapping import Grain, Guess, Mapping, check_mapping, suggest_mapping
from segkit.intake.reading import read_tables
from segkit.intake.table import Table
from segkit.locale import Lang, name_of, say
from segkit.playbooks import load_playbook
from segkit.privacy.mask import mask_text
from segkit.problems import InputProblems, Problem
from segkit.report.intake_step import CONFIRM, GRAINS, Intake, Progress, quiet, take_in
from segkit.report.open_questions import ask_client, open_questions
from segkit.workdays import next_working_monday

MOST_QUESTIONS = 7
SURE = 0.8  # guesses below this are asked about
MAP_IN: dict[Lang, str] = {"zh": "eight", "en": "eleven"}  # the map each language's practitioners expect
FEW = 300  # with fewer customers eleven segments would stand nearly empty
MOST_REASONS = 4


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
    progress: Progress = quiet,
) -> Seen:
    """Read, guess, write ``client.yml`` into `folder`.

    Parameters
    ----------
    files : exports of one client; each is taken for orders or customers by its columns
    today : `init` is the one place that asks the clock, for the first working Monday of the plan
    as_of : the day the analysis stands on, written into client.yml; needed where the files have no dates

    Raises
    ------
    InputProblems : client.yml is there already (without `force`), or the files cannot be used; nothing is written
    """
    target, confirm = folder / "client.yml", folder / CONFIRM
    if target.exists() and not force:
        raise InputProblems([Problem("init.exists", {})])
    load_playbook(playbook, folder=folder)
    say_once = _once(progress)
    say_once("read")
    tables, inputs = _by_grain(files, folder)
    mappings = {grain: suggest_mapping(table, grain) for grain, table in tables.items()}
    _refuse(mappings, tables)
    facts = Draft(
        client_id=client_id(name or files[0].stem),
        name=name or files[0].stem,
        lang=lang,
        input={str(grain): names for grain, names in inputs.items()},
        mapping={str(grain): _columns(mapping, lang) for grain, mapping in mappings.items()},
        playbook=playbook,
        schemes={"rfm": {"kind": "rfm", "segments": MAP_IN[lang]}},
        start=next_working_monday(today or dt.date.today()),
        as_of=as_of,
    )
    trial = parse_config(draft(facts), target)
    intake = take_in(trial, as_of=as_of, progress=say_once, confirmed=False)
    chosen = dt.date.fromisoformat(str(intake.facts["as_of"]["date"])[:10])
    buyers = _buyers(intake)
    if len(buyers) < FEW:
        facts = replace(facts, schemes={"rfm": {"kind": "rfm", "segments": "eight"}})
    try:
        target.write_text(draft(replace(facts, as_of_guess=chosen)), encoding="utf-8")
        asked = open_questions(intake)
        if ask_client(asked, folder, lang) is None:
            confirm.unlink(missing_ok=True)
    except OSError as fault:
        facts_of = {"folder": str(folder), "why": fault.strerror or str(fault)}
        raise InputProblems([Problem("report.not_writable", facts_of)]) from fault
    written = (target, confirm) if confirm.exists() else (target,)
    notes = tuple(Problem(**note) for note in intake.facts["notes"])
    load_config(target)
    guessed = {grain: mapping.guesses for grain, mapping in mappings.items()}
    found = [*_asks(intake, guessed, asked, lang), *_asks_client(intake, buyers, lang, as_of is None)]
    asks = tuple(text for _, text in sorted(found, key=lambda q: -q[0]))
    return Seen(written, asks[:MOST_QUESTIONS], notes)


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
        if wrong:
            problems += [*wrong, *(n for n in tables[grain].notes if n.id == "reading.sheets_left_out")]
    if problems:
        raise InputProblems(problems)


def _buyers(intake: Intake) -> pd.DataFrame:
    """The customers with a buying history, and what is known about them."""
    people = intake.people
    if intake.orders is not None:
        bought = intake.orders.loc[intake.orders["amount"] >= 0, "customer_id"]
        return people[people["customer_id"].isin(bought)]
    if "frequency" in people.columns:
        return people[people["frequency"].fillna(1) > 0]
    return people[people["monetary"].fillna(0) != 0]


def _by_grain(files: Sequence[Path], folder: Path) -> tuple[dict[Grain, Table], dict[Grain, list[str]]]:
    """The files as one table per grain, and their paths as client.yml will name them."""
    parts: dict[Grain, list[Path]] = {}
    alone: dict[Grain, Table] = {}
    inputs: dict[Grain, list[str]] = {}
    problems: list[Problem] = []
    for path in files:
        try:
            table = read_tables([path])
        except InputProblems as found:
            problems += found.problems
            continue
        grain = suggest_mapping(table).grain
        parts.setdefault(grain, []).append(path)
        alone[grain] = table
        inputs.setdefault(grain, []).append(_beside(path, folder))
    if problems:
        raise InputProblems(problems)
    order = [grain for grain in GRAINS if grain in parts]
    # several files are read together, as the report will: what two of them call differently is one column
    tables = {g: alone[g] if len(parts[g]) == 1 else read_tables(parts[g]) for g in order}
    return tables, {grain: inputs[grain] for grain in order}


def _beside(path: Path, folder: Path) -> str:
    """A path relative to client.yml where that is possible (not across Windows drives)."""
    try:
        return Path(os.path.relpath(path.absolute(), folder.absolute())).as_posix()
    except ValueError:
        return path.absolute().as_posix()


def _columns(mapping: Mapping, lang: Lang) -> list[Column]:
    return [
        Column(
            heading=guess.column,
            canonical=guess.field,
            confidence=guess.confidence,
            reason=mask_text(say(guess.reason_id, lang, **guess.facts)),
        )
        for guess in mapping.guesses
    ]


def _asks(
    intake: Intake, guessed: Dict[Grain, Sequence[Guess]], asked: Questions, lang: Lang
) -> Iterator[tuple[float, str]]:
    """(weight, sentence): columns we are not sure of first, then by the money behind a question."""
    totals = intake.facts["totals"]
    money = float(totals["money_in"])
    for grain, guesses in guessed.items():
        for guess in guesses:
            if guess.field and guess.confidence < SURE:
                yield (
                    2 * money + 2,
                    say(
                        "init.q.column",
                        lang,
                        column=guess.column,
                        field=f"{guess.field} ({name_of('field', guess.field, lang)})",
                        confidence=guess.confidence,
                        rows=totals["rows_in"],
                        money=money,
                        grain=grain,
                    ),
                )
    if len(asked.twins):
        stake = float(asked.twins.filter(regex="^value_").sum().sum())
        yield (
            stake,
            say(
                "init.q.twins", lang, n=len(asked.twins), money=stake, sheet=say("confirm.sheet.twins", lang)
            ),
        )
    if totals["set_aside"]:
        why = set_aside_reasons(intake.cleaned[intake.facts["grain"]].ledger)
        counts = zip(why["reason"], why["rows"], strict=True)
        reasons = [f"{name_of('reason', reason, lang)} {n}" for reason, n in counts]
        more = say("init.and_others", lang) if len(reasons) > MOST_REASONS else ""
        facts = {"n": totals["set_aside"], "money": totals["money_set_aside"], "more": more}
        facts["reasons"] = reasons[:MOST_REASONS]
        yield (
            abs(totals["money_set_aside"]) + 1,
            say("init.q.set_aside", lang, **facts, sheet=say("confirm.sheet.set_aside", lang)),
        )
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
        yield 0.1, say("init.q.consent", lang, n=unknown)
