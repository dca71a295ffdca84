"""A segment map of one's own, checked while it is made."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from ipywidgets import Button, Text

from segkit.charts.segment_grid import segment_grid
from segkit.locale import Lang, name_of, say
from segkit.problems import InputProblems, Problem
from segkit.schemes.linting import lint
from segkit.schemes.rfm import COLUMNS, RFM
from segkit.schemes.segment_maps import Lint, Segment, named_map
from segkit.schemes.store import scheme_from
from segkit.widgets.explorer import Explorer
from segkit.widgets.map_rows import Line, MapRows
from segkit.widgets.parts import Part, Table
from segkit.widgets.population import Population
from segkit.widgets.scoring import summary

BEGINNINGS = ("grid25", "eleven")  # maps of scores 1 to 5 one can begin from
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)  # no files on Windows


class SegmentMapEditor(Explorer):
    """See `segment_map`."""

    topic = "segment_map"

    def __init__(
        self, population: Population, segments: Sequence[Mapping[str, Any]] | str, bins: int, **defaults: Any
    ) -> None:
        self.population, self.bins = population, bins
        self._begin = _lines(segments)
        self._written: set[Path] = set()
        super().__init__(**defaults)

    def make_controls(self, lang: Lang) -> dict[str, Any]:
        file = Text(value=say("widget.segment_map.file_name", lang))
        return {"segments": MapRows(self._begin, self.bins, lang), "file": file}

    def actions(self, lang: Lang) -> list[Button]:
        maps = BEGINNINGS if self.bins == 5 else ()
        begin = [
            self.button(f"widget.segment_map.begin.{name}", lambda name=name: self.set(segments=_lines(name)))
            for name in maps
        ]
        return [*begin, self.button("widget.segment_map.save", self.save)]

    def verdict(self, values: Mapping[str, Any]) -> Lint:
        """What `segkit.lint` says of these lines.

        Raises
        ------
        InputProblems : a line without name, or without codes
        """
        lines: list[Line] = list(values["segments"])
        problems = [
            Problem("widget.segment_map.no_name", {"n": n}) for n, s in enumerate(lines, 1) if not s["id"]
        ]
        problems += [
            Problem("widget.segment_map.no_codes", {"n": n, "name": name_of("segment", s["id"], self.lang)})
            for n, s in enumerate(lines, 1)
            if "codes" in s and not s["codes"]
        ]
        if not lines:
            problems.append(Problem("widget.segment_map.no_lines"))
        if problems:
            raise InputProblems(problems)
        found = lint([Segment.model_validate(line) for line in lines], bins=self.bins)
        assert isinstance(found, Lint)
        return found

    def scheme(self, values: Mapping[str, Any]) -> RFM:
        """The RFM scheme with this map, fitted on the customers.

        Raises
        ------
        InputProblems : codes without a segment, codes that do not exist, a column missing
        """
        self.population.require(["customer_id", *COLUMNS])
        found = self.verdict(values)
        if found.uncovered or found.outside:
            wrong = replace(
                found, covered_twice=(), impossible=()
            )  # these two do not keep it from being used
            raise InputProblems([Problem("widget.segment_map.not_yet", {"why": wrong.text(self.lang)})])
        given = {"kind": "rfm", "bins": self.bins, "segments": list(values["segments"])}
        fitted = scheme_from(given, "rfm").fit(self.population.customers)
        assert isinstance(fitted, RFM)
        return fitted

    def save(self) -> Path:
        """Write the scheme under the name in the field, for `segkit.load_scheme`; gives the file.

        Raises
        ------
        InputProblems : the map has holes, or the name is no file name, or a file of another origin is there
        """
        values = self.values
        scheme, path = self.scheme(values), _file(str(values["file"]))
        if path.exists() and path.resolve() not in self._written:
            raise InputProblems([Problem("widget.segment_map.file_there", {"file": path.name})])
        scheme.save(path)
        self._written.add(path.resolve())
        self.tell(say("widget.segment_map.saved", self.lang, file=path.name, n=len(scheme.segment_map.ids)))
        return path

    def meaning(self, values: Mapping[str, Any], lang: Lang) -> str:
        found = self.verdict(values)
        lines = len(values["segments"])
        covered = found.cells - len(found.uncovered)
        return say("widget.segment_map.means", lang, lines=lines, covered=covered, cells=found.cells)

    def render(self, values: Mapping[str, Any], lang: Lang) -> Sequence[Part]:
        self.population.require(["customer_id", *COLUMNS])
        found = self.verdict(values)
        customers = self.population.customers
        scored = scheme_from({"kind": "rfm", "bins": self.bins, "segments": "eight"}, "rfm").fit(customers)
        figure = segment_grid(
            values["segments"],
            scored.label(customers),
            bins=self.bins,
            lang=lang,
            source=self.population.source(lang),
            as_of=self.population.as_of,
        )
        parts: list[Part] = [_verdicts(found, lang), figure]
        if found.uncovered or found.outside:
            return [*parts, say("widget.segment_map.no_sizes", lang)]
        scheme = self.scheme(values)
        table = summary(scheme.label(customers), scheme)
        total = table["monetary"].clip(lower=0).sum()
        table.insert(2, "people_share", table["customers"] / max(1, table["customers"].sum()))
        table["held_share"] = table["monetary"].clip(lower=0) / total if total else 0.0
        return [
            *parts,
            Table(
                table,
                {"customers": "count", "people_share": "share", "monetary": "money", "held_share": "share"},
                say("widget.segment_map.sizes", lang),
                {"label": "segment"},
            ),
        ]


def segment_map(
    customers: pd.DataFrame,
    *,
    segments: Sequence[Mapping[str, Any]] | str = "grid25",
    bins: int = 5,
    as_of: dt.date | str | None = None,
    source: str | None = None,
    **defaults: Any,
) -> SegmentMapEditor:
    """Which scores shall make which segment, and is the map sound? (分群对照表编辑)

    One line per segment, the first that holds a code wins: name, ranges of R, F and M or a list of codes, up, down,
    remove. Shows the verdict of `segkit.lint` (codes uncovered, covered twice, segments that can never occur),
    the map as a grid with the customers in it, and their segments. Saves a scheme `segkit.load_scheme` reads.

    Parameters
    ----------
    customers : from `customer_table`: ``customer_id, recency_days, frequency, monetary``
    segments : the first lines: "grid25", "eleven", or a list as in schemes.yml
    bins : scores run from 1 to bins
    as_of, source : for the caption; the day is read off the table where it can be
    defaults : ``file``, the name of the file to save

    Raises
    ------
    InputProblems : a default that a control cannot take
    """
    return SegmentMapEditor(Population(customers, as_of, source), segments, bins, **defaults)


def _lines(segments: Sequence[Mapping[str, Any]] | str) -> list[Line]:
    if not isinstance(segments, str):
        return [dict(line) for line in segments]
    if segments not in BEGINNINGS:
        raise InputProblems(
            [Problem("widget.segment_map.no_map", {"name": segments, "names": list(BEGINNINGS)})]
        )
    return [s.model_dump(mode="json", exclude_none=True) for s in named_map(segments).segments]


def _verdicts(found: Lint, lang: Lang) -> list[str]:
    return [say("widget.segment_map.verdict", lang, said=line) for line in found.text(lang)]


def _file(name: str) -> Path:
    name = name.strip()
    if not name or re.search(r'[\\/:?*"<>|\x00-\x1f]', name) or name.startswith(".") or _RESERVED.match(name):
        raise InputProblems([Problem("widget.segment_map.no_file_name", {"name": name})])
    return Path(name if name.lower().endswith((".yml", ".yaml")) else f"{name}.yml")
