"""Matrices: two or three columns cut into levels, and a label for every combination."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Literal, Self

import narwhals as nw
import numpy as np
from narwhals.typing import IntoFrame
from numpy.typing import NDArray
from pydantic import model_validator

from segkit.locale import Lang, name_of, say, term
from segkit.schemes.axes import Axis, Taught, level_counts, middles
from segkit.schemes.base import PROSPECT, UNKNOWN
from segkit.schemes.cells import NO_LEVELS, NOT_BOUGHT, Cell, CellScheme
from segkit.schemes.ladder import Frame, Ladder, refusal, spread
from segkit.schemes.wording import plain_number, range_text

SAMPLE = {"zh": "示例参数", "en": "sample parameters"}
PRESETS: dict[str, dict[str, Any]] = {
    # 频次 × 客单价
    "frequency_aov": {
        "axes": [{"column": "frequency", "split": "median"}, {"column": "aov", "split": "median"}],
        "grid": {
            "high": {"high": "often_dear", "low": "often_cheap"},
            "low": {"high": "seldom_dear", "low": "seldom_cheap"},
        },
        "among": "buyers",
    },
    # 价值 × 潜力
    "value_potential": {
        "axes": [
            {"column": "monetary", "split": "quantile", "cuts": [0.8]},
            {"column": "potential_score", "split": "quantile", "cuts": [0.8]},
        ],
        "grid": {
            "high": {"high": "high_value", "low": "general"},
            "low": {"high": "high_potential", "low": "low_value"},
        },
        "source": SAMPLE,
    },
    # 意愿 × 能力，1–5 分
    "willingness_ability": {
        "axes": [
            {"column": "willingness", "split": "fixed", "cuts": [4]},
            {"column": "ability", "split": "fixed", "cuts": [4]},
        ],
        "grid": {
            "high": {"high": "willing_able", "low": "willing_unable"},
            "low": {"high": "unwilling_able", "low": "unwilling_unable"},
        },
        "source": SAMPLE,
    },
}


class Matrix(CellScheme):
    """Where does a customer stand on two things at once? (矩阵: 频次×客单价, 价值×潜力, 意愿×能力)

    ::

        kind: matrix
        axes:
          - {column: frequency, split: mean}
          - {column: aov, cuts: [220]}
        grid:                                    # first axis: {second axis: label}, best first
          high: {high: stars, low: frequent_small}
          low: {high: rare_big, low: occasional}

    Middles and quantiles are those of the customers who have a value. A value at a cut is above it.

    Parameters
    ----------
    preset : ``frequency_aov``, ``value_potential`` or ``willingness_ability``: axes and grid to start from;
        what is given beside it wins
    axes : two or three columns
    grid : a label for every combination of levels, one indent per axis; a label may stand in several cells. The
        order written is the order of the labels
    among : ``buyers``: customers with frequency 0 are ``prospect`` and take no part in finding the middles
    learned : filled by `fit`, one entry per axis, null for fixed ones

    Raises
    ------
    NotFitted : `label` before `fit`, where anything is to be learned
    ValidationError : the grid has holes, or levels that no axis has (`scheme_from` says it as InputProblems)
    """

    kind: Literal["matrix"] = "matrix"
    preset: Literal["frequency_aov", "value_potential", "willingness_ability"] | None = None
    axes: tuple[Axis, ...]
    grid: dict[str, Any]
    among: Literal["all", "buyers"] = "all"
    learned: tuple[Taught | None, ...] | None = None

    # --- sound ----------------------------------------------------------------------------------

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        preset = PRESETS.get(str(given.get("preset")), {})
        own = "axes" in given and "grid" in given
        return {**{k: v for k, v in preset.items() if not (own and k == "source")}, **given}

    @model_validator(mode="after")
    def _sound(self) -> Self:
        columns = [axis.column for axis in self.axes]
        if len(columns) not in (2, 3):
            raise refusal("schemes.axis_number", self.kind, n=len(columns))
        if len(set(columns)) < len(columns):
            raise refusal("schemes.axis_twice", self.kind, columns=columns)
        cells = list(product(*(axis.levels[::-1] for axis in self.axes)))
        given = dict(_leaves(self.grid, len(self.axes)))
        holes = [" / ".join(cell) for cell in cells if cell not in given]
        wrong = [
            " / ".join(map(str, (*path, label)))
            for path, label in given.items()
            if path not in cells or not isinstance(label, str) or label in ("", UNKNOWN)
        ]
        if holes or wrong:
            which = (
                "schemes.grid_wrong" if not holes else "schemes.grid_both" if wrong else "schemes.grid_holes"
            )
            raise refusal(which, self.kind, holes=holes, wrong=wrong)
        return self

    # --- what it says about itself --------------------------------------------------------------

    @property
    def fitted(self) -> bool:
        return self.learned is not None or not self._learns

    @property
    def _learns(self) -> list[int]:
        return [i for i, axis in enumerate(self.axes) if axis.split != "fixed"]

    def needs(self) -> tuple[str, ...]:
        buyers = ["frequency"] if self.among == "buyers" else []
        return tuple(dict.fromkeys([*(axis.column for axis in self.axes), *buyers]))

    def order(self) -> tuple[str, ...]:
        labels = dict.fromkeys(label for _, label in _leaves(self.grid, len(self.axes)))
        labels.pop(PROSPECT, None)
        ends = (PROSPECT, UNKNOWN) if self.among == "buyers" or PROSPECT in self._labels() else (UNKNOWN,)
        return (*labels, *ends)

    def _labels(self) -> set[str]:
        return {label for _, label in _leaves(self.grid, len(self.axes))}

    def fit(self, customers: IntoFrame) -> Self:
        frame: Frame = nw.from_native(customers)
        self._require(frame)
        if not self._learns:
            return self
        if self.among == "buyers":
            frame = frame.filter(_bought())
        learning = [self.axes[i] for i in self._learns]
        found = middles(frame, learning)
        ladders = [Ladder(axis.column, cuts, "left") for axis, cuts in zip(learning, found, strict=True)]
        counts = level_counts(frame, ladders)
        taught: list[Taught | None] = [None] * len(self.axes)
        for i, ladder, n in zip(self._learns, ladders, counts, strict=True):
            taught[i] = Taught(cuts=ladder.cuts, counts=n)
        return self.model_copy(update={"learned": tuple(taught)})

    # --- labels ---------------------------------------------------------------------------------

    def ladders(self) -> tuple[Ladder, ...]:
        taught = self.learned or (None,) * len(self.axes)
        return tuple(
            Ladder(axis.column, axis.cuts if t is None else t.cuts, "left")
            for axis, t in zip(self.axes, taught, strict=True)
        )

    @property
    def _untaught(self) -> list[str]:
        """Columns of which `fit` saw no value."""
        taught = zip(self.axes, self.learned or (), strict=False)
        return [axis.column for axis, t in taught if t is not None and not t.customers]

    def level_names(self, cell: Cell) -> tuple[str, ...]:
        """The level of each axis; where cut points fell together the ends keep their names."""
        names = []
        for axis, ladder, level in zip(self.axes, self.ladders(), cell, strict=True):
            names.append(axis.levels[spread(len(ladder.cuts) + 1, len(axis.levels))[level] - 1])
        return tuple(names)

    def cell_label(self, cell: Cell) -> str:
        found: Any = self.grid
        for level in self.level_names(cell):
            found = found[level]
        return str(found)

    def _known(self) -> nw.Expr:
        if self._untaught:  # nothing learned, nothing to say
            return nw.lit(False)
        return super()._known() & _bought() if self.among == "buyers" else super()._known()

    def _code(self, levels: list[nw.Expr]) -> nw.Expr:
        code = super()._code(levels)
        if self.among == "all":
            return code
        return nw.when(nw.col("frequency") <= 0).then(nw.lit(NOT_BOUGHT)).otherwise(code)

    def _codes(self, numbers: dict[str, NDArray[np.float64]]) -> NDArray[np.intp]:
        size = len(next(iter(numbers.values())))
        codes = np.full(size, NO_LEVELS) if self._untaught else super()._codes(numbers)
        if self.among == "all":
            return codes
        codes = np.where(np.isfinite(numbers["frequency"]), codes, NO_LEVELS)
        return np.where(numbers["frequency"] <= 0, NOT_BOUGHT, codes)

    def _labels_by_code(self) -> dict[int, str]:
        return {NOT_BOUGHT: PROSPECT, **super()._labels_by_code()}

    # --- words ----------------------------------------------------------------------------------

    def possible(self, column: str, value: float) -> bool:
        bought = column == "frequency" and self.among == "buyers"
        return super().possible(column, value) and (not bought or value >= 1)

    def level_name(self, level: str, lang: Lang) -> str:
        own = self.names.get(level, {})
        return own[lang] if lang in own else name_of("level", level, lang)

    def score_of(self, axis: int, cell: Cell, lang: Lang) -> str:
        return say("schemes.matrix.level", lang, level=self.level_name(self.level_names(cell)[axis], lang))

    def _explain_without_cell(self, code: int, numbers: dict[str, Any], lang: Lang) -> list[str]:
        size = len(next(iter(numbers.values())))
        if code == NOT_BOUGHT:
            label = self.label_name(PROSPECT, lang)
            return [say("schemes.matrix.explain_prospect", lang, label=label)] * size
        if self._untaught:
            facts = {"label": self.label_name(UNKNOWN, lang), "columns": self._called(self._untaught, lang)}
            return [say("schemes.matrix.explain_untaught", lang, **facts)] * size
        return super()._explain_without_cell(code, numbers, lang)

    def _called(self, columns: list[str], lang: Lang) -> list[str]:
        return [self.measure(c, lang) for c in columns]

    def rule(self, lang: Lang) -> list[str]:
        lines = [
            self._axis_rule(i, lang)
            for i in range(len(self.axes))
            if self.axes[i].column not in self._untaught
        ]
        measures = self._called([axis.column for axis in self.axes], lang)
        cells = [
            say(
                "schemes.matrix.cell",
                lang,
                levels=say("schemes.matrix.times", lang).join(self.level_name(level, lang) for level in path),
                label=self.label_name(label, lang),
            )
            for path, label in _leaves(self.grid, len(self.axes))
        ]
        lines.append(
            say(
                "schemes.matrix.rule",
                lang,
                measures=say("schemes.matrix.times", lang).join(measures),
                cells=cells,
            )
        )
        if self.among == "buyers":
            lines.append(say("schemes.matrix.prospect", lang, label=self.label_name(PROSPECT, lang)))
        return lines

    def _axis_rule(self, i: int, lang: Lang) -> str:
        axis, ladder = self.axes[i], self.ladders()[i]
        taught = self.learned[i] if self.learned else None
        names = [axis.levels[s - 1] for s in spread(len(ladder.cuts) + 1, len(axis.levels))]
        steps = [
            say(
                "schemes.step", lang, range=range_text(ladder, level, lang), label=self.level_name(name, lang)
            )
            for level, name in enumerate(names)
        ]
        facts = {
            "measure": self.measure(axis.column, lang),
            "steps": steps,
            "n": taught.customers if taught else 0,
        }
        if axis.split in ("mean", "median"):
            facts["what"] = term(f"split.{axis.split}", lang)
        elif axis.split == "quantile":
            shares = [f"{plain_number(cut * 100)}%" for cut in axis.cuts]
            facts["what"] = say("schemes.matrix.quantiles", lang, shares=shares)
        return say(
            "schemes.matrix.axis_fixed" if taught is None else "schemes.matrix.axis_learned", lang, **facts
        )

    def notes(self, lang: Lang = "zh") -> list[str]:
        notes = []
        for axis, taught in zip(self.axes, self.learned or (), strict=False):
            if taught is None:
                continue
            facts: dict[str, Any] = {"measure": self.measure(axis.column, lang)}
            if not taught.customers:
                notes.append(say("schemes.note.no_values", lang, **facts))
            elif len(taught.cuts) + 1 < len(axis.levels):
                facts |= {"levels": len(taught.cuts) + 1, "wanted": len(axis.levels)}
                notes.append(say("schemes.matrix.fewer", lang, **facts))
            elif 0 in taught.counts:
                there = [axis.levels[i] for i, n in enumerate(taught.counts) if n]
                facts |= {"there": [self.level_name(level, lang) for level in there]}
                notes.append(say("schemes.matrix.splits_nobody", lang, **facts))
        return notes


def _leaves(grid: Any, depth: int, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every cell of a grid with the levels that lead there; what stands too high or too deep too."""
    if isinstance(grid, Mapping) and len(path) < depth:
        for level, below in grid.items():
            yield from _leaves(below, depth, (*path, level))
    else:
        yield path, grid


def _bought() -> nw.Expr:
    return Ladder("frequency", ()).known() & (nw.col("frequency") > 0)
