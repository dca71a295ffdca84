"""What would move a customer to another label? The smallest change of one column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from segkit.locale import Lang, say, term
from segkit.schemes.ladder import FORMS
from segkit.schemes.texts import texts
from segkit.schemes.wording import value_text

if TYPE_CHECKING:
    from segkit.schemes.base import Scheme


class Move(NamedTuple):
    """A change of one column that gives another label.

    A number goes to a value on the named side of `target` (at_least, at_most, more_than, below); a text, or a
    yes or no, becomes `target` (`side` is ``is``).
    """

    column: str
    side: str
    target: float | str
    label: str


class Probe(NamedTuple):
    """A change worth trying: `target` on its `side` is what is said, `put` what is tried.

    `span` is what counts as a distance of 1 on a column of numbers; changing a text is a distance of 1.
    """

    column: str
    side: str
    target: float | str
    put: float | str
    span: float = 1.0


def number_probes(column: str, cut: float, *, span: float, upward_includes: bool) -> list[Probe]:
    """From below a cut over it and from above it under it; `upward_includes`: the cut itself lies above."""
    step = FORMS.get(column, ("plain", 0.0))[1]
    if step:
        steps = round(cut / step, 4)
        first = np.ceil(steps) if upward_includes else np.floor(steps) + 1
        above, below = round(first * step, 2), round((first - 1) * step, 2)
        return [
            Probe(column, "at_least", above, above, span),
            Probe(column, "at_most", below, below, span),
        ]
    if upward_includes:
        under = float(np.nextafter(cut, -np.inf))
        return [Probe(column, "at_least", cut, cut, span), Probe(column, "below", cut, under, span)]
    over = float(np.nextafter(cut, np.inf))
    return [Probe(column, "more_than", cut, over, span), Probe(column, "at_most", cut, cut, span)]


def nearest_moves(
    labels: Callable[[pd.DataFrame], Sequence[str]], customers: pd.DataFrame, probes: Sequence[Probe]
) -> list[Move | None]:
    """For every row the nearest probe that gives another label; None where none does.

    `labels` gives the label of every row of a frame like `customers`. Of two as near the earlier probe wins.
    """
    here = np.asarray(labels(customers), dtype=object)
    best = np.full(len(customers), np.inf)
    which = np.full(len(customers), -1)
    reached = np.full(len(customers), None, dtype=object)
    for i, probe in enumerate(probes):
        column = customers[probe.column]
        if probe.side == "is":
            apart = (texts(column) != str(probe.put)).to_numpy(dtype=bool)
            far = np.where(apart, 1.0, np.inf)
        else:
            now = pd.to_numeric(column, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
            put = float(probe.put)
            upward = probe.side in ("at_least", "more_than")
            far = np.where(now < put if upward else now > put, abs(now - put) / probe.span, np.inf)
        rows = np.flatnonzero(far < best)
        if not len(rows):
            continue
        changed = customers.iloc[rows].copy()
        changed[probe.column] = pd.Series([probe.put] * len(rows), index=changed.index)
        there = np.asarray(labels(changed), dtype=object)
        moved = rows[there != here[rows]]
        best[moved], which[moved], reached[moved] = far[moved], i, there[there != here[rows]]
    return [
        None if i < 0 else Move(probes[i].column, probes[i].side, probes[i].target, str(reached[row]))
        for row, i in enumerate(which)
    ]


def change_text(scheme: Scheme, move: Move, lang: Lang) -> str:
    """The move in words: 若购买频次达到 3 次，就变为“忠诚客户”."""
    facts = {"measure": scheme.measure(move.column, lang), "other": scheme.label_name(move.label, lang)}
    if move.side == "is":
        return say("schemes.change_is", lang, value=move.target, **facts)
    form = FORMS.get(move.column, ("plain", 0.0))[0]
    target = value_text(form, float(move.target), lang)
    return say("schemes.change", lang, side=term(f"side.{move.side}", lang), target=target, **facts)
