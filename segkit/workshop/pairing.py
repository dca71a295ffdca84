"""The two languages of a notebook: Chinese owns order and code, English owns its own words.

Cells are paired by id. An English text notes the hash of the Chinese it was written for, so that one which lags
behind is found. Solutions bring their stubs along.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segkit.locale import Lang
from segkit.problems import InputProblems, Problem
from segkit.workshop.notebooks import (
    LANG_CELL,
    PINNED,
    SOLUTIONS,
    Cell,
    Notebook,
    Twins,
    digest,
    find_twins,
    output_text,
    read_notebook,
    shown,
)
from segkit.workshop.stubs import stub_of

_SPEAKS_ZH = re.compile(r"""(\buse\(\s*(?:lang\s*=\s*)?)(["'])zh\2""")
_CHINESE = re.compile(r"[\u3400-\u9fff]")


@dataclass
class Paired:
    """What pairing does to one pair and its stubs, and what it leaves to a person.

    Attributes
    ----------
    files : what the files should hold; those equal to what is on disk are among them
    mended : what writing `files` puts right
    left : what only a person can put right: texts to translate or to read again, outputs to pin
    dropped : English texts whose Chinese cell is gone, and which go with it
    """

    twins: Twins
    files: dict[Path, bytes] = field(default_factory=dict)
    mended: list[Problem] = field(default_factory=list)
    left: list[Problem] = field(default_factory=list)
    dropped: list[Problem] = field(default_factory=list)

    @property
    def changed(self) -> list[Path]:
        """The files that are not as they should be."""
        return [path for path, data in self.files.items() if not path.exists() or path.read_bytes() != data]

    @property
    def findings(self) -> list[Problem]:
        """Everything that is not as it should be; empty for a pair in order."""
        return [*self.mended, *self.dropped, *self.left]

    def write(self) -> list[Path]:
        """Bring the files up to date; gives those that were written."""
        written = self.changed
        for path in written:
            beside = path.with_name(f"{path.name}.new")
            beside.write_bytes(self.files[path])
            beside.replace(path)
        return written


def pair_up(paths: Sequence[Path] = (), *, accept: bool = False, root: Path | None = None) -> list[Paired]:
    """What do English twins and stubs lack beside the Chinese notebooks? Writes nothing; see `Paired.write`.

    Parameters
    ----------
    paths : files of either language, or folders; by default notebooks, casestudies and exercises of `root`
    accept : take the English texts as they are for translations of the Chinese as it is now

    Raises
    ------
    InputProblems : a path that is not there or no half of a pair. What is wrong with a file is among `left`.
    """
    pairs: dict[Path, Twins] = {}
    for twins in find_twins(paths, root):
        source = twins.solution or twins  # a stub is made from its solution
        pairs.setdefault(source.file("zh").absolute(), source)
    return [_paired(twins, accept) for twins in pairs.values()]


def _paired(twins: Twins, accept: bool) -> Paired:
    done = Paired(twins)
    zh_file, en_file = twins.file("zh"), twins.file("en")
    if not zh_file.exists():
        done.left.append(Problem("pairs.no_zh", {"zh": zh_file.name}, file=shown(en_file)))
        return done
    if twins.is_stub and twins.solution is None:
        facts = {"solution": shown(twins.folder / SOLUTIONS / zh_file.name)}
        done.left.append(Problem("pairs.no_solution", facts, file=shown(zh_file)))
        return done
    read: dict[Lang, Notebook] = {}
    for path in filter(Path.exists, (zh_file, en_file)):
        try:
            read["zh" if path == zh_file else "en"] = read_notebook(path)
        except InputProblems as found:
            done.left += found.problems
    if done.left:
        return done
    zh = _in_order(read["zh"], done)
    made: dict[Lang, Notebook] = {"zh": zh, "en": _english(zh, read.get("en"), en_file, accept, done)}
    for lang, notebook in made.items():
        done.files[notebook.path] = _file(notebook, read.get(lang))
        _unpinned(notebook, done)
    told = {problem.file for problem in done.findings}
    for path in done.changed:
        if shown(path) not in told:  # by no cell, so by what the notebook notes of itself
            done.mended.append(Problem("pairs.notes", file=shown(path)))
    if twins.stub is not None:
        _stubs(twins.stub, made, done)
    return done


def _file(notebook: Notebook, read: Notebook | None) -> bytes:
    """The file as it is where it says the same in other blanks, else as we write it."""
    data = notebook.bytes()
    return read.path.read_bytes() if read is not None and read.tidy and read.bytes() == data else data


def _in_order(zh: Notebook, done: Paired) -> Notebook:
    """The Chinese notebook with ids given once, no outputs but pinned ones, and its language noted."""
    file, seen, cells = shown(zh.path), set[str](), []
    for cell in zh.cells:
        id = _fresh(cell.id, seen)
        seen.add(id)
        if id != cell.id:
            facts = {"cell": cell.id, "new": id, "text": cell.first_line}
            done.mended.append(Problem("pairs.same_id", facts, file=file))
            cell = cell.but(id=id)
        cells.append(cell)
    bare = [_bare(cell) for cell in cells]
    if bare != cells:
        shed = [cell.id for cell, left in zip(cells, bare, strict=True) if cell != left]
        done.mended.append(Problem("pairs.outputs", {"cells": shed[:5], "n": len(shed)}, file=file))
    if not zh.tidy:
        done.mended.append(Problem("pairs.untidy", file=file))
    return _speaking(zh.but(bare), "zh")


def _english(zh: Notebook, en: Notebook | None, path: Path, accept: bool, done: Paired) -> Notebook:
    file = shown(path)
    theirs = _Translations(en)
    if en is None:
        done.mended.append(Problem("pairs.no_en", {"n": len(zh.cells)}, file=file))
    elif not en.tidy:
        done.mended.append(Problem("pairs.untidy", file=file))
    cells = []
    for cell in zh.cells:
        old = theirs.of(cell)
        if cell.kind == "code":
            cells.append(_code(cell, old, file, done))
        else:
            cells.append(_text(cell, old, file, accept, done))
    ids = [cell.id for cell in cells]
    shared = [id for id in dict.fromkeys(cell.id for cell in theirs.cells) if id in ids]
    if shared != [id for id in ids if id in shared]:
        done.mended.append(Problem("pairs.order", file=file))
    _their_own(theirs.unused, cells, file, done)
    made = Notebook(path, zh.content).but(cells)
    return _speaking(made, "en")


class _Translations:
    """The English cells by id; a cell that got another id by being moved or copied is known by its hash."""

    def __init__(self, en: Notebook | None) -> None:
        self.cells = en.cells if en else ()
        self.by_id: dict[str, Cell] = {}
        self.by_hash: dict[str, Cell] = {}
        self._taken: set[int] = set()
        for cell in self.cells:
            self.by_id.setdefault(cell.id, cell)
            if cell.kind != "code" and cell.translates:
                self.by_hash.setdefault(cell.translates, cell)

    def of(self, zh: Cell) -> Cell | None:
        found = self.by_id.get(zh.id)
        if found is None and zh.kind != "code":
            found = self.by_hash.get(digest(zh.source))
        if found is None or found.kind != zh.kind:
            return None
        self._taken.add(id(found))
        return found

    @property
    def unused(self) -> list[tuple[str | None, Cell]]:
        """Cells that translate nothing there is, each with the id of the cell before it."""
        before = [None, *(cell.id for cell in self.cells)]
        return [(b, cell) for b, cell in zip(before, self.cells, strict=False) if id(cell) not in self._taken]


def _code(zh: Cell, old: Cell | None, file: str, done: Paired) -> Cell:
    """The Chinese code; comments of its own and pinned outputs stay as long as the code is the same."""
    source = _SPEAKS_ZH.sub(r"\1\2en\2", zh.source) if LANG_CELL in zh.tags else zh.source
    new = zh.but(source=source)
    new.raw["metadata"] = {k: v for k, v in new.raw.get("metadata", {}).items() if k != "segkit"}
    new = new.but(outputs=[], execution_count=None)
    if old is None:
        facts = {"cell": zh.id, "text": zh.first_line}
        done.mended.append(Problem("pairs.new_cell", facts, file=file))
        return new
    if not same_code(source, old.source):
        done.mended.append(Problem("pairs.code", {"cell": zh.id, "text": zh.first_line}, file=file))
        return new
    if PINNED in zh.tags:
        new = new.but(outputs=old.outputs, execution_count=old.raw.get("execution_count"))
    elif _bare(old) != old:
        done.mended.append(Problem("pairs.outputs", {"cells": [zh.id], "n": 1}, file=file))
    if _comments(source) != _comments(old.source):
        new = new.but(source=old.source)
    if _looks(new) != _looks(old):
        done.mended.append(Problem("pairs.looks", {"cell": zh.id}, file=file))
    return new


def _text(zh: Cell, old: Cell | None, file: str, accept: bool, done: Paired) -> Cell:
    """The English words under the looks of the Chinese cell, with the hash they were written for."""
    now = digest(zh.source)
    facts = {"cell": zh.id, "text": zh.first_line, "name": file}
    hash = old.translates if old else None
    source = old.source if old else zh.source
    # a Chinese text copied as it is waits for its translation
    waits = source.strip() == zh.source.strip() and bool(_CHINESE.search(source))
    if accept and not waits:
        if hash != now:
            done.mended.append(Problem("pairs.accepted", facts, file=file))
        hash = now
    elif waits:
        hash = None
        done.left.append(Problem("pairs.missing", facts, file=file))
    elif old is None:
        hash = now  # nothing in it to translate
        done.mended.append(Problem("pairs.new_cell", facts, file=file))
    elif hash != now:
        done.left.append(Problem("pairs.stale" if hash else "pairs.unmarked", facts, file=file))
    new = zh.but(source=source)
    note = {**new.raw.get("metadata", {}).get("segkit", {}), **({"zh": hash} if hash else {})}
    new.raw.setdefault("metadata", {})["segkit"] = note
    if not note:
        del new.raw["metadata"]["segkit"]
    if old is not None and old.id != zh.id:
        done.mended.append(Problem("pairs.same_text", {"cell": zh.id, "other": old.id}, file=file))
    if old is not None and _looks(new) != _looks(old):
        done.mended.append(Problem("pairs.looks", {"cell": zh.id}, file=file))
    return new


def _their_own(unused: list[tuple[str | None, Cell]], cells: list[Cell], file: str, done: Paired) -> None:
    """English cells without a Chinese one: a translation goes with its original, words of its own stay and are told."""
    for before, cell in unused:
        facts = {"cell": cell.id, "text": cell.first_line}
        if cell.kind == "code" or cell.translates:
            done.dropped.append(Problem("pairs.dropped", facts, file=file))
            continue
        done.left.append(Problem("pairs.own", facts, file=file))
        ids = [one.id for one in cells]
        place = ids.index(before) + 1 if before in ids else len(cells) if before else 0
        cells.insert(place, cell.but(id=_fresh(cell.id, set(ids))))


def _stubs(stub: Twins, solutions: dict[Lang, Notebook], done: Paired) -> None:
    for lang, solution in solutions.items():
        path = stub.file(lang)
        try:
            done.files[path] = stub_of(solution).bytes()
        except InputProblems as found:
            done.left += found.problems
            return  # the code of the other language is the same
        if not path.exists():
            done.mended.append(
                Problem("pairs.stub_missing", {"solution": shown(solution.path)}, file=shown(path))
            )
        elif path.read_bytes() != done.files[path]:
            done.mended.append(Problem("pairs.stub", {"solution": shown(solution.path)}, file=shown(path)))


def _unpinned(notebook: Notebook, done: Paired) -> None:
    pinned = [cell for cell in notebook.cells if cell.kind == "code" and PINNED in cell.tags]
    if bare := [cell.id for cell in pinned if not output_text(cell).strip()]:
        file = shown(notebook.path)
        done.left.append(Problem("pairs.unpinned", {"cells": bare, "n": len(bare), "name": file}, file=file))


# --- comparing -------------------------------------------------------------------------------------


def same_code(one: str, other: str) -> bool:
    """Do two sources mean the same? By syntax tree, so comments and blank lines do not count."""
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except SyntaxError:
        return one == other


def _comments(source: str) -> list[str]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def _looks(cell: Cell) -> dict[str, Any]:
    """Tags, slide type, folding: everything of the metadata but what we note ourselves."""
    return {key: value for key, value in cell.raw.get("metadata", {}).items() if key != "segkit"}


def _bare(cell: Cell) -> Cell:
    """A code cell without its outputs, unless they are pinned; without marks of when it ran."""
    if cell.kind != "code":
        return cell
    metadata = {
        k: v for k, v in cell.raw.get("metadata", {}).items() if k not in ("execution", "ExecuteTime")
    }
    if PINNED in cell.tags:
        return cell.but(metadata=metadata)
    return cell.but(outputs=[], execution_count=None, metadata=metadata)


def _fresh(id: str, taken: set[str]) -> str:
    """`id`, or `id-2`, `id-3` where it is taken."""
    return next(one for one in _numbered(id) if one not in taken)


def _numbered(id: str) -> Iterator[str]:
    yield id
    number = 2
    while True:
        yield f"{id[:57]}-{number}"
        number += 1


def _speaking(notebook: Notebook, lang: Lang) -> Notebook:
    return notebook.but(segkit={**notebook.noted, "lang": lang})
