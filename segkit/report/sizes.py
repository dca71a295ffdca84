"""What can be said of so many customers? The one place that knows the sizes a report changes at.

Below 30 customers one of them is more than 3 % of the whole and a group holds a handful, so chance decides who
stands where: the customers are put in order instead. Below 300 eleven segments would hold fewer than 27
customers each, and half of them stand nearly empty: the eight segments that need one line through the middle
are used, and nothing is made that has to be learned from many (clusters, what customers will still buy). Both
sizes are sample parameters (示例参数): the usual least size of a group, and ten such groups.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from segkit.locale import Lang, say
from segkit.playbooks import Playbook, Segmentation, load_playbook, schemes_of
from segkit.problems import Problem
from segkit.report.reasons import in_short
from segkit.schemes.base import PROSPECT, Scheme

FEWEST_GROUPED = 30
FEWEST_LEARNED = 300
DETAILED_MAPS = ("eleven", "grid25")  # segment maps of RFM that need many customers
LEARNED_FROM_MANY = ("clusters",)
CARRIER = "lifecycle"  # decides the next step where there are too few customers for segments


def sized(playbook: Playbook, overrides: dict[str, dict[str, Any]], n: int) -> tuple[Playbook, list[Problem]]:
    """The playbook with the client's own schemes, as far as `n` customers carry them, and what was changed.

    Schemes fitted before (with the cut points of last month) stay as they are.
    """
    given = {**playbook.schemes, **overrides}
    schemes = schemes_of(playbook, overrides)
    notes: list[Problem] = []
    if n < FEWEST_GROUPED:
        return _without_groups(playbook, given, schemes, n)
    if n < FEWEST_LEARNED:
        for name, scheme in schemes.items():
            if scheme.fitted:
                continue
            facts = {"scheme": name, "n": n, "least": FEWEST_LEARNED}
            if scheme.kind == "rfm" and getattr(scheme, "segments", "") in DETAILED_MAPS:
                keep = {k: v for k, v in given[name].items() if k in ("name", "names")}
                given[name] = {"kind": "rfm", "segments": "eight", **keep}
                notes.append(Problem("report.size.eight", facts | {"was": getattr(scheme, "segments", "")}))
            elif scheme.kind in LEARNED_FROM_MANY:
                del given[name]
                notes.append(Problem("report.size.no_clusters", facts))
    return _with(playbook, given), notes


def _without_groups(
    playbook: Playbook, given: dict[str, Any], schemes: dict[str, Scheme], n: int
) -> tuple[Playbook, list[Problem]]:
    """Only rules that need no other customers are left; nobody is shown in a group.

    They decide the next step where the trade's main rule is one of them; else whoever bought gets a call.
    """
    kept = {name: given[name] for name, scheme in schemes.items() if scheme.fitted}
    note = Problem("report.size.ranked", {"n": n, "least": FEWEST_GROUPED})
    if playbook.main in kept:
        return _with(playbook, kept), [note]
    kept = {**kept, CARRIER: {"kind": CARRIER}}
    ranked = playbook.model_copy(update={"schemes": kept, "main": CARRIER})
    usual = load_playbook("general").policy.labels
    labels = {label: usual["loyal"] for label in schemes_of(ranked)[CARRIER].order() if label != PROSPECT}
    policy = playbook.policy.model_copy(update={"labels": {**labels, PROSPECT: usual[PROSPECT]}})
    return ranked.model_copy(update={"policy": policy}), [note]


def _with(playbook: Playbook, schemes: dict[str, Any]) -> Playbook:
    main = playbook.main if playbook.main in schemes else next(iter(schemes), playbook.main)
    return playbook.model_copy(update={"schemes": schemes, "main": main})


def in_order(segmentation: Segmentation, lang: Lang) -> pd.DataFrame:
    """The customers with their `rank` and `why`, best first: by money, then by how lately they bought.

    Equal money and recency share a rank. Where neither is known of anybody the order of the main scheme's
    labels decides, and its reason is the why.
    """
    customers, main = segmentation.customers, segmentation.main
    money = customers["monetary"].astype("float64")
    days = customers["recency_days"].astype("float64")
    keys = pd.DataFrame({"money": -money.fillna(float("-inf")), "days": days.fillna(float("inf"))})
    known = bool(money.notna().any() or days.notna().any())
    if not known:
        place = {label: i for i, label in enumerate(segmentation.main_scheme.order())}
        keys = pd.DataFrame({"label": customers[main].map(place)})
    columns = list(keys.columns)
    ordered = keys.assign(id=customers["customer_id"].astype(str)).sort_values(
        [*columns, "id"], kind="stable"
    )
    first = ~ordered[columns].duplicated()
    rank = pd.Series(range(1, len(ordered) + 1), index=ordered.index).where(first).ffill().astype("int64")
    ranked = customers.loc[ordered.index].assign(rank=rank).reset_index(drop=True)
    shared = ranked["rank"].duplicated(keep=False)
    if known:
        rows = zip(ranked["rank"], shared, ranked["monetary"], ranked["recency_days"], strict=True)
        reasons = [_why(int(r), bool(s), m, d, len(ranked), lang) for r, s, m, d in rows]
        return ranked.assign(why=reasons)
    called = ranked[main].map(lambda label: segmentation.main_scheme.label_name(str(label), lang))
    return ranked.assign(why=in_short(segmentation.reasons(main, ranked, lang), called, lang))


def _why(rank: int, shared: bool, money: float, days: float, n: int, lang: Lang) -> str:
    facts: list[str] = []
    if pd.notna(money):
        facts.append(say("report.rank.money", lang, money=float(money)))
    if pd.notna(days):
        facts.append(say("report.rank.days", lang, days=int(days)))
    id = "report.rank.shared" if shared else "report.rank.alone"
    return say(id, lang, rank=rank, n=n, facts=facts or [say("report.rank.nothing", lang)])
