"""Blank cells of a customer list are filled from the orders, and every cell stays known by where it is from."""

from __future__ import annotations

import pandas as pd

from segkit.report.filled_cells import filled_from


def frame(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_the_list_leads_and_the_orders_fill_what_it_leaves_blank() -> None:
    listed = frame(
        customer_id=["A", "B", "C"],
        owner=["王芳", "", " "],
        province=["", None, ""],
        city=["", "苏州", ""],
        channel=["展会", "", ""],
    )
    ordered = frame(
        customer_id=["A", "B", "D"],
        owner=["李雷", "李雷", "韩梅"],
        province=["江苏", "浙江", ""],
        channel=["APP", "APP", "APP"],
    )
    joined, from_orders = filled_from(listed, ordered)
    found = joined.set_index("customer_id")
    assert found["owner"].tolist() == ["王芳", "李雷", " ", "韩梅"]
    assert found["province"].tolist()[:3] == ["江苏", "浙江", ""]
    assert found["city"].tolist()[:3] == ["", "苏州", ""] and pd.isna(found.loc["D", "city"])
    # where somebody came from is not where they bought
    assert found["channel"].tolist() == ["展会", "", "", "APP"]
    assert from_orders == {"owner": ["B", "D"], "province": ["A", "B"], "channel": ["D"]}


def test_numbers_and_days_are_filled_too_and_keep_their_type() -> None:
    days = pd.to_datetime(["2024-01-01", None])
    listed = frame(customer_id=["A", "B"]).assign(register_date=days, visits=[1.0, float("nan")])
    ordered = frame(customer_id=["A", "B"]).assign(
        register_date=pd.to_datetime(["2020-01-01"] * 2), visits=[9.0, 9.0]
    )
    joined, from_orders = filled_from(listed, ordered)
    assert joined["register_date"].dt.year.tolist() == [2024, 2020] and joined["visits"].tolist() == [
        1.0,
        9.0,
    ]
    assert from_orders == {"register_date": ["B"], "visits": ["B"]}
