"""Will a mapping do? What no column says, what two columns claim, and what can be done without."""

from __future__ import annotations

from difflib import SequenceMatcher

from segkit.intake.grains import OF_LEADS
from segkit.intake.headings import normal, vocabulary
from segkit.intake.mapping import KEY, OF_BUYERS, REQUIRED, Mapping, stand_ins
from segkit.intake.table import Table
from segkit.problems import Problem


def check_mapping(mapping: Mapping, table: Table, *, alone: bool = True) -> list[Problem]:
    """Will this mapping do? Every required meaning nobody has, or that two columns claim, as a problem.

    A customer table can do without money (patients, learners, leads). It is a problem only where the columns
    were guessed and the table looks as if it had some: a heading like a word for it, a last order, a count of
    orders. `no_money` says so in every other case.

    Parameters
    ----------
    alone : False for a customer file that goes with an order file, which needs no amounts of its own
    """
    file = table.sources[0].file if table.sources else None
    headings = [str(c) for c in table.frame.columns]
    contested: dict[str, list[str]] = {}
    for guess in mapping.guesses:
        if guess.reason_id == "mapping.reason.conflict":
            contested[guess.facts["field"]] = list(guess.facts["columns"])
    problems = [
        Problem("mapping.conflict", {"field": name, "columns": columns}, file=file)
        for name, columns in contested.items()
    ]
    have = set(mapping.columns.values())
    for name in REQUIRED[mapping.grain]:
        if name in have or name in contested or (name == "monetary" and not alone):
            continue
        if name == KEY[mapping.grain] and have.intersection(stand_ins(mapping.grain)):
            continue
        near = _near_misses(name, headings, mapping)
        if name == "monetary" and (_given(mapping) or not (near or have & OF_BUYERS)):
            continue
        facts = {"field": name, "near": near, "have": headings[:12], "grain": mapping.grain}
        problems.append(Problem(f"mapping.missing_{name}" + ("_near" if near else ""), facts, file=file))
    if mapping.grain == "leads" and not have.intersection(OF_LEADS):
        near = [head for name in OF_LEADS for head in _near_misses(name, headings, mapping)]
        said = {"near": near, "have": headings[:12]}
        problems.append(Problem("mapping.leads_when" + ("_near" if near else ""), said, file=file))
    return problems


def no_money(mapping: Mapping, table: Table) -> Problem | None:
    """The note that a customer table which stands alone has no money; None where it has."""
    if mapping.grain != "customers" or "monetary" in mapping.columns.values():
        return None
    file = table.sources[0].file if table.sources else None
    near = _near_misses("monetary", [str(c) for c in table.frame.columns], mapping)
    return Problem("mapping.no_money" + ("_near" if near else ""), {"near": near}, file=file)


def _given(mapping: Mapping) -> bool:
    """Did the client say which column is what?"""
    return any(guess.reason_id == "mapping.reason.given" for guess in mapping.guesses)


def _near_misses(name: str, headings: list[str], mapping: Mapping) -> list[str]:
    """Unused headings that read like a word for this meaning."""
    words = [normal(w) for level in vocabulary().fields[name].words for w in level]
    scored = []
    for heading in headings:
        if heading in mapping.columns or heading.startswith("+"):
            continue
        word = normal(heading)
        best = max(SequenceMatcher(None, word, other).ratio() for other in words)
        if best >= 0.7:
            scored.append((-best, heading))
    return [heading for _, heading in sorted(scored)[:3]]
