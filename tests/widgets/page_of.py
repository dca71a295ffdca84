"""What a widget shows, read back from its HTML: words, tables, pictures with their alt text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")


class Page(HTMLParser):
    """`tables` as rows of cells, the head first; `alts` and `pictures` of its images; `words` outside tables."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.alts: list[str] = []
        self.pictures: list[str] = []
        self.words = ""
        self.roles: list[str] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("role"):
            self.roles.append(str(given["role"]))
        if tag == "img":
            self.alts.append(given.get("alt") or "")
            self.pictures.append(given.get("src") or "")
            return
        self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        if "td" in self._open or "th" in self._open:
            self.tables[-1][-1][-1] += data
        else:
            self.words += data + "\n"

    @property
    def wrong(self) -> bool:
        """Is a sentence shown in place of figures and tables?"""
        return "alert" in self.roles

    def numbers(self) -> list[str]:
        """All numbers of tables, pictures and words, in order."""
        cells = [cell for table in self.tables for row in table for cell in row]
        return sorted(NUMBER.findall("\n".join([*cells, *self.alts, self.words])))
