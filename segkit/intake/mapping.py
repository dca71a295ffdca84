"""Which client column means what (列对应): guessed with a reason, or taken from client.yml."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from segkit.intake.export_systems import Recognised, recognised
from segkit.intake.grains import GRAINS, Grain, grain_of
from segkit.intake.headings import Sense, normal, senses, vocabulary
from segkit.intake.looks import Look, look_at
from segkit.intake.table import Table
from segkit.locale import Lang, name_of, say
from segkit.problems import InputProblems, Problem

REQUIRED: dict[Grain, tuple[str, ...]] = {
    "orders": ("customer_id", "order_date", "amount"),
    "customers": ("customer_id", "monetary"),
    "leads": ("lead_id",),
}
# the number that tells the rows of a grain apart
KEY: dict[Grain, str] = {"orders": "customer_id", "customers": "customer_id", "leads": "lead_id"}
# without a customer number, who is it? by the first of these that is there
STAND_IN = ("phone", "email", "name")
# a customer table that has one of these is of buyers and their totals
OF_BUYERS = {"last_order", "frequency"}
_NO_MATCH = 0.5
_SURE = 0.9
_ID_ENDINGS = ("id", "no", "code", "key", "number", "编号", "编码", "代码", "号", "账号")


@dataclass(frozen=True)
class Guess:
    """What one client column was taken for.

    Attributes
    ----------
    column : the client's heading
    field : canonical column, None where the column is not used
    confidence : 0..1
    reason_id, facts : the sentence that says why
    """

    column: str
    field: str | None
    confidence: float
    reason_id: str
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)

    def text(self, lang: Lang) -> str:
        facts = dict(self.facts)
        if "field" in facts:
            facts["field"] = name_of("field", facts["field"], lang)
        return say(self.reason_id, lang, **facts)


@dataclass(frozen=True)
class Mapping:
    """Client column -> canonical column, with every column's guess, the unused ones too."""

    grain: Grain
    columns: dict[str, str]
    guesses: tuple[Guess, ...] = ()
    notes: tuple[Problem, ...] = ()

    def column(self, field: str) -> str | None:
        """The client's heading of a canonical column."""
        return next((c for c, f in self.columns.items() if f == field), None)


@dataclass(frozen=True)
class _Claim:
    """One column's claim on one canonical column; the smallest `rank` wins."""

    column: str
    field: str
    rank: float
    exact: bool
    confidence: float
    system: Recognised | None = None


def canonical_columns(grain: Grain) -> list[str]:
    """The canonical columns of a grain, in the order of the synonym table."""
    return [f.name for f in vocabulary().fields.values() if grain in f.grains]


def suggest_mapping(table: Table, grain: Grain | None = None) -> Mapping:
    """What do the client's columns mean?

    By the synonym table first; the look of the values breaks ties and names what no synonym knows. Net
    paid is taken before list price. Where two columns of equal standing claim a required meaning none is
    taken, and `check_mapping` names both; of two with one optional meaning the fuller is, with a note.

    Parameters
    ----------
    grain : "orders" (one row per order or line), "customers" (already totalled) or "leads" (线索, 商机, 来访);
        guessed if not given
    """
    columns = [str(c) for c in table.frame.columns if not str(c).startswith("+")]
    looks = {c: look_at(table.frame[c]) for c in columns}
    system = recognised(columns, grain)
    grain = grain or _grain_of(system) or grain_of(columns, looks)
    if system is not None and system.system.grain != grain:
        system = None
    told = {} if system is None else system.columns
    claims = [claim for c in columns if c not in told for claim in _claims(c, looks[c], grain)]
    claims += [claim for c in told for claim in _system_claims(c, looks[c], system)]
    guesses: dict[str, Guess] = {}
    notes: list[Problem] = []
    if system is not None:
        notes.append(system.note(table.sources[0].file if table.sources else None))
    fields = sorted(
        canonical_columns(grain), key=lambda f: min((c.rank for c in claims if c.field == f), default=99)
    )
    taken: set[str] = set()
    for name in fields:
        open_claims = [c for c in claims if c.field == name and c.column not in taken]
        if open_claims:
            taken |= _settle(name, open_claims, claims, looks, grain, guesses, notes)
    _by_look(columns, grain, guesses, looks)
    _stand_in(guesses, grain)
    ordered = tuple(guesses.get(c) or Guess(c, None, 0.0, "mapping.reason.unknown") for c in columns)
    return Mapping(grain, {g.column: g.field for g in ordered if g.field}, ordered, tuple(notes))


def _grain_of(system: Recognised | None) -> Grain | None:
    """The grain a system's export is of, where it is one of these three."""
    return next((grain for grain in GRAINS if system is not None and system.system.grain == grain), None)


def _system_claims(column: str, look: Look, system: Recognised | None) -> list[_Claim]:
    """What the system says a heading means, before any synonym; less surely where the values look otherwise."""
    meaning = None if system is None else system.columns[column]
    if system is None or meaning is None:
        return []
    wanted, rank, sure = vocabulary().fields[meaning].look, system.rank(column), system.sure(column)
    if wanted and look.n and wanted != "unique" and look.share(wanted) < _NO_MATCH:
        rank, sure = rank + 4, sure * 0.6
    if not look.n:
        rank, sure = rank + 10, sure * 0.3
    return [_Claim(column, meaning, rank, True, round(sure, 2), system)]


def _claims(column: str, look: Look, grain: Grain) -> list[_Claim]:
    out = []
    for sense in senses(column):
        if sense.field == "name" and look.order_no >= _SURE:
            sense = Sense("order_id", sense.level, sense.exact)
        known = vocabulary().fields[sense.field]
        if grain not in known.grains or (grain == "leads" and sense.field == "customer_id" and sense.level):
            continue
        if known.look == "money" and look.n and not look.money:
            continue  # words under 付款, payment: a way of paying, no amount
        rank: float = sense.level
        confidence = max(0.98 - 0.05 * sense.level, 0.4)
        if not sense.exact:
            confidence = 0.6
        if known.look and look.n and known.look != "unique" and look.share(known.look) < _NO_MATCH:
            rank, confidence = rank + 4, confidence * 0.6
        if _is_row_number(sense, look, grain):
            rank, confidence = rank + 3, confidence * 0.5
        if not look.n:
            rank, confidence = rank + 10, confidence * 0.3
        out.append(_Claim(column, sense.field, rank, sense.exact, round(confidence, 2)))
    return out


def _is_row_number(sense: Sense, look: Look, grain: Grain) -> bool:
    """A bare ``编号`` or ``id`` that never repeats in an order file is the order's, not the customer's."""
    return (
        grain == "orders"
        and sense.field == "customer_id"
        and sense.level == 1
        and look.distinct > 0.999
        and look.n > 1
    )


def _settle(
    name: str,
    claims: list[_Claim],
    all_claims: list[_Claim],
    looks: dict[str, Look],
    grain: Grain,
    guesses: dict[str, Guess],
    notes: list[Problem],
) -> set[str]:
    """Give one canonical column to the best claim; returns the columns that are spoken for."""
    best_rank = min(c.rank for c in claims)
    best = [c for c in claims if c.rank == best_rank]
    best = [c for c in best if c.exact] or best
    if len(best) > 1 and name in REQUIRED[grain]:
        facts = {"field": name, "columns": [c.column for c in best]}
        for claim in best:
            guesses[claim.column] = Guess(claim.column, None, 0.0, "mapping.reason.conflict", facts)
        return {c.column for c in best}
    winner = max(best, key=lambda c: (looks[c.column].n, -best.index(c)))
    others = [c for c in claims if c is not winner]
    net = name == "amount" and others
    reason, facts = (
        ("mapping.reason.net" if net and winner.rank == 0 else "mapping.reason.synonym"),
        {"field": name},
    )
    if not winner.exact:
        reason = "mapping.reason.ending"
    if winner.system is not None:
        reason, facts = "mapping.reason.system", winner.system.about(name)
    if reason == "mapping.reason.net":
        facts = {"field": name, "others": [c.column for c in others]}
    guesses[winner.column] = Guess(winner.column, name, winner.confidence, reason, facts)
    spoken = {winner.column}
    for claim in others:
        if any(
            c.column == claim.column and c.field != name and c.field not in _given(guesses)
            for c in all_claims
        ):
            continue
        spoken.add(claim.column)
        second: dict[str, Any] = {"field": name, "taken": winner.column}
        guesses[claim.column] = Guess(claim.column, None, 0.0, "mapping.reason.second", second)
        if claim in best:
            counts = {"n": looks[winner.column].n, "left": looks[claim.column].n}
            notes.append(Problem("mapping.fuller", {**second, **counts}, column=claim.column))
    return spoken


def _given(guesses: dict[str, Guess]) -> set[str]:
    return {g.field for g in guesses.values() if g.field}


def stand_ins(grain: Grain) -> tuple[str, ...]:
    """What tells the rows of a grain apart where its own number is missing, the best first."""
    return ("customer_id", *STAND_IN) if grain == "leads" else STAND_IN


def _stand_in(guesses: dict[str, Guess], grain: Grain) -> None:
    """Without a customer number the phone, e-mail or name tells customers apart: say so at that column."""
    if any(KEY[grain] in (g.field, g.facts.get("field")) for g in guesses.values()):
        return
    have = {g.field: g for g in guesses.values() if g.field in stand_ins(grain)}
    for name in stand_ins(grain):
        if name in have:
            guess = have[name]
            facts = {"field": name}
            reason = "mapping.reason.stand_in" + ("_leads" if grain == "leads" else "")
            guesses[guess.column] = Guess(guess.column, name, guess.confidence, reason, facts)
            return


def _by_look(columns: list[str], grain: Grain, guesses: dict[str, Guess], looks: dict[str, Look]) -> None:
    """A required meaning nobody's heading claims goes to the one unknown column whose values look like it."""
    free = [c for c in columns if c not in guesses and looks[c].n]
    contested = {g.facts["field"] for g in guesses.values() if g.reason_id == "mapping.reason.conflict"}
    tests = {
        "customer_id": lambda c: _ends_like_id(c) and looks[c].date < 0.5 and looks[c].cents < 0.05,
        "lead_id": lambda c: _ends_like_id(c) and looks[c].distinct >= _SURE and looks[c].cents < 0.05,
        "order_date": lambda c: looks[c].date >= _SURE,
        "amount": lambda c: looks[c].is_money(),
        "monetary": lambda c: looks[c].is_money(),
    }
    kinds = {"order_date": "date", "amount": "money", "monetary": "money"}
    for name in REQUIRED[grain]:
        given = _given(guesses)
        if (
            name in given
            or name in contested
            or (name == KEY[grain] and given.intersection(stand_ins(grain)))
        ):
            continue
        if name == "monetary" and not given & OF_BUYERS:
            continue  # a blood value is no money: only a list of buyers is sure to have some
        fitting = [c for c in free if c not in guesses and tests[name](c)]
        if len(fitting) == 1:
            share = looks[fitting[0]].share(kinds[name]) if name in kinds else 1.0
            reason = f"mapping.reason.look_{kinds.get(name, 'id')}"
            guesses[fitting[0]] = Guess(fitting[0], name, 0.45, reason, {"field": name, "share": share})


def _ends_like_id(column: str) -> bool:
    return normal(column).endswith(_ID_ENDINGS)


def mapping_from(
    table: Table, columns: Dict[str, str | None], grain: Grain, *, also: Collection[str] = ()
) -> Mapping:
    """The user's own mapping (client.yml), checked against the file; width, case and blanks may differ.

    Parameters
    ----------
    also : names that mean something beside the canonical ones: the columns a playbook reads

    Raises
    ------
    InputProblems : headings not in the file, unknown canonical columns; all of them, each with a proposal
    """
    headings = [str(c) for c in table.frame.columns]
    by_normal: dict[str, str] = {}
    for own in headings:
        by_normal.setdefault(normal(own), own)
    file = table.sources[0].file if table.sources else None
    canonical = canonical_columns(grain)
    known = [*canonical, *(name for name in dict.fromkeys(also) if name not in canonical)]
    problems: list[Problem] = []
    notes: list[Problem] = []
    found: dict[str, list[str]] = {}
    for wanted, meaning in ((str(c), m) for c, m in columns.items()):
        heading = wanted if wanted in headings else by_normal.get(normal(wanted))
        if heading is None:
            near = _similar(wanted, meaning, headings)
            facts = {"near": near, "have": headings[:12]}
            problems.append(
                Problem("mapping.no_heading" + ("_near" if near else ""), facts, file=file, column=wanted)
            )
        elif heading != wanted:
            notes.append(Problem("mapping.spelling", {"wanted": wanted, "heading": heading}, file=file))
        if meaning is not None and meaning not in known:
            near = get_close_matches(str(meaning).lower(), known, n=2, cutoff=0.5) or [
                s.field for s in senses(str(meaning)) if s.field in known
            ]
            about = {"meaning": meaning, "near": near, "known": known}
            problems.append(
                Problem("mapping.no_field" + ("_near" if near else ""), about, file=file, column=wanted)
            )
        elif heading is not None and meaning is not None:
            found.setdefault(meaning, []).append(heading)
    if problems:
        raise InputProblems(problems)
    guesses: dict[str, Guess] = {}
    for meaning, claimed in found.items():
        claimed = list(dict.fromkeys(claimed))
        filled = {c: int((table.frame[c].str.strip() != "").sum()) for c in claimed}
        winner = max(claimed, key=lambda c: filled[c])
        for c in claimed:
            said: dict[str, Any] = {"field": meaning}
            if len(claimed) > 1 and meaning in REQUIRED[grain]:
                guesses[c] = Guess(c, None, 0.0, "mapping.reason.conflict", {**said, "columns": claimed})
            elif c == winner:
                guesses[c] = Guess(c, meaning, 1.0, "mapping.reason.given", said)
            else:
                guesses[c] = Guess(c, None, 0.0, "mapping.reason.second", {**said, "taken": winner})
                said = {**said, "taken": winner, "n": filled[winner], "left": filled[c]}
                notes.append(Problem("mapping.fuller", said, file=file, column=c))
    ordered = tuple(guesses.get(c) or Guess(c, None, 0.0, "mapping.reason.not_given") for c in headings)
    return Mapping(grain, {g.column: g.field for g in ordered if g.field}, ordered, tuple(notes))


def _similar(wanted: str, meaning: str | None, headings: list[str]) -> list[str]:
    """Headings of the file that were probably meant: spelt alike, or words for the same meaning."""
    by_normal = {normal(h): h for h in headings}
    alike = [by_normal[w] for w in get_close_matches(normal(wanted), list(by_normal), n=2, cutoff=0.5)]
    same = [h for h in headings if meaning in {s.field for s in senses(h)}]
    return list(dict.fromkeys([*alike, *same]))[:2]
