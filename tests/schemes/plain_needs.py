"""The needs of one customer, worked out the slow way: try every answer in place of those not given."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any

from segkit.schemes.needs import Needs


def answer_of(cell: Any, scale: tuple[int, int]) -> float | None:
    """An answer as a number; None where there is none, or none on the scale."""
    try:
        number = float(unicodedata.normalize("NFKC", str(cell)))
    except ValueError:
        return None
    return number if scale[0] <= number <= scale[1] else None


def label_of(scheme: Needs, answers: Sequence[float | None]) -> str:
    given = dict(zip(scheme.columns, answers, strict=True))
    there = [a for a in answers if a is not None]
    if scheme.min_answered is not None:
        return decided(scheme, given) if len(there) >= scheme.min_answered else "unknown"
    if not there:
        return "unknown"
    open_needs = [need for need, a in given.items() if a is None]
    # an answer between two others can tie or part them: thirds of the steps of all that is said
    low, high = scheme.scale
    marks = {low, high, *there}
    marks |= {a + d for a in set(marks) for d in (-scheme.margin, scheme.margin)}
    tried = sorted({m for m in marks if low <= m <= high})
    tried += [(a + b) / 2 for a, b in pairwise(tried)]
    labels = {
        decided(scheme, {**given, **dict(zip(open_needs, filled, strict=True))})
        for filled in product(tried, repeat=len(open_needs))
    }
    # a need that was never answered cannot be the one that matters most
    return labels.pop() if len(labels) == 1 and not labels & set(open_needs) else "unknown"


def decided(scheme: Needs, given: dict[str, float | None]) -> str:
    there = {need: a for need, a in given.items() if a is not None}
    if scheme.relative and len(set(there.values())) == 1:
        return "no_preference"
    tied = [need for need, a in there.items() if a >= max(there.values()) - scheme.margin]
    if scheme.ties == "mixed":
        return tied[0] if len(tied) == 1 else "mixed"
    return next(need for need in scheme.ties if need in tied)
