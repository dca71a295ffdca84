"""How much of the business rests on how few customers."""

from __future__ import annotations

from segkit.charts import concentration as draw
from segkit.charts import top_customers
from segkit.report.model import Kpis, Text
from segkit.report.study import Shown, Study


def concentration(study: Study) -> Shown:
    """Share of the money by share of customers, the classes on the curve, and who the few are in numbers."""
    buyers = study.buyers
    if buyers.empty or buyers["monetary"].clip(lower=0).sum() == 0:
        return study.add("concentration", [])
    facts = {"lang": study.lang, "source": study.source, "as_of": study.as_of}
    classes = "abc" if "abc" in study.customers.columns else ""
    picture = study.figure(draw(buyers, classes=classes, **facts))
    first, largest = top_customers(buyers["monetary"], 0.01)
    ten, held = top_customers(buyers["monetary"], 0.10)
    study.kpi("top1_share", largest, "share", n=first)
    study.kpi("top10_share", held, "share", n=ten)
    left_out = int((buyers["monetary"] <= 0).sum())
    words = study.say("report.concentration", first=first, largest=largest, ten=ten, held=held)
    note = Text(text=study.say("report.not_positive", n=left_out), role="note") if left_out else None
    return study.add(
        "concentration", [Kpis(ids=["top1_share", "top10_share"]), Text(text=words), picture, note]
    )
