"""Writes the sample data, and proves that what is committed comes out again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Literal, get_args

from segkit.problems import InputProblems, Problem
from segkit.synth.dictionary import dictionary
from segkit.synth.files import File, TextFile, csv_of
from segkit.synth.people import Names

Size = Literal["small", "sample", "large"]
SCALE: dict[str, float] = {"small": 0.1, "sample": 1.0}
LARGE = ("jd",)  # cases that can be made large
MOST_ORDERS = 100_000_000


# case -> seed of the committed sample; the generator is segkit.synth.cases.<case>.make(seed, scale, names)
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
    InputProblems : unknown case, size or language; large with another case; orders out of range or with
        another size; too little room on the disk
    """
    wanted = _known(cases, size, names, orders)
    if size == "large":
        return _large(out, seed, orders, names, progress, rows_done)
    paths = []
    for case in wanted:
        if progress:
            progress(case)
        for file in _files(case, seed, size, names):
            paths.append(file.write(Path(out)))
    paths.append(_dictionary().write(Path(out)))
    return paths


def check(cases: Sequence[str], folder: str | Path) -> list[Problem]:
    """Is the committed sample what the generators give? Text byte by byte, workbooks cell by cell."""
    wanted = _known(cases, "sample", "zh", None)
    problems = []
    for file in [f for case in wanted for f in _files(case, None, "sample", "zh")] + [_dictionary()]:
        if not (Path(folder) / file.path).is_file():
            problems.append(Problem("data.file_missing", file=file.path))
        elif found := file.differs(Path(folder)):
            problems.append(found)
    return problems


def _files(case: str, seed: int | None, size: str, names: str) -> list[File]:
    make = import_module(f"segkit.synth.cases.{case}").make
    return list(make(CASES[case] if seed is None else seed, SCALE[size], "en" if names == "en" else "zh"))


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


def _known(cases: Sequence[str], size: str, names: str, orders: int | None) -> list[str]:
    """The wanted cases, or every problem with the wishes at once."""
    choices = [("case", case, list(CASES)) for case in cases]
    choices += [("size", size, list(get_args(Size))), ("names", names, list(get_args(Names)))]
    problems = [
        Problem("data.unknown_choice", {"what": what, "given": given, "known": known})
        for what, given, known in choices
        if given not in known
    ]
    if size == "large" and (others := [case for case in cases if case in CASES and case not in LARGE]):
        problems.append(Problem("data.not_large", {"given": others, "known": LARGE}))
    if orders is not None and size != "large":
        problems.append(Problem("data.orders_of_large", {"size": size}))
    if orders is not None and not 1 <= orders <= MOST_ORDERS:
        problems.append(Problem("data.orders_out_of_range", {"given": orders, "most": MOST_ORDERS}))
    if problems:
        raise InputProblems(problems)
    return list(dict.fromkeys(cases)) or list(CASES)
