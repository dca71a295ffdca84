"""The files a class sent in (收到的文件): in folders and in zips, read and never unpacked, within limits.

What is damaged, locked or too large is named, and the rest is read.
"""

from __future__ import annotations

import datetime as dt
import io
import lzma
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from segkit.problems import Problem

LARGEST = 50_000_000  # bytes of one notebook or zip that are read
DEEPEST = 3  # zips within zips
MOST_BYTES = 500_000_000  # read from one place, all its zips unpacked
MOST_FILES = 20_000  # notebooks, records and zips read from one place
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    OverflowError,
    RuntimeError,  # locked by a password; too deep (RecursionError); a way of packing not known
)
_NOT_HANDED_IN = ("__MACOSX", ".ipynb_checkpoints", "~$")


Folder = tuple[int, PurePosixPath]  # which of the places given, and where in it


@dataclass
class Place:
    """One of the places given: told apart by its number, shown by its name, and what may still be read from it."""

    number: int
    shown: PurePosixPath
    unused: list[Problem]
    bytes_left: int = field(default_factory=lambda: MOST_BYTES)
    files_left: int = field(default_factory=lambda: MOST_FILES)

    def takes(self, source: PurePosixPath, size: int) -> bool:
        """Is there room for a file of this size? Else it is named as too large."""
        self.files_left -= 1
        if size > LARGEST or size > self.bytes_left or self.files_left < 0:
            self.not_used("grade.too_large", source)
            return False
        self.bytes_left -= size
        return True

    def not_used(self, id: str, source: PurePosixPath) -> None:
        self.unused.append(Problem(id, file=str(self.shown / source)))


@dataclass(frozen=True)
class File:
    place: Place
    source: PurePosixPath  # within the place
    when: dt.datetime
    data: bytes

    @property
    def shown(self) -> str:
        return str(self.place.shown / self.source)

    @property
    def folder(self) -> Folder:
        return self.place.number, self.source.parent

    def is_a(self, suffix: str) -> bool:
        return self.source.suffix.lower() == suffix


def files_in(given: list[Path], unused: list[Problem]) -> Iterator[File]:
    """Every notebook, record and zip member in these places; what could not be read is added to `unused`."""
    for number, (path, shown) in enumerate(zip(given, _shown(given), strict=True)):
        yield from _files(path, Place(number, shown, unused))


def _shown(given: list[Path]) -> list[PurePosixPath]:
    """What stands before a file's name to say which place it is from; nothing where there is but one."""
    if len(given) == 1:
        return [PurePosixPath()]
    whole = [place.resolve() for place in given]
    twice = Counter(place.name for place in whole)
    shown = []
    for place in whole:
        above = [place.parent.name] if twice[place.name] > 1 else []
        shown.append(PurePosixPath(*above, *([place.name] if place.is_dir() else [])))
    full = [(one, place.name) for one, place in zip(shown, whole, strict=True)]
    again = Counter(full)
    return [
        PurePosixPath(f"{number}", one) if again[key] > 1 else one
        for number, (one, key) in enumerate(zip(shown, full, strict=True), 1)
    ]


def _files(path: Path, place: Place) -> Iterator[File]:
    if path.is_dir():
        for inside in sorted(path.rglob("*")):
            if inside.is_file():
                yield from _file(inside, PurePosixPath(inside.relative_to(path).as_posix()), place)
    else:
        yield from _file(path, PurePosixPath(path.name), place)


def _file(path: Path, source: PurePosixPath, place: Place) -> Iterator[File]:
    if not _is_wanted(source):
        return
    try:
        stat = path.stat()
        if not place.takes(source, stat.st_size):
            return
        file = File(place, source, dt.datetime.fromtimestamp(stat.st_mtime), path.read_bytes())
    except (OSError, ValueError, OverflowError):
        place.not_used("grade.unreadable", source)
        return
    yield from _opened(file, DEEPEST)


def _opened(file: File, deeper: int) -> Iterator[File]:
    """The file itself, or what a zip holds; a damaged one is named, and so is a damaged file in a whole one."""
    if not file.is_a(".zip"):
        yield file
        return
    try:
        packed = zipfile.ZipFile(io.BytesIO(file.data))
    except _DAMAGED:
        file.place.not_used("grade.bad_zip", file.source)
        return
    with packed:
        for member in packed.infolist():
            inside = file.source / _name_in(member)
            if member.is_dir() or not _is_wanted(inside):
                continue
            if not deeper:
                file.place.not_used("grade.too_large", inside)
            if not deeper or not file.place.takes(inside, member.file_size):
                if file.place.files_left < 0:
                    return
                continue
            try:
                data = packed.read(member)
            except _DAMAGED:
                file.place.not_used("grade.bad_zip", inside)
                continue
            yield from _opened(File(file.place, inside, _when(member, file.when), data), deeper - 1)


def _when(member: zipfile.ZipInfo, zipped: dt.datetime) -> dt.datetime:
    """When the file was changed; of a zip that says month 0 or hour 25, when the zip was."""
    try:
        return dt.datetime(*member.date_time)
    except ValueError:
        return zipped


def _name_in(member: zipfile.ZipInfo) -> PurePosixPath:
    """The name as it was written: Chinese Windows packs in GBK without saying so."""
    name = member.filename
    if not member.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("gbk")
        except UnicodeError:
            name = member.filename
    return PurePosixPath(*(part for part in PurePosixPath(name).parts if part not in ("..", "/")))


def _is_wanted(source: PurePosixPath) -> bool:
    if any(part.startswith(_NOT_HANDED_IN) for part in source.parts):
        return False
    return source.suffix.lower() in (".ipynb", ".zip", ".json")
