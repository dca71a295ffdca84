"""From a solution to the exercise a trainee gets: answers become one comment that names what to write.

The solution is the source, the stub is generated and committed; nobody edits a stub.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from segkit.locale import Lang, say
from segkit.problems import InputProblems, Problem
from segkit.teach.exercise import exercise, known_exercises
from segkit.workshop.notebooks import ANSWER, PINNED, SOLUTION, Cell, Notebook, shown

BEGIN, END = "# >>> answer", "# <<< answer"


@dataclass(frozen=True)
class Region:
    """The lines between two markers, as indices into the lines of a cell, markers included."""

    begin: int
    end: int
    indent: str
    lines: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """The names the answer assigns, in order."""
        return names_assigned("\n".join(self.lines))


def stub_of(solution: Notebook) -> Notebook:
    """The exercise without its answers, in the language of `solution`.

    Every answer region becomes one comment naming the names to write (those the exercise judges, else all it
    assigns), which stay unset, so that Run All works and what a form wrote is not overwritten. Markdown tagged
    ``solution`` is dropped, and so are stored outputs, counts and the tag that pins an output.

    Raises
    ------
    InputProblems : markers that do not pair up or stand in a cell without the tag ``answer``, an answer cell
        without a region, an answer that is no Python
    """
    problems = [problem for cell in solution.cells for problem in _faults(cell, shown(solution.path))]
    if problems:
        raise InputProblems(problems)
    kept = [cell for cell in solution.cells if not (cell.kind == "markdown" and SOLUTION in cell.tags)]
    judged = _judged(str(solution.noted.get("exercise", "")))
    return solution.but([_without_answer(cell, solution.lang, judged) for cell in kept])


def _judged(id: str) -> tuple[str, ...]:
    """The names that `check` asks for in this exercise; none where there is no such exercise."""
    return exercise(id).names if id in known_exercises() else ()


def regions(cell: Cell) -> list[Region]:
    """The answer regions of a code cell whose markers pair up."""
    lines = cell.source.split("\n")
    found, begin = [], None
    for index, line in enumerate(lines):
        if line.strip() == BEGIN:
            begin = index
        elif line.strip() == END and begin is not None:
            indent = lines[begin][: len(lines[begin]) - len(lines[begin].lstrip())]
            found.append(Region(begin, index, indent, tuple(lines[begin + 1 : index])))
            begin = None
    return found


def answer_lines(solution: Notebook) -> list[str]:
    """Every line of every answer region, stripped: what no stub, hint or pack may hold."""
    found = [region for cell in solution.cells if cell.kind == "code" for region in regions(cell)]
    return [line.strip() for region in found for line in region.lines if line.strip()]


def names_assigned(source: str) -> list[str]:
    """The names that `source` binds for those who come after it, in order of appearance.

    Assigned names and functions; ``table["share"] = ...`` counts as written. Not: what is bound inside a function,
    what a loop counts with, names that begin with an underscore, and imports.
    """
    found: list[str] = []
    for name in _bound(ast.parse(textwrap.dedent(source)).body):
        if name not in found and not name.startswith("_"):
            found.append(name)
    return found


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        match statement:
            case ast.Assign():
                for target in statement.targets:
                    yield from _targets(target)
            case ast.AugAssign() | ast.AnnAssign():
                yield from _targets(statement.target)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield statement.name
            case _:
                yield from _bound(getattr(statement, "body", []))
                for part in (*getattr(statement, "handlers", []), *getattr(statement, "cases", [])):
                    yield from _bound(part.body)
                for inner in ("orelse", "finalbody"):
                    yield from _bound(getattr(statement, inner, []))


def _targets(target: ast.expr) -> Iterator[str]:
    match target:
        case ast.Tuple() | ast.List():
            for element in target.elts:
                yield from _targets(element)
        case ast.Starred():
            yield from _targets(target.value)
        case _:
            yield ast.unparse(target).replace("'", '"')


def _faults(cell: Cell, file: str) -> Iterator[Problem]:
    if cell.kind != "code":
        return
    marks = [line.strip() for line in cell.source.split("\n") if line.strip() in (BEGIN, END)]
    facts = {"cell": cell.id, "begin": BEGIN, "end": END}
    if marks != [BEGIN, END] * (len(marks) // 2):
        yield Problem("stub.markers", facts, file=file)
    elif marks and ANSWER not in cell.tags:
        yield Problem("stub.untagged", facts, file=file)
    elif ANSWER in cell.tags and not marks:
        yield Problem("stub.no_region", facts, file=file)
    else:
        for region in regions(cell):
            try:
                ast.parse(textwrap.dedent("\n".join(region.lines)))
            except SyntaxError as fault:
                line = region.begin + 1 + (fault.lineno or 1)
                yield Problem("stub.no_python", {"cell": cell.id, "line": line}, file=file)


def _without_answer(cell: Cell, lang: Lang, judged: tuple[str, ...]) -> Cell:
    if cell.kind != "code":
        return cell
    lines = cell.source.split("\n")
    whole = _is_python(cell.source)
    for region in reversed(regions(cell)):
        # what the answer only uses on its way is the trainee's own business
        names = [name for name in region.names if name in judged] or region.names
        comment = say("stub.write", lang, names=names) if names else say("stub.write_here", lang)
        lines[region.begin : region.end + 1] = [f"{region.indent}# {comment}"]
        if whole and not _is_python(
            "\n".join(lines)
        ):  # a function or a branch that held nothing but the answer
            lines.insert(region.begin + 1, f"{region.indent}...")
    metadata = dict(cell.raw.get("metadata", {}))
    if PINNED in cell.tags:
        metadata["tags"] = [tag for tag in cell.tags if tag != PINNED]
        if not metadata["tags"]:
            del metadata["tags"]
    return cell.but(source="\n".join(lines), outputs=[], execution_count=None, metadata=metadata)


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True
