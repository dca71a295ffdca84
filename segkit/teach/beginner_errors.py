"""One plain line above Python's own message, for the errors a beginner makes (初学者报错).

`explained` is a table: kind of error -> functions that look for its cause, the first to find one speaks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from segkit.locale import Lang
from segkit.problems import InputProblems, Problem, SegkitError
from segkit.teach.failed_cell import FailedCell
from segkit.teach.name_faults import (
    missing_attribute,
    missing_import,
    missing_key,
    missing_name,
    missing_package,
    wrong_argument,
)
from segkit.teach.source_faults import source_fault
from segkit.teach.value_faults import (
    as_worded,
    closed_file,
    interrupted,
    missing_file,
    no_divisor,
    no_number,
    not_utf8,
    not_writable,
)

Look: TypeAlias = Callable[[FailedCell], Problem | None]


def unreadable_text(cell: FailedCell) -> Problem | None:
    """SyntaxError of the cell's own text; of code that the cell merely runs, nothing is said."""
    if not cell.is_own_text or not isinstance(cell.error, SyntaxError):
        return None
    return source_fault(cell.source) or (
        Problem("beginner.unreadable", {"line": cell.error.lineno}) if cell.error.lineno else None
    )


# the narrower kind before the wider
_LOOKS: tuple[tuple[type[BaseException], tuple[Look, ...]], ...] = (
    (SyntaxError, (unreadable_text,)),  # IndentationError and TabError are of it
    (NameError, (missing_name,)),
    (KeyError, (missing_key,)),
    (IndexError, (as_worded,)),
    (AttributeError, (missing_attribute,)),
    (ModuleNotFoundError, (missing_package,)),
    (ImportError, (missing_import,)),
    (FileNotFoundError, (missing_file,)),
    (PermissionError, (closed_file,)),
    (IsADirectoryError, (closed_file,)),
    (UnicodeDecodeError, (not_utf8,)),
    (UnicodeEncodeError, (not_writable,)),
    (ZeroDivisionError, (no_divisor,)),
    (TypeError, (wrong_argument, as_worded)),
    (ValueError, (no_number, as_worded)),
    (KeyboardInterrupt, (interrupted,)),
)


def explained(cell: FailedCell, lang: Lang) -> str | None:
    """What went wrong and what to do, in one line; None where nothing better than Python's words is known."""
    for kind, looks in _LOOKS:
        if isinstance(cell.error, kind):
            found = next((problem for look in looks if (problem := look(cell))), None)
            return found.text(lang) if found else None
    return None


def own_words(error: BaseException, lang: Lang) -> str | None:
    """What segkit itself has to say of input it cannot use: its lines alone, nobody needs the traceback."""
    if isinstance(error, InputProblems):
        return error.text(lang)
    if type(error).__name__ == "ValidationError":
        from segkit.schemes.store import refused  # not before somebody needs it: it brings every scheme along

        problems = refused(error)  # type: ignore[arg-type]
        return InputProblems(problems).text(lang) if problems else None
    text = getattr(error, "text", None)
    return str(text(lang)) if isinstance(error, SegkitError) and callable(text) else None
