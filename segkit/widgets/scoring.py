"""RFM with the cut points in one's own hand."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from ipywidgets import Combobox, Dropdown, IntSlider, Text, ToggleButtons, Widget

from segkit.charts.class_bars import segment_shift
from segkit.locale import Lang, listing, say, term
from segkit.problems import InputProblems, Problem
from segkit.schemes.rfm import COLUMNS, LETTERS, RFM
from segkit.schemes.segment_maps import map_names
from segkit.schemes.store import scheme_from
from segkit.schemes.wording import range_text, value_text
from segkit.widgets.explorer import Explorer, said
from segkit.widgets.parts import Folded, Part, Table
from segkit.widgets.population import Population

OWN = ("r_cuts", "f_cuts", "m_cuts")  # controls of own cut points, in the order of COLUMNS
_NUMBER = re.compile(r"[-+]?\d{1,15}(\.\d{1,6})?")


class RfmCuts(Explorer):
    """See `rfm_cuts`."""

    topic = "rfm_cuts"

    def __init__(self, population: Population, **defaults: Any) -> None:
        self.population = population
        for name in OWN:
            if name in defaults:
                defaults[name] = _as_text(defaults[name])
        super().__init__(**defaults)

    def make_controls(self, lang: Lang) -> dict[str, Any]:
        ids = self.population.ids()
        hint = self.label("cuts_hint")
        return {
            "segments": Dropdown(
                options=[(self.label(f"map.{name}"), name) for name in map_names()], value="eight"
            ),
            "bins": IntSlider(value=5, min=2, max=9),
            "split": ToggleButtons(options=[(term(f"split.{s}", lang), s) for s in ("mean", "median")]),
            **{name: Text(placeholder=hint) for name in OWN},
            "customer": Combobox(value=ids[0] if ids else "", options=ids),
        }

    def arrange(self, controls: Mapping[str, Any]) -> Widget:
        """Levels change none of the 8 segments, and the middle none of the others: what decides nothing is hidden."""

        def show(_: Any = None) -> None:
            eight = controls["segments"].value == "eight"
            controls["bins"].layout.display = "none" if eight else None
            controls["split"].layout.display = None if eight else "none"

        controls["segments"].observe(show, names="value")
        show()
        return super().arrange(controls)

    def scheme(self, values: Mapping[str, Any]) -> RFM:
        """The scheme these settings make, fitted; own cut points stand where it would have learned some.

        Raises
        ------
        InputProblems : settings that do not go together, cut points that are none, a column missing
        """
        self.population.require(["customer_id", *COLUMNS])
        if values["segments"] != "eight" and values["bins"] != 5:
            raise InputProblems([Problem("widget.rfm_cuts.wants_five", {"bins": values["bins"]})])
        fields = {"kind": "rfm", **{key: values[key] for key in ("bins", "segments", "split")}}
        fitted = scheme_from(fields, "rfm").fit(self.population.customers)
        own = _own(values)
        if own:
            written = fitted.to_dict()
            for column, cuts in own.items():
                taught = written["learned"][column]
                for learned in ("common", "common_share", "above"):
                    taught.pop(learned, None)
                taught |= {"middle": cuts[0]} if values["segments"] == "eight" else {"cuts": cuts}
            fitted = scheme_from(written, "rfm")
        assert isinstance(fitted, RFM)
        return fitted

    def meaning(self, values: Mapping[str, Any], lang: Lang) -> str:
        own = [letter for letter, name in zip(LETTERS, OWN, strict=True) if _cuts(values[name])]
        split = term(f"split.{values['split']}", lang)
        means = say(f"widget.rfm_cuts.means.{values['segments']}", lang, split=split, bins=values["bins"])
        return means + (say("widget.rfm_cuts.means.own", lang, letters=own) if own else "")

    def render(self, values: Mapping[str, Any], lang: Lang) -> Sequence[Part]:
        scheme, first = self.scheme(values), self.scheme(self.defaults)
        customers = self.population.customers
        now, before = scheme.label(customers), first.label(customers)
        same_map = scheme.segments == first.segments
        moved = int((now["rfm"] != before["rfm"]).sum()) if same_map else 0
        figure = segment_shift(
            summary(now, scheme),
            before=summary(before, first) if same_map else None,
            moved=moved,
            lang=lang,
            source=self.population.source(lang),
            as_of=self.population.as_of,
        )
        tables = [self._side_by_side(levels(scheme, now, lang), "levels", lang)]
        if scheme.segments == "eight":
            tables.insert(0, self._side_by_side(sides(scheme, now, lang), "sides", lang))
        told = scheme.notes(lang) if _own(values) else scheme.describe(lang)
        return [
            *self._customer(str(values["customer"]), (first, before), (scheme, now), lang),
            figure,
            Folded(self.label("more"), [*tables, *([told] if told else [])]),
        ]

    def _side_by_side(self, long: pd.DataFrame, title: str, lang: Lang) -> Table:
        """One line a measure, one column a score, best first: its range and its customers."""
        long = long.assign(
            cell=[
                say("widget.rfm_cuts.cell", lang, range=range_used, n=people)
                for range_used, people in zip(long["range_used"], long["customers"], strict=True)
            ]
        )
        wide = long.pivot(index="measure", columns="score", values="cell")
        wide = wide.reindex(index=long["measure"].unique(), columns=_best_first(long["score"].unique()))
        numbered = [score for score in wide.columns if score.isdigit()]
        heads = {score: say("widget.rfm_cuts.points", lang, n=score) for score in numbered}
        return Table(wide.reset_index(), title=self.label(title), heads=heads)

    def _customer(
        self, id: str, first: tuple[RFM, pd.DataFrame], now: tuple[RFM, pd.DataFrame], lang: Lang
    ) -> list[Part]:
        """One customer by both settings, and why he stands where he stands now."""
        try:
            place = self.population.place_of(id)
        except InputProblems as wrong:
            return [said(wrong, lang)]
        rows = []
        for setting, (scheme, table) in zip(("first", "now"), (first, now), strict=True):
            row = table.iloc[place]
            scores = [row[c] for c in ("r_score", "f_score", "m_score")]
            code = "-".join(str(s) for s in scores if pd.notna(s))
            rows.append(
                {
                    "setting": say(f"widget.setting.{setting}", lang),
                    **{c: row[c] for c in COLUMNS},
                    "rfm_scores": code or None,
                    "label": scheme.label_name(str(row["rfm"]), lang),
                }
            )
        title = say("widget.rfm_cuts.one", lang, who=self.population.called(place, lang))
        units = {"recency_days": "days", "frequency": "count", "monetary": "money"}
        why = now[0].explain(self.population.customers.iloc[[place]], lang)
        return [why, Table(pd.DataFrame(rows), units, title)]  # type: ignore[arg-type]


def rfm_cuts(
    customers: pd.DataFrame, *, as_of: dt.date | str | None = None, source: str | None = None, **defaults: Any
) -> RfmCuts:
    """What do other cut points do to the segments, and to one customer? (RFM 分界点)

    Shows the size and revenue of every segment (with where it stood at first), the cut points used with the
    customers on each level, the rule in words, and one customer's scores with what would move him.

    Parameters
    ----------
    customers : from `customer_table`: ``customer_id, recency_days, frequency, monetary``; a column ``name``, where
        there is one, is shown
    as_of, source : for the caption; the day is read off the table where it can be
    defaults : first values of the controls: ``bins`` 2..9; ``segments`` "eight" (as it stands), "eleven" or
        "grid25"; ``split`` "mean" or "median", for eight; ``r_cuts, f_cuts, m_cuts`` own cut points, ascending, in
        days, purchases and currency units, "" for those of the scheme: at most ``bins - 1``, for eight the one
        middle; ``customer`` an id

    Raises
    ------
    InputProblems : a default that a control cannot take
    """
    return RfmCuts(Population(customers, as_of, source), **defaults)


def summary(labelled: pd.DataFrame, scheme: RFM) -> pd.DataFrame:
    """``label, customers, monetary`` by segment, best first; prospects and unknown only where there are some."""
    grouped = labelled.groupby(scheme.name, observed=True)
    table = pd.DataFrame({"customers": grouped.size(), "monetary": grouped["monetary"].sum().round(2)})
    labels = [label for label in scheme.order() if label in table.index or label in scheme.segment_map.ids]
    table = table.reindex(labels).fillna(0.0).astype({"customers": "int64"})
    return table.reset_index(names="label")


def levels(scheme: RFM, labelled: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """``measure, score, range_used, customers``: the levels of each score, best first, and who stands on them."""
    rows = []
    for axis, (score, (ladder, scores)) in enumerate(scheme.scores().items()):
        for level in sorted(range(len(scores)), key=lambda i: -scores[i]):
            people = int((labelled[score] == scores[level]).sum())
            range_used = range_text(ladder, level, lang)
            rows.append((_measure(scheme, axis, lang), str(scores[level]), range_used, people))
    return pd.DataFrame(rows, columns=["measure", "score", "range_used", "customers"])


def sides(scheme: RFM, labelled: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """The same for the high and low side of R, F and M, which make the segments of `eight`."""
    held = labelled[scheme.name].value_counts()
    rows = []
    for axis, ladder in enumerate(scheme.ladders()):
        for high in (1, 0) if ladder.cuts else ():  # no middle where nobody has bought
            level = 1 - high if axis == 0 else high
            target = ladder.target(1 - level, level)
            worst = value_text(ladder.form, target.value, lang)
            segments = [s.id for s in scheme.segment_map.segments if (s.r, s.f, s.m)[axis] == (high, high)]
            rows.append(
                (
                    _measure(scheme, axis, lang),
                    term("level.high" if high else "level.low", lang),
                    f"{'≥' if target.side == 'at_least' else '≤'} {worst}",
                    int(held.reindex(segments).fillna(0).sum()),
                )
            )
    return pd.DataFrame(rows, columns=["measure", "score", "range_used", "customers"])


def _best_first(scores: Sequence[str]) -> list[str]:
    """Numbers downwards; high before low as they come."""
    return sorted(scores, key=lambda score: -int(score) if score.isdigit() else 0)


def _measure(scheme: RFM, axis: int, lang: Lang) -> str:
    return f"{LETTERS[axis]} {scheme.measure(COLUMNS[axis], lang)}"


def _as_text(cuts: Any) -> str:
    return cuts if isinstance(cuts, str) else listing(cuts, "en")


def _cuts(written: Any) -> list[str]:
    return [piece for piece in re.split(r"[\s,，;；、]+", _as_text(written)) if piece]


def _own(values: Mapping[str, Any]) -> dict[str, list[float]]:
    """Own cut points by column; columns without are learned. All that is wrong with them is raised at once."""
    own: dict[str, list[float]] = {}
    problems = []
    most = 1 if values["segments"] == "eight" else values["bins"] - 1
    for letter, column, name in zip(LETTERS, COLUMNS, OWN, strict=True):
        pieces = _cuts(values[name])
        wrong = [piece for piece in pieces if not _NUMBER.fullmatch(piece)]
        if wrong:
            problems.append(Problem("widget.rfm_cuts.no_number", {"letter": letter, "value": wrong[0]}))
            continue
        numbers = [float(piece) for piece in pieces]
        if len(numbers) > most:
            facts = {"letter": letter, "n": len(numbers), "most": most, "levels": most + 1}
            problems.append(Problem("widget.rfm_cuts.too_many", facts))
        elif numbers != sorted(set(numbers)):
            problems.append(Problem("widget.rfm_cuts.not_ascending", {"letter": letter, "values": pieces}))
        elif numbers:
            own[column] = numbers
    if problems:
        raise InputProblems(problems)
    return own
