"""Leads (线索、商机、来访): the steps of a sale in order, where each lead stands, and those a plan can take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Literal, Self

import numpy as np
import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from segkit.followup.policy import LabelPolicy, Touch
from segkit.locale import Lang
from segkit.locale.sourced import Sourced
from segkit.locale.spelling import plain_word
from segkit.playbooks.sources import Source
from segkit.problems import InputProblems, Problem
from segkit.schemes.conditions import Conditions

STAGE_UNKNOWN = "stage_unknown"
TABLE = "leads"
Status = Literal["open", "won", "lost"]
# our columns of a lead, and what stands in them where the client has none
COLUMNS = {
    "lead_id": "str",
    "first_contact": "datetime64[ns]",
    "channel": "str",
    "stage": "str",
    "last_follow_up": "datetime64[ns]",
    "owner": "str",
    "expected_amount": "float64",
    "outcome": "str",
}
KEPT = ("name", "consent_marketing", "opt_out_channels", "province", "city")  # what a plan reads beside


class Ending(BaseModel):
    """How a lead ended: by the client's words for it in `outcome` or `stage`, or by conditions."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    words: tuple[str, ...] = ()
    when: Conditions | None = None


class Stage(LabelPolicy):
    """One step of a sale: how it is recognised, how long a lead may stay, and what is done meanwhile.

    A stage with neither `words` nor `when` is where every lead begins.
    """

    words: tuple[str, ...] = ()
    when: Conditions | None = None
    max_days: int = Field(gt=0, le=3660)


class LeadRules(Sourced, Source):
    """The steps of a sale in a trade, in order.

    Attributes
    ----------
    stages : by label; what they are called stands in terms.yml (`segment.*`) or in the playbook's `names`
    unknown : what is done with leads whose stage nobody wrote down, or by a word nobody knows
    won, lost : how a lead ended
    first_response_hours : a new lead is answered within so many hours of the first contact
    source : where the days and hours come from
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    table: str = Field(default=TABLE, alias="from", min_length=1)
    stages: dict[str, Stage] = Field(min_length=1)
    unknown: tuple[Touch, ...] = Field(min_length=1)
    won: Ending
    lost: Ending
    first_response_hours: float = Field(default=24.0, gt=0)
    source: str | dict[Lang, str] = ""

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        """No word may mean two things."""
        places: dict[str, str] = {}
        blocks: dict[str, Stage | Ending] = {**self.stages, "won": self.won, "lost": self.lost}
        for name, block in blocks.items():
            for word in block.words:
                other = places.setdefault(plain_word(word), name)
                if other != name:
                    facts = {"word": word, "one": other, "other": name}
                    raise PydanticCustomError("leads.word_twice", "two meanings", facts)
        return self


@lru_cache(maxsize=1)
def usual_leads() -> LeadRules:
    """The stages of every playbook that names none (示例参数 where its `source` says so)."""
    text = resources.files(__package__).joinpath("defaults", "lead_stages.yml").read_text(encoding="utf-8")
    return LeadRules.model_validate(yaml.safe_load(text))


def leads_of(
    rules: LeadRules, customers: pd.DataFrame, tables: Mapping[str, pd.DataFrame]
) -> pd.DataFrame | None:
    """The client's leads: its own table of them, else the rows the playbook names; None where there are none."""
    own = tables.get(TABLE)
    if own is None:
        found = rules.rows(customers, tables)
    else:  # its columns are ours already; what the playbook calls otherwise stands in for those left empty
        empty = [ours for ours in rules.columns if ours not in own or own[ours].isna().all()]
        there = {ours: rules.columns[ours] for ours in empty if rules.columns[ours] in own}
        found = own.assign(**{ours: own[theirs] for ours, theirs in there.items()})
    if found is None or not len(found) or "lead_id" not in found.columns:
        return None
    return found


def lead_states(leads: pd.DataFrame, rules: LeadRules, *, as_of: dt.date) -> pd.DataFrame:
    """Where does each lead stand, how did it end, and is it stuck (停留超期)?

    The stage is the furthest one whose words or conditions it meets. A lead that was never followed up and has no
    stage is in the first one. Days in the stage are counted from `stage_since`; where the client does not record
    it, from the last follow-up, else from the first contact, and the lead has been there at least so long.

    Parameters
    ----------
    leads : `lead_id` and, where the client has them, the columns of `COLUMNS`, `stage_since`, and
        `last_follow_up_days` in place of a day

    Returns
    -------
    one row per lead in the order given: the columns of `COLUMNS` and every other of the client's, with `label` (a
    stage, or `stage_unknown`), `status` (open | won | lost), `reached` (number of stages reached, all of them where
    it was won; 1 where nobody knows), `age_days` and `age_sure`, `max_days`, `stuck`

    Raises
    ------
    InputProblems : no column `lead_id`
    """
    if "lead_id" not in leads.columns:
        raise InputProblems([Problem("leads.no_column", {"name": "lead_id"})])
    made = leads.reset_index(drop=True).copy()
    for name, kind in COLUMNS.items():
        if name not in made:
            made[name] = pd.Series(pd.NaT if kind[0] == "d" else np.nan, index=made.index, dtype=kind)
    if "last_follow_up_days" in made:
        ago = pd.to_timedelta(pd.to_numeric(made["last_follow_up_days"]).astype("float64"), unit="D")
        made["last_follow_up"] = made["last_follow_up"].fillna(pd.Timestamp(as_of) - ago)
    stages = list(rules.stages)
    place = pd.Series(-1, index=made.index)
    for number, stage in enumerate(rules.stages.values()):
        begins = not stage.words and stage.when is None
        place = place.mask(begins | _meets(made, stage.words, stage.when, ("stage",)), number)
    untouched = place.eq(-1) & made["last_follow_up"].isna() & _cells(made["stage"]).eq("")
    place = place.mask(untouched, 0)
    won = _meets(made, rules.won.words, rules.won.when, ("outcome", "stage"))
    lost = ~won & _meets(made, rules.lost.words, rules.lost.when, ("outcome", "stage"))
    made["label"] = place.map({-1: STAGE_UNKNOWN, **dict(enumerate(stages))})
    made["status"] = np.select([won, lost], ["won", "lost"], "open")
    made["reached"] = np.where(won, len(stages), place.clip(lower=0) + 1)
    return _with_age(made, rules, as_of)


def _with_age(made: pd.DataFrame, rules: LeadRules, as_of: dt.date) -> pd.DataFrame:
    since = made.get("stage_since", pd.Series(pd.NaT, index=made.index, dtype="datetime64[ns]"))
    begun = since.fillna(made["last_follow_up"]).fillna(made["first_contact"])
    days = (pd.Timestamp(as_of) - pd.to_datetime(begun).dt.normalize()).dt.days
    made["age_days"] = days.clip(lower=0).astype("Int64")
    made["age_sure"] = since.notna()
    limits = {name: stage.max_days for name, stage in rules.stages.items()}
    made["max_days"] = made["label"].map(limits).astype("Int64")
    over = (made["age_days"] > made["max_days"]).fillna(False).astype(bool)
    made["stuck"] = over & made["status"].eq("open")
    return made


def lead_candidates(leads: pd.DataFrame, rules: LeadRules, *, as_of: dt.date) -> pd.DataFrame:
    """The open leads as a plan takes them, so that leads and customers can stand in one list (售前、售后).

    Returns
    -------
    one row per open lead: `customer_id` (that of the lead), `label` (its stage), `owner`, `monetary` (the expected
    amount), `last_order` (the last follow-up, else the first contact), `recency_days`, `kind` "lead", and the
    columns of `KEPT` that are there
    """
    states = lead_states(leads, rules, as_of=as_of)
    found = states[states["status"] == "open"]
    last = pd.to_datetime(found["last_follow_up"].fillna(found["first_contact"])).astype("datetime64[ns]")
    made = pd.DataFrame(
        {
            "customer_id": found["lead_id"].astype(str),
            "label": found["label"],
            "owner": _cells(found["owner"], folded=False),
            "monetary": pd.to_numeric(found["expected_amount"]).astype("float64"),
            "last_order": last,
            "recency_days": (pd.Timestamp(as_of) - last.dt.normalize()).dt.days.astype("Int64"),
            "kind": "lead",
        }
    )
    kept = [column for column in KEPT if column in found]
    return pd.concat([made, found[kept]], axis=1).reset_index(drop=True)


def lead_policy(rules: LeadRules) -> dict[str, LabelPolicy]:
    """What leads get, by stage: to be put beside the labels of a policy.

    The first answer to a new lead comes first, then the leads nearest to the end.
    """
    first, *later = rules.stages
    stages = {
        name: LabelPolicy(touches=rules.stages[name].touches, strategies=rules.stages[name].strategies)
        for name in (first, *reversed(later))
    }
    return stages | {STAGE_UNKNOWN: LabelPolicy(touches=rules.unknown)}


def _meets(
    leads: pd.DataFrame, words: tuple[str, ...], when: Conditions | None, columns: tuple[str, ...]
) -> pd.Series:
    known = {plain_word(word) for word in words}
    met = pd.Series(False, index=leads.index)
    for column in columns if known else ():
        met |= _cells(leads[column]).isin(known)
    if when is not None and {*when.columns()} <= {*leads.columns}:
        met |= when.holds(leads)
    return met


def _cells(column: pd.Series, *, folded: bool = True) -> pd.Series:
    text = column.astype("object").where(column.notna(), "").astype(str)
    return text.map(plain_word) if folded else text.str.strip()
