"""A trade's way of classifying and following up, as data: schemes, thresholds with their source, policy."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from segkit.followup.policy import Policy
from segkit.intake.encodings import decode
from segkit.locale import Lang
from segkit.problems import InputProblems, Problem
from segkit.schemes.base import Scheme
from segkit.schemes.store import schemes_from


class Playbook(BaseModel):
    """Schemes by name, the `main` one that page 1 and the policy speak of, and the policy."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    title: dict[Lang, str]
    schemes: dict[str, dict[str, Any]]
    main: str
    policy: Policy


@dataclass(frozen=True)
class Segmentation:
    """Labelled customers and the fitted schemes that labelled them.

    `main` is the playbook's main scheme, or the first one that could label somebody where that one could not;
    `skipped` holds the schemes whose columns these customers lack, and which columns those are.
    """

    customers: pd.DataFrame
    schemes: dict[str, Scheme]
    main: str
    skipped: dict[str, list[str]]

    @property
    def main_scheme(self) -> Scheme:
        return self.schemes[self.main]


def known_playbooks() -> list[str]:
    return sorted(
        p.name.removesuffix(".yml") for p in resources.files(__name__).iterdir() if p.name.endswith(".yml")
    )


def load_playbook(name: str, *, folder: Path | None = None) -> Playbook:
    """A playbook of the package by name, or a client's own file by path (relative to `folder`).

    Raises
    ------
    InputProblems : no such playbook, not YAML, or not a valid playbook (every problem at once)
    """
    if name in known_playbooks():
        text = resources.files(__name__).joinpath(f"{name}.yml").read_text(encoding="utf-8")
    else:
        path = (folder or Path()) / name
        if not path.is_file():
            near = difflib.get_close_matches(name, known_playbooks(), n=1, cutoff=0)
            raise InputProblems(
                [Problem("playbook.unknown", {"name": name, "known": known_playbooks(), "near": near[0]})]
            )
        text = decode(path.read_bytes()).text
    try:
        playbook = Playbook.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as fault:
        raise InputProblems([Problem("playbook.not_yaml", {"name": name, "why": str(fault)})]) from None
    except ValidationError as fault:
        raise InputProblems(
            [
                Problem("playbook.wrong", {"key": ".".join(map(str, e["loc"])), "why": e["msg"]}, file=name)
                for e in fault.errors()
            ]
        ) from None
    if playbook.main not in playbook.schemes:
        raise InputProblems(
            [Problem("playbook.no_main", {"main": playbook.main, "known": list(playbook.schemes)})]
        )
    return playbook


def apply(
    playbook: Playbook, customers: pd.DataFrame, *, overrides: dict[str, dict[str, Any]] | None = None
) -> Segmentation:
    """Fit every scheme of the playbook that these customers have the columns for, and label them.

    `overrides` are the client's own schemes by name; they replace the playbook's.
    """
    fitted: dict[str, Scheme] = {}
    skipped: dict[str, list[str]] = {}
    labelled = customers
    for name, scheme in schemes_of(playbook, overrides).items():
        lacking = [column for column in scheme.needs() if column not in customers.columns]
        if lacking:
            skipped[name] = lacking
            continue
        fitted[name] = scheme.fit(customers)
        labelled = fitted[name].label(labelled)
    if not fitted:
        lacking = sorted({column for columns in skipped.values() for column in columns})
        raise InputProblems([Problem("playbook.nothing_fits", {"columns": lacking})])
    wanted = [playbook.main, *fitted]
    able = [n for n in wanted if n in fitted and not labelled[n].isin(["unknown", "prospect"]).all()]
    return Segmentation(labelled, fitted, (able or [n for n in wanted if n in fitted])[0], skipped)


def schemes_of(playbook: Playbook, overrides: dict[str, dict[str, Any]] | None = None) -> dict[str, Scheme]:
    """The playbook's schemes with the client's own in place of those of the same name, not yet fitted.

    Raises
    ------
    InputProblems : a scheme that is none: unknown kind, misspelt key, a map with holes (every problem at once)
    """
    return schemes_from({**playbook.schemes, **(overrides or {})}, file="schemes")
