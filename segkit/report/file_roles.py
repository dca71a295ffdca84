"""Which of a client's files holds what? Orders, customers, leads, what happened with them, or a further table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path

import pandas as pd

from segkit.config import GRAINS, TableDraft
from segkit.customers import COLUMNS
from segkit.intake.headings import normal, senses
from segkit.intake.looks import look_at
from segkit.intake.mapping import KEY, REQUIRED, Grain, suggest_mapping
from segkit.intake.mapping import Mapping as Guessed
from segkit.intake.mapping_check import check_mapping
from segkit.intake.side_grains import SIDES, Side, check_side, side_of, suggest_side
from segkit.intake.table import Table
from segkit.intake.values import tidy
from segkit.locale import LANGS, has_term, term
from segkit.playbooks import Playbook, schemes_of

ORDERS: Grain = "orders"
CUSTOMERS: Grain = "customers"
LEADS: Grain = "leads"
KEYS = ("customer_id", "order_id")
ALIKE = 0.75  # names of a file and a table that may mean the same
HALF = 0.5  # of the columns a playbook reads, or of the ids in a column
MOST = 0.8  # of the ids of one file stand in another
_TO_COME = re.compile(r"due|next|expect|until|deadline|planned|预计|下次|下一|到期|计划|应|截止")
ONE_A_ROW = 0.9  # ids of a customer list are different, but for rows entered twice


@dataclass(frozen=True)
class Roles:
    """What each file is taken for.

    `lacking`: table -> columns that the playbook reads and no file has; `unused`: files of other people than the
    customers.
    """

    grains: dict[Path, Grain | Side]
    tables: tuple[TableDraft, ...] = ()
    lacking: dict[str, list[str]] = field(default_factory=dict)
    unused: tuple[Path, ...] = ()


def roles_of(files: Mapping[Path, Table], written: Mapping[Path, str], playbook: Playbook) -> Roles:
    """Guess the role of every file.

    A file is a further table where its columns or its name are those of a table the playbook reads, or where it
    is neither orders nor a list of customers and another file is. Its customers are in the column whose values
    are the ids of the others. Contacts, surveys, complaints, outcomes and opt-outs are told by columns only they
    have. Leads whose numbers the orders use are the list of customers.

    Parameters
    ----------
    files : path -> what was read
    written : path -> as client.yml will name it
    """
    guesses = {path: suggest_mapping(table) for path, table in files.items()}
    wanted = tables_read(playbook)
    claimed = _claimed(files, wanted, playbook) if len(files) > 1 else {}
    if len(claimed) == len(files):
        claimed = {}
    sides = _sides(files, guesses, claimed)
    free = [path for path in files if path not in claimed and path not in sides]
    if not free:
        sides, free = {}, [path for path in files if path not in claimed]
    claimed = {path: name for path, name in claimed.items() if path not in sides}
    _relist(free, files, guesses)
    leads = [path for path in free if guesses[path].grain == LEADS and _fits(files[path], guesses[path])]
    fit = [path for path in free if _fits(files[path], guesses[path]) and path not in leads]
    lists = [path for path in fit if guesses[path].grain == CUSTOMERS]
    beside, strangers = _beside_the_list(lists, files, guesses)
    aside = {path for path in free if (fit or leads) and path not in (*fit, *leads)} | beside
    aside |= _doubtful_orders([path for path in fit if path not in lists], guesses, bool(lists), playbook)
    for path in free:
        if path in aside:
            claimed[path] = _free_name(path.stem, {*wanted, *claimed.values()})
    main = [path for path in free if path not in claimed and path not in strangers]
    ids = {key: _ids(files, guesses, main, key) for key in KEYS}
    grains: dict[Path, Grain | Side] = {path: guesses[path].grain for path in main}
    grains |= sides
    drafts: list[TableDraft] = []
    for path, name in claimed.items():
        draft = _draft(files[path], name, written[path], ids, wanted.get(name, ()), playbook)
        if draft is None:
            grains[path] = guesses[path].grain  # nobody's ids: a report would refuse it, and says why
        else:
            drafts.append(draft)
    made = {draft.name for draft in drafts} | {*grains.values()}
    lacking = {name: list(columns) for name, columns in wanted.items() if name not in made}
    return Roles(grains, tuple(drafts), lacking, tuple(strangers))


def _sides(
    files: Mapping[Path, Table], guesses: Mapping[Path, Guessed], claimed: Mapping[Path, str]
) -> dict[Path, Side]:
    """Files of what happened with customers: those a playbook reads under such a name, and those that look so.

    A file that says more of who somebody is than of what happened is none.
    """
    if len(files) < 2:
        return {}
    found: dict[Path, Side] = {}
    for path, table in files.items():
        named = next((side for side in SIDES if claimed.get(path) == side), None)
        side = named or (None if path in claimed else side_of(table))
        if side is None:
            continue
        mapping = suggest_side(table, side)
        more = named is None and len(guesses[path].columns) > len(mapping.columns)
        if not more and not check_side(mapping, table):
            found[path] = side
    return found


def tables_read(playbook: Playbook) -> dict[str, tuple[str, ...]]:
    """The further tables whose rows a playbook looks at, and the columns of each."""
    names = dict.fromkeys(a.table for a in playbook.attributes.values() if a.of_rows and a.table != ORDERS)
    return {name: tuple(dict.fromkeys(playbook.columns_read(name))) for name in names}


def columns_wanted(playbook: Playbook) -> list[str]:
    """The columns of the customer list that a playbook reads beyond those every customer has."""
    needed = [column for scheme in schemes_of(playbook).values() for column in scheme.needs()]
    made = {*playbook.attributes, *playbook.schemes, *COLUMNS}
    read = dict.fromkeys([*playbook.columns_read(CUSTOMERS), *needed])
    return [column for column in read if column not in made]


def heading_of(column: str, headings: Iterable[str], playbook: Playbook) -> str | None:
    """The heading that is, or by its name means, a column of a playbook: 年龄 for age."""
    names = {normal(column)}
    for lang in LANGS:
        names |= {normal(term(id, lang)) for id in (f"field.{column}", f"measure.{column}") if has_term(id)}
        names |= {normal(own) for own in [playbook.names.get(column, {}).get(lang)] if own}
    by_normal = {normal(heading): heading for heading in reversed([*headings])}
    return next((by_normal[name] for name in sorted(names) if name in by_normal), None)


def _claimed(
    files: Mapping[Path, Table], wanted: Mapping[str, tuple[str, ...]], playbook: Playbook
) -> dict[Path, str]:
    """Files that look like a table the playbook reads, the likeliest pairs first, each once."""
    pairs: list[tuple[float, Path, str]] = []
    for path, table in files.items():
        headings = [str(c) for c in table.frame.columns]
        for name, columns in wanted.items():
            found = sum(heading_of(column, headings, playbook) is not None for column in columns)
            share = found / len(columns) if columns else 0.0
            alike = _alike(path.stem, name)
            if share >= HALF or alike >= ALIKE:
                pairs.append((share + alike, path, name))
    claimed: dict[Path, str] = {}
    for _, path, name in sorted(pairs, key=lambda pair: (-pair[0], str(pair[1]), pair[2])):
        if path not in claimed and name not in claimed.values():
            claimed[path] = name
    return claimed


def _alike(stem: str, name: str) -> float:
    a, b = normal(stem), normal(name)
    return 1.0 if a and b and (a in b or b in a) else SequenceMatcher(None, a, b).ratio()


def _fits(table: Table, guess: Guessed) -> bool:
    """Could a report be made of this file alone?"""
    return not [p for p in check_mapping(guess, table) if p.id != "mapping.conflict"]


def _relist(free: Iterable[Path], files: Mapping[Path, Table], guesses: dict[Path, Guessed]) -> None:
    """What looks like orders without being any may be the list of those who ordered: leads with a budget."""
    fit = [path for path in free if _fits(files[path], guesses[path]) and guesses[path].grain != LEADS]
    buyers = _ids(files, guesses, [path for path in fit if guesses[path].grain == ORDERS], "customer_id")
    for path in free:
        if path not in fit and buyers:
            guess = suggest_mapping(files[path], CUSTOMERS)
            own = _ids(files, {path: guess}, [path], "customer_id")
            if len(buyers & own) >= HALF * len(buyers) and _one_a_row(files[path], guess):
                guesses[path] = guess


def _doubtful_orders(
    orders: list[Path], guesses: Mapping[Path, Guessed], listed: bool, playbook: Playbook
) -> set[Path]:
    """Files that are orders only by the look of their values, where better ones are there or none are needed."""
    doubtful = {
        path
        for path in orders
        if min(g.confidence for g in guesses[path].guesses if g.field in REQUIRED[ORDERS]) < HALF
    }
    needed = len(doubtful) == len(orders) and (not listed or reads_purchases(playbook))
    return set() if needed else doubtful


def reads_purchases(playbook: Playbook) -> bool:
    """Does any attribute or scheme of the playbook rest on orders?"""
    needs = {column for scheme in schemes_of(playbook).values() for column in scheme.needs()}
    needs |= {*playbook.columns_read(CUSTOMERS)}
    return bool(needs & {*COLUMNS[1:]}) or any(a.table == ORDERS for a in playbook.attributes.values())


def _beside_the_list(
    lists: list[Path], files: Mapping[Path, Table], guesses: Mapping[Path, Guessed]
) -> tuple[set[Path], list[Path]]:
    """Files that look like lists of customers: those that only say more of the customers of another one, and
    those of other people (the team), who have no customer ids."""
    known = [path for path in lists if _one_a_row(files[path], guesses[path])]
    if not known:
        return set(), []
    main = max(known, key=lambda path: (len(guesses[path].columns), len(files[path].frame)))
    ids = _ids(files, guesses, [main], "customer_id")
    heads = {normal(str(c)) for c in files[main].frame.columns}
    beside: set[Path] = set()
    others: list[Path] = []
    for path in (path for path in lists if path != main):
        own = _ids(files, guesses, [path], "customer_id")
        shared = heads & {normal(str(c)) for c in files[path].frame.columns}
        continues = len(shared) >= HALF * min(len(heads), files[path].frame.shape[1])
        told = bool(own) and len(own & ids) >= MOST * len(own)
        if path not in known or (told and not continues):
            beside.add(path)
        elif ids and len(own & ids) <= HALF * len(own) and not continues and _guessed_key(guesses[path]):
            others.append(path)
    return beside, others


def _guessed_key(guess: Guessed) -> bool:
    """Is there no column that by its heading holds customer ids?"""
    sure = [g.confidence for g in guess.guesses if g.field == "customer_id"]
    return not sure or sure[0] < HALF


def _one_a_row(table: Table, guess: Guessed) -> bool:
    head = guess.column("customer_id")
    if head is None:
        return not any(g.facts.get("field") == "customer_id" for g in guess.guesses)  # two may be it
    if {"monetary", "last_order", "frequency"} & {*guess.columns.values()}:
        return True
    cells = tidy(table.frame[head])
    cells = cells[cells != ""]
    return cells.nunique() >= ONE_A_ROW * len(cells)


def _free_name(stem: str, taken: set[str]) -> str:
    """A name for a table that no other has, and that is none of orders, customers, leads and so on."""
    taken = taken | {*GRAINS}
    return next(name for name in (stem, f"{stem}_table", *_numbered(stem)) if name and name not in taken)


def _numbered(stem: str) -> Iterator[str]:
    return (f"{stem or 'table'}_{n}" for n in range(2, 1000))


def _ids(
    files: Mapping[Path, Table], guesses: Mapping[Path, Guessed], main: Iterable[Path], key: str
) -> set[str]:
    """The customer ids, or the order ids, of the files that are orders or customers."""
    found: set[str] = set()
    for path in main:
        grain = guesses[path].grain
        head = guesses[path].column(KEY[grain] if key == "customer_id" else key)
        if head is not None:
            found |= {*tidy(files[path].frame[head]).unique()}
    return found - {""}


def _draft(
    table: Table,
    name: str,
    file: str,
    ids: Mapping[str, set[str]],
    columns: Iterable[str],
    playbook: Playbook,
) -> TableDraft | None:
    headings = [str(c) for c in table.frame.columns if not str(c).startswith("+")]
    keys = {key: _key(table.frame, headings, ids[key], key) for key in KEYS}
    if keys["customer_id"] is not None:
        keys["order_id"] = None
    elif keys["order_id"] is None:
        return None
    found = {column: heading_of(column, headings, playbook) for column in columns}
    renamed = {heading: column for column, heading in found.items() if heading and heading != column}
    return TableDraft(
        name=name,
        files=(file,),
        customer_id=keys["customer_id"],
        order_id=keys["order_id"],
        date=_date(table.frame, headings),
        columns=renamed,
        found=tuple(column for column, heading in found.items() if heading),
        lacking=tuple(column for column, heading in found.items() if not heading),
    )


def _key(frame: pd.DataFrame, headings: list[str], ids: set[str], key: str) -> str | None:
    """The column most of whose values are ids of customers, or of orders; among equals the one headed so."""
    best: tuple[float, bool, str] | None = None
    for heading in headings:
        cells = tidy(frame[heading])
        values = {*cells.unique()} - {""}
        share = len(values & ids) / len(values) if values else 0.0
        named = any(s.field == key and s.exact for s in senses(heading))
        if share >= HALF and (best is None or (share, named) > best[:2]):
            best = (share, named, heading)
    if best is not None or key == "order_id":
        return best[2] if best else None
    sure = (h for h in headings if any(s.field == key and s.exact and s.level == 0 for s in senses(h)))
    return next(sure, None)


def _date(frame: pd.DataFrame, headings: list[str]) -> str | None:
    """The first well filled column of dates that does not say what is still to come (下次随访)."""
    looks = {heading: look_at(frame[heading]) for heading in headings}
    dated = [h for h, look in looks.items() if look.date >= 0.9 and look.fill >= HALF]
    named = [h for h in dated if any(s.field == "order_date" for s in senses(h))]
    past = [h for h in dated if not _TO_COME.search(h.lower())]
    return next(iter([*(h for h in named if h in past), *past]), None)
