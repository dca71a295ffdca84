"""What the next plan could show if some customers were left out of it by lot."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from segkit.evaluate.power import detectable
from segkit.report.plan_outcome import purchases
from segkit.report.study import Study

WORTH_SEEING = 0.02  # a difference of shares one would want to see (示例参数)
USUAL_SHARE = 0.10  # share that buys, where nobody knows (示例参数)
BELIEVABLE = (
    0.2  # no follow-up adds more buyers than this; what shows only such effects shows none (示例参数)
)
OFFERED = (0.1, 0.2, 0.5)  # shares held out, of which is said what they could show


def holdout_offer(study: Study) -> str:
    """What a holdout of the next plan could show at this size; "" where one is drawn, or nothing could be held out.

    Only marketing touches can be held out; the share that buys is that of the same customers over as many days
    before the report.
    """
    plan = study.plan
    if len(study.arms):
        return ""
    asked = [part for part in (plan.tasks, plan.unscheduled) if "marketing" in part]
    found = pd.concat([part.loc[part["marketing"].astype(bool), "customer_id"] for part in asked])
    ids = found.drop_duplicates().astype(str).tolist()
    n = len(ids)
    if n < 2:
        return ""
    base = usual_share(study, ids)
    known = study.orders is not None
    said = [study.say("effect.offer" if known else "effect.offer_assumed", n=n, base=100 * base)]
    for share in OFFERED:
        held = round(share * n)
        seen = detectable(n - held, held, base) if held else None
        if seen is not None and seen <= BELIEVABLE:
            said.append(study.say("effect.offer_line", share=share, held=held, seen=100 * seen))
    if len(said) == 1:
        return joined(study, [*said, study.say("effect.offer_too_few")])
    return joined(study, [*said, study.say("effect.offer_how")])


def usual_share(study: Study, ids: Sequence[str]) -> float:
    """Of these customers, the share that bought in as many days before the report as a plan has.

    Kept off 0 and 1, from which nothing could be reckoned.
    """
    load = study.plan.load
    if study.orders is None or load.empty or not ids:
        return USUAL_SHARE
    days = (load["due"].max() - load["due"].min()).days + 1
    first = (pd.Timestamp(study.as_of) - pd.Timedelta(days=days - 1)).date()
    bought = float(purchases(study.orders, ids, first, study.as_of)["converted"].mean())
    return min(max(bought, 1 / (2 * len(ids))), 1 - WORTH_SEEING)


def joined(study: Study, sentences: list[str]) -> str:
    """Sentences one after the other, as the language sets them."""
    return ("" if study.lang == "zh" else " ").join(one for one in sentences if one)
