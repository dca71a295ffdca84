"""Where a client's key is a person's phone, identity number, e-mail or name, reports show a surrogate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from segkit.config import Config
from segkit.intake.mapping import STAND_IN
from segkit.privacy.find import column_kind
from segkit.privacy.known import looks_like_firm
from segkit.privacy.surrogate import fingerprint, load_key, surrogates
from segkit.problems import Problem

MOSTLY = 0.6
_PERSON = re.compile(r"[\u4e00-\u9fff·]{2,4}")


@dataclass(frozen=True)
class Shield:
    """Surrogates for the customer ids of one client.

    Attributes
    ----------
    keys : `surrogate, customer_id`, kept in `internal/` so that the client can find its customers again
    kind : what the client's ids are: phone | id_number | email | name
    fingerprint : of the key the surrogates were made with; stands in the manifest
    """

    keys: pd.DataFrame
    kind: str
    fingerprint: str
    column: str

    def over(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with surrogates for its customer ids."""
        known = dict(zip(self.keys["customer_id"], self.keys["surrogate"], strict=True))
        return frame.assign(customer_id=frame["customer_id"].map(known))

    @property
    def note(self) -> Problem:
        return Problem("report.surrogates", {"kind": self.kind, "column": self.column}, column=self.column)


def shield_for(config: Config, heads: Mapping[str, str], ids: pd.Series) -> Shield | None:
    """Surrogates where the ids are personal data and client.yml does not say otherwise; else None.

    Parameters
    ----------
    heads : canonical column -> heading of the table that leads (orders where there are any)
    ids : every customer id of this client
    """
    field, column = _key_column(heads)
    if column in config.privacy.not_personal:
        return None
    kind = _personal_kind(field, ids)
    if kind is None:
        return None
    key = load_key(config.folder)
    distinct = ids.drop_duplicates().reset_index(drop=True)
    table = pd.DataFrame({"surrogate": surrogates(distinct, key).astype("str"), "customer_id": distinct})
    return Shield(table, kind, fingerprint(key), column)


def _key_column(heads: Mapping[str, str]) -> tuple[str, str]:
    """The canonical column the customer id was made from, and the client's heading."""
    for field in ("customer_id", *STAND_IN):
        if field in heads:
            return field, heads[field]
    return "customer_id", ""


def _personal_kind(field: str, ids: pd.Series) -> str | None:
    if field in ("phone", "email"):
        return field
    if field == "name":
        return None if ids.map(looks_like_firm).mean() > 0.5 else "name"
    return column_kind(ids) or ("name" if ids.map(_reads_like_a_person).mean() >= MOSTLY else None)


def _reads_like_a_person(text: str) -> bool:
    """Two to four Chinese characters that name no firm: 张伟, 欧阳明月."""
    return bool(_PERSON.fullmatch(text)) and not looks_like_firm(text)
