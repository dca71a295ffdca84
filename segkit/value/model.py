"""What every value model is: frozen parameters, the checks they passed, and YAML to use them again next month."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from segkit.locale import Lang, say, term
from segkit.problems import InputProblems, Problem, SegkitError


class ModelNotFitted(SegkitError):
    """A question to a model that has no parameters yet."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(self.text("en"))

    def text(self, lang: Lang) -> str:
        return say("value.not_fitted", lang, model=term(f"model.{self.kind}", lang))


class Check(BaseModel):
    """One assumption held against the data: a figure, the limit it should keep, and whether it does.

    Attributes
    ----------
    name : which assumption; the sentences are ``value.check.<name>`` of the locale
    figure, limit : as the sentence states them; shares in 0..1
    passed : False where the assumption is doubtful; what makes a model useless is refused by `fit` instead
    n : rows the figure rests on
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    figure: float
    limit: float
    passed: bool
    n: int

    def text(self, lang: Lang = "zh") -> str:
        facts = {"figure": self.figure, "limit": self.limit, "n": self.n}
        return say(f"value.check.{self.name}{'' if self.passed else '_not'}", lang, **facts)


class ValueModel(BaseModel):
    """Parameters that can be given, fitted, saved and read again; `fit` gives back a new model."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: str
    n: int | None = None
    log_likelihood: float | None = None
    checks: tuple[Check, ...] = ()

    @property
    def fitted(self) -> bool:
        raise NotImplementedError

    def notes(self, lang: Lang = "zh") -> list[str]:
        """What must be said wherever a figure of this model is shown."""
        return []

    def to_dict(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_defaults=True) | {"kind": self.kind}

    def save(self, path: str | Path) -> None:
        """Write the parameters as YAML; `load` of the same class reads them."""
        fields = {"kind": self.kind} | self.to_dict()
        text = yaml.safe_dump(fields, allow_unicode=True, sort_keys=False)
        Path(path).write_text(text, encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        InputProblems : no such file, not YAML, another kind of model, or a value that cannot be
        """
        file = Path(path).name
        try:
            given = yaml.safe_load(Path(path).read_text(encoding="utf-8-sig"))
        except OSError:
            raise InputProblems([Problem("value.no_file", {"path": str(path)}, file=file)]) from None
        except (UnicodeDecodeError, yaml.YAMLError):
            given = None
        if not isinstance(given, dict):
            raise InputProblems([Problem("value.not_yaml", file=file)])
        kind = cls.model_fields["kind"].default
        if given.get("kind") != kind:
            facts = {"kind": str(given.get("kind")), "wanted": kind}
            raise InputProblems([Problem("value.other_kind", facts, file=file)])
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            found = [
                Problem(
                    "value.bad_value", {"at": ".".join(map(str, e["loc"])), "value": e["input"]}, file=file
                )
                for e in error.errors()
            ]
            raise InputProblems(found) from None

    def _require_fitted(self) -> None:
        if not self.fitted:
            raise ModelNotFitted(self.kind)
