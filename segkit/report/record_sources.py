"""What several sources say of one field: which is taken, where they disagree, and where each stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from segkit.privacy.known import looks_like_firm
from segkit.privacy.mask import mask_name
from segkit.report.record_fields import BEHAVIOUR, PRECEDENCE, Held, alike, without_blanks
from segkit.report.record_parts import files_of, table_name
from segkit.report.render.lists import WHY, head_of
from segkit.report.render.values import shown
from segkit.report.study import Study


def mapped(study: Study, grain: str) -> set[str]:
    return set(study.intake.get("mapping", {}).get(grain, {}).values())


def by_id(study: Study, values: pd.Series) -> pd.Series:
    return values.set_axis(study.customers["customer_id"].astype(str))


def named_by(values: pd.Series, called: Callable[[Any], str]) -> pd.Series:
    """`values` as they are called; each asked for once."""
    return values.astype(object).map({value: called(value) for value in values.dropna().unique()})


def last_said(orders: pd.DataFrame, field: str) -> pd.Series:
    """By customer what the latest order says, blanks aside."""
    known = orders[without_blanks(orders[field]).notna()].sort_values("order_date", kind="stable")
    last = known.drop_duplicates("customer_id", keep="last")
    return last.set_index(last["customer_id"].astype(str))[field]


def filled_in(study: Study, field: str, claims: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
    """What list and orders say, where the list left cells blank: what was filled in is the orders' word."""
    ids = study.intake.get("from_orders", {}).get(field, [])
    if not ids or "customers" not in claims:
        return {}
    said = claims["customers"]
    filled = said.index.isin(ids)
    ordered = claims["orders"].reindex(said.index) if "orders" in claims else said.where(filled)
    return {"customers": said.mask(filled), "orders": ordered.mask(filled, said)}


def of_firms(names: pd.Series) -> pd.Series:
    """Names of firms; those of persons stand in the client's own system."""
    return names.where(names.map(lambda name: isinstance(name, str) and looks_like_firm(name)))


def source_of(study: Study, table: str, field: str) -> str:
    """Table, file and heading a field came from."""
    heads = {f: head for head, f in study.intake.get("mapping", {}).get(table, {}).items()}
    facts = {
        "table": table_name(study, table),
        "file": files_of(study, table),
        "head": heads.get(field, field),
    }
    made = field in BEHAVIOUR and field not in heads
    return study.say("record.source.counted" if made else "record.source.column", **facts)


def settled(
    study: Study,
    field: str,
    block: str,
    unit: str,
    claims: dict[str, pd.Series],
    precedence: Sequence[str],
    differences: list[pd.DataFrame],
) -> Held:
    """The first source that says something; where a later one says something else, that is noted."""
    tables = [table for table in precedence if table in claims]
    ids = pd.Index(study.customers["customer_id"].astype(str))
    said = {table: without_blanks(claims[table]).reindex(ids) for table in tables}
    own = {table: "frequency" if (table, field) == ("customers", "orders") else field for table in tables}
    sources = {table: source_of(study, table, own[table]) for table in tables}
    values = said[tables[0]]
    origin = pd.Series(tables[0], index=ids).where(values.notna())
    for table in tables[1:]:
        here = said[table]
        both = values.notna() & here.notna()
        apart = both.copy()
        apart[both] = ~alike(field, values[both], here[both])
        if apart.any():
            facts = (field, values[apart], origin[apart].map(sources), here[apart], sources[table])
            differences.append(_difference(study, *facts))
        fill = values.isna() & here.notna()
        values = values.where(~fill, here)
        origin = origin.where(~fill, table)
    return Held(field, block, unit, values, origin, sources)


def _difference(
    study: Study, field: str, taken: pd.Series, taken_from: pd.Series, other: pd.Series, other_from: str
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": taken.index,
            "field": field,
            "head": head_in(study, field),
            "taken": [_text(study, value) for value in taken],
            "taken_from": taken_from.to_numpy(),
            "other": [_text(study, value) for value in other],
            "other_from": other_from,
        }
    )


def no_differences() -> pd.DataFrame:
    columns = ["customer_id", "field", "head", "taken", "taken_from", "other", "other_from"]
    return pd.DataFrame(columns=columns, dtype="str")


def names_differ(study: Study, leads: pd.DataFrame | None) -> list[pd.DataFrame]:
    """Customers that two tables call by different names; the names of persons masked."""
    found: list[pd.DataFrame] = []
    claims: dict[str, pd.Series] = {}
    if "name" in mapped(study, "customers") and "name" in study.customers:
        claims["customers"] = by_id(study, study.customers["name"])
    if "name" in mapped(study, "orders") and study.orders is not None:
        claims["orders"] = last_said(study.orders, "name")
    if leads is not None and "name" in leads:
        claims["leads"] = leads["name"]
    if len(claims) < 2:
        return []
    settled(study, "name", "basic", "text", claims, PRECEDENCE, found)
    for frame in found:
        for side in ("taken", "other"):
            frame[side] = frame[side].map(mask_name)
    return found


def _text(study: Study, value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return study.say("value.yes" if value else "value.no")
    number = isinstance(value, int | float | np.number)
    unit = "text" if not number else "count" if float(value).is_integer() else "money"
    return shown(value, unit, study.lang)  # type: ignore[arg-type]


def head_in(study: Study, field: str) -> str:
    """A field as its column is headed; what the client wrote is told from what a scheme made of it."""
    schemes, main, lang = study.segmentation.schemes, study.segmentation.main, study.lang
    if field == main:
        return head_of("segment", lang)
    if field in schemes:
        return study.scheme_name(field)
    if field.removeprefix(WHY) in schemes:
        return study.say("xlsx.why", title=study.scheme_name(field.removeprefix(WHY)))
    named = study.field_name(field)
    head = head_of(field, lang) if named == field else named
    titles = {
        head_of("segment", lang),
        *(study.scheme_name(name) for name in study.shown_schemes if name != main),
    }
    return study.say("report.as_given", head=head) if head in titles else head
