"""What can be wrong with input, as facts; the words come from the locale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from segkit.locale import Lang, say


@dataclass(frozen=True)
class Problem:
    """One thing a user should know or mend: a message id of messages.yml, its facts, and where it stands."""

    id: str
    facts: dict[str, Any] = field(default_factory=dict)
    file: str | None = None
    sheet: str | None = None
    column: str | None = None
    row: int | None = None

    def text(self, lang: Lang) -> str:
        """The sentence, led by the place: ``orders.csv · 第 12 行 · 金额：...``."""
        place = [p for p in (self.file, self.sheet) if p]
        if self.row is not None:
            place.append(say("problem.row", lang, row=self.row))
        if self.column is not None:
            place.append(say("problem.column", lang, column=self.column))
        sentence = say(self.id, lang, **self.facts)
        return f"{' · '.join(place)}: {sentence}" if place else sentence


class SegkitError(Exception):
    """Root of the errors this package raises on purpose."""


class InputProblems(SegkitError):
    """Input or config that cannot be used; holds every problem found, not the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(p.text("en") for p in self.problems))

    def text(self, lang: Lang) -> str:
        head = say("problem.head", lang, n=len(self.problems))
        return "\n".join([head, *(f"  {i}. {p.text(lang)}" for i, p in enumerate(self.problems, 1))])
