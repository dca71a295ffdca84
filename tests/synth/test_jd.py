"""The shop: marginals, planted dirt, and a truth that the right question finds and the naive one misses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from segkit.synth.cases.jd.process import DAYS, PARAMETERS, START, expected_orders, shop
from segkit.synth.draws import Draws

DATASETS = Path(__file__).parents[2] / "datasets"


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


@pytest.fixture(scope="module")
def folders(draws_of: Callable[[str], list[Path]]) -> list[Path]:
    """The committed draw and two others."""
    return draws_of("jd")


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    """orders.csv under the row numbers of a spreadsheet."""
    frame = read(DATASETS / "jd" / "orders.csv")
    return frame.set_axis(range(2, len(frame) + 2), axis=0)


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    frame = read(DATASETS / "_truth" / "jd_customers.csv")
    return frame.astype({"order_days": int, "orders": int, "net_amount": float, "holdout_orders": int})


@pytest.fixture(scope="module")
def valid() -> pd.DataFrame:
    return read(DATASETS / "_truth" / "jd_orders.csv").astype({"net_amount": float, "holdout": int})


# --- marginals --------------------------------------------------------------------------------------


def test_marginals_hold_for_every_seed(folders: list[Path]) -> None:
    for folder in folders:
        orders = read(folder / "_truth" / "jd_orders.csv").astype({"net_amount": float})
        spend = orders.groupby("customer_id")["net_amount"].sum().sort_values()
        n = len(spend)
        top = spend.iloc[-round(n * 0.2) :].sum() / spend.sum()
        ranks = np.arange(1, n + 1)
        gini = 2 * (ranks * spend.to_numpy()).sum() / (n * spend.sum()) - (n + 1) / n
        once = (orders.groupby("customer_id")["order_date"].nunique() == 1).mean()
        assert 0.60 <= top <= 0.72
        assert 0.58 <= gini <= 0.68
        assert 0.26 <= once <= 0.36
        assert 11_500 <= len(orders) <= 15_000
        summary = yaml.safe_load((folder / "_truth" / "jd_summary.yml").read_text("utf-8"))
        assert summary["gini"] == pytest.approx(gini, abs=1e-4)
        assert summary["top_20_percent_share"] == pytest.approx(top, abs=1e-4)
        assert summary["one_order_day_share"] == pytest.approx(once, abs=1e-4)


def test_customer_marginals() -> None:
    customers = read(DATASETS / "jd" / "customers.csv")
    assert len(customers) == 3600
    assert (customers["gender"] == "男").mean() == pytest.approx(0.48, abs=0.03)
    assert (customers["plus_member"] == "1").mean() == pytest.approx(0.12, abs=0.03)
    assert (customers["consent_marketing"] == "1").mean() == pytest.approx(0.82, abs=0.03)
    assert (customers["opt_out_channels"] == "短信").mean() == pytest.approx(0.06, abs=0.02)
    tiers = customers["city_tier"].value_counts(normalize=True)
    for tier, share in {"一线": 0.18, "新一线": 0.27, "二线": 0.25, "三线及以下": 0.30}.items():
        assert tiers[tier] == pytest.approx(share, abs=0.03)


def test_a_city_tier_is_one_the_province_has(folders: list[Path]) -> None:
    for folder in folders:
        people = read(folder / "jd" / "customers.csv").groupby("province")["city_tier"].agg(set)
        assert people["北京市"] == people["上海市"] == {"一线"}
        assert "一线" in people["广东省"] and len(people["广东省"]) == 4
        others = people.drop(["北京市", "上海市", "广东省"])
        assert len(others) == 6 and not any("一线" in tiers for tiers in others)
        assert all({"新一线", "三线及以下"} <= tiers for tiers in others)


def test_careful_cleaning_of_the_tables_reaches_what_the_datasheet_says(folders: list[Path]) -> None:
    for folder in folders:
        orders = read(folder / "jd" / "orders.csv").drop_duplicates()
        day = pd.to_datetime(orders["order_date"], format="mixed").dt.normalize()
        kept = orders[
            orders["status"].isin(["已完成", "部分退款"])
            & ~orders["order_id"].str.startswith("TEST")
            & (orders["customer_id"] != "")
            & (day <= "2025-12-31")
        ]
        facts = yaml.safe_load((folder / "_truth" / "jd_summary.yml").read_text("utf-8"))
        assert facts["cleaned"] == {"rows": len(kept), "buyers": kept["customer_id"].nunique()}
        assert len(kept) < facts["valid_rows"] and facts["cleaned"]["buyers"] < facts["buyers"]


def test_new_buyers_end_in_autumn(folders: list[Path]) -> None:
    for folder in folders:
        facts = yaml.safe_load((folder / "_truth" / "jd_summary.yml").read_text("utf-8"))
        end = facts["people"]["last_first_purchase"]
        assert "2025-10-20" < end <= "2025-11-01"
        first = read(folder / "_truth" / "jd_orders.csv").groupby("customer_id")["order_date"].min()
        # only where an earlier order was cancelled or refunded
        assert (first > end).mean() < 0.01


def test_the_cuts_and_their_ties_are_those_of_the_classes(folders: list[Path]) -> None:
    for folder in folders:
        facts = yaml.safe_load((folder / "_truth" / "jd_summary.yml").read_text("utf-8"))["cuts"]
        buyers = read(folder / "_truth" / "jd_customers.csv").query("order_days != '0'")
        days, net = buyers["order_days"].astype(int), buyers["net_amount"].astype(float)
        for split in ("mean", "median"):
            cut = facts[split]
            assert cut["order_days"] == pytest.approx(getattr(days, split)(), abs=0.01)
            assert cut["at_least"] == pytest.approx((days >= getattr(days, split)()).mean(), abs=1e-4)
            assert cut["above"] == pytest.approx((days > getattr(days, split)()).mean(), abs=1e-4)
        if facts["median"]["order_days"] % 1 == 0:  # between two whole numbers nobody ties
            assert facts["median"]["at_least"] > facts["median"]["above"] + 0.1
        assert facts["high_net"] == pytest.approx(net.quantile(0.8), abs=0.01)


def test_the_process_follows_its_parameters() -> None:
    history = shop(Draws(1, "process"), 20_000)
    rate, dropout = history.buyers["rate"], history.buyers["dropout"]
    assert rate.mean() == pytest.approx(PARAMETERS.r / PARAMETERS.alpha, rel=0.03)
    assert dropout.mean() == pytest.approx(PARAMETERS.a / (PARAMETERS.a + PARAMETERS.b), rel=0.03)
    # who leaves after the first purchase never comes back: at least E[p] have one order
    orders = history.orders.groupby("buyer").size()
    assert orders.size == 20_000 and orders.min() == 1
    by_value = history.orders.groupby("buyer")["amount"].mean()
    assert abs(np.corrcoef(orders, by_value)[0, 1]) < 0.03


def test_festivals_are_as_busy_as_planted() -> None:
    history = shop(Draws(2, "process"), 30_000)
    day = pd.Timestamp(START) + pd.to_timedelta(history.orders["day"], unit="D")
    spring = day[(day >= "2025-05-01") & (day <= "2025-07-31")]
    festival = (spring >= "2025-06-01") & (spring <= "2025-06-18")
    assert (festival.sum() / 18) / ((~festival).sum() / 74) == pytest.approx(2.5, rel=0.05)
    autumn = day[(day >= "2024-10-01") & (day <= "2024-12-15")]
    festival = (autumn >= "2024-11-01") & (autumn <= "2024-11-11")
    assert (festival.sum() / 11) / ((~festival).sum() / 65) == pytest.approx(3.2, rel=0.05)
    assert day.max() == pd.Timestamp("2025-12-31") == pd.Timestamp(START) + pd.Timedelta(days=DAYS - 1)


def test_expected_orders_match_simulation() -> None:
    """Knowing rate and dropout, E[N(t)] = (1 - exp(-rate p t)) / p; at p = 0 it is rate t."""
    rng = np.random.default_rng(3)
    rate, p, days, n = 0.02, 0.15, 365.0, 40_000
    at, seen, here = np.zeros(n), np.zeros(n), np.ones(n, dtype=bool)
    while here.any():
        at[here] += rng.exponential(1 / rate, here.sum())
        here &= at < days
        seen[here] += 1
        here &= rng.random(n) >= p
    assert expected_orders(np.array([rate]), np.array([p]), days)[0] == pytest.approx(seen.mean(), rel=0.02)
    assert expected_orders(np.array([rate]), np.array([0.0]), days)[0] == pytest.approx(rate * days)


# --- dirt -------------------------------------------------------------------------------------------


def test_every_ledger_line_is_the_cell_in_the_file(orders: pd.DataFrame) -> None:
    customers = read(DATASETS / "jd" / "customers.csv")
    tables = {
        "orders.csv": orders,
        "customers.csv": customers.set_axis(range(2, len(customers) + 2), axis=0),
    }
    for name in ("jd_defects.csv", "jd_planted.csv"):
        for line in read(DATASETS / "_truth" / name).itertuples():
            assert tables[line.file].at[int(line.row), line.column] == line.old, line


def test_undoing_the_ledger_gives_the_true_orders(orders: pd.DataFrame, valid: pd.DataFrame) -> None:
    defects, planted = (read(DATASETS / "_truth" / f"jd_{n}.csv") for n in ("defects", "planted"))
    mended, gone = orders.copy(), set()
    for line in pd.concat([defects, planted]).itertuples():
        if line.file != "orders.csv":
            continue
        partly = line.reason == "refunded" and line.column == "refund_amount"
        if line.reason in ("duplicate", "test", "cancelled") or (line.reason == "refunded" and not partly):
            gone.add(int(line.row))
        else:
            mended.at[int(line.row), line.column] = line.new
    mended = mended.drop(index=sorted(gone)).sort_values("order_id")
    net = (mended["paid_amount"].astype(float) - mended["refund_amount"].astype(float)).round(2)
    assert mended["order_id"].tolist() == valid["order_id"].tolist()
    assert mended["customer_id"].tolist() == valid["customer_id"].tolist()
    assert mended["order_date"].tolist() == valid["order_date"].tolist()
    assert net.tolist() == valid["net_amount"].tolist()
    assert set(mended["channel"]) == {"APP", "小程序", "PC", "微信"}


def test_shares_of_dirt(orders: pd.DataFrame) -> None:
    n = len(orders)
    counted = read(DATASETS / "_truth" / "jd_defects.csv")["reason"].value_counts()
    planted = read(DATASETS / "_truth" / "jd_planted.csv")["reason"].value_counts()
    assert counted["test"] == 40 and counted["after_as_of"] == 5 and counted["fuzzy_duplicate"] == 30
    assert planted["b2b_outlier"] == 12
    stated = {
        "duplicate": 0.015,
        "no_customer": 0.008,
        "amount_unit": 0.01,
        "cancelled": 0.03,
        "refunded": 0.04,
    }
    for reason, share in stated.items():
        assert counted[reason] / n == pytest.approx(share, abs=0.005), reason
    assert planted["split_order"] / n == pytest.approx(0.05, abs=0.006)
    assert planted["date_format"] / n == pytest.approx(0.02, abs=0.002)


def test_split_orders_have_a_sibling_of_the_same_day(orders: pd.DataFrame) -> None:
    planted = read(DATASETS / "_truth" / "jd_planted.csv")
    rows = planted[planted["reason"] == "split_order"]["row"].astype(int)
    keys = ["customer_id", "order_date"]
    together = orders.groupby(keys)["order_id"].transform("nunique")
    # a sibling that is spelled differently or lost its customer cannot be seen from the file alone
    assert (together.loc[rows] >= 2).mean() > 0.9


def test_second_ids_share_the_phone_and_nobody_else_does(truth: pd.DataFrame) -> None:
    customers = read(DATASETS / "jd" / "customers.csv")
    shared = customers[customers["phone"].duplicated(keep=False)].groupby("phone")["customer_id"].agg(list)
    pairs = truth[truth["person_id"] != truth["customer_id"]]
    assert {tuple(p) for p in shared} == set(zip(pairs["person_id"], pairs["customer_id"], strict=True))
    assert len(shared) == 30


def test_tests_are_by_people_who_never_bought(orders: pd.DataFrame, truth: pd.DataFrame) -> None:
    tests = orders[orders["order_id"].str.startswith("TEST")]
    assert set(tests["paid_amount"]) == {"1.00"} and len(tests) == 40
    staff = truth.set_index("customer_id").loc[tests["customer_id"]]
    assert (staff["tier"] == "prospect").all()
    others = orders.drop(index=tests.index)
    assert not (others["paid_amount"] == "1.00").any()


# --- truth ------------------------------------------------------------------------------------------


def test_customer_truth_is_the_true_orders_added_up(truth: pd.DataFrame, valid: pd.DataFrame) -> None:
    by = valid.groupby("customer_id")
    expected = pd.DataFrame({"days": by["order_date"].nunique(), "net": by["net_amount"].sum().round(2)})
    own = truth.set_index("customer_id")
    buyers = own[own["order_days"] > 0]
    assert set(buyers.index) == set(expected.index)
    assert (buyers["order_days"] == expected["days"].reindex(buyers.index)).all()
    assert (buyers["net_amount"] - expected["net"].reindex(buyers.index)).abs().max() < 0.005
    assert own["holdout_orders"].sum() == valid["holdout"].sum() > 1_500
    assert (valid[valid["holdout"] == 1]["order_date"] >= "2025-10-01").all()
    assert (valid[valid["holdout"] == 0]["order_date"] < "2025-10-01").all()


def test_classes_follow_their_rule_by_hand(truth: pd.DataFrame) -> None:
    """Row by row in plain Python, apart from the vectorised code."""
    buyers = truth[truth["order_days"] > 0]
    spend = sorted(buyers["net_amount"])
    at = 0.8 * (len(spend) - 1)
    low = int(at)
    p80 = spend[low] + (at - low) * (spend[low + 1] - spend[low])
    as_of = dt.date(2025, 12, 31)
    recency = {r.customer_id: (as_of - dt.date.fromisoformat(r.last_order)).days for r in buyers.itertuples()}
    words = {
        (True, True): "value",
        (True, False): "develop",
        (False, True): "keep",
        (False, False): "win_back",
    }
    for split in ("mean", "median"):
        cut_r = getattr(pd.Series(recency), split)()
        cut_f, cut_m = (getattr(buyers[c], split)() for c in ("order_days", "net_amount"))
        for row in truth.itertuples():
            if row.order_days == 0:
                assert (row.tier, row.eight_mean, row.eight_median) == ("prospect",) * 3
                continue
            high = row.net_amount >= p80 and row.order_days >= 5
            assert row.tier == ("high" if high else "ordinary")
            pair = (recency[row.customer_id] <= cut_r, row.order_days >= cut_f)
            name = ("key_" if row.net_amount >= cut_m else "general_") + words[pair]
            assert getattr(row, f"eight_{split}") == name


def test_the_best_of_one_quarter_fall_in_the_next_though_nothing_was_done(valid: pd.DataFrame) -> None:
    """Regression to the mean: ranked by July-September, the top tenth falls while all others together rise."""
    quarter = pd.to_datetime(valid["order_date"]).dt.to_period("Q").astype(str)
    spend = valid.pivot_table(
        index="customer_id", columns=quarter, values="net_amount", aggfunc="sum"
    ).fillna(0)
    before, after = spend["2025Q3"], spend["2025Q4"]
    top = before.nlargest(round((before > 0).sum() * 0.1)).index
    assert after[top].sum() / before[top].sum() - 1 < -0.3
    assert after.sum() > before.sum()


def test_the_summary_tells_the_traps_as_the_tables_show_them(folders: list[Path]) -> None:
    for folder in folders:
        facts = yaml.safe_load((folder / "_truth" / "jd_summary.yml").read_text("utf-8"))
        truth = read(folder / "_truth" / "jd_customers.csv").set_index("customer_id")
        valid = read(folder / "_truth" / "jd_orders.csv").astype({"net_amount": float})
        third = valid[valid["order_date"].between("2025-07-01", "2025-09-30")]
        fourth = valid[valid["order_date"] >= "2025-10-01"]
        best = third.groupby("customer_id")["net_amount"].sum().sort_values(ascending=False)
        n = round(len(best) * 0.1)
        after = fourth[fourth["customer_id"].isin(best.index[:n])]["net_amount"].sum()
        assert facts["trap"]["top_tenth"] == n
        assert facts["trap"]["top_tenth_change"] == pytest.approx(after / best.iloc[:n].sum() - 1, abs=1e-4)
        rise = fourth["net_amount"].sum() / third["net_amount"].sum() - 1
        assert facts["trap"]["all_change"] == pytest.approx(rise, abs=1e-4)
        assert facts["trap"]["top_tenth_change"] < -0.2 < facts["trap"]["all_change"]
        orders = read(folder / "jd" / "orders.csv")
        tests = orders["order_id"].str.startswith("TEST")
        assert facts["trap"]["staff"] == orders[tests]["customer_id"].nunique()
        planted = facts["defects"] | facts["planted"]
        assert facts["extra_rows"] == tests.sum() + planted["duplicate"] + planted["split_order"]
        assert facts["people"]["ordered"] + facts["people"]["never_ordered"] == len(truth)
        assert facts["people"]["ordered"] - facts["people"]["kept_nothing"] == facts["buyers"]
        assert facts["people"]["second_ids"] == (truth["person_id"] != truth.index).sum() == 30
        assert facts["people"]["firms"] == (truth["is_b2b"] == "1").sum() == 12
