"""A page for the visit (拜访卡): what to know of a key account before the door opens, and what to ask.

Key accounts are the labels the policy names (点名的大客户), else the best class of the main scheme; among few
customers those that stand first. `CARDS` of them at most, the most valuable first. Every fact of the page stands
in one long table, so that whoever lays it out computes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from segkit.followup.policy import PERSONAL
from segkit.locale import listing, name_of
from segkit.report.card_figures import Figure, Figures
from segkit.report.clean_tables import write_parquet
from segkit.report.record_fields import FROM_CASES, SAME
from segkit.report.record_parts import cases, channel_name, chosen, contacts, outcomes_named
from segkit.report.record_sources import head_in
from segkit.report.records import Records
from segkit.report.render.values import is_missing, shown
from segkit.report.study import Study
from segkit.schemes.base import PROSPECT, UNKNOWN

CARDS = 30  # 示例参数 / sample parameter
AMONG_FEW = 0.2  # of customers in order the first fifth
ORDERS, CONTACTS, CASES, NEEDS, QUESTIONS = 5, 3, 3, 6, 2  # lines of a card
ABOUT = ("province", "city", "industry", "grade", "owner", "register_date")
COLUMNS = [
    "card",
    "customer_id",
    "part",
    "line",
    "head",
    "text",
    "detail",
    "note",
    "date",
    "value",
    "usual",
    "unit",
]
# 示例参数 / sample parameters: when a figure asks for a word
LATE = 1.5  # times the usual interval
FELL = 0.7  # of the money of the year before
LOW = {"nps": 6, "csat": 3}  # scores up to these (Reichheld 2003; the middle of five)


@dataclass(frozen=True)
class Facts:
    """What the questions of one card are chosen by; `score` is a low one, as (kind, value), where there is one."""

    row: pd.Series
    figures: dict[str, Figure]
    open_cases: int
    needs: int
    score: tuple[str, float] | None

    def number(self, column: str) -> float:
        value = self.row.get(column)
        return math.nan if is_missing(value) else float(value)


def _is_late(facts: Facts) -> bool:
    return facts.number("recency_days") > LATE * facts.number("gap_days")


def _fell(facts: Facts) -> bool:
    one = facts.figures.get("money_12m")
    return one is not None and one.own and one.usual is not None and one.value < FELL * one.usual


# the questions, the most pressing first; those after it are asked where there is room
ASK: dict[str, Callable[[Facts], bool]] = {
    "case": lambda facts: facts.open_cases > 0,
    "score": lambda facts: facts.score is not None,
    "late": _is_late,
    "fell": _fell,
    "agreed": lambda facts: not is_missing(facts.row.get("contact_next")),
    "needs": lambda facts: facts.needs == 0,
    "usual": lambda facts: True,
}


def key_accounts(study: Study) -> pd.DataFrame:
    """The customers that are key accounts, best first; nobody who did not consent."""
    customers = study.customers
    consenting = customers[~customers["customer_id"].astype(str).isin(study.segmentation.withheld)]
    if study.ranked:
        return consenting.head(math.ceil(AMONG_FEW * len(consenting)))
    main, scheme = study.segmentation.main, study.segmentation.main_scheme
    here = {*consenting[main]} - {UNKNOWN, PROSPECT}
    named = [label for label in study.policy.never_held if label in here]
    best = [label for label in scheme.order() if label in here][:1]
    chosen_ones = consenting[consenting[main].isin(named or best)]
    worth = _worth(study, chosen_ones)
    keys = pd.DataFrame(
        {
            "worth": worth.fillna(float("-inf")),
            "last": chosen_ones["last_order"],
            "id": chosen_ones["customer_id"].astype(str),
        }
    ).sort_values(["worth", "last", "id"], ascending=[False, False, True], kind="stable")
    return chosen_ones.loc[keys.index]


def _worth(study: Study, customers: pd.DataFrame) -> pd.Series:
    """The money; where none is known, the first number the main scheme decides by (of a bank, the assets)."""
    numbers = [] if study.has_money else study.segmentation.main_scheme.needs()
    kind = pd.api.types
    for column in ("monetary", *numbers):
        if (
            column in customers
            and kind.is_numeric_dtype(customers[column])
            and customers[column].notna().any()
        ):
            return customers[column].astype("float64")
    return pd.Series(0.0, index=customers.index)


def visit_cards(study: Study, records: Records) -> pd.DataFrame:
    """The facts of every card: `card, customer_id, part, line, head, text, detail, note, date, value, usual, unit`.

    Parts are those of `record_fields.PARTS`; `known` says of which there is a table, so that nothing is called
    missing that nobody recorded.
    Texts are in the language of the report; nothing of phones, e-mails and names of persons.
    """
    accounts = key_accounts(study).head(CARDS)
    ids = accounts["customer_id"].astype(str).tolist()
    rows = records.rows.set_index("customer_id")
    made = _Cards(study, records, ids)
    lines = [
        {"card": number, "customer_id": id, **line}
        for number, id in enumerate(ids, 1)
        for line in made.of(id, rows.loc[id])
    ]
    frame = pd.DataFrame(lines, columns=COLUMNS)
    texts = ["customer_id", "part", "head", "text", "detail", "note", "unit"]
    frame[texts] = frame[texts].astype("string").fillna("").astype("str")
    frame["date"] = pd.to_datetime(frame["date"])
    return frame.astype({"card": "int64", "line": "int64", "value": "float64", "usual": "float64"})


def write_cards(study: Study, cards: pd.DataFrame) -> None:
    """Put the cards where the renderer finds them; none where there is no key account."""
    if cards.empty:
        return
    internal = study.folder / "internal"
    internal.mkdir(exist_ok=True)
    write_parquet(cards, internal / "cards.parquet")
    study.model.tables["cards"] = "internal/cards.parquet"


Line = dict[str, Any]


@dataclass
class _Cards:
    """What the cards of one study have in common, looked up once."""

    study: Study
    records: Records
    ids: list[str]
    figures: Figures = field(init=False)
    orders: pd.DataFrame = field(init=False)
    talks: pd.DataFrame = field(init=False)
    open: pd.DataFrame = field(init=False)
    needs: list[str] = field(init=False)
    known: str = field(init=False)
    steps: pd.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        study = self.study
        bought = self._of_accounts(study.orders)
        self.orders = self._of_accounts(one_a_line(bought) if len(bought) else None)
        paid = self.orders[self.orders["amount"] >= 0] if len(self.orders) else self.orders
        last = paid.drop_duplicates("customer_id").set_index("customer_id")
        self.figures = Figures(study, last["amount"] if len(last) else pd.Series(dtype="float64"))
        talks = contacts(study)
        if talks is not None and "outcome" in talks:
            said = outcomes_named(study, talks, talks["outcome"])
            talks = talks.assign(outcome=said.to_numpy())
        self.talks = self._of_accounts(talks)
        found = cases(study)
        still = None if found is None or "closed_at" not in found else found[found["closed_at"].isna()]
        if still is not None and "severity" in still and found is not None:
            still = still.assign(severity=chosen(found, "severity", still["severity"]).to_numpy())
        self.open = self._of_accounts(still)
        there = {"order": study.orders, "contact": talks, "case": found}
        self.known = " ".join(part for part, rows in there.items() if rows is not None)
        fields = self.records.fields
        needs = dict.fromkeys(fields.loc[fields["block"].eq("needs"), "field"])
        self.needs = [need for need in needs if need not in FROM_CASES]  # those have their own place
        self.steps = self._own_steps()

    def _of_accounts(self, rows: pd.DataFrame | None) -> pd.DataFrame:
        """Rows of the accounts, the latest first."""
        if rows is None:
            return pd.DataFrame({"customer_id": pd.Series(dtype="str")})
        rows = rows[rows["customer_id"].astype(str).isin(self.ids)]
        day = next((c for c in ("order_date", "opened_at", "date") if c in rows), None)
        return rows if day is None else rows.sort_values(day, ascending=False, kind="stable")

    def _own_steps(self) -> pd.DataFrame:
        """By account the first call or visit of the plan, those of its own owner before all others."""
        tasks, customers = self.study.plan.tasks, self.study.customers
        tasks = tasks.assign(customer_id=tasks["customer_id"].astype(str))
        mine = tasks[tasks["customer_id"].isin(self.ids) & tasks["channel"].isin(PERSONAL)]
        owners = customers["owner"] if "owner" in customers else pd.Series(pd.NA, index=customers.index)
        owner = owners.astype("string").str.strip().set_axis(customers["customer_id"].astype(str))
        own = (mine["customer_id"].map(owner) == mine["owner"].astype("string").str.strip()).fillna(False)
        mine = mine.assign(own=own.astype(bool)).sort_values(["own", "due"], ascending=[False, True])
        return mine.drop_duplicates("customer_id").set_index("customer_id")

    def of(self, id: str, row: pd.Series) -> Iterator[Line]:
        """The lines of one card."""
        mine = {
            name: frame[frame["customer_id"].astype(str) == id]
            for name, frame in (("order", self.orders), ("contact", self.talks), ("case", self.open))
        }
        figures = self.figures.of(id)
        yield from self._who(row)
        yield {"part": "known", "line": 0, "text": self.known}
        for line, figure in enumerate(figures.values()):
            unit = {"value": figure.value, "usual": figure.usual, "unit": figure.unit}
            yield {"part": "figure", "line": line, "head": figure.head, "note": figure.note, **unit}
        yield from self._rows(mine)
        needs = [need for need in self.needs if not is_missing(row.get(need))]
        for line, need in enumerate(needs[:NEEDS]):
            yield {
                "part": "need",
                "line": line,
                "head": head_in(self.study, need),
                "text": self._said(need, row),
            }
        if not is_missing(row.get("changed")):
            yield {"part": "change", "line": 0, "text": row["changed"]}
        yield self._next(id, row)
        facts = Facts(row, figures, len(mine["case"]), len(needs), _low_score(row))
        asked = [id for id, holds in ASK.items() if holds(facts)][:QUESTIONS]
        for line, question in enumerate(asked):
            yield {"part": "ask", "line": line, "text": self._question(question, facts)}
        files = listing(
            list(dict.fromkeys(source["file"] for source in self.study.intake["sources"])), self.study.lang
        )
        yield {"part": "source", "line": 0, "text": self.study.say("card.source", files=files)}

    def _who(self, row: pd.Series) -> Iterator[Line]:
        study = self.study
        label = "" if study.ranked else str(row[study.segmentation.main])
        called = "" if study.ranked else study.label_name(label)
        why = "" if is_missing(row.get("why")) else row["why"]
        name = "" if is_missing(row.get("name")) else row["name"]
        yield {"part": "who", "line": 0, "head": name, "text": called, "detail": why, "note": label}
        known = [column for column in ABOUT if not is_missing(row.get(column))]
        for line, column in enumerate(known):
            yield {
                "part": "about",
                "line": line,
                "head": study.field_name(column),
                "text": self._said(column, row),
            }

    def _rows(self, mine: dict[str, pd.DataFrame]) -> Iterator[Line]:
        """Last orders, last contacts, complaints that are open."""
        study = self.study
        for line, order in enumerate(mine["order"].head(ORDERS).to_dict("records")):
            words = {"text": _text(order.get("category")), "detail": _text(order.get("channel"))}
            money = {"value": order["amount"], "unit": "money"}
            yield {"part": "order", "line": line, "date": order["order_date"], **words, **money}
        for line, talk in enumerate(mine["contact"].head(CONTACTS).to_dict("records")):
            words = {
                "text": channel_name(study, talk.get("channel")) or "",
                "detail": _text(talk.get("outcome")),
            }
            yield {
                "part": "contact",
                "line": line,
                "date": talk["date"],
                **words,
                "note": _text(talk.get("owner")),
            }
        for line, case in enumerate(mine["case"].head(CASES).to_dict("records")):
            opened = case.get("opened_at")
            days = None if is_missing(opened) else (pd.Timestamp(study.as_of) - opened.normalize()).days
            yield {
                "part": "case",
                "line": line,
                "date": opened,
                "text": _text(case.get("severity")),
                "value": days,
                "unit": "days",
            }

    def _next(self, id: str, row: pd.Series) -> Line:
        """What is done with the account next: a word with it goes before an invitation or a message."""
        if id in self.steps.index:
            step, lang = self.steps.loc[id], self.study.lang
            words = {
                "text": name_of("content", step["content"], lang),
                "detail": name_of("channel", step["channel"], lang),
                "note": step["owner"] or self.study.say("report.unassigned"),
            }
            return {"part": "next", "line": 0, "date": step["due"], **words}
        if is_missing(row.get("next_on")):
            return {"part": "next", "line": 0, "text": _text(row.get("no_step"))}
        words = {"text": row["next_what"], "detail": row["next_channel"], "note": row["next_owner"]}
        return {"part": "next", "line": 0, "date": row["next_on"], **words}

    def _question(self, id: str, facts: Facts) -> str:
        said, score = facts.score or ("nps", math.nan)
        known = {
            "days": facts.number("recency_days"),
            "gap": shown(facts.number("gap_days"), "days", self.study.lang),
            "n": facts.open_cases,
            "score": score,
            "kind": self.study.field_name(said),
            "date": facts.row.get("contact_next"),
        }
        return self.study.say(f"card.ask.{id}", **known)

    def _said(self, column: str, row: pd.Series) -> str:
        value = row[column]
        scheme = self.study.segmentation.schemes.get(column)
        if scheme is not None:
            return self.study.label_name(str(value), scheme)
        if isinstance(value, str):
            return value
        whole = isinstance(value, bool | pd.Timestamp) or float(value).is_integer()
        return shown(
            value,
            "text" if isinstance(value, bool | pd.Timestamp) else "count" if whole else "ratio",
            self.study.lang,
        )


def one_a_line(orders: pd.DataFrame) -> pd.DataFrame:
    """One row per order: `customer_id, order_date, amount`, and where known all its categories and channels.

    Lines of one order id are one order; where there are no ids, lines of one day.
    """
    day = orders["order_date"].dt.normalize()
    own = (
        orders["order_id"].astype("string") if "order_id" in orders else pd.Series(pd.NA, index=orders.index)
    )
    key = own.where(own.notna() & own.ne(""), day.astype("string"))
    words = {c: (c, _joined) for c in ("category", "channel") if c in orders}
    grouped = orders.assign(order_date=day, _key=key).groupby(["customer_id", "_key"], as_index=False)
    made = grouped.agg(order_date=("order_date", "max"), amount=("amount", "sum"), **words)
    return made.assign(amount=made["amount"].round(2)).drop(columns="_key")


def _low_score(row: pd.Series) -> tuple[str, float] | None:
    """The first low score on record, by its kind."""
    for kind, low in LOW.items():
        for column in (kind, *SAME.get(kind, ())):
            if not is_missing(row.get(column)) and float(row[column]) <= low:
                return kind, float(row[column])
    return None


def _joined(texts: pd.Series) -> str:
    known = texts.dropna().astype(str)
    return " / ".join(dict.fromkeys(text for text in known if text.strip()))


def _text(value: Any) -> str:
    return "" if is_missing(value) else str(value)
