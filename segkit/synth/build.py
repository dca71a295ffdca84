"""Writes the sample data, and proves that what is committed comes out again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, get_args

from segkit.locale import Lang, say
from segkit.problems import InputProblems, Problem
from segkit.samples import no_samples, unknown_case
from segkit.synth.clients import client_files
from segkit.synth.dictionary import dictionary
from segkit.synth.files import File, TextFile, csv_of
from segkit.synth.people import Names

Size = Literal["small", "sample", "large"]
SCALE: dict[str, float] = {"small": 0.1, "sample": 1.0}
LARGE = ("jd",)  # cases that can be made large
MOST_ORDERS = 100_000_000
TRUTH = "_truth"


# case -> seed of the committed sample; the generator is segkit.synth.cases.<case>.case.make(seed, scale, names)
CASES: dict[str, int] = dict.fromkeys(
    [
        "client_export",
        "jd",
        "alibaba",
        "bank",
        "realestate",
        "retail",
        "appliance",
        "market_profiles",
        "value_added_services",
        "regions",
        "auto",
        "education",
        "loyalty",
        "partner_tags",
        "health",
    ],
    20251231,
)


def build(
    cases: Sequence[str],
    *,
    out: str | Path,
    seed: int | None = None,
    size: str = "sample",
    names: str = "zh",
    orders: int | None = None,
    progress: Callable[[str], None] | None = None,
    rows_done: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write the sample data of these cases (all of them if none is named), with its truth.

    Size large writes millions of clean orders of jd to `large/` instead (`synth.large`).

    Parameters
    ----------
    cases : ids of `CASES`
    out : folder; gets one folder a case, `_truth/` and `dictionary.csv`
    seed : another number gives other data with the same structure; None gives the committed sample
    size : small (about a tenth) | sample | large
    names : zh | en, the language of names, headings and words in cells
    orders : rows of size large, 1 to 100,000,000; None gives 10,000,000
    progress : called with the id of a case before it is made
    rows_done : called with the rows written and wanted, in size large

    Returns
    -------
    The files written.

    Raises
    ------
    InputProblems : unknown case, size or language; seed below 0; a folder that cannot be written to; large
        with another case; orders out of range or with another size; too little room on the disk
    """
    wanted = _known(cases, seed, size, names, orders)
    _refuse_unwritable(Path(out))
    if size == "large":
        return _large(out, seed, orders, names, progress, rows_done)
    files = []
    for case in wanted:
        if progress:
            progress(case)
        files += _files(case, seed, size, names)
    files.append(_dictionary())
    try:
        return [file.write(Path(out)) for file in files]
    except OSError as fault:
        raise InputProblems([_unwritable(Path(fault.filename or out), fault)]) from fault


def check(
    cases: Sequence[str],
    folder: str | Path,
    *,
    seed: int | None = None,
    size: str = "sample",
    names: str = "zh",
) -> list[Problem]:
    """Is the sample data of a folder what the generators give? Text byte by byte, workbooks cell by cell.

    The other arguments are those the data were built with. Truth is compared where the folder has it: what is
    installed with the package comes without.

    Raises
    ------
    InputProblems : no sample data in the folder, or wishes as in `build`
    """
    wanted = _known(cases, seed, size, names, None)
    place = Path(folder)
    problems = [no_samples(place)] if not (place / "dictionary.csv").is_file() else []
    if size == "large":
        problems.append(Problem("data.no_check_of_large"))
    if problems:
        raise InputProblems(problems)
    files = [file for case in wanted for file in _files(case, seed, size, names)] + [_dictionary()]
    if not (place / TRUTH).is_dir():
        files = [file for file in files if not file.path.startswith(TRUTH)]
    found = []
    for file in files:
        if not (place / file.path).is_file():
            found.append(Problem("data.file_missing", file=file.path))
        elif odd := file.differs(place):
            found.append(odd)
    return found


def _files(case: str, seed: int | None, size: str, names: str) -> list[File]:
    make = import_module(f"segkit.synth.cases.{case}.case").make
    words: Names = "en" if names == "en" else "zh"
    files = make(CASES[case] if seed is None else seed, SCALE[size], words)
    return [*(_with_notes(file, size, names) for file in files), *client_files(case, words)]


def _with_notes(file: File, size: str, names: str) -> File:
    """A datasheet says at its head in what this draw differs from the one it was written for."""
    if not isinstance(file, TextFile) or not file.path.endswith((".zh.md", ".en.md")):
        return file
    lang: Lang = "zh" if file.path.endswith(".zh.md") else "en"
    notes = [("data.note_small", size == "small"), ("data.note_english", names == "en")]
    said = [f"> {say(id, lang)}\n" for id, holds in notes if holds]
    title, rest = file.text.split("\n", 1)
    return replace(file, text="\n".join([title, "", *said, rest.lstrip("\n")]) if said else file.text)


def _refuse_unwritable(folder: Path) -> None:
    """Nothing is made for a folder that cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".segkit-"):
            pass
    except OSError as fault:
        raise InputProblems([_unwritable(folder, fault)]) from fault


def _unwritable(place: Path, fault: OSError) -> Problem:
    return Problem("report.not_writable", {"folder": str(place), "why": fault.strerror or str(fault)})


def _large(
    out: str | Path,
    seed: int | None,
    orders: int | None,
    names: str,
    progress: Callable[[str], None] | None,
    rows_done: Callable[[int, int], None] | None,
) -> list[Path]:
    from segkit.synth.large import ORDERS, build_large

    (case,) = LARGE
    if progress:
        progress(case)
    return build_large(
        out,
        seed=CASES[case] if seed is None else seed,
        orders=ORDERS if orders is None else orders,
        names="en" if names == "en" else "zh",
        progress=rows_done,
    )


def _dictionary() -> TextFile:
    return TextFile("dictionary.csv", csv_of(dictionary(list(CASES))))


def _known(cases: Sequence[str], seed: int | None, size: str, names: str, orders: int | None) -> list[str]:
    """The wanted cases, or every problem with the wishes at once."""
    choices = [("--size", size, list(get_args(Size))), ("--names", names, list(get_args(Names)))]
    problems = [unknown_case(case, list(CASES)) for case in cases if case not in CASES]
    problems += [
        Problem("data.unknown_choice", {"what": what, "given": given, "known": known})
        for what, given, known in choices
        if given not in known
    ]
    if seed is not None and seed < 0:
        problems.append(Problem("data.bad_seed", {"given": seed}))
    if size == "large" and (others := [case for case in cases if case in CASES and case not in LARGE]):
        problems.append(Problem("data.not_large", {"given": others, "known": LARGE}))
    if orders is not None and size != "large":
        problems.append(Problem("data.orders_of_large", {"size": size}))
    if orders is not None and not 1 <= orders <= MOST_ORDERS:
        problems.append(Problem("data.orders_out_of_range", {"given": orders, "most": MOST_ORDERS}))
    if problems:
        raise InputProblems(problems)
    return list(dict.fromkeys(cases)) or list(CASES)
