"""What would move a customer to another label? The smallest change of one column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segkit.locale import Lang, say, term
from segkit.schemes.base import UNKNOWN
from segkit.schemes.ladder import FORMS, step_at
from segkit.schemes.texts import texts
from segkit.schemes.wording import target_text

if TYPE_CHECKING:
    from segkit.schemes.base import Scheme

AT_ONCE = 200_000  # rows
CONSENT = ("consent", "同意")  # in the name of a column: an answer that is asked for, never a means to an end


class Move(NamedTuple):
    """A change of one column that gives another label.

    A number goes to a value on the named side of `target` (at_least, at_most, more_than, below); a text, or a
    yes or no, becomes `target` (`side` is ``is``) or something else than any text named (``other``); what is
    missing is filled in (``known``).
    """

    column: str
    side: str
    target: float | str | bool
    label: str


class Probe(NamedTuple):
    """A change worth trying: `target` on its `side` is what is said, `put` what is tried.

    `span` is what counts as a distance of 1 on a column of numbers; changing a text, or filling in what is
    missing, is a distance of 1.
    """

    column: str
    side: str
    target: float | str | bool
    put: float | str
    span: float = 1.0


def number_probes(column: str, cut: float, *, span: float, upward_includes: bool) -> list[Probe]:
    """From below a cut over it and from above it under it; `upward_includes`: the cut itself lies above."""
    step = step_at(column, cut)
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
    labels: Callable[[pd.DataFrame], Sequence[str]],
    customers: pd.DataFrame,
    probes: Sequence[Probe],
    alike: NDArray[np.intp] | None = None,
) -> list[Move | None]:
    """For every row the nearest probe that gives another label; None where none does.

    `labels` gives the label of every row of a frame like `customers`. Of two as near the earlier probe wins.
    Becoming ``unknown`` is no move, and nobody is moved by another answer to a question of consent. Rows of one
    number in `alike` have one label, now and after any probe, so only one of them is tried.
    """
    probes = [probe for probe in probes if not any(word in probe.column.lower() for word in CONSENT)]
    numbers = np.arange(len(customers)) if alike is None else alike
    _, first, group = np.unique(numbers, return_index=True, return_inverse=True)
    sample = customers.iloc[first]
    here = np.asarray(labels(sample), dtype=object)
    best = np.full(len(customers), np.inf)
    which = np.full(len(customers), -1)
    reached = np.full(len(customers), None, dtype=object)
    for start, several in _some_at_once(probes, len(sample)):
        far = [_distance(customers[probe.column], probe) for probe in several]
        # a row that has a nearer change already need not be tried
        tried = [np.unique(group[far_there < best]) for far_there in far]
        there = _labels_after(labels, several, [sample.iloc[rows] for rows in tried])
        for i, (far_there, groups, labels_there) in enumerate(zip(far, tried, there, strict=True)):
            after = here.copy()
            after[groups] = labels_there
            moves = (after != here) & (after != UNKNOWN)
            moved = np.flatnonzero((far_there < best) & moves[group])
            best[moved], which[moved], reached[moved] = far_there[moved], start + i, after[group[moved]]
    return [
        None if i < 0 else Move(probes[i].column, probes[i].side, probes[i].target, str(reached[row]))
        for row, i in enumerate(which)
    ]


def _some_at_once(probes: Sequence[Probe], rows: int) -> Iterator[tuple[int, Sequence[Probe]]]:
    """Probes in lots, with the number of the first: a few large frames are labelled faster than many small."""
    size = max(1, AT_ONCE // max(rows, 1))
    for start in range(0, len(probes), size):
        yield start, probes[start : start + size]


def _labels_after(
    labels: Callable[[pd.DataFrame], Sequence[str]], probes: Sequence[Probe], samples: Sequence[pd.DataFrame]
) -> list[NDArray[np.object_]]:
    """The labels of each sample after its probe."""
    changed = []
    for probe, sample in zip(probes, samples, strict=True):
        frame = sample.copy()
        frame[probe.column] = pd.Series([probe.put] * len(frame), index=frame.index)
        changed.append(frame)
    all_labels = np.asarray(labels(pd.concat(changed, ignore_index=True)), dtype=object)
    return np.split(all_labels, np.cumsum([len(frame) for frame in changed])[:-1])


def _distance(column: pd.Series, probe: Probe) -> NDArray[np.float64]:
    if probe.side == "known":
        return np.where(column.isna(), 1.0, np.inf)
    if probe.side in ("is", "other"):
        return np.where((texts(column) != str(probe.put)).to_numpy(dtype=bool), 1.0, np.inf)
    now = pd.to_numeric(column, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    put = float(probe.put)
    upward = probe.side in ("at_least", "more_than")
    return np.where(now < put if upward else now > put, abs(now - put) / probe.span, np.inf)


def change_text(scheme: Scheme, move: Move, lang: Lang) -> str:
    """The move in words: 若购买频次达到 3 次，就变为“忠诚客户”."""
    facts = {"measure": scheme.measure(move.column, lang), "other": scheme.label_name(move.label, lang)}
    if move.side in ("other", "known"):
        return say(f"schemes.change_{move.side}", lang, **facts)
    if move.side == "is":
        return say(
            "schemes.change_is", lang, value=scheme.value_name(move.column, move.target, lang), **facts
        )
    form = FORMS.get(move.column, ("plain", 0.0))[0]
    target = target_text(form, float(move.target), lang)
    return say("schemes.change", lang, side=term(f"side.{move.side}", lang), target=target, **facts)
