"""How much of the business rests on how few customers."""

from __future__ import annotations

from segkit.charts import concentration as draw
from segkit.charts import top_customers
from segkit.report.model import Kpis, Text
from segkit.report.study import Shown, Study

FEWEST_FOR_TOP1 = 100  # below it, 1 % of the customers is less than one


def concentration(study: Study) -> Shown:
    """Share of the money by share of customers, the classes on the curve, and who the few are in numbers."""
    paying = study.paying
    n = len(paying)
    if not n:
        return study.add("concentration", [])
    spoken_of = study.customers.loc[paying.index.union(study.buyers.index)]
    facts = {"lang": study.lang, "source": study.source, "as_of": study.as_of}
    classes = "abc" if "abc" in study.customers.columns else ""
    picture = study.figure(draw(spoken_of, classes=classes, **facts))
    ten, held = top_customers(paying["monetary"], 0.10)
    ids = [study.kpi("top10_share", held, "share", n=n)]
    words = study.say("report.concentration_ten", ten=ten, held=held)
    if n >= FEWEST_FOR_TOP1:
        first, largest = top_customers(paying["monetary"], 0.01)
        ids.insert(0, study.kpi("top1_share", largest, "share", n=n))
        words = study.say("report.concentration", first=first, largest=largest, ten=ten, held=held)
    left_out = len(spoken_of) - n
    note = Text(text=study.say("report.not_positive", n=left_out), role="note") if left_out else None
    return study.add("concentration", [Kpis(ids=ids), Text(text=words), picture, note])
