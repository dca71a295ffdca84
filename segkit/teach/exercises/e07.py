"""E07: the two cells of how often x how much that are easily forgotten, on the draw of case jd in use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from segkit.schemes.store import scheme_from
from segkit.teach.cases import jd_customers
from segkit.teach.judging import Unanswered
from segkit.teach.sealed import matches

NEAR = 0.006
KNOWN, FORGOTTEN = ("often_dear", "seldom_cheap"), ("often_cheap", "seldom_dear")
Choices = Mapping[str, Any]


def _sizes() -> dict[str, int]:
    """Buyers by cell."""
    return _counted(os.environ.get("SEGKIT_DATASETS", ""))


@lru_cache(maxsize=2)
def _counted(folder: str) -> dict[str, int]:
    customers = jd_customers()
    scheme = scheme_from({"kind": "matrix", "preset": "frequency_aov", "among": "buyers"}, "matrix")
    labelled = scheme.fit(customers).label(customers)
    counts = labelled[labelled["frequency"] > 0]["matrix"].value_counts()
    return {str(cell): int(n) for cell, n in counts.items()}


def _is_share(given: float, cells: tuple[str, ...], of: int | None = None) -> bool:
    sizes = _sizes()
    people = sum(sizes[cell] for cell in cells)
    return abs(given - people / (of or sum(sizes.values()))) <= NEAR


def _chosen(given: Choices, cell: str) -> str:
    if given.get(cell) is None:
        raise Unanswered
    return str(given[cell])


def step_left_out(left_out: float) -> bool:
    return _is_share(left_out, FORGOTTEN)


def step_low(low_means: str) -> bool:
    return matches("E07.low", low_means, "cd8b01f878b69bc8")


def step_often_little(action: Choices, measure: Choices) -> bool:
    return matches("E07.hl", [_chosen(action, "hl"), _chosen(measure, "hl")], "ef04c295352134de")


def step_seldom_much(action: Choices, measure: Choices) -> bool:
    return matches("E07.lh", [_chosen(action, "lh"), _chosen(measure, "lh")], "07ea769240309fc5")


def step_proof(proof: str) -> bool:
    return matches("E07.proof", proof, "8df41cb30cce3ff5")


def guessed(left_out: float) -> float:
    return left_out


def mistake_other_two(left_out: float) -> bool:
    return _is_share(left_out, KNOWN)


def mistake_one_cell(left_out: float) -> bool:
    return any(_is_share(left_out, (cell,)) for cell in FORGOTTEN)


def mistake_of_registered(left_out: float) -> bool:
    return _is_share(left_out, FORGOTTEN, of=len(jd_customers()))


def mistake_judges(low_means: str) -> bool:
    return low_means in ("bad", "year")


def mistake_coupon_for_comers(action: Choices) -> bool:
    return action["hl"] == "coupon"


def mistake_coupon_for_careful(action: Choices) -> bool:
    return action["lh"] == "coupon"


def mistake_wrong_measure_often(measure: Choices) -> bool:
    return measure["hl"] in ("again", "likes")


def mistake_wrong_measure_seldom(measure: Choices) -> bool:
    return measure["lh"] in ("basket", "likes")


def mistake_gives_up(action: Choices) -> bool:
    return "stop" in [action[cell] for cell in ("hl", "lh")]


def mistake_no_control(proof: str) -> bool:
    return proof in ("before", "feeling")
