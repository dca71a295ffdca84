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

Size = Literal["small", "sample"]
SCALE: dict[str, float] = {"small": 0.1, "sample": 1.0}


# case -> seed of the committed sample; the generator is segkit.synth.cases.<case>.make(seed, scale, names)
CASES: dict[str, int] = dict.fromkeys(
    [
        "client_export",
        "jd",
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
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write the sample data of these cases (all of them if none is named), with its truth.

    Parameters
    ----------
    cases : ids of `CASES`
    out : folder; gets one folder a case, `_truth/` and `dictionary.csv`
    seed : another number gives other data with the same structure; None gives the committed sample
    size : small (about a tenth) | sample
    names : zh | en, the language of names, headings and words in cells
    progress : called with the id of a case before it is made

    Returns
    -------
    The files written.

    Raises
    ------
    InputProblems : unknown case, size or language
    """
    wanted = _known(cases, size, names)
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
    wanted = _known(cases, "sample", "zh")
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


def _dictionary() -> TextFile:
    return TextFile("dictionary.csv", csv_of(dictionary(list(CASES))))


def _known(cases: Sequence[str], size: str, names: str) -> list[str]:
    """The wanted cases, or every problem with the wishes at once."""
    choices = [("case", case, list(CASES)) for case in cases]
    choices += [("size", size, list(SCALE)), ("names", names, list(get_args(Names)))]
    problems = [
        Problem("data.unknown_choice", {"what": what, "given": given, "known": known})
        for what, given, known in choices
        if given not in known
    ]
    if problems:
        raise InputProblems(problems)
    return list(dict.fromkeys(cases)) or list(CASES)
