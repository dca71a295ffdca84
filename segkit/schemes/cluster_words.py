"""How `Clusters` speaks: names of groups from their centres, the rule, why a customer is where he is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segkit.locale import Lang, has_term, say, term
from segkit.schemes.base import PROSPECT
from segkit.schemes.cells import floats
from segkit.schemes.centres import EQUAL, nearest, nearness
from segkit.schemes.ladder import DIGITS, FORMS
from segkit.schemes.wording import braced, target_text, value_text

if TYPE_CHECKING:
    from segkit.schemes.clusters import Clusters

TRIES = 12  # of a step beyond a border, each twice as far as the one before
APART = 0.5  # standard deviations off the mean from which a centre is called high or low
# silhouettes up to which there is no structure to speak of, or a weak one (Kaufman & Rousseeuw, 1990)
NO_STRUCTURE, WEAK_STRUCTURE = 0.25, 0.50

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


# --- names and rule -----------------------------------------------------------------------------------


def group_name(scheme: Clusters, place: int, lang: Lang) -> str:
    """``群1（近·多·高）``: the number, and in which columns the centre is far from the mean of all."""
    if scheme.learned is None:
        return say("schemes.cluster.bare_name", lang, n=place + 1)
    words = [
        _word(scheme, column, "high" if at > 0 else "low", lang)
        for column, at in zip(scheme.columns, scheme.learned.groups[place].centre, strict=True)
        if abs(at) >= APART
    ]
    joined = ("·" if lang == "zh" else ", ").join(words) or say("schemes.cluster.average", lang)
    return say("schemes.cluster.name", lang, n=place + 1, words=joined)


def _word(scheme: Clusters, column: str, end: str, lang: Lang) -> str:
    known = f"end.{column}.{end}"
    if has_term(known) and column not in scheme.names:
        return term(known, lang)
    return say(f"schemes.cluster.{end}", lang, measure=scheme.measure(column, lang))


def rule(scheme: Clusters, lang: Lang) -> list[str]:
    """How the groups were found and what each is, line by line."""
    learned = scheme.learned
    assert learned is not None
    columns = [scheme.measure(c, lang) for c in scheme.columns]
    lines = [
        say(
            f"schemes.rule.clusters_{scheme.transform}",
            lang,
            n=learned.customers,
            columns=columns,
            k=len(learned.groups),
            rank=scheme.measure(scheme.ranked_by, lang),
            end=term(f"level.{scheme.best}", lang),
        )
    ]
    for label, group in zip(scheme.group_labels(), learned.groups, strict=True):
        facts = {"n": group.customers, "share": group.customers / learned.customers}
        medians = _facts(scheme, group.median, lang)
        name = scheme.label_name(label, lang)
        lines.append(say("schemes.rule.cluster", lang, label=name, facts=medians, **facts))
    lines.append(_candidates(scheme, lang))
    if scheme.knows_prospects:
        label = scheme.label_name(PROSPECT, lang)
        lines.append(say("schemes.cluster.rule_prospect", lang, label=label))
    return lines


def _candidates(scheme: Clusters, lang: Lang) -> str:
    learned = scheme.learned
    assert learned is not None
    if scheme.k:
        only = learned.chosen
        return say("schemes.rule.k_given", lang, k=only.k, silhouette=only.silhouette, smallest=only.smallest)
    tried = [
        say(
            f"schemes.cluster.{'tried' if c.usable else 'tried_too_small'}",
            lang,
            k=c.k,
            silhouette=c.silhouette,
            smallest=c.smallest,
        )
        for c in learned.candidates
    ]
    least = scheme.least(learned.customers)
    return say("schemes.rule.candidates", lang, tried=tried, k=learned.chosen.k, least=least)


def notes(scheme: Clusters, lang: Lang) -> list[str]:
    """What must be said beside the groups: weak structure, a small group, a column that played no part."""
    learned = scheme.learned
    assert learned is not None
    chosen, said = learned.chosen, []
    if chosen.silhouette <= WEAK_STRUCTURE:
        which = "no_structure" if chosen.silhouette <= NO_STRUCTURE else "weak_structure"
        said.append(say(f"schemes.note.{which}", lang, silhouette=chosen.silhouette))
    if not chosen.usable:
        facts = {"smallest": chosen.smallest, "least": scheme.least(learned.customers)}
        said.append(say("schemes.note.small_group", lang, **facts))
    same = [c for c, taught in zip(scheme.columns, learned.columns, strict=True) if not taught.deviation]
    if same:
        said.append(say("schemes.note.no_part", lang, columns=[scheme.measure(c, lang) for c in same]))
    return said


# --- why this group -----------------------------------------------------------------------------------


class Changes(NamedTuple):
    """For every row the smallest change of one column that moves it: axis (-1: none), direction, target, group."""

    axis: Places
    upward: NDArray[np.bool_]
    target: Floats
    group: Places


def sentences(scheme: Clusters, customers: pd.DataFrame, lang: Lang) -> Sequence[str]:
    """Why each customer is in its group, and the smallest change that would move it."""
    values = np.column_stack([floats(customers[c]) for c in scheme.columns])
    known = np.isfinite(values)
    prospect = np.zeros(len(values), dtype=bool)
    if scheme.knows_prospects:
        prospect = values[:, scheme.columns.index("frequency")] <= 0
    said = np.full(len(values), "", dtype=object)
    said[prospect] = say("schemes.cluster.prospect", lang, label=scheme.label_name(PROSPECT, lang))
    gaps = ~known.all(axis=1) & ~prospect
    for kind in np.unique(known[gaps], axis=0):
        lacking = [c for c, there in zip(scheme.columns, kind, strict=True) if not there]
        said[gaps & (known == kind).all(axis=1)] = scheme.explain_missing(lacking, lang)
    rows = np.flatnonzero(known.all(axis=1) & ~prospect)
    if len(rows):
        said[rows] = _why(scheme, values[rows], lang)
    return list(said)


def _why(scheme: Clusters, values: Floats, lang: Lang) -> list[str]:
    learned = scheme.learned
    assert learned is not None
    centres = learned.centres
    coordinates = scheme.space.scaled(values)
    near = nearness(coordinates, centres)
    own = nearest(coordinates, centres)
    others = near.copy()
    others[np.arange(len(own)), own] = -np.inf
    rival = np.argmax(others, axis=1)
    # by how much each column is nearer to its own centre than to the other
    apart = (coordinates - centres[rival]) ** 2 - (coordinates - centres[own]) ** 2
    decisive = np.argmax(apart, axis=1)
    changes = smallest_changes(scheme, values)
    # customers alike in all but their numbers share a sentence with gaps
    kinds = np.column_stack([own, rival, decisive, changes.axis, changes.upward, changes.group])
    alike, which = np.unique(kinds, axis=0, return_inverse=True)
    templates = [_with_gaps(scheme, kind, lang) for kind in alike.tolist()]
    forms = [FORMS.get(column, ("plain", 0.0))[0] for column in scheme.columns]
    shown = [
        [value_text(form, x, lang) for x in column] for form, column in zip(forms, values.T, strict=True)
    ]
    targets = [
        target_text(forms[axis], float(target), lang) if axis >= 0 else ""
        for axis, target in zip(changes.axis, changes.target, strict=True)
    ]
    rows = zip(which.ravel(), *shown, targets, strict=True)
    return [templates[kind].format(*numbers) for kind, *numbers in rows]


def _with_gaps(scheme: Clusters, kind: Sequence[int], lang: Lang) -> str:
    """The sentence with ``{0}``, ``{1}``, ... for the values and, last, for what one of them would have to be."""
    own, rival, decisive, axis, upward, group = kind
    labels = scheme.group_labels()
    names = [braced(scheme.label_name(label, lang)) for label in labels]
    measures = [braced(scheme.measure(column, lang)) for column in scheme.columns]
    change = say("schemes.cluster.no_change", lang)
    if axis >= 0:
        side = term("side.at_least" if upward else "side.at_most", lang)
        target = f"{{{len(measures)}}}"
        facts = {"measure": measures[axis], "side": side, "target": target, "other": names[group]}
        change = say("schemes.change", lang, **facts)
    return say(
        "schemes.explain_cluster",
        lang,
        label=names[own],
        facts=[
            say("schemes.fact", lang, measure=m, value=f"{{{i}}}", score="") for i, m in enumerate(measures)
        ],
        other=names[rival],
        measure=measures[decisive],
        change=change,
    )


def _facts(scheme: Clusters, values: Sequence[float] | Floats, lang: Lang) -> list[str]:
    shown = []
    for column, value in zip(scheme.columns, values, strict=True):
        form = FORMS.get(column, ("plain", 0.0))[0]
        text = value_text(form, float(value), lang)
        shown.append(say("schemes.fact", lang, measure=scheme.measure(column, lang), value=text, score=""))
    return shown


def smallest_changes(scheme: Clusters, values: Floats) -> Changes:
    """Along each column, both ways, the first border to another group, one step of the column beyond it.

    A border between two centres is a plane, so along one column it is met at one point, which is solved for; the
    value is then put back on the column's steps and the customer labelled anew.
    """
    learned = scheme.learned
    assert learned is not None
    space, centres, n = scheme.space, learned.centres, len(values)
    coordinates = space.scaled(values)
    near, own = nearness(coordinates, centres), nearest(coordinates, centres)
    # where two are equally near it is the first: a later one must be nearer by that much
    ahead = np.where(np.arange(len(centres)) > own[:, None], EQUAL, -EQUAL)
    behind = np.maximum(near[np.arange(n), own][:, None] - near + ahead, 0)
    best = Changes(np.full(n, -1), np.zeros(n, dtype=bool), np.zeros(n), own.copy())
    least = np.full(n, np.inf)
    for axis, taught in enumerate(learned.columns):
        if not taught.deviation:
            continue
        gain = 2 * (centres[:, axis][None, :] - centres[own, axis][:, None])  # per unit upwards
        now = values[:, axis]
        # of what no customer has had an explanation does not speak
        lowest, highest = np.minimum(now, taught.lowest), np.maximum(now, taught.highest)
        for way in (1, -1):
            towards = np.where(gain * way > 0, abs(gain), np.nan)
            meets = np.isfinite(towards).any(axis=1)
            rows = np.flatnonzero(meets)
            if not len(rows):
                continue
            far = np.nanmin(behind[rows] / towards[rows], axis=1)
            with np.errstate(over="ignore"):  # a border beyond all numbers is beyond `highest` too
                border = space.value(axis, coordinates[rows, axis] + way * far)
            inside = (border >= lowest[rows]) & (border <= highest[rows])
            rows, border = rows[inside], border[inside]
            steps = np.round(border / taught.step, 4)
            target = (np.ceil(steps) if way > 0 else np.floor(steps)) * taught.step
            changed = values[rows].copy()
            for further in range(TRIES):  # the last bits may leave the customer where he is
                changed[:, axis] = target = np.round(target, DIGITS)
                there = nearest(space.scaled(changed), centres)
                stays = there == own[rows]
                if not stays.any():
                    break
                target = np.where(stays, target + way * taught.step * 2**further, target)
            distance = abs(space.scaled(changed)[:, axis] - coordinates[rows, axis])
            possible = (changed[:, axis] >= lowest[rows]) & (changed[:, axis] <= highest[rows])
            nearer = ~stays & possible & (distance < least[rows])
            taken = rows[nearer]
            least[taken], best.axis[taken], best.upward[taken] = distance[nearer], axis, way > 0
            best.target[taken], best.group[taken] = changed[nearer, axis], there[nearer]
    return best
