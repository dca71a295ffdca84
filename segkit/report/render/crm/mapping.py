"""How one CRM takes records: its objects and fields, what it asks of them, and what differs by tenant."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from segkit.locale import Lang
from segkit.problems import InputProblems, Problem

MOST = 100  # records in one file, whatever the CRM would take
Kind = Literal["id", "text", "date", "epoch_ms", "integer"]
Rows = Literal["customers", "tasks"]
Words = dict[Lang, str]

# what a mapping may draw on: ids and what this report adds, never who somebody is or how to reach them
SOURCES: dict[Rows, frozenset[str]] = {
    "customers": frozenset(
        {"customer_id", "label", "label_id", "why", "next_step", "next_due", "next_channel", "owner", "as_of"}
    ),
    "tasks": frozenset(
        {
            *("task_id", "customer_id", "subject", "due", "starts", "owner", "channel", "channel_id"),
            *("next_step", "content", "why", "minutes", "label", "label_id", "as_of"),
        }
    ),
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CrmField(_Part):
    """One field of theirs.

    Attributes
    ----------
    to : its name in that CRM
    take : what goes in: one of ours, or several, joined by `joined_by`; or the same `value` in every record
    prefix : stands before what was taken
    type : id (text that names a record), text, date (``2026-01-05``), epoch_ms (midnight in Beijing), integer
    length : characters it holds; longer text is cut with … where `cut` allows it, else the record is refused
    unsure : why its name or type may differ in the client's own CRM; "" where it is standard
    """

    to: str
    take: tuple[str, ...] = ()
    value: str | None = None
    joined_by: str = " · "
    prefix: str = ""
    type: Kind = "text"
    required: bool = False
    length: int | None = Field(default=None, gt=0)
    cut: bool = False
    lines: bool = False  # may hold several lines
    allowed: tuple[str, ...] = ()
    unsure: Words = {}

    @model_validator(mode="before")
    @classmethod
    def _one_is_a_list(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("take"), str):
            return {**data, "take": (data["take"],)}
        return data

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if bool(self.take) == (self.value is not None):
            raise ValueError(f"{self.to}: take or value, one of the two")
        return self


class CrmObject(_Part):
    """One kind of record: `name` leads the file names, `key` is the field by which a record is found again.

    `head` stands beside the records of a JSON file; ``{object}`` and ``{key}`` are filled in.
    """

    name: str = Field(pattern="[a-z_]+")
    object: str
    rows: Rows
    key: str
    insert_only: bool = False  # that CRM offers no upsert here
    head: dict[str, str | list[str]] = {}
    fields: tuple[CrmField, ...] = Field(min_length=1)
    unsure: Words = {}

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        heads = [field.to for field in self.fields]
        if len(set(heads)) < len(heads) or self.key not in heads:
            raise ValueError(f"{self.name}: fields are told apart, and the key is one of them")
        unknown = {one for field in self.fields for one in field.take} - SOURCES[self.rows]
        if unknown:
            raise ValueError(f"{self.name}: {sorted(unknown)} is nothing a CRM file may hold")
        return self

    @property
    def key_field(self) -> CrmField:
        return next(field for field in self.fields if field.to == self.key)


class Crm(_Part):
    """A CRM and the form of its files; `records` names the list in a JSON file."""

    id: str
    title: Words
    format: Literal["csv", "json"]
    encoding: Literal["utf-8", "utf-8-sig", "gb18030"] = "utf-8"
    line_end: Literal["\n", "\r\n"] = "\n"
    chunk: int = Field(default=MOST, gt=0, le=MOST)
    records: str = "data"
    how: Words  # how to import, in plain words
    source: Words  # what the rules were taken from
    objects: tuple[CrmObject, ...] = Field(min_length=1)  # the first are the customers others refer to

    @model_validator(mode="after")
    def _customers_first(self) -> Self:
        first = self.objects[0]
        if first.rows != "customers" or first.key_field.take != ("customer_id",):
            raise ValueError(f"{self.id}: the customers come first, found by their id")
        return self

    def named(self, name: str) -> CrmObject | None:
        """The object whose files begin with `name`."""
        return next((one for one in self.objects if one.name == name), None)


def known_crms() -> list[str]:
    """The targets there are files for: what ``crm: {targets: [...]}`` of client.yml may name."""
    names = [p.name for p in resources.files(__package__).iterdir()]
    return sorted(name.removesuffix(".yml") for name in names if name.endswith(".yml"))


@lru_cache(maxsize=8)
def crm_of(target: str) -> Crm:
    """The mapping of one target.

    Raises
    ------
    InputProblems : there is no such target
    """
    if target not in known_crms():
        raise InputProblems([Problem("crm.unknown_target", {"target": target, "known": known_crms()})])
    text = resources.files(__package__).joinpath(f"{target}.yml").read_text(encoding="utf-8")
    return Crm.model_validate(yaml.safe_load(text))
