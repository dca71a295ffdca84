"""What does a page of HTML or SVG show or say aloud?"""

from __future__ import annotations

from html.parser import HTMLParser

# tags inside a line: the texts on both sides are read as one word
_INLINE = frozenset(
    {
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "cite",
        "code",
        "data",
        "del",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "mark",
        "q",
        "s",
    }
    | {"samp", "small", "span", "strong", "sub", "sup", "time", "tspan", "tt", "u", "var", "wbr"}
)
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "col", "area", "base", "source", "wbr"})
# attributes that lay out or paint, or point inside the page
_MUTE = frozenset(
    {
        "d",
        "points",
        "transform",
        "viewbox",
        "style",
        "class",
        "id",
        "x",
        "y",
        "x1",
        "x2",
        "y1",
        "y2",
        "cx",
        "cy",
    }
    | {
        "r",
        "rx",
        "ry",
        "dx",
        "dy",
        "width",
        "height",
        "offset",
        "integrity",
        "nonce",
        "fill",
        "stroke",
        "clip-path",
    }
    | {
        "preserveaspectratio",
        "gradienttransform",
        "textlength",
        "for",
        "headers",
        "xmlns",
        "xmlns:xlink",
        "mask",
    }
)


class Page(HTMLParser):
    """Collects visible text, alternative texts and comments, by place and table column.

    Attributes
    ----------
    found : (place, heading or None) -> texts
    numbers : numbers held by data attributes
    data : contents of scripts
    """

    def __init__(self, where: str) -> None:
        super().__init__(convert_charrefs=True)
        self.where = where
        self.found: dict[tuple[str, str | None], dict[str, None]] = {}
        self.numbers: set[str] = set()
        self.data: list[str] = []
        self._tables: list[_Columns] = []
        self._line: list[str] = []
        self._raw: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _INLINE:
            self._end_line()
        if tag in ("script", "style"):
            self._raw = tag
        elif tag == "table":
            self._tables.append(_Columns())
        elif self._tables and tag in ("tr", "td", "th"):
            self._tables[-1].open(tag, dict(attrs))
        for name, value in attrs:
            if value and name not in _MUTE and not value.lstrip().startswith(("data:", "#", "url(")):
                self._attribute(tag, name, value)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _INLINE:
            self._end_line()
        if tag == self._raw:
            self._raw = None
        elif tag == "table" and self._tables:
            self._tables.pop()
        elif self._tables and tag in ("td", "th"):
            self._tables[-1].cell = None

    def handle_data(self, data: str) -> None:
        if self._raw == "script":
            self.data.append(data)
        elif self._raw is None and data.strip():
            self._line.append(data)

    def handle_comment(self, data: str) -> None:
        self._add(f"{self.where} comment", None, data.strip())

    def close(self) -> None:
        super().close()
        self._end_line()

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("data-") and value.replace(".", "", 1).lstrip("-").isdigit():
            self.numbers.add(value)
        else:
            self._add(f"{self.where} {tag}[{name}]", self._heading(), value.strip())

    def _end_line(self) -> None:
        """The pieces of a line one by one, and as the eye joins them."""
        pieces, self._line = self._line, []
        if not pieces:
            return
        whole = "".join(pieces).strip()
        if self._tables:
            self._tables[-1].note(whole)
        heading = self._heading()
        place = f"{self.where} table" if self._tables else self.where
        for text in {*(piece.strip() for piece in pieces), whole}:
            self._add(place, heading, text)

    def _heading(self) -> str | None:
        return self._tables[-1].heading() if self._tables else None

    def _add(self, place: str, heading: str | None, text: str) -> None:
        if text:
            self.found.setdefault((place, heading), {})[text] = None


class _Columns:
    """Which column are we in, and what is it called? Headings are those of the first row with a `th`."""

    def __init__(self) -> None:
        self.heads: dict[int, str] = {}
        self.cell: int | None = None
        self._next = 0
        self._heading_row: bool | None = None

    def open(self, tag: str, attrs: dict[str, str | None]) -> None:
        if tag == "tr":
            self._next = 0
            if self._heading_row:
                self._heading_row = False
            return
        if tag == "th" and self._heading_row is None:
            self._heading_row = True
        self.cell = self._next
        span = attrs.get("colspan") or "1"
        self._next += int(span) if span.isdigit() and 0 < int(span) < 1000 else 1

    def note(self, text: str) -> None:
        if self._heading_row and self.cell is not None:
            self.heads.setdefault(self.cell, text)

    def heading(self) -> str | None:
        return None if self.cell is None else self.heads.get(self.cell)
