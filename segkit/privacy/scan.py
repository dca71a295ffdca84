"""Does a deliverable show anybody's phone, identity number, e-mail, bank card or name? The leak scan.

A hit is

- a value seen in this client's input (`known`): numbers are compared run of digits by run of digits,
  e-mails whole, names as the whole cell or, from three characters on, inside prose;
- a pattern in prose or table text: a mobile (11 digits from 1, not inside a longer number; glued to a
  letter only what can be dialled), an identity number, a bank card with a right check digit, an e-mail.

Not text, so never a hit by pattern: typed numbers of spreadsheets and JSON, hashes (24 and more hex digits,
UUIDs), base64, SVG paths, styles. An order number of 11 digits from 1 does look like a mobile; it is settled
by naming its column, ``not_personal: [订单号]``. Working files (Parquet, and the folders ``internal`` and
``field``) are not scanned.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from segkit.locale import Lang
from segkit.privacy.artefacts import Strip, Unscannable, strips
from segkit.privacy.find import Kind, fold, normalise, spans
from segkit.privacy.known import Lookup
from segkit.privacy.mask import mask
from segkit.problems import InputProblems, Problem

_WORKING = frozenset({"internal", "field", ".segkit"})
_PATTERN_POSSIBLE = re.compile(r"@|\d{7}|\d{3}[- ]\d{4}")
_HASH = re.compile(
    r"\b(?=[0-9]*[a-fA-F])[0-9a-fA-F]{24,}\b"
    r"|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"
    r"|[A-Za-z0-9+/]{60,}={0,2}"
)


@dataclass(frozen=True)
class Leak:
    """One kind of personal value standing unmasked in one place.

    Attributes
    ----------
    artefact : file name, within a scanned folder its path there
    where : place of the first one, e.g. ``跟进清单!C12``, ``html table``, ``cell 3 output``
    column : heading of the column, None in prose
    kind : phone | id_number | email | bank_card | name
    shown : the first one, masked
    count : how many different values
    remedy : the line under ``privacy`` in client.yml that says this is not personal
    """

    artefact: str
    where: str
    column: str | None
    kind: Kind
    shown: str
    count: int
    remedy: str

    def problem(self) -> Problem:
        """The leak as a sentence for the user."""
        facts = {"where": self.where, "shown": self.shown, "n": self.count, "remedy": self.remedy}
        return Problem(f"privacy.leak.{self.kind}", facts, file=self.artefact, column=self.column)

    def text(self, lang: Lang) -> str:
        return self.problem().text(lang)


def leaks(
    path: str | Path,
    known: Mapping[str, AbstractSet[str]] | Lookup | None = None,
    not_personal: Collection[str] = (),
    *,
    harmless: Collection[str] = (),
) -> list[Leak]:
    """Which personal values does this file, or any file below this folder, show?

    Parameters
    ----------
    known : kind -> normalised values of this client's input, from `known_values`; a `Lookup` of them where
        many files are scanned
    not_personal : headings of columns that hold no personal data, as the artefact writes them; or single
        values, written out or (but for names) as the scan shows them, masked
    harmless : values of such columns, exempt from the patterns wherever they stand

    Returns
    -------
    one Leak per artefact, place, column and kind; empty where nothing was found

    Raises
    ------
    InputProblems : no such file, or files that cannot be read and so not be vouched for
    """
    root = Path(path)
    if not root.exists():
        raise InputProblems([Problem("privacy.scan_missing", file=str(root))])
    lookup = known if isinstance(known, Lookup) else Lookup(known)
    scan = _Scan(lookup, not_personal, harmless)
    found: list[Leak] = []
    unread: list[Problem] = []
    for file in _files(root):
        name = file.relative_to(root).as_posix() if root.is_dir() else file.name
        try:
            found += scan.file(file, name)
        except Unscannable:
            unread.append(Problem("privacy.scan_unreadable", file=name))
    if unread:
        raise InputProblems(unread)
    return found


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for file in sorted(root.rglob("*")):
        if file.is_file() and not _WORKING.intersection(file.relative_to(root).parts[:-1]):
            yield file


class _Scan:
    def __init__(self, lookup: Lookup, not_personal: Collection[str], harmless: Collection[str]) -> None:
        self._lookup = lookup
        self._exempt = frozenset(_plain(name) for name in not_personal)
        self._harmless = frozenset(fold(str(value)).strip() for value in harmless)

    def file(self, path: Path, name: str) -> list[Leak]:
        found: dict[tuple[str, str | None, Kind], dict[str, tuple[str, str]]] = {}
        for strip in strips(path):
            if strip.column is not None and _plain(strip.column) in self._exempt:
                continue
            for kind, value, text in self._hits(strip):
                if not self._settled(value, kind):
                    values = found.setdefault((strip.where, strip.column, kind), {})
                    values.setdefault(normalise(value, kind), (value, strip.place_of(text)))
        return [
            self._leak(name, column, kind, values) for (_, column, kind), values in found.items() if values
        ]

    def _hits(self, strip: Strip) -> Iterator[tuple[Kind, str, str]]:
        """Kind, value and the text it stands in."""
        for text in strip.texts:
            folded = fold(text)
            if strip.numbers:
                for kind, start, end in self._lookup.spans(folded):
                    yield kind, folded[start:end], text
                continue
            if self._lookup.is_name(folded):
                yield "name", folded.strip(), text
                continue
            if len(folded) >= 24:
                folded = _HASH.sub(lambda match: "·" * len(match.group()), folded)
            for kind, start, end in self._lookup.spans(folded):
                yield kind, folded[start:end], text
            if _PATTERN_POSSIBLE.search(folded):
                for kind, start, end in spans(folded):
                    if folded[start:end] not in self._harmless:
                        yield kind, folded[start:end], text

    def _settled(self, value: str, kind: Kind) -> bool:
        if not self._exempt:
            return False
        shown = "" if kind == "name" else mask(value, kind)
        return bool({_plain(value), normalise(value, kind), shown} & self._exempt)

    def _leak(
        self, artefact: str, column: str | None, kind: Kind, values: dict[str, tuple[str, str]]
    ) -> Leak:
        value, place = next(iter(values.values()))
        shown = mask(value, kind)
        return Leak(
            artefact, place, column, kind, shown, len(values), f"not_personal: [{_yaml(column or shown)}]"
        )


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", str(text)).casefold().split())


def _yaml(text: str) -> str:
    """A text as an item of a YAML list; quoted unless it is one plain word."""
    quoted = text.replace("'", "''")
    return text if re.fullmatch(r"[^\W\d]\w*", text) else f"'{quoted}'"
