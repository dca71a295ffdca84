"""What changed of each customer since last month: label, owner, next step, money, and whether they bought again."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pandas as pd

from segkit.locale import listing, name_of
from segkit.report.render.values import shown
from segkit.report.study import Study

COLUMNS = ["customer_id", "field", "head", "before", "now"]
NEW = "new"  # of a customer who was not there last month


def changes_since(study: Study, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """The changes one by one, and by customer in one sentence.

    Parameters
    ----------
    rows : the customer file as it stands now, with what it says of the next step

    Returns
    -------
    changes : `customer_id, field, head, before, now`, as texts
    said : by customer_id; nothing where nothing is known of last month
    """
    previous = study.previous
    if previous is None:
        return pd.DataFrame(columns=COLUMNS, dtype="str"), pd.Series(dtype="str")
    now = study.customers.set_index(study.customers["customer_id"].astype(str))
    then = previous.customers.set_index(previous.customers["customer_id"].astype(str))
    now = now.assign(next_what=_first_content(study.plan.tasks))
    then = then.assign(next_what=_first_content(previous.plan))
    both = now.index.intersection(then.index, sort=False)
    main = study.segmentation.main
    found = []
    for field in (main, "owner", "next_what", "monetary", "last_order"):
        if field not in now or field not in then or (field == main and study.ranked):
            continue
        frame = _apart(study, field, then.loc[both, field], now.loc[both, field])
        if field == "last_order":  # only a new order says anything new
            frame = frame[frame["now"] > frame["before"]]
        found.append(frame)
    fresh = [id for id in now.index if id not in then.index]
    if fresh:
        words = {"head": study.say("record.change.new"), "before": "", "now": ""}
        found.append(pd.DataFrame({"customer_id": fresh, "field": NEW, **words}))
    changes = pd.concat([frame for frame in found if len(frame)] or [pd.DataFrame(columns=COLUMNS)])
    changes = changes[COLUMNS].reset_index(drop=True).astype("str")
    withheld = changes["customer_id"].isin(study.segmentation.withheld) & changes["field"].eq(main)
    changes = changes[~withheld].reset_index(drop=True)
    return changes, _in_sentences(study, changes).reindex(rows["customer_id"])


def _in_sentences(study: Study, changes: pd.DataFrame) -> pd.Series:
    """By customer what changed; a change that many share is put into words once."""
    told = list(zip(*(changes[key] for key in ("field", "head", "before", "now")), strict=True))
    words = {change: _sentence(study, *change) for change in dict.fromkeys(told)}
    said: dict[str, list[str]] = defaultdict(list)
    for customer, change in zip(changes["customer_id"], told, strict=True):
        said[customer].append(words[change])
    stop = study.say("record.change.pause")
    return pd.Series({customer: stop.join(sentences) for customer, sentences in said.items()}, dtype="str")


def _sentence(study: Study, field: str, head: str, before: str, now: str) -> str:
    return head if field == NEW else study.say("record.change.one", head=head, before=before, now=now)


def _first_content(tasks: pd.DataFrame | None) -> pd.Series:
    """By customer the content of the first task."""
    if tasks is None or tasks.empty:
        return pd.Series(dtype=object)
    first = tasks.sort_values("due", kind="stable").drop_duplicates("customer_id")
    return first.set_index(first["customer_id"].astype(str))["content"]


def _apart(study: Study, field: str, before: pd.Series, now: pd.Series) -> pd.DataFrame:
    """Where a field is not what it was, as texts."""
    if field == "monetary":
        moved = (now.fillna(0.0).astype("float64") - before.fillna(0.0).astype("float64")).abs() >= 0.005
    else:
        moved = _plain(before).ne(_plain(now))
    before, now = before[moved], now[moved]
    if field == "next_what":
        nothing = study.say("record.no_next")
        before, now = (
            side.fillna("").map(lambda id: _called(study, id) or nothing) for side in (before, now)
        )
    elif field == study.segmentation.main:
        before, now = (side.map(lambda label: study.label_name(str(label))) for side in (before, now))
    unit: Any = "money" if field == "monetary" else "date" if field == "last_order" else "text"
    return pd.DataFrame(
        {
            "customer_id": now.index,
            "field": field,
            "head": _head(study, field),
            "before": [_shown(study, value, unit) for value in before],
            "now": [_shown(study, value, unit) for value in now],
        }
    )


def _plain(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.strftime("%Y-%m-%d").fillna("")
    return values.astype("string").fillna("").str.strip()


def _called(study: Study, content: str) -> str:
    return name_of("content", content, study.lang) if content else ""


def _shown(study: Study, value: Any, unit: Any) -> str:
    return shown(None if value == "" else value, unit, study.lang)


def _head(study: Study, field: str) -> str:
    return study.say("head.segment") if field == study.segmentation.main else study.field_name(field)


def in_words(study: Study, changes: pd.DataFrame) -> str:
    """How many changes of each kind: 客户分类 12、负责人 3."""
    counts = changes.groupby("head", sort=False)["customer_id"].nunique()
    parts = [study.say("record.change.count", head=head, n=int(n)) for head, n in counts.items()]
    return listing(parts, study.lang)
