"""Fitting BG/NBD: segkit against lifetimes and the MAP fit of pymc-marketing, on CDNOW."""

from __future__ import annotations

from contextlib import ExitStack

from page import Bar, Section, Table, table_of
from race import Entry, ratio

from parts.setting import Setting, agreement

PEERS = ("lifetimes", "pymc-marketing")
BARE = "lifetimes fit without errors"
BARS = {"lifetimes fit": 1 / 1.5, BARE: 1 / 1.5, "pymc-marketing fit": 1 / 10}
SETS = {"sample": "the 1/10 sample", "master": "all customers"}
PARAMETERS = ("r", "alpha", "a", "b")
TOLERANCE = 1e-3  # two searches for the same maximum end in slightly different places


def run(setting: Setting) -> Section:
    section = Section("Fitting BG/NBD")
    peers = {name: setting.peer(name) for name in PEERS}
    section.text += [f"Skipped: {name}. {p.reason}." for name, p in peers.items() if p.python is None]
    if peers["lifetimes"].python is None:
        section.text.append("The CDNOW data come with lifetimes, so nothing was fitted.")
        return section
    section.text.append(
        "CDNOW (the files that come with lifetimes), weeks, up to 1997-09-30; every side gets the same x, t_x and T "
        "from a file read before the clock. The fits end in different things. segkit gives the parameters and two "
        "checks, no standard errors, and counts equal rows together by itself. lifetimes takes every row by itself "
        "(its user may group them and give weights) and goes on to second derivatives, standard errors and intervals; "
        "*without errors* leaves that out, so that both sides only search. Their parameters agreed within "
        f"{TOLERANCE:.1%} in every round. pymc-marketing builds and compiles its model in each fit, as its user does, "
        "and its parameters differ in the second digit because its default priors take part."
    )
    with ExitStack() as stack:
        workers = {"segkit": setting.worker("in_value")}
        modules = {"lifetimes": "in_lifetimes", "pymc-marketing": "in_pymc_marketing"}
        workers |= {name: setting.worker(modules[name], p.python) for name, p in peers.items() if p.python}
        for worker in workers.values():
            stack.callback(worker.close)
        told = workers["lifetimes"].ask("cdnow").facts or {}
        for which, words in SETS.items():
            summary = setting.cache / f"cdnow-{which}.csv"
            workers["segkit"].ask("write_summary", source=told[which], target=str(summary))
            for worker in workers.values():
                worker.ask("open_summary", path=str(summary))
            sides = {
                f"{name} fit": lambda worker=worker, summary=summary: worker.ask("fit", path=str(summary))
                for name, worker in workers.items()
            }
            sides[BARE] = lambda summary=summary: workers["lifetimes"].ask(
                "fit_without_errors", path=str(summary)
            )
            entries = setting.race(f"CDNOW, {words}", sides, 3 if setting.quick else 9)
            same_model = [entry for entry in entries if not entry.name.startswith("pymc")]
            agreement(same_model, at_least=PARAMETERS, tolerance=TOLERANCE)
            size = (entries[0].took[0].facts or {})["n"]
            title = f"CDNOW, {words}: {size:,} customers"
            section.tables += [table_of(title, entries), _parameters(title, entries)]
            for name, most in BARS.items():
                other = next((entry for entry in entries if entry.name == name), None)
                measured = ratio(entries[0], other) if other else None
                reason, rounds = peers[name.split()[0]].reason, len(entries[0].took)
                what = f"BG/NBD on {size:,} customers: segkit against {name}"
                section.bars.append(Bar(what, most, measured, "x", reason, rounds))
    return section


def _parameters(title: str, entries: list[Entry]) -> Table:
    rows = []
    for entry in entries:
        facts = entry.took[0].facts or {}
        rows.append((entry.name, *(f"{facts[name]:.4f}" for name in PARAMETERS)))
    return Table(f"{title}: what was found", ("", *PARAMETERS), rows)
