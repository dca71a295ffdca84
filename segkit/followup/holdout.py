"""Who is left without marketing for the time of a campaign, so that its effect can be measured (留出组)."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

import numpy as np
import pandas as pd

ARMS = ("treated", "holdout")


def draw_holdout(
    ids: Sequence[str],
    segments: Sequence[str],
    *,
    share: float,
    key: bytes,
    campaign: str = "",
    held: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Which customers receive no marketing while this campaign runs?

    Within each segment the customers stand in the order of HMAC-SHA256(key, campaign, customer_id), and the
    first round(share x n) are held out. Who was drawn before keeps the arm; newcomers alone are drawn afresh, and
    of their few a broken number is rounded by lot, or a tenth of four would be nobody, plan after plan.

    Parameters
    ----------
    ids, segments : the customers who could receive marketing
    share : 0 <= share < 1
    key : whoever has it can draw again, nobody else
    held : the draw of an earlier plan of the same campaign: `customer_id, arm`

    Returns
    -------
    frame : `customer_id, segment, arm` (treated | holdout), ordered by customer_id
    """
    frame = pd.DataFrame({"customer_id": list(ids), "segment": list(segments)}).sort_values("customer_id")
    arm = pd.Series(pd.NA, index=frame.index, dtype="object")
    if held is not None and len(held):
        before = held.drop_duplicates("customer_id").set_index("customer_id")["arm"]
        arm = frame["customer_id"].map(before).astype("object")
    fresh = frame[arm.isna()]
    draw = hmac.new(key, campaign.encode("utf-8"), "sha256")
    mixed = []
    for customer_id in fresh["customer_id"]:
        one = draw.copy()
        one.update(b"\0" + customer_id.encode("utf-8", "surrogatepass"))
        mixed.append(one.digest())
    ordered = fresh.assign(mixed=mixed).sort_values(["segment", "mixed"], kind="stable")
    groups = ordered.groupby("segment", sort=False)
    place, size = groups.cumcount(), groups["segment"].transform("size")
    lot: pd.Series | float = 0.5
    if held is not None and len(held):
        lots = {name: _lot(draw, str(name), own["customer_id"]) for name, own in groups}
        lot = ordered["segment"].map(lots).astype("float64")
    out = place < np.floor(share * size + lot)
    arm.loc[ordered.index] = np.where(out, "holdout", "treated")
    return frame.assign(arm=arm.astype("str")).reset_index(drop=True)


def _lot(draw: hmac.HMAC, segment: str, ids: pd.Series) -> float:
    """A number in 0..1 that hangs on the key and on who the newcomers are."""
    one = draw.copy()
    one.update("\0".join(["", segment, *sorted(ids)]).encode("utf-8", "surrogatepass"))
    return int.from_bytes(one.digest()[:6], "big") / 2**48
