"""Who may be contacted: consent, opt-outs, and those held out of a campaign."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segkit.followup.due import Candidates
from segkit.followup.holdout import draw_holdout
from segkit.followup.policy import CHANNELS, PERSONAL, Policy, opted_out_of


def barred_touches(frame: pd.DataFrame, due: Candidates, consent: str) -> np.ndarray:
    """Why a touch that is due must not be made; "" where it may."""
    refused: dict[str, np.ndarray] = {channel: np.zeros(len(frame), dtype=bool) for channel in CHANNELS}
    if "opt_out_channels" in frame:
        cells = frame["opt_out_channels"].fillna("").astype(str)
        for cell in cells.unique():
            for channel in opted_out_of(cell):
                refused[channel] |= (cells == cell).to_numpy()
    agreed = (
        frame["consent_marketing"].astype("boolean")
        if "consent_marketing" in frame
        else pd.Series(pd.NA, index=frame.index, dtype="boolean")
    ).fillna(True if consent == "yes" else pd.NA)
    said_no = agreed.eq(False).fillna(False).to_numpy(dtype=bool)
    unclear = agreed.isna().to_numpy()
    by = due.of_touch([t.channel for t in due.touches], "object")
    marketing = due.of_touch([t.marketing for t in due.touches], "bool")
    out = np.zeros(len(due.who), dtype=bool)
    for name, refusing in refused.items():
        out |= (by == name) & refusing[due.who]
    out |= marketing & said_no[due.who]
    ask = ~out & marketing & ~np.isin(by.astype(str), PERSONAL) & unclear[due.who]
    return np.where(out, "opted_out", np.where(ask, "consent", "")).astype(object)


def drawn_arms(
    ids: pd.Series,
    labels: np.ndarray,
    due: Candidates,
    barred: np.ndarray,
    policy: Policy,
    share: float,
    seed: int | bytes,
    held: pd.DataFrame | None,
    campaign: str,
) -> pd.DataFrame:
    """The arms of those who could receive marketing; nobody where no holdout is asked for."""
    if not share:
        return pd.DataFrame({"customer_id": [], "segment": [], "arm": []}, dtype="str")
    marketing = due.of_touch([t.marketing for t in due.touches], "bool")
    could = np.unique(due.who[marketing & (barred == "")])
    could = could[~np.isin(labels[could], list(policy.never_held))]
    key = seed if isinstance(seed, bytes) else str(seed).encode("ascii")
    return draw_holdout(
        ids.iloc[could].tolist(), labels[could].tolist(), share=share, key=key, campaign=campaign, held=held
    )
