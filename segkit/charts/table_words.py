"""Words in a table: what a column is called, and which values are ids that have a name (表头与类别名)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias

import pandas as pd

from segkit.locale import Lang, has_message, has_term, say, term
from segkit.schemes.base import PROSPECT
from segkit.schemes.lifecycle import STAGES
from segkit.schemes.pareto import CLASSES
from segkit.schemes.segment_maps import map_names, named_map

JOINT = " · "
# groups of terms.yml in which a heading is looked up, the first that knows it wins
_HEADS = ("field", "head", "scheme")
# columns whose values are ids of these groups
_IDS: dict[str, tuple[str, ...]] = {
    "reason": ("reason", "not_planned"),
    "standing": ("not_planned",),
    "fate": ("fate",),
    "channel": ("channel",),
    "content": ("content",),
    "direction": ("movement",),
    "verdict": ("drift",),
    "status": ("task_status",),
    "outcome": ("contact_outcome",),
    "severity": ("severity",),
    "column": ("field",),
    "field": ("field",),
    "arm": ("arm",),
    "model": ("model",),
    "why": ("plan.why",),
}
# columns that hold the classes of any scheme
_ANY_SCHEME = frozenset(
    {"segment", "label", "class", "before", "after", "best", "label_before", "label_after"}
)
# beside the classes in a table of counts
_BESIDE = {
    "total": "head.total",
    "All": "head.total",
    "joined": "movement.joined",
    "left": "movement.left",
}
Naming: TypeAlias = Callable[[Any], str]


def heading(name: Hashable, lang: Lang) -> str:
    """What a column is called in `lang`: ``recency_days`` is 距上次下单（天）; its own name if it is unknown."""
    if isinstance(name, tuple):
        return JOINT.join(heading(part, lang) for part in name if part not in {"", None})
    if name is None:
        return ""
    found = next((term(f"{group}.{name}", lang) for group in _HEADS if has_term(f"{group}.{name}")), None)
    return str(name) if found is None else found[:1].upper() + found[1:]


def is_known(name: Hashable) -> bool:
    """Has the column a heading in terms.yml?"""
    return any(has_term(f"{group}.{name}") for group in _HEADS)


def names_of_values(name: Hashable, values: pd.Series | pd.Index, lang: Lang) -> Naming | None:
    """How the ids in `values` are called, or None where they are not ids, or not all of one kind.

    A column is taken for one of classes if it is named like a scheme (``rfm``, ``abc``, ``tier``) and every value
    is a known class, or if every value is a class of one of the best-known schemes and one of them
    unmistakable (``key_value``; ``A`` might be anything). Missing values and blanks do not count.
    """
    if values.dtype.kind in "biufcmM" or not (_is_named(name) or _may_be_known(values)):
        return None
    ids = {value for value in pd.unique(pd.Series(values).dropna()) if value != ""}
    if not ids or not all(isinstance(value, str) for value in ids):
        return None
    for ids_of in _candidates(name, ids):
        words = {value: _word(id, lang) for value, id in ids_of.items()}
        if None not in words.values():
            return lambda value: words.get(value) or str(value)
    return None


def _is_named(name: Hashable) -> bool:
    return name in _IDS or _may_be_classes(name)


def _may_be_known(values: pd.Series | pd.Index) -> bool:
    """A look at the first values, so that a million other texts need not be compared."""
    return set(pd.Series(values[:50]).dropna()) <= frozenset().union(*_well_known()) | _BESIDE.keys()


def _candidates(name: Hashable, ids: set[str]) -> Iterator[dict[str, str]]:
    """Value -> id of its word, for each kind of id that the column may hold."""
    yield from ({value: f"{group}.{value}" for value in ids} for group in _IDS.get(str(name), ()))
    plain = ids - _BESIDE.keys()
    unmistakable = any("_" in one for one in plain) and any(plain <= known for known in _well_known())
    if plain and (_may_be_classes(name) or unmistakable):
        yield {value: f"segment.{value}" for value in plain} | {b: _BESIDE[b] for b in ids - plain}


def _word(id: str, lang: Lang) -> str | None:
    return term(id, lang) if has_term(id) else say(id, lang) if has_message(id) else None


def _may_be_classes(name: Hashable) -> bool:
    """``rfm``, ``tier`` and, of another time or by another hand, ``rfm_before``, ``my_abc``."""
    words = str(name).split("_")
    parts = {"_".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)}
    return str(name) in _ANY_SCHEME or any(has_term(f"scheme.{part}") for part in parts)


@lru_cache(maxsize=1)
def _well_known() -> tuple[frozenset[str], ...]:
    maps = [frozenset(named_map(name).ids) for name in map_names()]
    return tuple(ids | {PROSPECT, "unknown"} for ids in [*maps, frozenset(CLASSES), frozenset(STAGES)])
