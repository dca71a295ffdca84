"""The lines of a segment map as controls: name, ranges of R, F and M (or codes), order, add, remove."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ipywidgets import Box, Button, Combobox, HBox, IntRangeSlider, Layout, Text, VBox
from traitlets import List, TraitError, validate

from segkit.locale import Lang, name_of, say
from segkit.schemes.segment_maps import map_names, named_map

BANDS = ("r", "f", "m")
Line = dict[str, Any]  # a segment as it stands in schemes.yml


class MapRows(VBox):
    """`value` is the map as in schemes.yml: ``[{id, r: [low, high], f: ..., m: ...}]`` or ``[{id, codes: [...]}]``.

    Ids of the package's own maps are shown by their names; other names are ids themselves.
    """

    value: Any = List()

    def __init__(self, lines: Sequence[Mapping[str, Any]], bins: int, lang: Lang) -> None:
        self.bins, self.lang = bins, lang
        self._names = {name_of("segment", id, lang): id for name in map_names() for id in named_map(name).ids}
        self._rows: list[_Row] = []
        self._reading = False
        add = Button(description=say("widget.segment_map.add", lang), layout=Layout(width="auto"))
        add.on_click(lambda _: self.add())
        self._box, self._foot = VBox(), HBox([add])
        super().__init__([self._box, self._foot])
        self.observe(self._redraw, names="value")
        self.value = [dict(line) for line in lines]

    @validate("value")
    def _is_a_map(self, proposal: Mapping[str, Any]) -> list[Line]:
        return [self._line(line) for line in proposal["value"]]

    def _line(self, given: Any) -> Line:
        if not isinstance(given, Mapping) or not set(given) <= {"id", "codes", *BANDS}:
            raise TraitError(f"{given} is no segment")
        if given.get("codes") is not None:
            return {"id": str(given.get("id", "")).strip(), "codes": [str(code) for code in given["codes"]]}
        bands = {band: list(given.get(band) or (1, self.bins)) for band in BANDS}
        if any(len(band) != 2 or not 1 <= band[0] <= band[1] <= self.bins for band in bands.values()):
            raise TraitError(f"{given} holds a range that is none")
        return {"id": str(given.get("id", "")).strip(), **bands}

    # --- what the buttons do --------------------------------------------------------------------

    def add(self) -> None:
        """A new line at the end, over all scores."""
        taken = {line["id"] for line in self.value}
        free = (say("widget.segment_map.new", self.lang, n=n) for n in range(1, len(self.value) + 2))
        id = next(name for name in free if name not in taken)
        self.value = [*self.value, {"id": id, **{band: [1, self.bins] for band in BANDS}}]

    def remove(self, place: int) -> None:
        self.value = [line for i, line in enumerate(self.value) if i != place]

    def move(self, place: int, by: int) -> None:
        """A line up (-1) or down (1); at the end of the list nothing happens."""
        lines, to = list(self.value), place + by
        if 0 <= to < len(lines):
            lines[place], lines[to] = lines[to], lines[place]
            self.value = lines

    # --- inside ---------------------------------------------------------------------------------

    def id_of(self, name: str) -> str:
        return self._names.get(name.strip(), name.strip())

    def names(self) -> list[str]:
        return list(self._names)

    def _redraw(self, _: Any) -> None:
        """New rows where the lines are others than the controls show."""
        if not self._reading and self.value != [row.line() for row in self._rows]:
            self._rows = [_Row(self, place, line) for place, line in enumerate(self.value)]
            self._box.children = self._rows

    def _read(self) -> None:
        self._reading = True
        try:
            self.value = [row.line() for row in self._rows]
        finally:
            self._reading = False


class _Row(Box):
    """One line; its controls write the value of all."""

    def __init__(self, rows: MapRows, place: int, line: Line) -> None:
        self._of = rows
        lang = rows.lang
        self.name = Combobox(
            value=name_of("segment", line["id"], lang),
            options=rows.names(),
            continuous_update=False,
            layout=Layout(width="11em"),
        )
        self.name.tooltip = say("widget.segment_map.name", lang)
        self.codes = None
        self.bands: dict[str, IntRangeSlider] = {}
        if "codes" in line:
            self.codes = Text(
                value=" ".join(line["codes"]),
                description=say("widget.segment_map.codes", lang),
                continuous_update=False,
                layout=Layout(width="40em"),
            )
            self.codes.style.description_width = "initial"
        else:
            for band in BANDS:
                slider = IntRangeSlider(
                    value=line[band],
                    min=1,
                    max=rows.bins,
                    description=band.upper(),
                    continuous_update=False,
                    layout=Layout(width="13em"),
                )
                slider.style.description_width = "1.5em"
                self.bands[band] = slider
        controls = [self.codes] if self.codes else list(self.bands.values())
        for control in (self.name, *controls):
            control.observe(lambda _: rows._read(), names="value")
        acts = [
            ("↑", "widget.segment_map.up", lambda _: rows.move(place, -1)),
            ("↓", "widget.segment_map.down", lambda _: rows.move(place, 1)),
            ("×", "widget.segment_map.remove", lambda _: rows.remove(place)),
        ]
        buttons = []
        for sign, sentence, act in acts:
            button = Button(
                description=sign,
                tooltip=say(sentence, lang, name=self.name.value),
                layout=Layout(width="2.6em"),
            )
            button.on_click(act)
            buttons.append(button)
        super().__init__(
            [self.name, *controls, *buttons],
            layout=Layout(display="flex", flex_flow="row wrap", align_items="center"),
        )

    def line(self) -> Line:
        id = self._of.id_of(self.name.value)
        if self.codes is not None:
            return {
                "id": id,
                "codes": [code for code in re.split(r"[\s,，、;；]+", self.codes.value) if code],
            }
        return {"id": id, **{band: list(slider.value) for band, slider in self.bands.items()}}
