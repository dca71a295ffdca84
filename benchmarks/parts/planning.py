"""A follow-up plan against the loop one would write first, and how its time grows."""

from __future__ import annotations

from page import Bar, Section, Table, seconds, table_of
from race import Entry, ratio, slope

from parts.setting import Setting, agreement

TWENTY = 1 / 20
LINEAR = 1.15


def run(setting: Setting) -> Section:
    section = Section("A follow-up plan")
    n, owners = (10_000, 5) if setting.quick else (100_000, 50)
    worker = setting.worker("in_plan")
    try:
        worker.ask("make", customers=n, owners=owners)
        sides = {
            "segkit plan": lambda: worker.ask("segkit_plan"),
            "a loop over the rows": lambda: worker.ask("by_hand"),
        }
        both = setting.race(f"{n:,} customers, plan", sides, 1 if setting.quick else 3, warm_up=False)
    finally:
        worker.close()
    agreement(both, at_least=("tasks", "minutes", "placed", "left"))
    facts = both[0].took[0].facts or {}
    title = f"{n:,} customers, {owners} owners, 30 working days: {facts['tasks']:,} contacts planned"
    section.tables.append(table_of(title, both))
    section.text.append(
        "Both come to the same plan, contact by contact: what is due and how often, consent, caps in rolling windows, "
        "the distance between repeats, the minutes of every owner and day. The loop goes through pandas frames row by "
        "row."
    )
    what = f"{n:,} customers, {owners} owners, 30 days: plan against a loop over the rows"
    section.bars.append(Bar(what, TWENTY, ratio(*both), "x", rounds=len(both[0].took)))

    sizes = [10_000, 100_000] if setting.quick else [100_000, 300_000, 1_000_000]
    entries = [_alone(setting, size) for size in sizes]
    rows = [
        (f"{size:,}", seconds(e.wall), f"{e.peak_mb:,.0f} MB" if e.peak_mb else "")
        for size, e in zip(sizes, entries, strict=True)
    ]
    section.tables.append(
        Table("The plan alone, one owner for 2,000 customers", ("customers", "median", "peak memory"), rows)
    )
    points = [(float(size), e.wall) for size, e in zip(sizes, entries, strict=True)]
    what = f"growth exponent of the plan, {sizes[0]:,} to {sizes[-1]:,} customers"
    section.bars.append(Bar(what, LINEAR, slope(points), rounds=min(len(e.took) for e in entries)))
    return section


def _alone(setting: Setting, n: int) -> Entry:
    worker = setting.worker("in_plan")
    try:
        worker.ask("make", customers=n, owners=n // 2000)
        [entry] = setting.race(f"{n:,} customers, plan alone", {"plan": lambda: worker.ask("segkit_plan")}, 3)
    finally:
        worker.close()
    return entry
