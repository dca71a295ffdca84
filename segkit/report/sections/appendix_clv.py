"""Appendix: what customers will still buy, with the checks that allow it and how wrong it would have been."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.customers import DAYS_IN, customer_table, repeat_summary
from segkit.locale import term
from segkit.problems import InputProblems
from segkit.report.model import Block, Bullets, Kpis, Sheet, Text
from segkit.report.sizes import FEWEST_LEARNED
from segkit.report.study import Head, Shown, Study
from segkit.value.btyd import BGNBD, MBGNBD
from segkit.value.gamma_gamma import GammaGamma
from segkit.value.holdout import HoldoutError
from segkit.value.lifetime_value import clv, yearly_churn

AHEAD_DAYS = 90  # of the plain sentence: of 100 customers so many will buy again
MONTHS = 12  # of the money
DISCOUNT = 0.10  # a year (示例参数)
SHORTEST = 4 * 28  # days of orders below which nothing is tried out on the last quarter of them
LEAST_SHOWN = 5
Model = BGNBD | MBGNBD


@dataclass(frozen=True)
class Expected:
    """The model that explains the earlier orders best, what it says of money, and how both did on orders held out."""

    model: Model
    money: GammaGamma | None
    worth: pd.DataFrame | None  # `clv` of every buyer, where there is a model of money
    summary: pd.DataFrame
    holdout: HoldoutError | None
    refused: tuple[str, ...]


def what_they_will_buy(study: Study) -> Shown:
    """CLV: in plain words, then by segment, checks, parameters, the error on orders held out; or why not."""
    if "clv" not in study.asked:
        return study.add("clv", [], appendix=True)
    found = _expected(study)
    if isinstance(found, list):
        reasons = [Text(text=reason, role="warning") for reason in found]
        return study.add("clv", [Text(text=study.say("clv.refused")), *reasons], appendix=True)
    blocks: list[Block | None] = [
        *_in_plain_words(study, found),
        _by_segment(study, found),
        _reckonings(study, found),
        Text(text=study.say("clv.checks"), role="heading"),
        Bullets(items=_checks(study, found)),
        Text(text=study.say("clv.tried_out"), role="heading"),
        *_tried_out(study, found),
        Text(text=study.say("clv.method"), role="heading"),
        Bullets(items=_method(study, found)),
    ]
    return study.add("clv", blocks, appendix=True)


def buys_again(model: Model, summary: pd.DataFrame, t: float) -> pd.Series:
    """How likely does each customer buy at least once in the next `t` units of time?

    Somebody who is still a customer stays one until the next purchase, and his rate is then Gamma(r + x,
    alpha + T): P(alive) x (1 - ((alpha + T) / (alpha + T + t))^(r + x)). Holds for BG/NBD and MBG/NBD.
    """
    assert model.r and model.alpha
    seen = model.alpha + summary["T"].astype("float64")
    none = (seen / (seen + t)) ** (model.r + summary["x"].astype("float64"))
    return (model.p_alive(summary) * (1 - none)).rename("buys_again")


# --- fitting ---------------------------------------------------------------------------------------


def _expected(study: Study) -> Expected | list[str]:
    """The fitted models, or the reasons why there are none."""
    n = len(study.customers)
    if n < FEWEST_LEARNED:
        return [study.say("report.size.no_clv", n=n, least=FEWEST_LEARNED)]
    if study.orders is None:
        return [study.say("clv.in_engine" if study.history is not None else "clv.no_orders")]
    summary = repeat_summary(study.orders, as_of=study.as_of).reset_index(drop=True)
    fitted: list[Model] = []
    refused: list[str] = []
    for kind in (MBGNBD, BGNBD):
        try:
            fitted.append(kind().fit(summary))
        except InputProblems as found:
            refused += [_said(study, kind().kind, problem.text(study.lang)) for problem in found.problems]
    if not fitted:
        return list(dict.fromkeys(refused))
    span = (study.as_of - study.orders["order_date"].min().date()).days + 1
    days = min(AHEAD_DAYS, span // 4)
    known = summary
    if span >= SHORTEST:  # what is held out to test the model takes no part in choosing it
        known = repeat_summary(study.orders, as_of=study.as_of - dt.timedelta(days=days))
    best = _likeliest(fitted, known)
    money, why = _money(study, summary)
    worth = None
    if money is not None:
        paid = customer_table(study.orders, as_of=study.as_of)
        # margin 1: what they pay, not what of it is profit
        worth = clv(best, money, summary, margin=1, months=MONTHS, discount=DISCOUNT, customers=paid)
    holdout = None
    if span >= SHORTEST:
        try:
            holdout = type(best)().holdout_error(study.orders, as_of=study.as_of, holdout_days=days)
        except InputProblems as found:
            refused += [problem.text(study.lang) for problem in found.problems]
    else:
        refused.append(study.say("clv.too_short", days=span, least=SHORTEST))
    return Expected(best, money, worth, summary, holdout, (*refused, *why))


def _likeliest(fitted: list[Model], known: pd.DataFrame) -> Model:
    """The model under which what was `known` is likelier; where neither can learn from it, what all orders say.

    Both have four parameters, so the likelihoods can be compared as they are.
    """
    then: dict[str, float] = {}
    for model in fitted:
        try:
            then[model.kind] = type(model)().fit(known).log_likelihood or -np.inf
        except InputProblems:
            continue
    now = {model.kind: model.log_likelihood or -np.inf for model in fitted}
    return max(fitted, key=lambda model: (then or now).get(model.kind, -np.inf))


def _said(study: Study, kind: str, reason: str) -> str:
    return study.say("clv.model_refused", model=term(f"model.{kind}", study.lang), reason=reason)


def _money(study: Study, summary: pd.DataFrame) -> tuple[GammaGamma | None, list[str]]:
    try:
        return GammaGamma().fit(summary), []
    except InputProblems as found:
        return None, [_said(study, "gamma_gamma", problem.text(study.lang)) for problem in found.problems]


# --- what it says ----------------------------------------------------------------------------------


def _in_plain_words(study: Study, found: Expected) -> list[Block]:
    """Of 100 who came back so many will buy again, and what really happened in the time before."""
    chance = buys_again(found.model, found.summary, AHEAD_DAYS / DAYS_IN[found.model.unit])
    back = found.summary["x"] > 0
    ids = [study.kpi("buy_again", 100 * chance[back].mean(), "count", n=int(back.sum()), days=AHEAD_DAYS)]
    facts = {"days": AHEAD_DAYS, "back": int(back.sum()), "of_back": 100 * float(chance[back].mean())}
    which = "clv.plain"
    if not back.all():
        once = ~back
        ids.append(
            study.kpi("buy_second", 100 * chance[once].mean(), "count", n=int(once.sum()), days=AHEAD_DAYS)
        )
        facts |= {"once": int(once.sum()), "of_once": 100 * float(chance[once].mean())}
        which = "clv.plain_both"
    blocks: list[Block] = [Kpis(ids=ids), Text(text=study.say(which, **facts))]
    happened = _happened(study)
    if happened is not None:
        share, n, cut = happened
        words = study.say("clv.happened", cut=cut, days=AHEAD_DAYS, n=n, times=100 * share)
        blocks.append(Text(text=words))
    return blocks


def _happened(study: Study) -> tuple[float, int, dt.date] | None:
    """Of those who had come back by `AHEAD_DAYS` ago, which share bought in the days since."""
    orders = study.orders
    cut = study.as_of - dt.timedelta(days=AHEAD_DAYS)
    if orders is None or (cut - orders["order_date"].min().date()).days < AHEAD_DAYS:
        return None
    before = repeat_summary(orders, as_of=cut)
    back = before.loc[before["x"] > 0, "customer_id"]
    dates = orders["order_date"]
    since = orders[
        (dates >= pd.Timestamp(cut) + pd.Timedelta(days=1))
        & (dates < pd.Timestamp(study.as_of) + pd.Timedelta(days=1))
        & (orders["amount"] >= 0)
    ]
    return (float(back.isin(since["customer_id"]).mean()), len(back), cut) if len(back) else None


def _by_segment(study: Study, found: Expected) -> Sheet:
    """Buyers of each segment: of 100, how many buy again, how often, and for how much in a year."""
    summary, main = found.summary, study.segmentation.main
    ahead = AHEAD_DAYS / DAYS_IN[found.model.unit]
    table = pd.DataFrame(
        {
            "segment": summary["customer_id"].map(study.customers.set_index("customer_id")[main]),
            "again": 100 * buys_again(found.model, summary, ahead),
            "times": 100 * found.model.expected_purchases(summary, ahead),
        }
    )
    if found.worth is not None:
        table["value"] = found.worth["clv"].to_numpy()
    grouped = table.groupby("segment")
    by = grouped[[c for c in ("again", "times") if c in table]].mean()
    by.insert(0, "n", grouped.size())
    if "value" in table:
        by["value"], by["each"] = grouped["value"].sum(), grouped["value"].mean()
    order = [label for label in study.segmentation.main_scheme.order() if label in by.index]
    few = by["n"] < LEAST_SHOWN
    by.loc[few, [c for c in ("again", "times", "each") if c in by]] = np.nan
    head: list[Head] = [
        ("segment", study.say("head.segment"), "text"),
        ("n", study.say("head.buyers"), "count"),
        ("again", study.say("head.again", days=AHEAD_DAYS), "count"),
        ("times", study.say("head.times_again", days=AHEAD_DAYS), "count"),
    ]
    total: list[object] = [study.say("head.total"), len(table), table["again"].mean(), table["times"].mean()]
    if "value" in table:
        head += [
            ("value", study.say("head.expected_money", months=MONTHS), "money"),
            ("each", study.say("head.expected_each"), "money"),
        ]
        total += [table["value"].sum(), table["value"].mean()]
    rows = by.loc[order].reset_index()[[id for id, _, _ in head]].astype(object).to_numpy().tolist()
    shown = by.loc[order, "again"].dropna()
    title = study.say("clv.segments_small", least=LEAST_SHOWN)
    if len(shown):
        best = str(shown.idxmax())
        title = study.say("clv.segments", name=study.label_name(best), again=shown[best], days=AHEAD_DAYS)
    note = study.say("clv.money_note", months=MONTHS, discount=DISCOUNT) if "value" in table else ""
    return study.table("clv", title, head, rows, n=len(table), total=total, note=note)


def _reckonings(study: Study, found: Expected) -> Sheet | None:
    """The money expected beside what was paid so far and two simpler ways to reckon what is to come."""
    worth = found.worth
    if worth is None:
        return None
    facts = {"months": MONTHS, "churn": yearly_churn(found.summary, unit=found.model.unit) or 0.0}
    ways = ["historic_value", "clv", "run_rate_value", *(["simple_value"] if facts["churn"] else [])]
    rows = [[study.say(f"clv.way.{way}", **facts), worth[way].sum(), worth[way].mean()] for way in ways]
    head: list[Head] = [
        ("way", study.say("head.way"), "text"),
        ("value", study.say("head.all_money"), "money"),
        ("each", study.say("head.expected_each"), "money"),
    ]
    note = study.say("clv.ways_note")
    return study.table("clv_ways", study.say("clv.ways", **facts), head, rows, n=len(worth), note=note)


def _checks(study: Study, found: Expected) -> list[str]:
    """Every assumption with its verdict, and what was refused."""
    checks = [*found.model.checks, *(found.money.checks if found.money is not None else ())]
    lines = [
        study.say("clv.passed" if check.passed else "clv.doubtful", check=check.text(study.lang))
        for check in checks
    ]
    return [*lines, *found.refused]


def _tried_out(study: Study, found: Expected) -> list[Block]:
    """Fitted on the earlier orders, held against the later ones, beside the rule "as often as before"."""
    holdout = found.holdout
    if holdout is None:
        return [Text(text=study.say("clv.not_tried"), role="warning")]
    head: list[Head] = [
        ("x", study.say("head.repeats"), "text"),
        ("n", study.say("head.customers"), "count"),
        ("actual", study.say("head.actual"), "times"),
        ("model", study.say("head.predicted"), "times"),
        ("same_rate", study.say("head.as_before"), "times"),
    ]
    most = int(holdout.by_frequency["x"].max())
    rows: list[list[object]] = []
    for row in holdout.by_frequency.itertuples():
        x = study.say("clv.or_more", x=most) if row.x == most else str(int(row.x))
        rows.append([x, row.n, row.actual, row.model, row.same_rate])
    per_customer = holdout.table[["predicted", "actual"]] / holdout.n
    total = [
        study.say("head.total"),
        holdout.n,
        per_customer.loc["model", "actual"],
        per_customer.loc["model", "predicted"],
        per_customer.loc["same_rate", "predicted"],
    ]
    title = study.say("clv.holdout_table", days=holdout.days, cut=holdout.cut)
    sheet = study.table("clv_holdout", title, head, rows, n=holdout.n, total=total)
    return [Text(text=holdout.text(study.lang)), sheet]


def _method(study: Study, found: Expected) -> list[str]:
    """Models with their parameters, and what must be said beside them."""

    def stated(model: BGNBD | MBGNBD | GammaGamma) -> list[str]:
        said = {check.text(study.lang) for check in model.checks}
        return [line for line in model.describe(study.lang) if line not in said]

    lines = [*stated(found.model), *(stated(found.money) if found.money is not None else [])]
    caveats = [*BGNBD().notes(study.lang), study.say("clv.caveat")]
    return list(dict.fromkeys([study.say("clv.chosen"), *lines, *caveats]))
