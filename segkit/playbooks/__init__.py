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
from segkit.locale import Lang
from segkit.problems import InputProblems, Problem
from segkit.schemes.base import Scheme
from segkit.schemes.store import scheme_from


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
    """Labelled customers and the fitted schemes that labelled them."""

    customers: pd.DataFrame
    schemes: dict[str, Scheme]
    main: str

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
        text = path.read_text(encoding="utf-8-sig")
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
    labelled = customers
    for name, settings in {**playbook.schemes, **(overrides or {})}.items():
        scheme = scheme_from({"name": name, **settings})
        if set(scheme.needs()) <= set(customers.columns):
            fitted[name] = scheme.fit(customers)
            labelled = fitted[name].label(labelled)
    main = playbook.main if playbook.main in fitted else next(iter(fitted))
    return Segmentation(labelled, fitted, main)
