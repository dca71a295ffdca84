"""What is bought together: pairs of items beside each other more often than their sales alone would have it."""

from __future__ import annotations

import pandas as pd

from segkit.baskets import AT_LEAST, bought_together
from segkit.report.model import Text
from segkit.report.study import Head, Shown, Study

TABLE, BASKET, ITEM, NAME = "items", "order_id", "item_id", "item_name"
MOST = 10


def baskets(study: Study) -> Shown:
    """The pairs of the table `items` that chance does not explain, with the numbers behind each."""
    items = study.tables.get(TABLE)
    if items is None or BASKET not in items or not {ITEM, NAME} & {*items.columns}:
        return study.add("baskets", [])
    item = ITEM if ITEM in items else NAME
    known = items.dropna(subset=[BASKET, item])
    pairs = bought_together(known, basket=BASKET, item=item)
    n = int(known[BASKET].nunique())
    sure = pairs[pairs["low"] > 1].head(MOST)
    if sure.empty:
        words = study.say("baskets.none", n=n, least=AT_LEAST, items=int(known[item].nunique()))
        return study.add("baskets", [Text(text=words)])
    names = _names(known, item)
    rows = [
        [names[p.item_a], names[p.item_b], p.together, p.n_a, p.together / p.n_a, p.n_b / p.baskets, p.lift, p.low]
        for p in sure.itertuples()
    ]  # fmt: skip
    head: list[Head] = [
        ("item_a", study.say("head.item_a"), "text"),
        ("item_b", study.say("head.item_b"), "text"),
        ("together", study.say("head.together"), "count"),
        ("n_a", study.say("head.with_a"), "count"),
        ("share", study.say("head.share_of_a"), "share"),
        ("usual", study.say("head.share_of_all"), "share"),
        ("lift", study.say("head.lift"), "ratio"),
        ("low", study.say("head.lift_low"), "ratio"),
    ]
    first = sure.iloc[0]
    facts = {
        "a": names[first["item_a"]],
        "b": names[first["item_b"]],
        "of_a": 100 * first["together"] / first["n_a"],
        "of_all": 100 * first["n_b"] / first["baskets"],
        "lift": first["lift"],
    }
    title = study.say("baskets.title", n=len(sure), **facts)
    note = study.say("baskets.note", n=n, least=AT_LEAST)
    words = study.say("baskets.words", n=n, pairs=len(sure), **facts)
    caution = Text(text=study.say("baskets.caution"), role="note")
    table = study.table("baskets", title, head, rows, n=n, note=note)
    return study.add("baskets", [Text(text=words), table, caution])


def _names(items: pd.DataFrame, item: str) -> dict[str, str]:
    """What each item is called: its name where there is one, told apart by its id where two share it."""
    if item == NAME or NAME not in items:
        return {str(id): str(id) for id in items[item].unique()}
    called = items.dropna(subset=[NAME]).drop_duplicates(item).set_index(item)[NAME].astype(str)
    twice = called.duplicated(keep=False)
    names = {str(id): str(id) for id in items[item].unique()}
    return names | {str(id): f"{name} {id}" if twice[id] else name for id, name in called.items()}
