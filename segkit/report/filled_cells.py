"""A customer list with its empty cells filled from what the orders say, and owners called as the team is."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from segkit.config import Config
from segkit.config.writing import spelt
from segkit.report.record_fields import without_blanks
from segkit.report.shield import Shield

OWN_MEANING = frozenset({"channel"})  # in the list where somebody came from, in the orders where they bought


def filled_from(listed: pd.DataFrame, ordered: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """The customer list leads; what only the orders know is added: columns, customers, and cells that are blank.

    Parameters
    ----------
    listed, ordered : one row a customer, `customer_id` its key: by the list, by the orders

    Returns
    -------
    the customers of both, and for each column of both the ids of those whose cell is from the orders
    """
    own, more = listed.set_index("customer_id"), ordered.set_index("customer_id")
    shared = [column for column in own.columns if column in more.columns]
    said = own.copy()
    for column in (c for c in shared if c not in OWN_MEANING):
        said[column] = own[column].mask(own[column].notna() & without_blanks(own[column]).isna())
    joined = said.combine_first(more)
    known = said.reindex(joined.index)
    from_orders = {}
    for column in shared:
        added = known[column].isna() & without_blanks(joined[column]).notna()
        if added.any():
            from_orders[column] = joined.index[added].astype("str").tolist()
        # a blank that stays one stands as it stood
        blank = own[column].notna().reindex(joined.index, fill_value=False) & joined[column].isna()
        joined[column] = joined[column].mask(blank, own[column].reindex(joined.index))
    return joined.reset_index(), from_orders


def under_surrogates(from_orders: Mapping[str, list[str]], shield: Shield) -> dict[str, list[str]]:
    """The same cells, the customers named as in the report."""
    known = dict(zip(shield.keys["customer_id"], shield.keys["surrogate"], strict=True))
    return {column: [str(known.get(id, id)) for id in ids] for column, ids in from_orders.items()}


def as_in_team(frame: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Owners under the name client.yml calls them, where width and blanks alone tell the two apart."""
    team = {_bare(member.id): member.id for member in config.followup.team or []}
    if not team or "owner" not in frame.columns:
        return frame
    meant = {one: team[_bare(one)] for one in frame["owner"].dropna().unique() if _bare(one) in team}
    return frame.assign(owner=frame["owner"].map(meant).fillna(frame["owner"]))


def _bare(name: str) -> str:
    return str(spelt(name)).replace(" ", "")
