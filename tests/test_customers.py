"""Orders become one row per customer, alike on every engine and as a slow plain loop would have it."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pandas as pd
import polars as pl
import pytest
from engines import ENGINES, KINDS, back
from hypothesis import example, given, settings
from hypothesis import strategies as st

from segkit.customers import COLUMNS, NeedsHistory, customer_table, repeat_summary, update
from segkit.problems import InputProblems

START = dt.date(2024, 2, 25)  # a leap day is near
Row = tuple[str | None, dt.date | None, float | None, str | None]


def orders_of(rows: list[Row], hour: int = 0) -> pd.DataFrame:
    customers, dates, amounts, ids = zip(*rows, strict=True) if rows else ((), (), (), ())
    days = pd.to_datetime(pd.Series(dates, dtype="object")).astype("datetime64[us]")
    return pd.DataFrame(
        {
            "customer_id": pd.Series(customers, dtype="str"),
            "order_date": days + pd.Timedelta(hours=hour),
            "amount": pd.Series(amounts, dtype="float64"),
            "order_id": pd.Series(ids, dtype="str"),
        }
    )


def plain_table(
    rows: list[Row],
    as_of: dt.date,
    window_days: int | None = None,
    frequency_of: str = "days",
    registered: tuple[str, ...] = (),
) -> dict[str, dict[str, Any]]:
    """The definition of design 3.2 as a loop."""
    table = {}
    counted = [r for r in rows if None not in r[:3] and r[1] <= as_of]  # type: ignore[operator]
    if window_days is not None:
        counted = [r for r in counted if r[1] > as_of - dt.timedelta(days=window_days)]  # type: ignore[operator]
    for customer in {r[0] for r in counted} | set(registered):
        own = [r for r in counted if r[0] == customer]
        bought = [r for r in own if r[2] >= 0]  # type: ignore[operator]
        orders = len({r[3] for r in bought if r[3] is not None}) + sum(r[3] is None for r in bought)
        money = round(math.fsum(r[2] for r in own), 2)  # type: ignore[misc]
        stands = bool(bought) and not (len(bought) < len(own) and money <= 0)
        days = sorted({r[1] for r in bought}) if stands else []
        table[customer] = {
            "first_order": days[0] if days else None,
            "last_order": days[-1] if days else None,
            "recency_days": (as_of - days[-1]).days if days else None,
            "frequency": (len(days) if frequency_of == "days" else orders) if stands else 0,
            "orders": orders,
            "monetary": money,
            "aov": money / orders if orders else None,
            "tenure_days": (as_of - days[0]).days if days else None,
        }
    return table


def assert_same(native: Any, plain: dict[str, dict[str, Any]]) -> None:
    frame = back(native)
    assert list(frame.columns) == list(COLUMNS)
    assert frame["customer_id"].tolist() == sorted(plain)
    for row in frame.to_dict("records"):
        wanted = plain[row.pop("customer_id")]
        assert row == wanted


amounts = st.one_of(
    st.sampled_from([1.01, 0.0, 5.0, -5.0, 0.05, 0.95]),
    st.integers(-300_000, 900_000).map(lambda cents: cents / 100),
)
days = st.integers(0, 12).map(lambda n: START + dt.timedelta(days=n))
row = st.tuples(
    st.one_of(st.sampled_from(["a", "b", "c", "d"]), st.sampled_from(["a", None])),
    st.one_of(days, days, days, st.none()),
    st.one_of(amounts, amounts, amounts, st.none()),
    st.one_of(st.sampled_from(["1", "2", "3", "4", "5", "6"]), st.none()),
)
rows = st.lists(row, max_size=25)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_table_is_what_its_definition_says(engine: str) -> None:
    @settings(max_examples=8 if engine == "duckdb" else 40)
    @given(
        rows=rows,
        window=st.one_of(st.none(), st.integers(1, 11)),
        counting=st.sampled_from(["days", "orders"]),
        registered=st.sampled_from([(), ("a",), ("e", "f")]),
        hour=st.sampled_from([0, 23]),
    )
    @example([("a", START, 1.01, "1")], None, "days", (), 0)
    @example([("a", START, 10.0, "1"), ("a", START, -10.0, "1")], None, "orders", ("a",), 23)
    @example([("a", START, 0.0, None)], 1, "days", (), 0)
    def check(rows: list[Row], window: int | None, counting: Any, registered: Any, hour: int) -> None:
        as_of = START + dt.timedelta(days=9)
        make = ENGINES[engine]
        people = make(pd.DataFrame({"customer_id": pd.Series(registered, dtype="str"), "city": "x"}))
        table = customer_table(
            make(orders_of(rows, hour)),
            as_of=as_of,
            window_days=window,
            frequency_of=counting,
            customers=people if registered else None,
        )
        assert isinstance(table, KINDS[engine])
        assert_same(table, plain_table(rows, as_of, window, counting, registered))

    check()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_table_brought_forward_equals_one_made_afresh(engine: str) -> None:
    @settings(max_examples=6 if engine == "duckdb" else 20)
    @given(rows=rows, cut=st.integers(0, 9), counting=st.sampled_from(["days", "orders"]))
    @example(
        [("a", START, 5.0, "1"), ("a", START, -5.0, None), ("a", START.replace(month=3), 9.0, "2")], 3, "days"
    )
    def check(rows: list[Row], cut: int, counting: Any) -> None:
        before, after = START + dt.timedelta(days=cut), START + dt.timedelta(days=11)
        rows = [
            r if r[3] is None else (*r[:3], f"{r[3]}-{r[1]}") for r in rows
        ]  # an order stays within its day
        make = ENGINES[engine]
        old = [r for r in rows if r[1] is not None and r[1] <= before]
        new = [r for r in rows if r not in old]
        registered = make(pd.DataFrame({"customer_id": ["a", "z"]}))
        table = customer_table(
            make(orders_of(old)), as_of=before, frequency_of=counting, customers=registered
        )
        refunded = {
            c
            for c, t in plain_table(old, before).items()
            if not t["frequency"] and (t["orders"] or t["monetary"])
        }
        counted = [r for r in new if None not in r[:3] and r[1] <= after]  # type: ignore[operator]
        blocked = [r for r in counted if r[2] < 0 or r[0] in refunded]  # type: ignore[operator]
        if blocked:
            with pytest.raises(NeedsHistory) as error:
                update(table, make(orders_of(new)), as_of=after, frequency_of=counting)
            assert len(error.value.rows) == len(blocked)
            assert set(error.value.rows["customer_id"]) == {r[0] for r in blocked}
        else:
            brought = update(table, make(orders_of(new)), as_of=after, frequency_of=counting)
            assert isinstance(brought, KINDS[engine])
            assert_same(brought, plain_table(rows, after, None, counting, ("a", "z")))

    check()


def test_update_names_the_rows_that_are_not_later() -> None:
    old = orders_of([("a", START, 5.0, "1")])
    table = customer_table(old, as_of=START + dt.timedelta(days=3))
    late = orders_of(
        [("b", START + dt.timedelta(days=3), 2.0, "2"), ("a", START + dt.timedelta(days=4), 2.0, "3")]
    )
    with pytest.raises(NeedsHistory) as error:
        update(table, late, as_of=START + dt.timedelta(days=9))
    assert error.value.rows[["customer_id", "reason"]].values.tolist() == [["b", "not_later"]]
    assert "1 行不晚于原截止日" in error.value.text("zh")
    with pytest.raises(InputProblems, match="before that of the table"):
        update(table, late, as_of=START)


def test_update_starts_from_a_table_read_back_from_parquet(tmp_path: Any) -> None:
    rows: list[Row] = [("a", START, 5.0, "1"), ("b", START, 2.0, "2")]
    stored = tmp_path / "customers.parquet"
    with stored.open("wb") as file:
        customer_table(orders_of(rows), as_of=START).assign(rfm="new").to_parquet(file)
    new: list[Row] = [("b", START + dt.timedelta(days=2), 3.5, "3")]
    with stored.open("rb") as file:
        brought = update(pd.read_parquet(file), orders_of(new), as_of="2024-03-01")
    assert_same(brought, plain_table(rows + new, dt.date(2024, 3, 1)))


@pytest.mark.parametrize("engine", ENGINES)
def test_repeat_summary_matches_the_published_example(engine: str) -> None:
    text = (
        "1,01-01,1 1,02-06,2 2,01-01,2 3,01-01,3 3,01-02,1 3,01-05,5 4,01-16,6 4,02-02,3 4,02-05,3 4,02-05,6 "
        "5,01-16,3 5,01-17,1 5,01-18,8 6,02-02,5"
    )
    found: list[Row] = []
    for part in text.split():
        customer, day, amount = part.split(",")
        found.append((customer, dt.date.fromisoformat(f"2015-{day}"), float(amount), None))
    orders = ENGINES[engine](orders_of(found, hour=13))
    summary = back(repeat_summary(orders, as_of="2015-02-07", unit="day"))
    assert summary.values.tolist() == [
        ["1", 1, 36, 37, 2],
        ["2", 0, 0, 37, 0],
        ["3", 2, 4, 37, 3],
        ["4", 2, 20, 22, 6],
        ["5", 2, 2, 22, 4.5],
        ["6", 0, 0, 5, 0],
    ]
    weeks = back(repeat_summary(orders, as_of="2015-02-07"))
    # Polars divides by a constant in its own way: equal but for the last bit
    assert weeks["t_x"].tolist() == pytest.approx([t / 7 for t in summary["t_x"]], rel=1e-15)
    assert weeks["T"].tolist() == pytest.approx([t / 7 for t in summary["T"]], rel=1e-15)
    assert weeks["x"].tolist() == summary["x"].tolist()


def test_a_fully_refunded_customer_is_no_buyer_in_the_summary() -> None:
    orders = orders_of([("a", START, 5.0, "1"), ("a", START, -5.0, "1"), ("b", START, 5.0, "2")])
    assert repeat_summary(orders, as_of="2024-03-31")["customer_id"].tolist() == ["b"]


# --- known traps ---------------------------------------------------------------------------------


def test_a_fully_refunded_customer_has_frequency_0() -> None:
    table = customer_table(
        orders_of([("a", START, 99.0, "1"), ("a", START + dt.timedelta(days=2), -99.0, "1")]),
        as_of="2024-03-31",
    )
    assert table.loc[0, ["frequency", "orders", "monetary"]].tolist() == [0, 1, 0.0]
    assert table.loc[0, ["first_order", "last_order", "recency_days", "tenure_days"]].isna().all()


def test_a_later_refund_is_not_a_purchase() -> None:
    later = START + dt.timedelta(days=20)
    table = customer_table(orders_of([("a", START, 99.0, "1"), ("a", later, -9.0, "1")]), as_of=later)
    assert table.loc[0, ["recency_days", "frequency", "monetary"]].tolist() == [20, 1, 90.0]


def test_rows_after_the_as_of_date_give_no_negative_recency() -> None:
    rows: list[Row] = [("a", START, 1.0, "1"), ("a", START + dt.timedelta(days=9), 1.0, "2")]
    rows.append(("b", START + dt.timedelta(days=9), 1.0, "3"))
    table = customer_table(orders_of(rows, hour=23), as_of=START + dt.timedelta(days=8))
    assert table[["customer_id", "recency_days", "frequency"]].values.tolist() == [["a", 8, 1]]


def test_a_window_holds_its_number_of_days_and_not_one_more() -> None:
    orders = orders_of([("a", START + dt.timedelta(days=n), 1.0, str(n)) for n in range(10)], hour=12)
    for window in (1, 3, 10, 99):
        table = customer_table(orders, as_of=START + dt.timedelta(days=9), window_days=window)
        assert table["frequency"].tolist() == [min(window, 10)]


def test_the_last_second_of_the_as_of_day_counts() -> None:
    orders = orders_of([("a", START, 1.0, "1")]).assign(order_date=pd.Timestamp("2024-02-25 23:59:59.999"))
    assert customer_table(orders, as_of="2024-02-25")["recency_days"].tolist() == [0]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_null_id_is_no_customer(engine: str) -> None:
    orders = orders_of([(None, START, 1.0, "1"), ("a", START, 1.0, "2"), ("b", None, 1.0, "3")])
    table = customer_table(ENGINES[engine](orders), as_of="2024-03-31")
    assert back(table)["customer_id"].tolist() == ["a"]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_extra_column_does_not_multiply_customers(engine: str) -> None:
    orders = orders_of([("a", START, 1.0, "1"), ("a", START, 2.0, "1")]).assign(
        product=["x", "y"], owner=["p", "q"]
    )
    table = back(customer_table(ENGINES[engine](orders), as_of="2024-03-31"))
    assert table[["customer_id", "frequency", "orders", "monetary"]].values.tolist() == [["a", 1, 1, 3.0]]


@pytest.mark.parametrize("engine", ENGINES)
def test_1_01_stays_1_01(engine: str) -> None:
    one = back(customer_table(ENGINES[engine](orders_of([("a", START, 1.01, "1")])), as_of="2024-03-31"))
    assert one["monetary"].tolist() == [1.01]
    many: list[Row] = [("a", START, 0.1, str(i)) for i in range(3)]
    assert back(customer_table(ENGINES[engine](orders_of(many)), as_of="2024-03-31"))[
        "monetary"
    ].tolist() == [0.3]


def test_dates_as_text_are_refused_and_parsed_ones_sort_as_dates() -> None:
    text = pd.DataFrame({"customer_id": "a", "order_date": ["31/01/2015", "01/12/2015"], "amount": "1"})
    with pytest.raises(InputProblems) as error:
        customer_table(text, as_of="2015-12-31")
    assert [p.column for p in error.value.problems] == ["order_date", "amount"]
    assert "clean" in error.value.text("zh") and "clean" in error.value.text("en")
    parsed = text.assign(order_date=pd.to_datetime(text["order_date"], format="%d/%m/%Y"), amount=1.0)
    assert customer_table(parsed, as_of="2015-12-31").loc[0, "last_order"] == pd.Timestamp("2015-12-01")


# --- types ------------------------------------------------------------------------------------------


def test_pandas_keeps_whole_numbers_whole_and_labels_rows_afresh() -> None:
    orders = orders_of([("b", START, 1.0, "1"), ("a", START, 1.0, "2")]).set_index(pd.Index([7, 7]))
    before = orders.copy(deep=True)
    table = customer_table(orders, as_of="2024-03-31", customers=pd.DataFrame({"customer_id": ["c"]}))
    assert table.index.tolist() == [0, 1, 2] and table["customer_id"].tolist() == ["a", "b", "c"]
    assert table.dtypes[["recency_days", "tenure_days"]].astype(str).tolist() == ["Int64", "Int64"]
    assert table.dtypes[["frequency", "orders"]].astype(str).tolist() == ["int64", "int64"]
    pd.testing.assert_frame_equal(orders, before)


@pytest.mark.parametrize(
    "kinds",
    [
        {"customer_id": "object", "order_id": "object"},
        {"customer_id": "category", "order_id": "category"},
        {"order_id": "string[python]"},
        {"order_date": "datetime64[s]"},
        {"order_date": "timestamp[us][pyarrow]"},
        {"amount": "Float64"},
        {"amount": "double[pyarrow]"},
    ],
    ids=str,
)
def test_pandas_columns_of_any_kind_give_the_same_table(kinds: dict[str, Any]) -> None:
    later = START + dt.timedelta(days=9)
    rows: list[Row] = [
        ("b", START, 3.0, "1"),
        ("a", later, 2.5, None),
        ("a", START, 4.0, "2"),
        (None, START, 1.0, "9"),
    ]
    rows += [("a", later, 1.0, "2"), ("a", later, -1.0, "2"), ("c", START, 2.0, "3"), ("c", START, -2.0, "")]
    plain, other = orders_of(rows), orders_of(rows).astype(kinds)
    table = customer_table(other, as_of="2024-03-31")
    assert_same(table, plain_table(rows, dt.date(2024, 3, 31)))
    assert str(table["orders"].dtype) == "int64" and str(table["monetary"].dtype) == "float64"
    summary = repeat_summary(plain, as_of="2024-03-31")
    pd.testing.assert_frame_equal(back(repeat_summary(other, as_of="2024-03-31")), back(summary))


@pytest.mark.parametrize("engine", ENGINES)
def test_order_ids_of_eighteen_digits_are_not_blurred(engine: str) -> None:
    orders = orders_of([("a", START, 1.0, None), ("a", START, 2.0, None), ("a", START, -1.0, None)])
    for kind in ("int64", "uint64"):
        orders["order_id"] = pd.Series([2**60, 2**60 + 1, 2**60 + 2], dtype=kind)
        table = back(customer_table(ENGINES[engine](orders), as_of="2024-03-31"))
        assert table[["frequency", "orders"]].values.tolist() == [[1, 2]]


def test_an_empty_order_id_is_no_id() -> None:
    orders = orders_of(
        [("a", START, 1.0, ""), ("a", START, 2.0, ""), ("a", START, 2.0, None), ("a", START, 1.0, "1")]
    )
    assert customer_table(orders, as_of="2024-03-31")["orders"].tolist() == [4]


def test_without_order_ids_every_row_is_an_order() -> None:
    orders = orders_of([("a", START, 1.0, "1"), ("a", START, 2.0, "1"), ("a", START, -1.0, "1")])
    table = customer_table(orders.drop(columns="order_id"), as_of="2024-03-31")
    assert table.loc[0, ["frequency", "orders"]].tolist() == [1, 2]
    with pytest.raises(InputProblems, match="order_id"):
        customer_table(orders.drop(columns="order_id"), as_of="2024-03-31", frequency_of="orders")


def test_dates_with_and_without_time_and_zone_give_the_same_days() -> None:
    rows: list[Row] = [("a", START, 1.0, "1"), ("a", dt.date(2024, 3, 1), 1.0, "2"), ("b", START, 2.0, "3")]
    wanted = plain_table(rows, dt.date(2024, 3, 31))
    stamped = orders_of(rows, hour=1)
    zoned = stamped.assign(order_date=stamped["order_date"].dt.tz_localize("Asia/Shanghai"))
    objects = stamped.assign(order_date=stamped["order_date"].dt.date.astype("object"))
    whole = pl.from_pandas(stamped).with_columns(pl.col("order_date").dt.date())
    for orders in (stamped, zoned, objects, whole, whole.lazy(), pl.from_pandas(zoned)):
        for as_of in (dt.date(2024, 3, 31), dt.datetime(2024, 3, 31, 15), "2024-03-31"):
            assert_same(customer_table(orders, as_of=as_of), wanted)


def test_whole_number_amounts_are_money_too() -> None:
    orders = orders_of([("a", START, 3.0, "1")]).assign(amount=3)
    assert customer_table(orders, as_of="2024-03-31").loc[0, ["monetary", "aov"]].tolist() == [3.0, 3.0]


def test_ids_of_two_kinds_are_named() -> None:
    with pytest.raises(InputProblems, match="customer_id"):
        customer_table(
            orders_of([("a", START, 1.0, "1")]),
            as_of="2024-03-31",
            customers=pd.DataFrame({"customer_id": [1]}),
        )


def test_all_missing_columns_are_named_at_once_with_the_likely_one() -> None:
    with pytest.raises(InputProblems) as error:
        customer_table(pd.DataFrame({"custmer_id": ["a"], "x": [1]}), as_of="2024-03-31")
    assert len(error.value.problems) == 3
    assert "custmer_id" in error.value.problems[0].text("zh")


def test_the_real_export_on_every_engine(real_data: Any) -> None:
    read = pd.read_csv(real_data("cn_orders_2018.csv"), dtype={"user_id": "str", "order_id": "str"})
    read.columns = pd.Index(["customer_id", "order_date", "order_id", "amount"])
    read["order_date"] = pd.to_datetime(read["order_date"])
    tables = {e: back(customer_table(make(read), as_of="2018-12-31")) for e, make in ENGINES.items()}
    money = math.fsum(tables["pandas"]["monetary"])
    counted = read.dropna()
    assert len(tables["pandas"]) == counted["customer_id"].nunique()
    assert round(money, 2) == round(math.fsum(counted["amount"]), 2)
    for engine in ("polars", "lazy", "duckdb"):
        pd.testing.assert_frame_equal(tables[engine], tables["pandas"])


@pytest.mark.parametrize("engine", ENGINES)
def test_customer_ids_of_nineteen_digits_are_not_blurred(engine: str) -> None:
    base, make = 2_088_000_000_000_000_000, ENGINES[engine]
    orders = orders_of([("a", START, 1.0, "1"), ("b", START, 2.0, "2")]).assign(
        customer_id=[base + 1, base + 2]
    )
    people = pd.DataFrame({"customer_id": [base + 1, base + 3]})
    table = customer_table(make(orders), as_of="2024-03-31", customers=make(people))
    wanted = [[base + 1, 1, 1.0], [base + 2, 1, 2.0], [base + 3, 0, 0.0]]
    assert back(table)[["customer_id", "frequency", "monetary"]].values.tolist() == wanted
    later = orders_of([("a", START.replace(month=4), 5.0, "3"), ("b", START.replace(month=4), 6.0, "4")])
    later = later.assign(customer_id=[base + 2, base + 4])
    brought = update(table, make(later), as_of="2024-04-30")
    wanted = [wanted[0], [base + 2, 2, 7.0], wanted[2], [base + 4, 1, 6.0]]
    assert back(brought)[["customer_id", "frequency", "monetary"]].values.tolist() == wanted
    if engine == "pandas":
        assert str(table["customer_id"].dtype) == str(brought["customer_id"].dtype) == "int64"


def test_update_names_ids_of_another_kind() -> None:
    table = customer_table(orders_of([("a", START, 1.0, "1")]), as_of="2024-03-31")
    new = orders_of([("a", START.replace(month=4), 5.0, "3")]).assign(customer_id=7)
    with pytest.raises(InputProblems, match="customer_id"):
        update(table, new, as_of="2024-04-30")


# --- arguments that cannot be -----------------------------------------------------------------------


def words_of(call: Any, *args: Any, **how: Any) -> list[str]:
    with pytest.raises(InputProblems) as error:
        call(*args, **how)
    assert all(p.text("zh") for p in error.value.problems)
    return [p.text("en") for p in error.value.problems]


def test_arguments_that_cannot_be_are_named_together_with_what_is_wrong_with_the_orders() -> None:
    orders = orders_of([("a", START, 1.0, "1")])
    how: dict[str, Any] = {"as_of": "2025-02-30", "window_days": 0, "frequency_of": "rows"}
    arguments = [
        "as_of: 2025-02-30 is no date that can be read; did you mean 2025-02-28?",
        "window_days: 0 days hold no order; give a whole number from 1, or leave it out to count all days",
        "frequency_of: cannot be rows; did you mean days, orders?",
    ]
    assert words_of(customer_table, orders, **how) == arguments
    without = words_of(customer_table, orders.drop(columns="amount"), **how)
    assert without[:3] == arguments and "column amount is missing" in without[3]
    as_text = words_of(customer_table, orders.assign(amount="1"), **how)
    assert as_text[:3] == arguments and "holds no numbers" in as_text[3]
    table = customer_table(orders, as_of="2024-03-31")
    del how["window_days"]
    assert words_of(update, table, orders, **how) == [arguments[0], arguments[2]]


@pytest.mark.parametrize("window", [-3, 0, 2.5, "30"])
def test_a_window_without_days_is_refused(window: Any) -> None:
    orders = orders_of([("a", START, 1.0, "1")])
    [words] = words_of(customer_table, orders, as_of="2024-03-31", window_days=window)
    assert words.startswith(f"window_days: {window} days")


@pytest.mark.parametrize(
    ("as_of", "fix"),
    [
        ("2025-02-30", "did you mean 2025-02-28?"),
        ("2025/12/1", "did you mean 2025-12-01?"),
        ("2024年2月31日", "did you mean 2024-02-29?"),
        ("31.12.2025", "like 2025-12-31"),
        ("2025-13-01", "like 2025-12-31"),
        ("", "like 2025-12-31"),
        (None, "like 2025-12-31"),
        (pd.NaT, "like 2025-12-31"),
    ],
)
def test_a_day_that_cannot_be_read_is_named_with_the_likely_one(as_of: Any, fix: str) -> None:
    orders = orders_of([("a", START, 1.0, "1")])
    for call in (customer_table, repeat_summary):
        [words] = words_of(call, orders, as_of=as_of)
        assert words.startswith("as_of: ") and words.endswith(fix)


def test_another_unit_is_refused() -> None:
    orders = orders_of([("a", START, 1.0, "1")])
    [month] = words_of(repeat_summary, orders, as_of="2024-03-31", unit="month")
    assert month == "unit: cannot be month; did you mean day, week?"
    [weeks] = words_of(repeat_summary, orders, as_of="2024-03-31", unit="weeks")
    assert weeks == "unit: cannot be weeks; did you mean week?"
