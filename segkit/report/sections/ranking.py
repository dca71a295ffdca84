"""So few customers that they are put in order, not into groups: a ranked list, and why."""

from __future__ import annotations

from segkit.privacy.known import looks_like_firm
from segkit.privacy.mask import mask
from segkit.report.model import Text
from segkit.report.sizes import FEWEST_GROUPED
from segkit.report.study import Head, Shown, Study


def ranking(study: Study) -> Shown:
    """Every customer by money, then by how lately they bought; persons by masked ids, firms by name."""
    customers = study.customers
    n = len(customers)
    table = customers.assign(who=[_shown(row) for row in customers.to_dict("records")])
    head: list[Head] = [
        ("rank", study.say("xlsx.field.rank"), "id"),
        ("who", study.say("head.customer"), "text"),
        ("monetary", study.say("head.money"), "money"),
        ("recency_days", study.say("head.recency_own"), "days"),
        ("frequency", study.say("head.order_days"), "count"),
        ("why", study.say("head.why"), "text"),
    ]
    head = [column for column in head if table[column[0]].notna().any()]
    rows = table[[id for id, _, _ in head]].astype(object).to_numpy().tolist()
    first = table.iloc[0] if n else None
    title = study.say("report.ranking_plain", n=n)
    if first is not None and study.money and first["monetary"] > 0:
        title = study.say("report.ranking", n=n, who=first["who"], share=first["monetary"] / study.money)
    known = study.has_money or bool(customers["recency_days"].notna().any())
    facts = {"n": n, "least": FEWEST_GROUPED, "share": 1 / n if n else 0.0}
    scheme = study.scheme_name(study.segmentation.main)
    words = study.say("report.few" if known else "report.few_ruled", scheme=scheme, **facts)
    note = study.say("report.ranking_ids")
    return study.add("ranking", [Text(text=words), study.table("ranking", title, head, rows, n=n, note=note)])


def _shown(row: dict[object, object]) -> str:
    """A firm by its name; everybody else by the masked customer id."""
    name = str(row.get("name") or "")
    return name if name and looks_like_firm(name) else mask(row["customer_id"], "customer_id")
