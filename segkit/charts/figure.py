"""What a chart hands on: its numbers, its words and where its drawings lie. No drawing library here."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Series(BaseModel):
    """One line, or one set of bars; `name` is shown, `values` run along the chart's categories."""

    model_config = ConfigDict(frozen=True)
    name: str
    values: tuple[float | None, ...]
    unit: Literal["count", "money", "share", "days", "times", "score"]


class Chart(BaseModel):
    """The numbers of a figure, enough for a renderer to draw it natively (editable slides)."""

    model_config = ConfigDict(frozen=True)
    kind: Literal["bar", "line", "heatmap", "scatter", "histogram"]
    categories: tuple[str, ...]
    series: tuple[Series, ...]


class Figure(BaseModel):
    """A figure of the report. `title` says the message; `alt` is computed from the numbers.

    `svg` and `png` are paths relative to the folder the figure was saved into, "" before saving.
    """

    model_config = ConfigDict(frozen=True)
    id: str
    title: str
    alt: str
    caption: str  # n, source, date
    chart: Chart
    svg: str = ""
    png: str = ""
