"""Pages and workbooks of the workshop as files: one file each, offline, written whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from segkit import __version__
from segkit.locale import Lang, say
from segkit.problems import InputProblems, Problem
from segkit.report.render.html import FONTS_HERE, fonts_of


def page_of(template: str, lang: Lang, styles: Sequence[str], **names: Any) -> str:
    """A page of HTML with fonts and style inside, no link and no script; `names` as for `unset_page`."""
    return set_pages([unset_page(template, lang, styles, **names)])[0]


def unset_page(template: str, lang: Lang, styles: Sequence[str], **names: Any) -> str:
    """A page whose fonts are still to be put in by `set_pages`.

    Parameters
    ----------
    template, styles : files beside this module
    names : what the template shows; it also has `lang`, `version`, `css` and `say(id, **facts)`
    """

    def words(message: str, /, **facts: Any) -> str:
        return say(message, lang, **facts)

    css = Markup("\n".join(map(_own_file, styles)))
    return (
        _environment()
        .get_template(template)
        .render(lang=lang, version=__version__, css=css, say=words, **names)
    )


def set_pages(pages: Sequence[str]) -> list[str]:
    """Pages with the glyphs all of them show together: cut once, as that takes most of the time."""
    fonts = fonts_of("".join(pages))
    return [page.replace(FONTS_HERE, fonts, 1) for page in pages]


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(_own_file),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _own_file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def workbook_bytes(write: Callable[[Path], None]) -> bytes:
    """What `write` writes to the path it is given."""
    with tempfile.TemporaryDirectory(prefix="segkit-", ignore_cleanup_errors=True) as scratch:
        path = Path(scratch) / "book.xlsx"
        write(path)
        return path.read_bytes()


def write_files(folder: Path, made: Mapping[str, bytes]) -> list[Path]:
    """Write every file of `made` (name below `folder` -> content); gives their paths, in order.

    Whatever can be known to fail fails before the first of them is changed: a folder that cannot be made, a file
    that is open in Excel, a full disk. No file is ever left half-written.

    Raises
    ------
    InputProblems : all that cannot be written, each with the reason
    """
    targets = {folder / name: content for name, content in made.items()}
    problems = [problem for path in targets for problem in _closed(path)]
    beside = {path: path.with_name(f"{path.name}.tmp") for path in targets}
    try:
        for path, content in targets.items() if not problems else ():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                beside[path].write_bytes(content)
            except OSError as fault:
                problems.append(_unwritten(path, fault))
        for path in targets if not problems else ():
            try:
                beside[path].replace(path)
            except OSError as fault:
                problems.append(_unwritten(path, fault))
    finally:
        for unfinished in beside.values():
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
    if problems:
        raise InputProblems(problems)
    return list(targets)


def _closed(path: Path) -> list[Problem]:
    """On Windows a file that Excel has open cannot be opened for writing."""
    try:
        if path.exists():
            with path.open("r+b"):
                pass
    except OSError as fault:
        return [_unwritten(path, fault)]
    return []


def _unwritten(path: Path, fault: OSError) -> Problem:
    return Problem("pages.unwritten", {"name": path.name, "why": fault.strerror or str(fault)})
