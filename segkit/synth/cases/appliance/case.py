"""After-sales service of an appliance maker (家电售后): customers, sales, tickets, and a VIP team to be judged.

Every record is invented.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF, SHOPPING_FESTIVALS, BusyTime, days_from
from segkit.synth.cases.appliance.clock import MINUTES, ZERO, moments
from segkit.synth.cases.appliance.tickets import TEAM_FROM, TEAM_REGIONS, base_tickets, service
from segkit.synth.cases.appliance.truth import facts, ticket_truth
from segkit.synth.dictionary import columns
from segkit.synth.dirt import FULL_WIDTH, Planter, at_scale, grouped
from segkit.synth.draws import Draws, quota
from segkit.synth.files import File
from segkit.synth.people import Invented, Names, numbered
from segkit.synth.tables import case_files, written

CASE = "appliance"
CUSTOMERS, SALES = 1000, 1900
VIP, ORDINARY, REGISTERED = range(3)
TIER_SHARE = (0.15, 0.60, 0.25)
FIRST_SALE = dt.date(2021, 1, 1)  # the tables begin four years before the year of the tickets
# sample parameters from here on
PRODUCT_SHARE = (0.32, 0.20, 0.19, 0.11, 0.10, 0.08)
PRICE = np.array([3299, 3899, 2499, 3199, 1799, 2299])  # median, CNY
LARGE, LARGE_TIMES = 0.15, 4.0  # households that buy so many times as often
BUY_AGAIN = {(VIP, 0): 0.16, (VIP, 1): 0.18, (ORDINARY, 0): 0.09, (ORDINARY, 1): 0.11}  # by half of 2025
TEAM_BUY_AGAIN = 0.04  # more of the VIPs looked after by the team, in the second half
CONSENT = 0.85
COPIES, SPACED, PRICED, WIDE, SWAPPED = 24, 30, 16, 12, 14  # planted cells and rows
REACH = 60  # a copied row stands up to so many rows below its original


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: three tables, the truth, two datasheets."""
    draws = Draws(seed, CASE)
    invented = Invented(draws, names)
    customers, sales = _households(draws, round(CUSTOMERS * scale), round(SALES * scale))
    tickets = _in_order(service(draws, base_tickets(draws, customers, sales, scale)))
    tables = {
        "customers": _customer_table(invented, customers),
        "sales": _sales_table(names, sales),
        "tickets": _ticket_table(draws, names, tickets, customers, sales),
    }
    planters = {name: Planter(written(CASE, name, table), draws, REACH) for name, table in tables.items()}
    _plant(draws, planters, tickets, scale)
    truth = {"tickets": ticket_truth(tickets), "customers": _customer_truth(customers)}
    told = {"seed": seed} | facts(tickets, customers, sales, TEAM_BUY_AGAIN)
    return case_files(CASE, planters, truth, told)


def _in_order(tickets: pd.DataFrame) -> pd.DataFrame:
    """The tickets in the order in which they were opened; `first` points to the new rows."""
    tickets = tickets.sort_values(["opened", "customer"], kind="stable")
    place = pd.Series(range(len(tickets)), index=tickets.index)
    tickets["first"] = [place[k] if k >= 0 else -1 for k in tickets["first"]]
    tickets["number"] = numbered("T", len(tickets))
    return tickets.reset_index(drop=True)


def _households(draws: Draws, n: int, n_sales: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Customers with tier and region, and what they bought from 2021 to 2025.

    The tier was set on 1 January 2025, by what was spent until then: it cannot answer to anything that
    happened later.
    """
    vips, plain, registered = (int(k) for k in quota(TIER_SHARE, n))
    buyers = vips + plain
    weight = np.where(draws.exactly(LARGE, buyers), LARGE_TIMES, 1.0)
    more = draws.choice(list(weight), max(0, n_sales - buyers - _repurchases(vips, plain)))
    sales = pd.DataFrame({"customer": [*range(buyers), *more]})
    before = (ZERO.date() - FIRST_SALE).days
    busy = BusyTime(FIRST_SALE, before, SHOPPING_FESTIVALS)
    sales["sale_date"] = days_from(FIRST_SALE, busy.day(np.round(draws.uniform(len(sales)) * before, 9)))
    _priced(draws, sales)
    spent = sales.groupby("customer")["amount"].sum().reindex(range(buyers)).to_numpy()
    rank = np.argsort(np.argsort(-spent, kind="stable"), kind="stable")
    tier = np.concatenate([np.where(rank < vips, VIP, ORDINARY), np.full(registered, REGISTERED)])
    customers = pd.DataFrame({"tier": tier})
    customers["region"] = 0
    for level in range(3):
        members = np.flatnonzero(tier == level)
        customers.loc[members, "region"] = draws.order(len(members)) % 4
    return _with_register_date(draws, customers, _with_repurchases(draws, customers, sales))


def _priced(draws: Draws, sales: pd.DataFrame) -> None:
    sales["product"] = draws.choice(PRODUCT_SHARE, len(sales))
    price = PRICE[sales["product"]] * draws.lognormal(1.0, 0.28, len(sales))
    sales["amount"] = np.round(price / 10) * 10 - 1.0


def _share_again(tier: int, half: int, team: bool) -> float:
    """Share of a group that buys again in a half of 2025."""
    more = TEAM_BUY_AGAIN if tier == VIP and half == 1 and team else 0.0
    return BUY_AGAIN.get((tier, half), 0.0) + more


def _repurchases(vips: int, plain: int) -> int:
    """Sales of 2025: known before it is known who buys, since each group has its share."""
    total = 0
    for tier, size in ((VIP, vips), (ORDINARY, plain)):
        there = sum(k % 4 in TEAM_REGIONS for k in range(size))
        for team, members in ((True, there), (False, size - there)):
            total += sum(int(_share_again(tier, half, team) * members + 0.5) for half in (0, 1))
    return total


def _with_repurchases(draws: Draws, customers: pd.DataFrame, sales: pd.DataFrame) -> pd.DataFrame:
    """With the sales of 2025: at most one a half-year each, exactly as many as each group's share says."""
    added = []
    groups = customers.groupby(["tier", customers["region"].isin(TEAM_REGIONS)]).indices
    for half, (start, end) in enumerate(
        [(ZERO.date(), TEAM_FROM), (TEAM_FROM, AS_OF + dt.timedelta(days=1))]
    ):
        yes = np.zeros(len(customers), dtype=bool)
        for (tier, team), members in groups.items():
            yes[members] = draws.exactly(_share_again(tier, half, team), len(members))
        customers[f"repurchase_h{half + 1}"] = yes.astype(int)
        days = (end - start).days
        busy = BusyTime(start, days, SHOPPING_FESTIVALS)
        who = np.flatnonzero(yes)
        when = busy.day(np.round(draws.uniform(len(who)) * days, 9))
        added.append(pd.DataFrame({"customer": who, "sale_date": days_from(start, when)}))
    new = pd.concat(added, ignore_index=True)
    _priced(draws, new)
    rows = pd.concat([sales, new], ignore_index=True)
    return rows.sort_values(["sale_date", "customer"], kind="stable", ignore_index=True)


def _with_register_date(
    draws: Draws, customers: pd.DataFrame, sales: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Numbered by the day they registered; those who only registered bought elsewhere."""
    n = len(customers)
    first = sales.groupby("customer")["sale_date"].min().reindex(range(n))
    any_day = days_from(FIRST_SALE, draws.integers(60, (ZERO.date() - FIRST_SALE).days - 1, n))
    delay = draws.integers(0, 10, n)
    bought = (customers["tier"] != REGISTERED).to_numpy()
    registered = [
        f + dt.timedelta(days=int(d)) if b else a
        for f, d, b, a in zip(first, delay, bought, any_day, strict=True)
    ]
    customers["register_date"] = registered
    customers["own_product"] = draws.choice(PRODUCT_SHARE, n)
    customers["own_date"] = [
        d - dt.timedelta(days=int(k)) for d, k in zip(registered, draws.integers(0, 60, n), strict=True)
    ]
    turn = np.argsort(np.array([d.toordinal() for d in registered]), kind="stable")
    place = np.empty(n, dtype=int)
    place[turn] = np.arange(n)
    sales["customer"] = place[sales["customer"]]
    return customers.iloc[turn].reset_index(drop=True), sales


def _customer_table(invented: Invented, customers: pd.DataFrame) -> pd.DataFrame:
    spec, names, n = columns(CASE, "customers"), invented.names, len(customers)
    only = customers["tier"] == REGISTERED
    return pd.DataFrame(
        {
            "customer_id": numbered("C", n),
            "phone": invented.phones(n),
            "tier": spec["tier"].said(names, customers["tier"]),
            "region": spec["region"].said(names, customers["region"]),
            "register_date": customers["register_date"],
            "registered_product": np.where(
                only, spec["registered_product"].said(names, customers["own_product"]), ""
            ),
            "registered_buy_date": customers["own_date"].where(only, None),
            "consent_marketing": invented.draws.exactly(CONSENT, n),
        }
    )


def _sales_table(names: Names, sales: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sale_id": numbered("S", len(sales)),
            "customer_id": numbered("C", sales["customer"]),
            "sale_date": sales["sale_date"],
            "product": columns(CASE, "sales")["product"].said(names, sales["product"]),
            "amount": sales["amount"],
        }
    )


def _ticket_table(
    draws: Draws, names: Names, tickets: pd.DataFrame, customers: pd.DataFrame, sales: pd.DataFrame
) -> pd.DataFrame:
    """What the service desk sees at the as-of date: what has not happened yet is blank."""
    spec, n = columns(CASE, "tickets"), len(tickets)
    unit = tickets["unit"].to_numpy()
    sold = unit >= 0
    sale = sales.iloc[unit.clip(0)].reset_index(drop=True)
    owner = customers.iloc[tickets["customer"]].reset_index(drop=True)
    engineer = 100 * (tickets["region"] + 1) + np.where(
        tickets["team"], 9 + draws.integers(0, 1, n), 1 + draws.integers(0, 7, n)
    )
    return pd.DataFrame(
        {
            "ticket_id": tickets["number"],
            "customer_id": numbered("C", tickets["customer"]),
            "sale_id": np.where(sold, np.array(numbered("S", unit.clip(0)), dtype=object), ""),
            "product": spec["product"].said(names, np.where(sold, sale["product"], owner["own_product"])),
            "buy_date": np.where(sold, sale["sale_date"], owner["own_date"]),
            "ticket_type": spec["ticket_type"].said(names, tickets["kind"]),
            "severity": spec["severity"].said(names, tickets["severity"]),
            "team": spec["team"].said(names, tickets["team"].astype(int)),
            "engineer_id": [f"E{k}" for k in engineer],
            "opened_at": moments(tickets["opened"], np.full(n, True)),
            "first_response_at": moments(tickets["responded"], tickets["seen"]),
            "closed_at": moments(tickets["closed"], tickets["done"]),
            "repeat_within_90d": tickets["repeat"],
            "callback_at": moments(tickets["callback"], tickets["called"]),
            "csat": tickets["csat"].where(tickets["told"], np.nan),
            "ces": tickets["ces"].where(tickets["told"], np.nan),
        },
        index=tickets.index,
    )


def _plant(draws: Draws, planters: dict[str, Planter], tickets: pd.DataFrame, scale: float) -> None:
    """Copies, spellings and closing times before the opening; none of it touches a score."""
    people, sold, calls = planters["customers"], planters["sales"], planters["tickets"]
    keys = people.take(at_scale(SPACED, scale))
    phones = list(people.frame.loc[keys, "phone"])
    spelled = [f"+86 {p}" if i % 2 else grouped(p) for i, p in enumerate(phones)]
    people.spoil("phone_format", keys, "phone", spelled)
    keys = sold.take(at_scale(PRICED, scale))
    sold.spoil("amount_unit", keys, "amount", [f"￥{float(v):,.2f}" for v in sold.frame.loc[keys, "amount"]])
    keys = sold.take(at_scale(WIDE, scale))
    sold.spoil(
        "full_width", keys, "amount", [v.translate(FULL_WIDTH) for v in sold.frame.loc[keys, "amount"]]
    )
    done = tickets["done"] & (tickets["opened"] > 40 * MINUTES)
    keys = calls.take(at_scale(SWAPPED, scale), done)
    early = tickets["opened"].loc[keys] - draws.integers(1, 30, len(keys)) * MINUTES
    wrong = [m.strftime("%Y-%m-%d %H:%M") for m in moments(early, np.full(len(keys), True)) if m]
    calls.spoil("closed_before_opened", keys, "closed_at", wrong)
    calls.copy_rows("duplicate", list(calls.take(at_scale(COPIES, scale))), "ticket_id")


def _customer_truth(customers: pd.DataFrame) -> pd.DataFrame:
    """Who was in the regions of the team, and who bought again in which half of 2025."""
    return pd.DataFrame(
        {
            "customer_id": numbered("C", len(customers)),
            "team_region": customers["region"].isin(TEAM_REGIONS).astype(int),
            "vip": (customers["tier"] == VIP).astype(int),
            "repurchase_h1": customers["repurchase_h1"],
            "repurchase_h2": customers["repurchase_h2"],
        }
    )
