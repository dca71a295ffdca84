"""The shape of client.yml. A value that does not fit is refused with its path; loading.py words it."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from segkit.config.writing import (
    Bare,
    Day,
    Spelt,
    Words,
    channels_meant,
    consent_meant,
    crms_meant,
    listed,
    members,
)
from segkit.locale import Lang, lang_or_default
from segkit.problems import Problem


@dataclass(frozen=True)
class Lines:
    """Where the keys of a file stand, by path; no part of what was chosen."""

    of: Callable[[tuple[str | int, ...]], int | None] = field(default=lambda _: None, compare=False)


Grain = Literal["orders", "customers", "leads", "contacts", "surveys", "complaints", "outcomes", "opt_outs"]
GRAINS: tuple[Grain, ...] = get_args(Grain)
Channel = Literal["phone", "visit", "email", "social", "sms", "survey", "event"]
Appendix = Literal["clv", "agreement"]  # sections a report holds only when asked
CrmTarget = Literal["fxiaoke", "generic", "tryton", "zoho"]

# names Windows keeps for devices, with any ending
RESERVED = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
)
MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT])(?:i?B)?", re.IGNORECASE)


def client_id(name: str) -> str:
    """An id for a folder name, made of a client's or a file's name: small ASCII letters, digits, - and _.

    Where letters are lost, six digits of the name's hash keep two Chinese names apart.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    plain = re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")[:40].strip("-_")
    if any(ord(c) > 0x2FF for c in name) or not plain:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:6]
        return f"{plain or 'client'}-{digest}"
    return f"{plain}-1" if plain in RESERVED else plain


class _Block(BaseModel):
    """Keys left empty stand at their default; keys not named here are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return {} if data is None else data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}


class Client(_Block):
    """`id` names folders and files; `name` is what the report says (the id where left out)."""

    id: str
    name: str = ""

    @field_validator("id")
    @classmethod
    def _is_folder_name(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z0-9_-]{1,64}", value) or value in RESERVED:
            raise PydanticCustomError("config.client_id", "not an id", {"near": client_id(value)})
        return value

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:
        return (
            {**data, "name": data.get("name") or data["id"]}
            if isinstance(data, dict) and "id" in data
            else data
        )


class FurtherTable(_Block):
    """A further table of the client: its files, and the headings that say whose row it is and of which day.

    Rows of an order rather than of a customer (商品明细) name the heading of their `order_id`; whose they are
    is looked up in the orders. All other columns keep the client's own headings; `columns` gives some of them
    the name by which a playbook calls them. `everybody` keeps rows that name no customer, or none of this list:
    introductions by owners of earlier years, or after which nobody came.
    """

    files: Words = Field(min_length=1)
    customer_id: str | None = Field(default=None, min_length=1)
    order_id: str | None = Field(default=None, min_length=1)
    date: str | None = None
    columns: dict[str, str] = {}
    everybody: bool = False

    @model_validator(mode="after")
    def _says_whose(self) -> FurtherTable:
        if (self.customer_id is None) == (self.order_id is None):
            raise PydanticCustomError("config.table_key", "one of the two")
        return self

    @property
    def key(self) -> str:
        """The heading that says whose row it is."""
        return self.customer_id or self.order_id or ""


class Input(_Block):
    """Files by grain, as written: relative to client.yml, a file, a folder or a pattern; `tables` by name.

    `opt_outs` are lists of those who want no contact (退订名单): customer ids, phones or e-mails, with a channel
    or for every channel; they go beside what the customers' own column says.

    `engine` other than pandas reads `orders` that are clean and large; `memory` is the most DuckDB may hold
    (``4GB``), or the memory of Spark's driver; `master` is Spark's, or ``sc://host``.
    """

    orders: Words = []
    customers: Words = []
    leads: Words = []
    contacts: Words = []
    surveys: Words = []
    complaints: Words = []
    outcomes: Words = []
    opt_outs: Words = []
    tables: dict[str, FurtherTable] = {}
    engine: Literal["pandas", "polars", "duckdb", "spark"] = "pandas"
    memory: str | None = None
    master: str | None = None

    @field_validator("memory")
    @classmethod
    def _is_memory(cls, value: str | None) -> str | None:
        value = None if value is None else unicodedata.normalize("NFKC", value).strip()
        if value is not None and not ((size := MEMORY.fullmatch(value)) and float(size[1]) > 0):
            raise PydanticCustomError("config.not_memory", "not an amount of memory")
        return value

    @field_validator("tables")
    @classmethod
    def _told_from_grains(cls, tables: dict[str, FurtherTable]) -> dict[str, FurtherTable]:
        taken = sorted({*tables} & {*GRAINS})
        if taken:
            facts = {"names": taken, "first": taken[0]}
            raise PydanticCustomError("config.table_taken", "taken", facts)
        return tables

    def paths(self, grain: str, folder: Path) -> list[Path]:
        """Absolute paths of one grain; folders and patterns are spread out by intake."""
        return [located(name, folder) for name in getattr(self, grain)]

    def table_paths(self, name: str, folder: Path) -> list[Path]:
        """The same for a further table."""
        return [located(file, folder) for file in self.tables[name].files]


def located(name: str, folder: Path) -> Path:
    """A path of client.yml made absolute; written the Windows way it is found on other machines too."""
    path = folder / Path(name).expanduser()
    if os.sep == "/" and "\\" in name and not path.exists():
        path = folder / name.replace("\\", "/")
    return path


class Member(_Block):
    """One person who follows up, by the name the client's files give them; `minutes` a working day."""

    id: Spelt = Field(min_length=1)
    minutes: int = Field(default=240, gt=0, le=1440)
    channels: Annotated[list[Channel], BeforeValidator(channels_meant)] = []
    regions: Words = []


class Calendar(_Block):
    """Days off and days on that the official calendar does not know."""

    holidays: list[Day] = []
    workdays: list[Day] = []

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Calendar:
        both = sorted(set(self.holidays) & set(self.workdays))
        if both:
            raise PydanticCustomError(
                "config.day_twice", "twice", {"days": [day.isoformat() for day in both]}
            )
        return self


class Followup(_Block):
    """`consent`: may all be sent marketing? Without a team the owners in the data, or one person, 240 minutes each.

    `campaign` names what a control group is drawn for: under one name it stays the same.
    """

    consent: Annotated[Literal["unknown", "yes"], BeforeValidator(consent_meant)] = "unknown"
    holdout: float = Field(default=0.0, ge=0, lt=1)
    campaign: str = ""
    start: Day | None = None
    days: int = Field(default=20, ge=1, le=366)
    team: Annotated[list[Member] | None, BeforeValidator(members)] = None
    calendar: Calendar = Calendar()

    @field_validator("team")
    @classmethod
    def _told_apart(cls, team: list[Member] | None) -> list[Member] | None:
        ids = ["".join(member.id.split()) for member in team or []]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise PydanticCustomError("config.member_twice", "twice", {"ids": twice})
        return team or None


class Crm(_Block):
    """Which CRMs get files to import; a mapping in `segkit/report/render/crm` for each."""

    targets: Annotated[list[CrmTarget], BeforeValidator(crms_meant)] = ["generic"]


class Privacy(_Block):
    """`contacts: real` writes real phones and e-mails to field/; then reason and person are needed."""

    contacts: Literal["none", "real"] = "none"
    reason: Bare | None = None
    person: Bare | None = None
    not_personal: Words = []

    @model_validator(mode="after")
    def _answered_for(self) -> Privacy:
        if self.contacts == "real" and not (self.reason and self.person):
            raise PydanticCustomError("config.real_contacts", "who and why")
        return self


class Brand(_Block):
    logo: str | None = None
    accent: str | None = None

    @field_validator("accent")
    @classmethod
    def _is_colour(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"#[0-9A-Fa-f]{6}", value):
            raise PydanticCustomError("config.not_a_colour", "not a colour")
        return value


class Config(_Block):
    """One client.yml, checked. `schemes` and `findings` are checked by their own rooms."""

    client: Client
    lang: Lang = Field(default_factory=lang_or_default)
    as_of: Day | None = None
    purpose: str | None = None
    input: Input = Input()
    mapping: dict[Grain, dict[str, str | None]] = {}
    playbook: str = "general"
    schemes: dict[str, dict[str, Any]] = {}
    followup: Followup = Followup()
    sections: Annotated[list[Appendix], BeforeValidator(listed)] = []
    crm: Crm = Crm()
    privacy: Privacy = Privacy()
    brand: Brand = Brand()
    findings: list[Any] = []

    _path: Path = PrivateAttr(default_factory=lambda: Path("client.yml").absolute())
    _notes: tuple[Problem, ...] = PrivateAttr(default=())
    _lines: Lines = PrivateAttr(default_factory=Lines)

    @field_validator("mapping", mode="before")
    @classmethod
    def _empty_grains(cls, value: Any) -> Any:
        return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value

    @property
    def path(self) -> Path:
        """Absolute path of the client.yml."""
        return self._path

    @property
    def folder(self) -> Path:
        """Absolute folder of the client.yml: inputs are looked for and reports are written here."""
        return self._path.parent

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What was mended while reading the file, to be said to the user."""
        return self._notes

    def line(self, *path: str | int) -> int | None:
        """The line of the file in which a setting stands; None where there is no file."""
        return self._lines.of(path)

    def scheme_line(self, path: tuple[str | int, ...]) -> int | None:
        """The line of the file in which a scheme, or a setting of it, stands."""
        return self.line("schemes", *path)

    def at(
        self,
        folder: str | Path,
        *,
        notes: tuple[Problem, ...] = (),
        file: str = "client.yml",
        lines: Lines | None = None,
    ) -> Config:
        """The same choices, standing in `folder`."""
        moved = self.model_copy()
        moved._lines = lines or self._lines
        moved._path = Path(folder).absolute() / file
        moved._notes = notes
        return moved

    @classmethod
    def for_file(
        cls,
        path: str | Path,
        *,
        grain: str | None = None,
        lang: Lang | None = None,
        folder: Path | None = None,
    ) -> Config:
        """What to report a file straight away, without a client.yml: everything at its default.

        `grain` is looked up in the file where it is not given (orders, or customers already totalled);
        reports are written below `folder`, by default the file's own.

        Raises
        ------
        InputProblems : the file cannot be read
        """
        path = Path(path).absolute()
        if grain is None:
            from segkit.intake.mapping import suggest_mapping
            from segkit.intake.reading import read_table

            grain = suggest_mapping(read_table(path)).grain
        data = {"client": {"id": client_id(path.stem), "name": path.stem}, "input": {grain: [str(path)]}}
        return cls.model_validate(data | ({"lang": lang} if lang else {})).at(folder or path.parent)
