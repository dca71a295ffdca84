"""Who moved: margins of both times, by count and by money; nothing moves where nothing changes."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import segkit
from segkit.evaluate.moves import JOINED, LEFT, TOTAL, migration
from segkit.problems import InputProblems

labels = st.dictionaries(
    st.integers(0, 30).map(str), st.sampled_from(["A", "B", "C", "unknown"]), max_size=25
)
ORDER = ["A", "B", "C", "unknown"]


def table(rows: dict[str, tuple[str, float]]) -> pd.DataFrame:
    ids = list(rows)
    return pd.DataFrame(
        {"customer_id": ids, "abc": [rows[i][0] for i in ids], "monetary": [rows[i][1] for i in ids]}
    )


LAST = table({"1": ("A", 100.0), "2": ("A", 80.0), "3": ("B", 30.0), "4": ("C", 5.0), "5": ("C", 4.0)})
NOW = table({"1": ("A", 110.0), "2": ("B", 40.0), "3": ("A", 90.0), "4": ("C", 5.0), "6": ("B", 20.0)})


def test_by_hand() -> None:
    found = migration(LAST, NOW, "monetary", label="abc", order=ORDER)
    assert found.counts.loc["A", ["A", "B", "C", LEFT, TOTAL]].tolist() == [1, 1, 0, 0, 2]
    assert found.counts.loc["C", ["A", "B", "C", LEFT, TOTAL]].tolist() == [0, 0, 1, 1, 2]
    assert found.counts.loc[JOINED, "B"] == 1 and found.counts.loc[TOTAL, TOTAL] == 6
    assert found.value_before is not None and found.value_after is not None
    assert (found.value_before.loc["A", "B"], found.value_after.loc["A", "B"]) == (80.0, 40.0)
    assert found.value_before.loc[TOTAL, TOTAL] == 219.0 and found.value_after.loc[TOTAL, TOTAL] == 265.0
    ways = found.moves.set_index("customer_id")["direction"].to_dict()
    assert ways == {"1": "stayed", "2": "down", "3": "up", "4": "stayed", "5": LEFT, "6": JOINED}
    assert found.moves.set_index("customer_id").loc["2", "change"] == -40.0
    assert found.who("B", "A") == ["3"] and found.who(after=LEFT) == ["5"]
    up, new = found.share("up"), found.share(JOINED)
    assert (up.value, up.n) == (0.2, 5) and (new.value, new.n) == (0.2, 5)
    assert found.row_shares().loc["A"].tolist() == [0.5, 0.5, 0.0, 0.0]


@given(labels, labels)
def test_margins_are_those_of_either_time_and_everybody_stands_in_one_cell(
    before: dict[str, str], after: dict[str, str]
) -> None:
    found = migration(before, after, order=ORDER)
    cells = found.counts.drop(index=TOTAL, columns=TOTAL)
    assert cells.to_numpy().sum() == len({*before, *after}) == len(found.moves)
    for name in cells.index.drop(JOINED):
        assert found.counts.loc[name, TOTAL] == list(before.values()).count(name)
    for name in cells.columns.drop(LEFT):
        assert found.counts.loc[TOTAL, name] == list(after.values()).count(name)
    assert found.counts.loc[JOINED, TOTAL] == len({*after} - {*before})
    assert found.counts.loc[TOTAL, LEFT] == len({*before} - {*after})
    shares = found.row_shares().dropna().sum(axis=1)
    assert shares.empty or shares.round(9).eq(1).all()
    back = migration(after, before, order=ORDER).moves["direction"].value_counts()
    there = found.moves["direction"].value_counts()
    for one, other in (("up", "down"), (JOINED, LEFT), ("stayed", "stayed"), ("moved", "moved")):
        assert there.get(one, 0) == back.get(other, 0)


@given(labels)
def test_nothing_moves_where_nothing_changes(same: dict[str, str]) -> None:
    found = migration(same, dict(reversed(list(same.items()))), order=ORDER)
    assert (found.moves["direction"] == "stayed").all()
    inner = found.counts.drop(index=[JOINED, TOTAL], columns=[LEFT, TOTAL])
    assert inner.to_numpy().sum() == sum(inner.loc[x, x] for x in inner.index) == len(same)


@given(st.lists(st.tuples(st.sampled_from(["A", "B"]), st.integers(-500, 90000)), min_size=1, max_size=12))
def test_money_reconciles_with_either_table(people: list[tuple[str, int]]) -> None:
    rows = {str(i): (name, cents / 100) for i, (name, cents) in enumerate(people)}
    now = table({id: ("B", 2 * money) for id, (_, money) in list(rows.items())[1:]} | {"x": ("A", 1.5)})
    found = migration(table(rows), now, "monetary", label="abc")
    assert found.value_before is not None and found.value_after is not None
    for name in ("A", "B"):
        if name in found.value_before.index:
            held = sum(money for label, money in rows.values() if label == name)
            assert found.value_before.loc[name, TOTAL] == pytest.approx(held, abs=0.011)
    assert found.value_after.loc[TOTAL, TOTAL] == pytest.approx(now["monetary"].sum(), abs=0.011)
    assert (found.value_before.loc[JOINED] == 0).all() and (found.value_after[LEFT] == 0).all()


def test_an_unknown_class_is_neither_better_nor_worse_and_without_an_order_nothing_is() -> None:
    found = migration({"1": "A", "2": "unknown"}, {"1": "unknown", "2": "C"}, order=ORDER)
    assert found.moves["direction"].tolist() == ["moved", "moved"]
    assert migration({"1": "A"}, {"1": "B"}).moves["direction"].tolist() == ["moved"]
    assert migration({"1": None}, {"1": "unknown"}).moves["direction"].tolist() == ["stayed"]


def test_numbers_and_texts_are_the_same_customer() -> None:
    found = migration(pd.Series({1: "A"}), pd.Series({"1": "A"}))
    assert found.moves["direction"].tolist() == ["stayed"]


def test_what_cannot_be_compared_is_refused() -> None:
    twice = pd.concat([LAST, LAST.head(1)])
    for wrong in (
        lambda: migration(twice, NOW, label="abc"),
        lambda: migration(LAST.assign(customer_id=[None, *"2345"]), NOW, label="abc"),
        lambda: migration(LAST, NOW),
        lambda: migration(LAST, NOW, label="abd"),
        lambda: migration(LAST, NOW, label="abc", order=["A", "B"]),
        lambda: migration({"1": "joined"}, {"1": "A"}),
        lambda: migration({"1": "A"}, {"1": "A"}, "monetary"),
    ):
        with pytest.raises(InputProblems):
            wrong()


def test_it_is_public_and_speaks() -> None:
    found = segkit.migration(LAST, NOW, label="abc", order=ORDER)
    assert found.value_before is None and "change" not in found.moves
    assert "新增 1" in found.text("zh") and "1 joined" in found.text("en")
    assert all(found.share(way).rule(lang) for way in ("up", "down", LEFT) for lang in ("zh", "en"))
